/* foreign_lxc - lxc.container.conf(5): "key = value". Keys of LXC 2 are read as those of LXC 3 and later; "lxc.network.type" began a new link there. */
#include <stdio.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/zone/foreign.h"

/* --- reading ------------------------------------------------------------------------------------------------------ */

static const struct {
	const char *old, *now;
} old_names[] = {
	{ "lxc.utsname", "lxc.uts.name" },
	{ "lxc.rootfs", "lxc.rootfs.path" },
	{ "lxc.id_map", "lxc.idmap" },
	{ "lxc.mount", "lxc.mount.fstab" },
	{ "lxc.aa_profile", "lxc.apparmor.profile" },
	{ "lxc.seccomp", "lxc.seccomp.profile" },
	{ "lxc.tty", "lxc.tty.max" },
	{ "lxc.pts", "lxc.pty.max" },
	{ "lxc.haltsignal", "lxc.signal.halt" },
	{ "lxc.stopsignal", "lxc.signal.stop" },
	{ "lxc.init_cmd", "lxc.init.cmd" },
	{ "lxc.network.ipv4", "lxc.network.ipv4.address" },
	{ "lxc.network.ipv6", "lxc.network.ipv6.address" },
};

/* How many links of the old form have begun. */
static size_t links_begun(const struct foreign *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += str_has_prefix(f->items[i].key, "lxc.net.") &&
		     str_has_suffix(f->items[i].key, ".type");
	return n;
}

static char *current_name(const struct foreign *f, const char *key)
{
	const char *member;

	for (size_t i = 0; i < sizeof(old_names) / sizeof(old_names[0]); i++) {
		if (str_eq(old_names[i].old, key))
			key = old_names[i].now;
	}
	member = str_after(key, "lxc.network.");
	if (!member)
		return mem_strdup(key);
	size_t n = links_begun(f);

	return mem_format("lxc.net.%zu.%s", str_eq(member, "type") || n == 0 ? n : n - 1, member);
}

static void read_line(struct foreign *f, char *line, int number)
{
	char *equals = strchr(line, '=');
	size_t n = equals ? (size_t)(equals - line) : 0;

	while (n > 0 && line[n - 1] == ' ')
		n--;
	if (n == 0 || !str_has_prefix(line, "lxc.")) {
		foreign_bad(f, number, "it is not \"lxc.KEY = VALUE\"");
		return;
	}
	auto_free char *key = mem_strndup(line, n);
	auto_free char *name = current_name(f, key);

	equals++;
	(void)foreign_add(f, name, equals + strspn(equals, " "), number);
}

void foreign_read_lxc(struct foreign *f, const char *text)
{
	foreign_lines(f, text, "#", read_line);
}

/* --- links -------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *type;
	bool is_anet;
	const char *left;
} link_types[] = {
	{ "veth", true, NULL },
	{ "macvlan", true, NULL },
	{ "vlan", true, NULL },
	{ "phys", false, NULL },
	{ "empty", false, "a zone has lo anyway" },
	{ "none", false, "a zone never has the host's network" },
	{ "ipvlan", false,
	  "zones have no ipvlan links: macvlan is what an anet on a link of the host makes" },
};

/* "lxc.net.0" of "lxc.net.0.type" */
static char *link_key(const struct foreign_item *i)
{
	const char *rest = str_after(i->key, "lxc.net.");
	size_t n = rest ? strcspn(rest, ".") : 0;

	return mem_format("lxc.net.%.*s", (int)n, rest ? rest : "");
}

static void make_link(struct foreign *f, struct foreign_item *i, const char *key, bool is_anet)
{
	auto_free char *link = mem_format("%s.link", key);
	const char *lower = foreign_value(f, link);
	struct json *j = json_new_object();
	const char *list = is_anet ? "anet" : "net";

	if (!is_anet)
		json_set(j, "physical", json_new_string(lower ? lower : ""));
	auto_free char *path = mem_format("%s[+]", list);

	if (!foreign_put_json(f, i, path, j))
		return;
	auto_free char *place = mem_format("%s[%zu]", list, json_get(f->config, list)->n - 1);

	foreign_remember(f, key, place);
}

static void take_type(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	auto_free char *key = link_key(i);

	(void)r;
	for (size_t k = 0; k < sizeof(link_types) / sizeof(link_types[0]); k++) {
		if (!str_eq(link_types[k].type, i->value))
			continue;
		if (link_types[k].left)
			foreign_leave(f, i, "%s", link_types[k].left);
		else
			make_link(f, i, key, link_types[k].is_anet);
		return;
	}
	foreign_leave(f, i, "a kind of link that is not known");
}

/* A member of a link; `property` is what it is called in an anet. */
static void take_member(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	auto_free char *key = link_key(i);
	const char *place = foreign_place(f, key);
	bool is_net = place && str_has_prefix(place, "net");
	auto_free char *value = mem_strndup(i->value, strcspn(i->value, " ")); /* no broadcast */

	if (!place) {
		foreign_leave(f, i, "its link is not made");
	} else if (is_net && str_eq(r->property, "lowerLink")) {
		foreign_leave(f, i, "it is said by the link itself");
	} else {
		const char *member = is_net && str_eq(r->property, "allowedAddress[+]")
					     ? "address"
					     : r->property;
		auto_free char *path = mem_format("%s.%s", place, member);

		(void)foreign_put(f, i, path, value);
	}
}

