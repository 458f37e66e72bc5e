// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parsing and arithmetic of wss, on recorded and planted data: a kernel that
 * knows PAGE_IS_REFERENCED is modelled here, as an array of pages.
 */
#include "../../tools/wss/wss.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

volatile sig_atomic_t wss_stop;

static int failed, tests;
static const char *test;

static void check(bool good, const char *what, int line)
{
	if (good)
		return;
	printf("# line %d: %s\n", line, what);
	failed++;
}

#define CHECK(condition)	check(condition, #condition, __LINE__)

#define GB	(1ULL << 30)
#define PAGE	4096ULL

/* The kernel that is modelled. */
struct region {
	uint64_t start, end, categories;
};

struct arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t inverted, mask, anyof, ret;
};

#define PRESENT		0x8
#define SWAPPED		0x10
#define ZERO		0x20
#define HUGE		0x40
#define REFERENCED	0x400
#define CLEAR		4
#define BY_IDLE		8

#define NR_MODEL	64

static struct {
	u64 base;
	u64 page[NR_MODEL];
	u64 limit;		/* regions a call reports */
	u64 flags;		/* that it knows */
	u64 categories;
	int error;
	bool stuck;
	bool strays;		/* reports what nobody asked about */
	unsigned int calls;
	u64 seen_flags;
	u64 biggest_call;
	bool crosses;		/* some call crossed a border of 1 GB */
} model;

static void model_reset(u64 base)
{
	memset(&model, 0, sizeof(model));
	model.base = base;
	model.limit = -1ULL;
	model.flags = CLEAR | BY_IDLE;
	model.categories = 0x7ff;
}

static u64 model_page(u64 address, u64 flags)
{
	u64 i = (address - model.base) / PAGE, categories;

	if (address < model.base || i >= NR_MODEL)
		return 0;
	categories = model.page[i];
	if (flags & CLEAR)
		model.page[i] &= ~(u64)REFERENCED;
	return categories;
}

static int model_scan(struct arg *arg)
{
	struct region *region = (void *)(uintptr_t)arg->vec;
	u64 address, categories, nr = 0, limit = arg->vec_len;

	limit = limit < model.limit ? limit : model.limit;
	for (address = arg->start; address < arg->end; address += PAGE) {
		/* Far from the pages of the model, nothing is mapped. */
		if (address >= model.base + NR_MODEL * PAGE) {
			address = arg->end;
			break;
		}
		categories = model_page(address, 0) & arg->ret;
		if (!(categories & arg->anyof))
			continue;
		if (nr && region[nr - 1].end == address &&
		    region[nr - 1].categories == categories) {
			region[nr - 1].end += PAGE;
		} else if (nr == limit) {
			break;
		} else {
			region[nr++] = (struct region) { address, address + PAGE, categories };
		}
		if (model.strays)
			region[nr - 1].start -= PAGE;
		model_page(address, arg->flags);
	}
	arg->walk_end = address < arg->end ? address : arg->end;
	return nr;
}

int __wrap_ioctl(int fd, unsigned long request, void *data);
int __wrap_ioctl(int fd, unsigned long request, void *data)
{
	struct arg *arg = data;
	u64 masks = arg->inverted | arg->mask | arg->anyof | arg->ret;

	(void)fd;
	errno = request != _IOWR('f', 16, struct arg) ? ENOTTY :
		arg->size != sizeof(*arg) || arg->flags & ~model.flags ||
		masks & ~model.categories || arg->start % PAGE ? EINVAL : model.error;
	if (errno)
		return -1;
	if (arg->start == arg->end)
		return 0;
	model.calls++;
	model.seen_flags |= arg->flags;
	model.crosses |= arg->start / GB != (arg->end - 1) / GB;
	if (arg->end - arg->start > model.biggest_call)
		model.biggest_call = arg->end - arg->start;
	if (model.stuck) {
		arg->walk_end = arg->start;
		return 0;
	}
	return model_scan(arg);
}

/* A directory that looks like /proc/PID. */
static char root[] = "/tmp/wss-unit-XXXXXX";

static void path_of(char *path, size_t size, const char *name)
{
	snprintf(path, size, "%s/%s", root, name);
}

static void plant(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	path_of(path, sizeof(path), name);
	file = fopen(path, "w");
	if (!file)
		exit(1);
	fputs(text, file);
	fclose(file);
}

static void plant_link(const char *name, const char *target)
{
	char path[128];

	path_of(path, sizeof(path), name);
	if (symlink(target, path))
		exit(1);
}

