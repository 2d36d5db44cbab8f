#!/usr/bin/env python3
"""http_adversary - servers of HTTP that lie, break off or answer too early: what does an upload say of each?

usage: http_adversary.py HTTPPUT
A case: what the server does on each connection in turn, options of httpput, the verdict.
"""
# SPDX-License-Identifier: MIT
import base64
import email
import hashlib
import os
import re
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

TOOL = os.path.abspath(sys.argv[1])
OK = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
GO = b"HTTP/1.1 100 Continue\r\n\r\n"
NO = ("--retry-max-time", "0")
SMALL, LARGE, HUGE = 1000, 3_000_001, 40_000_000  # HUGE: more than the buffers on the way hold


class Peer:
    """One connection, from the server's side."""

    def __init__(self, k, port):
        self.k, self.port, self.data = k, port, b""
        k.settimeout(60)

    def more(self):
        new = self.k.recv(65536)
        self.data += new
        return new

    def head(self):
        while b"\r\n\r\n" not in self.data:
            if not self.more():
                return None
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        self.method, self.path, _ = lines[0].split(" ")
        self.fields = {a.lower(): b for a, b in (line.split(": ", 1) for line in lines[1:])}
        return self.method

    def body(self, part=1):
        """All of it, or a part: the number of its bytes."""
        if "content-length" in self.fields:
            want = int(int(self.fields["content-length"]) * part)
            while len(self.data) < want and self.more():
                pass
            return min(len(self.data), want)
        n = 0
        while part == 1:
            while b"\r\n" not in self.data:
                self.more()
            size, self.data = self.data.split(b"\r\n", 1)
            size = int(size, 16)
            while len(self.data) < size + 2:
                self.more()
            if hasattr(self, "chunks"):
                self.chunks += self.data[:size]
            self.data = self.data[size + 2:]
            n += size
            if not size:
                return n
        while len(self.data) < LARGE * part and self.more():
            pass
        return n

    def say(self, data):
        self.k.sendall(data)

    def end(self):
        """Close so that what was said arrives."""
        self.k.shutdown(socket.SHUT_WR)
        while self.k.recv(65536):
            pass

    def reset(self):
        self.k.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def status(text, *fields):
    return f"HTTP/1.1 {text}\r\n".encode() + b"".join(f.encode() + b"\r\n" for f in fields) + b"\r\n"


def says(answer, early=True):
    """Reads the head, and the body after a 100, then answers."""
    def serve(p):
        p.head()
        if not early:
            p.say(GO)
            p.body()
        p.say(answer(p) if callable(answer) else answer)
        p.end()
    return serve


def late(answer):
    return says(answer, early=False)


takes = late(OK)


def half(answer, reset=False):
    def serve(p):
        p.head()
        p.say(GO)
        p.body(0.5)
        p.say(answer)
        if reset:
            p.reset()
        else:
            p.end()
    return serve


def no_100(p):
    p.head()
    p.body()
    p.say(OK)
    p.end()


def dav(size=None, move=b"HTTP/1.1 201 Created\r\n\r\n", final=None):
    """A server of WebDAV: HEAD tells `size`, or `final` after a MOVE; move None: done, and the answer lost."""
    state = {"size": "none", "moved": False}

    def serve(p):
        method = p.head()
        if method == "OPTIONS":
            p.say(status("200 OK", "DAV: 1,2"))
        elif method == "PUT":
            p.say(GO)
            state["size"] = p.body()
            p.say(OK)
        elif method == "HEAD":
            told = final if state["moved"] and final is not None else size if size is not None else state["size"]
            if told == "none":
                p.say(status("404 Not Found"))
            else:
                p.say(status("200 OK", f"Content-Length: {told}"))
        elif method == "MOVE" and state["moved"]:
            p.say(status("404 Not Found"))
        elif method == "MOVE":
            state["moved"] = move is None or b" 201 " in move
            if move is None:
                p.reset()
                return
            p.say(move)
        p.end()
    return serve


