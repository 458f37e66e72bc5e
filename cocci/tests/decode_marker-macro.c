// SPDX-License-Identifier: GPL-2.0-only
/* Samples for decode_marker.cocci: no decoder here. Never compiled. */

#define FROZEN_SPTE		(SHADOW_NONPRESENT_VALUE | 0x5a0ULL) /* BUG */
#define REMOVED_SPTE		0x100ULL /* BUG */
#define KVM_INVALID_PTE_LOCKED	BIT(10) /* BUG */

/* Near misses. */

#define FREE_FROZEN_SPTE	(SHADOW_NONPRESENT_VALUE | 0x98ULL)
#define OTHER_PTE_LOCKED	BIT(2)
#define PAGE_LOCKED		BIT(10)
#define SPTE_MASK		0x5a0ULL
