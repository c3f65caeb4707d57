#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# imans hook on a kernel with ima_ns.ko: containers with and without a user
# namespace, by a runtime that is made up and by runc, and what is refused. Runs
# inside the guest as root; prints TAP.
# shellcheck disable=SC2016

security=/sys/kernel/security
ima=$security/integrity/ima
place=/scratch/imans-hook
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
chmod 755 "$tmp"

command -v imans > /dev/null || skip_all "imans is not on PATH"
command -v setpriv > /dev/null || skip_all "no setpriv (package util-linux)"
mountpoint -q /scratch || skip_all "no /scratch"
[ -d $ima/ns ] || skip_all "the kernel does not show namespaces to the host"
[ -n "${IMANS_MODULE:-}" ] || skip_all "no ima_ns.ko (make module)"
mkdir -p "$place"
chmod 755 "$place"
as_user="setpriv --reuid 1000 --regid 1000 --clear-groups"
cp /bin/true "$place/program"
echo "measure func=BPRM_CHECK" > "$tmp/good.rules"
echo "measure func=NONSENSE" > "$tmp/bad.rules"
chmod 644 "$tmp/good.rules" "$tmp/bad.rules"

# A container is what waits here to be told that it may execute its program.
waiting='echo $$ > $0; read -r go < $0.go; exec "$@"'

# begin NAME WRAPPER...: such a one; its pid in $pid.
begin() {
	name=$1
	shift
	: > "$tmp/$name"
	chmod 666 "$tmp/$name"
	mkfifo -m 666 "$tmp/$name.go"
	"$@" sh -c "$waiting" "$tmp/$name" sh -c "$place/program; exec sleep 1000" &
	outer=$!
	for _ in $(seq 100); do
		[ ! -s "$tmp/$name" ] || break
		sleep 0.1
	done
	# As it is seen from here: what it says is the pid in its own namespace.
	pid=$outer
}

# go: let it execute its program.
go() {
	echo > "$tmp/$name.go"
	for _ in $(seq 100); do
		[ "$(cat "/proc/$pid/comm")" != sleep ] || return 0
		sleep 0.1
	done
	return 1
}

end() {
	kill -KILL "$pid"
	wait "$pid" 2> /dev/null
	for _ in $(seq 100); do
		imans ls > "$tmp/out"
		grep -q " $name\$" "$tmp/out" || return 0
		sleep 0.1
	done
	return 1
}

# hook OPTION...: what a runtime would do for it.
hook() {
	echo "{\"ociVersion\":\"1.0.2\",\"id\":\"$name\",\"status\":\"creating\",\"pid\":$pid,\"bundle\":\"/\"}" |
		imans hook "$@"
}

# hook_by UID OPTION...
hook_by() {
	local uid=$1

	shift
	echo "{\"id\":\"$name\",\"pid\":$pid}" |
		setpriv --reuid "$uid" --regid "$uid" --clear-groups imans hook "$@"
}

# id_of LABEL: the namespace with it.
id_of() {
	imans ls | awk -v label="$1" '$NF == label { print $1 }'
}

# has_program: it is the first entry of the namespace that is no record.
has_program() {
	id=$(id_of "$name")
	imans log "${id:-none}" > "$tmp/out" 2>&1
	awk '$4 != "ima-buf" && !/boot_aggregate$/ { print $NF; exit }' \
		"$tmp/out" | grep -qE '/(sh|dash)$' &&
		grep -q " $place/program\$" "$tmp/out"
	result $? "... its first program is the first that is listed"
}

birth_says() {
	imans log > "$tmp/host"
	grep "ima_ns_birth.* label=$name " "$tmp/host" > "$tmp/out"
	grep -q "$1" "$tmp/out"
	result $? "... its birth says \"$1\""
}

