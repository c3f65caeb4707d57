#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What root of a running machine can try, with its TPM, its kernel's lists and
# ima_ns.ko, but neither the kernel's memory nor the TPM's key: each forgery is
# made of what this machine has, extended into its PCRs where that belongs to
# it, quoted by its TPM, and has to be rejected for the right reason. The same
# on made-up machines: tools/tests/test_forgeries.c. Runs inside the guest as
# root, on a machine whose PCRs nobody has extended yet, and leaves one whose
# PCR 12 no list explains; prints TAP.

place=/scratch/anchor-forgeries
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=lib/anchor.sh
. "$(dirname "$0")/lib/anchor.sh"
asked=a501020304050607
earlier=5a01020304050607

# What imans says.
of_10="PCR 10 of bank sha256 (%s) is not what the list leads to"
of_11="PCR 11 of bank sha256 (%s) is not what its records lead to"
of_12="PCR 12 of bank sha256 (%s) is not what its records lead to"
not_below="is not below the root of the last anchor"
not_below_all="the lists of 2 namespaces are not what is below the root of the anchor with seq"
no_kernel="its token does not continue the chain: the kernel did not write it"
shown="its token was shown before"

# because REASON: the last command did not verify what it was given, and says why.
# shellcheck disable=SC2059 # of_11 and the like
because() {
	local out

	out=$'\n'$(< "$tmp/out")$'\n'
	printf -v reason "$@"
	[[ $out == *"$reason"* && $out != *$'\nverified\n'* ]]
	result $? "... because \"$reason\""
}

# only: there is no other reason, but the same in other banks. Further ones stand
# in lines of their own, indented.
only() {
	local line bank same=0 others=0 on=

	while IFS= read -r line; do
		[[ $line != "NOT verified: "* ]] || on=1
		[[ $on && $line == @("NOT verified: "|"  ")* ]] || continue
		for bank in sha1 sha384 sha512; do
			line=${line/ bank $bank / bank sha256 }
		done
		if [[ $line == *"$reason"* ]]; then
			same=1
		else
			others=1
		fi
	done < "$tmp/out"
	[ $same$others = 10 ]
	result $? "... and for no other reason"
}

# The judges: the machine itself; who has a quote; a tenant, with a bundle.
host=(imans verify --boot --anchor --sysfs "$sysfs")
by_quote() {
	without_tpm imans verify --quote "$1" --nonce "${2:-$asked}" --ak "$tmp/ak.pem"
}
by_bundle() {
	without_tpm imans verify --proof "$1" --nonce "${2:-$asked}" --ak "$tmp/ak.pem"
}

# edit OUT FILE CODE [ARG...]: see forge.py; if it fails OUT is empty.
edit() {
	local out=$1

	shift
	"$forge" edit "$@" > "$out" || echo "# forge.py failed"
}

# look NONCE: all that the machine has to say now, in $tmp/NAME.
look() {
	settle
	cat "$sec/ima_ns/proof/$victim" > "$tmp/leaf"
	cat "$sec/ima_ns/proof/$neighbour" > "$tmp/other-leaf"
	cat "$ima/ns/$victim/binary_runtime_measurements" > "$tmp/victim"
	cat "$ima/ns/$neighbour/binary_runtime_measurements" > "$tmp/neighbour"
	cat "$ima/binary_runtime_measurements" > "$tmp/list"
	slot=$(field "$tmp/leaf" slot)
	other_slot=$(field "$tmp/other-leaf" slot)
	n=$(field "$tmp/leaf" n)
	salt=$(field "$tmp/leaf" salt)
	other_salt=$(field "$tmp/other-leaf" salt)
	# What is not to be seen is left out.
	evil=$(entry "$tmp/victim" " $place/evil$")
	"$forge" drop "$tmp/victim" "$evil" > "$tmp/doctored"
	last=$(entry "$tmp/list" " ima_ns_anchor ")
	seq=$(imans log "$tmp/list" | sed -n "s/^$last .*\"seq=\([0-9]*\) .*/\1/p")
	root=$(field "$tmp/leaf" root)
	imans quote --nonce "$1" --namespaces -o "$tmp/quote" \
		--ak-out "$tmp/ak.pem" &&
		imans proof "$victim" --nonce "$1" -o "$tmp/bundle" &&
		imans proof "$neighbour" --nonce "$1" -o "$tmp/other-bundle"
}

