#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# imans verify, log and pcr against the IMA of the host: a kernel's own list
# with several templates and PCRs, the machine's TPM, by sysfs, by TCTI, in
# every bank, and evmctl's opinion. Runs inside the guest as root; needs no
# IMA namespaces, so it runs on kernel base too. Prints TAP.

ima=/sys/kernel/security/integrity/ima
sysfs=/sys/class/tpm/tpm0
list=$ima/binary_runtime_measurements
place=/scratch/host-ima-verify

# Notes go to a tmpfs, whose files no rule below measures.
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"

[ -r "$list" ] || skip_all "no measurement list of the host"
[ -d "$sysfs/pcr-sha256" ] || skip_all "the machine has no TPM 2.0 with bank sha256"
command -v imans > /dev/null || skip_all "imans is not on PATH"
mountpoint -q /scratch || skip_all "no /scratch"

# One rule for executions, and for each owner another template or PCR.
rules="measure func=BPRM_CHECK
measure func=FILE_CHECK mask=MAY_READ fowner=7001 template=ima-sig
measure func=FILE_CHECK mask=MAY_READ fowner=7002 template=ima-ngv2
measure func=FILE_CHECK mask=MAY_READ fowner=7003 template=ima-sigv2
measure func=FILE_CHECK mask=MAY_READ fowner=7004 template=evm-sig
measure func=FILE_CHECK mask=MAY_READ fowner=7005 pcr=14
measure func=FILE_CHECK mask=MAY_READ fowner=7006 template=ima-ng"
echo "$rules" > "$tmp/policy"
cat "$tmp/policy" > $ima/policy
result $? "the host takes the policy"

mkdir -p "$place"
cp /bin/true "$place/program"
"$place/program"
result $? "a program was executed"
for n in 1 2 3 4 5 6; do
	echo "file $n" > "$place/file $n"
	chown "700$n" "$place/file $n"
	cat "$place/file $n" > /dev/null
done
# Read while somebody has it open for writing: a violation.
echo "log" > "$place/written"
chown 7006 "$place/written"
exec 9>> "$place/written"
cat "$place/written" > /dev/null
exec 9>&-

expect 0 "verify --sysfs" imans verify $list --sysfs $sysfs
says "^PCR 10 sha256: ok, "
says "^PCR 14 sha256: ok, 1 entries"
says "^verified$"
expect 0 "verify --tcti" imans verify $list --tcti device:/dev/tpmrm0
for bank in sha1 sha256 sha384 sha512; do
	if [ -d "$sysfs/pcr-$bank" ]; then
		expect 0 "verify --bank $bank" imans verify $list \
			--sysfs $sysfs --bank $bank
		says "^PCR 10 $bank: ok, [0-9]* entries$"
	fi
	if [ -e "${list}_$bank" ]; then
		expect 0 "verify of the list with $bank digests" \
			imans verify "${list}_$bank" --sysfs $sysfs
	fi
done

# The same by hand: values printed by pcr read, given to verify for a copy.
cp $list "$tmp/list"
imans pcr read --sysfs $sysfs 10 14 > "$tmp/pcrs"
values=()
while read -r pcr value; do
	values+=(--pcr-value "$pcr:$value")
done < "$tmp/pcrs"
cp $list "$tmp/list"
expect 0 "pcr read and verify --pcr-value" imans verify "$tmp/list" "${values[@]}"
imans pcr read --tcti device:/dev/tpmrm0 10 14 > "$tmp/out"
cmp -s "$tmp/out" "$tmp/pcrs"
result $? "pcr read: sysfs and TCTI agree"

# log says what the kernel says in its own words.
imans log "$tmp/list" > "$tmp/log"
[ "$(wc -l < "$tmp/log")" -ge "$(grep -c . "$tmp/log")" ] &&
	[ "$(wc -l < "$tmp/log")" -le "$(cat $ima/runtime_measurements_count)" ]
result $? "log has as many lines as the list has entries"
# Columns of the ascii list: PCR, digest, template.
awk '{ print $1, $2, $3 }' $ima/ascii_runtime_measurements |
	head -n "$(wc -l < "$tmp/log")" > "$tmp/kernel"
awk '{ sub("sha1:", "", $3); print $2, $3, $4 }' "$tmp/log" > "$tmp/out"
cmp -s "$tmp/out" "$tmp/kernel"
result $? "log agrees with ascii_runtime_measurements"
cp "$tmp/log" "$tmp/out"
says " ima-ng sha256:$(sha256sum < "$place/program" | cut -d ' ' -f 1) $place/program$"
says " ima-sig sha256:[0-9a-f]* $place/file_1$"
says " ima-ngv2 sha256:[0-9a-f]* $place/file_2$"
says " evm-sig sha256:[0-9a-f]* $place/file_4 .*iuid=7004 .*imode="
says " 14 sha1:[0-9a-f]* ima-ng sha256:[0-9a-f]* $place/file_5$"
says " ima-ng VIOLATION sha256:0* $place/written$"

