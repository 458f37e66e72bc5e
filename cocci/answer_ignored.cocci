// SPDX-License-Identifier: GPL-2.0-only
/// mmu_notifier_test_clear_young() answers by two flags. MMU_NOTIFIER_YOUNG
/// must not be lost unless a bitmap tells the same. After a call with
/// MMU_NOTIFIER_FAST_ONLY, pages without MMU_NOTIFIER_FAST in the answer may be
/// young and unreported, even if bitmaps were given. And as a truth value the
/// answer says nothing: it is not 0 if all was old and fast.
///
// Confidence: High
// Comments: patch mode corrects the use as a truth value
// Files: mmu_notifier_test_clear_young
// Options: --no-includes --include-headers

virtual patch
virtual context
virtual org
virtual report

@initialize:python@
@@
import re

def is_fast_only(text):
    return "FAST_ONLY" in str(text)

// ------------------------------------------------------------------------
// nobody looks at the answer, and no bitmap has it

@ignored@
identifier f =~ "^(__)?mmu_notifier_test_clear_young$";
expression mm, start, end, flags;
position p;
@@

(
 f@p(mm, start, end, NULL, flags);
|
 (void)f@p(mm, start, end, NULL, flags);
)

// Somebody may, but not at whether it was fast.
@fast_ignored@
identifier f =~ "^(__)?mmu_notifier_test_clear_young$";
expression mm, start, end, bitmaps;
expression flags : script:python() { is_fast_only(flags) };
position p;
@@

(
 f@p(mm, start, end, bitmaps, flags);
|
 (void)f@p(mm, start, end, bitmaps, flags);
|
 f@p(mm, start, end, bitmaps, flags) & MMU_NOTIFIER_YOUNG
)

@assigned@
identifier f =~ "^(__)?mmu_notifier_test_clear_young$";
expression mm, start, end, bitmaps;
expression flags : script:python() { is_fast_only(flags) };
type T;
identifier answer;
position p;
@@

(
 T answer = f@p(mm, start, end, bitmaps, flags);
|
 answer = f@p(mm, start, end, bitmaps, flags)
|
 answer |= f@p(mm, start, end, bitmaps, flags)
|
 answer &= f@p(mm, start, end, bitmaps, flags)
)

@looked@
identifier assigned.f, assigned.answer;
position assigned.p;
expression E;
@@

 f@p(...)
 ... when any
(
 <+... answer & \(MMU_NOTIFIER_FAST \| (E | MMU_NOTIFIER_FAST) \| (MMU_NOTIFIER_FAST | E)\) ...+>
|
 E = <+... answer ...+>
|
 E &= <+... answer ...+>
|
 return <+... answer ...+>;
|
 E(..., answer, ...)
)

// ------------------------------------------------------------------------

@truth@
identifier f =~ "^(__)?mmu_notifier_test_clear_young$";
expression e, e2;
statement S1, S2;
bool b;
identifier i;
position p;
@@

(
 if (f@p(...)) S1 else S2
|
 while (f@p(...)) S1
|
 !f@p(...)
|
 f@p(...) && e
|
 e && f@p(...)
|
 f@p(...) || e
|
 e || f@p(...)
|
 f@p(...) ? e : e2
|
 bool i = f@p(...);
|
 b = f@p(...)
|
 b |= f@p(...)
)

// ------------------------------------------------------------------------

@depends on patch@
identifier truth.f;
position truth.p;
expression list es;
@@

- f@p(es)
+ (f(es) & MMU_NOTIFIER_YOUNG)

// ------------------------------------------------------------------------

@depends on context@
identifier ignored.f;
position ignored.p;
@@

* f@p(...)

@depends on context@
identifier fast_ignored.f;
position fast_ignored.p;
@@

* f@p(...)

@depends on context && !looked@
identifier assigned.f;
position assigned.p;
@@

* f@p(...)

@depends on context@
identifier truth.f;
position truth.p;
@@

* f@p(...)

// ------------------------------------------------------------------------

@script:python depends on org@
p << ignored.p;
@@

coccilib.org.print_todo(p[0], "young pages may be lost: answer ignored")

@script:python depends on org@
p << fast_ignored.p;
@@

coccilib.org.print_todo(p[0], "pages without an answer may be taken for old: MMU_NOTIFIER_FAST ignored")

@script:python depends on org && !looked@
p << assigned.p;
@@

coccilib.org.print_todo(p[0], "pages without an answer may be taken for old: MMU_NOTIFIER_FAST ignored")

@script:python depends on org@
p << truth.p;
@@

coccilib.org.print_todo(p[0], "answer used as a truth value, true if all was old and fast")

@script:python depends on report@
p << ignored.p;
@@

coccilib.report.print_report(p[0], "ERROR: young pages may be lost: answer ignored (%s)" % p[0].current_element)

@script:python depends on report@
p << fast_ignored.p;
@@

coccilib.report.print_report(p[0], "ERROR: pages without an answer may be taken for old: MMU_NOTIFIER_FAST ignored (%s)" % p[0].current_element)

@script:python depends on report && !looked@
p << assigned.p;
@@

coccilib.report.print_report(p[0], "ERROR: pages without an answer may be taken for old: MMU_NOTIFIER_FAST ignored (%s)" % p[0].current_element)

@script:python depends on report@
p << truth.p;
@@

coccilib.report.print_report(p[0], "ERROR: answer used as a truth value, true if all was old and fast (%s)" % p[0].current_element)
