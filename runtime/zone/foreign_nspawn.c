/* foreign_nspawn - systemd.nspawn(5): sections with "Key=value"; a backslash at the end goes on with the next line. An item's key is "Section.Key". */
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/foreign.h"

/* --- reading ------------------------------------------------------------------------------------------------------ */

/* The section is kept as a place, under a name that no key has. */
static void begin_section(struct foreign *f, char *line, int number)
{
	size_t n = strlen(line);

	if (n < 3 || line[n - 1] != ']') {
		foreign_bad(f, number, "it is no [Section]");
		return;
	}
	line[n - 1] = '\0';
	if (f->n_places > 0) {
		free(f->places[0].place);
		f->places[0].place = mem_strdup(line + 1);
	} else {
		foreign_remember(f, "[", line + 1);
	}
}

static void read_line(struct foreign *f, char *line, int number)
{
	char *equals = strchr(line, '=');
	const char *section = foreign_place(f, "[");
	size_t n = equals ? (size_t)(equals - line) : 0;

	if (line[0] == '[') {
		begin_section(f, line, number);
		return;
	}
	while (n > 0 && line[n - 1] == ' ')
		n--;
	if (n == 0 || !section) {
		foreign_bad(f, number,
			    section ? "it is not \"Key=value\""
				    : "it stands before the first [Section]");
		return;
	}
	auto_free char *key = mem_format("%s.%.*s", section, (int)n, line);

	equals++;
	(void)foreign_add(f, key, equals + strspn(equals, " "), number);
}

void foreign_read_nspawn(struct foreign *f, const char *text)
{
	auto_free char *joined = mem_strdup(text);

	/* lines keep their numbers: the break goes behind what is joined */
	for (char *p = strstr(joined, "\\\n"); p; p = strstr(p, "\\\n")) {
		size_t rest = strcspn(p + 2, "\n");

		memmove(p + 1, p + 2, rest);
		*p = ' ';
		p[1 + rest] = '\n';
	}
	foreign_lines(f, joined, "#;", read_line);
}

/* --- rules -------------------------------------------------------------------------------------------------------- */

static bool is_yes(const char *value)
{
	static const char *const yes[] = { "1", "yes", "y", "true", "t", "on" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (value && strcasecmp(value, yes[i]) == 0)
			return true;
	}
	return false;
}

/* Arguments of the init, or, without one, the command itself. */
static void take_parameters(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	const char *boot = foreign_value(f, "Exec.Boot");

	if (!boot || is_yes(boot))
		(void)foreign_put(f, i, "bootargs", i->value);
	else
		foreign_take_command(f, i, r);
}

static void take_bind(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	auto_done(strv) struct strv parts = { 0 };
	auto_done(strbuf) struct strbuf options = { 0 };

	strv_split(&parts, i->value, ':');
	strbuf_add(&options, r->property);
	for (size_t k = 2; k < parts.n; k++)
		strbuf_format(&options, ",%s", parts.items[k]);
	if (parts.n == 0 || strchr(i->value, '\\'))
		foreign_leave(f, i, "a path with such characters cannot be written here");
	else
		foreign_mount(f, i, parts.items[0] + (parts.items[0][0] == '+'),
			      parts.n > 1 && *parts.items[1] ? parts.items[1] : parts.items[0],
			      strbuf_text(&options));
}

static void take_tmpfs(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	auto_free char *dir = mem_strdup(i->value);
	char *colon = strchr(dir, ':');

	(void)r;
	if (colon)
		*colon++ = '\0';
	foreign_tmpfs(f, i, dir, colon);
}

/* An anet; `property` says what the value is in it: "" nothing, else a pattern of lowerLink. */
static void take_anet(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	struct json *anet = json_new_object();
	auto_free char *lower = mem_format("%s%s", r->property, i->value);

	json_set(anet, "lowerLink", json_new_string(lower));
	(void)foreign_put_json(f, i, "anet[+]", anet);
}

static void take_virtual(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	(void)r;
	if (foreign_value(f, "Network.Bridge") || foreign_value(f, "Network.Zone"))
		foreign_leave(f, i, "it is said by the link itself");
	else if (is_yes(i->value))
		(void)foreign_put_json(f, i, "anet[+]", json_new_object());
	else
		foreign_leave(f, i, "a zone has only links that are given to it");
}

static void take_interface(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	auto_done(strv) struct strv names = { 0 };

	(void)r;
	foreign_words(i->value, &names);
	for (size_t k = 0; k < names.n; k++) {
		struct json *net = json_new_object();

		json_set(net, "physical", json_new_string(names.items[k]));
		(void)foreign_put_json(f, i, "net[+]", net);
	}
}