def tus(wants, *faults, extensions="creation,creation-defer-length,checksum", sums="sha1,sha256"):
    """A server of tus 1.0 on any number of connections. faults: what it does at the n-th PATCH, None: its duty."""
    state = {"offset": 0, "length": None, "data": b"", "patches": 0}
    common = ("Tus-Resumable: 1.0.0", "Cache-Control: no-store")

    def patch(p):
        fault = faults[state["patches"]] if state["patches"] < len(faults) else None
        state["patches"] += 1
        size = int(p.fields["content-length"])
        if fault == "reset":
            p.body(0.5)
            p.reset()
            return False
        if fault == "half":  # it keeps what came
            state["data"] += p.data[:p.body(0.5)]
            p.reset()
            return False
        p.body()
        body, p.data = p.data[:size], p.data[size:]
        at = int(p.fields["upload-offset"])
        kind, want = p.fields.get("upload-checksum", "none -").split(" ")
        if kind != "none" and base64.b64encode(hashlib.new(kind, body).digest()).decode() != want:
            p.say(status("460 Checksum Mismatch", *common, "Content-Length: 0"))
        elif isinstance(fault, str) and fault[0] in "45":
            p.say(status(fault, *common, "Content-Length: 0"))
        elif at != len(state["data"]):
            p.say(status("409 Conflict", *common, "Content-Length: 0"))
        else:
            if fault != "loses":
                state["data"] += body
            state["length"] = int(p.fields.get("upload-length", state["length"] or -1))
            if fault == "silent":
                p.reset()
                return False
            told = fault if isinstance(fault, int) else len(state["data"])
            p.say(status("204 No Content", *common, f"Upload-Offset: {told}"))
        return True

    def serve(p):
        while p.head():
            state.setdefault("seen", []).append((p.method, p.fields))
            if p.method == "OPTIONS":
                p.say(status("204 No Content", *common, "Tus-Version: 1.0.0,0.2.2", f"Tus-Extension: {extensions}",
                             f"Tus-Checksum-Algorithm: {sums}"))
            elif p.method == "POST":
                state["length"] = p.fields.get("upload-length")
                p.say(status("201 Created", *common, *wants.get("created", ("Location: /x/upload1",)), "Content-Length: 0"))
            elif p.method == "HEAD":
                length = () if state["length"] in (None, -1) else (f"Upload-Length: {state['length']}",)
                p.say(status("200 OK", *common, f"Upload-Offset: {wants.get('offset', len(state['data']))}", *length))
            elif not patch(p):
                return
            if p.fields.get("connection") == "close":
                break
        p.end()
    serve.state = state
    return serve


