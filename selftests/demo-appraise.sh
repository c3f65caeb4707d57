#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Enforcement: a container that runs nothing but what its image's owner has signed,
# with all of seed 000's policy.  openssl makes the keys, evmctl signs.  Runs as root
# inside the guest, at the end of demo.sh; ends with a status other than 0 at the
# first false result.

set -u -o pipefail

here=$(cd "$(dirname "$0")" && pwd)
policy=$here/data/seed000.policy
# dont_measure and dont_appraise of the policy cover tmpfs.
notes=/tmp/imans-demo-appraise
place=/scratch/imans-demo-appraise
image=$place/image
root=$place/root

# shellcheck source=lib/demo.sh
. "$here/lib/demo.sh"

needs imans openssl evmctl keyctl busybox getfattr tar ldd sha256sum
[ "$(id -u)" = 0 ] || missing "root"
[ -d /scratch ] || missing "/scratch (run me in tools/dev/vm)"

cleanup() {
	umount "$root"
} > /dev/null 2>&1
trap cleanup EXIT

umount "$root" 2> /dev/null
rm -rf "$notes" "$place"
mkdir -p "$notes" "$image" "$root"

# run COMMAND...: shown, and to succeed; what it says if it does not.
run() {
	echo "$*" | sed "s|$notes/||g; s|$place/||g" | show
	"$@" > "$notes/out" 2>&1 && return
	show < "$notes/out"
	false_result "$1 fails"
}

signature_of() {
	getfattr --absolute-names -e hex -n security.ima "$1" |
		sed -n 's/^security.ima=//p'
}

# certified NAME: a key, and a certificate by the CA.
certified() {
	run openssl req -new -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
		-subj "/CN=$1" -keyout "$notes/$1.key" -out "$notes/$1.csr"
	run openssl x509 -req -in "$notes/$1.csr" -days 30 -CA "$notes/ca.pem" \
		-CAkey "$notes/ca.key" -extfile "$notes/leaf.ext" \
		-out "$notes/$1.pem"
	openssl x509 -in "$notes/$1.pem" -outform DER -out "$notes/$1.der"
}

# script NAME TEXT: a program of the image.
script() {
	printf '#!/bin/sh\necho "%s"\n' "$2" > "$image/bin/$1"
	chmod 755 "$image/bin/$1"
}

echo "Enforcement: the container runs what is signed"

begin "The owner of an image makes a CA and a key that it certifies"
cat > "$notes/leaf.ext" <<END
basicConstraints=critical,CA:FALSE
keyUsage=digitalSignature
subjectKeyIdentifier=hash
END
run openssl req -x509 -new -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
	-subj "/CN=ca" -days 30 -keyout "$notes/ca.key" -out "$notes/ca.pem"
certified owner
certified later
run openssl req -x509 -new -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
	-subj "/CN=stranger" -days 30 -keyout "$notes/stranger.key" \
	-outform DER -out "$notes/stranger.der"

begin "The image: a shell, keyctl with its libraries, some scripts"
mkdir -p "$image"/{bin,dev,keys,lib,sys/kernel/security,usr/bin}
cp "$(command -v busybox)" "$image/bin/busybox"
for applet in awk cat cut grep sed sh sleep tail touch tr xxd; do
	ln -s busybox "$image/bin/$applet"
done
cp "$(command -v keyctl)" "$image/bin/keyctl"
ldd "$image/bin/keyctl" | grep -o '/[^ ]*' | while read -r library; do
	mkdir -p "$image/$(dirname "$library")"
	cp -L "$library" "$image/$library"
done
mknod -m 666 "$image/dev/null" c 1 3
cp "$here/lib/demo.sh" "$image/lib/demo.sh"
cp "$here/lib/demo-appraise-inside.sh" "$image/bin/act"
cp "$notes/later.der" "$notes/stranger.der" "$image/keys"
for name in hello tampered changing; do
	script $name "hello world"
done
script by-later "signed with the key that comes later"
script by-stranger "signed by a stranger"
check "it has $(find "$image" -type f | wc -l) files" test -f "$image/bin/act"

begin "All of its files are signed, then packed, with one that is not"
run evmctl ima_sign -r -a sha256 -k "$notes/owner.key" "$image"
run evmctl ima_sign -a sha256 -k "$notes/later.key" "$image/bin/by-later"
run evmctl ima_sign -a sha256 -k "$notes/stranger.key" "$image/bin/by-stranger"
script unsigned "hello world"
run tar --xattrs --xattrs-include=security.ima -C "$image" -cf "$place/layer.tar" .
mkdir "$place/layer" "$place/upper" "$place/work"
run tar --xattrs --xattrs-include=security.ima -C "$place/layer" \
	-xpf "$place/layer.tar"
run mount -t overlay overlay \
	-o "lowerdir=$place/layer,upperdir=$place/upper,workdir=$place/work" "$root"

begin "A program is modified on the way, its signature stays"
echo 'echo "someone unknown"' >> "$root/bin/tampered"
same "it has the signature of the original" \
	"$(signature_of "$root/bin/tampered")" \
	"$(signature_of "$image/bin/tampered")"
same "without IMA nobody would notice" \
	"$("$root/bin/tampered" | tail -n 1)" "someone unknown"

begin "The container, with all of the seed's policy"
same "its last rule is to appraise" "$(tail -n 1 "$policy")" "appraise fowner=0"
echo "imans run --key owner.pem --ca ca.pem --policy selftests/data/seed000.policy ..." |
	show
openssl x509 -in "$notes/ca.pem" -outform DER -out "$notes/ca.der"
digest=$(sha256sum "$notes/ca.der" | cut -d ' ' -f 1)
# What comes from outside while it runs: the change of a file.
{
	for _ in $(seq 1200); do
		[ ! -e "$root/ready" ] || break
		sleep 0.1
	done
	echo 'echo "someone unknown"' >> "$root/bin/changing"
	rm -f "$root/ready"
} &
imans run --key "$notes/owner.pem" --ca "$notes/ca.pem" --policy "$policy" \
	--label "signed image" --securityfs "$root/sys/kernel/security" -- \
	"$root/bin/busybox" chroot "$root" /bin/sh /bin/act "$digest"
status=$?
[ "$status" = 0 ] || exit "$status"

begin "The host's list says which CA it was"
imans log > "$notes/host"
grep 'ima_ns_birth .*label=signed%20image ' "$notes/host" |
	grep -o 'ca=[^ ]*' | show
check "in the record of birth" grep -q \
	"ima_ns_birth .*label=signed%20image .* ca=sha256:$digest " "$notes/host"
same "outside of the container nothing has changed: what is not signed runs" \
	"$("$root/bin/unsigned")" "hello world"
