#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel.sh TREE ARCH FLAVOUR: build a kernel; the last line is its image
#   TREE stock|patched   ARCH x86|arm64|powerpc   FLAVOUR perf (to be measured)|debug (checks itself)|kcsan (looks for data races)
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 3 ] || die "usage: kernel.sh stock|patched x86|arm64|powerpc perf|debug|kcsan"
case $1 in stock | patched) ;; *) die "unknown tree $1; known: stock patched" ;; esac
case $3 in perf | debug | kcsan) ;; *) die "unknown flavour $3; known: perf debug kcsan" ;; esac
arch_is "$2"
need kernel "$2"
hold_tree

obj=$KEY/$1/obj-$2-$3
mkdir -p "$obj"
exec 9>"$obj/.lock"
flock 9

build() {
	counted "$obj" "$obj/build.log" kmake "$@" "${IMAGE##*/}" && return
	grep -m 20 -A 5 -E 'error|Error|undefined reference' "$obj/build.log" >&2 || tail -n 20 "$obj/build.log" >&2
	die "the build failed; all of its output: $obj/build.log"
}
step "configuring the $1 kernel ($2, $3)" configure "$@"
step "building the $1 kernel ($2, $3)" build "$@"
! grep -qE '^CONFIG_K[AC]SAN=y' "$obj/.config" || instrumented "$obj/mm/mmu_notifier.o"
printf '%s\n' "$obj/$IMAGE"
