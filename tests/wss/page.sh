#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The manual page of wss: no warnings, and neither more nor less than the program. TAP.
set -u
page=../../tools/wss/wss.1
wss=../../build/wss/native/wss
bad=0
tests=0

ok() {
	tests=$((tests + 1))
	if [ -z "$2" ]; then
		echo "ok $tests - $1"
	else
		echo "not ok $tests - $1"
		echo "# ${2//$'\n'/$'\n'# }"
		bad=1
	fi
}

# that there is no man is one, too
warnings=$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z $page 2>&1 >/dev/null)
ok "no warnings" "$warnings"

text=$(sed 's/\\-/-/g; s/\\fI\|\\fR//g' $page)
missing=$("$wss" --help | grep -oE -- '(^| )(-[a-zA-Z]|--[a-z-]+)' | tr -d ' ' | sort -u |
	while read -r option; do
		grep -q -- "^\.B.* *$option\b" <<<"$text" || echo "$option is not in the manual page"
	done)
ok "every option of --help" "$missing"

unknown=$(grep -oE -- '--[a-z-]+' <<<"$text" | sort -u | while read -r option; do
	"$wss" --help | grep -q -- "$option\b" || echo "$option is not in --help"
done)
ok "no option that does not exist" "$unknown"

# Keys that the program prints, against those that are explained.
keys=$(grep -ohE '\\"[a-z_]+\\":' ../../tools/wss/json.c | tr -d '\\":' | sort -u |
	while read -r key; do
		grep -qE "\b$key\b" <<<"$text" || echo "$key is not in the manual page"
	done)
ok "every key of --json" "$keys"

codes=$(grep -oE 'EXIT_[A-Z_]+[[:space:]]+= [0-9]' ../../tools/wss/wss.h | grep -oE '[0-9]$' |
	while read -r code; do
		grep -q "^\.B $code\$" <<<"$text" || echo "exit status $code is not in the manual page"
	done)
ok "every exit status" "$codes"

echo "1..$tests"
exit $bad
