// SPDX-License-Identifier: GPL-2.0-only
/*
 * The arm64 guest: EL1 with its MMU and caches on, because only then are its
 * accesses coherent with the host's. Its own table maps all addresses to
 * themselves in blocks of 1 GB; its granule is 4 KB on hosts with any page size.
 *
 * A program ends with a store to an address outside all slots, which leaves
 * KVM_RUN as MMIO. Memory is touched by plain 32-bit loads and stores only: of
 * these the CPU tells KVM what they do, so that they work without a slot, too.
 */
#include "guest.h"
#include "tap.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>

/* Linux 6.5; older headers do not have it. */
#ifndef KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE
#define KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE 228
#endif

/* The last GB that the guest's table maps: a program ended, or took an exception. */
#define END_GPA		0x7fc0000000
#define FAULT_GPA	0x7fe0000000

#define PATTERN_FACTOR	0x9e3779b1

/* x0: the order page */
#define ORDER_SETUP					\
	"	mrs	x0, tpidr_el1\n"		\
	"	add	x0, x0, #" STRING(ORDER) "\n"

/* x1 to x2: the range, x3: the stride, w4: the salt, w5: the factor */
#define PATTERN_SETUP					\
	ORDER_SETUP					\
	"	ldr	x1, [x0, #" STRING(ORDER_START) "]\n"	\
	"	ldr	x2, [x0, #" STRING(ORDER_END) "]\n"	\
	"	ldr	x3, [x0, #" STRING(ORDER_STRIDE) "]\n"	\
	"	ldr	x4, [x0, #" STRING(ORDER_SALT) "]\n"	\
	"	ldr	w5, =" STRING(PATTERN_FACTOR) "\n"

/* w6 = pattern(x1), see vm_pattern() */
#define PATTERN						\
	"	mul	w6, w1, w5\n"			\
	"	eor	w6, w6, w4\n"

asm("	.pushsection .rodata, \"a\"\n"
	"	.globl	program_touch, program_fill, program_verify\n"
	"	.balign	2048\n"
	"guest_vectors:\n"
	"	.rept	16\n"
	"	mov	x0, #" STRING(FAULT_GPA) "\n"
	"	str	wzr, [x0]\n"
	"	b	.\n"
	"	.balign	128\n"
	"	.endr\n"
	"program_touch:\n"
		ORDER_SETUP
	"	ldr	x2, [x0, #" STRING(ORDER_COUNT) "]\n"
	"	add	x1, x0, #" STRING(LIST) " - " STRING(ORDER) "\n"
	"1:	cbz	x2, guest_done\n"
	"	ldr	x3, [x1]\n"
	"	ldr	x4, [x1, #" STRING(TOUCH_KIND) "]\n"
	"	cbnz	x4, 2f\n"
	"	ldr	w4, [x3]\n"
	"	b	3f\n"
	"2:	str	w3, [x3]\n"
	"3:	add	x1, x1, #" STRING(TOUCH_SIZE) "\n"
	"	sub	x2, x2, #1\n"
	"	b	1b\n"
	"program_fill:\n"
		PATTERN_SETUP
	"1:	cmp	x1, x2\n"
	"	b.hs	guest_done\n"
		PATTERN
	"	str	w6, [x1]\n"
	"	add	x1, x1, x3\n"
	"	b	1b\n"
	"program_verify:\n"
		PATTERN_SETUP
	"1:	cmp	x1, x2\n"
	"	b.hs	guest_done\n"
		PATTERN
	"	ldr	w7, [x1]\n"
	"	cmp	w7, w6\n"
	"	b.eq	2f\n"
	"	cbnz	w7, 3f\n"
	"	ldr	x6, [x0, #" STRING(ORDER_ZERO_OK) "]\n"
	"	cbz	x6, 3f\n"
	"2:	add	x1, x1, x3\n"
	"	b	1b\n"
	"3:	str	x1, [x0, #" STRING(ORDER_BAD_GPA) "]\n"
	"	str	x7, [x0, #" STRING(ORDER_BAD_VALUE) "]\n"
	"	mov	x6, #1\n"
	"	str	x6, [x0, #" STRING(ORDER_DIFFERS) "]\n"
	"	b	guest_done\n"
	"guest_flush:\n"
	"	tlbi	vmalle1\n"
	"	dsb	ish\n"
	"	isb\n"
	"guest_done:\n"
	"	mov	x0, #" STRING(END_GPA) "\n"
	"	str	wzr, [x0]\n"
	"	b	.\n"
	"	.ltorg\n"
	"guest_end:\n"
	"	.popsection\n");

