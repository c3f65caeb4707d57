#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What demo-appraise.sh does in the container: by the busybox of an image that has
# little else. $1 is the SHA-256 of the CA's certificate.

DEMO_PART="container "
ima=/sys/kernel/security/ima
list=$ima/ascii_runtime_measurements
# In the image it has this name.
# shellcheck source=demo.sh
. /lib/demo.sh

# refused PROGRAM: neither executed nor read.
refused() {
	"$1" > /dev/null 2>&1
	same "it cannot be executed: status 126" "$?" 126
	check "nor read" cannot_read "$1"
}

cannot_read() {
	! cat "$1" > /dev/null 2>&1
}

# entries PATH: of the list; it has the name that the file has outside of chroot.
entries() {
	awk -v name="$1" '{ at = length($5) - length(name)
		n += at >= 0 && substr($5, at + 1) == name }
		END { print n + 0 }' $list
}

keys_listed() {
	grep -c ' ima-buf sha256:[0-9a-f]* _ima ' $list
}

begin "All of the seed's policy is in force"
grep appraise $ima/policy | tail -n 1 | show
check "its last rule, too" grep -q '^appraise fowner=0 *$' $ima/policy
same "keys need a certificate of the CA" "$(cat $ima/ca)" "sha256:$1"

begin "What is signed runs"
same "/bin/hello" "$(/bin/hello)" "hello world"
same "/bin/changing" "$(/bin/changing)" "hello world"
cannot_write() {
	! (: >> "$1") 2> /dev/null
}
check "and cannot be opened to be written, even by root" \
	cannot_write /bin/changing

begin "What is not signed is refused"
refused /bin/unsigned
check "the attempt is in the list" test "$(entries /bin/unsigned)" -ge 1

begin "What was modified is refused"
refused /bin/tampered
check "the attempt is in the list" test "$(entries /bin/tampered)" -ge 1

begin "What is modified outside, after it has run, is refused"
touch /ready || false_result "no file can be made"
while [ -e /ready ]; do
	sleep 0.1
done
refused /bin/changing
same "the list has both contents" "$(entries /bin/changing)" 2

begin "A key is added to _ima, and is in the list"
ring=$(keyctl search @s keyring _ima) || false_result "there is no keyring _ima"
refused /bin/by-later
same "the seed's rules for KEY_CHECK name other keyrings" "$(keys_listed)" 0
echo 'measure func=KEY_CHECK keyrings=_ima' > $ima/policy ||
	false_result "the rule is refused"
keyctl padd asymmetric "" "$ring" < /keys/later.der > /dev/null ||
	false_result "the key cannot be added"
same "one key is listed" "$(keys_listed)" 1
grep ' _ima ' $list | cut -c 1-150 | show
same "byte by byte" "$(awk '$5 == "_ima" { print $6 }' $list)" \
	"$(xxd -p /keys/later.der | tr -d '\n')"
same "what it has signed runs" "$(/bin/by-later)" \
	"signed with the key that comes later"

begin "A key that the CA has not certified verifies nothing"
keyctl padd asymmetric "" "$ring" < /keys/stranger.der > /dev/null ||
	false_result "the key cannot be added"
same "it is in the keyring, and in the list" "$(keys_listed)" 2
refused /bin/by-stranger
