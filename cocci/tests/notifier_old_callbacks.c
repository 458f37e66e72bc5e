// SPDX-License-Identifier: GPL-2.0-only
/* Samples for notifier_old_callbacks.cocci. Never compiled. */

static const struct mmu_notifier_ops old_ops = { /* BUG */
	.clear_flush_young = old_clear_flush_young,
	.clear_young = old_clear_young,
	.test_young = old_test_young,
	.release = old_release,
};

static struct mmu_notifier_ops flush_only_ops = { /* BUG */
	.release = flush_release,
	.clear_flush_young = flush_clear_flush_young,
};

/* Near misses. */

static const struct mmu_notifier_ops new_ops = {
	.clear_young = new_clear_young,
	.test_young = new_test_young,
	.test_clear_young = new_test_clear_young,
};

static const struct mmu_notifier_ops no_accessed_bits_ops = {
	.release = no_release,
	.arch_invalidate_secondary_tlbs = no_invalidate,
};

static const struct other_ops other_ops = {
	.clear_young = other_clear_young,
	.test_young = other_test_young,
};
