#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# imans run --key and --ca, and imans hook --ca: what is signed by which key runs
# in a namespace, what does not, and which certificates are refused. openssl makes
# the keys, evmctl signs. Runs inside the guest as root; prints TAP.
# shellcheck disable=SC2016

ima=/sys/kernel/security/ima
place=/scratch/imans-appraise
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
chmod 755 "$tmp"

for program in imans openssl evmctl keyctl setpriv busybox; do
	command -v $program > /dev/null || skip_all "no $program on PATH"
done
mountpoint -q /scratch || skip_all "no /scratch"
unshare -Urmpf sh -c "mount -t securityfs s /sys/kernel/security &&
	test -e $ima/active" 2> /dev/null ||
	skip_all "the kernel has no IMA namespaces"
mkdir -p "$place"
chmod 755 "$place"
as_user="setpriv --reuid 1000 --regid 1000 --clear-groups"

# certify NAME CONSTRAINT ISSUER [DAYS [MORE]]: a key pair with a certificate in
# PEM and DER; NAME is its own ISSUER if it is that.
certify() {
	local name=$tmp/$1 by=(-CA "$tmp/$3.pem" -CAkey "$tmp/$3.key")

	[ "$1" != "$3" ] || by=(-signkey "$name.key")
	[ -e "$name.key" ] || openssl genpkey -algorithm EC \
		-pkeyopt ec_paramgen_curve:P-256 -out "$name.key"
	printf '%s\n' "basicConstraints=critical,$2" "${5:-subjectKeyIdentifier=hash}" \
		> "$name.ext"
	openssl req -new -key "$name.key" -subj "/CN=$1" -out "$name.csr" &&
		openssl x509 -req -in "$name.csr" "${by[@]}" -days "${4:-2}" \
			-extfile "$name.ext" -out "$name.pem" &&
		openssl x509 -in "$name.pem" -outform DER -out "$name.der"
}

# program NAME [KEY]: signed, if there is a key.
program() {
	cp /bin/true "$place/$1"
	[ -z "${2:-}" ] ||
		evmctl ima_sign -a sha256 -k "$tmp/$2.key" "$place/$1"
}

# What is on /scratch has to be signed. The shell is not there.
cat > "$tmp/rules" <<END
measure func=BPRM_CHECK
measure func=KEY_CHECK keyrings=_ima
appraise func=BPRM_CHECK fsmagic=0xef53 appraise_type=imasig
END
chmod 644 "$tmp/rules"
run() {
	imans run --policy "$tmp/rules" "$@"
}

