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
#elif defined(CONFIG_ARM64_16K_PAGES)
#define stage2_format		arm64_s2_16k_format
#else
#define stage2_format		arm64_s2_64k_format
#endif

/* With 64 KB, KVM always looks at the bits of LPA: they are 0 without it. */
static bool stage2_is_wide(void)
{
	return IS_ENABLED(CONFIG_ARM64_64K_PAGES) || kvm_lpa2_is_enabled();
}

/* The format is that of KVM's stage-2 entries. */
static_assert(ARM64_S2_VALID == KVM_PTE_VALID);
static_assert(ARM64_S2_ACCESSED == KVM_PTE_LEAF_ATTR_LO_S2_AF);

/* So are the addresses of tables. */
static void stage2_check(void)
{
	const u64 address = arm64_s2_tree(NULL, PAGE_SHIFT, 0, 48, false,
					  0).address;
	const u64 wide = arm64_s2_tree(NULL, PAGE_SHIFT, 0, 48, true,
				       0).address;

	BUILD_BUG_ON_NOT_POWER_OF_2(KVM_INVALID_PTE_LOCKED);
	BUILD_BUG_ON(address != KVM_PTE_ADDR_MASK);
	if (IS_ENABLED(CONFIG_ARM64_64K_PAGES))
		BUILD_BUG_ON(wide != (KVM_PTE_ADDR_MASK | KVM_PTE_ADDR_51_48));
	else
		BUILD_BUG_ON(wide != (KVM_PTE_ADDR_MASK_LPA2 |
				      KVM_PTE_ADDR_51_50_LPA2));
}

unsigned int
kvm_pgtable_stage2_test_clear_young_lockless(struct kvm_pgtable *pgt, u64 start,
					     u64 end,
					     const struct pgwalk_young *young)
{
	/* As the tables below: freed a grace period after @pgt was hidden. */
	const struct pgwalk_tree tree =
		arm64_s2_tree(pgt->pgd, PAGE_SHIFT, pgt->start_level,
			      pgt->ia_bits, stage2_is_wide(),
			      KVM_INVALID_PTE_LOCKED);

	stage2_check();
	lockdep_assert_in_rcu_read_lock();
	return pgwalk_test_clear_young(&stage2_format, &tree, start, end,
				       young);
}
