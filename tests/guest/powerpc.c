// SPDX-License-Identifier: GPL-2.0-only
/*
 * The powerpc guest: little-endian, in real mode, so that with a radix tree the
 * only tables are KVM's. A program ends with a hypercall that KVM does not know,
 * which leaves KVM_RUN. Memory is touched by plain loads and stores only: KVM
 * can emulate these when a slot is away.
 */
#include "guest.h"
#include "host.h"
#include "tap.h"

#include <asm/ptrace.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Numbers of hypercalls: a program ended, took an interrupt, or KVM refused it something. */
#define HCALL_END	-4092
#define HCALL_FAULT	-4088
#define HCALL_REFUSED	-4084

/* Those that KVM has for guests with guests. */
#define H_SET_PARTITION_TABLE	0xf800
#define H_ENTER_NESTED		0xf804
#define H_TLB_INVALIDATE	0xf808

/* Why the nested guest is left: for the host's sake, or for a hypercall. */
#define EXIT_EXTERNAL	0x500
#define EXIT_HDEC	0x980
#define EXIT_HCALL	0xc00

/* Interrupts go there. The vCPU sees its code there, too. */
#define VECTORS_GPA	0
#define VECTORS_SIZE	0x10000
#define VECTORS_STEP	0x20
#define VECTORS_END	0x1000

#define PATTERN_FACTOR	0x9e3779b1

/*
 * In the area behind the vCPU's: what KVM wants to know of the nested guest. That
 * is a partition table, of which one entry is used, a radix tree of two tables,
 * the registers for a hypervisor, and the others.
 */
#define NESTED_LPID		1
#define NESTED_ROOT		0x100000
#define NESTED_TABLE		0x110000
#define NESTED_PARTITIONS	0x120000
#define NESTED_STATE		0x130000
#define NESTED_REGS		0x140000
#define NESTED_END		0x150000
#define REGS_R3			24

_Static_assert(!(ORDER & 0xffff) && !(LIST & 0xffff), "one instruction reaches them");
_Static_assert(!((NESTED_PARTITIONS | NESTED_STATE | NESTED_REGS) & 0xffff), "these, too");
_Static_assert(NESTED_ROOT == VM_CONTROL_SIZE && NESTED_END <= 2 * VM_CONTROL_SIZE, "one area");
_Static_assert(offsetof(struct pt_regs, gpr[3]) == REGS_R3, "registers");

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

/* r3 = what KVM says to the call */
#define HCALL(number)					\
	"	li	3, 0\n"				\
	"	ori	3, 3, " STRING(number) "\n"	\
	"	sc	1\n"

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
	/* the nested guest runs until its program has ended; that call is passed on */
	"guest_enter_nested:\n"
	"	addis	4, 31, " STRING(NESTED_PARTITIONS) " >> 16\n"
		HCALL(H_SET_PARTITION_TABLE)
	"	cmpdi	3, 0\n"
	"	bne	2f\n"
	"1:	addis	4, 31, " STRING(NESTED_STATE) " >> 16\n"
	"	addis	5, 31, " STRING(NESTED_REGS) " >> 16\n"
		HCALL(H_ENTER_NESTED)
	"	cmpdi	3, 0\n"
	"	beq	1b\n"
	"	cmpdi	3, " STRING(EXIT_EXTERNAL) "\n"
	"	beq	1b\n"
	"	cmpdi	3, " STRING(EXIT_HDEC) "\n"
	"	beq	1b\n"
	"	cmpdi	3, " STRING(EXIT_HCALL) "\n"
	"	bne	2f\n"
	"	addis	7, 31, " STRING(NESTED_REGS) " >> 16\n"
	"	ld	3, " STRING(REGS_R3) "(7)\n"
	"	ld	4, " STRING(REGS_R3) " + 8(7)\n"
	"	ld	5, " STRING(REGS_R3) " + 16(7)\n"
	"	ld	6, " STRING(REGS_R3) " + 24(7)\n"
	"	sc	1\n"
	"	b	.\n"
	"2:	mr	4, 3\n"
	"	li	3, " STRING(HCALL_REFUSED) "\n"
	"	sc	1\n"
	"	b	.\n"
	/* everything that KVM keeps of it: RIC 2, R 1, and in RB IS 2 */
	"guest_end_nested:\n"
	"	lis	4, 2 << 2 | 1\n"
	"	li	5, " STRING(NESTED_LPID) "\n"
	"	li	6, 0x800\n"
		HCALL(H_TLB_INVALIDATE)
	"	cmpdi	3, 0\n"
	"	bne	2b\n"
	"	b	guest_done\n"
	"guest_end:\n"
	"	.machine pop\n"
	"	.popsection\n");

