/* foreign - the items, the report, and the check of every single value against the whole configuration. */
#include "runtime/zone/foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/zone/config_text.h"

enum { SHOWN = 200 };

void zone_foreign_done(struct zone_foreign *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->rows[i].key);
		free(f->rows[i].value);
		free(f->rows[i].property);
		free(f->rows[i].text);
	}
	free(f->rows);
	free(f->name);
	free(f->file);
	free(f->root);
	*f = (struct zone_foreign){ 0 };
}

void foreign_done(struct foreign *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->items[i].key);
		free(f->items[i].value);
	}
	for (size_t i = 0; i < f->n_places; i++) {
		free(f->places[i].key);
		free(f->places[i].place);
	}
	free(f->items);
	free(f->places);
	json_free(f->config);
	json_free(f->document);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

void foreign_bad(struct foreign *f, int line, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	diag_add(f->diags, DIAG_AT(line, line > 0), "", "syntax", NULL, "%s", text);
}

bool foreign_add(struct foreign *f, const char *key, const char *value, int line)
{
	if (f->n == FOREIGN_ITEMS_MAX) {
		foreign_bad(f, line, "more than %d settings", FOREIGN_ITEMS_MAX);
		return false;
	}
	f->items = mem_grow(f->items, f->n + 1, sizeof(*f->items));
	f->items[f->n++] = (struct foreign_item){ .key = mem_strdup(key),
						  .value = mem_strdup(value),
						  .line = line };
	return true;
}

static char *trim(char *line)
{
	size_t n;

	line += strspn(line, " \t");
	n = strlen(line);
	while (n > 0 && strchr(" \t\r", line[n - 1]))
		line[--n] = '\0';
	return line;
}

void foreign_lines(struct foreign *f, const char *text, const char *comment,
		   void (*each)(struct foreign *f, char *line, int number))
{
	auto_free char *copy = mem_strdup(text);
	int number = 0;

	for (char *at = copy; at && f->diags->n == 0;) {
		char *next = strchr(at, '\n');
		char *line;

		if (next)
			*next++ = '\0';
		line = trim(at);
		number++;
		for (char *p = line; *p; p++)
			*p = *p == '\t' ? ' ' : *p;
		if (!str_is_line_safe(line, NULL) || !str_is_utf8(line, strlen(line)))
			foreign_bad(f, number, "the line contains characters that are no text");
		else if (*line && !strchr(comment, *line))
			each(f, line, number);
		at = next;
	}
}

/* --- the report --------------------------------------------------------------------------------------------------- */

/* Of what an enemy has written only as much as a line holds, without control characters. */
static char *shown(const char *text)
{
	char *copy = mem_strndup(text ? text : "", SHOWN);
	unsigned char *p;

	for (p = (unsigned char *)copy; *p; p++) {
		if (*p < 0x20 || *p == 0x7f)
			*p = '?';
	}
	if (!str_is_utf8(copy, strlen(copy))) { /* cut within a character */
		while (p > (unsigned char *)copy && p[-1] >= 0x80)
			*--p = '\0';
	}
	return copy;
}

static void add_row(struct foreign *f, const struct foreign_item *i, const char *property,
		    const char *text)
{
	struct zone_foreign *r = f->report;

	r->rows = mem_grow(r->rows, r->n + 1, sizeof(*r->rows));
	r->rows[r->n++] = (struct zone_foreign_row){ .key = shown(i->key),
						     .value = shown(i->value),
						     .line = i->line,
						     .property = mem_strdup(property),
						     .text = text ? shown(text) : NULL };
}

void foreign_leave(struct foreign *f, const struct foreign_item *i, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	add_row(f, i, NULL, text);
}

const char *foreign_value(const struct foreign *f, const char *key)
{
	for (size_t i = f->n; i > 0; i--) {
		if (str_eq(f->items[i - 1].key, key))
			return f->items[i - 1].value;
	}
	return NULL;
}

void foreign_remember(struct foreign *f, const char *key, const char *place)
{
	f->places = mem_grow(f->places, f->n_places + 1, sizeof(*f->places));
	f->places[f->n_places++] =
		(struct foreign_place){ .key = mem_strdup(key), .place = mem_strdup(place) };
}

const char *foreign_place(const struct foreign *f, const char *key)
{
	for (size_t i = 0; i < f->n_places; i++) {
		if (str_eq(f->places[i].key, key))
			return f->places[i].place;
	}
	return NULL;
}

void foreign_root(struct foreign *f, const struct foreign_item *i, const char *path)
{
	struct stat st;

	if (path[0] != '/' || lstat(path, &st) < 0 || !S_ISDIR(st.st_mode)) {
		foreign_leave(f, i, "\"%s\" is no directory of this host", path);
		return;
	}
	free(f->report->root);
	f->report->root = mem_strdup(path);
	foreign_leave(f, i, "for zone install --from");
}

