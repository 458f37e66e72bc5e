// SPDX-License-Identifier: GPL-2.0-only
/*
 * The answer of one subscriber to mmu_notifier_test_clear_young().
 */
#include <linux/mmu_notifier.h>

struct subscription_range {
	struct mmu_notifier *subscription;
	struct mm_struct *mm;
	unsigned long start;
};

static bool subscription_test_page(void *arg, unsigned long i)
{
	const struct subscription_range *range = arg;
	const struct mmu_notifier_ops *ops = range->subscription->ops;

	return ops->test_young &&
	       ops->test_young(range->subscription, range->mm,
			       range->start + i * PAGE_SIZE);
}

static bool subscription_clear_page(void *arg, unsigned long i)
{
	const struct subscription_range *range = arg;
	const struct mmu_notifier_ops *ops = range->subscription->ops;
	unsigned long address = range->start + i * PAGE_SIZE;

	return ops->clear_young &&
	       ops->clear_young(range->subscription, range->mm, address,
				address + PAGE_SIZE);
}

/**
 * mmu_notifier_subscription_young() - test and clear for one subscriber
 * @subscription: the subscriber
 * @mm: its address space
 * @start: first address of the range, aligned to a page
 * @end: first address beyond the range, aligned to a page
 * @bitmaps: see struct mmu_notifier_bitmaps; may be NULL
 * @flags: MMU_NOTIFIER_CLEAR and MMU_NOTIFIER_FAST_ONLY
 *
 * Return: MMU_NOTIFIER_YOUNG and MMU_NOTIFIER_FAST, for this subscriber.
 */
int mmu_notifier_subscription_young(struct mmu_notifier *subscription,
				    struct mm_struct *mm, unsigned long start,
				    unsigned long end,
				    const struct mmu_notifier_bitmaps *bitmaps,
				    unsigned int flags)
{
	const struct mmu_notifier_ops *ops = subscription->ops;
	struct subscription_range range = {
		.subscription = subscription,
		.mm = mm,
		.start = start,
	};
	bool clear = flags & MMU_NOTIFIER_CLEAR;
	bool young;

	/* It keeps no accessed bits: nothing to ask, at no cost. */
	if (!ops->clear_young && !ops->test_young)
		return MMU_NOTIFIER_FAST;

	if (flags & MMU_NOTIFIER_FAST_ONLY)
		return 0;

	if (clear && !bitmaps)
		young = ops->clear_young &&
			ops->clear_young(subscription, mm, start, end);
	else
		young = mmu_notifier_age_pages(bitmaps, 0,
					       (end - start) / PAGE_SIZE, clear,
					       subscription_test_page,
					       subscription_clear_page, &range);

	return young ? MMU_NOTIFIER_YOUNG : 0;
}
