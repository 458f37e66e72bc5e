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

const struct arch marked;

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

/*
 * Writers that may meet each other: x86 and arm64, with mmu_lock held for read.
 * Who loses leaves the entry to the winner.
 */

static bool freeze_leaf(u64 *entryp, unsigned int level)
{
	u64 entry = load(entryp);

	return type_of(entry, level) == PGWALK_LEAF &&
	       cmpxchg(entryp, entry, arch->marker);
}

static void try_zap(struct actor *self)
{
	u64 *entryp = entry_of(0);

	if (freeze_leaf(entryp, entryp == root))
		thaw(entryp, arch->nothing);
}

static void try_split(struct actor *self)
{
	if (!freeze_leaf(&root[0], 1))
		return;
	thaw(&root[0], link_to(spare));
	require(load(&root[0]) == link_to(spare), "a split leaf is back");
}

/* Processors and walkers are no reason to give up. */
static void try_protect(struct actor *self)
{
	u64 *entryp = entry_of(0);
	u64 entry;

	do {
		entry = load(entryp);
		if (type_of(entry, entryp == root) != PGWALK_LEAF)
			return;
	} while (!cmpxchg(entryp, entry, entry & ~arch->writable));
}

/* Faults. What they map is young. */

static void fault(struct actor *self)
{
	u64 *entryp = entry_of(0);
	u64 leaf = arch->leaf[entryp == root] | PFN(512 * 7);

	if (load(entryp) != arch->nothing ||
	    !cmpxchg(entryp, arch->nothing, leaf | arch->accessed))
		return;
	require((load(entryp) & ~arch->accessed) == leaf,
		"a new leaf was changed");
}

static void link_table(struct actor *self)
{
	u64 *table = self->name[0] == 'l' ? spare : low;

	if (load(&root[0]) != arch->nothing ||
	    !cmpxchg(&root[0], arch->nothing, link_to(table)))
		return;
	require(load(&root[0]) == link_to(table), "a new table was changed");
}

/* One with old pages, of which a processor that comes by writes to page 0. */
static void link_old(struct actor *self)
{
	set(&spare[0], get(&spare[0]) & ~arch->accessed);
	set(&spare[1], get(&spare[1]) & ~arch->accessed);
	cmpxchg(&root[0], arch->nothing, link_to(spare));
}

static void hardware_late(struct actor *self)
{
	if (type_of(load(&root[0]), 1) == PGWALK_TABLE)
		hardware(self);
}

/* Each way to unlink the table of pages 0 and 1, and what comes after that. */

static void unlink_free(struct actor *self)
{
	unlink_table(self);
	free_table(self);
}

static void collapse_free(struct actor *self)
{
	collapse(self);
	free_table(self);
}

static void unmap_free(struct actor *self)
{
	unmap_table(self);
	free_table(self);
}

static void replace_free(struct actor *self)
{
	replace_table(self);
	free_table(self);
}

