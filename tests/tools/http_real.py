#!/usr/bin/env python3
"""http_real - uploads to nginx, Apache, lighttpd and rclone on loopback: are the bytes there, under which name?

usage: http_real.py HTTPPUT [mbedtls]
mbedtls: HTTPPUT is built with TLS=mbedtls; only what that could change, TLS 1.3 with nginx.
"""
# SPDX-License-Identifier: MIT
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time

TOOL = os.path.abspath(sys.argv[1])
NEW = sys.argv[2:] == ["mbedtls"]
READER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kdump_reader.py")
MODULES = "/usr/lib/apache2/modules"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def sh(*args):
    subprocess.run(args, check=True, capture_output=True)


class Server:
    def __init__(self, *args, port):
        self.port = port
        self.log = open("server.log", "ab")
        self.child = subprocess.Popen(args, stdout=self.log, stderr=self.log)
        end = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                if self.child.poll() is not None or time.monotonic() > end:
                    sys.exit(f"{args[0]} does not start:\n{open('server.log').read()[-2000:]}")
                time.sleep(0.05)

    def stop(self):
        self.child.terminate()
        self.child.wait()
        self.log.close()


def nginx(port, tls, tls13, root):
    os.makedirs("nginx", exist_ok=True)
    common = f"client_max_body_size 0; root {root}; client_body_temp_path {root}/tmp; create_full_put_path on;"
    plain = f"""
        location /dav/ {{ dav_methods PUT DELETE MOVE; }}
        location /put/ {{ dav_methods PUT; }}
        location /small/ {{ dav_methods PUT DELETE MOVE; client_max_body_size 1m; }}
        location /user/ {{ dav_methods PUT DELETE MOVE; auth_basic x; auth_basic_user_file {os.getcwd()}/users; }}
        location /moved/ {{ return 307 /dav/moved/$request_uri; }}
        location /gone/ {{ return 302 /dav/; }}
        location /down/ {{ return 307 http://127.0.0.1:{port}/dav/down; }}
        location /busy/ {{ return 503; }}
    """
    with open("users", "w") as f:
        f.write("me:{PLAIN}secret\n")
    with open("nginx.conf", "w") as f:
        f.write(f"""daemon off; master_process off; user root; pid nginx/pid; error_log nginx/error.log;
events {{ }} http {{ access_log off; {common}
    server {{ listen 127.0.0.1:{port}; {plain} }}
    server {{ listen 127.0.0.1:{tls} ssl; ssl_certificate s.pem; ssl_certificate_key s.key;
        ssl_protocols TLSv1.2 TLSv1.3; {plain} }}
    server {{ listen 127.0.0.1:{tls13} ssl; ssl_certificate s.pem; ssl_certificate_key s.key;
        ssl_protocols TLSv1.3; {plain} }} }}""")
    return Server("/usr/sbin/nginx", "-p", os.getcwd(), "-e", "nginx/error.log", "-c", f"{os.getcwd()}/nginx.conf", port=port)


def apache(port, root):
    for d in ("dav", "lock"):
        os.makedirs(f"{root}/{d}", exist_ok=True)
        shutil.chown(f"{root}/{d}", "www-data")
    loads = "\n".join(f"LoadModule {m}_module {MODULES}/mod_{m}.so" for m in ("mpm_event", "authz_core", "dav", "dav_fs", "unixd")
                      if os.path.exists(f"{MODULES}/mod_{m}.so"))
    with open("apache.conf", "w") as f:
        f.write(f"""{loads}
ServerName localhost
User www-data
Group www-data
Listen 127.0.0.1:{port}
PidFile {os.getcwd()}/apache.pid
ErrorLog {os.getcwd()}/apache.log
DocumentRoot {root}
DavLockDB {root}/lock/db
<Location />
Dav On
Require all granted
</Location>
""")
    return Server("/usr/sbin/apache2", "-X", "-d", os.getcwd(), "-f", f"{os.getcwd()}/apache.conf", port=port)


def lighttpd(port, root):
    os.makedirs(f"{root}/dav", exist_ok=True)
    with open("lighttpd.conf", "w") as f:
        f.write(f"""server.port = {port}
server.bind = "127.0.0.1"
server.document-root = "{root}"
server.modules = ("mod_webdav")
server.upload-dirs = ("{root}")
webdav.activate = "enable"
""")
    return Server("/usr/sbin/lighttpd", "-D", "-f", "lighttpd.conf", port=port)


