// SPDX-License-Identifier: GPL-2.0-only
/*
 * virt/kvm/age.c for an architecture without a lockless part, whose callbacks may
 * look at the first page of a range only.
 */
/* 0 for IS_ENABLED(); what is declared all the same is not called */
#define CONFIG_HAVE_KVM_AGE_LOCKLESS	0
#include <virt/kvm/age.c>

#include "test.h"

#define PAGES	100

/**
 * struct guest - a guest, and how it was asked
 * @kvm: the guest
 * @tests: how many ranges were tested
 * @clears: how many were cleared
 * @largest: pages of the largest range
 */
struct guest {
	struct kvm kvm;
	unsigned int tests;
	unsigned int clears;
	unsigned int largest;
};

static struct guest *looked(struct kvm *kvm, const struct kvm_gfn_range *range)
{
	struct guest *guest = container_of(kvm, struct guest, kvm);

	guest->largest = max(guest->largest, (unsigned int)(range->end - range->start));
	return guest;
}

void kvm_mmu_lock(struct kvm *kvm)
{
}

void kvm_mmu_unlock(struct kvm *kvm)
{
}

bool kvm_age_gfn(struct kvm *kvm, struct kvm_gfn_range *range)
{
	looked(kvm, range)->clears++;
	return false;
}

bool kvm_test_age_gfn(struct kvm *kvm, struct kvm_gfn_range *range)
{
	looked(kvm, range)->tests++;
	return false;
}

bool kvm_arch_age_lockless(struct kvm *kvm, struct kvm_gfn_range *range)
{
	check(false, "nobody is walked");
	return false;
}

static struct guest asked(const struct mmu_notifier_young *what)
{
	struct kvm_memory_slot slot = { .npages = PAGES };
	struct kvm_age age = { .what = what, .slow = true };
	struct kvm_gfn_range range = { .slot = &slot, .end = PAGES, .arg.age = &age };
	struct guest guest = { };

	kvm_age_range(&guest.kvm, &range);
	if (age.held)
		kvm_age_unlock(&guest.kvm, &age);
	return guest;
}

static void age_whole(struct kunit *t)
{
	const struct mmu_notifier_young look_only = { }, clear = { .clear = true };
	struct guest guest = asked(&look_only);

	check(guest.tests == 1 && !guest.clears && guest.largest == 1,
	      "the first page is tested for a range as a whole");
	guest = asked(&clear);
	check(guest.clears == 1 && !guest.tests && guest.largest == PAGES,
	      "a range is cleared as a whole");
}

static void age_page_by_page(struct kunit *t)
{
	unsigned long young[2] = { }, predicate[2] = { ~0UL, ~0UL };
	struct mmu_notifier_young what = {
		.young = young, .predicate = predicate, .nbits = PAGES,
	};
	struct guest guest = asked(&what);

	check(guest.tests == PAGES && guest.largest == 1,
	      "pages are tested one by one if bitmaps tell them apart");
	what.young = NULL;
	what.clear = true;
	guest = asked(&what);
	check(guest.clears == PAGES && guest.largest == 1,
	      "and so they are cleared");
}

static struct kunit_case kvm_age_first_cases[] = {
	KUNIT_CASE(age_whole),
	KUNIT_CASE(age_page_by_page),
	{ }
};

static struct kunit_suite kvm_age_first_suite = {
	.name = "kvm_age_first",
	.init = test_init,
	.test_cases = kvm_age_first_cases,
};

kunit_test_suite(kvm_age_first_suite);
