// SPDX-License-Identifier: GPL-2.0-only
/* Samples for clear_young_loop.cocci. Never compiled. */

static int range(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	unsigned long addr;
	int young = 0;

	for (addr = start; addr < end; addr += PAGE_SIZE)
		young |= mmu_notifier_clear_young(mm, addr, addr + PAGE_SIZE); /* BUG */
	return young;
}

static void ptes(struct vm_area_struct *vma, unsigned long addr, pte_t *pte, int nr)
{
	while (nr--) {
		if (!ptep_clear_young_notify(vma, addr, pte)) /* BUG */
			continue;
		addr += PAGE_SIZE;
		pte++;
	}
}

static void pmds(struct vm_area_struct *vma, unsigned long addr, unsigned long end, pmd_t *pmd)
{
	do {
		pmdp_clear_young_notify(vma, addr, pmd++); /* BUG */
		addr += PMD_SIZE;
	} while (addr < end);
}

static void bits(struct vm_area_struct *vma, unsigned long addr, pmd_t *pmd, unsigned long *map)
{
	int i;

	for_each_set_bit(i, map, 64) {
		if (pmdp_clear_young_notify(vma, addr + i * PMD_SIZE, pmd + i)) /* BUG */
			update(i);
	}
}

static void again(struct mm_struct *mm, unsigned long addr, unsigned long end)
{
next:
	mmu_notifier_clear_young(mm, addr, addr + PAGE_SIZE); /* BUG */
	addr += PAGE_SIZE;
	if (addr < end)
		goto next;
}

/* Near misses. */

static int whole(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	return mmu_notifier_clear_young(mm, start, end);
}

static int after(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	unsigned long addr;

	for (addr = start; addr < end; addr += PAGE_SIZE)
		touch(addr);
	return mmu_notifier_clear_young(mm, start, end);
}

static bool leaves(struct vm_area_struct *vma, unsigned long addr, pte_t *pte, int nr)
{
	for (; nr; nr--, pte++) {
		if (pte_none(ptep_get(pte)))
			continue;
		return ptep_clear_young_notify(vma, addr, pte);
	}
	return false;
}

static int batch(struct mm_struct *mm, unsigned long start, unsigned long end, unsigned long *map)
{
	const struct mmu_notifier_bitmaps bitmaps = { .young = map, .nbits = 512 };
	int answer = 0;

	for (; start < end; start += PMD_SIZE)
		answer |= mmu_notifier_test_clear_young(mm, start, start + PMD_SIZE,
							&bitmaps, MMU_NOTIFIER_CLEAR);
	return answer;
}

/* The primary MMU is cheap to ask. */
static void primary(struct vm_area_struct *vma, unsigned long addr, pte_t *pte, int nr)
{
	for (; nr; nr--, pte++, addr += PAGE_SIZE)
		ptep_test_and_clear_young(vma, addr, pte);
}
