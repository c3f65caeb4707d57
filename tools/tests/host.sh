#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ls, show ID, log ID and verify --host, on directories that look like init's
# securityfs.
# shellcheck source=tools/tests/lib.sh
. "$(dirname "$0")/lib.sh"
need_python

ima=$tmp/sec/integrity/ima
zeros=$(printf '0%.0s' {1..64})

# host LINES: the host's list, behind boot_aggregate; lines as for genlist.
host()
{
	printf '10 01 boot_aggregate\n%s\n' "$1" | sed '/^$/d' |
		"$GENLIST" "$ima/binary_runtime_measurements" >/dev/null
}

# space ID PARENT LABEL LINES: a namespace that is alive, with its list.
space()
{
	local dir=$ima/ns/$1 acc

	mkdir -p "$dir"
	printf '10 01 boot_aggregate\n%s\n' "$4" | sed '/^$/d' |
		"$GENLIST" "$dir/binary_runtime_measurements" >"$tmp/replay"
	acc=$(sed -n 's/^acc //p' "$tmp/replay")
	printf '%s\n' "id: $1" "uuid: x" "parent: $2" "userns: 4026531837" \
		"level: 1" "state: active" "created: 5" "label: $3" \
		"hash: sha256" "template: ima-ng" "entries: ${acc#* }" \
		"violations: 0" "bytes: 100" "pending: 0" "tpm: none" \
		"policy: sha256:$zeros" "acc: $acc" >"$dir/status"
}

birth()
{
	echo "10 r ima_ns_birth id=$1 uuid=x parent=$2 userns=1 owner=0 label= by=own"
}

policy()
{
	echo "10 r ima_ns_policy id=$1 seq=$2 rules=1 policy=sha256:$zeros"
}

# death ID REPLAY: as the replay says that genlist printed.
death()
{
	local acc

	acc=$(sed -n 's/^acc //p' "$2")
	echo "10 r ima_ns_death id=$1 entries=${acc#* } violations=0 acc=${acc% *}"
}

fresh()
{
	rm -rf "$ima"
	mkdir -p "$ima/ns"
}

printf '10 05 /bin/late\n' | "$GENLIST" "$tmp/one" >/dev/null

verify=("$IMANS" verify --host --securityfs "$tmp/sec")

expect 2 "ls without securityfs" "$IMANS" ls --securityfs "$tmp/sec"
says err "securityfs is not mounted at"
expect 2 "ls with an operand" "$IMANS" ls 5
fresh
expect 0 "ls of none" "$IMANS" ls --securityfs "$tmp/sec"
says out "^ID  PARENT  LEVEL  STATE"
space 7 0 web "10 02 /bin/two"
space 12 7 "in ner"
space 9 0 ""
expect 0 "ls" "$IMANS" ls --securityfs "$tmp/sec"
[ "$(awk 'NR > 1 { print $1 }' "$tmp/out" | tr '\n' ' ')" = "7 9 12 " ]
result $? "... in the order of their ids"
says out "^7   0       1      active  2        0           none  web$"
says out "^9 .* none  -$"
expect 0 "ls --tree" "$IMANS" ls --tree --securityfs "$tmp/sec"
[ "$(awk 'NR > 1 { print $1 }' "$tmp/out" | tr '\n' ' ')" = "7 12 9 " ]
result $? "... below their parents"
says out "^  12 "
expect 0 "ls --json" "$IMANS" ls --json --securityfs "$tmp/sec"
json '[x["id"] for x in d] == ["7", "9", "12"] and d[2]["label"] == "in ner"'
printf 'id: 9\nlabel: a\033[2Jb\n' >"$ima/ns/9/status"
expect 0 "ls of a label with control characters" "$IMANS" ls --securityfs "$tmp/sec"
says out 'a\\x1b\[2Jb$'
# A loop of parents, which no kernel makes.
space 7 12 web
expect 0 "ls --tree ends" "$IMANS" ls --tree --securityfs "$tmp/sec"
[ "$(wc -l <"$tmp/out")" -eq 4 ]
result $? "... and leaves nobody out"
echo nonsense >"$ima/ns/9/status"
expect 2 "ls of a malformed status" "$IMANS" ls --securityfs "$tmp/sec"
says err "not a \"key: value\" line: nonsense"
rm "$ima/ns/9/status"
expect 0 "ls when one is gone by now" "$IMANS" ls --securityfs "$tmp/sec"

