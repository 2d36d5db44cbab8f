/* test_modtree - are modules found and ordered as the index files say, however they are written? */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boot/modtree.h"
#include "lib_tree.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define RELEASE "6.1.0-test"
#define AT "lib/modules/" RELEASE "/"

static char root[64];

static const char builtin[] =
	"virtio.alias=virtio-bus\0virtio.license=GPL\0x\0=\0.alias=\0virtio.alias";

static int make_tree(void **state)
{
	(void)state;
	tree_make(root);
	tree_text(root, AT "modules.dep",
		  "kernel/fs/ext4/ext4.ko: kernel/fs/jbd2/jbd2.ko kernel/fs/mbcache.ko "
		  "kernel/lib/crc16.ko\n"
		  "kernel/fs/jbd2/jbd2.ko:\n"
		  "kernel/fs/mbcache.ko:\n"
		  "kernel/lib/crc16.ko:\n"
		  "kernel/fs/xfs/xfs.ko.xz: kernel/lib/libcrc32c.ko.xz\n"
		  "kernel/lib/libcrc32c.ko.xz:\n"
		  "kernel/crypto/crc32c_generic.ko:\n"
		  "kernel/arch/x86/crypto/crc32c-intel.ko:\n"
		  "kernel/drivers/snd-usb-audio.ko: kernel/drivers/snd.ko\n"
		  "kernel/drivers/snd.ko:\n"
		  "kernel/a/ring-a.ko:\nkernel/a/ring-b.ko:\n"
		  "kernel/a/self.ko: kernel/a/self.ko\n"
		  "kernel/a/broken.ko: kernel/a/nowhere.ko\n"
		  "kernel/a/twice.ko: kernel/drivers/snd.ko kernel/drivers/snd.ko\n"
		  "kernel/a/posted.ko:\nkernel/a/first.ko:\nkernel/a/last.ko:\n"
		  "updates/dkms/new.ko.zst:\n"
		  "no colon here\n"
		  ": nothing before the colon\n"
		  "\n");
	tree_text(root, AT "modules.alias",
		  "# Aliases extracted from modules themselves.\n"
		  "alias fs-ext4 ext4\n"
		  "alias crypto-crc32c crc32c_generic\n"
		  "alias crypto-crc32c crc32c-intel\n"
		  "alias pci:v00001AF4d*sv*sd*bc*sc*i* snd\n"
		  "alias usb:v[0-9]* snd-usb-audio\n"
		  "alias dash-[a-c] mbcache\n"
		  "alias gone-module nowhere\n"
		  "alias\nalias onlyone\naliasing x y\n"
		  "alias " "too-many-words snd and more\n");
	tree_text(root, AT "modules.softdep",
		  "# Soft dependencies\n"
		  "softdep libcrc32c pre: crypto-crc32c\n"
		  "softdep ring_a pre: ring-b\n"
		  "softdep ring-b pre: ring_a\n"
		  "softdep posted pre: first nosuchmodule\n"
		  "softdep posted post: last\n"
		  "softdep\nsoftdep x\nsoftdep posted between: snd\n");
	tree_text(root, AT "modules.builtin", "kernel/fs/virtio.ko\nkernel/fs/snd.ko\n");
	tree_bytes(root, AT "modules.builtin.modinfo", builtin, sizeof(builtin));
	return 0;
}

static int remove_tree(void **state)
{
	(void)state;
	tree_remove(root);
	return 0;
}

/* The base names of a load order; built-in ones in brackets, those by softdep with '?'. */
static void show(const struct modlist *list, char out[512])
{
	out[0] = 0;
	for (size_t i = 0; i < list->n; i++) {
		const struct modstep *s = &list->steps[i];

		snprintf(out + strlen(out), 512 - strlen(out), "%s%s%s%s%s", i ? " " : "",
			 s->path ? "" : "(", s->name, s->path ? "" : ")",
			 s->need == MOD_SOFT ? "?" : s->need == MOD_DEPENDENCY ? "+" : "");
	}
}

