// Runs in a guest on a real kernel: executes a script of file operations on /mnt and prints after each of them what
// ext4 knows. Usage: recorder OUT SCRIPT.  See README.md for the operations and the fields of a line.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#define GET_ES_CACHE _IOWR('f', 42, struct fiemap) // EXT4_IOC_GET_ES_CACHE: reads the status tree, changes nothing
#define ES_HOLE 0x08000000                         // EXT4_FIEMAP_EXTENT_HOLE
#define BLOCK 4096
#define WINDOW 0x100000L
#define EXTENTS 4000

static FILE *out;
static int fds[32];
static char *data;

static char *path(long f) {
  static char name[64];
  sprintf(name, "/mnt/f%ld", f);
  return name;
}

static void print_extent(const struct fiemap_extent *e) {
  char state = e->fe_flags & ES_HOLE ? 'h' : e->fe_flags & FIEMAP_EXTENT_UNWRITTEN ? 'u' : 'w';
  fprintf(out, " %llu+%llu@%llu%c", e->fe_logical / BLOCK, e->fe_length / BLOCK, e->fe_physical / BLOCK, state);
}

static void print_status_tree(long f) {
  int fd = fds[f] >= 0 ? fds[f] : open(path(f), O_RDONLY);
  struct stat st;
  if (fd < 0 || fstat(fd, &st)) return;
  static char room[sizeof(struct fiemap) + 2 * sizeof(struct fiemap_extent)];
  struct fiemap *map = (void *)room;
  fprintf(out, " ES");
  for (unsigned long block = 0; block < st.st_size / BLOCK + 2;) {
    memset(room, 0, sizeof room);
    map->fm_start = block * BLOCK;
    map->fm_length = BLOCK;
    map->fm_extent_count = 1;
    if (ioctl(fd, GET_ES_CACHE, map)) break;
    if (map->fm_mapped_extents == 0) {
      block++;
      continue;
    }
    print_extent(map->fm_extents);
    block = (map->fm_extents[0].fe_logical + map->fm_extents[0].fe_length) / BLOCK;
  }
  if (fds[f] < 0) close(fd);
}

static void print_extents(long f) {
  int fd = fds[f] >= 0 ? fds[f] : open(path(f), O_RDONLY);
  static char room[sizeof(struct fiemap) + EXTENTS * sizeof(struct fiemap_extent)];
  struct fiemap *map = (void *)room;
  memset(map, 0, sizeof *map);
  map->fm_length = 64 << 20;
  map->fm_extent_count = EXTENTS;
  if (ioctl(fd, FS_IOC_FIEMAP, map)) return;
  fprintf(out, " FM");
  for (unsigned i = 0; i < map->fm_mapped_extents; i++) print_extent(map->fm_extents + i);
  if (fds[f] < 0) close(fd);
}

static void print_groups(void) {
  FILE *groups = fopen("/proc/fs/ext4/pmem0/mb_groups", "r");
  char line[512];
  fprintf(out, " GR");
  while (groups && fgets(line, sizeof line, groups)) {
    if (line[0] != '#' || line[1] < '0' || line[1] > '9') continue;
    line[strcspn(line, "\n")] = 0;
    fprintf(out, " | %s", line);
  }
  if (groups) fclose(groups);
}

static long status(int failed) { return failed ? -errno : 0; }

// One access through a mapping without huge pages: one iomap_begin for the 4 KiB page.
static long touch(int fd, long at, int store) {
  long base = at & ~(WINDOW - 1);
  char *map = mmap((void *)0x600000001000UL, WINDOW, PROT_READ | PROT_WRITE, MAP_SHARED, fd, base);
  if (map == MAP_FAILED) return -errno;
  madvise(map, WINDOW, MADV_NOHUGEPAGE);
  volatile char *byte = map + (at - base);
  if (store) *byte = 1;
  else (void)*byte;
  munmap(map, WINDOW);
  return 0;
}

static long alternate(int fd, long first, long count) {
  for (long i = first; i < first + count; i++) {
    long r = i & 1 ? fallocate(fd, 0, i * BLOCK, BLOCK) : pwrite(fd, data, BLOCK, i * BLOCK);
    if (r < 0) return -errno;
  }
  return 0;
}

static long run(const char *op, long f, long a, long b) {
  long r;
  if (!strcmp(op, "op")) return status((fds[f] = open(path(f), O_RDWR | O_CREAT, 0644)) < 0);
  if (!strcmp(op, "w")) return (r = pwrite(fds[f], data, b, a)) < 0 ? -errno : r;
  if (!strcmp(op, "r")) return status(pread(fds[f], data + (32 << 20), 1, a) < 0);
  if (!strcmp(op, "fa")) return status(fallocate(fds[f], 0, a, b));
  if (!strcmp(op, "p")) return status(fallocate(fds[f], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, a, b));
  if (!strcmp(op, "t")) return status(ftruncate(fds[f], a));
  if (!strcmp(op, "st") || !strcmp(op, "ld")) return touch(fds[f], a, op[0] == 's');
  if (!strcmp(op, "alt")) return alternate(fds[f], a, b);
  if (!strcmp(op, "un")) return status(unlink(path(f)));
  if (!strcmp(op, "cl")) {
    close(fds[f]);
    fds[f] = -1;
  } else if (!strcmp(op, "sy")) {
    int fd = open("/mnt", O_RDONLY);
    syncfs(fd);
    close(fd);
  }
  return 0;
}

int main(int argc, char **argv) {
  out = fopen(argv[1], "w");
  FILE *script = fopen(argv[2], "r");
  data = malloc(64 << 20);
  memset(data, 'x', 64 << 20);
  memset(fds, -1, sizeof fds);
  char line[256];
  int quiet = 0;
  while (fgets(line, sizeof line, script)) {
    line[strcspn(line, "\n")] = 0;
    char op[16] = "";
    long f = 0, a = 0, b = 0;
    sscanf(line, "%15s %ld %ld %ld", op, &f, &a, &b);
    if (!strcmp(op, "noes")) {
      quiet = f;
      continue;
    }
    int on_file = strcmp(op, "sy") && strcmp(op, "gr");
    long r = run(op, f, a, b);
    struct stat st = {.st_blocks = -1, .st_size = -1};
    struct statfs fs;
    if (on_file && (fds[f] >= 0 ? fstat(fds[f], &st) : stat(path(f), &st))) st.st_blocks = st.st_size = -1;
    statfs("/mnt", &fs);
    fprintf(out, "%s = %ld b=%ld s=%ld free=%ld", line, r, (long)st.st_blocks, (long)st.st_size, (long)fs.f_bfree);
    if (!strcmp(op, "fm")) print_extents(f);
    else if (!strcmp(op, "gr")) print_groups();
    else if (!quiet && st.st_blocks >= 0) print_status_tree(f);
    fprintf(out, "\n");
  }
  fprintf(out, "DONE\n");
  fflush(out);
  return 0;
}
