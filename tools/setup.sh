#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# setup.sh [TASK [ARCH]] (KDIR=path or BASE=release in the environment): the packages,
# a pristine kernel tree and a copy of it, for this clone, with the series applied; for a
# TASK only what that needs. A second run finds nothing to do. Whoever needs the
# pristine tree alone, is told where it is.
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

task=${1:-}
# the words in tools/packages that concern it, and how many of the two trees it needs
words="series kernel $task" trees=2
case $task in
'') words='' ;;
series) words=series trees=${KDIR:+0} trees=${trees:-1} ;;
report) words=report trees=0 ;;
debian) words=debian trees=0 ;;
check-lib | check-tools) words="series lib $task" trees=1 ;;
check-series) words='series kernel builds' ;;
audit) words='series kernel builds lib report audit' ;;
esac
[ $# -lt 2 ] || words+=" $2 $1-$2${MACHINE:+ guest-test-$2}"

# able: can this machine and these paths serve? Mails and reports are made anywhere.
able() {
	local machine
	[[ $TOP != *:* ]] || die "PATH cannot name $TOP/tools, which has a colon in it: put this clone elsewhere"
	[ "$trees" -lt 2 ] || [[ $CACHE != *[[:space:]:]* ]] ||
		die "the kernel's make cannot build in $CACHE, which has a blank or a colon in it: set XDG_CACHE_HOME to another folder"
	case $task in series | report) return ;; esac
	machine=$(uname -m)
	[ "$machine" = x86_64 ] ||
		die "this needs an x86-64 machine, whose own compilers build what is for x86, and not $machine"
	[ -w "$TOP" ] || die "what is compiled goes to $TOP/build, but $TOP cannot be written"
}

