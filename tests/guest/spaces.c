// SPDX-License-Identifier: GPL-2.0-only
/* The same memory seen more than once: by slots, address spaces, machines. */
#include "tests.h"
#include "window.h"

#define PAGES	300

static struct window *small_window(void)
{
	struct window *win = window_new(PAGES + 100);

	window_back(win, 50, PAGES, SMALL_PAGES);
	return win;
}

/* Two views of one memory, both touched: here only, there only, and both. */
static void two_views(struct window *win, struct mapping *one, struct mapping *two)
{
	unsigned long *some = bits_new(win->pages);
	size_t i;

	for (i = 0; i < PAGES; i += 7) {
		if (i % 3 != 1)
			window_touch(one, i, i & 1);
		if (i % 3 != 2)
			window_touch(two, i, i & 1);
	}
	window_check(win);
	window_ask_pages(win, 60, 65, NULL, ASK_PRESET);

	/* a page that both find young is young, and one clear is enough for both */
	for (i = 0; i < win->pages; i += 2)
		bit_set(some, i);
	window_ask_pages(win, 0, win->pages, some, ASK_CLEAR);
	window_check(win);
	window_ask_pages(win, 0, win->pages, NULL, ASK_CLEAR);
	window_check(win);

	window_touch(one, 3, VM_WRITE);
	window_check(win);
	window_ask_pages(win, 0, win->pages, NULL, ASK_CLEAR);
	window_touch(two, 3, VM_READ);
	window_touch(two, PAGES - 1, VM_READ);
	window_check(win);
}

static void aliases(void)
{
	struct window *win = small_window();
	struct vm *vm = vm_create();
	struct mapping *one = window_map(win, vm, 0, VM_GPA, 50, PAGES, 1);
	struct mapping *two = window_map(win, vm, 0, VM_GPA + (1 << 26), 50, PAGES, 1);

	two_views(win, one, two);
}

/* The second slot shows only a part, and begins elsewhere. */
static void overlapping(void)
{
	struct window *win = small_window();
	struct vm *vm = vm_create();
	struct mapping *one = window_map(win, vm, 0, VM_GPA, 50, PAGES, 1);
	struct mapping *two = window_map(win, vm, 0, VM_GPA + (1 << 26), 113, 100, 1);

	window_touch_irregular(win, one);
	window_check(win);
	window_touch_irregular(win, two);
	window_check(win);
	window_ask_pages(win, 100, 50, NULL, ASK_CLEAR);
	window_check(win);
}

static void address_spaces(void)
{
	struct window *win = small_window();
	struct vm *vm = vm_create();
	struct mapping *one, *two;

	arch_second_space_setup(vm);
	one = window_map(win, vm, 0, VM_GPA, 50, PAGES, 1);
	two = window_map(win, vm, 1, VM_GPA, 50, PAGES, 1);
	two_views(win, one, two);
}

/* Space 1 has memory where space 0 has none, and other memory elsewhere. */
static void second_space_only(void)
{
	struct window *win = small_window();
	struct vm *vm = vm_create();
	struct mapping *one, *two;

	arch_second_space_setup(vm);
	one = window_map(win, vm, 0, VM_GPA, 50, 100, 1);
	two = window_map(win, vm, 1, VM_GPA, 150, PAGES - 100, 1);
	window_touch_irregular(win, two);
	window_check(win);
	window_touch_irregular(win, one);
	window_check(win);
	window_ask_pages(win, 140, 20, NULL, ASK_CLEAR);
	window_check(win);
}

static void two_vms(void)
{
	struct window *win = small_window();
	struct mapping *one = window_map(win, vm_create(), 0, VM_GPA, 50, PAGES, 1);
	struct mapping *two = window_map(win, vm_create(), 0, VM_GPA, 50, PAGES, 1);

	two_views(win, one, two);
}

/* One goes, its answers with it; the other one's stay. */
static void two_vms_one_closed(void)
{
	struct window *win = small_window();
	struct vm *first = vm_create();
	struct mapping *one = window_map(win, first, 0, VM_GPA, 50, PAGES, 1);
	struct mapping *two = window_map(win, vm_create(), 0, VM_GPA, 50, PAGES, 1);

	window_touch_irregular(win, one);
	window_touch_irregular(win, two);
	window_check(win);
	window_forget(one);
	vm_destroy(first);
	window_check(win);
	window_touch_irregular(win, two);
	window_ask_pages(win, 0, win->pages, NULL, ASK_CLEAR);
	window_check(win);
}

/* A slot that is deleted takes its youth along. */
static void deleted_slot(void)
{
	struct window *win = small_window();
	struct vm *vm = vm_create();
	struct mapping *one = window_map(win, vm, 0, VM_GPA, 50, 100, 1);
	struct mapping *two = window_map(win, vm, 0, VM_GPA + (1 << 26), 150, 100, 1);

	window_touch_irregular(win, one);
	window_flush(win);
	vm_slot_delete(vm, one->slot);
	window_forget(one);
	window_touch_irregular(win, two);
	window_check(win);
}

const struct test spaces_tests[] = {
	{ "spaces", "two slots with the same memory", aliases, 30 },
	{ "spaces", "two slots that overlap", overlapping, 30 },
	{ "spaces", "two machines with the same memory", two_vms, 30 },
	{ "spaces", "two machines, one is closed", two_vms_one_closed, 30 },
	{ "spaces", "a deleted slot is not young", deleted_slot, 30 },
	{ 0 },
};

const struct test second_space_tests[] = {
	{ "spaces", "two address spaces with the same memory", address_spaces, 30 },
	{ "spaces", "memory of the second address space", second_space_only, 30 },
	{ 0 },
};
