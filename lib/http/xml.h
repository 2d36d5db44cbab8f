/* xml - one text of a small document of XML, which may be hostile. */
/* SPDX-License-Identifier: MIT */
#ifndef HTTP_XML_H
#define HTTP_XML_H

#include <stddef.h>

#include "base/err.h"

enum { XML_DEPTH = 8, XML_NAME = 64 };

/*
 * The text of the first element at path ("Error/Code", or "Error" for the root) in the len bytes of doc into
 * out, terminated, cut at its size; references to characters and the five named entities are resolved, what
 * is not printable ASCII becomes '?', prefixes of names and attributes do not count.
 *
 * The subset: elements, attributes, text, comments, CDATA and processing instructions. There is no
 * DOCTYPE, hence no entity of one's own: nothing can grow. All of doc is looked at. Returns 1; 0 if there
 * is no such element; -EBADMSG with a message for what is no such document, is cut, or is deeper than
 * XML_DEPTH.
 */
int xml_text(const char *doc, size_t len, const char *path, char *out, size_t size, struct err *e);

#endif
