// SPDX-License-Identifier: GPL-2.0-only
/*
 * Aging of stage-2 tables without mmu_lock.
 *
 * Part of the page-table library, but not of the nVHE hypervisor: there is no
 * RCU in it.
 */
#include <linux/rcupdate.h>

#include <asm/kvm_pgtable.h>
#include <asm/stage2_pgtable.h>

#include <lockless_pgwalk/formats/arm64_s2.h>
#include <lockless_pgwalk/young.h>

#if defined(CONFIG_ARM64_4K_PAGES)
#define stage2_format		arm64_s2_4k_format
#define STAGE2_PAGES(ia_bits)	ARM64_S2_4K_PAGES(ia_bits)
#define STAGE2_ADDRESS		ARM64_S2_4K_ADDRESS
#define STAGE2_ADDRESS_52	ARM64_S2_4K_ADDRESS_LPA2
#elif defined(CONFIG_ARM64_16K_PAGES)
#define stage2_format		arm64_s2_16k_format
#define STAGE2_PAGES(ia_bits)	ARM64_S2_16K_PAGES(ia_bits)
#define STAGE2_ADDRESS		ARM64_S2_16K_ADDRESS
#define STAGE2_ADDRESS_52	ARM64_S2_16K_ADDRESS_LPA2
#else
#define stage2_format		arm64_s2_64k_format
#define STAGE2_PAGES(ia_bits)	ARM64_S2_64K_PAGES(ia_bits)
/* KVM always looks at the bits of LPA: they are 0 where hardware has it not. */
#define STAGE2_ADDRESS		ARM64_S2_64K_ADDRESS_LPA
#define STAGE2_ADDRESS_52	ARM64_S2_64K_ADDRESS_LPA
#endif

/* The format is that of KVM's stage-2 entries. */
static_assert(ARM64_S2_VALID == KVM_PTE_VALID);
static_assert(ARM64_S2_ACCESSED == KVM_PTE_LEAF_ATTR_LO_S2_AF);
static_assert(ARM64_S2_LOCKED == KVM_INVALID_PTE_LOCKED);
static_assert(!(ARM64_S2_LOCKED & KVM_INVALID_PTE_OWNER_MASK));
#ifdef CONFIG_ARM64_64K_PAGES
static_assert(STAGE2_ADDRESS == (KVM_PTE_ADDR_MASK | KVM_PTE_ADDR_51_48));
#else
static_assert(STAGE2_ADDRESS == KVM_PTE_ADDR_MASK);
static_assert(STAGE2_ADDRESS_52 ==
	      (KVM_PTE_ADDR_MASK_LPA2 | KVM_PTE_ADDR_51_50_LPA2));
#endif

unsigned int
kvm_pgtable_stage2_test_clear_young_lockless(struct kvm_pgtable *pgt, u64 start,
					     u64 end,
					     const struct pgwalk_young *young)
{
	const struct pgwalk_tree tree = {
		/* As the tables below: freed a grace period after @pgt was hidden. */
		.root = pgt->pgd,
		.top = ARM64_S2_TOP(pgt->start_level),
		.pages = STAGE2_PAGES(pgt->ia_bits),
		.address = kvm_lpa2_is_enabled() ? STAGE2_ADDRESS_52 :
						   STAGE2_ADDRESS,
	};

	lockdep_assert_in_rcu_read_lock();
	return pgwalk_test_clear_young(&stage2_format, &tree, start, end,
				       young);
}
