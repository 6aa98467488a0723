#include "config/oci.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/bind.h"
#include "config/oci_check.h"
#include "config/oci_tables.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"

/* The idea: text becomes a tree, the tree becomes the model through the tables, the model is checked as a whole. All three collect errors, so one run
 * reports everything that is wrong. Objects for other platforms (solaris, windows, vm, zos, freebsd) have no rows and so are ignored. */

#define OCI_ANNOTATIONS_MAX 65536

/* "1.2.0", "1.0.2-dev", "1.3.0+build": semantic versions of major 1. Newer minors are welcome: the specification promises that they only add. */
static int check_version(const char *text, char *why, size_t why_size)
{
	const char *p = text;
	char number[12];

	for (int part = 0; part < 3; part++) {
		size_t n = strspn(p, "0123456789");

		if (n == 0 || n > 10 || (n > 1 && p[0] == '0') || (part < 2 && p[n] != '.')) {
			(void)snprintf(why, why_size, "it must have the form 1.x.y");
			return -EINVAL;
		}
		memcpy(number, p, n);
		number[n] = '\0';
		if (part == 0 && !str_eq(number, "1")) {
			(void)snprintf(why, why_size, "only major version 1 is known");
			return -EINVAL;
		}
		p += n + (part < 2);
	}
	if (*p == '\0' || ((*p == '-' || *p == '+') && p[1] && str_is_line_safe(p, " \t")))
		return 0;
	(void)snprintf(why, why_size, "it must have the form 1.x.y or 1.x.y-suffix");
	return -EINVAL;
}

static int check_host_name(const char *text, char *why, size_t why_size)
{
	if (strlen(text) <= 64 && str_is_line_safe(text, "/ \t"))
		return 0;
	(void)snprintf(
		why, why_size,
		"it is longer than 64 bytes or contains a blank, \"/\" or a control character");
	return -EINVAL;
}

static const struct value_type version_type = { .name = "supported version",
						.check = check_version };
static const struct value_type host_name_type = { .name = "host name", .check = check_host_name };
static const struct value_type domain_name_type = { .name = "domain name",
						    .check = check_host_name };

static const struct field container_fields[] = {
	ROW_TYPED(container_spec, oci_version, "ociVersion", FIELD_STRING, FIELD_REQUIRED,
		  version_type),
	ROW_SHAPE(container_spec, process, "process", FIELD_OPT_OBJECT, oci_process_shape),
	{ .key = "root",
	  .kind = FIELD_OBJECT,
	  .flags = FIELD_REQUIRED,
	  ROW_AT(container_spec, root),
	  .shape = &oci_root_shape },
	ROW_TYPED(container_spec, hostname, "hostname", FIELD_STRING, 0, host_name_type),
	ROW_TYPED(container_spec, domainname, "domainname", FIELD_STRING, 0, domain_name_type),
	ROW_LIST(container_spec, mounts, n_mounts, "mounts", oci_mount_shape, OCI_MANY),
	ROW_SHAPE(container_spec, hooks, "hooks", FIELD_OBJECT, oci_hooks_shape),
	{ .key = "annotations",
	  .kind = FIELD_MAP,
	  ROW_AT(container_spec, annotations),
	  .key_type = &oci_text_type,
	  .max_items = OCI_ANNOTATIONS_MAX },
	ROW_SHAPE(container_spec, linux, "linux", FIELD_OBJECT, oci_linux_shape),
};
const struct shape oci_container_shape = SHAPE(NULL, container_spec, container_fields);

/* Tree -> object through a table; errors go to `diags`. */
static int load_tree(const struct shape *shape, const struct json *root, void *object,
		     struct diag_list *diags)
{
	struct bind_ctx c = { .diags = diags };
	int r = bind_load(&c, shape, root, object);

	bind_ctx_done(&c);
	return r;
}

int oci_parse(const char *text, size_t n, struct container_spec **ret, struct diag_list *diags)
{
	auto_ptr(json) struct json *root = NULL;
	auto_ptr(container_spec) struct container_spec *s = NULL;
	int r = json_parse(text, n, OCI_MAX_CONFIG_SIZE, &root, diags);

	if (r < 0)
		return r;
	s = container_spec_new();
	r = load_tree(&oci_container_shape, root, s, diags);
	if (r < 0)
		return r;
	s->has_hooks = json_get(root, "hooks") && json_get(root, "hooks")->type == JSON_OBJECT;
	r = oci_check(s, root, diags);
	if (r < 0)
		return r;
	*ret = ptr_steal(&s);
	return 0;
}

/* root.path of the configuration is relative to the bundle. */
static void root_make_absolute(struct container_spec *s, const char *bundle)
{
	char *relative = s->root.path;

	if (relative[0] == '/')
		return;
	s->root.path = mem_format("%s/%s", str_eq(bundle, "/") ? "" : bundle, relative);
	free(relative);
}

int oci_load_bundle(const char *bundle, const char *file, struct container_spec **ret,
		    struct err *e)
{
	auto_done(diag_list) struct diag_list diags = { 0 };
	auto_free char *absolute = realpath(bundle, NULL);
	auto_free char *path = NULL, *text = NULL;
	size_t n;
	int r;

	if (!absolute)
		return err_sys(e, "find the bundle \"%s\"", bundle);
	path = file ? mem_strdup(file) : mem_format("%s/config.json", absolute);
	r = file_read_all(AT_FDCWD, path, OCI_MAX_CONFIG_SIZE, &text, &n, e);
	if (r < 0)
		return r;
	diags.file = path;
	if (oci_parse(text, n, ret, &diags) < 0)
		return diag_err(&diags, e);
	root_make_absolute(*ret, absolute);
	return 0;
}

int oci_parse_process(const char *text, size_t n, struct process_spec **ret, struct err *e)
{
	auto_done(diag_list) struct diag_list diags = { 0 };
	auto_ptr(json) struct json *root = NULL;
	auto_ptr(process_spec) struct process_spec *p = process_spec_new();

	if (json_parse(text, n, OCI_MAX_CONFIG_SIZE, &root, &diags) < 0 ||
	    load_tree(&oci_process_shape, root, p, &diags) < 0 ||
	    oci_check_process(p, root, &diags) < 0)
		return diag_err(&diags, e);
	*ret = ptr_steal(&p);
	return 0;
}

int oci_parse_resources(const char *text, size_t n, struct resources_spec **ret, struct err *e)
{
	auto_done(diag_list) struct diag_list diags = { 0 };
	auto_ptr(json) struct json *root = NULL;
	auto_ptr(resources_spec) struct resources_spec *r = resources_spec_new();

	if (json_parse(text, n, OCI_MAX_CONFIG_SIZE, &root, &diags) < 0 ||
	    load_tree(&oci_resources_shape, root, r, &diags) < 0 ||
	    oci_check_resources(r, root, &diags) < 0)
		return diag_err(&diags, e);
	*ret = ptr_steal(&r);
	return 0;
}

struct json *oci_save(const struct container_spec *s)
{
	struct json *j = bind_save(&oci_container_shape, s);

	if (s->has_hooks && !json_get(j, "hooks"))
		(void)json_set(j, "hooks", json_new_object());
	return j;
}

struct json *oci_save_process(const struct process_spec *p)
{
	return bind_save(&oci_process_shape, p);
}

struct json *oci_save_resources(const struct resources_spec *r)
{
	return bind_save(&oci_resources_shape, r);
}
