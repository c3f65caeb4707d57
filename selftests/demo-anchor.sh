#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The walk of seed 001, without a hand on it, and what root of the machine can do
# to it: `unshare -m` of a daemon, then containers started by runc, which a hook
# adopts before their first program; PCR 11 and 12; a tenant's bundle verified; and
# then the forgeries. Runs as root inside the guest (make demo), with ima_ns.ko in
# IMANS_MODULE; ends with a status other than 0 at the first false result.

set -u -o pipefail

here=$(cd "$(dirname "$0")" && pwd)
security=/sys/kernel/security
ima=$security/ima
sysfs=/sys/class/tpm/tpm0
# No rule covers tmpfs: what the verifier has changes no list.
notes=/tmp/imans-demo-anchor
place=/scratch/imans-demo-anchor

# shellcheck source=lib/demo.sh
. "$here/lib/demo.sh"

needs imans runc tpm2_pcrread python3 busybox evmctl awk od sha256sum
[ "$(id -u)" = 0 ] || missing "root"
[ -d /scratch ] || missing "/scratch (run me in tools/dev/vm)"
[ -w $ima/policy ] || missing "$ima/policy"
[ -d $sysfs/pcr-sha256 ] || missing "a TPM 2.0 with bank sha256"
[ -f "${IMANS_MODULE:-}" ] || missing "ima_ns.ko (make module)"

cleanup() {
	local name

	for name in web db; do
		runc --root "$place/runc" delete --force "$name"
	done
	[ -z "${daemon:-}" ] || kill "$daemon"
} > /dev/null 2>&1
trap cleanup EXIT

rm -rf "$notes" "$place"
mkdir -p "$notes" "$place"

forge() {
	"$here/lib/forge.py" "$@"
}

# A PCR as the TPM holds it, by tpm2-tools, in lower case.
pcr_of_tpm() {
	tpm2_pcrread "$2:$1" | tr 'A-F' 'a-f' | sed -n "s/^ *$1 *: 0x//p"
}

# The same by the list: each entry hashed onto the last value, as the seed does it
# by hand.
pcr_of_list() {
	cat $ima/binary_runtime_measurements > "$notes/list"
	forge pcr "$notes/list" "$1" "$2"
}

# Programs that run for the first time add to the host's list, and what is anchored
# comes a second later: it is tried until nothing changes meanwhile.
# agrees PCR BANK
agrees() {
	local pcr=$1 bank=$2

	for _ in $(seq 20); do
		in_tpm=$(pcr_of_tpm "$pcr" "$bank")
		in_list=$(pcr_of_list "$pcr" "$bank")
		[ "$in_tpm" != "$in_list" ] || break
		sleep 0.5
	done
	same "PCR $pcr ($bank) by tpm2_pcrread is what the list comes to by hand" \
		"$in_tpm" "$in_list"
	echo "$in_tpm" | show
}

# id_of LABEL
id_of() {
	imans ls | awk -v label="$1" '$NF == label { print $1 }'
}

# What the verifier asks: 16 bytes that nobody knew before.
fresh() {
	nonce=$(od -An -N 16 -tx1 /dev/urandom | tr -d ' \n')
}

# record NAME LABEL: the record of that name, by its label, in the host's list.
record() {
	imans log > "$notes/log"
	grep "$1 .* label=$2 " "$notes/log"
}

# listed LABEL PROGRAM: how often the list of that namespace has it.
listed() {
	imans log "$(id_of "$1")" | awk -v path="$2" '$NF == path' | wc -l
}

# wait_for LABEL PROGRAM: until it is listed.
wait_for() {
	for _ in $(seq 100); do
		[ "$(listed "$1" "$2")" = 0 ] || return 0
		sleep 0.1
	done
	return 1
}

# accepted TEXT ARGUMENT...: imans verify on a machine without a TPM.
accepted() {
	local text=$1

	shift
	env TPM2TOOLS_TCTI=none imans verify "$@" > "$notes/verdict" 2>&1 || {
		show < "$notes/verdict"
		false_result "$text"
	}
	ok "$text"
}

