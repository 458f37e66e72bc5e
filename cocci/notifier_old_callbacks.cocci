// SPDX-License-Identifier: GPL-2.0-only
/// A subscriber that answers for accessed bits by clear_young, test_young or
/// clear_flush_young, but not by test_clear_young, is asked page by page and
/// makes every answer of its address space slow.
///
// Confidence: High
// Files: mmu_notifier_ops
// Options: --no-includes --include-headers

virtual context
virtual org
virtual report

@old@
identifier ops, cb;
identifier fld =~ "^(clear_young|test_young|clear_flush_young)$";
position p;
@@

struct mmu_notifier_ops ops@p = {
	.fld = cb,
};

@new@
identifier old.ops, cb;
position old.p;
@@

struct mmu_notifier_ops ops@p = {
	.test_clear_young = cb,
};

// ------------------------------------------------------------------------

@depends on context && !new@
identifier old.ops;
position old.p;
@@

* struct mmu_notifier_ops ops@p = { ..., };

// ------------------------------------------------------------------------

@script:python depends on org && !new@
p << old.p;
ops << old.ops;
@@

coccilib.org.print_todo(p[0], "no test_clear_young in %s" % ops)

@script:python depends on report && !new@
p << old.p;
ops << old.ops;
@@

coccilib.report.print_report(p[0], "WARNING: answers for accessed bits, but has no test_clear_young (%s)" % ops)
