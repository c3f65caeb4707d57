#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# quote by a TPM, and verify --quote and --proof without one. The TPM is an swtpm
# that is extended as the list of a made-up machine says.
# shellcheck source=tools/tests/lib.sh
. "$(dirname "$0")/lib.sh"
need_python
command -v swtpm >/dev/null || { echo "1..0 # SKIP no swtpm"; exit 0; }

# follow LIST: extend the TPM with it.
follow()
{
	local pcr digests
	extends "$1" | while read -r pcr digests; do
		# shellcheck disable=SC2086
		"$IMANS" pcr extend "$pcr" $digests >/dev/null || exit 1
	done
}

# reason TEXT, noted TEXT: among why it was not verified, among the notes.
reason()
{
	says out "^\(NOT verified:\| *\) $1"
}
noted()
{
	says out "^\(note:\)\? *$1"
}

start_swtpm
"$GENANCHOR" "$tmp" 00 4 >"$tmp/values" || exit 1
follow "$tmp/list"
result $? "the TPM is that of the machine"
sec=$tmp/sec
mkdir -p "$sec/integrity/ima/ns/5" "$sec/ima_ns/proof"
cp "$tmp/list" "$sec/integrity/ima/binary_runtime_measurements"
cp "$tmp/tenant" "$sec/integrity/ima/ns/5/binary_runtime_measurements"
cp "$tmp/leaf" "$sec/ima_ns/proof/5"
q=$tmp/quote.json
nonce=00112233445566778899aabbccddeeff
other=ff112233445566778899aabbccddeeff
quote=("$IMANS" quote --nonce "$nonce" --securityfs "$sec" -o "$q")
# Without a TPM: none is there for what is verified.
verify=(env -u TPM2TOOLS_TCTI "$IMANS" verify --quote "$q" --nonce "$nonce" --ak)

expect 2 "quote without nonce" "$IMANS" quote
says err "nonce is missing"
expect 2 "quote --nonce of no hex" "$IMANS" quote --nonce xyz --list "$tmp/list"
says err "not hex of 1 to 64 bytes"
expect 2 "quote --handle of no key" "$IMANS" quote --nonce 00 --handle 1 --list "$tmp/list"
expect 2 "quote --hierarchy of nobody" "$IMANS" quote --nonce 00 --hierarchy x
expect 2 "quote --no-list --namespaces" "$IMANS" quote --nonce 00 --no-list --namespaces
expect 2 "quote --pcrs 24" "$IMANS" quote --nonce 00 --pcrs 24
expect 2 "quote of no list" "${quote[@]}" --list /nonexistent

expect 0 "quote" "${quote[@]}" --ak-out "$tmp/ak.pem"
[ "$(stat -c %a "$q")" = 600 ]
result $? "... for the owner only"
expect 0 "verify --quote" "${verify[@]}" "$tmp/ak.pem"
says out "^verified$"
says out "^quote: clock [0-9]* ms, resetCount [0-9]*, restartCount 0"
says out "^PCR 10 sha512: ok, "
says out "^PCR 12 sha256 (quote): ok, 5 records$"
noted "a PEM file does not say whether the key is"
expect 0 "... --json" "${verify[@]}" "$tmp/ak.pem" --json
json 'd["verified"] and d["quote"]["restartCount"] == 0 and len(d["anchor"]["anchors"]) == 4'
expect 0 "... --pcr 12" "${verify[@]}" "$tmp/ak.pem" --pcr 12 --anchor
expect 0 "... --pcr 10" "${verify[@]}" "$tmp/ak.pem" --pcr 10
! grep -q "^PCR 12" "$tmp/out"
result $? "... and no other"
expect 0 "the same key again" "${quote[@]}"
expect 0 "verify --quote" "${verify[@]}" "$tmp/ak.pem"
expect 0 "quote --hierarchy owner" "${quote[@]}" --hierarchy owner --ak-out "$tmp/owner.pem"
expect 0 "verify --quote" "${verify[@]}" "$tmp/owner.pem"
expect 1 "... by the other key" "${verify[@]}" "$tmp/ak.pem"
reason "the signature is not that of the key: the quote is of another key$"

expect 0 "quote --rsa" "${quote[@]}" --rsa --ak-out "$tmp/rsa.pem"
expect 0 "verify --quote" "${verify[@]}" "$tmp/rsa.pem"
openssl pkey -pubin -in "$tmp/rsa.pem" -text -noout 2>/dev/null | grep -q "2048 bit"
result $? "... of an RSA key"

