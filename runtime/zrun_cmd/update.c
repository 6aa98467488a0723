/* zrun update - new limits for a living container: a resources document, or options that are made into one, so that both are checked by the same tables. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "config/oci.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/zrun_cmd/commands.h"

enum { DOCUMENT_MAX = 1 << 20 };

enum value_kind {
	VALUE_NUMBER, /* whole, "-1" allowed */
	VALUE_SIZE,   /* bytes, "100m", or "-1" */
	VALUE_TEXT,
	VALUE_IGNORED, /* accepted because callers send it; no kernel has it any more */
};

/* option -> where its value stands in the resources document */
static const struct {
	const char *option, *section, *key;
	enum value_kind kind;
} rows[] = {
	{ "blkio-weight", "blockIO", "weight", VALUE_NUMBER },
	{ "cpu-period", "cpu", "period", VALUE_NUMBER },
	{ "cpu-quota", "cpu", "quota", VALUE_NUMBER },
	{ "cpu-burst", "cpu", "burst", VALUE_NUMBER },
	{ "cpu-share", "cpu", "shares", VALUE_NUMBER },
	{ "cpu-rt-period", "cpu", "realtimePeriod", VALUE_NUMBER },
	{ "cpu-rt-runtime", "cpu", "realtimeRuntime", VALUE_NUMBER },
	{ "cpu-idle", "cpu", "idle", VALUE_NUMBER },
	{ "cpuset-cpus", "cpu", "cpus", VALUE_TEXT },
	{ "cpuset-mems", "cpu", "mems", VALUE_TEXT },
	{ "memory", "memory", "limit", VALUE_SIZE },
	{ "memory-reservation", "memory", "reservation", VALUE_SIZE },
	{ "memory-swap", "memory", "swap", VALUE_SIZE },
	{ "kernel-memory", "memory", "kernel", VALUE_IGNORED },
	{ "kernel-memory-tcp", "memory", "kernelTCP", VALUE_SIZE },
	{ "pids-limit", "pids", "limit", VALUE_NUMBER },
};

static struct json *value_json(enum value_kind kind, const char *text)
{
	uint64_t size;
	int64_t number;

	if (kind == VALUE_TEXT)
		return json_new_string(text);
	if (num_i64(text, &number) == 0)
		return json_new_i64(number);
	if (kind == VALUE_SIZE && num_size(text, &size) == 0 && size <= INT64_MAX)
		return json_new_i64((int64_t)size);
	return NULL;
}

static int from_options(const struct cli_args *a, struct json *document, struct err *e)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text = cli_value(a, rows[i].option, "");

		if (str_empty(text))
			continue;
		if (rows[i].kind == VALUE_IGNORED) {
			log_warning(
				"--%s is ignored: no supported kernel limits kernel memory apart",
				rows[i].option);
			continue;
		}
		struct json *value = value_json(rows[i].kind, text);

		if (!value)
			return err_set(e, EINVAL, "--%s: \"%s\" is not a %s", rows[i].option, text,
				       rows[i].kind == VALUE_SIZE ? "size" : "number");
		struct json *section = json_get(document, rows[i].section);

		if (!section)
			section = json_set(document, rows[i].section, json_new_object());
		(void)json_set(section, rows[i].key, value);
	}
	return 0;
}

/* The text of the document: the file's, standard input's for "-", or what the options amount to. */
static int read_document(const struct cli_args *a, char **ret, size_t *ret_n, struct err *e)
{
	const char *file = cli_value(a, "resources", "");
	auto_ptr(json) struct json *document = json_new_object();
	int r;

	if (str_eq(file, "-"))
		return file_read_fd(STDIN_FILENO, DOCUMENT_MAX, ret, ret_n, e);
	if (!str_empty(file)) {
		r = file_read_all(AT_FDCWD, file, DOCUMENT_MAX, ret, ret_n, e);
		return r < 0 ? err_wrap(e, "resources file \"%s\"", file) : 0;
	}
	r = from_options(a, document, e);
	if (r < 0)
		return r;
	*ret = json_print(document, false);
	*ret_n = str_empty(*ret) ? 0 : strlen(*ret);
	return 0;
}

static int load(const struct cli_args *a, struct resources_spec **ret, struct err *e)
{
	auto_free char *text = NULL;
	size_t n = 0;
	int r = read_document(a, &text, &n, e);

	return r < 0 ? r : oci_parse_resources(text, n, ret, e);
}

/* Beside a resources document these two are in force as well: the document has no place for them. */
static int update_rdt(const struct cli_args *a, struct engine_container *c, struct err *e)
{
	auto_free char *l3 = mem_strdup(cli_value(a, "l3-cache-schema", ""));
	auto_free char *bandwidth = mem_strdup(cli_value(a, "mem-bw-schema", ""));
	const struct intel_rdt_spec rdt = { .l3_cache_schema = l3, .mem_bw_schema = bandwidth };

	return str_empty(l3) && str_empty(bandwidth) ? 0 : engine_update_rdt(c, &rdt, e);
}

int zrun_update(struct cli_args *a)
{
	auto_ptr(resources_spec) struct resources_spec *resources = NULL;
	struct engine_container *c = NULL;
	struct err e = { 0 };
	int r = zrun_open(a, true, &c, &e);

	if (r == 0)
		r = load(a, &resources, &e);
	if (r == 0)
		r = engine_update(c, resources, &e);
	if (r == 0)
		r = update_rdt(a, c, &e);
	engine_free(c);
	return r < 0 ? zrun_fail(&e) : CLI_DONE;
}
