// SPDX-License-Identifier: GPL-2.0-only
/* Samples for answer_ignored.cocci. Never compiled. */

static void ignored(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	mmu_notifier_test_clear_young(mm, start, end, NULL, MMU_NOTIFIER_CLEAR); /* BUG */
}

static void ignored_openly(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	(void)mmu_notifier_test_clear_young(mm, start, end, NULL, MMU_NOTIFIER_CLEAR); /* BUG */
}

/* The bitmap has only what was fast. */
static void fast_ignored(struct mm_struct *mm, unsigned long start, unsigned long end,
			 const struct mmu_notifier_bitmaps *bitmaps)
{
	mmu_notifier_test_clear_young(mm, start, end, bitmaps, /* BUG */
				      MMU_NOTIFIER_CLEAR | MMU_NOTIFIER_FAST_ONLY);
}

static bool fast_masked(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	return mmu_notifier_test_clear_young(mm, start, end, NULL, MMU_NOTIFIER_FAST_ONLY) & /* BUG */
	       MMU_NOTIFIER_YOUNG;
}

static int fast_kept(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	int answer = mmu_notifier_test_clear_young(mm, start, end, NULL, MMU_NOTIFIER_FAST_ONLY); /* BUG */

	if (answer & MMU_NOTIFIER_YOUNG)
		return 1;
	return 0;
}

static int truth(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	if (mmu_notifier_test_clear_young(mm, start, end, NULL, MMU_NOTIFIER_CLEAR)) /* BUG */
		return 1;
	return 0;
}

static int no_truth(struct mm_struct *mm, unsigned long start, unsigned long end, int young)
{
	if (!young && !mmu_notifier_test_clear_young(mm, start, end, NULL, 0)) /* BUG */
		return 0;
	return 1;
}

static bool truth_kept(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	bool young = mmu_notifier_test_clear_young(mm, start, end, NULL, 0); /* BUG */

	return young;
}

static int truth_assigned(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	bool young = false;

	young |= mmu_notifier_test_clear_young(mm, start, end, NULL, 0); /* BUG */
	return young;
}

/* Near misses. */

/* The bitmap has the answer, as nothing was left out. */
static void bitmap(struct mm_struct *mm, unsigned long start, unsigned long end,
		   const struct mmu_notifier_bitmaps *bitmaps)
{
	mmu_notifier_test_clear_young(mm, start, end, bitmaps, MMU_NOTIFIER_CLEAR);
}

static bool masked(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	if (mmu_notifier_test_clear_young(mm, start, end, NULL, 0) & MMU_NOTIFIER_YOUNG)
		return true;
	return mmu_notifier_test_clear_young(mm, start, end, NULL, MMU_NOTIFIER_CLEAR) &
	       MMU_NOTIFIER_YOUNG;
}

static int fast(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	int answer = mmu_notifier_test_clear_young(mm, start, end, NULL, MMU_NOTIFIER_FAST_ONLY);

	if (!(answer & MMU_NOTIFIER_FAST))
		return -EAGAIN;
	return !!(answer & MMU_NOTIFIER_YOUNG);
}

static int fast_at_once(struct mm_struct *mm, unsigned long start, unsigned long end,
			const struct mmu_notifier_bitmaps *bitmaps)
{
	if (!(mmu_notifier_test_clear_young(mm, start, end, bitmaps, MMU_NOTIFIER_FAST_ONLY) &
	      MMU_NOTIFIER_FAST))
		return -EAGAIN;
	return 0;
}

static int handed_on(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	int answer;

	answer = mmu_notifier_test_clear_young(mm, start, end, NULL, MMU_NOTIFIER_FAST_ONLY);
	return answer;
}

static int handed_on_at_once(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	return mmu_notifier_test_clear_young(mm, start, end, NULL, MMU_NOTIFIER_FAST_ONLY);
}
