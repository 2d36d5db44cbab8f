# ssh_server - AsyncSSH as a second server for uploads: PORT HOSTKEY AUTHORIZED_KEYS.
# SPDX-License-Identifier: MIT
import asyncio, sys, warnings
warnings.simplefilter('ignore')
import asyncssh

async def serve():
    await asyncssh.listen('127.0.0.1', int(sys.argv[1]), server_host_keys=[sys.argv[2]],
                          authorized_client_keys=sys.argv[3], sftp_factory=True, allow_scp=False)
    print('ready', flush=True)
    await asyncio.Event().wait()

asyncio.run(serve())
