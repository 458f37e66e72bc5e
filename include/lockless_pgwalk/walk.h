/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Walk a range of a page table that others may be changing.
 */
#ifndef _LOCKLESS_PGWALK_WALK_H
#define _LOCKLESS_PGWALK_WALK_H

#include <lockless_pgwalk/format.h>

#include <asm/page.h>

/**
 * DOC: Ordering
 *
 * The walk takes no lock.  It relies on orders that others keep, and they on its
 * own.  Each order has two sides.  Where a side is in code of this walk, or in a
 * line that was changed for it, that line is labelled::
 *
 *	LPW(function:letter)
 *
 * Comments, and this list, have only the "function:letter" part of it.  What has
 * no letter here needed no change.  Some functions exist once per architecture;
 * of these, each has the label.
 *
 * Documentation/litmus-tests/lockless_pgwalk/ has litmus tests of all but the
 * last.  They are named here in quotation marks.
 *
 * **Publish and descend**: fill a table, then link it / load the entry, then the
 * table.  pgwalk_descend:A loads the entry, pgwalk_descend:B makes the address of
 * the table from it.  All that is loaded from the table depends on that address,
 * and loads that depend are in order without a barrier ("publish-wmb+ctrl" is not
 * so).  Hardware that walks the tables asks the same of those who link one.
 *
 * * x86: tdp_mmu_link_sp().  If mmu_lock is held for read, a table is linked by
 *   try_cmpxchg64(), in tdp_mmu_set_spte_atomic(), which is a full barrier
 *   ("publish-cmpxchg+descend").  It is held for write only if a huge page is
 *   split for the dirty log.  If hardware or a fast page fault can still change
 *   the huge leaf, kvm_tdp_mmu_write_spte() exchanges by xchg(), another full
 *   barrier.  If not, it merely stores, by WRITE_ONCE().  Only TSO keeps the
 *   stores in their order then, and only the call of make_nonleaf_spte() keeps
 *   the compiler from changing it ("publish-once+descend")
 * * arm64: smp_store_release() in stage2_make_pte() ("publish-release+descend")
 * * powerpc: kvmppc_create_pte:A, a write barrier before p4d_populate(),
 *   pud_populate() and pmd_populate() ("publish-wmb+descend")
 *
 * **Publish a root**: the same, one step earlier / load the root, then what it
 * points to.
 *
 * * x86: list_add_rcu() in kvm_tdp_mmu_alloc_root() / tdp_age_next_root:A
 * * arm64: kvm_publish_stage2:B / kvm_arch_age_lockless:B
 * * powerpc: kvmppc_init_vm_radix:A / kvm_arch_age_lockless:B
 *
 * **Unlink and grace period**: take a table out of the tree, then wait, then free
 * it / stay in an RCU read-side critical section, from before the root was loaded
 * until after the last exchange, kvm_arch_age_lockless:A to kvm_arch_age_lockless:C
 * ("unlink+free").
 *
 * * x86: call_rcu() in handle_removed_pt(), of roots in kvm_tdp_mmu_put_root()
 * * arm64: call_rcu() in stage2_free_unlinked_table(), which frees what a block
 *   replaces, in stage2_map_walk_table_pre(), and, in a tree that was published,
 *   what is empty, at stage2_unmap_walker:A
 * * powerpc: kfree_rcu_mightsleep(), of what a huge page replaces in
 *   kvmppc_create_pte(), at kvmppc_free_pte_table:A and kvmppc_free_pmd_table:A
 *
 * **Publish and unmap**, on arm64: set the flag, then publish the tree / unlink a
 * table, then look at the flag, and free the table at once if it is not set.
 * kvm_publish_stage2:A and kvm_publish_stage2:B / stage2_unmap_walker:A.  Both
 * hold mmu_lock for write.  So what is freed at once was unlinked before anyone
 * could find the tree ("publish-pgt+unmap").
 *
 * **Hide and dereference**: hide the root, then wait, then free all below it /
 * load the root, in an RCU read-side critical section, and walk only if it is
 * there ("hide+free").
 *
 * * x86: nothing to hide.  Each table, and each root, is freed a grace period
 *   after it was unlinked, at the end of a guest as well
 * * arm64: kvm_free_stage2_pgd:A and kvm_free_stage2_pgd:B, if the tree was
 *   published / kvm_arch_age_lockless:B, and kvm_arch_flush_remote_tlbs:A, which
 *   may follow it.  The MMU notifier has it called from ->release, when other
 *   callbacks may still be running
 * * powerpc: kvmppc_switch_mmu_to_hpt:A and kvmppc_switch_mmu_to_hpt:B /
 *   kvm_arch_age_lockless:B.  At the end of a guest, the MMU notifier was
 *   unregistered before
 *
 * **Mode switch**, on powerpc: hide and wait as above, then publish another root,
 * which may be the same memory / kvm_arch_age_lockless:B.  From radix to hash,
 * kvmppc_switch_mmu_to_hpt:A and kvmppc_switch_mmu_to_hpt:B; and back,
 * kvmppc_init_vm_radix:A ("switch-modes").
 *
 * **Marker and exchange**: own an entry, then replace it / exchange it only from
 * the value that was seen as a leaf, pgwalk_exchange:A.  No order is needed: that
 * it is atomic is enough, even where others store ("clear+zap", "clear+set").  A
 * marker may contain the accessed bit, so it must not be taken for a leaf.
 *
 * * x86: FROZEN_SPTE, by __tdp_mmu_set_spte_atomic(), handle_removed_pt().  It is
 *   young.  With mmu_lock held for write, entries of which nothing can change
 *   without it are stored, by kvm_tdp_mmu_write_spte()
 * * arm64: KVM_INVALID_PTE_LOCKED, in stage2_try_break_pte().  It is young.  With
 *   mmu_lock held for write, entries are stored, by kvm_clear_pte() and at
 *   stage2_try_set_pte:A
 * * powerpc: none, each change is atomic, in __radix_pte_update().  A leaf that is
 *   not valid at present, as processes have it while a huge page is split, is
 *   asked about with mmu_lock held
 *
 * **Memslots**: replace them, then wait / look one up and age what it maps, in one
 * SRCU read-side critical section.  kvm_swap_active_memslots() waits for
 * __kvm_handle_hva_range(), on all architectures.  What a memslot maps that goes
 * is zapped with mmu_lock held, before or after it was aged.
 */

