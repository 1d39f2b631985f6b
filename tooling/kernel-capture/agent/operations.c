/* The operations of the scenario language, each with the system call that the language's table names. */
#include "agent.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

#define SLOT_BYTES 0x40000000UL
#define FIRST_SLOT 0x600000000000UL
#define FIRST_MOVE_SLOT 0x700000000000UL
#define PREAD_AT_END (-1000)

struct placement placement;

static sigjmp_buf before_access;
static volatile int signal_number, signal_code;

static void on_signal(int number, siginfo_t *info, void *context)
{
	(void)context;
	signal_number = number;
	signal_code = info->si_code;
	siglongjmp(before_access, 1);
}

/* A load or store that the kernel refuses ends in one of these. */
void catch_signals(void)
{
	stack_t stack = {.ss_sp = signal_stack, .ss_size = sizeof signal_stack};
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
	sigaltstack(&stack, NULL);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

static struct result returned(long value)
{
	return (struct result){RETURNED, value, 0};
}

static struct result failed(void)
{
	return (struct result){FAILED, errno, 0};
}

/* Of a system call that returns 0 or -1. */
static struct result status(int value)
{
	return value ? failed() : returned(0);
}

static unsigned long number(const char *word)
{
	char *end;
	unsigned long value = strtoul(word, &end, 0);
	if (*end == 'k' || *end == 'K')
		value <<= 10;
	else if (*end == 'm' || *end == 'M')
		value <<= 20;
	return value;
}

static int protection(const char *letters)
{
	int prot = 0;
	for (; *letters; letters++)
		prot |= *letters == 'r' ? PROT_READ : *letters == 'w' ? PROT_WRITE : *letters == 'x' ? PROT_EXEC : 0;
	return prot;
}

static int has_word(char **words, int count, const char *wanted)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(words[i], wanted))
			return 1;
	return 0;
}

/* Files. words[1] is the file. */

static struct result op_create(char **words, int count)
{
	(void)count;
	struct file *file = find_file(words[1]);
	if (!file)
		file = add_file(words[1]);
	file->fd = open(path_of(words[1]), O_RDWR | O_CREAT | O_TRUNC, 0644);
	if (file->fd < 0)
		return failed();
	return status(ftruncate(file->fd, number(words[2])));
}

static struct result op_reopen(char **words, int count)
{
	(void)count;
	struct file *file = find_file(words[1]);
	int mode = !strcmp(words[2], "ro") ? O_RDONLY : !strcmp(words[2], "wo") ? O_WRONLY : O_RDWR;
	close(file->fd);
	file->fd = open(path_of(words[1]), mode);
	return file->fd < 0 ? failed() : returned(0);
}

/* One pwrite. From 128 KiB on malloc maps the bytes, which the recordings show as a vma_set_page_prot. */
static struct result op_fill(char **words, int count)
{
	size_t length = number(words[3]);
	char *bytes = malloc(length);
	if (!bytes)
		return failed();
	memset(bytes, count > 4 ? (int)number(words[4]) : 'x', length);
	ssize_t written = pwrite(find_file(words[1])->fd, bytes, length, number(words[2]));
	int error = errno;
	free(bytes);
	errno = error;
	return written < 0 ? failed() : returned(written);
}

static struct result op_pread(char **words, int count)
{
	(void)count;
	unsigned char byte;
	ssize_t got = pread(find_file(words[1])->fd, &byte, 1, number(words[2]));
	return got < 0 ? failed() : returned(got == 0 ? PREAD_AT_END : byte);
}

static struct result op_falloc(char **words, int count)
{
	(void)count;
	return status(fallocate(find_file(words[1])->fd, 0, number(words[2]), number(words[3])));
}

static struct result op_punch(char **words, int count)
{
	(void)count;
	int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	return status(fallocate(find_file(words[1])->fd, mode, number(words[2]), number(words[3])));
}

static struct result op_truncate(char **words, int count)
{
	(void)count;
	return status(ftruncate(find_file(words[1])->fd, number(words[2])));
}

static struct result op_fsync(char **words, int count)
{
	(void)count;
	return status(fsync(find_file(words[1])->fd));
}

/* FICLONE: the second file shares all blocks of the first. */
static struct result op_reflink(char **words, int count)
{
	(void)count;
	return status(ioctl(find_file(words[2])->fd, FICLONE, find_file(words[1])->fd));
}

static int mount_ioctl(unsigned long request)
{
	int fd = open(MOUNT_POINT, O_RDONLY);
	int value = ioctl(fd, request, 0);
	int error = errno;
	close(fd);
	errno = error;
	return value;
}

int thaw(void)
{
	return mount_ioctl(FITHAW);
}

static struct result op_freeze(char **words, int count)
{
	(void)words, (void)count;
	return status(mount_ioctl(FIFREEZE));
}

static struct result op_thaw(char **words, int count)
{
	(void)words, (void)count;
	return status(thaw());
}

/* Mappings. words[1] is the mapping, which is known but for mmap. */

static struct result op_mmap(char **words, int count)
{
	static unsigned long next_slot = FIRST_SLOT;
	int anonymous = !strcmp(words[2], "anon");
	int flags = has_word(words, count, "shared") ? MAP_SHARED : MAP_PRIVATE;
	if (has_word(words, count, "sync"))
		flags = MAP_SHARED_VALIDATE | MAP_SYNC;
	if (has_word(words, count, "populate"))
		flags |= MAP_POPULATE;
	if (has_word(words, count, "locked"))
		flags |= MAP_LOCKED;
	if (anonymous)
		flags |= MAP_ANONYMOUS;
	int fd = anonymous ? -1 : find_file(words[2])->fd;
	size_t length = number(words[4]);
	char *slot = (char *)next_slot;
	next_slot += SLOT_BYTES;
	char *start = mmap(slot, length, protection(words[5]), flags, fd, number(words[3]));
	if (start == MAP_FAILED)
		return failed();
	if (start != slot)
		fprintf(out, "# the kernel did not map %s at its slot %p\n", words[1], (void *)slot);
	struct mapping *mapping = find_mapping(words[1]);
	if (!mapping)
		mapping = add_mapping(words[1]);
	mapping->start = start;
	mapping->length = length;
	placement = (struct placement){mapping->name, start, length};
	return returned(0);
}

