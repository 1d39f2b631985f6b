/*
 * Runs inside the guest: counts the instructions of accesses to mapped files, in every combination of what the blocks are, what
 * was done before, and what the access is. QEMU's -icount makes the time stamp counter the number of instructions
 * executed, user and kernel, so the difference of two readings is the cost of what lies between.
 *
 * usage: count OUT 4k|2m unshared|reflinked
 *
 * Linux 6.1 leaves a mark on the pages of blocks that a fault has copied to, for as long as the machine runs: whoever gets such
 * a block later runs into a WARN_ON_ONCE in dax_associate_entry, page by page, and a search for the warning is some 8,000
 * instructions even when it was told before. So reflinked blocks are counted last, and files with copies are kept.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOT ((char *)0x600000000000UL)
#define SMALL_PAGES 256
#define HUGE_LEAVES 4
#define HUGE_BYTES (2UL << 20)
#define MOST_UNITS SMALL_PAGES
#define FILE_PATH "/mnt/f"
#define ORIGIN_PATH "/mnt/origin"
/* Between preparing and counting, so that the kernel's deferred work is over. */
#define SETTLE_MICROSECONDS 20000

enum block { HOLE, UNWRITTEN, WRITTEN, REFLINKED };
enum access { FIRST_LOAD, FIRST_STORE, STORE_AFTER_LOAD, SECOND_STORE };
enum around { PLAIN, SYNC_COMMITTED, SYNC_UNCOMMITTED, AFTER_FSYNC, IN_CHILD, AFTER_MPROTECT, REFUSED };

static const char *const area_names[] = {"shared", "private"};
static const char *const block_names[] = {"hole", "unwritten", "written", "reflinked"};
static const char *const access_names[] = {"first load", "first store", "store after load", "second store"};
static const char *const around_names[] = {"plain",	  "sync, committed", "sync, uncommitted",
					   "after fsync", "in a forked child", "after mprotect r, rw",
					   "refused"};

/* What is counted, and where the counting process, which may be a child, leaves it. */
struct counted {
	unsigned long instructions[MOST_UNITS];
	unsigned long leaves; /* of 2 MiB, after the access */
	int done;
};

static FILE *out;
static int huge;
static struct counted *counted;
static unsigned long empty; /* what two readings with nothing between differ by */

static void fail(const char *format, ...)
{
	va_list words;
	int error = errno;
	va_start(words, format);
	fprintf(out, "FAILED ");
	vfprintf(out, format, words);
	fprintf(out, ": %s\n", strerror(error));
	fflush(out);
	va_end(words);
	exit(1);
}

static inline __attribute__((always_inline)) unsigned long now(void)
{
	unsigned int low, high;
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (unsigned long)high << 32 | low;
}

/* An access that is refused ends in the handler, whose first reading is its end. */
static sigjmp_buf before_access;
static volatile unsigned long refused_at;

static void on_signal(int number)
{
	refused_at = now();
	(void)number;
	siglongjmp(before_access, 1);
}

static __attribute__((noinline)) unsigned long count_load(volatile char *byte)
{
	unsigned long begun = now();
	(void)*byte;
	return now() - begun;
}

static __attribute__((noinline)) unsigned long count_store(volatile char *byte)
{
	unsigned long begun = now();
	*byte = 1;
	return now() - begun;
}

static __attribute__((noinline)) unsigned long count_nothing(void)
{
	unsigned long begun = now();
	return now() - begun;
}

static unsigned long count_refused(volatile char *byte, int store)
{
	volatile unsigned long begun;
	if (sigsetjmp(before_access, 0))
		return refused_at - begun;
	begun = now();
	if (store)
		*byte = 1;
	else
		(void)*byte;
	errno = 0;
	fail("an access went through that was to be refused");
	return 0;
}

static unsigned long units(void)
{
	return huge ? HUGE_LEAVES : SMALL_PAGES;
}

static unsigned long unit_bytes(void)
{
	return huge ? HUGE_BYTES : 4096;
}

static unsigned long length(void)
{
	return units() * unit_bytes();
}

