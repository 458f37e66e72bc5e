/* SPDX-License-Identifier: GPL-2.0-only */
/* What arch/x86/kvm/mmu/tdp_age.c needs of KVM's own headers. */
#ifndef USER_X86_MMU_H
#define USER_X86_MMU_H

#include <linux/kvm_host.h>

#define SPTE_MMU_PRESENT_MASK	BIT_ULL(11)
#define SPTE_TDP_AD_MASK	(3ULL << 52)
#define SPTE_TDP_AD_DISABLED	(1ULL << 52)
#define SPTE_LEVEL_BITS		9
#define SPTE_BASE_ADDR_MASK	GENMASK_ULL(51, 12)
#define SHADOW_NONPRESENT_VALUE	BIT_ULL(63)
#define FROZEN_SPTE		(SHADOW_NONPRESENT_VALUE | 0x5a0ULL)
#define PT_PAGE_SIZE_MASK	BIT_ULL(7)
#define PT_ACCESSED_MASK	BIT_ULL(5)
#define VMX_EPT_ACCESS_BIT	BIT_ULL(8)
#define PG_LEVEL_4K		1

union kvm_mmu_page_role {
	u32 word;
	struct {
		unsigned level:4;
		unsigned invalid:1;
		unsigned smm:1;
	};
};

static inline int kvm_mmu_role_as_id(union kvm_mmu_page_role role)
{
	return role.smm;
}

struct kvm_mmu_page {
	struct list_head link;
	union kvm_mmu_page_role role;
	u64 *spt;
};

extern bool tdp_mmu_enabled;
extern u64 shadow_accessed_mask;

void trace_kvm_tdp_mmu_spte_changed(int as_id, gfn_t gfn, int level,
				    u64 old_spte, u64 new_spte);

/* <linux/rculist.h> */
#define list_prepare_entry(pos, head, member)				\
	((pos) ? : container_of(head, typeof(*pos), member))
#define list_for_each_entry_continue_rcu(pos, head, member)		\
	for (pos = container_of((pos)->member.next, typeof(*pos), member); \
	     &(pos)->member != (head);					\
	     pos = container_of((pos)->member.next, typeof(*pos), member))

#endif
