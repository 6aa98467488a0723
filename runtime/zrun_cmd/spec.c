/* zrun spec - an example configuration to start from. Never overwrites one. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "config/oci.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/zrun_cmd/commands.h"

#define CAPS "[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"]"

/* Compact here, pretty in the file. */
static const char example[] =
	"{\"ociVersion\":\"" OCI_VERSION "\","
	"\"process\":{\"terminal\":true,\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"sh\"],"
	"\"env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\",\"TERM=xterm\"],\"cwd\":\"/\","
	"\"capabilities\":{\"bounding\":" CAPS ",\"effective\":" CAPS ",\"permitted\":" CAPS "},"
	"\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024,\"soft\":1024}],\"noNewPrivileges\":true},"
	"\"root\":{\"path\":\"rootfs\",\"readonly\":true},\"hostname\":\"zrun\","
	"\"mounts\":["
	"{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
	"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\",\"options\":[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\",\"gid=5\"]},"
	"{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\",\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\",\"options\":[\"nosuid\",\"noexec\",\"nodev\"]},"
	"{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\",\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]},"
	"{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\",\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"relatime\",\"ro\"]}],"
	"\"linux\":{\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]},"
	"\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"mount\"},{\"type\":\"cgroup\"}],"
	"\"maskedPaths\":[\"/proc/acpi\",\"/proc/asound\",\"/proc/kcore\",\"/proc/keys\",\"/proc/latency_stats\",\"/proc/timer_list\","
	"\"/proc/timer_stats\",\"/proc/sched_debug\",\"/sys/firmware\",\"/sys/devices/virtual/powercap\",\"/proc/scsi\",\"/proc/interrupts\"],"
	"\"readonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\",\"/proc/sysrq-trigger\"]}}";

static void drop_named(struct json *list, const char *key, const char *value)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (str_eq(json_get_string(list->items[i], key, ""), value))
			json_free(list->items[i]);
		else
			list->items[kept++] = list->items[i];
	}
	list->n = kept;
}

static void add_map(struct json *linux_part, const char *key, unsigned id)
{
	struct json *map = json_add(json_set(linux_part, key, json_new_array()), json_new_object());

	(void)json_set(map, "containerID", json_new_i64(0));
	(void)json_set(map, "hostID", json_new_i64(id));
	(void)json_set(map, "size", json_new_i64(1));
}

/* What a user without rights can have: a user namespace of its own, the host's network, no limits, no groups of terminals. */
static void make_rootless(struct json *j)
{
	struct json *l = json_get(j, "linux"), *namespaces = json_get(l, "namespaces"),
		    *mounts = json_get(j, "mounts");

	drop_named(namespaces, "type", "network");
	(void)json_set(json_add(namespaces, json_new_object()), "type", json_new_string("user"));
	add_map(l, "uidMappings", (unsigned)geteuid());
	add_map(l, "gidMappings", (unsigned)getegid());
	(void)json_unset(l, "resources");
	drop_named(mounts, "type", "cgroup");
	for (size_t i = 0; i < mounts->n; i++) {
		struct json *options = json_get(mounts->items[i], "options");

		if (str_eq(json_get_string(mounts->items[i], "type", ""), "devpts") && options &&
		    options->n > 0)
			json_free(options->items[--options->n]); /* gid=5 is not mapped */
	}
}

static int write_new(const char *dir, const char *text, struct err *e)
{
	auto_free char *path = mem_format("%s/config.json", dir);
	auto_close int fd =
		sys_openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_sys(e, "make \"%s\"", path);
	size_t n = strlen(text);

	return sys_write(fd, text, n) == (ssize_t)n ? 0 : err_sys(e, "write \"%s\"", path);
}

int zrun_spec(struct cli_args *a)
{
	struct err e = { 0 };
	auto_ptr(json) struct json *j = NULL;

	if (json_parse_simple(example, strlen(example), &j, &e) < 0)
		return zrun_fail(&e);
	if (cli_has(a, "rootless"))
		make_rootless(j);
	auto_free char *body = json_print(j, true);
	auto_free char *text = mem_format("%s\n", body);

	return write_new(cli_value(a, "bundle", "."), text, &e) < 0 ? zrun_fail(&e) : CLI_DONE;
}
