/* test_netconf - does each word of the network mean what dracut means, and is a wrong one refused in words? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/conf.h"
#include "net/netconf.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* One ip= word as "NAME METHOD ADDR/PREFIX PEER GATEWAY HOST MTU MAC DNS..."; '-' for what is not there. */
static void describe(const struct net_conf *c, char *out, size_t size)
{
	static const char *const methods[] = {
		[NET_LINK] = "link", [NET_STATIC] = "static", [NET_DHCP4] = "dhcp4",
		[NET_DHCP6] = "dhcp6", [NET_AUTO6] = "auto6", [NET_EITHER6] = "either6",
		[NET_LINK6] = "link6",
	};
	char a[NET_ADDR_TEXT], p[NET_ADDR_TEXT], g[NET_ADDR_TEXT], mac[MAC_TEXT];
	const struct net_if *f = &c->ifs[0];
	size_t n;

	n = (size_t)snprintf(out, size, "%s %s %s/%u %s %s %s %u %s", f->name[0] ? f->name : "-",
			     methods[f->method], net_addr_text(&f->addr, a), f->prefix,
			     net_addr_text(&f->peer, p), net_addr_text(&f->gateway, g),
			     f->hostname[0] ? f->hostname : "-", f->mtu,
			     f->has_mac ? mac_text(&f->mac, mac) : "-");
	for (int i = 0; i < c->nr_dns; i++)
		n += (size_t)snprintf(out + n, size - n, " %s", net_addr_text(&c->dns[i], a));
}

