/* Two small texts. Every word that goes into them is checked to be a word: no configuration can write a second line. */
#include "net/resolv.h"

#include <fcntl.h>
#include <string.h>

#include "net/inet.h"
#include "net/net.h"
#include "net/plan.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"

enum { RESOLV_MAX = 65536, SERVERS_MAX = 3 /* what the C library reads */ };

const char resolv_hosts_head[] = "127.0.0.1 localhost\n"
				 "::1 localhost ip6-localhost ip6-loopback\n"
				 "ff02::1 ip6-allnodes\n"
				 "ff02::2 ip6-allrouters\n";

static bool resolv_is_word(const char *s)
{
	return !str_empty(s) && str_is_line_safe(s, " \t#;");
}

/* The words behind a keyword on its lines: all words of the last such line for "search" and "options", the servers of all lines. */
static void resolv_read(const char *text, const char *keyword, bool all_lines, struct strv *ret)
{
	auto_done(strv) struct strv lines = { 0 };

	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		auto_done(strv) struct strv words = { 0 };

		for (char *c = lines.items[i]; *c; c++)
			if (*c == '\t' || *c == '\r')
				*c = ' ';
		strv_split(&words, lines.items[i], ' ');
		if (words.n < 2 || !str_eq(words.items[0], keyword))
			continue;
		while (!all_lines && ret->n)
			strv_remove(ret, ret->n - 1);
		for (size_t k = 1; k < words.n; k++)
			if (resolv_is_word(words.items[k]))
				strv_add(ret, words.items[k]);
	}
}

/* A loopback server answers the host only. */
static void resolv_drop_loopback(struct strv *servers)
{
	for (size_t i = servers->n; i-- > 0;) {
		struct inet_addr a;

		if (inet_parse(servers->items[i], &a) < 0 || inet_is_loopback(&a))
			strv_remove(servers, i);
	}
}

bool resolv_is_stub(const char *host)
{
	auto_done(strv) struct strv servers = { 0 };
	size_t all;

	resolv_read(host, "nameserver", true, &servers);
	all = servers.n;
	resolv_drop_loopback(&servers);
	return all > 0 && servers.n == 0;
}

static void resolv_line(struct strbuf *b, const char *keyword, const struct strv *words)
{
	size_t before = b->len;

	for (size_t i = 0; i < words->n; i++) {
		if (!resolv_is_word(words->items[i]))
			continue;
		strbuf_add(b, b->len == before ? keyword : "");
		strbuf_format(b, " %s", words->items[i]);
	}
	if (b->len > before)
		strbuf_add_char(b, '\n');
}

char *resolv_text(const struct zone_dns *dns, const char *host)
{
	auto_done(strv) struct strv servers = { 0 };
	auto_done(strv) struct strv search = { 0 };
	auto_done(strv) struct strv options = { 0 };
	auto_done(strbuf) struct strbuf b = { 0 };

	if (dns) {
		strv_copy(&servers, &dns->nameservers);
		strv_copy(&search, &dns->search);
		strv_copy(&options, &dns->options);
	}
	if (host && servers.n == 0) {
		resolv_read(host, "nameserver", true, &servers);
		resolv_drop_loopback(&servers);
		if (search.n == 0)
			resolv_read(host, "search", false, &search);
	}
	resolv_line(&b, "search", &search);
	for (size_t i = 0; i < servers.n && i < SERVERS_MAX; i++)
		if (resolv_is_word(servers.items[i]))
			strbuf_format(&b, "nameserver %s\n", servers.items[i]);
	resolv_line(&b, "options", &options);
	return strbuf_steal(&b);
}

static char *resolv_host_file(const char *path)
{
	struct err ignored = { 0 };
	char *text = NULL;
	size_t n;

	return file_read_all(AT_FDCWD, path, RESOLV_MAX, &text, &n, &ignored) < 0 ? NULL : text;
}

bool net_has_dns(const struct net_plan *p)
{
	return p && (p->dns.nameservers.n || p->dns.search.n || p->dns.options.n);
}

static void resolv_choose(struct strv *to, const struct strv *written, const struct strv *said)
{
	strv_copy(to, written && written->n ? written : said);
}

/* The configuration's word, then the plugins', then the host's. */
static char *resolv_delegated(const struct zone_dns *dns, const struct net_plan *p,
			      const char *host)
{
	struct zone_dns all = { 0 };
	char *text;

	resolv_choose(&all.nameservers, dns ? &dns->nameservers : NULL, &p->dns.nameservers);
	resolv_choose(&all.search, dns ? &dns->search : NULL, &p->dns.search);
	resolv_choose(&all.options, dns ? &dns->options : NULL, &p->dns.options);
	text = resolv_text(&all, host);
	strv_done(&all.nameservers);
	strv_done(&all.search);
	strv_done(&all.options);
	return text;
}

char *net_resolv_conf(const struct zone_spec *z, const struct net_plan *p)
{
	auto_free char *host = NULL;

	/* without a link no server can be reached */
	if ((str_eq(z->ip_type, "shared") && z->n_net) || z->n_anet || (p && p->n_links))
		host = resolv_host_file("/etc/resolv.conf");
	if (host && resolv_is_stub(host)) {
		char *real = resolv_host_file("/run/systemd/resolve/resolv.conf");

		if (real) {
			free(host);
			host = real;
		}
	}
	return net_has_dns(p) ? resolv_delegated(z->dns, p, host) : resolv_text(z->dns, host);
}

char *net_hosts(const struct zone_spec *z, const struct net_plan *p)
{
	auto_done(strbuf) struct strbuf b = { 0 };
	auto_free char *names = NULL;
	const char *hostname = str_empty(z->hostname) ? z->zonename : z->hostname;
	const char *dot = strchr(hostname, '.');
	size_t addresses = 0;

	if (!resolv_is_word(hostname))
		hostname = "localhost";
	else if (dot && dot > hostname)
		names = mem_format("%s %.*s", hostname, (int)(dot - hostname), hostname);
	if (!names)
		names = mem_strdup(hostname);
	strbuf_add(&b, resolv_hosts_head);
	for (size_t i = 0; p && i < p->n_links; i++)
		for (size_t k = 0; k < p->links[i].addrs.n; k++) {
			char text[INET_TEXT];

			inet_text_bare(&p->links[i].addrs.items[k], text);
			strbuf_format(&b, "%s %s\n", text, names);
			addresses++;
		}
	if (addresses == 0) /* a name of one's own must have an address; Debian's choice */
		strbuf_format(&b, "127.0.1.1 %s\n", names);
	return strbuf_steal(&b);
}
