/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef USER_LINUX_KVM_HOST_H
#define USER_LINUX_KVM_HOST_H

#include "../kernel.h"

#define CONFIG_KVM_AGE			1
#define CONFIG_KVM_AGE_LOCKED		1
#ifndef CONFIG_HAVE_KVM_AGE_LOCKLESS
#define CONFIG_HAVE_KVM_AGE_LOCKLESS	1
#endif

struct kvm_age;

struct kvm_memory_slot {
	gfn_t base_gfn;
	unsigned long npages;
	unsigned long userspace_addr;
	int as_id;
};

struct kvm_gfn_range {
	struct kvm_memory_slot *slot;
	gfn_t start;
	gfn_t end;
	union {
		struct kvm_age *age;
	} arg;
};

struct list_head {
	struct list_head *next;
};

/* What a test needs to know of a guest is behind it, see container_of(). */
struct kvm {
	struct {
		struct {
			u64 pages_aged_slow;
		} generic;
	} stat;
	struct {
		struct list_head tdp_mmu_roots;
		unsigned int indirect_shadow_pages;
	} arch;
};

static inline unsigned long
__gfn_to_hva_memslot(const struct kvm_memory_slot *slot, gfn_t gfn)
{
	return slot->userspace_addr + (gfn - slot->base_gfn) * PAGE_SIZE;
}

bool kvm_age_gfn(struct kvm *kvm, struct kvm_gfn_range *range);
bool kvm_test_age_gfn(struct kvm *kvm, struct kvm_gfn_range *range);

#endif
