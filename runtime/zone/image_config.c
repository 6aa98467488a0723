/* image_config - the configuration of an image: which machine it is for, which layers it has, what it runs. */
#include "runtime/zone/image_config.h"

#include <errno.h>
#include <string.h>

#include "config/zone_spec.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/zone/digest.h"
#include "runtime/zone/record.h"

enum { LIST_MAX = 1000, VARIABLE_MAX = 128, FACTS_MAX = 256 << 10 };

void image_done(struct image *i)
{
	for (size_t k = 0; k < i->n_layers; k++) {
		free(i->layers[k].path);
		free(i->layers[k].digest);
		free(i->layers[k].diff_id);
		free(i->layers[k].id);
	}
	free(i->layers);
	free(i->name);
	free(i->digest);
	json_free(i->config);
	*i = (struct image){ 0 };
}

/* --- what was verified is taken over ------------------------------------------------------------------------------ */

static int check_platform(const struct json *config, struct err *e)
{
	struct image_platform here;
	int r = image_platform_here(&here, e);

	if (r < 0)
		return r;
	if (image_platform_fits(config, &here) > 0)
		return 0;
	return err_set(e, EINVAL, "the image is for %.20s/%.20s %.20s, this machine is linux/%s",
		       json_get_string(config, "os", "?"),
		       json_get_string(config, "architecture", "?"),
		       json_get_string(config, "variant", ""), here.architecture);
}

/* The name of a layer tells what is below it too, since what it holds may depend on that (hard links, directories): OCI's chain id. */
static int chain(char *sum, const char *diff_id, bool first, struct err *e)
{
	auto_free char *text = first ? mem_strdup(diff_id) : mem_format("%s %s", sum, diff_id);

	if (!first || !str_has_prefix(diff_id, "sha256:"))
		return digest_of(text, strlen(text), sum, e);
	return str_format(sum, DIGEST_TEXT_MAX, "%s", diff_id);
}

static int take_layers(struct image *i, struct err *e)
{
	const struct json *rootfs = json_get(i->config, "rootfs"),
			  *ids = json_get(rootfs, "diff_ids");
	char sum[DIGEST_TEXT_MAX] = "";

	if (!str_eq(json_get_string(rootfs, "type", NULL), "layers") || !ids ||
	    ids->type != JSON_ARRAY)
		return err_set(e, EINVAL, "the image's configuration does not list its layers");
	if (ids->n != i->n_layers)
		return err_set(e, EINVAL,
			       "the image has %zu layers and its configuration lists %zu",
			       i->n_layers, ids->n);
	for (size_t k = 0; k < ids->n; k++) {
		const char *text = ids->items[k]->type == JSON_STRING ? ids->items[k]->text : NULL;

		if (!digest_ok(text))
			return err_set(
				e, EINVAL,
				"the digest of layer %zu in the image's configuration is not understood",
				k + 1);
		int r = chain(sum, text, k == 0, e);

		if (r < 0)
			return r;
		i->layers[k].diff_id = mem_strdup(text);
		i->layers[k].id = digest_file_name(sum);
	}
	return 0;
}

int image_take_config(struct image *i, const char *text, size_t n, struct err *e)
{
	int r = image_json(text, n, "the configuration", &i->config, e);

	if (r == 0)
		r = check_platform(i->config, e);
	return r < 0 ? r : take_layers(i, e);
}

/* --- what it runs ------------------------------------------------------------------------------------------------- */

static void add_words(struct json *to, const struct json *from)
{
	for (size_t i = 0; from && from->type == JSON_ARRAY && i < from->n; i++) {
		if (from->items[i]->type == JSON_STRING)
			json_add(to, json_new_string(from->items[i]->text));
	}
}

/* An init boots as pid 1, it is no service of ours; a shell without arguments wants a terminal and ends at once without one. */
static bool is_service(const struct json *words)
{
	static const char *const shells[] = {
		"sh", "bash", "dash", "ash", "zsh", "ksh", "busybox"
	};
	const struct zone_brand *brand = zone_brand_find("linux");
	const char *program = words->n > 0 ? words->items[0]->text : NULL;

	if (!program)
		return false;
	for (size_t i = 0; brand && brand->init[i]; i++) {
		if (str_eq(brand->init[i], program))
			return false;
	}
	const char *base = strrchr(program, '/') ? strrchr(program, '/') + 1 : program;

	for (size_t i = 0; words->n == 1 && i < sizeof(shells) / sizeof(shells[0]); i++) {
		if (str_eq(shells[i], base))
			return false;
	}
	return true;
}

static void take_command(struct json *service, const struct json *c)
{
	auto_ptr(json) struct json *words = json_new_array();

	add_words(words, json_get(c, "Entrypoint"));
	add_words(words, json_get(c, "Cmd"));
	if (is_service(words))
		json_set(service, "command", ptr_steal(&words));
}

static bool is_variable(const char *name)
{
	return *name && strlen(name) <= VARIABLE_MAX && str_is_line_safe(name, "= ");
}

