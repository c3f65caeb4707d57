#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What root of the machine can do to what imans writes: for demo-anchor.sh.

Uses no code of imans. Root has all files and the TPM, but neither the kernel's
memory nor the TPM's key.

  pcr LIST PCR BANK             the value that LIST leads to, from zero
  without NAME IN OUT           the bundle without the tenant's entry NAME
  host-without NAME IN OUT      the quote without the host's entry NAME
  root NAME IN OUT              as without, and the last anchor's root is made to fit
  swap A B OUT                  the bundle A with the leaf's place of B
  swap-lists ID ID IN OUT       the quote with two namespaces' lists swapped
  quote QUOTE IN OUT            the bundle with the quote of file QUOTE in it
  anchor NAME IN OUT            as root, but the anchor is a further one
  history PCRS NAME IN OUT      as root, but all records are invented; PCRS is what
                                is in the TPM, as imans pcr read --json prints it
  append QUOTE BUNDLE NAME ID OUT
                                the quote with the last anchor of the bundle at the
                                end of the host's list, and the list of ID without NAME

The last two but one print what the TPM has to be extended with, as "PCR BANK:HEX ...".
"""

import base64
import hashlib
import json
import os
import struct
import sys

SIZES = {"sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}


def sha256(data):
    return hashlib.sha256(data).digest()


class Entry:
    """An entry of a binary list; name is that of its file or record."""

    def __init__(self, pcr, template, data, digest=None):
        self.pcr, self.template, self.data = pcr, template, data
        self.digest = digest or hashlib.sha1(data).digest()
        fields, at = [], 0
        while at < len(data):
            size, = struct.unpack_from("<I", data, at)
            fields.append(data[at + 4:at + 4 + size])
            at += 4 + size
        self.name = fields[1].rstrip(b"\0").decode()
        self.text = fields[2].decode() if template == "ima-buf" else None

    def violation(self):
        return not any(self.digest)

    def extended_with(self, bank):
        if self.violation():
            return b"\xff" * SIZES[bank]
        return hashlib.new(bank, self.data).digest()

    def binary(self):
        name = self.template.encode()
        return (struct.pack("<I", self.pcr) + self.digest +
                struct.pack("<I", len(name)) + name +
                struct.pack("<I", len(self.data)) + self.data)


def record(pcr, name, text):
    """A record as the kernel writes it."""
    fields = [b"sha256:\0" + sha256(text.encode()), name.encode() + b"\0", text.encode()]
    return Entry(pcr, "ima-buf", b"".join(struct.pack("<I", len(f)) + f for f in fields))


def parse(data):
    entries, at = [], 0
    while at < len(data):
        pcr, = struct.unpack_from("<I", data, at)
        digest = data[at + 4:at + 24]
        size, = struct.unpack_from("<I", data, at + 24)
        template = data[at + 28:at + 28 + size].decode()
        at += 28 + size
        size, = struct.unpack_from("<I", data, at)
        entries.append(Entry(pcr, template, data[at + 4:at + 4 + size], digest))
        at += 4 + size
    return entries


def binary(entries):
    return b"".join(e.binary() for e in entries)


def replay(entries, pcr, bank):
    value = bytes(SIZES[bank])
    for e in entries:
        if e.pcr == pcr:
            value = hashlib.new(bank, value + e.extended_with(bank)).digest()
    return value


def acc(entries):
    value = bytes(32)
    for e in entries:
        value = sha256(value + struct.pack("<I", e.pcr) + e.extended_with("sha256"))
    return value


def root_of(bundle):
    """RFC 9162, 2.1.3.2: what the leaf of the bundle's list leads to."""
    value = sha256(b"\0" + struct.pack("<QQ", bundle["id"], bundle["seq"]) +
                   bytes.fromhex(bundle["salt"]) + acc(list_of(bundle)))
    node, last = bundle["index"], bundle["n"] - 1
    for sibling in map(bytes.fromhex, bundle["path"]):
        if node & 1 or node == last:
            value = sha256(b"\1" + sibling + value)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            value = sha256(b"\1" + value + sibling)
        node, last = node >> 1, last >> 1
    return value.hex()


def load(path):
    with open(path) as f:
        return json.load(f)


def save(document, path):
    with open(path, "w") as f:
        json.dump(document, f)


def list_of(document):
    return parse(base64.b64decode(document["list"]))


def set_list(document, entries):
    document["list"] = base64.b64encode(binary(entries)).decode()


def remove(entries, name):
    left = [e for e in entries if e.name != name]
    if len(left) != len(entries) - 1:
        sys.exit("%d entries are named %s" % (len(entries) - len(left), name))
    return left


def forget(document, name):
    """The tenant's entry NAME was never there."""
    set_list(document, remove(list_of(document), name))
    document["seq"] -= 1