extern const char guest_vectors[], guest_flush[], guest_end[];

/* The guest's table, one page of 512 entries, lies behind its code. */
#define TABLE_OFFSET	0x1000
#define TABLE_ENTRIES	512
#define BLOCK_SHIFT	30

/* A block's descriptor (Arm ARM, D8.3): valid, access flag, which memory type. */
#define BLOCK_VALID	1ULL
#define BLOCK_ATTR(n)	((uint64_t)(n) << 2)
#define BLOCK_INNER	(3ULL << 8)
#define BLOCK_ACCESSED	(1ULL << 10)

/* Memory types: write-back, and nGnRnE of devices. */
#define ATTR_NORMAL	0
#define ATTR_DEVICE	1
#define MAIR		(0xffULL << 8 * ATTR_NORMAL | 0x00ULL << 8 * ATTR_DEVICE)

/* MMU, data cache, instruction cache */
#define SCTLR_ON	(1ULL << 0 | 1ULL << 2 | 1ULL << 12)

/*
 * 39 bits of address, so that the walk begins at the level of 1 GB blocks; walks
 * through the caches, inner shareable; no upper half; addresses of 40 bits.
 */
#define TCR		(25ULL | 1ULL << 8 | 1ULL << 10 | 3ULL << 12 | 1ULL << 23 | 2ULL << 32)

#define REG_PC		(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | \
			 KVM_REG_ARM_CORE_REG(regs.pc))
#define REG_SCTLR	ARM64_SYS_REG(3, 0, 1, 0, 0)
#define REG_TTBR0	ARM64_SYS_REG(3, 0, 2, 0, 0)
#define REG_TCR		ARM64_SYS_REG(3, 0, 2, 0, 2)
#define REG_MAIR	ARM64_SYS_REG(3, 0, 10, 2, 0)
#define REG_ESR		ARM64_SYS_REG(3, 0, 5, 2, 0)
#define REG_FAR		ARM64_SYS_REG(3, 0, 6, 0, 0)
#define REG_VBAR	ARM64_SYS_REG(3, 0, 12, 0, 0)
#define REG_TPIDR	ARM64_SYS_REG(3, 0, 13, 0, 4)

const char *const arch_walkers[2] = { "kvm_pgtable_stage2_test_clear_young_lockless" };

size_t arch_huge_size(void)
{
	/* a table is a page of entries of 8 bytes */
	return page_size / 8 * page_size;
}

bool arch_giant_leaves(void)
{
	return page_size == 4096;
}

/* None: the bitmap alone tells. What is mapped small does not make a whole leaf young. */
const char *arch_leaf_stat(size_t size)
{
	(void)size;
	return NULL;
}

/* Unless software has to set the access flag, see main.c. */
bool arch_lru_walks(void)
{
	return true;
}

unsigned long arch_vm_type(void)
{
	return 0;
}

static void write_table(struct vm *vm)
{
	uint64_t *table = (uint64_t *)(vm->control + TABLE_OFFSET);
	uint64_t i;

	for (i = 0; i < TABLE_ENTRIES; i++)
		table[i] = i << BLOCK_SHIFT | BLOCK_ACCESSED | BLOCK_INNER | BLOCK_VALID |
			   BLOCK_ATTR(i == END_GPA >> BLOCK_SHIFT ? ATTR_DEVICE : ATTR_NORMAL);
}

