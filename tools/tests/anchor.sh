#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# verify --boot, --anchor and --proof, boot-log: exit status and output.
# shellcheck disable=SC2016
# shellcheck source=tools/tests/lib.sh
. "$(dirname "$0")/lib.sh"
need_python

"$GENANCHOR" "$tmp" >"$tmp/values" || exit 1
# value PCR [ALGO]: --pcr-value of what the TPM has
value()
{
	echo "--pcr-value=$(grep "^$1:${2:-sha256}:" "$tmp/values")"
}
p10=$(value 10)
p11=$(value 11)
p12=$(value 12)
wrong=$(printf '0%.0s' {1..64})
verify=("$IMANS" verify "$tmp/list")

expect 0 "verify --boot --anchor" "${verify[@]}" --boot --anchor "$p10" "$p11" "$p12"
says out "^verified$"
says out "^registered: entry 3, boot_id 01234567-89ab-cdef-0123-456789abcdef, pcr_boot 11, pcr_anchor 12"
says out "^namespace 3: entry 6, user (late), parent 0, .* label web 3$"
says out "^namespace 5: entry 9, user, parent 0, .* label web 5$"
says out "^anchor: entry 12, seq 4, 2 slots, root sha256:[0-9a-f]* (read)$"
says out "^PCR 10 sha256: ok, 3 entries$"
says out "^PCR 12 sha256 (given): ok, 5 records$"
expect 0 "... all banks" "${verify[@]}" --boot --anchor "$p10" "$p11" "$p12" \
	"$(value 10 sha1)" "$(value 11 sha1)" "$(value 12 sha1)"
expect 0 "... --json" "${verify[@]}" --boot --anchor "$p10" "$p11" "$p12" --json
json 'd["verified"] is True and d["reasons"] == [] and d["pcrs"][0]["pcr"] == 10'
json '[(b["id"], b["late"], b["kind"], b["label"]) for b in d["anchor"]["boots"]] == [(3, True, "user", "web 3"), (4, True, "user", "web 4"), (5, False, "user", "web 5")]'
json '[a["seq"] for a in d["anchor"]["anchors"]] == [1, 2, 3, 4] and d["anchor"]["anchors"][3]["root"] == d["anchor"]["root"]'
json 'd["anchor"]["anchors"][2]["reason"] == "death" and d["anchor"]["anchors"][2]["id"] == 4'
json '[(p["pcr"], p["state"]) for p in d["anchor"]["pcrs"]] == [(11, "ok"), (12, "ok")]'
expect 0 "verify --boot" "${verify[@]}" --boot "$p10" "$p11"
expect 0 "verify --anchor" "${verify[@]}" --anchor "$p10" "$p12"
expect 0 "verify --anchor --pcr 12" "${verify[@]}" --anchor --pcr 12 "$p12"
expect 0 "verify --anchor --pcr 12 --json" "${verify[@]}" --anchor --pcr 12 "$p12" --json
json 'd["verified"] is True and d["anchor"]["registrations"][0]["anchors"] == 4'
expect 1 "verify --boot --anchor without PCR 11" "${verify[@]}" --boot --anchor "$p10" "$p12"
says out "^NOT verified: there is no value to compare PCR 11 with"
expect 1 "verify --anchor without PCR 10" "${verify[@]}" --anchor "$p12"
says out "belong to PCR 10, for which there is no value"
expect 1 "verify --anchor --pcr 10" "${verify[@]}" --anchor "$p10" --pcr 10
expect 1 "verify --anchor, wrong value" "${verify[@]}" --anchor "$p10" "--pcr-value=12:sha256:$wrong"
says out "^NOT verified: PCR 12 of bank sha256 (given) is not what its records lead to$"
says out "^PCR 12 sha256 (given): MISMATCH, 5 records$"
expect 1 "verify --anchor, wrong value of PCR 10" "${verify[@]}" --anchor "$p12" "--pcr-value=10:sha256:$wrong"
expect 1 "... --json" "${verify[@]}" --anchor "$p12" "--pcr-value=10:sha256:$wrong" --json
json 'd["verified"] is False and len(d["reasons"]) == 1'
expect 2 "verify --anchor without values" "${verify[@]}" --anchor
expect 2 "verify --anchor --host" "$IMANS" verify --anchor --host "$tmp/list"
says err "anchor does not go with --host"
expect 2 "verify --register without --proof" "${verify[@]}" "$p10" --register "sha256:$wrong"
expect 2 "verify --anchor of a truncated list" bash -c \
	'head -c 1000 "$2" >"$2.short"; "$1" verify "$2.short" --anchor "$3" "$4"' - \
	"$IMANS" "$tmp/list" "$p10" "$p12"
says err "truncated list: entry"
expect 1 "verify --anchor of a list without anchor" "$IMANS" verify "$tmp/tenant" --anchor "$p10" "$p12"
says out "there is no ima_ns_register: nothing is anchored"

mkdir "$tmp/start"
"$GENANCHOR" "$tmp/start" 33 >"$tmp/values"
verify=("$IMANS" verify "$tmp/start/list" --anchor "$(value 12)")
expect 0 "verify --anchor, PCR 12 was not zero" "${verify[@]}" "$(value 10)"
expect 1 "... and PCR 10 is not judged" "${verify[@]}" --pcr 12
says out "NOT verified: .* its record is believed only if PCR 10 is verified, too"
expect 1 "verify --proof, PCR 12 was not zero" "$IMANS" verify --proof "$tmp/start/bundle"
says out "NOT verified: PCR 12 was not zero at the registration"
expect 0 "... but the record is known" "$IMANS" verify --proof "$tmp/start/bundle" \
	--register "$(sed -n 's/^register record: //p' "$tmp/out")"

