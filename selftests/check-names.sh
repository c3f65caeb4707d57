#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The documents name tests as ``program fixture.test``.  Fails when one of
# these does not exist; needs nothing built.

set -u

here=$(cd "$(dirname "$0")" && pwd)
documents=$here/../Documentation
bad=0
count=0

# shellcheck disable=SC2016
names=$(grep -rhoE '``[a-z0-9_]+ [a-z0-9_]+\.[a-z0-9_]+``' "$documents" |
	tr -d '`' | sort -u | tr ' ' ':')
for name in $names; do
	program=${name%%:*}
	test=${name#*:}
	fixture=${test%%.*}
	test=${test#*.}
	# Not every pair of words in the documents is a test.
	case $program in
	*_test|fixes_*) ;;
	*) continue ;;
	esac
	count=$((count + 1))
	if [ "$fixture" = global ]; then
		pattern="^TEST(_SIGNAL)?\\(${test}[,)]"
	else
		pattern="^TEST_F[A-Z_]*\\($fixture, ${test}[,)]"
	fi
	if ! grep -qE "$pattern" "$here/$program.c" 2> /dev/null; then
		echo "no such test: $program $fixture.$test"
		bad=1
	fi
done
[ "$count" -gt 0 ] || { echo "no names of tests in $documents"; exit 1; }
[ "$bad" = 0 ] && echo "$count names of tests in the documents exist"
exit "$bad"
