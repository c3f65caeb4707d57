#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Two places name tests: the documents as ``program fixture.test``, COVERAGE
# also as "program fixture.variant.test".  Of a test that is a shell script both
# have the name of the file.  Fails when one of these tests does not exist, and
# when a line of COVERAGE names neither tests nor a reason; needs nothing built.

set -u

here=$(cd "$(dirname "$0")" && pwd)
documents=$here/../Documentation
coverage=$here/COVERAGE
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# What exists: "test PROGRAM FIXTURE.TEST" and "variant PROGRAM FIXTURE NAME".
# Tables of variants are macros whose first argument is the name; these say
# "*" for the fixture.
for source in "$here"/*_test.c "$here"/fixes_*.c; do
	program=$(basename "$source" .c)
	sed -nE \
	-e "s/^TEST(_SIGNAL)?\(([a-z0-9_]+).*/test $program global.\2/p" \
	-e "s/^TEST_F[A-Z_]*\(([a-z0-9_]+), ([a-z0-9_]+).*/test $program \1.\2/p" \
	-e "s/^FIXTURE_VARIANT_ADD\(([a-z0-9_]+), ([a-z0-9_]+)\).*/variant $program \1 \2/p" \
	-e "s/^[A-Z0-9]+\(([a-z0-9_]+)[,)].*/variant $program * \1/p" \
	"$source"
done > "$work/exist"
for script in "$here"/*.sh; do
	[ ! -x "$script" ] || echo "script $(basename "$script")"
done >> "$work/exist"

# What is named: "PROGRAM:NAME:WHERE".  Not every pair of words in the
# documents is a test.
# shellcheck disable=SC2016
grep -rhoE '``(fixes_[a-z0-9_]+|[a-z0-9_]+_test) [a-z0-9_]+\.[a-z0-9_]+``' \
	"$documents" | tr -d '`' | sort -u |
	sed 's/ /:/; s/$/:Documentation/' > "$work/documents"
# shellcheck disable=SC2016
grep -rhoE '``selftests/[a-z0-9_-]+\.sh``' "$documents" |
	sed 's/`//g; s/^selftests.//' | sort -u |
	sed 's/$/::Documentation/' >> "$work/documents"

awk -F' *[|] *' '
	/^#/ || /^$/ { next }
	NF != 3 || $3 == "" {
		print "COVERAGE, " $2 ": not three columns" > "/dev/stderr"
		bad = 1
		next
	}
	$3 == "not built" || $3 ~ /^none: ./ { next }
	{
		count = split($3, names, / *, */)
		for (i = 1; i <= count; i++) {
			if (names[i] ~ /\.sh$/)
				names[i] = names[i] ":"
			sub(/ /, ":", names[i])
			print names[i] ":COVERAGE, " $2
		}
	}
	END { exit bad }
' "$coverage" > "$work/coverage"
bad=$?

awk -F: '
	FILENAME ~ /exist$/ {
		split($0, word, " ")
		if (word[1] == "test")
			test[word[2] " " word[3]] = 1
		else if (word[1] == "script")
			script[word[2]] = 1
		else
			variant[word[2] " " word[3] " " word[4]] = 1
		next
	}
	$2 == "" {
		if (!($1 in script)) {
			print $3 ": no such script: " $1
			bad = 1
		}
		next
	}
	{
		parts = split($2, name, ".")
		if (!((($1 " " name[1] "." name[parts])) in test)) {
			print $3 ": no such test: " $1 " " $2
			bad = 1
		} else if (parts == 3 &&
			   !(($1 " " name[1] " " name[2]) in variant) &&
			   !(($1 " * " name[2]) in variant)) {
			print $3 ": no such variant: " $1 " " $2
			bad = 1
		}
	}
	END { exit bad }
' "$work/exist" "$work/documents" "$work/coverage" || bad=1

for names in documents coverage; do
	[ -s "$work/$names" ] || { echo "no names of tests: $names"; bad=1; }
done
[ "$bad" = 0 ] && echo "$(grep -c . "$work/documents") names of tests in" \
	"the documents and $(grep -c . "$work/coverage") in COVERAGE exist"
exit "$bad"
