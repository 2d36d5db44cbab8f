/* ssh_vectors - check the primitives of SSH as they are linked into the program. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "lib_sshvectors.h"
#include "ssh/cipher.h"

static void say(const char *name, int right)
{
	if (!right)
		printf("wrong: %s\n", name);
}

/* Exit status 1 if an answer is wrong. */
int main(void)
{
	int wrong = ssh_vectors(say);

	printf("%d wrong; AES by the CPU: %s\n", wrong, ssh_aes_is_fast() ? "yes" : "no");
	return wrong != 0;
}
