// SPDX-License-Identifier: GPL-2.0-only
/*
 * The x86 guest: flat 32-bit protected mode without paging, so that the only
 * tables are KVM's. Programs end in HLT, which leaves KVM_RUN because there is
 * no interrupt controller in the kernel. Address space 1 is that of system
 * management mode. Nested guests are in x86_nested.c.
 */
#include "guest.h"
#include "host.h"
#include "tap.h"
#include "x86.h"

#include <cpuid.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

/*
 * Where the vCPU's order page and list are. The segment makes up for that each
 * vCPU has its own; its base is 0 for the first one, and in SMM.
 */
#define ADDRESS(offset)	"(" STRING(FIRST_CONTROL) " + " STRING(ORDER) " + " STRING(offset) ")"
#define WORD(offset)	"%fs:" ADDRESS(offset)

/*
 * The same text assembles for protected mode and for SMM, which starts in
 * 16-bit code with 4 GB segments. Memory is touched by plain MOVs only: KVM
 * can emulate these when a slot is away. A written word is its own address.
 */
#define TOUCH_LOOP				\
	"	movl	$(" STRING(FIRST_CONTROL) " + " STRING(LIST) "), %esi\n"	\
	"	movl	$" ADDRESS(ORDER_COUNT) ", %ebx\n"	\
	"	movl	%fs:(%ebx), %ecx\n"	\
	"1:	testl	%ecx, %ecx\n"		\
	"	jz	4f\n"			\
	"	movl	%fs:(%esi), %edi\n"		\
	"	movl	%fs:" STRING(TOUCH_KIND) "(%esi), %eax\n"	\
	"	testl	%eax, %eax\n"		\
	"	jnz	2f\n"			\
	"	movl	(%edi), %eax\n"		\
	"	jmp	3f\n"			\
	"2:	movl	%edi, (%edi)\n"		\
	"3:	addl	$" STRING(TOUCH_SIZE) ", %esi\n"		\
	"	decl	%ecx\n"			\
	"	jmp	1b\n"			\
	"4:	hlt\n"

/* eax = pattern(edi), see vm_pattern(); edx is the salt. */
#define PATTERN					\
	"	imull	$0x9e3779b1, %edi, %eax\n"	\
	"	xorl	%edx, %eax\n"

#define PATTERN_SETUP				\
	"	movl	" WORD(ORDER_START) ", %edi\n"	\
	"	movl	" WORD(ORDER_END) ", %ebx\n"	\
	"	movl	" WORD(ORDER_STRIDE) ", %ebp\n"	\
	"	movl	" WORD(ORDER_SALT) ", %edx\n"

