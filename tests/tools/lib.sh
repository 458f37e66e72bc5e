# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the tests of the tools share. They run on copies of this project, with a
# cache of their own, a kernel that has nothing but what the series changes, and
# programs that do as if. To be sourced; PRISTINE is a real kernel's tree.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
top=${here%/tests/tools}
tmp=$(mktemp -d)
# others than root have to come in
chmod 755 "$tmp"
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# as in a terminal of somebody who has nothing special set
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES ARCH BASE KDIR OUT LONG RUNS SCENARIOS V PGWALK_ATTENDED PGWALK_TASK
export FAKE=$tmp/fake XDG_CACHE_HOME=$tmp/cache
mkdir "$FAKE" "$XDG_CACHE_HOME"
export PATH=$here/fake:$PATH
tests=0 failed=0

# ok WHAT COMMAND...: does the command succeed?
ok() {
	local what=$1
	shift
	tests=$((tests + 1))
	if "$@" >"$tmp/ok" 2>&1; then
		echo "ok $tests - $what"
	else
		echo "not ok $tests - $what"
		tail -n 5 "$tmp/ok" | sed 's/^/# /'
		tail -n 20 "$tmp/said" | sed 's/^/#   /'
		failed=$((failed + 1))
	fi
}

finish() {
	echo "1..$tests"
	exit $((failed > 0))
}

# run COMMAND...: what it says is in $tmp/said
run() { (cd "$clone" && "$@") >"$tmp/said" 2>&1; }
says() { grep -qF -- "$1" "$tmp/said"; }
# refuses TEXT COMMAND...: it fails, and says so
refuses() {
	local text=$1
	shift
	! run "$@" && says "$text"
}

# copy DIR: a copy of this project, which is the clone from now on
copy() {
	clone=$1
	mkdir -p "$clone"
	tar -C "$top" -c --exclude=./build --exclude=./.git . | tar -C "$clone" -x
}

# key_of [CLONE]: its folder in the cache
key_of() {
	local key
	for key in "$XDG_CACHE_HOME"/lockless_pgwalk/*/clone-*; do
		[ "$(readlink "$key/clone")" != "$(cd "${1:-$clone}" && pwd -P)" ] || echo "$key"
	done
}

stock() { echo "$XDG_CACHE_HOME"/lockless_pgwalk/linux-*/stock; }

# The kernel: its Makefile and kunit.py note the text that they were run on.
kernel() {
	local file path
	mkdir -p "$FAKE/kernel"
	cp -r "$here/kernel/." "$FAKE/kernel"
	(cd "$top" && find MAINTAINERS.patch Documentation arch fs include lib mm selftests virt -name '*.patch') | while read -r file; do
		path=${file%.patch}
		path=${path/#selftests/tools/testing/selftests}
		[ -e "$PRISTINE/$path" ] || path=${path%.*}
		(cd "$PRISTINE" && cp --parents "$path" "$FAKE/kernel")
	done
}

# tested TEXT: the last run was on a young.h with it
tested() { tail -n 1 "$FAKE/tested" | grep -q "$1"; }

# await COMMAND...: until it succeeds, for at most a minute
await() {
	local i
	for ((i = 0; i < 600; i++)); do
		! "$@" 2>/dev/null || return 0
		sleep 0.1
	done
	return 1
}

kernel
copy "$tmp/clone"
