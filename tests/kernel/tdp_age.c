// SPDX-License-Identifier: GPL-2.0-only
/*
 * arch/x86/kvm/mmu/tdp_age.c over roots of all kinds: which are walked, what is
 * left to mmu_lock, and when the tracepoint fires.
 */
#include <arch/x86/kvm/mmu/tdp_age.c>

#include "test.h"

#define PAGES	8

bool tdp_mmu_enabled = true;
u64 shadow_accessed_mask = PT_ACCESSED_MASK;

struct root {
	struct kvm_mmu_page sp;
	_Alignas(4096) u64 top[512];
	_Alignas(4096) u64 table[3][512];
};

static struct kvm kvm;
static struct kvm_memory_slot slot = { .npages = 512 };
static unsigned int traced;

/* Where the tracepoint is, the exchange has succeeded. */
void trace_kvm_tdp_mmu_spte_changed(int as_id, gfn_t gfn, int level, u64 old_spte,
				    u64 new_spte)
{
	check(as_id == slot.as_id, "traced with its address space");
	check(level == PG_LEVEL_4K && gfn < PAGES, "traced with its place");
	check(old_spte == (new_spte | PT_ACCESSED_MASK) && old_spte != new_spte,
	      "traced with what changed");
	traced++;
}

static void root_init(struct root *root, unsigned int as_id, bool invalid, unsigned int young)
{
	unsigned int i;

	root->sp.role.level = 4;
	root->sp.role.smm = as_id;
	root->sp.role.invalid = invalid;
	root->sp.spt = root->top;
	root->top[0] = (uintptr_t)root->table[0] | SPTE_MMU_PRESENT_MASK;
	root->table[0][0] = (uintptr_t)root->table[1] | SPTE_MMU_PRESENT_MASK;
	root->table[1][0] = (uintptr_t)root->table[2] | SPTE_MMU_PRESENT_MASK;
	for (i = 0; i < PAGES; i++)
		root->table[2][i] = SPTE_MMU_PRESENT_MASK | (u64)i << 12 |
				    (young >> i & 1 ? PT_ACCESSED_MASK : 0);
}

static unsigned int young_of(const struct root *root)
{
	unsigned int i, young = 0;

	for (i = 0; i < PAGES; i++)
		young |= !!(root->table[2][i] & PT_ACCESSED_MASK) << i;
	return young;
}

static void link_roots(struct root *roots, unsigned int nr)
{
	struct list_head *last = &kvm.arch.tdp_mmu_roots;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		last->next = &roots[i].sp.link;
		last = last->next;
	}
	last->next = &kvm.arch.tdp_mmu_roots;
}

static unsigned long ask(bool clear, bool *young, bool *slow)
{
	unsigned long map = 0;
	const struct mmu_notifier_young what = {
		.young = &map, .nbits = 64, .clear = clear,
	};
	struct kvm_age age = { .what = &what, .lockless = true };
	struct kvm_gfn_range range = {
		.slot = &slot, .start = 0, .end = PAGES, .arg.age = &age,
	};

	*young = kvm_arch_age_lockless(&kvm, &range);
	*slow = age.slow;
	return map;
}

static void roots(struct kunit *t)
{
	static struct root roots[4];
	unsigned long map;
	bool young, slow;

	root_init(&roots[0], 0, false, 0x81);
	root_init(&roots[1], 0, true, 0x7e);
	root_init(&roots[2], 1, false, 0x3c);
	root_init(&roots[3], 0, false, 0x12);
	link_roots(roots, 4);

	map = ask(false, &young, &slow);
	check(map == 0x93 && young && !slow,
	      "all valid roots of the address space, and no other: got %#lx", map);
	traced = 0;
	map = ask(true, &young, &slow);
	check(map == 0x93 && traced == 4, "traced %u changes of 4", traced);
	check(!young_of(&roots[0]) && !young_of(&roots[3]), "they are cleared");
	check(young_of(&roots[1]) == 0x7e, "an invalid root is left alone");
	check(young_of(&roots[2]) == 0x3c, "another address space is left alone");
	map = ask(true, &young, &slow);
	check(!map && !young && traced == 4, "what is old is not traced");

	slot.as_id = 1;
	check(ask(false, &young, &slow) == 0x3c, "the other address space has its own");
	slot.as_id = 0;
}

/* Somebody else is faster: the exchange must not undo what he did. */
static void lost_race(struct kunit *t)
{
	static struct root root;
	struct pgwalk_entry entry = { .entryp = &root.table[2][0] };
	struct tdp_age_tree tree = { .as_id = 0 };

	root_init(&root, 0, false, 1);
	entry.seen = root.table[2][0];
	traced = 0;
	root.table[2][0] = FROZEN_SPTE;
	check(!tdp_age_exchange(&tree.tree, &entry, entry.seen & ~PT_ACCESSED_MASK),
	      "the race is lost");
	check(root.table[2][0] == FROZEN_SPTE && !traced, "a lost race is not traced");
	root.table[2][0] = entry.seen;
	check(tdp_age_exchange(&tree.tree, &entry, entry.seen & ~PT_ACCESSED_MASK),
	      "the race is won");
	check(!young_of(&root) && traced == 1, "and traced");
}

static void other_tables(struct kunit *t)
{
	static struct root root;
	bool young, slow;

	root_init(&root, 0, false, 0x0f);
	link_roots(&root, 1);
	check(kvm_arch_can_age_lockless(&kvm), "a TDP MMU with accessed bits is walked");
	kvm.arch.indirect_shadow_pages = 1;
	check(ask(true, &young, &slow) == 0x0f && young && slow,
	      "a nested guest leaves something to mmu_lock, and hides nothing");
	kvm.arch.indirect_shadow_pages = 0;
	check(!ask(true, &young, &slow) && !young && !slow, "not when it is gone");

	tdp_mmu_enabled = false;
	check(!kvm_arch_can_age_lockless(&kvm), "without TDP MMU nothing is walked");
	tdp_mmu_enabled = true;
	shadow_accessed_mask = 0;
	check(!kvm_arch_can_age_lockless(&kvm), "without accessed bits nothing is walked");
	shadow_accessed_mask = PT_ACCESSED_MASK;
}

/* Entries that are no leaf with an accessed bit of its own. */
static void markers(struct kunit *t)
{
	static struct root root;
	bool young, slow;

	root_init(&root, 0, false, 0x10);
	link_roots(&root, 1);
	root.table[2][1] = FROZEN_SPTE;
	check(ask(true, &young, &slow) == 0x12 && young && !slow,
	      "what is frozen is young");
	check(root.table[2][1] == FROZEN_SPTE, "and left alone");
	root.table[2][2] = SPTE_MMU_PRESENT_MASK | SPTE_TDP_AD_DISABLED | PT_ACCESSED_MASK;
	check(ask(true, &young, &slow) == 0x02 && slow,
	      "a leaf without accessed bit is for who has mmu_lock");
	check(root.table[2][2] & PT_ACCESSED_MASK, "and left alone");
}

static struct kunit_case tdp_age_cases[] = {
	KUNIT_CASE(roots),
	KUNIT_CASE(lost_race),
	KUNIT_CASE(other_tables),
	KUNIT_CASE(markers),
	{ }
};

static struct kunit_suite tdp_age_suite = {
	.name = "tdp_age",
	.init = test_init,
	.test_cases = tdp_age_cases,
};

kunit_test_suite(tdp_age_suite);