static void plant_dir(const char *name)
{
	char path[128];

	path_of(path, sizeof(path), name);
	if (mkdir(path, 0700))
		exit(1);
}

static void read_planted(char *text, size_t size, const char *name)
{
	char path[128];
	size_t length;
	FILE *file;

	path_of(path, sizeof(path), name);
	file = fopen(path, "r");
	length = file ? fread(text, 1, size - 1, file) : 0;
	text[length] = '\0';
	if (file)
		fclose(file);
}

static void open_planted(struct process *process, pid_t pid)
{
	int proc = open(root, O_PATH | O_DIRECTORY);

	CHECK(!process_open(process, proc, pid));
	close(proc);
}

static void maps_from(struct maps *maps, const char *text)
{
	FILE *file = fmemopen((void *)text, strlen(text), "r");

	CHECK(!maps_read(maps, file));
	fclose(file);
}

static bool range_is(const struct ranges *ranges, size_t i, u64 start, u64 end)
{
	return i < ranges->nr && ranges->range[i].start == start &&
	       ranges->range[i].end == end;
}

static void test_numbers(void)
{
	static const char * const bad[] = { "", "-1", "+1", " 1", "1 ", "0x1", "1.0", "x",
					    "18446744073709551616", "0", "11" };
	static const char * const bad_seconds[] = { "", ".", "1.2.3", "-1", "nan", "inf",
						    "1e3", "0", "0.0001", "99999999", "1s" };
	double seconds;
	u64 number;
	size_t i;

	CHECK(parse_number("1", 1, 10, &number) && number == 1);
	CHECK(parse_number("10", 1, 10, &number) && number == 10);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(!parse_number(bad[i], 1, 10, &number));
	CHECK(parse_seconds("2", &seconds) && seconds == 2);
	CHECK(parse_seconds(".25", &seconds) && seconds == 0.25);
	CHECK(parse_seconds("0.001", &seconds));
	for (i = 0; i < ARRAY_SIZE(bad_seconds); i++)
		CHECK(!parse_seconds(bad_seconds[i], &seconds));
}

static void test_ranges(void)
{
	static const char * const bad[] = { "", "-", "1000", "1000-", "-2000", "2000-1000",
					    "1000-1000", "1000-2000 ", "1000-2000-3000", "g-h",
					    "1000--2000", "0-ffffffffffffffff", "0x-1",
					    "1000-10000000000000000" };
	struct ranges ranges = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(!ranges_parse(&ranges, bad[i]));
	CHECK(!ranges.nr);
	CHECK(ranges_parse(&ranges, "0x9000-0xA000"));
	CHECK(ranges_parse(&ranges, "1001-1fff"));	/* outwards */
	CHECK(ranges_parse(&ranges, "3000-6000"));
	CHECK(ranges_parse(&ranges, "4000-5000"));	/* within */
	CHECK(ranges_parse(&ranges, "2000-3000"));	/* neighbours */
	CHECK(ranges_parse(&ranges, "5000-7000"));	/* overlaps */
	ranges_merge(&ranges);
	ranges_number(&ranges);
	CHECK(ranges.nr == 2 && ranges.bytes == 0x7000);
	CHECK(range_is(&ranges, 0, 0x1000, 0x7000) && !ranges.range[0].offset);
	CHECK(range_is(&ranges, 1, 0x9000, 0xa000) && ranges.range[1].offset == 0x6000);
	ranges_free(&ranges);
}

static void test_neighbours(void)
{
	struct ranges ranges = { 0 };

	/* Those of different names stay apart, and yet nothing counts twice. */
	ranges_add(&ranges, 0x1000, 0x2000, "a");
	ranges_add(&ranges, 0x2000, 0x3000, "b");
	ranges_add(&ranges, 0x3000, 0x4000, "b");
	ranges_merge(&ranges);
	CHECK(ranges.nr == 2 && range_is(&ranges, 1, 0x2000, 0x4000));
	ranges_free(&ranges);
	ranges_merge(&ranges);
	CHECK(!ranges.nr);
}

