// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests the rules of mmu_notifier_test_clear_young(), with subscribers that know
 * what is young in them.
 */
#include <kunit/test.h>
#include <linux/debug_locks.h>
#include <linux/mm.h>
#include <linux/mmu_notifier_young.h>
#include <linux/panic.h>
#include <linux/prandom.h>
#include <linux/sched/mm.h>
#include <linux/spinlock.h>

#define BASE		0x40000000UL
/* All pages that can be young: a bitmap of them is one word. */
#define PAGES		64
#define SUBSCRIBERS	3

/* What a subscriber can do. */
enum kind {
	NONE,		/* it keeps no accessed bits */
	OLD,		/* test_young and clear_young */
	SLOW,		/* test_clear_young, waiting for others */
	FAST,		/* test_clear_young without waiting */
};

/**
 * struct fake - a subscriber
 * @mn: its registration
 * @kind: what it can do
 * @big: pages that share an accessed bit
 * @young: the accessed bits, by page / @big
 * @calls: calls of any operation
 * @start: first address of the last one
 * @end: first address beyond
 */
struct fake {
	struct mmu_notifier mn;
	enum kind kind;
	unsigned int big;
	bool young[PAGES];
	unsigned int calls;
	unsigned long start;
	unsigned long end;
};

/* Who is registered, in that order. */
struct subscribers {
	const char *name;
	struct {
		enum kind kind;
		unsigned int big;
	} fake[SUBSCRIBERS];
};

struct notifier_test {
	struct mm_struct *mm;
	struct fake fake[SUBSCRIBERS];
	struct fake expected[SUBSCRIBERS];	/* after a call */
	unsigned int nr;
	struct rnd_state rnd;
	unsigned long young[3];		/* between two guard words */
	unsigned long predicate[3];	/* likewise */
	unsigned long taint;		/* before the test */
	int locks_are_checked;		/* likewise */
};

/* A call: pages from BASE on, and what is asked of them. */
struct question {
	unsigned int start;
	unsigned int end;
	bool young;
	bool predicate;
	bool clear;
};

/* The callers hold page-table locks: so do these tests. */
static DEFINE_SPINLOCK(table_lock);

/* Subscribers ------------------------------------------------------------- */

static bool *fake_bit(struct fake *fake, unsigned long address)
{
	static bool never;
	unsigned long page = (address - BASE) / PAGE_SIZE;

	return page < PAGES ? &fake->young[page / fake->big] : &never;
}

static struct fake *fake_called(struct mmu_notifier *mn, unsigned long start,
				unsigned long end)
{
	struct fake *fake = container_of(mn, struct fake, mn);

	fake->calls++;
	fake->start = start;
	fake->end = end;
	return fake;
}

/* What the older callbacks return: an int, or a bool by now. */
#define fake_young	typeof(mmu_notifier_test_young(NULL, 0))

static fake_young fake_test_young(struct mmu_notifier *mn, struct mm_struct *mm,
				  unsigned long address)
{
	struct fake *fake = fake_called(mn, address, address + PAGE_SIZE);

	return *fake_bit(fake, address);
}

static fake_young fake_clear_young(struct mmu_notifier *mn, struct mm_struct *mm,
				   unsigned long start, unsigned long end)
{
	struct fake *fake = fake_called(mn, start, end);
	fake_young young = 0;
	unsigned long address;

	for (address = start; address < end; address += PAGE_SIZE) {
		young |= *fake_bit(fake, address);
		*fake_bit(fake, address) = false;
	}
	return young;
}

static unsigned int fake_test_clear_young(struct mmu_notifier *mn,
					  struct mm_struct *mm,
					  unsigned long start,
					  unsigned long end,
					  const struct mmu_notifier_young *what)
{
	struct fake *fake = fake_called(mn, start, end);
	unsigned int answer = fake->kind == SLOW ? MMU_NOTIFIER_SLOW : 0;
	unsigned long i, nr = (end - start) / PAGE_SIZE;

	for (i = 0; i < nr; i++) {
		if (!*fake_bit(fake, start + i * PAGE_SIZE))
			continue;
		if (fake->kind == SLOW && what->predicate &&
		    !test_bit(i, what->predicate))
			continue;
		answer |= MMU_NOTIFIER_YOUNG;
		if (what->young)
			__set_bit(i, what->young);
	}
	for (i = 0; i < nr && what->clear; i++) {
		if (what->predicate && !test_bit(i, what->predicate))
			continue;
		*fake_bit(fake, start + i * PAGE_SIZE) = false;
	}
	return answer;
}