expect 0 "quote" "${quote[@]}"
expect 1 "another nonce" "$IMANS" verify --quote "$q" --nonce "$other" --ak "$tmp/ak.pem"
reason "the quote answers the nonce $nonce, which was not asked"
expect 2 "verify --quote without --ak" "$IMANS" verify --quote "$q" --nonce "$nonce"
says err "quote needs --nonce and --ak"
expect 2 "verify --quote with values" "${verify[@]}" "$tmp/ak.pem" --pcr-value "$(head -n 1 "$tmp/values")"
expect 2 "verify --quote of a list" "$IMANS" verify --quote "$tmp/list" --nonce "$nonce" --ak "$tmp/ak.pem"
says err "malformed quote: not JSON"
expect 2 "verify --ak of no key" "${verify[@]}" "$tmp/list"
says err "neither a PEM file nor a TPM2B_PUBLIC"
expect 2 "verify --ak with a list" "$IMANS" verify "$tmp/list" --ak "$tmp/ak.pem" --pcr-value "$(head -n 1 "$tmp/values")"
says err "ak goes with --quote or --proof only"

# edit FILE STATEMENTS: that file, changed, in $tmp/edited
edit()
{
	python3 -c "import json, sys, base64
d = json.load(open(sys.argv[1]))
$2
json.dump(d, open(sys.argv[2], 'w'))" "$1" "$tmp/edited"
}
edited=("$IMANS" verify --quote "$tmp/edited" --nonce "$nonce" --ak "$tmp/ak.pem")
edit "$q" 'd["pcrs"][0]["value"] = "00" * 20'
expect 1 "another value" "${edited[@]}"
reason "the PCR values are not those that the TPM quoted$"
edit "$q" 'b = bytearray(base64.b64decode(d["attest"])); b[-1] ^= 1; d["attest"] = base64.b64encode(b).decode()'
expect 1 "another digest" "${edited[@]}"
reason "the signature is not that of the key$"
entries 1 11 "$tmp/list" >"$tmp/short"
entries 13 99 "$tmp/list" >>"$tmp/short"
edit "$q" "d['list'] = base64.b64encode(open('$tmp/short', 'rb').read()).decode()"
expect 1 "an anchor removed from the list" "${edited[@]}"
reason "PCR 12 of bank sha256 (quote) is not what its records lead to"

# What came later is not given along.
{
	cat "$tmp/list"
	"$GENLIST" "$tmp/more" <<<"10 05 /bin/later" >/dev/null
	cat "$tmp/more"
} >"$tmp/longer"
cp "$tmp/longer" "$sec/integrity/ima/binary_runtime_measurements"
expect 0 "quote, list goes on" "${quote[@]}"
expect 0 "verify --quote" "${verify[@]}" "$tmp/ak.pem"
python3 -c "import base64, json, sys
sys.exit(base64.b64decode(json.load(open(sys.argv[1]))['list']) != open(sys.argv[2], 'rb').read())" "$q" "$tmp/list"
result $? "... the part that is covered"
expect 1 "verify --quote with the longer list" "${verify[@]}" "$tmp/ak.pem" "$tmp/longer"
says out "agrees only up to entry"
expect 0 "... allowed" "${verify[@]}" "$tmp/ak.pem" "$tmp/longer" --allow-prefix
cp "$tmp/list" "$sec/integrity/ima/binary_runtime_measurements"

expect 0 "quote --no-list" "${quote[@]}" --no-list
expect 0 "verify --quote" "${verify[@]}" "$tmp/ak.pem"
noted "there is no list: nothing is known"
expect 0 "verify --quote LIST" "${verify[@]}" "$tmp/ak.pem" "$tmp/list"
expect 1 "verify --quote of the tenant's list" "${verify[@]}" "$tmp/ak.pem" "$tmp/tenant"
expect 0 "quote of 10 only" "${quote[@]}" --pcrs 10
expect 1 "verify --quote" "${verify[@]}" "$tmp/ak.pem"
reason "there is no value to compare PCR 12 with$"

# All namespaces: one is there, the other has ended.
expect 0 "quote --namespaces" "${quote[@]}" --namespaces
expect 0 "verify --quote" "${verify[@]}" "$tmp/ak.pem"
says out "^namespace 5: 2 entries, slot 1$"
edit "$q" 'd["namespaces"] = []'
expect 1 "a namespace hidden" "${edited[@]}"
reason "the lists of 0 namespaces are not what is below the root of the anchor with seq 4"
entries 1 1 "$tmp/tenant" >"$tmp/short"
edit "$q" "d['namespaces'][0].update(seq = 1, list = base64.b64encode(open('$tmp/short', 'rb').read()).decode())"
expect 1 "an entry of a namespace removed" "${edited[@]}"
reason "the lists of 1 namespaces are not"

