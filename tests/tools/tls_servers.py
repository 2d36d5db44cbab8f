#!/usr/bin/env python3
"""tls_servers - servers of TLS, good and bad, on loopback: what does lib/tls make of them?

usage: tls_servers.py TLSASK [mbedtls]
mbedtls: TLSASK is built with TLS=mbedtls, which speaks TLS 1.3 too and says some things in other words.
The good ones are OpenSSL's, by Python; the bad ones answer with bytes of their own or change those of a good one.
"""
# SPDX-License-Identifier: MIT
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import warnings

TOOL = os.path.abspath(sys.argv[1])
NEW = sys.argv[2:] == ["mbedtls"]
HOST = "dump.example.com"
MANY = 200000


def openssl(*args, data=None):
    done = subprocess.run(["openssl", *args], input=data, capture_output=True)
    if done.returncode:
        sys.exit(f"openssl {' '.join(args)}: {done.stderr.decode()}")
    return done.stdout


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def make_cert(name, kind, days=3650, issuer=None):
    keys = {"ec": ["genpkey", "-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"], "rsa": ["genrsa", "2048"],
            "sec1": ["ecparam", "-name", "secp384r1", "-genkey", "-noout"]}
    write(f"{name}.key", openssl(*keys[kind]))
    args = ["req", "-x509", "-new", "-key", f"{name}.key", "-subj", f"/CN={name}", "-days", str(days),
            "-addext", f"subjectAltName=DNS:{HOST}"]
    if issuer:
        args += ["-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key", "-addext", "basicConstraints=critical,CA:FALSE"]
    write(f"{name}.pem", openssl(*args))


def pin_of(name):
    der = openssl("pkey", "-in", f"{name}.key", "-pubout", "-outform", "der")
    return "sha256//" + openssl("base64", "-A", data=openssl("dgst", "-sha256", "-binary", data=der)).decode().strip()


def context(cert="ec", low=ssl.TLSVersion.TLSv1_2, high=ssl.TLSVersion.TLSv1_2, ciphers=None, curve=None, client=None):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.load_cert_chain(f"{cert}.pem", f"{cert}.key")
    if low < ssl.TLSVersion.TLSv1_2:
        ciphers = "ALL:@SECLEVEL=0"
    c.set_ciphers(ciphers or "DEFAULT")
    c.minimum_version, c.maximum_version = low, high
    if curve:
        c.set_ecdh_curve(curve)
    if client:
        c.verify_mode = ssl.CERT_REQUIRED
        c.load_verify_locations(f"{client}.pem")
    return c


def read_until_end(k):
    while k.recv(65536):
        pass


def echo(c, end=True, suite=None):
    """A server of TLS that sends back what comes; end: with close_notify; suite: no other."""
    def serve(k):
        k = c.wrap_socket(k, server_side=True)
        if suite and k.cipher()[0] != suite:
            return
        k.settimeout(60)
        data = k.recv(65536)
        while data:
            k.sendall(data)
            data = k.recv(65536)
        if end:
            k.unwrap()
    return serve


def says_and_ends(c, text, notify):
    def serve(k):
        k = c.wrap_socket(k, server_side=True)
        k.sendall(text)
        if notify:
            k.unwrap()
        k.close()
    return serve


def raw(*answers):
    """Reads a first message, sends bytes, and reads to the end."""
    def serve(k):
        k.recv(65536)
        for a in answers:
            k.sendall(a)
        k.shutdown(socket.SHUT_WR)
        read_until_end(k)
    return serve


def alert(n):
    return raw(b"\x15\x03\x03\x00\x02\x02" + bytes([n]))


def record(body, kind=22, size=16384):
    """In as many records as it takes."""
    pieces = [body[i:i + size] for i in range(0, len(body), size)] or [b""]
    return b"".join(bytes([kind, 3, 3]) + struct.pack(">H", len(p)) + p for p in pieces)


def message(kind, body):
    return bytes([kind]) + struct.pack(">I", len(body))[1:] + body


