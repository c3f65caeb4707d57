# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# TAP for the tests that are shell scripts. To be sourced: sets $tmp, a
# directory on a tmpfs that goes at the end, with $place if that is set before.
# A script ends with "finish".

count=0
failed=0
tmp=$(mktemp -d -p /dev/shm)
# shellcheck disable=SC2154 # $place is the script's.
trap 'rm -rf "$tmp" ${place:+"$place"}' EXIT

# result STATUS TEXT: one test; what failed shows the end of $tmp/out.
result() {
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count $2"
	else
		failed=$((failed + 1))
		echo "not ok $count $2"
		sed 's/^/# /' "$tmp/out" 2>/dev/null | tail -n 30
	fi
}

# skip WHAT: a test that needs what is missing.
skip() {
	count=$((count + 1))
	echo "ok $count # SKIP $1"
}

# expect STATUS TEXT COMMAND...: its output stays in $tmp/out.
expect() {
	local want=$1 text=$2 got

	shift 2
	"$@" > "$tmp/out" 2>&1
	got=$?
	[ "$got" -eq "$want" ] || echo "# exit status $got instead of $want"
	[ "$got" -eq "$want" ]
	result $? "$text"
}

# says PATTERN: about the output of the last command.
says() {
	grep -q -e "$1" "$tmp/out"
	result $? "... and says \"$1\""
}

says_not() {
	! grep -q -e "$1" "$tmp/out"
	result $? "... and does not say \"$1\""
}

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

finish() {
	echo "1..$count"
	[ $failed -eq 0 ]
	exit
}
