#!/usr/bin/env python3
"""s3_adversary - a store that lies, breaks off or refuses: what does an upload say, and is each request signed?

usage: s3_adversary.py KDUMPBOX S3PUT VMCORE [CASE...]
Signatures are compared with those that botocore makes of the same requests, byte for byte.
"""
# SPDX-License-Identifier: MIT
import calendar
import os
import re
import subprocess
import sys
import tempfile
import time
from urllib.parse import parse_qs, urlsplit

from s3_store import ID, SECRET, TOKEN, Store

PROGRAM, PUT = map(os.path.abspath, sys.argv[1:3])
SMALL, LARGE = 1000, 20_000_001  # one request; three parts of 8 MiB
NO = ("--retry-max-time", "0")


def only(op, times, act):
    """act on the first so many requests of a kind, honesty then."""
    def hook(h, o, n, body, key):
        if o != op or n > times:
            return False
        act(h, body, key)
        return True
    return hook


def says(status, code, more="", **fields):
    return lambda h, body, key: h.error(status, code, more, **fields)


def raw(data, pause=0.0, end="close"):
    def act(h, body, key):
        for piece in data:
            h.wfile.write(piece)
            h.wfile.flush()
            time.sleep(pause)
        h.close_connection = True
    return act


def lose(h, body, key):
    """Do it, and break the connection before the answer."""
    store = h.server.store
    query = parse_qs(urlsplit(h.path).query, keep_blank_values=True)
    if "partNumber" in query:
        store.uploads[query["uploadId"][0]][int(query["partNumber"][0])] = ('"lost"', body)
    else:
        store.complete(h, key, query, body.decode(), silent=True)
    h.reset()


def blank_then(text):
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    blanks = [b"1\r\n \r\n", b"2\r\n\n \r\n"] * 4
    tail = b"%x\r\n%s\r\n0\r\n\r\n" % (len(text), text) if text else b"0\r\n\r\n"
    return raw([head, *blanks, tail], 0.1)