asm("	.pushsection .rodata, \"a\"\n"
	"	.globl	program_touch, program_fill, program_verify\n"
	"	.code32\n"
	"program_touch:\n"
		TOUCH_LOOP
	"program_fill:\n"
		PATTERN_SETUP
	"1:	cmpl	%ebx, %edi\n"
	"	jae	2f\n"
		PATTERN
	"	movl	%eax, (%edi)\n"
	"	addl	%ebp, %edi\n"
	"	jmp	1b\n"
	"2:	hlt\n"
	"program_verify:\n"
		PATTERN_SETUP
	"1:	cmpl	%ebx, %edi\n"
	"	jae	4f\n"
		PATTERN
	"	movl	(%edi), %ecx\n"
	"	cmpl	%eax, %ecx\n"
	"	je	2f\n"
	"	testl	%ecx, %ecx\n"
	"	jnz	3f\n"
	"	movl	" WORD(ORDER_ZERO_OK) ", %eax\n"
	"	testl	%eax, %eax\n"
	"	jz	3f\n"
	"2:	addl	%ebp, %edi\n"
	"	jmp	1b\n"
	"3:	movl	%edi, " WORD(ORDER_BAD_GPA) "\n"
	"	movl	%ecx, " WORD(ORDER_BAD_VALUE) "\n"
	"	movl	$1, %eax\n"
	"	movl	%eax, " WORD(ORDER_DIFFERS) "\n"
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

extern const char guest_idle[], guest_end[];
extern const char smm_touch[], smm_end[];

/* Where a CPU out of reset has its SMM memory, and where SMM code starts. */
#define SMM_GPA		0x30000
#define SMM_SIZE	0x10000
#define SMM_CODE	0x8000

const char *const arch_walkers[2] = { "kvm_arch_age_lockless" };

size_t arch_huge_size(void)
{
	return 2 << 20;
}

bool arch_giant_leaves(void)
{
	return true;
}

const char *arch_leaf_stat(size_t size)
{
	return size == arch_huge_size() ? "pages_2m" : "pages_1g";
}

bool arch_lru_walks(void)
{
	return true;
}

unsigned int arch_spaces(void)
{
	return 2;
}

unsigned long arch_vm_type(void)
{
	return 0;
}

/* KVM splits eagerly by default. */
void arch_vm_setup(struct vm *vm)
{
	memcpy(vm->control + VM_CODE_OFFSET, program_touch, guest_end - program_touch);
}

void x86_get_sregs(struct vm_vcpu *vcpu, struct kvm_sregs *sregs)
{
	check(!ioctl(vcpu->fd, KVM_GET_SREGS, sregs), "KVM_GET_SREGS: %s", strerror(errno));
}

void x86_set_sregs(struct vm_vcpu *vcpu, const struct kvm_sregs *sregs)
{
	check(!ioctl(vcpu->fd, KVM_SET_SREGS, sregs), "KVM_SET_SREGS: %s", strerror(errno));
}

uint64_t x86_program_gpa(const char *program)
{
	return VM_CONTROL_GPA + VM_CODE_OFFSET + (program - program_touch);
}

void arch_set_pc(struct vm_vcpu *vcpu, const char *program)
{
	struct kvm_regs regs = {
		.rip = x86_program_gpa(program),
		.rflags = 2,	/* the bit that is always set; no interrupts */
	};

	check(!ioctl(vcpu->fd, KVM_SET_REGS, &regs), "KVM_SET_REGS: %s", strerror(errno));
}

struct kvm_segment x86_data_segment(void)
{
	return (struct kvm_segment) {
		.limit = 0xffffffff, .selector = 0x10, .type = 3,
		.present = 1, .db = 1, .s = 1, .g = 1,
	};
}

struct kvm_segment x86_code_segment(void)
{
	struct kvm_segment code = x86_data_segment();

	code.selector = 0x08;
	code.type = 11;		/* execute, read, accessed */
	return code;
}

void arch_vcpu_setup(struct vm_vcpu *vcpu)
{
	struct kvm_sregs sregs;

	if (vcpu->vm->nested)
		x86_nested_setup(vcpu);
	x86_get_sregs(vcpu, &sregs);
	sregs.cs = x86_code_segment();
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = x86_data_segment();
	sregs.fs.base = vcpu_control_gpa(vcpu) - FIRST_CONTROL;
	sregs.cr0 |= CR0_PE;
	x86_set_sregs(vcpu, &sregs);
}

void arch_flush_tlb(struct vm_vcpu *vcpu)
{
	struct kvm_sregs sregs;

	/* without paging no CPU looks at CR3, but KVM loads its root anew */
	x86_get_sregs(vcpu, &sregs);
	sregs.cr3 ^= 0x1000;
	x86_set_sregs(vcpu, &sregs);
}

bool arch_program_ended(const struct vm_vcpu *vcpu)
{
	return vcpu->run->exit_reason == KVM_EXIT_HLT;
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

static bool in_smm(struct vm_vcpu *vcpu)
{
	struct kvm_vcpu_events events;

	check(!ioctl(vcpu->fd, KVM_GET_VCPU_EVENTS, &events), "KVM_GET_VCPU_EVENTS: %s",
	      strerror(errno));
	return events.smi.smm;
}

void arch_second_space_touch(struct vm *vm)
{
	struct vm_vcpu *vcpu = &vm->vcpus[0];

	arch_set_pc(vcpu, guest_idle);
	check(!ioctl(vcpu->fd, KVM_SMI, 0), "KVM_SMI: %s", strerror(errno));
	vcpu_run(vcpu);
	check(in_smm(vcpu), "the vCPU did not enter SMM");
	/* behind the HLT: RSM, then the HLT of guest_idle */
	vcpu_run(vcpu);
	check(!in_smm(vcpu), "the vCPU did not leave SMM");
}

/* A parameter of KVM's modules, which are built in, whatever the machine is. */
static bool kvm_parameter(const char *name)
{
	char path[128];
	FILE *file;
	int value;

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	file = fopen(path, "r");
	if (!file)
		return false;
	value = fgetc(file);
	fclose(file);
	return value == 'Y';
}

bool arch_flushes_young(void)
{
	return !kernel_since(6, 13);
}

static bool has_vmx(void)
{
	unsigned int eax, ebx, ecx, edx;

	return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && ecx & 1 << 5;
}

/*
 * Tables that the CPU walks for the guest, and on Intel whether it sets accessed and
 * dirty bits there, and logs the pages that it made dirty; and rmaps, if what holds
 * those tables is not the TDP MMU.
 */
const char *arch_machine(void)
{
	static char words[64];
	bool vmx = has_vmx();
	bool tdp = kvm_parameter(vmx ? "kvm_intel/parameters/ept" : "kvm_amd/parameters/npt");

	snprintf(words, sizeof(words), "%s%s%s%s", !tdp ? "shadow" : vmx ? "ept" : "npt",
		 vmx && kvm_parameter("kvm_intel/parameters/eptad") ? ",ad" : "",
		 vmx && kvm_parameter("kvm_intel/parameters/pml") ? ",pml" : "",
		 kvm_parameter("kvm/parameters/tdp_mmu") ? "" : ",rmaps");
	return words;
}
