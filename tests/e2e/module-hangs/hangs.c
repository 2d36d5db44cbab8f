/* hangs - a driver that waits for its device for ever, and cannot be killed. */
/* SPDX-License-Identifier: MIT */
#include <linux/completion.h>
#include <linux/module.h>
#include <linux/platform_device.h>

static int hangs_probe(struct platform_device *device)
{
	DECLARE_COMPLETION_ONSTACK(answer);

	dev_info(&device->dev, "waits for an answer that never comes\n");
	wait_for_completion(&answer);
	return 0;
}

static struct platform_driver hangs_driver = {
	.probe = hangs_probe,
	.driver = { .name = "hangs" },
};

static int __init hangs_init(void)
{
	struct platform_device *device = platform_device_register_simple("hangs", -1, NULL, 0);

	return IS_ERR(device) ? PTR_ERR(device) : platform_driver_register(&hangs_driver);
}

module_init(hangs_init);
MODULE_DESCRIPTION("Waits for its device for ever");
MODULE_LICENSE("Dual MIT/GPL");
