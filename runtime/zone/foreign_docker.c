/* foreign_docker - what `docker inspect CONTAINER` (or podman inspect) prints: an array with one object, whose members and those of Config, HostConfig and NetworkSettings become items, such as
 * "HostConfig.Memory". Members that say nothing - null, false, 0, -1, "", [], {} - are no items. */
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/zone/foreign.h"

/* --- reading ------------------------------------------------------------------------------------------------------ */

static bool says_nothing(const struct json *j)
{
	switch (j->type) {
	case JSON_NULL:
		return true;
	case JSON_BOOL:
		return !j->boolean;
	case JSON_NUMBER:
		return str_eq(j->text, "0") || str_eq(j->text, "-1");
	case JSON_STRING:
		return str_empty(j->text);
	case JSON_ARRAY:
	case JSON_OBJECT:
		return j->n == 0;
	}
	return false;
}

static void add_members(struct foreign *f, const struct json *object, const char *prefix)
{
	for (size_t i = 0; object && object->type == JSON_OBJECT && i < object->n; i++) {
		const struct json *member = object->items[i];

		if (says_nothing(member))
			continue;
		auto_free char *key = mem_format("%s%s", prefix, member->key);
		auto_free char *value = json_print(member, false);

		if (!foreign_add(f, key, value, member->line))
			return;
		f->items[f->n - 1].json = member;
	}
}

void foreign_read_docker(struct foreign *f, const char *text)
{
	static const char *const parts[] = { "Config", "HostConfig", "NetworkSettings" };
	const struct json *one;

	if (json_parse(text, strlen(text), FOREIGN_TEXT_MAX, &f->document, f->diags) < 0)
		return;
	one = f->document;
	if (one->type == JSON_ARRAY && one->n == 1)
		one = one->items[0];
	if (one->type != JSON_OBJECT || !json_get(one, "Config")) {
		foreign_bad(f, one->line, "it is not what docker inspect says of one container");
		return;
	}
	add_members(f, one, "");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		auto_free char *prefix = mem_format("%s.", parts[i]);

		add_members(f, json_get(one, parts[i]), prefix);
	}
}

/* --- values ------------------------------------------------------------------------------------------------------- */

/* The text of a string or number; "" for anything else. */
static const char *text_of(const struct json *j)
{
	return j && (j->type == JSON_STRING || j->type == JSON_NUMBER) ? j->text : "";
}

static const char *member_text(const struct json *object, const char *key)
{
	return text_of(json_get(object, key));
}

static const struct json *item_json(const struct foreign *f, const char *key)
{
	for (size_t i = 0; i < f->n; i++) {
		if (str_eq(f->items[i].key, key))
			return f->items[i].json;
	}
	return NULL;
}

static void take_text(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	(void)foreign_put(f, i, r->property, text_of(i->json));
}

/* A text that a take of foreign_values.c knows. */
static void with_text(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r,
		      foreign_take *take)
{
	auto_free char *own = ptr_steal(&i->value);

	i->value = mem_strdup(text_of(i->json));
	take(f, i, r);
	free(i->value);
	i->value = ptr_steal(&own);
}

static void take_size(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	with_text(f, i, r, foreign_take_size);
}

static void take_count(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	with_text(f, i, r, foreign_take_count);
}

/* Each text of a list by itself, through a take or to `property`. */
static void each_text(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r,
		      foreign_take *take)
{
	for (size_t k = 0; i->json->type == JSON_ARRAY && k < i->json->n; k++) {
		struct foreign_item one = { .key = i->key,
					    .value = (char *)text_of(i->json->items[k]),
					    .line = i->json->items[k]->line };

		if (take)
			take(f, &one, r);
		else
			(void)foreign_put(f, &one, r->property, one.value);
	}
}

static void take_env(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	each_text(f, i, r, foreign_take_env);
}

static void take_texts(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	each_text(f, i, r, NULL);
}

static void take_privileges(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	each_text(f, i, r, foreign_take_privileges);
}

/* --- the program -------------------------------------------------------------------------------------------------- */

static void add_words(struct json *list, const struct json *words)
{
	for (size_t k = 0; words && words->type == JSON_ARRAY && k < words->n; k++)
		json_add(list, json_new_string(text_of(words->items[k])));
}

/* Entrypoint and Cmd are one command; whichever comes first makes it. */
static void take_command(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	struct json *list;

	if (json_get(f->config, "service")) {
		foreign_leave(f, i, "it is part of service.command");
		return;
	}
	list = json_new_array();
	add_words(list, item_json(f, "Config.Entrypoint"));
	add_words(list, item_json(f, "Config.Cmd"));
	(void)foreign_put_json(f, i, r->property, list);
}

/* Docker names a container by the first digits of its id when nobody says otherwise. */
static void take_hostname(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	const char *name = text_of(i->json);

	if (*name && str_has_prefix(text_of(item_json(f, "Id")), name))
		foreign_leave(f, i, "it is made of the container's id");
	else
		(void)foreign_put(f, i, r->property, name);
}

