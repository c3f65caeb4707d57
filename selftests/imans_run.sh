#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# imans run, activate and show on a kernel with IMA namespaces: set-up and its
# failures, exit status, signals, TPM 2.0 and 1.2, no file descriptor and no
# process left over. Runs inside the guest as root; prints TAP.
# shellcheck disable=SC2016

ima=/sys/kernel/security/integrity/ima
place=/scratch/imans-run
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
chmod 755 "$tmp"

# Processes named swtpm that serve a namespace; the machine's is outside.
no_swtpm_left() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		pgrep -x swtpm > "$tmp/out" || break
		sleep 1
	done
	! pgrep -x swtpm > "$tmp/out"
	result $? "no swtpm is left"
	! ls -d /tmp/imans-vtpm-* > "$tmp/out" 2> /dev/null
	result $? "no state of a TPM is left in /tmp"
}

command -v imans > /dev/null || skip_all "imans is not on PATH"
command -v setpriv > /dev/null || skip_all "no setpriv (package util-linux)"
mountpoint -q /scratch || skip_all "no /scratch"
unshare -Urmpf sh -c "mount -t securityfs s /sys/kernel/security &&
	test -e $ima/active" 2> /dev/null ||
	skip_all "the kernel has no IMA namespaces"
mkdir -p "$place"
chmod 777 "$place"
as_user="setpriv --reuid 1000 --regid 1000 --clear-groups"

# ------------------------------------------------------------------ the basics
expect 0 "run as root" imans run -- cat $ima/active
says "^1$"
expect 7 "exit status of CMD" imans run -- sh -c 'exit 7'
expect 143 "CMD killed by SIGTERM" imans run -- sh -c 'kill -TERM $$'
expect 127 "CMD that is not there" imans run -- /nonexistent
expect 126 "CMD that cannot be executed" imans run -- /etc/passwd
expect 0 "root keeps its ids" imans run -- sh -c \
	'awk "{ print \$1, \$2, \$3 }" /proc/self/uid_map; stat -c "owner %u" /scratch/imans-run'
says "^0 0 4294967295$"
expect 0 "CMD is pid 2 of its own pid namespace" imans run -- sh -c 'echo pid $$; ls /proc'
says "^pid 2$"
expect 0 "orphans are reaped" imans run -- sh -c \
	'(sleep 0.2 &) ; sleep 1; cat /proc/[0-9]*/stat'
says_not " Z "
expect 0 "only 0, 1 and 2 are open in CMD" imans run -- sh -c \
	'cd /proc/self/fd && for f in *; do echo "fd $f"; done'
says_not "^fd [4-9]"
# shellcheck disable=SC2086
expect 0 "run as uid 1000" $as_user imans run -- sh -c "id -u; cat $ima/active"
says "^0$"
says "^1$"

# --------------------------------------------------------------- configuration
expect 0 "hash, template and label" imans run --hash sha512 --template ima-sig \
	--label "box 1" -- imans show
says "^active: 1$"
says "^hash: sha512$"
says "^template_name: ima-sig$"
says "^label: box 1$"
says "^vpcr: 10 sha256:"
says "^vpcr: acc sha256:[0-9a-f]* [0-9]*$"
expect 0 "show --json" imans run --label x -- imans show --json
says '"label": "x"'
expect 0 "log names boot_aggregate first" imans run -- imans log
says "^1 10 .* boot_aggregate$"
expect 2 "unknown hash" imans run --hash sha9 -- true
says "writing \"sha9\" to $ima/hash: Invalid argument"
expect 2 "unknown template" imans run --template ima-xy -- true
says "template_name: Invalid argument"
expect 2 "empty label" imans run --label '' -- true
expect 0 "show in the initial namespace" imans show
says "^namespace: initial$"

# ---------------------------------------------------------------------- policy
cat > "$tmp/policy" <<END
# comment

measure func=BPRM_CHECK
dont_measure fsmagic=0x9fa0
END
cp /bin/true "$place/program"
expect 0 "policy" imans run --policy "$tmp/policy" -- sh -c \
	"$place/program; $place/program; imans log; cat $ima/policy"
