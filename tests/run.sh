#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# run.sh OUTPUT NAME COMMAND...: run a test program; one line says how it went
#
# Its own report goes to the file OUTPUT; of a failure, what matters is shown.
# EXPECT=pattern in the environment: it must fail, and say that. LIMIT=seconds:
# it may take longer than five minutes.
set -u
output=$1
name=$2
shift 2

start=$(date +%s)
# timeout and what it runs are a group of their own
trap 'kill ${!-}; wait; exit 130' INT
trap 'kill ${!-}; wait; exit 143' TERM
timeout "${LIMIT:-300}" "$@" >"$output" 2>&1 &
wait $!
status=$?
seconds=$(($(date +%s) - start))

if [ -n "${EXPECT-}" ]; then
	grep -q "$EXPECT" "$output" && [ $status -ne 0 ]
	status=$?
fi

if [ $status -eq 0 ]; then
	tests=$(grep -c '^ok' "$output")
	[ "$tests" -gt 1 ] && name="$name: $tests tests"
	echo "ok - $name ($seconds s)"
	grep '^# [0-9]' "$output"
	sed -n 's/^stat::average_exec_per_sec: */# executions per second: /p' "$output"
	exit 0
fi
echo "not ok - $name"
{ grep -A 1 '^not ok' "$output" || tail -n 40 "$output"; } | head -n 40
echo "# all of its report: $(realpath "$output")"
exit 1
