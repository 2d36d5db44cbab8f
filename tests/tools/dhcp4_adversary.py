#!/usr/bin/env python3
"""dhcp4_adversary - a DHCPv4 server that means ill in one way, and in all others behaves.

usage: dhcp4_adversary.py INTERFACE CASE     prints what it sees, one line each

The good lease is 10.86.0.50/24 from 10.86.0.1 for 3600 s. What must not be taken is 10.86.0.66.
"""
# SPDX-License-Identifier: MIT
import socket
import struct
import sys
import time

DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK = 1, 2, 3, 4, 5, 6
SERVER, GOOD, EVIL = "10.86.0.1", "10.86.0.50", "10.86.0.66"
NAMES = {1: "discover", 3: "request", 4: "decline"}


def word_sum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data[:len(data) & ~1]))
    if len(data) % 2:
        total += data[-1] << 8
    while total >> 16:
        total = (total >> 16) + (total & 0xffff)
    return total ^ 0xffff


def option(code, data):
    return bytes([code, len(data)]) + data


def address(code, text):
    return option(code, socket.inet_aton(text))


def seconds(code, n):
    return option(code, struct.pack(">I", n))


class Client:
    """What a client sent: the parts of it that answers need."""

    def __init__(self, packet):
        head = (packet[0] & 15) * 4
        m = packet[head + 8:]
        self.source = socket.inet_ntoa(packet[12:16])
        self.broadcast = packet[16:20] == b"\xff" * 4
        self.xid, self.flags, self.mac = m[4:8], m[10:12], m[28:34]
        self.mine = socket.inet_ntoa(m[12:16])
        self.options, at = {}, 240
        while at < len(m) and m[at] != 255:
            if m[at]:
                self.options[m[at]] = m[at + 2:at + 2 + m[at + 1]]
                at += 1 + m[at + 1]
            at += 1
        self.kind = self.options[53][0]
        self.wanted = socket.inet_ntoa(self.options.get(50, b"\0" * 4))
        self.server = socket.inet_ntoa(self.options.get(54, b"\0" * 4))

    def bootp(self, yiaddr, options, xid=None, mac=None):
        head = struct.pack(">BBBB4sHH4s4s4s4s16s192s", 2, 1, 6, 0, xid or self.xid, 0, 0, b"", socket.inet_aton(yiaddr),
                           b"", b"", mac or self.mac, b"")
        return head + b"\x63\x82\x53\x63" + options

    def answer(self, kind, yiaddr, lease=3600, server=SERVER, more=b"", **other):
        options = option(53, bytes([kind])) + address(54, server)
        if kind != NAK:
            options += address(1, "255.255.255.0") + seconds(51, lease) + more
        return self.bootp(yiaddr, options + b"\xff", **other)


class Wire:
    def __init__(self, interface):
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.sock.bind((interface, 0))
        self.mac = self.sock.getsockname()[4]

    def frame(self, payload, to, kind=0x0800):
        self.sock.send((to if to else b"\xff" * 6) + self.mac + struct.pack(">H", kind) + payload)

    def ip(self, c, udp, fragment=0):
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 7, fragment, 64, 17, 0, socket.inet_aton(SERVER),
                           b"\xff" * 4)
        return head[:10] + struct.pack(">H", word_sum(head)) + head[12:] + udp

    def udp(self, message, spoil=0):
        pseudo = socket.inet_aton(SERVER) + b"\xff" * 4 + struct.pack(">HH", 17, 8 + len(message))
        head = struct.pack(">HHHH", 67, 68, 8 + len(message), 0)
        total = (word_sum(pseudo + head + message) or 0xffff) ^ spoil
        return head[:6] + struct.pack(">H", total) + message

    def send(self, c, message):
        self.frame(self.ip(c, self.udp(message)), c.mac)

    def receive(self):
        """The next DHCP message of a client, or ("arp", sender's address, target, mac)."""
        while True:
            data, where = self.sock.recvfrom(4096)
            if where[2] == socket.PACKET_OUTGOING:
                continue
            kind, p = struct.unpack(">H", data[12:14])[0], data[14:]
            if kind == 0x0806 and p[6:8] == b"\0\1":
                return "arp", socket.inet_ntoa(p[14:18]), socket.inet_ntoa(p[24:28]), p[8:14]
            if kind == 0x0800 and p[9] == 17 and p[22:24] == b"\0\x43":
                return Client(p)


