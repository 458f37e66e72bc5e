#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# places.sh: blanks in paths, what others have in their environment, who owns what,
# and what is not there. TAP.
# shellcheck disable=SC2317 # functions are called by ok()
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"

# unprivileged COMMAND...: as somebody who is not root
unprivileged() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	else
		"$@"
	fi
}

# nothing_in DIR TEST...: for find
nothing_in() { [ -z "$(find "$@")" ]; }

# Blanks in the clone's path and in HOME; what distclean might take for its own.
copy "$tmp/a clone"
export HOME="$tmp/a home"
mkdir -p "$HOME" "$tmp/a" "$clone/home/.cache/lockless_pgwalk" "$clone/two/lockless_pgwalk" "$tmp/cache two"
foreign=("$tmp"/{a,cache,"cache two"}/foreign "$clone"/{home/.cache,two}/lockless_pgwalk/foreign)
touch "${foreign[@]}"
ok "a blank in the clone's path: kunit" run make kunit
ok "a kernel" run tools/kernel.sh patched x86 debug
ok "the guest tests" run make -C tests/guest ARCH=x86 OUT=../../build/guest-x86 ../../build/guest-x86/host.o
ok "wss" run make wss
copy "$tmp/other"
ok "and a clone without" run make kunit
clone="$tmp/a clone"
ok "clean" run make clean
ok "leaves the trees, and no object" [ -z "$(find "$(key_of "$clone")/patched/" "$(stock)/" -name 'obj-*')" ]
cp -r "$FAKE/kernel" "$tmp/kdir"
run make setup KDIR="$tmp/kdir"
ok "distclean" run make distclean
ok "removes a kernel that nobody uses" nothing_in "$XDG_CACHE_HOME/lockless_pgwalk" -name 'kdir-*'
ok "says for whom the rest stays" says "$tmp/other"
ok "and leaves that" [ -e "$(stock)" ]
rm -r "$tmp/other"
ok "distclean again" run make distclean
ok "leaves nothing of ours" [ ! -e "$XDG_CACHE_HOME/lockless_pgwalk" ]
XDG_CACHE_HOME="$tmp/cache two" ok "a blank in XDG_CACHE_HOME: one sentence" \
	refuses "the kernel's make cannot build in $tmp/cache two/lockless_pgwalk, which has a blank" make kunit
ok "and nothing is made" [ "$(ls "$tmp/cache two")" = foreign ]
unset XDG_CACHE_HOME
ok "a blank in HOME: likewise" refuses "which has a blank" make setup
ok "and nothing is made" nothing_in "$HOME" -mindepth 1
XDG_CACHE_HOME="$tmp/cache two" ok "distclean there" run make distclean
ok "and here" run make distclean
ok "nothing foreign was removed" ls "${foreign[@]}"
export XDG_CACHE_HOME=$tmp/cache HOME=$tmp
clone=$tmp/clone

# What is set for other programs.
export ARCH=arm64 KDIR=/nonexistent OUT=/nonexistent CROSS_COMPILE=nosuch- SIGNOFF=1
ok "ARCH, KDIR, OUT, CROSS_COMPILE in the environment: kunit" run make kunit
ok "is that of UML" tested 'arch=um'
ok "wss is native" run make wss
ok "the series has no place to go to" refuses "make series OUT=dir" make series
ok "apply has no tree" refuses "make apply KDIR=path" make apply
ok "given to make they count" refuses "unknown architecture nosuch" make kunit ARCH=nosuch
ok "KDIR, too" refuses "KDIR=/none is not a folder" make setup KDIR=/none
unset ARCH KDIR OUT CROSS_COMPILE
cp -r "$FAKE/kernel" "$tmp/new"
sed -i 's/^PATCHLEVEL.*/PATCHLEVEL = 18/' "$tmp/new/Makefile"
ok "check of a tree that is not of 6.12 is no success" refuses "the series is for 6.12" env KDIR="$tmp/new" tools/check.sh setup audit
ok "nor is its audit" says "NOT RUN  audit"
ok "kunit on a tree of one's own" run make kunit KDIR="$tmp/kdir"
ok "which is copied" ls "$XDG_CACHE_HOME"/lockless_pgwalk/kdir-*/stock/Makefile
echo >>"$tmp/kdir/mm/vmscan.c"
ok "and has changed since" refuses "$tmp/kdir has changed since it was copied" make kunit KDIR="$tmp/kdir"

# Not cloned, or by somebody else.
ok "an archive: no authors for the series" refuses "take it by git clone, not as an archive" make series OUT="$tmp/out"
(cd "$clone" && git init -q && git add -A && git -c user.name=a -c user.email=a@example.org commit -qm all) >/dev/null 2>&1
ok "a clone" run make series OUT="$tmp/out"
ok "SIGNOFF in the environment signs nothing" [ -z "$(grep -rl '^Signed-off-by: a <' "$tmp/out")" ]
(cd "$clone" && pwd -P) >"$FAKE/foreign"
ok "a clone of somebody else: git has doubts" refuses "dubious ownership" git log
ok "the series has none" run make series OUT="$tmp/out"
unset SIGNOFF
mkdir -m 555 "$tmp/locked"
chmod -R go+rX "$clone"
[ "$(id -u)" -eq 0 ] || chmod a-w "$clone"
ok "a clone that cannot be written" refuses "$clone cannot be written" unprivileged make kunit
if [ "$(id -u)" -eq 0 ]; then chown -R 65534 "$clone"; else chmod u+w "$clone"; fi
XDG_CACHE_HOME=$tmp/locked ok "a cache that cannot be written" \
	refuses "set XDG_CACHE_HOME to a folder that can" unprivileged make kunit
HOME='' XDG_CACHE_HOME='' ok "no HOME" refuses "HOME: is not set" make kunit
XDG_CACHE_HOME=relative ok "an XDG_CACHE_HOME that does not count" run make setup
ok "is not made" [ ! -e "$clone/relative" ]

# A full disk.
rm -rf "$XDG_CACHE_HOME/lockless_pgwalk"
echo 11 >"$FAKE/free"
ok "a disk that is full" refuses "has 11 GB free, but two kernel trees with their builds need 12 GB" make kunit
rm "$FAKE/free"
touch "$FAKE/full"
ok "or becomes full" refuses "it cannot be unpacked to $XDG_CACHE_HOME/lockless_pgwalk" make kunit
ok "nothing is left of that" [ -z "$(find "$XDG_CACHE_HOME" -name '.tmp.*' -o -name stock -type d)" ]
rm "$FAKE/full"
ok "with more room" run make kunit
finish