static long faults(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

/* On xfs, 2 MiB leaves take extents that are asked for in 2 MiB. ext4 knows no such hint, and needs none. */
static void ask_for_huge_extents(int fd)
{
	struct fsxattr attributes;
	if (!huge || ioctl(fd, FS_IOC_FSGETXATTR, &attributes))
		return;
	attributes.fsx_xflags |= FS_XFLAG_EXTSIZE | FS_XFLAG_COWEXTSIZE;
	attributes.fsx_extsize = attributes.fsx_cowextsize = HUGE_BYTES;
	ioctl(fd, FS_IOC_FSSETXATTR, &attributes);
}

static int new_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	if (fd < 0)
		fail("open %s", path);
	ask_for_huge_extents(fd);
	if (ftruncate(fd, length()))
		fail("ftruncate %s", path);
	return fd;
}

static void write_all(int fd)
{
	static char *bytes;
	if (!bytes) {
		bytes = malloc(length());
		memset(bytes, 'x', length());
	}
	if (pwrite(fd, bytes, length(), 0) != (ssize_t)length())
		fail("pwrite");
}

/* A freeze empties the log. What is still in it would be written to its place when the file system likes to, as xfs does. */
static void clean_log(void)
{
	int root = open("/mnt", O_RDONLY);
	if (root < 0 || ioctl(root, FIFREEZE, 0) || ioctl(root, FITHAW, 0))
		fail("freeze and thaw");
	close(root);
}

/* A file whose blocks are all alike, and whose metadata is durable and in its place. */
static int prepare_file(enum block block)
{
	int fd = new_file(FILE_PATH), origin;
	switch (block) {
	case HOLE:
		break;
	case UNWRITTEN:
		if (fallocate(fd, 0, 0, length()))
			fail("fallocate");
		break;
	case WRITTEN:
		write_all(fd);
		break;
	case REFLINKED:
		origin = new_file(ORIGIN_PATH);
		write_all(origin);
		fsync(origin);
		if (ioctl(fd, FICLONE, origin))
			fail("FICLONE");
		close(origin);
		break;
	}
	if (fsync(fd))
		fail("fsync");
	clean_log();
	return fd;
}

static void remove_files(int fd, int keep)
{
	static int kept;
	char path[64];
	close(fd);
	if (keep) {
		snprintf(path, sizeof path, "/mnt/kept-%s-%d", huge ? "2m" : "4k", kept++);
		if (rename(FILE_PATH, path))
			fail("rename");
	}
	unlink(FILE_PATH);
	unlink(ORIGIN_PATH);
	sync();
	usleep(SETTLE_MICROSECONDS);
}

static int is_store(enum access access)
{
	return access != FIRST_LOAD;
}

/* The access before the one that counts. */
static void access_before(volatile char *start, enum access access)
{
	if (access == FIRST_LOAD || access == FIRST_STORE)
		return;
	for (unsigned long i = 0; i < units(); i++) {
		if (access == STORE_AFTER_LOAD)
			(void)start[i * unit_bytes()];
		else
			start[i * unit_bytes()] = 1;
	}
}

/* A block more, far behind what is mapped: what the file is made of is then not durable. */
static void leave_uncommitted(int fd, unsigned long unit)
{
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, length() + (32UL << 20) + unit * unit_bytes(), 4096))
		fail("fallocate behind the end");
}

static void count_all(volatile char *start, int fd, enum access access, enum around around)
{
	unsigned long *to = counted->instructions;
	/* In a child, everything that is written to while counting is to be its own by now. */
	memset(counted, 0, sizeof *counted);
	refused_at = count_nothing();
	for (unsigned long i = 0; i < units(); i++) {
		volatile char *byte = start + i * unit_bytes();
		if (around == SYNC_UNCOMMITTED)
			leave_uncommitted(fd, i);
		to[i] = around == REFUSED     ? count_refused(byte, is_store(access))
			: is_store(access) ? count_store(byte)
					   : count_load(byte);
		to[i] -= empty;
	}
	if (huge) {
		if (around == REFUSED)
			mprotect((void *)start, length(), PROT_READ | PROT_WRITE);
		for (unsigned long i = 0; i < units(); i++) {
			long before = faults();
			(void)start[i * unit_bytes() + unit_bytes() / 2];
			counted->leaves += faults() == before;
		}
	}
	counted->done = 1;
}

