// SPDX-License-Identifier: GPL-2.0-only
/*
 * Aging of guest memory, without mmu_lock and with it.
 */
#include <linux/kvm_age.h>

static void kvm_age_account(atomic64_t *stat, const struct kvm_gfn_range *range)
{
	atomic64_add(range->end - range->start, stat);
}

#ifdef CONFIG_KVM_MMU_LOCKLESS_AGING
/**
 * kvm_age_gfn_fast() - age a range without mmu_lock and count it
 * @kvm: the guest
 * @range: the range; its arg.age is the request
 *
 * Return: true if any page was young.
 */
bool kvm_age_gfn_fast(struct kvm *kvm, struct kvm_gfn_range *range)
{
	bool young = kvm_age_gfn_lockless(kvm, range);

	if (!range->arg.age->slow)
		kvm_age_account(&kvm->stat.generic.pages_aged_fast, range);
	return young;
}
#endif

struct kvm_age_pages {
	struct kvm *kvm;
	const struct kvm_gfn_range *range;
};

static struct kvm_gfn_range kvm_age_page(const struct kvm_age_pages *pages,
					 unsigned long i)
{
	struct kvm_gfn_range page = *pages->range;

	page.start += i;
	page.end = page.start + 1;
	return page;
}

static bool kvm_test_page(void *arg, unsigned long i)
{
	const struct kvm_age_pages *pages = arg;
	struct kvm_gfn_range page = kvm_age_page(pages, i);

	return kvm_test_age_gfn(pages->kvm, &page);
}

static bool kvm_clear_page(void *arg, unsigned long i)
{
	const struct kvm_age_pages *pages = arg;
	struct kvm_gfn_range page = kvm_age_page(pages, i);

	return kvm_age_gfn(pages->kvm, &page);
}

/**
 * kvm_age_gfn_slow() - age a range with mmu_lock held
 * @kvm: the guest
 * @range: the range; its arg.age is the request
 *
 * Page by page if the request has bitmaps: the callbacks of the architectures
 * answer for a range as a whole, and some of them for a single page only.
 *
 * Return: true if any page was young.
 */
bool kvm_age_gfn_slow(struct kvm *kvm, struct kvm_gfn_range *range)
{
	const struct kvm_age *age = range->arg.age;
	struct kvm_age_pages pages = { .kvm = kvm, .range = range };

	kvm_age_account(&kvm->stat.generic.pages_aged_slow, range);

	if (age->clear && !age->bitmaps)
		return kvm_age_gfn(kvm, range);

	return mmu_notifier_age_pages(age->bitmaps, kvm_age_first_bit(range),
				      range->end - range->start, age->clear,
				      kvm_test_page, kvm_clear_page, &pages);
}
