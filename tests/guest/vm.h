/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtual machine on the raw KVM API: a vCPU or two, memory slots anywhere, and
 * a guest that touches what it is told. Nothing here knows an architecture;
 * what does is behind the arch_ functions, one file per architecture.
 *
 * The guest's code and its orders lie in a control slot of their own, so that
 * fetching them makes none of the measured pages young. Each vCPU has an area
 * of that slot for its orders; the code in the first one is for all.
 */
#ifndef VM_H
#define VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/kvm.h>

#define VM_SLOTS		24
#define VM_VCPUS		2

/* Guest physical addresses. Tests place their memory at VM_GPA and above. */
#define VM_CONTROL_GPA		0x100000ULL
#define VM_CONTROL_SIZE		0x100000ULL	/* times the number of control areas */
#define VM_GPA			0x1000000ULL

/* Offsets in a control area, a multiple of every page size. */
#define VM_CODE_OFFSET		0x00000
#define VM_ORDER_OFFSET		0x10000
#define VM_LIST_OFFSET		0x20000
#define VM_LIST_SIZE		(VM_CONTROL_SIZE - VM_LIST_OFFSET)
#define VM_LIST_ENTRIES		(VM_LIST_SIZE / sizeof(struct vm_touch))

enum vm_kind {
	VM_READ,
	VM_WRITE,	/* changes the word at the address */
};

/* One entry of the list that the guest works off. */
struct vm_touch {
	uint64_t gpa;
	uint64_t kind;
};

/* The guest's programs, one text per architecture. */
extern const char program_touch[];	/* work off the list */
extern const char program_fill[];	/* write the pattern */
extern const char program_verify[];	/* compare with the pattern, stop at the first difference */

/* The order page: read, and for program_verify written, by the guest. */
struct vm_order {
	uint64_t count;		/* program_touch: entries of the list */
	uint64_t start;		/* fill and verify: guest physical, half-open */
	uint64_t end;
	uint64_t stride;
	uint64_t salt;		/* which pattern */
	uint64_t zero_ok;	/* program_verify: a zero is no difference */
	uint64_t differs;	/* program_verify, the answer: 1 and the next two */
	uint64_t bad_gpa;
	uint64_t bad_value;
};

struct vm_slot {
	uint32_t id;
	unsigned int space;
	uint32_t flags;
	uint64_t gpa;
	uint64_t size;
	char *hva;
};

struct vm_vcpu {
	struct vm *vm;
	unsigned int id;
	int fd;
	struct kvm_run *run;
	size_t run_size;
};

struct vm {
	int fd;
	struct vm_vcpu vcpus[VM_VCPUS];
	unsigned int nr_vcpus;
	char *control;
	struct vm_slot slots[VM_SLOTS];
	unsigned int nr_slots;
	unsigned int list_space;	/* whose list the pending entries are */
	bool other_tables;		/* see vm_create_other() */
	bool nested;			/* see vm_create_nested() */
	bool touch_nested;		/* who works off the list, see vm_touch_nested() */
	bool keep_tlb;			/* do not flush the TLB before each touch list */
	bool eager_split;		/* split huge leaves when dirty logging begins */
	bool may_fault;			/* a host page may be missing: try again */
	uint64_t faults;		/* how often that happened */
	uint64_t mmio;			/* accesses served for absent slots */
};

/* Set by main(). */
extern size_t page_size;

/* One vCPU. */
struct vm *vm_create(void);

/*
 * More vCPUs, which may run at the same time. Touches are for the first one
 * only. Huge leaves are split when dirty logging begins, not one by one when
 * they are written, where KVM leaves that to the VMM.
 */
struct vm *vm_create_smp(unsigned int nr_vcpus);

/*
 * KVM has tables of the other kind for it, see arch_other_tables(). The guest's
 * code and orders lie in @memory at their usual address: for the guest, @memory
 * begins at address 0, where the caller has to put it.
 */
struct vm *vm_create_other(char *memory);

/*
 * The guest can run another one, which sees the same memory at the same
 * addresses. Behind the vCPU's control area is one for what that takes.
 */
struct vm *vm_create_nested(void);

/* Closes the VM; memory of the slots stays with the caller. */
void vm_destroy(struct vm *vm);

/**
 * vm_add_slot() - give the guest memory
 * @vm: the machine
 * @space: address space, 0 is the normal one
 * @gpa: where the guest sees it
 * @hva: the memory
 * @size: bytes, whole pages
 *
 * Return: the slot, good for vm_slot_flags() and its siblings.
 */
struct vm_slot *vm_add_slot(struct vm *vm, unsigned int space, uint64_t gpa,
			    void *hva, uint64_t size);

/* Replaces the flags (KVM_MEM_LOG_DIRTY_PAGES). */
void vm_slot_flags(struct vm *vm, struct vm_slot *slot, uint32_t flags);

/* Takes the slot out of KVM. The guest goes on: the VMM serves its accesses. */
void vm_slot_delete(struct vm *vm, struct vm_slot *slot);

