// SPDX-License-Identifier: GPL-2.0-only
/* A complete user of the walker: how much of a range is mapped, and how. */
#include <lockless_pgwalk/formats/x86_tdp.h>
#include <lockless_pgwalk/walk.h>
#include <stdalign.h>
#include <stdio.h>

static void count(const struct pgwalk_tree *tree, u64 start, u64 end,
		  u64 *leaves, u64 *pages)
{
	struct pgwalk_iter iter;

	/* In the kernel: rcu_read_lock(). */
	pgwalk_for_each(&x86_tdp_format, tree, iter, start, end) {
		if (iter.entry.type == PGWALK_LEAF) {
			leaves[iter.entry.level]++;
			*pages += iter.entry.next - iter.entry.pos;
		}
	}
	/* In the kernel: rcu_read_unlock(). */
}

int main(void)
{
	static alignas(4096) u64 top[512], low[512];
	const struct pgwalk_tree tree =
		x86_tdp_tree(top, 2, X86_TDP_EPT_ACCESSED, GENMASK_ULL(51, 12),
			     X86_TDP_NONPRESENT | 0x5a0, BIT_ULL(52));
	u64 leaves[3] = { }, pages = 0;

	top[0] = (u64)(uintptr_t)low | X86_TDP_PRESENT;
	top[1] = X86_TDP_PRESENT | X86_TDP_LARGE;	/* 2 MB at 2 MB */
	low[511] = X86_TDP_PRESENT;			/* 4 KB below it */

	count(&tree, 500, 600, leaves, &pages);
	printf("pages 500 to 599: %d small leaf, %d huge leaf, %d pages\n",
	       (int)leaves[0], (int)leaves[1], (int)pages);
	return leaves[0] != 1 || leaves[1] != 1 || pages != 1 + 88;
}
