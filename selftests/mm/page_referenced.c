// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which pages were accessed since that was cleared? Bit 59 of pagemap,
 * PAGE_IS_REFERENCED of PAGEMAP_SCAN and "Referenced" of smaps must agree, and
 * be just the pages that were used, for each kind of memory.
 *
 * An access by a translation that a TLB holds leaves no trace. So before pages
 * are used again, mprotect() makes the TLB forget them. On powerpc it makes them
 * young as well.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/fs.h>

#include "../kselftest.h"
#include "vm_util.h"

#ifndef PAGE_IS_REFERENCED
#define PAGE_IS_REFERENCED		BIT_ULL(10)
#define PM_SCAN_CLEAR_REFERENCED	BIT_ULL(2)
#define PM_SCAN_BY_IDLE			BIT_ULL(3)
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT			21
#endif
#define PM_REFERENCED			BIT_ULL(59)

#define NR_PAGES	1091
#define NR_REGIONS	NR_PAGES
#define NR_THREADS	4
#define NOBODY		65534

/* The readers: who clears by young flags, and who does by idle flags. */
enum { YOUNG, IDLE, NR_READERS };

struct area {
	char *start;
	size_t nr;
	size_t unit;			/* pages that one accessed bit stands for */
	bool *used[NR_READERS];		/* since the reader cleared */
	bool counted;			/* by smaps, and cleared by clear_refs */
};

static int pagemap_fd;
static bool have_idle;

static bool area_init(struct area *area, char *start, size_t nr)
{
	int i;

	if (start == MAP_FAILED)
		return false;
	memset(area, 0, sizeof(*area));
	area->start = start;
	area->nr = nr;
	area->unit = 1;
	area->counted = true;
	for (i = 0; i < NR_READERS; i++)
		area->used[i] = calloc(nr, sizeof(bool));
	return true;
}

static void area_free(struct area *area)
{
	int i;

	munmap(area->start, area->nr * psize());
	for (i = 0; i < NR_READERS; i++)
		free(area->used[i]);
}

static void area_used(struct area *area, size_t page)
{
	size_t i;

	page -= page % area->unit;
	for (i = page; i < page + area->unit; i++) {
		area->used[YOUNG][i] = true;
		area->used[IDLE][i] = true;
	}
}

static void area_cleared(struct area *area, int reader, size_t first, size_t nr)
{
	memset(area->used[reader] + first, 0, nr * sizeof(bool));
}

static void use_page(struct area *area, size_t page)
{
	__atomic_store_n(area->start + page * psize(), page, __ATOMIC_RELAXED);
	area_used(area, page);
}

static void use_pages(struct area *area, size_t first, size_t step)
{
	size_t i;

	for (i = first; i < area->nr; i += step)
		use_page(area, i);
}

static void write_clear_refs(const char *what)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY);

	if (fd < 0 || write(fd, what, strlen(what)) != (ssize_t)strlen(what))
		ksft_exit_fail_perror("cannot clear");
	close(fd);
}

static void clear_all(struct area *area)
{
	write_clear_refs("1");
	if (area->counted)
		area_cleared(area, YOUNG, 0, area->nr);
}

static bool expect(const struct area *area, int reader, size_t page, bool got, const char *who)
{
	if (got == area->used[reader][page])
		return true;
	ksft_print_msg("%s, page %zu: got %d\n", who, page, got);
	return false;
}

static bool check_pagemap(const struct area *area)
{
	size_t i;

	for (i = 0; i < area->nr; i++) {
		char *addr = area->start + i * psize();
		bool got = pagemap_get_entry(pagemap_fd, addr) & PM_REFERENCED;

		if (!expect(area, YOUNG, i, got, "pagemap"))
			return false;
	}
	return true;
}

static bool check_smaps(const struct area *area)
{
	size_t first = (uintptr_t)area->start, last = first + area->nr * psize() - 1, i;
	FILE *file = fopen("/proc/self/smaps", "r");
	size_t got = 0, want = 0, from, to, kb;
	bool inside = false;
	char line[512];

	if (!file)
		ksft_exit_fail_perror("smaps");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%zx-%zx ", &from, &to) == 2)
			inside = from >= first && from <= last;
		else if (inside && sscanf(line, "Referenced: %zu kB", &kb) == 1)
			got += kb;
	}
	fclose(file);
	for (i = 0; i < area->nr; i++)
		want += area->used[YOUNG][i] * psize() / 1024;
	if (got == want)
		return true;
	ksft_print_msg("smaps: got %zu kB, expected %zu\n", got, want);
	return false;
}

