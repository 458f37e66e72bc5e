#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# signals.sh: who is interrupted leaves neither a process nor a folder. TAP.
# shellcheck disable=SC2317 # functions are called by ok()
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"

# what is temporary is here
export TMPDIR=$tmp/temporary
mkdir "$TMPDIR"

# interrupt HOW COMMAND...: in the midst of its work; HOW is terminal, TERM, or often,
# which is TERM until it has ended
interrupt() {
	local how=$1 mark=$tests-$$ leader i
	shift
	touch "$FAKE/gate"
	rm -f "$FAKE/building"
	(cd "$clone" && MARK=$mark exec setsid env --default-signal=INT,QUIT "$@") >"$tmp/said" 2>&1 &
	leader=$!
	await test -s "$FAKE/building" || return
	case $how in
	terminal) kill -INT -- -"$leader" ;;
	TERM) kill -TERM "$leader" ;;
	often) for ((i = 0; i < 2000; i++)); do kill -TERM "$leader" 2>/dev/null || break; done ;;
	esac
	! wait "$leader" || return
	! grep -qsaF "MARK=$mark" /proc/[0-9]*/environ || return
	ls -A "$TMPDIR"
	[ -z "$(ls -A "$TMPDIR"; find "$XDG_CACHE_HOME" -name '.tmp.*')" ]
}

for how in terminal TERM; do
	rm -rf "$XDG_CACHE_HOME/lockless_pgwalk"
	ok "$how: setup" interrupt "$how" make setup
	rm -f "$FAKE/gate"
	run make setup
	ok "$how: kunit" interrupt "$how" make kunit
	rm -f "$FAKE/running"
	ok "$how: a build" interrupt "$how" tools/kernel.sh patched x86 debug
	ok "$how: guest-test while it builds" interrupt "$how" make guest-test
	ok "$how: all tests" interrupt "$how" tools/check.sh kunit
	rm -f "$FAKE/running" "$FAKE/gate"
	run tools/kernel.sh patched x86 debug
	cp /bin/true "$tmp/initramfs"
	ok "$how: a boot" interrupt "$how" tools/boot.sh x86 "$(key_of "$clone")/patched/obj-x86-debug/arch/x86/boot/bzImage" "$tmp/initramfs"
	ok "$how: a test of the library" interrupt "$how" tests/run.sh "$tmp/output" name bash -c 'hold $$'
done
ok "often: a boot" interrupt often tools/boot.sh x86 "$(key_of "$clone")/patched/obj-x86-debug/arch/x86/boot/bzImage" "$tmp/initramfs"
finish
