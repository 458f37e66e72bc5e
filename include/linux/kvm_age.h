/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Aging of guest memory: one question, from the MMU notifier to the tables.
 */
#ifndef _LINUX_KVM_AGE_H
#define _LINUX_KVM_AGE_H

#include <linux/kvm_host.h>
#include <linux/mmu_notifier_young.h>

#ifdef CONFIG_KVM_AGE
/**
 * struct kvm_age - a question on its way
 * @start: host virtual address of the page that bit 0 of its bitmaps stands for
 * @what: the question
 * @lockless: kvm_arch_age_lockless() is to be asked first
 * @slow: some of the answer is that of kvm_age_gfn() or kvm_test_age_gfn()
 * @held: pages looked at since mmu_lock was taken; 0 if it is not held
 */
struct kvm_age {
	unsigned long start;
	const struct mmu_notifier_young *what;
	bool lockless;
	bool slow;
	unsigned int held;
};

/* Which bit of the question's bitmaps stands for the first page of @range? */
static inline unsigned long kvm_age_first_bit(const struct kvm_gfn_range *range)
{
	unsigned long hva = __gfn_to_hva_memslot(range->slot, range->start);

	return (hva - range->arg.age->start) / PAGE_SIZE;
}

#ifdef CONFIG_HAVE_KVM_AGE_LOCKLESS
/**
 * kvm_arch_can_age_lockless() - does kvm_arch_age_lockless() serve a guest?
 * @kvm: the guest
 *
 * Asked before memslots are looked up. If the answer is no, kvm_age_gfn() and
 * kvm_test_age_gfn() serve it. It may have changed when the tables are looked at:
 * kvm_arch_age_lockless() says so then.
 *
 * Context: kvm->srcu need not be held, mmu_lock must not be. Must not sleep.
 * Return: true if it does, for some of the guest's memory at least.
 */
bool kvm_arch_can_age_lockless(struct kvm *kvm);

/**
 * kvm_arch_age_lockless() - age a range without mmu_lock
 * @kvm: the guest
 * @range: the range; its arg.age is the question
 *
 * Answers for what can be answered for by a walk without mmu_lock, and sets
 * &kvm_age.slow if that is not all. Then kvm_age_gfn() or kvm_test_age_gfn() is
 * called for each wanted page, or the former for a run of them, to answer for
 * the rest, and the answers are merged. mmu_lock is held for them if
 * CONFIG_KVM_AGE_LOCKED is set.
 *
 * Context: kvm->srcu is held, and locks of mm. Must not sleep.
 * Return: true if any page was young.
 */
bool kvm_arch_age_lockless(struct kvm *kvm, struct kvm_gfn_range *range);
#else
static inline bool kvm_arch_can_age_lockless(struct kvm *kvm)
{
	return false;
}

static inline bool kvm_arch_age_lockless(struct kvm *kvm,
					 struct kvm_gfn_range *range)
{
	return false;
}
#endif

static inline void kvm_count_aged_slow(struct kvm *kvm, unsigned long nr)
{
	/* Without mmu_lock, what two add at a time may be what one of them adds. */
	data_race(kvm->stat.generic.pages_aged_slow += nr);
}

bool kvm_age_range(struct kvm *kvm, struct kvm_gfn_range *range);
void kvm_age_unlock(struct kvm *kvm, struct kvm_age *age);
#endif /* CONFIG_KVM_AGE */

#endif /* _LINUX_KVM_AGE_H */
