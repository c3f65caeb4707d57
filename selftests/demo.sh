#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The story of seed 000, without a hand on it: a container with its own IMA and
# its own TPM measures a script, the script is changed, and a verifier accepts
# the honest list and rejects the forged one.  Runs as root inside the guest
# (make demo); ends with a status other than 0 at the first false result.

set -u -o pipefail

here=$(cd "$(dirname "$0")" && pwd)
security=/sys/kernel/security
ima=$security/ima
# dont_measure of the policy covers tmpfs: notes taken here change no list.
notes=${DEMO_NOTES:-/tmp/imans-demo}
place=${DEMO_PLACE:-/scratch/imans-demo}

# shellcheck source=lib/demo.sh
. "$here/lib/demo.sh"

entries() {
	cat $ima/runtime_measurements_count
}

# Lines of the list for one path.
lines_of() {
	awk -v path="$1" '$5 == path' $ima/ascii_runtime_measurements
}

# PCR 10 as the container's TPM holds it, by tpm2-tools, in lower case.
pcr_of_tpm() {
	tpm2_pcrread "$1:10" | tr 'A-F' 'a-f' | sed -n 's/^ *10 *: 0x//p'
}

# The same as the kernel says it should be.
pcr_of_list() {
	sed -n "s/^10 $1://p" $ima/vpcr
}

# The seed prints SHA-256 digests of its two scripts, which are ours in Python.
seeds_digest() {
	case $interpreter,$1 in
	python3,sha256:*)
		same "which is the one that the seed prints ($2)" \
			"${1#sha256:}" "$3" ;;
	esac
}

# A reader of files adds what it reads to the list.  The second time there is
# nothing new, so each program here runs once before its answer counts.
settled() {
	local before

	for _ in 1 2 3 4 5; do
		before=$(entries)
		"$@" > "$notes/settled" 2>&1
		settled_status=$?
		[ "$before" = "$(entries)" ] && return 0
	done
	echo "      the list still grows: $before, $(entries)"
	return 1
}

# Copies the list and PCR 10 of the same moment to $1.list and $1.pcrs.  The
# values come from the TPM by tpm2_pcrread: sysfs does not show the PCRs of a
# TPM that belongs to a namespace.
snapshot() {
	local name=$1 before i

	for _ in 1 2 3 4 5; do
		before=$(entries)
		cat $ima/binary_runtime_measurements > "$name.list"
		value=$(pcr_of_tpm sha256)
		[ "$before" = "$(entries)" ] && break
	done
	[ "$before" = "$(entries)" ] || return 1
	# The form of /sys/class/tpm/tpm0/device/pcrs, which evmctl reads.
	for i in $(seq 0 23); do
		if [ "$i" = 10 ]; then
			printf 'PCR-%02d: %s\n' "$i" "$value"
		else
			printf 'PCR-%02d: %064d\n' "$i" 0
		fi
	done > "$name.pcrs"
}

# ---------------------------------------------------------------- the container