# ------------------------------------------------------------- without ima_ns.ko
begin none unshare --mount
expect 2 "no ima_ns.ko" hook
says "ima_ns.ko is not loaded"
end
begin user unshare --user --map-root-user --mount
expect 0 "a container with a user namespace, no ima_ns.ko" hook --policy "$tmp/good.rules"
go
result $? "... goes on"
has_program
birth_says " by=parent "
grep -q "^measure func=BPRM_CHECK" "$ima/ns/$id/policy"
result $? "... the policy is in force"
end
result $? "... and ends"

insmod "$IMANS_MODULE" pcr_boot=8 pcr_anchor=9 > "$tmp/out" 2>&1
result $? "ima_ns.ko is loaded"
if [ ! -e $security/ima_ns/adopt ]; then
	rmmod ima_ns
	skip "this kernel adopts nobody"
	finish
fi

# ------------------------------------------------------------------------ adopted
begin adopted unshare --mount
expect 0 "a container without a user namespace" hook
[ ! -s "$tmp/out" ]
result $? "... nothing is said"
expect 2 "the same again" hook
says "process $pid cannot be adopted: Device or resource busy"
says "it is adopted already"
go
result $? "... goes on"
has_program
birth_says " by=parent "
grep "ima_ns_boot.* label=$name " "$tmp/host" > "$tmp/out"
says "kind=adopted"
end
result $? "... and ends"
begin ruled unshare --mount --pid --fork
read -r pid < "/proc/$outer/task/$outer/children"
expect 0 "... in a pid namespace of its own, with a policy and a label" \
	hook --policy "$tmp/good.rules" --label ruled
id=$(id_of ruled)
grep -q "^measure func=BPRM_CHECK" "$ima/ns/${id:-none}/policy"
result $? "... the policy is in force"
kill -KILL "$pid" "$outer"
wait "$outer" 2> /dev/null

# ----------------------------------------------------------------------- refused
begin shared env
expect 2 "the mount namespace of the machine" hook
says "cannot be adopted: Invalid argument"
says "the container has no mount namespace of its own"
end
begin children unshare --mount sh -c 'sleep 1000 & exec "$@"' sh
expect 2 "a process with children" hook
says "cannot be adopted: Resource temporarily unavailable"
says "the process has children"
read -r child < "/proc/$pid/task/$pid/children"
kill -KILL "$child"
end
begin nonsense unshare --mount
expect 2 "a policy with a bad rule" hook --policy "$tmp/bad.rules"
says "the kernel does not understand the policy"
expect 2 "an unprivileged user" hook_by 1000
says "/proc/$pid/ns/user: Permission denied"
says "it takes root, or the user whose container it is"
echo 0 > /proc/sys/user/max_ima_namespaces
expect 2 "no more namespaces" hook
says "user.max_ima_namespaces is reached"
echo 1000000 > /proc/sys/user/max_ima_namespaces
end
[ -z "$(id_of nonsense)" ]
result $? "nothing is left of what was refused"

