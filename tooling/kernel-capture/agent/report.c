/* Prints what an operation left behind: its result, times of files, page-table entries, areas. */
#include "agent.h"
#include <string.h>
#include <sys/stat.h>

/* Page tables are read up to here in each mapping. */
#define ENTRIES_END (4UL << 20)
#define ENTRY_LEAF 0x80UL

void print_result(struct result result)
{
	switch (result.outcome) {
	case RETURNED:
		fprintf(out, "R ret=%ld\n", result.value);
		break;
	case FAILED:
		fprintf(out, "R errno=%ld\n", result.value);
		break;
	case SIGNALLED:
		fprintf(out, "R signal=%ld code=%d\n", result.value, result.code);
		break;
	case SKIPPED:
		fprintf(out, "R skipped=1\n");
	}
}

/* Addresses get their names from this. */
void print_placement(void)
{
	if (placement.name)
		fprintf(out, "M %s %#lx %#zx\n", placement.name, (unsigned long)placement.start, placement.length);
}

/* Looks at all files, prints those that changed since the last look if `print` says so. */
void print_files(int print)
{
	for (int i = 0; i < file_count; i++) {
		struct file *f = &files[i];
		struct stat s;
		if (stat(path_of(f->name), &s))
			continue;
		int mtime = memcmp(&s.st_mtim, &f->mtime, sizeof s.st_mtim) != 0;
		int ctime = memcmp(&s.st_ctim, &f->ctime, sizeof s.st_ctim) != 0;
		if (print && (mtime || ctime || s.st_blocks != f->blocks))
			fprintf(out, "F %s mtime=%d ctime=%d blocks=%lld size=%lld\n", f->name, mtime, ctime,
				(long long)s.st_blocks, (long long)s.st_size);
		f->mtime = s.st_mtim;
		f->ctime = s.st_ctim;
		f->blocks = s.st_blocks;
	}
}

static void print_entries_of(const struct mapping *mapping)
{
	unsigned long last = 0, offset = 0;
	while (offset < mapping->length && offset < ENTRIES_END) {
		unsigned long address = (unsigned long)mapping->start + offset, span;
		int level;
		unsigned long entry = read_entry(address, &level, &span);
		/* An empty entry, or a leaf, decides for all that it covers. */
		unsigned long next = offset + span - (address & (span - 1));
		if (entry != 0) {
			if (level == 1 || entry != last || !(offset & (PMD_BYTES - 1)))
				fprintf(out, "P %s %#lx level=%d %#018lx\n", mapping->name, offset, level, entry);
			last = entry;
			if (level != 2 || !(entry & ENTRY_LEAF))
				next = offset + PAGE_BYTES;
		}
		offset = next;
	}
}

void print_entries(void)
{
	if (!top_table)
		return;
	for (int i = 0; i < mapping_count; i++)
		print_entries_of(&mappings[i]);
}

/* Whether an area touches a mapping. */
static int is_of_scenario(unsigned long start, unsigned long end)
{
	for (int i = 0; i < mapping_count; i++) {
		unsigned long from = (unsigned long)mappings[i].start;
		if (start < from + mappings[i].length && end > from)
			return 1;
	}
	return 0;
}

/* The areas of the scenario, as /proc/self/maps shows them. */
void print_areas(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[LINE_SIZE];
	while (maps && fgets(line, sizeof line, maps)) {
		unsigned long start, end;
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 && is_of_scenario(start, end))
			fprintf(out, "V %s", line);
	}
	if (maps)
		fclose(maps);
}
