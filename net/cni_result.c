/* The shape is the same in all these versions, but for ips[].version, which says no more than the address itself, and for newer members that are not needed here. */
#include "net/cni_result.h"

#include <errno.h>

#include "net/cni_conf.h"
#include "runtime/base/num.h"
#include "runtime/base/str.h"

enum { ITEMS_MAX = 256, TRY_AGAIN = 11 };

static const struct json *result_list(const struct json *result, const char *key)
{
	const struct json *list = json_get(result, key);

	return list && list->type == JSON_ARRAY ? list : NULL;
}

static int list_check(const struct json *result, const char *key, struct err *e)
{
	const struct json *list = json_get(result, key);

	if (!list || list->type == JSON_NULL)
		return 0;
	if (list->type != JSON_ARRAY || list->n > ITEMS_MAX)
		return err_set(e, EPROTO, "its result's \"%s\" is no list of at most %d items", key,
			       ITEMS_MAX);
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i]->type != JSON_OBJECT)
			return err_set(e, EPROTO, "its result's %s[%zu] is not an object", key, i);
	return 0;
}

/* The index of the interface an address is for; false when it names none. */
static bool ip_interface(const struct json *ip, uint64_t *ret)
{
	const struct json *index = json_get(ip, "interface");

	return index && index->type == JSON_NUMBER && num_u64(index->text, ret) == 0;
}

static int ip_check(const struct json *result, const struct json *ip, size_t i, struct err *e)
{
	const struct json *interfaces = result_list(result, "interfaces");
	const char *text = json_get_string(ip, "address", "");
	struct inet_addr a;
	uint64_t index = 0;

	if (!str_is_line_safe(text, NULL) || inet_parse(text, &a) < 0 || !a.has_prefix)
		return err_set(e, EPROTO,
			       "its result's ips[%zu].address is no address with a prefix", i);
	if (ip_interface(ip, &index) && index >= (interfaces ? interfaces->n : 0))
		return err_set(e, EPROTO, "its result's ips[%zu].interface names no interface", i);
	return 0;
}

int cni_result_check(const struct json *result, const char *version, struct err *e)
{
	const char *said = json_get_string(result, "cniVersion", version);
	const struct json *ips;

	if (!result || result->type != JSON_OBJECT)
		return err_set(e, EPROTO, "printed no result");
	if (!cni_version_ok(said))
		return err_set(e, EPROTO, "its result's cniVersion is not among 0.3.0 to 1.1.0");
	if (list_check(result, "interfaces", e) < 0 || list_check(result, "ips", e) < 0 ||
	    list_check(result, "routes", e) < 0)
		return -EPROTO;
	ips = result_list(result, "ips");
	for (size_t i = 0; ips && i < ips->n; i++)
		if (ip_check(result, ips->items[i], i, e) < 0)
			return -EPROTO;
	return 0;
}

void cni_result_addresses(const struct json *result, const char *name, struct plan_addrs *ret)
{
	const struct json *ips = result_list(result, "ips");
	const struct json *interfaces = result_list(result, "interfaces");

	for (size_t i = 0; ips && i < ips->n; i++) {
		struct inet_addr a;
		uint64_t index = 0;
		const struct json *link = NULL;

		if (ip_interface(ips->items[i], &index) && interfaces)
			link = interfaces->items[index];
		if (link && (!str_eq(json_get_string(link, "name", ""), name) ||
			     str_empty(json_get_string(link, "sandbox", ""))))
			continue; /* another link's, or one of the host */
		if (inet_parse(json_get_string(ips->items[i], "address", ""), &a) == 0)
			plan_addrs_add(ret, &a);
	}
}

static void dns_words(const struct json *list, bool addresses, struct strv *ret)
{
	for (size_t i = 0; list && list->type == JSON_ARRAY && i < list->n && i < ITEMS_MAX; i++) {
		const char *word =
			list->items[i]->type == JSON_STRING ? list->items[i]->text : NULL;
		struct inet_addr a;

		if (str_empty(word) || !str_is_line_safe(word, " \t#;") ||
		    (addresses && (inet_parse(word, &a) < 0 || a.has_prefix)) ||
		    strv_has(ret, word))
			continue;
		strv_add(ret, word);
	}
}

void cni_result_dns(const struct json *result, struct zone_dns *ret)
{
	const struct json *dns = json_get(result, "dns");
	const char *domain = json_get_string(dns, "domain", "");

	dns_words(json_get(dns, "nameservers"), true, &ret->nameservers);
	dns_words(json_get(dns, "search"), false, &ret->search);
	if (!str_empty(domain) && str_is_line_safe(domain, " \t#;") && ret->search.n == 0)
		strv_add(&ret->search, domain);
	dns_words(json_get(dns, "options"), false, &ret->options);
}

int cni_result_error(const struct json *printed, struct err *e)
{
	const struct json *code = json_get(printed, "code");
	const char *msg = json_get_string(printed, "msg", "");
	const char *details = json_get_string(printed, "details", "");
	int64_t number = json_get_i64(printed, "code", 0);

	if (!code && str_empty(msg))
		return 0;
	(void)err_set(e, number == TRY_AGAIN ? EAGAIN : EPROTO, "%s%s%s (code %lld)",
		      str_empty(msg) ? "no reason given" : msg, str_empty(details) ? "" : ": ",
		      details, (long long)number);
	err_sanitize(e); /* somebody else's words */
	return -e->code;
}
