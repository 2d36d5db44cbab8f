/* hwaddr - which hardware address has this interface? */
/* SPDX-License-Identifier: MIT */
#include "net/hwaddr.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int hwaddr_read(const char *ifname, uint8_t out[HWADDR], unsigned *ifindex, struct err *e)
{
	struct ifreq r = { 0 };
	int fd, rc;

	*ifindex = if_nametoindex(ifname);
	if (!*ifindex)
		return err_say(e, -ENODEV, "%s: there is no such interface", ifname);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0); /* any kind does for this question */
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", ifname);
	rc = fd < 0 || ioctl(fd, SIOCGIFHWADDR, &r) ? -errno : 0;
	if (fd >= 0)
		close(fd);
	if (rc)
		return err_set(e, rc, "%s: hardware address", ifname);
	if (r.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		return err_say(e, -EPFNOSUPPORT,
			       "%s: DHCP needs an interface like Ethernet, this is type %u", ifname,
			       r.ifr_hwaddr.sa_family);
	memcpy(out, r.ifr_hwaddr.sa_data, HWADDR);
	return 0;
}
