#include "net/publish.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/base/mem.h"
#include "runtime/base/str.h"

void publish_list_done(struct publish_list *l)
{
	free(l->items);
	*l = (struct publish_list){ 0 };
}

void publish_add(struct publish_list *l, const struct publish *p)
{
	l->items = mem_grow(l->items, l->n + 1, sizeof(*l->items));
	l->items[l->n++] = *p;
}

static const char *publish_protocol(const struct publish *p)
{
	return p->protocol == IPPROTO_UDP ? "udp" : "tcp";
}

void publish_text(const struct publish *p, char *buf)
{
	char address[INET_TEXT] = "", where[INET_TEXT + 4] = "", range[8] = "";

	if (p->address.family) {
		inet_text_bare(&p->address, address);
		(void)!str_format(where, sizeof(where),
				  p->address.family == AF_INET6 ? "[%s]:" : "%s:", address);
	}
	if (p->last != p->first)
		(void)!str_format(range, sizeof(range), "-%u", p->last);
	(void)!str_format(buf, PUBLISH_TEXT, "%s %s%u%s", publish_protocol(p), where, p->first,
			  range);
}

static void publish_save_address(struct json *j, const char *key, const struct inet_addr *a)
{
	char text[INET_TEXT];

	if (!a->family)
		return;
	inet_text_bare(a, text);
	json_set(j, key, json_new_string(text));
}

struct json *publish_save(const struct publish *p)
{
	struct json *j = json_new_object();

	json_set(j, "protocol", json_new_string(publish_protocol(p)));
	json_set(j, "first", json_new_u64(p->first));
	json_set(j, "last", json_new_u64(p->last));
	json_set(j, "to", json_new_u64(p->to));
	publish_save_address(j, "address", &p->address);
	publish_save_address(j, "four", &p->four);
	publish_save_address(j, "six", &p->six);
	return j;
}

static bool publish_load_address(const struct json *j, const char *key, int family,
				 struct inet_addr *ret)
{
	const char *text = json_get_string(j, key, NULL);

	*ret = (struct inet_addr){ 0 };
	if (!text)
		return true;
	return inet_parse(text, ret) == 0 && (!family || ret->family == family);
}

bool publish_load(const struct json *j, struct publish *ret)
{
	int64_t first = json_get_i64(j, "first", 0), last = json_get_i64(j, "last", 0);
	int64_t to = json_get_i64(j, "to", 0);
	bool udp = str_eq(json_get_string(j, "protocol", ""), "udp");

	if (first < 1 || last < first || last > UINT16_MAX || to < 1 ||
	    to + (last - first) > UINT16_MAX)
		return false;
	*ret = (struct publish){ .protocol = udp ? IPPROTO_UDP : IPPROTO_TCP,
				 .first = (uint16_t)first,
				 .last = (uint16_t)last,
				 .to = (uint16_t)to };
	return publish_load_address(j, "address", 0, &ret->address) &&
	       publish_load_address(j, "four", AF_INET, &ret->four) &&
	       publish_load_address(j, "six", AF_INET6, &ret->six);
}

bool publish_overlaps(const struct publish *a, const struct publish *b)
{
	if (a->protocol != b->protocol || a->last < b->first || b->last < a->first)
		return false;
	return !a->address.family || !b->address.family || inet_same(&a->address, &b->address);
}

bool publish_covers(const struct publish *a, const struct publish *b)
{
	return a->protocol == b->protocol && a->first <= b->first && b->last <= a->last &&
	       (!a->address.family || inet_same(&a->address, &b->address));
}

bool publish_on_loopback(const struct publish *p)
{
	return p->four.family && (!p->address.family ||
				  (p->address.family == AF_INET && inet_is_loopback(&p->address)));
}
