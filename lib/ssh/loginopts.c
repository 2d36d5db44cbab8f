/* loginopts - what does an option say about logging in? */
/* SPDX-License-Identifier: MIT */
#include "ssh/loginopts.h"

#include <errno.h>

#include "ssh/hosts.h"

static int add_file(const char **list, size_t *nr, const char *value, const char *what, struct err *e)
{
	if (*nr == LOGIN_MAX_FILES)
		return err_say(e, -EINVAL, "more than %d files by --%s", LOGIN_MAX_FILES, what);
	list[(*nr)++] = value;
	return 1;
}

static int number(unsigned *out, const char *value, const char *what, unsigned max, struct err *e)
{
	unsigned long long n = 0;
	int rc = parse_number(value, what, 1, max, &n, e);

	*out = (unsigned)n;
	return rc ? rc : 1;
}

int login_option(struct ssh_login *l, int id, const char *value, struct err *e)
{
	int rc;

	switch (id) {
	case 'i':
		return add_file(l->keys, &l->nr_keys, value, "identity", e);
	case OPT_KNOWN_HOSTS:
		return add_file(l->known_hosts, &l->nr_known_hosts, value, "known-hosts", e);
	case OPT_PIN:
		rc = ssh_pin_check(value, e);
		l->pin = value;
		return rc ? rc : 1;
	case OPT_TRIES:
		return number(&l->tries, value, "tries", 1000, e);
	case OPT_CHANNELS:
		return number(&l->channels, value, "channels", 4, e);
	case OPT_CONNECT_TIMEOUT:
		rc = number(&l->connect_ms, value, "connect-timeout", 3600, e);
		l->connect_ms *= 1000;
		return rc;
	default:
		return 0;
	}
}
