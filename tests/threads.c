// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walkers, processors and writers on one page table at once, for the thread
 * sanitizer. Tables are freed after a grace period, by free(), so that a walker
 * that reaches one of them too late is seen.
 *
 * What must hold at the end: each accessed bit that was set has been taken by a
 * walker, which reported it, or by a writer, or is still there.
 */
#include <lockless_pgwalk/formats/x86_tdp.h>
#include <lockless_pgwalk/young.h>
#include <linux/kernel.h>
#include <pthread.h>
#include <sanitizer/tsan_interface.h>
#include <sched.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ENTRIES		512
#define SLOTS		4
#define PAGES		(SLOTS * ENTRIES)
#define BATCH		128
#define THREADS		6

#define ACCESSED	X86_TDP_NPT_ACCESSED
#define DIRTY		BIT_ULL(6)
#define HARDWARE	(ACCESSED | DIRTY)
#define ADDRESS		GENMASK_ULL(51, 12)
#define FROZEN		(X86_TDP_NONPRESENT | 0x5a0)
#define LEAF		(X86_TDP_PRESENT | 7)

/* Set it to see the sanitizer find a table that is freed too early. */
#ifndef WITHOUT_GRACE_PERIOD
#define WITHOUT_GRACE_PERIOD	0
#endif

struct thread {
	void (*step)(struct thread *self);
	pthread_t id;
	u64 seed;
	u64 epoch;		/* 0 outside of a read-side section */
	u64 steps;
	u64 born;		/* accessed bits that it set */
	u64 gone;		/* accessed bits that it took */
	struct {
		u64 pos, next;
	} cleared[BATCH];	/* by one walk */
	unsigned int nr_cleared;
};

static alignas(4096) u64 root[ENTRIES];
static const struct pgwalk_tree tree = {
	.root = root, .top = 1, .pages = PAGES,
	.accessed = ACCESSED, .address = ADDRESS, .owned = FROZEN,
};

static struct thread threads[THREADS];
static __thread struct thread *self;
static u64 global_epoch = 1;
static bool stop;

static void require(bool met, const char *what)
{
	if (met)
		return;
	printf("not ok - threads: %s\n", what);
	fflush(stdout);
	abort();
}

/* Enough of RCU for one page table. */

static void read_lock(void)
{
	/* An exchange is a full barrier: what follows is read after it. */
	__atomic_exchange_n(&self->epoch,
			    __atomic_load_n(&global_epoch, __ATOMIC_SEQ_CST),
			    __ATOMIC_SEQ_CST);
}

static void read_unlock(void)
{
	__atomic_store_n(&self->epoch, 0, __ATOMIC_RELEASE);
}

static void synchronize(void)
{
	u64 epoch = __atomic_add_fetch(&global_epoch, 1, __ATOMIC_SEQ_CST);
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		for (;;) {
			u64 e = __atomic_load_n(&threads[i].epoch,
						__ATOMIC_SEQ_CST);

			if (!e || e >= epoch)
				break;
			sched_yield();
		}
	}
}

static u64 random_below(u64 limit)
{
	self->seed = self->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (self->seed >> 33) % limit;
}

/* Entries */

static u64 load(u64 *entryp)
{
	return __atomic_load_n(entryp, __ATOMIC_ACQUIRE);
}

