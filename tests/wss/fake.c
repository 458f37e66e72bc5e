// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linked into wss, makes any kernel one with PAGE_IS_REFERENCED: answers for it
 * from the file FAKE_PAGES, where vmm.c notes what it does to its pages, and
 * takes what vmm.c holds for a virtual machine.
 *
 * FAKE_ERROR is what the kernel says instead, for it knows no such thing.
 * FAKE_REGIONS bounds what a call reports. FAKE_NO_IDLE has no idle flags.
 * FAKE_FORBIDDEN are flags that take another user.
 * FAKE_LOG gets a line for each call: its flags, and where it began and ended.
 */
#include "fake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct region {
	uint64_t start, end, categories;
};

struct arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t inverted, mask, anyof, ret;
};

#define SCAN		_IOWR('f', 16, struct arg)
#define CLEAR		(1ULL << 2)
#define BY_IDLE		(1ULL << 3)

int __real_ioctl(int fd, unsigned long request, void *arg);
int __wrap_ioctl(int fd, unsigned long request, void *arg);
ssize_t __real_readlinkat(int fd, const char *path, char *target, size_t size);
ssize_t __wrap_readlinkat(int fd, const char *path, char *target, size_t size);

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 10) : otherwise;
}

static struct pages *pages(void)
{
	static struct pages *pages;
	struct stat st;
	int fd;

	if (pages)
		return pages;
	fd = open(getenv("FAKE_PAGES"), O_RDWR);
	if (fd < 0 || fstat(fd, &st))
		abort();
	pages = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (pages == MAP_FAILED)
		abort();
	close(fd);
	return pages;
}

/* What there is at an address; clears it if the caller may. */
static uint64_t categories(const struct arg *arg, uint64_t address)
{
	uint64_t i = (address - pages()->start) / pages()->size, is;
	uint32_t *young;

	if (address < pages()->start || i >= pages()->nr)
		return 0;
	is = pages()->page[i].is;
	young = &pages()->page[i].young[!!(arg->flags & BY_IDLE)];
	if (is & PRESENT && !(is & PFNZERO) && *young)
		is |= REFERENCED;
	if (arg->flags & CLEAR)
		*young = 0;
	return is & arg->anyof ? is & arg->ret : 0;
}

/* A page into the array: is there room for it? */
static int push(const struct arg *arg, int nr, uint64_t address, uint64_t is)
{
	struct region *region = (struct region *)(uintptr_t)arg->vec + nr;

	if (nr && region[-1].end == address && region[-1].categories == is) {
		region[-1].end += pages()->size;
		return nr;
	}
	*region = (struct region) { address, address + pages()->size, is };
	return nr + 1;
}

/* Stops, as the kernel does, at the page for which there is no room. */
static int scan(struct arg *arg, uint64_t room)
{
	uint64_t address = arg->start, is;
	int nr = 0;

	for (; address < arg->end; address += pages()->size) {
		if ((uint64_t)nr == room)
			break;
		is = categories(arg, address);
		if (is)
			nr = push(arg, nr, address, is);
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

int __wrap_ioctl(int fd, unsigned long request, void *data)
{
	struct arg *arg = data;
	uint64_t room;
	int nr;

	if (request != SCAN)
		return __real_ioctl(fd, request, data);
	errno = number("FAKE_ERROR", 0);
	if (arg->flags & BY_IDLE && getenv("FAKE_NO_IDLE"))
		errno = EINVAL;
	if (arg->flags & number("FAKE_FORBIDDEN", 0))
		errno = EPERM;
	if (errno)
		return -1;
	room = number("FAKE_REGIONS", arg->vec_len);
	nr = scan(arg, room < arg->vec_len ? room : arg->vec_len);
	record(arg);
	return nr;
}

ssize_t __wrap_readlinkat(int fd, const char *path, char *target, size_t size)
{
	static const char vm[] = "/memfd:" VM_NAME " (deleted)";
	ssize_t length = __real_readlinkat(fd, path, target, size);

	if (length != sizeof(vm) - 1 || memcmp(target, vm, length))
		return length;
	memcpy(target, VM_NAME, sizeof(VM_NAME) - 1);
	return sizeof(VM_NAME) - 1;
}
