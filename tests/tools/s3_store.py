#!/usr/bin/env python3
"""s3_store - a store that speaks S3, as honest as can be: what is not signed as botocore signs it is refused.

usage: s3_store.py DIR    objects lie below DIR/files; DIR/cert.pem and key.pem are its own; DIR/port is written
"""
# SPDX-License-Identifier: MIT
import base64
import hashlib
import os
import re
import socket
import ssl
import struct
import sys
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ID, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "FwoGZXIvYXdzEBYaDG//token=="
TABLE = []
for i in range(256):
    for _ in range(8):
        i = i >> 1 ^ (0x82F63B78 if i & 1 else 0)
    TABLE.append(i)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 255]
    return base64.b64encode(struct.pack(">I", crc ^ 0xFFFFFFFF)).decode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body=b"", **fields):
        length = fields.pop("length", str(len(body)))
        self.send_response_only(status)
        self.send_header("Date", formatdate(time.time() + self.server.store.skew, usegmt=True))
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.server.store.closes

    def error(self, status, code, more="", **fields):
        self.answer(status, b"" if self.command == "HEAD" else
                    f'<?xml version="1.0"?>\n<Error><Code>{code}</Code><Message>in words</Message>{more}</Error>'.encode(),
                    **fields)

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def handle_expect_100(self):
        self.expects = True
        return True

    def serve(self):
        self.server.store.serve(self)

    do_PUT = do_POST = do_HEAD = do_DELETE = serve


