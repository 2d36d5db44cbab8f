# sftp_adversary - an SFTP server on standard input and output that misbehaves as its first word says.
# SPDX-License-Identifier: MIT
import os, struct, sys

case = sys.argv[1]
connection = int(os.environ.get('CONNECTION', '1'))
inp, out = sys.stdin.buffer, sys.stdout.buffer
OK, EOF, NO_FILE, DENIED, FAILURE, BAD, UNSUPPORTED = 0, 1, 2, 3, 4, 5, 8
INIT, VERSION, OPEN, CLOSE, READ, WRITE, FSTAT, REMOVE, MKDIR, STAT, RENAME = 1, 2, 3, 4, 5, 6, 8, 13, 14, 17, 18
STATUS, HANDLE, DATA, ATTRS, EXTENDED, EXTENDED_REPLY = 101, 102, 103, 105, 200, 201

def u32(n): return struct.pack('>I', n)
def u64(n): return struct.pack('>Q', n)
def string(b): return u32(len(b)) + b
def raw(b):
    out.write(b)
    out.flush()
def packet(kind, body): raw(u32(len(body) + 1) + bytes([kind]) + body)
def status(rid, code, text=b'words'): packet(STATUS, u32(rid) + u32(code) + string(text) + string(b''))
def attrs(rid, size): packet(ATTRS, u32(rid) + u32(1) + u64(size))
def die(): os._exit(0)

class Fields:
    def __init__(self, b): self.b = b
    def take(self, n):
        v, self.b = self.b[:n], self.b[n:]
        assert len(v) == n
        return v
    def u32(self): return struct.unpack('>I', self.take(4))[0]
    def u64(self): return struct.unpack('>Q', self.take(8))[0]
    def string(self): return self.take(self.u32())

def request():
    head = inp.read(4)
    if len(head) < 4: die()
    f = Fields(inp.read(struct.unpack('>I', head)[0]))
    return f.take(1)[0], f

kind, f = request()
assert kind == INIT
extensions = {b'posix-rename@openssh.com': b'1', b'fsync@openssh.com': b'1', b'statvfs@openssh.com': b'2'}
if case.startswith('limits-'): extensions[b'limits@openssh.com'] = b'1'
if case in ('no-fsync', 'bare', 'bare-exists'): del extensions[b'fsync@openssh.com']
if case in ('bare', 'bare-exists'): extensions = {}
body = b''.join(string(k) + string(v) for k, v in extensions.items())
if case == 'extensions-1m': body += string(b'x' * (1 << 20)) + string(b'1')
if case == 'extensions-cut': body += u32(100) + b'x'
version = int(case[8:]) if case.startswith('version-') else 3
if case == 'silent-end': die()
if case == 'garbage': raw(b'This account is currently not available.\n' * 3)
if case == 'length-0': raw(u32(0))
if case == 'length-1': raw(u32(1) + b'\x02')
if case == 'length-max': raw(u32(0xffffffff))
if case == 'length-256k': raw(u32((256 << 10) + 1) + b'\x02' + u32(3) + b'\0' * (256 << 10))
if case == 'status-first': status(0, OK)
packet(VERSION, u32(version) + body)

