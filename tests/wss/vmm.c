// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmm [--vm] [--huge] [--private] PAGES: has memory like a VMM, and obeys.
 *
 * Says "START-END PID", then reads lines and answers each by "ok": touch FIRST
 * NR STEP writes to pages, read FIRST NR STEP only reads, zap FIRST NR gives
 * pages back, exit ends. All of it is noted in FAKE_PAGES, for fake.c.
 *
 * --vm holds what fake.c takes for a virtual machine. --huge: what is noted are
 * huge pages. --private: nobody may look at it without privileges.
 */
#include "fake.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define HUGE_SIZE	(2UL << 20)

static size_t page_size;
static size_t leaf = 1;		/* pages that are noted as one */
static char *memory;
static struct pages *pages;
static volatile unsigned int sum;

static void need(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

/* Nobody's neighbour: the kernel would merge the two. */
static void map(size_t nr)
{
	size_t bytes = nr * page_size;

	memory = mmap(NULL, bytes + 2 * page_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	need(memory != MAP_FAILED, "mmap");
	memory += page_size;
	need(!mprotect(memory, bytes, PROT_READ | PROT_WRITE), "mprotect");
	madvise(memory, bytes, MADV_NOHUGEPAGE);
}

static void map_notes(size_t nr)
{
	size_t bytes = sizeof(*pages) + nr * sizeof(pages->page[0]);
	int fd = open(getenv("FAKE_PAGES"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	need(fd >= 0 && !ftruncate(fd, bytes), "FAKE_PAGES");
	pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	need(pages != MAP_FAILED, "mmap");
	*pages = (struct pages) {
		.start = (unsigned long)memory, .size = page_size, .nr = nr,
	};
	close(fd);
}

static void access_page(size_t i, bool write)
{
	volatile unsigned int *word = (void *)(memory + i * page_size);
	struct page *page = &pages->page[i - i % leaf], *end = page + leaf;

	if (write)
		*word += 1;
	else
		sum += *word;
	/* what is read first of all is the zero page */
	for (; page < end; page++) {
		if (write || !(page->is & PRESENT))
			page->is = PRESENT | (write ? 0 : PFNZERO) | (leaf > 1 ? HUGE : 0);
		page->young[0] = 1;
		page->young[1] = 1;
	}
}

static void zap(size_t first, size_t nr)
{
	madvise(memory + first * page_size, nr * page_size, MADV_DONTNEED);
	memset(&pages->page[first], 0, nr * sizeof(pages->page[0]));
}

static void obey(const char *line)
{
	size_t first, nr, step, i;
	char what[8];

	if (sscanf(line, "%7s %zu %zu %zu", what, &first, &nr, &step) == 4)
		for (i = 0; i < nr; i++)
			access_page(first + i * step, !strcmp(what, "touch"));
	else if (sscanf(line, "zap %zu %zu", &first, &nr) == 2)
		zap(first, nr);
	else
		exit(strcmp(line, "exit\n") != 0);
}

int main(int argc, char **argv)
{
	size_t nr = strtoul(argv[argc - 1], NULL, 10);
	char line[128];
	int i;

	page_size = sysconf(_SC_PAGESIZE);
	for (i = 1; i < argc - 1; i++) {
		if (!strcmp(argv[i], "--vm"))
			need(memfd_create(VM_NAME, MFD_CLOEXEC) >= 0, "memfd");
		else if (!strcmp(argv[i], "--huge"))
			leaf = HUGE_SIZE / page_size;
		else
			need(!prctl(PR_SET_DUMPABLE, 0), "prctl");
	}
	map(nr);
	map_notes(nr);
	printf("%lx-%lx %d\n", (unsigned long)memory, (unsigned long)memory + nr * page_size,
	       getpid());
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		obey(line);
		puts("ok");
		fflush(stdout);
	}
	return 0;
}
