/*
 * The kernel's side of the oracle: runs every helper of kernel.c over the inputs of inputs.mjs and prints digests.
 *
 *   oracle run <entries>            one line per block and helper: "<block> <helper> <digest>"
 *   oracle block <helper> <block>   every input and output of one block: "<a> <b> <out>"
 *
 * This file is ordinary user-space C and ours; the kernel's definitions are behind `helpers`.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 65536
#define SEED 0x6d6d6f64u

typedef uint64_t (*helper_fn)(uint64_t a, uint64_t b);
extern const helper_fn helpers[];
extern const unsigned int helper_count;

static uint32_t s[4];

static void seed(uint32_t z0)
{
	for (int i = 0; i < 4; i++) {
		z0 += 0x9e3779b9u;
		uint32_t z = z0;
		z = (z ^ (z >> 16)) * 0x85ebca6bu;
		z = (z ^ (z >> 13)) * 0xc2b2ae35u;
		s[i] = z ^ (z >> 16);
	}
}

static uint32_t next(void)
{
	uint32_t r = s[1] * 5;
	r = ((r << 7) | (r >> 25)) * 9;
	uint32_t t = s[1] << 9;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = (s[3] << 11) | (s[3] >> 21);
	return r;
}

static uint64_t draw(void)
{
	uint32_t shape = next() & 7, l = next(), h = next(), x = next(), y = next();

	switch (shape) {
	case 3: l &= x; h &= y; break;
	case 4: l &= 0xfff; h &= 0xffff0000u; break;
	case 5:
		l = (1u << (x & 31)) | (1u << (y & 31));
		h = (x & 0x100) ? 1u << ((y >> 8) & 31) : 0;
		break;
	case 6: l |= x; h |= y; break;
	case 7: l = (x & 1) ? l & 0x160 : 0; h = 0; break;
	}
	return (uint64_t)h << 32 | l;
}

static uint32_t mix(uint32_t h, uint32_t k)
{
	k *= 0xcc9e2d51u;
	k = ((k << 15) | (k >> 17)) * 0x1b873593u;
	h ^= k;
	return ((h << 13) | (h >> 19)) * 5 + 0xe6546b64u;
}

static uint64_t a[BLOCK], b[BLOCK];

static void fill(unsigned long count)
{
	for (unsigned long i = 0; i < count; i++) {
		a[i] = draw();
		b[i] = draw();
	}
}

int main(int argc, char **argv)
{
	seed(SEED);
	if (argc == 3 && !strcmp(argv[1], "run")) {
		unsigned long left = strtoul(argv[2], NULL, 10);
		for (unsigned long block = 0; left > 0; block++) {
			unsigned long count = left < BLOCK ? left : BLOCK;
			fill(count);
			for (unsigned int n = 0; n < helper_count; n++) {
				uint32_t h = 0;
				for (unsigned long i = 0; i < count; i++) {
					uint64_t out = helpers[n](a[i], b[i]);
					h = mix(h, (uint32_t)out);
					h = mix(h, (uint32_t)(out >> 32));
				}
				printf("%lu %u %08x\n", block, n, h);
			}
			left -= count;
		}
		return 0;
	}
	if (argc == 4 && !strcmp(argv[1], "block")) {
		unsigned int n = strtoul(argv[2], NULL, 10);
		unsigned long block = strtoul(argv[3], NULL, 10);
		for (unsigned long i = 0; i <= block; i++)
			fill(BLOCK);
		for (unsigned long i = 0; i < BLOCK && n < helper_count; i++)
			printf("%016llx %016llx %016llx\n", (unsigned long long)a[i], (unsigned long long)b[i],
			       (unsigned long long)helpers[n](a[i], b[i]));
		return 0;
	}
	fprintf(stderr, "usage: oracle run <entries> | oracle block <helper> <block>\n");
	return 2;
}