static const struct {
	const char *why, *word, *order;
	int         rc;
} orders[] = {
	{ "no dependency", "mbcache", "mbcache", 0 },
	{ "the last of the line comes first", "ext4", "crc16+ mbcache+ jbd2+ ext4", 0 },
	{ "an alias", "fs-ext4", "crc16+ mbcache+ jbd2+ ext4", 0 },
	{ "softdeps before what needs them", "xfs", "crc32c_generic? crc32c_intel? libcrc32c+ xfs",
	  0 },
	{ "'-' for '_'", "crc32c-generic", "crc32c_generic", 0 },
	{ "'_' for '-'", "snd_usb_audio", "snd+ snd_usb_audio", 0 },
	{ "an alias of two modules", "crypto-crc32c", "crc32c_generic crc32c_intel", 0 },
	{ "'-' for '_' in aliases", "crypto_crc32c", "crc32c_generic crc32c_intel", 0 },
	{ "stars", "pci:v00001AF4d00001000sv0sd0bc1sc0i0", "snd", 0 },
	{ "ranges", "usb:v9abc", "snd+ snd_usb_audio", 0 },
	{ "the '-' of a range is none of a name", "dash-b", "mbcache", 0 },
	{ "outside of the range", "dash-d", NULL, -ENOENT },
	{ "softdeps in a ring end", "ring-a", "ring_b? ring_a", 0 },
	{ "a module that needs itself", "self", "self", 0 },
	{ "a dependency named twice", "twice", "snd+ twice", 0 },
	{ "pre and post; what does not exist is passed over", "posted", "first? posted last?", 0 },
	{ "a file goes before a built-in one of its name", "snd", "snd", 0 },
	{ "built in", "virtio", "(virtio)", 0 },
	{ "alias of a built-in module", "virtio-bus", "(virtio)", 0 },
	{ "alias of a module that is not there", "gone-module", NULL, -ENOENT },
	{ "outside of kernel/", "new", "new", 0 },
	{ "more words on the line", "too-many-words", "snd", 0 },
	{ "a dependency without a line", "broken", NULL, -ENOENT },
	{ "nothing", "", NULL, -ENOENT },
	{ "a star is no name", "*", NULL, -ENOENT },
	{ "a path is no name", "kernel/fs/mbcache.ko", NULL, -ENOENT },
};

static void test_orders(void **state)
{
	struct modtree *tree;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(modtree_open(&tree, root, RELEASE, &e), 0);
	for (size_t i = 0; i < COUNT(orders); i++) {
		struct modlist list = { 0 };
		char text[512];

		print_message("%s\n", orders[i].why);
		assert_int_equal(modtree_resolve(tree, orders[i].word, &list, &e), orders[i].rc);
		show(&list, text);
		if (orders[i].order)
			assert_string_equal(text, orders[i].order);
		modlist_free(&list);
	}
	modtree_close(tree);
}

static void test_one_list_for_several(void **state)
{
	struct modlist list = { 0 };
	struct modtree *tree;
	char text[512];

	(void)state;
	assert_int_equal(modtree_open(&tree, root, RELEASE, NULL), 0);
	assert_int_equal(modtree_resolve(tree, "mbcache", &list, NULL), 0);
	assert_int_equal(modtree_resolve(tree, "ext4", &list, NULL), 0);
	assert_int_equal(modtree_resolve(tree, "fs-ext4", &list, NULL), 0);
	show(&list, text);
	assert_string_equal(text, "mbcache crc16+ jbd2+ ext4");
	modlist_free(&list);
	modtree_close(tree);
}

/* Errors name what is there instead. */
static void test_errors(void **state)
{
	struct modlist list = { 0 };
	struct modtree *tree;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(modtree_open(&tree, root, RELEASE, &e), 0);
	assert_int_equal(modtree_resolve(tree, "mbcach", &list, &e), -ENOENT);
	assert_non_null(strstr(e.msg, "did you mean mbcache?"));
	modtree_close(tree);
	assert_int_equal(modtree_open(&tree, root, "6.1.0-tset", &e), -ENOENT);
	assert_non_null(strstr(e.msg, "there is " RELEASE));
	assert_int_equal(modtree_open(&tree, root, "../" RELEASE, &e), -EINVAL);
	assert_int_equal(modtree_open(&tree, root, "", &e), -EINVAL);
	tree_text(root, "lib/modules/undep/modules.alias", "");
	assert_int_equal(modtree_open(&tree, root, "undep", &e), -ENOENT);
	assert_non_null(strstr(e.msg, "run depmod"));
}