static bool cmpxchg(u64 *entryp, u64 old, u64 new)
{
	return __atomic_compare_exchange_n(entryp, &old, new, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* All of a leaf but for the bits of hardware follows from where it stands. */
static u64 leaf(u64 page, unsigned int level)
{
	return LEAF | (page + 1) << 12 | (level ? X86_TDP_LARGE : 0);
}

static u64 *table_of(u64 entry)
{
	return (u64 *)(uintptr_t)(entry & ADDRESS);
}

/* Walkers */

/*
 * What orders a walker's loads from a table after the stores that made it is
 * that it has the address from the entry. The sanitizer has to be told.
 */
static u64 traced_load(const void *entryp)
{
	u64 entry = pgwalk_load(&x86_tdp_format, entryp);
	const u64 *p = entryp;

	if (p >= root && p < root + SLOTS &&
	    x86_tdp_decode(&tree, entry, 1) == PGWALK_TABLE)
		__tsan_acquire(table_of(entry));
	return entry;
}

static bool traced_exchange(const struct pgwalk_tree *t,
			    const struct pgwalk_entry *entry, u64 new)
{
	if (!pgwalk_exchange(&x86_tdp_format, entry, new))
		return false;
	self->gone++;
	self->cleared[self->nr_cleared].pos = entry->pos;
	self->cleared[self->nr_cleared++].next = entry->next;
	return true;
}

static const struct pgwalk_format traced_format = {
	X86_TDP_FORMAT,
	.load		= traced_load,
	.exchange	= traced_exchange,
};

static void walk(struct thread *t)
{
	unsigned long bitmap[BITS_TO_LONGS(BATCH)] = { };
	u64 start = random_below(PAGES - BATCH);
	const struct pgwalk_young young = {
		.start = start, .nbits = BATCH, .young = bitmap,
		.clear = random_below(4),
	};
	unsigned int i;
	u64 page;

	t->nr_cleared = 0;
	read_lock();
	pgwalk_test_clear_young(&traced_format, &tree, start, start + BATCH,
				&young);
	read_unlock();

	for (i = 0; i < t->nr_cleared; i++) {
		for (page = t->cleared[i].pos; page < t->cleared[i].next; page++)
			require(test_bit(page - start, bitmap),
				"a page was cleared, and not reported");
	}
}

/* Processors. Tables do not vanish under them: a writer waits for the flush. */
static void touch(struct thread *t)
{
	u64 page = random_below(PAGES);
	u64 *entryp = &root[page / ENTRIES];
	unsigned int level = 1;
	u64 entry;

	read_lock();
	entry = load(entryp);
	if (x86_tdp_decode(&tree, entry, level) == PGWALK_TABLE) {
		entryp = table_of(entry) + page % ENTRIES;
		entry = load(entryp);
		level = 0;
	}
	if (x86_tdp_decode(&tree, entry, level) == PGWALK_LEAF &&
	    cmpxchg(entryp, entry, entry | HARDWARE))
		t->born += !(entry & ACCESSED);
	read_unlock();
}

/* Writers, each with slots of its own */

static u64 freeze(u64 *entryp)
{
	u64 old;

	do {
		old = load(entryp);
		require(old != FROZEN, "a slot with two owners");
	} while (!cmpxchg(entryp, old, FROZEN));
	return old;
}

static void thaw(u64 *entryp, u64 new)
{
	require(__atomic_exchange_n(entryp, new, __ATOMIC_ACQ_REL) ==
		FROZEN, "a marker was changed behind its owner's back");
}

/* The accessed bits of a leaf that is no more. */
static void take_leaf(struct thread *t, u64 old, u64 page, unsigned int level)
{
	if (old == X86_TDP_NONPRESENT)
		return;
	require((old & ~HARDWARE) == leaf(page, level),
		"a leaf has changed in more than its accessed and dirty bit");
	t->gone += !!(old & ACCESSED);
}

static u64 random_entry(struct thread *t, u64 page, unsigned int level)
{
	u64 entry = leaf(page, level);

	if (!random_below(4))
		return X86_TDP_NONPRESENT;
	if (random_below(2)) {
		entry |= HARDWARE;
		t->born++;
	}
	return entry;
}

static u64 new_table(struct thread *t, u64 page)
{
	u64 *table = aligned_alloc(4096, 4096);
	unsigned int i;

	require(table, "memory");
	for (i = 0; i < ENTRIES; i++)
		__atomic_store_n(&table[i], random_entry(t, page + i, 0),
				 __ATOMIC_RELAXED);
	__tsan_release(table);
	return (u64)(uintptr_t)table | LEAF;
}

static void free_table(struct thread *t, u64 *table, u64 page)
{
	unsigned int i;

	for (i = 0; i < ENTRIES; i++)
		take_leaf(t, freeze(&table[i]), page + i, 0);
	if (!WITHOUT_GRACE_PERIOD)
		synchronize();
	for (i = 0; i < ENTRIES; i++)
		require(table[i] == FROZEN,
			"an entry of an unlinked table was changed");
	free(table);
}

static void change_slot(struct thread *t, u64 slot)
{
	u64 page = slot * ENTRIES;
	u64 old = freeze(&root[slot]);

	thaw(&root[slot], random_below(2) ? new_table(t, page) :
					    random_entry(t, page, 1));
	if (x86_tdp_decode(&tree, old, 1) == PGWALK_TABLE)
		free_table(t, table_of(old), page);
	else
		take_leaf(t, old, page, 1);
}

static void change_page(struct thread *t, u64 page)
{
	u64 entry = load(&root[page / ENTRIES]);
	u64 *entryp = table_of(entry) + page % ENTRIES;

	if (x86_tdp_decode(&tree, entry, 1) != PGWALK_TABLE)
		return;
	take_leaf(t, freeze(entryp), page, 0);
	thaw(entryp, random_entry(t, page, 0));
}

static void write_entries(struct thread *t)
{
	u64 slot = random_below(SLOTS / 2) * 2 + (t - threads) % 2;

	if (random_below(64))
		change_page(t, slot * ENTRIES + random_below(ENTRIES));
	else
		change_slot(t, slot);
}

/* Accessed bits that nobody took. */
static u64 count_left(u64 *table, unsigned int level)
{
	u64 left = 0;
	unsigned int i;

	for (i = 0; i < ENTRIES; i++) {
		u64 entry = load(&table[i]);
		enum pgwalk_type type = x86_tdp_decode(&tree, entry, level);

		if (type == PGWALK_TABLE)
			left += count_left(table_of(entry), 0);
		else if (type == PGWALK_LEAF)
			left += !!(entry & ACCESSED);
	}
	return left;
}

static void *run(void *arg)
{
	self = arg;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		self->step(self);
		self->steps++;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static void (*const steps[])(struct thread *) = {
		write_entries, write_entries, walk, walk, touch, touch,
	};
	const struct timespec time = { .tv_sec = argc > 1 ? atoi(argv[1]) : 3 };
	u64 born = 0, gone = 0, left;
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		root[i] = X86_TDP_NONPRESENT;
	for (i = 0; i < THREADS; i++) {
		threads[i].step = steps[i];
		threads[i].seed = i + 1;
		require(!pthread_create(&threads[i].id, NULL, run, &threads[i]),
			"threads");
	}
	nanosleep(&time, NULL);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);

	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i].id, NULL);
		require(threads[i].steps > 100, "a thread made no progress");
		born += threads[i].born;
		gone += threads[i].gone;
	}
	left = count_left(root, 1);
	printf("# %llu walks; accessed bits: %llu set, %llu taken, %llu left\n",
	       (unsigned long long)(threads[2].steps + threads[3].steps),
	       (unsigned long long)born, (unsigned long long)gone,
	       (unsigned long long)left);
	require(born == gone + left, "accessed bits were lost or made up");
	printf("ok - threads: nothing lost, nothing changed that must not be\n");
	return 0;
}
