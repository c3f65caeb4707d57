#!/usr/bin/python3 -IS
# SPDX-License-Identifier: GPL-2.0-only
"""
What root of a machine can compute: measurement lists with entries left out or
made up, leaves and trees of anchors, files of imans with something else in
them. Written from the contract and not with the code of imans, so that the two
check each other.

    forge.py drop LIST N          LIST without entry N
    forge.py head LIST N          the first N entries
    forge.py data LIST N          the template data of entry N
    forge.py only LIST N          entry N, as it stands in a list
    forge.py record PCR NAME TEXT an entry of template ima-buf
    forge.py replace LIST N OLD NEW     OLD by NEW of the same length in entry N,
                                  with the digest that belongs to it
    forge.py acc LIST             the sum of a tenant's list
    forge.py root N LEAF...       the root over N slots; LEAF is SLOT:ID:SALT:LIST
    forge.py path N SLOT LEAF...  the path of that slot
    forge.py token HEX TIMES      HEX hashed so many times
    forge.py edit FILE CODE [ARG...]    FILE is JSON and d in CODE, which changes
                                  it; ARG are in arg, and the functions below
                                  that are named in edit() may be used
"""
import binascii
import hashlib
import struct
import sys


def sha256(data):
    return hashlib.sha256(data).digest()


def read(name):
    with open(name, "rb") as f:
        return f.read()


def entries(name):
    """(pcr, digest, template, data, all of it) of each entry of a list."""
    b, at = read(name), 0
    while at < len(b):
        begin = at
        pcr, digest = struct.unpack_from("<I20s", b, at)
        at += 24
        size, = struct.unpack_from("<I", b, at)
        template = b[at + 4:at + 4 + size]
        at += 4 + size
        size, = struct.unpack_from("<I", b, at)
        at += 4 + size
        yield pcr, digest, template, b[at - size:at], b[begin:at]


def nth(name, number):
    return list(entries(name))[int(number) - 1]


def pack(pcr, template, data):
    return (struct.pack("<I", pcr) + hashlib.sha1(data).digest() +
            struct.pack("<I", len(template)) + template +
            struct.pack("<I", len(data)) + data)


def field(data):
    return struct.pack("<I", len(data)) + data


def record(pcr, name, text):
    text = text.encode()
    return pack(int(pcr), b"ima-buf",
                field(b"sha256:\0" + sha256(text)) +
                field(name.encode() + b"\0") + field(text))


def replace(name, number, old, new):
    out = b""
    for i, (pcr, _, template, data, raw) in enumerate(entries(name), 1):
        if i == int(number):
            if data.count(old.encode()) != 1 or len(old) != len(new):
                sys.exit("forge.py: nothing to replace")
            *fields, text = fields_of(data)
            text = text.replace(old.encode(), new.encode())
            fields[0] = b"sha256:\0" + sha256(text)
            raw = pack(pcr, template,
                       b"".join(map(field, fields)) + field(text))
        out += raw
    return out


def fields_of(data):
    at, out = 0, []
    while at < len(data):
        size, = struct.unpack_from("<I", data, at)
        out.append(data[at + 4:at + 4 + size])
        at += 4 + size
    return out


def acc(name):
    """Sum and number of entries."""
    value, n = bytes(32), 0
    for pcr, digest, _, data, _ in entries(name):
        d = sha256(data) if digest != bytes(20) else b"\xff" * 32
        value = sha256(value + struct.pack("<I", pcr) + d)
        n += 1
    return value, n


def leaves(n, what):
    out = [sha256(b"\x02")] * int(n)
    for leaf in what:
        slot, ident, salt, name = leaf.split(":", 3)
        value, seq = acc(name)
        out[int(slot)] = sha256(b"\x00" + struct.pack("<QQ", int(ident), seq) +
                                bytes.fromhex(salt) + value)
    return out


def split(n):
    """The largest power of two below n: RFC 9162, 2.1.1."""
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def root(tree):
    if not tree:
        return sha256(b"")
    if len(tree) == 1:
        return tree[0]
    k = split(len(tree))
    return sha256(b"\x01" + root(tree[:k]) + root(tree[k:]))


def path(tree, slot):
    if len(tree) == 1:
        return []
    k = split(len(tree))
    if slot < k:
        return path(tree[:k], slot) + [root(tree[k:])]
    return path(tree[k:], slot - k) + [root(tree[:k])]


def token(value, times):
    value = bytes.fromhex(value)
    for _ in range(int(times)):
        value = sha256(value)
    return value.hex()


def b64(data):
    return binascii.b2a_base64(data, newline=False).decode()


def edit(name, code, *arg):
    import json     # takes as long to load as all else together

    with open(name, encoding="utf-8") as f:
        d = json.load(f)
    exec(code, {"d": d, "arg": arg, "b64": b64, "read": read, "json": json,
                "nth": nth, "entries": entries,
                "unb64": binascii.a2b_base64})
    return json.dumps(d).encode()


def main(command, *args):
    out = {
        "drop": lambda name, n: b"".join(
            e[4] for i, e in enumerate(entries(name), 1) if i != int(n)),
        "head": lambda name, n: b"".join(
            e[4] for e in list(entries(name))[:int(n)]),
        "data": lambda name, n: nth(name, n)[3],
        "only": lambda name, n: nth(name, n)[4],
        "record": record,
        "replace": replace,
        "acc": lambda name: "sha256:%s %d" % (acc(name)[0].hex(), acc(name)[1]),
        "root": lambda n, *w: root(leaves(n, w)).hex(),
        "path": lambda n, slot, *w: "\n".join(
            h.hex() for h in path(leaves(n, w), int(slot))),
        "token": token,
        "edit": edit,
    }[command](*args)
    if isinstance(out, str):
        out = out.encode() + b"\n"
    sys.stdout.buffer.write(out)


if len(sys.argv) < 3:
    sys.exit(__doc__)
main(*sys.argv[1:])
