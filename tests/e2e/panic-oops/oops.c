/* oops - a module whose init function writes to a null pointer. */
/* SPDX-License-Identifier: MIT */
#include <linux/module.h>

static int *volatile nowhere;

static noinline void oops_here(void)
{
	*nowhere = 1;
}

static int __init oops_init(void)
{
	oops_here();
	return 0;
}

module_init(oops_init);
MODULE_DESCRIPTION("Writes to a null pointer");
MODULE_LICENSE("Dual MIT/GPL");
