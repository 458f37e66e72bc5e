// SPDX-License-Identifier: GPL-2.0-only
/*
 * Aging of guest memory without mmu_lock.
 */
#include <linux/kvm_age.h>

#include <asm/kvm_pgtable.h>

/*
 * Tables that only the lock protects are those of protected KVM, which are not
 * published, and the shadow tables of nested guests: if there are any, all is
 * asked again with mmu_lock held.
 *
 * The number of these is read without the lock. A nested guest that gets its
 * first table this moment has used nothing yet.
 */
static bool kvm_has_tables_to_lock(struct kvm *kvm)
{
	return !kvm->mmu_notifier.fast_aging ||
	       READ_ONCE(kvm->arch.nested_mmus_size);
}

bool kvm_age_gfn_lockless(struct kvm *kvm, struct kvm_gfn_range *range)
{
	const struct pgwalk_young young = kvm_age_young(range);
	unsigned int answer = PGWALK_OLD;
	struct kvm_pgtable *pgt;

	if (kvm_has_tables_to_lock(kvm)) {
		range->arg.age->slow = true;
		return false;
	}

	rcu_read_lock();
	/*
	 * Pairs with rcu_assign_pointer() in kvm_init_stage2_mmu(). NULL is
	 * what kvm_uninit_stage2_mmu() leaves: nobody will use the guest again.
	 */
	pgt = rcu_dereference(kvm->arch.lockless_pgt);
	if (pgt)
		answer = kvm_pgtable_stage2_test_clear_young_lockless(pgt,
								      range->start,
								      range->end,
								      &young);
	rcu_read_unlock();

	range->arg.age->slow |= !!(answer & PGWALK_SLOW);
	return answer & PGWALK_YOUNG;
}
