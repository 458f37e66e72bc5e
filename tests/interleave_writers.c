// SPDX-License-Identifier: GPL-2.0-only
/* The writers of each architecture, and who meets the walker when. */
#include <lockless_pgwalk/formats/arm64_s2.h>
#include <lockless_pgwalk/formats/powerpc_radix.h>
#include <lockless_pgwalk/formats/x86_tdp.h>

#include "interleave.h"

#define X86_LEAF	(X86_TDP_PRESENT | 7)
#define X86_ADDRESS	GENMASK_ULL(51, 12)
#define X86_FROZEN	(X86_TDP_NONPRESENT | 0x5a0)
#define ARM64_BLOCK	(ARM64_S2_VALID | BIT_ULL(7) | BIT_ULL(6))
#define POWERPC_DIRTY	BIT_ULL(7)
#define POWERPC_PAGE	(POWERPC_RADIX_VALID | POWERPC_RADIX_LEAF | \
			 POWERPC_DIRTY | 7)

static const struct arch x86 = {
	.name = "x86", .fmt = &x86_tdp_format, .address = X86_ADDRESS,
	.accessed = X86_TDP_EPT_ACCESSED, .dirty = BIT_ULL(9),
	.writable = BIT_ULL(1) | BIT_ULL(9),
	.leaf = { X86_LEAF, X86_LEAF | X86_TDP_LARGE }, .table = X86_LEAF,
	.nothing = X86_TDP_NONPRESENT, .marker = X86_FROZEN,
};

/* KVM does not let hardware keep dirty state, which would be bit 7, too. */
static const struct arch arm64 = {
	.name = "arm64", .fmt = &arm64_s2_4k_format,
	.address = GENMASK_ULL(47, 12),
	.accessed = ARM64_S2_ACCESSED, .writable = BIT_ULL(7),
	.leaf = { ARM64_BLOCK | ARM64_S2_TABLE, ARM64_BLOCK },
	.table = ARM64_S2_VALID | ARM64_S2_TABLE,
	/* An owner, the hypervisor. */
	.nothing = BIT_ULL(2), .marker = BIT_ULL(10),
};

/* The dirty log takes the dirty bit, C, and no permission. */
static const struct arch powerpc = {
	.name = "powerpc", .fmt = &powerpc_radix_4k_format, .big_endian = true,
	.accessed = POWERPC_RADIX_ACCESSED, .dirty = POWERPC_DIRTY,
	.writable = POWERPC_DIRTY, .leaf = { POWERPC_PAGE, POWERPC_PAGE },
	.table = POWERPC_RADIX_VALID | 9,
};

const struct arch *const archs[] = { &x86, &arm64, &powerpc, NULL };

/* What writers are made of */

static u64 load(u64 *entryp)
{
	let_others_run();
	return get(entryp);
}

static u64 exchange(u64 *entryp, u64 new)
{
	u64 old;

	let_others_run();
	old = get(entryp);
	set(entryp, new);
	return old;
}

static bool cmpxchg(u64 *entryp, u64 old, u64 new)
{
	let_others_run();
	if (get(entryp) != old)
		return false;
	set(entryp, new);
	return true;
}

static void store(u64 *entryp, u64 new)
{
	let_others_run();
	set(entryp, new);
}

/* Whatever else becomes of the entry: a loop of cmpxchg, or of ldarx and stdcx. */
static void update(u64 *entryp, u64 clear, u64 new)
{
	u64 entry;

	do {
		entry = load(entryp);
	} while (!cmpxchg(entryp, entry, (entry & ~clear) | new));
}

/*
 * To replace an entry, own it first, and break the translation before the new
 * one is made.
 */
static void freeze(u64 *entryp)
{
	update(entryp, ~0ULL, arch->marker);
}

static void thaw(u64 *entryp, u64 new)
{
	require(exchange(entryp, new) == arch->marker,
		"a marker was changed behind its owner's back");
}

/* Writers that all have */

static void zap(struct actor *self)
{
	u64 *entryp = entry_of(0);

	freeze(entryp);
	thaw(entryp, arch->nothing);
	require(load(entryp) == arch->nothing, "what was zapped is back");
}

static void replace(struct actor *self)
{
	u64 *entryp = entry_of(0);
	u64 leaf = arch->leaf[entryp == root] | PFN(512 * 7);

	freeze(entryp);
	thaw(entryp, leaf);
	require(load(entryp) == leaf, "a new leaf was changed");
}