name, fd, size, writes, held = None, None, 0, 0, []
die_at = 12        # writes, on the connections that die
while True:
    kind, f = request()
    rid = f.u32()
    if case == 'unknown-id' and kind == WRITE and writes == 3: status(rid + 1000, OK)
    if case == 'cut-packet' and kind == WRITE: raw(u32(20) + bytes([STATUS]) + u32(rid)); die()
    if kind == STAT:
        path = f.string()
        if case == 'stat-handle': packet(HANDLE, u32(rid) + string(b'h'))
        elif case == 'stat-ok': status(rid, OK)
        elif case == 'stat-cut': packet(ATTRS, u32(rid) + u32(1) + b'\0')
        elif case == 'status-cut': packet(STATUS, u32(rid))
        elif case == 'no-id': packet(STATUS, b'')
        elif os.path.exists(path): attrs(rid, os.path.getsize(path) - (case == 'name-shorter'))
        else: status(rid, NO_FILE)
    elif kind == OPEN:
        path, how = f.string(), f.u32()
        flags = os.O_RDWR | (os.O_CREAT if how & 8 else 0) | (os.O_TRUNC if how & 16 else 0)
        if case == 'open-denied': status(rid, DENIED, b'no\x1b[31m' * 100); continue
        if case == 'gone' and connection > 1: os.path.exists(path) and os.unlink(path)
        try: fd = os.open(path, flags, 0o600)
        except OSError: status(rid, NO_FILE); continue
        if case == 'lost-tail' and connection > 1: os.truncate(path, os.path.getsize(path) // 2)
        if case == 'lost-middle' and connection > 1: os.pwrite(fd, b'\0' * 4096, 70000)
        handle = {'handle-0': b'', 'handle-257': b'h' * 257, 'handle-256': b'h' * 256}.get(case, b'h\0\xff')
        packet(HANDLE, u32(rid) + string(handle))
    elif kind == WRITE:
        handle, at, data = f.string(), f.u64(), f.string()
        writes += 1
        if case in ('dies', 'lost-tail', 'lost-middle', 'gone', 'dies-always') and writes > die_at and \
                (connection < 3 or case == 'dies-always'):
            die()
        if case == 'dies-early' : die()
        if case == 'disk-full' and at + len(data) > 1 << 20: status(rid, FAILURE, b'Failure'); continue
        if case == 'write-refused' and at > 1 << 20: status(rid, FAILURE, b'Failure'); continue
        if case == 'write-denied' and writes == 2: status(rid, DENIED); continue
        os.pwrite(fd, data, at)
        if case == 'slow-order':
            held.append(rid)
            if len(held) < 8 and at + len(data) < 3000000: continue
            for r in reversed(held): status(r, OK)
            held = []
            continue
        status(rid, OK)
        if case == 'twice': status(rid, OK)
        if case == 'data': packet(DATA, u32(rid) + string(b'x'))
    elif kind == READ:
        handle, at, n = f.string(), f.u64(), f.u32()
        if case == 'no-read': status(rid, DENIED)
        else: packet(DATA, u32(rid) + string(os.pread(fd, n, at)))
    elif kind == FSTAT:
        if case == 'size-less': attrs(rid, os.fstat(fd).st_size - 1)
        elif case == 'size-more': attrs(rid, os.fstat(fd).st_size + 1)
        elif case == 'size-absent': packet(ATTRS, u32(rid) + u32(0))
        elif case == 'size-failure': status(rid, FAILURE)
        else: attrs(rid, os.fstat(fd).st_size)
    elif kind == CLOSE:
        if case == 'close-fails': status(rid, FAILURE); continue
        os.close(fd)
        status(rid, OK)
        if case == 'after-close': status(rid, OK)
    elif kind == REMOVE:
        try: os.unlink(f.string()); status(rid, OK)
        except OSError: status(rid, NO_FILE)
    elif kind == MKDIR:
        try: os.mkdir(f.string()); status(rid, OK)
        except OSError: status(rid, FAILURE)
    elif kind == RENAME:
        old, new = f.string(), f.string()
        if os.path.exists(new): status(rid, FAILURE)
        else: os.rename(old, new); status(rid, OK)
    elif kind == EXTENDED:
        what = f.string()
        if what == b'fsync@openssh.com':
            if case == 'fsync-unsupported': status(rid, UNSUPPORTED)
            elif case == 'fsync-failure': status(rid, FAILURE)
            elif case == 'fsync-end': die()
            else: os.fsync(fd); status(rid, OK)
        elif what == b'posix-rename@openssh.com':
            old, new = f.string(), f.string()
            if case == 'rename-failure': status(rid, FAILURE)
            elif case == 'rename-lost' and connection == 1: os.rename(old, new); die()
            elif case == 'rename-lie': status(rid, OK)
            elif not os.path.exists(old): status(rid, NO_FILE)
            else: os.rename(old, new); status(rid, OK)
        elif what == b'statvfs@openssh.com':
            avail = 0 if case == 'disk-full' else (1 << 63) if case == 'space-huge' else 100000
            packet(EXTENDED_REPLY, u32(rid) + b''.join(u64(n) for n in (4096, 4096, 9, 9, avail, 9, 9, 9, 1, 0, 255)))
        elif what == b'limits@openssh.com':
            n = {'limits-0': 0, 'limits-1': 1, 'limits-max': (1 << 64) - 1, 'limits-small': 2000}.get(case, 0)
            if case == 'limits-cut': packet(EXTENDED_REPLY, u32(rid) + u64(0))
            elif case == 'limits-refused': status(rid, UNSUPPORTED)
            else: packet(EXTENDED_REPLY, u32(rid) + u64(0) + u64(n) + u64(n) + u64(n))
        else: status(rid, UNSUPPORTED)
    else: status(rid, UNSUPPORTED)
