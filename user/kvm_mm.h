/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef USER_KVM_MM_H
#define USER_KVM_MM_H

struct kvm;

void kvm_mmu_lock(struct kvm *kvm);
void kvm_mmu_unlock(struct kvm *kvm);

#define KVM_MMU_LOCK(kvm)	kvm_mmu_lock(kvm)
#define KVM_MMU_UNLOCK(kvm)	kvm_mmu_unlock(kvm)

#endif