# wanted: the names of the packages
wanted() {
	awk -v words="$words" '
		{ split(words, concern); for_these = $0; sub(/^[^#]*# /, " ", for_these); sub(/:.*/, " ", for_these) }
		{ found = words == ""; for (i in concern) found = found || index(for_these, " " concern[i] " ") }
		found { print $1 }
	' "$TOP/tools/packages" | grep -vx "$without" | sort
}

# shellcheck disable=SC2016 # dpkg-query's variables
missing_packages() {
	wanted | comm -23 - <(wanted | xargs dpkg-query -W -f='${Package} ${db:Status-Status}\n' 2>/dev/null |
		sed -n 's/ installed$//p' | sort)
}

packages() {
	local missing without=
	command -v dpkg-query >/dev/null || { say "no dpkg here: the tools in tools/packages are taken for granted"; return; }
	[ -z "${KDIR:-}" ] && [ "$BASE" = 6.12 ] || without=linux-source-6.12
	mapfile -t missing < <(missing_packages)
	[ ${#missing[@]} -gt 0 ] || return 0
	[ "$(id -u)" -eq 0 ] ||
		die "packages are missing; as root, run: apt-get update && apt-get install --no-install-recommends ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	step "installing ${missing[*]}" install_packages "${missing[@]}"
}

install_packages() {
	{ apt update && apt -o Dpkg::Use-Pty=0 install --no-install-recommends "$@"; } ||
		die "apt could not install them. Debian 12 and 13 have them all; elsewhere KDIR= may stand for linux-source-6.12"
}

# apt ARGUMENT...: waits ten minutes for whoever else runs it
apt() {
	local start=$SECONDS said
	until said=$(apt-get -qq "$@" 2>&1); do
		if [[ $said != *'Could not get lock'* ]] || [ $((SECONDS - start)) -ge 600 ]; then
			say "$said"
			return 1
		fi
		[ "$SECONDS" -gt $((start + 1)) ] || say "waiting for another apt"
		sleep 2
	done
}

# fetch_source: Debian's kernel source of another release, from the mirror that apt
# uses here. The system's own lists and sources stay as they are.
fetch_source() {
	local mirror dir=$CACHE/source/apt-$BASE key=/usr/share/keyrings/debian-archive-keyring.gpg
	# shellcheck disable=SC2016 # a variable of apt
	mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
	[ -n "$mirror" ] || die "apt knows no mirror of Debian; give KDIR= the top of a Linux $BASE tree"
	mkdir -p "$dir"/{lists,cache/archives}/partial
	printf 'deb [signed-by=%s] %s trixie-backports main\n' "$key" "$mirror" >"$dir/sources.list"
	(cd "$dir" && for what in update "download linux-source-$BASE"; do
		# shellcheck disable=SC2086 # a command and its argument
		apt-get -qq -o Dir::Etc::SourceList="$dir/sources.list" -o Dir::Etc::SourceParts=/dev/null \
			-o Dir::State::Lists="$dir/lists" -o Dir::Cache="$dir/cache" -o APT::Sandbox::User="$(id -un)" $what || exit 1
	done >&2 && mv "linux-source-${BASE}_"*.deb ..) ||
		die "$mirror did not give linux-source-$BASE; give KDIR= the top of a Linux $BASE tree"
	rm -rf "$dir"
}

# room GB WHAT: that much is free for it
room() {
	local free
	free=$(($(df --output=avail -k "$CACHE" | tail -n 1) >> 20))
	[ "$free" -ge "$1" ] ||
		die "$CACHE has $free GB free, but $2 $1 GB; free some, or set XDG_CACHE_HOME to a larger disk"
}

# listing TREE: all files but those of a build
listing() { (cd "$1" && find . -path './obj-*' -prune -o ! -type d "${@:2}" -printf '%P\n'); }

stamp() {
	listing "$1" | wc -l >"$tmp/stamp"
	mv "$tmp/stamp" "$1.stamp"
}

# survey TREE: what is newer than its stamp is in $tmp/newer; are all files there?
survey() {
	listing "$1" -fprintf "$tmp/files" '%P\n' -cnewer "$1.stamp" >"$tmp/newer"
	[ "$(wc -l <"$tmp/files")" -ge "$(cat "$1.stamp")" ]
}

# foreign TREE: what somebody else has done to it
foreign() {
	survey "$1" || echo "(a file was removed)"
	cat "$tmp/newer"
}

# foreign_patched: a file may have been edited to be what the series makes of it by now,
# and what the series no longer makes may be gone
foreign_patched() {
	local file ours complete=1
	survey "$KEY/patched" || complete=
	while read -r file; do
		ours=$tmp/new/$file
		[ -e "$ours" ] || ours=$SHARED/stock/$file
		cmp -s "$ours" "$KEY/patched/$file" || printf '%s\n' "$file"
	done <"$tmp/newer"
	[ -n "$complete" ] ||
		{ listing "$SHARED/stock"; comm -12 <(names "$tmp/manifest") <(names "$KEY/patched.manifest"); } | sort -u |
			comm -23 - <(sort "$tmp/files") | sed 's/$/ (removed)/'
}

names() { cut -d' ' -f3- "$1" | sort; }

# refuse TREE FILES ADVICE
refuse() {
	die "$1 is no longer as this tool left it: $(head -n 5 <<<"$2" | paste -sd' ')
$3To begin anew: rm -r $1 && make setup${KDIR:+ KDIR=$KDIR}"
}

unpack() {
	if [ -n "${KDIR:-}" ]; then
		# without the repository and what a build has left
		rsync -a --exclude=/.git --exclude='/obj-*' --exclude='*.o' --exclude='*.cmd' "$KDIR/" "$tmp/stock" &&
			make -s -C "$tmp/stock" mrproper >&2
	else
		# of a full disk tar would tell for each file
		local name=usr/src/linux-source-$BASE.tar.xz
		[ -f "/$name" ] || { dpkg-deb --fsys-tarfile "$(kept_source)" | tar -C "$tmp" -x "./$name"; }
		[ ! -f "$tmp/$name" ] || name=${tmp#/}/$name
		mkdir "$tmp/stock" &&
			tar -C "$tmp/stock" --strip-components=1 -xJf "/$name" 2>&1 | head -n 3 >&2
	fi || die "it cannot be unpacked to $SHARED, which has $(df --output=avail -h "$SHARED" | tail -n 1 | tr -d ' ') left"
	mv "$tmp/stock" "$SHARED/stock"
}

copy_stock() {
	rsync -a --exclude='/obj-*' "$SHARED/stock/" "$tmp/patched"
	mv "$tmp/patched" "$KEY/patched"
	: >"$KEY/patched.manifest"
}

# state of the tree at KDIR, to notice that it has changed since it was copied
kdir_state() {
	(cd "$KDIR" && find . -path ./.git -prune -o -name '*.[chS]' -printf '%P %s %T@\n') | sort | sha256sum
}

# bring_in: the tree gets the files in $tmp/new and loses what an earlier series
# brought; a file that is right already keeps its time
bring_in() {
	local file
	names "$KEY/patched.manifest" | comm -23 - <(names "$tmp/manifest") >"$tmp/old"
	while read -r file; do
		[ ! -e "$SHARED/stock/$file" ] || (cd "$SHARED/stock" && cp --parents "$file" "$tmp/new")
	done <"$tmp/old"
	rsync -rpc "$tmp/new/" "$KEY/patched/"
	while read -r file; do
		[ ! -e "$tmp/new/$file" ] || continue
		rm -f "$KEY/patched/$file"
		(cd "$KEY/patched" && rmdir -p --ignore-fail-on-non-empty "${file%/*}" 2>/dev/null) || true
	done <"$tmp/old"
	mv "$tmp/manifest" "$KEY/patched.manifest"
	stamp "$KEY/patched"
}

# gone: what belongs to clones that are no more; what was edited there stays
gone() {
	local key
	for key in "$SHARED"/clone-*; do
		[ ! -e "$key/clone/tools/setup.sh" ] || continue
		if [ -f "$key/patched.stamp" ] && { ! survey "$key/patched" || [ -s "$tmp/newer" ]; }; then
			say "$key/patched was edited, and its clone $(readlink "$key/clone") is gone; if nobody needs it: rm -r $key"
		else
			flock -n "$key/.lock" rm -rf "$key" || true
		fi
	done
}

able
if [ -n "${KDIR:-}" ] && [ -d "$KDIR" ]; then
	[ "$task" = report ] || find_base "$KDIR"
else
	find_base
fi
packages
[ "$trees" -eq 0 ] || [ -n "${KDIR:-}" ] || [ "$BASE" = 6.12 ] || source_version >/dev/null ||
	step "fetching linux-source-$BASE" fetch_source
[ "$trees" -gt 0 ] || exit 0
find_key
# before anything is made: does the series fit?
[ -z "${KDIR:-}" ] || "$TOP/tools/series.py" check --tree "$KDIR" >&2
{ mkdir -p "$KEY" && [ -w "$KEY" ]; } || die "$CACHE cannot be written: set XDG_CACHE_HOME to a folder that can"
ln -sfn "$TOP" "$KEY/clone"
ln -sfn ../stock "$KEY/stock"
exec 9>"$SHARED/.lock"
flock -n 9 || { say "waiting for another setup"; flock 9; }
rm -rf "$SHARED"/.tmp.*
tmp=$(mktemp -d "$SHARED/.tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
gone

if [ "$trees" -eq 1 ]; then
	[ -d "$SHARED/stock" ] || room 2 "a kernel tree needs"
else
	[ -d "$KEY/patched" ] || room 12 "two kernel trees with their builds need"
fi

if [ -d "$SHARED/stock" ] && [ -f "$SHARED/stock.stamp" ]; then
	changed=$(foreign "$SHARED/stock")
	[ -z "$changed" ] || refuse "$SHARED/stock" "$changed" ""
	[ -z "${KDIR:-}" ] || [ "$(kdir_state)" = "$(cat "$SHARED/kdir.state")" ] ||
		die "$KDIR has changed since it was copied; to copy it again: rm -r $SHARED && make setup KDIR=$KDIR"
else
	rm -rf "$SHARED/stock"
	if [ -n "${KDIR:-}" ]; then
		rm -f "$SHARED"/clone-*/patched.stamp
		kdir_state >"$SHARED/kdir.state"
	fi
	step "unpacking the pristine kernel" unpack
	stamp "$SHARED/stock"
fi
[ "$trees" -gt 1 ] || { printf '%s\n' "$SHARED/stock"; exit; }

mkdir "$tmp/new"
"$TOP/tools/series.py" files --tree "$SHARED/stock" "$tmp/new"
(cd "$tmp/new" && find . -type f -printf '%P\0' | sort -z | xargs -0 -r sha256sum) >"$tmp/manifest"

if [ -d "$KEY/patched" ] && [ -f "$KEY/patched.stamp" ]; then
	changed=$(foreign_patched)
	[ -z "$changed" ] || refuse "$KEY/patched" "$changed" "To keep what was edited: make refresh. "
else
	rm -rf "$KEY/patched" "$KEY/patched.stamp"
	step "copying the pristine kernel" copy_stock
fi
if ! cmp -s "$tmp/manifest" "$KEY/patched.manifest" || [ ! -f "$KEY/patched.stamp" ]; then
	# an object that is being made of a file that changes would seem to be newer
	exec 8>>"$KEY/.lock"
	flock -n 8 || { say "waiting for what is built in $KEY/patched"; flock 8; }
	# a second of work, which must not end half-way
	trap '' INT TERM HUP
	step "applying the series" bring_in
	trap - INT TERM HUP
fi
[ -n "$task" ] ||
	say "linux $(release "$SHARED/stock"): $SHARED/stock (pristine), $KEY/patched (with $(wc -l <"$KEY/patched.manifest") files of the series)"