/* --- others ------------------------------------------------------------------------------------------------------- */

static void take_root(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	const char *path = str_after(i->value, "dir:");

	(void)r;
	foreign_root(f, i, path ? path : i->value);
}

static void take_entry(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	auto_done(strv) struct strv words = { 0 };

	(void)r;
	foreign_words(i->value, &words);
	if (words.n < 4)
		foreign_leave(f, i, "it is no line of fstab(5)");
	else if (strstr(words.items[3], "bind"))
		foreign_mount(f, i, words.items[0], words.items[1], words.items[3]);
	else if (str_eq(words.items[2], "tmpfs"))
		foreign_tmpfs(f, i, words.items[1], words.items[3]);
	else
		foreign_leave(f, i, "a zone mounts directories of the host and tmpfs");
}

static void take_cpu_max(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	auto_done(strv) struct strv words = { 0 };

	(void)r;
	foreign_words(i->value, &words);
	foreign_cpus(f, i, words.n > 0 ? words.items[0] : "",
		     words.n > 1 ? words.items[1] : "100000");
}

static void take_quota(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	const char *period = foreign_value(f, "lxc.cgroup.cpu.cfs_period_us");

	(void)r;
	foreign_cpus(f, i, i->value, period ? period : "100000");
}

/* cgroup v1 counts 1024 for what says nothing, zones count 100. */
static void take_shares(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	uint64_t v;

	if (num_u64(i->value, &v) < 0 || v > UINT32_MAX)
		foreign_leave(f, i, "it is no number");
	else
		(void)foreign_put_json(f, i, r->property,
				       json_new_u64(v * 100 / 1024 ? v * 100 / 1024 : 1));
}

/* Swap space alone there, RAM and swap space together here. */
static void take_swap(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	const char *ram = foreign_value(f, "lxc.cgroup2.memory.max");
	uint64_t physical, swap;
	char text[32];

	if (!ram || num_size(ram, &physical) < 0 || num_size(i->value, &swap) < 0 ||
	    swap > UINT64_MAX - physical) {
		foreign_leave(f, i, "it needs memory.max beside it, and a size");
		return;
	}
	num_size_text(physical + swap, text, sizeof(text));
	(void)foreign_put(f, i, r->property, text);
}

static void take_weight(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	const char *blank = strrchr(i->value, ' ');

	(void)foreign_put(f, i, r->property, blank ? blank + 1 : i->value);
}

static void take_limit(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	auto_free char *name = foreign_star(i, r);
	auto_free char *value = mem_strdup(i->value);
	char *colon = strchr(value, ':');

	if (colon)
		*colon++ = '\0';
	foreign_rlimit(f, i, name, value, colon);
}

static void take_init(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	if (str_eq(i->value, "/sbin/init"))
		foreign_leave(f, i, "the brand finds it");
	else
		foreign_take_command(f, i, r);
}

