#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Against a TPM 2.0: an swtpm on a socket, reached through its TCTI.
# shellcheck source=tools/tests/lib.sh
. "$(dirname "$0")/lib.sh"
need_python
command -v swtpm >/dev/null || { echo "1..0 # SKIP no swtpm"; exit 0; }

start_swtpm

zeros=$(printf '00%.0s' {1..32})
expect 0 "pcr read" "$IMANS" pcr read
[ "$(wc -l <"$tmp/out")" -ge 24 ]
result $? "... all PCRs of all banks"
says out "^10 sha256:$zeros$"
expect 0 "pcr read --bank sha256 10 16" "$IMANS" pcr read --bank sha256 16 10
[ "$(cut -c1-10 "$tmp/out" | tr '\n' ,)" = "10 sha256:,16 sha256:," ]
result $? "... only these two"
expect 2 "pcr read of a bank that is not there" "$IMANS" pcr read --bank sm3 10
expect 0 "pcr read --json" "$IMANS" pcr read 10 --json
json "{'pcr': 10, 'bank': 'sha256', 'value': '$zeros'} in d"

# Values computed by somebody else: extend of zeros with a digest.
extended()
{
	printf '%s%s' "$2" "$3" | xxd -r -p | "$1"sum | cut -d' ' -f1
}
d=$(echo hello | sha256sum | cut -d' ' -f1)
expect 0 "pcr extend 16" "$IMANS" pcr extend 16 sha256:"$d"
says out "^16 sha256:$d$"
want=$(extended sha256 "$zeros" "$d")
expect 0 "pcr read 16" "$IMANS" pcr read 16 --bank sha256
says out "^16 sha256:$want$"
expect 0 "the other bank was not touched" "$IMANS" pcr read 16 --bank sha1
says out "^16 sha1:0*$"
echo "some contents" >"$tmp/file"
expect 0 "pcr extend --file" "$IMANS" pcr extend 23 --file "$tmp/file" --json
json "sorted(e['bank'] for e in d) == ['sha1', 'sha256', 'sha384', 'sha512']"
for bank in sha1 sha256 sha384 sha512; do
	sum=$("${bank}sum" <"$tmp/file" | cut -d' ' -f1)
	want=$(extended $bank "${sum//?/0}" "$sum")
	expect 0 "bank $bank was extended with the file" "$IMANS" pcr read 23 --bank $bank
	says out "^23 $bank:$want$"
done
expect 2 "pcr extend of a bank that is not there" "$IMANS" pcr extend 16 sm3:"$d"
expect 2 "pcr extend --file of no file" "$IMANS" pcr extend 16 --file /nonexistent

# A list whose entries are extended one by one, as a kernel does it.
"$GENLIST" "$tmp/list" >"$tmp/vpcr" <<END
10 01 boot_aggregate
10 02 /bin/two
10 v /bin/two
11 04 /bin/four
END
extends "$tmp/list" >"$tmp/extends"
n=0
while read -r pcr digests; do
	# shellcheck disable=SC2086
	expect 0 "extend for entry $((n += 1))" "$IMANS" pcr extend "$pcr" $digests
	if [ $n -eq 2 ]; then
		expect 1 "verify: the TPM is two entries behind" "$IMANS" verify \
			"$tmp/list" --tcti "$TPM2TOOLS_TCTI"
		says out "PCR 10 of bank sha256 (TPM) agrees only up to entry 2 of 4"
	fi
done <"$tmp/extends"
expect 0 "verify --tcti" "$IMANS" verify "$tmp/list" --tcti "$TPM2TOOLS_TCTI"
says out "^PCR 11 sha512: ok, 1 entries$"
expect 0 "verify --tcti --bank sha384" "$IMANS" verify "$tmp/list" --bank sha384 \
	--tcti "$TPM2TOOLS_TCTI"
[ "$(grep -c ^PCR "$tmp/out")" -eq 2 ]
result $? "... that bank alone"
expect 0 "verify --tcti --vpcr" "$IMANS" verify "$tmp/list" --vpcr "$tmp/vpcr" \
	--tcti "$TPM2TOOLS_TCTI"
: >"$tmp/nothing"
expect 1 "an empty list does not explain this TPM" "$IMANS" verify "$tmp/nothing" \
	--tcti "$TPM2TOOLS_TCTI"
says out "PCR 10 of bank sha256 (TPM) is not what the list leads to"

# evmctl must agree, by its success line: its exit status does not tell.
if command -v evmctl >/dev/null; then
	"$GENLIST" "$tmp/list10" <<-END >"$tmp/vpcr10"
	10 01 boot_aggregate
	10 02 /bin/two
	10 03 /bin/three
	END
	for i in $(seq 0 23); do
		v=$(sed -n "s/^$i sha256://p" "$tmp/vpcr10")
		printf 'PCR-%02d: ' "$i"
		fold -w 2 <<<"${v:-$zeros}" | tr '\n' ' '
		echo
	done >"$tmp/pcrs"
	expect 0 "evmctl can be run" evmctl ima_measurement --pcrs "sha256,$tmp/pcrs" "$tmp/list10"
	cat "$tmp/err" >>"$tmp/out"
	says out "Matched per TPM bank"
	expect 0 "imans verifies the same" "$IMANS" verify "$tmp/list10" \
		--pcr-value "$(sed -n 's/^10 sha256:/10:sha256:/p' "$tmp/vpcr10")"
	sed -i 's/^PCR-10: ../PCR-10: 00/' "$tmp/pcrs"
	evmctl ima_measurement --pcrs "sha256,$tmp/pcrs" "$tmp/list10" >"$tmp/out" 2>&1
	! grep -q "Matched per TPM bank" "$tmp/out"
	result $? "evmctl refuses a wrong PCR"
	expect 1 "imans refuses the same" "$IMANS" verify "$tmp/list10" \
		--pcr-value "10:sha256:00$(sed -n 's/^10 sha256:..//p' "$tmp/vpcr10")"
else
	skip "no evmctl (package ima-evm-utils)"
fi

# A TPM that goes away is an error, not a result.
stop_swtpm
expect 2 "verify without its TPM" "$IMANS" verify "$tmp/list" --tcti "$TPM2TOOLS_TCTI"
expect 2 "pcr read without its TPM" "$IMANS" pcr read
finish