# root_with LIST LIST: of the tree with these lists of the victim and neighbour.
root_with() {
	"$forge" root "$n" "$slot:$victim:$salt:$1" \
		"$other_slot:$neighbour:$other_salt:$2"
}

honest() {
	expect 0 "$1, the host" "${host[@]}" "$tmp/list"
	expect 0 "$1, by quote" by_quote "$tmp/quote" "$2"
	says "^namespace $victim: [0-9]* entries, slot $slot$"
	expect 0 "$1, the victim's bundle" by_bundle "$tmp/bundle" "$2"
	expect 0 "$1, the neighbour's bundle" by_bundle "$tmp/other-bundle" "$2"
}

# ------------------------------------------------------------------------ honest
requirements cp
mkdir -p "$place"
for f in evil work other; do
	cp /bin/true "$place/$f"
	echo "$f" >> "$place/$f"
done
require "the module is loaded" insmod "$IMANS_MODULE"
tenant victim && tenant neighbour && tenant gone
result $? "three containers are up"
tell victim "$place/evil; $place/work; cat $ima/vpcr > $place/vpcr" &&
	tell neighbour "$place/other" && tell gone "$place/other" && leave gone
result $? "... one of which runs something evil, and one has ended"
victim=$(id_of victim)
neighbour=$(id_of neighbour)
expect 0 "what the machine has to say" look $earlier
honest "honest" $earlier
"$forge" only "$tmp/victim" "$evil" > "$tmp/evil"
imans log "$tmp/evil" > "$tmp/out"
says " $place/evil$"
imans log "$tmp/doctored" > "$tmp/out"
says_not " $place/evil$"
says " $place/work$"
[ "sha256:$(root_with "$tmp/victim" "$tmp/neighbour")" = "$root" ]
result $? "the tree that is forged below is that of the kernel if nothing is"

# ------------------------------------------------------- 1. a list entry removed
# removed WHAT NUMBER REASON...: of the host's list.
removed() {
	"$forge" drop "$tmp/list" "$2" > "$tmp/forged"
	expect 1 "the host's $1 removed" "${host[@]}" "$tmp/forged"
	because "$3" sysfs
	only
	# shellcheck disable=SC2016
	edit "$tmp/edited" "$tmp/quote" 'd["list"] = b64(read(arg[0]))
d["namespaces"] = None' "$tmp/forged"
	expect 1 "... by quote" by_quote "$tmp/edited" $earlier
	because "$3" quote
	only
}
removed "birth record" "$(entry "$tmp/list" " ima_ns_birth .*id=$victim ")" "$of_10"
removed "death record" "$(entry "$tmp/list" " ima_ns_death ")" "$of_10"
removed "boot record" "$(entry "$tmp/list" " ima_ns_boot .*id=$victim ")" "$of_11"
removed "last anchor" "$last" "$of_12"
"$forge" drop "$tmp/list" "$(entry "$tmp/list" " ima_ns_anchor .*seq=1 ")" > "$tmp/forged"
expect 1 "the first anchor removed" "${host[@]}" "$tmp/forged"
because "ima_ns_anchor with seq 2, but 1 is next"
because "$of_12" sysfs

