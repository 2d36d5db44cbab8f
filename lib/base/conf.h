/* conf - what kdump.conf and the kernel command line ask for. */
/* SPDX-License-Identifier: MIT */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * The language is that of kdump-utils (RHEL, Fedora and those after them), kdump.conf(5):
 * a line is blank, a comment (first non-blank is '#') or KEY VALUE. The value is the rest of the
 * line, cut at the first '#', blanks trimmed; if it then starts and ends with '"', both go. There
 * are no escapes and no continued lines.
 */

enum {
	CONF_FILE_MAX    = 64 << 10,	/* bytes of a file that are read at all */
	CONF_TARGETS_MAX = 8,
	CONF_NOTES_MAX   = 32,
	CONF_NETWORK_MAX = 32,		/* lines "network" */
	CONF_THREADS_MAX = 256,		/* as many as save takes */
	CONF_TEXT_MAX    = 256,		/* bytes of a value with its NUL; longer ones are refused */
};

/* How to treat what is wrong. */
enum conf_mode {
	/*
	 * Production side: an unknown or deprecated key, a duplicate, an empty or impossible value is
	 * an error with file, line and the nearest keyword.
	 */
	CONF_STRICT,
	/*
	 * Capture kernel: each of those is a note, the last value wins, a bad one leaves what was
	 * there. Parsing always succeeds: a dump with defaults is better than none.
	 */
	CONF_LENIENT,
};

enum target_kind {
	TARGET_FS,		/* a local filesystem: fstype and device */
	TARGET_RAW,		/* a block device, device */
	TARGET_SSH,		/* a server, device is "user@host" */
	TARGET_HTTP,		/* a server, device is the URL of a directory */
	TARGET_S3,		/* a store, device is https://ENDPOINT/BUCKET/PREFIX */
	TARGET_NETFS,		/* a directory of a server that is mounted: fstype "nfs" and "SERVER:/DIR", or "cifs"
				   and "//SERVER/SHARE"; boot/netfs.h */
};

/* What is saved to a target, and how it is reached. */
struct target_opts {
	char path[CONF_TEXT_MAX];		/* where the directories are made, "/" first. /var/crash */
	char mount_options[CONF_TEXT_MAX];	/* besides rw; TARGET_FS, TARGET_NETFS */

	/* From core_collector, or from the keys dump_level, compress and threads. */
	int  dump_level;			/* 0-31, makedumpfile's meaning. 31 */
	char next_levels[32];			/* "N,N": tried where the one before does not fit; "" */
	char compress[12];			/* "zstd" (default), "zlib", "zlib-fast", "lzo", "none" */
	int  threads;				/* workers of save; 0 (default): save decides */
	char digest[8];				/* of the manifest: "xxh64" (default), "sha256" */

	/* TARGET_SSH */
	int  port;				/* 22 */
	char sshkey[CONF_TEXT_MAX];		/* file of the private key. /root/.ssh/kdump_id_rsa */
	char known_hosts[CONF_TEXT_MAX];	/* file; "": those of the machine that makes the image */
	char host_key[80];			/* "SHA256:...": the only key that the server may have */

	/* TARGET_HTTP, and the first two TARGET_S3 */
	char cacert[CONF_TEXT_MAX];		/* file of certificates that are trusted */
	char pinnedpubkey[CONF_TEXT_MAX];	/* "sha256//...": the key that the server must have */
	char bearer_file[CONF_TEXT_MAX];	/* file of a token to log in with */
	char client_cert[CONF_TEXT_MAX];	/* files of what we show to a server that asks who we are */
	char client_key[CONF_TEXT_MAX];
	char proxy[CONF_TEXT_MAX];		/* HOST:PORT: the way to the server */
	char http_form[CONF_TEXT_MAX];		/* the field of a form that uploads go into; "": PUT */
	char tus[4];				/* "yes": the URL is an endpoint of tus 1.0 */

	/* TARGET_S3 */
	char s3_credentials[CONF_TEXT_MAX];	/* file of key id and secret, as AWS's tools have it */
	char s3_region[40];			/* "": of that file, of the host's name, us-east-1 */
	char s3_style[8];			/* "path" (default), "virtual" */
};

struct target {
	enum target_kind kind;
	char keyword[16];		/* as the file has it: "ext4", "raw", "ssh", "http", "s3", "nfs" */
	char fstype[16];		/* of what is mounted: "ext4", "nfs"; "auto" for the root filesystem */
	char device[CONF_TEXT_MAX];	/* "/dev/vda1", "UUID=..."; or a tag, a server */
	struct target_opts opts;
};

enum conf_action {
	ACTION_REBOOT, ACTION_HALT, ACTION_POWEROFF,	/* final_action and failure_action */
	ACTION_SHELL, ACTION_DUMP_TO_ROOTFS,		/* failure_action only */
	NR_ACTIONS,
};

/* One warning, ready to print. */
struct conf_note {
	char text[240];		/* "/etc/kdump.conf:12: ..." */
};

/*
 * Everything that can be configured, filled by conf_defaults and then by the parsers. No pointers:
 * copy it as you like. Texts are NUL terminated, "" means not set.
 */
struct kdump_conf {
	/*
	 * What the target lines say, in the order in which they are tried. None: the root filesystem;
	 * mkinitramfs resolves that to a device and its path and writes both into the image.
	 */
	struct target targets[CONF_TARGETS_MAX];
	int           nr_targets;
	struct target root;	/* root_device, or root=, rootfstype=, rootflags= of the kernel */