static const struct mmu_notifier_ops fake_ops[] = {
	[NONE] = { },
	[OLD] = {
		.test_young = fake_test_young,
		.clear_young = fake_clear_young,
	},
	[SLOW ... FAST] = {
		.test_young = fake_test_young,
		.clear_young = fake_clear_young,
		.test_clear_young = fake_test_clear_young,
	},
};

static void subscribe(struct kunit *test, enum kind kind, unsigned int big)
{
	struct notifier_test *t = test->priv;
	struct fake *fake = &t->fake[t->nr];

	fake->kind = kind;
	fake->big = big;
	fake->mn.ops = &fake_ops[kind];
	KUNIT_ASSERT_EQ(test, mmu_notifier_register(&fake->mn, t->mm), 0);
	t->nr++;
}

/* The oracle -------------------------------------------------------------- */

static unsigned int expect_fake(struct notifier_test *t, struct fake *fake,
				const struct question *q, unsigned long *bits)
{
	bool slow = fake->kind == OLD || fake->kind == SLOW;
	unsigned int answer = slow ? MMU_NOTIFIER_SLOW : 0;
	bool after[PAGES];
	unsigned int i;

	if (fake->kind == NONE)
		return 0;

	memcpy(after, fake->young, sizeof(after));
	for (i = q->start; i < q->end; i++) {
		unsigned int bit = i - q->start;
		bool wanted = !q->predicate || t->predicate[1] & BIT(bit);

		/* Nobody waits for what is not wanted. */
		if (fake->young[i / fake->big] && (wanted || !slow)) {
			answer |= MMU_NOTIFIER_YOUNG;
			if (q->young)
				*bits |= BIT(bit);
		}
		if (q->clear && wanted)
			after[i / fake->big] = false;
	}
	memcpy(fake->young, after, sizeof(after));
	return answer;
}

static unsigned int ask(struct notifier_test *t, unsigned long start,
			unsigned long end, const struct mmu_notifier_young *what)
{
	unsigned int answer;

	spin_lock(&table_lock);
	answer = mmu_notifier_test_clear_young(t->mm, start, end, what);
	spin_unlock(&table_lock);
	return answer;
}

/* Asks, and compares answer, bitmap and subscribers with what must be. */
static void check_question(struct kunit *test, const struct question *q)
{
	struct notifier_test *t = test->priv;
	const struct mmu_notifier_young what = {
		.young = q->young ? &t->young[1] : NULL,
		.predicate = q->predicate ? &t->predicate[1] : NULL,
		.nbits = q->end - q->start,
		.clear = q->clear,
	};
	struct fake *expected = t->expected;
	unsigned int answer, expected_answer = 0;
	unsigned long bits = t->young[1];
	unsigned int i;

	memcpy(expected, t->fake, sizeof(t->fake));
	for (i = 0; i < t->nr; i++)
		expected_answer |= expect_fake(t, &expected[i], q, &bits);

	answer = ask(t, BASE + q->start * PAGE_SIZE, BASE + q->end * PAGE_SIZE,
		     &what);
	KUNIT_EXPECT_EQ(test, answer, expected_answer);
	KUNIT_EXPECT_EQ(test, t->young[0], 0);
	KUNIT_EXPECT_EQ(test, t->young[1], bits);
	KUNIT_EXPECT_EQ(test, t->young[2], 0);
	for (i = 0; i < t->nr; i++)
		KUNIT_EXPECT_MEMEQ(test, t->fake[i].young, expected[i].young,
				   sizeof(expected[i].young));
}

/* The cases --------------------------------------------------------------- */

/*
 * Each row of this table with each kind of question. Some of what that finds:
 * e: bits that flip when two subscribers find a page young.
 * g: a walk that ends at the first subscriber with a young page.
 * h, i: an answer that replaces or hides that of another subscriber.
 */
static const struct subscribers subscribers[] = {
	{ "nobody", { } },
	{ "no accessed bits", { { NONE, 1 } } },
	{ "fast", { { FAST, 1 } } },
	{ "fast, big pages", { { FAST, 8 } } },
	{ "slow", { { SLOW, 1 } } },
	{ "old callbacks", { { OLD, 1 } } },
	{ "old callbacks, big pages", { { OLD, 8 } } },
	{ "two fast", { { FAST, 1 }, { FAST, 8 } } },
	{ "fast, slow", { { FAST, 1 }, { SLOW, 1 } } },
	{ "slow, fast", { { SLOW, 1 }, { FAST, 1 } } },
	{ "fast, old callbacks", { { FAST, 1 }, { OLD, 8 } } },
	{ "old callbacks, fast", { { OLD, 8 }, { FAST, 1 } } },
	{ "no bits, fast, old", { { NONE, 1 }, { FAST, 4 }, { OLD, 2 } } },
};

