// SPDX-License-Identifier: GPL-2.0-only
/*
 * Aging of guest memory without mmu_lock.
 */
#include <linux/kvm_age_walk.h>

#include <asm/kvm_mmu.h>
#include <asm/kvm_pgtable.h>

/*
 * Any guest can, at any time. kvm_age_gfn() looks at mmu.pgt and nothing else,
 * so that mmu_lock would show nothing more: not for guests with nested ones,
 * whose shadow tables are not aged, and not for those of protected KVM, which
 * run on mmu.pgt while the tables that EL2 has for them are empty.
 *
 * The first who asks publishes the table, for the rest of the guest's life.
 */
bool kvm_arch_can_age_lockless(struct kvm *kvm)
{
	if (!rcu_access_pointer(kvm->arch.lockless_pgt))
		kvm_publish_stage2(kvm);
	return true;
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
