#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# setup.sh [series] (KDIR=path in the environment): the packages, a pristine
# kernel tree and a copy of it with the series applied; for the series alone: the
# packages that it needs, and the pristine tree unless KDIR is to serve for it.
# A second run finds nothing to do.
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

series_only=${1:-}

# missing_packages: the names of those to install
missing_packages() {
	local clang
	# 14 in Debian 12; apt may know no name before its lists are there
	clang=$(apt-cache depends clang 2>/dev/null | sed -n 's/^ *Depends: clang-//p')
	sed -n "s/ *# ${series_only:+$series_only: }.*//p" "$TOP/tools/packages" | sed "s/CLANG/${clang:-14}/" |
		grep -vx "${KDIR:+linux-source-6.12}" | while read -r package; do
			[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s ' "$package"
		done
}

packages() {
	local missing
	command -v dpkg-query >/dev/null || { say "no dpkg here: the tools in tools/packages are taken for granted"; return; }
	missing=$(missing_packages)
	[ -n "$missing" ] || return 0
	missing=${missing% }
	[ "$(id -u)" -eq 0 ] ||
		die "packages are missing; as root, run: apt-get update && apt-get install --no-install-recommends $missing"
	export DEBIAN_FRONTEND=noninteractive
	step "installing $missing" install_packages
}

install_packages() {
	apt-get -qq update >&2
	# shellcheck disable=SC2046 # one word per package
	apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=600 install --no-install-recommends $(missing_packages) >&2
}

# room GB WHAT: that much is free for it
room() {
	local free
	mkdir -p "$CACHE"
	free=$(($(df --output=avail -k "$CACHE" | tail -n 1) >> 20))
	[ "$free" -ge "$1" ] ||
		die "$CACHE has $free GB free, but $2 $1 GB; free some, or set XDG_CACHE_HOME to a larger disk"
}

# listing TREE: all files but those of a build
listing() {
	find "$KEY/$1" -path "$KEY/$1/obj-*" -prune -o ! -type d "${@:2}" -printf '%P\n'
}

stamp() {
	listing "$1" | wc -l >"$tmp/stamp"
	mv "$tmp/stamp" "$KEY/$1.stamp"
}

# untouched TREE: nothing is newer than the stamp, and nothing is missing; the
# patched tree may have been edited to be what the series makes of it by now
untouched() {
	local foreign ours
	foreign=$(listing "$1" -cnewer "$KEY/$1.stamp" | while read -r file; do
		ours=$tmp/new/$file
		[ -e "$ours" ] || ours=$KEY/stock/$file
		[ "$1" = patched ] && cmp -s "$ours" "$KEY/$1/$file" || printf '%s\n' "$file"
	done)
	[ -n "$foreign" ] || [ "$(listing "$1" | wc -l)" -ge "$(cat "$KEY/$1.stamp")" ] || foreign="(a file was removed)"
	[ -z "$foreign" ] || die "$KEY/$1 is no longer as this tool left it: $(head -n 5 <<<"$foreign" | paste -sd' ')
$([ "$1" = stock ] || echo "To keep what was edited: make refresh. ")To begin anew: rm -r $KEY/$1 && make setup"
}

unpack() {
	if [ -n "${KDIR:-}" ]; then
		# without the repository and what a build has left
		rsync -a --exclude=/.git --exclude='/obj-*' --exclude='*.o' --exclude='*.cmd' "$KDIR/" "$tmp/stock"
		make -s -C "$tmp/stock" mrproper >&2
	else
		mkdir "$tmp/stock"
		tar -C "$tmp/stock" --strip-components=1 -xJf /usr/src/linux-source-6.12.tar.xz
	fi
	mv "$tmp/stock" "$KEY/stock"
}

copy_stock() {
	rsync -a --exclude='/obj-*' "$KEY/stock/" "$tmp/patched"
	mv "$tmp/patched" "$KEY/patched"
	: >"$KEY/patched.manifest"
}

# state of the tree at KDIR, to notice that it has changed since it was copied
kdir_state() {
	find "$KDIR" -path "$KDIR/.git" -prune -o -name '*.[chS]' -printf '%P %s %T@\n' | sort | sha256sum
}

# bring_in: the tree gets the files in $tmp/new and loses what an earlier
# series brought; a file that is right already keeps its time
bring_in() {
	local file
	while read -r _ file; do
		if [ ! -e "$tmp/new/$file" ]; then
			if [ -e "$KEY/stock/$file" ]; then
				cp "$KEY/stock/$file" "$KEY/patched/$file"
			else
				rm -f "$KEY/patched/$file"
				(cd "$KEY/patched" && rmdir -p --ignore-fail-on-non-empty "${file%/*}")
			fi
		fi
	done <"$KEY/patched.manifest"
	rsync -rpc "$tmp/new/" "$KEY/patched/"
	mv "$tmp/manifest" "$KEY/patched.manifest"
	stamp patched
}

packages
[ -z "$series_only" ] || [ -z "${KDIR:-}" ] || exit 0
find_key
# before anything is made: does the series fit?
[ -z "${KDIR:-}" ] || "$TOP/tools/series.py" check --tree "$KDIR" >&2
mkdir -p "$KEY"
exec 9>"$KEY/.lock"
flock -n 9 || { say "waiting for another setup"; flock 9; }
rm -rf "$KEY"/.tmp.*
tmp=$(mktemp -d "$KEY/.tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT

if [ -n "$series_only" ]; then
	[ -d "$KEY/stock" ] || room 2 "a kernel tree needs"
else
	[ -d "$KEY/patched" ] || room 12 "two kernel trees with their builds need"
fi

if [ -d "$KEY/stock" ] && [ -f "$KEY/stock.stamp" ]; then
	untouched stock
	[ -z "${KDIR:-}" ] || [ "$(kdir_state)" = "$(cat "$KEY/kdir.state")" ] ||
		die "$KDIR has changed since it was copied; to copy it again: rm -r $KEY && make setup KDIR=$KDIR"
else
	rm -rf "$KEY/stock" "$KEY/patched"
	[ -z "${KDIR:-}" ] || kdir_state >"$KEY/kdir.state"
	step "unpacking the pristine kernel" unpack
	stamp stock
fi
[ -z "$series_only" ] || exit 0

mkdir "$tmp/new"
"$TOP/tools/series.py" files --tree "$KEY/stock" "$tmp/new"
(cd "$tmp/new" && find . -type f -printf '%P\0' | sort -z | xargs -0 -r sha256sum) >"$tmp/manifest"

if [ -d "$KEY/patched" ] && [ -f "$KEY/patched.stamp" ]; then
	untouched patched
else
	rm -rf "$KEY/patched" "$KEY/patched.stamp"
	step "copying the pristine kernel" copy_stock
fi
if ! cmp -s "$tmp/manifest" "$KEY/patched.manifest" || [ ! -f "$KEY/patched.stamp" ]; then
	# a second of work, which must not end half-way
	trap '' INT TERM
	step "applying the series" bring_in
	trap - INT TERM
fi
say "linux $(release "$KEY/stock"): $KEY/stock (pristine), $KEY/patched (with $(wc -l <"$KEY/patched.manifest") files of the series)"
