#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Was KCSAN awake while the tests before this one ran? A race that it has found
# fails the run by what it prints on the console (tools/dev/vm). Runs inside the
# guest as root. Prints TAP.

info=/sys/kernel/debug/kcsan

# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"

# counter NAME: the number in that line.
counter() {
	sed -n "s/^$1: //p" "$tmp/out"
}

cat $info > "$tmp/out" 2>&1
result $? "the kernel has KCSAN"
sed 's/^/# /' "$tmp/out"
says "^enabled: 1$"
[ "$(counter setup_watchpoints)" -gt 100000 ]
result $? "it has watched more than 100000 accesses"
finish