KUNIT_ARRAY_PARAM_DESC(subscribers, subscribers, name);

static void randomize(struct notifier_test *t)
{
	unsigned int density = 1 + prandom_u32_state(&t->rnd) % 16;
	unsigned int i, page;

	for (i = 0; i < t->nr; i++) {
		for (page = 0; page < PAGES; page++)
			t->fake[i].young[page] =
				!(prandom_u32_state(&t->rnd) % density);
	}
	/* What is there before must be there afterwards. */
	t->young[1] = BIT(prandom_u32_state(&t->rnd) % PAGES);
	prandom_bytes_state(&t->rnd, &t->predicate[1], sizeof(long));
	if (!(prandom_u32_state(&t->rnd) % 4))
		t->predicate[1] = BIT(prandom_u32_state(&t->rnd) % PAGES);
}

static void young_questions(struct kunit *test)
{
	const struct subscribers *s = test->param_value;
	struct notifier_test *t = test->priv;
	unsigned int i;

	for (i = 0; i < SUBSCRIBERS && s->fake[i].big; i++)
		subscribe(test, s->fake[i].kind, s->fake[i].big);

	for (i = 0; i < 1024; i++) {
		struct question q = {
			.start = prandom_u32_state(&t->rnd) % PAGES,
			.young = i & 1,
			.predicate = i & 2,
			.clear = i & 4,
		};

		q.end = q.start + 1 +
			prandom_u32_state(&t->rnd) % (PAGES - q.start);
		randomize(t);
		check_question(test, &q);
	}
}

/* By older callbacks, only wanted pages are asked about, and old ones once. */
static void young_wanted(struct kunit *test)
{
	struct notifier_test *t = test->priv;
	unsigned int i;

	subscribe(test, OLD, 1);
	for (i = 0; i < PAGES; i++)
		t->fake[0].young[i] = i % 4 == 1;
	t->predicate[1] = 0x3333333333333333ULL & BITMAP_LAST_WORD_MASK(PAGES);
	check_question(test, &(struct question) {
		.end = PAGES, .young = true, .predicate = true, .clear = true });
	/* Each of them once, and those that are young once more. */
	KUNIT_EXPECT_EQ(test, t->fake[0].calls, PAGES / 2 + PAGES / 4);
}

/* One call per range if the operation is there, or if nobody asks for pages. */
static void young_one_call(struct kunit *test)
{
	struct notifier_test *t = test->priv;
	unsigned int i;

	subscribe(test, FAST, 1);
	subscribe(test, SLOW, 1);
	subscribe(test, OLD, 1);
	randomize(t);
	check_question(test, &(struct question) {
		.start = 3, .end = 50, .clear = true });
	for (i = 0; i < t->nr; i++) {
		KUNIT_EXPECT_EQ(test, t->fake[i].calls, 1);
		KUNIT_EXPECT_EQ(test, t->fake[i].start, BASE + 3 * PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, t->fake[i].end, BASE + 50 * PAGE_SIZE);
	}

	check_question(test, &(struct question) {
		.end = PAGES, .young = true, .predicate = true, .clear = true });
	KUNIT_EXPECT_EQ(test, t->fake[0].calls, 2);
	KUNIT_EXPECT_EQ(test, t->fake[1].calls, 2);
}

/* The page that contains the start is the first, and bit 0. */
static void young_unaligned(struct kunit *test)
{
	struct notifier_test *t = test->priv;
	const struct mmu_notifier_young what = {
		.young = &t->young[1], .nbits = 3, .clear = true,
	};

	subscribe(test, FAST, 1);
	subscribe(test, OLD, 1);
	t->fake[0].young[4] = true;
	t->fake[1].young[6] = true;
	t->fake[0].young[7] = true;
	t->fake[1].young[3] = true;
	KUNIT_EXPECT_EQ(test, MMU_NOTIFIER_YOUNG | MMU_NOTIFIER_SLOW,
			ask(t, BASE + 5 * PAGE_SIZE - 1,
			    BASE + 6 * PAGE_SIZE + 1, &what));
	KUNIT_EXPECT_EQ(test, t->young[1], BIT(0) | BIT(2));
	KUNIT_EXPECT_EQ(test, t->fake[0].start, BASE + 4 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, t->fake[0].end, BASE + 7 * PAGE_SIZE);
	KUNIT_EXPECT_FALSE(test, t->fake[0].young[4]);
	KUNIT_EXPECT_FALSE(test, t->fake[1].young[6]);
	KUNIT_EXPECT_TRUE(test, t->fake[0].young[7]);
	KUNIT_EXPECT_TRUE(test, t->fake[1].young[3]);
}

