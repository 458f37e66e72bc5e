// SPDX-License-Identifier: GPL-2.0-only
/*
 * mm/young_run.c as page_idle, DAMON and rmap use it, against asking about each
 * page alone: it must find the same, clear the same, ask no more often, and have
 * nobody wait for a page that need not be known.
 */
#include <mm/young_run.c>

#include "notifier.h"
#include "test.h"

#include <string.h>

#define PAGES	1024
/* Two page tables. */
#define BASE	0x40000000UL
#define PFN	1000

/**
 * struct space - an address space and what a secondary MMU knows of its pages
 * @pte: the entries
 * @young: in the secondary MMU
 * @slow: it takes a lock
 * @folio: whose pages are asked about
 * @mm: the address space
 * @vma: its mapping
 * @calls: of the notifier
 * @locked: pages that it took the lock for
 * @largest: pages that one call asked about
 */
struct space {
	pte_t pte[PAGES];
	bool young[PAGES];
	bool slow;
	struct folio folio;
	struct mm_struct mm;
	struct vm_area_struct vma;
	unsigned int calls;
	unsigned int locked;
	unsigned int largest;
};

static struct space *asked;

unsigned int __mmu_notifier_test_clear_young(struct mm_struct *mm,
					     unsigned long start,
					     unsigned long end,
					     const struct mmu_notifier_young *what)
{
	unsigned int first = (start - BASE) / PAGE_SIZE, nr = (end - start) / PAGE_SIZE;
	unsigned int answer = asked->slow ? MMU_NOTIFIER_SLOW : 0, i;

	check(mm->has_notifiers, "somebody can be asked");
	check(nr && first + nr <= PAGES, "asks about the mapping only");
	check((!what->young && !what->predicate) || nr <= what->nbits, "the bitmaps suffice");
	asked->calls++;
	asked->largest = max(asked->largest, nr);
	for (i = 0; i < nr; i++) {
		bool wanted = !what->predicate || test_bit(i, what->predicate);

		asked->locked += asked->slow && wanted;
		if (asked->slow && !wanted)
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

int folio_pte_batch(struct folio *folio, unsigned long addr, pte_t *start_ptep,
		    pte_t pte, int max_nr, fpb_t flags, bool *any_writable,
		    bool *any_young, bool *any_dirty)
{
	unsigned long last = min((addr / PMD_SIZE + 1) * PMD_SIZE, asked->vma.vm_end);
	int nr = 1;

	check(pte.present && start_ptep == &asked->pte[(addr - BASE) / PAGE_SIZE],
	      "begins with a page that is present");
	check(max_nr >= 1 && addr + max_nr * PAGE_SIZE <= last, "no entry is behind the table");
	check(flags == (FPB_IGNORE_DIRTY | FPB_IGNORE_SOFT_DIRTY), "dirty or not");
	while (nr < max_nr && start_ptep[nr].present && start_ptep[nr].pfn == pte.pfn + nr &&
	       start_ptep[nr].pfn < folio->pfn + folio->nr)
		nr++;
	return nr;
}

/* As page_vma_mapped_walk(): what a device has for itself is not present. */
static bool next(struct page_vma_mapped_walk *pvmw)
{
	const struct folio *folio = &asked->folio;

	for (;;) {
		if (pvmw->pte) {
			pvmw->pte++;
			pvmw->address += PAGE_SIZE;
		} else {
			pvmw->pte = asked->pte;
		}
		if (pvmw->address >= pvmw->vma->vm_end)
			return false;
		if (pvmw->pte->pfn - folio->pfn < folio->nr)
			return true;
	}
}

static struct page_vma_mapped_walk begin(struct space *space)
{
	asked = space;
	space->vma.vm_mm = &space->mm;
	return (struct page_vma_mapped_walk) { .vma = &space->vma, .address = BASE };
}

static unsigned long page_of(const struct page_vma_mapped_walk *pvmw)
{
	return (pvmw->address - BASE) / PAGE_SIZE;
}

/* Page by page, as before there were runs. */
static bool alone(struct space *space, bool clear)
{
	struct page_vma_mapped_walk pvmw = begin(space);
	bool young = false;

	while (next(&pvmw)) {
		unsigned long page = page_of(&pvmw);

		young |= pvmw.pte->young || space->young[page];
		space->locked += space->mm.has_notifiers && space->slow;
		space->calls += space->mm.has_notifiers;
		if (!clear)
			continue;
		pvmw.pte->young = false;
		space->young[page] = false;
	}
	return young;
}

static void compare(const struct space *space, const struct space *expected)
{
	check(!memcmp(space->young, expected->young, sizeof(space->young)),
	      "the same pages are cleared");
	check(!memcmp(space->pte, expected->pte, sizeof(space->pte)), "likewise in the table");
	check(space->calls <= expected->calls, "%u calls, page by page %u", space->calls,
	      expected->calls);
	check(space->locked <= expected->locked, "the lock is taken for %u pages, page by page %u",
	      space->locked, expected->locked);
	check(space->largest <= 64, "asked about %u pages", space->largest);
	asked = NULL;
}

/* page_idle, and DAMON that makes pages old. */
static void clear(const struct space *before, struct space *after)
{
	struct space expected = *before;
	bool young = false, want = alone(&expected, true);
	struct page_vma_mapped_walk pvmw;

	*after = *before;
	pvmw = begin(after);
	while (next(&pvmw))
		young |= young_run_clear(&after->folio, &pvmw);
	check(young == want, "young: %d, page by page: %d", young, want);
	compare(after, &expected);
}

/* DAMON that looks. */
static void test_only(const struct space *before, struct space *after)
{
	struct space expected = *before;
	bool young = false, want = alone(&expected, false);
	struct page_vma_mapped_walk pvmw;

	*after = *before;
	pvmw = begin(after);
	while (!young && next(&pvmw))
		young = young_run_test(&after->folio, &pvmw);
	check(young == want, "young: %d, page by page: %d", young, want);
	compare(after, &expected);
}

/* rmap. @forget: now and then somebody else clears pages around that one. */
static void skip_old(const struct space *before, struct space *after, bool forget)
{
	struct space expected = *before;
	bool young = false, want = alone(&expected, true);
	struct young_run run = { .end = 0 };
	struct page_vma_mapped_walk pvmw;
	unsigned int visited = 0, mapped = 0, i, old;

	*after = *before;
	for (i = 0; i < (after->vma.vm_end - BASE) / PAGE_SIZE; i++)
		mapped += after->pte[i].pfn - after->folio.pfn < after->folio.nr;
	pvmw = begin(after);
	while (next(&pvmw)) {
		old = 0;
		if (young_run_possible(&after->folio, &after->vma))
			old = young_run_old(&run, &after->folio, &pvmw);
		if (old) {
			visited += old;
			young_run_skip(&pvmw, old);
			continue;
		}
		visited++;
		young |= pvmw.pte->young || after->young[page_of(&pvmw)];
		pvmw.pte->young = false;
		after->young[page_of(&pvmw)] = false;
		if (forget && !random_below(4))
			run.end = 0;
	}
	check(visited == mapped, "%u pages of %u were come by", visited, mapped);
	check(young == want, "young: %d, page by page: %d", young, want);
	if (forget) {
		expected.locked = ~0U;
		expected.calls = ~0U;
	}
	compare(after, &expected);
}

static void randomize(struct space *space)
{
	unsigned int holes = 1 + random_below(100), rare = 1 + random_below(100);
	unsigned int first = random_below(PAGES), i;

	memset(space, 0, sizeof(*space));
	space->folio.pfn = PFN;
	space->folio.nr = 1 + random_below(random_below(3) ? 512 : 3);
	space->slow = random_below(2);
	space->mm.has_notifiers = random_below(8);
	space->vma.vm_end = BASE + (random_below(4) ? PAGES : 1 + random_below(PAGES)) * PAGE_SIZE;
	for (i = 0; i < PAGES; i++) {
		/* what is somebody else's, or nothing, is not to be touched */
		space->pte[i].present = random_below(2);
		space->pte[i].young = !random_below(rare);
		space->young[i] = space->mm.has_notifiers && !random_below(rare);
		if (i - first >= space->folio.nr || !random_below(holes))
			continue;
		space->pte[i].pfn = PFN + i - first;
		space->pte[i].present = random_below(holes);
	}
}

static void random_runs(struct kunit *t)
{
	struct space space, after;
	unsigned int round;

	for (round = 0; round < 20000; round++) {
		randomize(&space);
		clear(&space, &after);
		test_only(&space, &after);
		skip_old(&space, &after, false);
		skip_old(&space, &after, true);
	}
}

/* All pages of a folio, from @first on. */
static struct space mapped(unsigned int first, unsigned int nr)
{
	struct space space = {
		.folio = { .pfn = PFN, .nr = nr },
		.mm = { .has_notifiers = true },
		.vma = { .vm_end = BASE + PAGES * PAGE_SIZE },
	};
	unsigned int i;

	for (i = 0; i < nr; i++)
		space.pte[first + i] = (pte_t) { .present = true, .pfn = PFN + i };
	return space;
}

static void check_calls(const struct space *after, unsigned int nr)
{
	check(after->calls == nr, "%u calls, not %u", after->calls, nr);
}

/* A word of pages in each call, and none for a run across two tables. */
static void runs(struct kunit *t)
{
	struct space space = mapped(0, 512), after;

	clear(&space, &after);
	check_calls(&after, 8);
	test_only(&space, &after);
	check_calls(&after, 8);
	skip_old(&space, &after, false);
	check_calls(&after, 8);

	space = mapped(512 - 5, 10);
	clear(&space, &after);
	check_calls(&after, 2);
	check(after.largest == 5, "a call has %u pages", after.largest);

	space = mapped(20, 30);
	space.vma.vm_end = BASE + 40 * PAGE_SIZE;
	clear(&space, &after);
	check_calls(&after, 1);
	check(after.largest == 20, "a call has %u pages", after.largest);
}

/* Two pages are as well asked about one by one, and one page always was. */
static void short_runs(struct kunit *t)
{
	struct space space = mapped(7, 2), after;

	skip_old(&space, &after, false);
	check_calls(&after, 0);
	space = mapped(7, 3);
	skip_old(&space, &after, false);
	check_calls(&after, 1);
	space = mapped(7, 1);
	clear(&space, &after);
	check_calls(&after, 1);
	skip_old(&space, &after, false);
	check_calls(&after, 0);
}

/* Nobody waits for what the process itself has used. */
static void known(struct kunit *t)
{
	struct space space = mapped(0, 64), after;
	unsigned int i;

	space.slow = true;
	for (i = 0; i < 64; i++)
		space.pte[i].young = i % 4;
	skip_old(&space, &after, false);
	check(after.locked == 16, "the lock is taken for %u pages", after.locked);

	for (i = 0; i < 64; i++)
		space.pte[i].young = true;
	skip_old(&space, &after, false);
	check_calls(&after, 0);
	test_only(&space, &after);
	check_calls(&after, 0);
}

static void no_notifiers(struct kunit *t)
{
	struct space space = mapped(0, 512), after;

	space.mm.has_notifiers = false;
	clear(&space, &after);
	test_only(&space, &after);
	skip_old(&space, &after, false);
}

static struct kunit_case young_run_cases[] = {
	KUNIT_CASE(random_runs),
	KUNIT_CASE(runs),
	KUNIT_CASE(short_runs),
	KUNIT_CASE(known),
	KUNIT_CASE(no_notifiers),
	{ }
};

static struct kunit_suite young_run_suite = {
	.name = "young_run",
	.init = test_init,
	.test_cases = young_run_cases,
};

kunit_test_suite(young_run_suite);
