/* outcome - may this dump be called complete? */
/* SPDX-License-Identifier: MIT */
#include "boot/outcome.h"

#include <stdio.h>

enum { SAVE_COMPLETE = 0, SAVE_DEGRADED = 3 };	/* enum exit_code of the applets */

enum outcome outcome_of(const struct child_result *save)
{
	if (save->end == CHILD_EXITED && save->value == SAVE_COMPLETE)
		return OUTCOME_COMPLETE;
	if (save->end == CHILD_EXITED && save->value == SAVE_DEGRADED)
		return OUTCOME_DEGRADED;
	return OUTCOME_FAILED;
}

enum outcome closing_outcome(const struct closing *c)
{
	enum outcome o = outcome_of(&c->save);

	/* Nothing went anywhere: the zeros of c->save are no exit status of anybody. */
	if (c->missing || !c->where[0])
		return OUTCOME_FAILED;
	return o == OUTCOME_COMPLETE && c->incomplete ? OUTCOME_DEGRADED : o;
}

static void put_size(uint64_t bytes, char *out, size_t size)
{
	out[0] = 0;
	if (bytes)
		snprintf(out, size, ", %.1f MiB", (double)bytes / (1 << 20));
}

void outcome_line(const struct closing *c, char *out, size_t size)
{
	static const char *const words[] = {
		[OUTCOME_FAILED] = "failed",
		[OUTCOME_DEGRADED] = "degraded",
		[OUTCOME_COMPLETE] = "complete",
	};
	static const char *const stops[] = {
		[CHILD_NOT_STOPPED] = "", [CHILD_DEADLINE] = ", ended by the deadline",
		[CHILD_STALLED] = ", ended because nothing moved",
	};
	enum outcome o = closing_outcome(c);
	unsigned long long s = c->now_ms / 1000;
	unsigned tenth = (unsigned)(c->now_ms % 1000 / 100);
	char bytes[40];

	put_size(c->bytes, bytes, sizeof(bytes));
	if (o == OUTCOME_FAILED)
		snprintf(out, size, "%s: %s; %s%s%s%s, %llu.%u s after boot", words[o], c->reason,
			 c->kept[0] || c->incomplete ? "kept: " : "nothing was saved", c->kept,
			 c->kept[0] && c->incomplete ? " and " : "", c->incomplete ? c->where : "",
			 s, tenth);
	else
		snprintf(out, size, "%s: %s%s%s, %llu.%u s after boot",
			 o == OUTCOME_COMPLETE && c->sent ? "sent" : words[o], c->where, bytes,
			 o == OUTCOME_DEGRADED ? stops[c->save.stopped] : "", s, tenth);
}
