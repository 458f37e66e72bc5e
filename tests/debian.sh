#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# debian.sh SUITE [COMMAND...]: make check, or that command, in this clone's last
# commit, on another release of Debian: in a chroot in the cache that debootstrap
# makes from the mirror that apt uses here. What is there is used again. All of it,
# which takes hours: debian.sh trixie make check-long ELSEWHERE=
# shellcheck disable=SC2317 # functions are called by step
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/../tools/lib.sh"

[ $# -ge 1 ] || die "usage: debian.sh SUITE [COMMAND...]"
suite=$1
shift
[ $# -gt 0 ] || set -- make check
[ "$(id -u)" -eq 0 ] || die "only root can make and enter a chroot"
[ -e "$TOP/.git" ] || die "$TOP is no git clone, but what is tested is its last commit"
"$TOP/tools/setup.sh" debian
root=$CACHE/debian-$suite
clone=/root/lockless_pgwalk
mkdir -p "$root"
exec 9>"$root.lock"
flock -n 9 || die "another one is at work in $root"

bootstrap() {
	local mirror
	# shellcheck disable=SC2016 # apt's variables
	mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' |
		sed -n 's/ Debian Debian$//p' | head -n 1)
	[ -n "$mirror" ] || die "apt knows no mirror of Debian, run: apt-get update"
	debootstrap --variant=minbase --include=ca-certificates,git,make "$suite" "$root" "$mirror" \
		>"$root.log" 2>&1 || die "debootstrap failed: $(tail -n 3 "$root.log")"
	# how to reach the mirror from here
	apt-config dump | grep -E '^Acquire::(Check|http|https|Retries)' >"$root/etc/apt/apt.conf.d/90here" || true
	touch "$root/.complete"
}

# What is mounted and what runs is gone with these namespaces.
enter() {
	# shellcheck disable=SC2016 # expanded by that shell
	unshare --mount --pid --fork --kill-child sh -ec '
		root=$1 clone=$2
		shift 2
		mount -t proc none "$root/proc"
		mount --rbind /sys "$root/sys"
		mount --rbind /dev "$root/dev"
		exec chroot "$root" env -i HOME=/root \
			PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			sh -ec "cd $clone && exec \"\$@\"" sh "$@"
	' sh "$root" "$clone" "$@"
}

if [ ! -e "$root/.complete" ]; then
	rm -rf "$root"
	step "unpacking Debian's $suite" bootstrap
fi
rm -rf "${root:?}$clone"
git clone -q --no-hardlinks "$TOP" "$root$clone"
enter "$@"