static int scan(int fd, struct pm_scan_arg *arg, char *start, size_t nr, unsigned long flags,
		struct page_region *regions, size_t nr_regions)
{
	memset(arg, 0, sizeof(*arg));
	arg->size = sizeof(*arg);
	arg->flags = flags;
	arg->start = (uintptr_t)start;
	arg->end = (uintptr_t)start + nr * psize();
	arg->vec = (uintptr_t)regions;
	arg->vec_len = nr_regions;
	arg->category_mask = PAGE_IS_REFERENCED;
	arg->return_mask = PAGE_IS_REFERENCED;
	return ioctl(fd, PAGEMAP_SCAN, arg);
}

/* All of the range at once, or at most @limit pages by each call. */
static bool check_scan(struct area *area, int reader, size_t first, size_t nr, bool clear,
		       size_t limit)
{
	unsigned long flags = (reader == IDLE ? PM_SCAN_BY_IDLE : 0) |
			      (clear ? PM_SCAN_CLEAR_REFERENCED : 0);
	bool *got = calloc(area->nr, sizeof(bool)), good = true;
	static struct page_region regions[NR_REGIONS];
	struct pm_scan_arg arg;
	size_t i, j;
	int ret;

	ret = scan(pagemap_fd, &arg, area->start + first * psize(), limit ? 0 : nr, flags,
		   regions, limit ? 3 : NR_REGIONS);
	if (limit) {
		arg.end = (uintptr_t)area->start + (first + nr) * psize();
		arg.max_pages = limit;
		ret = ioctl(pagemap_fd, PAGEMAP_SCAN, &arg);
	}
	for (;;) {
		if (ret < 0)
			ksft_exit_fail_perror("PAGEMAP_SCAN");
		for (i = 0; i < (size_t)ret; i++) {
			j = (regions[i].start - (uintptr_t)area->start) / psize();
			for (; regions[i].start < regions[i].end; regions[i].start += psize())
				got[j++] = true;
		}
		if (arg.walk_end == arg.end)
			break;
		arg.start = arg.walk_end;
		ret = ioctl(pagemap_fd, PAGEMAP_SCAN, &arg);
	}
	for (i = first; i < first + nr && good; i++)
		good = expect(area, reader, i, got[i], reader == IDLE ? "by idle" : "by young");
	if (clear)
		area_cleared(area, reader, first, nr);
	free(got);
	return good;
}

/* No TLB knows the pages any more, and nobody has used them. */
static void start_anew(struct area *area)
{
	size_t len = area->nr * psize();
	struct pm_scan_arg arg;

	if (mprotect(area->start, len, PROT_READ) ||
	    mprotect(area->start, len, PROT_READ | PROT_WRITE))
		ksft_exit_fail_perror("mprotect");
	if (scan(pagemap_fd, &arg, area->start, area->nr, PM_SCAN_CLEAR_REFERENCED, NULL, 0) ||
	    (have_idle && scan(pagemap_fd, &arg, area->start, area->nr,
			       PM_SCAN_CLEAR_REFERENCED | PM_SCAN_BY_IDLE, NULL, 0)))
		ksft_exit_fail_perror("PAGEMAP_SCAN");
	area_cleared(area, YOUNG, 0, area->nr);
	area_cleared(area, IDLE, 0, area->nr);
}

static bool check(struct area *area)
{
	return check_pagemap(area) && (!area->counted || check_smaps(area)) &&
	       check_scan(area, YOUNG, 0, area->nr, false, 0) &&
	       (!have_idle || check_scan(area, IDLE, 0, area->nr, false, 0));
}