class Server:
    """Answers as it should; a case overrides what it does ill."""
    offers = GOOD
    lease, more = 3600, b""

    def __init__(self, wire):
        self.wire, self.seen = wire, {}

    def discover(self, c):
        self.wire.send(c, c.answer(OFFER, self.offers, self.lease, more=self.more))

    def request(self, c):
        address = c.mine if c.mine != "0.0.0.0" else c.wanted
        if c.server in ("0.0.0.0", SERVER):
            self.wire.send(c, c.answer(ACK, address, self.lease, more=self.more))

    def decline(self, c):
        pass

    def arp(self, sender, target, mac):
        if target == SERVER:
            self.claim(SERVER, target, sender, mac)

    def claim(self, owner, target, sender, mac):
        self.wire.frame(struct.pack(">HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 2, self.wire.mac, socket.inet_aton(owner), mac,
                                    socket.inet_aton(sender)), mac, 0x0806)

    def nth(self, what):
        self.seen[what] = self.seen.get(what, 0) + 1
        return self.seen[what]

    def run(self):
        print("ready", flush=True)
        while True:
            c = self.wire.receive()
            if isinstance(c, tuple):
                self.arp(*c[1:])
                continue
            print("saw", NAMES.get(c.kind, c.kind), self.nth(c.kind), "to all" if c.broadcast else "to me", "flags",
                  c.flags.hex(), "mine", c.mine, "wanted", c.wanted, "host", c.options.get(12, b"").decode(), flush=True)
            {DISCOVER: self.discover, REQUEST: self.request, DECLINE: self.decline}[c.kind](c)


def first_evil(make):
    """A case that sends what must not be taken, then the good offer."""
    class Case(Server):
        def discover(self, c):
            make(self.wire, c)
            super().discover(c)
    return Case


def evil(c, **other):
    return c.answer(OFFER, EVIL, **other)


def fragments(wire, c):
    datagram = wire.udp(evil(c))
    wire.frame(wire.ip(c, datagram[:200], 0x2000), c.mac)
    wire.frame(wire.ip(c, datagram[200:], 25), c.mac)


def flood(wire, c):
    for i in range(20000):
        wire.send(c, evil(c, xid=struct.pack(">I", i)))


def of_vlan(wire, c):
    wire.frame(struct.pack(">HH", 5, 0x0800) + wire.ip(c, wire.udp(evil(c))), c.mac, 0x8100)


def raw_options(options):
    return lambda wire, c: wire.send(c, c.bootp(EVIL, options))


class NakLoop(Server):
    def request(self, c):
        self.wire.send(c, c.answer(NAK, "0.0.0.0"))


class OtherAck(Server):
    def request(self, c):
        if self.nth("ack") == 1:
            self.wire.send(c, c.answer(ACK, EVIL))
        else:
            super().request(c)


class TwoServers(Server):
    def discover(self, c):
        super().discover(c)
        self.wire.send(c, evil(c, server="10.86.0.2"))

    def request(self, c):
        self.wire.send(c, c.answer(NAK, "0.0.0.0", server="10.86.0.2"))
        self.wire.send(c, c.answer(ACK, EVIL, server="10.86.0.2"))
        super().request(c)


class Conflict(Server):
    offers = EVIL

    def arp(self, sender, target, mac):
        if target == EVIL and sender == "0.0.0.0":
            self.claim(EVIL, target, sender, mac)

    def decline(self, c):
        self.offers = GOOD


class Loss(Server):
    """Loses the first of each kind."""
    def discover(self, c):
        if self.seen[DISCOVER] > 1:
            super().discover(c)

    def request(self, c):
        if self.seen[REQUEST] > 1:
            super().request(c)


