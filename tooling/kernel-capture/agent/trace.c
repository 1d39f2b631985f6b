/* Controls the kernel's tracing, and prints what it traced. */
#include "agent.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What one operation may leave in the trace, as text. */
static char text[1 << 20];

static void write_with(int flags, const char *path, const char *what)
{
	int fd = open(path, O_WRONLY | flags);
	if (fd < 0)
		return;
	if (write(fd, what, strlen(what)) < 0)
		fprintf(out, "# %s refuses %s: errno %d\n", path, what, errno);
	close(fd);
}

void write_control(const char *path, const char *what)
{
	write_with(0, path, what);
}

/* Opening the trace to truncate it is what empties it. */
static void empty_trace(void)
{
	write_with(O_TRUNC, TRACEFS "trace", "");
}

void start_trace(void)
{
	empty_trace();
	write_control(TRACEFS "tracing_on", "1");
}

void stop_trace(void)
{
	write_control(TRACEFS "tracing_on", "0");
}

/* Sets a probe for each line of the file, and lets only this process and its children be traced. */
void set_up_trace(const char *probes)
{
	char line[LINE_SIZE], pid[32];
	stop_trace();
	FILE *list = fopen(probes, "r");
	while (list && fgets(line, sizeof line, list)) {
		line[strcspn(line, "\n")] = 0;
		if (!*line || *line == '#')
			continue;
		int fd = open(TRACEFS "kprobe_events", O_WRONLY | O_APPEND);
		if (write(fd, line, strlen(line)) < 0)
			fprintf(out, "# probe refused: %s (%d)\n", line, errno);
		close(fd);
	}
	write_control(TRACEFS "options/event-fork", "1");
	snprintf(pid, sizeof pid, "%d", getpid());
	write_control(TRACEFS "set_event_pid", pid);
	write_control(TRACEFS "events/kprobes/enable", "1");
	write_control(TRACEFS "events/fs_dax/enable", "1");
	write_control(TRACEFS "events/exceptions/page_fault_user/enable", "1");
	write_control(TRACEFS "events/tlb/tlb_flush/enable", "1");
}

/* `# entries-in-buffer/entries-written: 5/5`: fewer in the buffer than were written means that some are lost. */
static void check_loss(const char *line)
{
	const char *counts = strstr(line, "entries-written: ");
	unsigned long kept, written;
	if (counts && sscanf(counts, "entries-written: %lu/%lu", &kept, &written) == 2 && kept < written)
		fprintf(out, "# the trace lost %lu events\n", written - kept);
}

/*
 * Prints the trace and empties it. The probe of faults tells where the process's page tables are: entries are read from
 * the first traced fault on. A child that has only used what its parent had mapped has had none, and shows no entries;
 * the shipped recordings are like that.
 */
void print_trace(void)
{
	int fd = open(TRACEFS "trace", O_RDONLY);
	size_t length = 0;
	ssize_t got;
	while ((got = read(fd, text + length, sizeof text - 1 - length)) > 0)
		length += got;
	close(fd);
	text[length] = 0;
	if (length == sizeof text - 1)
		fprintf(out, "# the trace is longer than the agent's buffer of %zu bytes\n", sizeof text);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (*line == '#') {
			check_loss(line);
			continue;
		}
		char *pgd = strstr(line, "pgd="), *dash = strchr(line, '-');
		if (pgd && dash && atoi(dash + 1) == getpid())
			top_table = strtoul(pgd + 4, NULL, 16);
		fprintf(out, "T %s\n", line);
	}
	empty_trace();
}