def rclone(port, root):
    os.makedirs(f"{root}/dav", exist_ok=True)
    return Server("/usr/bin/rclone", "serve", "webdav", "--config", "/dev/null", "--addr", f"127.0.0.1:{port}", root, port=port)


class Judge:
    def __init__(self):
        self.n = self.bad = 0

    def put(self, why, want, url, *args, file="large"):
        done = subprocess.run([TOOL, *args, file, url], capture_output=True, text=True, timeout=60)
        said = (done.stdout + done.stderr).strip() if want != "done L2" else done.stdout.strip()
        self.check(f"{why} ({' '.join(args)})", want in said, f"wanted {want!r}, got {(done.stdout + done.stderr).strip()!r}")

    def check(self, why, ok, said=""):
        self.n += 1
        if not ok:
            self.bad += 1
            print(f"{why}: {said}")

    def same(self, why, path, file):
        there = os.path.exists(path) and open(path, "rb").read() == open(file, "rb").read()
        self.check(f"{why}: the bytes", there, f"{path} is not {file}")


def unflatten(path):
    data, out, at = open(path, "rb").read(), {}, 4096
    while True:
        where, size = (int.from_bytes(data[at + i:at + i + 8], "big") for i in (0, 8))
        at += 16
        if where == 2**64 - 1:
            return b"".join(out[w] for w in sorted(out))
        out[where] = data[at:at + size]
        at += size


def try_server(j, name, port, root, top="dav", scheme="http", args=()):
    base = f"{scheme}://127.0.0.1:{port}/{top}"
    for mode in ((), ("--stream",)):
        for file in ("empty", "small", "edge", "large"):
            where = f"{file}{len(mode)}"
            # Apache tells no length of nothing.
            level = 1 if name == "apache" and file == "empty" else 2
            j.put(f"{name}: {file}", f"done L{level}", f"{base}/{where}", *args, *mode, file=file)
            j.same(f"{name}: {where}", f"{root}/{top}/{where}", file)
    j.put(f"{name}: is there", "EEXIST", f"{base}/large0", *args, file="small")
    j.same(f"{name}: still there", f"{root}/{top}/large0", "large")
    j.put(f"{name}: replaced", "done L2", f"{base}/large0", "-f", *args, file="small")
    j.same(f"{name}: replaced", f"{root}/{top}/large0", "small")
    j.put(f"{name}: flat", "done L2", f"{base}/flat", "--flat", *args)
    j.check(f"{name}: flat", unflatten(f"{root}/{top}/flat") == open("large", "rb").read(), "other bytes")
    j.put(f"{name}: a query and %", "done L2", f"{base}/a%20b?x=1", *args, file="small")
    j.same(f"{name}: a query", f"{root}/{top}/a b", "small")
    for what, mode in (("small", ()), ("large", ("--stream",))):
        if top != "put" or what == "small":
            j.put(f"{name}: kept", "done L0", f"{base}/kept-{what}", "--keep", *args, *mode, file=what)
            j.same(f"{name}: kept", f"{root}/{top}/kept-{what}-incomplete", what)
        else:
            j.put(f"{name}: kept", "EOPNOTSUPP", f"{base}/kept-{what}", "--keep", *args, *mode, file=what)
        j.check(f"{name}: kept is not whole", not os.path.exists(f"{root}/{top}/kept-{what}"), "a final name")
    left = [f for f in os.listdir(f"{root}/{top}") if "probe" in f or ("incomplete" in f and "kept" not in f)]
    j.check(f"{name}: nothing is left over", not left, left)


def nginx_cases(j, port, tls, tls13, root):
    for top in ("dav", "put"):
        os.makedirs(f"{root}/{top}", exist_ok=True)
        try_server(j, f"nginx {top}", port, root, top)
    trust = ("--cacert", "s.pem")
    os.makedirs(f"{root}/dav2", exist_ok=True)
    shutil.rmtree(f"{root}/dav")
    os.makedirs(f"{root}/dav")
    try_server(j, "nginx https", tls, root, "dav", "https", trust)
    http, https = f"http://127.0.0.1:{port}", f"https://127.0.0.1:{tls}"
    j.put("TLS 1.3 only", "server requires TLS 1.3", f"https://127.0.0.1:{tls13}/dav/x", *trust)
    j.put("nobody is trusted", "nobody is trusted", f"{https}/dav/x")
    j.put("413 before the body", "ENOSPC: PUT", f"{http}/small/x", "--put")
    j.put("413 in the middle of the body", "ENOSPC: PUT", f"{http}/small/x", "--stream")
    j.check("nothing of it is there", not os.path.exists(f"{root}/small/x"))
    j.put("no user", "EACCES: PUT", f"{http}/user/x", file="small")
    j.put("a wrong password", "EACCES: PUT", f"{http}/user/x", "-u", "me:other", file="small")
    j.put("user and password", "done L2", f"{http}/user/x", "-u", "me:secret", file="small")
    j.put("307 within the server", "done L0", f"{http}/moved/x", "--put")
    j.put("302", "leads elsewhere in a way that is not followed", f"{http}/gone/x", "--put")
    j.put("from https to http", "EACCES: 127.0.0.1 leads from https to http", f"{https}/down/x", "--put", *trust)
    j.check("nothing went there", not os.path.exists(f"{root}/dav/down"))
    j.put("503 for ever", "503 Service Temporarily Unavailable", f"{http}/busy/x", "--put", "--retry-max-time", "2")
    j.put("no such method", "EOPNOTSUPP: PUT", f"{http}/x", "--put")


