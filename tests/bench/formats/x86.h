/* SPDX-License-Identifier: GPL-2.0-only */
/* EPT with four levels and pages of 4 KB, as KVM makes it. */
#include <lockless_pgwalk/formats/x86_tdp.h>

#define BENCH_FORMAT		x86_tdp_format
#define BENCH_PAGE_SHIFT	12
#define BENCH_ACCESSED		X86_TDP_EPT_ACCESSED

static inline u64 bench_leaf(u64 address, unsigned int level)
{
	return address | X86_TDP_PRESENT | 7 | (level ? X86_TDP_LARGE : 0);
}

static inline u64 bench_table(u64 address)
{
	return address | X86_TDP_PRESENT | 7;
}

static inline struct pgwalk_tree bench_tree(void *root)
{
	return x86_tdp_tree(root, 4, BENCH_ACCESSED, GENMASK_ULL(51, 12),
			    X86_TDP_NONPRESENT | 0x5a0, BIT_ULL(52));
}
