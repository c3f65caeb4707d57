#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What the KUnit tests of the kernel said when it booted, and those of ima_ns.ko when
# it is loaded, as TAP: one result for each case, and for each parameter of a case
# that has some. Kernels debug and kcsan have them. Runs inside the guest as root.

set -u

results=/sys/kernel/debug/kunit
suites="ima_policy ima_policy_random ima_xattr
	ima_ns_adoption ima_ns_chain ima_ns_concat ima_ns_merkle"

# Others than tests use it with, whose rules of init may name the usual PCRs.
built=${IMANS_MODULE:-} module=
case $built in
*/imans-module/ima_ns.ko)
	module=${built%/imans-module/*}/imans-module-kunit/ima_ns.ko ;;
esac
insmod "$module" pcr_boot=8 pcr_anchor=13 || {
	echo "1..1"
	echo "not ok 1 '$module', with KUnit tests, cannot be loaded"
	exit 1
}
trap 'rmmod ima_ns' EXIT

for suite in $suites; do
	[ -r "$results/$suite/results" ] || {
		echo "1..1"
		echo "not ok 1 $suite: this kernel has no such KUnit suite"
		exit 1
	}
done

# Others may be there too. In KTAP a case is indented by four blanks, its
# parameters by eight. Where there are parameters the result of the case is
# theirs, unless it failed and none of them did; likewise that of a suite.
cat "$results"/*/results | awk '
function result(name, text)
{
	status = text ~ /^ *not ok/ ? "not ok" : "ok"
	sub(/^ *(not )?ok [0-9]+ ?/, "", text)
	print status " " ++n " " name text
	failed += status != "ok"
}
/^    # Subtest: /		{ suite = $NF; suite_before = failed; next }
/^        # Subtest: /		{ name = $NF; params = 0; before = failed; next }
/^        (not )?ok /		{ params++; result(suite "." name ": ", $0); next }
/^    (not )?ok /		{
	if (!params || ($1 == "not" && failed == before))
		result(suite ".", $0)
	params = 0
	next
}
/^not ok /			{
	if (failed == suite_before)
		result("suite ", $0)
	next
}
/^ *#/ && !/pass:|Totals:/	{ sub(/^ */, ""); print }
END {
	print "1.." n + 0
	exit failed > 0
}'