static const struct {
	const char *why, *word, *means;
} ips[] = {
	{ "a method for any interface", "ip=dhcp", "- dhcp4 none/0 none none - 0 -" },
	{ "dracut's other names of it", "ip=on", "- dhcp4 none/0 none none - 0 -" },
	{ "all in parallel is what we do", "ip=single-dhcp", "- dhcp4 none/0 none none - 0 -" },
	{ "IPv6 by routers", "ip=auto6", "- auto6 none/0 none none - 0 -" },
	{ "one interface", "ip=eth0:dhcp", "eth0 dhcp4 none/0 none none - 0 -" },
	{ "any interface, written longer", "ip=:dhcp6", "- dhcp6 none/0 none none - 0 -" },
	{ "an MTU", "ip=eth0:either6:9000", "eth0 either6 none/0 none none - 9000 -" },
	{ "MTU and MAC", "ip=eth0:dhcp:9000:52:54:00:AB:cd:ef", "eth0 dhcp4 none/0 none none - 9000 52:54:00:ab:cd:ef" },
	{ "a MAC alone", "ip=eth0:dhcp::52:54:00:ab:cd:ef", "eth0 dhcp4 none/0 none none - 0 52:54:00:ab:cd:ef" },
	{ "a MAC with dashes", "ip=eth0:dhcp::52-54-00-ab-cd-ef", "eth0 dhcp4 none/0 none none - 0 52:54:00:ab:cd:ef" },
	{ "a lower link's MTU", "ip=eth0:none:9000", "eth0 link none/0 none none - 9000 -" },
	{ "static", "ip=192.0.2.7::192.0.2.1:255.255.255.0:host:eth0:none", "eth0 static 192.0.2.7/24 none 192.0.2.1 host 0 -" },
	{ "static, bits for a mask", "ip=192.0.2.7:::27::eth0:off", "eth0 static 192.0.2.7/27 none none - 0 -" },
	{ "no method is none", "ip=192.0.2.7::192.0.2.1:255.255.255.128:host:eth0", "eth0 static 192.0.2.7/25 none 192.0.2.1 host 0 -" },
	{ "class A", "ip=10.1.2.3:::::eth0:none", "eth0 static 10.1.2.3/8 none none - 0 -" },
	{ "class B", "ip=172.16.0.3:::::eth0:none", "eth0 static 172.16.0.3/16 none none - 0 -" },
	{ "class C", "ip=192.168.0.3:::::eth0:none", "eth0 static 192.168.0.3/24 none none - 0 -" },
	{ "any interface", "ip=192.0.2.7::192.0.2.1:24:::none", "- static 192.0.2.7/24 none 192.0.2.1 - 0 -" },
	{ "a peer", "ip=192.0.2.7:198.51.100.1::32::ppp0:none", "ppp0 static 192.0.2.7/32 198.51.100.1 none - 0 -" },
	{ "a peer with bits", "ip=192.0.2.7:198.51.100.0/24::::eth0:none", "eth0 static 192.0.2.7/24 198.51.100.0 none - 0 -" },
	{ "IPv6 in brackets", "ip=[2001:db8::7]::[fe80::1]:48:host:eth0:none", "eth0 static 2001:db8::7/48 none fe80::1 host 0 -" },
	{ "IPv6, 64 bits by itself", "ip=[2001:db8::7]:::::eth0:none", "eth0 static 2001:db8::7/64 none none - 0 -" },
	{ "static with MTU and MAC", "ip=192.0.2.7:::24::eth0:none:1400:52:54:00:ab:cd:ef", "eth0 static 192.0.2.7/24 none none - 1400 52:54:00:ab:cd:ef" },
	{ "static with a MAC", "ip=192.0.2.7:::24::eth0:none::52:54:00:ab:cd:ef", "eth0 static 192.0.2.7/24 none none - 0 52:54:00:ab:cd:ef" },
	{ "static with an MTU", "ip=192.0.2.7:::24::eth0:none:1400", "eth0 static 192.0.2.7/24 none none - 1400 -" },
	{ "static with an MTU and nothing", "ip=192.0.2.7:::24::eth0:none:1400:", "eth0 static 192.0.2.7/24 none none - 1400 -" },
	{ "static with a name server", "ip=192.0.2.7:::24::eth0:none:192.0.2.53", "eth0 static 192.0.2.7/24 none none - 0 - 192.0.2.53" },
	{ "two of them", "ip=192.0.2.7:::24::eth0:none:192.0.2.53:192.0.2.54", "eth0 static 192.0.2.7/24 none none - 0 - 192.0.2.53 192.0.2.54" },
	{ "the second alone", "ip=192.0.2.7:::24::eth0:none::192.0.2.54", "eth0 static 192.0.2.7/24 none none - 0 - 192.0.2.54" },
	{ "IPv6 name servers", "ip=192.0.2.7:::24::eth0:none:[2001:db8::53]:[2001:db8::54]", "eth0 static 192.0.2.7/24 none none - 0 - 2001:db8::53 2001:db8::54" },
	{ "the kernel's third is a time server", "ip=192.0.2.7:::24::eth0:none:192.0.2.53:192.0.2.54:192.0.2.55", "eth0 static 192.0.2.7/24 none none - 0 - 192.0.2.53 192.0.2.54" },
	{ "a host name for DHCP", "ip=::::prod7:eth0:dhcp", "eth0 dhcp4 none/0 none none prod7 0 -" },
};

static void test_ip(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ips); i++) {
		struct net_conf *c = calloc(1, sizeof(*c));
		struct err e = { 0 };
		char text[400];
		int rc = net_conf_word(c, ips[i].word, &e);

		print_message("%s\n", ips[i].why);
		if (ips[i].means) {
			assert_string_equal(e.msg, "");
			assert_int_equal(rc, 0);
			describe(c, text, sizeof(text));
			assert_string_equal(text, ips[i].means);
		} else {
			assert_int_equal(rc, -EINVAL);
		}
		free(c);
	}
}

