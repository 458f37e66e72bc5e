// SPDX-License-Identifier: GPL-2.0-only
/*
 * The powerpc guest: little-endian, in real mode, so that with a radix tree the
 * only tables are KVM's. A program ends with a hypercall that KVM does not know,
 * which leaves KVM_RUN. Memory is touched by plain loads and stores only: KVM
 * can emulate these when a slot is away.
 */
#include "guest.h"
#include "tap.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>

/* Numbers of hypercalls: a program ended, or took an interrupt. */
#define HCALL_END	-4092
#define HCALL_FAULT	-4088

/* Interrupts go there. The vCPU sees its code there, too. */
#define VECTORS_GPA	0
#define VECTORS_SIZE	0x10000
#define VECTORS_STEP	0x20
#define VECTORS_END	0x1000

#define PATTERN_FACTOR	0x9e3779b1

_Static_assert(!(ORDER & 0xffff) && !(LIST & 0xffff), "one instruction reaches them");

/* r31: the control area; KVM_RUN may change r3 to r12. r4: the order page */
#define ORDER_SETUP					\
	"	addis	4, 31, " STRING(ORDER) " >> 16\n"

/* r5 to r6: the range, r7: the stride, r8: the salt, r9: the factor */
#define PATTERN_SETUP					\
	ORDER_SETUP					\
	"	ld	5, " STRING(ORDER_START) "(4)\n"	\
	"	ld	6, " STRING(ORDER_END) "(4)\n"	\
	"	ld	7, " STRING(ORDER_STRIDE) "(4)\n"	\
	"	ld	8, " STRING(ORDER_SALT) "(4)\n"	\
	"	lis	9, " STRING(PATTERN_FACTOR) "@h\n"	\
	"	ori	9, 9, " STRING(PATTERN_FACTOR) "@l\n"

/* r10 = pattern(r5), see vm_pattern() */
#define PATTERN						\
	"	mullw	10, 5, 9\n"			\
	"	xor	10, 10, 8\n"

asm("	.pushsection .rodata, \"a\"\n"
	"	.machine push\n"
	"	.machine power9\n"
	"	.globl	program_touch, program_fill, program_verify\n"
	"	.balign	" STRING(VECTORS_STEP) "\n"
	"guest_vectors:\n"
	"	.rept	" STRING(VECTORS_END) " / " STRING(VECTORS_STEP) "\n"
	"	mfsrr0	4\n"
	"	mfsrr1	5\n"
	"	mfdar	6\n"
	"	li	3, " STRING(HCALL_FAULT) "\n"
	"	sc	1\n"
	"	b	.\n"
	"	.balign	" STRING(VECTORS_STEP) "\n"
	"	.endr\n"
	"program_touch:\n"
		ORDER_SETUP
	"	addis	5, 31, " STRING(LIST) " >> 16\n"
	"	ld	6, " STRING(ORDER_COUNT) "(4)\n"
	"1:	cmpdi	6, 0\n"
	"	beq	guest_done\n"
	"	ld	7, 0(5)\n"
	"	ld	8, " STRING(TOUCH_KIND) "(5)\n"
	"	cmpdi	8, 0\n"
	"	bne	2f\n"
	"	lwz	8, 0(7)\n"
	"	b	3f\n"
	"2:	stw	7, 0(7)\n"
	"3:	addi	5, 5, " STRING(TOUCH_SIZE) "\n"
	"	addi	6, 6, -1\n"
	"	b	1b\n"
	"program_fill:\n"
		PATTERN_SETUP
	"1:	cmpld	5, 6\n"
	"	bge	guest_done\n"
		PATTERN
	"	stw	10, 0(5)\n"
	"	add	5, 5, 7\n"
	"	b	1b\n"
	"program_verify:\n"
		PATTERN_SETUP
	"1:	cmpld	5, 6\n"
	"	bge	guest_done\n"
		PATTERN
	"	lwz	11, 0(5)\n"
	"	cmplw	11, 10\n"
	"	beq	2f\n"
	"	cmplwi	11, 0\n"
	"	bne	3f\n"
	"	ld	12, " STRING(ORDER_ZERO_OK) "(4)\n"
	"	cmpdi	12, 0\n"
	"	beq	3f\n"
	"2:	add	5, 5, 7\n"
	"	b	1b\n"
	"3:	std	5, " STRING(ORDER_BAD_GPA) "(4)\n"
	"	std	11, " STRING(ORDER_BAD_VALUE) "(4)\n"
	"	li	12, 1\n"
	"	std	12, " STRING(ORDER_DIFFERS) "(4)\n"
	"	b	guest_done\n"
	/* what the TLB has of process 0: RIC 2, PRS 1, R 1, and in RB IS 1 */
	"guest_flush:\n"
	"	li	4, 0x400\n"
	"	li	5, 0\n"
	"	ptesync\n"
	"	tlbie	4, 5, 2, 1, 1\n"
	"	eieio\n"
	"	tlbsync\n"
	"	ptesync\n"
	"guest_done:\n"
	"	li	3, " STRING(HCALL_END) "\n"
	"	sc	1\n"
	"	b	.\n"
	"guest_end:\n"
	"	.machine pop\n"
	"	.popsection\n");

