#!/usr/bin/python3 -IS
# SPDX-License-Identifier: GPL-2.0-only
"""
What root of a machine can compute, who has all files and the TPM, but neither the
kernel's memory nor the TPM's key: measurement lists with entries left out or made
up, leaves and trees of anchors, files of imans with something else in them.
Written from the contract and not with the code of imans, so that the two check
each other.

    forge.py drop LIST N          LIST without entry N
    forge.py head LIST N          the first N entries
    forge.py only LIST N          entry N, as it stands in a list
    forge.py data LIST N          the template data of entry N
    forge.py record PCR NAME TEXT an entry of template ima-buf
    forge.py replace LIST N OLD NEW     OLD by NEW of the same length in record N,
                                  with the digest that belongs to it
    forge.py pcr LIST PCR BANK    the value that LIST leads to, from zero
    forge.py acc LIST             the sum of a tenant's list, and how many entries
    forge.py root N LEAF...       the root over N slots; LEAF is SLOT:ID:SALT:LIST
    forge.py path N SLOT LEAF...  the path of that slot
    forge.py token HEX TIMES      HEX hashed so many times
    forge.py edit FILE CODE [ARG...]    FILE is a bundle or quote and d in CODE, which
                                  changes it; ARG are in arg; all functions below
                                  may be used
    forge.py extend BUNDLE PCR N  what the TPM has to be extended with for the last N
                                  records of PCR, each as "PCR BANK:HEX ..."
"""
import binascii
import hashlib
import os
import struct
import sys

