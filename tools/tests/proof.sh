#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# proof, on files like those of securityfs, and what verify --proof makes of it.
# shellcheck source=tools/tests/lib.sh
. "$(dirname "$0")/lib.sh"
need_python

"$GENANCHOR" "$tmp" >"$tmp/values" || exit 1
sec=$tmp/sec
mkdir -p "$sec/integrity/ima/ns/5" "$sec/ima_ns/proof" "$tmp/inside/integrity/ima"
cp "$tmp/list" "$sec/integrity/ima/binary_runtime_measurements"
cp "$tmp/tenant" "$sec/integrity/ima/ns/5/binary_runtime_measurements"
cp "$tmp/leaf" "$sec/ima_ns/proof/5"
cp "$tmp/tenant" "$tmp/inside/integrity/ima/binary_runtime_measurements"
cp "$tmp/leaf" "$tmp/inside/integrity/ima/anchor"
bundle=$tmp/out.json
values=()
for pcr in 11 12; do
	for bank in sha1 sha256; do
		values+=("--pcr-value=$(grep "^$pcr:$bank:" "$tmp/values")")
	done
done
proof=("$IMANS" proof --securityfs "$sec" --no-pcrs -o "$bundle")
verify=("$IMANS" verify --proof "$bundle")

expect 2 "proof without ID" "$IMANS" proof
says err "one of ID, --self and --for expected"
expect 2 "proof of two" "${proof[@]}" 5 6
expect 2 "proof of no number" "${proof[@]}" x
expect 2 "proof ID --self" "${proof[@]}" 5 --self
expect 2 "proof --saved without --list" "${proof[@]}" 4 --saved "$tmp/saved"
expect 2 "proof --key without --nonce" "${proof[@]}" 5 --key x
expect 2 "proof --no-pcrs --nonce" "${proof[@]}" 5 --nonce 00
expect 2 "proof of who is not there" "${proof[@]}" 6
says err "there is no namespace 6; what is left of one that has ended"
expect 2 "proof without module" "$IMANS" proof --securityfs "$tmp/inside" --no-pcrs 5 \
	--host-list "$tmp/list"
says err "ima_ns is not loaded"

expect 0 "proof" "${proof[@]}" 5
[ "$(stat -c %a "$bundle")" = 600 ]
result $? "... for the owner only"
expect 0 "verify --proof" "${verify[@]}" "${values[@]}"
says out "^verified$"
says out "^namespace 5: entry 4, user, parent 0"
says out "^anchor: seq 4, 2 slots, read$"
expect 1 "... without values" "${verify[@]}"
says out "there is no value to compare PCR 12 with"
python3 -c "import json, sys
a, b = (json.load(open(f)) for f in sys.argv[1:])
b['pcrs'] = []
sys.exit(a != b)" "$bundle" "$tmp/bundle"
result $? "... the same that was made by hand"
"$IMANS" proof --securityfs "$sec" --no-pcrs 5 | cmp - "$bundle"
result $? "proof to standard output"

# A list that is longer than what is anchored is cut.
entries 2 3 "$tmp/ended" >>"$sec/integrity/ima/ns/5/binary_runtime_measurements"
expect 0 "proof, list goes on" "${proof[@]}" 5
expect 0 "verify --proof" "${verify[@]}" "${values[@]}"
says out "^list: 2 entries, the leaf covers 2$"
# One that lost an entry, one that was changed.
entries 1 1 "$tmp/tenant" >"$sec/integrity/ima/ns/5/binary_runtime_measurements"
expect 2 "proof, an entry was lost" "${proof[@]}" 5
says err "has 1 entries, but the kernel anchored 2: entries were lost"
cp "$tmp/ended" "$sec/integrity/ima/ns/5/binary_runtime_measurements"
expect 2 "proof, the list is another" "${proof[@]}" 5
says err "does not come to what the kernel anchored after 2 entries"
cp "$tmp/tenant" "$sec/integrity/ima/ns/5/binary_runtime_measurements"
sed -i 's/^slot: 1/slot: 0/' "$sec/ima_ns/proof/5"
expect 2 "proof, a leaf that does not fit" "${proof[@]}" 5
says err "its path does not lead to its root"
cp "$tmp/leaf" "$sec/ima_ns/proof/5"

# The host's list goes on.
mkdir "$tmp/later"
{
	cat "$tmp/list"
	"$GENLIST" "$tmp/more" <<<"12 05 /bin/foreign" >/dev/null
	cat "$tmp/more"
} >"$tmp/later/list"
expect 1 "proof, something foreign in PCR 12" "${proof[@]}" 5 --host-list "$tmp/later/list"
says err "it will not be verified: the last record of pcr_anchor is no good anchor"
expect 1 "verify --proof" "${verify[@]}" "${values[@]}"