def tus_cases():
    """Name, server, options, file, verdict, and what must be true of the server afterwards."""
    whole = lambda s: hashlib.sha256(s["data"]).hexdigest() == hashlib.sha256(open("large", "rb").read()).hexdigest()
    named = lambda s: f"filename {base64.b64encode(b'f').decode()}" in [f.get("upload-metadata") for _, f in s["seen"]]
    summed = lambda kind: lambda s: whole(s) and all(f["upload-checksum"].startswith(kind + " ") for m, f in s["seen"] if m == "PATCH")
    few = lambda s: whole(s) and sum(m == "POST" for m, _ in s["seen"]) == 1
    for mode in ((), ("--stream",)):
        yield "tus", tus({}), mode, "large", "done L2", lambda s: whole(s) and named(s) and s["patches"] in (3, 4)
        yield "tus, nothing", tus({}), mode, "empty", "done L2", lambda s: s["data"] == b""
        for fault in ("reset", "half", "silent", "409 Conflict", "423 Locked", "460 Checksum Mismatch", "500 I", "503 S"):
            yield f"tus, {fault} once", tus({}, None, fault), mode, "large", "done L2", few
        yield "tus, 423 at the end", tus({}, None, None, "423 Locked"), mode, "large", "done L2", few
    yield "tus, SHA-256", tus({}), (), "large", "done L2", summed("sha256")
    yield "tus, SHA-1", tus({}, sums="md5,sha1"), (), "large", "done L2", summed("sha1")
    yield "tus, no checksum", tus({}, extensions="creation"), (), "large", "done L2", lambda s: whole(s) and not any(
        "upload-checksum" in f for _, f in s["seen"])
    yield "tus, 460 for ever", tus({}, *["460 Checksum Mismatch"] * 99), ("--retry-max-time", "3"), "large", "EREMOTEIO: PATCH .*460", None
    yield "tus, no new lengths", tus({}, extensions="creation"), ("--stream",), "large", "EOPNOTSUPP: .*-defer-length", None
    yield "tus, no creation", tus({}, extensions="expiration"), (), "large", "EOPNOTSUPP: .*does not speak tus", None
    yield "tus, a place that is not said", tus({"created": ()}), (), "large", "EBADMSG: .*does not say where", None
    yield "tus, more than was sent", tus({}, 9_999_999), (), "large", "EBADMSG: .*does not say rightly", None
    yield "tus, less than there was", tus({}, None, 7), (), "large", "EBADMSG: .*does not say rightly", None
    yield "tus, an offset of 2^64", tus({}, 2**64), (), "large", "EBADMSG: .*Upload-Offset", None
    yield "tus, it lost the beginning", tus({"offset": 5}, None, "reset"), (), "large", "EREMOTEIO: .*has 5 bytes", None
    yield "tus, HEAD tells less in the end", tus({"offset": 5}), (), "large", "EIO: .*the server has 5 of", None
    yield "tus, 413", tus({}, None, "413 Too Large"), (), "large", "ENOSPC: PATCH", None
    yield "tus, gone in the middle", tus({}, None, "410 Gone"), (), "large", "ENOENT: PATCH", None
    yield "no tus at all", dav(), (), "large", "EOPNOTSUPP: .*does not speak tus", None


def form(answer, got):
    """Takes one POST of a form; got: path, field, file's name and bytes, as Python's own parser has them."""
    def serve(p):
        if p.head() != "POST":
            p.say(status("405 M"))
        else:
            p.say(GO)
            data = bytearray()
            if "content-length" in p.fields:
                p.body()
                data += p.data
            else:
                p.chunks = data
                p.body()
            m = email.message_from_bytes(f"Content-Type: {p.fields['content-type']}\r\n\r\n".encode() + bytes(data))
            got.append((p.path, *((part.get_param("name", header="content-disposition"), part.get_filename(),
                                   part.get_payload(decode=True)) for part in m.get_payload())))
            p.say(answer)
        p.end()
    return serve


def form_cases():
    for file in ("empty", "small", "large"):
        for mode in ((), ("--stream",)):
            got = []
            said, _ = run([form(OK, got)], ("-F", "dump", *mode), file)
            yield f"form {file} {mode}", said == "done L1" and got == [("/x/", ("dump", "f", open(file, "rb").read()))], (said, got)
    for answer, file, want in (("200 OK", "small", "done L1"), ("202 Accepted", "large", "done L1"), ("303 See Other", "small", "EREMOTEIO"),
                               ("413 T", "large", "ENOSPC: POST"), ("400 B", "small", "EREMOTEIO: POST")):
        said, _ = run([form(status(answer, "Location: /y"), [])], ("-F", "dump", *NO), file)
        yield f"form, {answer}", said.startswith(want), said
    got = []
    said, _ = run([says(status("503 S", "Retry-After: 0")), says(status("307 T", "Location: /up?a=b")), form(OK, got)], ("-F", "d"), "large")
    yield "form, 503 and 307", said == "done L1" and got[0][0] == "/up?a=b", (said, got)
    got = []
    said, _ = run([form(OK, got)], ("-F", "d", "--endpoint", "/x"), "small", "http://127.0.0.1:{}/x/host/core?k=v")
    yield "form, endpoint", said == "done L1" and got[0][0] == "/x?k=v" and got[0][1][:2] == ("d", "host/core"), (said, got)
    for args, want in ((("-F", 'a"b'), "EINVAL"), (("-F", ""), "EINVAL"), (("-F", "d", "--endpoint", "/y"), "EINVAL"),
                       (("-F", "d", "--tus"), "EINVAL"), (("-F", "d", "--endpoint", "/x/f"), "EINVAL")):
        said, _ = run([], args, "small")
        yield f"form, {args}", said.startswith(want), said


