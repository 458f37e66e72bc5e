/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two files of the x86 back end share. */
#ifndef X86_H
#define X86_H

#include "vm.h"

/* VM_CONTROL_GPA for the assembler. */
#define FIRST_CONTROL	0x100000

_Static_assert(VM_CONTROL_GPA == FIRST_CONTROL, "control slot");

#define CR0_PE		1

/* Flat segments with 32-bit code. */
struct kvm_segment x86_code_segment(void);
struct kvm_segment x86_data_segment(void);

void x86_get_sregs(struct vm_vcpu *vcpu, struct kvm_sregs *sregs);
void x86_set_sregs(struct vm_vcpu *vcpu, const struct kvm_sregs *sregs);

/* Where the guest has a program of vm.h. */
uint64_t x86_program_gpa(const char *program);

/* The vCPU can run a nested guest. */
void x86_nested_setup(struct vm_vcpu *vcpu);

#endif
