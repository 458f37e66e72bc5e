// SPDX-License-Identifier: GPL-2.0-only
/*
 * Aging of the TDP MMU without mmu_lock.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kvm_age_walk.h>
#include <linux/rculist.h>

#include <lockless_pgwalk/formats/x86_tdp.h>
#include <lockless_pgwalk/young.h>

#include "mmu.h"
#include "mmu_internal.h"
#include "mmutrace.h"
#include "spte.h"
#include "tdp_mmu.h"

/* The format is that of KVM's SPTEs. */
static_assert(X86_TDP_PRESENT == SPTE_MMU_PRESENT_MASK);
static_assert(X86_TDP_LARGE == PT_PAGE_SIZE_MASK);
static_assert(X86_TDP_NONPRESENT == SHADOW_NONPRESENT_VALUE);
static_assert(X86_TDP_EPT_ACCESSED == VMX_EPT_ACCESS_BIT);
static_assert(X86_TDP_NPT_ACCESSED == PT_ACCESSED_MASK);
static_assert(X86_TDP_BITS == SPTE_LEVEL_BITS);
/* Who goes by the accessed bit sees who owns an entry. */
static_assert(FROZEN_SPTE & X86_TDP_EPT_ACCESSED);
static_assert(FROZEN_SPTE & X86_TDP_NPT_ACCESSED);

/* The role of a root, which may be declared invalid at any time. */
static union kvm_mmu_page_role tdp_age_role(const struct kvm_mmu_page *root)
{
	return (union kvm_mmu_page_role){ .word = READ_ONCE(root->role.word) };
}

static bool tdp_age_want_root(const struct kvm_mmu_page *root, int as_id)
{
	union kvm_mmu_page_role role = tdp_age_role(root);

	return !role.invalid && kvm_mmu_role_as_id(role) == as_id;
}

static struct kvm_mmu_page *tdp_age_next_root(struct kvm *kvm,
					      struct kvm_mmu_page *root,
					      int as_id)
{
	struct list_head *roots = &kvm->arch.tdp_mmu_roots;

	root = list_prepare_entry(root, roots, link);
	/* LPW(tdp_age_next_root:A) */
	list_for_each_entry_continue_rcu(root, roots, link) {
		if (tdp_age_want_root(root, as_id))
			return root;
	}
	return NULL;
}

/*
 * Iterate over all valid TDP MMU roots of an address space without mmu_lock,
 * in an RCU read-side critical section.  Roots and the tables below them are
 * freed after a grace period, so that they stay tables until its end.
 *
 * The list is read without its lock; list_add_rcu() in kvm_tdp_mmu_alloc_root()
 * publishes a root that is complete, to tdp_age_next_root:A.  What an invalid
 * root maps is about to be zapped; one that becomes invalid this moment is as
 * good as valid.
 */
#define for_each_valid_tdp_mmu_root_rcu(_kvm, _root, _as_id)		\
	for (_root = tdp_age_next_root(_kvm, NULL, _as_id); _root;	\
	     _root = tdp_age_next_root(_kvm, _root, _as_id))

struct tdp_age_tree {
	struct pgwalk_tree tree;
	int as_id;
};

/* An exchange that tells of its success, and only then. */
static __always_inline bool
tdp_age_exchange(const struct pgwalk_tree *tree,
		 const struct pgwalk_entry *entry, u64 new)
{
	const struct tdp_age_tree *age_tree =
		container_of(tree, struct tdp_age_tree, tree);

	if (!pgwalk_exchange(&x86_tdp_format, entry, new))
		return false;

	trace_kvm_tdp_mmu_spte_changed(age_tree->as_id,
				       round_down(entry->pos,
						  1ULL << pgwalk_shift(&x86_tdp_format,
								       entry->level)),
				       entry->level + PG_LEVEL_4K,
				       entry->seen, new);
	return true;
}

static const struct pgwalk_format tdp_age_format = {
	X86_TDP_FORMAT,
	.exchange	= tdp_age_exchange,
};

static __always_inline unsigned int
tdp_age_root(struct kvm_mmu_page *root, const struct kvm_gfn_range *range,
	     const struct pgwalk_young *young)
{
	const struct tdp_age_tree age_tree = {
		.tree = x86_tdp_tree((void __rcu *)root->spt,
				     tdp_age_role(root).level,
				     shadow_accessed_mask, SPTE_BASE_ADDR_MASK,
				     FROZEN_SPTE, SPTE_TDP_AD_DISABLED),
		.as_id = range->slot->as_id,
	};

	lockdep_assert_in_rcu_read_lock();
	return pgwalk_test_clear_young(&tdp_age_format, &age_tree.tree,
				       range->start, range->end, young);
}

bool kvm_arch_can_age_lockless(struct kvm *kvm)
{
	return kvm_tdp_mmu_age_lockless(kvm);
}

/*
 * What a nested guest uses is mapped through rmaps, which kvm_age_gfn() knows.
 * The count is read without mmu_lock: a shadow page that appears this moment has
 * been used since the caller asked, and the next call will know.
 */
bool kvm_arch_age_lockless(struct kvm *kvm, struct kvm_gfn_range *range)
{
	const struct pgwalk_young young = kvm_age_young(range);
	unsigned int answer = PGWALK_OLD;
	struct kvm_mmu_page *root;

	if (READ_ONCE(kvm->arch.indirect_shadow_pages))
		answer = PGWALK_SLOW;

	rcu_read_lock(); /* LPW(kvm_arch_age_lockless:A) */
	for_each_valid_tdp_mmu_root_rcu(kvm, root, range->slot->as_id)
		answer |= tdp_age_root(root, range, &young);
	rcu_read_unlock(); /* LPW(kvm_arch_age_lockless:C) */

	return kvm_age_answer(range, answer);
}
