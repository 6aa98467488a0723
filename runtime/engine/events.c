/* events - what a container uses, again and again, and that the kernel has killed for memory, until it ends. Runs in the process that asked; nothing of the container is entered: its network
 * counters come from the kernel's /proc/PID/net/dev of init. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/loop.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/engine/private.h"

enum { NET_DEV_MAX = 1 << 20 };

/* --- network ------------------------------------------------------------------------------------------------------ */

/* Columns of /proc/net/dev after the name, and the names that runc gives them. */
static const struct {
	unsigned column;
	const char *name;
} net_columns[] = {
	{ 0, "RxBytes" }, { 1, "RxPackets" }, { 2, "RxErrors" },  { 3, "RxDropped" },
	{ 8, "TxBytes" }, { 9, "TxPackets" }, { 10, "TxErrors" }, { 11, "TxDropped" },
};

static void add_interface(struct json *list, const char *line)
{
	const char *colon = strchr(line, ':');
	struct strv words auto_done(strv) = { 0 }, columns auto_done(strv) = { 0 };

	if (!colon)
		return; /* the two lines of headings */
	struct json *entry = json_add(list, json_new_object());
	auto_free char *name =
		mem_strndup(line + strspn(line, " "), (size_t)(colon - line) - strspn(line, " "));

	strv_split(&words, colon + 1, ' ');
	for (size_t i = 0; i < words.n; i++) {
		if (words.items[i][0])
			strv_add(&columns, words.items[i]);
	}
	(void)json_set(entry, "Name", json_new_string(name));
	for (size_t i = 0; i < sizeof(net_columns) / sizeof(net_columns[0]); i++) {
		uint64_t v;

		if (net_columns[i].column < columns.n &&
		    num_u64(columns.items[net_columns[i].column], &v) == 0)
			(void)json_set(entry, net_columns[i].name, json_new_u64(v));
	}
}

/* Only of a network namespace of its own: the host's links are not the container's. */
static struct json *interfaces(struct engine_container *c)
{
	const struct container_spec *spec = engine_spec(c);
	auto_free char *path = mem_format("/proc/%d/net/dev", (int)engine_pid(c));
	auto_free char *text = NULL;
	struct strv lines auto_done(strv) = { 0 };
	struct err ignored = { 0 };
	struct json *list = json_new_array();

	if (!spec || !spec->linux.namespaces[NS_NETWORK].wanted || engine_pid(c) <= 0 ||
	    file_read_all(AT_FDCWD, path, NET_DEV_MAX, &text, NULL, &ignored) < 0)
		return list;
	if (engine_pid(c) <= 0) /* it ended meanwhile: the number may be somebody else's */
		return list;
	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++)
		add_interface(list, lines.items[i]);
	return list;
}

struct json *engine_stats_json(struct engine_container *c)
{
	struct cgroup *cg = engine_cgroup(c);
	struct json *data = cg ? cgroup_stats_json(cg) : json_new_object();

	(void)json_set(data, "intel_rdt", json_new_object());
	(void)json_set(data, "network_interfaces", interfaces(c));
	return data;
}

/* --- events ------------------------------------------------------------------------------------------------------- */

static void emit(struct engine_container *c, const struct engine_events *o, const char *type,
		 struct json *data)
{
	auto_ptr(json) struct json *event = json_new_object();

	(void)json_set(event, "type", json_new_string(type));
	(void)json_set(event, "id", json_new_string(c->record.id));
	if (data)
		(void)json_set(event, "data", data);
	o->emit(o->arg, event);
}

static int check(struct engine_container *c, struct err *e)
{
	enum engine_status status = engine_status(c);

	if (status == ENGINE_STOPPED || status == ENGINE_CREATING)
		return err_set(e, EBUSY, "container not running");
	return 0;
}

/* One look at the container and its watch; true when it has ended. */
static bool look(struct engine_container *c, const struct engine_events *o, struct cgroup_oom *oom,
		 uint64_t *due)
{
	struct pollfd p[2] = { { .fd = engine_pidfd(c), .events = POLLIN },
			       { .fd = oom ? cgroup_oom_fd(oom) : -1, .events = POLLIN } };
	uint64_t now = loop_now_ms();

	/* an interrupted wait is a look too early, which does no harm */
	(void)poll(p, 2, *due > now ? (int)(*due - now) : 0);
	bool ended = p[0].fd < 0 || p[0].revents;

	if (oom && (p[1].revents || ended) && cgroup_oom_happened(oom))
		emit(c, o, "oom", NULL);
	if (!ended && loop_now_ms() >= *due) {
		emit(c, o, "stats", engine_stats_json(c));
		*due = loop_now_ms() + o->interval_ms;
	}
	return ended;
}

int engine_events(struct engine_container *c, const struct engine_events *o, struct err *e)
{
	struct cgroup_oom *oom = NULL;
	struct err ignored = { 0 };
	int r = check(c, e);
	uint64_t due = loop_now_ms() + o->interval_ms;

	if (r < 0)
		return r;
	if (o->once) {
		emit(c, o, "stats", engine_stats_json(c));
		return 0;
	}
	if (engine_cgroup(c) && cgroup_oom_watch(engine_cgroup(c), &oom, &ignored) < 0)
		oom = NULL; /* no memory controller: then there is nothing to tell about it */
	while (!look(c, o, oom, &due))
		;
	cgroup_oom_free(oom);
	return 0;
}