/**
 * struct pgwalk_iter - the state of a walk
 * @entry: the entry where the walk stands. Valid after pgwalk_next() returned
 *	true
 */
struct pgwalk_iter {
	struct pgwalk_entry entry;
	/* private: */
	u64 end;	/* where the walk ends */
	u64 table_end;	/* first page beyond the table of @entry, or @end */
};

/**
 * pgwalk_start() - prepare a walk
 * @tree: the page table
 * @start: first page of the range
 * @end: first page beyond the range
 *
 * What lies beyond the address space of @tree is left out. An empty or reversed
 * range has no entries.
 *
 * Return: the state to pass to pgwalk_next().
 */
static __always_inline struct pgwalk_iter
pgwalk_start(const struct pgwalk_tree *tree, u64 start, u64 end)
{
	struct pgwalk_iter iter = { };

	iter.entry.next = start;
	iter.end = end < tree->pages ? end : tree->pages;
	iter.table_end = start;
	return iter;
}

/* Load the entry where the walk stands. */
static __always_inline void pgwalk_read(const struct pgwalk_format *fmt,
					const struct pgwalk_tree *tree,
					struct pgwalk_entry *entry)
{
	entry->seen = pgwalk_load(fmt, entry->entryp);
	entry->type = pgwalk_decode(fmt, tree, entry->seen, entry->level);
}

/*
 * Go down from the root to the entry that covers @pos and is no table.  One of
 * level 0 cannot be a table: it is not read.
 */