edit "$tmp/edited" "$tmp/bundle" 'd["list"] = b64(read(arg[0]))' "$tmp/doctored"
expect 1 "the victim's entry removed, bundle" by_bundle "$tmp/edited" $earlier
because "the leaf covers $(field "$tmp/leaf" seq) entries, the list has only"
doctor='forget(d, arg[0])'
edit "$tmp/edited" "$tmp/bundle" "$doctor" "$place/evil"
expect 1 "... and the leaf covers less" by_bundle "$tmp/edited" $earlier
because "$not_below"
only
doctor_quote='forget(namespace(d, arg[1]), arg[0])'
edit "$tmp/edited" "$tmp/quote" "$doctor_quote" "$place/evil" "$victim"
expect 1 "... by quote" by_quote "$tmp/edited" $earlier
because "$not_below_all"
only

# ------------------------------------------------------------- 2. acc is replaced
forged_acc=$("$forge" acc "$tmp/doctored")
"$forge" head "$tmp/victim" "$(sed -n 's/^acc .* //p' "$place/vpcr")" > "$tmp/then"
expect 0 "the victim's list and vpcr" imans verify "$tmp/then" --vpcr "$place/vpcr"
says "^acc: ok$"
sed "s/^acc sha256:[0-9a-f]*/acc ${forged_acc% *}/" "$place/vpcr" > "$tmp/vpcr"
expect 1 "acc replaced in vpcr" imans verify "$tmp/then" --vpcr "$tmp/vpcr"
because "acc is not what the list leads to after"
only
death=$(entry "$tmp/list" " ima_ns_death ")
old=$(imans log "$tmp/list" | sed -n "s/^$death .* acc=sha256:\([0-9a-f]*\).*/\1/p")
"$forge" replace "$tmp/list" "$death" "$old" "$(printf '%064d' 0)" > "$tmp/forged"
expect 1 "acc replaced in a death record" "${host[@]}" "$tmp/forged"
because "$of_10" sysfs
only
"$forge" replace "$tmp/list" "$last" "${root#sha256:}" \
	"$(root_with "$tmp/doctored" "$tmp/neighbour")" > "$tmp/forged"
expect 1 "the root of the last anchor replaced" "${host[@]}" "$tmp/forged"
because "$of_12" sysfs
only
edit "$tmp/edited" "$tmp/quote" "$doctor_quote"'
d["list"] = b64(read(arg[2]))' "$place/evil" "$victim" "$tmp/forged"
expect 1 "... and the list to it, by quote" by_quote "$tmp/edited" $earlier
because "$of_12" quote
only
edit "$tmp/edited" "$tmp/bundle" "$doctor"'
d["pcr_anchor"][-1] = b64(nth(arg[1], arg[2]).data)' "$place/evil" "$tmp/forged" "$last"
expect 1 "... bundle" by_bundle "$tmp/edited" $earlier
because "$of_12" quote
only

# ------------------------------------------------- 5. two tenants' leaves swapped
edit "$tmp/edited" "$tmp/bundle" \
	'take(d, load(arg[0]), "index", "path")' "$tmp/other-bundle"
expect 1 "the victim in the neighbour's slot" by_bundle "$tmp/edited" $earlier
because "$not_below"
only
edit "$tmp/edited" "$tmp/bundle" \
	'take(d, load(arg[0]), "index", "path", "list", "seq")' "$tmp/other-bundle"
expect 1 "the neighbour's slot and list as the victim's" by_bundle "$tmp/edited" $earlier
because "$not_below"
only
edit "$tmp/edited" "$tmp/quote" 'swap(*d["namespaces"], "list", "seq")'
expect 1 "the lists swapped, by quote" by_quote "$tmp/edited" $earlier
because "$not_below_all"
only
edit "$tmp/edited" "$tmp/quote" 'swap(*d["namespaces"], "slot")'
expect 1 "the slots swapped, by quote" by_quote "$tmp/edited" $earlier
because "$not_below_all"
only
swapped=$("$forge" root "$n" "$other_slot:$victim:$salt:$tmp/victim" \
	"$slot:$neighbour:$other_salt:$tmp/neighbour")