extern const char guest_vectors[], guest_flush[], guest_end[];
extern const char guest_enter_nested[], guest_end_nested[];

/* 64-bit, little-endian; no translation, no interrupts */
#define MSR		(1ULL << 63 | 1)

/* Of the register LPCR: interrupts are taken in little-endian mode, too. */
#define LPCR_ILE	(1ULL << 25)

/* And the guest's addresses are looked up in a radix tree of the host's. */
#define LPCR_HR		(1ULL << 20)

/* Agrees with KVM_PPC_MMUV3_RADIX. The table, which the guest does not use, has 64 KB. */
#define PROCESS_TABLE	(1ULL << 63 | 4)

/* A radix tree of the usual 52 bits, the first 13 of them for the root, the next 9. */
#define TREE		(1ULL << 63 | 2ULL << 61 | 5 << 5 | 13)
#define NEXT_TABLE	(1ULL << 63 | 9)

/* A leaf of it, of 1 GB: used and changed, so that KVM may map it, and for all accesses. */
#define LEAF		(3ULL << 62 | 0x187)

/* In a leaf of KVM's: the CPU has used it. */
#define LEAF_YOUNG	0x100

/**
 * struct nested_state - struct hv_guest_state of the kernel, version 1
 * @lpcr: as the register; KVM takes some bits of it
 * @hdec_expiry: when to be back
 * @fault: out: HDAR, HDSISR, HEIR, ASDR
 */
struct nested_state {
	uint64_t version;
	uint32_t lpid;
	uint32_t vcpu;
	uint64_t lpcr;
	uint64_t unused1[8];
	uint64_t hdec_expiry;
	uint64_t unused2[4];
	uint64_t fault[4];
	uint64_t unused3[9];
};

_Static_assert(offsetof(struct nested_state, hdec_expiry) == 88, "struct hv_guest_state");
_Static_assert(offsetof(struct nested_state, fault) == 128, "struct hv_guest_state");
_Static_assert(sizeof(struct nested_state) == 232, "struct hv_guest_state");

const char *const arch_walkers[2] = { "radix_age", "kvm_arch_age_lockless" };

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

/* The instruction at an address of the kernel's text, which is where memory begins. */
static uint32_t kernel_instruction(uint64_t address)
{
	static int fd = -1;
	uint32_t word;

	if (fd < 0)
		fd = open("/dev/mem", O_RDONLY | O_CLOEXEC);
	check(fd >= 0 && pread(fd, &word, sizeof(word), address & ~(0xfUL << 60)) == sizeof(word),
	      "/dev/mem: %s", strerror(errno));
	return word;
}

/*
 * An interrupt takes a reservation away: with a probe between the load that makes
 * one and the store that needs it, the store fails each time. The kernel allows it.
 */
bool arch_may_probe(uint64_t address)
{
	uint64_t at;

	if (address % 4)
		return false;
	for (at = address; at > address - 64; at -= 4) {
		uint32_t word = kernel_instruction(at);

		/* lwarx, ldarx */
		if ((word & 0xfc00077e) == 0x7c000028)
			return false;
		/* stwcx., stdcx. */
		if ((word & 0xfc00077f) == 0x7c00012d && at != address)
			break;
	}
	return true;
}

bool arch_counts_instructions(void)
{
	return true;
}

