# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For the shell tests. IMANS is the program, GENLIST and GENANCHOR make
# lists; all are set by tests/run.

count=0
failed=0
tmp=$(mktemp -d)
trap 'cleanup; rm -rf "$tmp"' EXIT

swtpm_pid=
# A test that starts something else redefines this.
cleanup()
{
	stop_swtpm
}

# result STATUS TEXT: one line of TAP, and what the command printed if not ok.
result()
{
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count - $2"
	else
		failed=$((failed + 1))
		echo "not ok $count - $2"
		sed 's/^/# /' "$tmp/out" "$tmp/err" 2>/dev/null
	fi
}

skip()
{
	count=$((count + 1))
	echo "ok $count - # SKIP $1"
}

# expect STATUS TEXT COMMAND...: runs it, output in $tmp/out and $tmp/err.
expect()
{
	local want=$1 text=$2 got
	shift 2
	"$@" >"$tmp/out" 2>"$tmp/err"
	got=$?
	[ $got -eq "$want" ]
	result $? "$text (exit $want)"
	[ $got -eq "$want" ] || echo "# exit status $got"
}

# says STREAM PATTERN: what the last command printed on out or err.
says()
{
	grep -q -e "$2" "$tmp/$1"
	result $? "... and says \"$2\""
}

# start_swtpm: one on a socket, its TCTI in TPM2TOOLS_TCTI, its pid in swtpm_pid.
# The TCTI wants the control port behind the data port.
start_swtpm()
{
	local port
	for port in $(shuf -i 20000-40000 -n 20); do
		mkdir -p "$tmp/tpm"
		swtpm socket --tpm2 --tpmstate dir="$tmp/tpm" \
			--server type=tcp,port="$port" \
			--ctrl type=tcp,port=$((port + 1)) \
			--flags not-need-init,startup-clear \
			--log file="$tmp/swtpm.log" &
		swtpm_pid=$!
		for _ in $(seq 50); do
			kill -0 "$swtpm_pid" 2>/dev/null || break
			# Let it end first if the port is somebody else's.
			sleep 0.2
			if (: <"/dev/tcp/127.0.0.1/$((port + 1))") 2>/dev/null &&
				kill -0 "$swtpm_pid" 2>/dev/null; then
				export TPM2TOOLS_TCTI=swtpm:port=$port
				return
			fi
		done
		swtpm_pid=
	done
	echo "Bail out! swtpm does not start"
	exit 1
}

stop_swtpm()
{
	[ -z "$swtpm_pid" ] || kill "$swtpm_pid" 2>/dev/null
	wait 2>/dev/null
	swtpm_pid=
}

# entries FROM TO LIST: these, counted from 1.
entries()
{
	python3 - "$@" <<'END'
import struct, sys
first, last, b, o, i = int(sys.argv[1]), int(sys.argv[2]), open(sys.argv[3], "rb").read(), 0, 0
while o < len(b):
    n, = struct.unpack_from("<I", b, o + 24)
    size, = struct.unpack_from("<I", b, o + 28 + n)
    end, i = o + 32 + n + size, i + 1
    if first <= i <= last:
        sys.stdout.buffer.write(b[o:end])
    o = end
END
}

# extends LIST: what a TPM with the four usual banks is extended with, entry by
# entry: "PCR ALGO:HEX ...".
extends()
{
	python3 - "$1" <<'END'
import hashlib, struct, sys
b, o = open(sys.argv[1], "rb").read(), 0
while o < len(b):
    pcr, violation = struct.unpack_from("<I", b, o)[0], b[o + 4:o + 24] == bytes(20)
    n, = struct.unpack_from("<I", b, o + 24)
    size, = struct.unpack_from("<I", b, o + 28 + n)
    data, o = b[o + 32 + n:o + 32 + n + size], o + 32 + n + size
    print(pcr, *(a + ":" + ("ff" * hashlib.new(a).digest_size if violation
                            else hashlib.new(a, data).hexdigest())
                 for a in ("sha1", "sha256", "sha384", "sha512")))
END
}

finish()
{
	echo "1..$count"
	[ $failed -eq 0 ] && [ $count -gt 0 ]
	exit
}

# json EXPRESSION: whether it holds for the object d that was printed.
json()
{
	python3 -c "import json, sys
d = json.load(open(sys.argv[1]))
sys.exit(not ($1))" "$tmp/out"
	result $? "... JSON: $1"
}

need_python()
{
	command -v python3 >/dev/null || { echo "1..0 # SKIP no python3"; exit 0; }
}