/* Pages that are all there already, and used in part. */
static bool used_and_cleared(struct area *area)
{
	size_t step;

	use_pages(area, 0, 1);
	if (!check(area))
		return false;
	for (step = 2; step < 200; step *= 3) {
		clear_all(area);
		/* clear_refs does nothing to them */
		if (!area->counted && !check_scan(area, YOUNG, 0, area->nr, true, 0))
			return false;
		if (have_idle && !check_scan(area, IDLE, 0, area->nr, true, 0))
			return false;
		if (!check(area))
			return false;
		start_anew(area);
		if (!check(area))
			return false;
		use_pages(area, step, step * area->unit + 1);
		if (!check(area))
			return false;
	}
	return true;
}

static void test_kind(const char *name, struct area *area)
{
	ksft_test_result(used_and_cleared(area), "%s\n", name);
	area_free(area);
}

/* With a page that is not accessible on each side, so that smaps has it by itself. */
static char *map_anon(size_t nr)
{
	size_t len = nr * psize();
	char *start = mmap(NULL, len + 2 * psize(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (start == MAP_FAILED)
		return start;
	start += psize();
	if (mprotect(start, len, PROT_READ | PROT_WRITE))
		return MAP_FAILED;
	madvise(start, len, MADV_NOHUGEPAGE);
	return start;
}

static void test_anon(void)
{
	struct area area;

	if (!area_init(&area, map_anon(NR_PAGES), NR_PAGES))
		ksft_exit_fail_perror("mmap");
	test_kind("anonymous memory", &area);
}

static char *map_fd(int fd)
{
	char *start;

	if (fd < 0 || ftruncate(fd, NR_PAGES * psize()))
		return MAP_FAILED;
	start = mmap(NULL, NR_PAGES * psize(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return start;
}

static void test_shmem(void)
{
	struct area area;

	if (area_init(&area, map_fd(memfd_create("page_referenced", 0)), NR_PAGES))
		test_kind("shared memory", &area);
	else
		ksft_test_result_skip("shared memory\n");
}

static void test_file(void)
{
	char name[] = "page_referenced.XXXXXX";
	struct area area;
	int fd = mkstemp(name);

	if (fd >= 0)
		unlink(name);
	if (area_init(&area, map_fd(fd), NR_PAGES))
		test_kind("file", &area);
	else
		ksft_test_result_skip("file\n");
}

/* Does a huge entry map each of the pages? */
static bool all_huge(char *start, size_t size)
{
	struct page_region other;
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.start = (uintptr_t)start,
		.end = (uintptr_t)start + size,
		.vec = (uintptr_t)&other,
		.vec_len = 1,
		.max_pages = 1,
		.category_mask = PAGE_IS_HUGE,
		.category_inverted = PAGE_IS_HUGE,
		.return_mask = PAGE_IS_HUGE,
	};

	return !ioctl(pagemap_fd, PAGEMAP_SCAN, &arg);
}

static bool thp_init(struct area *area, size_t nr_huge)
{
	size_t size = read_pmd_pagesize(), i;
	char *start;

	if (!size)
		return false;
	start = mmap(NULL, (nr_huge + 1) * size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (start == MAP_FAILED)
		return false;
	start = (char *)(((uintptr_t)start + size - 1) & -size);
	if (madvise(start, nr_huge * size, MADV_HUGEPAGE) ||
	    !area_init(area, start, nr_huge * size / psize()))
		return false;
	area->unit = size / psize();
	for (i = 0; i < nr_huge; i++)
		start[i * size] = 1;
	return all_huge(start, nr_huge * size);
}

static void test_thp(void)
{
	struct area area;

	if (thp_init(&area, 5))
		test_kind("transparent huge pages", &area);
	else
		ksft_test_result_skip("transparent huge pages\n");
}

/* A huge page that is reported in parts is cleared when all were reported. */
static bool thp_in_parts(struct area *area)
{
	size_t nr = area->unit;

	use_pages(area, 0, nr);
	if (!check_scan(area, YOUNG, 0, area->nr, true, nr / 2 - 3) || !check(area))
		return false;
	start_anew(area);
	use_page(area, nr + 5);
	if (!check_scan(area, YOUNG, 0, nr + nr / 2, true, 0))
		return false;
	/* its last page was out of range */
	area_used(area, nr);
	area_cleared(area, IDLE, 0, area->nr);
	if (!check_pagemap(area) || !check_smaps(area))
		return false;
	return check_scan(area, YOUNG, nr, nr, true, 0) && check_pagemap(area);
}

static void test_thp_parts(void)
{
	struct area area;

	if (!thp_init(&area, 3)) {
		ksft_test_result_skip("parts of huge pages\n");
		return;
	}
	ksft_test_result(thp_in_parts(&area), "parts of huge pages\n");
	area_free(&area);
}

/* The number in a line of /proc/meminfo; 0 if there is none. */
static size_t read_meminfo(const char *format)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128];
	size_t number = 0;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, format, &number) == 1)
			break;
	}
	if (file)
		fclose(file);
	return number;
}

