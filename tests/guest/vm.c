// SPDX-License-Identifier: GPL-2.0-only
#include "vm.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

size_t page_size;

static int kvm = -1;

static void open_kvm(void)
{
	int version;

	if (kvm >= 0)
		return;
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	check(kvm >= 0, "/dev/kvm: %s", strerror(errno));
	version = ioctl(kvm, KVM_GET_API_VERSION, 0);
	check(version == KVM_API_VERSION, "KVM API version: got %d, expected %d",
	      version, KVM_API_VERSION);
}

uint64_t huge_gpa(uint64_t gpa)
{
	return (gpa + arch_huge_size() - 1) / arch_huge_size() * arch_huge_size();
}

static uint64_t control_offset(const struct vm_vcpu *vcpu)
{
	return vcpu->id * VM_CONTROL_SIZE;
}

uint64_t vcpu_control_gpa(const struct vm_vcpu *vcpu)
{
	return VM_CONTROL_GPA + control_offset(vcpu);
}

static struct vm_order *vcpu_order(struct vm_vcpu *vcpu)
{
	return (struct vm_order *)(vcpu->vm->control + control_offset(vcpu) + VM_ORDER_OFFSET);
}

/* Those who touch use the first vCPU. */
static struct vm_order *touch_order(struct vm *vm)
{
	return vcpu_order(&vm->vcpus[0]);
}

static struct vm_touch *touch_list(struct vm *vm)
{
	return (struct vm_touch *)(vm->control + VM_LIST_OFFSET);
}

static size_t control_size(const struct vm *vm)
{
	return (vm->nr_vcpus + vm->nested) * VM_CONTROL_SIZE;
}

static void vcpu_create(struct vm *vm, unsigned int id)
{
	struct vm_vcpu *vcpu = &vm->vcpus[id];

	vcpu->vm = vm;
	vcpu->id = id;
	vcpu->fd = ioctl(vm->fd, KVM_CREATE_VCPU, id);
	check(vcpu->fd >= 0, "KVM_CREATE_VCPU: %s", strerror(errno));
	vcpu->run_size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	vcpu->run = mmap(NULL, vcpu->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	check(vcpu->run != MAP_FAILED, "mmap of the vCPU: %s", strerror(errno));
	arch_vcpu_setup(vcpu);
}

static char *new_control(const struct vm *vm)
{
	char *control = mmap(NULL, control_size(vm), PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check(control != MAP_FAILED, "mmap: %s", strerror(errno));
	return control;
}

static struct vm *vm_create_with(unsigned int nr_vcpus, bool eager_split, char *memory,
				 bool nested)
{
	struct vm *vm = calloc(1, sizeof(*vm));
	unsigned int i;

	check(vm, "out of memory");
	vm->nr_vcpus = nr_vcpus;
	vm->eager_split = eager_split;
	vm->other_tables = memory;
	vm->nested = nested;
	open_kvm();
	vm->fd = ioctl(kvm, KVM_CREATE_VM, arch_vm_type());
	check(vm->fd >= 0, "KVM_CREATE_VM: %s", strerror(errno));

	vm->control = memory ? memory + VM_CONTROL_GPA : new_control(vm);
	arch_vm_setup(vm);
	if (!memory)
		vm_add_slot(vm, 0, VM_CONTROL_GPA, vm->control, control_size(vm));
	for (i = 0; i < nr_vcpus; i++)
		vcpu_create(vm, i);
	return vm;
}

struct vm *vm_create(void)
{
	return vm_create_with(1, false, NULL, false);
}

struct vm *vm_create_smp(unsigned int nr_vcpus)
{
	check(nr_vcpus <= VM_VCPUS, "too many vCPUs");
	return vm_create_with(nr_vcpus, true, NULL, false);
}

struct vm *vm_create_other(char *memory)
{
	return vm_create_with(1, false, memory, false);
}

struct vm *vm_create_nested(void)
{
	return vm_create_with(1, false, NULL, true);
}

void vm_destroy(struct vm *vm)
{
	unsigned int i;

	/* the mapping holds the vCPU, and the vCPU holds the VM */
	for (i = 0; i < vm->nr_vcpus; i++) {
		munmap(vm->vcpus[i].run, vm->vcpus[i].run_size);
		close(vm->vcpus[i].fd);
	}
	close(vm->fd);
	if (!vm->other_tables)
		munmap(vm->control, control_size(vm));
	free(vm);
}

static void vm_set_slot(struct vm *vm, const struct vm_slot *slot, uint64_t size)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot->id | slot->space << 16,
		.flags = slot->flags,
		.guest_phys_addr = slot->gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)slot->hva,
	};

	check(!ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region),
	      "memory slot %u of space %u at 0x%" PRIx64 ": %s", slot->id, slot->space,
	      slot->gpa, strerror(errno));
}

