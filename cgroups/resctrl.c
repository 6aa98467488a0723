/* resctrl - Intel RDT and AMD QoS: groups of the resctrl file system share cache and memory bandwidth, and count what they use (Documentation/filesystems/resctrl.rst).
 *
 * What was planned is remembered as JSON, as a cgroup is, so that a killed create can be undone:
 *   { "dir": GROUP, "made": whether it was not there before, "monitor": GROUP/mon_groups/ID or absent }
 * A directory that was there before is somebody's and stays. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cgroups/cgroups.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

enum { SCHEMATA_MAX = 1 << 16, RESCTRL_MAGIC = 0x7655821 };

#define DEFAULT_ROOT "/sys/fs/resctrl"

/* Names that the file system uses itself. */
static const char *const reserved[] = { "info", "mon_data", "mon_groups" };

/* Another tree instead of the kernel's: for tests on machines without the hardware. */
static const char *root_of(bool *ret_is_fake)
{
	const char *fake = secure_getenv("ZONES_RESCTRL_DIR");

	*ret_is_fake = !str_empty(fake);
	return *ret_is_fake ? fake : DEFAULT_ROOT;
}

static int find_root(const char **ret, struct err *e)
{
	bool is_fake;
	struct statfs fs;

	*ret = root_of(&is_fake);
	if (is_fake)
		return 0;
	if (statfs(*ret, &fs) < 0 || fs.f_type != RESCTRL_MAGIC)
		return err_set(
			e, EOPNOTSUPP,
			"linux.intelRdt: no resctrl file system is mounted on " DEFAULT_ROOT
			" (the processor must have RDT or QoS; mount -t resctrl resctrl " DEFAULT_ROOT
			")");
	return 0;
}

static int check_name(const char *name, struct err *e)
{
	bool bad = str_empty(name) || str_eq(name, ".") || str_eq(name, "..") ||
		   strchr(name, '/') || strlen(name) > 255;

	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		bad |= str_eq(name, reserved[i]);
	return bad ? err_set(e, EINVAL, "linux.intelRdt.closID: \"%s\" cannot name a group", name)
		   : 0;
}

/* The lines to write: schemata as it is, or the two older fields. */
static void wanted_lines(const struct intel_rdt_spec *r, struct strv *ret)
{
	if (r->schemata.n > 0) {
		strv_copy(ret, &r->schemata);
		return;
	}
	if (!str_empty(r->l3_cache_schema))
		strv_split(ret, r->l3_cache_schema, '\n');
	if (!str_empty(r->mem_bw_schema))
		strv_add(ret, r->mem_bw_schema);
}

int resctrl_plan(const struct intel_rdt_spec *r, const char *id, struct json **ret, struct err *e)
{
	const char *name = str_empty(r->clos_id) ? id : r->clos_id, *root;
	auto_done(strv) struct strv lines = { 0 };
	int err = find_root(&root, e);

	if (err == 0)
		err = check_name(name, e);
	if (err < 0)
		return err;
	wanted_lines(r, &lines);
	auto_free char *dir = mem_format("%s/%s", root, name);
	bool is_there = access(dir, F_OK) == 0;

	if (!is_there && !str_empty(r->clos_id) && lines.n == 0)
		return err_set(
			e, ENOENT,
			"linux.intelRdt.closID: there is no group \"%s\", and no schema to make one with",
			dir);
	struct json *plan = json_new_object();

	(void)json_set(plan, "dir", json_new_string(dir));
	(void)json_set(plan, "made", json_new_bool(!is_there));
	if (r->enable_monitoring) {
		auto_free char *monitor = mem_format("%s/mon_groups/%s", dir, id);

		(void)json_set(plan, "monitor", json_new_string(monitor));
	}
	*ret = plan;
	return 0;
}

static const char *dir_of(const struct json *plan)
{
	return json_get_string(plan, "dir", "");
}

static int write_lines(const char *dir, const struct strv *lines, struct err *e)
{
	auto_free char *file = mem_format("%s/schemata", dir);

	for (size_t i = 0; i < lines->n; i++) {
		auto_free char *line = mem_format("%s\n", lines->items[i]);
		int r = str_empty(lines->items[i]) ? 0 : file_write_kernel(AT_FDCWD, file, line, e);

		if (r < 0)
			return err_wrap(e, "linux.intelRdt: write \"%s\"", lines->items[i]);
	}
	return 0;
}

