/* foreign_zonecfg - what `zonecfg export` prints on Solaris and illumos: commands, one a line or with ";" between. "set" and "add" within a resource become items such as "anet.0.linkname", the beginning of a
 * resource one such as "anet.0"; the number counts resources of that kind. */
#include <ctype.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/zone/foreign.h"

/* --- reading ------------------------------------------------------------------------------------------------------ */

/* The resource that is open is a place under a name that no key has. */
#define OPEN "["

static void set_open(struct foreign *f, const char *resource)
{
	if (f->n_places == 0) {
		foreign_remember(f, OPEN, resource);
		return;
	}
	free(f->places[0].place);
	f->places[0].place = mem_strdup(resource);
}

static size_t count_resources(const struct foreign *f, const char *kind)
{
	auto_free char *prefix = mem_format("%s.", kind);
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		const char *rest = str_after(f->items[i].key, prefix);

		n += rest && !strchr(rest, '.');
	}
	return n;
}

static void begin_resource(struct foreign *f, const char *kind, int number)
{
	if (strspn(kind, "abcdefghijklmnopqrstuvwxyz-") != strlen(kind)) {
		foreign_bad(f, number, "\"%.40s\" is no resource", kind);
		return;
	}
	auto_free char *key = mem_format("%s.%zu", kind, count_resources(f, kind));

	if (foreign_add(f, key, "", number))
		set_open(f, key);
}

/* Without the quotes around it. */
static char *plain(const char *value)
{
	size_t n = strlen(value);

	if (n >= 2 && value[0] == '"' && value[n - 1] == '"')
		return mem_strndup(value + 1, n - 2);
	return mem_strdup(value);
}

static void add_property(struct foreign *f, const char *name, size_t n, const char *value,
			 int number)
{
	const char *open = foreign_place(f, OPEN);
	auto_free char *key =
		str_empty(open) ? mem_strndup(name, n) : mem_format("%s.%.*s", open, (int)n, name);
	auto_free char *text = plain(value + strspn(value, " "));

	(void)foreign_add(f, key, text, number);
}

static void do_set(struct foreign *f, const char *rest, int number)
{
	size_t n = strcspn(rest, " =");
	const char *equals = rest + n + strspn(rest + n, " ");

	if (n == 0 || *equals != '=')
		foreign_bad(f, number, "it is not \"set PROPERTY=VALUE\"");
	else
		add_property(f, rest, n, equals + 1, number);
}

static void do_add(struct foreign *f, const char *rest, int number)
{
	bool inside = !str_empty(foreign_place(f, OPEN));
	size_t n = strcspn(rest, " ");

	if (n == 0 || (inside && rest[n] == '\0'))
		foreign_bad(f, number,
			    inside ? "a resource is open: it is not \"add PROPERTY VALUE\""
				   : "it is not \"add RESOURCE\"");
	else if (inside)
		add_property(f, rest, n, rest + n, number);
	else
		begin_resource(f, rest, number);
}

static void do_end(struct foreign *f, const char *rest, int number)
{
	(void)rest;
	if (str_empty(foreign_place(f, OPEN)))
		foreign_bad(f, number, "no resource is open");
	else
		set_open(f, "");
}

static void do_create(struct foreign *f, const char *rest, int number)
{
	if (*rest && !str_eq(rest, "-b") && !str_eq(rest, "-F -b") && !str_eq(rest, "-b -F"))
		(void)foreign_add(f, "create", rest, number);
}

static void do_nothing(struct foreign *f, const char *rest, int number)
{
	(void)f;
	(void)rest;
	(void)number;
}

static const struct {
	const char *word;
	void (*run)(struct foreign *f, const char *rest, int number);
} commands[] = {
	{ "create", do_create },  { "set", do_set },        { "add", do_add },
	{ "end", do_end },        { "commit", do_nothing }, { "exit", do_nothing },
	{ "verify", do_nothing },
};

