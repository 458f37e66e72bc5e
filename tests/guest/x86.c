// SPDX-License-Identifier: GPL-2.0-only
/*
 * The x86 guest: flat 32-bit protected mode without paging, so that the only
 * tables are KVM's. Programs end in HLT, which leaves KVM_RUN because there is
 * no interrupt controller in the kernel. Address space 1 is that of system
 * management mode.
 */
#include "vm.h"
#include "tap.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define STRING2(x)	#x
#define STRING(x)	STRING2(x)

/* As numbers for the assembler; checked against vm.h below. */
#define ORDER		0x110000
#define LIST		0x120000
#define ORDER_COUNT	"(" STRING(ORDER) " + 0x00)"
#define ORDER_START	"(" STRING(ORDER) " + 0x08)"
#define ORDER_END	"(" STRING(ORDER) " + 0x10)"
#define ORDER_STRIDE	"(" STRING(ORDER) " + 0x18)"
#define ORDER_SALT	"(" STRING(ORDER) " + 0x20)"
#define ORDER_ZERO_OK	"(" STRING(ORDER) " + 0x28)"
#define ORDER_DIFFERS	"(" STRING(ORDER) " + 0x30)"
#define ORDER_BAD_GPA	"(" STRING(ORDER) " + 0x38)"
#define ORDER_BAD_VALUE	"(" STRING(ORDER) " + 0x40)"