# A tenant's bundle with a quote in it.
bundle=$tmp/bundle.json
proof=("$IMANS" proof 5 --securityfs "$sec" -o "$bundle")
judge=(env -u TPM2TOOLS_TCTI "$IMANS" verify --proof "$bundle")
expect 0 "proof" "${proof[@]}"
expect 0 "verify --proof" "${judge[@]}"
noted "the PCR values are what the bundle says: compare them with a quote$"
expect 1 "... asked for a quote" "${judge[@]}" --nonce "$nonce" --ak "$tmp/ak.pem"
reason "the bundle has no quote$"
expect 0 "proof --nonce" "${proof[@]}" --nonce "$nonce"
expect 0 "verify --proof --nonce --ak" "${judge[@]}" --nonce "$nonce" --ak "$tmp/ak.pem"
says out "^verified$"
says out "^PCR 12 sha256 (quote): ok, 5 records$"
expect 2 "... --nonce alone" "${judge[@]}" --nonce "$nonce"
expect 0 "... neither" "${judge[@]}"
noted "the bundle has a quote, which is not judged without --nonce and --ak$"
expect 1 "an old bundle under a fresh nonce" "${judge[@]}" --nonce "$other" --ak "$tmp/ak.pem"
reason "the quote answers the nonce $nonce, which was not asked"
cp "$bundle" "$tmp/old"

# Somebody extends PCR 12 from user space, with a well-formed anchor record.
"$GENLIST" "$tmp/foreign" <<<"12 06 /bin/foreign" >/dev/null
follow "$tmp/foreign"
expect 1 "quote, PCR 12 extended from user space" "${quote[@]}"
says err "PCR 12: the list never leads to its value: somebody else has extended it"
expect 1 "verify --quote" "${verify[@]}" "$tmp/ak.pem"
reason "PCR 12 of bank sha256 (quote) is not what its records lead to$"
expect 1 "proof, PCR 12 extended from user space" "${proof[@]}" --nonce "$other"
says err "it will not be verified: PCR 12 of bank sha256 (bundle) is not"
python3 -c "import json, sys
old, new = (json.load(open(f)) for f in sys.argv[1:3])
old['quote'] = new['quote']
json.dump(old, open(sys.argv[3], 'w'))" "$tmp/old" "$bundle" "$tmp/edited"
expect 1 "an old bundle with a fresh quote" "$IMANS" verify --proof "$tmp/edited" --nonce "$other" --ak "$tmp/ak.pem"
reason "PCR 12 of bank sha256 (quote) is not what its records lead to$"

# Keys of tpm2-tools, and what they think of our quotes.
if command -v tpm2_createak tpm2_checkquote tpm2_evictcontrol >/dev/null; then
	{
		tpm2_createek -c "$tmp/ek.ctx" -G ecc -u "$tmp/ek.pub" &&
			tpm2_createak -C "$tmp/ek.ctx" -c "$tmp/ak.ctx" -G rsa \
				-g sha256 -s rsapss -u "$tmp/ak.pub" &&
			tpm2_flushcontext -t && tpm2_flushcontext -s
		tpm2_flushcontext -l
	} >"$tmp/out" 2>"$tmp/err"
	[ -s "$tmp/ak.pub" ]
	result $? "tpm2_createak"
	quote+=(--no-list)
	expect 0 "quote --key" "${quote[@]}" --key "$tmp/ak.ctx"
	expect 0 "verify --quote, the key as TPM2B_PUBLIC" "${verify[@]}" "$tmp/ak.pub"
	! grep -q "a PEM file does not say" "$tmp/out"
	result $? "... which tells what kind of key it is"
	tpm2_createprimary -C o -G ecc256:ecdsa-sha256 -c "$tmp/free.ctx" \
		-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign' >/dev/null 2>&1
	expect 2 "quote --key of a key that signs anything" "${quote[@]}" --key "$tmp/free.ctx"
	says err "the key is no restricted signing key"
	tpm2_flushcontext -t >/dev/null 2>&1
	tpm2_evictcontrol -C o -c "$tmp/ak.ctx" 0x81010002 >"$tmp/out" 2>"$tmp/err"
	result $? "tpm2_evictcontrol"
	tpm2_flushcontext -t >/dev/null 2>&1
	expect 0 "quote --handle" "${quote[@]}" --handle 0x81010002
	expect 0 "verify --quote" "${verify[@]}" "$tmp/ak.pub"
	expect 0 "quote by the key that is made" "${quote[@]}" --ak-out "$tmp/ak.pem"
	python3 -c "import base64, json, sys
d = json.load(open(sys.argv[1]))
for key in 'attest', 'signature':
    open(sys.argv[2] + '.' + key, 'wb').write(base64.b64decode(d[key]))" "$q" "$tmp/checked"
	expect 0 "tpm2_checkquote agrees" tpm2_checkquote -u "$tmp/ak.pem" \
		-m "$tmp/checked.attest" -s "$tmp/checked.signature" -g sha256 -q "$nonce"
	expect 1 "tpm2_checkquote refuses another nonce" tpm2_checkquote -u "$tmp/ak.pem" \
		-m "$tmp/checked.attest" -s "$tmp/checked.signature" -g sha256 -q "$other"
else
	skip "no tpm2-tools"
fi
expect 2 "quote --key of no context" "${quote[@]}" --key "$tmp/list"
says err "no context file of tpm2-tools"
expect 2 "quote --handle that is not there" "${quote[@]}" --handle 0x81333333

stop_swtpm
expect 2 "quote without its TPM" "${quote[@]}"
finish
