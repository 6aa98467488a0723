/* State and files, with links that exist and links that have gone. */
#include "net/names.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/net/own_network.h"

static bool says(const struct own_dirs *d, const char *zone, const char *part)
{
	auto_free char *dir = net_names_dir(&d->dirs, zone);
	auto_free char *path = mem_format("%s/hosts", dir);
	auto_free char *text = NULL;
	struct err e = { 0 };
	size_t n;

	return file_read_all(AT_FDCWD, path, 1 << 20, &text, &n, &e) == 0 &&
	       strstr(text, part) != NULL;
}

static ino_t inode(const struct own_dirs *d, const char *zone)
{
	auto_free char *dir = net_names_dir(&d->dirs, zone);
	auto_free char *path = mem_format("%s/hosts", dir);
	struct stat st = { 0 };

	return stat(path, &st) == 0 ? st.st_ino : 0;
}

static struct json *attached(const char *zone, int ns, const struct own_dirs *d)
{
	auto_ptr(zone_spec) struct zone_spec *z = own_zone(zone, 1);
	auto_ptr(net_plan) struct net_plan *p = NULL;
	auto_free char *dir = net_names_dir(&d->dirs, zone);
	struct json *saved = NULL;
	struct err e = { 0 };

	CHECK(file_mkdir_p(AT_FDCWD, dir, 0755, &e) == 0);
	CHECK(net_plan(z, &d->dirs, &p, &e) == 0);
	CHECK(net_has_names(p) && !net_has_names(NULL));
	CHECK(net_attach(p, ns, &saved, &e) == 0);
	test_str(e.text, "", "no error", __FILE__, __LINE__);
	return saved;
}

/* As whoever recovers does it: the lock is held already. */
static bool swept(const struct net_dirs *dirs, const char *const *alive, const char *const *known)
{
	struct err e = { 0 };
	auto_close int lock = net_lock(dirs, &e);

	return lock >= 0 && net_sweep(alive, known, dirs, &e) == 0;
}

static void test(void)
{
	static const char *const only_c[] = { "c", NULL };
	auto_close int one = own_zone_namespace();
	auto_close int two = own_zone_namespace();
	auto_close int three = own_zone_namespace();
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	auto_free char *state = NULL;
	struct own_dirs d;
	struct err e = { 0 };

	own_dirs_make(&d);
	state = mem_format("%s/names.json", d.run);
	auto_ptr(json) struct json *a = attached("a", one, &d);
	auto_ptr(json) struct json *b = attached("b", two, &d);

	CHECK(says(&d, "a", "10.88.0.3 b\n") && says(&d, "a", "fd00:88::3 b\n"));
	CHECK(says(&d, "b", "10.88.0.2 a\n"));
	CHECK(inode(&d, "a") != 0 && inode(&d, "a") == inode(&d, "b"));
	/* b's namespace goes: whoever comes next says so, though nobody took b away */
	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0);
	CHECK(link_delete(&nl, json_get_string(json_get(b, "links")->items[0], "host", ""), &e) ==
	      0);
	auto_ptr(json) struct json *c = attached("c", three, &d);

	CHECK(!says(&d, "a", " b\n") && says(&d, "a", "10.88.0.4 c\n"));
	CHECK(swept(&d.dirs, only_c, only_c));
	CHECK(!says(&d, "c", " a\n") && says(&d, "c", "10.88.0.4 c\n"));
	/* a state that is no state is an empty one */
	CHECK(file_replace(AT_FDCWD, state, "{", 1, 0600, &e) == 0);
	CHECK(net_detach(c, &d.dirs, &e) == 0);
	CHECK(net_detach(a, &d.dirs, &e) == 0 && net_detach(b, &d.dirs, &e) == 0);
	CHECK(!file_exists(AT_FDCWD, state));
	own_dirs_done(&d);
}

/* What is wrong with one zone's folder is no reason for another not to boot or halt; it is for the zone itself. */
static void test_broken_folder(void)
{
	auto_close int one = own_zone_namespace();
	auto_close int two = own_zone_namespace();
	struct own_dirs d;
	struct err e = { 0 };

	own_dirs_make(&d);
	auto_free char *hosts = mem_format("%s/a/names/hosts", d.run);
	auto_ptr(json) struct json *a = attached("a", one, &d);

	CHECK(unlink(hosts) == 0 && mkdir(hosts, 0700) == 0); /* a directory stands in the way */
	auto_ptr(json) struct json *b = attached("b", two, &d);

	CHECK(says(&d, "b", " a\n") && says(&d, "b", " b\n"));
	CHECK(net_detach(b, &d.dirs, &e) == 0);
	CHECK(net_detach(a, &d.dirs, &e) == 0);
	auto_ptr(zone_spec) struct zone_spec *z = own_zone("a", 1);
	auto_ptr(net_plan) struct net_plan *p = NULL;
	struct json *saved = NULL;

	CHECK(net_plan(z, &d.dirs, &p, &e) == 0);
	CHECK(net_attach(p, one, &saved, &e) < 0 && !saved);
	CHECK(strstr(e.text, "tell zone \"a\" the names of the others") != NULL);
	CHECK(rmdir(hosts) == 0);
	own_dirs_done(&d);
}

/* More bridges than a process may have descriptors. */
static void test_many_bridges(void)
{
	enum { ZONES = 40 };
	const char *alive[ZONES + 1] = { NULL };
	char names[ZONES][8];
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	auto_done(strbuf) struct strbuf text = { 0 };
	struct rlimit old, few;
	struct own_dirs d;
	struct err e = { 0 };

	own_dirs_make(&d);
	auto_free char *state = mem_format("%s/names.json", d.run);

	for (size_t i = 0; i < ZONES; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "z%zu", i);
		alive[i] = names[i];
		auto_free char *dir = net_names_dir(&d.dirs, names[i]);

		CHECK(file_mkdir_p(AT_FDCWD, dir, 0755, &e) == 0);
		strbuf_format(
			&text,
			"%s{\"zone\":\"z%zu\",\"links\":[{\"host\":\"lo\",\"bridge\":\"b%zu\",\"isolated\":false,\"addresses\":[\"10.0.0.2\"]}]}",
			i ? "," : "{\"zones\":[", i, i);
	}
	strbuf_add(&text, "]}");
	CHECK(file_replace(AT_FDCWD, state, strbuf_text(&text), text.len, 0600, &e) == 0);
	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0);
	CHECK(getrlimit(RLIMIT_NOFILE, &old) == 0);
	few = old;
	few.rlim_cur = ZONES / 2;
	CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
	CHECK(names_keep(&nl, &d.dirs, alive, &e) == 0);
	CHECK(setrlimit(RLIMIT_NOFILE, &old) == 0);
	CHECK(says(&d, names[0], "10.0.0.2 z0\n"));
	CHECK(says(&d, names[ZONES - 1], "10.0.0.2 z39\n"));
	CHECK(names_keep(&nl, &d.dirs, alive + ZONES, &e) == 0);
	own_dirs_done(&d);
}

static void test_all(void)
{
	test();
	test_broken_folder();
	test_many_bridges();
}

int main(void)
{
	return own_network_run(test_all);
}
