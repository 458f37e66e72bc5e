// SPDX-License-Identifier: GPL-2.0-only
#include "host.h"
#include "tap.h"
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define LRU_GEN "/sys/kernel/debug/lru_gen"
#define CGROUPS "/sys/fs/cgroup"

double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

uint64_t random_next(uint64_t *state)
{
	/* xorshift64: good enough to be irregular, the same on each machine */
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

char *read_file(const char *path)
{
	size_t size = 0, room = 1 << 16;
	char *text = malloc(room);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	check(fd >= 0, "%s: %s", path, strerror(errno));
	check(text, "out of memory");
	while ((n = read(fd, text + size, room - size - 1)) > 0) {
		size += n;
		if (room - size < 4096) {
			room *= 2;
			text = realloc(text, room);
			check(text, "out of memory");
		}
	}
	check(n == 0, "%s: %s", path, strerror(errno));
	close(fd);
	text[size] = '\0';
	return text;
}

uint64_t read_number(const char *path)
{
	char text[32] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	check(fd >= 0, "%s: %s", path, strerror(errno));
	check(read(fd, text, sizeof(text) - 1) > 0, "%s: no number", path);
	close(fd);
	return strtoull(text, NULL, 10);
}

bool write_file(const char *path, const char *fmt, ...)
{
	char text[256];
	va_list args;
	ssize_t n = -1;
	int fd, len;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = write(fd, text, len);
	if (n != len) {
		int err = n < 0 ? errno : EIO;

		close(fd);
		errno = err;
		return false;
	}
	return close(fd) == 0;
}

void must_write(const char *path, const char *text)
{
	check(write_file(path, "%s", text), "%s: cannot write \"%s\": %s", path, text,
	      strerror(errno));
}

int pagemap(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	check(fd >= 0, "pagemap: %s", strerror(errno));
	return fd;
}

void read_pagemap(const void *start, uint64_t *entries, size_t pages)
{
	size_t size = pages * sizeof(*entries);
	off_t at = (uintptr_t)start / page_size * sizeof(*entries);

	check(pread(pagemap(), entries, size, at) == (ssize_t)size, "pagemap: %s",
	      strerror(errno));
}

int kmsg_mark(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && lseek(fd, 0, SEEK_END) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static bool is_complaint(const char *record)
{
	static const char *const words[] = {
#include "complaints.h"
	};
	size_t i;

	/* data races are the kernel's own as well: tools/kcsan.py tells which are ours */
	if (strstr(record, "BUG: KCSAN: "))
		return false;
	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(record, words[i]))
			return true;
	return false;
}

bool kmsg_complaint(int fd, char *text, size_t size)
{
	bool found = fd < 0;
	char record[8192];
	ssize_t n;

	if (found)
		snprintf(text, size, "/dev/kmsg cannot be read");

	/* one read is one record; EAGAIN: no more; EPIPE: the ring overran us */
	while (fd >= 0 && (n = read(fd, record, sizeof(record) - 1)) != 0) {
		char *message;

		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			if (!found)
				snprintf(text, size, "kernel log: %s", strerror(errno));
			found = true;
			break;
		}
		record[n] = '\0';
		message = strchr(record, ';');
		message = message ? message + 1 : record;
		message[strcspn(message, "\n")] = '\0';
		if (!found && is_complaint(message)) {
			snprintf(text, size, "kernel log: %s", message);
			found = true;
		}
	}
	if (fd >= 0)
		close(fd);
	return found;
}

bool giant_pages(void)
{
	FILE *file = fopen("/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "r");
	int first = file ? fgetc(file) : EOF;

	if (file)
		fclose(file);
	return first != EOF && first != '0';
}

uint64_t vmstat(const char *name)
{
	char *text = read_file("/proc/vmstat");
	size_t len = strlen(name);
	uint64_t value = 0;
	char *line, *save;
	bool found = false;

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!strncmp(line, name, len) && line[len] == ' ') {
			value = strtoull(line + len, NULL, 10);
			found = true;
		}
	}
	check(found, "/proc/vmstat has no %s", name);
	free(text);
	return value;
}

uint64_t guest_tables(void)
{
	/* the CPUs keep some of the sum for themselves */
	must_write("/proc/sys/vm/stat_refresh", "1");
	return vmstat("nr_sec_page_table_pages");
}