# rejected REASON ARGUMENT...: status 1, and among the reasons is this one.
rejected() {
	local reason=$1 status

	shift
	env TPM2TOOLS_TCTI=none imans verify "$@" > "$notes/verdict" 2>&1
	status=$?
	awk '/^NOT verified:/ { on = 1 } on && /^(NOT| )/' "$notes/verdict" \
		> "$notes/reasons"
	cut -c 1-150 "$notes/reasons" | show
	[ "$status" = 1 ] || {
		show < "$notes/verdict"
		false_result "imans verify ends with $status"
	}
	grep -q -F "$reason" "$notes/reasons" ||
		false_result "rejected, but not because $reason"
	ok "rejected: $reason"
}

# although_fits: the values of the TPM were no reason.
although_fits() {
	check "although PCR 12 has what the records come to" \
		grep -q '^PCR 12 sha256 (quote): ok' "$notes/verdict"
	check "and no PCR is among the reasons" \
		sh -c "! grep -q '^[^0-9]*PCR [0-9]* of bank' $notes/reasons"
}

# -------------------------------------------------------------------- the walk

echo "IMA namespaces: the walk of seed 001, and its forgers"
uname -sr

begin "The host measures executions, and ima_ns.ko takes PCR 11 and 12"
echo 'measure func=BPRM_CHECK mask=MAY_EXEC' > $ima/policy ||
	false_result "the host's policy is refused"
same "PCR 11 and 12 are zero" \
	"$(pcr_of_tpm 11 sha256)$(pcr_of_tpm 12 sha256)" "$(printf '%0128d' 0)"
check "insmod ima_ns.ko" insmod "$IMANS_MODULE"
[ -e $security/ima_ns/adopt ] || missing "$security/ima_ns/adopt"
imans log | grep ima_ns_register | cut -c 1-120 | show
same "its registration is in PCR 10, 11 and 12" \
	"$(imans log | awk '/ima_ns_register/ { print $2 }' | sort | xargs)" \
	"10 11 12"
agrees 11 sha256
agrees 12 sha256
empty=$in_tpm

begin "unshare -m of a daemon, adopted by its pid"
mkfifo "$place/go"
mkdir "$place/www"
echo "hello from the daemon" > "$place/www/index.html"
cp "$(command -v busybox)" "$place/httpd"
# It waits to be adopted, and becomes the daemon then.
unshare -m sh -c "read -r go < $place/go; exec $place/httpd httpd -f \
	-p 127.0.0.1:8001 -h $place/www" &
daemon=$!
for _ in $(seq 100); do
	[ "$(cat /proc/$daemon/comm)" = unshare ] || break
	sleep 0.1
done
line="$daemon:$(sed 's/.*) //' /proc/$daemon/stat | cut -d ' ' -f 20) label=daemon"
echo "echo $line > ima_ns/adopt" | show
echo "$line" > $security/ima_ns/adopt ||
	false_result "the kernel does not adopt it"
echo > "$place/go"
check "$place/httpd is in the list of its namespace" \
	wait_for daemon "$place/httpd"
imans log "$(id_of daemon)" | show
same "as the first program" "$(imans log "$(id_of daemon)" |
	awk 'NR == 2 { print $NF }')" "$place/httpd"
for _ in $(seq 100); do
	answer=$(busybox wget -q -O - http://127.0.0.1:8001/ 2> /dev/null) &&
		break
	sleep 0.1
done
same "the daemon answers" "$answer" "hello from the daemon"
same "its beginning is in PCR 11 (kind=adopted)" "$(record ima_ns_boot daemon |
	awk '{ print $2, gsub(/kind=adopted/, "") }')" "11 1"
agrees 11 sha256
agrees 12 sha256
check "PCR 12 is another than before" test "$in_tpm" != "$empty"

