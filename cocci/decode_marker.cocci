// SPDX-License-Identifier: GPL-2.0-only
/// The decoder of a page-table format may say LEAF only of what hardware may
/// walk. A marker by which a writer owns an entry is BUSY, even if it contains
/// the accessed bit. So on each way to PGWALK_LEAF the decoder must have looked
/// at the bit that tells entries from markers. Where there is no decoder, a
/// marker that contains an accessed bit is a trap for whoever clears one.
//# The second kind of finding is for information: whoever clears the bit must
//# do so by compare and exchange, see accessed_rmw.cocci.
///
// Confidence: Moderate
// Comments: markers and the bits that tell them apart are known by their names
// Files: pgwalk_type|FROZEN|REMOVED_S?PTE|PTE_(LOCKED|MARKER)
// Options: --no-includes --include-headers

virtual context
virtual org
virtual report

@initialize:python@
@@
import re

# Bits 5 and 8: NPT and EPT on x86. Bit 10: arm64. Bit 8: powerpc.
def hardware(path):
    for arch, bits in (("x86", (5, 8)), ("arm64", (10,)), ("powerpc", (8,))):
        if "arch/%s/" % arch in path:
            return bits
    return (5, 8, 10)

def tells(text):
    return re.search(r"PRESENT|VALID|FROZEN|LOCKED|MARKER|REMOVED|\bowned\b|is_\w*present|is_\w*valid|is_frozen", str(text), re.I) is not None

def constants(text):
    for n in re.findall(r"\b(0[xX][0-9a-fA-F]+|\d+)[uUlL]*\b", re.sub(r"\b(BIT|BIT_ULL|_BITULL)\s*\(.*?\)", "", text)):
        yield int(n, 0)
    for n in re.findall(r"\b(?:BIT|BIT_ULL|_BITULL)\s*\(\s*(\d+)\s*\)", text):
        yield 1 << int(n)

def accessed_bits(text, path):
    value = 0
    for n in constants(re.sub(r"\s+", " ", str(text))):
        value |= n
    return [str(i) for i in hardware(path) if value >> i & 1]

# who names entries by the words of the walker is concerned by the first kind
def has_decoder(path):
    with open(path, encoding="utf-8", errors="replace") as source:
        return "PGWALK_BUSY" in source.read()

// ------------------------------------------------------------------------

@decoder@
identifier dec;
@@

enum pgwalk_type dec(...) { ... }

// The question may be in the same expression.
@asked@
expression c : script:python() { tells(c) };
expression y;
position p;
@@

(
 c ? PGWALK_LEAF@p : y
|
 c ? y : PGWALK_LEAF@p
)

// A way to LEAF on which nobody asked.
@leaf exists@
identifier decoder.dec;
expression c : script:python() { tells(c) };
expression x, y;
position p != asked.p;
@@

dec(...)
{
 ... when != c
     when any
(
 return PGWALK_LEAF@p;
|
 return x ? PGWALK_LEAF@p : y;
|
 return x ? y : PGWALK_LEAF@p;
)
 ... when any
}

@marker@
identifier m =~ "FROZEN|REMOVED_S?PTE|PTE_(LOCKED|FROZEN|REMOVED|MARKER)";
expression e;
position p;
@@

#define m@p e

// ------------------------------------------------------------------------

@depends on context@
position leaf.p;
@@

* PGWALK_LEAF@p

@depends on context@
identifier marker.m;
expression marker.e;
position marker.p;
@@

* #define m@p e

// ------------------------------------------------------------------------

@script:python depends on org@
p << leaf.p;
dec << decoder.dec;
@@

coccilib.org.print_todo(p[0], "%s may name a marker as LEAF" % dec)

@script:python depends on org@
p << marker.p;
m << marker.m;
e << marker.e;
@@

if accessed_bits(e, p[0].file) and not has_decoder(p[0].file):
    coccilib.org.print_todo(p[0], "%s contains accessed bits: %s" % (m, ", ".join(accessed_bits(e, p[0].file))))

@script:python depends on report@
p << leaf.p;
dec << decoder.dec;
@@

coccilib.report.print_report(p[0], "ERROR: may name a marker as LEAF (%s)" % dec)

@script:python depends on report@
p << marker.p;
m << marker.m;
e << marker.e;
@@

if accessed_bits(e, p[0].file) and not has_decoder(p[0].file):
    coccilib.report.print_report(p[0], "WARNING: marker contains accessed bits: %s (%s)" % (", ".join(accessed_bits(e, p[0].file)), m))
