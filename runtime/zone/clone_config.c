/* clone_config - a copy of a zone's file for another zone. Names, addresses and ports exist once: what says one of the old zone's is left out, and the automatic one takes its place. */
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/mem.h"
#include "runtime/zone/clone.h"
#include "runtime/zone/config_text.h"

/* Members that are left out, of the file itself and of the entries of its lists. */
static const struct {
	const char *list; /* NULL: the file */
	const char *member;
} unique[] = {
	{ NULL, "hostname" },     { NULL, "hostid" },           { NULL, "publish" },
	{ "anet", "macAddress" }, { "anet", "allowedAddress" }, { "anet", "defrouter" },
	{ "net", "address" },     { "net", "defrouter" },
};

static void leave_out(struct json *object, const char *member, const char *shown,
		      struct strv *left_out)
{
	const struct json *j = json_get(object, member);

	if (!j || (j->type == JSON_STRING && str_eq(j->text, "auto")))
		return;
	(void)json_unset(object, member);
	strv_add(left_out, shown);
}

static void leave_out_unique(struct json *root, struct strv *left_out)
{
	for (size_t i = 0; i < sizeof(unique) / sizeof(unique[0]); i++) {
		const struct json *list = unique[i].list ? json_get(root, unique[i].list) : NULL;

		if (!unique[i].list)
			leave_out(root, unique[i].member, unique[i].member, left_out);
		for (size_t k = 0; list && list->type == JSON_ARRAY && k < list->n; k++) {
			auto_free char *shown =
				mem_format("%s[%zu].%s", unique[i].list, k, unique[i].member);

			if (list->items[k]->type == JSON_OBJECT)
				leave_out(list->items[k], unique[i].member, shown, left_out);
		}
	}
}

/* "/tank/web" of zone web becomes "/tank/new"; what is not named after the zone cannot be guessed. */
static void move_zonepath(struct json *root, const char *from, const char *to,
			  struct strv *left_out)
{
	const char *path = json_get_string(root, "zonepath", NULL);
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (!path)
		return;
	if (!slash || !str_eq(slash + 1, from))
		return leave_out(root, "zonepath", "zonepath", left_out);
	auto_free char *moved = mem_format("%.*s/%s", (int)(slash - path), path, to);

	json_set(root, "zonepath", json_new_string(moved));
}

int clone_config(const char *text, const char *from, const char *to, char **ret,
		 struct strv *left_out, struct err *e)
{
	auto_ptr(json) struct json *root = NULL;
	int r = json_parse_simple(text, strlen(text), &root, e);

	if (r < 0)
		return err_wrap(e, "the file of zone \"%s\"", from);
	json_set(root, "zonename", json_new_string(to));
	leave_out_unique(root, left_out);
	move_zonepath(root, from, to, left_out);
	*ret = config_print(root);
	return 0;
}
