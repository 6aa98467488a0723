/* The list of leases is small (one or two rows a zone), so everything is a walk through it. */
#include "net/ipam.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"

enum { LEASES_MAX = 64 << 20, FIRST_NUMBER = 2 }; /* number 1 is the bridge */

int ipam_load(const char *storage_dir, struct json **ret, struct err *e)
{
	auto_free char *path = mem_format("%s/leases.json", storage_dir);
	auto_free char *text = NULL;
	auto_ptr(json) struct json *root = NULL;
	struct err why = { 0 };
	size_t n = 0;
	int r = file_read_all(AT_FDCWD, path, LEASES_MAX, &text, &n, &why);

	if (r == 0)
		r = json_parse_simple(text, n, &root, &why);
	if (r == -ENOENT) {
		root = json_new_object();
		json_set(root, "leases", json_new_array());
		r = 0;
	}
	if (r < 0) {
		*e = why;
		return err_wrap(e, "%s", path);
	}
	const struct json *list = json_get(root, "leases");

	/* never guess: an address handed out twice is worse than a refusal */
	if (!list || list->type != JSON_ARRAY)
		return err_set(e, EINVAL, "%s has no list of leases", path);
	*ret = ptr_steal(&root);
	return 0;
}

int ipam_save(const char *storage_dir, const struct json *leases, struct err *e)
{
	auto_free char *path = mem_format("%s/leases.json", storage_dir);
	auto_free char *text = json_print(leases, true);
	const struct json *list = json_get(leases, "leases");
	int r = file_mkdir_p(AT_FDCWD, storage_dir, 0755, e);

	if (r == 0 && list && list->n == 0) { /* the last lease leaves nothing */
		if (sys_unlinkat(AT_FDCWD, path, 0) < 0 && errno != ENOENT)
			return err_sys(e, "remove %s", path);
		return 0;
	}
	return r < 0 ? r : file_replace(AT_FDCWD, path, text, strlen(text), 0600 | FILE_DURABLE, e);
}

struct ipam_row {
	const char *zone;
	size_t link;
	struct inet_addr addr;
	bool automatic;
};

static bool ipam_row(const struct json *leases, size_t i, struct ipam_row *ret)
{
	const struct json *row = json_get(leases, "leases")->items[i];
	const char *address = json_get_string(row, "address", "");

	ret->zone = json_get_string(row, "zone", "");
	ret->link = (size_t)json_get_i64(row, "link", 0);
	ret->automatic = json_get_bool(row, "automatic", false);
	return inet_parse(address, &ret->addr) == 0;
}

static size_t ipam_count(const struct json *leases)
{
	return json_get(leases, "leases")->n;
}

static void ipam_delete(struct json *leases, size_t i)
{
	struct json *list = json_get(leases, "leases");

	json_free(list->items[i]);
	list->n--;
	for (; i < list->n; i++)
		list->items[i] = list->items[i + 1];
}

int ipam_zones(const char *storage_dir, struct strv *ret, struct err *e)
{
	auto_ptr(json) struct json *leases = NULL;
	int r = ipam_load(storage_dir, &leases, e);

	for (size_t i = 0; r == 0 && i < ipam_count(leases); i++) {
		struct ipam_row row;

		(void)ipam_row(leases, i, &row);
		if (ret->n == 0 || !str_eq(ret->items[ret->n - 1], row.zone))
			strv_add(ret, row.zone);
	}
	return r;
}

const char *ipam_holder(const struct json *leases, const struct inet_addr *a, const char *zone)
{
	for (size_t i = 0; i < ipam_count(leases); i++) {
		struct ipam_row row;

		if (ipam_row(leases, i, &row) && inet_same(&row.addr, a) && !str_eq(row.zone, zone))
			return row.zone;
	}
	return NULL;
}

bool ipam_find(const struct json *leases, const char *zone, size_t link, int family,
	       struct inet_addr *ret)
{
	for (size_t i = 0; i < ipam_count(leases); i++) {
		struct ipam_row row;

		if (!ipam_row(leases, i, &row) || !row.automatic || row.link != link ||
		    row.addr.family != family || !str_eq(row.zone, zone))
			continue;
		*ret = row.addr;
		return true;
	}
	return false;
}