static void test_mapping(void)
{
	struct mapping mapping;

	CHECK(mapping_parse(&mapping, "7f0000001000-7f0000003000 rw-s 00002000 fd:1a 77    "
				      "/a b (deleted)\n"));
	CHECK(mapping.start == 0x7f0000001000 && mapping.end == 0x7f0000003000);
	CHECK(mapping.offset == 0x2000 && mapping.inode == 77);
	CHECK(mapping.major == 0xfd && mapping.minor == 0x1a);
	CHECK(!strcmp(mapping.perms, "rw-s") && !strcmp(mapping.name, "/a b (deleted)"));
	free(mapping.name);
	CHECK(mapping_parse(&mapping, "1000-2000 ---p 00000000 00:00 0 \n") && !*mapping.name);
	free(mapping.name);
	CHECK(!mapping_parse(&mapping, "Anonymous:    12 kB\n"));
	CHECK(!mapping_parse(&mapping, "AnonHugePages:    12 kB\n"));
	CHECK(!mapping_parse(&mapping, "VmFlags: rd wr mr mw me ac sd\n"));
	CHECK(!mapping_parse(&mapping, ""));
}

/*
 * 1 GB in three pieces and a hole in its attributes; a DIMM of 64 MB, the least
 * that counts; what is too small, no memory, no candidate, or there already.
 */
static const char vmm_maps[] =
"550000000000-550000100000 r-xp 00000000 fd:01 10 /usr/bin/vmm\n"
"550000200000-550090200000 rw-p 00000000 00:00 0 [heap]\n"
"7f0000000000-7f0010000000 rw-p 00000000 00:00 0 \n"
"7f0010000000-7f0020000000 rw-p 00000000 00:00 0 \n"
"7f0020000000-7f0040000000 rw-p 00000000 00:00 0 \n"
"7f0040000000-7f0080000000 ---p 00000000 00:00 0 \n"
"7f0080000000-7f0084000000 rw-s 00000000 00:01 20 /memfd:dimm (deleted)\n"
"7f0084000000-7f0088000000 rw-s 00000000 00:01 20 /memfd:dimm (deleted)\n"
"7f0090000000-7f0093fff000 rw-p 00000000 00:00 0 [anon:small]\n"
"7f00a0000000-7f00e0000000 rw-s 00000000 00:0e 30 anon_inode:[vfio-device]\n"
"7f00e0000000-7f0100000000 rw-s 00000000 00:05 40 /dev/dri/card0\n"
"7f0100000000-7f0120000000 rw-s 10000000 00:0f 50 /dev/hugepages/node1\n"
"7f0120000000-7f0130000000 rw-s 30000000 00:0f 50 /dev/hugepages/node1\n"
"7ffd00000000-7ffd80000000 rw-p 00000000 00:00 0 [stack]\n";

static void test_guest(void)
{
	struct ranges ranges = { 0 };
	struct maps maps;

	maps_from(&maps, vmm_maps);
	CHECK(maps.nr == 14);
	maps_guest(&maps, &ranges);
	CHECK(ranges.nr == 3);
	CHECK(range_is(&ranges, 0, 0x7f0000000000, 0x7f0040000000));
	/* One of the two; which is all the same. */
	CHECK(range_is(&ranges, 1, 0x7f0080000000, 0x7f0084000000));
	CHECK(range_is(&ranges, 2, 0x7f0100000000, 0x7f0130000000));
	CHECK(ranges.nr == 3 && !strcmp(ranges.range[2].name, "/dev/hugepages/node1"));
	CHECK(maps_touch(&maps, &(struct range) { .start = 0x7f0130000000 - 1, .end = -1ULL }));
	CHECK(!maps_touch(&maps, &(struct range) { .start = 0x7f0130000000, .end = 0x7ffd00000000 }));
	ranges_free(&ranges);
	maps_free(&maps);
}

static void test_no_guest(void)
{
	struct ranges ranges = { 0 };
	struct maps maps;

	maps_from(&maps, "1000-2000 r--p 00000000 00:00 0 \n3000-4000 rw-p 0 00:00 0 [stack]\n");
	maps_guest(&maps, &ranges);
	CHECK(!ranges.nr);
	maps_free(&maps);
}

static void test_all(void)
{
	struct ranges ranges = { 0 };
	struct maps maps;

	maps_from(&maps, "1000-2000 r--p 0 00:00 0 \n2000-3000 rw-p 0 00:00 0 \n"
		  "3000-4000 r--p 0 00:00 0 [vvar]\n4000-5000 r-xp 0 00:00 0 [vdso]\n"
		  "6000-7000 rw-p 0 00:00 0 [stack]\n");
	maps_all(&maps, &ranges);
	CHECK(ranges.nr == 2 && range_is(&ranges, 0, 0x1000, 0x3000));
	CHECK(range_is(&ranges, 1, 0x6000, 0x7000));
	ranges_free(&ranges);

	ranges_add(&ranges, 0x2800, 0x2900, "");
	ranges_add(&ranges, 0x6000, 0x7000, "");
	CHECK(maps_widen(&maps, &ranges));
	CHECK(range_is(&ranges, 0, 0x2000, 0x3000) && range_is(&ranges, 1, 0x6000, 0x7000));
	CHECK(!maps_widen(&maps, &ranges));
	ranges_free(&ranges);
	maps_free(&maps);
}