#define CHECK_ORDER(field, offset)						\
	_Static_assert(offsetof(struct vm_order, field) == (offset), #field)

_Static_assert(VM_CONTROL_GPA + VM_ORDER_OFFSET == ORDER, "order page");
_Static_assert(VM_CONTROL_GPA + VM_LIST_OFFSET == LIST, "list");
_Static_assert(sizeof(struct vm_touch) == 16, "list entry");
_Static_assert(offsetof(struct vm_touch, kind) == 8, "list entry");
CHECK_ORDER(count, 0x00);
CHECK_ORDER(start, 0x08);
CHECK_ORDER(end, 0x10);
CHECK_ORDER(stride, 0x18);
CHECK_ORDER(salt, 0x20);
CHECK_ORDER(zero_ok, 0x28);
CHECK_ORDER(differs, 0x30);
CHECK_ORDER(bad_gpa, 0x38);
CHECK_ORDER(bad_value, 0x40);

/*
 * The same text assembles for protected mode and for SMM, which starts in
 * 16-bit code with 4 GB segments. Memory is touched by plain MOVs only: KVM
 * can emulate these when a slot is away. A written word is its own address.
 */
#define TOUCH_LOOP				\
	"	movl	$" STRING(LIST) ", %esi\n"	\
	"	movl	$" ORDER_COUNT ", %ebx\n"	\
	"	movl	(%ebx), %ecx\n"		\
	"1:	testl	%ecx, %ecx\n"		\
	"	jz	4f\n"			\
	"	movl	(%esi), %edi\n"		\
	"	movl	8(%esi), %eax\n"	\
	"	testl	%eax, %eax\n"		\
	"	jnz	2f\n"			\
	"	movl	(%edi), %eax\n"		\
	"	jmp	3f\n"			\
	"2:	movl	%edi, (%edi)\n"		\
	"3:	addl	$16, %esi\n"		\
	"	decl	%ecx\n"			\
	"	jmp	1b\n"			\
	"4:	hlt\n"

/* eax = pattern(edi), see vm_pattern(); edx is the salt. */
#define PATTERN					\
	"	imull	$0x9e3779b1, %edi, %eax\n"	\
	"	xorl	%edx, %eax\n"

#define PATTERN_SETUP				\
	"	movl	" ORDER_START ", %edi\n"	\
	"	movl	" ORDER_END ", %ebx\n"	\
	"	movl	" ORDER_STRIDE ", %ebp\n"	\
	"	movl	" ORDER_SALT ", %edx\n"

asm("	.pushsection .rodata, \"a\"\n"
	"	.code32\n"
	"guest_touch:\n"
		TOUCH_LOOP
	"guest_fill:\n"
		PATTERN_SETUP
	"1:	cmpl	%ebx, %edi\n"
	"	jae	2f\n"
		PATTERN
	"	movl	%eax, (%edi)\n"
	"	addl	%ebp, %edi\n"
	"	jmp	1b\n"
	"2:	hlt\n"
	"guest_verify:\n"
		PATTERN_SETUP
	"1:	cmpl	%ebx, %edi\n"
	"	jae	4f\n"
		PATTERN
	"	movl	(%edi), %ecx\n"
	"	cmpl	%eax, %ecx\n"
	"	je	2f\n"
	"	testl	%ecx, %ecx\n"
	"	jnz	3f\n"
	"	movl	" ORDER_ZERO_OK ", %eax\n"
	"	testl	%eax, %eax\n"
	"	jz	3f\n"
	"2:	addl	%ebp, %edi\n"
	"	jmp	1b\n"
	"3:	movl	%edi, " ORDER_BAD_GPA "\n"
	"	movl	%ecx, " ORDER_BAD_VALUE "\n"
	"	movl	$1, %eax\n"
	"	movl	%eax, " ORDER_DIFFERS "\n"
	"4:	hlt\n"
	"guest_idle:\n"
	"	hlt\n"
	"guest_end:\n"

	"	.code16\n"
	"smm_touch:\n"
		TOUCH_LOOP
	"	rsm\n"
	"smm_end:\n"
	"	.code64\n"
	"	.popsection\n");

extern const char guest_touch[], guest_fill[], guest_verify[], guest_idle[], guest_end[];
extern const char smm_touch[], smm_end[];

/* Where a CPU out of reset has its SMM memory, and where SMM code starts. */
#define SMM_GPA		0x30000
#define SMM_SIZE	0x10000
#define SMM_CODE	0x8000

#define CR0_PE		1

size_t arch_huge_size(void)
{
	return 2 << 20;
}

unsigned long arch_vm_type(void)
{
	return 0;
}

void arch_vm_setup(struct vm *vm)
{
	(void)vm;
}

static void get_sregs(struct vm *vm, struct kvm_sregs *sregs)
{
	check(!ioctl(vm->vcpu, KVM_GET_SREGS, sregs), "KVM_GET_SREGS: %s", strerror(errno));
}

static void set_sregs(struct vm *vm, const struct kvm_sregs *sregs)
{
	check(!ioctl(vm->vcpu, KVM_SET_SREGS, sregs), "KVM_SET_SREGS: %s", strerror(errno));
}

static void set_pc(struct vm *vm, const char *label)
{
	struct kvm_regs regs = {
		.rip = VM_CONTROL_GPA + VM_CODE_OFFSET + (label - guest_touch),
		.rflags = 2,	/* the bit that is always set; no interrupts */
	};

	check(!ioctl(vm->vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS: %s", strerror(errno));
}

void arch_vcpu_setup(struct vm *vm)
{
	struct kvm_segment data = {
		.limit = 0xffffffff, .selector = 0x10, .type = 3,
		.present = 1, .db = 1, .s = 1, .g = 1,
	};
	struct kvm_segment code = data;
	struct kvm_sregs sregs;

	memcpy(vm->control + VM_CODE_OFFSET, guest_touch, guest_end - guest_touch);

	code.selector = 0x08;
	code.type = 11;		/* execute, read, accessed */
	get_sregs(vm, &sregs);
	sregs.cs = code;
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
	sregs.cr0 |= CR0_PE;
	set_sregs(vm, &sregs);
}

void arch_prepare(struct vm *vm, enum vm_program program)
{
	static const char *const labels[VM_PROGRAMS] = {
		[VM_TOUCH] = guest_touch,
		[VM_FILL] = guest_fill,
		[VM_VERIFY] = guest_verify,
	};

	set_pc(vm, labels[program]);
}

void arch_flush_tlb(struct vm *vm)
{
	struct kvm_sregs sregs;

	/* without paging no CPU looks at CR3, but KVM loads its root anew */
	get_sregs(vm, &sregs);
	sregs.cr3 ^= 0x1000;
	set_sregs(vm, &sregs);
}

bool arch_program_ended(const struct vm *vm)
{
	return vm->run->exit_reason == KVM_EXIT_HLT;
}

void arch_second_space_setup(struct vm *vm)
{
	int spaces = ioctl(vm->fd, KVM_CHECK_EXTENSION, KVM_CAP_MULTI_ADDRESS_SPACE);
	char *smram;

	check(spaces >= 2, "KVM has %d/2 address spaces: no CONFIG_KVM_SMM?", spaces);
	smram = mmap(NULL, SMM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(smram != MAP_FAILED, "mmap: %s", strerror(errno));
	memcpy(smram + SMM_CODE, smm_touch, smm_end - smm_touch);
	vm_add_slot(vm, 1, SMM_GPA, smram, SMM_SIZE);
	vm_add_slot(vm, 1, VM_CONTROL_GPA, vm->control, VM_CONTROL_SIZE);
}

static bool in_smm(struct vm *vm)
{
	struct kvm_vcpu_events events;

	check(!ioctl(vm->vcpu, KVM_GET_VCPU_EVENTS, &events), "KVM_GET_VCPU_EVENTS: %s",
	      strerror(errno));
	return events.smi.smm;
}

void arch_second_space_touch(struct vm *vm)
{
	set_pc(vm, guest_idle);
	check(!ioctl(vm->vcpu, KVM_SMI, 0), "KVM_SMI: %s", strerror(errno));
	vm_run(vm);
	check(in_smm(vm), "the vCPU did not enter SMM");
	/* behind the HLT: RSM, then the HLT of guest_idle */
	vm_run(vm);
	check(!in_smm(vm), "the vCPU did not leave SMM");
}