/* The link's leases are exactly these already? */
static bool ipam_has(const struct json *leases, const char *zone, size_t link,
		     const struct inet_addr *addrs, size_t n, bool automatic)
{
	size_t seen = 0;

	for (size_t i = 0; i < ipam_count(leases); i++) {
		struct ipam_row row;
		size_t k = 0;

		if (!ipam_row(leases, i, &row) || row.link != link || !str_eq(row.zone, zone))
			continue;
		while (k < n &&
		       (!inet_same(&addrs[k], &row.addr) || addrs[k].prefix != row.addr.prefix))
			k++;
		if (k == n || row.automatic != automatic)
			return false;
		seen++;
	}
	return seen == n;
}

static void ipam_add_row(struct json *leases, const struct ipam_row *row)
{
	struct json *j = json_add(json_get(leases, "leases"), json_new_object());
	char text[INET_TEXT];

	inet_text(&row->addr, text);
	json_set(j, "zone", json_new_string(row->zone));
	json_set(j, "link", json_new_u64(row->link));
	json_set(j, "address", json_new_string(text));
	json_set(j, "automatic", json_new_bool(row->automatic));
}

bool ipam_assign(struct json *leases, const char *zone, size_t link, const struct inet_addr *addrs,
		 size_t n, bool automatic)
{
	if (ipam_has(leases, zone, link, addrs, n, automatic))
		return false;
	for (size_t i = ipam_count(leases); i-- > 0;) {
		struct ipam_row row;

		(void)!ipam_row(leases, i, &row);
		if (row.link == link && str_eq(row.zone, zone))
			ipam_delete(leases, i);
	}
	for (size_t i = 0; i < n; i++)
		ipam_add_row(leases, &(struct ipam_row){ zone, link, addrs[i], automatic });
	return true;
}

static bool ipam_knows(const struct json *leases, const struct ipam_row *wanted)
{
	for (size_t i = 0; i < ipam_count(leases); i++) {
		struct ipam_row row;

		if (ipam_row(leases, i, &row) && inet_same(&row.addr, &wanted->addr) &&
		    row.link == wanted->link && str_eq(row.zone, wanted->zone))
			return true;
	}
	return false;
}

void ipam_add_missing(struct json *leases, const struct json *from, const char *zone)
{
	for (size_t i = 0; i < ipam_count(from); i++) {
		struct ipam_row row;

		if (ipam_row(from, i, &row) && str_eq(row.zone, zone) && !ipam_knows(leases, &row))
			ipam_add_row(leases, &row);
	}
}

bool ipam_drop(struct json *leases, const char *zone, size_t from)
{
	bool changed = false;

	for (size_t i = ipam_count(leases); i-- > 0;) {
		struct ipam_row row;

		(void)!ipam_row(leases, i, &row);
		if (row.link < from || !str_eq(row.zone, zone))
			continue;
		ipam_delete(leases, i);
		changed = true;
	}
	return changed;
}

static bool ipam_listed(const char *const *list, const char *zone)
{
	for (; list && *list; list++)
		if (str_eq(*list, zone))
			return true;
	return false;
}

bool ipam_keep(struct json *leases, const char *const *alive, const char *const *known)
{
	bool changed = false;

	for (size_t i = ipam_count(leases); i-- > 0;) {
		struct ipam_row row;

		(void)!ipam_row(leases, i, &row);
		if (ipam_listed(alive, row.zone) || ipam_listed(known, row.zone))
			continue;
		ipam_delete(leases, i);
		changed = true;
	}
	return changed;
}

