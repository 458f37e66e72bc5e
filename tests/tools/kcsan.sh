#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kcsan.sh: what kcsan.py makes of a console, with a kernel of two functions. TAP.
# shellcheck disable=SC2317 # functions are called by ok()
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"

mkdir -p "$tmp"/{stock,patched}/mm "$tmp/patched/obj-x"
cat >"$tmp/stock/mm/one.c" <<'END'
void kernels(void)
{
	asm volatile("call kernels");
}
END
cat "$tmp/stock/mm/one.c" - >"$tmp/patched/mm/one.c" <<'END'
void ours(void)
{
	asm volatile("call kernels");
}
END
obj=$tmp/patched/obj-x
(cd "$obj" && gcc -g -O1 -nostdlib -static -Wl,-e,kernels ../mm/one.c -o vmlinux)

# races FUNCTION FUNCTION...: a console with a race of each two
races() {
	echo "kcsan: selftest: 3/3 tests passed"
	while [ $# -ge 2 ]; do
		printf '%s\n' "BUG: KCSAN: data-race in $1 / $2" \
			"write to 0x1 of 8 bytes by task 1 on cpu 0:" " $1+0x5/0x6" " caller+0x1/0x10" \
			"read to 0x1 of 8 bytes by task 2 on cpu 1:" " $2+0x5/0x6" \
			"Reported by Kernel Concurrency Sanitizer on:"
		shift 2
	done
	echo "setup_watchpoints: ${watched:-7}"
}

judge() { run tools/kcsan.py "$tmp/stock" "$tmp/patched" "$obj" "$tmp/log"; }
refuses_log() { ! judge && says "$1"; }

races kernels kernels >"$tmp/log"
ok "a race of the kernel's own" judge
ok "is counted" says "7 accesses watched: 0 races with a line of the series, 1 without"
races kernels kernels ours kernels >"$tmp/log"
ok "a race with a line of the series" refuses_log "data-race in ours / kernels: mm/one.c:7"
ok "is counted, too" says "1 races with a line of the series, 1 without"
races kernels ours >"$tmp/log"
ok "the other side" refuses_log "mm/one.c:7"
races kernels nobody >"$tmp/log"
ok "a function that is not there" refuses_log "cannot tell where both sides are"
races kernels kernels | sed '/^read/,/kernels/d' >"$tmp/log"
ok "one side" refuses_log "cannot tell where both sides are"
watched=0 races >"$tmp/log"
ok "a kernel that watches nothing" refuses_log "KCSAN did not work"
races | sed 1d >"$tmp/log"
ok "one without its own tests" refuses_log "KCSAN did not work"
finish