def nginx_cases_13(j, tls13, root):
    trust = ("--cacert", "s.pem")
    os.makedirs(f"{root}/dav")
    try_server(j, "nginx TLS 1.3", tls13, root, "dav", "https", trust)
    https = f"https://127.0.0.1:{tls13}"
    j.put("413 before the body", "ENOSPC: PUT", f"{https}/small/x", "--put", *trust)
    j.put("413 in the middle of the body", "ENOSPC: PUT", f"{https}/small/x", "--stream", *trust)
    j.check("nothing of it is there", not os.path.exists(f"{root}/small/x"))


def proxy_cases(j, port, tls, root):
    at = free_port()
    with open("tinyproxy.conf", "w") as f:
        f.write(f"Port {at}\nListen 127.0.0.1\nTimeout 60\nMaxClients 10\nLogFile \"{os.getcwd()}/tinyproxy.log\"\nAllow 127.0.0.1\n")
    proxy = Server("/usr/bin/tinyproxy", "-d", "-c", "tinyproxy.conf", port=at)
    http, https = f"http://127.0.0.1:{port}", f"https://127.0.0.1:{tls}"
    via = ("-x", f"127.0.0.1:{at}")
    try:
        for n, (url, args) in enumerate(((http, via), (https, (*via, "--cacert", "s.pem")))):
            j.put("by proxy", "done L2", f"{url}/dav/proxy{n}", *args)
            j.same("by proxy", f"{root}/dav/proxy{n}", "large")
        used = open("tinyproxy.log").read()
        j.check("the proxy was used", "CONNECT 127.0.0.1" in used and "PUT http://127.0.0.1" in used, used[-300:])
    finally:
        proxy.stop()
    j.put("no proxy for it", "done L2", f"{http}/dav/direct", *via, "--noproxy", "example.com,127.0.0.1")
    j.put("the proxy is away", "ECONNREFUSED", f"{http}/dav/direct2", *via, "--retry-max-time", "0")


def main():
    j = Judge()
    rnd = random.Random(1)
    for name, size in (("empty", 0), ("small", 1000), ("edge", 256 << 10), ("large", 3_000_001)):
        with open(name, "wb") as f:
            f.write(rnd.randbytes(size))
    sh("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "s.key", "-out",
       "s.pem", "-subj", "/CN=s", "-days", "3650", "-addext", "subjectAltName=IP:127.0.0.1")
    roots = {}
    for name in ("nginx", "apache", "lighttpd", "rclone"):
        roots[name] = f"{os.getcwd()}/root-{name}"
        os.makedirs(f"{roots[name]}/tmp")
    os.chmod(".", 0o755)
    port, tls, tls13 = free_port(), free_port(), free_port()
    server = nginx(port, tls, tls13, roots["nginx"])
    try:
        if NEW:
            nginx_cases_13(j, tls13, roots["nginx"])
        else:
            nginx_cases(j, port, tls, tls13, roots["nginx"])
            proxy_cases(j, port, tls, roots["nginx"])
    finally:
        server.stop()
    for name, start in (("apache", apache), ("lighttpd", lighttpd), ("rclone", rclone))[:0 if NEW else 3]:
        port = free_port()
        server = start(port, roots[name])
        try:
            try_server(j, name, port, roots[name])
        finally:
            server.stop()
    print(f"{j.n} cases, {j.bad} wrong")
    return j.bad or j.n < (25 if NEW else 150)


with tempfile.TemporaryDirectory() as tmp:
    os.chdir(tmp)
    sys.exit(1 if main() else 0)
