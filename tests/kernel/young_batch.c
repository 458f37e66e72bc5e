// SPDX-License-Identifier: GPL-2.0-only
/*
 * mm/young_batch.h as MGLRU uses it, against asking about each page alone: it
 * must find the same pages young, clear the same, and never ask more often.
 */
#define CONFIG_MMU_NOTIFIER 1
#define CONFIG_LRU_GEN 1
#include <mm/young_batch.h>

#include "notifier.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

#define PAGES	512
#define BASE	0x40000000UL
#define NEVER	(~0U)

/**
 * struct table - a page table and what a secondary MMU knows of its pages
 * @pte: the entries
 * @ours: the page concerns the caller
 * @young: in the secondary MMU
 * @folio: number of the first page of the folio
 * @slow_from: the number of the first call that takes a lock, from 1
 * @calls: of the notifier
 * @locked: pages that it took the lock for
 * @largest: pages that one call asked about
 * @told: pages that slow answers told apart
 */
struct table {
	pte_t pte[PAGES];
	bool ours[PAGES];
	bool young[PAGES];
	unsigned int folio[PAGES];
	unsigned int slow_from;
	unsigned int calls;
	unsigned int locked;
	unsigned int largest;
	unsigned int told;
};

static struct table *asked;

unsigned int __mmu_notifier_test_clear_young(struct mm_struct *mm,
					     unsigned long start,
					     unsigned long end,
					     const struct mmu_notifier_young *what)
{
	unsigned int first = (start - BASE) / PAGE_SIZE, nr = (end - start) / PAGE_SIZE;
	bool slow = ++asked->calls >= asked->slow_from;
	unsigned int answer = slow ? MMU_NOTIFIER_SLOW : 0, i;

	check(nr && first + nr <= PAGES, "asks about the table only");
	check((!what->young && !what->predicate) || nr <= what->nbits, "the bitmaps suffice");
	asked->largest = max(asked->largest, nr);
	for (i = 0; i < nr; i++) {
		bool wanted = !what->predicate || test_bit(i, what->predicate);

		asked->locked += slow && wanted;
		asked->told += slow && wanted && (what->young || what->predicate);
		if (slow && !wanted)
			continue;
		if (asked->young[first + i]) {
			answer |= MMU_NOTIFIER_YOUNG;
			if (what->young)
				__set_bit(i, what->young);
		}
		if (what->clear && wanted)
			asked->young[first + i] = false;
	}
	return answer;
}

static unsigned long young_batch_wanted(struct lruvec *lruvec,
					struct vm_area_struct *vma, pte_t *ptep,
					unsigned long addr, unsigned long nr,
					bool can_swap)
{
	unsigned long i, wanted = 0;

	for (i = 0; i < nr; i++)
		if (ptep[i].present && asked->ours[ptep + i - asked->pte])
			wanted |= BIT(i);
	return wanted;
}

/* As many pages of a folio as there are from page @i on, before @end. */
static unsigned int pages_of_folio(const struct table *table, unsigned int i, unsigned int end)
{
	unsigned int nr = 1;

	while (i + nr < end && table->pte[i + nr].present &&
	       table->folio[i + nr] == table->folio[i])
		nr++;
	return nr;
}

/* The loop of walk_pte_range() and lru_gen_look_around(). */
static void walk_mapping(struct table *table, unsigned int start, unsigned int end, bool *found)
{
	struct young_batch batch;
	struct mm_struct mm = { .has_notifiers = true };
	struct vm_area_struct vma = { .vm_mm = &mm };
	unsigned long addr = BASE + start * PAGE_SIZE;
	unsigned int seen = 0, nr, j, folio;
	int i;

	young_batch_init(&batch, NULL, &vma, BASE + end * PAGE_SIZE, true);
	for (i = start; addr != BASE + end * PAGE_SIZE; i += nr, addr += nr * PAGE_SIZE) {
		nr = 1;
		seen++;
		if (!table->pte[i].present || !table->ours[i])
			continue;
		nr = pages_of_folio(table, i, end);
		/* clang-tidy would not know */
		if (!nr)
			abort();
		seen += nr - 1;
		folio = table->folio[i];
		for (j = 0; j < nr; j++)
			found[folio] |= ptep_test_and_clear_young(&vma, addr, table->pte + i + j);
		found[folio] |= young_batch_age(&batch, table->pte + i, addr, &nr);
	}
	check(i == (int)end, "the walk ends where it should");
	check(seen + young_batch_flush(&batch) == end - start, "no page is forgotten");
}