static __always_inline void
pgwalk_descend(const struct pgwalk_format *fmt, const struct pgwalk_tree *tree,
	       struct pgwalk_iter *iter, u64 pos)
{
	struct pgwalk_entry *entry = &iter->entry;
	char __rcu *table = (char __rcu *)tree->root;
	u64 end = tree->pages;
	u64 base = 0;

	for (entry->level = tree->top;; entry->level--) {
		unsigned int shift = pgwalk_shift(fmt, entry->level);
		u64 index = (pos - base) >> shift;

		entry->entryp = table + index * pgwalk_size(fmt);
		base += index << shift;
		entry->next = base + (1ULL << shift);
		if (!entry->level)
			break;
		pgwalk_read(fmt, tree, entry); /* LPW(pgwalk_descend:A) */
		if (entry->type != PGWALK_TABLE)
			break;

		/* LPW(pgwalk_descend:B) */
		table = (__force char __rcu *)__va(pgwalk_child(fmt, tree,
								entry->seen));
		if (entry->next < end)
			end = entry->next;
	}

	entry->pos = pos;
	iter->table_end = end < iter->end ? end : iter->end;
}

/* As pgwalk_next(), but an entry of level 0 is left to be read. */
static __always_inline bool
pgwalk_seek(const struct pgwalk_format *fmt, const struct pgwalk_tree *tree,
	    struct pgwalk_iter *iter)
{
	struct pgwalk_entry *entry = &iter->entry;
	u64 pos = entry->next;
	bool found = false;

	if (likely(pos < iter->table_end)) {
		entry->entryp = (char __rcu *)entry->entryp + pgwalk_size(fmt);
		entry->pos = pos;
		entry->next = pos + (1ULL << pgwalk_shift(fmt, entry->level));
		/* Another entry of the same table of level 0: nearly every step. */
		if (likely(!entry->level))
			return true;
		pgwalk_read(fmt, tree, entry);
		found = entry->type != PGWALK_TABLE;
	} else if (pos >= iter->end) {
		return false;
	}

	if (!found)
		pgwalk_descend(fmt, tree, iter, pos);
	if (entry->next > iter->end)
		entry->next = iter->end;
	return true;
}

/**
 * pgwalk_next() - go to the next entry that is no table
 * @fmt: the format, a constant
 * @tree: the page table
 * @iter: state of the walk, from pgwalk_start()
 *
 * Entries are visited in ascending order, each once, empty ones included, so
 * that a hole is stepped over by the size of the level where the walk met it.
 * Each table is reached from the root: a table that was replaced is noticed no
 * later than at its end.
 *
 * Context: any. The caller must keep tables that the walk may have reached from
 * being freed or reused until the walk has ended, by rcu_read_lock() if
 * unlinked tables are freed after a grace period, see DOC: Ordering. Nothing here sleeps; the time
 * taken is proportional to the entries in the range, which is for the caller to
 * bound.
 *
 * Return: true if iter->entry is another entry of the range, false at its end.
 */
static __always_inline bool
pgwalk_next(const struct pgwalk_format *fmt, const struct pgwalk_tree *tree,
	    struct pgwalk_iter *iter)
{
	if (!pgwalk_seek(fmt, tree, iter))
		return false;
	if (likely(!iter->entry.level))
		pgwalk_read(fmt, tree, &iter->entry);
	return true;
}

/**
 * pgwalk_for_each() - visit each entry of a range that is no table
 * @fmt: the format, a constant
 * @tree: the page table
 * @iter: a struct pgwalk_iter
 * @start: first page of the range
 * @end: first page beyond the range
 *
 * See pgwalk_next() for the order of the entries and for the locking.
 */
#define pgwalk_for_each(fmt, tree, iter, start, end)			\
	for ((iter) = pgwalk_start(tree, start, end);			\
	     pgwalk_next(fmt, tree, &(iter));)

#endif /* _LOCKLESS_PGWALK_WALK_H */