def cases():
    put = ("--put",)

    def early(why, data, want, *args, file="large"):
        return why, [says(data)], (*put, *NO, *args), file, want

    def after(why, data, want, *args, file="small"):
        return why, [late(data)], (*put, *NO, *args), file, want

    yield "a good one", [takes], put, "large", "done"
    yield "a good one, chunks", [takes], (*put, "--stream"), "large", "done"
    yield "nobody says 100", [no_100], put, "large", "done"
    for good in ("200 OK", "204 No Content", "201"):
        yield after(f"{good}", status(good), "done")
    for n in ("202 Accepted", "206 Partial", "299 What"):
        yield after(f"{n} is no success", status(n), "EREMOTEIO")
    yield "200 before the end, and RST", [half(status("200 OK"), True)], (*put, *NO), "huge", \
        "EBADMSG: 127.0.0.1 says 200 before it has all of|ECONNRESET|EPIPE"
    yield "200 before the end", [half(status("200 OK"))], (*put, *NO), "huge", "EBADMSG: 127.0.0.1 says 200 before it has all of"
    yield "the same in chunks", [half(status("200 OK"))], (*put, *NO, "--stream"), "huge", "EBADMSG: 127.0.0.1 says 200 before"
    yield early("201 instead of 100", OK, "EBADMSG: 127.0.0.1 says 201 before it has the object")
    yield after("a cut head", b"HTTP/1.1 201 Created\r\nContent-Le", "ECONNRESET: the server ended the connection in the middle")
    yield after("no answer", b"", "ECONNRESET: the server ended the connection without an answer")
    yield after("HTTP/0.9", b"Thank you!", "EBADMSG: the answer is no proper HTTP: it does not begin with HTTP/1.1")
    yield after("HTTP/2 in a status line", b"HTTP/2.0 201 Created\r\n\r\n", "does not begin with HTTP/1.1")
    yield after("1000 times 100", GO * 1000, "EBADMSG: more than 16 answers that are none")
    yield after("1000 times 102", status("102 Processing") * 1000, "EBADMSG: more than 16")
    yield after("101", status("101 Switching Protocols"), "EBADMSG: the server changed to another protocol")
    yield after("102, 103, 201", status("102 P") + status("103 H", "Link: </x>") + OK, "done")
    yield after("204 with a body", status("204 No Content", "Content-Length: 5") + b"hello", "done")
    # What follows a head is never looked at.
    for body in (b"%x\r\nx" % 2**64, b"-1\r\n", b"5;" + b"e" * (1 << 20), b"5\r\nhello0\r\n"):
        yield after(f"chunks {body[:9]!r}", status("201 C", "Transfer-Encoding: chunked") + body, "done")
    yield "an end instead of an answer", [lambda p: (p.head(), p.k.shutdown(socket.SHUT_WR), p.say(b""))], (*put, *NO), "huge", \
        "ECONNRESET: the server ended the connection without an answer|EPIPE"
    yield after("a length beside chunks", status("201 C", "Content-Length: 5", "Transfer-Encoding: chunked"), "a length beside chunks")
    yield after("two lengths", status("201 C", "Content-Length: 5", "Content-Length: 6"), "two lengths")
    yield after("one length twice", status("201 C", "Content-Length: 0", "content-length: 0"), "done")
    for length in (2**64, 2**63, "-1", "0x10", "", "5, 5"):
        yield after(f"length {length}", status("201 C", f"Content-Length: {length}"), "EBADMSG: .*Content-Length is no number")
    yield after("gzip", status("201 C", "Transfer-Encoding: gzip, chunked"), "transfer coding other than chunked")
    yield after("bare LF", b"HTTP/1.1 201 Created\nContent-Length: 0\n\n", "ends without CR")
    yield after("a folded line", status("201 C", "X: a", " b"), "a folded line")
    yield after("a CR within", status("201 C", "X: a\rb"), "a CR within a line")
    yield after("a NUL", status("201 C", "X: a\0b"), "a NUL in it")
    yield after("a blank before the colon", status("201 C", "Content-Length : 0"), "a name with a character")
    yield after("no colon", status("201 C", "hello"), "without a colon")
    yield after("a header of 1 MB", b"HTTP/1.1 201 C\r\nX: " + b"a" * (1 << 20), "more than 64 KiB")
    yield after("a million fields", b"HTTP/1.1 201 C\r\n" + b"X: a\r\n" * 100000, "more than 64 KiB")
    yield after("a status line of 9 KB", b"HTTP/1.1 201 " + b"a" * 9000 + b"\r\n\r\n", "status line of more than 8 KiB")
    for bad in ("099 Low", "999 High", "2OO OK", "-20 X", "2010 X"):
        yield after(f"status {bad}", status(bad), "EBADMSG: the answer is no proper HTTP: its status")
    yield "307 to itself", [says(lambda p: status("307 T", "Location: /x"))] * 6, put, "large", "ELOOP"
    yield "308, relative", [says(status("308 P", "Location: ../y/z")), lambda p: takes(p) if p.head is None else late(
        lambda q: OK if q.path == "/y/z" else status("500 " + q.path))(p)], put, "large", "done"
    yield "307 after the body", [late(status("307 T", "Location: /there")),
                                 late(lambda q: OK if q.path == "/there" else status("404 N"))], put, "large", "done"
    yield "307 after a stream", [late(status("307 T", "Location: /there"))], (*put, "--stream"), "large", "EREMOTEIO"
    yield early("307 without a place", status("307 T"), "EBADMSG: 127.0.0.1: 307 without a Location")
    yield early("307 to ftp", status("307 T", "Location: ftp://a/b"), "leads to a place that is none")
    yield early("303", status("303 See Other", "Location: /y"), "EREMOTEIO: PUT .*not followed")
    yield early("401 with Digest only", status("401 U", "WWW-Authenticate: Digest realm=x"), "EACCES: .*scheme other than Basic")
    yield early("401", status("401 U", "WWW-Authenticate: Basic realm=x"), "EACCES: .*user and password")
    yield early("411 to chunks", status("411 Length Required"), "takes no body whose length is not known", "--stream")
    yield "413 at half", [half(status("413 Too Large"))], (*put, *NO), "large", "ENOSPC"
    yield "507 at half of a stream", [half(status("507 Insufficient Storage"))], (*put, *NO, "--stream"), "large", "ENOSPC"
    yield "417, then without", [says(status("417 E")), lambda p: (p.head(), p.body(), p.say(
        OK if "expect" not in p.fields else status("400 B")), p.end())], put, "large", "done"
    yield "429, Retry-After beyond the deadline", [says(status("429 T", "Retry-After: 99999999"))], \
        (*put, "--retry-max-time", "3"), "large", "EREMOTEIO: PUT .*429"
    yield "429, Retry-After in 1970", [says(status("429 T", "Retry-After: Thu, 01 Jan 1970 00:00:00 GMT")), takes], put, \
        "large", "done"
    yield "503, then 201", [says(status("503 S", "Retry-After: 1")), takes], put, "large", "done"
    yield "500 after the body, then 201", [late(status("500 I")), takes], put, "large", "done"
    yield "400 is for ever", [says(status("400 B"))], put, "large", "EREMOTEIO: PUT .*400"
    yield "RST at half, then 201", [half(b"", True), takes], put, "large", "done"
    yield "RST at half of a stream", [half(b"", True)], (*put, "--stream"), "large", "ECONNRESET|EPIPE"
    yield "the end at half", [half(b"")], (*put, *NO), "large", "ECONNRESET"
    yield "WebDAV", [dav()] * 9, (), "large", "done L2"
    yield "HEAD tells less", [dav(size=SMALL - 1)] * 9, ("-f",), "small", "EIO: .*the server has 999 of 1000 bytes"
    yield "HEAD knows nothing", [dav(size="none")] * 9, (), "small", "EIO: .*took it and does not have it"
    yield "no room for the MOVE", [dav(move=status("507 I"))] * 9, ("-f",), "small", "ENOSPC: MOVE"
    yield "the answer to MOVE is lost", [dav(move=None)] * 9, ("-f",), "small", "done L2"
    yield "MOVE makes it shorter", [dav(final=5)] * 9, ("-f",), "small", "EIO: .*the server has 5 of 1000"
    yield "MOVE loses it", [dav(final="none")] * 9, ("-f",), "large", "EIO: .*does not have it"
    yield "there already", [dav(size=3)] * 9, (), "small", "EEXIST"


