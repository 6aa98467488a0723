/* bus - method calls put together from JSON values by their signature, and the wait for systemd's word that a job is done.
 *
 * JobRemoved is sent to whoever queued the job: unasked on the private socket, and on the message bus to those who have asked the daemon for it, which is done before the job is queued. */
#include "cgroups/bus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cgroups/libsystemd.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"

#define SERVICE "org.freedesktop.systemd1"
#define OBJECT  "/org/freedesktop/systemd1"
#define MANAGER "org.freedesktop.systemd1.Manager"

enum { USEC_PER_SEC = 1000000, BUS_TIMEOUT = 30 * USEC_PER_SEC };

struct bus {
	sd_bus *bus;
	bool direct; /* to systemd's own socket */
};

typedef sd_bus_message message; /* for DEFINE_AUTO_PTR's naming */
static void message_unref(sd_bus_message **m)
{
	if (*m)
		libsystemd()->sd_bus_message_unref(*m);
}
#define auto_message __attribute__((cleanup(message_unref))) message

/* --- messages ------------------------------------------------------------------------------------------------------- */

/* The length of the first complete type of a signature. */
static size_t one_type(const char *signature)
{
	size_t n = 0;
	int depth = 0;

	do {
		depth += (signature[n] == '(') - (signature[n] == ')');
		n++;
	} while (signature[n] && (depth > 0 || signature[n - 1] == 'a'));
	return n;
}

static int add_basic(message *m, char type, const struct json *v)
{
	uint64_t number = 0;
	int truth = v->boolean;
	uint32_t small;
	uint8_t byte;

	if (type == 's' || type == 'o')
		return libsystemd()->sd_bus_message_append_basic(m, type, v->text ? v->text : "");
	if (type == 'b')
		return libsystemd()->sd_bus_message_append_basic(m, type, &truth);
	if (!v->text || num_u64(v->text, &number) < 0)
		return -EINVAL;
	if (type == 't')
		return libsystemd()->sd_bus_message_append_basic(m, type, &number);
	small = (uint32_t)number;
	byte = (uint8_t)number;
	return libsystemd()->sd_bus_message_append_basic(
		m, type, type == 'y' ? (const void *)&byte : (const void *)&small);
}

static int add_value(message *m, const char *type, const struct json *v);

/* The members of an array, which all have the one type, or of a structure, each with its own. */
static int add_members(message *m, const char *types, bool is_array, const struct json *v)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < v->n; i++) {
		auto_free char *type = mem_strndup(types, one_type(types));

		r = add_value(m, type, v->items[i]);
		types += is_array ? 0 : strlen(type);
	}
	return r;
}

static int add_value(message *m, const char *type, const struct json *v)
{
	bool is_array = *type == 'a';

	if (!is_array && *type != '(')
		return add_basic(m, *type, v);
	auto_free char *inner =
		is_array ? mem_strdup(type + 1) : mem_strndup(type + 1, strlen(type) - 2);
	int r = libsystemd()->sd_bus_message_open_container(m, is_array ? 'a' : 'r', inner);

	if (r >= 0)
		r = add_members(m, inner, is_array, v);
	return r < 0 ? r : libsystemd()->sd_bus_message_close_container(m);
}

static int add_prop(message *m, const char *name, const char *type, const struct json *value)
{
	const struct libsystemd *lib = libsystemd();
	int r = lib->sd_bus_message_open_container(m, 'r', "sv");

	if (r >= 0)
		r = lib->sd_bus_message_append_basic(m, 's', name);
	if (r >= 0)
		r = lib->sd_bus_message_open_container(m, 'v', type);
	if (r >= 0)
		r = add_value(m, type, value);
	if (r >= 0)
		r = lib->sd_bus_message_close_container(m);
	return r < 0 ? r : lib->sd_bus_message_close_container(m);
}

/* PIDs with `pid`, when there is one, and the properties, as a(sv). */
static int add_props(message *m, const struct unit_props *props, pid_t pid)
{
	auto_ptr(json) struct json *pids = json_new_array();
	int r = libsystemd()->sd_bus_message_open_container(m, 'a', "(sv)");

	(void)json_add(pids, json_new_u64((uint64_t)pid));
	if (r >= 0 && pid > 0)
		r = add_prop(m, "PIDs", "au", pids);
	for (size_t i = 0; r >= 0 && i < props->n; i++)
		r = add_prop(m, props->items[i].name, props->items[i].type, props->items[i].value);
	return r < 0 ? r : libsystemd()->sd_bus_message_close_container(m);
}

static int add_strings(message *m, const char *const *words, size_t n)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < n; i++)
		r = libsystemd()->sd_bus_message_append_basic(m, 's', words[i]);
	return r;
}

/* --- calls ---------------------------------------------------------------------------------------------------------- */

