/* usage: agent LOG PROBES SCENARIO ... : runs each scenario in a process of its own, in order. */
#include "agent.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SCENARIO_SECONDS 14400 /* of the guest, which pass quickly where it waits */

FILE *out;

/* Time advances by more than a tick between operations, so that each has its own timestamp. */
static void let_the_clock_tick(void)
{
	usleep(9000);
}

static int split(char *line, char **words)
{
	int count = 0;
	for (char *word = strtok(line, " \t\n"); word && count < MAX_WORDS - 1; word = strtok(NULL, " \t\n"))
		words[count++] = word;
	words[count] = NULL;
	return count;
}

static void do_operation(char *line)
{
	char *words[MAX_WORDS];
	int count = split(line, words);
	if (!count)
		return;
	let_the_clock_tick();
	print_files(0);
	start_trace();
	struct result result = execute(words, count);
	stop_trace();
	print_result(result);
	print_placement();
	print_trace();
	print_files(1);
	print_entries();
	print_areas();
	fflush(out);
}

/* What a new process does before its first operation. */
static void prepare(void)
{
	top_table = 0;
	own_memory();
}

/* A forked process does as it is told until the pipe closes; told nothing, it prepares itself. */
static void serve(int in, int done)
{
	FILE *lines = fdopen(in, "r");
	char line[LINE_SIZE];
	while (fgets(line, sizeof line, lines)) {
		if (*line == '\n')
			prepare();
		else
			do_operation(line);
		if (write(done, "k", 1) < 0)
			break;
	}
	_exit(0);
}

static void tell(struct child *child, const char *line)
{
	char done;
	dprintf(child->to, "%s\n", line);
	if (read(child->from, &done, 1) < 1)
		fprintf(out, "# the child %s is gone\n", child->name);
}

static void do_fork(const char *name)
{
	int down[2], up[2];
	if (pipe(down) || pipe(up)) {
		fprintf(out, "# no pipe: errno %d\n", errno);
		return;
	}
	struct child *child = add_child(name);
	start_trace();
	child->pid = fork();
	if (child->pid == 0) {
		close(down[1]);
		close(up[0]);
		for (int i = 0; i < child_count - 1; i++) {
			close(children[i].to);
			close(children[i].from);
		}
		child_count = 0;
		serve(down[0], up[1]);
	}
	stop_trace();
	fprintf(out, "R ret=0\n");
	child->to = down[1];
	child->from = up[0];
	print_trace();
	print_entries();
	tell(child, "");
}

static void tell_child(char *line)
{
	char *rest = strchr(line, ' ');
	if (!rest)
		return;
	*rest = 0;
	struct child *child = find_child(line + 1);
	if (child)
		tell(child, rest + 1);
}

static void run_scenario(FILE *scenario)
{
	char line[LINE_SIZE], copy[LINE_SIZE];
	prepare();
	while (fgets(line, sizeof line, scenario)) {
		line[strcspn(line, "\n")] = 0;
		if (!*line || *line == '#')
			continue;
		fprintf(out, "OP %s\n", line);
		fflush(out);
		strcpy(copy, line);
		if (copy[0] == '@')
			tell_child(copy);
		else if (!strncmp(copy, "fork ", 5))
			do_fork(copy + 5);
		else
			do_operation(copy);
	}
	for (int i = 0; i < child_count; i++) {
		close(children[i].to);
		waitpid(children[i].pid, NULL, 0);
	}
	fprintf(out, "END\n");
	fflush(out);
	_exit(0);
}

/* The next scenario finds the file system empty. */
static void remove_files(void)
{
	DIR *directory = opendir(MOUNT_POINT);
	struct dirent *entry;
	while (directory && (entry = readdir(directory)))
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, "lost+found"))
			unlinkat(dirfd(directory), entry->d_name, 0);
	if (directory)
		closedir(directory);
}

static void on_alarm(int number)
{
	(void)number;
}

/* Waits for a scenario's process. One that waits for a frozen file system cannot be killed before it is thawed. */
static void await(pid_t pid)
{
	int status = 0;
	alarm(SCENARIO_SECONDS);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
		fprintf(out, "# the scenario took longer than %d seconds\n", SCENARIO_SECONDS);
		thaw();
		kill(-pid, SIGKILL);
	}
	alarm(0);
	if (status)
		fprintf(out, "DIED %d\n", status);
	thaw();
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	out = fopen(argv[1], "w");
	if (!out)
		out = stdout;
	setvbuf(out, NULL, _IOLBF, 0);
	catch_signals();
	fprintf(out, "AGENT 1 levels=%d\n", open_page_tables());
	set_up_trace(argv[2]);
	struct sigaction on_time = {.sa_handler = on_alarm};
	sigaction(SIGALRM, &on_time, NULL);
	mlockall(MCL_CURRENT);
	for (int i = 3; i < argc; i++) {
		FILE *scenario = fopen(argv[i], "r");
		if (!scenario)
			continue;
		fprintf(out, "SCENARIO %s\n", argv[i]);
		forget_names();
		find_own_memory();
		pid_t pid = fork();
		if (pid == 0) {
			setpgid(0, 0);
			run_scenario(scenario);
		}
		setpgid(pid, pid);
		await(pid);
		fclose(scenario);
		remove_files();
	}
	fprintf(out, "DONE\n");
	fflush(out);
	sync();
	return 0;
}