static void read_command(struct foreign *f, char *command, int number)
{
	command += strspn(command, " ");
	size_t n = strcspn(command, " ");

	if (*command == '\0')
		return;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strlen(commands[i].word) == n && strncmp(commands[i].word, command, n) == 0) {
			for (size_t k = strlen(command); k > n && command[k - 1] == ' '; k--)
				command[k - 1] = '\0';
			commands[i].run(f, command + n + strspn(command + n, " "), number);
			return;
		}
	}
	foreign_bad(f, number, "\"%.*s\" is no command of an export", n < 40 ? (int)n : 40,
		    command);
}

/* ";" outside of quotes ends a command. */
static void read_line(struct foreign *f, char *line, int number)
{
	bool quoted = false;
	char *begin = line;

	for (char *p = line;; p++) {
		quoted ^= *p == '"';
		if (*p != '\0' && (*p != ';' || quoted))
			continue;
		bool last = *p == '\0';

		*p = '\0';
		if (f->diags->n == 0)
			read_command(f, begin, number);
		if (last)
			break;
		begin = p + 1;
	}
	if (quoted)
		foreign_bad(f, number, "a quote is not closed");
}

void foreign_read_zonecfg(struct foreign *f, const char *text)
{
	foreign_lines(f, text, "#", read_line);
}

/* --- rules -------------------------------------------------------------------------------------------------------- */

static void take_brand(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	(void)r;
	if (str_eq(i->value, "lx"))
		(void)foreign_put(f, i, "brand", "linux");
	else
		foreign_leave(f, i,
			      "programs of Solaris do not run here: brand native has the host's");
}

static void take_place(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	if (strstr(i->value, "%{"))
		foreign_leave(f, i, "it is the default place there; zones have one here");
	else
		(void)foreign_put(f, i, r->property, i->value);
}