static int new_call(struct bus *b, const char *method, message **ret, struct err *e)
{
	int r = libsystemd()->sd_bus_message_new_method_call(b->bus, ret, SERVICE, OBJECT, MANAGER,
							     method);

	return r < 0 ? err_ret(e, r, "systemd: %s", method) : 0;
}

/* What systemd says of a unit that is not there, or there already, is told apart from other refusals. */
static int code_of(const char *name, int r)
{
	static const struct {
		const char *suffix;
		int code;
	} rows[] = { { ".NoSuchUnit", ENOENT },
		     { ".UnitExists", EEXIST },
		     { ".PropertyReadOnly", EROFS },
		     { ".AccessDenied", EACCES },
		     { ".Timeout", ETIMEDOUT } };

	for (size_t i = 0; name && i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (str_has_suffix(name, rows[i].suffix))
			return rows[i].code;
	}
	return -r;
}

/* built: the result of putting the message together. reply may be NULL. */
static int call(struct bus *b, message *m, int built, const char *what, message **reply,
		struct err *e)
{
	sd_bus_error error = { 0 };

	if (built < 0)
		return err_ret(e, built, "systemd: %s: put the call together", what);
	int r = libsystemd()->sd_bus_call(b->bus, m, BUS_TIMEOUT, &error, reply);

	if (r < 0)
		r = err_set(e, code_of(error.name, r), "systemd: %s: %s", what,
			    error.message ? error.message : strerror(-r));
	libsystemd()->sd_bus_error_free(&error);
	return r < 0 ? r : 0;
}

/* A call of the manager whose arguments are strings. */
static int call_words(struct bus *b, const char *method, const char *const *words, size_t n,
		      message **reply, struct err *e)
{
	auto_message *m = NULL;
	auto_free char *what = mem_format("%s %s", method, words[0]);
	int r = new_call(b, method, &m, e);

	return r < 0 ? r : call(b, m, add_strings(m, words, n), what, reply, e);
}

static void forget_failed(struct bus *b, const char *name)
{
	struct err why = { 0 };

	if (call_words(b, "ResetFailedUnit", &name, 1, NULL, &why) < 0)
		log_debug("%s", why.text);
}

/* --- jobs ----------------------------------------------------------------------------------------------------------- */

static uint64_t now_usec(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * USEC_PER_SEC + (uint64_t)t.tv_nsec / 1000;
}

/* Is it the end of our job? Then *ret is how it ended ("done", "failed" ...), allocated. */
static bool is_end_of(message *m, const char *job, char **ret)
{
	const struct libsystemd *lib = libsystemd();
	const char *path = NULL, *unit = NULL, *result = NULL;
	uint32_t id;

	if (lib->sd_bus_message_is_signal(m, MANAGER, "JobRemoved") <= 0 ||
	    lib->sd_bus_message_read_basic(m, 'u', &id) <= 0 ||
	    lib->sd_bus_message_read_basic(m, 'o', &path) <= 0 ||
	    lib->sd_bus_message_read_basic(m, 's', &unit) <= 0 ||
	    lib->sd_bus_message_read_basic(m, 's', &result) <= 0 || !str_eq(path, job))
		return false;
	*ret = mem_strdup(result);
	return true;
}

static int wait_result(struct bus *b, const char *job, char **ret, struct err *e)
{
	uint64_t end = now_usec() + BUS_TIMEOUT;

	for (uint64_t now = now_usec(); now < end; now = now_usec()) {
		auto_message *m = NULL;
		int r = libsystemd()->sd_bus_process(b->bus, &m);

		if (r > 0 && m && is_end_of(m, job, ret))
			return 0;
		if (r == 0)
			r = libsystemd()->sd_bus_wait(b->bus, end - now);
		if (r < 0 && r != -EINTR)
			return err_ret(e, r, "systemd: wait for a job");
	}
	return err_set(e, ETIMEDOUT, "systemd: a job does not end within %d seconds",
		       BUS_TIMEOUT / USEC_PER_SEC);
}

/* The reply of a call that queued a job is the job's path. */
static int wait_job(struct bus *b, message *reply, const char *what, struct err *e)
{
	const char *job = NULL;
	auto_free char *result = NULL;
	int r = libsystemd()->sd_bus_message_read_basic(reply, 'o', &job);

	if (r <= 0)
		return err_set(e, EPROTO, "systemd: %s: the answer names no job", what);
	r = wait_result(b, job, &result, e);
	if (r < 0)
		return err_wrap(e, "%s", what);
	return str_eq(result, "done") ? 0
				      : err_set(e, EIO, "systemd: %s: the job ended with \"%s\"",
						what, result ? result : "?");
}

/* --- connection ----------------------------------------------------------------------------------------------------- */

