/* SPDX-License-Identifier: GPL-2.0-only */
/* Stage 2 with four levels and pages of 4 KB, as KVM makes it. */
#include <lockless_pgwalk/formats/arm64_s2.h>

#define BENCH_FORMAT		arm64_s2_4k_format
#define BENCH_PAGE_SHIFT	12
#define BENCH_ACCESSED		ARM64_S2_ACCESSED

static inline u64 bench_leaf(u64 address, unsigned int level)
{
	return address | ARM64_S2_VALID | (level ? 0 : ARM64_S2_TABLE);
}

static inline u64 bench_table(u64 address)
{
	return address | ARM64_S2_VALID | ARM64_S2_TABLE;
}

static inline struct pgwalk_tree bench_tree(void *root)
{
	return arm64_s2_tree(root, 12, 0, 48, false, BIT_ULL(10));
}