class Store:
    """An honest store, but for what the case's hook answers in its place."""

    def __init__(self, hook=None, region="us-east-1", token="", skew=0, crc=False, tls=None, files=None, closes=False):
        self.files, self.closes, self.connections = files, closes, set()
        self.hook, self.region, self.token, self.skew, self.crc = hook, region, token, skew, crc
        self.objects, self.uploads, self.log, self.wrong = {}, {}, [], []
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.store = self
        self.tls = tls
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls + "/cert.pem", tls + "/key.pem")
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def check_signature(self, h, body):
        """What botocore makes of the fields that were signed."""
        match = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/\d{8}/([^/]+)/s3/aws4_request, "
                             r"SignedHeaders=([^,]+), Signature=[0-9a-f]{64}", h.headers.get("Authorization", ""))
        if not match:
            return "no Authorization"
        names = match.group(3).split(";")
        unsigned = {n.lower() for n in h.headers if n.lower().startswith("x-amz-")} - set(names)
        if unsigned or not {"host", "x-amz-date", "x-amz-content-sha256"} <= set(names):
            return f"not signed: {unsigned}, signed: {names}"
        payload = h.headers["x-amz-content-sha256"]
        if payload not in ("UNSIGNED-PAYLOAD", hashlib.sha256(body).hexdigest()):
            return "x-amz-content-sha256 is not of the body"
        if payload == "UNSIGNED-PAYLOAD" and (not self.tls or h.headers["x-amz-checksum-crc32c"] != crc32c(body)):
            return "a body that nothing vouches for"
        if self.token != h.headers.get("x-amz-security-token", ""):
            return "not our token"
        parts = urlsplit(h.path)
        request = AWSRequest(h.command, f"http{'s' if self.tls else ''}://{h.headers['Host']}{parts.path}"
                             f"{'?' if parts.query else ''}{parts.query}",
                             headers={n: h.headers[n] for n in names if n != "host"})
        request.context["timestamp"] = h.headers["x-amz-date"]
        auth = S3SigV4Auth(Credentials(ID, SECRET, self.token or None), "s3", self.region)
        auth.payload = lambda _: payload
        text = auth.string_to_sign(request, auth.canonical_request(request))
        want = (f"AWS4-HMAC-SHA256 Credential={auth.scope(request)}, SignedHeaders={match.group(3)}, "
                f"Signature={auth.signature(text, request)}")
        return None if want == h.headers["Authorization"] else f"want {want}, got {h.headers['Authorization']}"

    def serve(self, h):
        body = h.rfile.read(int(h.headers.get("Content-Length", 0)))
        url = urlsplit(h.path)
        query = parse_qs(url.query, keep_blank_values=True)
        host = (url.netloc or h.headers["Host"]).split(":")[0]
        key = (f"/{host.split('.')[0]}" if host.endswith(".store.example") else "") + unquote(url.path)
        op = {"HEAD": "head", "DELETE": "abort" if "uploadId" in query else "delete", "POST": "begin" if "uploads" in query else "complete",
              "PUT": "part" if "partNumber" in query else "put"}[h.command]
        with self.lock:
            self.log.append(op)
            self.connections.add(h.client_address)
            n = self.log.count(op)
            if url.netloc:
                h.path = url.path + ("?" + url.query if url.query else "")
            if not (self.hook and self.hook(h, op, n, body, key)):
                wrong = self.check_signature(h, body)
                if wrong:
                    self.wrong.append(f"{op}: {wrong}")
                    h.error(403, "SignatureDoesNotMatch")
                else:
                    self.honest(h, op, key, query, body)

    def keep(self, key, data):
        self.objects[key] = data
        if self.files:
            path = os.path.normpath(self.files + key)
            assert path.startswith(self.files + "/")
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as f:
                f.write(data)

    def honest(self, h, op, key, query, body):
        upload = self.uploads.get(query.get("uploadId", [""])[0])
        if op == "head":
            if key in self.objects:
                h.answer(200, length=str(len(self.objects[key])), ETag='"e"')
            else:
                h.answer(404)
        elif op == "delete":
            self.objects.pop(key, None)
            if self.files and os.path.exists(self.files + key):
                os.remove(self.files + key)
            h.answer(204)
        elif op == "put":
            self.keep(key, body)
            h.answer(200, ETag='"e"')
        elif op == "begin":
            name = f"up/load+{len(self.uploads)}=="
            self.uploads[name] = {}
            h.answer(200, f"<InitiateMultipartUploadResult><UploadId>{name}</UploadId>"
                     f"</InitiateMultipartUploadResult>".encode(),
                     **({"x_amz_checksum_algorithm": "CRC32C"} if self.crc else {}))
        elif upload is None:
            h.error(404, "NoSuchUpload")
        elif op == "abort":
            del self.uploads[query["uploadId"][0]]
            h.answer(204)
        elif op == "part":
            etag = f'"{hashlib.md5(body).hexdigest()}-{len(self.log)}"'
            upload[int(query["partNumber"][0])] = (etag, body)
            h.answer(200, ETag=etag)
        else:
            self.complete(h, key, query, body.decode())

    def complete(self, h, key, query, xml, silent=False):
        upload = self.uploads[query["uploadId"][0]]
        listed = re.findall(r"<Part>(?:<ChecksumCRC32C>(.*?)</ChecksumCRC32C>)?<ETag>(.*?)</ETag><PartNumber>(\d+)"
                            r"</PartNumber></Part>", xml)
        whole = b"".join(upload[n][1] for n in sorted(upload))
        if [(e, int(n)) for _, e, n in listed] != [(upload[n][0], n) for n in sorted(upload)]:
            return h.error(400, "InvalidPart")
        if self.crc and [c for c, _, _ in listed] != [crc32c(upload[n][1]) for n in sorted(upload)]:
            return h.error(400, "InvalidPart")
        if h.headers.get("x-amz-mp-object-size", str(len(whole))) != str(len(whole)):
            return h.error(400, "InvalidRequest")
        if any(len(upload[n][1]) < 5 << 20 for n in sorted(upload)[:-1]):
            return h.error(400, "EntityTooSmall")
        self.keep(key, whole)
        del self.uploads[query["uploadId"][0]]
        if not silent:
            h.answer(200, b"<CompleteMultipartUploadResult><ETag>\"x-3\"</ETag></CompleteMultipartUploadResult>")
        return None


def main():
    where = os.path.abspath(sys.argv[1])
    store = Store(crc=True, tls=where, files=where + "/files")
    with open(where + "/port.new", "w") as f:
        f.write(str(store.port))
    os.rename(where + "/port.new", where + "/port")
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main()