static void split_leaf(struct actor *self)
{
	freeze(&root[0]);
	thaw(&root[0], link_to(spare));
	require(load(&root[0]) == link_to(spare), "a split leaf is back");
}

/* A processor that writes to page 0, or one whose accessed bit KVM sets. */
static void hardware(struct actor *self)
{
	u64 *entryp = entry_of(0);
	u64 entry;

	do {
		entry = load(entryp);
		if (type_of(entry, entryp == root) != PGWALK_LEAF)
			return;
	} while (!cmpxchg(entryp, entry, entry | arch->accessed | arch->dirty));
	self->touched = !(entry & arch->accessed);
}

/* Write-protects page 0, as the dirty log does, and must not be undone. */
static void protect(struct actor *self)
{
	u64 *entryp = entry_of(0);

	update(entryp, arch->writable, 0);
	require(!(load(entryp) & arch->writable & ~arch->dirty),
		"write protection was undone");
}

/* x86: unlinks the table of pages 0 and 1, then takes each of its entries. */
static void unlink_table(struct actor *self)
{
	freeze(&root[0]);
	exchange(&low[0], arch->marker);
	exchange(&low[1], arch->marker);
	thaw(&root[0], arch->nothing);
	require(get(&low[0]) == arch->marker && get(&low[1]) == arch->marker,
		"an entry of an unlinked table was changed");
}

/*
 * arm64, with mmu_lock held for write: plain stores. Nobody but processors and
 * walkers changes an entry then.
 */

static void unmap(struct actor *self)
{
	u64 *entryp = entry_of(0);

	store(entryp, 0);
	require(!load(entryp), "an unmapped page is back");
}

/* First what is in the table, then the table, which is empty by then. */
static void unmap_table(struct actor *self)
{
	store(&low[0], 0);
	store(&low[1], 0);
	store(&root[0], 0);
	require(!load(&root[0]) && !get(&low[0]) && !get(&low[1]),
		"an unmapped page or its table is back");
}

/*
 * May put back an accessed bit that a walker took; and lose one that a processor
 * sets, as KVM says of itself, so there is no such scenario.
 */
static void store_protected(struct actor *self)
{
	u64 *entryp = entry_of(0);

	store(entryp, load(entryp) & ~arch->writable);
	require(!(load(entryp) & arch->writable),
		"write protection was undone");
}

static void split_stored(struct actor *self)
{
	store(&root[0], arch->marker);
	thaw(&root[0], link_to(spare));
	require(load(&root[0]) == link_to(spare), "a split leaf is back");
}

/* A fault, with mmu_lock held for read: a block replaces the table. */
static void collapse(struct actor *self)
{
	u64 block = arch->leaf[1] | PFN(512 * 7);

	freeze(&root[0]);
	thaw(&root[0], block | arch->accessed);
	require((load(&root[0]) & ~arch->accessed) == block,
		"a new block was changed");
}

/*
 * powerpc, with mmu_lock held: a huge leaf replaces the table. That is unlinked
 * before what is in it is unmapped.
 */
static void replace_table(struct actor *self)
{
	u64 leaf = arch->leaf[1] | PFN(512 * 7);

	store(&root[0], 0);
	exchange(&low[0], 0);
	exchange(&low[1], 0);
	store(&root[0], leaf | arch->accessed);
	require((load(&root[0]) & ~arch->accessed) == leaf,
		"a new leaf was changed");
	require(!get(&low[0]) && !get(&low[1]),
		"an entry of an unlinked table was changed");
}

#define WALKER		{ "walker", walk }
#define OTHER		{ "other", walk }
#define HARDWARE	{ "hardware", hardware }
#define ZAP		{ "zap", zap }
#define REPLACE		{ "replace", replace }
#define SPLIT		{ "split", split_leaf }
#define PROTECT		{ "protect", protect }
#define UNLINK		{ "unlink", unlink_table }
#define UNMAP		{ "unmap", unmap }
#define UNMAP_TABLE	{ "unmap", unmap_table }
#define STORE_PROTECTED	{ "protect", store_protected }
#define SPLIT_STORED	{ "split", split_stored }
#define COLLAPSE	{ "collapse", collapse }
#define REPLACE_TABLE	{ "replace", replace_table }

