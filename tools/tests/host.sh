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
# Longer than verify --host waits for what does not come.
long=60

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
	cp "$tmp/replay" "$tmp/vpcr.$1"
	acc=$(sed -n 's/^acc //p' "$tmp/replay")
	printf '%s\n' "id: $1" "uuid: x" "parent: $2" "userns: 4026531837" \
		"level: 1" "state: active" "created: 5" "label: $3" \
		"hash: sha256" "template: ima-ng" "entries: ${acc#* }" \
		"violations: 0" "bytes: 100" "pending: 0" "tpm: none" \
		"policy: sha256:$zeros" "acc: $acc" >"$dir/status"
}

birth()
{
	echo "10 r ima_ns_birth id=$1 uuid=x parent=$2 userns=1 owner=0 label= by=own" \
		"hash=sha256 template=ima-ng policy=exec ca=none tpm=none exe=none"
}

policy()
{
	echo "10 r ima_ns_policy id=$1 seq=$2 rules=1 policy=sha256:$zeros"
}

# death ID REPLAY [VIOLATIONS]: as the replay says that genlist printed.
death()
{
	local acc

	acc=$(sed -n 's/^acc //p' "$2")
	echo "10 r ima_ns_death id=$1 entries=${acc#* } violations=${3:-0} acc=${acc% *}"
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
says out "^7   0       1      active  2        0           none  -   web$"
says out "^9 .* none  -   -$"
expect 0 "ls --tree" "$IMANS" ls --tree --securityfs "$tmp/sec"
[ "$(awk 'NR > 1 { print $1 }' "$tmp/out" | tr '\n' ' ')" = "7 12 9 " ]
result $? "... below their parents"
says out "^  12 "
expect 0 "ls --json" "$IMANS" ls --json --securityfs "$tmp/sec"
json '[(n["id"], n["parent"], n["level"], n["state"], n["entries"], n["label"], n["hash"]) for n in d] == [(7, 0, 1, "active", 2, "web", "sha256"), (9, 0, 1, "active", 1, "", "sha256"), (12, 7, 1, "active", 1, "in ner", "sha256")]'
expect 0 "ls --tree --json" "$IMANS" ls --tree --json --securityfs "$tmp/sec"
json '[n["id"] for n in d] == [7, 9] and [n["id"] for n in d[0]["children"]] == [12] and d[1]["children"] == d[0]["children"][0]["children"] == []'
mkdir "$ima/ns/13"
expect 0 "ls with one that is not active yet" "$IMANS" ls --securityfs "$tmp/sec"
[ "$(wc -l <"$tmp/out")" -eq 4 ]
result $? "... which is left out"
rmdir "$ima/ns/13"
sed -i 's/^label: .*/label: a\x1b[2Jb/' "$ima/ns/9/status"
expect 0 "ls of a label with control characters" "$IMANS" ls --securityfs "$tmp/sec"
says out 'a\\x1b\[2Jb$'
echo "ca: sha256:0123456789abcdef$zeros" >>"$ima/ns/7/status"
echo "ca: none" >>"$ima/ns/9/status"
expect 0 "ls of a kernel with appraisal" "$IMANS" ls --securityfs "$tmp/sec"
says out "^7 .* none  0123456789ab  web$"
says out "^9 .* none  none          a"
says out "^12 .* none  -             in ner$"
expect 0 "show has all of the digest" "$IMANS" show 7 --securityfs "$tmp/sec"
says out "^ca: sha256:0123456789abcdef$zeros$"
# A loop of parents, which no kernel makes.
space 7 12 web
expect 0 "ls --tree ends" "$IMANS" ls --tree --securityfs "$tmp/sec"
[ "$(wc -l <"$tmp/out")" -eq 4 ]
result $? "... and leaves nobody out"
sed -i 's/^id: .*/id: 8/' "$ima/ns/9/status"
expect 2 "ls of another's status" "$IMANS" ls --securityfs "$tmp/sec"
says err "ns/9/status: it is that of namespace 8"
sed -i '/^id: /d' "$ima/ns/9/status"
expect 2 "ls of a status without id" "$IMANS" ls --securityfs "$tmp/sec"
says err "no line \"id: ...\", or not what it should be"
echo nonsense >"$ima/ns/9/status"
expect 2 "ls of a malformed status" "$IMANS" ls --securityfs "$tmp/sec"
says err "not a \"key: value\" line: nonsense"
rm "$ima/ns/9/status"
expect 0 "ls when one is gone by now" "$IMANS" ls --securityfs "$tmp/sec"

fresh
space 3 0 "web one" "10 02 /bin/two
11 v /bin/two"
show=("$IMANS" show --securityfs "$tmp/sec")
expect 0 "show ID" "${show[@]}" 3
says out "^id: 3$"
says out "^label: web one$"
says out "^acc: $(sed -n 's/^acc //p' "$tmp/vpcr.3")$"
grep -e ' sha1:' -e ' sha256:' "$tmp/vpcr.3" | sed 's/^/replayed: /' >"$tmp/want"
grep '^replayed:' "$tmp/out" | cmp -s - "$tmp/want"
result $? "... and what its list leads to"
expect 0 "show ID --json" "${show[@]}" 3 --json
json 'd["id"] == 3 and d["parent"] == 0 and d["state"] == "active" and len(d["replayed"]) == 5'
json "d['replayed'][-1] == 'acc ' + d['acc'] == '$(grep '^acc' "$tmp/vpcr.3")'"
cp -r "$ima/ns/3" "$ima/ns/4"
expect 2 "show of an ID whose status is another's" "${show[@]}" 4
rm -r "$ima/ns/4"
expect 2 "show of an ID that is not there" "${show[@]}" 5
says err "ns/5/status: No such file or directory"
expect 2 "show 0" "${show[@]}" 0
truncate -s -1 "$ima/ns/3/binary_runtime_measurements"
expect 2 "show of a truncated list" "${show[@]}" 3
says err "truncated list: entry 3"

space 3 0 web "10 02 /bin/two"
log=("$IMANS" log --securityfs "$tmp/sec")
expect 0 "log ID" "${log[@]}" 3
says out "^2 10 .* /bin/two$"
expect 2 "log of an ID that is not there" "${log[@]}" 5
expect 2 "log --follow of an ID that is not there" "${log[@]}" --follow 5

# shown: wait until the command has printed something, and thus opened its file.
shown()
{
	for _ in $(seq 300); do
		[ ! -s "$tmp/out" ] || return 0
		sleep 0.1
	done
	return 1
}

# follow COMMANDS [OPTION]: log --follow of a copy of 3, to which COMMANDS happen.
# The last entry of the copy is cut short if $cut is set.
follow()
{
	local rc

	cp -r "$ima/ns/3" "$ima/ns/8"
	[ -z "${cut-}" ] || truncate -s -1 \
		"$ima/ns/8/binary_runtime_measurements"
	(cd "$ima/ns/8" && eval "$1") &
	timeout "$long" "${log[@]}" --follow 8 ${2:+"$2"}
	rc=$?
	wait $!
	return "$rc"
}
# shellcheck disable=SC2016
expect 0 "log --follow ID ends with the namespace" follow '
	shown; head -c 50 "$tmp/one" >>binary_runtime_measurements
	sleep 0.5; tail -c +51 "$tmp/one" >>binary_runtime_measurements
	rm -r ../8'
says err "namespace 8 has ended$"
[ "$(wc -l <"$tmp/out")" -eq 3 ]
result $? "... and prints what came last"
expect 0 "log --follow --json ID" follow 'shown; rm -r ../8' --json
[ "$(wc -l <"$tmp/out")" -eq 2 ]
result $? "... and prints an object a line"
cut=yes expect 2 "log --follow of a list that ends within an entry" follow '
	shown; rm -r ../8'
says err "the list ends within an entry$"
# shellcheck disable=SC2016
expect 0 "log --follow of a file that is removed" bash -c '
	cp "$2" "$3"; (for _ in $(seq 300); do [ -s "$4" ] && break
		sleep 0.1; done; rm "$3") &
	timeout 60 "$1" log --follow "$3"' - \
	"$IMANS" "$tmp/one" "$tmp/removed" "$tmp/out"
says err "/removed is gone$"
# interrupted SIGNAL: log --follow of 3, when all is printed
interrupted()
{
	# In the background, and perhaps above, signals are ignored. timeout passes
	# them on twice; the second one has been seen to hang LeakSanitizer for ever.
	env --default-signal=INT,TERM ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0" \
		timeout -k 5 60 "${log[@]}" --follow 3 &
	for _ in $(seq 100); do
		[ "$(wc -l <"$tmp/out")" -lt 2 ] || break
		sleep 0.1
	done
	kill -"$1" $!
	wait $!
}
for sig in INT TERM; do
	expect 0 "log --follow ends with SIG$sig" interrupted $sig
	[ "$(wc -l <"$tmp/out")" -eq 2 ]
	result $? "... and all entries are printed"
done

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
says out "^host's list: 4 entries$"
says out "^namespaces: 1 alive, 0 ended$"
says out "^namespace 3: alive, 2 entries, 0 violations, acc $(sed -n 's/^acc \([^ ]*\) .*/\1/p' "$tmp/vpcr.3")$"
expect 0 "... as JSON" "${verify[@]}" --json
json 'd["verified"] and d["entries"] == 4 and d["alive"] == 1 and d["ended"] == 0 and d["without_acc"] == 0 and d["reasons"] == d["undecided"] == d["notes"] == []'
json '[(n["id"], n["state"], n["listed_in"], n["birth"], n["death"], n["policies"], n["entries"], n["violations"]) for n in d["namespaces"]] == [(3, "alive", 0, 2, None, 2, 2, 0)]'
json "'sha256:' + d['namespaces'][0]['acc'] == '$(sed -n 's/^acc \([^ ]*\) .*/\1/p' "$tmp/vpcr.3")'"
expect 0 "... with a copy of the host's list" "${verify[@]}" "$ima/binary_runtime_measurements"
host "$(birth 3 0)
$(policy 3 2)"
expect 1 "a policy is missing" "${verify[@]}"
says out "^NOT verified: namespace 3: policy record with seq 2 where 1 is due (entry 3 of the host's list)$"
host "$(birth 3 0)
$(birth 3 0)"
expect 1 "born twice" "${verify[@]}"
says out "namespace 3: a second birth record; the first is entry 2 of the host's list (entry 3 of the host's list)$"
host ""
expect 1 "alive and not born" "${verify[@]}"
says out "namespace 3: active, but no birth record in the host's list$"
host "$(birth 3 0)
$(birth 4 0)"
expect 1 "neither alive nor dead" "${verify[@]}"
says out "namespace 4: born in entry 3 of the host's list, neither in ima/ns nor a death record$"
expect 1 "... as JSON" "${verify[@]}" --json
json 'not d["verified"] and len(d["reasons"]) == 1'
host "$(policy 5 1)"
expect 1 "a policy of nobody" "${verify[@]}"
says out "namespace 5: policy record without a birth record before it (entry 2 of the host's list)$"
host "$(birth 3 0)
10 r ima_ns_policy nothing=1"
expect 1 "a record of nobody" "${verify[@]}"
says out "entry 3 of the host's list: malformed record: not the keys of such a record$"
host "$(birth 3 0)"
space 3 0 web "$(policy 3 1)"
expect 1 "a policy that only its own list has" "${verify[@]}"
says out "namespace 3: 1 policy records in its list, but 0 in the host's list$"

# A namespace in a namespace: its birth is in the list of the one above.
host "$(birth 3 0)"
space 6 3 ""
space 3 0 web "$(birth 6 3)"
expect 0 "one in another" "${verify[@]}"
space 3 0 web ""
expect 1 "one in another, not born" "${verify[@]}"
says out "namespace 6: active, but no birth record in the list of namespace 3$"
rm -r "$ima/ns/6"
space 3 0 web "$(birth 6 3)"
expect 1 "one in another is lost" "${verify[@]}"
says out "namespace 6: born in entry 2 of the list of namespace 3, neither in ima/ns nor a death record$"

# The death of a nested one is left to the worker of the one above.
sed -i 's/^pending: .*/pending: 1/' "$ima/ns/3/status"
cp -r "$tmp/sec" "$tmp/never"
timeout $long "$IMANS" verify --host --securityfs "$tmp/never" >"$tmp/pending" 2>&1 &
pending=$!
cp "$ima/ns/3/binary_runtime_measurements" "$tmp/before"
printf '10 01 boot_aggregate\n' | "$GENLIST" "$tmp/left" >"$tmp/replay"
printf '10 01 boot_aggregate\n%s\n%s\n' "$(birth 6 3)" "$(death 6 "$tmp/replay")" |
	"$GENLIST" "$tmp/after" >/dev/null
# shellcheck disable=SC2016
expect 0 "... is dead after a moment" bash -c '
	(sleep 0.5; tail -c +$(($(wc -c <"$2") + 1)) "$3" >>"$4/binary_runtime_measurements"
	 sed -i "s/^pending: .*/pending: 0/" "$4/status") &
	"$1" verify --host --securityfs "$5"' - \
	"$IMANS" "$tmp/before" "$tmp/after" "$ima/ns/3" "$tmp/sec"
says out "^namespaces: 1 alive, 1 ended$"

# The list of a living one and the sum that the kernel keeps.
space 3 0 web "10 02 /bin/two"
cp "$ima/ns/3/binary_runtime_measurements" "$tmp/two"
printf '10 01 boot_aggregate\n10 03 /bin/two\n' |
	"$GENLIST" "$ima/ns/3/binary_runtime_measurements" >/dev/null
expect 1 "another list than the kernel's" "${verify[@]}"
says out "namespace 3: the acc of its status is not what its list leads to after 2 entries$"
printf '10 01 boot_aggregate\n10 02 /bin/two\n10 02 /bin/three\n' |
	"$GENLIST" "$ima/ns/3/binary_runtime_measurements" >/dev/null
expect 0 "a list that has grown since" "${verify[@]}"
half=$(printf '10 01 boot_aggregate\n' | "$GENLIST" "$ima/ns/3/binary_runtime_measurements" >/dev/null
	wc -c <"$ima/ns/3/binary_runtime_measurements")
# shellcheck disable=SC2016
expect 0 "an entry that comes after acc" bash -c '
	(sleep 0.5; tail -c +$(($2 + 1)) "$3" >>"$4/binary_runtime_measurements") &
	"$1" verify --host --securityfs "$5"' - \
	"$IMANS" "$half" "$tmp/two" "$ima/ns/3" "$tmp/sec"
head -c "$half" "$tmp/two" >"$ima/ns/3/binary_runtime_measurements"
expect 1 "an entry that does not come" timeout $long "${verify[@]}"
says out "namespace 3: the acc of its status covers 2 entries, its list has only 1 (entries that were lost count)$"
wait $pending
[ $? -eq 2 ]
result $? "a death that does not come (exit 2)"
cp "$tmp/pending" "$tmp/out"
says out "^NOT decided:  namespace 6: its death record may be among what is still to be added to the list of namespace 3$"
cp "$tmp/two" "$ima/ns/3/binary_runtime_measurements"
sed -i 's/^acc: .*/acc: sha1:12 4/' "$ima/ns/3/status"
expect 2 "a malformed acc" "${verify[@]}"
says err "ns/3/status: no line \"acc: ...\", or not what it should be"
sed -i '/^acc: /d' "$ima/ns/3/status"
expect 0 "a kernel that shows no acc" "${verify[@]}"
says out "^note: *not compared: the lists of 1, whose status has no acc$"
expect 0 "... as JSON" "${verify[@]}" --json
json 'd["without_acc"] == 1'
expect 0 "... but the namespace itself does" "${verify[@]}" --vpcr 3="$tmp/vpcr.3"
printf '10 01 boot_aggregate\n10 02 /bin/TWO\n' | "$GENLIST" "$tmp/other" >"$tmp/vpcr"
expect 1 "... something else" "${verify[@]}" --vpcr 3="$tmp/vpcr"
says out "namespace 3: the acc of its vpcr is not what its list leads to after 2 entries$"
expect 2 "the vpcr of an id nobody has" "${verify[@]}" --vpcr 7="$tmp/vpcr"
says out "^NOT decided:  namespace 7: no list to compare its vpcr with$"
expect 2 "two vpcr files of one" "${verify[@]}" --vpcr 3="$tmp/vpcr" --vpcr 3="$tmp/vpcr"
head -c 100 "$tmp/two" >"$ima/ns/3/binary_runtime_measurements"
expect 2 "a truncated list of a namespace" "${verify[@]}"
says err "the list of namespace 3: truncated: "

# Dead ones.
fresh
printf '10 01 boot_aggregate\n10 02 /bin/two\n%s\n10 v /bin/two\n' "$(policy 3 1)" |
	"$GENLIST" "$tmp/left" >"$tmp/replay"
host "$(birth 3 0)
$(policy 3 1)
$(death 3 "$tmp/replay" 1)"
expect 0 "one has ended" "${verify[@]}"
says out "^namespaces: 0 alive, 1 ended$"
expect 0 "... and its list was kept" "${verify[@]}" --list 3="$tmp/left"
says out "^namespace 3: dead, 4 entries, 1 violations, acc sha256:"
cp "$tmp/left" "$tmp/other"
printf X | dd of="$tmp/other" bs=1 seek=70 conv=notrunc status=none
expect 1 "... and another list is shown" "${verify[@]}" --list 3="$tmp/other"
says out "1 entries of the list of namespace 3 are not what was measured, the first is entry 1$"
says out "other is not the list of namespace 3: it does not lead to the acc of its death record$"
printf '10 01 boot_aggregate\n' | "$GENLIST" "$tmp/other" >/dev/null
expect 1 "... and a shorter one" "${verify[@]}" --list 3="$tmp/other"
says out "other is not the list of namespace 3: it has 1 entries, its death record says 4"
says out "other is not the list of namespace 3: it has 0 violations, its death record says 1"
head -c 100 "$tmp/left" >"$tmp/other"
expect 2 "... and a truncated one" "${verify[@]}" --list 3="$tmp/other"
says err "the list of namespace 3: truncated: "
expect 2 "a list of one that has no death record" "${verify[@]}" --list 4="$tmp/two"
says out "^namespace 4: unknown, 2 entries, 0 violations, acc sha256:"
says out "^NOT decided:  namespace 4: it ended, but no list that was read has its death record$"
expect 2 "two lists of one" "${verify[@]}" --list 3="$tmp/left" --list 3="$tmp/left"
for bad in 4 4= =x x=y 0=x; do
	expect 2 "--list $bad" "${verify[@]}" --list $bad
	says err "$bad: ID=FILE expected"
done
expect 2 "--list of a file that is not there" "${verify[@]}" --list 3=/nonexistent
host "$(death 3 "$tmp/replay")"
expect 1 "dead and not born" "${verify[@]}"
says out "namespace 3: death record without a birth record before it (entry 2 of the host's list)$"
host "$(birth 3 0)
$(death 3 "$tmp/replay")
$(death 3 "$tmp/replay")"
expect 1 "dies twice" "${verify[@]}"
says out "namespace 3: death record after its death record in entry 3 (entry 4 of the host's list)$"
host "$(birth 3 0)
$(death 3 "$tmp/replay")
$(policy 3 1)"
expect 1 "a policy after the death" "${verify[@]}"
says out "namespace 3: policy record after its death record in entry 3 (entry 4 of the host's list)$"
space 3 0 ""
expect 1 "dead and active" "${verify[@]}"
says out "namespace 3: it has a death record (entry 3 of the host's list), but is active$"
expect 2 "--list of one that is alive" "${verify[@]}" --list 3="$tmp/left"
says err "namespace 3 is active: its list is read from ima/ns, none can be given"
rm -r "$ima/ns/3"
host "$(birth 3 0)
10 r ima_ns_death id=3 entries=1"
expect 1 "a death that says little" "${verify[@]}"
says out "entry 3 of the host's list: malformed record: not the keys of such a record$"

# After kexec the list goes on with a second boot_aggregate; so it may without.
host "$(birth 3 0)
10 01 boot_aggregate
$(birth 4 0)
$(death 4 "$tmp/replay")"
expect 1 "a second boot_aggregate" "${verify[@]}"
says out "namespace 3: .*; if the boot_aggregate behind it is that of a kexec, --kexec accepts this$"
expect 0 "ended by kexec" "${verify[@]}" --kexec
says out "^namespaces: 0 alive, 1 ended, 1 before the last kexec$"
says out "^note: *1 namespaces ended by the kexec before entry 3 of the host's list$"
expect 0 "... as JSON" "${verify[@]}" --kexec --json
json 'd["before_kexec"] == 1 and d["boot_aggregate"] == 3'
host "$(birth 3 0)"
expect 1 "--kexec where there was none" "${verify[@]}" --kexec
says out "^note: *no second boot_aggregate"

# With PCR values the host's list is verified first.
printf '10 01 boot_aggregate\n' | "$GENLIST" "$ima/binary_runtime_measurements" >"$tmp/vpcr"
expect 0 "verify --host with PCR values" "${verify[@]}" --vpcr "$tmp/vpcr" --pcr 10
says out "^namespaces: 0 alive"
[ "$(grep -c '^verified$' "$tmp/out")" -eq 2 ]
result $? "... both is verified"
expect 1 "... that are others" "${verify[@]}" --pcr-value "10:sha256:$zeros"
says out "^namespaces: 0 alive"
expect 2 "... as JSON" "${verify[@]}" --vpcr "$tmp/vpcr" --json
expect 2 "--pcr without PCR values" "${verify[@]}" --pcr 10
says err "--pcr needs PCR values to compare with"
list=("$IMANS" verify "$tmp/left" --vpcr "$tmp/vpcr")
expect 2 "--list without --host" "${list[@]}" --list 3="$tmp/left"
says err "--list goes with --host only"
expect 2 "--kexec without --host" "${list[@]}" --kexec
expect 2 "--vpcr ID=FILE without --host" "${list[@]}" --vpcr 3="$tmp/vpcr"
says err "--vpcr ID=FILE goes with --host only"
expect 2 "--host of two lists" "${verify[@]}" "$tmp/left" "$tmp/left"
expect 2 "--host of no list" "${verify[@]}" /nonexistent
expect 2 "--host where nothing is" "$IMANS" verify --host --securityfs "$tmp/none"
says err "securityfs is not mounted at"
host "$(birth 3 0)"
printf X | dd of="$ima/binary_runtime_measurements" bs=1 seek=70 conv=notrunc status=none
expect 1 "one byte of the host's list flipped" "${verify[@]}"
says out "1 entries of the host's list are not what was measured, the first is entry 1$"
finish