"$forge" replace "$tmp/list" "$last" "${root#sha256:}" "$swapped" > "$tmp/forged"
expect 1 "... and the root to it" "${host[@]}" "$tmp/forged"
because "$of_12" sysfs
only

# ---------------------------------------------------- 6. an old quote is replayed
not_asked="the quote answers the nonce $earlier, which was not asked"
expect 1 "the old quote under a fresh nonce" by_quote "$tmp/quote"
because "$not_asked"
only
expect 1 "the old bundle under a fresh nonce" by_bundle "$tmp/bundle"
because "$not_asked"
only
edit "$tmp/edited" "$tmp/quote" 'b = unb64(d["attest"])
assert b.count(bytes.fromhex(arg[0])) == 1
d["attest"] = b64(b.replace(bytes.fromhex(arg[0]), bytes.fromhex(arg[1])))' \
	$earlier $asked
expect 1 "... written into it" by_quote "$tmp/edited"
because "the signature is not that of the key"
# The victim does something evil since.
cp "$tmp/bundle" "$tmp/old-bundle"
cp "$tmp/quote" "$tmp/old-quote"
expect 0 "something evil happens" tell victim \
	"cp $place/evil $place/worse && echo >> $place/worse && $place/worse"
expect 0 "what the machine has to say" look $asked
honest "fresh" $asked
edit "$tmp/edited" "$tmp/old-bundle" 'take(d, load(arg[0]), "quote")' "$tmp/bundle"
expect 1 "the old bundle with a fresh quote" by_bundle "$tmp/edited"
because "$of_12" quote
only
edit "$tmp/edited" "$tmp/old-bundle" 'fresh = load(arg[0])["quote"]
take(d["quote"], fresh, *(set(fresh) - {"pcrs"}))' "$tmp/bundle"
expect 1 "... and the old values" by_bundle "$tmp/edited"
because "the PCR values are not those that the TPM quoted"
edit "$tmp/edited" "$tmp/old-quote" \
	'take(d, load(arg[0]), "attest", "signature", "pcrs")' "$tmp/quote"
expect 1 "the old lists with a fresh quote" by_quote "$tmp/edited"
because "$of_12" quote

# --------------------- 4. a doctored list, a further anchor, one extend of PCR 12
# append SEQ ROOT TOKEN: the record behind $tmp/list in $tmp/forged, and in the TPM.
append() {
	"$forge" record 12 ima_ns_anchor \
		"seq=$1 n=$n root=sha256:$2 reason=interval token=$3" > "$tmp/record"
	"$forge" data "$tmp/record" 1 > "$tmp/data"
	imans pcr extend 12 --file "$tmp/data" > /dev/null || return
	cat "$tmp/list" "$tmp/record" > "$tmp/forged"
}
expect 0 "a further anchor of our own, PCR 12 extended once" append $((seq + 1)) \
	"$(root_with "$tmp/doctored" "$tmp/neighbour")" "$(printf '42%.0s' {1..32})"
pcrs sha256 > "$tmp/sha256"
evmctl_says matches "the list with it" "$tmp/forged" "sha256,$tmp/sha256"
expect 1 "the list with it" "${host[@]}" "$tmp/forged"
says "^PCR 12 sha256 (sysfs): ok, "
because "$no_kernel"
only
expect 0 "... is quoted by the TPM" imans quote --nonce $asked --list "$tmp/forged" \
	-o "$tmp/new-quote"