static void one_range(struct ranges *ranges, u64 start, u64 end)
{
	*ranges = (struct ranges) { 0 };
	ranges_add(ranges, start, end, "");
	ranges_number(ranges);
}

static void scan_once(struct source *source, struct measure *measure, unsigned int flags)
{
	measure_begin(measure);
	CHECK(!source->scan(source, measure->ranges, flags, measure_span, measure));
	measure_end(measure, source->exact);
}

static void test_pagemap(void)
{
	struct process process = { .dir = open(root, O_PATH | O_DIRECTORY) };
	struct measure measure;
	struct ranges ranges;
	struct source source;
	u64 limit;
	int i;

	one_range(&ranges, GB, GB + NR_MODEL * PAGE);
	measure_init(&measure, &ranges, PAGE);
	for (limit = 1; limit < 40; limit++) {
		model_reset(GB);
		model.limit = limit;
		for (i = 0; i < 10; i++)	/* 5 touched */
			model.page[i] = PRESENT | (i % 2 ? REFERENCED : 0);
		model.page[12] = SWAPPED;
		model.page[13] = PRESENT | ZERO | REFERENCED;
		for (i = 16; i < 32; i++)
			model.page[i] = PRESENT | HUGE | REFERENCED;
		for (i = 32; i < 48; i++)
			model.page[i] = PRESENT | HUGE;
		CHECK(!source_pagemap(&source, &process, false, true));
		scan_once(&source, &measure, 0);
		CHECK(measure.counts.mapped == 42 * PAGE);
		CHECK(measure.counts.mapped_huge == 32 * PAGE);
		CHECK(measure.counts.touched == 21 * PAGE);
		CHECK(measure.counts.touched_huge == 16 * PAGE);
		CHECK(measure.counts.swapped == PAGE && measure.counts.zero == PAGE);
		CHECK(measure.split);
		CHECK(!model.seen_flags);
		/* Tested only: all is as it was. Cleared: it is reported once more. */
		scan_once(&source, &measure, SCAN_CLEAR);
		CHECK(measure.counts.touched == 21 * PAGE);
		scan_once(&source, &measure, 0);
		CHECK(!measure.counts.touched && measure.counts.mapped == 42 * PAGE);
		CHECK(model.seen_flags == CLEAR);
		source_close(&source);
	}
	measure_free(&measure);
	ranges_free(&ranges);
	close(process.dir);
}

static void test_chunks(void)
{
	struct process process = { .dir = open(root, O_PATH | O_DIRECTORY) };
	struct ranges ranges;
	struct source source;

	model_reset(GB);
	one_range(&ranges, 3 * GB + PAGE, 7 * GB - PAGE);
	ranges_add(&ranges, 9 * GB, 9 * GB + PAGE, "");
	CHECK(!source_pagemap(&source, &process, false, false));
	source.chunk = GB;
	CHECK(!source.scan(&source, &ranges, 0, NULL, NULL));
	CHECK(model.calls == 5 && !model.crosses && model.biggest_call == GB);
	wss_stop = 1;
	CHECK(source.scan(&source, &ranges, 0, NULL, NULL) == -EINTR);
	wss_stop = 0;
	model.stuck = true;
	CHECK(source.scan(&source, &ranges, 0, NULL, NULL) == -EIO);
	model.error = ESRCH;
	CHECK(source.scan(&source, &ranges, 0, NULL, NULL) == -ESRCH);
	model_reset(3 * GB + PAGE);
	model.page[0] = PRESENT;
	CHECK(!source.scan(&source, &ranges, 0, NULL, NULL));
	model.strays = true;
	CHECK(source.scan(&source, &ranges, 0, NULL, NULL) == -EIO);
	source_close(&source);
	ranges_free(&ranges);
	close(process.dir);
}

static int probed(bool by_idle, bool clear)
{
	struct process process = { .dir = open(root, O_PATH | O_DIRECTORY) };
	struct source source;
	int err = source_pagemap(&source, &process, by_idle, clear);

	CHECK(err || source.by_idle == by_idle);
	source_close(&source);
	close(process.dir);
	return err;
}

