/* The mappings, files and children that a scenario has given names to. A fork copies them, as it copies the rest. */
#include "agent.h"
#include <stdlib.h>
#include <string.h>

struct mapping mappings[MAX_MAPPINGS];
struct file files[MAX_FILES];
struct child children[MAX_CHILDREN];
int mapping_count, file_count, child_count;

void forget_names(void)
{
	mapping_count = file_count = child_count = 0;
}

struct mapping *find_mapping(const char *name)
{
	for (int i = 0; i < mapping_count; i++)
		if (!strcmp(mappings[i].name, name))
			return &mappings[i];
	return NULL;
}

struct file *find_file(const char *name)
{
	for (int i = 0; i < file_count; i++)
		if (!strcmp(files[i].name, name))
			return &files[i];
	return NULL;
}

struct child *find_child(const char *name)
{
	for (int i = 0; i < child_count; i++)
		if (!strcmp(children[i].name, name))
			return &children[i];
	return NULL;
}

/* The harness has checked the scenario against the limits; this is for a scenario that came another way. */
static void take_slot(char *slot, const char *name, int *count, int limit)
{
	if (*count >= limit || strlen(name) >= NAME_SIZE) {
		fprintf(out, "# the agent has no room for %s\n", name);
		fflush(out);
		_Exit(3);
	}
	strcpy(slot, name);
	++*count;
}

struct mapping *add_mapping(const char *name)
{
	struct mapping *mapping = &mappings[mapping_count];
	take_slot(mapping->name, name, &mapping_count, MAX_MAPPINGS);
	return mapping;
}

struct file *add_file(const char *name)
{
	struct file *file = &files[file_count];
	memset(file, 0, sizeof *file);
	take_slot(file->name, name, &file_count, MAX_FILES);
	return file;
}

struct child *add_child(const char *name)
{
	struct child *child = &children[child_count];
	take_slot(child->name, name, &child_count, MAX_CHILDREN);
	return child;
}

const char *path_of(const char *file)
{
	static char path[sizeof MOUNT_POINT + 1 + NAME_SIZE];
	snprintf(path, sizeof path, MOUNT_POINT "/%s", file);
	return path;
}