static const struct {
	const char *why, *word, *error;
} refused[] = {
	{ "no such word", "ipp=dhcp", "ipp: no word of the network; did you mean ip?" },
	{ "a word of dracut that we do not have", "team=team0:eth0", "team: no word of the network" },
	{ "no method", "ip=", "ip=: '' is no method" },
	{ "a misspelt one", "ip=eth0:dhpc", "ip=eth0:dhpc: 'dhpc' is no method; did you mean dhcp?" },
	{ "iBFT", "ip=ibft", "ip=ibft: ibft is not supported" },
	{ "a shell in a name", "ip=$(reboot):dhcp", "ip=$(reboot):dhcp: '$(reboot)' is no name" },
	{ "a path in a name", "ip=../../x:dhcp", "ip=../../x:dhcp: '../../x' is no name" },
	{ "a name of 16 bytes", "ip=abcdefghijklmnop:dhcp", "ip=abcdefghijklmnop:dhcp: 'abcdefghijklmnop' is no name" },
	{ "an MTU that is none", "ip=eth0:dhcp:big", "ip=eth0:dhcp:big: MTU 'big'" },
	{ "an MTU too small for IP", "ip=eth0:dhcp:67", "ip=eth0:dhcp:67: MTU '67'" },
	{ "half a MAC", "ip=eth0:dhcp::52:54:00", "ip=eth0:dhcp::52:54:00: '52:54:00' is no MAC" },
	{ "a MAC of something else", "ip=eth0:dhcp::52:54:00:ab:cd:gg", "ip=eth0:dhcp::52:54:00:ab:cd:gg: '52:54:00:ab:cd:gg' is no MAC" },
	{ "a bracket that never closes", "ip=[2001:db8::7::eth0:none", "ip=[2001:db8::7::eth0:none: '[' without ']'" },
	{ "something behind a bracket", "ip=[2001:db8::7]x:::64::eth0:none", "ip=[2001:db8::7]x:::64::eth0:none: '[' without ']' and ':'" },
	{ "too many parts", "ip=1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:g:h", "ip=1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:g:h: more than 16 parts" },
	{ "three numbers are no address", "ip=192.0.2:::24::eth0:none", "ip=192.0.2:::24::eth0:none: '192.0.2' is no address" },
	{ "an octal address", "ip=192.0.02.7:::24::eth0:none", "ip=192.0.02.7:::24::eth0:none: '192.0.02.7' is no address" },
	{ "the address of nobody", "ip=0.0.0.0:::24::eth0:none", "ip=0.0.0.0:::24::eth0:none: 0.0.0.0 is no address of a host" },
	{ "a group's address", "ip=224.0.0.1:::24::eth0:none", "ip=224.0.0.1:::24::eth0:none: 224.0.0.1 is no address of a host" },
	{ "everybody's", "ip=255.255.255.255:::24::eth0:none", "ip=255.255.255.255:::24::eth0:none: 255.255.255.255 is no" },
	{ "an IPv6 group", "ip=[ff02::1]:::64::eth0:none", "ip=[ff02::1]:::64::eth0:none: ff02::1 is no address of a host" },
	{ "a mask with a hole", "ip=192.0.2.7:::255.0.255.0::eth0:none", "ip=192.0.2.7:::255.0.255.0::eth0:none: '255.0.255.0' is no netmask" },
	{ "an empty mask", "ip=192.0.2.7:::0.0.0.0::eth0:none", "ip=192.0.2.7:::0.0.0.0::eth0:none: '0.0.0.0' is no netmask" },
	{ "33 bits", "ip=192.0.2.7:::33::eth0:none", "ip=192.0.2.7:::33::eth0:none: netmask '33'" },
	{ "an IPv4 mask for IPv6", "ip=[2001:db8::7]:::255.255.255.0::eth0:none", "ip=[2001:db8::7]:::255.255.255.0::eth0:none: netmask" },
	{ "a gateway of the other family", "ip=192.0.2.7::[fe80::1]:24::eth0:none", "ip=192.0.2.7::[fe80::1]:24::eth0:none: the gateway is of another family" },
	{ "neither address nor method", "ip=::::host:eth0:none", "ip=::::host:eth0:none: neither an address nor a method" },
	{ "a name server that is none", "ip=192.0.2.7:::24::eth0:none:ns.example:x", "ip=192.0.2.7:::24::eth0:none:ns.example:x: 'ns.example' is no address" },
	{ "no MAC", "ifname=eth0", "ifname=eth0: NAME:MAC is wanted" },
	{ "an empty name", "ifname=:52:54:00:ab:cd:ef", "ifname=:52:54:00:ab:cd:ef: '' is no name" },
	{ "a VLAN without a number", "vlan=prod:eth0", "vlan=prod:eth0: prod has no number from 1 to 4094" },
	{ "VLAN 0", "vlan=vlan0:eth0", "vlan=vlan0:eth0: vlan0 has no number" },
	{ "VLAN 4095", "vlan=eth0.4095:eth0", "vlan=eth0.4095:eth0: eth0.4095 has no number" },
	{ "a VLAN in hexadecimal", "vlan=v:eth0:0x10", "vlan=v:eth0:0x10: v has no number" },
	{ "a VLAN on nothing", "vlan=vlan5", "vlan=vlan5: NAME:LOWER is wanted" },
	{ "an option that no bond has", "bond=bond0:eth0:mod=1", "bond=bond0:eth0:mod=1: a bond has no option 'mod'" },
	{ "a mode that no bond has", "bond=bond0:eth0:mode=fast", "bond=bond0:eth0:mode=fast: mode: 'fast' is none of: balance-rr" },
	{ "an option without a value", "bond=bond0:eth0:miimon", "bond=bond0:eth0:miimon: option 'miimon' has no value" },
	{ "a negative one", "bond=bond0:eth0:miimon=-1", "bond=bond0:eth0:miimon=-1: miimon '-1'" },
	{ "a target that is none", "bond=bond0:eth0:arp_ip_target=192.0.2.1;x", "bond=bond0:eth0:arp_ip_target=192.0.2.1;x: arp_ip_target: 'x' is no IPv4" },
	{ "an empty port", "bond=bond0:eth0,,eth1", "bond=bond0:eth0,,eth1: '' is no name" },
	{ "nine ports", "bond=b:a,b,c,d,e,f,g,h,i", "bond=b:a,b,c,d,e,f,g,h,i: more than 8 ports" },
	{ "what no bridge has", "bridge=br0:eth0:fast", "bridge=br0:eth0:fast: 'fast' is not stp" },
	{ "a name is no address", "nameserver=ns1", "nameserver=ns1: 'ns1' is no address" },
	{ "a shell in a domain", "search=a;reboot", "search=a;reboot: 'a;reboot' holds what no domain does" },
	{ "a new line in a domain", "search=a\nnameserver", "search=a\nnameserver: 'a\nnameserver' holds" },
	{ "a route to nowhere", "rd.route=192.0.2.0/24", "rd.route=192.0.2.0/24: neither a gateway nor an interface" },
	{ "a route by a name", "rd.route=net/24:192.0.2.1", "rd.route=net/24:192.0.2.1: 'net' is no network" },
	{ "an IPv6 net behind IPv4", "rd.route=[2001:db8::/32]:192.0.2.1", "rd.route=[2001:db8::/32]:192.0.2.1: an IPv6 network" },
	{ "BOOTIF that is none", "BOOTIF=eth0", "BOOTIF=eth0: 'eth0' is no MAC" },
};