void arch_vm_setup(struct vm *vm)
{
	struct kvm_enable_cap split = {
		.cap = KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE,
		.args = { arch_huge_size() },
	};

	_Static_assert(VM_CODE_OFFSET + TABLE_OFFSET + 8 * TABLE_ENTRIES <= VM_ORDER_OFFSET,
		       "the table overlaps the order page");
	check(guest_end - guest_vectors <= TABLE_OFFSET, "the code overlaps the table");
	memcpy(vm->control + VM_CODE_OFFSET, guest_vectors, guest_end - guest_vectors);
	write_table(vm);
	if (vm->eager_split)
		check(!ioctl(vm->fd, KVM_ENABLE_CAP, &split),
		      "KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE: %s", strerror(errno));
}

static void set_reg(struct vm_vcpu *vcpu, uint64_t id, uint64_t value)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&value };

	check(!ioctl(vcpu->fd, KVM_SET_ONE_REG, &reg), "KVM_SET_ONE_REG 0x%llx: %s",
	      reg.id, strerror(errno));
}

static uint64_t get_reg(const struct vm_vcpu *vcpu, uint64_t id)
{
	uint64_t value = 0;
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&value };

	check(!ioctl(vcpu->fd, KVM_GET_ONE_REG, &reg), "KVM_GET_ONE_REG 0x%llx: %s",
	      reg.id, strerror(errno));
	return value;
}

void arch_vcpu_setup(struct vm_vcpu *vcpu)
{
	struct kvm_vcpu_init init;

	check(!ioctl(vcpu->vm->fd, KVM_ARM_PREFERRED_TARGET, &init),
	      "KVM_ARM_PREFERRED_TARGET: %s", strerror(errno));
	check(!ioctl(vcpu->fd, KVM_ARM_VCPU_INIT, &init), "KVM_ARM_VCPU_INIT: %s",
	      strerror(errno));
	/* out of reset: EL1, no interrupts */
	set_reg(vcpu, REG_TPIDR, vcpu_control_gpa(vcpu));
	set_reg(vcpu, REG_VBAR, VM_CONTROL_GPA + VM_CODE_OFFSET);
	set_reg(vcpu, REG_MAIR, MAIR);
	set_reg(vcpu, REG_TCR, TCR);
	set_reg(vcpu, REG_TTBR0, VM_CONTROL_GPA + TABLE_OFFSET);
	set_reg(vcpu, REG_SCTLR, get_reg(vcpu, REG_SCTLR) | SCTLR_ON);
}

/*
 * The store that ended the last program is still pending: KVM would step over
 * it in the next KVM_RUN, wherever the program counter is by then.
 */
static void complete_mmio(struct vm_vcpu *vcpu)
{
	int ret;

	if (vcpu->run->exit_reason != KVM_EXIT_MMIO)
		return;
	vcpu->run->immediate_exit = 1;
	ret = ioctl(vcpu->fd, KVM_RUN, 0);
	check(ret < 0 && errno == EINTR, "KVM_RUN that must not run: got %d, %s", ret,
	      strerror(errno));
	vcpu->run->immediate_exit = 0;
}

void arch_set_pc(struct vm_vcpu *vcpu, const char *program)
{
	complete_mmio(vcpu);
	set_reg(vcpu, REG_PC, VM_CONTROL_GPA + VM_CODE_OFFSET + (program - guest_vectors));
}

/*
 * A TLB remembers what both tables make of an address, and the guest may drop
 * that. What it remembers of KVM's table alone only the host could drop; the
 * machines that this runs on do not keep that.
 */
void arch_flush_tlb(struct vm_vcpu *vcpu)
{
	arch_set_pc(vcpu, guest_flush);
	vcpu_run(vcpu);
}

bool arch_program_ended(const struct vm_vcpu *vcpu)
{
	const struct kvm_run *run = vcpu->run;

	if (run->exit_reason != KVM_EXIT_MMIO)
		return false;
	check(run->mmio.phys_addr != FAULT_GPA,
	      "the guest took an exception: ESR 0x%" PRIx64 ", FAR 0x%" PRIx64,
	      get_reg(vcpu, REG_ESR), get_reg(vcpu, REG_FAR));
	return run->mmio.phys_addr == END_GPA;
}