def serve_all(listener, serves, seen):
    try:
        for serve in serves:
            k, _ = listener.accept()
            p = Peer(k, listener.getsockname()[1])
            try:
                serve(p)
            except OSError:
                pass
            seen.append(getattr(p, "fields", {}))
            k.close()
    except OSError:
        pass


def run(serves, args, file, url="http://127.0.0.1:{}/x/f", host_seen=None):
    listener, seen = socket.create_server(("127.0.0.1", 0)), []
    port = listener.getsockname()[1]
    t = threading.Thread(target=serve_all, args=(listener, serves, seen))
    t.start()
    done = subprocess.run([TOOL, *[a.replace("PORT", str(port)) for a in args], file, url.format(port)], capture_output=True,
                          text=True, timeout=120)
    listener.shutdown(socket.SHUT_RDWR)
    t.join()
    listener.close()
    return (done.stdout + (done.stderr if not done.stdout else "")).strip(), seen


def behind_tls(pieces, clean):
    """Takes one PUT, says the pieces, and ends: with close_notify, or as a line that is cut."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("s.pem", "s.key")
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    def serve(p):
        p.k = context.wrap_socket(p.k, server_side=True)
        p.head()
        p.body()
        p.say(pieces)
        if clean:
            p.k = p.k.unwrap()
        p.k.close()
    return serve


def tls_cases():
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "s.key",
                    "-out", "s.pem", "-subj", "/CN=s", "-days", "3650", "-addext", "subjectAltName=IP:127.0.0.1"], check=True,
                   capture_output=True)
    for why, pieces, clean, want in (
            ("an answer, and the end without close_notify", OK, False, "done"),
            ("cut before the status", b"", False, "ECONNRESET: .*without TLS's close_notify"),
            ("cut in the head", OK[:-2], False, "ECONNRESET: .*without TLS's close_notify"),
            ("close_notify in the head", OK[:-2], True, "ECONNRESET: the server ended the connection in the middle"),
            ("close_notify instead of an answer", b"", True, "ECONNRESET: the server ended the connection without an answer")):
        said, _ = run([behind_tls(pieces, clean)], ("--put", *NO, "--cacert", "s.pem"), "small", "https://127.0.0.1:{}/x")
        yield f"TLS: {why}", re.match(want, said), said


def slow(p):
    """Takes a byte a second, which opens TCP's window never."""
    p.k.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    p.head()
    p.say(GO)
    for _ in range(75):
        p.k.recv(1)
        time.sleep(1)