static void test_hugetlb(void)
{
	size_t size = read_meminfo("Hugepagesize: %zu kB") * 1024;
	struct area area;
	char *start;

	if (!size || read_meminfo("HugePages_Free: %zu") < 4) {
		ksft_test_result_skip("hugetlb pages\n");
		return;
	}
	start = mmap(NULL, 4 * size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (!area_init(&area, start, 4 * size / psize())) {
		ksft_test_result_skip("hugetlb pages\n");
		return;
	}
	area.unit = size / psize();
	/* as ever, neither smaps nor clear_refs know of them */
	area.counted = false;
	test_kind("hugetlb pages", &area);
}

static void test_holes(void)
{
	struct area area;
	bool good;

	if (!area_init(&area, map_anon(NR_PAGES), NR_PAGES))
		ksft_exit_fail_perror("mmap");
	good = check(&area);
	use_pages(&area, 3, 17);
	good = good && check(&area);
	/* gone with its page */
	madvise(area.start + 3 * psize(), psize(), MADV_DONTNEED);
	area_cleared(&area, YOUNG, 3, 1);
	area_cleared(&area, IDLE, 3, 1);
	munmap(area.start + 512 * psize(), 100 * psize());
	area_cleared(&area, YOUNG, 512, 100);
	area_cleared(&area, IDLE, 512, 100);
	/* reading a page that was never written maps the zero page, which is nobody's */
	__atomic_load_n(area.start + 5 * psize(), __ATOMIC_RELAXED);
	good = good && check(&area);
	clear_all(&area);
	good = good && check(&area);
	ksft_test_result(good, "holes\n");
	area_free(&area);
}

static bool all_swapped(const struct area *area, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!pagemap_is_swapped(pagemap_fd, area->start + i * psize()))
			return false;
	return true;
}

static void test_swapped(void)
{
	struct area area;
	bool good;
	size_t i;

	if (!area_init(&area, map_anon(NR_PAGES), NR_PAGES))
		ksft_exit_fail_perror("mmap");
	use_pages(&area, 0, 1);
	/* what is on its way to an LRU list stays at first */
	for (i = 0; i < 50 && !all_swapped(&area, 300); i++) {
		madvise(area.start, 300 * psize(), MADV_PAGEOUT);
		usleep(20000);
	}
	if (!all_swapped(&area, 300)) {
		ksft_test_result_skip("swapped pages\n");
		area_free(&area);
		return;
	}
	area_cleared(&area, YOUNG, 0, 300);
	area_cleared(&area, IDLE, 0, 300);
	good = check(&area);
	clear_all(&area);
	good = good && check(&area);
	for (i = 0; i < 300; i += 7)
		use_page(&area, i);
	/* what is read ahead is not mapped, and so was not accessed */
	good = good && check(&area);
	ksft_test_result(good, "swapped pages\n");
	area_free(&area);
}

static void test_ranges(void)
{
	struct area area;
	bool good;

	if (!area_init(&area, map_anon(NR_PAGES), NR_PAGES))
		ksft_exit_fail_perror("mmap");
	use_pages(&area, 0, 1);
	use_pages(&area, 0, 1);
	good = check_scan(&area, YOUNG, 100, 501, true, 0) && check(&area);
	good = good && check_scan(&area, YOUNG, 600, 300, true, 37) && check(&area);
	good = good && check_scan(&area, YOUNG, 0, NR_PAGES, true, 1) && check(&area);
	ksft_test_result(good, "ranges\n");
	area_free(&area);
}

