#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# selftests.sh ARCH NAME...: build selftests of the patched tree, as static
# programs; the last line is the folder that they are in. A NAME is one of KVM's,
# and may be in a subfolder, as aarch64/page_fault_test; mm/NAME is one of mm's.
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -ge 2 ] || die "usage: selftests.sh ARCH NAME..."
arch=$1
shift
arch_is "$arch"
need selftests "$arch"

out=$KEY/selftests-$arch
headers=$out/usr/.installed

# mm's Makefile would leave files in the tree
mm_test() {
	local folder=$KEY/patched/tools/testing/selftests/mm
	"${CROSS}gcc" -static -O2 -Wall -pthread -isystem "$out/usr/include" -I "${folder%/*}" -o "$out/mm/$1" \
		"$folder/$1.c" "$folder/vm_util.c"
}

build() {
	local name kvm=()
	if [ ! -e "$headers" ] || [ "$headers" -ot "$KEY/patched.stamp" ]; then
		kmake patched "$arch" debug headers_install INSTALL_HDR_PATH="$out/usr"
		touch "$headers"
	fi
	for name; do
		case $name in
		mm/*) mm_test "${name#mm/}" ;;
		*) kvm+=("$name") ;;
		esac
	done
	# it would build all that there are
	[ "${#kvm[@]}" -gt 0 ] || return 0
	# with abs_objdir, what is generated for arm64 is not put into the tree
	make -s -j"$(nproc)" -C "$KEY/patched/tools/testing/selftests/kvm" ARCH="$KARCH" \
		CROSS_COMPILE="$CROSS" OUTPUT="$out" abs_objdir="$out" EXTRA_CFLAGS=-static LDFLAGS=-static \
		KHDR_INCLUDES="-isystem $out/usr/include" "${kvm[@]/#/$out/}" </dev/null >&2
}

mkdir -p "$out/tools" "$out/mm"
exec 9>"$out/.lock"
flock 9
hold_tree
step "building selftests" build "$@"
printf '%s\n' "$out"
