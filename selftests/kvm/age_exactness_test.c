// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does KVM know which pages a guest has used?
 *
 * All pages of a region are marked idle in /sys/kernel/mm/page_idle/bitmap,
 * which clears their accessed bits in KVM's page tables. The guest then reads
 * some of them, and exactly those must not be idle any more.
 *
 * Nobody promises as much for the pages of a busy host, so the test sees to it
 * that nothing else happens to its own:
 *
 * Clearing accessed bits flushes no TLB, and an access by a cached translation
 * leaves no trace. Dirty logging does flush, in all architectures, so it is
 * turned on and off before the guest goes on. It write-protects pages, too, but
 * the guest only reads.
 *
 * page_idle ignores pages that are on no LRU list. Those on their way from or to
 * one wait on the CPU that used them, where the test is pinned, until it drains
 * them.
 *
 * NUMA balancing unmaps pages, and with them goes what KVM knew of them. It
 * leaves alone who has a memory policy.
 *
 * A CPU may access what it only guesses to be next. So the guest reads the
 * addresses of a list, and where the list ends its guess finds nothing new.
 *
 * For what remains, say a page that is being migrated, there is a second and a
 * third try.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/mempolicy.h>
#include <linux/sizes.h>

#include "kvm_util.h"
#include "processor.h"
#include "test_util.h"
#include "ucall_common.h"

#ifndef MADV_COLD
#define MADV_COLD		20
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif

#define TEST_GVA		0xc0000000UL
#define TEST_SLOT		1

/* Not a multiple of what a table or a word has. */
#define NR_PAGES		1091
#define NR_HUGE_PAGES		13

#define NR_TRIES		3

#define PAGEMAP_PRESENT		BIT_ULL(63)
#define PAGEMAP_PFN_MASK	(BIT_ULL(55) - 1)

/* What the guest shall do. The rest of the list is for CPUs that look ahead. */
static u64 targets[NR_PAGES + 64];
static u64 nr_targets;
static bool write_targets;

/* Memory of which KVM may know the age unit by unit. */
struct region {
	const char *name;
	enum vm_mem_backing_src_type backing;
	struct kvm_vm *vm;
	struct kvm_vcpu *vcpu;
	char *hva;
	size_t unit;
	size_t nr;
	/* of the units, those that the guest shall read */
	bool used[NR_PAGES];
};

static int pagemap_fd;
static int idle_fd;
static void *no_pages;

static void guest_code(void)
{
	u64 i;

	for (;;) {
		for (i = 0; i < READ_ONCE(nr_targets); i++) {
			u64 *target = (u64 *)READ_ONCE(targets[i]);

			if (READ_ONCE(write_targets))
				WRITE_ONCE(*target, i);
			else
				READ_ONCE(*target);
		}
		GUEST_SYNC(0);
	}
}

/* A different page of each unit, if it has several. */
static size_t target_offset(const struct region *region, size_t i)
{
	return i * region->unit + i * 7919 * getpagesize() % region->unit;
}

static void run_guest(struct region *region, bool write)
{
	struct kvm_vm *vm = region->vm;
	struct ucall uc;
	size_t i;

	nr_targets = 0;
	for (i = 0; i < region->nr; i++) {
		if (region->used[i])
			targets[nr_targets++] = TEST_GVA +
						target_offset(region, i);
	}
	for (i = nr_targets; i < ARRAY_SIZE(targets); i++)
		targets[i] = (u64)&nr_targets;
	write_targets = write;

	sync_global_to_guest(vm, targets);
	sync_global_to_guest(vm, nr_targets);
	sync_global_to_guest(vm, write_targets);

	vcpu_run(region->vcpu);
	TEST_ASSERT(get_ucall(region->vcpu, &uc) == UCALL_SYNC,
		    "unexpected ucall %lu", uc.cmd);
}