static void protect(volatile char *start, int protection)
{
	if (mprotect((void *)start, length(), protection))
		fail("mprotect");
}

/* What happens between the access before and the one that counts, and that one. */
static void count_around(volatile char *start, int fd, enum access access, enum around around)
{
	pid_t child;
	switch (around) {
	case PLAIN:
	case SYNC_COMMITTED:
	case SYNC_UNCOMMITTED:
		break;
	case AFTER_FSYNC:
		if (fsync(fd))
			fail("fsync");
		break;
	case AFTER_MPROTECT:
		protect(start, PROT_READ);
		protect(start, PROT_READ | PROT_WRITE);
		break;
	case REFUSED:
		protect(start, is_store(access) ? PROT_READ : PROT_NONE);
		break;
	case IN_CHILD:
		child = fork();
		if (child < 0)
			fail("fork");
		if (child == 0) {
			usleep(SETTLE_MICROSECONDS);
			count_all(start, fd, access, around);
			_exit(0);
		}
		if (waitpid(child, NULL, 0) != child)
			fail("waitpid");
		return;
	}
	usleep(SETTLE_MICROSECONDS);
	count_all(start, fd, access, around);
}

/* `told`: whether the log has it. */
static void count_combination(int private, enum block block, enum access access, enum around around, int told)
{
	int sync = around == SYNC_COMMITTED || around == SYNC_UNCOMMITTED;
	int flags = (private ? MAP_PRIVATE : MAP_SHARED_VALIDATE) | (sync ? MAP_SYNC : 0);
	int fd = prepare_file(block);
	char *start = mmap(SLOT, length(), PROT_READ | PROT_WRITE, flags, fd, 0);
	unsigned long sum = 0, least = ~0UL, most = 0;

	if (start != SLOT)
		fail("mmap");
	counted->done = 0;
	access_before(start, access);
	count_around(start, fd, access, around);
	if (!counted->done)
		fail("nothing was counted");
	for (unsigned long i = 0; i < units(); i++) {
		unsigned long one = counted->instructions[i];
		sum += one;
		if (one < least)
			least = one;
		if (one > most)
			most = one;
	}
	if (told)
		fprintf(out, "COUNT %s/%s/%s/%s/%s %.1f least=%lu most=%lu leaves=%lu of=%lu\n", area_names[private],
		block_names[block], access_names[access], huge ? "2m" : "4k", around_names[around],
		(double)sum / units(), least, most, counted->leaves, units());
	fflush(out);
	munmap(start, length());
	remove_files(fd, block == REFLINKED && !private && is_store(access));
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	out = fopen(argv[1], "a");
	if (!out)
		return 2;
	huge = !strcmp(argv[2], "2m");
	int reflinked = !strcmp(argv[3], "reflinked");
	int first = reflinked ? REFLINKED : HOLE, last = reflinked ? REFLINKED : WRITTEN;

	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_NODEFER};
	sigaction(SIGSEGV, &action, NULL);
	counted = mmap(NULL, sizeof *counted, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (counted == MAP_FAILED)
		fail("mmap");
	mlockall(MCL_CURRENT);
	empty = count_nothing();
	fprintf(out, "EMPTY %lu\n", empty);

	/* The first of all pays for what stays, as the huge zero page: it is not told. */
	for (int access = FIRST_LOAD; access <= SECOND_STORE; access++)
		count_combination(0, HOLE, access, PLAIN, 0);
	for (int private = 0; private < 2; private++)
		for (int block = first; block <= last; block++)
			for (int access = FIRST_LOAD; access <= SECOND_STORE; access++)
				for (int around = PLAIN; around <= REFUSED; around++)
					count_combination(private, block, access, around, 1);
	fprintf(out, "COUNTED\n");
	fflush(out);
	return 0;
}
