/* netfs - mount a directory of a server, by NFS or CIFS, with mount(2) alone. */
/* SPDX-License-Identifier: MIT */
#ifndef BOOT_NETFS_H
#define BOOT_NETFS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/conf.h"

/*
 * What mount.nfs and mount.cifs do, the kernel can do itself if it is told the addresses. The options of
 * the target (as in fstab) come after ours, which they may change:
 *
 * nfs: soft,timeo=150,retrans=7,nolock, and vers=4.2, 4.1, 4.0, 3 in turn unless they name a version. A hard
 * mount (mount.nfs's default) waits for a server for ever, and so would the next target; soft gives up after 15 s
 * and 7 repetitions of that (nfs(5)), 2 minutes in all: a server that only restarts its service is waited for, and the
 * end comes before stall_timeout (300 s) kills what writes. A server of version 4 whose TCP still answers is waited for
 * even so (rpc_check_timeout in net/sunrpc/clnt.c): then stall_timeout is the end. Nothing is lost silently: the kernel
 * keeps the error, and fsync, whose COMMIT is what makes a dump complete, or close return it, as they do for a full
 * disk. nolock, since nothing is locked and statd is not there. Version 3 asks the server's rpcbind for its mountd,
 * which port= and mountport= spare.
 *
 * cifs: echo_interval=20, so that a server that says nothing is given up after a minute. credentials=FILE is read
 * here: lines username=, password= and domain=, as mount.cifs(8) has them. Without vers= the kernel negotiates
 * SMB 2.1 to 3.1.1.
 */

/* The server of the target, without brackets, into out. */
void netfs_host(const struct target *t, char *out, size_t size);

/* The file named by credentials= (or cred=) into out, of CONF_TEXT_MAX bytes. False if there is none. */
bool netfs_credentials(const struct target *t, char out[CONF_TEXT_MAX]);

/*
 * Could it work after a crash? Not what takes a daemon (Kerberos, TLS) or a network that is not brought up (RDMA), nor
 * a share without a user. The credentials are read below root. 0, or an error that says what to change.
 */
int netfs_check(const struct target *t, const char *root, struct err *e);

/*
 * Look the server up, and mount on dir, which is made if it is missing, by each of its addresses that has a route and is
 * of the family that proto= says, until one answers. 0, or an error that says which of server, directory, user and
 * password is wrong, as far as the kernel tells.
 */
int netfs_mount(const struct target *t, const char *dir, struct err *e);

#endif
