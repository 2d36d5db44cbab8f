/* dumpnames - is this the name of a dump, or of a part of one? */
/* SPDX-License-Identifier: MIT */
#include "prod/dumpnames.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Whole names, or with '*' at the end their beginning, after a '.' a digit. */
static const struct {
	const char    *name;
	enum dump_file kind;
} files[] = {
	/* kdumpbox and kdump-utils */
	{ "vmcore-dmesg.txt", DUMP_FILE_LOG }, { "vmcore", DUMP_FILE_CORE }, { "vmcore.flat", DUMP_FILE_CORE },
	{ "vmcore.gz", DUMP_FILE_CORE }, { "vmcore.xz", DUMP_FILE_CORE }, { "vmcore.zst", DUMP_FILE_CORE },
	{ "vmcore.lz4", DUMP_FILE_CORE }, { "vmcore.bz2", DUMP_FILE_CORE }, { "vmcore.lzo", DUMP_FILE_CORE },
	{ "kexec-dmesg.log", DUMP_FILE_OTHER }, { "manifest.json", DUMP_FILE_OTHER }, { "opalcore", DUMP_FILE_OTHER },
	{ "vmcore-creation.status", DUMP_FILE_OTHER }, { "pstore", DUMP_FILE_DIR },
	/* kdump-tools: with the stamp of the directory, and the name of what packed it */
	{ "dmesg.*", DUMP_FILE_LOG }, { "dump.*", DUMP_FILE_CORE }, { "dump-incomplete*", DUMP_FILE_CORE },
	{ "vmcore.*", DUMP_FILE_CORE }, { "kdump.*", DUMP_FILE_CORE },
	/* SUSE */
	{ "dmesg", DUMP_FILE_LOG }, { "dmesg.txt", DUMP_FILE_LOG }, { "README.txt", DUMP_FILE_OTHER },
	{ "System.map-*", DUMP_FILE_OTHER }, { "vmlinux-*", DUMP_FILE_OTHER }, { "vmlinuz-*", DUMP_FILE_OTHER },
	{ ".notified", DUMP_FILE_OTHER },
};

bool dump_name_incomplete(const char *name)
{
	return strstr(name, "-incomplete");
}

enum dump_file dump_file_kind(const char *name)
{
	static const char mark[] = "-incomplete", suffix[] = ".manifest.json";
	size_t n = strlen(name), plain = n, len;
	bool beside = false;
	char dump[256];

	/* What a split dump has beside each of its files. */
	if (n > strlen(suffix) && n < sizeof(dump) && !strcmp(name + n - strlen(suffix), suffix)) {
		snprintf(dump, sizeof(dump), "%.*s", (int)(n - strlen(suffix)), name);
		name = dump;
		plain = n = strlen(dump);
		beside = true;
	}
	if (n > strlen(mark) && !strcmp(name + n - strlen(mark), mark))
		plain -= strlen(mark);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		bool stamped;

		len = strlen(files[i].name);
		stamped = len > 2 && !memcmp(files[i].name + len - 2, ".*", 2);
		if (files[i].name[len - 1] == '*' ? n >= len && !memcmp(name, files[i].name, len - 1) &&
							    (!stamped || isdigit((unsigned char)name[len - 1]))
						  : plain == len && !memcmp(name, files[i].name, len))
			return !beside ? files[i].kind : files[i].kind == DUMP_FILE_CORE ? DUMP_FILE_OTHER : DUMP_FILE_NONE;
	}
	return DUMP_FILE_NONE;
}

/* Length of pattern if text begins with it: '0' is a digit, ':' may be '-' too. Else 0. */
static size_t stamp(const char *text, const char *pattern)
{
	size_t n = 0;

	for (; pattern[n]; n++)
		if (pattern[n] == '0' ? !isdigit((unsigned char)text[n])
				      : text[n] != pattern[n] && !(pattern[n] == ':' && text[n] == '-'))
			return 0;
	return n;
}

/* Nothing, or "-2": a second one in the same second. */
static bool is_end(const char *text)
{
	return !*text || (*text == '-' && text[1] && !text[1 + strspn(text + 1, "0123456789")]);
}

bool dump_directory_name(const char *name)
{
	/* kdump-utils always has an address in front, the others not on this machine. */
	static const struct { const char *pattern; bool address; } stamps[] = {
		{ "0000-00-00-00:00:00", true }, { "0000-00-00-00:00", false }, { "000000000000", false },
	};

	for (const char *at = name; *at; at++) {
		if (at != name && at[-1] != '-')
			continue;
		for (size_t i = 0; i < sizeof(stamps) / sizeof(stamps[0]); i++) {
			size_t n = stamp(at, stamps[i].pattern);

			if (n && (i ? !at[n] : is_end(at + n)) && (at != name || !stamps[i].address))
				return true;
		}
	}
	return false;
}