extern const char guest_vectors[], guest_flush[], guest_end[];

/* 64-bit, little-endian; no translation, no interrupts */
#define MSR		(1ULL << 63 | 1)

/* Of the register LPCR: interrupts are taken in little-endian mode, too. */
#define LPCR_ILE	(1ULL << 25)

/* And the guest's addresses are looked up in a radix tree of the host's. */
#define LPCR_HR		(1ULL << 20)

/* Agrees with KVM_PPC_MMUV3_RADIX. The table, which the guest does not use, has 64 KB. */
#define PROCESS_TABLE	(1ULL << 63 | 4)

const char *const arch_walkers[2] = { "radix_age", "kvm_age_gfn_lockless_hv" };

size_t arch_huge_size(void)
{
	return 2 << 20;
}

/*
 * KVM has them, but cannot use pages of 1 GB here: Linux 6.12, patched or not,
 * warns in try_grab_folio() when KVM faults one in.
 */
bool arch_giant_leaves(void)
{
	return false;
}

const char *arch_leaf_stat(size_t size)
{
	return size == arch_huge_size() ? "num_2M_pages" : "num_1G_pages";
}

/* Hardware sets them, but Linux does not say so. */
bool arch_lru_walks(void)
{
	return false;
}

bool arch_counts_instructions(void)
{
	return true;
}

bool arch_mmu_lock_spins(void)
{
	return true;
}

unsigned int arch_spaces(void)
{
	return 1;
}

unsigned long arch_vm_type(void)
{
	return KVM_VM_PPC_HV;
}

bool arch_other_tables(void)
{
	return true;
}

/* A hashed table, which belongs to the guest. */
void arch_use_other_tables(struct vm *vm, bool other)
{
	struct kvm_ppc_mmuv3_cfg hash = { .flags = 0 };
	struct kvm_ppc_mmuv3_cfg radix = {
		/* and the guest may invalidate TLB entries */
		.flags = KVM_PPC_MMUV3_RADIX | KVM_PPC_MMUV3_GTSE,
		.process_table = PROCESS_TABLE,
	};

	check(!ioctl(vm->fd, KVM_PPC_CONFIGURE_V3_MMU, other ? &hash : &radix),
	      "KVM_PPC_CONFIGURE_V3_MMU, %s: %s", other ? "hash" : "radix", strerror(errno));
}

void arch_vm_setup(struct vm *vm)
{
	check(guest_end - guest_vectors <= VM_ORDER_OFFSET, "the code overlaps the order page");
	memcpy(vm->control + VM_CODE_OFFSET, guest_vectors, guest_end - guest_vectors);
	arch_use_other_tables(vm, vm->other_tables);
	/* only with radix tables the guest may drop what the TLB remembers */
	vm->keep_tlb = vm->other_tables;
	if (!vm->other_tables)
		vm_add_slot(vm, 0, VECTORS_GPA, vm->control + VM_CODE_OFFSET, VECTORS_SIZE);
}

