#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kit.sh ARCH: what someone needs to try the series on a real machine, in one archive;
# the last line is its name
# shellcheck disable=SC2317 # functions are called by step
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 1 ] || die "usage: kit.sh x86|arm64|powerpc"
arch=$1
arch_is "$arch"
need kit "$arch"

name=lockless_pgwalk-kit-$arch
tmp=$(mktemp -d)
at_end "rm -rf ${tmp@Q}"
kit=$tmp/$name
mkdir -p "$kit/bin"

programs() {
	build_guest "$arch"
	build_wss "$arch"
	cp "$TOP/build/guest-$arch"/young-{test,measure} "$TOP/build/wss/$arch/wss" \
		"$TOP/tests/kit/gnuplot" "$kit/bin"
}

selftests() {
	local folder
	folder=$("$TOP/tools/selftests.sh" "$arch" "${SELFTESTS[@]}" | tail -n 1)
	cp "${SELFTESTS[@]/#/$folder/}" "$TOP/tests/guest/selftests" "$kit/bin"
}

step "building the programs" programs
selftests_of "$arch"
[ ${#SELFTESTS[@]} -eq 0 ] || selftests
"$TOP/tools/series.py" export --tree "$KEY/stock" "$kit/series" >&2
fragments kit patched >"$kit/kernel.config"
fragments debug "$arch-debug" >"$kit/check.config"
cp "$TOP/tests/kit"/{README,report.sh} "$kit"
printf '%s\n' "$BASE" >"$kit/release"
mkdir -p "$TOP/build"
tar -C "$tmp" -czf "$TOP/build/$name.tar.gz" "$name"
printf '%s\n' "$TOP/build/$name.tar.gz"
