/* SPDX-License-Identifier: GPL-2.0-only */
#include "mmu.h"

static inline bool kvm_tdp_mmu_age_lockless(struct kvm *kvm)
{
	return tdp_mmu_enabled && shadow_accessed_mask;
}