static struct result signalled(void)
{
	return (struct result){SIGNALLED, signal_number, signal_code};
}

static struct result op_load(char **words, int count)
{
	(void)count;
	volatile unsigned char *byte = (unsigned char *)find_mapping(words[1])->start + number(words[2]);
	if (sigsetjmp(before_access, 1))
		return signalled();
	return returned(*byte);
}

static struct result op_store(char **words, int count)
{
	volatile unsigned char *byte = (unsigned char *)find_mapping(words[1])->start + number(words[2]);
	unsigned char value = count > 3 ? number(words[3]) : 1;
	if (sigsetjmp(before_access, 1))
		return signalled();
	*byte = value;
	return returned(0);
}

static struct result op_munmap(char **words, int count)
{
	(void)count;
	return status(munmap(find_mapping(words[1])->start + number(words[2]), number(words[3])));
}

static struct result op_mprotect(char **words, int count)
{
	(void)count;
	char *start = find_mapping(words[1])->start + number(words[2]);
	return status(mprotect(start, number(words[3]), protection(words[4])));
}

static struct result op_msync(char **words, int count)
{
	int flags = has_word(words, count, "async")      ? MS_ASYNC
		    : has_word(words, count, "invalidate") ? MS_SYNC | MS_INVALIDATE
							   : MS_SYNC;
	return status(msync(find_mapping(words[1])->start + number(words[2]), number(words[3]), flags));
}

static struct result op_madvise(char **words, int count)
{
	(void)count;
	static const struct {
		const char *word;
		int advice;
	} known[] = {
		{"dontneed", MADV_DONTNEED},
		{"remove", MADV_REMOVE},
		{"free", MADV_FREE},
		{"dontfork", MADV_DONTFORK},
		{"willneed", MADV_WILLNEED},
		{"hugepage", MADV_HUGEPAGE},
		{"nohugepage", MADV_NOHUGEPAGE},
		{"populate_read", MADV_POPULATE_READ},
		{"populate_write", MADV_POPULATE_WRITE},
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (!strcmp(words[4], known[i].word)) {
			char *start = find_mapping(words[1])->start + number(words[2]);
			return status(madvise(start, number(words[3]), known[i].advice));
		}
	return (struct result){SKIPPED, 0, 0};
}

static struct result op_mlock(char **words, int count)
{
	(void)count;
	return status(mlock(find_mapping(words[1])->start + number(words[2]), number(words[3])));
}

static struct result op_mremap(char **words, int count)
{
	static unsigned long next_slot = FIRST_MOVE_SLOT;
	struct mapping *mapping = find_mapping(words[1]);
	size_t offset = number(words[2]), old_length = number(words[3]), new_length = number(words[4]);
	char *start;
	if (has_word(words, count, "move")) {
		start = mremap(mapping->start + offset, old_length, new_length, MREMAP_MAYMOVE | MREMAP_FIXED,
			       (void *)next_slot);
		next_slot += SLOT_BYTES;
	} else {
		start = mremap(mapping->start + offset, old_length, new_length,
			       has_word(words, count, "maymove") ? MREMAP_MAYMOVE : 0);
	}
	if (start == MAP_FAILED)
		return failed();
	if (offset == 0) {
		mapping->start = start;
		mapping->length = new_length;
	}
	placement = (struct placement){mapping->name, start, new_length};
	return returned(0);
}

static struct result op_sleep(char **words, int count)
{
	(void)count;
	unsigned long ms = number(words[1]);
	struct timespec duration = {ms / 1000, ms % 1000 * 1000000};
	nanosleep(&duration, NULL);
	return returned(0);
}

static const struct operation {
	const char *name;
	int words;         /* at least so many, its own name included */
	int needs_mapping; /* without it the operation is skipped */
	struct result (*run)(char **words, int count);
} operations[] = {
	{"create", 3, 0, op_create},	 {"reopen", 3, 0, op_reopen},	  {"fill", 4, 0, op_fill},
	{"pread", 3, 0, op_pread},	 {"falloc", 4, 0, op_falloc},	  {"punch", 4, 0, op_punch},
	{"truncate", 3, 0, op_truncate}, {"fsync", 2, 0, op_fsync},	  {"freeze", 1, 0, op_freeze},
	{"thaw", 1, 0, op_thaw},	 {"mmap", 7, 0, op_mmap},	  {"load", 3, 1, op_load},
	{"store", 3, 1, op_store},	 {"munmap", 4, 1, op_munmap},	  {"mprotect", 5, 1, op_mprotect},
	{"msync", 4, 1, op_msync},	 {"madvise", 5, 1, op_madvise},	  {"mlock", 4, 1, op_mlock},
	{"mremap", 6, 1, op_mremap},	 {"sleep", 2, 0, op_sleep},	  {"reflink", 3, 0, op_reflink},
};

struct result execute(char **words, int count)
{
	placement.name = NULL;
	for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
		const struct operation *operation = &operations[i];
		if (strcmp(words[0], operation->name))
			continue;
		if (count < operation->words || (operation->needs_mapping && !find_mapping(words[1])))
			break;
		return operation->run(words, count);
	}
	return (struct result){SKIPPED, 0, 0};
}
