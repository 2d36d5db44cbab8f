/* lib_memsink - a sink in memory that fails when told to. */
/* SPDX-License-Identifier: MIT */
#include "lib_memsink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ROOM = 1 << 30 };	/* addresses only; pages come as they are written */

static bool fails(struct mem_sink *m)
{
	m->calls++;
	if (m->calls == m->stop_at)
		atomic_store(m->stop, 1);
	if (m->calls == m->cut_at && ftruncate(m->cut_fd, (off_t)m->cut_to))
		abort();
	m->misused |= m->committed || m->kept || m->released;
	return m->fail_at && (m->for_ever ? m->calls >= m->fail_at : m->calls == m->fail_at);
}

static int mem_write(struct sink *s, uint64_t at, const void *buf, size_t len, struct err *e)
{
	struct mem_sink *m = (struct mem_sink *)s;

	if (fails(m))
		return err_set(e, m->error, "write to memory");
	if (m->refused.code)
		return err_say(e, m->refused.code, "%s", m->refused.msg);
	if (at > ROOM || len > ROOM - at || (m->limit && at + len > m->limit)) {
		err_set(m->late ? &m->refused : e, -ENOSPC, "write to memory");
		if (m->late && at < m->lost_from)
			m->lost_from = at;
		return m->late ? 0 : -ENOSPC;
	}
	if (m->once) {
		m->misused |= memchr(m->once + at, 1, len) != NULL;
		memset(m->once + at, 1, len);
	}
	memcpy(m->bytes + at, buf, len);
	m->size = at + len > m->size ? at + len : m->size;
	return 0;
}

static int mem_settle(struct sink *s, uint64_t *lost_from, struct err *e)
{
	struct mem_sink *m = (struct mem_sink *)s;
	int rc = m->refused.code;

	if (!rc)
		return 0;
	err_say(e, rc, "%s", m->refused.msg);
	m->refused = (struct err){ 0 };
	*lost_from = m->lost_from;
	return rc;
}

static uint64_t mem_space(struct sink *s)
{
	struct mem_sink *m = (struct mem_sink *)s;

	return m->space ? m->space : UINT64_MAX;
}

static int mem_commit(struct sink *s, struct ack *ack, struct err *e)
{
	struct mem_sink *m = (struct mem_sink *)s;

	if (fails(m) || m->lost_from != UINT64_MAX)
		return err_set(e, m->error, "commit to memory");
	m->committed = true;
	ack->level = ACK_NAMED;
	return 0;
}

static int mem_keep(struct sink *s, struct err *e)
{
	struct mem_sink *m = (struct mem_sink *)s;

	if (fails(m))
		return err_set(e, m->error, "keep in memory");
	m->kept = true;
	return 0;
}

static void mem_release(struct sink *s)
{
	((struct mem_sink *)s)->released = true;
}

static const struct sink_ops mem_ops = {
	"memory", mem_write, NULL, mem_space, mem_commit, mem_keep, mem_release, mem_settle,
};

static uint8_t *room(void)
{
	void *p = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

void mem_sink_init(struct mem_sink *m, bool rewritable)
{
	*m = (struct mem_sink){ .base = { .ops = &mem_ops, .rewritable = rewritable }, .error = -EIO,
				 .lost_from = UINT64_MAX };
	m->bytes = room();
	m->once = rewritable ? NULL : room();
}

void mem_sink_free(struct mem_sink *m)
{
	munmap(m->bytes, ROOM);
	if (m->once)
		munmap(m->once, ROOM);
}