expect 0 "boot-log" "$IMANS" boot-log "$tmp/list"
[ "$(wc -l <"$tmp/out")" -eq 3 ]
result $? "... three lines"
says out "^namespace 4: entry 7, user (late)"
expect 0 "boot-log --json" "$IMANS" boot-log "$tmp/list" --json
json '[b["id"] for b in d] == [3, 4, 5] and d[2]["entry"] == 9'
mkdir -p "$tmp/sec/integrity/ima"
cp "$tmp/list" "$tmp/sec/integrity/ima/binary_runtime_measurements"
expect 0 "boot-log of the host" "$IMANS" boot-log --securityfs "$tmp/sec"
says out "^namespace 5: "
expect 0 "verify --anchor of the host" "$IMANS" verify --anchor --securityfs "$tmp/sec" "$p10" "$p12"
expect 2 "verify --securityfs with a list" "$IMANS" verify "$tmp/list" --anchor --securityfs "$tmp/sec" "$p10" "$p12"
says err "securityfs goes with --host only"
expect 1 "boot-log of a list without anchor" "$IMANS" boot-log "$tmp/tenant"
says err "nothing is anchored"
expect 2 "boot-log of no file" "$IMANS" boot-log /nonexistent
expect 2 "boot-log of no list" "$IMANS" boot-log "$IMANS"
expect 2 "boot-log of two lists" "$IMANS" boot-log "$tmp/list" "$tmp/list"

# edit STATEMENTS: the bundle, changed, in $tmp/edited
edit()
{
	python3 -c "import json, sys, base64
d = json.load(open(sys.argv[1]))
$1
json.dump(d, open(sys.argv[2], 'w'))" "$tmp/bundle" "$tmp/edited"
}
proof=("$IMANS" verify --proof "$tmp/bundle")
edited=("$IMANS" verify --proof "$tmp/edited")

expect 0 "verify --proof" "${proof[@]}"
says out "^verified$"
says out "^namespace 5: entry 4, user, parent 0"
says out "^anchor: seq 4, 2 slots, read$"
says out "^note: .* compare them with a quote$"
register=$(sed -n 's/^register record: //p' "$tmp/out")
python3 -c "import base64, json, sys
d = json.load(open(sys.argv[1]))
clear = b''.join(base64.b64decode(r) for r in d['pcr_boot'] + d['pcr_anchor'] if isinstance(r, str))
sys.exit(not (b'web%205' in clear and b'web%203' not in clear and b'web%204' not in clear))" "$tmp/bundle"
result $? "... without the boot records of other tenants"
expect 0 "verify --proof --json" "${proof[@]}" --json
json 'd["verified"] is True and d["id"] == 5 and d["seq"] == d["entries"] == 2 and d["boot"]["label"] == "web 5"'
json "'sha256:' + d['register'] == '$register' and d['anchor_seq'] == 4"
json '[(p["pcr"], p["bank"], p["state"]) for p in d["pcrs"]] == [(p, b, "ok") for p in (11, 12) for b in ("sha1", "sha256")]'
expect 0 "verify --proof, values from elsewhere" "${proof[@]}" "$p11" "$p12"
! grep -q "with a quote" "$tmp/out"
result $? "... and nothing is to be compared"
expect 1 "verify --proof, other values from elsewhere" "${proof[@]}" "--pcr-value=12:sha256:$wrong"
says out "NOT verified: PCR 12 of bank sha256 (given) is not"
expect 0 "verify --proof --register" "${proof[@]}" --register "$register"
expect 1 "verify --proof --register of another" "${proof[@]}" --register "sha256:$wrong"
says out "the register record is not the one that is expected"
expect 2 "verify --proof --register of nothing" "${proof[@]}" --register "$wrong"
expect 2 "verify --proof with a list" "${proof[@]}" "$tmp/list"
expect 2 "verify --proof --pcr" "${proof[@]}" --pcr 12
says err "pcr does not go with --proof"
expect 2 "verify --proof of no file" "$IMANS" verify --proof /nonexistent
expect 2 "verify --proof of a list" "$IMANS" verify --proof "$tmp/list"
says err "malformed bundle: not JSON"
head -c 2000 "$tmp/bundle" >"$tmp/edited"
expect 2 "truncated bundle" "${edited[@]}"
says err "malformed bundle: not JSON"
edit 'd["salt"] = "xx" + d["salt"][2:]'
expect 2 "bad hex" "${edited[@]}"
says err '"salt" is not 64 hex digits'
edit 'd["list"] = "*" + d["list"][1:]'
expect 2 "bad base64" "${edited[@]}"
says err '"list" is not base64'
edit 'd["list"] = base64.b64encode(base64.b64decode(d["list"])[:-5]).decode()'
expect 2 "truncated list of the tenant" "${edited[@]}"
says err "truncated list of the tenant: entry 2"
edit 'd["n"] = 2**63 - 1'
expect 1 "absurd n" "${edited[@]}"
says out "NOT verified: slot 1 of 9223372036854775807: the path is shorter"
edit 'd["pcrs"][3]["value"] = "00" * 32'
expect 1 "another PCR value" "${edited[@]}" --json
json 'd["verified"] is False and d["reasons"] == ["PCR 12 of bank sha256 (bundle) is not what its records lead to"]'
finish