# References: this list is its own best one.
sed -n 's/^[0-9]* [0-9]* sha1:[0-9a-f]* \(ima[a-z0-9-]*\|evm-sig\) \(sha[0-9]*:[0-9a-f]*\) \(\/[^ ]*\).*/\2 \3/p' \
	"$tmp/log" | grep -v "/written$" > "$tmp/reference"
expect 1 "verify --reference: the violation" imans verify "$tmp/list" \
	"${values[@]}" --reference "$tmp/reference"
says "violations: what was read is not known"
expect 1 "verify --reference --allow-violations: the written file is not known" \
	imans verify "$tmp/list" "${values[@]}" --allow-violations \
	--reference "$tmp/reference"
says "$place/written: not in the reference"
echo "sha256:$(sha256sum < "$place/written" | cut -d ' ' -f 1) $place/written" \
	>> "$tmp/reference"
expect 0 "verify --reference --allow-violations" imans verify "$tmp/list" \
	"${values[@]}" --allow-violations --reference "$tmp/reference"

# Forgeries.
cp "$tmp/list" "$tmp/forged"
offset=$(grep -abo "$place/program" "$tmp/forged" | head -n 1 | cut -d : -f 1)
printf X | dd of="$tmp/forged" bs=1 seek="$((offset + 5))" conv=notrunc status=none
expect 1 "one byte of a name flipped" imans verify "$tmp/forged" "${values[@]}"
says "entries are not what was measured, the first is entry "
head -c -1 "$tmp/list" > "$tmp/forged"
expect 2 "the last byte cut" imans verify "$tmp/forged" "${values[@]}"
says "truncated list: entry "

# Another entry later: the copy's PCR is an earlier state of this list.
cp /bin/false "$place/later"
"$place/later"
expect 1 "a list longer than the PCR" imans verify $list --pcr 10 "${values[@]}"
says "agrees only up to entry "
expect 0 "... with --allow-prefix" imans verify $list --pcr 10 --allow-prefix \
	"${values[@]}"
expect 1 "a list shorter than the PCR" imans verify "$tmp/list" --sysfs $sysfs
says "is not what the list leads to"

if command -v evmctl > /dev/null; then
	for _ in 1 2 3; do
		cp $list "$tmp/list"
		for i in $(seq 0 23); do
			printf 'PCR-%02d: %s\n' "$i" \
				"$(cat "$sysfs/pcr-sha256/$i")"
		done > "$tmp/sha256"
		evmctl ima_measurement --ignore-violations \
			--pcrs "sha256,$tmp/sha256" "$tmp/list" > "$tmp/out" 2>&1
		grep -q "Matched per TPM bank" "$tmp/out" && break
	done
	says "Matched per TPM bank"
	value=$(sed -n 's/^PCR-10: //p' "$tmp/sha256")
	expect 0 "imans agrees with evmctl about the same list and PCR" \
		imans verify "$tmp/list" --pcr 10 --pcr-value "10:sha256:$value"
else
	skip "no evmctl (package ima-evm-utils)"
fi

# What comes while somebody follows the list.
imans log --follow > "$tmp/follow" 2>&1 &
follower=$!
for _ in $(seq 50); do
	grep -q boot_aggregate "$tmp/follow" && break
	sleep 0.2
done
cp /bin/echo "$place/during"
"$place/during" > /dev/null
for _ in $(seq 50); do
	grep -q " $place/during$" "$tmp/follow" && break
	sleep 0.2
done
kill $follower
wait $follower 2> /dev/null
cp "$tmp/follow" "$tmp/out"
says "^1 10 .* boot_aggregate$"
says " $place/during$"
awk '$1 != NR { exit 1 }' "$tmp/follow"
result $? "log --follow numbers the entries without a gap"

# A TPM 1.2 behind the proxy device, the host's view: by sysfs and by itself.
if [ -c /dev/vtpmx ] && command -v swtpm > /dev/null; then
	mkdir "$tmp/tpm12"
	swtpm chardev --vtpm-proxy --tpmstate dir="$tmp/tpm12" \
		> /dev/null 2>&1 &
	emulator=$!
	for _ in $(seq 100); do
		[ -r /sys/class/tpm/tpm1/device/pcrs ] && break
		[ -r /sys/class/tpm/tpm1/pcrs ] && break
		sleep 0.2
	done
	dir=/sys/class/tpm/tpm1
	[ -r $dir/pcrs ] || dir=$dir/device
	expect 0 "pcr read --tpm1.2" imans pcr read --tpm1.2 /dev/tpm1
	[ "$(grep -c "^[0-9]* sha1:[0-9a-f]\{40\}$" "$tmp/out")" -eq 24 ]
	result $? "... 24 values"
	cp "$tmp/out" "$tmp/direct"
	expect 0 "pcr read --sysfs of a TPM 1.2" imans pcr read --sysfs $dir
	cmp -s "$tmp/out" "$tmp/direct"
	result $? "... the same"
	expect 2 "pcr read --tpm1.2 of a TPM 2.0" imans pcr read --tpm1.2 /dev/tpm0
	says "is it a TPM 1.2?"
	kill $emulator
	wait $emulator 2> /dev/null
else
	skip "no /dev/vtpmx or no swtpm: TPM 1.2"
fi

finish