static void take_restart(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	const char *name = member_text(i->json, "Name");
	bool always = str_eq(name, "always") || str_eq(name, "unless-stopped");

	if (str_empty(name)) {
		foreign_leave(f, i, "it says nothing");
		return;
	}
	(void)foreign_put(f, i, r->property, always ? "always" : name);
	if (always)
		(void)foreign_put_json(f, i, "autoboot", json_new_bool(true));
}

static void take_timeout(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	auto_free char *text = mem_format("%.20ss", text_of(i->json));

	(void)foreign_put(f, i, r->property, text);
}

/* --- limits ------------------------------------------------------------------------------------------------------- */

static void take_nano_cpus(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	(void)r;
	foreign_cpus(f, i, text_of(i->json), "1000000000");
}

static void take_quota(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	const char *period = text_of(item_json(f, "HostConfig.CpuPeriod"));

	(void)r;
	foreign_cpus(f, i, text_of(i->json), *period ? period : "100000");
}

static void take_shares(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	uint64_t v;

	if (num_u64(text_of(i->json), &v) < 0 || v > UINT32_MAX)
		foreign_leave(f, i, "it is no number");
	else
		(void)foreign_put_json(f, i, r->property,
				       json_new_u64(v * 100 / 1024 ? v * 100 / 1024 : 1));
}

static void take_ulimits(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	(void)r;
	for (size_t k = 0; i->json->type == JSON_ARRAY && k < i->json->n; k++) {
		const struct json *one = i->json->items[k];

		foreign_rlimit(f, i, member_text(one, "Name"), member_text(one, "Soft"),
			       member_text(one, "Hard"));
	}
}