def first_flight(k):
    """The handshake messages that a server sends up to ServerHelloDone."""
    data, out = b"", []
    while not out or out[-1][0] != 14:
        head = k.recv(5, socket.MSG_WAITALL)
        data += k.recv(struct.unpack(">H", head[3:])[0], socket.MSG_WAITALL)
        while len(data) >= 4 and len(data) >= 4 + int.from_bytes(data[1:4], "big"):
            n = 4 + int.from_bytes(data[1:4], "big")
            out.append((data[0], data[4:n]))
            data = data[n:]
    return out


def changed(c, how):
    """A good server behind someone who changes its messages by how(kind, body) -> bytes."""
    def serve(k):
        inner, outer = socket.socketpair()
        good = threading.Thread(target=lambda: quietly(echo(c), inner))
        good.start()
        outer.sendall(k.recv(65536))
        k.sendall(b"".join(how(kind, body) for kind, body in first_flight(outer)))
        k.shutdown(socket.SHUT_WR)
        read_until_end(k)
        outer.close()
        good.join()
    return serve


def at(kind, new):
    return lambda k, body: record(message(k, body) if k != kind else message(k, new(body)))


warnings.simplefilter("ignore", DeprecationWarning)    # of old versions, which are the point


def quietly(serve, k):
    try:
        serve(k)
    except (OSError, ssl.SSLError):
        pass
    finally:
        k.close()


def run(serve, ca="-", pins="-", cert=None, crash=0, size=None, host=HOST):
    listener = socket.create_server(("127.0.0.1", 0))

    def one():
        quietly(serve, listener.accept()[0])
    t = threading.Thread(target=one)
    t.start()
    args = [TOOL, "connect", host, str(listener.getsockname()[1]), ca, pins, f"{cert}.pem" if cert else "-",
            f"{cert}.key" if cert else "-", str(crash)] + ([str(size)] if size is not None else [])
    done = subprocess.run(args, capture_output=True, text=True, timeout=600)
    if "connect" not in done.stdout and "TLS" not in done.stdout:
        try:    # a client that gave up before it connected
            socket.create_connection(listener.getsockname(), 1).close()
        except OSError:
            pass
    t.join()
    listener.close()
    return (done.stdout + done.stderr).strip()


def good_cases():
    for kind, auth in (("ec", "ECDSA"), ("rsa", "RSA")):
        for suite in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305"):
            yield f"{auth} {suite}", echo(context(kind, ciphers=f"ECDHE-{auth}-{suite}")), dict(
                ca=f"{kind}.pem", size=MANY), "connected"
    for curve in ("prime256v1", "secp384r1", "secp521r1"):
        yield curve, echo(context(curve=curve)), dict(ca="ec.pem", size=1), "connected"
    yield "1.3 if it were for the server", echo(context(high=ssl.TLSVersion.TLSv1_3)), dict(ca="ec.pem", size=1), \
        "connected"
    yield "a pin, another name", echo(context()), dict(pins=pin_of("ec"), size=1, host="other"), "connected"
    yield "two pins, the second fits", echo(context()), dict(pins=pin_of("rsa") + ";" + pin_of("ec"), size=1), \
        "connected"
    yield "a pin and an expired certificate", echo(context("short")), dict(pins=pin_of("short"), crash=LATER, size=1), \
        "connected"
    yield "a pin and a CA", echo(context()), dict(ca="ec.pem", pins=pin_of("ec"), size=1), "connected"
    for cert in ("me-ec", "me-rsa", "me-sec1"):
        yield f"client certificate {cert}", echo(context(client="ec")), dict(ca="ec.pem", cert=cert, size=1), \
            "connected"
    yield "a client certificate that nobody asks for", echo(context()), dict(ca="ec.pem", cert="me-ec", size=1), \
        "connected"
    yield "close_notify", says_and_ends(context(), b"", True), dict(ca="ec.pem"), "connected"


def context13(cert="ec", **how):
    return context(cert, ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3, **how)


