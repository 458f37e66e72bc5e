// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nested guests on x86: the guest becomes a 64-bit hypervisor for as long as it
 * takes to run another guest, on the same vCPU, with the same programs and with
 * the same memory at the same addresses. That one starts as its guest does, in
 * flat protected mode without paging, and is left when it halts. Then the
 * hypervisor halts, too.
 *
 * The tables that the hypervisor has for it map 2 MB at a time. KVM's shadow of
 * them has an entry for each page, since there are small pages behind it.
 */
#include "guest.h"
#include "tap.h"
#include "x86.h"

#include <asm/svm.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/*
 * In the area behind the vCPU's: the hypervisor's code, its page tables, those for
 * the nested guest, what the CPU wants to know of the latter, and what it keeps for
 * itself. Tables are in one page per level.
 */
#define NESTED_CODE	0x100000
#define NESTED_OWN	0x110000
#define NESTED_TABLES	0x120000
#define NESTED_VMCB	0x130000
#define NESTED_SAVE	0x131000
#define NESTED_END	0x132000
#define NESTED_GPA(offset)	"(" STRING(FIRST_CONTROL) " + " STRING(offset) ")"

#define TABLE_SIZE	4096
#define TABLE_ENTRIES	512

_Static_assert(NESTED_CODE == VM_CONTROL_SIZE && NESTED_END <= 2 * VM_CONTROL_SIZE, "one area");

/*
 * The tables are cleared from their root's end on. KVM sees the writes, and drops
 * all that it had made of them.
 */
asm("	.pushsection .rodata, \"a\"\n"
	"nested_code:\n"
	"	.code64\n"
	"nested_svm:\n"
	"	vmrun	%rax\n"
	"	hlt\n"
	"	.code32\n"
	"nested_clear:\n"
	"	movl	$(" STRING(TABLE_SIZE) " / 4), %ecx\n"
	"1:	movl	$0, " NESTED_GPA(NESTED_TABLES) " - 4(, %ecx, 4)\n"
	"	decl	%ecx\n"
	"	jnz	1b\n"
	"	hlt\n"
	"nested_code_end:\n"
	"	.code64\n"
	"	.popsection\n");

extern const char nested_code[], nested_code_end[];
extern const char nested_svm[], nested_clear[];

#define CR0_PG		(1UL << 31)
#define CR4_PAE		(1 << 5)
#define EFER_LME	(1 << 8)
#define EFER_LMA	(1 << 10)
#define EFER_SVME	(1 << 12)
#define RFLAGS_FIXED	2
#define DR6_FIXED	0xffff0ff0
#define DR7_FIXED	0x400

#define MSR_VM_HSAVE_PA	0xc0010117

/* Of CPUID 0x80000001. */
#define CPUID_ECX_SVM	(1 << 2)

/* Entries of page tables, which have been used and written: nobody has to write to them. */
#define PTE_TABLE	0x67	/* present, writable, for users, accessed, dirty */
#define PTE_LEAF	0xe7	/* and 2 MB */

/* Of a VMCB: intercepts, by word and bit, and nested paging. */
#define MISC1		3
#define MISC1_HLT	(1 << 24)
#define MISC2		4
#define MISC2_VMRUN	(1 << 0)
#define NESTED_PAGING	1

struct vmcb_segment {
	uint16_t selector;
	uint16_t attributes;
	uint32_t limit;
	uint64_t base;
};

/* What is used of it. */
struct vmcb {
	uint32_t intercepts[5];
	uint8_t unused1[0x58 - 0x14];
	uint32_t asid;
	uint8_t unused2[0x70 - 0x5c];
	uint64_t exit_code;
	uint64_t exit_info[2];
	uint8_t unused3[0x90 - 0x88];
	uint64_t nested_control;
	uint8_t unused4[0xb0 - 0x98];
	uint64_t nested_cr3;
	uint8_t unused5[0x400 - 0xb8];
	struct vmcb_segment es, cs, ss, ds;
	uint8_t unused6[0x4d0 - 0x440];
	uint64_t efer;
	uint8_t unused7[0x548 - 0x4d8];
	uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip;
	uint8_t unused8[0x668 - 0x580];
	uint64_t pat;
};

_Static_assert(offsetof(struct vmcb, exit_code) == 0x70, "VMCB");
_Static_assert(offsetof(struct vmcb, nested_cr3) == 0xb0, "VMCB");
_Static_assert(offsetof(struct vmcb, cs) == 0x410, "VMCB");
_Static_assert(offsetof(struct vmcb, rip) == 0x578, "VMCB");
_Static_assert(offsetof(struct vmcb, pat) == 0x668, "VMCB");

bool arch_nested(void)
{
	return true;
}

bool arch_nested_asked(void)
{
	return true;
}

static uint64_t nested_gpa(size_t offset)
{
	return VM_CONTROL_GPA + offset;
}

static uint64_t nested_program_gpa(const char *program)
{
	return nested_gpa(NESTED_CODE) + (program - nested_code);
}

static void set_msr(struct vm_vcpu *vcpu, uint32_t index, uint64_t value)
{
	struct {
		struct kvm_msrs msrs;
		struct kvm_msr_entry entry;
	} msr = { { .nmsrs = 1 }, { .index = index, .data = value } };
	int done = ioctl(vcpu->fd, KVM_SET_MSRS, &msr);

	check(done == 1, "KVM_SET_MSRS, 0x%x = 0x%" PRIx64 ": got %d, expected 1", index, value,
	      done);
}