/* n: ranges with no page in them, and ends that wrap around when rounded. */
static void young_nothing(struct kunit *test)
{
	static const struct {
		unsigned long start, end;
	} ranges[] = {
		{ 0, 0 }, { BASE, BASE }, { BASE + 1, BASE + 1 },
		{ BASE + PAGE_SIZE, BASE }, { BASE + 1, BASE },
		{ ULONG_MAX, 0 }, { ULONG_MAX, ULONG_MAX },
		{ ULONG_MAX - 1, ULONG_MAX },
	};
	struct notifier_test *t = test->priv;
	const struct mmu_notifier_young what = {
		.young = &t->young[1], .clear = true,
	};
	unsigned int i;

	subscribe(test, FAST, 1);
	subscribe(test, OLD, 1);
	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		KUNIT_EXPECT_EQ(test, 0, ask(t, ranges[i].start, ranges[i].end,
					     &what));
	KUNIT_EXPECT_EQ(test, t->fake[0].calls + t->fake[1].calls, 0);
	KUNIT_EXPECT_EQ(test, t->young[1], 0);
}

static void young_top(struct kunit *test)
{
	static const unsigned long ends[] = {
		-PAGE_SIZE, -PAGE_SIZE + 1, ULONG_MAX,
	};
	struct notifier_test *t = test->priv;
	const struct mmu_notifier_young what = {
		.young = &t->young[1], .nbits = 2,
	};
	unsigned int i;

	subscribe(test, FAST, 1);
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		KUNIT_EXPECT_EQ(test, 0,
				ask(t, -3 * PAGE_SIZE, ends[i], &what));
		KUNIT_EXPECT_EQ(test, t->fake[0].calls, i + 1);
		KUNIT_EXPECT_EQ(test, t->fake[0].start, -3 * PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, t->fake[0].end, -PAGE_SIZE);
	}
}

/* Bitmaps that are too short are written by nobody. */
static void young_short_bitmap(struct kunit *test)
{
	struct notifier_test *t = test->priv;
	const struct mmu_notifier_young what = {
		.young = &t->young[1], .nbits = PAGES - 1, .clear = true,
	};

	if (IS_ENABLED(CONFIG_DEBUG_VM))
		kunit_skip(test, "CONFIG_DEBUG_VM warns about it");
	subscribe(test, FAST, 1);
	subscribe(test, OLD, 1);
	t->fake[0].young[0] = true;
	t->fake[1].young[PAGES - 1] = true;
	KUNIT_EXPECT_EQ(test, 0, ask(t, BASE, BASE + PAGES * PAGE_SIZE,
				     &what));
	KUNIT_EXPECT_EQ(test, t->fake[0].calls + t->fake[1].calls, 0);
	KUNIT_EXPECT_EQ(test, t->young[1], 0);
}

static int notifier_init(struct kunit *test)
{
	struct notifier_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	t->mm = mm_alloc();
	if (!t->mm)
		return -ENOMEM;
	prandom_seed_state(&t->rnd, 1);
	t->taint = get_taint();
	t->locks_are_checked = debug_locks;
	test->priv = t;
	return 0;
}

static void notifier_exit(struct kunit *test)
{
	struct notifier_test *t = test->priv;

	if (!t)
		return;
	while (t->nr)
		mmu_notifier_unregister(&t->fake[--t->nr].mn, t->mm);
	mmput(t->mm);
	/*
	 * A warning or a lockdep report does not fail a test by itself. The
	 * first warning is seen here, unless somebody else has had it.
	 */
	KUNIT_EXPECT_EQ(test, get_taint(), t->taint);
	KUNIT_EXPECT_EQ(test, debug_locks, t->locks_are_checked);
}

static struct kunit_case notifier_cases[] = {
	KUNIT_CASE_PARAM(young_questions, subscribers_gen_params),
	KUNIT_CASE(young_wanted),
	KUNIT_CASE(young_one_call),
	KUNIT_CASE(young_unaligned),
	KUNIT_CASE(young_nothing),
	KUNIT_CASE(young_top),
	KUNIT_CASE(young_short_bitmap),
	{ }
};

static struct kunit_suite notifier_suite = {
	.name = "mmu_notifier_young",
	.init = notifier_init,
	.exit = notifier_exit,
	.test_cases = notifier_cases,
};

kunit_test_suite(notifier_suite);
