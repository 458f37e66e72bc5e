/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Aging of guest memory: one request, from the MMU notifier to the tables.
 */
#ifndef _LINUX_KVM_AGE_H
#define _LINUX_KVM_AGE_H

#include <linux/kvm_host.h>
#include <linux/mmu_notifier.h>

#include <lockless_pgwalk/young.h>

/**
 * struct kvm_age - what to age
 * @start: host virtual address of the page that bit 0 of @bitmaps stands for
 * @bitmaps: see struct mmu_notifier_bitmaps; NULL to age ranges as a whole
 * @clear: clear the accessed bits, and do not merely test them
 * @slow: set by kvm_age_gfn_lockless() if part of a range has to be asked again
 *	with mmu_lock held
 */
struct kvm_age {
	unsigned long start;
	const struct mmu_notifier_bitmaps *bitmaps;
	bool clear;
	bool slow;
};

/* Which bit of the request's bitmaps stands for the first page of @range? */
static inline unsigned long kvm_age_first_bit(const struct kvm_gfn_range *range)
{
	unsigned long hva = __gfn_to_hva_memslot(range->slot, range->start);

	return (hva - range->arg.age->start) / PAGE_SIZE;
}

/* The request for @range, as a walk of a page table needs it. */
static inline struct pgwalk_young
kvm_age_young(const struct kvm_gfn_range *range)
{
	const struct kvm_age *age = range->arg.age;
	struct pgwalk_young young = { .clear = age->clear };

	if (age->bitmaps) {
		young.start = range->start - kvm_age_first_bit(range);
		young.nbits = age->bitmaps->nbits;
		young.young = age->bitmaps->young;
		young.predicate = age->bitmaps->predicate;
	}

	return young;
}

/**
 * kvm_age_gfn_lockless() - age a range without mmu_lock
 * @kvm: the guest
 * @range: the range; its arg.age is the request
 *
 * Provided by architectures that select KVM_MMU_LOCKLESS_AGING. Answers for
 * what can be answered for without mmu_lock, and sets &kvm_age.slow if that is
 * not all: then everything is asked again with mmu_lock held, through
 * kvm_age_gfn() and kvm_test_age_gfn(), and the answers are merged.
 *
 * Context: kvm->srcu is held, and locks of mm. Must not sleep.
 * Return: true if any page was young.
 */
bool kvm_age_gfn_lockless(struct kvm *kvm, struct kvm_gfn_range *range);

bool kvm_age_gfn_fast(struct kvm *kvm, struct kvm_gfn_range *range);
bool kvm_age_gfn_slow(struct kvm *kvm, struct kvm_gfn_range *range);

#endif /* _LINUX_KVM_AGE_H */
