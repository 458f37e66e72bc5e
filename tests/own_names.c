// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program with names of its own that the library uses, too, here and in
 * own/asm/page.h: they are the ones that it gets. It reads a dump of memory,
 * whose first page was at 1 MB.
 */
#include <stdbool.h>
#include <stddef.h>

/* Not the type that <stdint.h> has. */
typedef unsigned long long u64;
#define u64 u64

static unsigned int asked;

/* With a type of its own, too. */
static int test_bit(int nr, const void *map)
{
	asked++;
	return ((const unsigned char *)map)[nr / 8] >> nr % 8 & 1;
}

#define test_bit test_bit

#include <lockless_pgwalk/formats/x86_tdp.h>
#include <lockless_pgwalk/young.h>

static _Alignas(4096) u64 dump[2][512];

void *own_va(unsigned long long pa)
{
	return (char *)dump + pa - 0x100000;
}

int main(void)
{
	const struct pgwalk_tree tree =
		x86_tdp_tree(dump[0], 2, X86_TDP_NPT_ACCESSED, GENMASK_ULL(51, 12),
			     X86_TDP_NONPRESENT | 0x5a0, BIT_ULL(52));
	unsigned long bits[2] = { }, predicate[2] = { 1 << 5 };
	const struct pgwalk_young young = {
		.nbits = 7, .young = bits, .predicate = predicate, .clear = true,
	};

	dump[0][0] = 0x101000 | X86_TDP_PRESENT;
	dump[1][5] = X86_TDP_NPT_ACCESSED | X86_TDP_PRESENT;
	dump[1][6] = X86_TDP_NPT_ACCESSED | X86_TDP_PRESENT;
	return pgwalk_test_clear_young(&x86_tdp_format, &tree, 0, 7, &young) != PGWALK_YOUNG ||
	       bits[0] != 3 << 5 || asked != 2 || dump[1][5] != X86_TDP_PRESENT ||
	       dump[1][6] == X86_TDP_PRESENT;
}
