/* sysctl - kernel parameters, only those that a namespace of the container's own holds.
 *
 * Which parameter belongs to which namespace is a table; everything else would change the host and is refused (kernel.core_pattern above all: CVE-2022-0811).
 * Names come with dots or slashes; as sysctl(8) does, the first separator decides which of the two separates, the other stands for itself. */
#include <errno.h>
#include <string.h>

#include "config/names.h"
#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"

static const struct {
	const char *prefix; /* of the path; with "/" at the end a folder, else the whole path */
	enum ns_type ns;
} namespaced[] = {
	{ "net/", NS_NETWORK },           { "fs/mqueue/", NS_IPC },
	{ "kernel/msgmax", NS_IPC },      { "kernel/msgmnb", NS_IPC },
	{ "kernel/msgmni", NS_IPC },      { "kernel/msg_next_id", NS_IPC },
	{ "kernel/auto_msgmni", NS_IPC }, { "kernel/sem", NS_IPC },
	{ "kernel/sem_next_id", NS_IPC }, { "kernel/shmall", NS_IPC },
	{ "kernel/shmmax", NS_IPC },      { "kernel/shmmni", NS_IPC },
	{ "kernel/shm_next_id", NS_IPC }, { "kernel/shm_rmid_forced", NS_IPC },
	{ "kernel/domainname", NS_UTS },  { "user/", NS_USER },
};

char *sysctl_path(const char *name)
{
	size_t first = strcspn(name, "./");
	char separator = name[first];
	char *path;

	if (!separator || !str_is_line_safe(name, NULL))
		return NULL;
	path = mem_strdup(name);
	for (char *p = path; separator == '.' && *p; p++) {
		if (*p == '.')
			*p = '/';
		else if (*p == '/')
			*p = '.';
	}
	auto_done(strv) struct strv parts = { 0 };

	strv_split(&parts, path, '/');
	if (!strv_has(&parts, "") && !strv_has(&parts, ".") && !strv_has(&parts, ".."))
		return path;
	free(path);
	return NULL;
}

static bool row_matches(const char *prefix, const char *path)
{
	return str_has_suffix(prefix, "/") ? str_has_prefix(path, prefix) : str_eq(path, prefix);
}

int sysctl_check_one(const struct container_spec *spec, const struct strmap_item *parameter,
		     enum ns_type *ret, struct err *e)
{
	const char *name = parameter->key, *value = parameter->value ? parameter->value : "";
	auto_free char *path = sysctl_path(name);

	if (!path)
		return err_set(e, EINVAL, "linux.sysctl: \"%s\" is not a name", name);
	if (!str_is_line_safe(value, NULL) && !strchr(value, '\t'))
		return err_set(e, EINVAL, "linux.sysctl.%s: the value has control characters",
			       name);
	if (strchr(value, '\n'))
		return err_set(e, EINVAL, "linux.sysctl.%s: the value has more than one line",
			       name);
	if (str_eq(path, "kernel/hostname"))
		return err_set(e, EINVAL, "linux.sysctl.%s: use the member hostname", name);
	for (size_t i = 0; i < sizeof(namespaced) / sizeof(namespaced[0]); i++) {
		if (!row_matches(namespaced[i].prefix, path))
			continue;
		*ret = namespaced[i].ns;
		if (spec->linux.namespaces[namespaced[i].ns].wanted)
			return 0;
		return err_set(e, EINVAL, "linux.sysctl.%s: needs a %s namespace of its own", name,
			       ns_words[namespaced[i].ns]);
	}
	return err_set(
		e, EINVAL,
		"linux.sysctl.%s: is not separate for each container and would change the host",
		name);
}

int sysctl_check(const struct container_spec *spec, struct err *e)
{
	for (size_t i = 0; i < spec->linux.sysctl.n; i++) {
		enum ns_type ns;
		int r = sysctl_check_one(spec, &spec->linux.sysctl.items[i], &ns, e);

		if (r < 0)
			return r;
	}
	return 0;
}

int sysctl_run(struct isolation *iso, struct err *e)
{
	for (size_t i = 0; i < iso->spec->linux.sysctl.n; i++) {
		const struct strmap_item *item = &iso->spec->linux.sysctl.items[i];
		auto_free char *path = sysctl_path(item->key);
		auto_free char *file = mem_format("sys/%s", path ? path : "");
		int r = procfs_write(iso, file, item->value ? item->value : "", e);

		if (r < 0)
			return err_wrap(e, "linux.sysctl.%s", item->key);
	}
	return 0;
}