says " $place/program$"
says "^measure func=BPRM_CHECK *$"
[ "$(grep -c " $place/program$" "$tmp/out")" -eq 1 ]
result $? "... the program is listed once"
echo "measure func=NONSENSE" >> "$tmp/policy"
expect 2 "policy with a bad rule" imans run --policy "$tmp/policy" -- true
says "$tmp/policy: line 5: measure func=NONSENSE: Invalid argument"

# -------------------------------------------------------------------- activate
expect 0 "activate in a user namespace" unshare -Urmpf --mount-proc sh -c \
	"imans activate --label a --hash sha1 && imans show"
says "^hash: sha1$"
says "^active: 1$"
expect 2 "activate twice" unshare -Urmpf --mount-proc sh -c \
	'imans activate && imans activate'
says "writing \"1\" to .*/active: Device or resource busy"
expect 2 "activate in the initial user namespace" imans activate
says "this is the initial user namespace"
expect 0 "a nested namespace does not take its parent's securityfs" imans run -- sh -c \
	"imans show | grep ^id; imans run -- imans show"
[ "$(grep ^id: "$tmp/out" | sort -u | wc -l)" -eq 2 ]
result $? "... both have an id of their own"

# ---------------------------------------------------------------- verification
expect 0 "verify --vpcr" imans run --policy <(sed /NONSENSE/d "$tmp/policy") -- \
	sh -c "$place/program; imans verify $ima/binary_runtime_measurements --vpcr $ima/vpcr"
says "^acc: ok$"

sed -i /NONSENSE/d "$tmp/policy"
for template in ima ima-ng ima-buf ima-sig ima-modsig evm-sig ima-ns; do
	for hash in md5 sha512; do
		expect 0 "verify of template $template with $hash" imans run \
			--template $template --hash $hash --policy "$tmp/policy" -- \
			sh -c "$place/program; imans log | grep /program; exec imans verify \
			$ima/binary_runtime_measurements --vpcr $ima/vpcr"
		says "$template.* $place/program"
	done
done

# ------------------------------------------------------------------------ TPMs
if [ ! -c /dev/vtpmx ]; then
	skip "no /dev/vtpmx: tests with a TPM"
else
	# Run twice: programs are new to the list the first time.
	# shellcheck disable=SC2016
	verify20='imans verify $list --tcti "$TPM2TOOLS_TCTI" > /dev/null 2>&1
		imans verify $list --tcti "$TPM2TOOLS_TCTI"'
	expect 0 "TPM 2.0" imans run --vtpm --policy "$tmp/policy" -- sh -c "
		list=$ima/binary_runtime_measurements; echo \$IMANS_TPM; $verify20"
	says "^/dev/tpm[0-9]"
	says "^PCR 10 sha256: ok, "
	says "^verified$"
	no_swtpm_left
	# shellcheck disable=SC2016
	verify12='imans verify $list --tpm1.2 $IMANS_TPM > /dev/null 2>&1
		imans verify $list --tpm1.2 $IMANS_TPM'
	expect 0 "TPM 1.2" imans run --vtpm --tpm1.2 --policy "$tmp/policy" -- sh -c "
		list=$ima/binary_runtime_measurements; env; $verify12"
	says "^PCR 10 sha1: ok, "
	says_not "^TPM2TOOLS_TCTI="
	no_swtpm_left
	expect 0 "state kept in a directory, log of swtpm" imans run \
		--vtpm="$place/tpm" --vtpm-log "$place/log" -- true
	[ -s "$place/tpm/tpm2-00.permall" ] && [ -s "$place/log" ]
	result $? "... both are there"
	expect 0 "no server's end of the TPM in CMD or init" imans run --vtpm -- sh -c \
		'ls -l /proc/[0-9]*/fd'
	says_not "vtpms"
	# shellcheck disable=SC2086
	expect 2 "a TPM for uid 1000" $as_user imans run --vtpm -- true
	expect 5 "a TPM and a failing CMD" imans run --vtpm -- sh -c 'exit 5'
	no_swtpm_left

	# Several at once: each has a TPM and a list of its own.
	pids=
	for n in 1 2 3 4; do
		imans run --vtpm --policy "$tmp/policy" -- sh -c "
			list=$ima/binary_runtime_measurements; $verify20" \
			> "$tmp/many$n" 2>&1 &
		pids="$pids $!"
	done
	for pid in $pids; do
		wait "$pid"
		result $? "one of four namespaces with TPMs at the same time"
	done
	cat "$tmp"/many? > "$tmp/out"
	[ "$(grep -c '^verified$' "$tmp/out")" -eq 4 ]
	result $? "... all four verified"
	no_swtpm_left

	# Our own end, gentle and not, takes all with it.
	for sig in TERM KILL; do
		imans run --vtpm -- sh -c 'echo up; exec sleep 1000' > "$tmp/up" 2>&1 &
		pid=$!
		for _ in $(seq 60); do
			grep -q up "$tmp/up" && break
			sleep 1
		done
		grep -q up "$tmp/up"
		result $? "a namespace is up, to be ended by SIG$sig"
		kill -$sig $pid
		wait $pid 2> /dev/null
		status=$?
		[ $status -eq $((128 + $(kill -l $sig))) ]
		result $? "exit status after SIG$sig"
		for _ in 1 2 3 4 5; do
			pgrep -x -f "sleep 1000" > "$tmp/out" || break
			sleep 1
		done
		! pgrep -x -f "sleep 1000" > "$tmp/out"
		result $? "CMD is gone after SIG$sig"
		# Nobody can clean up behind SIGKILL.
		[ $sig = TERM ] || rm -rf /tmp/imans-vtpm-*
		no_swtpm_left
	done
