// SPDX-License-Identifier: GPL-2.0-only
/*
 * guest: a VMM of x86 whose guest touches pages, for kernels with our series.
 *
 * Has 256 pages of guest memory, and speaks as vmm.c does. touch FIRST NR STEP is
 * done by the guest, in real mode; vmm FIRST NR STEP by the process itself.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE	4096UL
#define MEMORY	(256 * PAGE)

/* bx is the segment of the first page, dx from one to the next, cx how many. */
static const unsigned char code[] = {
	0x8e, 0xdb,				/* mov ds, bx */
	0xc6, 0x06, 0x00, 0x00, 0x01,		/* mov byte [0], 1 */
	0x01, 0xd3,				/* add bx, dx */
	0xe2, 0xf5,				/* loop to the begin */
	0xf4,					/* hlt */
};

static char *memory;
static int vcpu;
static struct kvm_run *run;

static void need(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

/* Mappings stay apart: what wss takes is then only the first. */
static char *add_slot(int vm, int slot, unsigned long gpa, size_t size)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot, .guest_phys_addr = gpa, .memory_size = size,
	};
	char *start = mmap(NULL, size + 2 * PAGE, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	need(start != MAP_FAILED, "mmap");
	start += PAGE;
	need(!mprotect(start, size, PROT_READ | PROT_WRITE), "mprotect");
	region.userspace_addr = (unsigned long)start;
	need(!ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "memslot");
	return start;
}

static void create(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0);
	struct kvm_sregs sregs;

	need(vm >= 0, "KVM");
	memory = add_slot(vm, 0, 0, MEMORY);
	memcpy(add_slot(vm, 1, MEMORY, PAGE), code, sizeof(code));
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	need(vcpu >= 0, "vCPU");
	run = mmap(NULL, ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0),
		   PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	need(run != MAP_FAILED, "kvm_run");
	need(!ioctl(vcpu, KVM_GET_SREGS, &sregs), "sregs");
	sregs.cs.base = MEMORY;
	sregs.cs.selector = 0;
	need(!ioctl(vcpu, KVM_SET_SREGS, &sregs), "sregs");
}

static void touch(size_t first, size_t nr, size_t step)
{
	struct kvm_regs regs = {
		.rbx = first << 8, .rdx = step << 8, .rcx = nr, .rflags = 2,
	};

	need(!ioctl(vcpu, KVM_SET_REGS, &regs), "regs");
	need(!ioctl(vcpu, KVM_RUN, 0), "run");
	need(run->exit_reason == KVM_EXIT_HLT, "not halted");
}

int main(void)
{
	size_t i, first, nr, step;
	char line[128];

	create();
	printf("%lx-%lx %d 1\n", (unsigned long)memory,
	       (unsigned long)memory + MEMORY, getpid());
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "touch %zu %zu %zu", &first, &nr, &step) == 3)
			touch(first, nr, step);
		else if (sscanf(line, "vmm %zu %zu %zu", &first, &nr, &step) == 3)
			for (i = 0; i < nr; i++)
				memory[(first + i * step) * PAGE]++;
		else
			return strcmp(line, "exit\n") != 0;
		puts("ok");
		fflush(stdout);
	}
	return 0;
}
