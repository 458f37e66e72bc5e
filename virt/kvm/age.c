// SPDX-License-Identifier: GPL-2.0-only
/*
 * Aging of guest memory, without mmu_lock and with it.
 */
#include <linux/kvm_age.h>

#include "kvm_mm.h"

/*
 * A question may be about any number of pages, but those who wait for mmu_lock
 * wait for so many at most. To clear a range as a whole is one call, as it was.
 */
#define KVM_AGE_HOLD	64

/*
 * Whether mmu_lock is held is in @age, where sparse cannot see it: it is told
 * that both functions leave the lock as it was.
 */
void kvm_age_unlock(struct kvm *kvm, struct kvm_age *age)
{
	__acquire(&kvm->mmu_lock);
	KVM_MMU_UNLOCK(kvm);
	age->held = 0;
}

/* Before each look. The lock stays held for the next one, in any memslot. */
static void kvm_age_lock(struct kvm *kvm, struct kvm_age *age,
			 unsigned long nr)
{
	if (!IS_ENABLED(CONFIG_KVM_AGE_LOCKED))
		return;
	if (age->held && age->held + nr > KVM_AGE_HOLD)
		kvm_age_unlock(kvm, age);
	if (!age->held) {
		KVM_MMU_LOCK(kvm);
		__release(&kvm->mmu_lock);
	}
	age->held += nr;
}

/**
 * struct kvm_age_pages - pages of a range that are aged by kvm_age_gfn()
 * @kvm: the guest
 * @start: the first page
 * @range: those that are looked at this moment
 * @tested: how many were tested
 * @cleared: how many were cleared
 */
struct kvm_age_pages {
	struct kvm *kvm;
	gfn_t start;
	struct kvm_gfn_range *range;
	unsigned long tested;
	unsigned long cleared;
};

static void kvm_age_look(struct kvm_age_pages *pages, unsigned long i,
			 unsigned long nr)
{
	pages->range->start = pages->start + i;
	pages->range->end = pages->start + i + nr;
	kvm_age_lock(pages->kvm, pages->range->arg.age, nr);
}

static bool kvm_test_page(void *arg, unsigned long i)
{
	struct kvm_age_pages *pages = arg;

	kvm_age_look(pages, i, 1);
	pages->tested++;
	return kvm_test_age_gfn(pages->kvm, pages->range);
}

static bool kvm_clear_pages(void *arg, unsigned long i, unsigned long nr)
{
	struct kvm_age_pages *pages = arg;

	kvm_age_look(pages, i, nr);
	pages->cleared += nr;
	return kvm_age_gfn(pages->kvm, pages->range);
}

/*
 * Page by page if the question has bitmaps: the callbacks of the architectures
 * answer for a range as a whole. Some look at its first page only, or accept no
 * more than that; but not where aging is lockless, or in part.
 */
#define KVM_AGE_RANGES	(IS_ENABLED(CONFIG_HAVE_KVM_AGE_LOCKLESS) || \
			 !IS_ENABLED(CONFIG_KVM_AGE_LOCKED))
#define KVM_AGE_RUN	(KVM_AGE_RANGES ? KVM_AGE_HOLD : 1)

/* Up to the first young page: the question has no bitmap to tell them apart. */
static bool kvm_test_pages(struct kvm_age_pages *pages, unsigned long nr)
{
	unsigned long i, run;

	/* what clearing a range would not make old, is not to be found young */
	if (!KVM_AGE_RANGES)
		nr = 1;

	for (i = 0; i < nr; i += run) {
		run = min(nr - i, KVM_AGE_RUN);
		kvm_age_look(pages, i, run);
		pages->tested += run;
		if (kvm_test_age_gfn(pages->kvm, pages->range))
			return true;
	}
	return false;
}

static noinline bool kvm_age_range_slow(struct kvm *kvm,
					struct kvm_gfn_range *range)
{
	struct kvm_age *age = range->arg.age;
	const struct mmu_notifier_young *what = age->what;
	unsigned long nr = range->end - range->start;
	struct kvm_age_pages pages = {
		.kvm = kvm,
		.start = range->start,
		.range = range,
	};
	bool young;

	if (what->clear && !what->young && !what->predicate) {
		kvm_age_lock(kvm, age, 1);
		young = kvm_age_gfn(kvm, range);
		pages.cleared = nr;
	} else if (!what->clear && !what->young && !what->predicate) {
		young = kvm_test_pages(&pages, nr);
	} else {
		young = mmu_notifier_age_pages(what, kvm_age_first_bit(range),
					       nr, KVM_AGE_RUN, kvm_test_page,
					       kvm_clear_pages, &pages);
	}

	if (pages.tested || pages.cleared)
		kvm_count_aged_slow(kvm, max(pages.tested, pages.cleared));
	return young;
}

/**
 * kvm_age_range() - age a range, with mmu_lock held only for what needs it
 * @kvm: the guest
 * @range: the range; its arg.age is the question
 *
 * What is answered for without mmu_lock is not looked at again, and its answer
 * is never lost to that of the rest.
 *
 * Context: kvm->srcu is held. The caller must call kvm_age_unlock() in the end
 * if &kvm_age.held is set.
 * Return: true if any page was young.
 */
bool kvm_age_range(struct kvm *kvm, struct kvm_gfn_range *range)
{
	struct kvm_age *age = range->arg.age;
	bool slow_before = age->slow;
	bool young = false;

	age->slow = !age->lockless;
	if (age->lockless)
		young = kvm_arch_age_lockless(kvm, range);

	/* A mere test without bitmaps is complete with the first young page. */
	if (age->slow && !(young && !age->what->clear && !age->what->young))
		young |= kvm_age_range_slow(kvm, range);

	age->slow |= slow_before;
	return young;
}