static void take_sysctls(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	for (size_t k = 0; i->json->type == JSON_OBJECT && k < i->json->n; k++) {
		auto_free char *path = mem_format("%s.%s", r->property, i->json->items[k]->key);

		(void)foreign_put(f, i, path, text_of(i->json->items[k]));
	}
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static void take_mounts(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	(void)r;
	for (size_t k = 0; i->json->type == JSON_ARRAY && k < i->json->n; k++) {
		const struct json *one = i->json->items[k];
		const char *dir = member_text(one, "Destination");

		if (str_eq(member_text(one, "Type"), "tmpfs"))
			foreign_tmpfs(f, i, dir, NULL);
		else
			foreign_mount(f, i, member_text(one, "Source"), dir,
				      json_get_bool(one, "RW", true) ? "rbind" : "rbind,ro");
	}
}

/* "/src:/dst:ro"; Mounts says the same when it is there. */
static void take_binds(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	(void)r;
	if (item_json(f, "Mounts")) {
		foreign_leave(f, i, "Mounts says it");
		return;
	}
	for (size_t k = 0; i->json->type == JSON_ARRAY && k < i->json->n; k++) {
		auto_done(strv) struct strv parts = { 0 };

		strv_split(&parts, text_of(i->json->items[k]), ':');
		if (parts.n < 2)
			foreign_leave(f, i, "it is not SOURCE:DESTINATION");
		else
			foreign_mount(f, i, parts.items[0], parts.items[1],
				      parts.n > 2 ? parts.items[2] : NULL);
	}
}

static void take_tmpfs(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	(void)r;
	for (size_t k = 0; i->json->type == JSON_OBJECT && k < i->json->n; k++)
		foreign_tmpfs(f, i, i->json->items[k]->key, text_of(i->json->items[k]));
}

static void take_devices(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	(void)r;
	for (size_t k = 0; i->json->type == JSON_ARRAY && k < i->json->n; k++) {
		struct json *device = json_new_object();

		json_set(device, "match",
			 json_new_string(member_text(i->json->items[k], "PathOnHost")));
		(void)foreign_put_json(f, i, "device[+]", device);
	}
}

/* --- network ------------------------------------------------------------------------------------------------------ */

static void take_network(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	const char *mode = text_of(i->json);

	(void)r;
	if (str_eq(mode, "none"))
		foreign_leave(f, i, "a zone has only links that are given to it");
	else if (str_eq(mode, "host") || str_has_prefix(mode, "container:"))
		foreign_leave(f, i, "every zone has a network of its own here: give it an anet");
	else
		(void)foreign_put_json(f, i, "anet[+]", json_new_object());
}

/* {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]} */
static void publish_one(struct foreign *f, struct foreign_item *i, const char *inner,
			const struct json *outer)
{
	struct json *j = json_new_object();
	size_t n = strcspn(inner, "/");
	auto_free char *to = mem_strndup(inner, n);
	const char *port = member_text(outer, "HostPort");
	const char *address = member_text(outer, "HostIp");
	uint64_t number;

	if (num_u64(port, &number) == 0)
		json_set(j, "port", json_new_u64(number));
	else
		json_set(j, "port", json_new_string(port));
	if (num_u64(to, &number) == 0)
		json_set(j, "to", json_new_u64(number));
	if (inner[n] == '/')
		json_set(j, "protocol", json_new_string(inner + n + 1));
	if (*address && !str_eq(address, "0.0.0.0") && !str_eq(address, "::"))
		json_set(j, "address", json_new_string(address));
	(void)foreign_put_json(f, i, "publish[+]", j);
}

static void take_ports(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	(void)r;
	for (size_t k = 0; i->json->type == JSON_OBJECT && k < i->json->n; k++) {
		const struct json *list = i->json->items[k];

		for (size_t m = 0; list->type == JSON_ARRAY && m < list->n; m++)
			publish_one(f, i, list->key, list->items[m]);
	}
}

#define NO_PROPERTY "it has no property"

const struct foreign_rule foreign_docker_rules[] = {
	{ "Config.Entrypoint", "service.command", take_command, NULL },
	{ "Config.Cmd", "service.command", take_command, NULL },
	{ "Config.User", "service.user", take_text, NULL },
	{ "Config.WorkingDir", "service.cwd", take_text, NULL },
	{ "Config.Env", "service.env", take_env, NULL },
	{ "Config.StopSignal", "service.stopSignal", take_text, NULL },
	{ "Config.StopTimeout", "shutdownTimeout", take_timeout, NULL },
	{ "HostConfig.RestartPolicy", "service.restart", take_restart, NULL },
	{ "Config.Hostname", "hostname", take_hostname, NULL },
	{ "Config.Image", NULL, NULL,
	  "its files: docker export CONTAINER >root.tar, then zone install --from root.tar" },
	{ "Config.ExposedPorts", NULL, NULL, "ports that are not published lead nowhere" },
	{ "Config.Healthcheck", NULL, NULL, NO_PROPERTY },
	{ "Config.Labels", NULL, NULL, "for notes there is attr" },
	{ "Config.Volumes", NULL, NULL, "Mounts says it" },
	{ "Config.Domainname", NULL, NULL, "write it into hostname" },
	{ "Config.*", NULL, NULL, NULL },
	{ "HostConfig.NetworkMode", NULL, take_network, NULL },
	{ "HostConfig.PortBindings", NULL, take_ports, NULL },
	{ "HostConfig.Dns", "dns.nameservers[+]", take_texts, NULL },
	{ "HostConfig.DnsSearch", "dns.search[+]", take_texts, NULL },
	{ "HostConfig.DnsOptions", "dns.options[+]", take_texts, NULL },
	{ "HostConfig.Memory", "cappedMemory.physical", take_size, NULL },
	{ "HostConfig.MemorySwap", "cappedMemory.swap", take_size, NULL },
	{ "HostConfig.MemoryReservation", "cappedMemory.soft", take_size, NULL },
	{ "HostConfig.NanoCpus", NULL, take_nano_cpus, NULL },
	{ "HostConfig.CpuQuota", NULL, take_quota, NULL },
	{ "HostConfig.CpuPeriod", NULL, NULL, "it is part of the quota" },
	{ "HostConfig.CpuShares", "cpuShares", take_shares, NULL },
	{ "HostConfig.CpusetCpus", NULL, NULL,
	  "say how many CPUs it shall have alone: dedicatedCPU.ncpus, or a pool" },
	{ "HostConfig.PidsLimit", "maxLwps", take_count, NULL },
	{ "HostConfig.BlkioWeight", "ioWeight", take_count, NULL },
	{ "HostConfig.Ulimits", NULL, take_ulimits, NULL },
	{ "HostConfig.Sysctls", "sysctl", take_sysctls, NULL },
	{ "HostConfig.CapDrop", "!", take_privileges, NULL },
	{ "HostConfig.CapAdd", "", take_privileges, NULL },
	{ "HostConfig.Privileged", NULL, NULL, "no zone has all rights over the host" },
	{ "HostConfig.ReadonlyRootfs", NULL, NULL, "see fileMacProfile" },
	{ "Mounts", NULL, take_mounts, NULL },
	{ "HostConfig.Binds", NULL, take_binds, NULL },
	{ "HostConfig.Mounts", NULL, NULL, "Mounts says it" },
	{ "HostConfig.Tmpfs", NULL, take_tmpfs, NULL },
	{ "HostConfig.Devices", NULL, take_devices, NULL },
	{ "HostConfig.ExtraHosts", NULL, NULL, "write them into the zone's /etc/hosts" },
	{ "HostConfig.SecurityOpt", NULL, NULL, "zones are confined without profiles of the host" },
	{ "HostConfig.MaskedPaths", NULL, NULL, NULL },
	{ "HostConfig.ReadonlyPaths", NULL, NULL, NULL },
	{ "HostConfig.ConsoleSize", NULL, NULL, NULL },
	{ "HostConfig.Runtime", NULL, NULL, NULL },
	{ "HostConfig.ShmSize", NULL, NULL, "half of the zone's memory is what /dev/shm may hold" },
	{ "HostConfig.LogConfig", NULL, NULL, "zone logs" },
	{ "HostConfig.AutoRemove", NULL, NULL, "a zone's files stay until zone uninstall" },
	{ "HostConfig.IpcMode", NULL, NULL, NULL },
	{ "HostConfig.CgroupnsMode", NULL, NULL, NULL },
	{ "HostConfig.*", NULL, NULL, NO_PROPERTY },
	/* what the container is and was, not how it is configured */
	{ "*", NULL, NULL, NULL },
	{ NULL, NULL, NULL, NULL },
};