static void test_readers(void)
{
	struct area area;
	bool good = true;
	int round;

	if (!have_idle) {
		ksft_test_result_skip("two readers\n");
		return;
	}
	if (!area_init(&area, map_anon(NR_PAGES), NR_PAGES))
		ksft_exit_fail_perror("mmap");
	use_pages(&area, 0, 1);
	for (round = 0; round < 6 && good; round++) {
		start_anew(&area);
		use_pages(&area, 0, 19 + round);
		good = check(&area);
		if (round & 1)
			good = good && check_scan(&area, YOUNG, 0, NR_PAGES, true, 0);
		else
			clear_all(&area);
		good = good && check(&area);
		/* pages that no TLB knows yet */
		use_pages(&area, 1, 19 + round);
		good = good && check_scan(&area, IDLE, 0, NR_PAGES, true, 0) && check(&area);
		use_pages(&area, 2, 19 + round);
		good = good && check(&area) && check_scan(&area, YOUNG, 0, NR_PAGES, true, 0) &&
		       check_scan(&area, IDLE, 0, NR_PAGES, true, 0) && check(&area);
	}
	ksft_test_result(good, "two readers\n");
	area_free(&area);
}

/* MADV_COLD takes accessed bits: who judges by idle flags is told of them. */
static void test_cold(void)
{
	struct area area;

	if (!have_idle) {
		ksft_test_result_skip("cold pages\n");
		return;
	}
	if (!area_init(&area, map_anon(NR_PAGES), NR_PAGES))
		ksft_exit_fail_perror("mmap");
	use_pages(&area, 0, 1);
	check_scan(&area, IDLE, 0, NR_PAGES, true, 0);
	start_anew(&area);
	use_pages(&area, 1, 3);
	if (madvise(area.start, NR_PAGES * psize(), MADV_COLD))
		ksft_test_result_skip("cold pages\n");
	else
		ksft_test_result(check_scan(&area, IDLE, 0, NR_PAGES, false, 0), "cold pages\n");
	area_free(&area);
}

/* What the kernel uses of a file is not in any accessed bit. */
static void test_read(void)
{
	int fd = memfd_create("page_referenced", 0);
	struct area area;
	bool good;
	size_t i;
	char c;

	if (!area_init(&area, map_fd(dup(fd)), NR_PAGES)) {
		ksft_test_result_skip("a file that is read\n");
		return;
	}
	use_pages(&area, 0, 1);
	clear_all(&area);
	if (have_idle)
		check_scan(&area, IDLE, 0, NR_PAGES, true, 0);
	for (i = 3; i < NR_PAGES; i += 23) {
		if (pread(fd, &c, 1, i * psize()) != 1)
			ksft_exit_fail_perror("pread");
		area_used(&area, i);
	}
	good = check(&area);
	clear_all(&area);
	good = good && check(&area);
	ksft_test_result(good, "a file that is read\n");
	area_free(&area);
	close(fd);
}

struct thread {
	struct area *area;
	size_t first;
};

static void *thread_main(void *arg)
{
	struct thread *thread = arg;

	use_pages(thread->area, thread->first, 3 * NR_THREADS);
	return NULL;
}

static void test_threads(void)
{
	struct thread threads[NR_THREADS];
	pthread_t ids[NR_THREADS];
	struct area area;
	size_t i;
	bool good;

	if (!area_init(&area, map_anon(NR_PAGES), NR_PAGES))
		ksft_exit_fail_perror("mmap");
	use_pages(&area, 0, 1);
	clear_all(&area);
	if (have_idle)
		check_scan(&area, IDLE, 0, NR_PAGES, true, 0);
	start_anew(&area);
	for (i = 0; i < NR_THREADS; i++) {
		threads[i].area = &area;
		threads[i].first = 2 * i;
		if (pthread_create(&ids[i], NULL, thread_main, &threads[i]))
			ksft_exit_fail_msg("pthread_create\n");
	}
	for (i = 0; i < NR_THREADS; i++)
		pthread_join(ids[i], NULL);
	good = check(&area);
	ksft_test_result(good, "threads\n");
	area_free(&area);
}

static int pagemap_of(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	return open(path, O_RDONLY);
}