/* --- values ------------------------------------------------------------------------------------------------------- */

/* Is the tree a valid configuration? What is wrong goes to `why`. */
static bool is_valid(const struct json *tree, char **why)
{
	auto_free char *text = config_print(tree);
	auto_done(diag_list) struct diag_list diags = { 0 };
	auto_ptr(zone_spec) struct zone_spec *spec = NULL;

	if (zone_spec_parse(text, strlen(text), &spec, &diags) == 0)
		return true;
	free(*why);
	*why = diags.n > 0 ? mem_format("%s: %s", diags.items[0].path, diags.items[0].message)
			   : mem_strdup("the configuration would not be valid");
	return false;
}

static bool try_value(struct foreign *f, const char *path, const char *value, char **why)
{
	struct json *tree = json_clone(f->config);
	struct err e = { 0 };

	if (zone_path_set(tree, path, value, &e) < 0) {
		free(*why);
		*why = mem_strdup(e.text);
	} else if (is_valid(tree, why)) {
		json_free(f->config);
		f->config = tree;
		return true;
	}
	json_free(tree);
	return false;
}

/* "fs[+]" -> "fs[2]", as the configuration is now, after it was put. */
static char *real_path(const struct foreign *f, const char *path)
{
	const char *plus = strstr(path, "[+]");
	struct json *list = NULL;
	struct err ignored = { 0 };

	if (!plus)
		return mem_strdup(path);
	auto_free char *name = mem_strndup(path, (size_t)(plus - path));

	if (zone_path_get(f->config, name, &list, &ignored) < 0 || !list || list->n == 0)
		return mem_strdup(path);
	return mem_format("%s[%zu]%s", name, list->n - 1, plus + 3);
}

static bool put(struct foreign *f, const struct foreign_item *i, const char *path,
		const char *const values[2])
{
	auto_free char *why = NULL;

	/* allowed in a file, for zones that have their program from an image */
	if (str_has_prefix(path, "service.") && !str_eq(path, "service.command") &&
	    !json_get(json_get(f->config, "service"), "command")) {
		foreign_leave(f, i, "there is no program (service.command) that it could be for");
		return false;
	}
	for (int k = 0; k < 2 && values[k]; k++) {
		if (!try_value(f, path, values[k], &why))
			continue;
		auto_free char *where = real_path(f, path);

		add_row(f, i, where, NULL);
		return true;
	}
	foreign_leave(f, i, "%s", why);
	return false;
}

/* As a text first, so that a name that looks like a number stays a name. */
bool foreign_put(struct foreign *f, const struct foreign_item *i, const char *path,
		 const char *text)
{
	auto_ptr(json) struct json *j = json_new_string(text);
	auto_free char *quoted = json_print(j, false);

	return put(f, i, path, (const char *const[2]){ quoted, text });
}

bool foreign_put_json(struct foreign *f, const struct foreign_item *i, const char *path,
		      struct json *value)
{
	auto_free char *text = json_print(value, false);

	json_free(value);
	return put(f, i, path, (const char *const[2]){ text, NULL });
}

static void take_item(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	i->done = true;
	if (r->take)
		r->take(f, i, r);
	else if (r->property)
		(void)foreign_put(f, i, r->property, i->value);
	else if (r->left)
		foreign_leave(f, i, "%s", r->left);
}

void foreign_run(struct foreign *f, const struct foreign_rule *rules)
{
	for (const struct foreign_rule *r = rules; r->key; r++) {
		for (size_t i = 0; i < f->n; i++) {
			if (!f->items[i].done &&
			    fnmatch(r->key, f->items[i].key, FNM_EXTMATCH) == 0)
				take_item(f, &f->items[i], r);
		}
	}
	for (size_t i = 0; i < f->n; i++) {
		if (!f->items[i].done)
			foreign_leave(f, &f->items[i], "a setting that is not known");
	}
}

/* As they stand in the text: the rules went through it in an order of their own. Rows of one line keep theirs. */
static void sort_rows(struct zone_foreign *r)
{
	for (size_t i = 1; i < r->n; i++) {
		const struct zone_foreign_row row = r->rows[i];
		size_t k = i;

		for (; k > 0 && r->rows[k - 1].line > row.line; k--)
			r->rows[k] = r->rows[k - 1];
		r->rows[k] = row;
	}
}

/* --- the verb ----------------------------------------------------------------------------------------------------- */

static void find_lxc(const char *path, struct strv *ret)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		strv_format(ret, "%s/config", path);
	else
		strv_add(ret, path);
}