edit "$tmp/edited" "$tmp/quote" "$doctor_quote"'
take(d, load(arg[2]), "attest", "signature", "pcrs")
d["list"] = b64(read(arg[3]))' "$place/evil" "$victim" "$tmp/new-quote" "$tmp/forged"
expect 1 "... with the doctored list, by quote" by_quote "$tmp/edited"
says "^PCR 12 sha256 (quote): ok, "
says "^namespace $victim: $(($(field "$tmp/leaf" seq) - 1)) entries, slot $slot$"
because "$no_kernel"
edit "$tmp/edited" "$tmp/bundle" "$doctor"'
d["pcr_anchor"].append(b64(read(arg[1])))
take_quote(d, arg[2])' "$place/evil" "$tmp/data" "$tmp/new-quote"
expect 1 "... bundle" by_bundle "$tmp/edited"
says "^PCR 12 sha256 (quote): ok, "
because "$no_kernel"
edit "$tmp/edited" "$tmp/bundle" 'take_quote(d, arg[0])' "$tmp/new-quote"
expect 1 "the true bundle, now" by_bundle "$tmp/edited"
because "$of_12" quote
only

# The kernel notices, and tells root.
expect 0 "ima_ns/anchor" cat $sec/ima_ns/anchor
says "^pcr_anchor: 12 foreign$"
says "^pcr_boot: 11$"
expect 1 "quote of the true list" imans quote --nonce $asked -o "$tmp/new-quote"
says "PCR 12: the list never leads to its value: somebody else has extended it"
expect 1 "verify of the true list" "${host[@]}" "$tmp/list"
because "$of_12" sysfs

# 5., once more: swapped in the tree itself, with the token of the last anchor.
cp "$tmp/list" "$tmp/true-list"
token=$(imans log "$tmp/list" | sed -n "s/^$last .* token=\([0-9a-f]*\).*/\1/p")
cp "$tmp/forged" "$tmp/list"
swapped=$("$forge" root "$n" "$other_slot:$victim:$salt:$tmp/victim" \
	"$slot:$neighbour:$other_salt:$tmp/neighbour")
expect 0 "an anchor with the leaves swapped, PCR 12 extended" append $((seq + 2)) \
	"$swapped" "$token"
expect 1 "the list with it" "${host[@]}" "$tmp/forged"
says "^PCR 12 sha256 (sysfs): ok, "
because "$shown"

# ------------------- 3. a history is invented and extended, chain of tokens and all
cp "$tmp/forged" "$tmp/list"
secret=$(printf '17%.0s' {1..32})
chain=16
# banks PCR: what the TPM has there now, as a register record says it.
banks() {
	imans pcr read "$1" | sed "s/^$1 //" | paste -s -d ,
}
# invented PCR NAME TEXT: one more record in $tmp/list, and in the TPM.
invented() {
	"$forge" record "$@" > "$tmp/record"
	"$forge" data "$tmp/record" 1 > "$tmp/data"
	imans pcr extend "$1" --file "$tmp/data" > /dev/null || return
	cat "$tmp/record" >> "$tmp/list"
	cp "$tmp/data" "$tmp/invented-$1-$2"
}
text_of() {
	imans log "$tmp/true-list" | sed -n "s/^$1 [^\"]*\"\(.*\)\"$/\1/p"
}
true_register=$(text_of 2)
boot=$(text_of "$(entry "$tmp/true-list" " ima_ns_boot .*id=$victim ")")
register="${true_register%% pcr_boot=*} pcr_boot=11 pcr_anchor=12 start_boot=$(banks 11) start_anchor=$(banks 12) alive=0 chain=$chain token=$("$forge" token "$secret" $chain)"
begin=$(imans log "$tmp/list" | wc -l)
{
	for pcr in 11 12 10; do
		invented $pcr ima_ns_register "$register" || echo "PCR $pcr"
	done
	invented 11 ima_ns_boot "$boot" || echo boot
	invented 12 ima_ns_anchor "seq=1 n=$n root=sha256:$(root_with \
		"$tmp/doctored" "$tmp/neighbour") reason=interval token=$("$forge" \
		token "$secret" $((chain - 1)))" || echo anchor
} > "$tmp/out" 2>&1
[ ! -s "$tmp/out" ]
result $? "a registration, a boot record and an anchor of our own are extended"
pcrs sha256 > "$tmp/sha256"
evmctl_says matches "a history invented, behind the true one" "$tmp/list" \
	"sha256,$tmp/sha256"