struct vm_slot *vm_add_slot(struct vm *vm, unsigned int space, uint64_t gpa,
			    void *hva, uint64_t size)
{
	struct vm_slot *slot = &vm->slots[vm->nr_slots];

	check(vm->nr_slots < VM_SLOTS, "too many slots");
	*slot = (struct vm_slot) {
		.id = vm->nr_slots, .space = space, .gpa = gpa, .size = size, .hva = hva,
	};
	vm_set_slot(vm, slot, size);
	vm->nr_slots++;
	return slot;
}

void vm_slot_flags(struct vm *vm, struct vm_slot *slot, uint32_t flags)
{
	slot->flags = flags;
	vm_set_slot(vm, slot, slot->size);
}

void vm_slot_delete(struct vm *vm, struct vm_slot *slot)
{
	vm_set_slot(vm, slot, 0);
}

void vm_slot_restore(struct vm *vm, struct vm_slot *slot)
{
	vm_set_slot(vm, slot, slot->size);
}

void vm_slot_dirty(struct vm *vm, struct vm_slot *slot, unsigned long *bitmap)
{
	struct kvm_dirty_log log = {
		.slot = slot->id | slot->space << 16,
		.dirty_bitmap = bitmap,
	};

	check(!ioctl(vm->fd, KVM_GET_DIRTY_LOG, &log), "KVM_GET_DIRTY_LOG: %s",
	      strerror(errno));
}

static char *vm_hva(struct vm *vm, uint64_t gpa, uint64_t size)
{
	unsigned int i;

	/* among them the deleted slots: for these KVM asks */
	for (i = 0; i < vm->nr_slots; i++) {
		const struct vm_slot *slot = &vm->slots[i];

		if (!slot->space && gpa >= slot->gpa && size <= slot->size &&
		    gpa - slot->gpa <= slot->size - size)
			return slot->hva + (gpa - slot->gpa);
	}
	return NULL;
}

static void add(uint64_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* A slot is away: the access is to its memory all the same. */
static void vcpu_mmio(struct vm_vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	uint64_t gpa = run->mmio.phys_addr;
	uint32_t len = run->mmio.len;
	char *hva = vm_hva(vcpu->vm, gpa, len);

	check(hva, "the guest left its memory at 0x%" PRIx64, gpa);
	if (run->mmio.is_write)
		memcpy(hva, run->mmio.data, len);
	else
		memcpy(run->mmio.data, hva, len);
	add(&vcpu->vm->mmio);
}

void vcpu_run(struct vm_vcpu *vcpu)
{
	for (;;) {
		if (ioctl(vcpu->fd, KVM_RUN, 0)) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			check(errno == EFAULT && vcpu->vm->may_fault, "KVM_RUN: %s",
			      strerror(errno));
			add(&vcpu->vm->faults);
			continue;
		}
		if (arch_program_ended(vcpu))
			return;
		check(vcpu->run->exit_reason == KVM_EXIT_MMIO, "KVM_RUN: exit reason %u",
		      vcpu->run->exit_reason);
		vcpu_mmio(vcpu);
	}
}

void vm_touch(struct vm *vm, unsigned int space, uint64_t gpa, enum vm_kind kind)
{
	struct vm_order *order = touch_order(vm);

	if (order->count == VM_LIST_ENTRIES || space != vm->list_space)
		vm_touch_flush(vm);
	vm->list_space = space;
	touch_list(vm)[order->count++] = (struct vm_touch) { gpa, kind };
}