/* "tcp:8080:80", "8080:80", "80" */
static void take_port(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	auto_done(strv) struct strv parts = { 0 };
	struct json *publish = json_new_object();
	size_t at = 0;

	(void)r;
	strv_split(&parts, i->value, ':');
	if (parts.n > 0 && (str_eq(parts.items[0], "tcp") || str_eq(parts.items[0], "udp")))
		json_set(publish, "protocol", json_new_string(parts.items[at++]));
	if (at < parts.n)
		json_set(publish, "port", json_new_string(parts.items[at++]));
	if (at < parts.n)
		json_set(publish, "to", json_new_string(parts.items[at]));
	static const char *const numbers[] = { "port", "to" };

	for (size_t k = 0; k < 2; k++) { /* numbers, where they are some */
		const char *text = json_get_string(publish, numbers[k], NULL);

		if (text && *text && strspn(text, "0123456789") == strlen(text) && text[0] != '0')
			json_set(publish, numbers[k], json_new_number_text(text));
	}
	(void)foreign_put_json(f, i, "publish[+]", publish);
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

static void take_environment(struct foreign *f, struct foreign_item *i,
			     const struct foreign_rule *r)
{
	auto_done(strv) struct strv words = { 0 };

	foreign_words(i->value, &words);
	for (size_t k = 0; k < words.n; k++) {
		struct foreign_item one = { .key = i->key,
					    .value = words.items[k],
					    .line = i->line };

		foreign_take_env(f, &one, r);
	}
}

const struct foreign_rule foreign_nspawn_rules[] = {
	{ "Exec.Boot", NULL, NULL,
	  "a zone of brand linux boots the init of its root, unless it has a service" },
	{ "Exec.Parameters", "service.command", take_parameters, NULL },
	{ "Exec.User", "service.user", NULL, NULL },
	{ "Exec.WorkingDirectory", "service.cwd", NULL, NULL },
	{ "Exec.Environment", "service.env", take_environment, NULL },
	{ "Exec.KillSignal", "service.stopSignal", NULL, NULL },
	{ "Exec.Hostname", "hostname", NULL, NULL },
	{ "Exec.Capability", "", foreign_take_privileges, NULL },
	{ "Exec.DropCapability", "!", foreign_take_privileges, NULL },
	{ "Exec.Limit*", NULL, take_limit, NULL },
	{ "Exec.PrivateUsers", NULL, NULL,
	  "every zone has 65536 ids of its own; files that were shifted on the disk must be shifted back before zone install --from" },
	{ "Exec.Personality", NULL, foreign_take_architecture, NULL },
	{ "Exec.CPUAffinity", NULL, NULL,
	  "say how many CPUs it shall have alone: dedicatedCPU.ncpus, or a pool" },
	{ "Exec.SystemCallFilter", NULL, NULL, "every zone has a filter for system calls" },
	{ "Exec.NoNewPrivileges", NULL, NULL, "the brand says so" },
	{ "Exec.MachineID", NULL, NULL, "the machine's id is derived from the zone's UUID" },
	{ "Exec.ResolvConf", NULL, NULL, "see dns" },
	{ "Exec.Timezone", NULL, NULL, "the zone's own /etc/localtime counts" },
	{ "Exec.LinkJournal", NULL, NULL, "the journal of a zone stays in its files" },
	{ "Exec.Ephemeral", NULL, NULL, "a zone's files stay until zone uninstall" },
	{ "Exec.AmbientCapability", NULL, NULL, "a service's user has no ambient capabilities" },
	{ "Exec.*", NULL, NULL, "it has no property" },
	{ "Files.Bind", "rbind", take_bind, NULL },
	{ "Files.BindReadOnly", "rbind,ro", take_bind, NULL },
	{ "Files.TemporaryFileSystem", NULL, take_tmpfs, NULL },
	{ "Files.PrivateUsersChown", NULL, NULL, "owners stay on the disk as the zone sees them" },
	{ "Files.PrivateUsersOwnership", NULL, NULL,
	  "owners stay on the disk as the zone sees them" },
	{ "Files.*", NULL, NULL, "it has no property" },
	{ "Network.Bridge", "", take_anet, NULL },
	{ "Network.MACVLAN", "", take_anet, NULL },
	{ "Network.Zone", "auto:", take_anet, NULL },
	{ "Network.VirtualEthernet", NULL, take_virtual, NULL },
	{ "Network.Interface", NULL, take_interface, NULL },
	{ "Network.Port", NULL, take_port, NULL },
	{ "Network.Private", NULL, NULL, "a zone never has the host's network" },
	{ "Network.IPVLAN", NULL, NULL,
	  "zones have no ipvlan links: macvlan is what an anet on a link of the host makes" },
	{ "Network.VirtualEthernetExtra", NULL, NULL,
	  "links between two zones: give both an anet with the same lowerLink" },
	{ "Network.*", NULL, NULL, "it has no property" },
	{ NULL, NULL, NULL, NULL },
};
