// SPDX-License-Identifier: GPL-2.0-only
/*
 * virt/kvm/age.c with a guest that has two page tables: one that is walked
 * without mmu_lock, and one that takes it. Are both answers kept, is the lock
 * taken for what needs it only, and dropped in time?
 */
#include <virt/kvm/age.c>

#include "test.h"

#include <string.h>

#define PAGES	256
#define SLOTS	2
#define HOLD	64

/**
 * struct table - the accessed bits of a page table
 * @big: pages that share a bit
 * @young: the bits, by page / @big
 */
struct table {
	unsigned int big;
	bool young[PAGES];
};

/**
 * struct guest - a guest, and how it was asked
 * @kvm: the guest
 * @fast: what is walked without mmu_lock
 * @locked: what takes it, in memslots that have such a table
 * @has_locked: these memslots, by number
 * @held: is mmu_lock held?
 * @looks: pages looked at since it was taken
 * @seen: pages that were looked at with it held, once each
 */
struct guest {
	struct kvm kvm;
	struct table fast;
	struct table locked;
	bool has_locked[SLOTS];
	bool held;
	unsigned int looks;
	bool seen[PAGES];
};

/* The memslots follow each other for the host; the guest sees them far apart. */
static struct kvm_memory_slot slots[SLOTS] = {
	{ .base_gfn = 1000, .npages = 104, .userspace_addr = 0x40000000 },
	{ .base_gfn = 77, .npages = PAGES - 104,
	  .userspace_addr = 0x40000000 + 104 * PAGE_SIZE },
};

static struct guest *to_guest(struct kvm *kvm)
{
	return container_of(kvm, struct guest, kvm);
}

static unsigned int page_of(const struct kvm_gfn_range *range, gfn_t gfn)
{
	return (__gfn_to_hva_memslot(range->slot, gfn) - 0x40000000) / PAGE_SIZE;
}

static bool *bit_of(struct table *table, unsigned int page)
{
	return &table->young[page / table->big];
}

void kvm_mmu_lock(struct kvm *kvm)
{
	struct guest *guest = to_guest(kvm);

	check(!guest->held, "mmu_lock is taken once at a time");
	guest->held = true;
	guest->looks = 0;
}

void kvm_mmu_unlock(struct kvm *kvm)
{
	check(to_guest(kvm)->held, "mmu_lock is dropped by who has it");
	to_guest(kvm)->held = false;
}

/* The lock may be held already, for an earlier memslot. */
bool kvm_arch_age_lockless(struct kvm *kvm, struct kvm_gfn_range *range)
{
	struct guest *guest = to_guest(kvm);
	const struct mmu_notifier_young *what = range->arg.age->what;
	unsigned long first = kvm_age_first_bit(range);
	bool young = false, clear[PAGES] = { false };
	gfn_t gfn;

	for (gfn = range->start; gfn < range->end; gfn++) {
		unsigned int page = page_of(range, gfn);
		unsigned long bit = first + gfn - range->start;

		if (what->clear &&
		    (!what->predicate || test_bit(bit, what->predicate)))
			clear[page] = true;
		if (!*bit_of(&guest->fast, page))
			continue;
		young = true;
		if (what->young)
			__set_bit(bit, what->young);
	}
	for (gfn = 0; gfn < PAGES; gfn++)
		if (clear[gfn])
			*bit_of(&guest->fast, gfn) = false;

	if (guest->has_locked[range->slot - slots])
		range->arg.age->slow = true;
	return young;
}

static bool look(struct kvm *kvm, struct kvm_gfn_range *range, bool clear)
{
	const struct mmu_notifier_young *what = range->arg.age->what;
	struct guest *guest = to_guest(kvm);
	bool young = false;
	gfn_t gfn;

	check(guest->held, "tables that take mmu_lock are looked at with it");
	check(guest->has_locked[range->slot - slots],
	      "mmu_lock is taken for memslots that need it");
	for (gfn = range->start; gfn < range->end; gfn++) {
		bool *bit = bit_of(&guest->locked, page_of(range, gfn));

		young |= *bit;
		if (clear)
			*bit = false;
		guest->seen[page_of(range, gfn)] = true;
	}
	/* 6.12 clears a range as a whole, too */
	guest->looks += clear && !what->young && !what->predicate ?
			1 : range->end - range->start;
	check(guest->looks <= HOLD, "mmu_lock is held for %d pages at most",
	      HOLD);
	return young;
}

bool kvm_age_gfn(struct kvm *kvm, struct kvm_gfn_range *range)
{
	return look(kvm, range, true);
}

bool kvm_test_age_gfn(struct kvm *kvm, struct kvm_gfn_range *range)
{
	const struct mmu_notifier_young *what = range->arg.age->what;

	check(range->end - range->start == 1 || !(what->young || what->predicate),
	      "pages are tested one by one, if the question tells them apart");
	return look(kvm, range, false);
}

/* As __kvm_handle_hva_range() and kvm_age_hva() ask. */
static unsigned int ask(struct guest *guest, unsigned int start,
			unsigned int end, const struct mmu_notifier_young *what,
			bool lockless)
{
	struct kvm_age age = {
		.start = 0x40000000 + start * PAGE_SIZE,
		.what = what,
		.lockless = lockless,
		.slow = !lockless,
	};
	struct kvm_gfn_range range = { .arg.age = &age };
	bool young = false;
	unsigned int i, first = 0;

	for (i = 0; i < SLOTS; first += slots[i++].npages) {
		unsigned int last = first + slots[i].npages;

		if (max(first, start) >= min(last, end))
			continue;
		range.slot = &slots[i];
		range.start = slots[i].base_gfn + max(first, start) - first;
		range.end = slots[i].base_gfn + min(last, end) - first;
		young |= kvm_age_range(&guest->kvm, &range);
	}
	if (age.held)
		kvm_age_unlock(&guest->kvm, &age);
	check(!guest->held, "mmu_lock is not held in the end");

	return (young ? MMU_NOTIFIER_YOUNG : 0) |
	       (age.slow ? MMU_NOTIFIER_SLOW : 0);
}

