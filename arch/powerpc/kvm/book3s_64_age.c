// SPDX-License-Identifier: GPL-2.0-only
/*
 * Aging of radix guests without mmu_lock.
 */
#include <linux/kvm_age_walk.h>

#include <lockless_pgwalk/formats/powerpc_radix.h>

#ifdef CONFIG_PPC_64K_PAGES
#define radix_format	powerpc_radix_64k_format
#else
#define radix_format	powerpc_radix_4k_format
#endif

/* The format is that of the host's radix trees, which KVM's are. */
static_assert(POWERPC_RADIX_VALID == _PAGE_PRESENT);
static_assert(POWERPC_RADIX_LEAF == _PAGE_PTE);
static_assert(POWERPC_RADIX_ACCESSED == _PAGE_ACCESSED);
static_assert(!(POWERPC_RADIX_ADDRESS & (PMD_MASKED_BITS | PUD_MASKED_BITS |
					 P4D_MASKED_BITS)));

static unsigned int radix_age(pgd_t *pgtable, const struct kvm_gfn_range *range)
{
	const struct pgwalk_young young = kvm_age_young(range);
	const struct pgwalk_tree tree =
		powerpc_radix_tree((__force void __rcu *)pgtable, PAGE_SHIFT);

	BUILD_BUG_ON(pgwalk_shift(&radix_format, 1) != RADIX_PTE_INDEX_SIZE);
	BUILD_BUG_ON(pgwalk_shift(&radix_format, 2) !=
		     pgwalk_shift(&radix_format, 1) + RADIX_PMD_INDEX_SIZE);
	BUILD_BUG_ON(pgwalk_shift(&radix_format, 3) !=
		     pgwalk_shift(&radix_format, 2) + RADIX_PUD_INDEX_SIZE);
	BUILD_BUG_ON(tree.pages != 1ULL << (pgwalk_shift(&radix_format, 3) +
					    RADIX_PGD_INDEX_SIZE));

	return pgwalk_test_clear_young(&radix_format, &tree, range->start,
				       range->end, &young);
}

/*
 * Hashed tables need mmu_lock.  So do the shadow tables of nested guests: they
 * have accessed bits of their own, and to age a page is to clear these, too.
 *
 * A nested guest that appears this moment makes no difference: even with the
 * lock, its fault may copy a leaf that is young and insert the copy after the
 * leaf was made old.
 */
bool kvm_arch_can_age_lockless(struct kvm *kvm)
{
	return rcu_access_pointer(kvm->arch.lockless_pgtable) &&
	       idr_is_empty(&kvm->arch.kvm_nested_guest_idr);
}

bool kvm_arch_age_lockless(struct kvm *kvm, struct kvm_gfn_range *range)
{
	unsigned int answer = PGWALK_SLOW;
	pgd_t *pgtable;

	/* The ultravisor maps the pages of a secure guest, and tells nobody. */
	if (READ_ONCE(kvm->arch.secure_guest) & KVMPPC_SECURE_INIT_DONE)
		return false;

	rcu_read_lock(); /* LPW(kvm_arch_age_lockless:A) */
	/*
	 * LPW(kvm_arch_age_lockless:B), pairs with kvmppc_init_vm_radix:A. NULL,
	 * by kvmppc_switch_mmu_to_hpt:A, if the guest has just changed to a
	 * hashed table.
	 */
	pgtable = rcu_dereference(kvm->arch.lockless_pgtable);
	if (pgtable)
		answer = radix_age(pgtable, range);
	rcu_read_unlock(); /* LPW(kvm_arch_age_lockless:C) */

	return kvm_age_answer(range, answer);
}