# The tenant's part, and the host's.
expect 0 "proof --self" "$IMANS" proof --self --securityfs "$tmp/inside" -o "$tmp/part"
says err "this is the tenant's part, under the anchor with seq 4; missing are"
expect 2 "verify --proof of the tenant's part" "$IMANS" verify --proof "$tmp/part" "${values[@]}"
says err "this is the tenant's part alone"
expect 0 "proof --for" "${proof[@]}" --for "$tmp/part"
python3 -c "import json, sys
sys.exit(set(json.load(open(sys.argv[1]))) & {'salt', 'list', 'path'} != set())" "$bundle"
result $? "... without what is the tenant's"
expect 0 "verify --proof --host-part" "$IMANS" verify --proof "$tmp/part" --host-part "$bundle" "${values[@]}"
says out "^verified$"
expect 2 "verify --proof of the host's part" "${verify[@]}" "${values[@]}"
says err 'not of format "ima-ns-proof"'
expect 2 "verify --host-part without --proof" "$IMANS" verify --host-part "$bundle" "$tmp/list" "${values[@]}"
: >"$tmp/inside/integrity/ima/anchor"
expect 2 "proof --self without module" "$IMANS" proof --self --securityfs "$tmp/inside"
says err "it is empty: no module vouches for the namespace"
expect 0 "proof --self of one that has ended" "$IMANS" proof --self --saved "$tmp/saved" \
	--list "$tmp/ended" -o "$tmp/part"
expect 0 "proof --for" "${proof[@]}" --for "$tmp/part"
expect 0 "verify --proof --host-part" "$IMANS" verify --proof "$tmp/part" --host-part "$bundle" "${values[@]}"
says out "^anchor: seq 3, 2 slots, death$"
expect 2 "proof --for of a list" "${proof[@]}" --for "$tmp/list"
says err "malformed tenant's part: not JSON"

# One that has ended: the salt of an earlier day, and all of its list.
dead=("${proof[@]}" 4 --saved "$tmp/saved" --list)
expect 0 "proof of one that has ended" "${dead[@]}" "$tmp/ended"
expect 0 "verify --proof" "${verify[@]}" "${values[@]}"
says out "^list: 3 entries, the leaf covers 3$"
says out "^anchor: seq 3, 2 slots, death$"
entries 1 2 "$tmp/ended" >"$tmp/short"
expect 1 "... not all of its list" "${dead[@]}" "$tmp/short"
says err "it will not be verified: the list is not the one that namespace 4 ended with"
expect 2 "... a list that is none" "${dead[@]}" "$IMANS"
expect 2 "... the leaf of another" "${proof[@]}" 4 --saved "$tmp/leaf" --list "$tmp/ended"
says err "is of namespace 5"
expect 2 "... who has not ended" "${proof[@]}" 5 --saved "$tmp/leaf" --list "$tmp/tenant"
says err "no anchor in the host's list tells the end of namespace 5"

# The tree of the last anchor, from the lists of all namespaces.
tree=("$IMANS" verify --anchor --namespaces --securityfs "$sec" "${values[@]:2}"
	"--pcr-value=$(grep "^10:sha256:" "$tmp/values")")
expect 0 "verify --anchor --namespaces" "${tree[@]}"
expect 2 "verify --boot --namespaces" "${tree[@]/--anchor/--boot}"
says err "namespaces goes with --anchor only"
expect 2 "... without module" "$IMANS" verify --anchor --namespaces --securityfs "$tmp/inside" \
	"$tmp/list" "${values[@]}"
says err "ima_ns is not loaded"
mv "$sec/ima_ns/proof/5" "$tmp/hidden"
expect 1 "... one is hidden" "${tree[@]}"
says out "the lists of 0 namespaces are not what is below the root of the anchor with seq 4"
sed 's/^anchor: 4/anchor: 3/' "$tmp/hidden" >"$sec/ima_ns/proof/5"
expect 1 "... another anchor" "${tree[@]}"
says out "not all under the last anchor, seq 4: anchors are made faster"
cp "$tmp/hidden" "$sec/ima_ns/proof/5"

# No boot record, no registration.
expect 2 "proof by a list without anchor" "${proof[@]}" 5 --host-list "$tmp/tenant"
says err "there is no ima_ns_register in it"
finish
