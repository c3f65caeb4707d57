# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For the shell tests. IMANS is the program, GENLIST and GENANCHOR make
# lists; all are set by tests/run.

count=0
failed=0
tmp=$(mktemp -d)
trap 'cleanup; rm -rf "$tmp"' EXIT

# A test that starts something redefines this.
cleanup()
{
	:
}

# result STATUS TEXT: one line of TAP, and what the command printed if not ok.
result()
{
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count - $2"
	else
		failed=$((failed + 1))
		echo "not ok $count - $2"
		sed 's/^/# /' "$tmp/out" "$tmp/err" 2>/dev/null
	fi
}

skip()
{
	count=$((count + 1))
	echo "ok $count - # SKIP $1"
}

# expect STATUS TEXT COMMAND...: runs it, output in $tmp/out and $tmp/err.
expect()
{
	local want=$1 text=$2 got
	shift 2
	"$@" >"$tmp/out" 2>"$tmp/err"
	got=$?
	[ $got -eq "$want" ]
	result $? "$text (exit $want)"
	[ $got -eq "$want" ] || echo "# exit status $got"
}

# says STREAM PATTERN: what the last command printed on out or err.
says()
{
	grep -q -e "$2" "$tmp/$1"
	result $? "... and says \"$2\""
}

finish()
{
	echo "1..$count"
	[ $failed -eq 0 ] && [ $count -gt 0 ]
	exit
}

# json EXPRESSION: whether it holds for the object d that was printed.
json()
{
	python3 -c "import json, sys
d = json.load(open(sys.argv[1]))
sys.exit(not ($1))" "$tmp/out"
	result $? "... JSON: $1"
}

need_python()
{
	command -v python3 >/dev/null || { echo "1..0 # SKIP no python3"; exit 0; }
}
