# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# How the acts of the demo tell what they do. To be sourced; an act ends with a
# status other than 0 at the first false result. DEMO_PART stands before the
# number of each step.

step=0
begin() {
	step=$((step + 1))
	printf '\n%s%d. %s\n' "${DEMO_PART:-}" "$step" "$*"
}

show() {
	sed 's/^/      /'
}

ok() {
	echo "   ok: $*"
}

false_result() {
	echo "   FALSE: $*"
	echo
	echo "demo: failed in step ${DEMO_PART:-}$step"
	exit 1
}

# check TEXT COMMAND...: the command must succeed.
check() {
	local text=$1

	shift
	"$@" || false_result "$text"
	ok "$text"
}

# same TEXT A B: the two must be the same and not empty.
same() {
	if [ -z "$2" ] || [ "$2" != "$3" ]; then
		printf '      %s\n      %s\n' "$2" "$3"
		false_result "$1"
	fi
	ok "$1"
}

missing() {
	echo "demo: $1 is missing" >&2
	exit 2
}

# needs PROGRAM...
needs() {
	local program

	for program; do
		command -v "$program" > /dev/null ||
			missing "the program $program"
	done
}
