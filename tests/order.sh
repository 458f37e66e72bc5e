#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# order.sh KERNEL: DOC: Ordering, the labels at the sites and the litmus tests name
# each other, and no function that is neither ours nor in the pristine KERNEL; and at
# each label is what order.txt wants there
set -eu -o pipefail
kernel=$(realpath "$1")
cd "$(dirname "$0")/.."
litmus=Documentation/litmus-tests/lockless_pgwalk
doc=$(sed -n '/DOC: Ordering/,/\*\//p' include/lockless_pgwalk/walk.h)
failed=0

# sites: the lines of ours and of the kernel as we change them
sites() {
	cat include/lockless_pgwalk/*.h include/linux/*.h arch/*/kvm/*.c arch/*/kvm/*/*.c virt/kvm/*.c
	grep -hv '^-' arch/*/kvm/*.patch arch/*/kvm/*/*.patch virt/kvm/*.patch
}

# same WHAT IS WANTED: two lists
same() {
	if ! diff <(sort -u <<<"$2") <(sort -u <<<"$3") >/dev/null; then
		echo "not ok - order: $1"
		diff <(sort -u <<<"$2") <(sort -u <<<"$3") | sed -n 's/^[<>]/#&/p'
		failed=1
	fi
}

comment='^\+?\s*/?\*'
label='\b[a-z_0-9]+:[A-Z]\b'
labels=$(sites | grep -oE 'LPW\([a-z_0-9]+:[A-Z]\)' | grep -oE "$label")
same "labels of DOC: Ordering (<), and at sites (>)" "$(grep -oE "$label" <<<"$doc")" "$labels"
same "labels that comments name (<), and at sites (>)" "$(sites | grep -E "$comment" | grep -oE "$label")" "$labels"
same "litmus tests of DOC: Ordering (<), and in $litmus (>)" \
	"$(grep -oE '"[a-z0-9+-]+"' <<<"$doc" | tr -d '"')" "$(basename -s .litmus $litmus/*.litmus)"

functions=$({ echo "$doc"; grep -h '^ \*' $litmus/*.litmus; } | grep -oE '\b[a-z_0-9]+\(\)' | tr -d '()' | sort -u)
same "functions that are named (<), and that there are (>)" "$functions" "$(
	{ sites; (cd "$kernel" && cat arch/{x86,arm64,powerpc}/kvm/*.[ch] arch/*/kvm/{mmu,hyp}/*.[ch] virt/kvm/*.[ch] \
		arch/powerpc/include/asm/book3s/64/*.h include/linux/{atomic/*,rcupdate,rculist,srcu}.h \
		include/asm-generic/{barrier,rwonce}.h); } | grep -vE "$comment" | grep -owE "$(paste -sd'|' <<<"$functions")")"

# lacking LABEL WHAT: the statements at this label that do not have it
lacking() {
	awk -f tests/order.awk | awk -F'\t' -v label="$1" -v what="$2" '$1 == label && !index($0, what)'
}

all() { sites; grep -hv '^-' base/*/arch/*/kvm/*.patch; }
wanted=$(sed '/^#/d' tests/order.txt)
same "labels in order.txt (<), and at sites (>)" "$(cut -d' ' -f1 <<<"$wanted")" "$labels"
while read -r label what; do
	if [ -n "$(all | lacking "$label" "$what")" ]; then
		echo "not ok - order: $label is not at $what"
		failed=1
	# with the rest of its line taken out, would it be missed?
	elif [ -z "$(all | WHAT=$what awk '{
		at = index($0, ENVIRON["WHAT"])
		label = match($0, /\/\* LPW.*/) ? substr($0, RSTART) : ""
		print at ? substr($0, 1, at - 1) label : $0 }' | lacking "$label" "$what")" ]; then
		echo "not ok - order: nobody would miss $what at $label"
		failed=1
	fi
done <<<"$wanted"
[ $failed = 0 ] && echo "ok - order: $(sort -u <<<"$labels" | wc -l) labels, $(wc -w <<<"$functions") functions"
exit $failed