inside() {
	DEMO_PART="container "

	begin "The container has an active IMA namespace and a TPM of its own"
	same "ima/active is 1" "$(cat $ima/active)" 1
	check "it has a number: $(cat $ima/id)" test "$(cat $ima/id)" -gt 0
	check "its TPM is $IMANS_TPM" test -c "$IMANS_TPM"
	same "the list begins with boot_aggregate" \
		"$(awk 'NR == 1 { print $5 }' $ima/ascii_runtime_measurements)" \
		boot_aggregate
	check "the seed's policy is in force" \
		grep -q '^measure func=FILE_CHECK mask=MAY_EXEC' $ima/policy

	begin "A script is run: $script"
	same "it says hello" "$($interpreter "$script")" "hello world"
	lines_of "$script" > "$notes/first"
	show < "$notes/first"
	same "it is in the list once" "$(wc -l < "$notes/first")" 1
	digest=$(awk '{ print $4 }' "$notes/first")
	same "with the digest of the file" "${digest#*:}" \
		"$("${digest%%:*}sum" "$script" | cut -d ' ' -f 1)"
	seeds_digest "$digest" "hello world" \
		4660ab1ff310887b8f4727933f68eeb74012a5fbc7107d500b146796f0d95b6b

	begin "PCR 10 of the TPM is what the list leads to"
	settled pcr_of_tpm sha256 || false_result "the TPM cannot be read"
	first_pcr=$(pcr_of_tpm sha256)
	echo "$first_pcr" | show
	same "tpm2_pcrread equals ima/vpcr (sha256)" "$first_pcr" \
		"$(pcr_of_list sha256)"
	same "tpm2_pcrread equals ima/vpcr (sha1)" "$(pcr_of_tpm sha1)" \
		"$(pcr_of_list sha1)"

	begin "The verifier accepts the honest list"
	settled imans verify $ima/binary_runtime_measurements \
		--tcti "$TPM2TOOLS_TCTI" || false_result "not settled"
	tail -n 4 "$notes/settled" | show
	same "imans verify ends with 0" "$settled_status" 0
	awk '$3 != "ima-buf" && NR > 1 { print $4, $5 }' \
		$ima/ascii_runtime_measurements > "$notes/reference"
	check "its $(wc -l < "$notes/reference") files are the reference" \
		test -s "$notes/reference"

	begin "The script is changed and run again"
	cat "$notes/addition" >> "$script"
	$interpreter "$script" | tee "$notes/second-run" | show
	same "it says more" "$(tail -n 1 "$notes/second-run")" \
		"someone unknown"
	lines_of "$script" > "$notes/second"
	show < "$notes/second"
	same "it is in the list twice" "$(wc -l < "$notes/second")" 2
	check "with another digest" test \
		"$(awk '{ print $4 }' "$notes/second" | sort -u | wc -l)" = 2
	seeds_digest "$(tail -n 1 "$notes/second" | awk '{ print $4 }')" \
		"someone unknown" \
		a993c332280a07f05b38866717e5a554a3f5cf288e2f320af25e55860b8ca34b
	second_pcr=$(pcr_of_tpm sha256)
	echo "$second_pcr" | show
	check "PCR 10 has another value" test "$first_pcr" != "$second_pcr"
	same "which is ima/vpcr again" "$second_pcr" "$(pcr_of_list sha256)"

	begin "The verifier names the changed file"
	settled imans verify $ima/binary_runtime_measurements \
		--tcti "$TPM2TOOLS_TCTI" || false_result "not settled"
	same "without reference the list is still honest" "$settled_status" 0
	settled imans verify $ima/binary_runtime_measurements \
		--tcti "$TPM2TOOLS_TCTI" --reference "$notes/reference" ||
		false_result "not settled"
	grep -A 2 -F "$script" "$notes/settled" | show
	same "with the reference of the first run it ends with 1" \
		"$settled_status" 1
	check "and names $script as changed" grep -q \
		"$script: not the digest of the reference" "$notes/settled"

	begin "A forged list is rejected"
	snapshot "$notes/end" || false_result "the list still grows"
	check "a copy of the list is accepted" verify_copy "$notes/end.list" 0
	cp "$notes/end.list" "$notes/forged.list"
	# One byte in the middle of the name of the script's last entry.
	at=$(grep -abo -F "$script" "$notes/forged.list" | tail -n 1 |
		cut -d : -f 1)
	printf X | dd of="$notes/forged.list" bs=1 seek=$((at + 3)) \
		conv=notrunc 2> "$notes/dd"
	same "one byte differs" \
		"$(cmp -l "$notes/end.list" "$notes/forged.list" | wc -l)" 1
	check "the copy with it is rejected" \
		verify_copy "$notes/forged.list" 1
	tail -n 3 "$notes/settled" | show

	begin "evmctl, which knows nothing of namespaces, agrees"
	evmctl ima_measurement --pcrs "sha256,$notes/end.pcrs" \
		"$notes/end.list" > "$notes/evmctl" 2>&1
	show < "$notes/evmctl"
	check "about the honest list" grep -q \
		'^Matched per TPM bank calculated digest' "$notes/evmctl"
	evmctl ima_measurement --pcrs "sha256,$notes/end.pcrs" \
		"$notes/forged.list" > "$notes/evmctl" 2>&1
	check "and about the forged one" grep -q \
		'^Failed to match per TPM bank' "$notes/evmctl"

	begin "Exactly one PCR_Extend for each entry, by swtpm's own log"
	for _ in 1 2 3; do
		before=$(entries)
		extends=$(grep -A 1 'SWTPM_IO_Read:' "$notes/swtpm.log" |
			grep -cE '^ ([0-9A-F]{2} ){6}00 00 01 82 ')
		[ "$before" = "$(entries)" ] && break
	done
	same "$extends commands, $(entries) entries" "$extends" "$(entries)"

	"$place/only-here" || false_result "$place/only-here does not run"
	check "$place/only-here ran in the container" \
		test -n "$(lines_of "$place/only-here")"
	cat $ima/id > "$notes/id"
}

