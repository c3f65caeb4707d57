#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What kexec leaves of namespaces: the host's list in front of that of the next
# kernel, none of whose ids comes again, and all of it in the machine's TPM. Three
# kernels one after the other, so that what was carried over is carried over once
# more. Runs in a guest of its own as root; prints TAP.
#
#   kexec.sh IMAGE
#
# IMAGE is the bzImage to go on with. Each kernel runs all of this; the next one
# learns its number from its command line, the rest from /scratch. The last one
# prints the results of all: kexec waits for nothing that is on its way out.

last=3
image=${1:?}
here=$(cd "$(dirname "$0")" && pwd)
ima=/sys/kernel/security/integrity/ima
list=$ima/binary_runtime_measurements
sysfs=/sys/class/tpm/tpm0
kept=/scratch/kexec
files=/scratch/files
# shellcheck source=lib/tap.sh
. "$here/lib/tap.sh"

# This is kernel number $n.
n=$(sed -n 's/.* imans\.kexec=\([0-9]*\)$/\1/p' /proc/cmdline)
n=${n:-1}
mkdir -p $kept/lists $files
touch $kept/tap
count=$(grep -cE '^(not )?ok ' $kept/tap)
failed=$(grep -c '^not ok ' $kept/tap)
if [ "$n" -lt $last ]; then
	exec 3>&1 >> $kept/tap 2>&1
else
	cat $kept/tap
fi
echo "# kernel $n of $last"

# must TEXT: if the last command failed there is no point in another kernel.
must() {
	local rc=$?

	result $rc "$1"
	[ $rc -ne 0 ] || return
	[ "$n" -eq $last ] || cat $kept/tap >&3
	exit 1
}

# ids: of the records in the host's list, in its order.
ids() {
	imans log | sed -n 's/.* ima_ns_[a-z]* "id=\([0-9]*\) .*/\1/p'
}

# begin OPTION...: a namespace that lives until $pid is killed; its id is $id.
begin() {
	local out

	exec {out}< <(exec imans run "$@" -- \
		sh -c "cat $ima/id; exec sleep 1000")
	pid=$!
	read -r id <&"$out"
}

# end PID ID: kill it, and wait for its death record.
end() {
	kill "$1"
	for _ in $(seq 600); do
		[ -e "$ima/ns/$2" ] || return 0
		sleep 0.1
	done
	return 1
}

# configure: a namespace that is never active; prints the id that it takes.
configure() {
	unshare -Urm sh -c "mount -t securityfs none /sys/kernel/security &&
		cat $ima/id"
}

# ------------------------------------------------------ what was carried over
host=(imans verify --host --sysfs "$sysfs")
if [ "$n" -gt 1 ]; then
	[ -z "$(ls -A $ima/ns)" ]
	result $? "no namespace outlives its kernel"
	for f in "$kept"/lists/*; do
		head -c "$(stat -c %s "$f")" "$ima/${f##*/}" | cmp - "$f" \
			> "$tmp/out" 2>&1
		result $? "${f##*/} begins with that of kernel $((n - 1))"
	done
	imans log | sed -n "$(($(cat $kept/count) + 1))p" > "$tmp/out"
	says " boot_aggregate$"
	expect 0 "TPM and list agree" imans verify $list --sysfs $sysfs
	says "^PCR 10 sha256: ok, "
	says "^PCR 14 sha256: ok, $((n - 1)) entries$"

	imans log > "$tmp/out"
	says " ima-ng sha256:$(sha256sum < $kept/kernel | cut -c -64) $kept/kernel$"
	says " ima-ng sha256:$(sha256sum < $kept/initramfs | cut -c -64) $kept/initramfs$"
	says " ima-buf sha256:$(tr -d '\n' < /proc/cmdline | sha256sum |
		cut -c -64) kexec-cmdline "

	# What was alive has no death record, and needs somebody's word.
	expect 1 "verify --host misses the ends of namespaces" "${host[@]}"
	says "namespace $(cat $kept/alive): born .* --kexec accepts this$"
	host+=(--kexec)
	expect 0 "verify --host --kexec" "${host[@]}"
	says "^namespaces: 0 alive, $((n - 1)) ended, $((2 * (n - 1))) before the last kexec$"

	ids > "$tmp/out"
	highest=$(sort -n "$tmp/out" | tail -n 1)
	id=$(configure)
	[ "$id" -gt "$highest" ]
	result $? "the first id, $id, is above $highest, the highest before"
