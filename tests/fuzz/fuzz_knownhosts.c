/* fuzz_knownhosts - known_hosts files of any bytes, and URLs. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "sink/remote.h"
#include "ssh/hosts.h"
#include "ssh/knownhosts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int see(void *arg, const struct known_line *l)
{
	char sum[SSH_FINGERPRINT_SIZE];

	(void)arg;
	ssh_fingerprint(l->blob, l->len, sum);
	if (!l->len || !l->nr || ssh_pin_check(sum, NULL))
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1);
	struct remote_url url;

	memcpy(text, data, len);
	text[len] = 0;
	if (!remote_parse(text, &url, NULL) && (!url.host[0] || !url.path[0]))
		abort();
	ssh_pin_check(text, NULL);
	free(text);
	text = malloc(len ? len : 1);		/* without a NUL, so that one step too far is seen */
	memcpy(text, data, len);
	known_walk(text, len, "h", see, NULL);
	known_walk(text, len, "[h.example.org]:2222", see, NULL);
	known_match(text, len, "h.example.org");
	free(text);
	return 0;
}
