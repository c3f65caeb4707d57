# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For the scripts about ima_ns.ko, after tap.sh: the module of $IMANS_MODULE, the
# machine's TPM, containers that do what they are told. What is missing is a
# failure: these scripts run only where all of it has to be there.
# shellcheck disable=SC2154 # $tmp and $place: tap.sh and the script.

sec=/sys/kernel/security
ima=$sec/integrity/ima
sysfs=/sys/class/tpm/tpm0
# shellcheck disable=SC2034 # for the scripts.
forge=$(dirname "${BASH_SOURCE[0]}")/forge.py

# require TEXT COMMAND...: a test without which the others make no sense.
require() {
	local text=$1 status

	shift
	"$@" > "$tmp/out" 2>&1
	status=$?
	result $status "$text"
	[ $status -eq 0 ] || finish
}

has_programs() {
	local program missing=

	for program; do
		command -v "$program" > /dev/null || missing="$missing $program"
	done
	[ -z "$missing" ] || echo "missing:$missing (make deps)"
	[ -z "$missing" ]
}

# Nobody has extended the two PCRs, which evmctl replays from zero.
starts_at_zero() {
	cat $sysfs/pcr-sha256/11 $sysfs/pcr-sha256/12
	[ "$(cat $sysfs/pcr-sha256/11 $sysfs/pcr-sha256/12 |
		sort -u)" = "$(printf '%064d' 0)" ]
}

requirements() {
	require "the programs are there" has_programs imans evmctl python3 \
		insmod rmmod "$@"
	require "securityfs has IMA, a scratch disk is there" \
		test -r $ima/binary_runtime_measurements -a -d /scratch
	require "the machine has a TPM 2.0" test -r $sysfs/pcr-sha256/12
	require "the module of this kernel is there (tools/dev/module)" \
		test -r "${IMANS_MODULE:-/nonexistent}"
	require "no module is loaded" test ! -e $sec/ima_ns
	require "PCR 11 and 12 are zero" starts_at_zero
}

# field FILE KEY: of lines "key: value".
field() {
	local line

	while read -r line; do
		[[ $line != "$2: "* ]] || echo "${line#"$2: "}"
	done < "$1"
}

# Waits until init's list does not grow any more, anchors included: the module
# makes one a second after the last event.
settle() {
	local before

	for _ in $(seq 20); do
		before=$(cat $ima/runtime_measurements_count)
		sleep 1.5
		[ "$(cat $ima/runtime_measurements_count)" != "$before" ] ||
			return 0
	done
	echo "# the list does not come to rest"
	return 1
}

# pcrs BANK: all of them, in the form that evmctl reads.
pcrs() {
	awk '{ printf "PCR-%02d: %s\n", NR - 1, $0 }' "$sysfs/pcr-$1"/{?,??}
}

# snapshot: init's list and the values of the same moment, in $tmp/list,
# $tmp/sha1 and $tmp/sha256.
snapshot() {
	settle
	cat $ima/binary_runtime_measurements > "$tmp/list"
	pcrs sha1 > "$tmp/sha1"
	pcrs sha256 > "$tmp/sha256"
}

# evmctl_says matches|differs TEXT LIST BANK,FILE: its word for it is in what it
# prints, not in its exit status. It looks at all PCRs that are in the list.
evmctl_says() {
	local want="Failed to match per TPM bank"

	[ "$1" != matches ] || want="^Matched per TPM bank calculated digest"
	evmctl ima_measurement --pcrs "$4" "$3" > "$tmp/out" 2>&1
	grep -q "$want" "$tmp/out"
	result $? "evmctl: $2: $1"
}

# without_tpm COMMAND...: where neither a TPM nor securityfs is to be seen.
without_tpm() {
	[ -n "${no_tpm:-}" ] || hide_tpm || return 99
	(unset TPM2TOOLS_TCTI TPM2TSS_TCTI && exec nsenter -t "$no_tpm" -m "$@")
}

# Makes the mount namespace of $no_tpm, which is there until the script ends.
hide_tpm() {
	mkfifo "$tmp/hidden"
	# shellcheck disable=SC2016 # it is sh that expands it.
	unshare -m sh -c '
		for f in /dev/tpm*; do
			mount --bind /dev/null "$f" || exit 99
		done
		mount -t tmpfs none /sys/class/tpm &&
			mount -t tmpfs none /sys/kernel/security || exit 99
		echo > "$1"
		exec sleep infinity' sh "$tmp/hidden" &
	no_tpm=$!
	trap 'kill "$no_tpm"; rm -rf "$tmp" "$place"' EXIT
	timeout 60 cat "$tmp/hidden"
}

# entry LIST PATTERN: the number of the last entry that imans log shows so.
entry() {
	imans log "$1" | awk -v pattern="$2" '$0 ~ pattern { n = $1 } END { print n }'
}

id_of() {
	imans ls | awk -v label="$1" '$NF == label { print $1 }'
}

# tenant NAME: a container that does what tell says, and has told that it is up.
declare -A tenants
tenant() {
	mkfifo "$place/$1.do" "$place/$1.done"
	# shellcheck disable=SC2016
	imans run --label "$1" -- sh -c '
		exec 3<> "$1.do"
		while read -r line <&3; do
			eval "$line"
			echo $? > "$1.done"
		done' sh "$place/$1" > "$tmp/$1" 2>&1 &
	tenants[$1]=$!
	tell "$1" :
}

# tell NAME COMMAND: its output is in $tmp/NAME, its status is returned.
tell() {
	local status

	: > "$tmp/$1"
	echo "$2" > "$place/$1.do"
	status=$(timeout 300 cat "$place/$1.done")
	return "${status:-124}"
}

# leave NAME: it ends, and its namespace with it.
leave() {
	local id

	id=$(id_of "$1")
	echo "exit 0" > "$place/$1.do"
	wait "${tenants[$1]}" || return
	unset "tenants[$1]"
	for _ in $(seq 100); do
		[ -e "$ima/ns/$id" ] || return 0
		sleep 0.1
	done
	return 1
}