begin "Two containers by runc, with imans hook as createRuntime hook"
echo "measure func=BPRM_CHECK" > "$place/rules"
# bundle NAME OPTION...: a root file system made here, and a configuration; what
# comes through /in is executed. The hook has these options.
bundle() {
	local b=$place/$1 program option options=

	shift
	for option; do
		options+=", \"$option\""
	done
	mkdir -p "$b/rootfs/bin" "$b/rootfs/proc" "$b/rootfs/dev"
	cp "$(command -v busybox)" "$b/rootfs/bin/busybox"
	ln -s busybox "$b/rootfs/bin/sh"
	mkfifo "$b/rootfs/in"
	for program in hello evil more; do
		printf '#!/bin/sh\necho %s\n' $program > "$b/rootfs/bin/$program"
		chmod 755 "$b/rootfs/bin/$program"
	done
	cat > "$b/config.json" << END
{
 "ociVersion": "1.0.2",
 "process": {
  "user": { "uid": 0, "gid": 0 }, "cwd": "/", "env": [ "PATH=/bin" ],
  "args": [ "/bin/sh", "-c", "while read -r program < /in; do \$program; done" ],
  "noNewPrivileges": true
 },
 "root": { "path": "rootfs", "readonly": true },
 "mounts": [
  { "destination": "/proc", "type": "proc", "source": "proc" },
  { "destination": "/dev", "type": "tmpfs", "source": "tmpfs" }
 ],
 "hooks": {
  "createRuntime": [
   { "path": "$(command -v imans)", "args": [ "imans", "hook"$options ] }
  ]
 },
 "linux": {
  "namespaces": [
   { "type": "pid" }, { "type": "ipc" }, { "type": "uts" },
   { "type": "mount" }, { "type": "network" }
  ]
 }
}
END
}

start() {
	runc --root "$place/runc" run --detach --bundle "$place/$1" "$1" \
		> "$notes/$1" 2>&1 < /dev/null
}

# in_container NAME PROGRAM: it is executed there.
in_container() {
	echo "$2" > "$place/$1/rootfs/in"
	wait_for "$1" "$2"
}

runc --version | head -n 1 | show
bundle web --policy "$place/rules"
bundle db
bundle none --policy "$place/no-such-rules"
grep -A 4 '"hooks"' "$place/web/config.json" | show
for name in web db; do
	start $name || {
		show < "$notes/$name"
		false_result "runc does not start $name"
	}
	ok "runc started $name"
done
! start none
check "a container whose hook fails does not start" test $? = 0
grep -o 'imans hook: .*' "$notes/none" | cut -c 1-100 | show
imans ls | show
record ima_ns_birth web | grep -oE 'ima_ns_birth.*' | cut -c 1-150 | show
same "web was adopted while it was runc still, before its first program" \
	"$(record ima_ns_birth web | grep -oE 'exe=sha256:[0-9a-f]*')" \
	"exe=sha256:$(sha256sum "$(command -v runc)" | cut -d ' ' -f 1)"
check "/bin/hello runs in web" in_container web /bin/hello
imans log "$(id_of web)" | cut -c 1-150 | show
same "the first program in its list is the container's" \
	"$(imans log "$(id_of web)" |
		awk '$NF ~ "^/" { print $NF; exit }')" "/bin/busybox"
same "the rules of the hook are in force" \
	"$(head -c 23 "$ima/ns/$(id_of web)/policy")" "measure func=BPRM_CHECK"
check "/bin/hello runs in db" in_container db /bin/hello

begin "PCR 11: the beginnings, PCR 12: the lists"
for bank in sha1 sha256; do
	agrees 11 $bank
	agrees 12 $bank
done
imans boot-log | cut -c 1-110 | show
same "PCR 11 has one beginning for each: daemon, web, db" \
	"$(imans log | grep -c ' 11 .*ima_ns_boot ')" 3
for _ in $(seq 20); do
	imans verify --boot --anchor --namespaces --sysfs $sysfs \
		> "$notes/verify" 2>&1
	status=$?
	[ $status != 0 ] || break
	sleep 0.5
done
grep -E '^(PCR 1[12] sha256|anchor:|verified)' "$notes/verify" |
	cut -c 1-110 | tail -n 5 | show
same "imans verify --boot --anchor --namespaces ends with 0" "$status" 0
for _ in $(seq 5); do
	cat $ima/binary_runtime_measurements > "$notes/list"
	for i in $(seq 0 23); do
		printf 'PCR-%02d: %s\n' "$i" "$(cat $sysfs/pcr-sha256/"$i")"
	done > "$notes/pcrs"
	evmctl ima_measurement --pcrs "sha256,$notes/pcrs" "$notes/list" \
		> "$notes/evmctl" 2>&1 && break
