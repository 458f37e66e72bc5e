#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Packs a root file system for a test host: busybox, tests/guest/init and the
# given files, which become /test/NAME. Needs no privilege: there is no device
# node in it, the init mounts devtmpfs.
set -euo pipefail

usage() {
	cat <<-EOT
	usage: ${0##*/} OUT FILE...

	Writes the compressed archive OUT. BUSYBOX names the busybox to pack, a
	static one for the machine that shall run it (default: /bin/busybox;
	tools/busybox.sh has those of other machines).
	EOT
}

fail() {
	echo "${0##*/}: $*" >&2
	exit 1
}

if [[ ${1:-} == -h || ${1:-} == --help ]]; then
	usage
	exit 0
fi
[[ $# -ge 2 ]] || { usage >&2; exit 2; }

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
busybox=${BUSYBOX:-/bin/busybox}
out=$1
shift

for tool in cpio gzip readelf; do
	command -v "$tool" >/dev/null || fail "$tool is missing"
done

# A dynamic program would end in "not found" long after this script.
static() {
	[[ -r $1 ]] || fail "$1 cannot be read"
	! readelf -lW "$1" 2>/dev/null | grep -q INTERP || fail "$1 is not static"
}

work=$(mktemp -d)
root=$work/root
# whoever ends all processes at once ends this one, too, and again
trap 'trap "" INT TERM; rm -rf "$work"' EXIT
trap 'trap "" INT TERM; exit 130' INT
trap 'trap "" INT TERM; exit 143' TERM

static "$busybox"
mkdir -p "$root/bin" "$root/test"
install -m 755 "$busybox" "$root/bin/busybox"
install -m 755 "$here/../tests/guest/init" "$root/init"
for file; do
	static "$file"
	name=$root/test/${file##*/}
	[[ ! -e $name ]] || fail "two files named ${file##*/}"
	install -m 755 "$file" "$name"
done

(cd "$root" && find . | LC_ALL=C sort |
	cpio --quiet -o -H newc --owner=+0:+0 --reproducible) | gzip -1n >"$work/packed" ||
	fail "cannot pack"
mv "$work/packed" "$out"