fresh
space 3 0 web "10 02 /bin/two"
expect 0 "log ID" "$IMANS" log 3 --securityfs "$tmp/sec"
says out "^2 10 .* /bin/two$"
# shellcheck disable=SC2016
expect 0 "log --follow ID ends with the namespace" bash -c '
	(sleep 1; cat "$3" >>"$2/binary_runtime_measurements"; rm -r "$2") &
	timeout 10 "$1" log --follow 3 --securityfs "$4"' - \
	"$IMANS" "$ima/ns/3" "$tmp/one" "$tmp/sec"
says err "namespace 3 has ended"
[ "$(wc -l <"$tmp/out")" -eq 3 ]
result $? "... and prints what came last"

fresh
host ""
expect 0 "verify --host, no namespace at all" "${verify[@]}"
says out "^namespaces: 0 alive, 0 ended$"
says out "^verified$"

space 3 0 web "10 02 /bin/two"
host "$(birth 3 0)
$(policy 3 1)
$(policy 3 2)"
expect 0 "verify --host, one alive" "${verify[@]}"
says out "^namespaces: 1 alive, 0 ended$"
expect 0 "... as JSON" "${verify[@]}" --json
json 'd["verified"] and d["alive"] == 1 and d["reasons"] == []'
expect 0 "... with a copy of the host's list" "${verify[@]}" "$ima/binary_runtime_measurements"
host "$(birth 3 0)
$(policy 3 2)"
expect 1 "a policy is missing" "${verify[@]}"
says out "entry 3 of the host's list: policy 2 of namespace 3 follows policy 0"
host "$(birth 3 0)
$(birth 3 0)"
expect 1 "born twice" "${verify[@]}"
says out "namespace 3 is born twice: entry 2 of the host's list and entry 3 of the host's list"
host ""
expect 1 "alive and not born" "${verify[@]}"
says out "namespace 3 is alive, and no birth is listed"
host "$(birth 3 0)
$(birth 4 0)"
expect 1 "neither alive nor dead" "${verify[@]}"
says out "namespace 4 is neither alive nor dead: its birth is entry 3 of the list of 0"
expect 1 "... as JSON" "${verify[@]}" --json
json 'not d["verified"] and len(d["reasons"]) == 1'
host "$(policy 5 1)"
expect 1 "a policy of nobody" "${verify[@]}"
says out "a policy of namespace 5, whose birth is not before it"
host "$(birth 3 0)
10 r ima_ns_policy nothing=1"
expect 1 "a record of nobody" "${verify[@]}"
says out "entry 3 of the host's list: a record that names no namespace"

# A namespace in a namespace: its birth is in the list of the one above.
host "$(birth 3 0)"
space 6 3 ""
space 3 0 web "$(birth 6 3)"
expect 0 "one in another" "${verify[@]}"
space 3 0 web ""
expect 1 "one in another, not born" "${verify[@]}"
says out "namespace 6 is alive, and no birth is listed"
rm -r "$ima/ns/6"
space 3 0 web "$(birth 6 3)"
expect 1 "one in another is lost" "${verify[@]}"
says out "namespace 6 is neither alive nor dead: its birth is entry 2 of the list of 3"

# The list of a living one and the sum that the kernel keeps.
space 3 0 web "10 02 /bin/two"
printf '10 01 boot_aggregate\n10 03 /bin/two\n' |
	"$GENLIST" "$ima/ns/3/binary_runtime_measurements" >/dev/null
expect 1 "another list than the kernel's" "${verify[@]}"
says out "namespace 3: its list does not come to the acc of its 2 entries"
printf '10 01 boot_aggregate\n10 02 /bin/two\n10 02 /bin/three\n' |
	"$GENLIST" "$ima/ns/3/binary_runtime_measurements" >/dev/null
