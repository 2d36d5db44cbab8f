#!/usr/bin/env python3
"""delay_proxy - TCP with a longer way: PORT TARGET_PORT MS; each byte arrives MS later, in both directions"""
# SPDX-License-Identifier: MIT
import asyncio
import sys

port, target, delay = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) / 1000


async def carry(reader, writer):
    """What comes goes out after the delay; what is on its way meanwhile has no bound but the ends' windows."""
    loop = asyncio.get_running_loop()
    line = asyncio.Queue()

    async def take():
        data = b"-"
        while data:
            try:
                data = await reader.read(1 << 18)
            except OSError:
                data = b""
            line.put_nowait((loop.time() + delay, data))

    task = loop.create_task(take())
    data = b"-"
    while data:
        due, data = await line.get()
        await asyncio.sleep(max(0, due - loop.time()))
        try:
            if data:
                writer.write(data)
                await writer.drain()
        except OSError:
            break
    task.cancel()
    writer.close()


async def serve(reader, writer):
    try:
        there, out = await asyncio.open_connection("127.0.0.1", target)
    except OSError:
        writer.close()
        return
    await asyncio.gather(carry(reader, out), carry(there, writer))


async def main():
    await asyncio.start_server(serve, "127.0.0.1", port)
    await asyncio.Event().wait()


asyncio.run(main())
