#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Two places name tests: the documents as ``program fixture.test``, COVERAGE
# also as "program fixture.variant.test".  Fails when one of these tests does
# not exist, and when a line of COVERAGE names neither tests nor a reason;
# needs nothing built.

set -u

here=$(cd "$(dirname "$0")" && pwd)
documents=$here/../Documentation
coverage=$here/COVERAGE
bad=0

complain() {
	echo "$*"
	bad=1
}

# Is there a variant of this fixture in the program?  Tables of variants are
# macros whose first argument is the name.
has_variant() {
	grep -qE "^FIXTURE_VARIANT_ADD\\($2, $3\\)" "$here/$1.c" ||
		grep -qE "^[A-Z0-9_]+\\($3[,)]" "$here/$1.c"
}

# $1 program, $2 fixture.test or fixture.variant.test, $3 who names it
check() {
	fixture=${2%%.*}
	test=${2##*.}
	variant=${2#"$fixture".}
	variant=${variant%"$test"}
	variant=${variant%.}
	if [ "$fixture" = global ]; then
		pattern="^TEST(_SIGNAL)?\\(${test}[,)]"
	else
		pattern="^TEST_F[A-Z_]*\\($fixture, ${test}[,)]"
	fi
	grep -qE "$pattern" "$here/$1.c" 2> /dev/null ||
		complain "$3: no such test: $1 $2"
	[ -z "$variant" ] || has_variant "$1" "$fixture" "$variant" ||
		complain "$3: no such variant: $1 $2"
}

count=0
# shellcheck disable=SC2016
names=$(grep -rhoE '``[a-z0-9_]+ [a-z0-9_]+\.[a-z0-9_]+``' "$documents" |
	tr -d '`' | sort -u | tr ' ' ':')
for name in $names; do
	# Not every pair of words in the documents is a test.
	case ${name%%:*} in
	*_test|fixes_*) ;;
	*) continue ;;
	esac
	count=$((count + 1))
	check "${name%%:*}" "${name#*:}" Documentation
done
[ "$count" -gt 0 ] || complain "no names of tests in $documents"

lines=0
tests=0
while IFS='|' read -r section sentence named rest; do
	case $section in
	''|'#'*) continue ;;
	esac
	lines=$((lines + 1))
	where="COVERAGE,${sentence% }"
	if [ -z "${named# }" ] || [ -n "$rest" ]; then
		complain "$where: not three columns"
	fi
	case $named in
	' not built'|' none: '?*) continue ;;
	esac
	for name in $(echo "$named" | sed 's/^ *//; s/ *, */\n/g' |
		      tr ' ' ':'); do
		case $name in
		*_test:*.*|fixes_*:*.*) ;;
		*) complain "$where: not a test: $name"; continue ;;
		esac
		tests=$((tests + 1))
		check "${name%%:*}" "${name#*:}" "$where"
	done
done < "$coverage"
[ "$tests" -gt 0 ] || complain "no names of tests in $coverage"

[ "$bad" = 0 ] && echo "$count names of tests in the documents exist," \
	"$tests in COVERAGE for $lines sentences"
exit "$bad"
