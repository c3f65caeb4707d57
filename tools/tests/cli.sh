#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The command line: exit status and output of every command that needs neither
# a TPM nor a kernel with namespaces.
# shellcheck disable=SC2016
# shellcheck source=tools/tests/lib.sh
. "$(dirname "$0")/lib.sh"
need_python

D1=$(printf '01%.0s' {1..32})
D2=$(printf '02%.0s' {1..32})
D3=$(printf '03%.0s' {1..32})
"$GENLIST" "$tmp/list" >"$tmp/vpcr" <<END
10 01 boot_aggregate
10 02 /bin/two
11 03 /bin/three
10 02 /bin/four
END
"$GENLIST" "$tmp/longer" >"$tmp/vpcr-longer" <<END
10 01 boot_aggregate
10 02 /bin/two
11 03 /bin/three
10 02 /bin/four
10 v /bin/two
END
# value FILE PCR BANK: as --pcr-value wants it
value()
{
	sed -n "s/^$2 $3:/$2:$3:/p" "$1"
}
p10=$(value "$tmp/vpcr" 10 sha256)
p10s1=$(value "$tmp/vpcr" 10 sha1)
p11=$(value "$tmp/vpcr" 11 sha256)

expect 2 "no command" "$IMANS"
says err "Usage: imans COMMAND"
expect 2 "unknown command" "$IMANS" frobnicate
expect 2 "half a command" "$IMANS" pcr
expect 0 "--help" "$IMANS" --help
says out "verify"
for c in run activate hook ls show log boot-log "pcr read" "pcr extend" verify quote \
	proof; do
	# shellcheck disable=SC2086
	expect 0 "$c --help" "$IMANS" $c --help
	says out "Usage: imans $c"
	# shellcheck disable=SC2086
	expect 2 "$c --unknown" "$IMANS" $c --unknown
	says err "Try 'imans $c --help'"
done
expect 0 "--man" "$IMANS" --man
says out "^.B \\\\-\\\\-pcr\\\\-value N:ALGO:HEX"
expect 0 "--completion" "$IMANS" --completion
expect 0 "completion is bash" bash -n "$tmp/out"
expect 2 "--help on a full disk" bash -c '"$1" --help >/dev/full' - "$IMANS"
expect 2 "log on a full disk" bash -c '"$1" log "$2" >/dev/full' - "$IMANS" "$tmp/list"

expect 2 "verify without list" "$IMANS" verify --pcr-value "$p10"
expect 2 "verify without values" "$IMANS" verify "$tmp/list"
says err "no PCR values to compare with"
expect 2 "verify of no file" "$IMANS" verify /nonexistent --pcr-value "$p10"
expect 2 "verify with a bad value" "$IMANS" verify "$tmp/list" --pcr-value 10:sha256:12
expect 2 "verify with a bad bank" "$IMANS" verify "$tmp/list" --pcr-value "$p10" --bank md5
expect 0 "verify" "$IMANS" verify "$tmp/list" --pcr-value "$p10" --pcr-value "$p11"
says out "^verified$"
expect 0 "verify, two banks" "$IMANS" verify "$tmp/list" --pcr-value "$p10" \
	--pcr-value "$p10s1" --pcr-value "$p11"
expect 1 "verify, no value for PCR 11" "$IMANS" verify "$tmp/list" --pcr-value "$p10"
says out "NOT verified: 1 entries belong to PCR 11"
expect 0 "verify --pcr 10" "$IMANS" verify "$tmp/list" --pcr-value "$p10" --pcr 10
expect 1 "verify --bank without such a value" "$IMANS" verify "$tmp/list" \
	--pcr-value "$p10" --pcr 10 --bank sha512
expect 1 "verify --json, failed" "$IMANS" verify "$tmp/list" --json --pcr 10 \
	--pcr-value "10:sha256:$D1"
json 'd["verified"] is False and d["pcrs"][0]["state"] == "mismatch" and d["entries"] == 4'
json "d['pcrs'][0]['value'] == '$D1' and '10:sha256:' + d['pcrs'][0]['replayed'] == '$p10'"
expect 0 "verify --json" "$IMANS" verify "$tmp/list" --json --pcr 10 --pcr-value "$p10"
json 'd["verified"] is True and d["reasons"] == [] and d["pcrs"][0]["agrees_up_to"] == 4'

expect 0 "verify --vpcr" "$IMANS" verify "$tmp/list" --vpcr "$tmp/vpcr"
says out "^acc: ok$"
expect 0 "verify --vpcr, the list from a pipe" bash -c \
	'"$1" verify <(cat "$2") --vpcr "$3"' - "$IMANS" "$tmp/list" "$tmp/vpcr"
expect 1 "verify --vpcr of an older state" "$IMANS" verify "$tmp/longer" --vpcr "$tmp/vpcr"
says out "PCR 10 of bank sha256 (vpcr) agrees only up to entry 4 of 5"
expect 0 "verify --vpcr --allow-prefix" "$IMANS" verify "$tmp/longer" \
	--vpcr "$tmp/vpcr" --allow-prefix
expect 1 "verify --vpcr of a newer state" "$IMANS" verify "$tmp/list" --vpcr "$tmp/vpcr-longer"
expect 2 "verify --vpcr of no vpcr file" "$IMANS" verify "$tmp/list" --vpcr "$tmp/list"
sed 's/^10 sha384:./&/; s/^11 sha1:../11 sha1:00/' "$tmp/vpcr" >"$tmp/vpcr-bad"
cmp -s "$tmp/vpcr" "$tmp/vpcr-bad" && sed 's/^11 sha1:../11 sha1:ff/' "$tmp/vpcr" >"$tmp/vpcr-bad"
expect 1 "verify --vpcr with one wrong bank" "$IMANS" verify "$tmp/list" --vpcr "$tmp/vpcr-bad"

