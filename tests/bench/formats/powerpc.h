/* SPDX-License-Identifier: GPL-2.0-only */
/* A radix tree with pages of 64 KB, as KVM-HV makes it. */
#include <lockless_pgwalk/formats/powerpc_radix.h>

#define BENCH_FORMAT		powerpc_radix_64k_format
#define BENCH_PAGE_SHIFT	16
#define BENCH_ACCESSED		POWERPC_RADIX_ACCESSED

static inline u64 bench_leaf(u64 address, unsigned int level)
{
	return address | POWERPC_RADIX_VALID | POWERPC_RADIX_LEAF | 7;
}

static inline u64 bench_table(u64 address)
{
	return address | POWERPC_RADIX_VALID;
}

static inline struct pgwalk_tree bench_tree(void *root)
{
	return powerpc_radix_tree(root, 16);
}
