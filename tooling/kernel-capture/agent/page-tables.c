/*
 * Reads page-table entries through /proc/kcore, an ELF file whose segments are the kernel's mappings. The top table's
 * address comes from the trace (mm_struct.pgd); the tables below are found by their physical addresses, so that it does
 * not matter where the kernel has put its map of all memory.
 */
#include "agent.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define MAX_SEGMENTS 64
#define ENTRY_PRESENT 0x1UL
#define ENTRY_LEAF 0x80UL
#define ENTRY_FRAME 0x000ffffffffff000UL
#define UNREADABLE (~0UL)

/* With four levels the kernel's half of the address space begins here; with five, its map of all memory is below. */
#define KERNEL_HALF_4_LEVELS 0xffff800000000000UL

unsigned long top_table;

static int kcore = -1;
static int levels;
static Elf64_Phdr segments[MAX_SEGMENTS];
static int segment_count;

/* Returns the number of levels that the kernel's page tables have, or 0 when they cannot be read. */
int open_page_tables(void)
{
	Elf64_Ehdr header;
	kcore = open("/proc/kcore", O_RDONLY);
	if (kcore < 0 || pread(kcore, &header, sizeof header, 0) != sizeof header) {
		fprintf(out, "# /proc/kcore cannot be read: errno %d\n", errno);
		return 0;
	}
	segment_count = header.e_phnum > MAX_SEGMENTS ? MAX_SEGMENTS : header.e_phnum;
	ssize_t wanted = segment_count * sizeof *segments;
	if (pread(kcore, segments, wanted, header.e_phoff) != wanted) {
		fprintf(out, "# the segments of /proc/kcore cannot be read: errno %d\n", errno);
		segment_count = 0;
		return 0;
	}
	levels = 4;
	for (int i = 0; i < segment_count; i++)
		if (segments[i].p_type == PT_LOAD && segments[i].p_vaddr < KERNEL_HALF_4_LEVELS)
			levels = 5;
	return levels;
}

static unsigned long read_word(off_t offset)
{
	unsigned long word;
	return pread(kcore, &word, sizeof word, offset) == sizeof word ? word : UNREADABLE;
}

static unsigned long read_virtual(unsigned long address)
{
	for (int i = 0; i < segment_count; i++) {
		const Elf64_Phdr *s = &segments[i];
		if (s->p_type == PT_LOAD && address >= s->p_vaddr && address < s->p_vaddr + s->p_memsz)
			return read_word(s->p_offset + (address - s->p_vaddr));
	}
	return UNREADABLE;
}

static unsigned long read_physical(unsigned long address)
{
	for (int i = 0; i < segment_count; i++) {
		const Elf64_Phdr *s = &segments[i];
		/* Segments that are no map of memory, as vmalloc's, have the physical address -1. */
		if (s->p_type == PT_LOAD && s->p_paddr != (Elf64_Addr)-1 && address >= s->p_paddr &&
		    address < s->p_paddr + s->p_memsz)
			return read_word(s->p_offset + (address - s->p_paddr));
	}
	return UNREADABLE;
}

/*
 * The entry that decides about an address: the first on the way down that is not a table. `level` is 1 for a PTE, 2 for
 * a PMD; `span` is how many bytes the entry covers.
 */
unsigned long read_entry(unsigned long address, int *level, unsigned long *span)
{
	unsigned long table = 0;
	for (int l = levels;; l--) {
		int shift = 12 + 9 * (l - 1);
		unsigned long offset = ((address >> shift) & 511) * 8;
		unsigned long entry = l == levels ? read_virtual(top_table + offset) : read_physical(table + offset);
		if (entry == UNREADABLE) {
			fprintf(out, "# the entry of level %d for %#lx cannot be read\n", l, address);
			entry = 0;
		}
		if (l == 1 || !(entry & ENTRY_PRESENT) || (l <= 3 && (entry & ENTRY_LEAF))) {
			*level = l;
			*span = 1UL << shift;
			return entry;
		}
		table = entry & ENTRY_FRAME;
	}
}