const struct scenario scenarios[] = {
	{ "nobody", 0, 0, { WALKER }, 3, 3 },
	{ "zap", 0, 0, { WALKER, ZAP }, 2, 3 },
	{ "zap, huge", 1, 0, { WALKER, ZAP }, 0, 3 },
	{ "replace", 0, 0, { WALKER, REPLACE }, 2, 3 },
	{ "replace, huge", 1, 0, { WALKER, REPLACE }, 0, 3 },
	{ "split", 1, 0, { WALKER, SPLIT }, 3, 3, &x86 },
	{ "split", 1, 0, { WALKER, SPLIT }, 3, 3, &arm64 },
	{ "hardware", 0, 0, { WALKER, HARDWARE }, 3, 3 },
	{ "hardware, huge", 1, 0, { WALKER, HARDWARE }, 3, 3 },
	{ "hardware, old", 0, 1, { WALKER, HARDWARE }, 0, 1 },
	{ "hardware, huge, old", 1, 1, { WALKER, HARDWARE }, 0, 3 },
	{ "protect", 0, 0, { WALKER, PROTECT }, 3, 3 },
	{ "walker", 0, 0, { WALKER, OTHER }, 3, 3 },
	{ "walker, huge", 1, 0, { WALKER, OTHER }, 3, 3 },
	{ "walker, hardware", 0, 0, { WALKER, OTHER, HARDWARE }, 3, 3 },
	{ "walker, hardware, huge", 1, 0, { WALKER, OTHER, HARDWARE }, 3, 3 },
	{ "walker, hardware, old", 0, 1, { WALKER, OTHER, HARDWARE }, 0, 1 },
	{ "walker, zap", 0, 0, { WALKER, OTHER, ZAP }, 2, 3 },
	{ "hardware, zap", 0, 0, { WALKER, HARDWARE, ZAP }, 2, 3 },
	{ "hardware, split", 1, 0, { WALKER, HARDWARE, SPLIT }, 3, 3, &x86 },
	{ "hardware, split", 1, 0, { WALKER, HARDWARE, SPLIT }, 3, 3, &arm64 },
	{ "hardware, protect, huge", 1, 0, { WALKER, HARDWARE, PROTECT },
	  3, 3 },
	{ "unlink", 0, 0, { WALKER, UNLINK }, 0, 3, &x86 },
	{ "walker, unlink", 0, 0, { WALKER, OTHER, UNLINK }, 0, 3, &x86 },
	{ "unmap", 0, 0, { WALKER, UNMAP }, 2, 3, &arm64 },
	{ "unmap, huge", 1, 0, { WALKER, UNMAP }, 0, 3, &arm64 },
	{ "unmap, table", 0, 0, { WALKER, UNMAP_TABLE }, 0, 3, &arm64 },
	{ "unmap, old", 0, 1, { WALKER, UNMAP_TABLE }, 0, 0, &arm64 },
	{ "protect, stored", 0, 0, { WALKER, STORE_PROTECTED }, 3, 3, &arm64 },
	{ "protect, stored, huge", 1, 0, { WALKER, STORE_PROTECTED },
	  3, 3, &arm64 },
	{ "split, stored", 1, 0, { WALKER, SPLIT_STORED }, 3, 3, &arm64 },
	{ "collapse", 0, 0, { WALKER, COLLAPSE }, 3, 3, &arm64 },
	{ "hardware, unmap", 0, 0, { WALKER, HARDWARE, UNMAP }, 2, 3, &arm64 },
	{ "hardware, split, stored", 1, 0, { WALKER, HARDWARE, SPLIT_STORED },
	  3, 3, &arm64 },
	{ "hardware, collapse", 0, 0, { WALKER, HARDWARE, COLLAPSE },
	  3, 3, &arm64 },
	{ "walker, unmap", 0, 0, { WALKER, OTHER, UNMAP_TABLE }, 0, 3, &arm64 },
	{ "walker, protect, stored", 0, 0, { WALKER, OTHER, STORE_PROTECTED },
	  3, 3, &arm64 },
	{ "walker, collapse", 0, 0, { WALKER, OTHER, COLLAPSE }, 3, 3, &arm64 },
	/* While its entry is empty, a page is old. */
	{ "split", 1, 0, { WALKER, SPLIT }, 0, 3, &powerpc },
	{ "hardware, split", 1, 0, { WALKER, HARDWARE, SPLIT }, 0, 3, &powerpc },
	{ "replace, table", 0, 0, { WALKER, REPLACE_TABLE }, 0, 3, &powerpc },
	{ "hardware, replace, table", 0, 0, { WALKER, HARDWARE, REPLACE_TABLE },
	  0, 3, &powerpc },
	{ "walker, replace, table", 0, 0, { WALKER, OTHER, REPLACE_TABLE },
	  0, 3, &powerpc },
	{ }
};
