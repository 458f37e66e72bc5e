// SPDX-License-Identifier: GPL-2.0-only
/* Samples for answer_ignored.cocci. Never compiled. */

static void ignored(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct mmu_notifier_young what = { .clear = true };

	mmu_notifier_test_clear_young(mm, start, end, &what); /* BUG */
}

static void ignored_openly(struct mm_struct *mm, unsigned long start, unsigned long end,
			   const unsigned long *wanted)
{
	struct mmu_notifier_young what = {
		.predicate = wanted,
		.clear = true,
	};

	(void)mmu_notifier_test_clear_young(mm, start, end, &what); /* BUG */
}

static void ignored_at_once(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	mmu_notifier_test_clear_young(mm, start, end, /* BUG */
				      &(struct mmu_notifier_young){ .young = NULL, .clear = true });
}

static int only_slow(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct mmu_notifier_young what = { .clear = true };

	if (mmu_notifier_test_clear_young(mm, start, end, &what) & MMU_NOTIFIER_SLOW) /* BUG */
		return -EAGAIN;
	return 0;
}

/* Who is not in the predicate is not in the bitmap if the answer was slow. */
static void slow_ignored(struct mm_struct *mm, unsigned long start, unsigned long end,
			 unsigned long *young, const unsigned long *wanted)
{
	struct mmu_notifier_young what = {
		.young = young,
		.predicate = wanted,
		.nbits = 64,
	};

	mmu_notifier_test_clear_young(mm, start, end, &what); /* BUG */
}

static bool slow_masked(struct mm_struct *mm, unsigned long start, unsigned long end,
			unsigned long *young, const unsigned long *wanted)
{
	struct mmu_notifier_young what = { .nbits = 64 };

	what.predicate = wanted;
	what.young = young;
	return mmu_notifier_test_clear_young(mm, start, end, &what) & MMU_NOTIFIER_YOUNG; /* BUG */
}

static int slow_kept(struct mm_struct *mm, unsigned long start, unsigned long end,
		     unsigned long *young, const unsigned long *wanted)
{
	struct mmu_notifier_young what = { .young = young, .predicate = wanted, .nbits = 64 };
	unsigned int answer = mmu_notifier_test_clear_young(mm, start, end, &what); /* BUG */

	if (answer & MMU_NOTIFIER_YOUNG)
		return 1;
	return 0;
}

static int truth(struct mm_struct *mm, unsigned long start, unsigned long end,
		 const struct mmu_notifier_young *what)
{
	if (mmu_notifier_test_clear_young(mm, start, end, what)) /* BUG */
		return 1;
	return 0;
}

static int no_truth(struct mm_struct *mm, unsigned long start, unsigned long end, int young,
		    const struct mmu_notifier_young *what)
{
	if (!young && !mmu_notifier_test_clear_young(mm, start, end, what)) /* BUG */
		return 0;
	return 1;
}

static int compared(struct mm_struct *mm, unsigned long start, unsigned long end,
		    const struct mmu_notifier_young *what)
{
	if (mmu_notifier_test_clear_young(mm, start, end, what) == 0) /* BUG */
		return 0;
	return 1;
}

static bool truth_returned(struct mm_struct *mm, unsigned long start, unsigned long end,
			   const struct mmu_notifier_young *what)
{
	return mmu_notifier_test_clear_young(mm, start, end, what); /* BUG */
}

static bool truth_kept(struct mm_struct *mm, unsigned long start, unsigned long end,
		       const struct mmu_notifier_young *what)
{
	bool young = mmu_notifier_test_clear_young(mm, start, end, what); /* BUG */

	return young;
}

static int truth_kept_as_number(struct mm_struct *mm, unsigned long start, unsigned long end,
				const struct mmu_notifier_young *what)
{
	int young = mmu_notifier_test_clear_young(mm, start, end, what);

	if (young) /* BUG */
		return 1;
	return 0;
}

