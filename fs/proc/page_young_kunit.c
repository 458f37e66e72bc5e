// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite for what /proc tells of accessed pages, on the entries of page
 * tables that belong to nobody, with a secondary MMU that knows what is young.
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/prandom.h>
#include <linux/sched/mm.h>

#include "page_young.h"

/* Where the bitmaps of struct page_young end within a page table. */
#define PAGES		(2 * PAGE_YOUNG_BITS + 37)
#define BASE		(PAGES * PAGE_SIZE)

/**
 * struct page_young_test - the state of a test
 * @mn: the secondary MMU
 * @mm: the address space
 * @vma: its only mapping
 * @folio: what all entries map
 * @rnd: random numbers
 * @pte: the page table
 * @young: what is young in the secondary MMU
 * @asked: the pages that it was asked about, at least once
 * @twice: more than once
 * @cleared: the pages that it was told to clear
 * @calls: how often it was called
 * @start: first address of the last call
 * @end: first address beyond
 */
struct page_young_test {
	struct mmu_notifier mn;
	struct mm_struct *mm;
	struct vm_area_struct *vma;
	struct folio *folio;
	struct rnd_state rnd;
	pte_t pte[PAGES];
	DECLARE_BITMAP(young, PAGES);
	DECLARE_BITMAP(asked, PAGES);
	DECLARE_BITMAP(twice, PAGES);
	DECLARE_BITMAP(cleared, PAGES);
	unsigned int calls;
	unsigned long start;
	unsigned long end;
};

static unsigned int fake_test_clear_young(struct mmu_notifier *mn,
					  struct mm_struct *mm,
					  unsigned long start,
					  unsigned long end,
					  const struct mmu_notifier_young *what)
{
	struct page_young_test *t =
		container_of(mn, struct page_young_test, mn);
	unsigned long first = (start - BASE) / PAGE_SIZE;
	unsigned long i, nr = (end - start) / PAGE_SIZE;
	unsigned int answer = 0;

	t->calls++;
	t->start = start;
	t->end = end;
	for (i = 0; i < nr; i++) {
		unsigned long page = first + i;

		if (test_bit(page, t->young)) {
			answer |= MMU_NOTIFIER_YOUNG;
			if (what->young)
				__set_bit(i, what->young);
		}
		if (what->predicate && !test_bit(i, what->predicate))
			continue;
		if (what->young && __test_and_set_bit(page, t->asked))
			__set_bit(page, t->twice);
		if (what->clear) {
			__set_bit(page, t->cleared);
			__clear_bit(page, t->young);
		}
	}
	return answer;
}

static const struct mmu_notifier_ops fake_ops = {
	.test_clear_young = fake_test_clear_young,
};

static unsigned long address(unsigned long page)
{
	return BASE + page * PAGE_SIZE;
}

static void set_entry(struct page_young_test *t, unsigned long page, bool young)
{
	pte_t pte = pfn_pte(folio_pfn(t->folio), PAGE_READONLY);

	set_pte_at(t->mm, address(page), &t->pte[page],
		   young ? pte_mkyoung(pte) : pte_mkold(pte));
}

/*
 * Entries of which one in three is a hole, and pages of which half are young: in
 * holes, too, where one mapping of the secondary MMU covers several pages.
 */
static void populate(struct page_young_test *t)
{
	unsigned long page;

	prandom_bytes_state(&t->rnd, t->young, sizeof(t->young));
	for (page = 0; page < PAGES; page++) {
		if (prandom_u32_state(&t->rnd) % 3)
			set_entry(t, page, false);
	}
}

/* As the loops in /proc do it. */
static bool is_young(struct page_young_test *t, struct page_young *young,
		     unsigned long page, bool clear)
{
	if (address(page) >= young->end)
		page_young_ask(young, address(page), &t->pte[page], clear);
	return page_young_secondary(young, address(page));
}

/* What is there is asked about once, and each page has the answer that is its own. */
static void check_ask(struct kunit *test, bool clear)
{
	struct page_young_test *t = test->priv;
	unsigned long page, first = 5, last = PAGES - 3;
	DECLARE_BITMAP(expected, PAGES);
	struct page_young young;

	populate(t);
	bitmap_copy(expected, t->young, PAGES);
	bitmap_clear(expected, 0, first);
	bitmap_clear(expected, last, PAGES - last);
	page_young_init(&young, t->vma, address(last));
	for (page = first; page < last; page++)
		KUNIT_EXPECT_EQ_MSG(test, is_young(t, &young, page, clear),
				    pte_present(t->pte[page]) &&
				    test_bit(page, expected), "page %lu", page);

	KUNIT_EXPECT_EQ(test, t->calls, 3);
	KUNIT_EXPECT_EQ(test, t->end, address(last));
	KUNIT_EXPECT_TRUE(test, bitmap_empty(t->twice, PAGES));
	for (page = 0; page < PAGES; page++)
		KUNIT_EXPECT_EQ_MSG(test, test_bit(page, t->asked),
				    page >= first && page < last &&
				    pte_present(t->pte[page]), "page %lu", page);
	if (clear)
		KUNIT_EXPECT_TRUE(test, bitmap_equal(t->cleared, t->asked, PAGES));
	else
		KUNIT_EXPECT_TRUE(test, bitmap_empty(t->cleared, PAGES));
}

