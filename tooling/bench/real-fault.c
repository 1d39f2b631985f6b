/*
 * First writes to a shared mapping of a memfd whose pages exist already, in base pages: what the kernel of this machine
 * takes for the fault that the model simulates. Prints nanoseconds per page, one line a round, when asked for one on
 * standard input, so that rounds can take turns with another program's.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static double touch(char *map, size_t pages)
{
	struct timespec from, to;
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (size_t i = 0; i < pages; i++)
		((volatile char *)map)[i * 4096] = 1;
	clock_gettime(CLOCK_MONOTONIC, &to);
	return ((to.tv_sec - from.tv_sec) * 1e9 + (to.tv_nsec - from.tv_nsec)) / pages;
}

int main(int argc, char **argv)
{
	size_t pages = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;
	int fd = memfd_create("first-write", 0);
	if (fd < 0 || ftruncate(fd, pages * 4096)) {
		perror("memfd");
		return 2;
	}
	int c, first = 1;
	while ((c = getchar()) != EOF) {
		if (c != '\n')
			continue;
		char *map = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (map == MAP_FAILED) {
			perror("mmap");
			return 2;
		}
		madvise(map, pages * 4096, MADV_NOHUGEPAGE);
		double ns = touch(map, pages);
		munmap(map, pages * 4096);
		if (first) { /* the first round made the pages; only the later ones are first writes to pages that exist */
			first = 0;
			ungetc('\n', stdin);
			continue;
		}
		printf("%.1f\n", ns);
		fflush(stdout);
	}
	return 0;
}