static u64 unit_pfn(const struct region *region, size_t i)
{
	u64 page = (u64)(region->hva + i * region->unit) /
			getpagesize();
	u64 entry;

	TEST_ASSERT(pread(pagemap_fd, &entry, sizeof(entry),
			  page * sizeof(entry)) == sizeof(entry),
		    "cannot read pagemap");
	TEST_ASSERT(entry & PAGEMAP_PRESENT, "a page of the guest is gone");
	/* page_idle is there for root only */
	TEST_ASSERT(entry & PAGEMAP_PFN_MASK, "pagemap hides page numbers");

	return entry & PAGEMAP_PFN_MASK;
}

static void check_word(ssize_t size, u64 pfn)
{
	/* page_idle does not tell of a last word that is not full. */
	__TEST_REQUIRE(size, "page 0x%lx is too near to the end of memory", pfn);
	TEST_ASSERT(size == sizeof(u64), "page_idle fails for page 0x%lx", pfn);
}

static void mark_idle(const struct region *region)
{
	size_t i;

	/* Begins with draining what this CPU has yet to put on LRU lists. */
	TEST_ASSERT(!madvise(no_pages, getpagesize(), MADV_COLD),
		    "madvise() failed, errno %d", errno);

	for (i = 0; i < region->nr; i++) {
		u64 pfn = unit_pfn(region, i);
		u64 word = BIT_ULL(pfn % 64);

		check_word(pwrite(idle_fd, &word, sizeof(word),
				  pfn / 64 * sizeof(word)), pfn);
	}
}

static bool is_idle(const struct region *region, size_t i)
{
	u64 pfn = unit_pfn(region, i);
	u64 word;

	check_word(pread(idle_fd, &word, sizeof(word),
			 pfn / 64 * sizeof(word)), pfn);

	return word & BIT_ULL(pfn % 64);
}

static void flush_guest_tlb(const struct region *region)
{
	vm_mem_region_set_flags(region->vm, TEST_SLOT, KVM_MEM_LOG_DIRTY_PAGES);
	vm_mem_region_set_flags(region->vm, TEST_SLOT, 0);
}

/* Are the units that are not idle those that were used, or none at all? */
static bool is_exact(const struct region *region, const char *when, bool none)
{
	size_t old = 0, young = 0, first = 0;
	size_t i;

	for (i = 0; i < region->nr; i++) {
		bool want = !none && region->used[i];

		if (is_idle(region, i) != want)
			continue;
		if (!old && !young)
			first = i;
		if (want)
			old++;
		else
			young++;
	}

	if (old || young)
		ksft_print_msg("%s: %zu used but old, %zu unused but young, from %zu on\n",
			       when, old, young, first);

	return !old && !young;
}

static bool try_exact(struct region *region)
{
	mark_idle(region);
	if (!is_exact(region, "after all were cleared", true))
		return false;

	flush_guest_tlb(region);
	run_guest(region, false);
	return is_exact(region, "after the guest ran", false);
}

static void test_exact(struct region *region, const char *what,
		       bool (*use)(size_t i))
{
	bool exact = false;
	int try;
	size_t i;

	for (i = 0; i < region->nr; i++)
		region->used[i] = use(i);

	for (try = 0; !exact && try < NR_TRIES; try++)
		exact = try_exact(region);

	ksft_test_result(exact, "%s: %s\n", region->name, what);
}

static bool use_none(size_t i)
{
	return false;
}

static bool use_one(size_t i)
{
	return i == 11;
}

static bool use_third(size_t i)
{
	return i % 3 == 1;
}

static bool use_others(size_t i)
{
	return !use_third(i);
}

static bool use_runs(size_t i)
{
	return i % 5 < 2 || i / 64 == 3;
}

static bool use_all(size_t i)
{
	return true;
}

static const struct {
	const char *what;
	bool (*use)(size_t i);
} patterns[] = {
	{ "nothing is used",			use_none },
	{ "one page is used",			use_one },
	{ "every third page is used",		use_third },
	{ "the others are used",		use_others },
	{ "runs of pages are used",		use_runs },
	{ "all are used",			use_all },
	{ "nothing is used any more",		use_none },
};

