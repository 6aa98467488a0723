/* zone_priv - the capability ceiling of a zone, from limitpriv.
 *
 * One table has every capability of Linux, in the kernel's order. What is prohibited has its reason there: those act on the whole machine, whatever user
 * namespace they are held in or were meant for, so no configuration can give them to a zone (after the privileges that Solaris keeps from non-global zones).
 * The sets of the brands are in zone_defaults.c. */
#include "config/zone_spec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "runtime/base/mem.h"

static const struct privilege {
	const char *name;
	const char *prohibited; /* why a zone can never have it; NULL: it can */
} privileges[] = {
	{ "chown", NULL },
	{ "dac_override", NULL },
	{ "dac_read_search", NULL },
	{ "fowner", NULL },
	{ "fsetid", NULL },
	{ "kill", NULL },
	{ "setgid", NULL },
	{ "setuid", NULL },
	{ "setpcap", NULL },
	{ "linux_immutable", NULL },
	{ "net_bind_service", NULL },
	{ "net_broadcast", NULL },
	{ "net_admin", NULL },
	{ "net_raw", NULL },
	{ "ipc_lock", NULL },
	{ "ipc_owner", NULL },
	{ "sys_module", "it loads code into the kernel that all zones share" },
	{ "sys_rawio", "it reaches the ports and the memory of the machine" },
	{ "sys_chroot", NULL },
	{ "sys_ptrace", NULL },
	{ "sys_pacct", NULL },
	{ "sys_admin", NULL },
	{ "sys_boot", NULL },
	{ "sys_nice", NULL },
	{ "sys_resource", NULL },
	{ "sys_time", "the clock belongs to the host and to all zones" },
	{ "sys_tty_config", NULL },
	{ "mknod", NULL },
	{ "lease", NULL },
	{ "audit_write", NULL },
	{ "audit_control", "it changes the audit rules of the whole machine" },
	{ "setfcap", NULL },
	{ "mac_override", "it overrides the host's mandatory access control" },
	{ "mac_admin", "it changes the host's mandatory access control" },
	{ "syslog", "the kernel's log tells about the host and all zones" },
	{ "wake_alarm", "it wakes the whole machine" },
	{ "block_suspend", "it keeps the whole machine from sleeping" },
	{ "audit_read", "the audit log tells about the host and all zones" },
	{ "perfmon", "it observes the kernel and thereby other zones" },
	{ "bpf", "it loads programs into the kernel that all zones share" },
	{ "checkpoint_restore", NULL },
};
enum { PRIVILEGES = sizeof(privileges) / sizeof(privileges[0]) };

/* Index of a privilege by name, any case, with or without "cap_"; -1 when there is none. */
static int find(const char *name)
{
	if (strncasecmp(name, "cap_", 4) == 0)
		name += 4;
	for (int i = 0; i < PRIVILEGES; i++)
		if (strcasecmp(privileges[i].name, name) == 0)
			return i;
	return -1;
}

const char *zone_privilege_prohibited(const char *name)
{
	int i = find(name);

	return i < 0 ? NULL : privileges[i].prohibited;
}

const char *zone_privilege_at(size_t i)
{
	return i < PRIVILEGES ? privileges[i].name : NULL;
}

static void add_set(bool *has, const char *const *names)
{
	for (; names && *names; names++)
		has[find(*names)] = true;
}

static int add_name(bool *has, const char *word, bool wanted, char *why, size_t why_size)
{
	int i = find(word);

	if (i < 0) {
		const char *names[PRIVILEGES + 1] = { NULL };
		const char *near;

		for (size_t k = 0; k < PRIVILEGES; k++)
			names[k] = privileges[k].name;
		near = str_nearest(word, names);
		(void)snprintf(why, why_size, "\"%.40s\" is not a privilege%s%s%s", word,
			       near ? " (did you mean \"" : "", near ? near : "",
			       near ? "\"?)" : "");
		return -EINVAL;
	}
	if (wanted && privileges[i].prohibited) {
		(void)snprintf(why, why_size, "a zone can never have \"%s\": %s",
			       privileges[i].name, privileges[i].prohibited);
		return -EINVAL;
	}
	has[i] = wanted;
	return 0;
}

static int apply_word(bool *has, const char *word, const char *const *defaults, char *why,
		      size_t why_size)
{
	bool taken_away = word[0] == '!' || word[0] == '-';

	if (taken_away)
		return add_name(has, word + 1, false, why, why_size);
	if (strcasecmp(word, "default") == 0) {
		add_set(has, defaults);
	} else if (strcasecmp(word, "all") == 0) {
		for (int i = 0; i < PRIVILEGES; i++)
			has[i] = !privileges[i].prohibited;
	} else if (strcasecmp(word, "none") == 0) {
		memset(has, 0, PRIVILEGES * sizeof(*has));
	} else {
		return add_name(has, word, true, why, why_size);
	}
	return 0;
}

int zone_privileges(const char *limitpriv, const char *brand, struct strv *ret, char *why,
		    size_t why_size)
{
	auto_done(strv) struct strv words = { 0 };
	const struct zone_brand *b = zone_brand_find(brand ? brand : zone_brand_at(0)->name);
	bool has[PRIVILEGES] = { false };

	strv_split(&words, str_empty(limitpriv) ? "default" : limitpriv, ',');
	for (size_t i = 0; i < words.n; i++) {
		int r = apply_word(has, words.items[i], b ? b->privileges : NULL, why, why_size);

		if (r < 0)
			return r;
	}
	for (int i = 0; i < PRIVILEGES; i++) {
		char name[32] = "CAP_";

		if (!has[i])
			continue;
		for (size_t k = 0; privileges[i].name[k]; k++)
			name[4 + k] = privileges[i].name[k] == '_'
					      ? '_'
					      : (char)(privileges[i].name[k] - 'a' + 'A');
		strv_add(ret, name);
	}
	return 0;
}
