// SPDX-License-Identifier: GPL-2.0-only
/*
 * Aging of guest memory without mmu_lock.
 */
#include <linux/kvm_age_walk.h>

#include <asm/kvm_mmu.h>
#include <asm/kvm_pgtable.h>

/*
 * For those who find kvm->arch.lockless_pgt to be NULL and want to walk it. As
 * long as nobody does, unmapping and the end of the VM free tables without a
 * grace period. Leaves it NULL if the VM is being torn down.
 *
 * Where EL2 keeps the table of a guest to itself, the host has none to publish,
 * and it is asked with mmu_lock held.
 */
static noinline bool kvm_publish_stage2(struct kvm *kvm)
{
	struct kvm_pgtable *pgt;

	if (!READ_ONCE(kvm->arch.mmu.pgt))
		return true;
	if (!READ_ONCE(kvm->arch.mmu.pgd_phys))
		return false;

	/* Nobody is unmapping now, and about to free a table at once. */
	write_lock(&kvm->mmu_lock);
	pgt = kvm->arch.mmu.pgt;
	if (pgt) {
		/* LPW(kvm_publish_stage2:A), pairs with stage2_unmap_walker:A */
		pgt->flags |= KVM_PGTABLE_S2_LOCKLESS;
		/* LPW(kvm_publish_stage2:B), pairs with kvm_arch_age_lockless:B */
		rcu_assign_pointer(kvm->arch.lockless_pgt, pgt);
	}
	write_unlock(&kvm->mmu_lock);
	return true;
}

/*
 * Any guest can whose table is the host's. kvm_age_gfn() looks at mmu.pgt and
 * nothing else, so that mmu_lock would show nothing more: not for guests with
 * nested ones, whose shadow tables are not aged, and not for those of protected
 * KVM, where they run on mmu.pgt and the tables that EL2 has for them are empty.
 *
 * The first who asks publishes the table, for the rest of the guest's life.
 */
bool kvm_arch_can_age_lockless(struct kvm *kvm)
{
	return rcu_access_pointer(kvm->arch.lockless_pgt) ||
	       kvm_publish_stage2(kvm);
}

bool kvm_arch_age_lockless(struct kvm *kvm, struct kvm_gfn_range *range)
{
	const struct pgwalk_young young = kvm_age_young(range);
	unsigned int answer = PGWALK_OLD;
	struct kvm_pgtable *pgt;

	rcu_read_lock(); /* LPW(kvm_arch_age_lockless:A) */
	/*
	 * LPW(kvm_arch_age_lockless:B), pairs with kvm_publish_stage2:B. NULL
	 * is what kvm_free_stage2_pgd:A leaves: nobody will use the guest again.
	 */
	pgt = rcu_dereference(kvm->arch.lockless_pgt);
	if (pgt)
		answer = kvm_pgtable_stage2_test_clear_young_lockless(pgt,
								      range->start,
								      range->end,
								      &young);
	rcu_read_unlock(); /* LPW(kvm_arch_age_lockless:C) */

	return kvm_age_answer(range, answer);
}
