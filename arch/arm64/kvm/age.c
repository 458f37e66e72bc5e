// SPDX-License-Identifier: GPL-2.0-only
/*
 * Aging of guest memory without mmu_lock.
 */
#include <linux/kvm_age.h>

#include <asm/kvm_pgtable.h>

/*
 * Tables that only the lock protects are those of protected KVM, which does not
 * publish any, and the shadow tables of nested guests: if there are any, all is
 * asked again with mmu_lock held.
 *
 * The number of these is read without the lock.  A nested guest that gets its
 * first table this moment has used nothing yet.
 */
bool kvm_age_gfn_lockless(struct kvm *kvm, struct kvm_gfn_range *range)
{
	struct kvm_age *age = range->arg.age;
	const struct pgwalk_young young = kvm_age_young(range);
	unsigned int answer = PGWALK_SLOW;
	struct kvm_pgtable *pgt;

	rcu_read_lock();
	/* Pairs with rcu_assign_pointer() in kvm_init_stage2_mmu(). */
	pgt = rcu_dereference(kvm->arch.lockless_pgt);
	if (pgt && !READ_ONCE(kvm->arch.nested_mmus_size))
		answer = kvm_pgtable_stage2_test_clear_young_lockless(pgt,
								      range->start,
								      range->end,
								      &young);
	rcu_read_unlock();

	age->slow |= !!(answer & PGWALK_SLOW);
	return answer & PGWALK_YOUNG;
}