static void test_refused(void **state)
{
	struct net_conf *c = calloc(1, sizeof(*c)), *zero = calloc(1, sizeof(*c));
	char *longest = malloc(5000);

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct err e = { 0 };

		print_message("%s\n", refused[i].why);
		assert_int_equal(net_conf_word(c, refused[i].word, &e), -EINVAL);
		if (strncmp(e.msg, refused[i].error, strlen(refused[i].error)))
			assert_string_equal(e.msg, refused[i].error);
		assert_memory_equal(c, zero, sizeof(*c));
	}
	memset(longest, 'a', 4999);
	memcpy(longest, "ip=", 3);
	longest[4999] = 0;
	assert_int_equal(net_conf_word(c, longest, NULL), -EINVAL);
	memcpy(longest, "vlan=", 5);
	assert_int_equal(net_conf_word(c, longest, NULL), -EINVAL);
	memcpy(longest, "search=", 7);
	assert_int_equal(net_conf_word(c, longest, NULL), -EINVAL);
	assert_memory_equal(c, zero, sizeof(*c));
	free(longest);
	free(c);
	free(zero);
}

/* Seventeen of a kind: the last one is refused, and nothing is written behind the array. */
static void test_too_many(void **state)
{
	static const char *const forms[] = {
		"ip=e%u:dhcp", "ifname=e%u:52:54:00:00:00:%02x", "vlan=v%u:e:5", "nameserver=192.0.2.%u",
		"rd.route=10.0.0.%u/32:192.0.2.1",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct net_conf *c = calloc(1, sizeof(*c));
		unsigned n = 1;
		char word[80];
		int rc = 0;

		for (; n < 100 && !rc; n++) {
			snprintf(word, sizeof(word), forms[i], n, n);
			rc = net_conf_word(c, word, NULL);
		}
		assert_int_equal(rc, -EINVAL);
		assert_true(c->nr_ifs <= NET_IFS_MAX && c->nr_names <= NET_NAMES_MAX);
		assert_true(c->nr_stacks <= NET_STACKS_MAX && c->nr_dns <= NET_DNS_MAX);
		assert_true(c->nr_routes <= NET_ROUTES_MAX);
		free(c);
	}
}