/* A group that others made is joined as it is: what is asked for must be what it has. */
static int compare_lines(const char *dir, const struct strv *lines, struct err *e)
{
	auto_free char *file = mem_format("%s/schemata", dir);
	auto_free char *text = NULL;
	auto_done(strv) struct strv now = { 0 };
	int r = lines->n ? file_read_all(AT_FDCWD, file, SCHEMATA_MAX, &text, NULL, e) : 0;

	if (r < 0)
		return err_wrap(e, "linux.intelRdt");
	strv_split(&now, text ? text : "", '\n');
	for (size_t i = 0; i < lines->n; i++) {
		bool found = str_empty(lines->items[i]);

		for (size_t k = 0; k < now.n && !found; k++)
			found = str_eq(now.items[k] + strspn(now.items[k], " "), lines->items[i]);
		if (!found)
			return err_set(
				e, EBUSY,
				"linux.intelRdt: the group \"%s\" is there already and does not have \"%s\"",
				dir, lines->items[i]);
	}
	return 0;
}

/* Planned because nobody had it: who has made it since then may have given it another share. */
static int make_group(const char *dir, const struct strv *lines, struct err *e)
{
	if (sys_mkdirat(AT_FDCWD, dir, 0755) < 0)
		return errno == EEXIST
			       ? err_set(e, EBUSY,
					 "linux.intelRdt: the group \"%s\" was made meanwhile: try again",
					 dir)
			       : err_sys(e, "linux.intelRdt: make the group \"%s\"", dir);
	int r = write_lines(dir, lines, e);

	if (r < 0)
		(void)!rmdir(dir); /* the first error is told */
	return r;
}

static int make_dir(const char *dir, struct err *e)
{
	return sys_mkdirat(AT_FDCWD, dir, 0755) < 0 && errno != EEXIST
		       ? err_sys(e, "linux.intelRdt: make the group \"%s\"", dir)
		       : 0;
}

int resctrl_make(const struct json *plan, const struct intel_rdt_spec *r, struct err *e)
{
	const char *monitor = json_get_string(plan, "monitor", NULL);
	auto_done(strv) struct strv lines = { 0 };
	struct err ignored = { 0 };
	int err = 0;

	wanted_lines(r, &lines);
	if (json_get_bool(plan, "made", false))
		err = make_group(dir_of(plan), &lines, e);
	else
		err = compare_lines(dir_of(plan), &lines, e);
	if (err < 0)
		return err;
	if (monitor)
		err = make_dir(monitor, e);
	if (err < 0)
		(void)!resctrl_remove(plan, &ignored);
	return err;
}

int resctrl_attach(const struct json *plan, pid_t pid, struct err *e)
{
	const char *const dirs[] = { dir_of(plan), json_get_string(plan, "monitor", NULL) };

	for (size_t i = 0; i < 2 && dirs[i]; i++) {
		auto_free char *file = mem_format("%s/tasks", dirs[i]);
		auto_free char *line = mem_format("%d\n", (int)pid);
		int r = file_write_kernel(AT_FDCWD, file, line, e);

		if (r < 0)
			return err_wrap(e, "linux.intelRdt");
	}
	return 0;
}

int resctrl_update(const struct json *plan, const struct intel_rdt_spec *r, struct err *e)
{
	auto_done(strv) struct strv lines = { 0 };

	wanted_lines(r, &lines);
	return write_lines(dir_of(plan), &lines, e);
}

int resctrl_remove(const struct json *plan, struct err *e)
{
	const char *monitor = json_get_string(plan, "monitor", NULL);

	if (monitor && rmdir(monitor) < 0 && errno != ENOENT)
		return err_sys(e, "remove \"%s\"", monitor);
	if (json_get_bool(plan, "made", false) && rmdir(dir_of(plan)) < 0 && errno != ENOENT)
		return err_sys(e, "remove \"%s\"", dir_of(plan));
	return 0;
}