expect 0 "a list that has grown since" "${verify[@]}"
sed -i 's/^acc: .*/acc: sha1:12 4/' "$ima/ns/3/status"
expect 2 "a malformed acc" "${verify[@]}"
sed -i '/^acc: /d' "$ima/ns/3/status"
expect 0 "a kernel that shows no acc" "${verify[@]}"
says out "^not compared: the lists of 1, whose status has no acc$"
head -c 100 "$ima/ns/3/binary_runtime_measurements" >"$tmp/half"
cp "$tmp/half" "$ima/ns/3/binary_runtime_measurements"
expect 2 "a truncated list of a namespace" "${verify[@]}"
says err "namespace 3: truncated list"

# Dead ones.
fresh
printf '10 01 boot_aggregate\n10 02 /bin/two\n' | "$GENLIST" "$tmp/left" >"$tmp/replay"
host "$(birth 3 0)
$(death 3 "$tmp/replay")"
expect 0 "one has ended" "${verify[@]}"
says out "^namespaces: 0 alive, 1 ended$"
expect 0 "... and its list was kept" "${verify[@]}" --list 3="$tmp/left"
printf '10 01 boot_aggregate\n10 03 /bin/two\n' | "$GENLIST" "$tmp/other" >/dev/null
expect 1 "... and another list is shown" "${verify[@]}" --list 3="$tmp/other"
says out "other is not the list of namespace 3: its death record says 2 entries"
printf '10 01 boot_aggregate\n' | "$GENLIST" "$tmp/other" >/dev/null
expect 1 "... and a shorter one" "${verify[@]}" --list 3="$tmp/other"
expect 2 "a list of one that has no death record" "${verify[@]}" --list 4="$tmp/left"
expect 2 "--list without a file" "${verify[@]}" --list 4
expect 2 "--list of a file that is not there" "${verify[@]}" --list 3=/nonexistent
host "$(death 3 "$tmp/replay")"
expect 1 "dead and not born" "${verify[@]}"
says out "the death of namespace 3, whose birth is not before it"
host "$(birth 3 0)
$(death 3 "$tmp/replay")
$(death 3 "$tmp/replay")"
expect 1 "dies twice" "${verify[@]}"
says out "namespace 3 dies twice"
host "$(birth 3 0)
$(death 3 "$tmp/replay")
$(policy 3 1)"
expect 1 "a policy after the death" "${verify[@]}"
says out "a policy of namespace 3, which had ended at entry 3"
host "$(birth 3 0)
10 r ima_ns_death id=3 entries=1"
expect 1 "a death that says little" "${verify[@]}"
says out "the death of namespace 3 does not say what it leaves"
# After kexec the list goes on with a second boot_aggregate.
host "$(birth 3 0)
10 01 boot_aggregate
$(birth 4 0)
$(death 4 "$tmp/replay")"
expect 0 "ended by kexec" "${verify[@]}"
says out "^namespaces: 0 alive, 1 ended, 1 before the last kexec$"

# With PCR values the host's list is verified first.
printf '10 01 boot_aggregate\n' | "$GENLIST" "$ima/binary_runtime_measurements" >"$tmp/vpcr"
expect 0 "verify --host with PCR values" "${verify[@]}" --vpcr "$tmp/vpcr"
says out "^namespaces: 0 alive"
expect 1 "... that are others" "${verify[@]}" --pcr-value "10:sha256:$zeros"
expect 2 "... as JSON" "${verify[@]}" --vpcr "$tmp/vpcr" --json
expect 2 "--list without --host" "$IMANS" verify "$tmp/left" --vpcr "$tmp/vpcr" --list 3="$tmp/left"
expect 2 "--host of two lists" "${verify[@]}" "$tmp/left" "$tmp/left"
host "$(birth 3 0)"
printf X | dd of="$ima/binary_runtime_measurements" bs=1 seek=70 conv=notrunc status=none
expect 1 "one byte of the host's list flipped" "${verify[@]}"
says out "entry 1 of the host's list is not what was measured"
finish
