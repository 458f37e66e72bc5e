// SPDX-License-Identifier: GPL-2.0-only
/// Asking the secondary MMUs about one page after the other costs two SRCU
/// sections, a look-up and a table walk per page, in KVM without a lockless walk
/// also the lock. mmu_notifier_test_clear_young() answers for a range in one
/// call, with a bitmap.
//# A finding is harmless where the loop has few rounds, or where each round
//# concerns another address space.
///
// Confidence: High
// Files: clear(_flush)?_young
// Options: --no-includes --include-headers

virtual context
virtual org
virtual report

@loop exists@
identifier f =~ "^(__)?(mmu_notifier_clear(_flush)?_young|(ptep|pmdp|pudp)_clear(_flush)?_young_notify)$";
position p;
@@

f@p(...)
... when any
f@p(...)

// ------------------------------------------------------------------------

@depends on context@
identifier loop.f;
position loop.p;
@@

* f@p(...)

// ------------------------------------------------------------------------

@script:python depends on org@
p << loop.p;
f << loop.f;
@@

coccilib.org.print_todo(p[0], "%s() in a loop: a candidate for mmu_notifier_test_clear_young()" % f)

@script:python depends on report@
p << loop.p;
f << loop.f;
@@

coccilib.report.print_report(p[0], "WARNING: %s() in a loop: a candidate for mmu_notifier_test_clear_young() (%s)" % (f, p[0].current_element))
