#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs the selftests as root inside the guest and prints their TAP output.
#
#   run.sh [-b DIR] [-k K] [-s SET] [-t SECONDS] [TEST...]
#   run.sh [-s SET] --list
#
# -b  where the tests were built (default: build/ beside this file)
# -k  only tests that contain K in the name of test, variant or fixture
# -s  the tests for this kernel: default, debug, kcsan, off (default: default);
#     or a part of them, default.1 to .5, debug.1 to .3; or those for a machine
#     without a TPM, notpm, or with one that has one bank, sha1, sha256; with
#     Smack (lsm=smack, kernel debug), smack; with ima_appraise=log, fix or off,
#     appraise_log, appraise_fix, appraise_off
# -t  time limit of one program (default 1800)
#
# IMANS_MODULE in the environment is the path of ima_ns.ko for this kernel, which
# the tests of the anchor load; without it they fail.
#
# The last line is "N passed, N failed, N skipped".  A program that crashes,
# runs out of time or prints no TAP plan counts as one more failure.  Files
# under test live on /scratch: the root file system of the guest has no
# i_version, by which IMA notices changes.

set -u

here=$(cd "$(dirname "$0")" && pwd)
built=$here/build
filter=
set=default
limit=1800

usage() {
	sed -n '4,19s/^# \{0,1\}//p' "$0"
}

die() {
	echo "run.sh: $*" >&2
	exit 2
}

list=
while [ $# -gt 0 ]; do
	case $1 in
	-b) [ $# -gt 1 ] || die "-b needs a directory"
	    built=$2; shift 2 ;;
	-k) [ $# -gt 1 ] || die "-k needs a word"
	    filter=$2; shift 2 ;;
	-s) [ $# -gt 1 ] || die "-s needs the name of a set"
	    set=$2; shift 2 ;;
	-t) [ $# -gt 1 ] || die "-t needs a number of seconds"
	    limit=$2; shift 2 ;;
	--list) list=yes; shift ;;
	-h|--help) usage; exit 0 ;;
	-*) usage >&2; exit 2 ;;
	*) break ;;
	esac
done

[ -r "$built/tests.default" ] ||
	die "nothing built in $built (make -C selftests)"
[ -r "$built/tests.$set" ] || die "no set is called $set"
# Shell tests are run where they are, the others from a copy on /scratch.
tests=$(cat "$built/tests.$set")
if [ -n "$list" ]; then
	echo "$tests"
	exit 0
fi
if [ $# -gt 0 ]; then
	for name; do
		echo "$tests" | grep -qx "$name" ||
			die "no test is called $name (run.sh --list)"
	done
	tests=$(printf '%s\n' "$@")
fi

[ "$(id -u)" = 0 ] || die "must be root"
# The tests are users in a hurry.  limits_test sets the limits that it wants.
for file in /proc/sys/kernel/ima_ns/activation_burst \
	    /proc/sys/kernel/ima_ns/policy_burst; do
	[ ! -w "$file" ] || echo 0 > "$file"
done

base=${SCRATCH:-/scratch}
[ -d "$base" ] || die "$base is missing: run me inside tools/dev/vm"

work=$(mktemp -d "$base/selftests.XXXXXX") || die "cannot write to $base"
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
cp "$built"/* "$work"/ 2>/dev/null
SCRATCH=$work
export SCRATCH

# The harness takes whole names of fixtures, variants and tests: these are the
# ones in its own list that contain the word.
matching() {
	"$work/$1" -l 2>&1 | tr -s ' ' '\n' | grep -F -- "$filter" | sort -u
}

passed=0
failed=0
skipped=0

# Adds the results in a TAP log to the counters; $1 log, $2 status, $3 name.
account() {
	ok=$(grep -c '^ok ' "$1")
	skip=$(grep -ci '^ok .*# *skip' "$1")
	notok=$(grep -c '^not ok ' "$1")
	plan=$(sed -n 's/^1\.\.\([0-9][0-9]*\).*/\1/p' "$1" | head -n 1)
	passed=$((passed + ok - skip))
	skipped=$((skipped + skip))
	failed=$((failed + notok))
	why=
	if [ "$plan" = 0 ] && grep -qi '^1\.\.0 *# *skip' "$1"; then
		skipped=$((skipped + 1))
	fi
	if [ "$2" = 124 ] || [ "$2" = 137 ]; then
		why="ran out of time ($limit s)"
	elif [ -z "$plan" ]; then
		why="printed no TAP plan"
	elif [ $((ok + notok)) -ne "$plan" ]; then
		why="planned $plan tests, ended after $((ok + notok))"
	elif [ "$2" -gt 128 ]; then
		why="died of signal $(($2 - 128))"
	elif [ "$2" -ne 0 ] && [ "$2" -ne 4 ] && [ "$notok" -eq 0 ]; then
		why="exit status $2 without a failed test"
	fi
	if [ -n "$why" ]; then
		echo "not ok - $3: $why"
		failed=$((failed + 1))
	fi
}

# Runs a command under the limit, shows and keeps its output.
run() {
	name=$1
	shift
	log=$work/$name.tap
	(
		timeout -k 10 "$limit" "$@" 2>&1
		echo $? > "$work/status"
	) | tee "$log"
	account "$log" "$(cat "$work/status")" "$name"
}

for name in $tests; do
	echo "# --- $name"
	start=$(date +%s)
	case $name in
	*.sh)
		case $name in
		*"$filter"*) run "$name" "$here/$name" ;;
		esac ;;
	*)
		if [ -z "$filter" ]; then
			run "$name" "$work/$name"
		else
			set --
			for word in $(matching "$name"); do
				set -- "$@" -t "$word" -v "$word" -f "$word"
			done
			[ $# -eq 0 ] || run "$name" "$work/$name" "$@"
		fi ;;
	esac
	echo "# $name took $(($(date +%s) - start)) s"
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ $((passed + skipped)) -gt 0 ]
