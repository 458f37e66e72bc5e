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
#include "host.h"
#include "tap.h"
#include "x86.h"

#include <asm/svm.h>
#include <asm/vmx.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/*
 * In the area behind the vCPU's: the hypervisor's code, its page tables, those for
 * the nested guest, the VMCB or VMCS, what the CPU keeps for itself, and what the
 * hypervisor needs for VMX. Tables are in one page per level.
 */
#define NESTED_CODE	0x100000
#define NESTED_OWN	0x110000
#define NESTED_TABLES	0x120000
#define NESTED_STATE	0x130000
#define NESTED_SAVE	0x131000
#define NESTED_VMX	0x132000
#define NESTED_END	0x133000
#define NESTED_GPA(offset)	"(" STRING(FIRST_CONTROL) " + " STRING(offset) ")"

#define TABLE_SIZE	4096
#define TABLE_ENTRIES	512

_Static_assert(NESTED_CODE == VM_CONTROL_SIZE && NESTED_END <= 2 * VM_CONTROL_SIZE, "one area");

/* Fields of a VMCS. Those of segments come in the order of enum segment. */
#define GUEST_SELECTORS		0x0800
#define HOST_SELECTORS		0x0c00
#define EPT_POINTER		0x201a
#define VMCS_LINK_POINTER	0x2800
#define PIN_BASED_CONTROLS	0x4000
#define PROCESSOR_CONTROLS	0x4002
#define EXIT_CONTROLS		0x400c
#define ENTRY_CONTROLS		0x4012
#define SECONDARY_CONTROLS	0x401e
#define VM_INSTRUCTION_ERROR	0x4400
#define VM_EXIT_REASON		0x4402
#define GUEST_LIMITS		0x4800
#define GUEST_RIGHTS		0x4814
#define GUEST_CR0		0x6800
#define GUEST_CR4		0x6804
#define GUEST_DR7		0x681a
#define GUEST_RIP		0x681e
#define GUEST_RFLAGS		0x6820
#define HOST_CR0		0x6c00
#define HOST_CR3		0x6c02
#define HOST_CR4		0x6c04
#define HOST_RSP		0x6c14
#define HOST_RIP		0x6c16

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
	/* rdi, rsi, rdx: struct vmx, its first and behind its last write; rsp: its result */
	"nested_vmx:\n"
	"	vmxon	(%rdi)\n"
	"	jbe	2f\n"
	"	vmclear	8(%rdi)\n"
	"	jbe	2f\n"
	"	vmptrld	8(%rdi)\n"
	"	jbe	2f\n"
	"1:	movq	(%rsi), %rax\n"
	"	vmwrite	8(%rsi), %rax\n"
	"	jbe	2f\n"
	"	addq	$16, %rsi\n"
	"	cmpq	%rdx, %rsi\n"
	"	jb	1b\n"
	"	vmlaunch\n"
	"2:	movl	$" STRING(VM_INSTRUCTION_ERROR) ", %eax\n"
	"	vmread	%rax, 8(%rsp)\n"
	"	jmp	3f\n"
	"nested_vmx_left:\n"
	"	movl	$" STRING(VM_EXIT_REASON) ", %eax\n"
	"	vmread	%rax, (%rsp)\n"
	"3:	vmxoff\n"
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
extern const char nested_svm[], nested_vmx[], nested_vmx_left[], nested_clear[];

#define CR0_NE		(1 << 5)
#define CR0_PG		(1UL << 31)
#define CR4_PAE		(1 << 5)
#define CR4_VMXE	(1 << 13)
#define EFER_LME	(1 << 8)
#define EFER_LMA	(1 << 10)
#define EFER_SVME	(1 << 12)
#define RFLAGS_FIXED	2
#define DR7_FIXED	0x400
#define HYPERVISOR_CR0	(CR0_PG | CR0_NE | CR0_PE)

/* Entries of page tables, which have been used and written: nobody has to write to them. */
#define PTE_TABLE	0x67	/* present, writable, for users, accessed, dirty */
#define PTE_LEAF	0xe7	/* and 2 MB */

/* Which instructions there are. */
static bool svm;

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

/* A list of one. */
union msr {
	struct kvm_msrs list;
	char space[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)];
};

static uint64_t get_msr(struct vm_vcpu *vcpu, uint32_t index)
{
	union msr msr = { .list.nmsrs = 1 };
	int done;

	msr.list.entries[0].index = index;
	done = ioctl(vcpu->fd, KVM_GET_MSRS, &msr);
	check(done == 1, "KVM_GET_MSRS, 0x%x: got %d, expected 1", index, done);
	return msr.list.entries[0].data;
}

