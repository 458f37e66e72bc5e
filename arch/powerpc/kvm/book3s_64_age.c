// SPDX-License-Identifier: GPL-2.0-only
/*
 * Aging of radix guests without mmu_lock.
 */
#include <linux/kvm_age.h>

#include <asm/kvm_ppc.h>
#include <asm/kvm_book3s.h>

#include <lockless_pgwalk/formats/powerpc_radix.h>
#include <lockless_pgwalk/young.h>

#include "book3s.h"

#ifdef CONFIG_PPC_64K_PAGES
#define radix_format	powerpc_radix_64k_format
#define RADIX_PAGES	POWERPC_RADIX_64K_PAGES
#else
#define radix_format	powerpc_radix_4k_format
#define RADIX_PAGES	POWERPC_RADIX_4K_PAGES
#endif

/* The format is that of the host's radix trees, which KVM's are. */
static_assert(POWERPC_RADIX_VALID == _PAGE_PRESENT);
static_assert(POWERPC_RADIX_LEAF == _PAGE_PTE);
static_assert(POWERPC_RADIX_ACCESSED == _PAGE_ACCESSED);
static_assert(!(POWERPC_RADIX_ADDRESS & (PMD_MASKED_BITS | PUD_MASKED_BITS |
					 P4D_MASKED_BITS)));

static void radix_format_check(void)
{
	BUILD_BUG_ON(radix_format.shift(1) != RADIX_PTE_INDEX_SIZE);
	BUILD_BUG_ON(radix_format.shift(2) != RADIX_PTE_INDEX_SIZE +
					      RADIX_PMD_INDEX_SIZE);
	BUILD_BUG_ON(radix_format.shift(3) != RADIX_PTE_INDEX_SIZE +
					      RADIX_PMD_INDEX_SIZE +
					      RADIX_PUD_INDEX_SIZE);
	BUILD_BUG_ON(RADIX_PAGES != 1ULL << (radix_format.shift(3) +
					     RADIX_PGD_INDEX_SIZE));
}

/*
 * Nested guests use shadow tables, and what they accessed is noted there: to
 * age a page is to clear these bits, too.  Pages of a secure guest are in the
 * hands of the ultravisor, and old.
 *
 * Both are read without mmu_lock.  A nested guest that appears this moment has
 * used nothing yet, nor has one that has just become secure.
 */
static bool kvmppc_must_lock(struct kvm *kvm)
{
	return !idr_is_empty(&kvm->arch.kvm_nested_guest_idr) ||
	       READ_ONCE(kvm->arch.secure_guest) & KVMPPC_SECURE_INIT_DONE;
}

static unsigned int radix_age(pgd_t *pgtable, const struct kvm_gfn_range *range)
{
	const struct pgwalk_young young = kvm_age_young(range);
	const struct pgwalk_tree tree = {
		.root = (__force void __rcu *)pgtable,
		.top = POWERPC_RADIX_TOP,
		.pages = RADIX_PAGES,
	};

	radix_format_check();
	return pgwalk_test_clear_young(&radix_format, &tree, range->start,
				       range->end, &young);
}

bool kvm_age_gfn_lockless_hv(struct kvm *kvm, struct kvm_gfn_range *range)
{
	unsigned int answer = PGWALK_SLOW;
	pgd_t *pgtable;

	rcu_read_lock();
	/*
	 * Pairs with rcu_assign_pointer() in kvmppc_publish_radix(). NULL if
	 * the guest uses a hashed table or is about to: which of these, can be
	 * told with mmu_lock held.
	 */
	pgtable = rcu_dereference(kvm->arch.lockless_pgtable);
	if (pgtable && !kvmppc_must_lock(kvm))
		answer = radix_age(pgtable, range);
	rcu_read_unlock();

	range->arg.age->slow |= !!(answer & PGWALK_SLOW);
	return answer & PGWALK_YOUNG;
}
