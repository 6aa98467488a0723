/* foreign_values - values that several of the foreign formats have. */
#include <string.h>
#include <sys/utsname.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/zone/foreign.h"

static bool in_list(const char *word, const char *const *list)
{
	for (; *list; list++) {
		if (strcasecmp(word, *list) == 0)
			return true;
	}
	return false;
}

/* The part of the key that "*" stands for. */
char *foreign_star(const struct foreign_item *i, const struct foreign_rule *r)
{
	const char *star = strchr(r->key, '*');
	size_t before = star ? (size_t)(star - r->key) : 0;
	size_t after = star ? strlen(star + 1) : 0;
	size_t n = strlen(i->key);

	return n < before + after ? mem_strdup("")
				  : mem_strndup(i->key + before, n - before - after);
}

void foreign_words(const char *text, struct strv *ret)
{
	while (*(text += strspn(text, " "))) {
		struct strbuf b = { 0 };
		char quote = '\0';

		for (; *text && (quote || *text != ' '); text++) {
			if (quote ? *text == quote : (*text == '\'' || *text == '"'))
				quote = quote ? '\0' : *text;
			else
				strbuf_add_char(&b, *text);
		}
		strv_take(ret, strbuf_steal(&b));
	}
}

void foreign_take_yes(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	static const char *const yes[] = { "yes", "true", "on", "1", "y", NULL };

	if (in_list(i->value, yes))
		(void)foreign_put_json(f, i, r->property, json_new_bool(true));
	else
		foreign_leave(f, i, "it is so without being said");
}

static bool is_unlimited(const char *value)
{
	static const char *const words[] = { "max", "-1", "infinity", "unlimited", "0", NULL };

	return in_list(value, words);
}

void foreign_take_size(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	uint64_t bytes;
	char text[32];

	if (is_unlimited(i->value)) {
		foreign_leave(f, i, "no limit is what there is without it");
		return;
	}
	if (num_size(i->value, &bytes) < 0) {
		foreign_leave(f, i, "\"%.40s\" is no size", i->value);
		return;
	}
	num_size_text(bytes, text, sizeof(text));
	(void)foreign_put(f, i, r->property, text);
}

void foreign_take_count(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	uint64_t count;

	if (is_unlimited(i->value))
		foreign_leave(f, i, "no limit is what there is without it");
	else if (num_u64(i->value, &count) < 0)
		foreign_leave(f, i, "\"%.40s\" is no number", i->value);
	else
		(void)foreign_put_json(f, i, r->property, json_new_u64(count));
}

void foreign_take_env(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	const char *equals = strchr(i->value, '=');

	if (!equals) {
		foreign_leave(f, i, "it is not NAME=VALUE");
		return;
	}
	auto_free char *path =
		mem_format("%s.%.*s", r->property, (int)(equals - i->value), i->value);

	(void)foreign_put(f, i, path, equals + 1);
}

void foreign_take_command(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	auto_done(strv) struct strv words = { 0 };
	struct json *list = json_new_array();

	foreign_words(i->value, &words);
	for (size_t k = 0; k < words.n; k++)
		json_add(list, json_new_string(words.items[k]));
	(void)foreign_put_json(f, i, r->property, list);
}

void foreign_take_list(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	auto_free char *text = mem_strdup(i->value);
	auto_done(strv) struct strv words = { 0 };

	for (char *p = text; *p; p++) {
		if (strchr("[](),", *p))
			*p = ' ';
	}
	foreign_words(text, &words);
	for (size_t k = 0; k < words.n; k++)
		(void)foreign_put(f, i, r->property, words.items[k]);
}

void foreign_take_map(struct foreign *f, struct foreign_item *i, const struct foreign_rule *r)
{
	auto_free char *name = foreign_star(i, r);
	auto_free char *path = mem_format("%s.%s", r->property, name);

	(void)foreign_put(f, i, path, i->value);
}

/* The words so far with those of this item behind them. */
void foreign_take_privileges(struct foreign *f, struct foreign_item *i,
			     const struct foreign_rule *r)
{
	bool instead = str_eq(r->property, "none");
	const char *before = json_get_string(f->config, "limitpriv", instead ? "none" : "default");
	auto_done(strbuf) struct strbuf b = { 0 };
	auto_done(strv) struct strv words = { 0 };
	auto_free char *text = mem_strdup(i->value);

	for (char *p = text; *p; p++) {
		if (strchr("[](),\"", *p))
			*p = ' ';
	}
	foreign_words(text, &words);
	strbuf_add(&b, before);
	for (size_t k = 0; k < words.n; k++) {
		const char *word = words.items[k];

		if (strncasecmp(word, "cap_", 4) == 0)
			word += 4;
		if (str_eq(r->property, "!") && strcasecmp(word, "all") == 0) {
			strbuf_clear(&b);
			strbuf_add(&b, "none");
			continue;
		}
		strbuf_format(&b, ",%s%s", instead ? "" : r->property, word);
	}
	(void)foreign_put(f, i, "limitpriv", strbuf_text(&b));
}