void vm_touch_flush(struct vm *vm)
{
	struct vm_order *order = touch_order(vm);
	struct vm_vcpu *vcpu = &vm->vcpus[0];

	if (!order->count)
		return;
	/*
	 * Aging flushes no TLB, so hardware need not set a bit again for a
	 * translation that it remembers. The tests are not about that.
	 */
	if (!vm->keep_tlb)
		arch_flush_tlb(vcpu);
	if (vm->list_space) {
		arch_second_space_touch(vm);
	} else if (vm->touch_nested) {
		arch_nested_touch(vm);
	} else {
		arch_set_pc(vcpu, program_touch);
		vcpu_run(vcpu);
	}
	order->count = 0;
}

void vm_touch_nested(struct vm *vm, bool nested)
{
	check(vm->nested, "the guest cannot have guests");
	vm_touch_flush(vm);
	vm->touch_nested = nested;
}

/* The back ends' guests compute the same. */
uint32_t vm_pattern(uint64_t gpa, uint64_t salt)
{
	return (uint32_t)gpa * 0x9e3779b1u ^ (uint32_t)salt;
}

static void vcpu_run_pattern(struct vm_vcpu *vcpu, const char *program,
			     const struct vm_order *order)
{
	if (!vcpu->id)
		vm_touch_flush(vcpu->vm);
	*vcpu_order(vcpu) = *order;
	arch_set_pc(vcpu, program);
	vcpu_run(vcpu);
}

void vcpu_fill(struct vm_vcpu *vcpu, uint64_t gpa, uint64_t size, uint64_t stride,
	       uint64_t salt)
{
	vcpu_run_pattern(vcpu, program_fill, &(struct vm_order) {
		.start = gpa, .end = gpa + size, .stride = stride, .salt = salt,
	});
}

void vm_fill(struct vm *vm, uint64_t gpa, uint64_t size, uint64_t stride, uint64_t salt)
{
	vcpu_fill(&vm->vcpus[0], gpa, size, stride, salt);
}

void vcpu_verify(struct vm_vcpu *vcpu, uint64_t gpa, uint64_t size, uint64_t stride,
		 uint64_t salt, bool zero_ok)
{
	const struct vm_order *order = vcpu_order(vcpu);

	vcpu_run_pattern(vcpu, program_verify, &(struct vm_order) {
		.start = gpa, .end = gpa + size, .stride = stride, .salt = salt,
		.zero_ok = zero_ok,
	});
	check(!order->differs,
	      "guest memory at 0x%" PRIx64 ": got 0x%" PRIx64 ", expected 0x%x",
	      order->bad_gpa, order->bad_value, vm_pattern(order->bad_gpa, salt));
}

void vm_verify(struct vm *vm, uint64_t gpa, uint64_t size, uint64_t stride,
	       uint64_t salt, bool zero_ok)
{
	vcpu_verify(&vm->vcpus[0], gpa, size, stride, salt, zero_ok);
}

static void read_at(int fd, void *buf, size_t size, off_t offset)
{
	ssize_t n = pread(fd, buf, size, offset);

	check(n == (ssize_t)size, "KVM statistics: got %zd, expected %zu bytes", n, size);
}

uint64_t vm_stat(struct vm *vm, const char *name)
{
	struct kvm_stats_header header;
	struct kvm_stats_desc *desc;
	uint64_t value = 0;
	size_t desc_size;
	bool found = false;
	unsigned int i;
	int fd;

	fd = ioctl(vm->fd, KVM_GET_STATS_FD, 0);
	check(fd >= 0, "KVM_GET_STATS_FD: %s", strerror(errno));
	read_at(fd, &header, sizeof(header), 0);
	desc_size = sizeof(*desc) + header.name_size;
	desc = malloc(desc_size);
	check(desc, "out of memory");

	for (i = 0; i < header.num_desc && !found; i++) {
		read_at(fd, desc, desc_size, header.desc_offset + i * desc_size);
		if (strncmp(desc->name, name, header.name_size))
			continue;
		read_at(fd, &value, sizeof(value), header.data_offset + desc->offset);
		found = true;
	}
	check(found, "KVM has no VM statistic %s", name);
	free(desc);
	close(fd);
	return value;
}