/* Another process's pages, until it exits, and then nothing. */
static void test_exit(void)
{
	char *start = map_anon(NR_PAGES);
	struct page_region region;
	struct pm_scan_arg arg;
	__u64 entry;
	bool good;
	pid_t pid;
	int fd;

	if (start == MAP_FAILED)
		ksft_exit_fail_perror("mmap");
	start[3 * psize()] = 1;
	pid = fork();
	if (!pid) {
		start[3 * psize()] = 2;
		pause();
		_exit(0);
	}
	fd = pagemap_of(pid);
	if (fd < 0)
		ksft_exit_fail_perror("pagemap of the child");
	/* the child's copy is its own as soon as it has written */
	do {
		usleep(1000);
		entry = pagemap_get_entry(fd, start + 3 * psize());
	} while (!(entry & PM_MMAP_EXCLUSIVE));
	good = entry & PM_REFERENCED;
	good &= scan(fd, &arg, start, NR_PAGES, PM_SCAN_CLEAR_REFERENCED, &region, 1) == 1;
	good &= region.start == (uintptr_t)start + 3 * psize();
	good &= region.end == region.start + psize();
	good &= scan(fd, &arg, start, NR_PAGES, 0, &region, 1) == 0;

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	good &= pread(fd, &entry, sizeof(entry),
		      (uintptr_t)start / psize() * sizeof(entry)) == 0;
	good &= scan(fd, &arg, start, NR_PAGES, PM_SCAN_CLEAR_REFERENCED, &region, 1) == -1;
	good &= errno == ESRCH;
	ksft_test_result(good, "a process that exits\n");
	close(fd);
	munmap(start, NR_PAGES * psize());
}

/* A process that exits at any time while it is read. */
static void test_exiting(void)
{
	char *start = map_anon(NR_PAGES);
	struct page_region regions[8];
	struct pm_scan_arg arg;
	int round, fd, ret = 0;
	bool good = true;
	pid_t pid;

	for (round = 0; round < 50; round++) {
		pid = fork();
		if (!pid) {
			memset(start, round, (round + 1) * 20 * psize());
			_exit(0);
		}
		fd = pagemap_of(pid);
		/* it may be gone by now */
		if (fd < 0) {
			good &= errno == ESRCH || errno == ENOENT;
			waitpid(pid, NULL, 0);
			continue;
		}
		do {
			ret = scan(fd, &arg, start, NR_PAGES, PM_SCAN_CLEAR_REFERENCED, regions, 8);
		} while (ret >= 0 && !waitpid(pid, NULL, WNOHANG));
		good &= ret >= 0 || errno == ESRCH;
		while (waitpid(pid, NULL, 0) > 0)
			;
		close(fd);
	}
	ksft_test_result(good, "a process that exits while it is read\n");
	munmap(start, NR_PAGES * psize());
}

static bool set_caps(unsigned int caps)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { caps, caps, 0 } };

	return !syscall(SYS_capset, &header, data);
}

/* Becomes somebody else, who keeps some capabilities. */
static void become(unsigned int caps)
{
	if (prctl(PR_SET_KEEPCAPS, 1) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY) || !set_caps(caps))
		_exit(100);
	/* its own files are its own again */
	prctl(PR_SET_DUMPABLE, 1);
}

