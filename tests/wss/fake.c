// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linked into wss, makes any kernel since 6.7 one with PAGE_IS_REFERENCED: asks
 * it for all else, and judges by the numbers that vmm.c leaves in its pages.
 *
 * FAKE_STATE is a file that remembers what was cleared, as page tables would.
 * FAKE_REGIONS bounds what a call reports. FAKE_NO_IDLE has no idle flags.
 * FAKE_FORBIDDEN are flags that take another user.
 * FAKE_LOG gets a line for each call: its flags, and where it began and ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

struct region {
	uint64_t start, end, categories;
};

struct arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t inverted, mask, anyof, ret;
};

#define SCAN		_IOWR('f', 16, struct arg)
#define REFERENCED	(1ULL << 10)
#define PRESENT		(1ULL << 3)
#define PFNZERO		(1ULL << 5)
#define CLEAR		(1ULL << 2)
#define BY_IDLE		(1ULL << 3)
#define NR_STATES	(1UL << 27)	/* pages, by the low bits of their number */

int __real_ioctl(int fd, unsigned long request, void *arg);
int __wrap_ioctl(int fd, unsigned long request, void *arg);

static uint64_t page;
static pid_t pid;

/* The numbers when pages were cleared: by accessed bits, by idle flags. */
static unsigned int *states(int by_idle)
{
	static unsigned int *state[2];
	const char *path = getenv("FAKE_STATE");
	size_t bytes = NR_STATES * sizeof(**state);
	int fd;

	if (state[by_idle])
		return state[by_idle];
	fd = path ? open(path, O_RDWR | O_CREAT, 0600) : memfd_create("state", 0);
	if (fd < 0 || ftruncate(fd, 2 * bytes))
		abort();
	state[by_idle] = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			      by_idle * bytes);
	if (state[by_idle] == MAP_FAILED)
		abort();
	close(fd);
	return state[by_idle];
}

static int referenced(const struct arg *arg, uint64_t address)
{
	unsigned int *state, number = 0;
	struct iovec to = { &number, sizeof(number) };
	struct iovec from = { (void *)(uintptr_t)address, sizeof(number) };
	int young;

	if (process_vm_readv(pid, &to, 1, &from, 1, 0) != sizeof(number))
		return 0;
	state = states(!!(arg->flags & BY_IDLE)) + address / page % NR_STATES;
	young = number != *state;
	if (arg->flags & CLEAR)
		*state = number;
	return young;
}

/* A page into the array, which may be full. */
static int push(struct arg *arg, uint64_t *nr, uint64_t address, uint64_t categories)
{
	struct region *region = (struct region *)(uintptr_t)arg->vec;

	categories &= arg->ret;
	if (*nr && region[*nr - 1].end == address &&
	    region[*nr - 1].categories == categories) {
		region[*nr - 1].end += page;
		return 1;
	}
	if (*nr == arg->vec_len)
		return 0;
	region[(*nr)++] = (struct region) { address, address + page, categories };
	return 1;
}

/* Asks again for each page: slow, but tells of it what the kernel tells. */
static int scan(int fd, struct arg *arg)
{
	struct region region;
	struct arg real;
	uint64_t address = arg->start, nr = 0, categories;
	int found;

	while (address < arg->end) {
		real = *arg;
		real.flags = 0;
		real.anyof &= ~REFERENCED;
		real.ret &= ~REFERENCED;
		real.vec = (uintptr_t)&region;
		real.vec_len = 1;
		real.max_pages = 1;
		real.start = address;
		found = __real_ioctl(fd, SCAN, &real);
		if (found <= 0) {
			arg->walk_end = real.walk_end;
			return found ? found : (int)nr;
		}
		address = region.start;
		categories = region.categories;
		if (nr == arg->vec_len)
			break;
		if (categories & PRESENT && !(categories & PFNZERO) &&
		    referenced(arg, address))
			categories |= REFERENCED;
		if (!push(arg, &nr, address, categories))
			abort();
		address += page;
	}
	arg->walk_end = address;
	return nr;
}

static void record(const struct arg *arg)
{
	const char *path = getenv("FAKE_LOG");
	FILE *file = path ? fopen(path, "a") : NULL;

	if (!file)
		return;
	fprintf(file, "%llx %llx %llx %llx\n", (unsigned long long)arg->flags,
		(unsigned long long)arg->start, (unsigned long long)arg->end,
		(unsigned long long)arg->walk_end);
	fclose(file);
}

static void find_pid(int fd)
{
	char link[64], target[64];
	ssize_t length;

	page = sysconf(_SC_PAGESIZE);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, target, sizeof(target) - 1);
	target[length < 0 ? 0 : length] = '\0';
	sscanf(target, "/proc/%d/", &pid);
}

int __wrap_ioctl(int fd, unsigned long request, void *data)
{
	const char *regions = getenv("FAKE_REGIONS");
	const char *forbidden = getenv("FAKE_FORBIDDEN");
	struct arg *arg = data, copy;
	int nr;

	if (request != SCAN)
		return __real_ioctl(fd, request, data);
	if (arg->flags & BY_IDLE && getenv("FAKE_NO_IDLE")) {
		errno = EINVAL;
		return -1;
	}
	if (forbidden && arg->flags & strtoull(forbidden, NULL, 10)) {
		errno = EPERM;
		return -1;
	}
	find_pid(fd);
	copy = *arg;
	if (regions && strtoull(regions, NULL, 10) < copy.vec_len)
		copy.vec_len = strtoull(regions, NULL, 10);
	nr = scan(fd, &copy);
	arg->walk_end = copy.walk_end;
	record(arg);
	return nr;
}