/* Sizes are written with small letters, too: 512m. */
static void take_size(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	for (char *p = i->value; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	foreign_take_size(f, i, r);
}

static void take_ip_type(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	(void)r;
	foreign_leave(f, i,
		      str_eq(i->value, "exclusive")
			      ? "it is so without being said"
			      : "every zone has a network of its own here: give it an anet");
}

/* "anet.0" of "anet.0.mtu" */
static char *resource_of(const struct foreign_item *i)
{
	const char *dot = strrchr(i->key, '.');

	return mem_strndup(i->key, dot ? (size_t)(dot - i->key) : 0);
}

static void take_anet(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	(void)r;
	if (!foreign_put_json(f, i, "anet[+]", json_new_object()))
		return;
	auto_free char *place = mem_format("anet[%zu]", json_get(f->config, "anet")->n - 1);

	foreign_remember(f, i->key, place);
}

static void take_member(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	auto_free char *resource = resource_of(i);
	const char *place = foreign_place(f, resource);

	if (!place) {
		foreign_leave(f, i, "its link is not made");
		return;
	}
	auto_free char *path = mem_format("%s.%s", place, r->property);
	const struct foreign_rule own = { .property = path };

	if (str_has_suffix(r->property, "[+]"))
		foreign_take_list(f, i, &own);
	else if (str_eq(i->value, "true") || str_eq(i->value, "false"))
		(void)foreign_put_json(f, i, path, json_new_bool(str_eq(i->value, "true")));
	else
		(void)foreign_put(f, i, path, i->value);
}

static const char *member_value(const struct foreign *f, const struct foreign_item *i,
				const char *member)
{
	auto_free char *key = mem_format("%s.%s", i->key, member);

	return foreign_value(f, key);
}

static void take_net(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	static const struct {
		const char *theirs, *ours;
	} members[] = { { "physical", "physical" },
			{ "address", "address" },
			{ "allowed-address", "address" } };
	struct json *net = json_new_object();
	const char *router = member_value(f, i, "defrouter");

	(void)r;
	for (size_t k = 0; k < sizeof(members) / sizeof(members[0]); k++) {
		const char *value = member_value(f, i, members[k].theirs);

		if (value)
			json_set(net, members[k].ours, json_new_string(value));
	}
	if (router)
		json_add(json_set(net, "defrouter", json_new_array()), json_new_string(router));
	(void)foreign_put_json(f, i, "net[+]", net);
}

static void take_fs(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	const char *dir = member_value(f, i, "dir");
	const char *special = member_value(f, i, "special");
	const char *type = member_value(f, i, "type");
	auto_done(strbuf) struct strbuf options = { 0 };
	auto_free char *key = mem_format("%s.options", i->key);

	(void)r;
	for (size_t k = 0; k < f->n; k++) {
		if (str_eq(f->items[k].key, key))
			strbuf_format(&options, ",%s", f->items[k].value);
	}
	for (char *p = options.text; p && *p; p++) {
		if (strchr("[]() ", *p))
			*p = ',';
	}
	if (!dir || !type)
		foreign_leave(f, i, "it says no dir or no type");
	else if (str_eq(type, "lofs") && special)
		foreign_mount(f, i, special, dir, strbuf_text(&options));
	else if (str_eq(type, "tmpfs"))
		foreign_tmpfs(f, i, dir, strbuf_text(&options));
	else
		foreign_leave(f, i, "a zone mounts directories of the host and tmpfs, no \"%.20s\"",
			      type);
}

static void take_device(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	const char *match = member_value(f, i, "match");
	struct json *device = json_new_object();

	(void)r;
	json_set(device, "match", json_new_string(match ? match : ""));
	(void)foreign_put_json(f, i, "device[+]", device);
}

static void take_attr(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	const char *name = member_value(f, i, "name");
	const char *value = member_value(f, i, "value");
	auto_free char *path = mem_format("attr.%s", name ? name : "");

	(void)r;
	if (name && value)
		(void)foreign_put(f, i, path, value);
	else
		foreign_leave(f, i, "it says no name or no value");
}

static void take_rctl(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	const char *name = member_value(f, i, "name");
	const char *value = member_value(f, i, "value");
	const char *limit = value ? strstr(value, "limit=") : NULL;
	struct json *rctl = json_new_object();

	(void)r;
	limit = limit ? limit + strlen("limit=") : "";
	auto_free char *number = mem_strndup(limit, strcspn(limit, ",) "));

	json_set(rctl, "name", json_new_string(name ? name : ""));
	json_set(rctl, "value", json_new_string(number));
	(void)foreign_put_json(f, i, "rctl[+]", rctl);
}

#define PRIVILEGES  "privileges of Solaris are none of Linux: see limitpriv in zone.json(5)"
#define NO_PROPERTY "it has no property"

const struct foreign_rule foreign_zonecfg_rules[] = {
	{ "create", NULL, NULL, "the template is not read: export the zone, which says all of it" },
	{ "zonename", NULL, NULL, NULL },
	{ "brand", NULL, take_brand, NULL },
	{ "zonepath", "zonepath", take_place, NULL },
	{ "autoboot", "autoboot", foreign_take_yes, NULL },
	{ "autoshutdown", "autoshutdown", NULL, NULL },
	{ "bootargs", NULL, NULL, "arguments of the kernel of Solaris" },
	{ "limitpriv", NULL, NULL, PRIVILEGES },
	{ "ip-type", NULL, take_ip_type, NULL },
	{ "hostid", "hostid", NULL, NULL },
	{ "pool", "pool", NULL, NULL },
	{ "scheduling-class", "schedulingClass", NULL, NULL },
	{ "file-mac-profile", "fileMacProfile", NULL, NULL },
	{ "cpu-shares", "cpuShares", foreign_take_count, NULL },
	{ "max-lwps", "maxLwps", foreign_take_count, NULL },
	{ "max-processes", "maxProcesses", foreign_take_count, NULL },
	{ "max-msg-ids", "maxMsgIds", foreign_take_count, NULL },
	{ "max-sem-ids", "maxSemIds", foreign_take_count, NULL },
	{ "max-shm-ids", "maxShmIds", foreign_take_count, NULL },
	{ "max-shm-memory", "maxShmMemory", take_size, NULL },
	{ "capped-cpu.*.ncpus", "cappedCPU.ncpus", NULL, NULL },
	{ "dedicated-cpu.*.ncpus", "dedicatedCPU.ncpus", NULL, NULL },
	{ "dedicated-cpu.*.importance", NULL, NULL, NO_PROPERTY },
	{ "capped-memory.*.physical", "cappedMemory.physical", take_size, NULL },
	{ "capped-memory.*.swap", "cappedMemory.swap", take_size, NULL },
	{ "capped-memory.*.locked", "cappedMemory.locked", take_size, NULL },
	{ "anet.+([0-9])", NULL, take_anet, NULL },
	{ "anet.*.linkname", "linkname", take_member, NULL },
	{ "anet.*.lower-link", "lowerLink", take_member, NULL },
	{ "anet.*.configure-allowed-address", "configureAllowedAddress", take_member, NULL },
	{ "anet.*.allowed-address", "allowedAddress[+]", take_member, NULL },
	{ "anet.*.defrouter", "defrouter[+]", take_member, NULL },
	{ "anet.*.link-protection", "linkProtection[+]", take_member, NULL },
	{ "anet.*.mac-address", "macAddress", take_member, NULL },
	{ "anet.*.mtu", "mtu", take_member, NULL },
	{ "anet.*.maxbw", "maxbw", take_member, NULL },
	{ "anet.*.bwshare", "bwShare", take_member, NULL },
	{ "anet.*.vlan-id", "vlanId", take_member, NULL },
	{ "anet.*", NULL, NULL, NO_PROPERTY },
	{ "net.+([0-9])", NULL, take_net, NULL },
	{ "net.*.physical", NULL, NULL, NULL },
	{ "net.*.address", NULL, NULL, NULL },
	{ "net.*.allowed-address", NULL, NULL, NULL },
	{ "net.*.defrouter", NULL, NULL, NULL },
	{ "net.*", NULL, NULL, NO_PROPERTY },
	{ "fs.+([0-9])", NULL, take_fs, NULL },
	{ "fs.*.dir", NULL, NULL, NULL },
	{ "fs.*.special", NULL, NULL, NULL },
	{ "fs.*.type", NULL, NULL, NULL },
	{ "fs.*.options", NULL, NULL, NULL },
	{ "fs.*", NULL, NULL, NO_PROPERTY },
	{ "device.+([0-9])", NULL, take_device, NULL },
	{ "device.*.match", NULL, NULL, NULL },
	{ "device.*", NULL, NULL, NO_PROPERTY },
	{ "attr.+([0-9])", NULL, take_attr, NULL },
	{ "attr.*.name", NULL, NULL, NULL },
	{ "attr.*.value", NULL, NULL, NULL },
	{ "attr.*.type", NULL, NULL, NULL },
	{ "rctl.+([0-9])", NULL, take_rctl, NULL },
	{ "rctl.*.name", NULL, NULL, NULL },
	{ "rctl.*.value", NULL, NULL, NULL },
	{ "dataset.+([0-9])", NULL, NULL, "there is no ZFS: give it a directory of the host (fs)" },
	{ "dataset.*", NULL, NULL, NULL },
	{ "inherit-pkg-dir.*.dir", NULL, NULL, "brand native has the host's /usr" },
	{ "admin.*.user", NULL, NULL, "users of the host have no rights over zones" },
	{ "admin.*.auths", NULL, NULL, NULL },
	{ "*.+([0-9])", NULL, NULL, NULL },
	{ "*.+([0-9]).*", NULL, NULL, "a resource that zones do not have here" },
	{ NULL, NULL, NULL, NULL },
};