bool arch_mmu_lock_spins(void)
{
	return true;
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

bool arch_nested(void)
{
	return true;
}

static struct nested_state *nested_state(struct vm *vm)
{
	return (struct nested_state *)(vm->control + NESTED_STATE);
}

static struct pt_regs *nested_regs(struct vm *vm)
{
	return (struct pt_regs *)(vm->control + NESTED_REGS);
}

/* Tables have the other endianness. */
static void set_entry(struct vm *vm, size_t offset, uint64_t entry)
{
	*(uint64_t *)(vm->control + offset) = __builtin_bswap64(entry);
}

/* The nested guest's address is the guest's, for the first GB. */
static void nested_setup(struct vm *vm)
{
	struct kvm_enable_cap nested = { .cap = KVM_CAP_PPC_NESTED_HV, .args = { 1 } };
	int able = ioctl(vm->fd, KVM_CHECK_EXTENSION, KVM_CAP_PPC_NESTED_HV);

	check(able == 1, "KVM_CAP_PPC_NESTED_HV: got %d, expected 1: kvm_hv.nested=0?", able);
	check(!ioctl(vm->fd, KVM_ENABLE_CAP, &nested), "KVM_CAP_PPC_NESTED_HV: %s",
	      strerror(errno));
	set_entry(vm, NESTED_ROOT, NEXT_TABLE | (VM_CONTROL_GPA + NESTED_TABLE));
	set_entry(vm, NESTED_TABLE, LEAF);
}

static void set_partition(struct vm *vm, uint64_t entry)
{
	/* the second half of the entry stays 0: no process table */
	set_entry(vm, NESTED_PARTITIONS + NESTED_LPID * 16, entry);
}

void arch_vm_setup(struct vm *vm)
{
	check(guest_end - guest_vectors <= VM_ORDER_OFFSET, "the code overlaps the order page");
	memcpy(vm->control + VM_CODE_OFFSET, guest_vectors, guest_end - guest_vectors);
	arch_use_other_tables(vm, vm->other_tables);
	/* only with radix tables the guest may drop what the TLB remembers */
	vm->keep_tlb = vm->other_tables;
	if (vm->nested)
		nested_setup(vm);
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

static uint64_t program_gpa(const char *program)
{
	return VM_CONTROL_GPA + VM_CODE_OFFSET + (program - guest_vectors);
}

void arch_set_pc(struct vm_vcpu *vcpu, const char *program)
{
	struct kvm_regs regs;

	get_regs(vcpu, &regs);
	regs.pc = program_gpa(program);
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

/* A trap of the nested guest's that its program is not to have, or an error of KVM's. */
static void refused(const struct vm_vcpu *vcpu)
{
	const uint64_t *fault = nested_state(vcpu->vm)->fault;

	fail("nested guest at 0x%lx: KVM returned 0x%" PRIx64 ", HDAR 0x%" PRIx64
	     ", HDSISR 0x%" PRIx64 ", HEIR 0x%" PRIx64 ", ASDR 0x%" PRIx64,
	     nested_regs(vcpu->vm)->nip, (uint64_t)vcpu->run->papr_hcall.args[0],
	     fault[0], fault[1], fault[2], fault[3]);
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
	if (run->papr_hcall.nr == (uint64_t)HCALL_REFUSED)
		refused(vcpu);
	return run->papr_hcall.nr == (uint64_t)HCALL_END;
}

void arch_nested_touch(struct vm *vm)
{
	struct vm_vcpu *vcpu = &vm->vcpus[0];

	set_partition(vm, TREE | (VM_CONTROL_GPA + NESTED_ROOT));
	*nested_state(vm) = (struct nested_state) {
		.version = 1, .lpid = NESTED_LPID, .lpcr = LPCR_ILE, .hdec_expiry = INT64_MAX,
	};
	*nested_regs(vm) = (struct pt_regs) {
		.gpr = { [31] = vcpu_control_gpa(vcpu) },
		.nip = program_gpa(program_touch), .msr = MSR,
	};
	arch_set_pc(vcpu, guest_enter_nested);
	vcpu_run(vcpu);
}

/* KVM forgets a nested guest when its entry is empty. */
void arch_nested_end(struct vm *vm)
{
	set_partition(vm, 0);
	arch_set_pc(&vm->vcpus[0], guest_end_nested);
	vcpu_run(&vm->vcpus[0]);
}

/* As debugfs has it: the guest's table, "Nested LPID" and its table; a leaf per line. */
bool arch_nested_young(struct vm *vm, uint64_t gpa)
{
	char path[80], key[32], *text, *table, *leaf;
	bool young;

	snprintf(path, sizeof(path), "/sys/kernel/debug/kvm/%d-%d/radix", getpid(), vm->fd);
	snprintf(key, sizeof(key), "\n %" PRIx64 ": ", gpa);
	text = read_file(path);
	table = strstr(text, "Nested LPID");
	check(table, "%s: no nested guest", path);
	leaf = strstr(table, key);
	check(leaf, "%s: the nested guest has no page at 0x%" PRIx64, path, gpa);
	young = strtoull(leaf + strlen(key), NULL, 16) & LEAF_YOUNG;
	free(text);
	return young;
}
