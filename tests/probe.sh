#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# probe.sh OBJECT CC FLAGS...: no format leaves a call in the walker that CC compiles
#
# A call is an indirect call or jump, or a reference to another function. The
# same walker with a format that is no constant must have some.
set -eu
object=$1
shift
compile=("$@" -c probe.c -o "$object")
failed=0

if [ "$(uname -m)" != x86_64 ]; then
	echo "ok - probe: it reads x86 only # SKIP"
	exit 0
fi

calls() {
	objdump -dr --no-show-raw-insn "$object" |
		grep -E '[[:space:]](call|jmp)[a-z]*[[:space:]]+\*|[[:space:]]call|R_X86_64_PLT32' || true
}

report() {
	if [ "$1" = "$2" ]; then
		echo "ok - probe, ${compile[0]}: $3"
	else
		echo "not ok - probe, ${compile[0]}: $3"
		failed=1
	fi
}

for header in "${INCLUDE:-../include}"/lockless_pgwalk/formats/*.h "${KUNIT:-../kunit}"/toy_format.h; do
	formats=$(sed -n 's/^static const struct pgwalk_format \(__maybe_unused \)\?\([a-z0-9_]*\) = {$/\2/p' "$header")
	if [ -z "$formats" ]; then
		report none some "$(basename "$header"): has a format"
	fi
	for format in $formats; do
		probe=("${compile[@]}" "-DPROBE_HEADER=\"$header\"" "-DPROBE_FORMAT=$format")

		"${probe[@]}"
		report "$(nm "$object" | grep -c ' T probe_test')" 2 "$format: compiled"
		report "$(calls)" "" "$format: the walker calls nothing"
		"${probe[@]}" -DPROBE_POINTER
		report "$(calls | grep -c '\*' | sed 's/[1-9].*/some/')" some \
			"$format: it does if the format is no constant"
	done
done
exit $failed