static unsigned int slot_of(unsigned int page)
{
	return page >= slots[0].npages;
}

struct question {
	unsigned int start, end;
	bool bitmap, predicate, clear, lockless;
};

/* What must come of it, from the bits as they are. */
static unsigned int expect(struct guest *guest, const struct question *q,
			   const unsigned long *predicate, unsigned long *bits,
			   bool *wanted)
{
	struct guest after = *guest;
	bool mere_test = !q->bitmap && !q->predicate && !q->clear;
	unsigned int page, answer = 0, stop[SLOTS] = { PAGES, PAGES };

	for (page = q->start; page < q->end; page++) {
		unsigned int bit = page - q->start;
		bool want = !q->predicate || test_bit(bit, predicate);
		bool locked = guest->has_locked[slot_of(page)];
		bool young = q->lockless && *bit_of(&guest->fast, page);

		wanted[page] = want && locked && page < stop[slot_of(page)];
		if (locked)
			answer |= MMU_NOTIFIER_SLOW;
		young |= locked && want && *bit_of(&guest->locked, page);
		/* a look that finds it may have begun with it */
		if (mere_test && locked && *bit_of(&guest->locked, page))
			stop[slot_of(page)] = min(stop[slot_of(page)], page + HOLD);
		if (young) {
			answer |= MMU_NOTIFIER_YOUNG;
			if (q->bitmap)
				__set_bit(bit, bits);
		}
		if (!q->clear || !want)
			continue;
		if (q->lockless)
			*bit_of(&after.fast, page) = false;
		if (locked)
			*bit_of(&after.locked, page) = false;
	}
	if (!q->lockless)
		answer |= MMU_NOTIFIER_SLOW;
	*guest = after;
	return answer;
}

static void check_question(struct guest *guest, const struct question *q)
{
	unsigned long predicate[PAGES / BITS_PER_LONG];
	unsigned long young[PAGES / BITS_PER_LONG] = { 1 }, bits[PAGES / BITS_PER_LONG];
	bool wanted[PAGES] = { false };
	struct guest expected = *guest;
	u64 slow = guest->kvm.stat.generic.pages_aged_slow, nr = 0;
	struct mmu_notifier_young what = {
		.young = q->bitmap ? young : NULL,
		.predicate = q->predicate ? predicate : NULL,
		.nbits = q->end - q->start, .clear = q->clear,
	};
	unsigned int i, density = 1 + random_below(20), answer, want;

	memcpy(bits, young, sizeof(bits));
	memset(predicate, 0, sizeof(predicate));
	for (i = 0; i < PAGES; i++)
		if (!random_below(density))
			__set_bit(i, predicate);
	want = expect(&expected, q, predicate, bits, wanted);
	memset(guest->seen, 0, sizeof(guest->seen));
	answer = ask(guest, q->start, q->end, &what, q->lockless);

	check(answer == want, "pages %u to %u: got %#x, expected %#x", q->start,
	      q->end, answer, want);
	check(!memcmp(young, bits, sizeof(bits)), "both answers are kept");
	check(!memcmp(guest->fast.young, expected.fast.young,
		      sizeof(expected.fast.young)), "what is walked is cleared");
	check(!memcmp(guest->locked.young, expected.locked.young,
		      sizeof(expected.locked.young)), "what is locked is cleared");
	for (i = 0; i < PAGES; i++) {
		check(!guest->seen[i] || wanted[i],
		      "page %u: mmu_lock is taken for wanted pages only", i);
		nr += guest->seen[i];
	}
	slow = guest->kvm.stat.generic.pages_aged_slow - slow;
	check(slow == nr, "counted %llu pages, looked at %llu",
	      (unsigned long long)slow, (unsigned long long)nr);
}

static const char *const kinds[] = {
	"all is walked", "the first memslot needs the lock, too",
	"the second memslot needs the lock, too", "both need the lock, too",
	"nothing is walked",
};

static const void *next_kind(const void *prev, char *desc)
{
	const char *const *kind = prev ? (const char *const *)prev + 1 : kinds;

	if (kind == kinds + 5)
		return NULL;
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", *kind);
	return kind;
}

static void age_questions(struct kunit *t)
{
	unsigned int kind = (const char *const *)t->param_value - kinds;
	unsigned int round, page;

	for (round = 0; round < 20000; round++) {
		struct guest guest = {
			.fast.big = 1 << random_below(4),
			.locked.big = 1 << random_below(4),
			.has_locked = { kind & 1 || kind == 4,
					kind & 2 || kind == 4 },
		};
		struct question q = {
			.start = random_below(PAGES),
			.bitmap = round & 1, .predicate = round & 2,
			.clear = round & 4, .lockless = kind != 4,
		};
		unsigned int density = 1 + random_below(20);

		q.end = q.start + 1 + random_below(PAGES - q.start);
		for (page = 0; page < PAGES; page++) {
			guest.fast.young[page] = !random_below(density);
			guest.locked.young[page] = !random_below(density);
		}
		check_question(&guest, &q);
	}
}

static struct kunit_case kvm_age_cases[] = {
	KUNIT_CASE_PARAM(age_questions, next_kind),
	{ }
};

static struct kunit_suite kvm_age_suite = {
	.name = "kvm_age",
	.init = test_init,
	.test_cases = kvm_age_cases,
};

kunit_test_suite(kvm_age_suite);