void bus_close(struct bus *b)
{
	if (!b)
		return;
	if (b->bus)
		libsystemd()->sd_bus_close_unref(b->bus);
	free(b);
}

static int try_address(const char *address, bool direct, struct bus **ret)
{
	const struct libsystemd *lib = libsystemd();
	auto_ptr(bus) struct bus *b = mem_zero(sizeof(*b));
	int r = lib->sd_bus_new(&b->bus);

	if (r >= 0)
		r = lib->sd_bus_set_address(b->bus, address);
	if (r >= 0 && !direct)
		r = lib->sd_bus_set_bus_client(b->bus, 1);
	if (r >= 0)
		r = lib->sd_bus_start(b->bus);
	if (r < 0) {
		log_debug("%s: %s", address, strerror(-r));
		return r;
	}
	b->direct = direct;
	*ret = ptr_steal(&b);
	return 0;
}

/* Pids are sent as numbers, so systemd must be process 1 of the pid namespace that we are in. */
static int check_namespace(struct bus *b, struct err *e)
{
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);
	int fd = libsystemd()->sd_bus_get_fd(b->bus);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.pid == 1)
		return 0;
	return err_set(e, EOPNOTSUPP,
		       "the systemd cgroup driver: systemd is not process 1 of this pid namespace");
}

static int ask_for_signals(struct bus *b, struct err *e)
{
	static const char *const rule = "type='signal',sender='" SERVICE "',path='" OBJECT
					"',interface='" MANAGER "',member='JobRemoved'";
	auto_message *m = NULL;
	int r = libsystemd()->sd_bus_message_new_method_call(b->bus, &m, "org.freedesktop.DBus",
							     "/org/freedesktop/DBus",
							     "org.freedesktop.DBus", "AddMatch");

	return r < 0 ? err_ret(e, r, "systemd: AddMatch")
		     : call(b, m, add_strings(m, &rule, 1), "AddMatch", NULL, e);
}

/* Where to knock. The session's address may be any bus's; it is the user's word against their own processes only. */
static void add_addresses(bool user, struct strv *direct, struct strv *daemons)
{
	const char *dir = getenv("XDG_RUNTIME_DIR"), *session = getenv("DBUS_SESSION_BUS_ADDRESS");

	if (!user) {
		strv_add(direct, "unix:path=/run/systemd/private");
		strv_add(daemons, "unix:path=/run/dbus/system_bus_socket");
		return;
	}
	if (!str_empty(dir))
		strv_format(direct, "unix:path=%s/systemd/private", dir);
	if (!str_empty(session))
		strv_add(daemons, session);
	if (!str_empty(dir))
		strv_format(daemons, "unix:path=%s/bus", dir);
}

static int try_all(const struct strv *addresses, bool direct, struct bus **ret)
{
	int r = -ENOENT;

	for (size_t i = 0; r < 0 && i < addresses->n; i++)
		r = try_address(addresses->items[i], direct, ret);
	return r;
}

static int no_answer(bool user, struct err *e)
{
	if (!user && access("/run/systemd/system", F_OK) < 0) /* what sd_booted(3) looks at */
		return err_set(
			e, EOPNOTSUPP,
			"the systemd cgroup driver needs systemd as the host's init, which is not running: ask for the cgroupfs driver");
	if (user && !getenv("XDG_RUNTIME_DIR") && !getenv("DBUS_SESSION_BUS_ADDRESS"))
		return err_set(
			e, EOPNOTSUPP,
			"the systemd cgroup driver needs the user's own systemd, and neither XDG_RUNTIME_DIR nor DBUS_SESSION_BUS_ADDRESS says where it is");
	return err_set(
		e, EOPNOTSUPP,
		"the systemd cgroup driver: %s does not answer (--debug tells where it was looked for)",
		user ? "the user's own systemd" : "systemd");
}

int bus_open(bool user, struct bus **ret, struct err *e)
{
	auto_done(strv) struct strv direct = { 0 };
	auto_done(strv) struct strv daemons = { 0 };
	auto_ptr(bus) struct bus *b = NULL;

	add_addresses(user, &direct, &daemons);
	if (!user && access("/run/systemd/system", F_OK) < 0)
		return no_answer(user, e);
	int r = libsystemd_load(e);

	if (r < 0)
		return r;
	if (try_all(&direct, true, &b) < 0 && try_all(&daemons, false, &b) < 0)
		return no_answer(user, e);
	if (!b->direct)
		r = ask_for_signals(b, e);
	else if (!user)
		r = check_namespace(b, e);
	if (r == 0)
		*ret = ptr_steal(&b);
	return r;
}

/* --- units ---------------------------------------------------------------------------------------------------------- */