/* walk_pte_range() goes on with the mapping that has the rest of the table. */
static void walk(struct table *table, unsigned int start, unsigned int rest, unsigned int end,
		 bool *found)
{
	asked = table;
	walk_mapping(table, start, rest, found);
	walk_mapping(table, rest, end, found);
}

/* Page by page, or folio by folio, as before there were windows. */
static void walk_pages(struct table *table, unsigned int start, unsigned int end, bool *found)
{
	unsigned int i, nr;

	for (i = start; i < end; ) {
		if (!table->pte[i].present || !table->ours[i]) {
			i++;
			continue;
		}
		nr = pages_of_folio(table, i, end);
		table->locked += ++table->calls >= table->slow_from ? nr : 0;
		for (; nr; nr--, i++) {
			found[table->folio[i]] |= table->pte[i].young || table->young[i];
			table->pte[i].young = false;
			table->young[i] = false;
		}
	}
}

static void compare(const struct table *before, unsigned int start, unsigned int rest,
		    unsigned int end, struct table *after)
{
	struct table alone = *before;
	bool found[PAGES] = { false }, found_alone[PAGES] = { false };

	*after = *before;
	walk(after, start, rest, end, found);
	walk_pages(&alone, start, rest, found_alone);
	walk_pages(&alone, rest, end, found_alone);
	check(!memcmp(found, found_alone, sizeof(found)), "the same pages are young");
	check(!memcmp(after->young, alone.young, sizeof(alone.young)),
	      "the same pages are cleared");
	check(!memcmp(after->pte, alone.pte, sizeof(alone.pte)), "likewise in the table");
	check(after->calls <= alone.calls, "%u calls, page by page %u", after->calls,
	      alone.calls);
	/* others are asked in another call if that begins in between */
	check(after->locked <= alone.locked || before->slow_from > 1, "the lock is taken for %u pages, page by page %u",
	      after->locked, alone.locked);
	check(after->largest <= before->largest, "asked about %u pages", after->largest);
}

/* @slow_from: 0 for another one each time; @large: folios have up to so many pages */
static void random_tables(unsigned int slow_from, unsigned int large)
{
	struct table table = { .slow_from = slow_from, .largest = max(large, 64U) }, after;
	unsigned int round, i;

	alone_pages = large;
	for (round = 0; round < 50000; round++) {
		unsigned int holes = 1 + random_below(20), theirs = 1 + random_below(20);
		unsigned int young = 1 + random_below(20), start = random_below(PAGES);
		unsigned int end = start + 1 + random_below(PAGES - start), rest = end;
		unsigned int left = 0;
		bool run = false;

		if (!slow_from)
			table.slow_from = 1 + random_below(12);
		for (i = 0; i < PAGES; i++) {
			if (!random_below(1 + round % 50))
				run = random_below(2);
			table.pte[i].present = run ^ !random_below(holes);
			if (left) {
				left--;
				table.folio[i] = table.folio[i - 1];
				table.ours[i] = table.ours[i - 1];
			} else {
				left = random_below(large);
				table.folio[i] = i;
				table.ours[i] = random_below(theirs);
			}
			table.pte[i].young = !random_below(young);
			table.young[i] = !random_below(young);
		}
		if (random_below(2))
			rest = start + random_below(end - start);
		compare(&table, start, rest, end, &after);
	}
}

/* A full table, of which every @step-th page concerns the caller. */
static unsigned int calls(unsigned int step, bool young, bool slow)
{
	struct table table = { .slow_from = slow ? 1 : NEVER, .largest = 64 }, after;
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		table.folio[i] = i;
		table.pte[i].present = true;
		table.ours[i] = !(i % step);
		table.young[i] = young;
	}
	compare(&table, 0, PAGES, PAGES, &after);
	return after.calls;
}

/* Windows grow while they are of use. */
static void growth(struct kunit *t)
{
	/* a page alone and 1 page, then 64 at a time; if slow, 8 in between */
	const unsigned int windows = 1 + 1 + (PAGES - 2 + 63) / 64;
	const unsigned int slow = 1 + 1 + 1 + (PAGES - 10 + 63) / 64;

	check(calls(1, false, false) == windows, "idle: %u calls", calls(1, false, false));
	/* the first two clear what they ask about */
	check(calls(1, true, false) == 2 * windows - 2, "young: %u calls", calls(1, true, false));
	check(calls(1, true, true) == slow, "young, slow: %u calls", calls(1, true, true));
	check(calls(2, true, false) <= 2 * windows, "every second: %u calls",
	      calls(2, true, false));
	check(calls(8, false, false) == PAGES / 8, "every eighth: %u calls",
	      calls(8, false, false));
	check(calls(2, false, true) == PAGES / 2, "every second, slow: %u calls",
	      calls(2, false, true));
	check(calls(64, true, true) == PAGES / 64, "every 64th, slow: %u calls",
	      calls(64, true, true));
	check(calls(PAGES, true, false) == 1, "one page: %u calls", calls(PAGES, true, false));
}