/* What KVM can give a guest, free it. */
static struct kvm_cpuid2 *supported_cpuid(void)
{
	const unsigned int nr = 256;
	struct kvm_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) + nr * sizeof(cpuid->entries[0]));
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	check(kvm >= 0, "/dev/kvm: %s", strerror(errno));
	check(cpuid, "out of memory");
	cpuid->nent = nr;
	check(!ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cpuid), "KVM_GET_SUPPORTED_CPUID: %s",
	      strerror(errno));
	close(kvm);
	return cpuid;
}

static uint32_t cpuid_ecx(const struct kvm_cpuid2 *cpuid, uint32_t function)
{
	unsigned int i;

	for (i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == function)
			return cpuid->entries[i].ecx;
	return 0;
}

/* Maps the first GB to itself. */
static void fill_tables(struct vm *vm, size_t offset)
{
	uint64_t *tables = (uint64_t *)(vm->control + offset), i;

	for (i = 0; i < 2; i++)
		tables[i * TABLE_ENTRIES] = nested_gpa(offset + (i + 1) * TABLE_SIZE) | PTE_TABLE;
	for (i = 0; i < TABLE_ENTRIES; i++)
		tables[2 * TABLE_ENTRIES + i] = i * arch_huge_size() | PTE_LEAF;
}

void x86_nested_setup(struct vm_vcpu *vcpu)
{
	struct kvm_cpuid2 *cpuid = supported_cpuid();
	struct vm *vm = vcpu->vm;

	check(nested_code_end - nested_code <= NESTED_OWN - NESTED_CODE, "too much code");
	memcpy(vm->control + NESTED_CODE, nested_code, nested_code_end - nested_code);
	fill_tables(vm, NESTED_OWN);
	check(cpuid_ecx(cpuid, 0x80000001) & CPUID_ECX_SVM,
	      "KVM has no nested guests: kvm_amd.nested=0?");
	check(!ioctl(vcpu->fd, KVM_SET_CPUID2, cpuid), "KVM_SET_CPUID2: %s", strerror(errno));
	free(cpuid);
	set_msr(vcpu, MSR_VM_HSAVE_PA, nested_gpa(NESTED_SAVE));
}

static struct vmcb *nested_vmcb(struct vm *vm)
{
	return (struct vmcb *)(vm->control + NESTED_VMCB);
}

static struct vmcb_segment vmcb_segment(struct kvm_segment from)
{
	return (struct vmcb_segment) {
		.selector = from.selector, .limit = from.limit, .base = from.base,
		.attributes = from.type | from.s << 4 | from.present << 7 | from.db << 10 |
			      from.g << 11,
	};
}

static void fill_vmcb(struct vm *vm)
{
	struct vmcb_segment data = vmcb_segment(x86_data_segment());

	*nested_vmcb(vm) = (struct vmcb) {
		.intercepts = { [MISC1] = MISC1_HLT, [MISC2] = MISC2_VMRUN },
		.asid = 1,
		.nested_control = NESTED_PAGING,
		.nested_cr3 = nested_gpa(NESTED_TABLES),
		.es = data, .ss = data, .ds = data,
		.cs = vmcb_segment(x86_code_segment()),
		.efer = EFER_SVME,
		.cr0 = CR0_PE,
		.dr6 = DR6_FIXED, .dr7 = DR7_FIXED,
		.rflags = RFLAGS_FIXED,
		.rip = x86_program_gpa(program_touch),
		.pat = 0x0007040600070406,
	};
}

static void run(struct vm_vcpu *vcpu, const struct kvm_regs *regs)
{
	check(!ioctl(vcpu->fd, KVM_SET_REGS, regs), "KVM_SET_REGS: %s", strerror(errno));
	vcpu_run(vcpu);
}

static void run_hypervisor(struct vm_vcpu *vcpu, const struct kvm_regs *regs)
{
	struct kvm_sregs usual, sregs;

	x86_get_sregs(vcpu, &usual);
	sregs = usual;
	sregs.cs.l = 1;
	sregs.cs.db = 0;
	sregs.cr0 |= CR0_PG;
	sregs.cr3 = nested_gpa(NESTED_OWN);
	sregs.cr4 |= CR4_PAE;
	sregs.efer |= EFER_LME | EFER_LMA | EFER_SVME;
	x86_set_sregs(vcpu, &sregs);
	run(vcpu, regs);
	x86_set_sregs(vcpu, &usual);
}

void arch_nested_touch(struct vm *vm)
{
	const struct vmcb *vmcb = nested_vmcb(vm);

	/* nothing is written that is there already: KVM has a shadow of it */
	if (!*(uint64_t *)(vm->control + NESTED_TABLES))
		fill_tables(vm, NESTED_TABLES);
	fill_vmcb(vm);
	run_hypervisor(&vm->vcpus[0], &(struct kvm_regs) {
		.rip = nested_program_gpa(nested_svm), .rflags = RFLAGS_FIXED,
		.rax = nested_gpa(NESTED_VMCB),
	});
	check(vmcb->exit_code == SVM_EXIT_HLT,
	      "the nested guest was left for 0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64 " at 0x%"
	      PRIx64, vmcb->exit_code, vmcb->exit_info[0], vmcb->exit_info[1], vmcb->rip);
}

void arch_nested_end(struct vm *vm)
{
	run(&vm->vcpus[0], &(struct kvm_regs) {
		.rip = nested_program_gpa(nested_clear), .rflags = RFLAGS_FIXED,
	});
}