static void create_vm(struct region *region)
{
	size_t size = region->unit * region->nr;
	size_t guest_page, gpa, npages, i;
	struct kvm_vm *vm;

	/* more than enough for the guest's own page tables */
	vm = __vm_create_with_one_vcpu(&region->vcpu, size / SZ_1M + 64,
				       guest_code);
	guest_page = vm->page_size;
	npages = vm_adjust_num_guest_pages(vm->mode, size / guest_page + 1);
	gpa = align_down((vm->max_gfn - npages) * guest_page,
			 max(region->unit, (size_t)SZ_2M));

	vm_userspace_mem_region_add(vm, region->backing, gpa, TEST_SLOT,
				    npages, 0);
	virt_map(vm, TEST_GVA, gpa, npages);

	region->vm = vm;
	region->hva = addr_gpa2hva(vm, gpa);

	for (i = 0; i < region->nr; i++)
		region->used[i] = true;
	run_guest(region, true);
}

static bool have_huge_pages(const struct region *region)
{
	return !madvise(region->hva, region->unit * region->nr, MADV_COLLAPSE);
}

static void test_region(struct region *region)
{
	bool can = true;
	size_t i;

	create_vm(region);
	if (region->backing == VM_MEM_SRC_ANONYMOUS_THP)
		can = have_huge_pages(region);

	for (i = 0; i < ARRAY_SIZE(patterns); i++) {
		if (can)
			test_exact(region, patterns[i].what, patterns[i].use);
		else
			ksft_test_result_skip("%s: %s\n", region->name,
					      patterns[i].what);
	}
}

/* Is there a reason not to walk?  The guest is not nested, nor secure. */
static bool not_walked(void)
{
#ifdef __x86_64__
	if (!kvm_is_tdp_enabled() || !get_kvm_param_bool("tdp_mmu"))
		return true;
	if (host_cpu_is_intel && !get_kvm_intel_param_bool("eptad"))
		return true;
#endif
	return false;
}

static u64 pages_aged_slow(struct kvm_vm *vm)
{
	u64 slow = UINT64_MAX;

	/* once a function that takes a string */
#ifdef vm_get_stat
	slow = vm_get_stat(vm, pages_aged_slow);
#else
	__vm_get_stat(vm, "pages_aged_slow", &slow, 1);
#endif
	return slow;
}

static void stay_on_this_cpu(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	TEST_ASSERT(!sched_setaffinity(0, sizeof(cpus), &cpus),
		    "sched_setaffinity() failed, errno %d", errno);
}

static void test_walked(const struct region *region)
{
	u64 slow = pages_aged_slow(region->vm);

	if (slow == UINT64_MAX || not_walked())
		ksft_test_result_skip("%s: all pages were walked\n",
				      region->name);
	else
		ksft_test_result(!slow, "%s: all pages were walked\n",
				 region->name);
}

int main(void)
{
	static struct region regions[] = {
		{ .name = "small pages", .backing = VM_MEM_SRC_ANONYMOUS,
		  .nr = NR_PAGES },
		{ .name = "huge pages", .backing = VM_MEM_SRC_ANONYMOUS_THP,
		  .nr = NR_HUGE_PAGES },
	};
	size_t i, nr = thp_configured() ? 2 : 1;

	idle_fd = open("/sys/kernel/mm/page_idle/bitmap", O_RDWR);
	__TEST_REQUIRE(idle_fd >= 0, "CONFIG_IDLE_PAGE_TRACKING is not enabled");
	pagemap_fd = open("/proc/self/pagemap", O_RDONLY);
	__TEST_REQUIRE(pagemap_fd >= 0, "CONFIG_PROC_PAGE_MONITOR is not enabled");
	no_pages = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	TEST_ASSERT(no_pages != MAP_FAILED, "mmap() failed, errno %d", errno);

	stay_on_this_cpu();
	/* fails without CONFIG_NUMA, where there is nothing to balance */
	syscall(SYS_set_mempolicy, MPOL_LOCAL, NULL, 0);

	ksft_print_header();
	ksft_set_plan(nr * (ARRAY_SIZE(patterns) + 1));

	regions[0].unit = getpagesize();
	if (nr > 1)
		regions[1].unit = get_trans_hugepagesz();

	for (i = 0; i < nr; i++) {
		test_region(&regions[i]);
		test_walked(&regions[i]);
		kvm_vm_free(regions[i].vm);
	}

	ksft_finished();
}