const struct foreign_rule foreign_lxc_rules[] = {
	{ "lxc.uts.name", "hostname", NULL, NULL },
	{ "lxc.arch", NULL, foreign_take_architecture, NULL },
	{ "lxc.rootfs.path", NULL, take_root, NULL },
	{ "lxc.init.cmd", "service.command", take_init, NULL },
	{ "lxc.execute.cmd", "service.command", foreign_take_command, NULL },
	{ "lxc.init.uid", "service.user", NULL, NULL },
	{ "lxc.init.cwd", "service.cwd", NULL, NULL },
	{ "lxc.signal.halt", "service.stopSignal", NULL, NULL },
	{ "lxc.environment", "service.env", foreign_take_env, NULL },
	{ "lxc.start.auto", "autoboot", foreign_take_yes, NULL },
	{ "lxc.net.*.type", NULL, take_type, NULL },
	{ "lxc.net.*.link", "lowerLink", take_member, NULL },
	{ "lxc.net.*.vlan.id", "vlanId", take_member, NULL },
	{ "lxc.net.*.hwaddr", "macAddress", take_member, NULL },
	{ "lxc.net.*.mtu", "mtu", take_member, NULL },
	{ "lxc.net.*.name", "linkname", take_member, NULL },
	{ "lxc.net.*.ipv4.address", "allowedAddress[+]", take_member, NULL },
	{ "lxc.net.*.ipv6.address", "allowedAddress[+]", take_member, NULL },
	{ "lxc.net.*.ipv4.gateway", "defrouter[+]", take_member, NULL },
	{ "lxc.net.*.ipv6.gateway", "defrouter[+]", take_member, NULL },
	{ "lxc.net.*.flags", NULL, NULL, "a zone's links are up" },
	{ "lxc.net.*.script.*", NULL, NULL, "zones run no scripts of the host" },
	{ "lxc.net.*.veth.*", NULL, NULL, "the host's end of a link has a name of ours" },
	{ "lxc.cgroup2.memory.max", "cappedMemory.physical", foreign_take_size, NULL },
	{ "lxc.cgroup.memory.limit_in_bytes", "cappedMemory.physical", foreign_take_size, NULL },
	{ "lxc.cgroup2.memory.swap.max", "cappedMemory.swap", take_swap, NULL },
	{ "lxc.cgroup.memory.memsw.limit_in_bytes", "cappedMemory.swap", foreign_take_size, NULL },
	{ "lxc.cgroup2.memory.low", "cappedMemory.soft", foreign_take_size, NULL },
	{ "lxc.cgroup.memory.soft_limit_in_bytes", "cappedMemory.soft", foreign_take_size, NULL },
	{ "lxc.cgroup2.cpu.max", NULL, take_cpu_max, NULL },
	{ "lxc.cgroup.cpu.cfs_quota_us", NULL, take_quota, NULL },
	{ "lxc.cgroup.cpu.cfs_period_us", NULL, NULL, "it is part of the quota" },
	{ "lxc.cgroup2.cpu.weight", "cpuShares", foreign_take_count, NULL },
	{ "lxc.cgroup.cpu.shares", "cpuShares", take_shares, NULL },
	{ "lxc.cgroup2.io.weight", "ioWeight", take_weight, NULL },
	{ "lxc.cgroup.blkio.weight", "ioWeight", foreign_take_count, NULL },
	{ "lxc.cgroup2.pids.max", "maxLwps", foreign_take_count, NULL },
	{ "lxc.cgroup.pids.max", "maxLwps", foreign_take_count, NULL },
	{ "lxc.cgroup*.cpuset.*", NULL, NULL,
	  "say how many CPUs it shall have alone: dedicatedCPU.ncpus, or a pool" },
	{ "lxc.cgroup*.devices.allow", NULL, NULL,
	  "devices go by their names: zone add NAME device match=/dev/..." },
	{ "lxc.cgroup*.devices.deny", NULL, NULL,
	  "a zone has no devices that are not given to it" },
	{ "lxc.cgroup.dir*", NULL, NULL, "zones have control groups of their own" },
	{ "lxc.cgroup.relative", NULL, NULL, "zones have control groups of their own" },
	{ "lxc.cgroup*", NULL, NULL, "a file of the control group that has no property" },
	{ "lxc.prlimit.*", NULL, take_limit, NULL },
	{ "lxc.sysctl.*", "sysctl", foreign_take_map, NULL },
	{ "lxc.mount.entry", NULL, take_entry, NULL },
	{ "lxc.mount.auto", NULL, NULL,
	  "every zone has /proc, /sys and control groups of its own" },
	{ "lxc.mount.fstab", NULL, NULL,
	  "the file is not read: give its lines as lxc.mount.entry" },
	{ "lxc.cap.drop", "!", foreign_take_privileges, NULL },
	{ "lxc.cap.keep", "none", foreign_take_privileges, NULL },
	{ "lxc.apparmor.allow_nesting", "nesting", foreign_take_yes, NULL },
	{ "lxc.apparmor.*", NULL, NULL,
	  "profiles of LXC are made for LXC: zones are confined without, apparmorProfile names one of yours" },
	{ "lxc.selinux.*", NULL, NULL,
	  "zones are confined without labels of the host: selinuxLabel sets one" },
	{ "lxc.seccomp.*", NULL, NULL, "every zone has a filter for system calls" },
	{ "lxc.no_new_privs", NULL, NULL, "the brand says so" },
	{ "lxc.idmap", NULL, NULL,
	  "every zone has 65536 ids of its own; files that were shifted on the disk must be shifted back before zone install --from" },
	{ "lxc.include", NULL, NULL, "the file is not read: give what counts of it here" },
	{ "lxc.hook.*", NULL, NULL, "zones run no scripts of the host" },
	{ "lxc.start.*", NULL, NULL,
	  "bootPriority and dependency say in which order zone autoboot boots zones" },
	{ "lxc.rootfs.*", NULL, NULL, "the root file system is what zone install makes" },
	{ "lxc.signal.*", NULL, NULL, "zone halt and zone reboot do not ask" },
	{ "lxc.autodev*", NULL, NULL, "every zone has a /dev of its own" },
	{ "lxc.tty.*", NULL, NULL, "a zone has one console" },
	{ "lxc.pty.*", NULL, NULL, "every zone has terminals of its own" },
	{ "lxc.console.*", NULL, NULL, "zone console and zone logs" },
	{ "lxc.log.*", NULL, NULL, "zone logs and zone events" },
	{ "lxc.namespace.*", NULL, NULL, "a zone shares no namespaces" },
	{ "lxc.monitor.*", NULL, NULL, "zones have a monitor of their own" },
	{ "lxc.group", NULL, NULL, "zones have tenants" },
	{ "lxc.ephemeral", NULL, NULL, "a zone's files stay until zone uninstall" },
	{ NULL, NULL, NULL, NULL },
};