class Late(Server):
    """Every answer comes when the question has been asked again, and then comes twice."""
    def discover(self, c):
        time.sleep(1.5)
        super().discover(c)
        super().discover(c)

    def request(self, c):
        time.sleep(1.5)
        super().request(c)
        super().request(c)


class NeedsBroadcast(Server):
    """Behind a switch that forwards only what goes to all."""
    def discover(self, c):
        if c.flags == b"\x80\x00":
            super().discover(c)


class Expires(Server):
    """A lease of 2 s that is never renewed; asked anew, there is another address."""
    lease = 2

    def discover(self, c):
        if self.seen[DISCOVER] > 1:
            self.offers = "10.86.0.60"
        super().discover(c)

    def request(self, c):
        if c.mine == "0.0.0.0":
            super().request(c)


class RenewNak(Expires):
    lease = 4

    def request(self, c):
        if c.mine == "0.0.0.0":
            super().request(c)
        else:
            self.wire.send(c, c.answer(NAK, "0.0.0.0"))


class Rebind(Server):
    """Deaf to what comes to it alone, renews what goes to all."""
    more = seconds(58, 1) + seconds(59, 2)
    lease = 60

    def request(self, c):
        if c.broadcast:
            super().request(c)


class Renew(Server):
    more = seconds(58, 1) + seconds(59, 30)
    lease = 60


GOOD_HEAD = option(53, bytes([OFFER])) + address(54, SERVER) + address(1, "255.255.255.0")
CASES = {
    "good": Server,
    "xid": first_evil(lambda w, c: w.send(c, evil(c, xid=b"evil"))),
    "chaddr": first_evil(lambda w, c: w.send(c, evil(c, mac=b"\2evil!"))),
    "beyond-end": first_evil(raw_options(GOOD_HEAD + b"\x06\xff\0\0")),
    "no-type": first_evil(raw_options(address(54, SERVER) + address(1, "255.255.255.0") + b"\xff")),
    "no-server": first_evil(raw_options(option(53, bytes([OFFER])) + address(1, "255.255.255.0") + b"\xff")),
    "mask-0": first_evil(raw_options(option(53, bytes([OFFER])) + address(54, SERVER) + address(1, "0.0.0.0") + b"\xff")),
    "lease-0": first_evil(raw_options(GOOD_HEAD + seconds(51, 0) + b"\xff")),
    "yiaddr-0": first_evil(lambda w, c: w.send(c, c.answer(OFFER, "0.0.0.0"))),
    "yiaddr-127": first_evil(lambda w, c: w.send(c, c.answer(OFFER, "127.0.0.1"))),
    "yiaddr-224": first_evil(lambda w, c: w.send(c, c.answer(OFFER, "224.0.0.1"))),
    "yiaddr-255": first_evil(lambda w, c: w.send(c, c.answer(OFFER, "255.255.255.255"))),
    "bad-sum": first_evil(lambda w, c: w.frame(w.ip(c, w.udp(evil(c), 0x0100)), c.mac)),
    "vlan": first_evil(of_vlan),
    "other-host": first_evil(lambda w, c: w.frame(w.ip(c, w.udp(evil(c))), b"\2evil!")),
    "fragments": first_evil(fragments),
    "flood": first_evil(flood),
    "big": type("Big", (Server,), {"more": b"\0" * 1150 + address(6, "10.86.0.53")}),
    "nak-loop": NakLoop,
    "other-ack": OtherAck,
    "two-servers": TwoServers,
    "conflict": Conflict,
    "loss": Loss,
    "late": Late,
    "needs-broadcast": NeedsBroadcast,
    "expires": Expires,
    "renew-nak": RenewNak,
    "rebind": Rebind,
    "renew": Renew,
    "shell": type("Shell", (Server,), {"more": option(12, b"$(reboot)") + option(15, b";reboot;")
                                       + option(119, b"\x09$(reboot)\0\2ok\0")}),
}
CASES[sys.argv[2]](Wire(sys.argv[1])).run()