fi

# ------------------------------------------- what there is to be carried over
cat > $ima/policy << END
measure func=KEXEC_KERNEL_CHECK
measure func=KEXEC_INITRAMFS_CHECK
measure func=KEXEC_CMDLINE
measure func=FILE_CHECK mask=MAY_READ fowner=7001 template=ima-sig
measure func=FILE_CHECK mask=MAY_READ fowner=7002 template=ima-ngv2
measure func=FILE_CHECK mask=MAY_READ fowner=7003 template=evm-sig
measure func=FILE_CHECK mask=MAY_READ fowner=7004 pcr=14
measure func=FILE_CHECK mask=MAY_READ fowner=7005
END
must "the host takes the policy"
for owner in 7001 7002 7003 7004 7005; do
	echo "kernel $n, owner $owner" > "$files/$n.$owner"
	chown $owner "$files/$n.$owner"
	cat "$files/$n.$owner" > /dev/null
done
exec {writer}>> "$files/$n.7005"
cat "$files/$n.7005" > /dev/null
exec {writer}>&-
imans log > "$tmp/out"
says " 14 sha1:[0-9a-f]* ima-ng sha256:[0-9a-f]* $files/$n.7004$"
says " VIOLATION .* $files/$n.7005$"

echo "measure func=BPRM_CHECK" > "$tmp/policy"
begin --policy "$tmp/policy"
early=$id early_pid=$pid
begin --policy "$tmp/policy"
echo "$id" > $kept/alive
expect 0 "verify --host before kexec" "${host[@]}"

if [ "$n" -eq $last ]; then
	says "^namespaces: 2 alive, $((n - 1)) ended, $((2 * (n - 1))) before the last kexec$"
	finish
fi

# ---------------------------------------------------------------------- kexec
if [ "$n" -eq 1 ]; then
	cp "$image" $kept/kernel
	must "the image is there"
	# As tools/dev/vm makes it.
	mkdir -p $kept/cpio/bin $kept/cpio/boot
	cp "$here/../tools/dev/guest-boot" $kept/cpio/init &&
		cp /run/imans/busybox $kept/cpio/bin &&
		cp /run/imans/guest-init /run/imans/env /run/imans/command \
			$kept/cpio/boot &&
		(cd $kept/cpio && find . -mindepth 1 | cpio -o -H newc --quiet) \
			> $kept/initramfs
	must "there is an initramfs"
fi
"$here/build/kexec" load $kept/kernel $kept/initramfs \
	"$(sed 's/ imans\.kexec=.*//' /proc/cmdline) imans.kexec=$((n + 1))" \
	> "$tmp/out" 2>&1
must "kexec_file_load"

# After that, but before its end. The highest id is not in the last record, and
# there is one above it in no record at all.
begin --label late
late=$id
id=$(configure)
end "$early_pid" "$early"
result $? "a namespace ends"
ids > "$tmp/out"
[ "$late" -gt "$early" ] && [ "$id" -gt "$late" ] &&
	[ "$(tail -n 1 "$tmp/out")" -eq "$early" ]
result $? "the last record is of namespace $early, but $late and $id are taken"

for f in "$list"*; do
	cat "$f" > "$kept/lists/${f##*/}"
done
cat $ima/runtime_measurements_count > $kept/count
sync
"$here/build/kexec" start > "$tmp/out" 2>&1
must "kexec"