static void test_stacks(void **state)
{
	struct net_conf *c = calloc(1, sizeof(*c));
	struct err e = { 0 };
	char primary[IF_NAMESIZE];

	(void)state;
	assert_int_equal(net_conf_word(c, "vlan=vlan0005:bond0", &e), 0);
	assert_int_equal(net_conf_word(c, "vlan=eth0.7:eth0", &e), 0);
	assert_int_equal(net_conf_word(c, "vlan=prod:eth0:4094", &e), 0);
	assert_int_equal(net_conf_word(c, "bond=bond0:eth2,eth3:mode=802.3ad,lacp_rate=fast,xmit_hash_policy=layer3+4,"
				       "ad_actor_system=02-00-00-00-00-01:9000", &e), 0);
	assert_int_equal(net_conf_word(c, "bridge=br0:eth4,eth5:stp", &e), 0);
	assert_int_equal(net_conf_word(c, "bridge", &e), 0);
	assert_int_equal(net_conf_word(c, "bond=bond1:eth6,eth7:mode=1,primary=eth7,arp_interval=100,"
				       "arp_ip_target=192.0.2.1;192.0.2.2", &e), 0);
	assert_true(c->stacks[0].vlan_id == 5 && c->stacks[1].vlan_id == 7 && c->stacks[2].vlan_id == 4094);
	assert_string_equal(c->stacks[0].ports[0], "bond0");
	assert_true(c->stacks[3].nr_ports == 2 && c->stacks[3].mtu == 9000);
	assert_string_equal(c->stacks[3].ports[1], "eth3");
	assert_true(c->stacks[4].stp && c->stacks[4].nr_ports == 2);
	assert_string_equal(c->stacks[5].ports[0], "eth0");
	bond_primary(c->stacks[6].options, primary);
	assert_string_equal(primary, "eth7");
	free(c);
}

static void test_routes(void **state)
{
	struct net_conf *c = calloc(1, sizeof(*c));
	char text[ROUTE_TEXT];
	struct err e = { 0 };

	(void)state;
	assert_int_equal(net_conf_word(c, "rd.route=192.168.200.77/24:192.168.100.222:ens10", &e), 0);
	assert_int_equal(net_conf_word(c, "rd.route=192.168.200.0/24::ens10", &e), 0);
	assert_int_equal(net_conf_word(c, "rd.route=[2001:DB8:3::/8]:[2001:DB8:2::1]:ens10", &e), 0);
	assert_int_equal(net_conf_word(c, "rd.route=0.0.0.0/0:192.0.2.1", &e), 0);
	assert_int_equal(net_conf_word(c, "rd.route=192.0.2.9:[fe80::1]:eth0", &e), 0);
	assert_string_equal(ip_route_text(&c->routes[0].route, text), "192.168.200.0/24 via 192.168.100.222");
	assert_string_equal(c->routes[0].name, "ens10");
	assert_string_equal(ip_route_text(&c->routes[1].route, text), "192.168.200.0/24");
	assert_string_equal(ip_route_text(&c->routes[2].route, text), "2000::/8 via 2001:db8:2::1");
	assert_string_equal(ip_route_text(&c->routes[3].route, text), "default via 192.0.2.1");
	assert_string_equal(ip_route_text(&c->routes[4].route, text), "192.0.2.9/32 via fe80::1");
	free(c);
}

static void count_line(void *arg, const char *line)
{
	assert_non_null(strstr(line, "; ignored"));
	++*(int *)arg;
}