static void get_regs(const struct vm_vcpu *vcpu, struct kvm_regs *regs)
{
	check(!ioctl(vcpu->fd, KVM_GET_REGS, regs), "KVM_GET_REGS: %s", strerror(errno));
}

static void set_regs(struct vm_vcpu *vcpu, const struct kvm_regs *regs)
{
	check(!ioctl(vcpu->fd, KVM_SET_REGS, regs), "KVM_SET_REGS: %s", strerror(errno));
}

/* KVM wants to be told that the vCPU is of the CPU's model; it emulates none. */
static uint32_t cpu_model(void)
{
	unsigned long pvr;

	asm("mfpvr %0" : "=r" (pvr));
	return pvr;
}

static void set_lpcr(struct vm_vcpu *vcpu)
{
	uint64_t lpcr = 0;
	struct kvm_one_reg reg = { .id = KVM_REG_PPC_LPCR_64, .addr = (uintptr_t)&lpcr };

	check(!ioctl(vcpu->fd, KVM_GET_ONE_REG, &reg), "KVM_GET_ONE_REG, LPCR: %s", strerror(errno));
	check(!(lpcr & LPCR_HR) == vcpu->vm->other_tables, "LPCR 0x%" PRIx64 ": not the tables asked for",
	      lpcr);
	lpcr |= LPCR_ILE;
	check(!ioctl(vcpu->fd, KVM_SET_ONE_REG, &reg), "KVM_SET_ONE_REG, LPCR: %s", strerror(errno));
}

void arch_vcpu_setup(struct vm_vcpu *vcpu)
{
	struct kvm_enable_cap papr = { .cap = KVM_CAP_PPC_PAPR };
	struct kvm_sregs sregs;
	struct kvm_regs regs;

	check(!ioctl(vcpu->fd, KVM_ENABLE_CAP, &papr), "KVM_CAP_PPC_PAPR: %s", strerror(errno));
	check(!ioctl(vcpu->fd, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS: %s", strerror(errno));
	sregs.pvr = cpu_model();
	check(!ioctl(vcpu->fd, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS: %s", strerror(errno));
	set_lpcr(vcpu);
	get_regs(vcpu, &regs);
	regs.msr = MSR;
	regs.gpr[31] = vcpu_control_gpa(vcpu);
	set_regs(vcpu, &regs);
}

void arch_set_pc(struct vm_vcpu *vcpu, const char *program)
{
	struct kvm_regs regs;

	get_regs(vcpu, &regs);
	regs.pc = VM_CONTROL_GPA + VM_CODE_OFFSET + (program - guest_vectors);
	set_regs(vcpu, &regs);
}

/*
 * The guest may drop what a TLB made of both tables. What it remembers of KVM's
 * table alone only the host could drop; the machines that this runs on do not
 * keep that.
 */
void arch_flush_tlb(struct vm_vcpu *vcpu)
{
	arch_set_pc(vcpu, guest_flush);
	vcpu_run(vcpu);
}

bool arch_program_ended(const struct vm_vcpu *vcpu)
{
	const struct kvm_run *run = vcpu->run;

	if (run->exit_reason != KVM_EXIT_PAPR_HCALL)
		return false;
	check(run->papr_hcall.nr != (uint64_t)HCALL_FAULT,
	      "the guest took an interrupt: SRR0 0x%" PRIx64 ", SRR1 0x%" PRIx64
	      ", DAR 0x%" PRIx64,
	      run->papr_hcall.args[0], run->papr_hcall.args[1], run->papr_hcall.args[2]);
	return run->papr_hcall.nr == (uint64_t)HCALL_END;
}

void arch_second_space_setup(struct vm *vm)
{
	(void)vm;
	fail("powerpc has one address space");
}

void arch_second_space_touch(struct vm *vm)
{
	arch_second_space_setup(vm);
}