/* What a scan of @pid says, or what opening does, as an errno. */
static int scan_as(unsigned int caps, pid_t pid, char *start, unsigned long flags)
{
	struct page_region region;
	struct pm_scan_arg arg;
	int status, fd;
	pid_t child;

	child = fork();
	if (!child) {
		become(caps);
		fd = pagemap_of(pid ? pid : getpid());
		if (fd < 0)
			_exit(errno);
		_exit(scan(fd, &arg, start, 1, flags, &region, 1) < 0 ? errno : 0);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 101;
}

struct attempt {
	const char *what;
	unsigned int caps;
	pid_t pid;
	unsigned long flags;
	int want;
};

static void test_users(void)
{
	const unsigned int reads_all = 1 << CAP_DAC_READ_SEARCH | 1 << CAP_SYS_PTRACE;
	const unsigned int writes_all = reads_all | 1 << CAP_DAC_OVERRIDE;
	const unsigned long clear = PM_SCAN_CLEAR_REFERENCED, idle = PM_SCAN_BY_IDLE;
	const int no_idle = have_idle ? EPERM : EINVAL;
	const struct attempt attempts[] = {
		{ "read another's", 0, getpid(), 0, EACCES },
		{ "read all", reads_all, getpid(), 0, 0 },
		{ "read all and clear", reads_all, getpid(), clear, EPERM },
		{ "write all and clear", writes_all, getpid(), clear, 0 },
		{ "read one's own", 0, 0, 0, 0 },
		{ "clear one's own", 0, 0, clear, 0 },
		/* flags of folios may be another's as well */
		{ "read flags", 0, 0, idle, no_idle },
		{ "write all and clear flags", writes_all, getpid(), idle | clear, no_idle },
	};
	bool good = true;
	char *start;
	size_t i;

	if (geteuid()) {
		ksft_test_result_skip("users\n");
		return;
	}
	start = map_anon(1);
	*start = 1;
	for (i = 0; i < ARRAY_SIZE(attempts); i++) {
		const struct attempt *try = &attempts[i];
		int got = scan_as(try->caps, try->pid, start, try->flags);

		if (got == try->want)
			continue;
		ksft_print_msg("%s: got %d, expected %d\n", try->what, got, try->want);
		good = false;
	}
	ksft_test_result(good, "users\n");
	munmap(start, psize());
}

static void test_arguments(void)
{
	char *start = map_anon(2);
	struct page_region region;
	struct pm_scan_arg arg;
	bool good = true;

	start[0] = 1;
	start[psize()] = 1;
	/* bits that nobody has */
	good &= scan(pagemap_fd, &arg, start, 2, 1 << 4, &region, 1) < 0 && errno == EINVAL;
	arg.flags = 0;
	arg.category_mask = 1 << 12;
	good &= ioctl(pagemap_fd, PAGEMAP_SCAN, &arg) < 0 && errno == EINVAL;
	arg.category_mask = 1 << 11;
	good &= ioctl(pagemap_fd, PAGEMAP_SCAN, &arg) < 0 && errno == EINVAL;
	/* what does not match is not cleared */
	arg.category_mask = PAGE_IS_SWAPPED;
	arg.flags = PM_SCAN_CLEAR_REFERENCED;
	good &= ioctl(pagemap_fd, PAGEMAP_SCAN, &arg) == 0;
	good &= scan(pagemap_fd, &arg, start, 2, 0, &region, 1) == 1;
	good &= region.end - region.start == 2 * psize();
	/* without a place to report to, all that matches is cleared */
	good &= scan(pagemap_fd, &arg, start, 1, PM_SCAN_CLEAR_REFERENCED, NULL, 0) == 0;
	good &= scan(pagemap_fd, &arg, start, 2, 0, &region, 1) == 1;
	good &= region.start == (uintptr_t)start + psize();
	ksft_test_result(good, "arguments\n");
	munmap(start, 2 * psize());
}

int main(void)
{
	struct page_region region;
	struct pm_scan_arg arg;

	ksft_print_header();
	pagemap_fd = open("/proc/self/pagemap", O_RDONLY);
	if (pagemap_fd < 0)
		ksft_exit_skip("no pagemap: %s\n", strerror(errno));
	if (scan(pagemap_fd, &arg, (char *)&arg - (uintptr_t)&arg % psize(), 1, 0, &region, 1) < 0)
		ksft_exit_skip("no PAGE_IS_REFERENCED: %s\n", strerror(errno));
	arg.flags = PM_SCAN_BY_IDLE;
	have_idle = ioctl(pagemap_fd, PAGEMAP_SCAN, &arg) >= 0;
	if (!have_idle)
		ksft_print_msg("idle flags are not looked at: %s\n", strerror(errno));

	ksft_set_plan(17);
	test_anon();
	test_shmem();
	test_file();
	test_thp();
	test_thp_parts();
	test_hugetlb();
	test_holes();
	test_swapped();
	test_ranges();
	test_readers();
	test_cold();
	test_read();
	test_threads();
	test_exit();
	test_exiting();
	test_users();
	test_arguments();
	ksft_finished();
}
