// SPDX-License-Identifier: GPL-2.0-only
/*
 * The answer of one subscriber to mmu_notifier_test_clear_young().
 */
#include <linux/mmu_notifier_young.h>

struct subscription_range {
	struct mmu_notifier *subscription;
	struct mm_struct *mm;
	unsigned long start;
};

static bool subscription_test_page(void *arg, unsigned long i)
{
	const struct subscription_range *range = arg;
	const struct mmu_notifier_ops *ops = range->subscription->ops;

	return ops->test_young(range->subscription, range->mm,
			       range->start + i * PAGE_SIZE);
}

static bool subscription_clear_pages(void *arg, unsigned long i,
				     unsigned long nr)
{
	const struct subscription_range *range = arg;
	const struct mmu_notifier_ops *ops = range->subscription->ops;
	unsigned long address = range->start + i * PAGE_SIZE;

	return ops->clear_young(range->subscription, range->mm, address,
				address + nr * PAGE_SIZE);
}

/**
 * mmu_notifier_subscription_young() - ask a subscriber by its older callbacks
 * @subscription: the subscriber
 * @mm: its address space
 * @start: first address of the range, aligned to a page
 * @end: first address beyond the range, aligned to a page
 * @what: the question
 *
 * Return: &enum mmu_notifier_answer flags, for this subscriber.
 */
unsigned int
mmu_notifier_subscription_young(struct mmu_notifier *subscription,
				struct mm_struct *mm, unsigned long start,
				unsigned long end,
				const struct mmu_notifier_young *what)
{
	const struct mmu_notifier_ops *ops = subscription->ops;
	struct subscription_range range = {
		.subscription = subscription,
		.mm = mm,
		.start = start,
	};
	bool young;

	/* It keeps no accessed bits: nothing to ask, at no cost. */
	if (!ops->clear_young || !ops->test_young)
		return 0;

	if (what->clear && !what->young && !what->predicate)
		young = ops->clear_young(subscription, mm, start, end);
	else
		young = mmu_notifier_age_pages(what, 0,
					       (end - start) / PAGE_SIZE,
					       ULONG_MAX,
					       subscription_test_page,
					       subscription_clear_pages,
					       &range);

	return MMU_NOTIFIER_SLOW | (young ? MMU_NOTIFIER_YOUNG : 0);
}
