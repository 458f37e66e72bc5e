// SPDX-License-Identifier: GPL-2.0-only
/* Samples for sleep_in_walk.cocci. Never compiled. */

static bool bad_exchange(const struct pgwalk_tree *tree, const struct pgwalk_entry *entry, u64 new)
{
	might_sleep(); /* BUG */
	return pgwalk_exchange(&format, entry, new);
}

static u64 bad_load(const void *entryp)
{
	void *copy = kmalloc(8, GFP_ATOMIC); /* BUG */

	return copy ? READ_ONCE(*(u64 *)entryp) : 0;
}

static const struct pgwalk_format bad_format = {
	.width = PGWALK_64,
	.load = bad_load,
	.exchange = bad_exchange,
};

static void take_it(struct subscriber *s)
{
	mutex_lock(&s->lock);
	s->users++;
	mutex_unlock(&s->lock);
}

static int bad_test_clear_young(struct mmu_notifier *mn, struct mm_struct *mm, unsigned long start,
				unsigned long end, const struct mmu_notifier_bitmaps *bitmaps,
				unsigned int flags)
{
	unsigned long *map = bitmap_zalloc(512, GFP_KERNEL); /* BUG */

	take_it(to_subscriber(mn)); /* BUG */
	return map ? MMU_NOTIFIER_FAST : 0;
}

static int bad_clear_young(struct mmu_notifier *mn, struct mm_struct *mm, unsigned long start,
			   unsigned long end)
{
	while (start < end) {
		cond_resched(); /* BUG */
		start += PAGE_SIZE;
	}
	return 0;
}

static const struct mmu_notifier_ops bad_ops = {
	.clear_young = bad_clear_young,
	.test_clear_young = bad_test_clear_young,
};

static bool bad_test_one(void *arg, unsigned long i)
{
	down_read(arg); /* BUG */
	return i;
}

static bool good_clear_one(void *arg, unsigned long i)
{
	return false;
}

static bool each(struct mmu_notifier_bitmaps *bitmaps, void *arg)
{
	return mmu_notifier_age_pages(bitmaps, 0, 512, true, bad_test_one, good_clear_one, arg);
}

static int bad_visitor(const struct kvm_pgtable_visit_ctx *ctx, enum kvm_pgtable_walk_flags visit)
{
	synchronize_rcu(); /* BUG */
	return 0;
}

static bool arm64(struct kvm_pgtable *pgt)
{
	struct kvm_pgtable_walker walker = {
		.cb = bad_visitor,
		.flags = KVM_PGTABLE_WALK_LEAF,
	};

	return kvm_pgtable_walk(pgt, 0, 1, &walker);
}

bool kvm_arch_age_lockless(struct kvm *kvm, struct kvm_gfn_range *range)
{
	mutex_lock(&kvm->slots_lock); /* BUG */
	return false;
}

static void bad_body(const struct pgwalk_tree *tree)
{
	struct pgwalk_iter iter;

	rcu_read_lock();
	pgwalk_for_each(&format, tree, iter, 0, 512) {
		if (iter.entry.type != PGWALK_LEAF)
			continue;
		cond_resched(); /* BUG */
	}
	rcu_read_unlock();
}

static void bad_body_below(struct kvm_mmu_page *root, struct subscriber *s)
{
	struct tdp_iter iter;

	rcu_read_lock();
	tdp_root_for_each_leaf_pte(iter, root, 0, 512) {
		take_it(s); /* BUG */
	}
	rcu_read_unlock();
}

/* Near misses. */

static bool good_exchange(const struct pgwalk_tree *tree, const struct pgwalk_entry *entry, u64 new)
{
	trace(entry);
	return pgwalk_exchange(&format, entry, new);
}

static const struct pgwalk_format good_format = {
	.width = PGWALK_64,
	.exchange = good_exchange,
};

static int good_test_clear_young(struct mmu_notifier *mn, struct mm_struct *mm,
				 unsigned long start, unsigned long end,
				 const struct mmu_notifier_bitmaps *bitmaps, unsigned int flags)
{
	spin_lock(&to_subscriber(mn)->spin);
	spin_unlock(&to_subscriber(mn)->spin);
	if (!mutex_trylock(&to_subscriber(mn)->lock))
		return MMU_NOTIFIER_YOUNG;
	mutex_unlock(&to_subscriber(mn)->lock);
	return MMU_NOTIFIER_FAST;
}

static int may_sleep(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	take_it(to_subscriber(mn));
	return 0;
}

static const struct mmu_notifier_ops good_ops = {
	.test_clear_young = good_test_clear_young,
	.invalidate_range_start = may_sleep,
};

static void leaves_the_section(struct kvm *kvm, struct kvm_mmu_page *root)
{
	struct tdp_iter iter;

	rcu_read_lock();
	tdp_root_for_each_pte(iter, root, 0, 512) {
		rcu_read_unlock();
		cond_resched();
		rcu_read_lock();
	}
	rcu_read_unlock();
}

static void around(const struct pgwalk_tree *tree)
{
	unsigned long *map = bitmap_zalloc(512, GFP_KERNEL);
	struct pgwalk_iter iter;

	rcu_read_lock();
	pgwalk_for_each(&format, tree, iter, 0, 512) {
		set_bit(iter.entry.pos, map);
	}
	rcu_read_unlock();
	cond_resched();
}

static bool tdp_mmu_iter_cond_resched(struct kvm *kvm, struct tdp_iter *iter)
{
	rcu_read_unlock();
	cond_resched_rwlock_write(&kvm->mmu_lock);
	rcu_read_lock();
	iter->yielded = true;
	return true;
}

static void yields(struct kvm *kvm, struct kvm_mmu_page *root)
{
	struct tdp_iter iter;

	rcu_read_lock();
	tdp_root_for_each_pte(iter, root, 0, 512) {
		if (tdp_mmu_iter_cond_resched(kvm, &iter))
			continue;
		look_at(&iter);
	}
	rcu_read_unlock();
}
