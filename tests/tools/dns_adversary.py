#!/usr/bin/env python3
"""dns_adversary - a name server that answers as the first label of the question says.

usage: dns_adversary.py PORT ADDRESS...     serves UDP and TCP; prints "ready"

Every good answer is 192.0.2.1 for A, and nothing for AAAA. The first ADDRESS is server 0.
"""
# SPDX-License-Identifier: MIT
import selectors
import socket
import struct
import sys

GOOD = b"\xc0\x00\x02\x01"
A, AAAA, CNAME, OPT = 1, 28, 5, 41


class Query:
    """A question as it came: its bytes, and what is in them."""

    def __init__(self, data, server, tcp):
        self.data, self.server, self.tcp = data, server, tcp
        at = 12
        while data[at]:
            at += 1 + data[at]
        self.end = at + 5
        self.id = data[:2]
        self.question = data[12:self.end]
        self.type = struct.unpack(">H", data[at + 1:at + 3])[0]
        self.edns = data[11] > 0
        self.label = data[13:13 + data[12]].decode().lower()

    def reply(self, records=b"", n=0, rcode=0, flags=0x8180, qd=1, question=None, extra=b"", extras=0, an=None):
        question = self.question if question is None else question
        return (self.id + struct.pack(">HHHHH", flags | rcode, qd, n if an is None else an, 0, extras)
                + question + records + extra)

    def good(self, owner=b"\xc0\x0c"):
        return self.reply(record(owner, A, GOOD), 1) if self.type == A else self.reply()


def record(owner, kind, data, length=None):
    return owner + struct.pack(">HHIH", kind, 1, 60, len(data) if length is None else length) + data


def name(text):
    return b"".join(bytes([len(p)]) + p.encode() for p in text.split(".")) + b"\0"


def only_a(q, made):
    return made if q.type == A else [q.reply()]


def wrong_id(q):
    wrong = bytearray(q.good())
    wrong[0] ^= 1
    return [bytes(wrong)] * 50 + [q.good()]


def wrong_question(q):
    return [q.reply(record(b"\xc0\x0c", A, b"\x06\x06\x06\x06"), 1, question=name("evil.test") + q.question[-4:]),
            q.reply(record(b"\xc0\x0c", A, b"\x06\x06\x06\x06"), 1, question=q.question[:-4] + b"\0\x0f\0\1"), q.good()]


def aliases(q, n):
    out, owner = b"", b"\xc0\x0c"
    for i in range(n):
        out += record(owner, CNAME, name(f"c{i}.test"))
        owner = name(f"c{i}.test")
    return [q.reply(out + record(owner, A, GOOD), n + 1)]


def truncated(q, by_tcp):
    return [by_tcp] if q.tcp else [q.reply(flags=0x8380)]


def framed(msg):
    return struct.pack(">H", len(msg)) + msg


