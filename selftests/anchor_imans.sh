#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ima_ns.ko and imans on a running machine: fifty containers come and go, and
# what evmctl, imans and a tenant make of init's list and the TPM. Runs inside
# the guest as root, on a machine whose PCRs nobody has extended yet; prints TAP.
# shellcheck disable=SC2016

place=/scratch/anchor-imans
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/anchor.sh
. "$(dirname "$0")/lib/anchor.sh"
nonce=00112233445566778899aabbccddeeff
other=ff112233445566778899aabbccddeeff
boxes=50

requirements tpm2_createek tpm2_createak tpm2_evictcontrol
mkdir -p "$place"

# ------------------------------------------------------------- pcr read, extend
expect 0 "pcr read" imans pcr read
cp "$tmp/out" "$tmp/values"
for bank in sha1 sha256 sha384 sha512; do
	awk -v bank=$bank '{ print NR - 1, bank ":" tolower($0) }' \
		"$sysfs/pcr-$bank"/{?,??}
done | sort > "$tmp/kernel"
sort "$tmp/values" | cmp -s - "$tmp/kernel"
result $? "... all 24 of each bank, as the kernel reads them"
echo "seed 001" > "$tmp/file"
expect 0 "pcr extend by a file" imans pcr extend 16 --file "$tmp/file"
for bank in sha1 sha256 sha384 sha512; do
	says "^16 $bank:$("${bank}sum" < "$tmp/file" | cut -d ' ' -f 1)$"
	old=$(sed -n "s/^16 $bank://p" "$tmp/values")
	new=$(python3 -c 'import hashlib, sys
bank, old, name = sys.argv[1:]
h = lambda b: hashlib.new(bank, b)
print(h(bytes.fromhex(old) + h(open(name, "rb").read()).digest()).hexdigest())' \
		$bank "$old" "$tmp/file")
	[ "$(tr A-F a-f < "$sysfs/pcr-$bank/16")" = "$new" ]
	result $? "... which extended bank $bank by that"
done
before=$(cat $sysfs/pcr-sha1/16 $sysfs/pcr-sha384/16)
old=$(cat $sysfs/pcr-sha256/16)
expect 0 "pcr extend of one bank" imans pcr extend 16 "sha256:$(printf '%064d' 1)"
[ "$(cat $sysfs/pcr-sha1/16 $sysfs/pcr-sha384/16)" = "$before" ] &&
	[ "$(cat $sysfs/pcr-sha256/16)" != "$old" ]
result $? "... and of no other"
expect 2 "pcr extend by a digest that is too short" imans pcr extend 16 sha256:00
expect 2 "pcr extend of a PCR that does not exist" imans pcr extend 24 --file "$tmp/file"

# --------------------------------------------------------------- fifty come and go
require "the module is loaded" insmod "$IMANS_MODULE"
expect 0 "ima_ns/anchor" cat $sec/ima_ns/anchor
says "^seq: 0$"
says "^pcr_boot: 11$"
says "^pcr_anchor: 12$"
says "^tpm: ok$"
evmctl_list() {
	snapshot
	evmctl_says matches "$1" "$tmp/list" "sha256,$tmp/sha256"
	evmctl_says matches "$1, bank sha1" "$tmp/list" "sha1,$tmp/sha1"
}
evmctl_list "just loaded"

failures=0
pids=
for n in $(seq $boxes); do
	{ cat /bin/true; echo "$n"; } > "$place/program$n"
	chmod +x "$place/program$n"
	if [ $((n % 10)) -eq 0 ]; then
		tenant "box$n" || ((failures++))
		tell "box$n" "$place/program$n" || ((failures++))
		for pid in $pids; do
			wait "$pid" || ((failures++))
		done
		pids=
	else
		imans run --label "box$n" -- "$place/program$n" \
			> "$tmp/box$n" 2>&1 &
		pids="$pids $!"
	fi
done
[ $failures -eq 0 ]
result $? "$boxes containers ran their programs"
snapshot

expect 0 "boot-log" imans boot-log
sed -n 's/^namespace .*, label //p' "$tmp/out" | sort > "$tmp/labels"
seq $boxes | sed 's/^/box/' | sort | cmp -s - "$tmp/labels"
result $? "... has each container once"
[ "$(sed -n 's/^namespace \([0-9]*\):.*/\1/p' "$tmp/out" | sort -u |
	wc -l)" -eq $boxes ]
result $? "... with an id of its own"
says_not "late"
imans boot-log --json > "$tmp/out"
python3 -c 'import json, sys
sys.exit(sorted(b["label"] for b in json.load(open(sys.argv[1]))) !=
         sorted("box%d" % n for n in range(1, 1 + int(sys.argv[2]))))' "$tmp/out" $boxes
result $? "boot-log --json has the same"
imans log "$tmp/list" > "$tmp/out"
[ "$(grep -c ' ima_ns_death ' "$tmp/out")" -eq $((boxes - 5)) ] &&
	[ "$(grep -c ' ima_ns_anchor .* reason=death ' "$tmp/out")" -eq $((boxes - 5)) ]
result $? "45 have ended, and an anchor tells of each"
imans ls | awk 'NR > 1 { print $1 }' | sort > "$tmp/alive"
(cd $sec/ima_ns/proof && printf '%s\n' *) | sort > "$tmp/out"
[ "$(wc -l < "$tmp/alive")" -eq 5 ] && cmp -s "$tmp/alive" "$tmp/out"
result $? "ima_ns/proof has those that are alive"

# ------------------------------------------------------------------------- evmctl
evmctl_says matches "$boxes containers" "$tmp/list" "sha256,$tmp/sha256"
evmctl_says matches "$boxes containers, bank sha1" "$tmp/list" "sha1,$tmp/sha1"
for pcr in 10 11 12; do
	sed "s/^PCR-$pcr: ./PCR-$pcr: $(grep -q "^PCR-$pcr: 0" "$tmp/sha256" &&
		echo 1 || echo 0)/" "$tmp/sha256" > "$tmp/wrong"
	! cmp -s "$tmp/sha256" "$tmp/wrong"
	result $? "PCR $pcr is given another value"
	evmctl_says differs "another value of PCR $pcr" "$tmp/list" \
		"sha256,$tmp/wrong"
	number=$(imans log "$tmp/list" | awk -v pcr=$pcr '$2 == pcr { n++ }
		n == 3 { print $1; exit }')
	"$forge" drop "$tmp/list" "$number" > "$tmp/short"
	evmctl_says differs "an entry of PCR $pcr removed" "$tmp/short" \
		"sha256,$tmp/sha256"
done

# ------------------------------------------------------------------- imans verify
verify=(imans verify --sysfs "$sysfs")
# value PCR: that alone, for imans verify.
value() {
	echo "--pcr-value=$1:sha256:$(sed -n "s/^PCR-$1: //p" "$tmp/sha256")"
}
expect 0 "verify --boot" imans verify "$tmp/list" --boot "$(value 10)" "$(value 11)"
says "^PCR 10 sha256: ok, "
says "^PCR 11 sha256 (given): ok, $((boxes + 1)) records$"
says_not "^PCR 12 "
expect 0 "verify --anchor" imans verify "$tmp/list" --anchor "$(value 10)" "$(value 12)"
says "^PCR 12 sha256 (given): ok, "
says_not "^PCR 11 "
expect 1 "verify --boot by another value" imans verify "$tmp/list" --boot \
	"$(value 10)" "--pcr-value=11:sha256:$(printf '%064d' 0)"
says "PCR 11 of bank sha256 (given) is not what its records lead to"
expect 0 "verify --boot --anchor --namespaces by the TPM itself" imans verify \
	--boot --anchor --namespaces --tcti device:/dev/tpmrm0
for bank in sha1 sha256 sha384 sha512; do
	says "^PCR 12 $bank (.*): ok, "
done
says "^verified$"

# The same root from the lists of the five, with other code.
leaves=()
cat "$sec/ima_ns/proof/"* > /dev/null
settle
for id in $(cat "$tmp/alive"); do
	cat "$sec/ima_ns/proof/$id" > "$tmp/leaf"
	cat "$ima/ns/$id/binary_runtime_measurements" > "$tmp/tenant$id"
	[ "$(field "$tmp/leaf" acc) $(field "$tmp/leaf" seq)" = \
		"$("$forge" acc "$tmp/tenant$id")" ]
	result $? "namespace $id: acc, computed by hand"
	leaves+=("$(field "$tmp/leaf" slot):$id:$(field "$tmp/leaf" salt):$tmp/tenant$id")
done
for id in $(cat "$tmp/alive"); do
	cat "$sec/ima_ns/proof/$id" > "$tmp/leaf"
	field "$tmp/leaf" path > "$tmp/out"
	[ -s "$tmp/out" ] && "$forge" path "$(field "$tmp/leaf" n)" \
		"$(field "$tmp/leaf" slot)" "${leaves[@]}" | cmp -s - "$tmp/out"
	result $? "namespace $id: path, computed by hand"
done
cat $sec/ima_ns/anchor > "$tmp/out"
[ "$(field "$tmp/out" root)" = \
	"sha256:$("$forge" root "$(field "$tmp/out" n)" "${leaves[@]}")" ]
result $? "the root of the anchor, computed by hand"
[ "$(field "$tmp/out" root)" = "$(imans log | sed -n \
	's/.* ima_ns_anchor .* root=\(sha256:[0-9a-f]*\) .*/\1/p' | tail -n 1)" ]
result $? "... is that of the last record"

# --------------------------------------------------------------------- a tenant
me=$(id_of box10)
bundle=$tmp/bundle
judge=(without_tpm imans verify --proof "$bundle")
expect 0 "proof" imans proof "$me" -o "$bundle"
expect 0 "verify --proof" "${judge[@]}"
says "^namespace $me: entry .*, label box10$"
says "compare them with a quote"
expect 0 "verify --proof by the TPM" imans verify --proof "$bundle" --sysfs $sysfs
says "^PCR 12 sha256 (sysfs): ok, "
python3 - "$bundle" > "$tmp/out" << 'END'
import base64, json, re, sys
d = json.load(open(sys.argv[1]))
clear = b"".join(base64.b64decode(r) for r in d["pcr_boot"] + d["pcr_anchor"]
                 if isinstance(r, str)) + base64.b64decode(d["list"])
print(sorted(set(re.findall(rb"box[0-9]+|program[0-9]+", clear))))
END
says "^\[b'box10', b'program10'\]$"
expect 0 "what it ran is anchored when proof reads it" tell box10 \
	"cp $place/program10 $place/later && echo >> $place/later && $place/later"
expect 0 "proof --nonce" imans proof "$me" --nonce $nonce -o "$bundle"
expect 0 "quote --ak-out" imans quote --nonce $nonce --no-list -o "$tmp/quote" \
	--ak-out "$tmp/ak.pem"
expect 0 "verify --proof --nonce" "${judge[@]}" --nonce $nonce --ak "$tmp/ak.pem"
says "^PCR 12 sha256 (quote): ok, "
says "^verified$"
entries=$(sed -n 's/^list: \([0-9]*\) entries, the leaf covers \([0-9]*\)$/\1=\2/p' "$tmp/out")
number=$(cat "$ima/ns/$me/runtime_measurements_count")
[ "$entries" = "$number=$number" ]
result $? "... all $number entries"
python3 -c 'import base64, json, sys
sys.stdout.buffer.write(base64.b64decode(json.load(open(sys.argv[1]))["list"]))' \
	"$bundle" > "$tmp/shipped"
imans log "$tmp/shipped" > "$tmp/out"
says " $place/later$"

expect 0 "proof --self inside" tell box10 "imans proof --self -o $place/part"
expect 0 "proof --for outside" imans proof --for "$place/part" --nonce $other \
	-o "$tmp/host"
expect 0 "verify --proof --host-part" without_tpm imans verify --proof "$place/part" \
	--host-part "$tmp/host" --nonce $other --ak "$tmp/ak.pem"
says "^verified$"

# One that has ended, and has kept a copy from before and all of its list.
me=$(id_of box20)
expect 0 "a tenant keeps its anchor" tell box20 \
	"cat $ima/anchor > $place/saved && $place/program10"
expect 0 "... and its list, as the last that it does" tell box20 \
	"cat $ima/binary_runtime_measurements > $place/left"
leave box20
result $? "it ends"
settle
imans log "$place/left" > "$tmp/out"
says " $place/program10$"
dead=(imans proof "$me" --nonce "$nonce" -o "$bundle" --saved "$place/saved" --list)
expect 2 "proof of one that has ended" imans proof "$me"
says "there is no namespace $me"
expect 0 "proof --saved --list" "${dead[@]}" "$place/left"
expect 0 "verify --proof" "${judge[@]}" --nonce $nonce --ak "$tmp/ak.pem"
says "^anchor: seq .*, death$"
says "^verified$"
expect 0 "the tenant's part without the host" imans proof --self \
	--saved "$place/saved" --list "$place/left" -o "$tmp/part"
expect 0 "... and the host's" imans proof --for "$tmp/part" -o "$tmp/host"
expect 0 "verify --proof --host-part" without_tpm imans verify \
	--proof "$tmp/part" --host-part "$tmp/host"
number=$(entry "$place/left" " $place/program10$")
"$forge" drop "$place/left" "$number" > "$tmp/short"
expect 1 "proof of a list without one entry" "${dead[@]}" "$tmp/short"
says "the list is not the one that namespace $me ended with"
expect 1 "... and nobody believes it" "${judge[@]}" --nonce $nonce --ak "$tmp/ak.pem"
says "the list is not the one that namespace $me ended with"

# ------------------------------------------------------------------------ quotes
expect 2 "no TPM is to be reached where quotes are verified" without_tpm imans pcr read
expect 2 "... nor the kernel's view of it" without_tpm imans pcr read --sysfs $sysfs
q=$tmp/quote
judge_quote() {
	without_tpm imans verify --quote "$q" "$@"
}
for kind in "" --rsa; do
	expect 0 "quote $kind, with all namespaces" imans quote $kind --nonce $nonce \
		-o "$q" --namespaces --ak-out "$tmp/ak$kind.pem"
	expect 0 "verify --quote" judge_quote --nonce $nonce --ak "$tmp/ak$kind.pem"
	says "^PCR 10 sha256: ok, "
	says "^PCR 11 sha256 (quote): ok, $((boxes + 1)) records$"
	says "^PCR 12 sha256 (quote): ok, "
	says "^namespace $(id_of box30): [0-9]* entries, slot "
	says "^verified$"
	expect 1 "... by another nonce" judge_quote --nonce $other --ak "$tmp/ak$kind.pem"
	says "the quote answers the nonce $nonce, which was not asked"
	says_not "^verified$"
done
expect 1 "... by another key" judge_quote --nonce $nonce --ak "$tmp/ak.pem"
says "the signature is not that of the key"
says_not "^verified$"

export TPM2TOOLS_TCTI=device:/dev/tpmrm0
tpm2_createek -c "$tmp/ek.ctx" -G ecc > "$tmp/out" 2>&1 &&
	tpm2_createak -C "$tmp/ek.ctx" -c "$tmp/given.ctx" -G ecc -g sha256 \
		-s ecdsa -u "$tmp/given.pub" >> "$tmp/out" 2>&1
result $? "a key is made by tpm2-tools"
expect 0 "quote --key" imans quote --key "$tmp/given.ctx" --nonce $nonce -o "$q"
expect 0 "verify --quote" judge_quote --nonce $nonce --ak "$tmp/given.pub"
says "^verified$"
says_not "a PEM file does not say"
expect 1 "... by the key that was not given" judge_quote --nonce $nonce --ak "$tmp/ak.pem"
says "the signature is not that of the key: the quote is of another key$"
expect 1 "... by another nonce" judge_quote --nonce $other --ak "$tmp/given.pub"
says "the quote answers the nonce $nonce, which was not asked"
expect 0 "the key is made persistent" tpm2_evictcontrol -C o -c "$tmp/given.ctx" 0x81010002
expect 0 "quote --handle" imans quote --handle 0x81010002 --nonce $other -o "$q"
expect 0 "verify --quote" judge_quote --nonce $other --ak "$tmp/given.pub"
unset TPM2TOOLS_TCTI
expect 2 "verify --quote without a key" judge_quote --nonce $other
expect 2 "verify --quote without a nonce" judge_quote --ak "$tmp/given.pub"

# -------------------------------------------------------------- unload and reload
expect 1 "unload while four are anchored" rmmod ima_ns
says "Module ima_ns is in use"
for n in 10 30 40; do
	leave "box$n"
	result $? "container $n ends"
done
expect 1 "unload while one is anchored" rmmod ima_ns
says "Module ima_ns is in use"
expect 0 "... which is, as before" imans verify --boot --anchor --namespaces --sysfs $sysfs
says_not "nothing is anchored since"
leave box50
result $? "the last one ends"
expect 0 "unload" rmmod ima_ns
[ ! -e $sec/ima_ns ]
result $? "... its files are gone"
evmctl_list "unloaded"
expect 0 "verify --boot --anchor" "${verify[@]}" --boot --anchor
says "nothing is anchored since entry [0-9]* (ima_ns_unregister)"
says "^verified$"

tenant before
result $? "a container without the module"
expect 0 "... has an anchor" tell before "cat $ima/anchor"
[ ! -s "$tmp/before" ]
result $? "... that is empty"
expect 0 "... runs a program" tell before "$place/program1"
evmctl_list "without the module"
expect 0 "... whose records do not need it" "${verify[@]}" --boot --anchor

expect 0 "load again" insmod "$IMANS_MODULE"
settle
expect 0 "boot-log" imans boot-log
[ "$(grep -c '^namespace .* user (late), .* label before$' "$tmp/out")" -eq 1 ]
result $? "... has the one that was there"
tenant after
result $? "another container"
expect 0 "... runs a program" tell after "$place/program2"
evmctl_list "loaded again"
expect 0 "verify --boot --anchor --namespaces" "${verify[@]}" --boot --anchor --namespaces
says "registered again in entry "
says "^verified$"
register=$(sed -n 's/^registered: .* record \(sha256:[0-9a-f]*\).*/\1/p' "$tmp/out" |
	tail -n 1)
expect 0 "quote --namespaces" imans quote --nonce $nonce -o "$q" --namespaces
expect 0 "verify --quote" judge_quote --nonce $nonce --ak "$tmp/ak.pem"
for box in before after; do
	expect 0 "proof of $box" imans proof "$(id_of $box)" --nonce $nonce -o "$bundle"
	says "to be verified with --register $register"
	expect 1 "verify --proof of $box" "${judge[@]}" --nonce $nonce --ak "$tmp/ak.pem"
	says "PCR 12 was not zero at the registration"
	expect 0 "... whose register record is known" "${judge[@]}" --nonce $nonce \
		--ak "$tmp/ak.pem" --register "$register"
	expect 1 "... and is not another" "${judge[@]}" --nonce $nonce \
		--ak "$tmp/ak.pem" --register "sha256:$(printf '%064d' 0)"
	says "the register record is not the one that is expected"
done
leave before && leave after
result $? "both end"
expect 0 "unload again" rmmod ima_ns
evmctl_list "unloaded again"
expect 0 "verify --boot --anchor" "${verify[@]}" --boot --anchor
says "^verified$"

finish