static int truth_later(struct mm_struct *mm, unsigned long start, unsigned long end,
		       const struct mmu_notifier_young *what)
{
	int young = 0;

	young |= mmu_notifier_test_clear_young(mm, start, end, what);
	if (start && !young) /* BUG */
		return 0;
	return young != 0; /* BUG */
}

static int truth_assigned(struct mm_struct *mm, unsigned long start, unsigned long end,
			  const struct mmu_notifier_young *what)
{
	bool young = false;

	young |= mmu_notifier_test_clear_young(mm, start, end, what); /* BUG */
	return young;
}

/* Near misses. */

/* The bitmap has the answer. */
static void bitmap(struct mm_struct *mm, unsigned long start, unsigned long end,
		   unsigned long *young)
{
	struct mmu_notifier_young what = {
		.young = young,
		.nbits = 64,
		.clear = true,
	};

	mmu_notifier_test_clear_young(mm, start, end, &what);
}

static void bitmap_later(struct mm_struct *mm, unsigned long start, unsigned long end,
			 unsigned long *young)
{
	struct mmu_notifier_young what = { .clear = true };

	what.young = young;
	what.nbits = 64;
	mmu_notifier_test_clear_young(mm, start, end, &what);
}

static void bitmap_at_once(struct mm_struct *mm, unsigned long start, unsigned long end,
			   unsigned long *young)
{
	mmu_notifier_test_clear_young(mm, start, end,
				      &(struct mmu_notifier_young){ .young = young, .nbits = 64 });
}

static bool masked(struct mm_struct *mm, unsigned long start, unsigned long end,
		   const struct mmu_notifier_young *what)
{
	unsigned int answer;

	if (mmu_notifier_test_clear_young(mm, start, end, what) & MMU_NOTIFIER_YOUNG)
		return true;
	answer = mmu_notifier_test_clear_young(mm, start, end, what);
	return answer & MMU_NOTIFIER_YOUNG;
}

static int masked_first(struct mm_struct *mm, unsigned long start, unsigned long end,
			const struct mmu_notifier_young *what)
{
	int young = mmu_notifier_test_clear_young(mm, start, end, what);

	young &= MMU_NOTIFIER_YOUNG;
	if (young)
		return 1;
	return 0;
}

static int slow(struct mm_struct *mm, unsigned long start, unsigned long end,
		unsigned long *young, const unsigned long *wanted)
{
	struct mmu_notifier_young what = { .young = young, .predicate = wanted, .nbits = 64 };
	unsigned int answer = mmu_notifier_test_clear_young(mm, start, end, &what);

	if (answer & MMU_NOTIFIER_SLOW)
		return -EAGAIN;
	return !!(answer & MMU_NOTIFIER_YOUNG);
}

static int slow_at_once(struct mm_struct *mm, unsigned long start, unsigned long end,
			unsigned long *young, const unsigned long *wanted)
{
	struct mmu_notifier_young what = { .young = young, .predicate = wanted, .nbits = 64 };

	if (mmu_notifier_test_clear_young(mm, start, end, &what) & MMU_NOTIFIER_SLOW)
		return -EAGAIN;
	return 0;
}

/* All are wanted. */
static bool no_predicate(struct mm_struct *mm, unsigned long start, unsigned long end,
			 unsigned long *young)
{
	struct mmu_notifier_young what = { .young = young, .predicate = NULL, .nbits = 64 };

	return mmu_notifier_test_clear_young(mm, start, end, &what) & MMU_NOTIFIER_YOUNG;
}

static int handed_on(struct mm_struct *mm, unsigned long start, unsigned long end,
		     unsigned long *young, const unsigned long *wanted)
{
	struct mmu_notifier_young what = { .young = young, .predicate = wanted, .nbits = 64 };
	int answer;

	answer = mmu_notifier_test_clear_young(mm, start, end, &what);
	return answer;
}

static int handed_on_at_once(struct mm_struct *mm, unsigned long start, unsigned long end,
			     unsigned long *young, const unsigned long *wanted)
{
	struct mmu_notifier_young what = { .young = young, .predicate = wanted, .nbits = 64 };

	return mmu_notifier_test_clear_young(mm, start, end, &what);
}