static void take_env(struct json *service, const struct json *c, const struct zone_install *options)
{
	const struct json *env = json_get(c, "Env");
	struct json *to = NULL;
	size_t left_out = 0;

	for (size_t i = 0; env && env->type == JSON_ARRAY && i < env->n; i++) {
		const char *text = env->items[i]->type == JSON_STRING ? env->items[i]->text : "";
		const char *value = strchr(text, '=');
		auto_free char *name =
			value ? mem_strndup(text, (size_t)(value - text)) : mem_strdup("");

		if (!is_variable(name) || !str_is_line_safe(value + 1, NULL)) {
			left_out++;
			continue;
		}
		to = to ? to : json_set(service, "env", json_new_object());
		json_set(to, name, json_new_string(value + 1));
	}
	if (left_out == 0 || !options || !options->warn)
		return;
	auto_free char *sentence = mem_format(
		"%zu variables of the image's environment were left out: their names or values cannot stand in a zone's file",
		left_out);

	options->warn(options->arg, sentence);
}

static void take_text(struct json *to, const char *key, const struct json *from, const char *theirs)
{
	const char *text = json_get_string(from, theirs, NULL);

	if (!str_empty(text))
		json_set(to, key, json_new_string(text));
}

/* The zone's own parser says what a service may have. */
static int check_service(const struct json *facts, struct err *e)
{
	auto_done(diag_list) struct diag_list diags = { .file = "the image's configuration" };
	auto_ptr(zone_spec) struct zone_spec *spec = NULL;
	auto_ptr(json) struct json *j = json_new_object();

	json_set(j, "zonename", json_new_string("image"));
	json_set(j, "brand", json_new_string("linux"));
	json_set(j, "service", zone_json_get_copy(facts, "service"));
	auto_free char *text = json_print(j, false);

	if (zone_spec_parse(text, strlen(text), &spec, &diags) == 0)
		return 0;
	(void)diag_err(&diags, e);
	return err_wrap(e, "what the image runs cannot be a zone's service");
}

/* --- the rest, as information ------------------------------------------------------------------------------------- */

/* The names of an object's members. */
static void take_names(struct json *to, const char *key, const struct json *object)
{
	struct json *list = NULL;

	for (size_t i = 0; object && object->type == JSON_OBJECT && i < object->n && i < LIST_MAX;
	     i++) {
		list = list ? list : json_set(to, key, json_new_array());
		json_add(list, json_new_string(object->items[i]->key));
	}
}

static void take_labels(struct json *to, const struct json *labels)
{
	struct json *list = NULL;

	for (size_t i = 0; labels && labels->type == JSON_OBJECT && i < labels->n && i < LIST_MAX;
	     i++) {
		if (labels->items[i]->type != JSON_STRING)
			continue;
		list = list ? list : json_set(to, "labels", json_new_object());
		json_set(list, labels->items[i]->key, json_new_string(labels->items[i]->text));
	}
}

/* {"Test":["CMD-SHELL","curl ..."]} as one line. */
static void take_health_check(struct json *to, const struct json *c)
{
	auto_done(strv) struct strv words = { 0 };
	const struct json *test = json_get(json_get(c, "Healthcheck"), "Test");

	for (size_t i = 0; test && test->type == JSON_ARRAY && i < test->n; i++) {
		if (test->items[i]->type == JSON_STRING)
			strv_add(&words, test->items[i]->text);
	}
	if (words.n < 2)
		return; /* "NONE" */
	strv_remove(&words, 0);
	auto_free char *line = strv_join(&words, " ");

	json_set(to, "healthCheck", json_new_string(line));
}

int image_facts(const struct image *i, const struct zone_install *options, struct json **ret,
		struct err *e)
{
	auto_ptr(json) struct json *j = json_new_object();
	const struct json *c = json_get(i->config, "config");
	struct json *layers, *service;

	if (i->name)
		json_set(j, "name", json_new_string(i->name));
	json_set(j, "digest", json_new_string(i->digest));
	layers = json_set(j, "layers", json_new_array());
	for (size_t k = 0; k < i->n_layers; k++)
		json_add(layers, json_new_string(i->layers[k].id));
	service = json_set(j, "service", json_new_object());
	take_command(service, c);
	take_env(service, c, options);
	take_text(service, "user", c, "User");
	take_text(service, "cwd", c, "WorkingDir");
	take_text(service, "stopSignal", c, "StopSignal");
	take_names(j, "exposedPorts", json_get(c, "ExposedPorts"));
	take_names(j, "volumes", json_get(c, "Volumes"));
	take_labels(j, json_get(c, "Labels"));
	take_health_check(j, c);
	take_text(j, "architecture", i->config, "architecture");
	take_text(j, "created", i->config, "created");
	int r = check_service(j, e);
	auto_free char *text = json_print(j, true);

	if (r == 0 && strlen(text) > FACTS_MAX)
		r = err_set(e, EFBIG, "the image's configuration is larger than %d bytes",
			    FACTS_MAX);
	if (r == 0)
		*ret = ptr_steal(&j);
	return r;
}
