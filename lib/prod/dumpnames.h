/* dumpnames - how are dumps and what lies beside them called? */
/* SPDX-License-Identifier: MIT */
#ifndef PROD_DUMPNAMES_H
#define PROD_DUMPNAMES_H

#include <stdbool.h>

enum dump_file {
	DUMP_FILE_NONE,		/* belongs to no dump */
	DUMP_FILE_CORE,		/* the memory */
	DUMP_FILE_LOG,		/* the dead kernel's log */
	DUMP_FILE_OTHER,	/* beside them: manifest.json, README.txt ... */
	DUMP_FILE_DIR,		/* a directory of ours: pstore */
};

/* By its name alone, with or without "-incomplete". */
enum dump_file dump_file_kind(const char *name);

/* Is it the name of something that was not written to its end? */
bool dump_name_incomplete(const char *name);

/* Is it what a kdump calls the directory of a dump (dumps.h tells which)? */
bool dump_directory_name(const char *name);

#endif
