// SPDX-License-Identifier: GPL-2.0-only
/* Samples for walk_rcu.cocci. Never compiled. */

unsigned int no_lock(const struct pgwalk_tree *tree, const struct pgwalk_young *young)
{
	return pgwalk_test_clear_young(&format, tree, 0, 1, young); /* BUG */
}

void no_lock_loop(const struct pgwalk_tree *tree)
{
	struct pgwalk_iter iter;

	pgwalk_for_each(&format, tree, iter, 0, 512) /* BUG */
		look_at(&iter.entry);
}

bool one_way(const struct pgwalk_tree *tree, bool lock, const struct pgwalk_young *young)
{
	bool answer;

	if (lock)
		rcu_read_lock();
	answer = pgwalk_test_clear_young(&format, tree, 0, 1, young); /* BUG */
	if (lock)
		rcu_read_unlock();
	return answer;
}

void too_late(struct kvm *kvm, struct kvm_mmu_page *root)
{
	struct tdp_iter iter;

	rcu_read_lock();
	prepare(kvm);
	rcu_read_unlock();
	tdp_root_for_each_leaf_pte(iter, root, 0, 512) /* BUG */
		look_at(&iter);
}

u64 used_after(const struct pgwalk_tree *tree)
{
	struct pgwalk_iter iter;

	rcu_read_lock();
	pgwalk_for_each(&format, tree, iter, 0, 512)
		if (iter.entry.type == PGWALK_LEAF)
			break;
	rcu_read_unlock();
	return load(iter.entry.entryp); /* BUG */
}

/* An assertion takes no lock. */
void asserted_after(const struct pgwalk_tree *tree)
{
	struct pgwalk_iter iter;

	rcu_read_lock();
	prepare(tree);
	rcu_read_unlock();
	lockdep_assert_in_rcu_read_lock();
	pgwalk_for_each(&format, tree, iter, 0, 512) /* BUG */
		look_at(&iter.entry);
}

static unsigned int helper(const struct pgwalk_tree *tree, const struct pgwalk_young *young)
{
	return pgwalk_test_clear_young(&format, tree, 0, 1, young);
}

unsigned int good_caller(const struct pgwalk_tree *tree, const struct pgwalk_young *young)
{
	unsigned int answer;

	rcu_read_lock();
	answer = helper(tree, young);
	rcu_read_unlock();
	return answer;
}

unsigned int bad_caller(const struct pgwalk_tree *tree, const struct pgwalk_young *young)
{
	return helper(tree, young); /* BUG */
}

/* Near misses. */

unsigned int locked(const struct pgwalk_tree *tree, const struct pgwalk_young *young)
{
	unsigned int answer;

	rcu_read_lock();
	answer = pgwalk_test_clear_young(&format, tree, 0, 1, young);
	rcu_read_unlock();
	return answer;
}

unsigned int guarded(const struct pgwalk_tree *tree, const struct pgwalk_young *young)
{
	guard(rcu)();
	return pgwalk_test_clear_young(&format, tree, 0, 1, young);
}

void locked_again(struct kvm *kvm, struct kvm_mmu_page *root)
{
	struct tdp_iter iter;

	rcu_read_lock();
	tdp_root_for_each_leaf_pte(iter, root, 0, 512)
		look_at(&iter);
	rcu_read_unlock();
	wait();
	rcu_read_lock();
	tdp_root_for_each_leaf_pte(iter, root, 512, 1024)
		look_at(&iter);
	rcu_read_unlock();
}

void kvm_names(struct kvm_vcpu *vcpu, u64 addr)
{
	struct tdp_iter iter;

	walk_shadow_page_lockless_begin(vcpu);
	tdp_mmu_for_each_pte(iter, vcpu->arch.mmu, addr, addr + 1)
		look_at(&iter);
	walk_shadow_page_lockless_end(vcpu);
}

/* Of a value, not of the table. */
u64 value_after(const struct pgwalk_tree *tree)
{
	struct pgwalk_iter iter;

	rcu_read_lock();
	iter = pgwalk_start(tree, 0, 1);
	pgwalk_next(&format, tree, &iter);
	rcu_read_unlock();
	return iter.entry.seen;
}

/* Two levels of helpers, all callers have the lock. */
static unsigned int inner(const struct pgwalk_tree *tree, const struct pgwalk_young *young)
{
	return pgwalk_test_clear_young(&format, tree, 0, 1, young);
}

static unsigned int outer(const struct pgwalk_tree *tree, const struct pgwalk_young *young)
{
	return inner(tree, young) | inner(tree + 1, young);
}

unsigned int outermost(const struct pgwalk_tree *tree, const struct pgwalk_young *young)
{
	unsigned int answer;

	rcu_read_lock();
	answer = outer(tree, young);
	rcu_read_unlock();
	return answer;
}

/* For callers in another file, and lockdep sees to it that they have the lock. */
unsigned int asserted(const struct pgwalk_tree *tree, const struct pgwalk_young *young)
{
	lockdep_assert_in_rcu_read_lock();
	return pgwalk_test_clear_young(&format, tree, 0, 1, young);
}

/* The walker itself: for its callers. */
static bool pgwalk_any(const struct pgwalk_tree *tree)
{
	struct pgwalk_iter iter = pgwalk_start(tree, 0, 1);

	return pgwalk_next(&format, tree, &iter);
}
