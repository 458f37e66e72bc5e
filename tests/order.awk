# SPDX-License-Identifier: GPL-2.0-only
# order.awk: of C code or patches of it, each label and the statement that it is at, or
# the head of the function
{ line = $0; sub(/^\+/, "", line) }

function told()
{
	if (label != "")
		print label "\t" code
	label = ""
}

match(line, /LPW\([a-z_0-9]+:[A-Z]\)/) {
	told()
	label = substr(line, RSTART + 4, RLENGTH - 5)
	code = ""
	within = line ~ /^[ \t]*\*/
}

label != "" {
	gsub(/\/\*.*\*\//, "", line)
	if (within)
		within = !sub(/.*\*\//, "", line)
	if (!within) {
		begins = sub(/\/\*.*/, "", line)
		code = code line
		within = begins
		if (code ~ /[;{]/)
			told()
	}
}

END { told() }
