#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kit.sh ARCH: what `make kit` packs, unpacked on two emulated hosts, where its report.sh
# has to pass: its tests on the kernel that checks itself, its measurements on the other
# one. Not with the kernel of a distribution: that takes hours to compile.
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/../tools/lib.sh"

[ $# -eq 1 ] || die "usage: kit.sh x86|arm64|powerpc"
arch=$1
arch_is "$arch"
need check-kit "$arch"
tmp=$(mktemp -d)
at_end "end_jobs; rm -rf ${tmp@Q}"

kit=$("$TOP/tools/kit.sh" "$arch" | tail -n 1)
BUSYBOX=$("$TOP/tools/busybox.sh" "$arch" | tail -n 1)
export BUSYBOX
"$TOP/tools/initramfs.sh" "$tmp/initramfs" "$kit"
name=$(basename "$kit" .tar.gz)
logs=$KEY/check-kit-$arch
mkdir -p "$logs"

# what the tests of the kernel itself want there, as guest-test.sh has it
options='page_poison=1 hugepages=8 guest_swap_mb=200'
command="tar xzf $name.tar.gz -C /tmp && cd /tmp/$name && BRIEF=1 MEGABYTES=64 ./report.sh report; cat report; tail -n 1 report | grep -qx 'all passed'"

# boot FLAVOUR SECTION: that kernel's report has to have this section
boot() {
	local image log=$logs/$1.log
	image=$("$TOP/tools/kernel.sh" patched "$arch" "$1" | tail -n 1)
	"$TOP/tools/boot.sh" -t 7200 -m 3G -l "$log" -a "$options guest_cmd=\"$command\"" \
		"$arch" "$image" "$tmp/initramfs" >/dev/null 2>"$tmp/errors" &
	wait $! || { tail -n 30 "$log" "$tmp/errors" >&2; die "report.sh failed on $arch, $1; the whole console: $log"; }
	grep -qx "== $2"$'\r\?' "$log" || die "the report of $arch, $1, lacks \"$2\": $log"
}

step "the kit's tests, $arch" boot debug "every scenario"
step "the kit's measurements, $arch" boot perf "readers in /proc"
echo "2 passed, 0 failed"
