/*
 * The agent runs inside the guest, as a child of init. It executes scenario files, one operation a line, with real
 * system calls, and prints for each operation what the kernel did: result, times of files, page-table entries, areas,
 * and the trace of the kernel. The format of what it prints is in ../docs/raw-log.md.
 *
 * It is linked statically and allocates little, because recordings show some of what it does: a fork counts its areas
 * (copy_page_range), and a frame it takes is a frame that the scenario does not get. Keep the heap, the big buffers and
 * the number of areas as they are, or check that the shipped recordings still come out byte for byte.
 */
#ifndef AGENT_H
#define AGENT_H

#define _GNU_SOURCE
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

#define TRACEFS "/sys/kernel/tracing/"
#define MOUNT_POINT "/mnt"

#define PAGE_BYTES 4096UL
#define PMD_BYTES (512 * PAGE_BYTES)

/* src/agent.ts holds scenarios to these before a guest boots. */
#define LINE_SIZE 512
#define NAME_SIZE 64
#define MAX_WORDS 16
#define MAX_MAPPINGS 64
#define MAX_FILES 64
#define MAX_CHILDREN 8

#define SIGNAL_STACK_BYTES (16 * PAGE_BYTES)

struct mapping {
	char name[NAME_SIZE];
	char *start;
	size_t length;
};

/* Where the last operation has put a mapping, or a part of one; `name` is NULL if it put none anywhere. */
struct placement {
	const char *name;
	char *start;
	size_t length;
};

struct file {
	char name[NAME_SIZE];
	int fd;
	struct timespec mtime, ctime;
	long long blocks;
};

/* A forked process: operations go down one pipe, a byte for each that is done comes back up the other. */
struct child {
	char name[NAME_SIZE];
	int to, from;
	pid_t pid;
};

/* What an operation came to. */
enum outcome { RETURNED, FAILED, SIGNALLED, SKIPPED };
struct result {
	enum outcome outcome;
	long value; /* the return value, the errno, or the signal */
	int code;   /* si_code */
};

/* main.c */
extern FILE *out;

/* names.c: what the process that executes has a name for */
extern struct mapping mappings[MAX_MAPPINGS];
extern struct file files[MAX_FILES];
extern struct child children[MAX_CHILDREN];
extern int mapping_count, file_count, child_count;
void forget_names(void);
struct mapping *find_mapping(const char *name);
struct file *find_file(const char *name);
struct child *find_child(const char *name);
struct mapping *add_mapping(const char *name);
struct file *add_file(const char *name);
struct child *add_child(const char *name);
const char *path_of(const char *file);

/* operations.c */
extern struct placement placement;
struct result execute(char **words, int count);
void catch_signals(void);
int thaw(void);

/* page-tables.c */
extern unsigned long top_table; /* mm_struct.pgd of the process; 0 until a trace has told it */
int open_page_tables(void);
unsigned long read_entry(unsigned long address, int *level, unsigned long *span);

/* trace.c */
void write_control(const char *path, const char *text);
void set_up_trace(const char *probes);
void start_trace(void);
void stop_trace(void);
void print_trace(void);

/* own-memory.c */
extern char signal_stack[SIGNAL_STACK_BYTES];
void find_own_memory(void);
void own_memory(void);

/* report.c */
void print_result(struct result result);
void print_placement(void);
void print_files(int print);
void print_entries(void);
void print_areas(void);

#endif