fi

# ------------------------------------------------- what the host has of all this
if [ -d /sys/class/tpm/tpm0/pcr-sha256 ]; then
	expect 0 "the host's list, records of namespaces included, is its TPM's" \
		imans verify $ima/binary_runtime_measurements --sysfs /sys/class/tpm/tpm0
	says "^verified$"
else
	skip "the machine has no TPM 2.0 with bank sha256"
fi
# ------------------------------------------------------ what the host sees of them
if [ -d $ima/ns ]; then
	imans run --label "seen box" --policy "$tmp/policy" -- \
		sh -c "$place/program; echo up; exec sleep 1000" > "$tmp/up" 2>&1 &
	pid=$!
	for _ in $(seq 60); do
		grep -q up "$tmp/up" && break
		sleep 1
	done
	expect 0 "ls" imans ls
	says " active .* seen box$"
	id=$(awk '/seen box$/ { print $1 }' "$tmp/out")
	expect 0 "ls --tree --json" imans ls --tree --json
	says '"label": "seen box"'
	expect 0 "show ID" imans show "$id"
	says "^id: $id$"
	says "^acc: sha256:"
	expect 0 "log ID" imans log "$id"
	says " $place/program$"
	expect 0 "verify --host, one alive" imans verify --host
	says "^namespaces: 1 alive, [0-9]* ended$"
	says_not "not compared"
	cp "$ima/ns/$id/binary_runtime_measurements" "$tmp/left"
	imans log --follow "$id" > "$tmp/follow" 2>&1 &
	follow=$!
	for _ in $(seq 60); do
		[ ! -s "$tmp/follow" ] || break
		sleep 1
	done
	kill -TERM $pid
	wait $pid 2> /dev/null
	wait $follow
	result $? "log --follow ID ends with the namespace"
	cp "$tmp/follow" "$tmp/out"
	says "namespace $id has ended"
	expect 0 "verify --host and the list it left" \
		imans verify --host --list "$id=$tmp/left"
	says "^namespaces: 0 alive, "
	printf X | dd of="$tmp/left" bs=1 seek=70 conv=notrunc status=none
	expect 1 "verify --host and a forged list" \
		imans verify --host --list "$id=$tmp/left"
	says "left is not the list of namespace $id"
	if [ -d /sys/class/tpm/tpm0/pcr-sha256 ]; then
		expect 0 "verify --host against the machine's TPM" \
			imans verify --host --sysfs /sys/class/tpm/tpm0
	fi
else
	skip "the kernel does not show namespaces to the host"
fi

expect 0 "log --json of the host" imans log --json
says '"n-ng": "ima_ns_birth"'
says '"label": "box%201"'
says '"n-ng": "ima_ns_death"'

finish