args=(verify "$tmp/list" --vpcr "$tmp/vpcr" --reference "$tmp/ref")
printf 'sha256:%s %s\n' "$D2" /bin/two "$D3" /bin/three "$D2" /bin/four >"$tmp/ref"
expect 0 "verify --reference" "$IMANS" "${args[@]}"
sed -i 's,^sha256:0202\(.*/bin/four\),sha256:0303\1,' "$tmp/ref"
expect 1 "changed file" "$IMANS" "${args[@]}"
says out "^entry 4: /bin/four: not the digest of the reference$"
says out "^  reference sha256:0303"
sed -i /three/d "$tmp/ref"
expect 1 "unexpected file" "$IMANS" "${args[@]}" --json
json '[(f["kind"], f["entry"], f["name"]) for f in d["findings"]] == [("unexpected", 3, "/bin/three"), ("changed", 4, "/bin/four")]'
expect 0 "only entries of the chosen PCR count" bash -c \
	'sed -i "s,^sha256:0303,sha256:0202," "$3"; "$1" verify "$2" --vpcr "$4" --pcr 10 --reference "$3"' \
	- "$IMANS" "$tmp/list" "$tmp/ref" "$tmp/vpcr"
expect 2 "no reference file" "$IMANS" verify "$tmp/list" --vpcr "$tmp/vpcr" --reference /nonexistent
echo nonsense >"$tmp/ref"
expect 2 "malformed reference file" "$IMANS" "${args[@]}"
says err "line 1"

head -c 150 "$tmp/list" >"$tmp/short"
expect 2 "truncated list" "$IMANS" verify "$tmp/short" --vpcr "$tmp/vpcr"
says err "truncated list: entry 2, byte 135: "
expect 2 "random bytes" "$IMANS" verify "$IMANS" --vpcr "$tmp/vpcr"
says err "malformed list: entry 1, byte 0: PCR .* does not exist"
expect 2 "a directory" "$IMANS" verify / --vpcr "$tmp/vpcr"
cp "$tmp/list" "$tmp/flipped"
printf X | dd of="$tmp/flipped" bs=1 seek=70 conv=notrunc status=none
expect 1 "one byte flipped" "$IMANS" verify "$tmp/flipped" --vpcr "$tmp/vpcr"
says out "1 entries are not what was measured, the first is entry 1 (boot_aggregate)"

expect 0 "log" "$IMANS" log "$tmp/longer"
says out "^2 10 sha1:[0-9a-f]* ima-ng sha256:$D2 /bin/two$"
says out "^5 10 sha1:0* ima-ng VIOLATION sha256:0* /bin/two$"
expect 0 "log --json" "$IMANS" log "$tmp/longer" --json
json 'len(d) == 5 and d[4]["violation"] and d[1]["fields"]["n-ng"] == "/bin/two"'
expect 2 "log of a truncated list" "$IMANS" log "$tmp/short"
says out "^1 10 "
expect 2 "log of no file" "$IMANS" log /nonexistent/list
expect 2 "log of a namespace that is not there" "$IMANS" log 12 --securityfs "$tmp"
says err "securityfs is not mounted at $tmp"
expect 124 "log --follow goes on" bash -c '
	: >"$2/grow"
	(sleep 0.3; head -c 150 "$2/longer"; sleep 0.5; tail -c +151 "$2/longer") >>"$2/grow" &
	timeout 3 "$1" log --follow "$2/grow"' - "$IMANS" "$tmp"
[ "$(wc -l <"$tmp/out")" -eq 5 ]
result $? "log --follow printed all five entries, the one in two halves too"

expect 2 "show of a namespace that is not there" "$IMANS" show 7 --securityfs "$tmp"
expect 2 "show with a name" "$IMANS" show seven
expect 2 "activate with an operand" "$IMANS" activate x
expect 2 "activate with a policy of no rules" bash -c ': >"$2"; "$1" activate --policy "$2"' - "$IMANS" "$tmp/empty"
says err "no rule in it"
expect 2 "run without command" "$IMANS" run
expect 2 "run --tpm1.2 without --vtpm" "$IMANS" run --tpm1.2 true
expect 2 "run with a policy that is not there" "$IMANS" run --policy /nonexistent true
for o in --key --ca; do
	expect 2 "run $o without a file" "$IMANS" run $o
	expect 2 "run $o with a file that is not there" "$IMANS" run $o /nonexistent true
	says err "^imans run: /nonexistent: No such file or directory$"
	expect 2 "run $o with a directory" "$IMANS" run $o / true
	says err "^imans run: /: Is a directory$"
	expect 2 "run $o with what is no certificate" "$IMANS" run $o "$tmp/list" true
	says err "list: no X.509 certificate, neither in DER nor in PEM$"
done
expect 2 "run --ca with a relative --securityfs" "$IMANS" run --ca /nonexistent \
	--securityfs sec true
says err "has to begin at the root"
expect 2 "pcr read 24" "$IMANS" pcr read 24
expect 2 "pcr extend without digest" "$IMANS" pcr extend 16
expect 2 "pcr extend with both" "$IMANS" pcr extend 16 sha1:00 --file /etc/passwd
expect 2 "pcr read of two TPMs" "$IMANS" pcr read --tcti x --tpm1.2 /dev/null
expect 2 "pcr read of a TPM 1.2 that is none" "$IMANS" pcr read --tpm1.2 /dev/zero 10
says err "malformed answer"
expect 2 "verify with a TPM 1.2 that is none" "$IMANS" verify "$tmp/list" --tpm1.2 /nonexistent
expect 2 "pcr read without TPM" "$IMANS" pcr read --tcti device:/nonexistent
says err "no TPM at TCTI"
finish