static int start_once(struct bus *b, const char *name, const struct unit_props *props, pid_t pid,
		      struct err *e)
{
	const char *const words[] = { name, "fail" };
	auto_message *m = NULL, *reply = NULL;
	auto_free char *what = mem_format("StartTransientUnit %s", name);
	int r = new_call(b, "StartTransientUnit", &m, e);

	if (r < 0)
		return r;
	int built = add_strings(m, words, 2);

	if (built >= 0)
		built = add_props(m, props, pid);
	if (built >= 0)
		built = libsystemd()->sd_bus_message_open_container(m, 'a', "(sa(sv))");
	if (built >= 0)
		built = libsystemd()->sd_bus_message_close_container(m);
	r = call(b, m, built, what, &reply, e);
	return r < 0 ? r : wait_job(b, reply, what, e);
}

int bus_start_unit(struct bus *b, const char *name, const struct unit_props *props, pid_t pid,
		   struct err *e)
{
	int r = start_once(b, name, props, pid, e);

	if (r == -EEXIST) { /* perhaps only the memory of one that failed */
		forget_failed(b, name);
		r = start_once(b, name, props, pid, e);
	}
	if (r < 0 && r != -EEXIST)
		forget_failed(b, name);
	return r;
}

static int set_once(struct bus *b, const char *name, const struct unit_props *props, struct err *e)
{
	auto_message *m = NULL;
	auto_free char *what = mem_format("SetUnitProperties %s", name);
	int runtime = 1;
	int r = new_call(b, "SetUnitProperties", &m, e);

	if (r < 0)
		return r;
	int built = add_strings(m, &name, 1);

	if (built >= 0)
		built = libsystemd()->sd_bus_message_append_basic(m, 'b', &runtime);
	if (built >= 0)
		built = add_props(m, props, 0);
	return call(b, m, built, what, NULL, e);
}

/* "Cannot set property MemoryZSwapMax, or unknown property." */
static bool drop_refused(struct unit_props *props, const char *text)
{
	for (size_t i = 0; i < props->n; i++) {
		auto_free char *word = mem_format(" %s,", props->items[i].name);

		if (!strstr(text, word))
			continue;
		log_debug("%s", text);
		unit_props_remove(props, i);
		return true;
	}
	return false;
}

int bus_set_props(struct bus *b, const char *name, const struct unit_props *props, struct err *e)
{
	auto_done(unit_props) struct unit_props rest = { 0 };

	for (size_t i = 0; i < props->n; i++)
		unit_props_add(&rest, props->items[i].name, props->items[i].type,
			       json_clone(props->items[i].value));
	while (rest.n > 0) {
		struct err why = { 0 };
		int r = set_once(b, name, &rest, &why);

		if (r == -EROFS && drop_refused(&rest, why.text))
			continue;
		if (r < 0)
			*e = why;
		return r;
	}
	return 0;
}

int bus_stop_unit(struct bus *b, const char *name, struct err *e)
{
	const char *const words[] = { name, "replace" };
	auto_message *reply = NULL;
	int r = call_words(b, "StopUnit", words, 2, &reply, e);

	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = wait_job(b, reply, "StopUnit", e);
	forget_failed(b, name);
	return r;
}

static int get_property(struct bus *b, const char *path, const char *interface, char **ret,
			struct err *e)
{
	const char *const words[] = { interface, "ControlGroup" };
	auto_message *m = NULL, *reply = NULL;
	const char *value = NULL;
	int r = libsystemd()->sd_bus_message_new_method_call(
		b->bus, &m, SERVICE, path, "org.freedesktop.DBus.Properties", "Get");

	if (r < 0)
		return err_ret(e, r, "systemd: Get ControlGroup");
	r = call(b, m, add_strings(m, words, 2), "Get ControlGroup", &reply, e);
	if (r < 0)
		return r;
	if (libsystemd()->sd_bus_message_enter_container(reply, 'v', "s") < 0 ||
	    libsystemd()->sd_bus_message_read_basic(reply, 's', &value) <= 0)
		return err_set(e, EPROTO, "systemd: Get ControlGroup: the answer is no text");
	*ret = mem_strdup(strcmp(value, "/") == 0 ? "" : value);
	return 0;
}

int bus_cgroup(struct bus *b, const char *name, char **ret, struct err *e)
{
	auto_message *reply = NULL;
	const char *path = NULL;

	if (!name)
		return get_property(b, OBJECT, MANAGER, ret, e);
	int r = call_words(b, "GetUnit", &name, 1, &reply, e);

	if (r < 0)
		return r;
	if (libsystemd()->sd_bus_message_read_basic(reply, 'o', &path) <= 0)
		return err_set(e, EPROTO, "systemd: GetUnit %s: the answer is no path", name);
	return get_property(b, path,
			    unit_is_slice(name) ? "org.freedesktop.systemd1.Slice"
						: "org.freedesktop.systemd1.Scope",
			    ret, e);
}
