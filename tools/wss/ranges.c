// SPDX-License-Identifier: GPL-2.0-only
/* Ranges of addresses, and which mappings are the memory of a guest. */
#include "wss.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void ranges_add(struct ranges *ranges, u64 start, u64 end, const char *name)
{
	ranges->range = xrealloc(ranges->range, ranges->nr + 1,
				 sizeof(*ranges->range));
	ranges->range[ranges->nr++] = (struct range) {
		.start = start,
		.end = end,
		.name = xstrdup(name),
	};
}

void ranges_free(struct ranges *ranges)
{
	size_t i;

	for (i = 0; i < ranges->nr; i++)
		free(ranges->range[i].name);
	free(ranges->range);
	*ranges = (struct ranges) { 0 };
}

static const char *parse_hex(const char *text, u64 *number)
{
	char *end;

	if (!strncasecmp(text, "0x", 2))
		text += 2;
	if (!isxdigit((unsigned char)*text))
		return NULL;
	errno = 0;
	*number = strtoull(text, &end, 16);
	return errno ? NULL : end;
}

/* START-END as in /proc/PID/maps; rounded outwards to whole pages. */
bool ranges_parse(struct ranges *ranges, const char *text)
{
	u64 start, end, page = page_bytes();

	text = parse_hex(text, &start);
	if (!text || *text++ != '-')
		return false;
	text = parse_hex(text, &end);
	if (!text || *text || start >= end || end > (u64)INT64_MAX)
		return false;
	ranges_add(ranges, start & ~(page - 1), (end + page - 1) & ~(page - 1), "");
	return true;
}

static int by_start(const void *a, const void *b)
{
	const struct range *ra = a, *rb = b;

	return ra->start < rb->start ? -1 : ra->start > rb->start;
}

static void ranges_sort(struct ranges *ranges)
{
	if (ranges->nr)
		qsort(ranges->range, ranges->nr, sizeof(*ranges->range), by_start);
}

/* Nothing is measured twice. Neighbours become one if they bear one name. */
void ranges_merge(struct ranges *ranges)
{
	struct range *last, *range;
	size_t i, nr = 0;

	ranges_sort(ranges);
	for (i = 0; i < ranges->nr; i++) {
		range = &ranges->range[i];
		last = nr ? &ranges->range[nr - 1] : NULL;
		if (last && (range->start < last->end ||
			     (range->start == last->end &&
			      !strcmp(range->name, last->name)))) {
			if (range->end > last->end)
				last->end = range->end;
			free(range->name);
			continue;
		}
		ranges->range[nr++] = *range;
	}
	ranges->nr = nr;
}

void ranges_number(struct ranges *ranges)
{
	struct range *range;

	ranges->bytes = 0;
	for (range = ranges->range; range < ranges->range + ranges->nr; range++) {
		range->offset = ranges->bytes;
		ranges->bytes += range->end - range->start;
	}
}

/* "start-end perms offset major:minor inode   name", also a heading of smaps. */
bool mapping_parse(struct mapping *mapping, const char *line)
{
	size_t length;
	int name = 0;

	if (sscanf(line, "%llx-%llx %4s %llx %x:%x %llu %n", &mapping->start,
		   &mapping->end, mapping->perms, &mapping->offset,
		   &mapping->major, &mapping->minor, &mapping->inode, &name) != 7)
		return false;
	length = strcspn(line + name, "\n");
	mapping->name = strndup(line + name, length);
	if (!mapping->name)
		die(EXIT_FAILED, "not enough memory");
	return true;
}

int maps_read(struct maps *maps, FILE *file)
{
	struct mapping mapping;
	size_t size = 0;
	char *line = NULL;
	int err = 0;

	*maps = (struct maps) { 0 };
	while (getline(&line, &size, file) > 0) {
		if (!mapping_parse(&mapping, line)) {
			err = -EINVAL;
			break;
		}
		maps->mapping = xrealloc(maps->mapping, maps->nr + 1,
					 sizeof(mapping));
		maps->mapping[maps->nr++] = mapping;
	}
	if (ferror(file))
		err = -errno;
	free(line);
	return err;
}

void maps_free(struct maps *maps)
{
	size_t i;

	for (i = 0; i < maps->nr; i++)
		free(maps->mapping[i].name);
	free(maps->mapping);
	*maps = (struct maps) { 0 };
}

static bool begins(const char *name, const char *prefix)
{
	return !strncmp(name, prefix, strlen(prefix));
}

