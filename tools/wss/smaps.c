// SPDX-License-Identifier: GPL-2.0-only
/*
 * The source for kernels without PAGE_IS_REFERENCED: clear_refs and smaps. Knows
 * mappings, not pages, and only what the process itself touched: not its guest.
 */
#include "wss.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "Referenced:   12 kB" */
static bool field(const char *line, const char *name, u64 *bytes)
{
	size_t length = strlen(name);
	u64 kb;

	if (strncmp(line, name, length) || line[length] != ':')
		return false;
	if (sscanf(line + length + 1, "%llu", &kb) != 1)
		return false;
	*bytes += kb << 10;
	return true;
}

struct smap {
	struct span span;
	u64 hugetlb;
};

static void smaps_field(const char *line, struct smap *smap)
{
	struct counts *counts = &smap->span.counts;
	u64 huge = 0, hugetlb = 0;

	if (field(line, "Rss", &counts->mapped) ||
	    field(line, "Referenced", &counts->touched) ||
	    field(line, "Swap", &counts->swapped))
		return;
	if (field(line, "AnonHugePages", &huge) ||
	    field(line, "ShmemPmdMapped", &huge) ||
	    field(line, "FilePmdMapped", &huge)) {
		counts->mapped_huge += huge;
		return;
	}
	/* Not in Rss, and never in Referenced. */
	if (field(line, "Shared_Hugetlb", &hugetlb) ||
	    field(line, "Private_Hugetlb", &hugetlb)) {
		counts->mapped += hugetlb;
		counts->mapped_huge += hugetlb;
		smap->hugetlb += hugetlb;
	}
}

/* smaps knows nothing of the others. */
static struct counts part(const struct counts *whole, double share)
{
	return (struct counts) {
		.mapped = whole->mapped * share,
		.mapped_huge = whole->mapped_huge * share,
		.touched = whole->touched * share,
		.swapped = whole->swapped * share,
	};
}

/* A mapping that has grown since the ranges were taken counts in part. */
static void emit(struct source *source, const struct ranges *ranges,
		 const struct smap *smap, span_fn fn, void *data)
{
	const struct span *whole = &smap->span;
	const struct range *range;
	struct span span;
	double share;

	for (range = ranges->range; range < ranges->range + ranges->nr; range++) {
		span.start = whole->start > range->start ? whole->start : range->start;
		span.end = whole->end < range->end ? whole->end : range->end;
		if (span.start >= span.end)
			continue;
		source->hugetlb |= smap->hugetlb != 0;
		share = (double)(span.end - span.start) / (whole->end - whole->start);
		span.counts = share < 1 ? part(&whole->counts, share) : whole->counts;
		if (fn)
			fn(data, range, &span);
	}
}

static int smaps_read(struct source *source, FILE *file,
		      const struct ranges *ranges, span_fn fn, void *data)
{
	struct mapping mapping;
	struct smap smap = { 0 };
	size_t size = 0;
	char *line = NULL;
	bool any = false;
	int err;

	while (getline(&line, &size, file) > 0) {
		if (!mapping_parse(&mapping, line)) {
			smaps_field(line, &smap);
			continue;
		}
		free(mapping.name);
		if (any)
			emit(source, ranges, &smap, fn, data);
		smap = (struct smap) {
			.span = { .start = mapping.start, .end = mapping.end },
		};
		any = true;
	}
	err = ferror(file) ? -errno : 0;
	if (any && !err)
		emit(source, ranges, &smap, fn, data);
	free(line);
	/* The memory of a process that has ended is an empty file. */
	return err || any ? err : -ESRCH;
}

static int smaps_scan(struct source *source, const struct ranges *ranges,
		      unsigned int flags, span_fn fn, void *data)
{
	FILE *file = process_file(source->process, "smaps");
	int err;

	if (!file)
		return -errno;
	err = smaps_read(source, file, ranges, fn, data);
	fclose(file);
	/* What is touched between the two is lost: smaps cannot do better. */
	if (!err && flags & SCAN_CLEAR && pwrite(source->fd, "1", 1, 0) != 1)
		err = -errno;
	return err;
}

int source_smaps(struct source *source, const struct process *process, bool clear)
{
	FILE *file;

	*source = (struct source) {
		.name = "clear_refs and smaps",
		.key = "smaps",
		.scan = smaps_scan,
		.process = process,
		.fd = -1,
	};
	file = process_file(process, "smaps");
	if (!file)
		return errno == ENOENT ? -EOPNOTSUPP : -errno;
	fclose(file);
	if (!clear)
		return 0;
	source->fd = openat(process->dir, "clear_refs", O_WRONLY | O_CLOEXEC);
	return source->fd < 0 ? -errno : 0;
}
