#!/usr/bin/env python3
# fault_sweep - does save tell the truth when any of its system calls fails, or when it is killed there?
# SPDX-License-Identifier: MIT
"""Run `PROGRAM save CORE` under strace again and again. In each run one system call fails (the first,
the second, ... until a run has no such call left), or the process is killed as it enters the call, or asked to end.

    fault_sweep.py errors|kill PROGRAM CORE DIRECTORY

What must hold of every run:
    a final name is there   the file has the bytes of an undisturbed run, or, where reading the core
                            failed, exit status 3 says so, and each page in it has its bytes
    exit status 0 or 3      the dump's final name is there
    exit status 1           it is not, and the last line names the cause
"""
import contextlib
import errno
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import kdump_reader

# What can fail, and how; the error comes instead of the call.
ERRORS = {
    "open,openat": ["EACCES", "EROFS", "ENOSPC", "EINTR", "EMFILE"],
    "read,pread64": ["EIO", "EINTR"],
    "pwrite64": ["EIO", "ENOSPC", "EDQUOT", "EFBIG", "EINTR"],
    "fsync": ["EIO", "ENOSPC", "EINTR"],
    "close": ["EIO", "ENOSPC", "EINTR"],
    "rename": ["EIO", "ENOSPC", "EROFS"],
    "fallocate": ["EIO", "ENOSPC", "EOPNOTSUPP", "EINTR"],
    "sync_file_range": ["EIO", "ENOSPC", "ENOSYS"],
    "mmap": ["ENOMEM", "EIO"],
    "fstat,fstatfs": ["EIO"],
    "clone": ["EAGAIN"],
}
# The same from there on: a device that is gone, memory that has run out.
FOR_EVER = {
    "read,pread64": ["EIO"],
    "pwrite64": ["EIO", "ENOSPC"],
    "fsync": ["EIO"],
    "mmap": ["ENOMEM"],
    "open,openat": ["EROFS"],
}
KILLS = ["open,openat", "pwrite64", "fallocate", "sync_file_range", "fsync", "close", "rename", "mmap", "munmap"]