# -------------------------------------------------------------- user namespaces
begin rooted unshare --user --map-root-user --mount
expect 0 "a user namespace, by root" hook --label "a b"
expect 2 "the same again" hook
says "Device or resource busy"
end
# What it lists is charged to its control group, whoever causes it.
cgroup=/sys/fs/cgroup/imans-hook
slab() {
	awk '$1 == "slab" { print int($2 / 1024) }' $cgroup/memory.stat
}
if mkdir $cgroup && [ -r $cgroup/memory.stat ]; then
	begin charged unshare --user --map-root-user --mount
	echo "$pid" > $cgroup/cgroup.procs
	expect 0 "a user namespace in a control group of its own" hook
	before=$(slab)
	mkdir "$place/many"
	for i in $(seq 200); do
		echo "#!/bin/true $i" > "$place/many/$i"
	done
	chmod 755 "$place/many"/*
	nsenter --user="/proc/$pid/ns/user" --setuid 0 -- \
		sh -c "for i in $place/many/*; do \$i; done"
	after=$(slab)
	id=$(id_of charged)
	echo "$(cat "$ima/ns/$id/runtime_measurements_count") entries," \
		"slab of the group: $before KiB, then $after KiB" > "$tmp/out"
	[ "$(cat "$ima/ns/$id/runtime_measurements_count")" -gt 200 ] &&
		[ "$((after - before))" -gt 80 ]
	result $? "... its list is charged to it"
	end
	rmdir $cgroup
else
	skip "no control groups with memory controller"
fi
# shellcheck disable=SC2086
begin rootless $as_user unshare --user --map-root-user --mount
expect 0 "a user namespace of an unprivileged user, by himself" hook_by 1000
go
has_program
birth_says " by=parent "
end
# shellcheck disable=SC2086
begin others $as_user unshare --user --map-root-user --mount
expect 2 "... by another user" hook_by 1001
says "/proc/$pid/ns/user: Permission denied"
end
begin unmapped unshare --user --mount
expect 2 "nobody is mapped" hook
says "mounting securityfs at $security: Operation not permitted"
end
begin wrong unshare --user --map-root-user --mount
expect 2 "a policy with a bad rule" hook --policy "$tmp/bad.rules"
says "$tmp/bad.rules: line 1: measure func=NONSENSE: Invalid argument"
end

# -------------------------------------------------------------------------- runc
# bundle NAME USERNS OPTION...: a container whose hook has these options.
bundle() {
	local b=$place/$1 userns=$2

	shift 2
	mkdir -p "$b/rootfs/bin" "$b/rootfs/proc" "$b/rootfs/dev" "$b/rootfs/sys"
	chmod -R 755 "$b"
	cp "$(command -v busybox)" "$b/rootfs/bin/busybox"
	ln -s busybox "$b/rootfs/bin/sh"
	chown -R "$([ -z "$userns" ] && echo 0:0 || echo 100000:100000)" "$b/rootfs"
	(cd "$b" && runc spec) &&
		python3 - "$b/config.json" "$(command -v imans)" "$userns" "$@" << 'END'
import json, sys
path, imans, userns = sys.argv[1:4]
c = json.load(open(path))
c["process"].update(terminal=False, args=["/bin/sh", "-c", "echo it runs"])
c["hooks"] = {"createRuntime": [{"path": imans, "args": ["imans", "hook"] + sys.argv[4:]}]}
if userns:
    c["linux"]["namespaces"].append({"type": "user"})
    for m in "uidMappings", "gidMappings":
        c["linux"][m] = [{"containerID": 0, "hostID": 100000, "size": 65536}]
json.dump(c, open(path, "w"))
END
}

run_runc() {
	name=$1
	timeout 60 runc --root "$place/runc" run --bundle "$place/$name" "$name"
}

if ! command -v runc > /dev/null || ! command -v python3 > /dev/null ||
	! command -v busybox > /dev/null; then
	skip "no runc, python3 or busybox-static"
else
	bundle runc-adopted "" &&
		expect 0 "runc, without a user namespace" run_runc runc-adopted
	says "^it runs$"
	birth_says " by=parent "
	grep "ima_ns_boot.* label=$name " "$tmp/host" > "$tmp/out"
	says "kind=adopted"
	bundle runc-user user --policy "$tmp/good.rules" &&
		expect 0 "runc, with a user namespace" run_runc runc-user
	says "^it runs$"
	birth_says " by=parent "
	grep "ima_ns_boot.* label=$name " "$tmp/host" > "$tmp/out"
	says "kind=user"
	bundle runc-refused "" --policy "$tmp/bad.rules" &&
		expect 1 "runc, the hook fails" run_runc runc-refused
	says "error running hook"
	says "the kernel does not understand the policy"
	says_not "^it runs$"
fi

for _ in $(seq 100); do
	rmmod ima_ns 2> "$tmp/out" && break
	sleep 0.1
done
[ ! -d $security/ima_ns ]
result $? "ima_ns.ko is unloaded"
finish
