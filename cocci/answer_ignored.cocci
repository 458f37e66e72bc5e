// SPDX-License-Identifier: GPL-2.0-only
/// The answer of mmu_notifier_test_clear_young() is a set of flags, and as a truth
/// value it says nothing: it is not 0 if all was old but slow. MMU_NOTIFIER_YOUNG
/// must not be lost unless a young bitmap has the same. And if a question has a
/// young bitmap and a predicate, MMU_NOTIFIER_SLOW leaves other pages than those
/// of the predicate unknown.
//# To lose an answer is harmless where the pages are known to be young and are
//# to be cleared, and a slow one where only the pages of the predicate are used.
///
// Confidence: High
// Comments: patch mode corrects a call in a condition; context mode shows each call
// Files: mmu_notifier_test_clear_young
// Options: --no-includes --include-headers

virtual patch
virtual context
virtual org
virtual report

@initialize:python@
@@
import re

# (file, function, question) -> members that are given
given = {}
# functions that look at MMU_NOTIFIER_SLOW, or hand the answer on
looking = set()
printed = set()

def func(p):
    return (p[0].file, p[0].current_element)

def members(p, what):
    text = re.sub(r"\s+", "", str(what))
    if "{" in text:
        return set(re.findall(r"\.(young|predicate)=(?!NULL\b)", text))
    return given.get(func(p) + (text.lstrip("&"),), set())

def lost(p, what):
    return "young" not in members(p, what)

def incomplete(p, what):
    return len(members(p, what)) == 2 and func(p) not in looking

def new(p):
    key = (p[0].file, p[0].line, p[0].column)
    seen = key in printed
    printed.add(key)
    return not seen

// ------------------------------------------------------------------------
// what is asked

@initial@
identifier q, fld =~ "^(young|predicate)$";
expression e;
position p;
@@

struct mmu_notifier_young q@p = {
	.fld = e,
};

@script:python@
q << initial.q;
fld << initial.fld;
e << initial.e;
p << initial.p;
@@

if str(e) != "NULL":
    given.setdefault(func(p) + (str(q),), set()).add(str(fld))

@member@
identifier q, fld =~ "^(young|predicate)$";
expression e != NULL;
position p;
@@

(
 q.fld@p = e
|
 q->fld@p = e
)

@script:python@
q << member.q;
fld << member.fld;
p << member.p;
@@

given.setdefault(func(p) + (str(q),), set()).add(str(fld))

// ------------------------------------------------------------------------
// who looks

@looks@
symbol MMU_NOTIFIER_SLOW;
position p;
@@

 MMU_NOTIFIER_SLOW@p

@returned@
identifier f =~ "^(__)?mmu_notifier_test_clear_young$";
position p;
@@

 return f@p(...);

@kept@
identifier f =~ "^(__)?mmu_notifier_test_clear_young$";
type T;
identifier answer;
position p;
@@

(
 T answer = f@p(...);
|
 answer = f@p(...)
|
 answer |= f@p(...)
)

@handed@
identifier kept.f, kept.answer, g;
position kept.p;
expression E;
position q;
@@

 f@p(...)
 ... when any
(
 return@q answer;
|
 g@q(..., answer, ...)
|
 E |=@q answer
|
 *E =@q answer
)

@script:python@
p << looks.p;
@@

looking.add(func(p))

@script:python@
p << returned.p;
@@

looking.add(func(p))

@script:python@
p << handed.q;
@@

looking.add(func(p))

// ------------------------------------------------------------------------
// nobody looks whether a page was young, and no bitmap has it

@ignored@
identifier f =~ "^(__)?mmu_notifier_test_clear_young$";
expression mm, start, end, what;
position p;
@@

(
 f@p(mm, start, end, what);
|
 (void)f@p(mm, start, end, what);
|
 f@p(mm, start, end, what) & MMU_NOTIFIER_SLOW
)

// Nobody looks whether it was slow.
@slow@
identifier f =~ "^(__)?mmu_notifier_test_clear_young$";
expression mm, start, end, what;
position p;
@@

 f@p(mm, start, end, what)

// ------------------------------------------------------------------------
// a truth value

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
 f@p(...) == 0
|
 f@p(...) != 0
|
 bool i = f@p(...);
|
 b = f@p(...)
|
 b |= f@p(...)
)

@bool_function@
identifier f =~ "^(__)?mmu_notifier_test_clear_young$";
identifier g;
position p;
@@

bool g(...)
{
<+...
 return f@p(...);
...+>
}

@kept_truth exists@
identifier f =~ "^(__)?mmu_notifier_test_clear_young$";
type T;
identifier answer;
expression e, e2, l;
statement S1, S2;
position p;
@@

(
 T answer = f(...);
|
 answer = f(...)
|
 answer |= f(...)
)
 ... when != answer = l
     when != answer &= l
     when any
(
 if (answer@p) S1 else S2
|
 while (answer@p) S1
|
 !answer@p
|
 answer@p && e
|
 e && answer@p
|
 answer@p || e
|
 e || answer@p
|
 answer@p ? e : e2
|
 answer@p == 0
|
 answer@p != 0
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
identifier slow.f;
position slow.p;
@@

* f@p(...)

@depends on context@
identifier truth.f;
position truth.p;
@@

* f@p(...)

@depends on context@
identifier bool_function.f;
position bool_function.p;
@@

* f@p(...)

@depends on context@
identifier kept_truth.answer;
position kept_truth.p;
@@

* answer@p

// ------------------------------------------------------------------------

@script:python depends on org@
p << ignored.p;
what << ignored.what;
@@

if lost(p, what):
    coccilib.org.print_todo(p[0], "young pages may be lost: answer ignored")

@script:python depends on org@
p << slow.p;
what << slow.what;
@@

if incomplete(p, what):
    coccilib.org.print_todo(p[0], "pages that were not wanted may be taken for old: MMU_NOTIFIER_SLOW ignored")

@script:python depends on org@
p << truth.p;
@@

if new(p):
    coccilib.org.print_todo(p[0], "answer used as a truth value, true if all was old but slow")

@script:python depends on org@
p << bool_function.p;
@@

if new(p):
    coccilib.org.print_todo(p[0], "answer used as a truth value, true if all was old but slow")

@script:python depends on org@
p << kept_truth.p;
@@

if new(p):
    coccilib.org.print_todo(p[0], "answer used as a truth value, true if all was old but slow")

@script:python depends on report@
p << ignored.p;
what << ignored.what;
@@

if lost(p, what):
    coccilib.report.print_report(p[0], "ERROR: young pages may be lost: answer ignored (%s)" % p[0].current_element)

@script:python depends on report@
p << slow.p;
what << slow.what;
@@

if incomplete(p, what):
    coccilib.report.print_report(p[0], "ERROR: pages that were not wanted may be taken for old: MMU_NOTIFIER_SLOW ignored (%s)" % p[0].current_element)

@script:python depends on report@
p << truth.p;
@@

if new(p):
    coccilib.report.print_report(p[0], "ERROR: answer used as a truth value, true if all was old but slow (%s)" % p[0].current_element)

@script:python depends on report@
p << bool_function.p;
@@

if new(p):
    coccilib.report.print_report(p[0], "ERROR: answer used as a truth value, true if all was old but slow (%s)" % p[0].current_element)

@script:python depends on report@
p << kept_truth.p;
@@

if new(p):
    coccilib.report.print_report(p[0], "ERROR: answer used as a truth value, true if all was old but slow (%s)" % p[0].current_element)
