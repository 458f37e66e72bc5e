/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between a question about guest memory and the walk of a page table, for
 * architectures that age without mmu_lock.
 */
#ifndef _LINUX_KVM_AGE_WALK_H
#define _LINUX_KVM_AGE_WALK_H

#include <linux/kvm_age.h>

#include <lockless_pgwalk/young.h>

/* The question about @range, as a walk of a page table needs it. */
static inline struct pgwalk_young
kvm_age_young(const struct kvm_gfn_range *range)
{
	const struct mmu_notifier_young *what = range->arg.age->what;
	struct pgwalk_young young = { .clear = what->clear };

	if (what->young || what->predicate) {
		young.start = range->start - kvm_age_first_bit(range);
		young.nbits = what->nbits;
		young.young = what->young;
		young.predicate = what->predicate;
	}

	return young;
}

/* The answer of walks, &enum pgwalk_answer flags: what is slow goes to the lock. */
static inline bool kvm_age_answer(const struct kvm_gfn_range *range,
				  unsigned int answer)
{
	if (answer & PGWALK_SLOW)
		range->arg.age->slow = true;
	return answer & PGWALK_YOUNG;
}

#endif /* _LINUX_KVM_AGE_WALK_H */
