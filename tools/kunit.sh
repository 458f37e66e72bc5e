#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kunit.sh [um|x86_64]: the KUnit suites of the patched tree, in a kernel that
# runs as a process (um) or under emulation
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"
arch=${1:-um}
case $arch in um | x86_64) ;; *) die "unknown architecture $arch; known: um x86_64" ;; esac
what=(kunit)
[ "$arch" = um ] || what+=(x86)
need "${what[@]}"
hold_tree
kunit_configs "$arch"
cd "$KEY/patched"
[ -f "${configs[0]#*=}" ] || die "the series brings no kunit/.kunitconfig"

obj=obj-kunit-$arch
mkdir -p "$obj"
exec 9>"$obj/.lock"
flock 9
compiled_by sanitize-cc.sh "$obj"

run() {
	PATH=$TOP/tools:$PATH counted "$obj" "$obj/kunit.log" /usr/bin/python3 tools/testing/kunit/kunit.py run --arch="$arch" \
		"${configs[@]}" --build_dir="$obj" --make_options='CC=sanitize-cc.sh ccache gcc' --jobs="$(nproc)" || status=$?
}
status=0
rm -f "$obj/test.log"
step "KUnit on $arch" run

# "Testing complete. Ran 30 tests: passed: 29, failed: 1"
summary=$(sed -n 's/.*Testing complete. Ran //p' "$obj/kunit.log")
count() { grep -oE "$1: [0-9]+" <<<"$summary" | grep -oE '[0-9]+' || printf 0; }
good=$(count passed)
# a skipped test is a test that something was missing for
bad=$(($(count failed) + $(count crashed) + $(count errors) + $(count skipped)))
if [ "$status" -ne 0 ] || [ "$bad" -ne 0 ] || [ "$good" -eq 0 ]; then
	# the kernel's own words if it ran, else those of the build
	if [ -s "$obj/test.log" ]; then cat "$obj/test.log"; else tail -n 40 "$obj/kunit.log"; fi
	[ "$good" -ne 0 ] || [ "$bad" -ne 0 ] || say "kunit.sh: no test ran"
	printf '%s passed, %s failed\n' "$good" $((bad ? bad : 1))
	exit 1
fi
say "$summary"
instrumented "$obj/mm/mmu_notifier.o"
printf '%s passed, 0 failed\n' "$good"