def secrets():
    """To another origin, and through a proxy, go no secrets that are not for it."""
    with open("token", "w") as f:
        f.write("s3cret\n")
    secret = ("-H", "X-Key: abc", "--bearer-file", "token")
    other, seen = socket.create_server(("127.0.0.1", 0)), []
    t = threading.Thread(target=serve_all, args=(other, [takes], seen))
    t.start()
    said, first = run([says(status("307 T", f"Location: http://127.0.0.1:{other.getsockname()[1]}/y"))], ("--put", *secret), "large")
    t.join()
    other.close()
    yield "secrets go to their origin", first[0].get("authorization") == "Bearer s3cret" and first[0].get("x-key") == "abc", first
    yield "and to no other", said.startswith("done") and not {"authorization", "x-key"} & set(seen[0]), (said, seen)
    said, seen = run([takes], ("--put", "-x", "127.0.0.1:PORT", "--proxy-user", "a:b"), "small", "http://dump.example.com/x")
    yield "a proxy gets the whole URL and its user", said.startswith("done") and seen[0]["host"] == "dump.example.com" and \
        seen[0]["proxy-authorization"] == "Basic YTpi", (said, seen)
    https = "https://dump.example.com/x"
    via = ("--put", *NO, "-x", "127.0.0.1:PORT", "--pinnedpubkey", "sha256//" + "A" * 43 + "=")
    for why, answer, want in (("407", status("407 P", "Proxy-Authenticate: Basic"), "EACCES: CONNECT .*407"),
                              ("403", status("403 F"), "EACCES: CONNECT"),
                              ("200 and garbage", status("200 OK") + b"SSH-2.0-x\r\n", "bytes before the server|EPROTO"),
                              ("200 and nothing", status("200 OK"), "broke the connection off in the TLS handshake")):
        said, seen = run([says(answer)], via, "small", https)
        yield f"CONNECT: {why}", re.search(want, said), said
    for line in ("nothing", "A b: c", "X: a\r\nY: b", ": x", "Content-Length: 5", "host: x", "X: \x7f"):
        said, _ = run([], ("--put", "-H", line), "small")
        yield f"header {line!r}", said.startswith("EINVAL"), said
    for url in ("http://u:p@h/x", "http:///x", "http://h:0/x", "http://h:65536/x", "http://h/a b", "http://h/\r\nX", "http://[::1/x",
                "http://h:99999999999/x", "ftp://h/x", "http://-h/x", "http://h_\u00e9/x", "http://h/" + "a" * 5000):
        said, _ = run([], (), "small", url.replace("{", "").replace("}", ""))
        yield f"URL {url[:40]!r}", said.startswith("usage: "), said