# verify_copy LIST STATUS
verify_copy() {
	settled imans verify "$1" --bank sha256 \
		--pcr-value "10:sha256:$value" || return 1
	[ "$settled_status" = "$2" ] || {
		show < "$notes/settled"
		return 1
	}
}

if [ "${1:-}" = --inside ]; then
	inside
	exit 0
fi

# --------------------------------------------------------------------- the host

[ "$(id -u)" = 0 ] || missing "root"
[ -d /scratch ] || missing "/scratch (run me in tools/dev/vm)"
needs imans swtpm tpm2_pcrread evmctl cmp awk
[ -c /dev/vtpmx ] || missing "/dev/vtpmx (CONFIG_TCG_VTPM_PROXY)"
[ -w $ima/policy ] || missing "$ima/policy"

rm -rf "$notes" "$place"
mkdir -p "$notes" "$place"

if command -v python3 > /dev/null; then
	interpreter=python3
	script=$place/demo.python
	echo 'print("hello world")' > "$script"
	echo 'print("someone unknown")' > "$notes/addition"
else
	interpreter="sh"
	script=$place/demo.sh
	echo 'echo "hello world"' > "$script"
	echo 'echo "someone unknown"' > "$notes/addition"
fi
cp /bin/true "$place/only-here"
export interpreter script place notes
export DEMO_NOTES=$notes DEMO_PLACE=$place

echo "IMA namespaces: the story of seed 000"
uname -sr

begin "The host measures executions"
echo 'measure func=BPRM_CHECK mask=MAY_EXEC' > $ima/policy ||
	false_result "the host's policy is refused"
check "its policy is in force" grep -q '^measure func=BPRM_CHECK' $ima/policy

begin "A container with its own IMA, its own TPM and the seed's policy"
# Its last rule wants signatures, which act two is about.
policy=$notes/policy
grep -v '^appraise ' "$here/data/seed000.policy" > "$policy"
echo "imans run --vtpm --policy (selftests/data/seed000.policy without appraise) ..." |
	show
imans run --vtpm --vtpm-log "$notes/swtpm.log" --policy "$policy" \
	--label "seed 000" -- "$0" --inside
status=$?
[ "$status" = 0 ] || exit "$status"

begin "The host's list shows what the container executed"
check "$place/only-here is in it" \
	test -n "$(lines_of "$place/only-here")"
lines_of "$place/only-here" | show
id=$(cat "$notes/id")
imans log > "$notes/host"
grep -oE 'ima_ns_(birth|policy|death).*' "$notes/host" | cut -c 1-100 | show
check "so is the birth of namespace $id" \
	grep -q "ima_ns_birth.*id=$id " "$notes/host"
for _ in $(seq 1 100); do
	imans log > "$notes/host"
	grep -q "ima_ns_death.*id=$id " "$notes/host" && break
	sleep 0.1
done
check "and its death" grep -q "ima_ns_death.*id=$id " "$notes/host"

if [ -r /sys/class/tpm/tpm0/pcr-sha256/10 ]; then
	begin "The verifier accepts the host's list too"
	imans verify $ima/binary_runtime_measurements \
		--sysfs /sys/class/tpm/tpm0 > "$notes/verify" 2>&1
	status=$?
	tail -n 4 "$notes/verify" | show
	same "imans verify ends with 0" "$status" 0
fi

echo
"$here/demo-appraise.sh" || exit

echo
echo "demo: every step as it should be"