/* A chain of modules longer than any real one, and one that would fill all memory. */
static void test_limits(void **state)
{
	static char dep[200000];
	struct modlist list = { 0 };
	struct modtree *tree;
	struct err e = { 0 };
	size_t n = 0;

	(void)state;
	n += (size_t)sprintf(dep + n, "kernel/top.ko:");
	for (int i = 0; i <= MODTREE_MAX_STEPS; i++)
		n += (size_t)sprintf(dep + n, " kernel/m%d.ko", i);
	n += (size_t)sprintf(dep + n, "\n");
	for (int i = 0; i <= MODTREE_MAX_STEPS; i++)
		n += (size_t)sprintf(dep + n, "kernel/m%d.ko:\n", i);
	tree_text(root, "lib/modules/long/modules.dep", dep);
	assert_int_equal(modtree_open(&tree, root, "long", &e), 0);
	assert_int_equal(modtree_resolve(tree, "top", &list, &e), -E2BIG);
	modlist_free(&list);
	modtree_close(tree);
	n = (size_t)sprintf(dep, "kernel/wide.ko:");
	while (n < sizeof(dep) - 20)
		n += (size_t)sprintf(dep + n, " a.ko");
	sprintf(dep + n, "\na.ko:\n");
	tree_text(root, "lib/modules/wide/modules.dep", dep);
	assert_int_equal(modtree_open(&tree, root, "wide", &e), 0);
	assert_int_equal(modtree_resolve(tree, "wide", &list, &e), 0);
	assert_int_equal(list.n, 2);
	modlist_free(&list);
	modtree_close(tree);
}

static const struct {
	const char *path, *dir;
	bool        in;
} places[] = {
	{ "kernel/fs/xfs/xfs.ko.xz", "fs/xfs", true },
	{ "kernel/fs/xfs/xfs.ko.xz", "kernel/fs/xfs", true },
	{ "kernel/fs/xfs/xfs.ko.xz", "fs/xfs/xfs", true },
	{ "kernel/fs/xfs/xfs.ko.xz", "fs/", true },
	{ "kernel/fs/xfs/xfs.ko.xz", "fs/xf", false },
	{ "kernel/fs/xfs/xfs.ko.xz", "xfs", false },
	{ "kernel/fs/xfs/xfs.ko.xz", "", false },
	{ "updates/dkms/new.ko.zst", "updates", true },
};

static void test_dirs(void **state)
{
	struct modlist list = { 0 };
	struct modtree *tree;
	char text[512];

	(void)state;
	for (size_t i = 0; i < COUNT(places); i++)
		assert_int_equal(modtree_lies_in(places[i].path, places[i].dir), places[i].in);
	assert_int_equal(modtree_open(&tree, root, RELEASE, NULL), 0);
	assert_int_equal(modtree_resolve_dir(tree, "fs/xfs", &list, NULL), 0);
	assert_int_equal(modtree_resolve_dir(tree, "fs/ext4", &list, NULL), 0);
	assert_int_equal(modtree_resolve_dir(tree, "fs/none", &list, NULL), 0);
	show(&list, text);
	assert_string_equal(text, "crc32c_generic? crc32c_intel? libcrc32c+ xfs crc16+ mbcache+ jbd2+ ext4");
	modlist_free(&list);
	modtree_close(tree);
}

static const struct {
	const char *file, *text;
	bool        packed;
} subsets[] = {
	{ "modules.dep", "kernel/fs/xfs/xfs.ko: kernel/lib/libcrc32c.ko\n"
			 "kernel/lib/libcrc32c.ko:\n"
			 "kernel/crypto/crc32c_generic.ko:\n"
			 "kernel/arch/x86/crypto/crc32c-intel.ko:\n", false },
	{ "modules.dep", "kernel/fs/xfs/xfs.ko.xz: kernel/lib/libcrc32c.ko.xz\n"
			 "kernel/lib/libcrc32c.ko.xz:\n"
			 "kernel/crypto/crc32c_generic.ko.zst:\n"
			 "kernel/arch/x86/crypto/crc32c-intel.ko.zst:\n", true },
	{ "modules.alias",
	  "alias crypto-crc32c crc32c_generic\nalias crypto-crc32c crc32c-intel\n", false },
	{ "modules.softdep", "softdep libcrc32c pre: crypto-crc32c\n", false },
	{ "modules.builtin", "kernel/fs/virtio.ko\n", false },
};

static void test_subset(void **state)
{
	struct modlist list = { 0 };
	struct modtree *tree;
	char *text;
	size_t len;

	(void)state;
	assert_int_equal(modtree_open(&tree, root, RELEASE, NULL), 0);
	assert_int_equal(modtree_resolve(tree, "xfs", &list, NULL), 0);
	assert_int_equal(modtree_resolve(tree, "virtio", &list, NULL), 0);
	for (size_t i = 0; i < COUNT(subsets); i++) {
		assert_int_equal(modtree_subset(tree, &list, subsets[i].file, subsets[i].packed, &text, &len, NULL),
			0);
		assert_string_equal(text, subsets[i].text);
		assert_int_equal(len, strlen(text));
		free(text);
	}
	assert_int_equal(modtree_subset(tree, &list, "modules.order", false, &text, &len, NULL), -EINVAL);
	modlist_free(&list);
	modtree_close(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_one_list_for_several),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_dirs),
		cmocka_unit_test(test_subset),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
