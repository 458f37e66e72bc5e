# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What a console says of a test, and whether that is how a bug is found. To be sourced.

# outcome TEST LOG: "ok" or "not ok", and why; of KUnit's tests it is the case that counts
outcome() {
	sed -nE 's/^ *((not )?ok) [0-9]+ /\1\t/p' "$2" | awk -F'\t' -v test="${1#*.}" '
	index($2, test) == 1 {
		rest = substr($2, length(test) + 1)
		if (rest ~ /^( *#|$)/) {
			print $1 rest
			exit
		}
	}'
}

# killed TEST COMPLAINT LOG: to be late is no answer, this machine may be busy
killed() {
	local how
	how=$(outcome "$1" "$3")
	[[ $how = "not ok"* ]] || return
	if [ -n "$2" ]; then
		grep -qE "$2" "$3"
	else
		[[ ! $how =~ (not finished after|soft lockup|rcu: INFO) ]]
	fi
}