	/*
	 * What a target begins with. A target line opens a block: the keys of struct target_opts that
	 * follow it are of that target alone, those before the first one are for all.
	 */
	struct target_opts defaults;

	enum conf_action failure_action;	/* failure_action, default. ACTION_REBOOT */
	enum conf_action final_action;		/* final_action. ACTION_REBOOT */

	/* Programs in the image; each is run as one word, without a shell. */
	char          kdump_pre[CONF_TEXT_MAX];
	char          kdump_post[CONF_TEXT_MAX];	/* its argument: status of the dump */
	char          kdump_emergency[CONF_TEXT_MAX];

	/* The word of each network line ("ip=eth0:dhcp"), in order; net/netconf.h knows what they mean. */
	char          network[CONF_NETWORK_MAX][CONF_TEXT_MAX];
	int           nr_network;
	int           carrier_timeout_s;	/* for an interface to appear and have carrier. 60 */
	int           network_timeout_s;	/* for all of the network to be up. 300 */

	int           device_timeout_s;		/* to wait for a target's device. 60 */
	int           module_timeout_s;		/* for one module to load, then the next one. 30 */
	int           stall_timeout_s;		/* a dump that does nothing so long is ended. 300 */
	int           deadline_s;		/* of the run, since boot. 14400; 0: none */

	/* What the parsers found worth saying, oldest first. */
	struct conf_note notes[CONF_NOTES_MAX];
	int           nr_notes;
	int           lost_notes;		/* that had no room */
};

void conf_defaults(struct kdump_conf *c);

/*
 * Parse text (len bytes, need not be terminated) on top of what *c holds; name is for messages.
 * CONF_STRICT: 0, or -EINVAL at the first error. CONF_LENIENT: always 0.
 */
int conf_parse(struct kdump_conf *c, const char *name, const char *text, size_t len,
	       enum conf_mode mode, struct err *e);

/*
 * Read and parse a file of at most CONF_FILE_MAX bytes. CONF_STRICT: as conf_parse, and an error if
 * it cannot be read. CONF_LENIENT: that is a note too; always 0.
 */
int conf_read(struct kdump_conf *c, const char *path, enum conf_mode mode, struct err *e);

/*
 * The value of the last line with that key, as it stands in a text of len bytes, into out (cut to size, "" if there
 * is none). For keys that mean something before the capture kernel only, which conf_parse knows and does not keep.
 */
bool conf_value(const char *text, size_t len, const char *key, char *out, size_t size);

/*
 * Apply each kdumpbox.KEY=VALUE of a kernel command line (terminated text), always leniently. KEY
 * is any keyword of the file, '-' and '_' are the same in it; quoting as in lib/cmdline.c of the
 * kernel: "k=v w" and k="v w" both hold a blank. A key of targets is for all of them, and
 * kdumpbox.target.N.KEY= for the N-th, counted from 1. A target replaces all targets and keeps what
 * the first one had besides; kdumpbox.target.N.ssh= and so on replaces or adds one. Takes root=,
 * rootfstype= and rootflags= too when nothing set root_device.
 */
void conf_cmdline(struct kdump_conf *c, const char *cmdline);

/* One word of a kernel command line: KEY or KEY=VALUE. */
struct cmdline_word {
	char key[64], value[1024];	/* value is "" if there is no '=' */
	bool cut;			/* one of them did not fit */
};

/* The next word, quotes as the kernel takes them; *at is moved behind it. False at the end. */
bool cmdline_next(const char **at, struct cmdline_word *w);

/* The value of the last KEY=VALUE in cmdline into out ("" if there is none). */
void cmdline_get(const char *cmdline, const char *key, char *out, size_t size);

/* Add a note, for whoever fills the struct. */
void conf_note(struct kdump_conf *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * What "core_collector VALUE" means for us: sets level, compression and threads of *o. Texts without
 * meaning here become notes in c. 0 or -EINVAL (a level or thread count that is none; *o is unchanged).
 */
int conf_collector(struct kdump_conf *c, struct target_opts *o, const char *value, struct err *e);

/*
 * Tell each key and its value as text ("" if not set), in the order of the manual: those of *o, or if that is NULL
 * all of *c but targets and network.
 */
void conf_list(const struct kdump_conf *c, const struct target_opts *o,
	       void (*tell)(void *ctx, const char *key, const char *value), void *ctx);

/* Does a line with this key (len bytes) open the block of a target? */
bool conf_is_target(const char *key, size_t len);

/*
 * The number of the last line, from 1, of text that sets key, in the block of that target (from 1) or before all
 * blocks; target 0: in any. 0 if none does.
 */
unsigned conf_line(const char *text, int target, const char *key);

/* Is it on another machine? */
bool target_is_remote(const struct target *t);

/* Is it mounted, so that a dump is a file of a filesystem? */
bool target_is_mounted(const struct target *t);

/* "reboot" and so on. */
const char *action_name(enum conf_action action);

/*
 * The targets to try, in order: those of the file, else the root filesystem if it is known. Returns
 * their number, which may be 0.
 */
int conf_targets(const struct kdump_conf *c, struct target out[CONF_TARGETS_MAX]);

/*
 * The root filesystem as a target (for dump_to_rootfs), with the defaults, or with what a single
 * target has. False if nothing says where it is.
 */
bool conf_root_target(const struct kdump_conf *c, struct target *out);

#endif