static bool ipam_fits(const struct json *leases, const struct ipam_pool *pool,
		      const struct inet_addr *a)
{
	for (size_t i = 0; i < pool->host->n; i++)
		if (inet_same(&pool->host->items[i].addr, a))
			return false;
	for (size_t i = 0; i < ipam_count(leases); i++) {
		struct ipam_row row;
		bool own;

		if (!ipam_row(leases, i, &row) || !inet_same(&row.addr, a))
			continue;
		own = row.link == pool->link && str_eq(row.zone, pool->zone);
		if (!own) /* a second link of the same zone counts as another one */
			return false;
	}
	return true;
}

/* What the link had before, when all of it still fits the pool. */
static bool ipam_keeps(const struct json *leases, const struct ipam_pool *pool,
		       struct inet_addr ret[2], size_t *ret_n)
{
	const struct inet_addr *nets[] = { &pool->four, &pool->six };
	size_t n = 0;

	for (size_t i = 0; i < 2; i++) {
		struct inet_addr a;

		if (!nets[i]->family)
			continue;
		if (!ipam_find(leases, pool->zone, pool->link, nets[i]->family, &a) ||
		    a.prefix != nets[i]->prefix || !inet_contains(nets[i], &a) ||
		    !ipam_fits(leases, pool, &a))
			return false;
		ret[n++] = a;
	}
	*ret_n = n;
	return n > 0;
}

/* Which number of the network an address is; 0 when it is none of it (number 0 is never given away). */
static uint32_t ipam_number(const struct inet_addr *net, const struct inet_addr *a)
{
	struct inet_addr again;
	uint32_t n = 0;

	if (!net->family || !inet_contains(net, a))
		return 0;
	for (size_t i = inet_len(a) - 4; i < inet_len(a); i++)
		n = n << 8 | a->bytes[i];
	if (inet_bits(net) - net->prefix < 32)
		n &= (1u << (inet_bits(net) - net->prefix)) - 1;
	again = inet_nth(net, n);
	return inet_same(&again, a) ? n : 0;
}

static int ipam_compare(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static size_t ipam_note(const struct ipam_pool *pool, const struct inet_addr *a, uint32_t *taken,
			size_t n)
{
	uint32_t number = ipam_number(a->family == AF_INET ? &pool->four : &pool->six, a);

	if (number)
		taken[n++] = number;
	return n;
}

/* The lowest number that is taken in neither family; sorted, so that the thousandth zone is found as fast as the tenth. */
static uint32_t ipam_lowest(const struct json *leases, const struct ipam_pool *pool)
{
	size_t room = ipam_count(leases) + pool->host->n;
	auto_free uint32_t *taken = mem_array(room + 1, sizeof(*taken));
	uint32_t lowest = FIRST_NUMBER;
	size_t n = 0;

	for (size_t i = 0; i < pool->host->n; i++)
		n = ipam_note(pool, &pool->host->items[i].addr, taken, n);
	for (size_t i = 0; i < ipam_count(leases); i++) {
		struct ipam_row row;

		/* what the link itself had does not fit any more, so it may as well be given away */
		if (ipam_row(leases, i, &row) &&
		    (row.link != pool->link || !str_eq(row.zone, pool->zone)))
			n = ipam_note(pool, &row.addr, taken, n);
	}
	qsort(taken, n, sizeof(*taken), ipam_compare);
	for (size_t i = 0; i < n && taken[i] <= lowest; i++)
		if (taken[i] == lowest)
			lowest++;
	return lowest;
}

int ipam_choose(const struct json *leases, const struct ipam_pool *pool, struct inet_addr ret[2],
		size_t *ret_n, struct err *e)
{
	const struct inet_addr *nets[] = { &pool->four, &pool->six };
	char text[INET_TEXT];
	uint32_t number;
	size_t n = 0;

	if (ipam_keeps(leases, pool, ret, ret_n))
		return 0;
	number = ipam_lowest(leases, pool);
	for (size_t i = 0; i < 2; i++) {
		if (!nets[i]->family)
			continue;
		if (number > inet_host_count(nets[i])) {
			inet_text(nets[i], text);
			return err_set(e, ENOSPC, "no free address is left in %s", text);
		}
		ret[n++] = inet_nth(nets[i], number);
	}
	*ret_n = n;
	return 0;
}