static void ask_test(struct kunit *test)
{
	check_ask(test, false);
}

static void ask_and_clear_test(struct kunit *test)
{
	check_ask(test, true);
}

/* Only what was wanted and young is cleared, and by one call for many pages. */
static void clear_test(struct kunit *test)
{
	struct page_young_test *t = test->priv;
	DECLARE_BITMAP(expected, PAGES);
	struct page_young young;
	unsigned long page;

	populate(t);
	bitmap_zero(expected, PAGES);
	page_young_init(&young, t->vma, address(PAGES));
	for (page = 0; page < PAGES; page++) {
		if (address(page) >= young.end)
			page_young_clear(&young, false);
		is_young(t, &young, page, false);
		if (!pte_present(t->pte[page]) || prandom_u32_state(&t->rnd) & 1)
			continue;
		page_young_gather(&young, address(page));
		if (test_bit(page, t->young))
			__set_bit(page, expected);
	}
	page_young_clear(&young, false);

	KUNIT_EXPECT_EQ(test, t->calls, 6);
	KUNIT_EXPECT_FALSE(test, bitmap_empty(expected, PAGES));
	KUNIT_EXPECT_TRUE(test, bitmap_equal(t->cleared, expected, PAGES));

	/* nothing is left to do */
	page_young_clear(&young, false);
	KUNIT_EXPECT_EQ(test, t->calls, 6);
}

/* Nothing young was wanted: nobody is told to clear. */
static void no_clear_test(struct kunit *test)
{
	struct page_young_test *t = test->priv;
	struct page_young young;

	set_entry(t, 0, false);
	set_entry(t, 1, false);
	__set_bit(1, t->young);
	page_young_init(&young, t->vma, address(2));
	page_young_ask(&young, address(0), &t->pte[0], false);
	page_young_gather(&young, address(0));
	page_young_clear(&young, false);
	KUNIT_EXPECT_EQ(test, t->calls, 1);
	KUNIT_EXPECT_TRUE(test, test_bit(1, t->young));
}

/* A huge page is one question about all of it, whichever of its pages is meant. */
static void huge_test(struct kunit *test)
{
	struct page_young_test *t = test->priv;
	const unsigned long size = 8 * PAGE_SIZE;
	/* aligned by the address, not by the page within the mapping */
	unsigned long start = ALIGN(BASE, size), first = (start - BASE) / PAGE_SIZE;

	__set_bit(first + 7, t->young);
	__set_bit(first + 8, t->young);
	KUNIT_EXPECT_TRUE(test, mmu_notifier_age_entry(t->mm,
						       start + 3 * PAGE_SIZE,
						       size, false));
	KUNIT_EXPECT_EQ(test, t->calls, 1);
	KUNIT_EXPECT_EQ(test, t->start, start);
	KUNIT_EXPECT_EQ(test, t->end, start + size);

	KUNIT_EXPECT_TRUE(test, mmu_notifier_age_entry(t->mm,
						       start + 7 * PAGE_SIZE,
						       size, true));
	KUNIT_EXPECT_FALSE(test, mmu_notifier_age_entry(t->mm, start, size,
							true));
	KUNIT_EXPECT_TRUE(test, test_bit(first + 8, t->young));
}

/**
 * struct access - where an access may have left its trace
 * @primary: the accessed bit of the process
 * @secondary: the accessed bit of the secondary MMU
 * @young: the folio's young flag
 * @referenced: the folio's referenced flag
 * @idle: the folio's idle flag, the only one that says that there was none
 */
struct access {
	bool primary;
	bool secondary;
	bool young;
	bool referenced;
	bool idle;
};

static void leave_traces(struct page_young_test *t, const struct access *a)
{
	set_entry(t, 0, a->primary);
	__assign_bit(0, t->young, a->secondary);
	folio_test_clear_young(t->folio);
	folio_clear_referenced(t->folio);
	folio_clear_idle(t->folio);
	if (a->young)
		folio_set_young(t->folio);
	if (a->referenced)
		folio_set_referenced(t->folio);
	if (a->idle)
		folio_set_idle(t->folio);
}

static bool was_accessed(struct page_young_test *t, bool idle)
{
	bool young = pte_young(t->pte[0]) || test_bit(0, t->young);

	return folio_accessed(t->folio, young, idle);
}

