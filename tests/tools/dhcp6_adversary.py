#!/usr/bin/env python3
"""dhcp6_adversary - a DHCPv6 server or a router that means ill in one way.

usage: dhcp6_adversary.py INTERFACE CASE     prints what it sees, one line each

The good address is 2001:db8:86::50 for 3600 s. What must not be taken is 2001:db8:86::66. Cases that
begin with "ra-" send router advertisements instead, the last of them good.
"""
# SPDX-License-Identifier: MIT
import socket
import struct
import sys
import time

SOLICIT, ADVERTISE, REQUEST, RENEW, REBIND, REPLY, INFORMATION = 1, 2, 3, 5, 6, 7, 11
GOOD, EVIL, OTHER = "2001:db8:86::50", "2001:db8:86::66", "2001:db8:86::60"
NAMES = {1: "solicit", 3: "request", 5: "renew", 6: "rebind", 11: "information-request"}
NO_ADDRS, NO_BINDING, NOT_ON_LINK = 2, 3, 4


def option(code, data):
    return struct.pack(">HH", code, len(data)) + data


def status(code):
    return option(13, struct.pack(">H", code))


class Client:
    def __init__(self, data, peer):
        self.kind, self.xid, self.peer = data[0], data[1:4], peer
        self.options, at = {}, 4
        while at < len(data):
            code, size = struct.unpack(">HH", data[at:at + 4])
            self.options[code] = data[at + 4:at + 4 + size]
            at += 4 + size
        self.iaid = self.options.get(3, b"\0" * 4)[:4]

    def ia(self, address=GOOD, t1=0, t2=0, preferred=3600, valid=3600, inner=None):
        if inner is None:
            inner = option(5, socket.inet_pton(socket.AF_INET6, address) + struct.pack(">II", preferred, valid))
        return option(3, self.iaid + struct.pack(">II", t1, t2) + inner)

    def answer(self, body, kind=None, xid=None, client=None, server=option(2, b"\0\3\0\1\2serve")):
        kind = kind or (ADVERTISE if self.kind == SOLICIT else REPLY)
        return bytes([kind]) + (xid or self.xid) + option(1, client or self.options[1]) + server + body


class Server:
    address, lease = GOOD, {}

    def __init__(self, interface):
        self.sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        self.sock.bind(("::", 547))
        group = socket.inet_pton(socket.AF_INET6, "ff02::1:2") + struct.pack("@I", socket.if_nametoindex(interface))
        self.sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
        self.seen = {}

    def send(self, c, message):
        self.sock.sendto(message, c.peer)

    def grant(self, c):
        self.send(c, c.answer(c.ia(self.address, **self.lease)))

    solicit = request = renew = rebind = grant

    def information(self, c):
        self.send(c, c.answer(option(23, socket.inet_pton(socket.AF_INET6, "2001:db8:86::53"))
                              + option(24, b"\x09$(reboot)\0\2ok\0")))

    def run(self):
        print("ready", flush=True)
        while True:
            data, peer = self.sock.recvfrom(4096)
            c = Client(data, peer)
            self.seen[c.kind] = self.seen.get(c.kind, 0) + 1
            print("saw", NAMES[c.kind], self.seen[c.kind], flush=True)
            {SOLICIT: self.solicit, REQUEST: self.request, RENEW: self.renew, REBIND: self.rebind,
             INFORMATION: self.information}[c.kind](c)


def first_evil(make):
    class Case(Server):
        def solicit(self, c):
            self.send(c, make(c))
            self.grant(c)
    return Case


class NoAddrs(Server):
    def solicit(self, c):
        self.send(c, c.answer(status(NO_ADDRS)))


class NotOnLink(Server):
    def request(self, c):
        if self.seen[REQUEST] == 1:
            self.send(c, c.answer(c.ia(inner=status(NOT_ON_LINK))))
        else:
            self.grant(c)


class Loss(Server):
    def solicit(self, c):
        if self.seen[SOLICIT] > 1:
            self.grant(c)

    def request(self, c):
        if self.seen[REQUEST] > 1:
            self.grant(c)


class NoBinding(Server):
    """Forgets the lease; asked anew, there is another address."""
    lease = {"t1": 1, "t2": 30}

    def renew(self, c):
        self.address = OTHER
        self.send(c, c.answer(c.ia(inner=status(NO_BINDING))))


class Rebind(Server):
    lease = {"t1": 1, "t2": 2}

    def renew(self, c):
        pass


class Expires(Rebind):
    lease = {"t1": 1, "t2": 2, "preferred": 3, "valid": 3}

    def rebind(self, c):
        self.address = OTHER


def advertise(interface, options, hops=255, lifetime=0):
    sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 58)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, hops)
    # The kernel makes the checksum of ICMPv6.
    sock.sendto(struct.pack(">BBHBBHII", 134, 0, 0, 64, 0, lifetime, 0, 0) + options,
                ("ff02::1", 0, 0, socket.if_nametoindex(interface)))


def rdnss(address, lifetime=3600, length=3):
    return struct.pack(">BBHI", 25, length, 0, lifetime) + socket.inet_pton(socket.AF_INET6, address)


ADVERTS = {
    "ra-hop-limit": lambda i: advertise(i, rdnss(EVIL), hops=254),
    "ra-length-0": lambda i: advertise(i, rdnss(EVIL, length=0)),
    "ra-length-even": lambda i: advertise(i, rdnss(EVIL, length=2)[:16]),
    "ra-beyond-end": lambda i: advertise(i, rdnss(EVIL, length=5)),
    "ra-lifetime": lambda i: (advertise(i, rdnss(EVIL)), advertise(i, rdnss(EVIL, 0))),
    "ra-good": lambda i: None,
}
CASES = {
    "good": Server,
    "xid": first_evil(lambda c: c.answer(c.ia(EVIL), xid=b"bad")),
    "client": first_evil(lambda c: c.answer(c.ia(EVIL), client=b"\0\3\0\1\2other")),
    "type": first_evil(lambda c: c.answer(c.ia(EVIL), kind=REPLY)),
    "no-server": first_evil(lambda c: c.answer(c.ia(EVIL), server=b"")),
    "t1-t2": first_evil(lambda c: c.answer(c.ia(EVIL, t1=200, t2=100))),
    "preferred": first_evil(lambda c: c.answer(c.ia(EVIL, preferred=200, valid=100))),
    "valid-0": first_evil(lambda c: c.answer(c.ia(EVIL, preferred=0, valid=0))),
    "nested": first_evil(lambda c: c.answer(c.ia(inner=struct.pack(">HH", 5, 900)))),
    "cut": first_evil(lambda c: c.answer(c.ia(EVIL))[:-1]),
    "no-addrs-first": first_evil(lambda c: c.answer(status(NO_ADDRS))),
    "no-addrs": NoAddrs,
    "not-on-link": NotOnLink,
    "loss": Loss,
    "no-binding": NoBinding,
    "rebind": Rebind,
    "expires": Expires,
    "renew": type("Renew", (Server,), {"lease": {"t1": 1, "t2": 30}}),
    "information": Server,
}


def main():
    interface, case = sys.argv[1:3]
    if case in CASES:
        CASES[case](interface).run()
    print("ready", flush=True)
    sys.stdin.readline()
    ADVERTS[case](interface)
    time.sleep(0.2)
    advertise(interface, rdnss(GOOD))
    time.sleep(60)


main()