def s_server(words, *args):
    """openssl s_server behind a relay; its input is words once there is a connection."""
    def talk(server):
        if any("CIPHER" in line for line in server.stdout):
            server.stdin.write(words)
            server.stdin.flush()

    def serve(k):
        server = subprocess.Popen(["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", "ec.pem", "-key", "ec.key",
                                   "-tls1_3", *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = next(line for line in server.stdout if line.startswith("ACCEPT"))
        inner = socket.create_connection(("127.0.0.1", int(line.rsplit(":", 1)[1])))
        threads = [threading.Thread(target=quietly, args=(lambda i: forward(i, k), inner)),
                   threading.Thread(target=talk, args=(server,))]
        for t in threads:
            t.start()
        try:
            forward(k, inner)    # until the client has enough
        finally:
            server.kill()
            server.wait()
            for t in threads:
                t.join()
    return serve


def forward(a, b):
    data = a.recv(65536)
    while data:
        b.sendall(data)
        data = a.recv(65536)


def good_cases_13():
    for kind in ("ec", "rsa"):
        for suite, ours in (("TLS_AES_128_GCM_SHA256", True), ("TLS_AES_256_GCM_SHA384", False)):
            yield f"1.3 {kind} {suite}", chooses(kind, suite, ours), dict(ca=f"{kind}.pem", size=MANY), "connected"
    yield "1.3 ChaCha20", s_server("hello\n", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"), dict(ca="ec.pem"), "connected"
    for curve in ("prime256v1", "secp384r1", "secp521r1"):
        yield f"1.3 {curve}: HelloRetryRequest", echo(context13(curve=curve)), dict(ca="ec.pem", size=1), "connected"
    yield "1.3 and 1.2: 1.3", chooses("ec", "TLS_AES_256_GCM_SHA384", False, ssl.TLSVersion.TLSv1_2), dict(ca="ec.pem", size=1), "connected"
    yield "1.3 and a pin, expired", echo(context13("short")), dict(pins=pin_of("short"), crash=LATER, size=1), "connected"
    for cert in ("me-ec", "me-rsa", "me-sec1"):
        yield f"1.3 client certificate {cert}", echo(context13(client="ec")), dict(ca="ec.pem", cert=cert, size=1), \
            "connected"
    yield "1.3 a client certificate that nobody asks for", echo(context13()), dict(ca="ec.pem", cert="me-ec", size=1), \
        "connected"
    tickets = context13()
    tickets.num_tickets = 20
    yield "1.3 twenty session tickets", echo(tickets), dict(ca="ec.pem", size=MANY), "connected"
    yield "1.3 close_notify", says_and_ends(context13(), b"", True), dict(ca="ec.pem"), "connected"


def chooses(kind, suite, ours, low=ssl.TLSVersion.TLSv1_3):
    """A server that takes our first suite, or its own, which must be that."""
    c = context(kind, low, ssl.TLSVersion.TLSv1_3)
    if ours:
        c.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    else:
        c.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    return echo(c, suite=suite)


def bad_cases_13():
    yield "1.3 another name", echo(context13()), dict(ca="ec.pem", host="www.example.com"), "EKEYREJECTED: www.example.com: the"
    yield "1.3 another CA", echo(context13()), dict(ca="rsa.pem"), "signed by itself and not in the CA file"
    yield "1.3 expired", echo(context13("short")), dict(ca="short.pem", crash=LATER), "has expired at"
    yield "1.3 another pin", echo(context13()), dict(pins=pin_of("rsa")), "the server's key is not the pinned one"
    yield "1.3 no client certificate", echo(context13(client="ec")), dict(ca="ec.pem", size=1), "client certificate (116"
    yield "1.3 a stranger's client certificate", echo(context13(client="ec")), dict(ca="ec.pem", cert="rsa", size=1), \
        "EPROTO"
    yield "1.3 cut without close_notify", says_and_ends(context13(), b"", False), dict(ca="ec.pem"), \
        "without TLS's close_notify"
    yield "1.3 new keys", s_server("K\n"), dict(ca="ec.pem"), "KeyUpdate"


def bad_cases():
    v = ssl.TLSVersion
    if not NEW:
        yield "TLS 1.3 only", echo(context13()), dict(ca="ec.pem"), "EPROTO: dump.example.com: the server refused TLS: " \
            "server requires TLS 1.3 (70, protocol_version), which this build does not speak; build with TLS=mbedtls"
    yield "TLS 1.1 only", echo(context(low=v.TLSv1_1, high=v.TLSv1_1)), dict(ca="ec.pem"), \
        "neither TLS 1.2 nor 1.3 (70" if NEW else "nothing in common (40"
    yield "CBC only", echo(context(ciphers="ECDHE-ECDSA-AES128-SHA256")), dict(ca="ec.pem"), "nothing in common (40"
    yield "RSA key exchange only", echo(context("rsa", ciphers="AES128-GCM-SHA256")), dict(ca="rsa.pem"), "(40"
    yield "another name", echo(context()), dict(ca="ec.pem", host="www.example.com"), "EKEYREJECTED: www.example.com: the"
    yield "another CA", echo(context()), dict(ca="rsa.pem"), "signed by itself and not in the CA file"
    yield "expired by CRASHTIME", echo(context("short")), dict(ca="short.pem", crash=LATER), "has expired at"
    yield "another pin", echo(context()), dict(pins=pin_of("rsa")), "the server's key is not the pinned one"
    yield "the CA fits, the pin not", echo(context()), dict(ca="ec.pem", pins=pin_of("rsa")), "is not the pinned one"
    yield "the pin fits, the CA not", echo(context()), dict(ca="rsa.pem", pins=pin_of("ec")), "not in the CA file"
    yield "no client certificate", echo(context(client="ec")), dict(ca="ec.pem", size=1), "client certificate"
    yield "a stranger's client certificate", echo(context(client="ec")), dict(ca="ec.pem", cert="rsa", size=1), \
        "EPROTO"
    yield "cut without close_notify", says_and_ends(context(), b"", False), dict(ca="ec.pem"), \
        "without TLS's close_notify"
    yield "HTTP", raw(b"HTTP/1.0 400 Bad Request\r\n\r\n"), dict(ca="ec.pem"), "is this a server of TLS?"
    yield "silence and the end", raw(), dict(ca="ec.pem"), "broke the connection off in the TLS handshake"
    for n, words in ((10, "unexpected message"), (20, "changed on the way"), (40, "nothing in common"),
                     (42, "broken or missing"), (45, "has expired"), (46, "not acceptable"), (48, "unknown_ca"),
                     (70, "neither TLS 1.2 nor" if NEW else "requires TLS 1.3"), (80, "inside the server"), (112, "does not know this host name"),
                     (120, "HTTP/1.1"), (99, "with alert 99")):
        yield f"alert {n}", alert(n), dict(ca="ec.pem"), f"refused TLS{':' if n != 99 else ''}" + \
            (" " + words if n == 99 else "")
    flip = {"signature": at(12, lambda b: b[:-1] + bytes([b[-1] ^ 1])),
            "suite": at(2, lambda b: b[:35 + b[34]] + b"\x00\x2f" + b[37 + b[34]:]),
            "compression": at(2, lambda b: b[:37 + b[34]] + b"\1" + b[38 + b[34]:]),
            "version": at(2, lambda b: b"\3\4" + b[2:]),
            "curve": at(12, lambda b: b[:1] + b"\x00\x1e" + b[3:]),
            "point": at(12, lambda b: b[:8] + bytes([b[8] ^ 1]) + b[9:]),
            "no certificate": at(11, lambda b: b"\0\0\0"),
            "100 certificates": at(11, lambda b: (100 * len(b[3:])).to_bytes(3, "big") + 100 * b[3:]),
            "a large certificate": at(11, lambda b: (70003).to_bytes(3, "big") + (70000).to_bytes(3, "big") + bytes(70000)),
            "a certificate changed": at(11, lambda b: b[:100] + bytes([b[100] ^ 1]) + b[101:]),
            "a large record": lambda k, b: record(message(k, b) + bytes(17000), size=65535),
            "a finished too early": lambda k, b: record(message(k, b)) + (record(message(20, bytes(12))) if k == 2 else b""),
            "random": at(2, lambda b: b[:2] + bytes(32) + b[34:])}
    wanted = {"signature": "EPROTO: dump.example.com: TLS: the server's signature", "suite": "was not offered",
              "compression": "compression", "version": "EPROTO", "curve": "EPROTO", "point": "signature",
              "no certificate": "EPROTO", "100 certificates": "EPROTO|more than 10 certificates",
              "a large certificate": "EPROTO|more than 65536 bytes", "a certificate changed": "EKEYREJECTED",
              "a large record": "EPROTO", "a finished too early": "EPROTO", "random": "signature"}
    for name, how in flip.items():
        yield f"changed: {name}", changed(context(), how), dict(ca="ec.pem"), wanted[name]
    empty = record(b"") * 10000
    yield "10000 empty records", raw(empty), dict(ca="ec.pem"), "E"
    hello = bytes.fromhex("0200002603 03".replace(" ", "")) + bytes(32) + b"\0\xc0\x2b\0"
    for cut in range(0, 48, 7):
        yield f"cut after {cut} bytes", raw(record(hello)[:cut]), dict(ca="ec.pem"), "broke the connection off"


def clock_cases():
    floor, ten_years = 1767225600, 315576000
    for why, crash, system, want in (
            ("both are sound: the later one", floor + 10, floor + 20, floor + 20), ("the same", floor + 20, floor + 10, floor + 20),
            ("the clock lost its battery", floor + 10, 0, floor + 10), ("no crash time", 0, floor + 5, floor + 5),
            ("nothing is sound", 0, 1000, floor), ("a clock far ahead", floor + 7, floor + ten_years, floor + 7),
            ("a crash time far ahead", 2**63, floor + 7, floor + 7), ("before 1970", 0, -5, floor)):
        said = subprocess.run([TOOL, "clock", str(crash), str(system)], capture_output=True, text=True).stdout.strip()
        yield f"clock: {why}", said == str(want), f"{said} for {want}"


def file_cases():
    write("empty.pem", b"")
    write("cut.pem", open("ec.pem", "rb").read()[:-40])
    write("bad.pem", b"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n")
    for why, args, want in (
            ("nobody is trusted", ["-", "-", "-", "-"], "EINVAL: nobody is trusted"),
            ("no file", ["none.pem", "-", "-", "-"], "ENOENT"), ("an empty file", ["empty.pem", "-", "-", "-"], "no certificate in it"),
            ("a key as CA", ["ec.key", "-", "-", "-"], "no certificate in it"), ("cut", ["cut.pem", "-", "-", "-"], "is cut"),
            ("not Base64", ["bad.pem", "-", "-", "-"], "not Base64"), ("a bad pin", ["-", "sha256//AAAA", "-", "-"], "is no pinned key"),
            ("a pin of SHA-1", ["-", "sha1//AAAA", "-", "-"], "is no pinned key"),
            ("a certificate without key", ["ec.pem", "-", "ec.pem", "-"], "go together"),
            ("another's key", ["ec.pem", "-", "me-ec.pem", "me-rsa.key"], "is not the key of the first certificate"),
            ("an encrypted key", ["ec.pem", "-", "me-ec.pem", "locked.key"], "encrypted")):
        done = subprocess.run([TOOL, "connect", HOST, "9", *args, "0"], capture_output=True, text=True)
        yield f"files: {why}", want in done.stdout, done.stdout + done.stderr


def main():
    bad = n = 0
    for kind in ("ec", "rsa"):
        make_cert(kind, kind)
    make_cert("short", "ec", days=10)
    for kind in ("ec", "rsa", "sec1"):
        make_cert(f"me-{kind}", kind, issuer="ec")
    write("locked.key", openssl("pkey", "-in", "me-ec.key", "-aes128", "-passout", "pass:secret"))
    for why, serve, how, want in [*good_cases(), *bad_cases(), *(good_cases_13() if NEW else ()), *(bad_cases_13() if NEW else ())]:
        n += 1
        said = run(serve, **how)
        ok = said == want if want == "connected" else said.startswith("E") and any(w in said for w in want.split("|"))
        if not ok:
            bad += 1
            print(f"{why}: wanted {want!r}, got {said!r}")
    for why, ok, said in [*clock_cases(), *file_cases()]:
        n += 1
        if not ok:
            bad += 1
            print(f"{why}: {said!r}")
    print(f"{n} cases, {bad} wrong")
    return bad or n < 80


LATER = int(time.time()) + 20 * 86400
with tempfile.TemporaryDirectory() as tmp:
    os.chdir(tmp)
    sys.exit(1 if main() else 0)
