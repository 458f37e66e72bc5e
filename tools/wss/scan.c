// SPDX-License-Identifier: GPL-2.0-only
/* The source that sees guests: PAGEMAP_SCAN with PAGE_IS_REFERENCED. */
#include "wss.h"
#include "pagemap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* 192 KB: a call answers for 8192 pages where no two neighbours are alike. */
#define NR_REGIONS		8192

/*
 * The kernel holds mmap_lock for a call in which all pages are alike: bound it.
 * No huge page may lie in two calls: the first would clear it for the second.
 */
#define MIN_CHUNK		(1ULL << 30)
#define HUGEPAGES		"/sys/kernel/mm/hugepages"

/* arm64 and powerpc have hugetlb pages of 16 GB, where somebody reserved any. */
static u64 biggest_page(void)
{
	DIR *dir = opendir(HUGEPAGES);
	u64 kb, biggest = 0;
	struct dirent *entry;
	char path[512];
	FILE *file;
	int nr;

	while (dir && (entry = readdir(dir))) {
		if (sscanf(entry->d_name, "hugepages-%llukB", &kb) != 1)
			continue;
		snprintf(path, sizeof(path), HUGEPAGES "/%s/nr_hugepages",
			 entry->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (fscanf(file, "%d", &nr) == 1 && nr > 0 && kb << 10 > biggest)
			biggest = kb << 10;
		fclose(file);
	}
	if (dir)
		closedir(dir);
	return biggest;
}

static void region_to_span(const struct region *region, struct span *span)
{
	struct counts *counts = &span->counts;
	u64 bytes = region->end - region->start;
	u64 is = region->categories;

	*span = (struct span) { .start = region->start, .end = region->end };
	if (is & IS_SWAPPED)
		counts->swapped = bytes;
	if (!(is & IS_PRESENT))
		return;
	/* There is no memory behind it: nothing that could be reclaimed. */
	if (is & IS_PFNZERO) {
		counts->zero = bytes;
		return;
	}
	counts->mapped = bytes;
	if (is & IS_HUGE)
		counts->mapped_huge = bytes;
	if (is & IS_REFERENCED) {
		counts->touched = bytes;
		counts->touched_huge = counts->mapped_huge;
	}
}

static struct scan_arg scan_arg(const struct source *source, unsigned int flags)
{
	return (struct scan_arg) {
		.size = sizeof(struct scan_arg),
		.flags = (flags & SCAN_CLEAR ? FLAG_CLEAR_REFERENCED : 0) |
			 (source->by_idle ? FLAG_BY_IDLE : 0),
		.vec = (uintptr_t)source->vec,
		.vec_len = NR_REGIONS,
		.category_anyof_mask = IS_PRESENT | IS_SWAPPED,
		.return_mask = IS_PRESENT | IS_SWAPPED | IS_PFNZERO | IS_HUGE |
			       IS_REFERENCED,
	};
}

/* From arg->start to wherever the kernel stops, at the latest arg->end. */
static int scan_some(struct source *source, struct scan_arg *arg,
		     const struct range *range, span_fn fn, void *data)
{
	struct region *region = source->vec;
	struct span span;
	int i, nr;

	nr = ioctl(source->fd, SCAN_IOCTL, arg);
	if (nr < 0)
		return -errno;
	if (nr > NR_REGIONS)
		return -EIO;
	for (i = 0; i < nr; i++) {
		/* Bitmaps are as large as the range: trust nobody with their borders. */
		if (region[i].start < arg->start || region[i].end > arg->end ||
		    region[i].start >= region[i].end)
			return -EIO;
		region_to_span(&region[i], &span);
		if (fn)
			fn(data, range, &span);
	}
	/* It stops early when the array is full, but never where it began. */
	return arg->walk_end > arg->start && arg->walk_end <= arg->end ? 0 : -EIO;
}

static int pagemap_scan(struct source *source, const struct ranges *ranges,
			unsigned int flags, span_fn fn, void *data)
{
	struct scan_arg arg = scan_arg(source, flags);
	const struct range *range;
	u64 end;
	int err;

	for (range = ranges->range; range < ranges->range + ranges->nr; range++) {
		arg.start = range->start;
		while (arg.start < range->end) {
			end = (arg.start | (source->chunk - 1)) + 1;
			arg.end = end < range->end ? end : range->end;
			err = wss_stop ? -EINTR :
			      scan_some(source, &arg, range, fn, data);
			if (err)
				return err;
			arg.start = arg.walk_end;
		}
	}
	return 0;
}

/* An empty range, otherwise asked for as later on: does the kernel know it all? */
static int probe(const struct source *source, unsigned int flags)
{
	struct scan_arg arg = scan_arg(source, flags);

	return ioctl(source->fd, SCAN_IOCTL, &arg) < 0 ? -errno : 0;
}

int source_pagemap(struct source *source, const struct process *process,
		   bool by_idle, bool clear)
{
	int err;

	*source = (struct source) {
		.name = "PAGEMAP_SCAN",
		.key = "pagemap_scan",
		.exact = true,
		.sees_guest = true,
		.scan = pagemap_scan,
		.process = process,
		.chunk = MIN_CHUNK,
		.fd = openat(process->dir, "pagemap", O_RDONLY | O_CLOEXEC),
	};
	if (source->fd < 0)
		return errno == ENOENT ? -EOPNOTSUPP : -errno;
	source->vec = xcalloc(NR_REGIONS, sizeof(struct region));
	source->chunk = biggest_page();
	if (source->chunk < MIN_CHUNK)
		source->chunk = MIN_CHUNK;

	/* No ioctl before 6.7; no such category, or flag, without our series. */
	err = probe(source, clear ? SCAN_CLEAR : 0);
	if (!err && by_idle) {
		source->by_idle = true;
		err = probe(source, clear ? SCAN_CLEAR : 0);
		if (err == -EINVAL)
			return -ENOSYS;
	}
	return err == -EINVAL || err == -ENOTTY ? -EOPNOTSUPP : err;
}

void source_close(struct source *source)
{
	free(source->vec);
	source->vec = NULL;
	if (source->fd >= 0)
		close(source->fd);
	source->fd = -1;
}
