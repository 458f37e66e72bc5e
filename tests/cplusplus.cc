// SPDX-License-Identifier: GPL-2.0-only
/* The library in C++17: walk a tree, then test and clear it. */
#include <lockless_pgwalk/formats/x86_tdp.h>
#include <lockless_pgwalk/young.h>

alignas(4096) static u64 top[512], low[512];

int main()
{
	const u64 leaf = X86_TDP_PRESENT | X86_TDP_NPT_ACCESSED;
	const auto tree = x86_tdp_tree(top, 2, X86_TDP_NPT_ACCESSED, GENMASK_ULL(51, 12),
				       X86_TDP_NONPRESENT | 0x5a0, BIT_ULL(52));
	unsigned long bits[2] = { };
	pgwalk_young young = { };
	pgwalk_iter iter;
	u64 pages = 0;

	top[0] = reinterpret_cast<uintptr_t>(low) | X86_TDP_PRESENT;
	top[1] = leaf | X86_TDP_LARGE;
	low[500] = leaf;
	low[511] = leaf;
	pgwalk_for_each(&x86_tdp_format, &tree, iter, 0, 1024)
		if (iter.entry.type == PGWALK_LEAF)
			pages += iter.entry.next - iter.entry.pos;

	young.start = 448;
	young.nbits = 128;
	young.young = bits;
	young.clear = true;
	return pages != 2 + 512 ||
	       pgwalk_test_clear_young(&x86_tdp_format, &tree, 448, 576, &young) != PGWALK_YOUNG ||
	       bits[0] != (1UL << 63 | 1UL << 52) || bits[1] != ~0UL ||
	       low[500] != X86_TDP_PRESENT || top[1] != (X86_TDP_PRESENT | X86_TDP_LARGE);
}