static void test_probe(void)
{
	model_reset(GB);
	CHECK(!probed(false, false) && !probed(true, true) && !model.calls);
	model.flags = CLEAR;			/* no CONFIG_PAGE_IDLE_FLAG */
	CHECK(!probed(false, true) && probed(true, false) == -ENOSYS);
	model.flags = 3;			/* 6.7 to 6.12 */
	model.categories = 0xff;
	CHECK(probed(false, false) == -EOPNOTSUPP);
	CHECK(probed(true, true) == -EOPNOTSUPP);
	model_reset(GB);
	model.error = ENOTTY;			/* before 6.7 */
	CHECK(probed(false, false) == -EOPNOTSUPP);
	model.error = ESRCH;
	CHECK(probed(false, false) == -ESRCH);
}

static struct span touched(u64 start, u64 pages)
{
	return (struct span) {
		.start = start, .end = start + pages * PAGE,
		.counts = { .mapped = pages * PAGE, .touched = pages * PAGE },
	};
}

static void test_cumulative(void)
{
	struct measure measure;
	struct ranges ranges;
	struct span span;

	one_range(&ranges, GB, GB + 200 * PAGE);
	ranges_add(&ranges, 2 * GB, 2 * GB + 100 * PAGE, "");
	ranges_number(&ranges);
	measure_init(&measure, &ranges, PAGE);
	measure_cumulative(&measure);
	measure_begin(&measure);
	span = touched(GB + 63 * PAGE, 66);	/* 63 to 128 */
	measure_span(&measure, &ranges.range[0], &span);
	CHECK(measure.once_pages == 66);
	span = touched(GB + 64 * PAGE, 64);
	measure_span(&measure, &ranges.range[0], &span);
	CHECK(measure.once_pages == 66);
	span = touched(GB + 60 * PAGE, 5);	/* 60, 61, 62 are new */
	measure_span(&measure, &ranges.range[0], &span);
	CHECK(measure.once_pages == 69);
	span = touched(2 * GB, 100);		/* the last page of all */
	measure_span(&measure, &ranges.range[1], &span);
	CHECK(measure.once_pages == 169);
	span = touched(GB, 200);
	measure_span(&measure, &ranges.range[0], &span);
	CHECK(measure.once_pages == 300);
	span.counts.touched = 0;
	measure_begin(&measure);
	CHECK(measure.once_pages == 300 && !measure.counts.touched);
	measure_free(&measure);
	ranges_free(&ranges);
}

static void round_of(struct measure *measure, u64 mapped, u64 first, u64 nr)
{
	const struct range *range = &measure->ranges->range[0];
	struct span span = touched(range->start, mapped);

	span.counts.touched = 0;
	measure_begin(measure);
	measure_span(measure, range, &span);
	if (nr) {
		span = touched(range->start + first * PAGE, nr);
		measure_span(measure, range, &span);
	}
	measure_end(measure, true);
}

/* Page i is touched last in round i of @rounds, page 0 never. */
static void check_age(unsigned int rounds)
{
	static const unsigned int min[] = { 0, 1, 2, 5, 15, 30, 60, 120, 240 };
	struct age ages[NR_AGES];
	struct measure measure;
	struct ranges ranges;
	unsigned int i, j, age;
	u64 never, expected;

	one_range(&ranges, GB, GB + 400 * PAGE);
	measure_init(&measure, &ranges, PAGE);
	measure_ages(&measure);
	for (i = 1; i <= rounds; i++)
		round_of(&measure, rounds + 1, i, 1);
	never = measure_get_ages(&measure, ages);
	CHECK(never == PAGE);
	for (i = 0; i < NR_AGES; i++) {
		CHECK(ages[i].min == min[i]);
		expected = 0;
		for (j = 0; j <= rounds; j++) {
			age = j ? rounds - j : rounds;
			if (age >= min[i] && (i + 1 == NR_AGES || age < min[i + 1]))
				expected++;
		}
		CHECK(ages[i].bytes == expected * PAGE);
	}
	/* What is not mapped any more has no age. */
	round_of(&measure, 1, 0, 0);
	never = measure_get_ages(&measure, ages);
	CHECK(never == PAGE);
	for (expected = 0, i = 0; i < NR_AGES; i++)
		expected += ages[i].bytes;
	CHECK(expected == PAGE);
	measure_free(&measure);
	ranges_free(&ranges);
}

static void test_ages(void)
{
	static const unsigned int rounds[] = { 1, 2, 3, 5, 6, 15, 16, 31, 61, 121, 240, 241, 399 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rounds); i++)
		check_age(rounds[i]);
}

