/* zrun checkpoint, zrun restore */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/zrun_cmd/commands.h"

enum { MOUNTS_MAX = 1 << 20 };

static int read_cgroups(const struct cli_args *a, enum engine_criu_cgroups *ret, struct err *e)
{
	static const struct {
		const char *word;
		enum engine_criu_cgroups mode;
	} rows[] = { { "soft", ENGINE_CGROUPS_SOFT },
		     { "full", ENGINE_CGROUPS_FULL },
		     { "strict", ENGINE_CGROUPS_STRICT },
		     { "ignore", ENGINE_CGROUPS_IGNORE } };
	const char *given = cli_value(a, "manage-cgroups-mode", "soft");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (str_eq(rows[i].word, given)) {
			*ret = rows[i].mode;
			return 0;
		}
	}
	return err_set(e, EINVAL,
		       "--manage-cgroups-mode: \"%s\" is not soft, full, strict or ignore", given);
}

static int read_empty(const struct cli_args *a, uint64_t *ret, struct err *e)
{
	const char *given = cli_value(a, "empty-ns", NULL);

	*ret = given ? CLONE_NEWNET : 0;
	if (given && !str_eq(given, "network"))
		return err_set(e, EINVAL,
			       "--empty-ns: only \"network\" can be left empty, not \"%s\"", given);
	return 0;
}

/* The folders are made absolute: the engine goes nowhere, but a message should name what the user knows. */
static int read_options(const struct cli_args *a, struct engine_checkpoint *o, struct err *e)
{
	*o = (struct engine_checkpoint)ENGINE_CHECKPOINT_INIT;
	o->image_path = cli_value(a, "image-path", "checkpoint");
	o->work_path = cli_value(a, "work-path", NULL);
	o->tcp_established = cli_has(a, "tcp-established");
	o->ext_unix_sk = cli_has(a, "ext-unix-sk");
	o->shell_job = cli_has(a, "shell-job");
	o->lazy_pages = cli_has(a, "lazy-pages");
	o->file_locks = cli_has(a, "file-locks");
	o->auto_dedup = cli_has(a, "auto-dedup");
	o->link_remap = cli_has(a, "link-remap");
	int r = read_cgroups(a, &o->cgroups, e);

	return r < 0 ? r : read_empty(a, &o->empty_ns, e);
}

int zrun_checkpoint(struct cli_args *a)
{
	struct engine_checkpoint o;
	struct engine_container *c = NULL;
	struct err e = { 0 };
	int r = read_options(a, &o, &e);

	o.parent_path = cli_value(a, "parent-path", NULL);
	o.page_server = cli_value(a, "page-server", NULL);
	o.leave_running = cli_has(a, "leave-running");
	o.pre_dump = cli_has(a, "pre-dump");
	o.tcp_skip_in_flight = cli_has(a, "tcp-skip-in-flight");
	if (r == 0 && cli_value(a, "status-fd", NULL))
		r = zrun_number(a, "status-fd", &o.status_fd, &e);
	if (r == 0)
		r = zrun_open(a, true, &c, &e);
	if (r == 0)
		r = engine_checkpoint(c, &o, &e);
	engine_free(c);
	return r < 0 ? zrun_fail(&e) : CLI_DONE;
}

/* Was NOTIFY_SOCKET set when the saved container was made? Then its mount of ours is needed again, whatever is set now. */
static bool had_notify(const char *images)
{
	auto_free char *file = mem_format("%s/mounts.json", images);
	auto_free char *text = NULL;
	struct err ignored = { 0 };

	return file_read_all(AT_FDCWD, file, MOUNTS_MAX, &text, NULL, &ignored) == 0 &&
	       strstr(text, "\"/run/notify\"");
}

/* In front of it until it ends, then it is deleted, as `run` does. */
static int attend(struct engine_container *c, int master)
{
	struct err e = { 0 }, cleanup = { 0 };
	int r = engine_foreground(engine_init_pid(c), master, NULL, &e);

	if (r < 0)
		(void)zrun_fail(&e);
	if (engine_delete(c, true, &cleanup) < 0 && cleanup.code != ENOENT)
		log_err(&cleanup);
	return r < 0 ? CLI_FAILED : r;
}

int zrun_restore(struct cli_args *a)
{
	auto_ptr(container_spec) struct container_spec *spec = NULL;
	auto_free char *bundle = NULL;
	struct engine_create o = ENGINE_CREATE_INIT;
	struct engine_container *c = NULL;
	struct engine_checkpoint from;
	auto_close int master = -1;
	struct err e = { 0 };
	bool detach = cli_has(a, "detach");
	int r = read_options(a, &from, &e);

	from.tcp_close = cli_has(a, "tcp-close");
	from.lsm_profile = cli_value(a, "lsm-profile", NULL);
	from.lsm_mount_context = cli_value(a, "lsm-mount-context", NULL);
	if (r == 0)
		r = zrun_create_request(a, &spec, &bundle, &o, &e);
	if (!detach)
		o.ret_console_master = &master;
	if (r == 0 && !o.notify && had_notify(from.image_path))
		o.notify = engine_notify_offer(spec, o.state_root, o.id);
	if (r == 0)
		r = engine_restore(&o, &from, &c, &e);
	if (r < 0) {
		engine_free(c);
		return zrun_fail(&e);
	}
	r = detach ? CLI_DONE : attend(c, master);
	engine_free(c);
	return r;
}