uint64_t smaps_bytes(const void *start, size_t size, const char *field)
{
	uintptr_t first = (uintptr_t)start, last = first + size - 1;
	char *text = read_file("/proc/self/smaps");
	size_t len = strlen(field);
	uint64_t bytes = 0;
	bool inside = false;
	char *line, *save;

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		uintptr_t from, to;

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2)
			inside = from >= first && from <= last;
		else if (inside && !strncmp(line, field, len) && line[len] == ':')
			bytes += strtoull(line + len + 1, NULL, 10) << 10;
	}
	free(text);
	return bytes;
}

/* Returns the acquisitions of one line, 0 if it is about another lock. */
static uint64_t lock_stat_line(const char *line)
{
	/* the name that rwlock_init() or spin_lock_init() makes of its argument */
	static const char name[] = "&(kvm)->mmu_lock";
	/* con-bounces contentions waittime-{min,max,total,avg} acq-bounces */
	const int skipped = 7;
	char *end;
	int i;

	line += strspn(line, " ");
	if (strncmp(line, name, sizeof(name) - 1))
		return 0;
	line += sizeof(name) - 1;
	if (!strncmp(line, "-W:", 3) || !strncmp(line, "-R:", 3))
		line += 3;
	else if (*line == ':')
		line++;
	else
		return 0;

	for (i = 0; i < skipped; i++) {
		strtod(line, &end);
		check(end != line, "/proc/lock_stat: unknown format");
		line = end;
	}
	return strtoull(line, NULL, 10);
}

uint64_t mmu_lock_acquisitions(void)
{
	char *text = read_file("/proc/lock_stat");
	uint64_t sum = 0;
	char *line, *save;

	check(strstr(text, "acquisitions"), "/proc/lock_stat: unknown format");
	check(!strstr(text, "debugging disabled"),
	      "/proc/lock_stat: lock debugging was switched off by an earlier error");
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		sum += lock_stat_line(line);
	free(text);
	return sum;
}

void cgroup_enter(const char *cgroup)
{
	char path[128];

	check(write_file(CGROUPS "/cgroup.subtree_control", "+memory"),
	      "memory controller: %s", strerror(errno));
	snprintf(path, sizeof(path), CGROUPS "%s", cgroup);
	check(!mkdir(path, 0755) || errno == EEXIST, "%s: %s", path, strerror(errno));
	snprintf(path, sizeof(path), CGROUPS "%s/cgroup.procs", cgroup);
	check(write_file(path, "%d", getpid()), "%s: %s", path, strerror(errno));
}

bool kernel_since(unsigned int major, unsigned int minor)
{
	unsigned int this_major, this_minor;
	struct utsname kernel;

	check(!uname(&kernel) && sscanf(kernel.release, "%u.%u", &this_major, &this_minor) == 2,
	      "the kernel's release is not known");
	return this_major > major || (this_major == major && this_minor >= minor);
}

void lru_drain(void)
{
	/* the page cache, of which nobody here has any, is dropped, too */
	must_write("/proc/sys/vm/drop_caches", "1");
}

struct lru_gen lru_gen_read(const char *cgroup)
{
	unsigned long younger[2] = { 0 };
	struct lru_gen gen = { 0 };
	char *text = read_file(LRU_GEN);
	bool inside = false, found = false;
	char *line, *save;

	/*
	 * memcg ID PATH
	 *  node ID
	 *   GENERATION AGE_MS ANON FILE     (oldest first)
	 */
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		unsigned int id, fields;
		unsigned long seq, anon;
		char path[256] = "";

		fields = sscanf(line, "memcg %u %255s", &id, path);
		if (fields >= 1) {
			inside = !strcmp(path, cgroup);
			if (inside)
				gen.memcg = id;
		} else if (inside && sscanf(line, " node %u", &id) == 1) {
			gen.node = id;
		} else if (inside && sscanf(line, " %lu %*u %lu", &seq, &anon) == 2) {
			gen.max_gen = seq;
			gen.old += younger[0];
			younger[0] = younger[1];
			younger[1] = anon;
			found = true;
		}
	}
	free(text);
	check(found, LRU_GEN " does not know the cgroup %s", cgroup);
	return gen;
}

bool lru_gen_age(const struct lru_gen *gen)
{
	bool ok = write_file(LRU_GEN, "+ %u %u %lu 1 1", gen->memcg, gen->node, gen->max_gen);

	/* EINVAL and ERANGE: the generation is not the youngest any more */
	check(ok || errno == EINVAL || errno == ERANGE, LRU_GEN ": %s", strerror(errno));
	return ok;
}

void lru_gen_evict(const struct lru_gen *gen)
{
	/* swappiness 200: no files */
	check(write_file(LRU_GEN, "- %u %u %lu 200", gen->memcg, gen->node, gen->max_gen - 2),
	      LRU_GEN ": %s", strerror(errno));
}
