/* features - what this runtime can do, for engines that ask before they use it (OCI features.md). Only what is really there: words come from the tables that the parsers use, and what depends
 * on the kernel is asked of the kernel. */
#include <errno.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config/mount_opts.h"
#include "config/names.h"
#include "config/oci.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/base/wall.h"
#include "runtime/engine/engine.h"

static struct json *add_object(struct json *to, const char *key)
{
	return json_set(to, key, json_new_object());
}

static void add_flag(struct json *to, const char *key, bool value)
{
	(void)json_set(to, key, json_new_bool(value));
}

static void add_words(struct json *to, const char *key, const char *const *words)
{
	struct json *list = json_set(to, key, json_new_array());

	for (; *words; words++)
		(void)json_add(list, json_new_string(*words));
}

static void add_names(struct json *to, const char *key, const struct name_value *names)
{
	struct json *list = json_set(to, key, json_new_array());

	for (; names->name; names++)
		(void)json_add(list, json_new_string(names->name));
}

/* With a flag it knows the kernel goes on to the filter and stumbles over its address; with one it does not know it never gets there. */
static bool seccomp_flag_works(int64_t flag)
{
	long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, (unsigned)flag, NULL);

	return r < 0 && errno == EFAULT;
}

static void add_seccomp(struct json *linux_part)
{
	struct json *s = add_object(linux_part, "seccomp");

	add_flag(s, "enabled", true);
	add_names(s, "actions", seccomp_actions);
	add_names(s, "operators", seccomp_operators);
	add_names(s, "archs", seccomp_archs);
	add_names(s, "knownFlags", seccomp_flags);
	struct json *supported = json_set(s, "supportedFlags", json_new_array());

	for (const struct name_value *f = seccomp_flags; f->name; f++) {
		int64_t flag = f->value;

		/* this one is legal only together with a listener */
		if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
			flag |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
		if (seccomp_flag_works(flag))
			(void)json_add(supported, json_new_string(f->name));
	}
}

static void add_cgroup(struct json *linux_part)
{
	struct json *c = add_object(linux_part, "cgroup");

	add_flag(c, "v1", true);
	add_flag(c, "v2", true);
	add_flag(c, "systemd", true);
	add_flag(c, "systemdUser", true);
	add_flag(c, "rdma", true);
}

static void add_capabilities(struct json *linux_part)
{
	struct json *list = json_set(linux_part, "capabilities", json_new_array());
	const char *word;

	for (int i = 0; (word = cap_word(i)); i++)
		(void)json_add(list, json_new_string(word));
}

static void add_linux(struct json *all)
{
	struct json *l = add_object(all, "linux");
	struct json *list = json_set(l, "namespaces", json_new_array());

	for (int t = 0; t < NS_COUNT; t++)
		(void)json_add(list, json_new_string(ns_words[t]));
	add_capabilities(l);
	add_cgroup(l);
	add_seccomp(l);
	add_flag(add_object(l, "apparmor"), "enabled", true);
	add_flag(add_object(l, "selinux"), "enabled", true);
	struct json *rdt = add_object(l, "intelRdt");

	add_flag(rdt, "enabled", true);
	add_flag(rdt, "schemata", true);
	add_flag(rdt, "monitoring", true);
	struct json *policy = add_object(l, "memoryPolicy");

	add_names(policy, "modes", memory_policy_modes);
	add_names(policy, "flags", memory_policy_flags);
	add_flag(add_object(add_object(l, "mountExtensions"), "idmap"), "enabled", true);
	add_flag(add_object(l, "netDevices"), "enabled", true);
}

struct json *engine_features(void)
{
	static const char *const hooks[] = { "prestart",
					     "createRuntime",
					     "createContainer",
					     "startContainer",
					     "poststart",
					     "poststop",
					     NULL };
	struct json *all = json_new_object();

	(void)json_set(all, "ociVersionMin", json_new_string("1.0.0"));
	(void)json_set(all, "ociVersionMax", json_new_string(OCI_VERSION));
	add_words(all, "hooks", hooks);
	add_words(all, "mountOptions", mount_opts_words());
	add_linux(all);
	struct json *annotations = add_object(all, "annotations");

	(void)json_set(annotations, "org.opencontainers.zrun.version",
		       json_new_string(ZONES_VERSION));
	auto_free char *landlock = mem_format("%d", wall_landlock_abi());

	(void)json_set(annotations, "org.opencontainers.zrun.landlock.abi",
		       json_new_string(landlock));
	return all;
}
