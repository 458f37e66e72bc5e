// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/young: age memory of the calling process from user space.
 *
 * For tests that run a guest and know what it touched. Calls the MMU notifier
 * as mm does, under a spinlock, so that a subscriber that sleeps is caught.
 */
#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/mmu_notifier_young.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>

#include "young_dev.h"

#define MAX_NBITS	BIT(20)

/* Stands for the page-table lock that callers hold. */
static DEFINE_SPINLOCK(young_dev_lock);

static_assert(YOUNG_DEV_YOUNG == (int)MMU_NOTIFIER_YOUNG);
static_assert(YOUNG_DEV_SLOW == (int)MMU_NOTIFIER_SLOW);

static int young_dev_call(struct young_dev_range *range,
			  const struct mmu_notifier_young *what)
{
	struct mm_struct *mm = current->mm;
	unsigned long start = range->start, end = range->end;
	unsigned int answer = 0;
	int young = 0, ret = 0;

	spin_lock(&young_dev_lock);
	switch (range->op) {
	case YOUNG_DEV_TEST_CLEAR_YOUNG:
		answer = mmu_notifier_test_clear_young(mm, start, end, what);
		break;
	case YOUNG_DEV_CLEAR_YOUNG:
		young = mmu_notifier_clear_young(mm, start, end);
		break;
	case YOUNG_DEV_TEST_YOUNG:
		young = mmu_notifier_test_young(mm, start);
		break;
	case YOUNG_DEV_CLEAR_FLUSH_YOUNG:
		young = mmu_notifier_clear_flush_young(mm, start, end);
		break;
	default:
		ret = -EINVAL;
	}
	spin_unlock(&young_dev_lock);

	range->result = answer | (young ? YOUNG_DEV_YOUNG : 0);
	return ret;
}

static bool young_dev_range_valid(const struct young_dev_range *range)
{
	if (range->flags & ~YOUNG_DEV_CLEAR)
		return false;
	/* The older calls take a range that is not empty for granted. */
	if (range->op && range->start >= range->end)
		return false;
	if (!range->young && !range->predicate)
		return true;
	if (!range->nbits || range->nbits % 64 || range->nbits > MAX_NBITS)
		return false;
	return range->start >= range->end ||
	       ((range->end - 1) >> PAGE_SHIFT) -
	       (range->start >> PAGE_SHIFT) < range->nbits;
}

static unsigned long *young_dev_bitmap(u64 address, unsigned int nbits)
{
	return address ? memdup_user(u64_to_user_ptr(address), nbits / 8) :
			 NULL;
}

static int young_dev_age(struct young_dev_range *range)
{
	struct mmu_notifier_young what = {
		.nbits = range->nbits,
		.clear = range->flags & YOUNG_DEV_CLEAR,
	};
	unsigned long *young, *predicate;
	int ret;

	young = young_dev_bitmap(range->young, range->nbits);
	if (IS_ERR(young))
		return PTR_ERR(young);

	predicate = young_dev_bitmap(range->predicate, range->nbits);
	if (IS_ERR(predicate)) {
		kfree(young);
		return PTR_ERR(predicate);
	}

	what.young = young;
	what.predicate = predicate;
	ret = young_dev_call(range, &what);
	if (!ret && young && copy_to_user(u64_to_user_ptr(range->young), young,
					  range->nbits / 8))
		ret = -EFAULT;

	kfree(predicate);
	kfree(young);
	return ret;
}

static long young_dev_ioctl(struct file *file, unsigned int cmd,
			    unsigned long arg)
{
	void __user *user = (void __user *)arg;
	struct young_dev_range range;
	int ret;

	if (cmd != YOUNG_DEV_AGE)
		return -ENOTTY;
	if (copy_from_user(&range, user, sizeof(range)))
		return -EFAULT;
	if (!young_dev_range_valid(&range))
		return -EINVAL;

	ret = young_dev_age(&range);
	if (ret)
		return ret;
	return copy_to_user(user, &range, sizeof(range)) ? -EFAULT : 0;
}

static const struct file_operations young_dev_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= young_dev_ioctl,
};

static struct miscdevice young_dev = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "young",
	.fops	= &young_dev_fops,
};

builtin_misc_device(young_dev);