done
grep Matched "$notes/evmctl" | show
check "evmctl, which knows nothing of all this, agrees" grep -q \
	'^Matched per TPM bank calculated digest' "$notes/evmctl"

# ------------------------------------------------------------------ the verifier

begin "A tenant's bundle, verified on a machine without a TPM"
check "the key of the machine's TPM is known from an earlier day" \
	imans quote --nonce 00 --no-list -o "$notes/first" --ak-out "$notes/ak"
check "/bin/evil runs in web" in_container web /bin/evil
fresh
ask=(--nonce "$nonce" --ak "$notes/ak")
echo "imans proof $(id_of web) --nonce $nonce" | show
check "root makes a bundle for web" \
	imans proof "$(id_of web)" --nonce "$nonce" -o "$notes/web.json"
check "and one for db" \
	imans proof "$(id_of db)" --nonce "$nonce" -o "$notes/db.json"
check "and a quote with all lists for the machine's owner" \
	imans quote --nonce "$nonce" --namespaces -o "$notes/quote.json"
accepted "the bundle is accepted" --proof "$notes/web.json" "${ask[@]}"
grep -E '^(namespace|anchor:|list:|PCR 12 sha256|verified)' "$notes/verdict" |
	cut -c 1-110 | show
accepted "so is the other" --proof "$notes/db.json" "${ask[@]}"
accepted "and the quote" --quote "$notes/quote.json" "${ask[@]}"

# ------------------------------------------------------------------ the forgeries

f=$notes/forged.json
web=$(id_of web)
db=$(id_of db)

begin "Forgery 1: an entry is removed from a list"
echo "web's list without /bin/evil" | show
forge edit "$notes/web.json" 'forget(d, arg[0])' /bin/evil > "$f"
rejected "is not below the root of the last anchor" --proof "$f" "${ask[@]}"
echo "the host's list without the daemon" | show
forge edit "$notes/quote.json" 'forget(d, arg[0])' "$place/httpd" > "$f"
rejected "PCR 10 of bank sha256 (quote) is not what the list leads to" \
	--quote "$f" "${ask[@]}"

begin "Forgery 2: a cPCR is replaced, and the root of the last anchor with it"
forge edit "$notes/web.json" 'forget(d, arg[0]); replace_anchor(d)' /bin/evil > "$f"
rejected "PCR 12 of bank sha256 (quote) is not what its records lead to" \
	--proof "$f" "${ask[@]}"

begin "Forgery 3: two tenants' leaves are swapped"
forge edit "$notes/web.json" 'take(d, load(arg[0]), "index", "path")' \
	"$notes/db.json" > "$f"
rejected "is not below the root of the last anchor" --proof "$f" "${ask[@]}"
echo "and their lists, before the machine's owner" | show
forge edit "$notes/quote.json" 'swap(*(namespace(d, a) for a in arg), "list", "seq")' \
	"$web" "$db" > "$f"
rejected "namespaces are not what is below the root of the anchor" \
	--quote "$f" "${ask[@]}"

begin "Forgery 4: an old bundle under a fresh nonce"
cp "$notes/web.json" "$notes/old.json"
old=$nonce
check "/bin/more runs in web" in_container web /bin/more
fresh
ask=(--nonce "$nonce" --ak "$notes/ak")
rejected "the quote answers the nonce $old, which was not asked" \
	--proof "$notes/old.json" "${ask[@]}"
echo "the same with a fresh quote in it" | show
check "root makes a fresh bundle" \
	imans proof "$web" --nonce "$nonce" -o "$notes/web.json"
accepted "which is accepted" --proof "$notes/web.json" "${ask[@]}"
check "and a fresh quote" \
	imans quote --nonce "$nonce" -o "$notes/quote.json"
forge edit "$notes/old.json" 'take_quote(d, arg[0])' "$notes/quote.json" > "$f"
rejected "PCR 12 of bank sha256 (quote) is not what its records lead to" \
	--proof "$f" "${ask[@]}"

