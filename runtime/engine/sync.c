/* sync - one table says what each message looks like; both sides check against it before they use anything. */
#include "runtime/engine/sync.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "runtime/base/cleanup.h"

struct layout {
	const char *word;
	size_t size; /* of the payload, exactly */
	size_t min_fds, max_fds;
};

static const struct layout layouts[] = {
	[SYNC_MAP] = { "MAP", 0, 0, 0 },
	[SYNC_FDS] = { "FDS", 0, 1, SOCK_MAX_FDS },
	[SYNC_MAPPED] = { "MAPPED", 0, 0, 0 },
	[SYNC_INIT] = { "INIT", sizeof(int64_t), 1, 1 },
	[SYNC_CONSOLE] = { "CONSOLE", 0, 1, 1 },
	[SYNC_MOUNTED] = { "MOUNTED", 0, 0, 0 },
	[SYNC_CONTINUE] = { "CONTINUE", 0, 0, 0 },
	[SYNC_READY] = { "READY", 0, 0, 0 },
	[SYNC_COMMITTED] = { "COMMITTED", sizeof(int64_t), 0, 0 },
	[SYNC_TASKS] = { "TASKS", 0, 1, SOCK_MAX_FDS },
	[SYNC_FAILED] = { "FAILED", sizeof(struct err), 0, 0 },
};

struct packet {
	uint32_t type, size;
	unsigned char payload[sizeof(((struct sync_msg *)0)->u)];
};
enum { PACKET_HEAD = 2 * sizeof(uint32_t) };

static const struct layout *layout_of(uint32_t type)
{
	bool known = type < sizeof(layouts) / sizeof(layouts[0]) && layouts[type].word;

	return known ? &layouts[type] : NULL;
}

const char *sync_word(enum sync_type t)
{
	const struct layout *l = layout_of((uint32_t)t);

	return l ? l->word : "?";
}

int sync_send(int sock, const struct sync_msg *m, struct err *e)
{
	const struct layout *l = layout_of((uint32_t)m->type);
	struct packet p = { .type = (uint32_t)m->type };
	struct sock_msg raw = { .data = &p, .n_fds = m->n_fds };

	if (!l || m->n_fds < l->min_fds || m->n_fds > l->max_fds)
		return err_set(e, EINVAL, "a message of type %d cannot be sent like this",
			       (int)m->type);
	p.size = (uint32_t)l->size;
	memcpy(p.payload, &m->u, l->size);
	memcpy(raw.fds, m->fds, m->n_fds * sizeof(int));
	raw.size = PACKET_HEAD + l->size;
	int r = sock_send(sock, &raw, e);

	return r < 0 ? err_wrap(e, "%s", l->word) : 0;
}

int sync_say(int sock, enum sync_type t, struct err *e)
{
	const struct sync_msg m = { .type = t };

	return sync_send(sock, &m, e);
}

void sync_close_fds(struct sync_msg *m)
{
	for (size_t i = 0; i < m->n_fds; i++)
		fd_close(&m->fds[i]);
	m->n_fds = 0;
}

/* Everything about a packet that can be wrong, as a sentence; NULL when it is right. */
static const char *packet_fault(const struct packet *p, const struct sock_msg *raw)
{
	const struct layout *l;

	if (raw->size < PACKET_HEAD)
		return "it is too short";
	l = layout_of(p->type);
	if (!l)
		return "its type is unknown";
	if (p->size != l->size || raw->size != PACKET_HEAD + l->size)
		return "its size is wrong";
	if (raw->n_fds < l->min_fds || raw->n_fds > l->max_fds)
		return "it carries the wrong number of descriptors";
	return NULL;
}

int sync_recv(int sock, struct sync_msg *ret, struct err *e)
{
	struct packet p = { 0 };
	struct sock_msg raw = { .data = &p, .size = sizeof(p), .n_fds = SOCK_MAX_FDS };
	int r = sock_recv(sock, &raw, e);

	if (r <= 0)
		return r;
	*ret = (struct sync_msg){ .n_fds = raw.n_fds };
	memcpy(ret->fds, raw.fds, raw.n_fds * sizeof(int));
	const char *fault = packet_fault(&p, &raw);

	if (fault) {
		sync_close_fds(ret);
		return err_set(e, EPROTO, "a message of type %u was refused: %s", p.type, fault);
	}
	ret->type = (enum sync_type)p.type;
	memcpy(&ret->u, p.payload, p.size);
	if (ret->type == SYNC_FAILED)
		err_sanitize(&ret->u.err);
	return 1;
}

int sync_expect(int sock, enum sync_type t, struct sync_msg *ret, struct err *e)
{
	struct sync_msg m;
	int r = sync_recv(sock, &m, e);

	if (r < 0)
		return r;
	if (r == 0)
		return err_set(e, EPIPE, "the parent has ended");
	if (m.type != t) {
		sync_close_fds(&m);
		return err_set(e, EPROTO, "expected %s, not %s", sync_word(t), sync_word(m.type));
	}
	if (ret)
		*ret = m;
	else
		sync_close_fds(&m);
	return 0;
}

bool sync_fail(int sock, const struct err *failure)
{
	struct sync_msg m = { .type = SYNC_FAILED };
	struct err ignored;

	m.u.err = *failure;
	return sync_send(sock, &m, &ignored) == 0;
}
