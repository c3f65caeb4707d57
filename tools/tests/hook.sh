#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# hook, on files like those of ima_ns.ko; what a kernel makes of it is in
# selftests/imans_hook.sh.
# shellcheck source=tools/tests/lib.sh
. "$(dirname "$0")/lib.sh"

sec=$tmp/sec
adopt=$sec/ima_ns/adopt
mkdir -p "$sec/ima_ns" "$tmp/rules"
echo "measure func=BPRM_CHECK" >"$tmp/rules/web"
echo "measure func=BPRM_CHECK" >"$tmp/rules/my web"
: >"$tmp/rules/empty"
sleep 1000 &
pid=$!
cleanup()
{
	kill "$pid" 2>/dev/null
}
start=$(sed 's/.*) //' "/proc/$pid/stat" | cut -d ' ' -f 20)

# state [MEMBER...]: what a runtime would say of that process.
state()
{
	local IFS=,
	echo "{\"ociVersion\":\"1.0.2\",\"id\":\"box-1\",\"pid\":$pid,\"bundle\":\"/b\"${1:+,}$*}"
}

# hook STATUS TEXT STATE OPTION...: with a file that takes everything.
hook()
{
	local want=$1 text=$2 in=$3
	shift 3
	[ -e "$adopt" ] || [ -L "$adopt" ] || : >"$adopt"
	expect "$want" "$text" "$IMANS" hook --securityfs "$sec" "$@" <<<"$in"
}

# written TEXT: what the hook wrote, and nothing else.
written()
{
	printf %s "$1" | cmp -s - "$adopt"
	result $? "... and writes \"$1\""
	: >"$adopt"
}

annotated='"annotations":{"org.ima-ns.policy":'

# Who makes these tests may be in a user namespace, where nobody is adopted.
if [ "$(readlink /proc/self/ns/user)" != "user:[4026531837]" ]; then
	hook 2 "a container outside of the initial user namespace" "$(state)"
	says err "can be adopted in the initial one only"
else
	hook 0 "createRuntime" "$(state '"status":"creating"')"
	[ ! -s "$tmp/out" ] && [ ! -s "$tmp/err" ]
	result $? "... and says nothing"
	written "$pid:$start label=box-1"
	hook 0 "prestart of an old runtime" "$(state)" --policy "$tmp/rules/web"
	written "$pid:$start label=box-1 policy=$tmp/rules/web"
	hook 0 "--label" "$(state)" --label sha256:00
	written "$pid:$start label=sha256:00"
	hook 0 "the annotation" "$(state "$annotated\"web\"}")" \
		--policy-dir "$tmp/rules" --policy /nonexistent
	written "$pid:$start label=box-1 policy=$tmp/rules/web"
	hook 2 "a blank in the label" "$(state)" --label "my web"
	says err "label \"my web\" has a blank"
	hook 2 "a blank in the policy's name" "$(state "$annotated\"my web\"}")" \
		--policy-dir "$tmp/rules"
	says err "the path of the policy has a blank"
	written ""

	# One write: strace tells.
	if command -v strace >/dev/null && strace -o "$tmp/trace" true 2>/dev/null; then
		hook 0 "one write" "$(state)"
		: >"$adopt"
		# Nothing that is traced can look for leaks.
		ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 strace -f -e trace=write -o "$tmp/trace" "$IMANS" hook --securityfs "$sec" \
			<<<"$(state)" >"$tmp/out" 2>"$tmp/err"
		[ "$(grep -c "write(.*label=box-1" "$tmp/trace")" -eq 1 ] &&
			[ "$(grep -c "write(" "$tmp/trace")" -eq 1 ]
		result $? "... by strace"
		written "$pid:$start label=box-1"
	else
		skip "no strace"
	fi

	cat >"$tmp/ca" <<END
-----BEGIN CERTIFICATE-----
MIIBgjCCASmgAwIBAgIUNTqKdqk0Yvpm8J+xotFprPJuu40wCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLQ0Egb2YgdGVzdHMwIBcNMjYxMTI2MTMxNDI3WhgPMjEyNjEx
MDIxMzE0MjdaMBYxFDASBgNVBAMMC0NBIG9mIHRlc3RzMFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEyH/pFQ+2oytCm6UU7yxhUOx6UB6t+FP6yVzCf0eFAoM/oyRA
uovjsLRf68WS61Mu3z9pvmDtzoLCWHIrWMbzA6NTMFEwHQYDVR0OBBYEFMHWm9H3
8UzJ9HyB5t1dx0d16dOlMB8GA1UdIwQYMBaAFMHWm9H38UzJ9HyB5t1dx0d16dOl
MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgbh25v2inTrLW658t
zk0tFz69BYDnB3feMJ72AgjEzFQCIFTjwXrZ8+WrF+rPsAFZhAkKyjQa8RsRDOmP
AixLsms9
-----END CERTIFICATE-----
END
	hook 2 "--ca for a container without a user namespace" "$(state)" \
		--ca "$tmp/ca"
	says err "no user namespace of its own: --ca is not for containers that are adopted"
	written ""

	# What is written to is not a file that takes everything.
	rm "$adopt"
	expect 2 "no ima_ns.ko" "$IMANS" hook --securityfs "$sec" <<<"$(state)"
	says err "adopt: No such file or directory"
	says err "securityfs is not mounted at $sec"
	ln -s /dev/full "$adopt"
	hook 2 "the kernel refuses" "$(state)"
	says err "process $pid cannot be adopted: No space left on device"
	says err "user.max_ima_namespaces is reached"
	rm "$adopt"
fi

hook 2 "nothing on standard input" ""
says err "standard input is not the state of a container that begins: not JSON"
hook 2 "a container that runs" "$(state '"status":"running"')"
says err "the container is running: the hook is for createRuntime or prestart"
hook 2 "no such process" "{\"id\":\"a\",\"pid\":2147483647}"
says err "there is no process 2147483647"
hook 2 "an annotation, no --policy-dir" "$(state "$annotated\"web\"}")"
says err "has the annotation org.ima-ns.policy (\"web\"), but the hook no --policy-dir"
for name in "" . .. ../rules/web /etc/passwd sub/web; do
	hook 2 "the annotation is \"$name\"" "$(state "$annotated\"$name\"}")" \
		--policy-dir "$tmp/rules"
	says err "\"$name\" is no name of a file in $tmp/rules"
done
hook 2 "a policy that is not there" "$(state "$annotated\"none\"}")" \
	--policy-dir "$tmp/rules"
says err "$tmp/rules/none: No such file or directory"
hook 2 "a policy without rules" "$(state)" --policy "$tmp/rules/empty"
says err "no rule in it"
for label in "" $'a\tb' "grün" "$(printf '%0257d' 0)"; do
	hook 2 "a label of ${#label} characters" "$(state)" --label "$label"
	says err "label: not 1 to 256 printable characters"
done
hook 2 "a relative path" "$(state)" --policy rules/web
says err "paths have to begin at the root"
hook 2 "a relative path of a certificate" "$(state)" --ca ca
says err "paths have to begin at the root"
hook 2 "--ca without a certificate" "$(state)" --ca "$tmp/rules/web"
says err "$tmp/rules/web: no X.509 certificate, neither in DER nor in PEM"
hook 2 "an operand" "$(state)" create
says err "no operands expected"
[ ! -s "$adopt" ]
result $? "nothing of all that was written"
finish