/*
 * Of the third window, which begins with the third page, less than half is present:
 * of each four, all but this one, and then none.
 */
static unsigned int calls_with_gaps(unsigned int absent)
{
	struct table table = { .slow_from = NEVER, .largest = 64 }, after;
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		table.folio[i] = i;
		table.pte[i].present = i < 3 || i >= 2 + 64 ||
				       (i < 3 + 40 && (i - 3) % 4 != absent);
		table.ours[i] = true;
	}
	compare(&table, 0, PAGES, PAGES, &after);
	return after.calls;
}

/* A window that is of little use is the last one for now. */
static void gaps(struct kunit *t)
{
	/* a page alone, 1 page and 64, and once more; then 64 at a time */
	const unsigned int windows = 3 + 2 + (PAGES - 68 + 63) / 64;
	unsigned int absent;

	for (absent = 0; absent < 4; absent++)
		check(calls_with_gaps(absent) == windows, "each fourth from %u is absent: %u calls",
		      absent, calls_with_gaps(absent));
}

/* A folio begins within a window, of which it is larger. One of its pages is young. */
static void overlap(struct kunit *t)
{
	const unsigned int begin = 21, pages = 100;
	struct table table = { .largest = pages }, after;
	unsigned int i, young, slow;

	alone_pages = pages;
	for (i = 0; i < PAGES; i++) {
		table.pte[i].present = true;
		table.ours[i] = true;
		table.folio[i] = i >= begin && i < begin + pages ? begin : i;
	}
	for (i = 0; i < 2 * pages; i++) {
		young = begin + i / 2;
		slow = i % 2;
		table.slow_from = slow ? 1 : NEVER;
		table.young[young] = true;
		compare(&table, 0, PAGES, PAGES, &after);
		table.young[young] = false;
	}
}

/* Slow answers are for a folio as a whole, once it is known that they are slow. */
static void folios(struct kunit *t)
{
	const unsigned int pages = 16;
	struct table table = { .slow_from = 1, .largest = 64 }, after;
	unsigned int i;

	alone_pages = pages;
	for (i = 0; i < PAGES; i++) {
		table.pte[i].present = true;
		table.ours[i] = true;
		table.folio[i] = i / pages * pages;
	}
	compare(&table, 0, PAGES, PAGES, &after);
	check(after.calls == PAGES / pages, "%u calls", after.calls);
	check(after.told == pages, "%u pages were told apart", after.told);
}

static void nobody_listens(struct kunit *t)
{
	struct mm_struct mm = { .has_notifiers = false };
	struct vm_area_struct vma = { .vm_mm = &mm };
	static struct table table = { .young = { true } };
	struct young_batch batch = { 0 };
	unsigned int nr = 1;

	asked = &table;
	young_batch_init(&batch, NULL, &vma, BASE + 2 * PAGE_SIZE, true);
	check(!young_batch_age(&batch, table.pte, BASE, &nr), "nobody finds it young");
	check(nr == 1 && !young_batch_flush(&batch), "nothing is skipped");
	check(!table.calls && table.young[0], "nobody is asked");
}

/* All in one call, or with locks from the start, or from some call on. */
static void random_fast(struct kunit *t)
{
	random_tables(NEVER, 1);
}

static void random_slow(struct kunit *t)
{
	random_tables(1, 1);
}

static void random_becomes_slow(struct kunit *t)
{
	random_tables(0, 1);
}

/* Likewise with large folios, which may be larger than a window. */
static void random_folios(struct kunit *t)
{
	random_tables(NEVER, 16);
	random_tables(NEVER, 200);
}

static void random_folios_slow(struct kunit *t)
{
	random_tables(1, 16);
	random_tables(1, 200);
	random_tables(0, 30);
}

static struct kunit_case young_batch_cases[] = {
	KUNIT_CASE(random_fast),
	KUNIT_CASE(random_slow),
	KUNIT_CASE(random_becomes_slow),
	KUNIT_CASE(random_folios),
	KUNIT_CASE(random_folios_slow),
	KUNIT_CASE(overlap),
	KUNIT_CASE(folios),
	KUNIT_CASE(growth),
	KUNIT_CASE(gaps),
	KUNIT_CASE(nobody_listens),
	{ }
};

static struct kunit_suite young_batch_suite = {
	.name = "young_batch",
	.init = test_init,
	.test_cases = young_batch_cases,
};

kunit_test_suite(young_batch_suite);