static void find_nspawn(const char *name, struct strv *ret)
{
	if (strchr(name, '/')) {
		strv_add(ret, name);
		return;
	}
	strv_format(ret, "/etc/systemd/nspawn/%s.nspawn", name);
	strv_format(ret, "/run/systemd/nspawn/%s.nspawn", name);
	strv_format(ret, "/var/lib/machines/%s.nspawn", name);
}

static void find_file(const char *file, struct strv *ret)
{
	strv_add(ret, file);
}

static const struct kind {
	const char *prefix;
	void (*find)(const char *what, struct strv *ret);
	void (*read)(struct foreign *f, const char *text);
	const struct foreign_rule *rules;
	const char *machines; /* where roots lie by the name that was given; NULL */
	const char *brand;    /* NULL: it says it */
} kinds[] = {
	{ "lxc:", find_lxc, foreign_read_lxc, foreign_lxc_rules, NULL, "linux" },
	{ "nspawn:", find_nspawn, foreign_read_nspawn, foreign_nspawn_rules, "/var/lib/machines",
	  "linux" },
	{ "docker-inspect:", find_file, foreign_read_docker, foreign_docker_rules, NULL, "linux" },
	{ "zonecfg:", find_file, foreign_read_zonecfg, foreign_zonecfg_rules, NULL, "native" },
};

static const struct kind *find_kind(const char *what)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (str_has_prefix(what, kinds[i].prefix))
			return &kinds[i];
	}
	return NULL;
}

bool zone_foreign_is(const char *what)
{
	return find_kind(what) != NULL;
}

/* The text of the first of the files that is there. A machine of nspawn needs none. */
static int read_text(const struct kind *k, const char *what, struct zone_foreign *ret, char **text,
		     struct err *e)
{
	auto_done(strv) struct strv files = { 0 };
	int r = -ENOENT;

	k->find(what, &files);
	for (size_t i = 0; i < files.n && r == -ENOENT; i++) {
		free(ret->file);
		ret->file = mem_strdup(files.items[i]);
		r = file_read_all(AT_FDCWD, files.items[i], FOREIGN_TEXT_MAX, text, NULL, e);
	}
	if (r == -ENOENT && ret->root) {
		*text = mem_strdup("");
		return 0;
	}
	return r;
}

static void find_machine(const struct kind *k, const char *what, struct zone_foreign *ret)
{
	struct stat st;

	if (!k->machines || strchr(what, '/'))
		return;
	auto_free char *path = mem_format("%s/%s", k->machines, what);

	if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
		ret->root = ptr_steal(&path);
}

/* What the zone is called there, or the last element of the path, as far as it can be a name. */
static char *suggest_name(const struct foreign *f, const char *what)
{
	const char *said = foreign_value(f, "lxc.uts.name");
	const char *docker = foreign_value(f, "Name");
	auto_free char *path = mem_strdup(what);
	char *slash = strrchr(path, '/');
	char *name;

	if (slash && str_eq(slash, "/config")) { /* of LXC */
		*slash = '\0';
		slash = strrchr(path, '/');
	}
	if (!said && docker && strlen(docker) > 3) /* "/web" in quotes */
		name = mem_strndup(docker + 2, strlen(docker) - 3);
	else
		name = mem_strdup(said ? said : slash ? slash + 1 : path);
	char *dot = strrchr(name, '.');

	if (!said && !docker && dot && dot != name)
		*dot = '\0';
	return name;
}

static void begin_config(struct foreign *f, const struct kind *k)
{
	f->config = json_new_object();
	json_set(f->config, "zonename",
		 json_new_string("import")); /* the real one comes at the end */
	json_set(f->config, "brand", json_new_string(k->brand));
	json_set(f->config, "anet", json_new_array());
}

int zone_import_foreign(const struct zone_dirs *d, const char *what, const char *name,
			struct zone_foreign *ret, struct diag_list *diags, struct err *e)
{
	const struct kind *k = find_kind(what);
	auto_done(foreign) struct foreign f = { .report = ret, .diags = diags };
	auto_free char *text = NULL;
	struct zone_new new = { 0 };

	if (!k)
		return err_set(e, EINVAL, "\"%s\" names no kind of configuration", what);
	what += strlen(k->prefix);
	find_machine(k, what, ret);
	int r = read_text(k, what, ret, &text, e);

	if (r < 0)
		return r;
	diags->file = ret->file;
	begin_config(&f, k);
	k->read(&f, text);
	if (diags->n > 0)
		return diag_err(diags, e);
	foreign_run(&f, k->rules);
	sort_rows(ret);
	ret->name = name ? mem_strdup(name) : suggest_name(&f, what);
	(void)json_unset(f.config, "zonename");
	auto_free char *config = config_print(f.config);

	new.text = config;
	diags->file = NULL; /* positions are those of our text from here on */
	return zone_create(d, ret->name, &new, diags, e);
}