BEHAVIOURS = {
    "good": lambda q: [q.good()],
    "silent": lambda q: [],
    "first-silent": lambda q: [q.good()] if q.server else [],
    "a-silent": lambda q: [] if q.type == A else [q.reply(record(b"\xc0\x0c", AAAA, b"\x20\1" + b"\0" * 13 + b"\1"), 1)],
    "wrong-id": wrong_id,
    "wrong-id-for-ever": lambda q: [bytes([q.data[0] ^ 1]) + q.good()[1:]] * 40000,
    "wrong-question": wrong_question,
    "wrong-port": lambda q: [q.good()],
    "no-question": lambda q: [q.reply(record(name("no-question.test"), A, GOOD), 1, qd=0, question=b""), q.good()],
    "two-questions": lambda q: [q.reply(record(b"\xc0\x0c", A, GOOD), 1, qd=2, question=q.question * 2), q.good()],
    "pointer-self": lambda q: [q.reply(record(struct.pack(">H", 0xc000 | q.end), A, GOOD), 1)],
    "pointer-forward": lambda q: [q.reply(record(struct.pack(">H", 0xc000 | q.end + 4), A, GOOD), 1)],
    "pointer-chain": lambda q: only_a(q, [q.reply(
        record(b"\xc0\x0c", 16, b"".join(struct.pack(">H", 0xc000 | (q.end + 10 + 2 * i if i else 12)) for i in range(129)))
        + record(struct.pack(">H", 0xc000 | q.end + 12 + 256), A, GOOD), 2)]),
    "label-64": lambda q: [q.reply(record(b"\x40" + b"a" * 64 + b"\0", A, GOOD), 1)],
    "name-256": lambda q: [q.reply(record((b"\x3f" + b"a" * 63) * 4 + b"\0", A, GOOD), 1)],
    "many-answers": lambda q: [q.reply(record(b"\xc0\x0c", A, GOOD), 1, an=65535)],
    "rdlength-3": lambda q: only_a(q, [q.reply(record(b"\xc0\x0c", A, GOOD[:3]), 1)]),
    "alias-loop": lambda q: only_a(q, [q.reply(record(b"\xc0\x0c", CNAME, b"\xc0\x0c"), 1)]),
    "alias-8": lambda q: only_a(q, aliases(q, 8)),
    "alias-9": lambda q: only_a(q, aliases(q, 9)),
    "tc": lambda q: truncated(q, framed(q.good())),
    "tc-no-tcp": lambda q: truncated(q, b""),
    "tc-length-0": lambda q: truncated(q, b"\0\0"),
    "tc-partial": lambda q: truncated(q, b"\xff\xff" + q.good()),
    "tc-big": lambda q: truncated(q, framed(q.reply(record(b"\xc0\x0c", A, GOOD) * 4000, 4000))) if q.type == A
    else [q.reply()],
    "tc-some": lambda q: ([b""] if q.tcp else [q.reply(record(b"\xc0\x0c", A, GOOD), 2, flags=0x8380)]) if q.type == A
    else [q.reply()],
    "nx-first": lambda q: [q.good()] if q.server else [q.reply(rcode=3)],
    "nx": lambda q: [q.reply(rcode=3)],
    "empty": lambda q: [q.reply()],
    "servfail": lambda q: [q.reply(rcode=2)],
    "refused": lambda q: [q.reply(rcode=5)],
    "servfail-first": lambda q: [q.good()] if q.server else [q.reply(rcode=2)],
    "other-case": lambda q: [q.reply(record(b"\xc0\x0c", A, GOOD), 1, question=q.question[:-4].upper() + q.question[-4:])]
    if q.type == A else [q.reply()],
    "badvers": lambda q: [q.reply(extra=b"\0" + struct.pack(">HHIH", OPT, 1232, 0x01000000, 0), extras=1)] if q.edns
    else [q.good()],
    "formerr": lambda q: [q.reply(rcode=1, qd=0, question=b"")] if q.edns else [q.good()],
    "garbage": lambda q: [b"\xff" * 300, b"", b"\0", q.id, q.good()],
}


def answers(q):
    if q.label in BEHAVIOURS:
        return BEHAVIOURS[q.label](q)
    return [q.reply(rcode=3)]


def serve_udp(sock, server, stranger):
    data, peer = sock.recvfrom(4096)
    q = Query(data, server, False)
    if q.label == "wrong-port":
        stranger.sendto(q.reply(record(b"\xc0\x0c", A, b"\x06\x06\x06\x06"), 1), peer)
    for msg in answers(q):
        sock.sendto(msg, peer)


def serve_tcp(listener, server):
    conn, _ = listener.accept()
    with conn:
        conn.settimeout(5)
        data = conn.recv(4096)
        q = Query(data[2:], server, True)
        for msg in answers(q):
            conn.sendall(msg)


def main():
    port, addresses = int(sys.argv[1]), sys.argv[2:]
    selector = selectors.DefaultSelector()
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stranger.bind((addresses[0], 0))
    for i, address in enumerate(addresses):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind((address, port))
        tcp = socket.create_server((address, port), backlog=16)
        selector.register(udp, selectors.EVENT_READ, lambda s, i=i: serve_udp(s, i, stranger))
        selector.register(tcp, selectors.EVENT_READ, lambda s, i=i: serve_tcp(s, i))
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            try:
                key.data(key.fileobj)
            except OSError as error:
                print(error, file=sys.stderr)


main()