/* Words of a whole command line; kdump.conf's where that has no ip=. */
static void test_together(void **state)
{
	struct net_conf *c = calloc(1, sizeof(*c));
	struct kdump_conf *conf = calloc(1, sizeof(*conf));
	int said = 0;

	(void)state;
	assert_int_equal(net_conf_cmdline(c, "quiet ip=eth0:dhcp root=/dev/vda1 rd.neednet=1 ip=nonsense "
					  "BOOTIF=01-52-54-00-ab-cd-ef \"nameserver=192.0.2.53\"", count_line, &said), 5);
	assert_true(said == 1 && c->nr_ifs == 1 && c->nr_dns == 1 && c->has_bootif);
	assert_int_equal(c->bootif.bytes[0], 0x52);

	conf_defaults(conf);
	assert_int_equal(conf_parse(conf, "f", "network ip=eth0:dhcp\nnetwork ifname=eth0:52:54:00:00:00:01\n"
				    "network_timeout 10\n", 78, CONF_STRICT, NULL), 0);
	net_conf_from(c, conf, "quiet", count_line, &said);
	assert_true(c->nr_ifs == 1 && c->nr_names == 1 && c->timeout_s == 10 && c->carrier_s == 60);
	net_conf_from(c, conf, "quiet ip=eth0:auto6", count_line, &said);
	assert_true(c->nr_ifs == 1 && c->nr_names == 1 && c->ifs[0].method == NET_AUTO6 && said == 1);
	free(conf);
	free(c);
}

static const struct {
	const char *why, *words, *error;
} checks[] = {
	{ "a stack of all kinds", "bond=bond0:eth0,eth1 vlan=bond0.5:bond0 bridge=br0:bond0.5 ip=br0:dhcp", NULL },
	{ "several VLANs of one link", "vlan=vlan5:eth0 vlan=vlan6:eth0 ip=vlan5:dhcp ip=eth0:dhcp", NULL },
	{ "the MTU of a port", "bond=bond0:eth0 ip=eth0:none:9000", NULL },
	{ "one name twice", "bond=x:eth0 bridge=x:eth1", "x is made twice" },
	{ "a made name for a NIC", "bond=x:eth0 ifname=x:52:54:00:ab:cd:ef", "x is made and is a NIC" },
	{ "a port of two", "bond=b0:eth0 bridge=br0:eth0", "eth0 is a port of two links" },
	{ "twice a port of one", "bond=b0:eth0,eth0", "eth0 is a port of two links" },
	{ "a link that stands on itself", "bridge=br0:br0", "br0 stands on itself" },
	{ "a circle", "vlan=vlan5:br0 bridge=br0:vlan5", "vlan5 stands on itself" },
	{ "a stack upon a circle", "vlan=vlan5:br0 bridge=br0:br1 bridge=br1:br0", "vlan5 stands on itself" },
	{ "an address of a port", "bond=b0:eth0 ip=eth0:dhcp", "eth0 is a port of b0 and can have no address" },
};

static void test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(checks); i++) {
		struct net_conf *c = calloc(1, sizeof(*c));
		struct err e = { 0 };

		print_message("%s\n", checks[i].why);
		net_conf_cmdline(c, checks[i].words, NULL, NULL);
		assert_int_equal(net_conf_check(c, &e), checks[i].error ? -EINVAL : 0);
		assert_string_equal(e.msg, checks[i].error ? checks[i].error : "");
		free(c);
	}
}

static void test_modules(void **state)
{
	struct net_conf *c = calloc(1, sizeof(*c));
	const char *out[NET_MODULES_MAX];

	(void)state;
	net_conf_cmdline(c, "ip=192.0.2.7:::24::eth0:none", NULL, NULL);
	assert_int_equal(net_conf_modules(c, out), 0);
	net_conf_cmdline(c, "bond=bond0:eth0 vlan=vlan5:bond0 ip=vlan5:dhcp ip=vlan5:auto6", NULL, NULL);
	assert_int_equal(net_conf_modules(c, out), 4);
	assert_string_equal(out[0], "8021q");
	assert_string_equal(out[1], "bonding");
	assert_string_equal(out[2], "ipv6");
	assert_string_equal(out[3], "af_packet");
	free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ip), cmocka_unit_test(test_refused), cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_stacks), cmocka_unit_test(test_routes), cmocka_unit_test(test_together),
		cmocka_unit_test(test_check), cmocka_unit_test(test_modules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
