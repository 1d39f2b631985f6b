/*
 * A forked process shares its memory with the parent until it writes to it. Would it first write to a page of its own
 * in the middle of a scenario, it would take a frame that the scenario has just freed, and the recording would show
 * that. So each process writes to all of its pages before it begins.
 *
 * Signals are handled on a stack of their own, because how deep they would reach into the other depends on where the
 * kernel has put that. With CAPTURE_SIGNAL_STACK=cold the stack is left out, so that the first signal takes a frame.
 */
#include "agent.h"
#include <stdlib.h>
#include <string.h>

#define MAX_OWN_AREAS 16

static struct own_area {
	unsigned long start, end;
} own_areas[MAX_OWN_AREAS];
static int own_area_count;

char signal_stack[SIGNAL_STACK_BYTES] __attribute__((aligned(PAGE_BYTES)));

/* Nothing of a scenario is mapped when this is called: what is writable is the agent's. */
void find_own_memory(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[LINE_SIZE], permissions[5];
	own_area_count = 0;
	while (maps && own_area_count < MAX_OWN_AREAS && fgets(line, sizeof line, maps)) {
		struct own_area *area = &own_areas[own_area_count];
		if (sscanf(line, "%lx-%lx %4s", &area->start, &area->end, permissions) == 3 &&
		    !strcmp(permissions, "rw-p"))
			own_area_count++;
	}
	if (maps)
		fclose(maps);
}

static int is_left_out(unsigned long page)
{
	const char *how = getenv("CAPTURE_SIGNAL_STACK");
	unsigned long stack = (unsigned long)signal_stack;
	return how && !strcmp(how, "cold") && page >= stack && page < stack + sizeof signal_stack;
}

void own_memory(void)
{
	for (int i = 0; i < own_area_count; i++)
		for (unsigned long page = own_areas[i].start; page < own_areas[i].end; page += PAGE_BYTES) {
			volatile char *byte = (char *)page;
			if (!is_left_out(page))
				*byte = *byte;
		}
}
