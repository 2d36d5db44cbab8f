#!/usr/bin/env python3
"""asyncssh_server - a server of AsyncSSH that runs commands: PORT AUTHORIZED_KEYS HOST_KEY..."""
# SPDX-License-Identifier: MIT
import asyncio
import sys

import asyncssh


async def pump(reader, writer, end):
    """All of reader to writer, then the end of it."""
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    end()


async def run(process):
    child = await asyncio.create_subprocess_shell(
        process.command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    await asyncio.gather(pump(process.stdin, child.stdin, child.stdin.close),
                         pump(child.stdout, process.stdout, process.stdout.write_eof), return_exceptions=True)
    process.exit(await child.wait())


async def main():
    await asyncssh.listen("127.0.0.1", int(sys.argv[1]), server_host_keys=sys.argv[3:], process_factory=run,
                          authorized_client_keys=sys.argv[2], encoding=None)
    await asyncio.Event().wait()


asyncio.run(main())