static void set_msr(struct vm_vcpu *vcpu, uint32_t index, uint64_t value)
{
	union msr msr = { .list.nmsrs = 1 };
	int done;

	msr.list.entries[0] = (struct kvm_msr_entry) { .index = index, .data = value };
	done = ioctl(vcpu->fd, KVM_SET_MSRS, &msr);
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
static void fill_tables(struct vm *vm, size_t offset, uint64_t table, uint64_t leaf)
{
	uint64_t *tables = (uint64_t *)(vm->control + offset), i;

	for (i = 0; i < 2; i++)
		tables[i * TABLE_ENTRIES] = nested_gpa(offset + (i + 1) * TABLE_SIZE) | table;
	for (i = 0; i < TABLE_ENTRIES; i++)
		tables[2 * TABLE_ENTRIES + i] = i * arch_huge_size() | leaf;
}

/* What is there is not written again: KVM has a shadow of it. */
static void fill_nested_tables(struct vm *vm, uint64_t table, uint64_t leaf)
{
	if (!*(uint64_t *)(vm->control + NESTED_TABLES))
		fill_tables(vm, NESTED_TABLES, table, leaf);
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
	sregs.cr0 = HYPERVISOR_CR0;
	sregs.cr3 = nested_gpa(NESTED_OWN);
	sregs.cr4 = CR4_PAE | (svm ? 0 : CR4_VMXE);
	sregs.efer = EFER_LME | EFER_LMA | (svm ? EFER_SVME : 0);
	x86_set_sregs(vcpu, &sregs);
	run(vcpu, regs);
	x86_set_sregs(vcpu, &usual);
}

/* --- SVM --- */

#define MSR_VM_HSAVE_PA	0xc0010117
#define DR6_FIXED	0xffff0ff0
#define PAT_RESET	0x0007040600070406

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

static void svm_setup(struct vm_vcpu *vcpu)
{
	set_msr(vcpu, MSR_VM_HSAVE_PA, nested_gpa(NESTED_SAVE));
}

static struct vmcb_segment vmcb_segment(struct kvm_segment from)
{
	return (struct vmcb_segment) {
		.selector = from.selector, .limit = from.limit, .base = from.base,
		.attributes = from.type | from.s << 4 | from.present << 7 | from.db << 10 |
			      from.g << 11,
	};
}

static void fill_vmcb(struct vmcb *vmcb)
{
	struct vmcb_segment data = vmcb_segment(x86_data_segment());

	*vmcb = (struct vmcb) {
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
		.pat = PAT_RESET,
	};
}

static void svm_touch(struct vm *vm)
{
	struct vmcb *vmcb = (struct vmcb *)(vm->control + NESTED_STATE);

	fill_nested_tables(vm, PTE_TABLE, PTE_LEAF);
	fill_vmcb(vmcb);
	run_hypervisor(&vm->vcpus[0], &(struct kvm_regs) {
		.rip = nested_program_gpa(nested_svm), .rflags = RFLAGS_FIXED,
		.rax = nested_gpa(NESTED_STATE),
	});
	check(vmcb->exit_code == SVM_EXIT_HLT,
	      "the nested guest was left for 0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64 " at 0x%"
	      PRIx64, vmcb->exit_code, vmcb->exit_info[0], vmcb->exit_info[1], vmcb->rip);
}

/* --- VMX --- */

#define MSR_FEATURE_CONTROL	0x3a
#define FEATURE_CONTROL_VMX	5	/* locked; without SMX */
#define MSR_VMX_BASIC		0x480
#define MSR_VMX_SECONDARY	0x48b
#define MSR_VMX_EPT_VPID_CAP	0x48c
#define MSR_VMX_PIN_BASED	0x48d
#define MSR_VMX_PROCESSOR	0x48e
#define MSR_VMX_EXIT		0x48f
#define MSR_VMX_ENTRY		0x490

#define HLT_EXITING		(1 << 7)
#define USE_SECONDARY		(1U << 31)
#define USE_EPT			(1 << 1)
#define UNRESTRICTED_GUEST	(1 << 7)
#define HOST_64_BIT		(1 << 9)

/* Of MSR_VMX_EPT_VPID_CAP. */
#define EPT_CAN_ACCESSED	(1 << 21)

/* Write back, and tables in four levels; accessed and dirty bits. */
#define EPTP			(6 | 3 << 3)
#define EPTP_ACCESSED		(1 << 6)

/* Entries for all accesses, of memory that is written back, used and written. */
#define EPT_TABLE		0x107
#define EPT_LEAF		0x3b7

#define RIGHTS_UNUSABLE		(1 << 16)
#define RIGHTS_TSS		0x8b
#define TSS_SELECTOR		0x18

enum segment { ES, CS, SS, DS, FS, GS, LDTR, TR };

/**
 * struct vmx - what the hypervisor works off
 * @vmxon: guest physical addresses
 * @vmcs: likewise
 * @exit_reason: out: why the nested guest was left
 * @error: out: of an instruction, if one failed
 * @writes: to the VMCS
 * @nr: how many these are
 */
struct vmx {
	uint64_t vmxon;
	uint64_t vmcs;
	uint64_t exit_reason;
	uint64_t error;
	struct vmx_write {
		uint64_t field;
		uint64_t value;
	} writes[64];
	unsigned int nr;
};

_Static_assert(offsetof(struct vmx, vmcs) == 8 && sizeof(struct vmx_write) == 16, "nested_vmx");
_Static_assert(offsetof(struct vmx, error) == offsetof(struct vmx, exit_reason) + 8, "nested_vmx");

static void vmx_setup(struct vm_vcpu *vcpu)
{
	set_msr(vcpu, MSR_FEATURE_CONTROL, FEATURE_CONTROL_VMX);
}

static void vmwrite(struct vmx *vmx, uint64_t field, uint64_t value)
{
	check(vmx->nr < ARRAY_SIZE(vmx->writes), "too many writes");
	vmx->writes[vmx->nr++] = (struct vmx_write) { field, value };
}

/* Those bits, and others that have to be set. */
static void vmwrite_controls(struct vm_vcpu *vcpu, struct vmx *vmx, uint64_t field, uint32_t msr,
			     uint32_t bits)
{
	uint64_t able = get_msr(vcpu, msr);

	check(!(bits & ~(able >> 32)), "VMX controls 0x%x: got 0x%" PRIx64 ", expected 0x%x", msr,
	      able >> 32, bits);
	vmwrite(vmx, field, (uint32_t)able | bits);
}

static void vmwrite_segment(struct vmx *vmx, enum segment nr, uint16_t selector, uint32_t limit,
			    uint32_t rights)
{
	vmwrite(vmx, GUEST_SELECTORS + 2 * nr, selector);
	vmwrite(vmx, GUEST_LIMITS + 2 * nr, limit);
	vmwrite(vmx, GUEST_RIGHTS + 2 * nr, rights);
}

static void vmwrite_flat(struct vmx *vmx, enum segment nr, struct kvm_segment from)
{
	vmwrite_segment(vmx, nr, from.selector, from.limit,
			from.type | from.s << 4 | from.present << 7 | from.db << 14 | from.g << 15);
	vmwrite(vmx, HOST_SELECTORS + 2 * nr, from.selector);
}

static void vmwrite_guest(struct vmx *vmx)
{
	enum segment nr;

	for (nr = ES; nr <= GS; nr++)
		vmwrite_flat(vmx, nr, nr == CS ? x86_code_segment() : x86_data_segment());
	vmwrite_segment(vmx, LDTR, 0, 0, RIGHTS_UNUSABLE);
	vmwrite_segment(vmx, TR, TSS_SELECTOR, 0xffff, RIGHTS_TSS);
	vmwrite(vmx, GUEST_CR0, CR0_NE | CR0_PE);
	vmwrite(vmx, GUEST_CR4, CR4_VMXE);
	vmwrite(vmx, GUEST_DR7, DR7_FIXED);
	vmwrite(vmx, GUEST_RFLAGS, RFLAGS_FIXED);
	vmwrite(vmx, GUEST_RIP, x86_program_gpa(program_touch));
	vmwrite(vmx, VMCS_LINK_POINTER, -1);
}

static void vmwrite_host(struct vmx *vmx)
{
	vmwrite(vmx, HOST_SELECTORS + 2 * (TR - 1), TSS_SELECTOR);	/* there is no LDTR */
	vmwrite(vmx, HOST_CR0, HYPERVISOR_CR0);
	vmwrite(vmx, HOST_CR3, nested_gpa(NESTED_OWN));
	vmwrite(vmx, HOST_CR4, CR4_PAE | CR4_VMXE);
	vmwrite(vmx, HOST_RSP, nested_gpa(NESTED_VMX + offsetof(struct vmx, exit_reason)));
	vmwrite(vmx, HOST_RIP, nested_program_gpa(nested_vmx_left));
}

/*
 * Where the CPU has accessed bits for nested guests, they are used every second time:
 * KVM then has two shadows of the same tables, and marks what was used in two ways.
 */
static uint64_t next_eptp(struct vm_vcpu *vcpu)
{
	static bool accessed;

	accessed = !accessed && get_msr(vcpu, MSR_VMX_EPT_VPID_CAP) & EPT_CAN_ACCESSED;
	return nested_gpa(NESTED_TABLES) | EPTP | (accessed ? EPTP_ACCESSED : 0);
}

static void fill_vmx(struct vm_vcpu *vcpu, struct vmx *vmx)
{
	*vmx = (struct vmx) {
		.vmxon = nested_gpa(NESTED_SAVE), .vmcs = nested_gpa(NESTED_STATE),
		.exit_reason = -1,
	};
	vmwrite_controls(vcpu, vmx, PIN_BASED_CONTROLS, MSR_VMX_PIN_BASED, 0);
	vmwrite_controls(vcpu, vmx, PROCESSOR_CONTROLS, MSR_VMX_PROCESSOR,
			 HLT_EXITING | USE_SECONDARY);
	vmwrite_controls(vcpu, vmx, SECONDARY_CONTROLS, MSR_VMX_SECONDARY,
			 USE_EPT | UNRESTRICTED_GUEST);
	vmwrite_controls(vcpu, vmx, EXIT_CONTROLS, MSR_VMX_EXIT, HOST_64_BIT);
	vmwrite_controls(vcpu, vmx, ENTRY_CONTROLS, MSR_VMX_ENTRY, 0);
	vmwrite(vmx, EPT_POINTER, next_eptp(vcpu));
	vmwrite_guest(vmx);
	vmwrite_host(vmx);
}

/* All fields that are not written are 0. */
static void clear_vmcs(struct vm_vcpu *vcpu)
{
	char *control = vcpu->vm->control;
	uint32_t revision = get_msr(vcpu, MSR_VMX_BASIC);

	memset(control + NESTED_STATE, 0, TABLE_SIZE);
	memcpy(control + NESTED_STATE, &revision, sizeof(revision));
	memcpy(control + NESTED_SAVE, &revision, sizeof(revision));
}

static void vmx_touch(struct vm *vm)
{
	struct vmx *vmx = (struct vmx *)(vm->control + NESTED_VMX);
	struct vm_vcpu *vcpu = &vm->vcpus[0];
	uint64_t writes = nested_gpa(NESTED_VMX + offsetof(struct vmx, writes));

	fill_nested_tables(vm, EPT_TABLE, EPT_LEAF);
	clear_vmcs(vcpu);
	fill_vmx(vcpu, vmx);
	run_hypervisor(vcpu, &(struct kvm_regs) {
		.rip = nested_program_gpa(nested_vmx), .rflags = RFLAGS_FIXED,
		.rdi = nested_gpa(NESTED_VMX),
		.rsi = writes, .rdx = writes + vmx->nr * sizeof(struct vmx_write),
		.rsp = nested_gpa(NESTED_VMX + offsetof(struct vmx, exit_reason)),
	});
	check(vmx->exit_reason == EXIT_REASON_HLT,
	      "the nested guest was left for 0x%" PRIx64 ", or an error %" PRIu64,
	      vmx->exit_reason, vmx->error);
}

/* --- either --- */

/* Of CPUID 0x80000001, and of 1. */
#define CPUID_ECX_SVM	(1 << 2)
#define CPUID_ECX_VMX	(1 << 5)

void x86_nested_setup(struct vm_vcpu *vcpu)
{
	struct kvm_cpuid2 *cpuid = supported_cpuid();
	struct vm *vm = vcpu->vm;

	check(nested_code_end - nested_code <= NESTED_OWN - NESTED_CODE, "too much code");
	memcpy(vm->control + NESTED_CODE, nested_code, nested_code_end - nested_code);
	fill_tables(vm, NESTED_OWN, PTE_TABLE, PTE_LEAF);
	svm = cpuid_ecx(cpuid, 0x80000001) & CPUID_ECX_SVM;
	check(svm || cpuid_ecx(cpuid, 1) & CPUID_ECX_VMX,
	      "KVM has no nested guests: kvm_amd.nested=0, kvm_intel.nested=0?");
	check(!ioctl(vcpu->fd, KVM_SET_CPUID2, cpuid), "KVM_SET_CPUID2: %s", strerror(errno));
	free(cpuid);
	if (svm)
		svm_setup(vcpu);
	else
		vmx_setup(vcpu);
}

void arch_nested_touch(struct vm *vm)
{
	if (svm)
		svm_touch(vm);
	else
		vmx_touch(vm);
}

void arch_nested_end(struct vm *vm)
{
	run(&vm->vcpus[0], &(struct kvm_regs) {
		.rip = nested_program_gpa(nested_clear), .rflags = RFLAGS_FIXED,
	});
}