static void four_pages(struct measure *measure, struct ranges *ranges)
{
	one_range(ranges, GB, GB + 4 * PAGE);
	measure_init(measure, ranges, PAGE);
	measure_ages(measure);
}

static void test_many_rounds(void)
{
	struct age ages[NR_AGES];
	struct measure measure;
	struct ranges ranges;
	unsigned int i;

	/* Page 0 is touched in the first round, page 1 three rounds ago. */
	four_pages(&measure, &ranges);
	for (i = 0; i < 200000; i++)
		round_of(&measure, 3, i == 199996, i == 0 || i == 199996);
	CHECK(measure_get_ages(&measure, ages) == PAGE);
	CHECK(ages[2].min == 2 && ages[2].bytes == PAGE);
	CHECK(ages[8].bytes == 2 * PAGE);
	CHECK(measure.stamp_base && measure.round == 200000);
	measure_free(&measure);
	ranges_free(&ranges);
}

/* Page 0 was touched 10 rounds ago, and stamps have been moved since. */
static void test_rebase(void)
{
	struct age ages[NR_AGES];
	struct measure measure;
	struct ranges ranges;
	unsigned int i;

	four_pages(&measure, &ranges);
	for (i = 1; i <= UINT16_MAX + 5; i++)
		round_of(&measure, 2, 0, i == UINT16_MAX - 5);
	CHECK(measure.stamp_base);
	CHECK(measure_get_ages(&measure, ages) == PAGE);
	CHECK(ages[3].min == 5 && ages[3].bytes == PAGE && ages[8].bytes == PAGE);
	for (i = 1; i <= 4; i++)
		round_of(&measure, 2, 0, 0);
	measure_get_ages(&measure, ages);
	CHECK(ages[3].bytes == PAGE);	/* 14 */
	round_of(&measure, 2, 0, 0);
	measure_get_ages(&measure, ages);
	CHECK(ages[4].bytes == PAGE);	/* 15 */
	measure_free(&measure);
	ranges_free(&ranges);
}

static double sum_of(const struct grid *grid)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < grid->nr; i++)
		sum += grid->now[i];
	return sum;
}

static void check_grid(u64 pages, size_t cells)
{
	struct measure measure;
	struct ranges ranges;
	struct span span;
	u64 i;

	one_range(&ranges, GB, GB + pages * PAGE);
	measure_init(&measure, &ranges, PAGE);
	grid_init(&measure.map, &measure, cells);
	CHECK(measure.map.nr == (cells < pages ? cells : pages));
	for (i = 0; i < pages; i++) {
		measure_begin(&measure);
		span = touched(GB + i * PAGE, pages - i);
		measure_span(&measure, &ranges.range[0], &span);
		measure_end(&measure, true);
		CHECK(sum_of(&measure.map) > (pages - i) * PAGE - 0.5);
		CHECK(sum_of(&measure.map) < (pages - i) * PAGE + 0.5);
		CHECK(grid_share(&measure.map, measure.map.nr - 1) > 0);
		CHECK(i < 2 * pages / measure.map.nr || !measure.map.now[0]);
	}
	/* The last cell was touched in all rounds, at the end only in part. */
	CHECK(measure.map.sum[measure.map.nr - 1] <= pages + 0.001);
	CHECK(measure.map.sum[0] >= 0.999);
	measure_free(&measure);
	ranges_free(&ranges);
}

static void test_grid(void)
{
	check_grid(1, 54);
	check_grid(10, 54);
	check_grid(54, 54);
	check_grid(100, 54);
	check_grid(1000, 7);
}

static void test_grid_exact(void)
{
	struct measure measure;
	struct ranges ranges;
	struct span span = touched(GB + 4 * PAGE, 4);

	/* Half of the second, half of the third of four cells. */
	one_range(&ranges, GB, GB + 16 * PAGE);
	ranges.range[0].end = GB + 8 * PAGE;
	ranges_add(&ranges, 2 * GB, 2 * GB + 8 * PAGE, "");
	ranges_number(&ranges);
	measure_init(&measure, &ranges, PAGE);
	grid_init(&measure.map, &measure, 4);
	measure_begin(&measure);
	span.counts.touched = 2 * PAGE;	/* as of a mapping, spread evenly */
	measure_span(&measure, &ranges.range[0], &span);
	span = touched(2 * GB, 2);
	measure_span(&measure, &ranges.range[1], &span);
	CHECK(grid_share(&measure.map, 0) == 0);
	CHECK(grid_share(&measure.map, 1) == 0.5);
	CHECK(grid_share(&measure.map, 2) == 0.5);
	CHECK(grid_share(&measure.map, 3) == 0);
	measure_free(&measure);
	ranges_free(&ranges);
}

