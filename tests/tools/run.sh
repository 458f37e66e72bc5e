#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# run.sh: run the tests of the tools, all at once, as they wait more than they work
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/../../tools/lib.sh"

PRISTINE=$("$TOP/tools/setup.sh" check-tools)
export PRISTINE
all=(trees places packages bases signals kcsan outcome)
tmp=$(mktemp -d)
at_end "rm -rf ${tmp@Q}"

for name in "${all[@]}"; do
	"$TOP/tests/tools/$name.sh" >"$tmp/$name" 2>&1 &
done
wait
passed=0 failed=0
for name in "${all[@]}"; do
	sed "s/^/$name: /" "$tmp/$name"
	planned=$(sed -n 's/^1\.\.//p' "$tmp/$name")
	good=$(grep -c '^ok ' "$tmp/$name") || true
	passed=$((passed + good))
	# one that does not come to its end has failed
	failed=$((failed + ${planned:-$((good + 1))} - good))
done
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
