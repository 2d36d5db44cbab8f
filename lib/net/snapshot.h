/* snapshot - write down how this machine reaches a host, so that a capture kernel can do the same. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_SNAPSHOT_H
#define NET_SNAPSHOT_H

#include "base/err.h"
#include "net/netup.h"

/*
 * The lines of kdump.conf ("network ip=...") that make again what leads to reach_host (a name or an
 * address; NULL: where the default route goes), one call of print each, from the kernel's own state: each
 * NIC by its permanent MAC under its present name, what stands on it (bond, VLAN, bridge), MTU, and
 * of the top of it the addresses and routes; then name servers and search list of resolv_conf (NULL:
 * /etc/resolv.conf; of a stub of systemd-resolved, what stands behind it).
 *
 * An address with an end is asked for again by DHCP or router advertisement; one without is static. Lines
 * that begin with '#' say what cannot be kept and does not stop it: ports of a bridge that are no hardware, its
 * filter of VLANs, routes with several ways, rules of policy routing.
 *
 * -EOPNOTSUPP, naming the link, if one of them is of a kind that the words cannot say (team,
 * openvswitch, wireguard, ...); -EINVAL if the host is this machine; -ENETUNREACH if no route leads there.
 */
int net_snapshot(const char *reach_host, const char *resolv_conf, net_say *print, void *arg,
		 struct err *e);

#endif