static const char smaps[] =
"40000000-40010000 rw-p 00000000 00:00 0 \n"
"Size:                 64 kB\n"
"KernelPageSize:        4 kB\n"
"Rss:                  32 kB\n"
"Pss:                  32 kB\n"
"Referenced:           16 kB\n"
"Anonymous:            32 kB\n"
"AnonHugePages:         0 kB\n"
"Shared_Hugetlb:        0 kB\n"
"Private_Hugetlb:       0 kB\n"
"Swap:                  8 kB\n"
"SwapPss:               8 kB\n"
"VmFlags: rd wr mr mw me ac sd\n"
"50000000-50200000 rw-s 00000000 00:0f 7 /dev/hugepages/x y\n"
"Rss:                   0 kB\n"
"Referenced:            0 kB\n"
"Private_Hugetlb:    2048 kB\n"
"60000000-60400000 rw-p 00000000 00:00 0 \n"
"Rss:                4096 kB\n"
"Referenced:         3072 kB\n"
"AnonHugePages:      2048 kB\n"
"70000000-70400000 rw-p 00000000 00:00 0 \n"
"Rss:                2048 kB\n"
"Referenced:         2048 kB\n"
"AnonHugePages:      2048 kB\n";

static void smaps_of(struct measure *measure, struct source *source, u64 start, u64 end)
{
	static struct ranges ranges;
	static struct process process;

	open_planted(&process, 1);
	CHECK(!source_smaps(source, &process, true));
	ranges_free(&ranges);
	one_range(&ranges, start, end);
	measure_init(measure, &ranges, PAGE);
	scan_once(source, measure, 0);
	process_close(&process);
}

static void test_smaps(void)
{
	struct measure measure;
	struct source source;

	plant("1/smaps", smaps);
	smaps_of(&measure, &source, 0x40000000, 0x40010000);
	CHECK(measure.counts.mapped == 32 << 10 && measure.counts.touched == 16 << 10);
	CHECK(measure.counts.swapped == 8 << 10 && measure.split && !source.hugetlb);
	source_close(&source);
	/* Half of what was a mapping when the ranges were taken. */
	smaps_of(&measure, &source, 0x40008000, 0x40020000);
	CHECK(measure.counts.mapped == 16 << 10 && measure.counts.touched == 8 << 10);
	source_close(&source);
	smaps_of(&measure, &source, 0x50000000, 0x50200000);
	CHECK(measure.counts.mapped == 2 << 20 && measure.counts.mapped_huge == 2 << 20);
	CHECK(!measure.counts.touched && source.hugetlb);
	source_close(&source);
	/* Both sizes: nobody knows which of them was touched. */
	smaps_of(&measure, &source, 0x60000000, 0x60400000);
	CHECK(measure.counts.touched == 3 << 20 && !measure.split);
	source_close(&source);
	smaps_of(&measure, &source, 0x70000000, 0x70400000);
	CHECK(measure.split && measure.counts.touched_huge == 2 << 20);
	source_close(&source);
}

static void test_clear_refs(void)
{
	struct process process;
	struct ranges ranges;
	struct source source;
	char text[16];

	one_range(&ranges, 0x40000000, 0x40010000);
	open_planted(&process, 1);
	plant("1/smaps", smaps);
	plant("1/clear_refs", "");
	CHECK(!source_smaps(&source, &process, true));
	CHECK(!source.scan(&source, &ranges, 0, NULL, NULL));
	read_planted(text, sizeof(text), "1/clear_refs");
	CHECK(!strcmp(text, ""));
	CHECK(!source.scan(&source, &ranges, SCAN_CLEAR, NULL, NULL));
	read_planted(text, sizeof(text), "1/clear_refs");
	CHECK(!strcmp(text, "1"));
	/* The memory of a process that has ended. */
	plant("1/smaps", "");
	CHECK(source.scan(&source, &ranges, 0, NULL, NULL) == -ESRCH);
	source_close(&source);
	process_close(&process);
	ranges_free(&ranges);
}

static void test_process(void)
{
	int proc = open(root, O_PATH | O_DIRECTORY);
	struct process process;

	CHECK(process_open(&process, proc, 12345) == -ESRCH);
	CHECK(!process_open(&process, proc, 1));
	CHECK(!strcmp(process.comm, "a \"vmm\""));
	CHECK(!process_find_vms(&process) && process.vms == 1 && process.vm_fd == 11);
	process_close(&process);
	CHECK(!process_open(&process, proc, 2));
	CHECK(!process_find_vms(&process) && !process.vms);
	process_close(&process);
	close(proc);
}