# From here on PCR 12 of the machine is spoilt.
begin "Forgery 5: a doctored list, a further anchor, one extend from user space"
check "the attacker has all that was anchored" \
	imans proof "$web" --nonce 00 -o "$notes/all.json"
forge edit "$notes/all.json" 'forget(d, arg[0]); add_anchor(d)' /bin/evil \
	> "$notes/doctored.json"
forge extend "$notes/doctored.json" 12 1 > "$notes/extend"
read -r -a extend < "$notes/extend"
echo "imans pcr extend ${extend[*]}" | cut -c 1-110 | show
imans pcr extend "${extend[@]}" > "$notes/extended" ||
	false_result "the TPM refuses"
fresh
ask=(--nonce "$nonce" --ak "$notes/ak")
imans quote --nonce "$nonce" --namespaces -o "$notes/quote.json" \
	2> "$notes/told"
same "imans quote ends with 1" $? 1
grep 'PCR 12' "$notes/told" | cut -c 1-110 | show
forge edit "$notes/doctored.json" 'take_quote(d, arg[0])' "$notes/quote.json" > "$f"
echo "web's bundle, with the record and a quote that fits it" | show
rejected "its token does not continue the chain: the kernel did not write it" \
	--proof "$f" "${ask[@]}"
although_fits
forge edit "$notes/quote.json" \
	'append_anchor(d, arg[0]); forget(namespace(d, arg[1]), arg[2])' \
	"$notes/doctored.json" "$web" /bin/evil > "$f"
echo "the same before the machine's owner" | show
rejected "its token does not continue the chain: the kernel did not write it" \
	--quote "$f" "${ask[@]}"
although_fits

begin "Forgery 6: history is invented, PCR 11 and 12 extended from user space"
echo "what PCR 11 and 12 are now is said to be what was before; then comes" | show
echo "a registration with a secret of our own, a beginning and an anchor" | show
check "the attacker reads the PCRs" \
	sh -c "imans pcr read --json > $notes/pcrs.json"
forge edit "$notes/all.json" 'forget(d, arg[0]); invent(d, arg[1])' /bin/evil \
	"$notes/pcrs.json" > "$notes/invented.json"
for pcr in 11 12; do
	forge extend "$notes/invented.json" $pcr 2
done > "$notes/extend"
while read -r -a extend; do
	echo "imans pcr extend ${extend[*]}" | cut -c 1-80 | show
	imans pcr extend "${extend[@]}" > "$notes/extended" ||
		false_result "the TPM refuses"
done < "$notes/extend"
fresh
ask=(--nonce "$nonce" --ak "$notes/ak")
check "the TPM signs it" \
	imans quote --nonce "$nonce" --no-list -o "$notes/quote.json"
forge edit "$notes/invented.json" 'take_quote(d, arg[0])' "$notes/quote.json" > "$f"
rejected "PCR 12 was not zero at the registration: its record is believed only by its digest" \
	--proof "$f" "${ask[@]}"
although_fits
registered=$(sed -n 's/^registered: .*record \(sha256:[0-9a-f]*\).*/\1/p' \
	"$notes/verify")
echo "and by who knows the true registration, $registered" | cut -c 1-110 | show
rejected "the register record is not the one that is expected" \
	--proof "$f" "${ask[@]}" --register "$registered"
grep 'foreign' $security/ima_ns/anchor | show
check "the machine knows that somebody else has extended PCR 12" \
	grep -q '^pcr_anchor: 12 foreign' $security/ima_ns/anchor

begin "The end of the containers is in the host's list"
cleanup
daemon=
for _ in $(seq 100); do
	imans log > "$notes/log"
	[ "$(grep -c 'ima_ns_death' "$notes/log")" -lt 3 ] || break
	sleep 0.1
done
grep -oE 'ima_ns_death.*' "$notes/log" | cut -c 1-100 | show
same "three births, three deaths" "$(grep -c 'ima_ns_birth' "$notes/log") \
$(grep -c 'ima_ns_death' "$notes/log")" "3 3"

echo
echo "demo: every step as it should be"