class Sweep:
    def __init__(self, program, core, directory):
        self.program, self.core = program, core
        self.dir = Path(directory)
        self.runs = 0
        self.problems = []
        self.good = {}
        status, said, _ = self.run([])
        if status != 0:
            sys.exit(f"fault_sweep: an undisturbed run exits with {status}: {said}")
        for name in ("vmcore", "dmesg.txt"):
            self.good[name] = self.digest(name)
        self.good["pages"] = self.pages()

    def digest(self, name):
        return hashlib.sha256((self.dir / name).read_bytes()).hexdigest()

    def run(self, strace):
        """Exit status, what was said on stderr, and whether the fault came."""
        shutil.rmtree(self.dir, ignore_errors=True)
        self.dir.mkdir(parents=True)
        trace = str(self.dir) + ".trace"
        command = [self.program, "save", "--threads", "1", "-c", "none",
                   "--dmesg", self.dir / "dmesg.txt", "--manifest", self.dir / "manifest.json",
                   self.core, self.dir / "vmcore"]
        if strace:
            command = ["strace", "-f", "-qq", "-o", trace, *strace, *command]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
        self.runs += 1
        text = Path(trace).read_text(errors="replace") if strace else ""
        return done.returncode, done.stderr, any(word in text for word in ("(INJECTED)", "SIGKILL", "SIGTERM"))

    def is_final(self, name):
        return (self.dir / name).exists()

    def check_names(self, what, status=None):
        for name in ("vmcore", "dmesg.txt"):
            if self.is_final(name) and self.digest(name) != self.good[name]:
                if status == 3 and name == "vmcore" and "pread64" in what:
                    self.check_pages(what, "vmcore", 0)
                    continue
                if status == 0 and name == "vmcore" and "mmap" in what:
                    self.check_pages(what, "vmcore", 0)  # no memory to choose what goes first
                    if self.pages() == self.good["pages"]:
                        continue
                self.problems.append(f"{what}: {name} has its name, but not its bytes")
        if self.is_final("manifest.json"):
            try:
                json.loads((self.dir / "manifest.json").read_text())
            except ValueError as e:
                self.problems.append(f"{what}: manifest.json has its name, but {e}")

    def pages(self):
        return kdump_reader.Kdump(str(self.dir / "vmcore")).pages

    def check_pages(self, what, name, flag):
        """The program said that this file can be read, and whether it is incomplete."""
        try:
            dump = kdump_reader.Kdump(str(self.dir / name))
            wrong = []
            with contextlib.redirect_stdout(io.StringIO()):
                kdump_reader.check(dump, kdump_reader.Elf(self.core), wrong)
            if dump.status & kdump_reader.INCOMPLETE != flag:
                wrong.append(f"status {dump.status:#x}")
        except (ValueError, OSError) as e:
            wrong = [str(e)]
        self.problems += [f"{what}: {name}: {w}" for w in wrong]

    def check_status(self, what, status, said, error):
        final, lines = self.is_final("vmcore"), said.strip().splitlines() or [""]
        bad = [line for line in lines if "error: " in line]
        if status in (0, 3):
            if not final or bad:
                self.problems.append(f"{what}: exit status {status}, final name {final}, {bad}")
            return
        if status != 1 or final or len(bad) != 1 or not bad[0].startswith("save: error: "):
            self.problems.append(f"{what}: exit status {status}, final name {final}: {lines[-1]}")
        elif not any(word in bad[0] for word in self.causes(error)):
            self.problems.append(f"{what}: does not name the cause: {bad[0]}")
        elif "can be read" in bad[0]:
            self.check_pages(what, "vmcore-incomplete", kdump_reader.INCOMPLETE)

    @staticmethod
    def causes(error):
        """Words of which one must be said: the error's own, or what our code makes of it."""
        words = [os.strerror(getattr(errno, error)),
                 {"EOPNOTSUPP": "Not supported", "EDQUOT": "Quota exceeded", "EIO": "I/O error",
                  "EINTR": "Interrupted system call", "EMFILE": "No file descriptors available"}.get(error)]
        if error in ("ENOMEM", "EIO", "EAGAIN"):
            words += ["Out of memory", "no memory"]     # a mapping that failed is memory
        return [w for w in words if w]

    def sweep(self, faults, suffix):
        for calls, error in ((c, e) for c, errors in faults.items() for e in errors):
            for n in range(1, 1000):
                what = f"{calls} {error} number {n}{suffix}"
                status, said, came = self.run(
                    ["-e", f"trace={calls}", "-e", f"inject={calls}:error={error}:when={n}{suffix}"])
                if not came:
                    break
                self.check_names(what, status)
                self.check_status(what, status, said, error)

    def errors(self):
        self.sweep(ERRORS, "")
        self.sweep(FOR_EVER, "+")

    def kill(self):
        for calls in KILLS:
            for n in range(1, 1000):
                what = f"killed at {calls} number {n}"
                status, _, came = self.run(
                    ["-e", f"trace={calls}", "-e", f"inject={calls}:signal=KILL:when={n}"])
                if not came and status == 0:
                    break
                self.check_names(what)
        self.terminate()

    def terminate(self):
        """SIGTERM, the deadline of whoever started it: a readable dump, or all of it."""
        for calls in ("pread64", "pwrite64", "fsync"):
            for n in range(1, 1000):
                what = f"SIGTERM at {calls} number {n}"
                status, said, came = self.run(
                    ["-e", f"trace={calls}", "-e", f"inject={calls}:signal=TERM:when={n}"])
                if not came:
                    break
                self.check_names(what)
                if status == 1 and "stopped before the end" in said:
                    self.check_pages(what, "vmcore-incomplete", kdump_reader.INCOMPLETE)
                elif status != 0:
                    self.problems.append(f"{what}: exit status {status}: {said}")


def main():
    if len(sys.argv) != 5 or sys.argv[1] not in ("errors", "kill"):
        sys.exit(__doc__)
    sweep = Sweep(*sys.argv[2:])
    getattr(sweep, sys.argv[1])()
    for problem in sweep.problems:
        print(problem)
    print(f"{sweep.runs} runs, {len(sweep.problems)} problems")
    return 1 if sweep.problems or sweep.runs < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