/* And puts it back. */
void vm_slot_restore(struct vm *vm, struct vm_slot *slot);

/* Fetches and resets the dirty log, one bit per page of the slot. */
void vm_slot_dirty(struct vm *vm, struct vm_slot *slot, unsigned long *bitmap);

/* Queues a touch of one page; vm_touch_flush() lets the guest do it. */
void vm_touch(struct vm *vm, unsigned int space, uint64_t gpa, enum vm_kind kind);
void vm_touch_flush(struct vm *vm);

/* Who touches from now on: the nested guest, or again the guest itself. */
void vm_touch_nested(struct vm *vm, bool nested);

/* What the guest writes at @gpa for @salt. */
uint32_t vm_pattern(uint64_t gpa, uint64_t salt);

/* Writes the pattern to each stride's first word. */
void vcpu_fill(struct vm_vcpu *vcpu, uint64_t gpa, uint64_t size, uint64_t stride,
	       uint64_t salt);
void vm_fill(struct vm *vm, uint64_t gpa, uint64_t size, uint64_t stride, uint64_t salt);

/*
 * Fails the test if a word differs. @zero_ok accepts pages that lost their
 * content to MADV_DONTNEED.
 */
void vcpu_verify(struct vm_vcpu *vcpu, uint64_t gpa, uint64_t size, uint64_t stride,
		 uint64_t salt, bool zero_ok);
void vm_verify(struct vm *vm, uint64_t gpa, uint64_t size, uint64_t stride,
	       uint64_t salt, bool zero_ok);

/* A VM statistic by its name in KVM's binary statistics. */
uint64_t vm_stat(struct vm *vm, const char *name);

/* Where the guest sees the vCPU's area of the control slot. */
uint64_t vcpu_control_gpa(const struct vm_vcpu *vcpu);

/* --- one back end per architecture --- */

/* The size of a page-middle-directory leaf, */
size_t arch_huge_size(void);

/* and how many pages it is. */
static inline size_t huge_pages(void)
{
	return arch_huge_size() / page_size;
}

/* The first guest physical address from @gpa on where such a leaf can begin. */
uint64_t huge_gpa(uint64_t gpa);

/* Are there leaves of 1 GB? */
bool arch_giant_leaves(void);

/* The VM statistic that counts leaves of this size; NULL if KVM has none. */
const char *arch_leaf_stat(size_t size);

/* Does MGLRU walk page tables there (arch_has_hw_pte_young() of the kernel)? */
bool arch_lru_walks(void);

/* Does perf count instructions on the emulated CPUs? */
bool arch_counts_instructions(void);

/* May a kprobe be at this address of the kernel's text? If not, its CPU may never get on. */
bool arch_may_probe(uint64_t address);

/* Is mmu_lock a spinlock, not an rwlock? */
bool arch_mmu_lock_spins(void);

/* Do those who ask for a flush of what was young get one? */
bool arch_flushes_young(void);

/*
 * The function of the kernel that walks without mmu_lock, and the one that it is
 * part of if the compiler wanted it so; or NULL.
 */
extern const char *const arch_walkers[2];

/* What KVM has for its guests' page tables here, in words for --machine=. */
const char *arch_machine(void);

/* How many address spaces a machine can have. */
unsigned int arch_spaces(void);

/* The KVM_CREATE_VM argument. */
unsigned long arch_vm_type(void);

/* Before there are slots and vCPUs: capabilities, and the code of the control slot. */
void arch_vm_setup(struct vm *vm);

/* Puts the vCPU into its initial state. */
void arch_vcpu_setup(struct vm_vcpu *vcpu);

/* Sets the program counter to the start of a program. */
void arch_set_pc(struct vm_vcpu *vcpu, const char *program);

/* The next program knows nothing of guest physical memory through the vCPU's TLB. */
void arch_flush_tlb(struct vm_vcpu *vcpu);

/* Did KVM_RUN return because the program ended? */
bool arch_program_ended(const struct vm_vcpu *vcpu);

/* Address space 1: prepares it, and lets the guest work off the list there. */
void arch_second_space_setup(struct vm *vm);
void arch_second_space_touch(struct vm *vm);

/* Does KVM have another kind of table for its guests? */
bool arch_other_tables(void);

/* Gives a machine that does not run tables of the other kind, or the usual ones again. */
void arch_use_other_tables(struct vm *vm, bool other);

/* Can a guest have guests? */
bool arch_nested(void);

/* Is the table that KVM has for a nested guest alone asked about pages, too? */
bool arch_nested_asked(void);

/* The guest lets its nested one, which it makes if there is none, work off the list. */
void arch_nested_touch(struct vm *vm);

/* The guest has no nested one any more. */
void arch_nested_end(struct vm *vm);

/* If it is not asked: did the nested guest use the page, according to it? */
bool arch_nested_young(struct vm *vm, uint64_t gpa);

/* Runs until arch_program_ended(). For back ends. */
void vcpu_run(struct vm_vcpu *vcpu);

#endif
