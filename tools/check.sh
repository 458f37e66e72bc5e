#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# check.sh STAGE...: run these make targets one after the other, all of them
# even if one fails, and say at the end how it went. A stage whose output has a
# line "N passed, M failed" counts as that many checks, any other one as one.
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'say interrupted; exit 130' INT TERM

good=0 bad=0 summary=()
for stage; do
	start=$SECONDS status=0
	printf '== %s\n' "$stage"
	# KDIR, like all variables, is in the environment already
	make -s -C "$TOP" "$stage" 2>&1 | tee "$tmp/output" || status=$?
	read -r passed failed < <(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed.*/\1 \2/p' "$tmp/output" | tail -n 1) ||
		passed=$((status == 0)) failed=0
	[ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
	good=$((good + passed)) bad=$((bad + failed))
	result=ok
	[ "$status" -eq 0 ] && [ "$failed" -eq 0 ] || result=FAILED
	summary+=("$(printf '%-8s %-16s %5d passed %3d failed %5d s' "$result" "$stage" "$passed" "$failed" $((SECONDS - start)))")
done
printf '\n'
printf '%s\n' "${summary[@]}"
printf '%s passed, %s failed\n' "$good" "$bad"
[ "$bad" -eq 0 ]
