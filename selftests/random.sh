#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A minute of random lines for the policy parser, and one of random values of
# security.ima and security.evm: the KUnit tests that make them once more, for so
# long. Then, with kmemleak, whether anything was left. Kernel debug has all that.
# Runs inside the guest as root.
#
#   random.sh [SECONDS [SEED]]
#
# SECONDS for each of the two instead of 60, and SEED for the first round of each
# test: a round that fails says with which one it is the first.

set -u

results=/sys/kernel/debug/kunit
parameters=/sys/module/ima/parameters
kmemleak=/sys/kernel/debug/kmemleak
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# run SUITE TESTS SECONDS: it has so many tests with random input.
run() {
	if [ ! -w "$results/$1/run" ]; then
		echo "not ok $1: this kernel has no such KUnit suite"
		return
	fi
	echo $(($3 / $2)) > "$parameters/kunit_seconds" &&
		echo again > "$results/$1/run" ||
		echo "not ok $1: could not be run"
	echo 0 > "$parameters/kunit_seconds"
	grep -a '^    # [a-z_]*: ' "$results/$1/results" | sed 's/^ *//'
	sed -n "s/^    \(\(not \)*ok\) [0-9]* /\1 $1./p" "$results/$1/results"
	# So many have had random input for so long, or have failed.
	[ "$(grep -acE '^    # [a-z_]*: ([0-9]+ rounds from|failed:)' \
		"$results/$1/results")" = "$2" ] ||
		echo "not ok $1: not $2 tests with random input"
}

leaks() {
	# What is younger than five seconds is not reported, and a second look
	# finds what was only on its way somewhere.
	sleep 6
	if ! { echo scan > "$kmemleak" && echo scan > "$kmemleak"; } \
	     2> /dev/null; then
		echo "ok nothing is left # SKIP missing: kmemleak=on" \
			"(CONFIG_DEBUG_KMEMLEAK)"
	elif grep -aq '^unreferenced object' "$kmemleak"; then
		head -n 200 "$kmemleak" | sed 's/^/# /'
		echo "not ok nothing is left"
	else
		echo "ok nothing is left"
	fi
}

echo "${2:-0}" > "$parameters/kunit_seed"
{
	run ima_policy_random 2 "${1:-60}"
	run ima_xattr 3 "${1:-60}"
	leaks
} > "$work/log"
echo 0 > "$parameters/kunit_seed"

awk '
/^(not )?ok /	{ sub(/ok /, "ok " ++n " ") }
		{ print }
/^not ok /	{ failed++ }
END		{ print "1.." n + 0; exit failed > 0 }' "$work/log"