/*
 * Who clears does not find the access again, and takes nothing from who judges
 * by the other flags.
 */
static void check_clear(struct kunit *test, const struct access *a, bool idle)
{
	struct page_young_test *t = test->priv;
	struct page_young young;
	bool other;

	leave_traces(t, a);
	other = was_accessed(t, !idle);
	KUNIT_EXPECT_EQ(test, was_accessed(t, idle),
			a->primary || a->secondary ||
			(idle ? !a->idle : a->young || a->referenced));

	page_young_init(&young, t->vma, address(1));
	page_young_ask(&young, address(0), &t->pte[0], false);
	page_young_gather(&young, address(0));
	page_young_clear(&young, idle);

	KUNIT_EXPECT_FALSE(test, was_accessed(t, idle));
	KUNIT_EXPECT_EQ_MSG(test, was_accessed(t, !idle), other,
			    "idle %d: bits %d %d, flags %d %d %d", idle,
			    a->primary, a->secondary, a->young, a->referenced,
			    a->idle);
}

static void flags_test(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 32; i++) {
		const struct access a = {
			.primary = i & 1,
			.secondary = i & 2,
			.young = i & 4,
			.referenced = i & 8,
			.idle = i & 16,
		};

		check_clear(test, &a, false);
		check_clear(test, &a, true);
	}
}

/* What is not wanted keeps its traces. */
static void keep_test(struct kunit *test)
{
	struct page_young_test *t = test->priv;
	struct page_young young;

	set_entry(t, 0, true);
	set_entry(t, 1, true);
	__set_bit(0, t->young);
	__set_bit(1, t->young);
	page_young_init(&young, t->vma, address(2));
	page_young_ask(&young, address(0), &t->pte[0], false);
	page_young_gather(&young, address(1));
	page_young_clear(&young, false);
	KUNIT_EXPECT_TRUE(test, pte_young(t->pte[0]));
	KUNIT_EXPECT_FALSE(test, pte_young(t->pte[1]));
	KUNIT_EXPECT_TRUE(test, test_bit(0, t->young));
	KUNIT_EXPECT_FALSE(test, test_bit(1, t->young));
}

/* Without a secondary MMU there is nobody to ask, and the process's own bits count. */
static void alone_test(struct kunit *test)
{
	struct page_young_test *t = test->priv;
	struct page_young young;

	mmu_notifier_unregister(&t->mn, t->mm);
	t->mn.ops = NULL;
	/*
	 * As long as this address space lives, it is known to have had one. So
	 * take another one.
	 */
	mmput(t->mm);
	t->mm = mm_alloc();
	KUNIT_ASSERT_NOT_NULL(test, t->mm);
	t->vma->vm_mm = t->mm;

	set_entry(t, 0, true);
	__set_bit(0, t->young);
	page_young_init(&young, t->vma, address(1));
	KUNIT_EXPECT_FALSE(test, is_young(t, &young, 0, true));
	page_young_ask(&young, address(0), &t->pte[0], false);
	page_young_gather(&young, address(0));
	page_young_clear(&young, false);
	KUNIT_EXPECT_FALSE(test, pte_young(t->pte[0]));
	KUNIT_EXPECT_EQ(test, t->calls, 0);
}

static int page_young_test_init(struct kunit *test)
{
	struct page_young_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	test->priv = t;
	t->vma = kunit_kzalloc(test, sizeof(*t->vma), GFP_KERNEL);
	t->mm = mm_alloc();
	t->folio = folio_alloc(GFP_KERNEL, 0);
	if (!t->vma || !t->mm || !t->folio)
		return -ENOMEM;
	vma_init(t->vma, t->mm);
	t->vma->vm_start = address(0);
	t->vma->vm_end = address(PAGES);
	prandom_seed_state(&t->rnd, 1);
	t->mn.ops = &fake_ops;
	return mmu_notifier_register(&t->mn, t->mm);
}

static void page_young_test_exit(struct kunit *test)
{
	struct page_young_test *t = test->priv;

	if (!t)
		return;
	if (t->mn.ops)
		mmu_notifier_unregister(&t->mn, t->mm);
	if (t->mm)
		mmput(t->mm);
	if (t->folio)
		folio_put(t->folio);
}

static struct kunit_case page_young_cases[] = {
	KUNIT_CASE(ask_test),
	KUNIT_CASE(ask_and_clear_test),
	KUNIT_CASE(clear_test),
	KUNIT_CASE(no_clear_test),
	KUNIT_CASE(huge_test),
	KUNIT_CASE(flags_test),
	KUNIT_CASE(keep_test),
	KUNIT_CASE(alone_test),
	{ }
};

static struct kunit_suite page_young_suite = {
	.name = "proc_page_young",
	.init = page_young_test_init,
	.exit = page_young_test_exit,
	.test_cases = page_young_cases,
};

kunit_test_suite(page_young_suite);