def skewed(h, o, n, body, key):
    """The store's clock is two days ahead; HEAD cannot say why it refuses."""
    when = time.time() + h.server.store.skew
    stamp = time.strptime(h.headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
    if abs(calendar.timegm(stamp) - when) < 900:
        return False
    h.error(403, "RequestTimeTooSkewed")
    return True


def elsewhere(answer):
    def hook(h, o, n, body, key):
        if "/eu-north-1/s3/" in h.headers["Authorization"]:
            return False
        answer(h, body, key)
        return True
    return hook


def to_other_host(h, o, n, body, key):
    if h.headers["Host"].startswith("localhost"):
        return False
    h.answer(307, Location=f"http://localhost:{h.server.store.port}{h.path}")
    return True


def no_conditions(h, o, n, body, key):
    if not {"if-none-match", "x-amz-checksum-algorithm", "x-amz-mp-object-size"} & {n.lower() for n in h.headers}:
        return False
    h.error(501, "NotImplemented")
    return True


def both(*hooks):
    return lambda *a: any(hook(*a) for hook in hooks)


HEAD_403 = only("head", 99, says(403, ""))
BOMB = b'<!DOCTYPE a [<!ENTITY b "bbbb">]><InitiateMultipartUploadResult><UploadId>&b;</UploadId></InitiateMultipartUploadResult>'
DONE, FAILED, DEGRADED = 0, 1, 3
# name, size, store, options, exit status, words of the log, the object is there, requests (None: any)
CASES = [
    ("small", SMALL, {}, (), DONE, "L4", True, "head put head"),
    ("in parts", LARGE, {}, (), DONE, "L4", True, "head begin part part part complete head"),
    ("connections that end behind each answer", LARGE, {"closes": True}, (), DONE, "L4", True,
     "head begin part part part complete head"),
    ("with a session's token", LARGE, {"token": TOKEN}, (), DONE, "L4", True, None),
    ("another region", SMALL, {"region": "eu-west-3"}, ("--s3-region", "eu-west-3"), DONE, "L4", True, None),
    ("https with CRC32C", LARGE, {"tls": True, "crc": True}, (), DONE, "L4", True, None),
    ("https with a signed body", LARGE, {"tls": True}, (), DONE, "L4", True, None),
    ("virtual host", LARGE, {"virtual": True}, ("--s3-style", "virtual"), DONE, "L4", True, None),
    ("the end: 200 with an error", LARGE, {"hook": only("complete", 99, says(200, "InternalError"))}, NO, FAILED,
     "200 InternalError", False, None),
    ("the end: 200 with an error, then well", LARGE, {"hook": only("complete", 1, says(200, "InternalError"))}, (), DONE,
     "L4", True, None),
    ("the end: blanks, then nothing", LARGE, {"hook": only("complete", 99, blank_then(b""))}, NO, FAILED, "no proper XML",
     False, None),
    ("the end: blanks, then an error", LARGE,
     {"hook": only("complete", 99, blank_then(b"<Error><Code>SlowDown</Code></Error>"))}, NO, FAILED, "SlowDown", False,
     None),
    ("the end: another document", LARGE, {"hook": only("complete", 99, blank_then(b"<Done/>"))}, NO, FAILED,
     "does not say that the object is whole", False, None),
    ("the end: cut", LARGE, {"hook": only("complete", 99, raw([b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n<Comp"]))},
     NO, FAILED, "in the middle of its answer", False, None),
    ("the end: its answer is lost", LARGE, {"hook": only("complete", 1, lose)}, (), DONE, "L4", True, None),
    ("no ETag", LARGE, {"hook": only("part", 1, lambda h, b, k: h.answer(200))}, NO, FAILED, "names no ETag", False, None),
    ("another ETag the second time", LARGE, {"hook": only("part", 1, lose)}, (), DONE, "L4", True, None),
    ("wrong clock", LARGE, {"hook": skewed, "skew": 172800}, (), DONE, "the clock here is wrong by 17", True, None),
    ("a clock that is never right", SMALL, {"hook": only("put", 99, says(403, "RequestTimeTooSkewed")), "skew": 9999}, (),
     FAILED, "the store's did not do either", False, "head put put"),
    ("wrong secret", SMALL, {"hook": only("put", 99, says(403, "SignatureDoesNotMatch"))}, (), FAILED,
     "the secret is not that of the key id", False, "head put"),
    ("wrong key", SMALL, {"hook": only("put", 99, says(403, "InvalidAccessKeyId"))}, (), FAILED,
     "does not know this key id", False, "head put"),
    ("expired token", SMALL, {"hook": only("put", 99, says(400, "ExpiredToken"))}, (), FAILED, "has expired", False,
     "head put"),
    ("a part is too small", LARGE, {"hook": only("complete", 99, says(400, "EntityTooSmall"))}, (), FAILED,
     "smaller than the store wants", False, None),
    ("the upload is gone", LARGE, {"hook": only("part", 99, says(404, "NoSuchUpload"))}, (), FAILED, "ended the upload",
     False, "head begin part abort"),
    ("no bucket", SMALL, {"hook": only("put", 99, says(404, "NoSuchBucket"))}, (), FAILED, "no such bucket", False, None),
    ("301 with the region", LARGE,
     {"region": "eu-north-1", "hook": elsewhere(lambda h, b, k: h.error(301, "PermanentRedirect",
                                                                      x_amz_bucket_region="eu-north-1"))}, (), DONE,
     "in the region eu-north-1", True, None),
    ("400 with the region", SMALL,
     {"region": "eu-north-1", "hook": both(only("head", 1, says(403, "")), elsewhere(
         says(400, "AuthorizationHeaderMalformed", "<Region>eu-north-1</Region>")))}, (), DONE,
     "in the region eu-north-1", True, None),
    ("a region that leads on and on", SMALL, {"hook": only("put", 99, says(301, "PermanentRedirect",
                                                                           "<Region>eu-west-9</Region>"))}, (), FAILED,
     "s3_region", False, "head put put"),
    ("a region that is none", SMALL, {"hook": only("put", 99, says(301, "PermanentRedirect", "<Region>x/../y</Region>"))},
     (), FAILED, "PermanentRedirect", False, "head put"),
    ("307", LARGE, {"hook": to_other_host}, (), DONE, "on to localhost", True, None),
    ("slow down", LARGE, {"hook": only("part", 2, says(503, "SlowDown"))}, (), DONE, "SlowDown", True, None),
    ("slow down, and on", LARGE, {"hook": only("part", 99, says(503, "SlowDown"))}, NO, FAILED, "SlowDown", False, None),
    ("a bomb of XML", LARGE, {"hook": only("begin", 99, lambda h, b, k: h.answer(200, BOMB))}, NO, FAILED, "a DOCTYPE",
     False, None),
    ("no UploadId", LARGE, {"hook": only("begin", 99, lambda h, b, k: h.answer(200, b"<InitiateMultipartUploadResult/>"))},
     NO, FAILED, "no UploadId", False, None),
    ("an answer without end", LARGE, {"hook": only("begin", 99, lambda h, b, k: h.answer(200, b"x" * 70000))}, NO, FAILED,
     "more than 65536 bytes", False, None),
    ("a quota", LARGE, {"hook": only("part", 99, says(403, "QuotaExceeded"))}, (), FAILED, "QuotaExceeded", False, None),
    ("it is shorter", SMALL, {"hook": lambda h, o, n, b, k: o == "head" and n == 2 and (
        h.answer(200, length="999") or True)}, (), FAILED, "has 999 of 1000 bytes", True, None),
    ("it is not there", SMALL, {"hook": lambda h, o, n, b, k: o == "head" and n == 2 and (h.answer(404) or True)}, (),
     FAILED, "does not have it", True, None),
    ("keys that may not look", LARGE, {"hook": HEAD_403}, (), DEGRADED, "may not look", True, None),
    ("it is there", SMALL, {"hook": lambda h, o, n, b, k: h.answer(200, length="1") or True}, (), FAILED, "there already",
     False, "head"),
    ("it is there, but for keys that may not look", LARGE,
     {"hook": both(HEAD_403, only("complete", 9, says(412, "PreconditionFailed")))}, (), FAILED, "there already", False,
     None),
    ("no conditions", LARGE, {"hook": no_conditions}, (), DONE, "L4", True, None),
    ("no conditions and no sums", LARGE, {"hook": no_conditions, "tls": True}, (), DONE, "L4", True, None),
    ("it breaks off", LARGE, {"hook": only("part", 1, lambda h, b, k: h.reset())}, (), DONE, "L4", True, None),
    ("it breaks off for good", LARGE, {"hook": only("part", 99, lambda h, b, k: h.reset())}, NO, FAILED, "part 1", False,
     None),
]


def run(case, where, data):
    name, size, options, more, status, words, there, requests = case
    options = dict(options)
    virtual = options.pop("virtual", False)
    if options.get("tls"):
        options["tls"] = where
        more = (*more, "--cacert", where + "/cert.pem")
    keys = f"[default]\naws_access_key_id = {ID}\naws_secret_access_key = {SECRET}\n"
    keys += f"aws_session_token = {options['token']}\n" if "token" in options else ""
    with open(where + "/keys", "w") as f:
        f.write(keys)
    with open(where + "/file", "wb") as f:
        f.write(data[:size])
    store = Store(**options)
    host = f"127.0.0.1:{store.port}"
    if virtual:
        more, host = (*more, "-x", host), "store.example"
    to = f"s3+http{'s' if 'tls' in options else ''}://{host}/dumps/a b:1/vmcore".replace(" ", "%20")
    try:
        r = subprocess.run([PROGRAM, "upload", "--s3-credentials", where + "/keys", *more, where + "/file", to],
                           capture_output=True, text=True, timeout=300)
    finally:
        store.close()
    bad = list(store.wrong)
    got = store.objects.get("/dumps/a b:1/vmcore")
    if r.returncode != status:
        bad.append(f"exit status {r.returncode} instead of {status}")
    if words not in r.stderr:
        bad.append(f"'{words}' is not said")
    if there != (got == data[:size]):
        bad.append("the object is there" if got else "the object is not there")
    if name in ("in parts", "https with CRC32C") and len(store.connections) != 1:
        bad.append(f"{len(store.connections)} connections")
    if store.uploads and not re.search("upload is gone", name):
        bad.append("an upload is left")
    if requests and " ".join(store.log) != requests:
        bad.append("requests: " + " ".join(store.log))
    for secret in (SECRET, TOKEN, "Signature=", ID):
        if secret in r.stderr + r.stdout:
            bad.append(f"it says {secret}")
    print(f"{'FAIL' if bad else 'ok'}   {name}{': ' if bad else ''}{'; '.join(bad)}")
    if bad:
        print("     " + r.stderr.strip().replace("\n", "\n     "))
    return not bad


def presigned(where):
    """A URL that the user was given: used as it is, asked for nothing else, and never told to anybody."""
    url = "/dumps/vmcore?X-Amz-Credential=x&X-Amz-Signature=5ec4e7"
    good = True
    for status in (200, 403):
        seen = []

        def hook(h, op, n, body, key):
            seen.append((op, h.path, len(body), h.headers.get("Authorization")))
            h.answer(status)
            return True

        store = Store(hook)
        with open(where + "/file", "wb") as f:
            f.write(b"x" * SMALL)
        r = subprocess.run([PROGRAM, "upload", where + "/file", f"http://127.0.0.1:{store.port}{url}"],
                           capture_output=True, text=True, timeout=300)
        store.close()
        fine = (seen == [("put", url, SMALL, None)] and r.returncode == (DONE if status == 200 else FAILED)
                and "5ec4e7" not in r.stderr + r.stdout)
        print(f"{'ok' if fine else 'FAIL'}   a presigned URL, {status}" + ("" if fine else f": {seen} {r.stderr}"))
        good &= fine
    return good


def stopped(where, vmcore):
    """The time of a dump is over: its parts stay with the store, no object has its name, and by hand it becomes one."""
    child = []

    def hook(h, op, n, body, key):
        if op == "part" and n == 2:
            child[0].terminate()
        return False

    store = Store(hook)
    child.append(subprocess.Popen([PROGRAM, "save", "-c", "none", "-d", "0", "--s3-credentials", where + "/keys", vmcore,
                                   f"s3+http://127.0.0.1:{store.port}/dumps/vmcore"], stderr=subprocess.PIPE, text=True))
    said = child[0].communicate(timeout=300)[1]
    store.close()
    parts = list(store.uploads.values())[0] if len(store.uploads) == 1 else {}
    with open(where + "/incomplete", "wb") as f:
        f.write(b"".join(parts[n][1] for n in sorted(parts)))
    r = subprocess.run([PROGRAM, "info", where + "/incomplete"], capture_output=True, text=True, timeout=300)
    fine = (child[0].returncode == FAILED and "has all of an incomplete dump" in said and not store.objects
            and "abort" not in store.log and sorted(parts) == list(range(1, len(parts) + 1)) and "incomplete" in r.stdout)
    print(f"{'ok' if fine else 'FAIL'}   stopped at half" + ("" if fine else f": {store.log} {said} {r.stdout} {r.stderr}"))
    return fine


def checked(where):
    """kdump check asks the store for nothing but whether it knows the keys, and says what it answers."""
    good = True
    for hook, words in ((None, "the store knows bucket and keys"),
                        (only("abort", 9, says(403, "SignatureDoesNotMatch")), "the secret is not that of the key id"),
                        (only("abort", 9, says(405, "MethodNotAllowed")), "could not be tried")):
        store = Store(hook)
        with open(where + "/kdump.conf", "w") as f:
            f.write(f"s3 http://127.0.0.1:{store.port}/dumps/x\ns3_credentials {where}/keys\nnetwork ip=dhcp\n")
        r = subprocess.run([PROGRAM, "kdump", "check", "--config=" + where + "/kdump.conf"], capture_output=True, text=True,
                           timeout=300)
        store.close()
        fine = words in r.stdout and store.log == ["abort"] and not store.wrong
        print(f"{'ok' if fine else 'FAIL'}   checked: {words}" + ("" if fine else f": {r.stdout} {store.log}"))
        good &= fine
    return good


def pieces(where, data):
    """Pieces that are written in turns, as those of a dump: whatever the sizes, the object is the file."""
    mib = 1 << 20
    whole = bytearray(data)
    whole[6 * mib:9 * mib] = bytes(3 * mib)  # holes in what stands in front of the data
    whole[12 * mib + 5:17 * mib] = bytes(5 * mib - 5)
    whole = bytes(whole[:LARGE])
    good = True
    for seed, starts in enumerate((
            (0, 4096, 8192, 8192 + 4096, 400_000),                        # a small machine
            (0, 4096, 3 * mib, 6 * mib, 9 * mib, 14 * mib + 77),          # each piece over several parts
            (0, 5 * mib, 10 * mib, 15 * mib),                             # pieces as long as parts
            (0, 64, 5 * mib - 1), (0, 5 * mib + 1, 10 * mib - 1), (0, 19 * mib))):
        with open(where + "/file", "wb") as f:
            f.write(whole)
        store = Store()
        r = subprocess.run([PUT, where + "/keys", str(seed), where + "/file", f"s3+http://127.0.0.1:{store.port}/dumps/x",
                            *map(str, starts)], capture_output=True, text=True, timeout=300)
        store.close()
        fine = r.returncode == 0 and store.objects.get("/dumps/x") == whole and not store.wrong
        print(f"{'ok' if fine else 'FAIL'}   pieces at {starts}" + ("" if fine else f": {r.stderr} {store.log}"))
        good &= fine
    return good


def main():
    data = os.urandom(LARGE)
    vmcore, wanted = sys.argv[3], sys.argv[4:]
    with tempfile.TemporaryDirectory() as where:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", where + "/key.pem", "-out", where + "/cert.pem", "-subj", "/CN=store", "-days", "30",
                        "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        good = [run(case, where, data) for case in CASES if not wanted or case[0] in wanted]
        good += [presigned(where), stopped(where, vmcore), pieces(where, data), checked(where)]
    print(f"{sum(good)} of {len(good)} cases")
    sys.exit(not all(good))


main()
