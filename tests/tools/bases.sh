#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# bases.sh: what is said of releases that the series is not for, and of runs that a
# base does not have, and that another base remains a small difference. TAP.
# shellcheck disable=SC2317 # functions are called by ok()
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"

# tree RELEASE: a kernel tree of it, as far as anybody looks
tree() {
	rm -rf "$tmp/tree"
	cp -r "$FAKE/kernel" "$tmp/tree"
	tr . '\n' <<<"$1" | paste -d' ' <(printf '%s =\n' VERSION PATCHLEVEL SUBLEVEL) - >"$tmp/tree/Makefile"
}

# small: 20 files and 600 lines at most, on each base
small() {
	run make bases && grep -q . "$tmp/said" &&
		! awk -F'[: ]+' '$2 > 20 || $4 > 600 { print; bad = 1 } END { exit !bad }' "$tmp/said"
}

for release in 6.14.2:6.12 7.1.0:7.3 7.9.1:7.3 5.10.7:6.12; do
	tree "${release%:*}"
	ok "a tree of ${release%:*}" refuses "is Linux ${release%:*}, but the series is for 6.12 and 7.3;" make setup KDIR="$tmp/tree"
	ok "is next to ${release#*:}" says "nearest to it is ${release#*:};"
done
ok "nor does apply take it" refuses "is Linux 5.10.7, but" make apply KDIR="$tmp/tree"
ok "a folder that is none" refuses "is no kernel tree" make setup KDIR="$tmp"
tree 6.12.1
ok "a base and the tree of another" refuses "BASE=7.3, but $tmp/tree is Linux 6.12.1" make setup BASE=7.3 KDIR="$tmp/tree"
ok "BASE without sense" refuses "BASE=nonsense, but the series is for 6.12 and 7.3" make kunit BASE=nonsense
BASE=nonsense ok "BASE in the environment is for others" run make kunit
# planned BASE NUMBER: tests of the run selftests on x86
planned() { run make guest-test LIST=1 BASE="$1" && grep -Eq "^ *selftests +$2 tests" "$tmp/said"; }
ok "a base has its own number of tests" planned 7.3 12
ok "another one has its own" planned 6.12 9
RUNS=nobody ok "a run that is not there" refuses "no run nobody on x86; known: sandybridge" make guest-test
RUNS=haswell ok "on a base where it is longer" refuses "the run haswell takes LONG=1" make guest-test BASE=7.3
SCENARIOS=nobody ok "a scenario that is not there" refuses "no scenario nobody; known: " make guest-test
covered() { run make -n check "${@:2}" && says "$1"; }
ok "check covers all bases" covered guest-test-7.3
ok "check of one base does not cover another" eval '! covered guest-test-7.3 BASE=7.3 && covered guest-test BASE=7.3'
for base in 6.12 7.3; do
	BASE=$base ok "the texts and files of $base are whole" run tools/series.py check
done
touch "$clone/base/7.3/mm/nobody.c"
BASE=7.3 ok "a file in base/ that nobody names" refuses "base/7.3/mm/nobody.c: no text in series/ brings it" tools/series.py check
BASE=6.12 ok "is found from any base" refuses "base/7.3/mm/nobody.c: no text in series/ brings it" tools/series.py check
rm "$clone/base/7.3/mm/nobody.c"
ok "each base is small" small
lines=$(sed -n 's/.* \([0-9]*\) changed.*/\1/p' "$tmp/said")
printf 'one\ntwo\n' >"$clone/base/7.3/other"
printf -- '--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n+---\n' >"$clone/base/7.3/x.patch"
run make bases
ok "lines of files and of changes count" says " $((lines + 5)) changed lines"
finish