def clear(bundle, which):
    """The records of a PCR that are in clear: their number and themselves."""
    return [(i, Entry(0, "ima-buf", base64.b64decode(r)))
            for i, r in enumerate(bundle[which]) if isinstance(r, str)]


def put(bundle, which, entries):
    bundle[which] = [base64.b64encode(e.data).decode() for e in entries]


def keys(text):
    return dict(word.split("=", 1) for word in text.split(" "))


def text_of(values):
    return " ".join("%s=%s" % pair for pair in values.items())


def doctored_anchor(bundle):
    """The last anchor, with the root that the bundle's list leads to."""
    values = keys(clear(bundle, "pcr_anchor")[-1][1].text)
    values["root"] = "sha256:" + root_of(bundle)
    # These are of a namespace that ended.
    values.pop("id", None)
    values.pop("leaf", None)
    return values


def print_extend(bundle, entry):
    print(entry.pcr, *("%s:%s" % (b, entry.extended_with(b).hex()) for b in bundle["banks"]))


def do_pcr(path, pcr, bank):
    with open(path, "rb") as f:
        print(replay(parse(f.read()), int(pcr), bank).hex())


def do_without(name, source, target):
    bundle = load(source)
    forget(bundle, name)
    save(bundle, target)


def do_host_without(name, source, target):
    quote = load(source)
    set_list(quote, remove(list_of(quote), name))
    save(quote, target)


def do_root(name, source, target):
    bundle = load(source)
    forget(bundle, name)
    last = clear(bundle, "pcr_anchor")[-1][0]
    forged = record(12, "ima_ns_anchor", text_of(doctored_anchor(bundle)))
    bundle["pcr_anchor"][last] = base64.b64encode(forged.data).decode()
    save(bundle, target)


def do_swap(a, b, target):
    bundle, other = load(a), load(b)
    for member in "index", "path":
        bundle[member] = other[member]
    save(bundle, target)


def do_swap_lists(a, b, source, target):
    quote = load(source)
    one, two = (next(n for n in quote["namespaces"] if n["id"] == int(i)) for i in (a, b))
    for member in "list", "seq":
        one[member], two[member] = two[member], one[member]
    save(quote, target)


def do_quote(quote, source, target):
    bundle = load(source)
    bundle["quote"] = dict(load(quote), list=None, namespaces=None)
    save(bundle, target)


def do_anchor(name, source, target):
    bundle = load(source)
    forget(bundle, name)
    values = doctored_anchor(bundle)
    values["seq"] = str(int(values["seq"]) + 1)
    values["token"] = os.urandom(32).hex()
    forged = record(12, "ima_ns_anchor", text_of(values))
    bundle["pcr_anchor"].append(base64.b64encode(forged.data).decode())
    save(bundle, target)
    print_extend(bundle, forged)


def do_append(quote, bundle, name, ns, target):
    quote, bundle = load(quote), load(bundle)
    last = clear(bundle, "pcr_anchor")[-1][1]
    set_list(quote, list_of(quote) + [record(12, last.name, last.text)])
    forget(next(n for n in quote["namespaces"] if n["id"] == int(ns)), name)
    save(quote, target)


def do_history(pcrs, name, source, target):
    bundle = load(source)
    forget(bundle, name)
    start = {11: {}, 12: {}}
    for p in load(pcrs):
        start.get(p["pcr"], {})[p["bank"]] = p["value"]
    # A chain of our own: its secret is known to us.
    secret = os.urandom(32)
    values = keys(clear(bundle, "pcr_anchor")[0][1].text)
    for pcr, key in (11, "start_boot"), (12, "start_anchor"):
        values[key] = ",".join("%s:%s" % (b, start[pcr][b]) for b in bundle["banks"])
    values.update(alive="0", chain="1", token=sha256(secret).hex())
    # One more token is needed than the chain has: what comes next is ours, too.
    registered = text_of(values)
    values = doctored_anchor(bundle)
    values.update(seq="1", reason="interval", token=secret.hex(),
                  next=sha256(os.urandom(32)).hex())
    boot = clear(bundle, "pcr_boot")[-1][1].text
    forged = {
        "pcr_boot": [record(11, "ima_ns_register", registered), record(11, "ima_ns_boot", boot)],
        "pcr_anchor": [record(12, "ima_ns_register", registered),
                       record(12, "ima_ns_anchor", text_of(values))],
    }
    for which, entries in forged.items():
        put(bundle, which, entries)
        for entry in entries:
            print_extend(bundle, entry)
    save(bundle, target)


COMMANDS = {
    "pcr": do_pcr, "without": do_without, "host-without": do_host_without, "root": do_root,
    "swap": do_swap, "swap-lists": do_swap_lists, "quote": do_quote, "anchor": do_anchor,
    "history": do_history, "append": do_append,
}

if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
    sys.exit(__doc__)
COMMANDS[sys.argv[1]](*sys.argv[2:])
