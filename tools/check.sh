#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# check.sh STAGE...: run these make targets one after the other, all of them even
# if one fails, but none behind a setup that does, and say at the end how it went.
# A stage whose output has a line "N passed, M failed" counts as that many checks,
# any other one as one.
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'say interrupted; exit 130' INT TERM

# summarize RESULT STAGE PASSED FAILED SECONDS
summarize() { summary+=("$(printf '%-8s %-18s %5d passed %3d failed %5d s' "$@")"); }

good=0 bad=0 summary=()
stop=
for stage; do
	[ -z "$stop" ] || { bad=$((bad + 1)); summarize "NOT RUN" "$stage" 0 1 0; continue; }
	start=$SECONDS status=0
	printf '== %s\n' "$stage"
	make -s -C "$TOP" ${KDIR:+"KDIR=$KDIR"} ${BASE:+"BASE=$BASE"} "$stage" 2>&1 | tee "$tmp/output" || status=$?
	read -r passed failed < <(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed.*/\1 \2/p' "$tmp/output" | tail -n 1) ||
		passed=$((status == 0)) failed=0
	[ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
	good=$((good + passed)) bad=$((bad + failed))
	result=ok
	[ "$status" -eq 0 ] && [ "$failed" -eq 0 ] || result=FAILED
	summarize "$result" "$stage" "$passed" "$failed" $((SECONDS - start))
	[ "$stage$result" != setupFAILED ] || stop=1
done
printf '\n'
printf '%s\n' "${summary[@]}"
[ -z "$stop" ] || echo "setup failed: there is no right kernel tree for the others"
printf '%s passed, %s failed\n' "$good" "$bad"
[ "$bad" -eq 0 ]