SIZES = {"sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}


def sha256(data):
    return hashlib.sha256(data).digest()


def read(name):
    with open(name, "rb") as f:
        return f.read()


# --- Lists

class Entry:
    """An entry of a list, or a record as it is in clear in a bundle."""

    def __init__(self, pcr, template, data, digest=None):
        self.pcr, self.template, self.data = pcr, template, data
        self.digest = digest or hashlib.sha1(data).digest()

    def fields(self):
        at = 0
        while at < len(self.data):
            size, = struct.unpack_from("<I", self.data, at)
            yield self.data[at + 4:at + 4 + size]
            at += 4 + size

    def name(self):
        """Of the file, or what the record is."""
        return list(self.fields())[1].rstrip(b"\0").decode()

    def text(self):
        """Of a record."""
        return list(self.fields())[2].decode()

    def extended_with(self, bank):
        if not any(self.digest):
            return b"\xff" * SIZES[bank]
        return hashlib.new(bank, self.data).digest()

    def binary(self):
        return (struct.pack("<I20sI", self.pcr, self.digest, len(self.template)) +
                self.template + struct.pack("<I", len(self.data)) + self.data)


def parse(data):
    at = 0
    while at < len(data):
        pcr, digest, size = struct.unpack_from("<I20sI", data, at)
        at += 28 + size
        template = data[at - size:at]
        size, = struct.unpack_from("<I", data, at)
        at += 4 + size
        yield Entry(pcr, template, data[at - size:at], digest)


def entries(name):
    return list(parse(read(name)))


def nth(name, number):
    return entries(name)[int(number) - 1]


def binary(some):
    return b"".join(e.binary() for e in some)


def record(pcr, name, text):
    text = text.encode()
    fields = b"sha256:\0" + sha256(text), name.encode() + b"\0", text
    return Entry(int(pcr), b"ima-buf",
                 b"".join(struct.pack("<I", len(f)) + f for f in fields))


def replaced(entry, old, new):
    text = entry.text()
    if text.count(old) != 1 or len(old) != len(new):
        sys.exit("forge.py: nothing to replace")
    return record(entry.pcr, entry.name(), text.replace(old, new))


def pcr(some, number, bank):
    value = bytes(SIZES[bank])
    for e in some:
        if e.pcr == number:
            value = hashlib.new(bank, value + e.extended_with(bank)).digest()
    return value


def acc(some):
    value = bytes(32)
    for e in some:
        value = sha256(value + struct.pack("<I", e.pcr) + e.extended_with("sha256"))
    return value


# --- Trees: RFC 9162, 2.1

def leaf(ident, salt, seq, some):
    return sha256(b"\0" + struct.pack("<QQ", ident, seq) + bytes.fromhex(salt) + acc(some))


def leaves(n, what):
    out = [sha256(b"\2")] * int(n)
    for one in what:
        slot, ident, salt, name = one.split(":", 3)
        some = entries(name)
        out[int(slot)] = leaf(int(ident), salt, len(some), some)
    return out


def split(n):
    """The largest power of two below n."""
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
    return sha256(b"\1" + root(tree[:k]) + root(tree[k:]))


def path(tree, slot):
    if len(tree) == 1:
        return []
    k = split(len(tree))
    if slot < k:
        return path(tree[:k], slot) + [root(tree[k:])]
    return path(tree[k:], slot - k) + [root(tree[:k])]


def root_by(value, index, n, siblings):
    """What the leaf leads to by its path (2.1.3.2)."""
    last = n - 1
    for sibling in siblings:
        if index & 1 or index == last:
            value = sha256(b"\1" + sibling + value)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            value = sha256(b"\1" + value + sibling)
        index, last = index >> 1, last >> 1
    return value


def token(value, times):
    value = bytes.fromhex(value)
    for _ in range(int(times)):
        value = sha256(value)
    return value.hex()


# --- Files of imans: d is a bundle, a quote, or a namespace that is in a quote

def b64(data):
    return binascii.b2a_base64(data, newline=False).decode()


def unb64(text):
    return binascii.a2b_base64(text)


def load(name):
    import json     # takes as long to load as all else together

    return json.loads(read(name))


def namespace(d, ident):
    one, = (s for s in d["namespaces"] if s["id"] == int(ident))
    return one


def forget(d, name):
    """The entry of that name was never there."""
    old = list(parse(unb64(d["list"])))
    left = [e for e in old if e.name() != name]
    if len(left) != len(old) - 1:
        sys.exit("forge.py: %d entries are named %s" % (len(old) - len(left), name))
    d["list"] = b64(binary(left))
    if "seq" in d:
        d["seq"] -= 1


def take(d, other, *members):
    for key in members:
        d[key] = other[key]


def swap(one, other, *members):
    for key in members:
        one[key], other[key] = other[key], one[key]


def take_quote(d, name):
    """The bundle with the quote of that file."""
    d["quote"] = dict(load(name), list=None, namespaces=None)


def records(d, which):
    """Those of the bundle that are in clear, and where each is in it."""
    return [(i, Entry(0, b"ima-buf", unb64(r))) for i, r in enumerate(d[which])
            if isinstance(r, str)]


def keys_of(entry):
    return dict(word.split("=", 1) for word in entry.text().split(" "))


def text_of(values):
    return " ".join("%s=%s" % pair for pair in values.items())


def anchor_record(values):
    return record(12, "ima_ns_anchor", text_of(values))


def fitting_anchor(d):
    """The keys of the last anchor, with the root that the bundle's list leads to."""
    values = keys_of(records(d, "pcr_anchor")[-1][1])
    value = leaf(d["id"], d["salt"], d["seq"], parse(unb64(d["list"])))
    siblings = map(bytes.fromhex, d["path"])
    values["root"] = "sha256:" + root_by(value, d["index"], d["n"], siblings).hex()
    # These are of a namespace that ended.
    values.pop("id", None)
    values.pop("leaf", None)
    return values


def replace_anchor(d):
    """The last anchor is made to fit."""
    last = records(d, "pcr_anchor")[-1][0]
    d["pcr_anchor"][last] = b64(anchor_record(fitting_anchor(d)).data)


def add_anchor(d):
    """A further anchor that fits."""
    values = fitting_anchor(d)
    values.update(seq=str(int(values["seq"]) + 1), token=os.urandom(32).hex())
    d["pcr_anchor"].append(b64(anchor_record(values).data))


def append_anchor(d, name):
    """The quote with the last anchor of the bundle of that file in the host's list."""
    last = records(load(name), "pcr_anchor")[-1][1]
    d["list"] = b64(unb64(d["list"]) + record(12, last.name(), last.text()).binary())


def invent(d, name):
    """A history that fits, after what imans pcr read --json says in that file."""
    start = {11: {}, 12: {}}
    for p in load(name):
        start.get(p["pcr"], {})[p["bank"]] = p["value"]
    # A chain of our own: its secret is known to us.
    secret = os.urandom(32)
    values = keys_of(records(d, "pcr_anchor")[0][1])
    for number, key in (11, "start_boot"), (12, "start_anchor"):
        values[key] = ",".join("%s:%s" % (b, start[number][b]) for b in d["banks"])
    values.update(alive="0", chain="1", token=sha256(secret).hex())
    register = record(11, "ima_ns_register", text_of(values))
    boot = records(d, "pcr_boot")[-1][1]
    # One more token is needed than the chain has: what comes next is ours, too.
    values = fitting_anchor(d)
    values.update(seq="1", reason="interval", token=secret.hex(),
                  next=sha256(os.urandom(32)).hex())
    d["pcr_boot"] = [b64(register.data), b64(boot.data)]
    d["pcr_anchor"] = [b64(register.data), b64(anchor_record(values).data)]


# --- Commands

def edit(name, code, *arg):
    import json

    d = load(name)
    exec(code, dict(globals(), d=d, arg=arg))
    return json.dumps(d)


def extend(name, number, count):
    d = load(name)
    which = {"11": "pcr_boot", "12": "pcr_anchor"}[number]
    return "\n".join(" ".join([number] + ["%s:%s" % (b, e.extended_with(b).hex())
                                          for b in d["banks"]])
                     for _, e in records(d, which)[-int(count):])


def drop(name, number):
    left = entries(name)
    del left[int(number) - 1]
    return binary(left)


def replace(name, number, old, new):
    changed = entries(name)
    changed[int(number) - 1] = replaced(changed[int(number) - 1], old, new)
    return binary(changed)


def main(command, *args):
    out = {
        "drop": drop,
        "head": lambda name, n: binary(entries(name)[:int(n)]),
        "only": lambda name, n: nth(name, n).binary(),
        "data": lambda name, n: nth(name, n).data,
        "record": lambda *what: record(*what).binary(),
        "replace": replace,
        "pcr": lambda name, n, bank: pcr(entries(name), int(n), bank).hex(),
        "acc": lambda name: "sha256:%s %d" % (acc(entries(name)).hex(), len(entries(name))),
        "root": lambda n, *w: root(leaves(n, w)).hex(),
        "path": lambda n, slot, *w: "\n".join(
            h.hex() for h in path(leaves(n, w), int(slot))),
        "token": token,
        "edit": edit,
        "extend": extend,
    }[command](*args)
    if isinstance(out, str):
        out = out.encode() + b"\n"
    sys.stdout.buffer.write(out)


if len(sys.argv) < 3:
    sys.exit(__doc__)
main(*sys.argv[1:])