/* --- mounts ------------------------------------------------------------------------------------------------------- */

static struct json *mount_options(const char *options)
{
	static const char *const known[] = { "ro", "nodev", "noexec", "nosuid", "rbind", NULL };
	static const char *const with_value[] = { "size=", "mode=", NULL };
	auto_done(strv) struct strv words = { 0 };
	struct json *list = json_new_array();

	strv_split(&words, options, ',');
	for (size_t k = 0; k < words.n; k++) {
		bool take = in_list(words.items[k], known) &&
			    !(str_eq(words.items[k], "rbind") && strv_has(&words, "norbind"));

		for (size_t w = 0; with_value[w]; w++)
			take |= str_has_prefix(words.items[k], with_value[w]);
		if (take)
			json_add(list, json_new_string(words.items[k]));
	}
	return list;
}

static void put_mount(struct foreign *f, const struct foreign_item *i, struct json *fs,
		      const char *options)
{
	struct json *list = mount_options(options ? options : "");

	if (list->n > 0)
		json_set(fs, "options", list);
	else
		json_free(list);
	(void)foreign_put_json(f, i, "fs[+]", fs);
}

void foreign_mount(struct foreign *f, const struct foreign_item *i, const char *special,
		   const char *dir, const char *options)
{
	auto_free char *place = mem_format("%s%s", dir[0] == '/' ? "" : "/", dir);
	struct json *fs;

	if (special[0] != '/') {
		foreign_leave(f, i, "what is mounted is no path of the host");
		return;
	}
	fs = json_new_object();
	json_set(fs, "dir", json_new_string(place));
	json_set(fs, "special", json_new_string(special));
	json_set(fs, "type", json_new_string("lofs"));
	put_mount(f, i, fs, options);
}

void foreign_tmpfs(struct foreign *f, const struct foreign_item *i, const char *dir,
		   const char *options)
{
	auto_free char *place = mem_format("%s%s", dir[0] == '/' ? "" : "/", dir);
	struct json *fs = json_new_object();

	json_set(fs, "dir", json_new_string(place));
	json_set(fs, "type", json_new_string("tmpfs"));
	put_mount(f, i, fs, options);
}

/* --- limits ------------------------------------------------------------------------------------------------------- */

void foreign_cpus(struct foreign *f, const struct foreign_item *i, const char *quota,
		  const char *period)
{
	uint64_t q, p;
	char text[32];

	if (is_unlimited(quota)) {
		foreign_leave(f, i, "no limit is what there is without it");
		return;
	}
	if (num_u64(quota, &q) < 0 || num_u64(period, &p) < 0 || p == 0 || q > UINT64_MAX / 1000) {
		foreign_leave(f, i, "it is no share of time");
		return;
	}
	num_milli_text(q * 1000 / p, text, sizeof(text));
	(void)foreign_put(f, i, "cappedCPU.ncpus", text);
}

static struct json *limit_json(const char *text)
{
	uint64_t v;

	if (num_u64(text, &v) == 0)
		return json_new_u64(v);
	return json_new_string(in_list(text, (const char *const[]){ "infinity", "-1", NULL })
				       ? "unlimited"
				       : text);
}

void foreign_rlimit(struct foreign *f, const struct foreign_item *i, const char *name,
		    const char *soft, const char *hard)
{
	auto_free char *path = mem_format("rlimit.%s", name);
	struct json *pair = json_new_array();

	for (char *p = path; *p; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	}
	json_add(pair, limit_json(soft));
	json_add(pair, limit_json(hard ? hard : soft));
	(void)foreign_put_json(f, i, path, pair);
}

void foreign_take_architecture(struct foreign *f, struct foreign_item *i,
			       const struct foreign_rule *r)
{
	static const struct {
		const char *word, *machine;
	} names[] = { { "amd64", "x86_64" },
		      { "x86-64", "x86_64" },
		      { "x86_64", "x86_64" },
		      { "arm64", "aarch64" },
		      { "aarch64", "aarch64" } };
	struct utsname host = { 0 };

	(void)r;
	(void)uname(&host);
	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
		if (str_eq(names[k].word, i->value) && str_eq(names[k].machine, host.machine)) {
			foreign_leave(f, i, "it is so without being said");
			return;
		}
	}
	foreign_leave(f, i, "a zone is of the host's architecture, which is %s", host.machine);
}