static void test_json(void)
{
	char text[128] = "";
	FILE *file = fmemopen(text, sizeof(text), "w");

	json_string(file, "a\"b\\c\n\x7f\xe9z");
	fclose(file);
	CHECK(!strcmp(text, "\"a\\\"b\\\\c\\u000a\\u007f\\u00e9z\""));
}

static void test_plot(void)
{
	struct process process = { .pid = 1, .comm = "a\"; system('x') `y` $z\\" };
	struct source source = { .name = "x" };
	struct report report = { .process = &process, .source = &source };
	struct plot plot = { .cells = 0 };
	struct measure measure;
	struct ranges ranges;
	struct span span = touched(GB, 2), last = touched(GB + 255 * PAGE, 1);
	char *text;
	size_t size;
	FILE *file;

	one_range(&ranges, GB, GB + 256 * PAGE);
	measure_init(&measure, &ranges, PAGE);
	measure_cumulative(&measure);
	grid_init(&measure.plot, &measure, 4);
	report.ranges = &ranges;
	report.measure = &measure;
	measure_begin(&measure);
	measure_span(&measure, &ranges.range[0], &span);
	measure_span(&measure, &ranges.range[0], &last);
	measure_end(&measure, true);
	plot_add(&plot, &measure, 1.5, 1);
	file = open_memstream(&text, &size);
	plot_script(&plot, &report, file);
	fclose(file);
	CHECK(strstr(text, "(a?; system('x') ?y? ?z?)"));
	CHECK(strstr(text, "$rounds << END\n0.500 1.500 0.012 0.012 0.000 0.012\nEND\n"));
	CHECK(strstr(text, "$heat << END\n0 0 0 0 0\n0.500 1.500 0.000 0.250 3.1\n"
		     "0.500 1.500 0.750 1.000 1.6\nEND\n"));
	free(text);
	plot_free(&plot);
	measure_free(&measure);
	ranges_free(&ranges);
}

static const struct {
	const char *name;
	void (*run)(void);
} all[] = {
	{ "numbers and seconds", test_numbers },
	{ "ranges by hand, merged and numbered", test_ranges },
	{ "ranges that are neighbours", test_neighbours },
	{ "lines of maps", test_mapping },
	{ "guest memory among the mappings of a VMM", test_guest },
	{ "no guest memory", test_no_guest },
	{ "all mappings; ranges widened to mappings", test_all },
	{ "PAGEMAP_SCAN, for arrays of any size", test_pagemap },
	{ "calls of PAGEMAP_SCAN: borders, signals, errors", test_chunks },
	{ "what kernels know", test_probe },
	{ "cumulative, across words and ranges", test_cumulative },
	{ "idle ages, each border of a bucket", test_ages },
	{ "idle ages after 200000 rounds", test_many_rounds },
	{ "idle ages over the border of a stamp", test_rebase },
	{ "cells of a map", test_grid },
	{ "cells of a map over two ranges", test_grid_exact },
	{ "smaps", test_smaps },
	{ "clear_refs is written when asked", test_clear_refs },
	{ "processes and their virtual machines", test_process },
	{ "strings in JSON", test_json },
	{ "what gnuplot gets", test_plot },
};

static void plant_all(void)
{
	if (!mkdtemp(root))
		exit(1);
	plant("pagemap", "");
	plant_dir("1");
	plant("1/comm", "a \"vmm\"\n");
	plant("1/clear_refs", "");
	plant_dir("1/fd");
	plant_link("1/fd/0", "/dev/null");
	plant_link("1/fd/3", "/dev/kvm");
	plant_link("1/fd/9", "anon_inode:kvm-vcpu:0");
	plant_link("1/fd/11", "anon_inode:kvm-vm");
	plant_dir("2");
	plant("2/comm", "cat\n");
	plant_dir("2/fd");
	plant_link("2/fd/0", "/tmp/anon_inode:kvm-vm");
	plant_link("2/fd/1", "anon_inode:kvm-vm-stats");
}

int main(void)
{
	char command[64];
	size_t i;
	int before, bad = 0;

	/* A report of a sanitizer must not cost us our own. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	plant_all();
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		test = all[i].name;
		before = failed;
		all[i].run();
		bad += failed != before;
		printf("%sok %d - %s\n", failed == before ? "" : "not ", ++tests, test);
	}
	printf("1..%d\n", tests);
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command) || bad;
}
