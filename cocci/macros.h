/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What spatch is told about macros of the kernel that its own standard.h does
 * not have. A function that uses one of them would be skipped, without a word.
 */
#define for_each_possible_cpu(cpu)	YACFE_ITERATOR
#define for_each_present_cpu(cpu)	YACFE_ITERATOR
#define for_each_online_cpu(cpu)	YACFE_ITERATOR
#define kvm_for_each_vcpu(i, vcpu, kvm)	YACFE_ITERATOR
#define scoped_guard(class, lock)	YACFE_ITERATOR
#define __weak
/* text of assembler instructions */
#define ALTERNATIVE(a, b, feature)	""
#define PPC_MSGSND(b)			""
#define PPC_SLBIA(ih)			""
#define PPC_TLBIEL(rb, rs, ric, prs, r)	""
