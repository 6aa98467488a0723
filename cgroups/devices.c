/* devices - v1: devices.deny and devices.allow take one rule per write.
 *
 * From "allow all" (a new cgroup below one that allows all) the list is built after one "deny all". When the cgroup
 * already has a list and shall keep one, only the differences are written, additions first. */
#include "cgroups/devices.h"

#include <fcntl.h>

#include "runtime/base/file.h"
#include "runtime/base/sys.h"

struct device_files {
	int allow, deny;
};
static void device_files_done(struct device_files *f)
{
	fd_close(&f->allow);
	fd_close(&f->deny);
}

static int open_file(struct cgroup_part *p, const char *name, struct err *e)
{
	int dir = part_open(p, e);

	if (dir < 0)
		return dir;
	int fd = sys_openat(dir, name, O_WRONLY | O_CLOEXEC, 0);

	return fd < 0 ? err_sys(e, "open \"%s/%s\"", p->dir, name) : fd;
}

static int write_rule(const struct device_files *f, bool allow, const struct device_rule *r,
		      struct err *e)
{
	char text[64];

	device_rule_text(r, text, sizeof(text));
	int rc = file_write_fd(allow ? f->allow : f->deny, text,
			       allow ? "devices.allow" : "devices.deny", e);

	return rc < 0 ? err_wrap(e, "resources.devices: %s \"%s\"", allow ? "allow" : "deny", text)
		      : 0;
}

static const struct device_rule *find(const struct device_rules *list,
				      const struct device_rule *like)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct device_rule *x = &list->items[i];

		if (x->type == like->type && x->major == like->major && x->minor == like->minor)
			return x;
	}
	return NULL;
}

/* Write what `from` has and `other` lacks. */
static int write_missing(const struct device_files *f, bool allow, const struct device_rules *from,
			 const struct device_rules *other, struct err *e)
{
	for (size_t i = 0; i < from->n; i++) {
		const struct device_rule *there = find(other, &from->items[i]);
		struct device_rule rest = from->items[i];

		rest.access &= there ? ~there->access : ACCESS_ALL;
		int r = rest.access ? write_rule(f, allow, &rest, e) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

static int read_present(struct cgroup_part *p, bool *ret_allow, struct device_rules *ret,
			struct err *e)
{
	auto_free char *text = NULL;
	int r = part_read(p, "devices.list", &text, e);

	if (r < 0)
		return r;
	if (!device_rules_parse_list(text, ret_allow, ret))
		*ret_allow = true; /* begin anew */
	return 0;
}

int devices_set_v1(struct cgroup_part *p, const struct device_rules *r, struct err *e)
{
	static const struct device_rule everything = {
		.type = 'a', .major = -1, .minor = -1, .access = ACCESS_ALL
	};
	struct device_rules wanted auto_done(device_rules) = { 0 };
	struct device_rules present auto_done(device_rules) = { 0 };
	struct device_files files auto_done(device_files) = { -1, -1 };
	bool allow = false, present_allow = false;
	int rc = device_rules_flatten(r, &allow, &wanted, e);

	if (rc == 0)
		rc = read_present(p, &present_allow, &present, e);
	if (rc < 0)
		return rc;
	files.allow = open_file(p, "devices.allow", e);
	files.deny = files.allow < 0 ? -1 : open_file(p, "devices.deny", e);
	if (files.deny < 0)
		return -e->code;
	if (allow || present_allow) {
		rc = write_rule(&files, allow, &everything, e);
		present.n = 0;
	}
	if (rc == 0)
		rc = write_missing(&files, !allow, &wanted, &present, e);
	if (rc == 0 && !allow)
		rc = write_missing(&files, false, &present, &wanted, e);
	return rc;
}
