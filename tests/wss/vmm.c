// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmm [--kvm] [--memfd|--huge] PAGES: has memory like a VMM, and obeys.
 *
 * Says "START-END PID VMS", then reads lines and answers each by "ok":
 * touch FIRST NR STEP writes to pages, read FIRST NR STEP only reads, zap FIRST
 * NR gives pages back, exit ends. --kvm holds a virtual machine, where it may.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE	(2UL << 20)

static size_t page;
static char *memory;
static volatile unsigned int sum;

static int create_vm(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	return kvm >= 0 && ioctl(kvm, KVM_CREATE_VM, 0) >= 0;
}

/* Whole huge pages, and nobody's neighbour: the kernel would merge the two. */
static char *map(const char *how, size_t bytes)
{
	char *start = mmap(NULL, bytes + 2 * HUGE, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd;

	if (start == MAP_FAILED)
		return start;
	start = (char *)(((unsigned long)start + HUGE) & ~(HUGE - 1));
	if (!strcmp(how, "--memfd")) {
		fd = memfd_create("guest", 0);
		if (fd < 0 || ftruncate(fd, bytes))
			return MAP_FAILED;
		return mmap(start, bytes, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_FIXED, fd, 0);
	}
	if (mprotect(start, bytes, PROT_READ | PROT_WRITE))
		return MAP_FAILED;
	madvise(start, bytes, strcmp(how, "--huge") ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
	return start;
}

/* A new number in the first word of a page tells fake.c that it was touched. */
static void access_pages(bool write, size_t first, size_t nr, size_t step)
{
	static unsigned int serial;
	volatile unsigned int *word;
	size_t i;

	for (i = 0; i < nr; i++) {
		word = (void *)(memory + (first + i * step) * page);
		if (write)
			*word = ++serial;
		else
			sum += *word;
	}
}

static void obey(const char *line)
{
	size_t first, nr, step;

	if (sscanf(line, "touch %zu %zu %zu", &first, &nr, &step) == 3)
		access_pages(true, first, nr, step);
	else if (sscanf(line, "read %zu %zu %zu", &first, &nr, &step) == 3)
		access_pages(false, first, nr, step);
	else if (sscanf(line, "zap %zu %zu", &first, &nr) == 2)
		madvise(memory + first * page, nr * page, MADV_DONTNEED);
	else
		exit(strcmp(line, "exit\n") != 0);
}

int main(int argc, char **argv)
{
	const char *how = "";
	size_t bytes;
	char line[128];
	int i, vms = 0;

	page = sysconf(_SC_PAGESIZE);
	for (i = 1; i < argc - 1; i++) {
		if (!strcmp(argv[i], "--kvm"))
			vms = create_vm();
		else
			how = argv[i];
	}
	bytes = strtoul(argv[argc - 1], NULL, 10) * page;
	memory = map(how, bytes);
	if (memory == MAP_FAILED)
		return 1;
	printf("%lx-%lx %d %d\n", (unsigned long)memory, (unsigned long)memory + bytes,
	       getpid(), vms);
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		obey(line);
		puts("ok");
		fflush(stdout);
	}
	return 0;
}