{
	certify ca CA:TRUE ca && certify other-ca CA:TRUE other-ca &&
		certify leaf CA:FALSE ca && certify stray CA:FALSE stray &&
		certify nameless CA:FALSE nameless 2 subjectKeyIdentifier=none &&
		certify old CA:FALSE ca -1 && certify long-ca CA:TRUE long-ca 2 \
			"nsComment=$(printf '%017000d' 0)" &&
		certify old-ca CA:TRUE old-ca -1 &&
		openssl genpkey -algorithm ed25519 -out "$tmp/odd.key" &&
		certify odd CA:TRUE odd &&
		openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
			-out "$tmp/rsa.key" && certify rsa CA:FALSE ca &&
		program by-rsa rsa &&
		program unsigned && program by-leaf leaf &&
		program by-stray stray && program modified leaf &&
		program changing leaf && program by-old old &&
		echo changed >> "$place/modified"
} > "$tmp/out" 2>&1
result $? "keys by openssl, signatures by evmctl"
chmod 644 "$tmp"/*.pem "$tmp"/*.der
digest=$(sha256sum "$tmp/ca.der" | cut -d ' ' -f 1)
leaf_hex=$(od -A n -t x1 -v "$tmp/leaf.der" | tr -d ' \n')

# ------------------------------------------------------------------------ keys
expect 126 "without a key nothing runs" run -- "$place/by-leaf"
says "by-leaf: Permission denied"
expect 0 "... but what the rule is not about" run -- true
for form in pem der; do
	expect 0 "what is signed runs, with a key in $form" \
		run --key "$tmp/leaf.$form" -- "$place/by-leaf"
done
expect 126 "what is not signed does not" \
	run --key "$tmp/leaf.pem" -- "$place/unsigned"
expect 126 "what was modified does not" \
	run --key "$tmp/leaf.pem" -- "$place/modified"
expect 126 "what somebody else has signed does not" \
	run --key "$tmp/leaf.pem" -- "$place/by-stray"
expect 0 "several keys" run --key "$tmp/leaf.pem" --key "$tmp/stray.der" -- \
	sh -c "$place/by-leaf && $place/by-stray"
expect 126 "both verdicts in one container" \
	run --key "$tmp/leaf.pem" -- sh -c "$place/by-leaf && $place/unsigned"
"$place/unsigned"
result $? "... and outside of it what is not signed runs"
expect 0 "a change is seen in the container that it ran in" \
	run --key "$tmp/leaf.pem" -- sh -c "$place/changing &&
		echo changed >> $place/changing && ! $place/changing"

# What a container knows of keys, and the caller does not.
keyctl show @s > "$tmp/before" 2>&1
expect 0 "keys are in a session keyring of the container's own" \
	run --key "$tmp/leaf.pem" --key "$tmp/stray.pem" -- keyctl show @s
says "keyring: _ima"
[ "$(grep -c "asymmetric: " "$tmp/out")" -eq 2 ]
result $? "... both of them"
keyctl show @s > "$tmp/after" 2>&1
cmp -s "$tmp/before" "$tmp/after"
result $? "... and the caller's is as before"
expect 0 "root in the container can add keys" run --key "$tmp/leaf.pem" -- sh -c "
	! $place/by-stray && keyctl padd asymmetric '' %keyring:_ima < $tmp/stray.der &&
	$place/by-stray && $place/by-leaf"
expect 0 "a keyring of the caller's is found without --key" \
	keyctl session - sh -c "
		ring=\$(keyctl newring _ima @s)
		keyctl padd asymmetric '' \$ring < $tmp/leaf.der
		imans run --policy $tmp/rules -- $place/by-leaf"

# The list: each key is there, byte by byte.
expect 0 "keys are listed, if a rule says so" \
	run --key "$tmp/leaf.pem" --key "$tmp/stray.pem" -- \
	cat $ima/ascii_runtime_measurements
[ "$(grep -c " ima-buf sha256:[0-9a-f]* _ima " "$tmp/out")" -eq 2 ]
result $? "... both of them"
says " _ima $leaf_hex$"
grep -v KEY_CHECK "$tmp/rules" > "$tmp/no-key-rule"
expect 0 "... else not" imans run --policy "$tmp/no-key-rule" \
	--key "$tmp/leaf.pem" -- cat $ima/ascii_runtime_measurements
says_not " _ima "
expect 0 "the list with keys is verified" run --key "$tmp/leaf.pem" -- sh -c \
	"exec imans verify $ima/binary_runtime_measurements --vpcr $ima/vpcr"
says "^acc: ok$"

# -------------------------------------------------------------------------- ca
for form in pem der; do
	expect 0 "a certified key, the CA in $form" run --ca "$tmp/ca.$form" \
		--key "$tmp/leaf.pem" -- sh -c "$place/by-leaf && imans show"
	says "^ca: sha256:$digest$"
done
expect 0 "a certified key of RSA" run --ca "$tmp/ca.pem" \
	--key "$tmp/rsa.pem" -- "$place/by-rsa"
expect 126 "a key that the CA has not certified" run --ca "$tmp/ca.pem" \
	--key "$tmp/stray.pem" -- "$place/by-stray"
expect 126 "a key that another CA has certified" run --ca "$tmp/other-ca.pem" \
	--key "$tmp/leaf.pem" -- "$place/by-leaf"
expect 126 "... which is so without a signature, too" run --ca "$tmp/ca.pem" \
	--key "$tmp/leaf.pem" -- "$place/unsigned"
expect 126 "... and after a change" run --ca "$tmp/ca.pem" \
	--key "$tmp/leaf.pem" -- "$place/modified"
expect 0 "of two keys the certified one counts" run --ca "$tmp/ca.pem" \
	--key "$tmp/stray.pem" --key "$tmp/leaf.pem" -- \
	sh -c "$place/by-leaf && ! $place/by-stray"
expect 0 "keys that root in the container adds have to be certified" \
	run --ca "$tmp/ca.pem" -- keyctl session - sh -c "
		keyctl newring _ima @s
		keyctl padd asymmetric '' %keyring:_ima < $tmp/stray.der &&
			! $place/by-stray &&
		keyctl padd asymmetric '' %keyring:_ima < $tmp/leaf.der &&
			$place/by-leaf && ! $place/by-stray"
expect 0 "... also behind those of --key" run --ca "$tmp/ca.pem" \
	--key "$tmp/leaf.pem" -- sh -c "$place/by-leaf &&
		keyctl padd asymmetric '' %keyring:_ima < $tmp/stray.der &&
		! $place/by-stray && $place/by-leaf"
expect 0 "no CA" run -- imans show
says "^ca: none$"
expect 0 "a namespace in another has a CA of its own" run -- sh -c "
	imans run --policy $tmp/rules --ca $tmp/ca.pem --key $tmp/leaf.pem -- imans show"
says "^ca: sha256:$digest$"
mkdir "$tmp/sec"
expect 0 "securityfs elsewhere" run --ca "$tmp/ca.pem" --securityfs "$tmp/sec" -- \
	cat "$tmp/sec/ima/ca"
says "^sha256:$digest$"

# shellcheck disable=SC2086
expect 0 "an ordinary user has keys and a CA" $as_user imans run \
	--policy "$tmp/rules" --key "$tmp/leaf.pem" --ca "$tmp/ca.pem" -- \
	sh -c "$place/by-leaf && ! $place/unsigned && cat $ima/ca"
says "^sha256:$digest$"
# shellcheck disable=SC2086
expect 126 "... and no others" $as_user imans run --policy "$tmp/rules" \
	--key "$tmp/stray.pem" --ca "$tmp/ca.pem" -- "$place/by-stray"

# -------------------------------------------------------------- what is refused
# refused OPTION FILE PATTERN: nothing is run.
refused() {
	expect 2 "$1 $(basename "$2")" run "$1" "$2" -- echo ran
	says "$3"
	says_not "^ran$"
}
refused --ca "$tmp/leaf.pem" "not that of a CA"
refused --ca "$tmp/leaf.pem" "ima/ca: Key was rejected by service"
refused --ca "$tmp/old-ca.pem" "the certificate has expired"
refused --ca "$tmp/odd.pem" "the kernel has not got its algorithms"
refused --ca "$tmp/long-ca.der" "longer than the 16 KiB that the kernel takes"
refused --key "$tmp/odd.pem" "the kernel has not got its algorithms"
for option in --key --ca; do
	refused $option "$tmp/rules" "no X.509 certificate"
	refused $option "$tmp/leaf.key" "no X.509 certificate"
	# The last byte is one of the signature.
	cp "$tmp/ca.der" "$tmp/damaged.der"
	last=$(($(stat -c %s "$tmp/ca.der") - 1))
	byte=$(od -A n -t u1 -j $last "$tmp/ca.der")
	printf '%b' "\\x$(printf %02x $((byte ^ 1)))" |
		dd of="$tmp/damaged.der" bs=1 seek=$last conv=notrunc status=none
	refused $option "$tmp/damaged.der" "its own signature is wrong"
done
expect 0 "a certificate that does not name its key: a remark" \
	run --key "$tmp/nameless.pem" -- true
says "nameless.pem: the certificate has no subjectKeyIdentifier"
expect 0 "a certificate of a key that has expired: no more than a remark" \
	run --ca "$tmp/ca.pem" --key "$tmp/old.pem" -- "$place/by-old"
says "old.pem: the certificate has expired"

limit=$(cat /proc/sys/kernel/keys/maxkeys)
echo 1 > /proc/sys/kernel/keys/maxkeys
# shellcheck disable=SC2086
expect 2 "an ordinary user without a quota of keys" $as_user imans run \
	--key "$tmp/leaf.pem" -- echo ran
says "this user has too many keys"
says_not "^ran$"
echo "$limit" > /proc/sys/kernel/keys/maxkeys

# The policy of Documentation/userspace-api/ima-ns.rst: programs and libraries. The
# libraries of what is linked with some are not signed, and not on /scratch.
cat > "$tmp/all" <<END
measure func=BPRM_CHECK
measure func=KEY_CHECK keyrings=_ima
appraise func=BPRM_CHECK appraise_type=imasig
appraise func=MMAP_CHECK appraise_type=imasig
END
busybox=$(command -v busybox)
cp "$busybox" "$place/busybox" &&
	evmctl ima_sign -a sha256 -k "$tmp/leaf.key" "$place/busybox" \
		> "$tmp/out" 2>&1
result $? "a program without libraries is signed"
locked=(imans run --policy "$tmp/all" --key "$tmp/leaf.pem" --ca "$tmp/ca.pem" --)
expect 0 "where all has to be signed, it runs" "${locked[@]}" "$place/busybox" true
expect 126 "... and starts nothing that is not signed" "${locked[@]}" \
	"$place/busybox" sh -c "$busybox true"
"${locked[@]}" "$place/by-leaf" > "$tmp/out" 2>&1
[ $? -gt 2 ]
result $? "... a signed program does not start without its libraries"

# ----------------------------------------------- what the host sees, and the hook
if [ -d $ima/ns ]; then
	imans run --policy "$tmp/rules" --ca "$tmp/ca.pem" --label certified -- \
		sh -c 'echo up; exec sleep 1000' > "$tmp/up" 2>&1 &
	pid=$!
	for _ in $(seq 60); do
		grep -q up "$tmp/up" && break
		sleep 1
	done
	expect 0 "ls" imans ls
	says " ${digest:0:12}  certified$"
	id=$(awk '/ certified$/ { print $1 }' "$tmp/out")
	expect 0 "show ID" imans show "$id"
	says "^ca: sha256:$digest$"
	kill -TERM $pid
	wait $pid 2> /dev/null
	[ $? -eq 143 ]
	result $? "SIGTERM ends it"
	imans log > "$tmp/out"
	says "ima_ns_birth \"id=$id .* ca=sha256:$digest "

	# A container with a user namespace, whose root comes later.
	unshare --user --map-root-user --mount sleep 1000 &
	pid=$!
	for _ in $(seq 60); do
		[ "$(cat /proc/$pid/comm)" != sleep ] || break
		sleep 1
	done
	expect 2 "hook, what is no CA" imans hook --ca "$tmp/leaf.pem" \
		--policy "$tmp/rules" <<< "{\"id\":\"hooked\",\"pid\":$pid}"
	says "not that of a CA"
	expect 0 "... which leaves nothing behind: the hook with one" \
		imans hook --ca "$tmp/ca.pem" --policy "$tmp/rules" <<< "{\"id\":\"hooked\",\"pid\":$pid}"
	expect 0 "... the CA is that of the container" imans ls
	says " ${digest:0:12}  hooked$"
	expect 0 "... and its root adds keys" nsenter --target $pid --user --mount \
		keyctl session - sh -c "
			keyctl newring _ima @s
			keyctl padd asymmetric '' %keyring:_ima < $tmp/stray.der &&
				! $place/by-stray &&
			keyctl padd asymmetric '' %keyring:_ima < $tmp/leaf.der &&
				$place/by-leaf && ! $place/unsigned"
	kill -KILL $pid
	wait $pid 2> /dev/null
else
	skip "the kernel does not show namespaces to the host"
fi

finish