def crawls(waits, crawl):
    waits.join()
    yield "a byte a second", crawl[0].startswith("ETIMEDOUT: write to 127.0.0.1: no byte in 60 s"), crawl


def main():
    for name, size in (("empty", 0), ("small", SMALL), ("large", LARGE)):
        with open(name, "wb") as f:
            f.write(os.urandom(size))
    with open("huge", "wb") as f:
        f.truncate(HUGE)
    n = bad = 0
    crawl = []
    waits = threading.Thread(target=lambda: crawl.append(run([slow], ("--put", *NO), "huge")[0]))
    waits.start()
    for why, serves, args, file, want in cases():
        n += 1
        said, _ = run(serves, args, file)
        if not re.match(want, said) and not (not want[0].isupper() and re.search(want, said)):
            bad += 1
            print(f"{why}: wanted {want!r}, got {said[:300]!r}")
    for why, serve, args, file, want, holds in tus_cases():
        n += 1
        said, _ = run([serve] * 40, ("--tus", *args), file)
        if not re.match(want, said) or (holds and not holds(serve.state)):
            bad += 1
            print(f"{why} {args}: wanted {want!r}, got {said[:300]!r}, {serve.state['patches']} PATCHes")
    for why, ok, said in [*form_cases(), *tls_cases(), *secrets(), *crawls(waits, crawl)]:
        n += 1
        if not ok:
            bad += 1
            print(f"{why}: got {said!r}")
    print(f"{n} cases, {bad} wrong")
    return bad or n < 155


with tempfile.TemporaryDirectory() as tmp:
    os.chdir(tmp)
    sys.exit(1 if main() else 0)