expect 1 "a history invented, behind the true one" "${host[@]}" "$tmp/list"
for pcr in 11 12; do
	says "^PCR $pcr sha256 (sysfs): ok, "
done
because "entry $((begin + 1)): ima_ns_register, but that of entry 2 has not ended"
expect 0 "... is quoted by the TPM" imans quote --nonce $asked --list "$tmp/list" \
	-o "$tmp/new-quote"
expect 1 "... by quote" by_quote "$tmp/new-quote"
because "entry $((begin + 1)): ima_ns_register, but that of entry 2 has not ended"

# Without the true one in the list, as if the machine had begun with this.
{
	"$forge" only "$tmp/list" 1
	for i in $(seq $((begin + 1)) $((begin + 5))); do
		"$forge" only "$tmp/list" "$i"
	done
} > "$tmp/forged"
expect 1 "a history invented, the true one left out" "${host[@]}" "$tmp/forged"
says "^PCR 12 sha256 (sysfs): ok, "
because "$of_10" sysfs
only

# A tenant that has never seen the true one.
imans quote --nonce $asked --no-list -o "$tmp/new-quote" > "$tmp/out" 2>&1
result $? "quote without a list"
invent='d["pcr_boot"] = [b64(read(arg[1] + "-11-" + r)) for r in ("ima_ns_register", "ima_ns_boot")]
d["pcr_anchor"] = [b64(read(arg[1] + "-12-" + r)) for r in ("ima_ns_register", "ima_ns_anchor")]
take_quote(d, arg[2])
'
edit "$tmp/edited" "$tmp/bundle" "$doctor"'
'"$invent" "$place/evil" "$tmp/invented" "$tmp/new-quote"
expect 1 "a history invented, bundle" by_bundle "$tmp/edited"
says "^PCR 12 sha256 (quote): ok, "
because "PCR 12 was not zero at the registration"
only
known=$(imans boot-log "$tmp/true-list" > /dev/null; imans verify "$tmp/true-list" \
	--boot --anchor --sysfs "$sysfs" |
	sed -n 's/^registered: entry 2, .* record \(sha256:[0-9a-f]*\).*/\1/p')
expect 1 "... and the true registration is known" without_tpm imans verify \
	--proof "$tmp/edited" --nonce $asked --ak "$tmp/ak.pem" --register "$known"
because "the register record is not the one that is expected"
only
# ... with a lie about where PCR 12 began.
zeros=$(banks 12 | sed 's/:[0-9a-f]*/:/g; s/sha1:/&'"$(printf '%040d' 0)"'/
	s/sha256:/&'"$(printf '%064d' 0)"'/; s/sha384:/&'"$(printf '%096d' 0)"'/
	s/sha512:/&'"$(printf '%0128d' 0)"'/')
"$forge" record 12 ima_ns_register "${register%% start_boot=*} start_boot=$zeros start_anchor=$zeros alive=0 ${register##* alive=0 }" > "$tmp/record"
"$forge" data "$tmp/record" 1 > "$tmp/invented-12-ima_ns_register"
cp "$tmp/invented-12-ima_ns_register" "$tmp/invented-11-ima_ns_register"
edit "$tmp/edited" "$tmp/bundle" "$doctor"'
'"$invent" "$place/evil" "$tmp/invented" "$tmp/new-quote"
expect 1 "... said to begin with zero" by_bundle "$tmp/edited"
because "$of_12" quote

# -------------------------------------------------------------------------- the end
leave victim && leave neighbour
result $? "all containers end"
settle
expect 0 "the kernel's own chain went on" imans boot-log
expect 1 "... but nothing vouches for it any more" "${host[@]}"
because "$of_12" sysfs
expect 0 "unload" rmmod ima_ns

finish