/* Memory, not a window to a device; nor what every process has. */
static bool may_be_guest(const struct mapping *mapping)
{
	const char *name = mapping->name;

	if (mapping->perms[0] != 'r' || mapping->perms[1] != 'w')
		return false;
	if (*name == '[')
		return begins(name, "[anon");
	if (begins(name, "anon_inode:"))
		return strstr(name, "gmem") || strstr(name, "guest_memfd");
	if (begins(name, "/dev/"))
		return begins(name, "/dev/shm/") || begins(name, "/dev/zero") ||
		       begins(name, "/dev/hugepages") || begins(name, "/dev/dax");
	return true;
}

/*
 * Do two mappings look like one that madvise() or mbind() split? The permission
 * to execute does not matter, but pages of a file must go on.
 */
static bool continues(const struct mapping *a, const struct mapping *b)
{
	if (a->end != b->start || a->perms[3] != b->perms[3])
		return false;
	if (a->major != b->major || a->minor != b->minor ||
	    a->inode != b->inode || strcmp(a->name, b->name))
		return false;
	return !a->inode || b->offset == a->offset + (a->end - a->start);
}

/* Some VMMs map the memory of a guest more than once: count it once. */
static bool is_alias(const struct mapping *a, const struct mapping *b)
{
	if (!a->inode || a->inode != b->inode || a->major != b->major ||
	    a->minor != b->minor || a->perms[3] != 's' || b->perms[3] != 's')
		return false;
	return a->offset < b->offset + (b->end - b->start) &&
	       b->offset < a->offset + (a->end - a->start);
}

static bool has_alias(const struct mapping *mapping, size_t nr,
		      const struct mapping *new)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (is_alias(&mapping[i], new))
			return true;
	}
	return false;
}

/* Candidates in one piece, as many as *@nr, in order of their address. */
static struct mapping *candidates(const struct maps *maps, size_t *nr)
{
	struct mapping *new = xcalloc(maps->nr, sizeof(*new));
	size_t i;

	*nr = 0;
	for (i = 0; i < maps->nr; i++) {
		if (!may_be_guest(&maps->mapping[i]))
			continue;
		if (*nr && continues(&new[*nr - 1], &maps->mapping[i]))
			new[*nr - 1].end = maps->mapping[i].end;
		else
			new[(*nr)++] = maps->mapping[i];
	}
	return new;
}

static int by_size(const void *a, const void *b)
{
	const struct mapping *ma = a, *mb = b;
	u64 sa = ma->end - ma->start, sb = mb->end - mb->start;

	if (sa != sb)
		return sa < sb ? 1 : -1;
	return ma->start < mb->start ? -1 : 1;
}

/*
 * KVM does not tell which addresses its memslots have. Guest memory is by far
 * the largest of what a VMM maps; NUMA nodes and DIMMs of it may be smaller.
 */
void maps_guest(const struct maps *maps, struct ranges *ranges)
{
	size_t i, nr, taken = 0;
	struct mapping *new = candidates(maps, &nr);
	u64 least;

	if (nr)
		qsort(new, nr, sizeof(*new), by_size);
	least = nr ? (new[0].end - new[0].start) / 16 : 0;
	for (i = 0; i < nr && new[i].end - new[i].start >= least; i++) {
		if (has_alias(new, taken, &new[i]))
			continue;
		new[taken++] = new[i];
		ranges_add(ranges, new[i].start, new[i].end, new[i].name);
	}
	free(new);
	ranges_sort(ranges);
}

/* All that has pages which the process could touch. */
void maps_all(const struct maps *maps, struct ranges *ranges)
{
	const struct mapping *mapping;

	for (mapping = maps->mapping; mapping < maps->mapping + maps->nr; mapping++) {
		if (begins(mapping->name, "[v"))
			continue;
		ranges_add(ranges, mapping->start, mapping->end, mapping->name);
	}
	ranges_merge(ranges);
}

bool maps_touch(const struct maps *maps, const struct range *range)
{
	size_t i;

	for (i = 0; i < maps->nr; i++) {
		if (maps->mapping[i].start < range->end &&
		    maps->mapping[i].end > range->start)
			return true;
	}
	return false;
}

static bool widen(const struct maps *maps, struct range *range)
{
	u64 start = range->start, end = range->end;
	const struct mapping *mapping;

	for (mapping = maps->mapping; mapping < maps->mapping + maps->nr; mapping++) {
		if (mapping->start >= end || mapping->end <= start)
			continue;
		if (mapping->start < range->start)
			range->start = mapping->start;
		if (mapping->end > range->end)
			range->end = mapping->end;
	}
	return range->start != start || range->end != end;
}

/* For a source that knows only mappings. Says whether there was anything to do. */
bool maps_widen(const struct maps *maps, struct ranges *ranges)
{
	bool any = false;
	size_t i;

	for (i = 0; i < ranges->nr; i++)
		any |= widen(maps, &ranges->range[i]);
	if (any)
		ranges_merge(ranges);
	return any;
}