#define WALKER		{ "walker", walk }
#define TWICE		{ "walker", walk_twice }
#define OTHER		{ "other", walk_and_clear }
#define TRY_ZAP		{ "zap", try_zap }
#define TRY_SPLIT	{ "split", try_split }
#define TRY_PROTECT	{ "protect", try_protect }
#define FAULT		{ "fault", fault }
#define LINK		{ "link", link_table }
#define RIVAL		{ "rival", link_table }
#define LINK_OLD	{ "link", link_old }
#define HARDWARE_LATE	{ "hardware", hardware_late }
#define UNLINK_FREE	{ "unlink", unlink_free }
#define COLLAPSE_FREE	{ "collapse", collapse_free }
#define UNMAP_FREE	{ "unmap", unmap_free }
#define REPLACE_FREE	{ "replace", replace_free }
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
	{ "nobody", SMALL, YOUNG, { WALKER }, 3, 3, 1, WON },
	{ "zap", SMALL, YOUNG, { WALKER, ZAP }, 2, 3, 118, WON | LOST | OWNED },
	{ "zap, huge", HUGE, YOUNG, { WALKER, ZAP }, 0, 3, 12, WON | LOST | OWNED },
	{ "replace", SMALL, YOUNG, { WALKER, REPLACE }, 2, 3, 118, WON | LOST | OWNED },
	{ "replace, huge", HUGE, YOUNG, { WALKER, REPLACE }, 0, 3, 12, WON | LOST | OWNED },
	{ "split", HUGE, YOUNG, { WALKER, SPLIT }, 3, 3, 16, WON | LOST | OWNED, &marked },
	{ "hardware", SMALL, CLEAN, { WALKER, HARDWARE }, 3, 3, 29, WON | LOST_DIRTY },
	{ "hardware, huge", HUGE, CLEAN, { WALKER, HARDWARE }, 3, 3, 6, WON | LOST_DIRTY },
	{ "hardware, old", SMALL, OLD, { WALKER, HARDWARE }, 0, 1, 10, WON },
	{ "hardware, huge, old", HUGE, OLD, { WALKER, HARDWARE }, 0, 3, 3, WON },
	{ "protect", SMALL, YOUNG, { WALKER, PROTECT }, 3, 3, 64, WON | LOST },
	{ "walker", SMALL, YOUNG, { WALKER, OTHER }, 3, 3, 210, WON | LOST },
	{ "walker, huge", HUGE, YOUNG, { WALKER, OTHER }, 3, 3, 6, WON | LOST },
	{ "walker, hardware", SMALL, YOUNG, { WALKER, OTHER, HARDWARE }, 3, 3, 53536, WON | LOST },
	{ "walker, hardware, huge", HUGE, YOUNG, { WALKER, OTHER, HARDWARE },
	  3, 3, 112, WON | LOST },
	{ "walker, hardware, old", SMALL, OLD, { WALKER, OTHER, HARDWARE }, 0, 1, 788, WON | LOST },
	{ "walker, zap", SMALL, YOUNG, { WALKER, OTHER, ZAP }, 2, 3, 270396, WON | LOST | OWNED },
	{ "hardware, zap", SMALL, YOUNG, { WALKER, HARDWARE, ZAP },
	  2, 3, 21995, WON | LOST | OWNED },
	{ "hardware, split", HUGE, YOUNG, { WALKER, HARDWARE, SPLIT },
	  3, 3, 1286, WON | LOST | OWNED, &marked },
	{ "hardware, protect, huge", HUGE, YOUNG, { WALKER, HARDWARE, PROTECT },
	  3, 3, 748, WON | LOST },
	{ "unlink", SMALL, YOUNG, { WALKER, UNLINK },
	  0, 3, 167, WON | LOST | OWNED | UNLINKED, &x86 },
	{ "walker, unlink", SMALL, YOUNG, { WALKER, OTHER, UNLINK },
	  0, 3, 194552, WON | LOST | OWNED | UNLINKED, &x86 },
	{ "unmap", SMALL, YOUNG, { WALKER, UNMAP }, 2, 3, 19, WON | LOST, &arm64 },
	{ "unmap, huge", HUGE, YOUNG, { WALKER, UNMAP }, 0, 3, 5, WON | LOST, &arm64 },
	{ "unmap, table", SMALL, YOUNG, { WALKER, UNMAP_TABLE },
	  0, 3, 59, WON | LOST | UNLINKED, &arm64 },
	{ "unmap, old", SMALL, OLD, { WALKER, UNMAP_TABLE }, 0, 0, 33, UNLINKED, &arm64 },
	{ "protect, stored", SMALL, YOUNG, { WALKER, STORE_PROTECTED },
	  3, 3, 56, WON | LOST, &arm64 },
	{ "protect, stored, huge", HUGE, YOUNG, { WALKER, STORE_PROTECTED },
	  3, 3, 10, WON | LOST, &arm64 },
	{ "split, stored", HUGE, YOUNG, { WALKER, SPLIT_STORED },
	  3, 3, 11, WON | LOST | OWNED, &arm64 },
	{ "collapse", SMALL, YOUNG, { WALKER, COLLAPSE },
	  3, 3, 109, WON | OWNED | UNLINKED, &arm64 },
	{ "hardware, unmap", SMALL, YOUNG, { WALKER, HARDWARE, UNMAP },
	  2, 3, 947, WON | LOST, &arm64 },
	{ "hardware, split, stored", HUGE, YOUNG, { WALKER, HARDWARE, SPLIT_STORED },
	  3, 3, 411, WON | LOST | OWNED, &arm64 },
	{ "hardware, collapse", SMALL, YOUNG, { WALKER, HARDWARE, COLLAPSE },
	  3, 3, 13840, WON | OWNED | UNLINKED, &arm64 },
	{ "walker, unmap", SMALL, YOUNG, { WALKER, OTHER, UNMAP_TABLE },
	  0, 3, 25776, WON | LOST | UNLINKED, &arm64 },
	{ "walker, protect, stored", SMALL, YOUNG, { WALKER, OTHER, STORE_PROTECTED },
	  3, 3, 52744, WON | LOST, &arm64 },
	{ "walker, collapse", SMALL, YOUNG, { WALKER, OTHER, COLLAPSE },
	  3, 3, 119410, WON | LOST | OWNED | UNLINKED, &arm64 },
	/* While its entry is empty, a page is old. */
	{ "split", HUGE, YOUNG, { WALKER, SPLIT }, 0, 3, 16, WON | LOST, &powerpc },
	{ "hardware, split", HUGE, YOUNG, { WALKER, HARDWARE, SPLIT },
	  0, 3, 1286, WON | LOST, &powerpc },
	{ "replace, table", SMALL, YOUNG, { WALKER, REPLACE_TABLE },
	  0, 3, 87, WON | LOST | UNLINKED, &powerpc },
	{ "hardware, replace, table", SMALL, YOUNG, { WALKER, HARDWARE, REPLACE_TABLE },
	  0, 3, 14602, WON | LOST | UNLINKED, &powerpc },
	{ "walker, replace, table", SMALL, YOUNG, { WALKER, OTHER, REPLACE_TABLE },
	  0, 3, 66648, WON | LOST | UNLINKED, &powerpc },
	{ "zap, protect", SMALL, YOUNG, { WALKER, TRY_ZAP, TRY_PROTECT },
	  2, 3, 3501, WON | LOST | OWNED, &marked },
	{ "zap, fault", SMALL, YOUNG, { WALKER, TRY_ZAP, FAULT },
	  2, 3, 573, WON | LOST | OWNED, &marked },
	{ "zap, fault, huge", HUGE, YOUNG, { WALKER, TRY_ZAP, FAULT },
	  0, 3, 57, WON | LOST | OWNED, &marked },
	{ "zap, link", HUGE, YOUNG, { WALKER, TRY_ZAP, LINK },
	  0, 3, 60, WON | LOST | OWNED, &marked },
	{ "zap, split", HUGE, YOUNG, { WALKER, TRY_ZAP, TRY_SPLIT },
	  0, 3, 363, WON | LOST | OWNED, &marked },
	{ "split, protect", HUGE, YOUNG, { WALKER, TRY_SPLIT, TRY_PROTECT },
	  3, 3, 868, WON | LOST | OWNED, &marked },
	{ "fault", HOLE, YOUNG, { WALKER, FAULT }, 0, 3, 5, WON },
	{ "link", HOLE, YOUNG, { WALKER, LINK }, 0, 3, 8, WON },
	{ "link, rival", HOLE, YOUNG, { WALKER, LINK, RIVAL }, 0, 3, 284, WON },
	{ "link, hardware", HOLE, YOUNG, { WALKER, LINK_OLD, HARDWARE_LATE }, 0, 1, 24, WON },
	{ "unlink, free", SMALL, YOUNG, { TWICE, UNLINK_FREE },
	  0, 3, 1608, WON | LOST | OWNED | UNLINKED | REUSED, &x86 },
	{ "collapse, free", SMALL, YOUNG, { TWICE, COLLAPSE_FREE },
	  3, 3, 1430, WON | OWNED | UNLINKED | REUSED, &arm64 },
	{ "unmap, free", SMALL, YOUNG, { TWICE, UNMAP_FREE },
	  0, 3, 721, WON | LOST | UNLINKED | REUSED, &arm64 },
	{ "replace, table, free", SMALL, YOUNG, { TWICE, REPLACE_FREE },
	  0, 3, 1333, WON | LOST | UNLINKED | REUSED, &powerpc },
	{ }
};
