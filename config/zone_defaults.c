/* zone_defaults - what holds when the file is silent: the brands, the default of every property, and where each value came from.
 *
 * Defaults are the safe side: link protection on, a bound on processes and on memory so that no zone can take the host down, no network unless the file has
 * an anet, no privilege that only some zones need. */
#include "config/zone_rctl.h"
#include "config/zone_table.h"

#include "runtime/base/mem.h"

#define MIB              (UINT64_C(1) << 20)
#define MIN_RESERVE      (256 * MIB) /* what the host keeps of its memory at least ... */
#define RESERVE_PART     20          /* ... and as a part of it */
#define DEFAULT_MAX_LWPS 4096
#define DEFAULT_MTU      1500
#define DEFAULT_TIMEOUT  60000 /* ms */

/* --- brands --- */

/* What programs of a usual system need inside their own user namespace. Left out: raw sockets and network administration (the kernel code behind them is the
 * most attacked there is, and the network is configured from outside), and sys_admin. */
#define USUAL_PRIVILEGES                                                                        \
	"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid",       \
		"setuid", "setpcap", "net_bind_service", "ipc_lock", "ipc_owner", "sys_chroot", \
		"sys_ptrace", "sys_boot", "sys_nice", "mknod", "lease", "audit_write", "setfcap"

static const char *const native_privileges[] = { USUAL_PRIVILEGES, NULL };

/* A full init system mounts file systems, sets limits and opens consoles. */
static const char *const linux_privileges[] = { USUAL_PRIVILEGES, "sys_admin", "sys_resource",
						"sys_tty_config", NULL };

static const char *const linux_init[] = {
	"/sbin/init",
	"/usr/sbin/init",
	"/lib/systemd/systemd",
	"/usr/lib/systemd/systemd",
	"/etc/init",
	"/bin/init",
	"/init",
	NULL,
};

static const struct zone_brand brands[] = {
	{ .name = "native",
	  .doc = "The host's /usr read-only with private directories around it, and the built-in init.",
	  .sparse_root = true,
	  .no_new_privileges = true,
	  .privileges = native_privileges },
	{ .name = "linux",
	  .doc = "A root file system of its own with its own init, or with the built-in one when there is a service.",
	  .init = linux_init,
	  .privileges = linux_privileges },
};

const struct zone_brand *zone_brand_at(size_t i)
{
	return i < BIND_COUNT(brands) ? &brands[i] : NULL;
}

const struct zone_brand *zone_brand_find(const char *name)
{
	for (size_t i = 0; i < BIND_COUNT(brands); i++)
		if (str_eq(brands[i].name, name))
			return &brands[i];
	return NULL;
}

/* --- effective configuration --- */

static void default_text(char **member, const char *text)
{
	if (!*member)
		*member = mem_strdup(text);
}

static void default_bool(struct opt_bool *member, bool value)
{
	if (!member->set)
		*member = (struct opt_bool){ true, value };
}

static void default_number(struct opt_u64 *member, uint64_t value)
{
	if (!member->set)
		*member = (struct opt_u64){ true, value };
}

/* FNV-1a: the same zone has the same host id on every boot and, its UUID moving with it, on every host. */
static void default_hostid(struct zone_spec *z, const char *uuid)
{
	uint32_t hash = UINT32_C(2166136261);

	if (z->hostid || str_empty(uuid))
		return;
	for (const char *p = uuid; *p; p++)
		hash = (hash ^ (unsigned char)*p) * UINT32_C(16777619);
	if (hash == 0 || hash == UINT32_MAX)
		hash = 1;
	z->hostid = mem_format("0x%08x", hash);
}

/* The host's memory without what the host must keep for itself, in whole MiB. */
static uint64_t memory_for_zones(uint64_t total)
{
	uint64_t reserve = total / RESERVE_PART > MIN_RESERVE ? total / RESERVE_PART : MIN_RESERVE;
	uint64_t rest = total > 2 * reserve ? total - reserve : total / 2;

	return rest > MIB ? rest / MIB * MIB : MIB;
}

static void default_memory(struct zone_spec *z, uint64_t total)
{
	uint64_t physical = memory_for_zones(total);

	if (total == 0)
		return; /* the caller does not know the host */
	if (!z->capped_memory)
		z->capped_memory = mem_zero(sizeof(*z->capped_memory));
	if (z->capped_memory->swap.set && z->capped_memory->swap.value < physical)
		physical = z->capped_memory->swap.value;
	default_number(&z->capped_memory->physical, physical);
}

static void default_links(struct zone_spec *z)
{
	static const char *const protection[] = { "mac-nospoof", "ip-nospoof", "dhcp-nospoof",
						  "restricted" };

	for (size_t i = 0; i < z->n_anet; i++) {
		struct zone_anet *a = &z->anet[i];

		if (!a->linkname)
			a->linkname = mem_format("net%zu", i);
		default_text(&a->lower_link, "auto");
		default_text(&a->mac_address, "auto");
		default_bool(&a->configure_allowed_address, true);
		default_bool(&a->isolated, false);
		default_number(&a->vlan_id, 0);
		if (!str_has_prefix(a->lower_link, ZONE_LOWER_CNI)) /* theirs to decide */
			default_number(&a->mtu, DEFAULT_MTU);
		if (a->link_protection.n > 0)
			continue;
		for (size_t k = 0; k < BIND_COUNT(protection); k++)
			strv_add(&a->link_protection, protection[k]);
	}
}

/* Solaris' words for mount options in the kernel's, and what is safe where nothing is said. */
static const struct option_word {
	const char *solaris, *linux_word;
} option_words[] = {
	{ "nodevices", "nodev" },
	{ "devices", "dev" },
	{ "nosetuid", "nosuid" },
	{ "setuid", "suid" },
};

static void default_options(struct zone_fs *fs)
{
	struct strv *options = &fs->options;
	struct strv words = { 0 };

	for (size_t i = 0; i < options->n; i++) {
		const char *word = options->items[i];

		for (size_t k = 0; k < BIND_COUNT(option_words); k++)
			if (str_eq(word, option_words[k].solaris))
				word = option_words[k].linux_word;
		strv_add(&words, word);
	}
	if (!strv_has(&words, "ro") && !strv_has(&words, "rw"))
		strv_add(&words, zone_fs_is_read_only(fs) ? "ro" : "rw");
	if (!strv_has(&words, "suid") && !strv_has(&words, "nosuid"))
		strv_add(&words, "nosuid");
	if (!strv_has(&words, "dev") && !strv_has(&words, "nodev"))
		strv_add(&words, "nodev");
	strv_done(options);
	*options = words;
}

static void default_fs(struct zone_fs *fs)
{
	default_options(fs);
	if (zone_fs_kind_of(fs->type) == ZONE_FS_OVERLAY)
		default_text(&fs->upper, "disk");
}

static void image_text(char **member, const struct json *image, const char *key)
{
	const char *text = json_get_string(image, key, NULL);

	if (text)
		default_text(member, text);
}

/* What the image says, key by key where the file is silent. An image without a program of its own makes no service; a file without one takes the image's. */
static void image_service(struct zone_spec *z, const struct json *image)
{
	const struct json *command = json_get(image, "command"), *env = json_get(image, "env");

	if (!z->service && !command)
		return;
	if (!z->service)
		z->service = mem_zero(sizeof(*z->service));
	for (size_t i = 0; z->service->command.n <= i && command && i < command->n; i++)
		strv_add(&z->service->command, command->items[i]->text);
	for (size_t i = 0; env && i < env->n; i++)
		if (!strmap_get(&z->service->env, env->items[i]->key))
			strmap_set(&z->service->env, env->items[i]->key, env->items[i]->text);
	image_text(&z->service->user, image, "user");
	image_text(&z->service->cwd, image, "cwd");
	image_text(&z->service->stop_signal, image, "stopSignal");
}

static void default_service(struct zone_service *s)
{
	if (!s)
		return;
	default_text(&s->user, "root");
	default_text(&s->cwd, "/");
	default_text(&s->restart, "on-failure");
	default_text(&s->stop_signal, "TERM");
}

struct zone_spec *zone_expanded(const struct zone_spec *file)
{
	struct zone_spec *z = zone_spec_clone(file);

	zone_rctl_expand(z);
	return z;
}

struct zone_spec *zone_effective(const struct zone_spec *file, const struct zone_host *host)
{
	struct zone_spec *z = zone_spec_clone(file);

	zone_rctl_expand(z);
	default_text(&z->brand, brands[0].name);
	if (!z->zonepath)
		z->zonepath = mem_format("%s/%s",
					 host->storage_dir ? host->storage_dir : "/var/lib/zones",
					 z->zonename ? z->zonename : "");
	default_bool(&z->autoboot, false);
	default_text(&z->autoshutdown, "shutdown");
	default_number(&z->boot_priority, ZONE_BOOT_PRIORITY);
	default_text(&z->bootargs, "");
	default_text(&z->limitpriv, "default");
	default_text(&z->ip_type, "exclusive");
	default_hostid(z, host->uuid);
	default_text(&z->hostname, z->zonename ? z->zonename : "");
	default_text(&z->file_mac_profile, "none");
	default_text(&z->scheduling_class, "TS");
	default_memory(z, host->memory_bytes);
	default_number(&z->max_lwps, DEFAULT_MAX_LWPS);
	default_bool(&z->nesting, false);
	default_bool(&z->proc_view, true);
	default_links(z);
	for (size_t i = 0; i < z->n_fs; i++)
		default_fs(&z->fs[i]);
	for (size_t i = 0; i < z->n_device; i++)
		default_text(&z->device[i].access, "rw");
	if (host->image_service)
		image_service(z, host->image_service);
	default_service(z->service);
	default_text(&z->restart, "no");
	default_number(&z->shutdown_timeout, DEFAULT_TIMEOUT);
	return z;
}

/* --- where values come from --- */

/* Defaults that are not the product's own. */
static const struct {
	const char *path;
	enum zone_origin origin;
} origins[] = {
	{ "limitpriv", ZONE_ORIGIN_BRAND },
	{ "cappedMemory.physical", ZONE_ORIGIN_HOST },
	{ "hostid", ZONE_ORIGIN_HOST },
	{ "zonepath", ZONE_ORIGIN_HOST },
};

struct visit {
	const struct json *file, *image;
	struct strbuf path;
	zone_visit_fn fn;
	void *arg;
};

static enum zone_origin origin_of(const struct visit *v)
{
	const char *path = strbuf_text(&v->path);
	struct json *there = NULL;
	struct err ignored;

	if (zone_path_get(v->file, path, &there, &ignored) == 0 && there)
		return ZONE_ORIGIN_FILE;
	for (size_t i = 0; i < BIND_COUNT(origins); i++)
		if (str_eq(origins[i].path, path))
			return origins[i].origin;
	if (v->image && zone_path_get(v->image, path, &there, &ignored) == 0 && there)
		return ZONE_ORIGIN_IMAGE;
	return ZONE_ORIGIN_DEFAULT;
}

static bool is_leaf(const struct json *j)
{
	if (j->type != JSON_ARRAY && j->type != JSON_OBJECT)
		return true;
	return j->type == JSON_ARRAY && (j->n == 0 || j->items[0]->type != JSON_OBJECT);
}

static void visit_leaf(struct visit *v, const struct json *j)
{
	auto_free char *printed = j->type == JSON_STRING ? NULL : json_print(j, false);

	v->fn(strbuf_text(&v->path), printed ? printed : j->text, origin_of(v), v->arg);
}

static void visit_tree(struct visit *v, const struct json *j)
{
	size_t mark = v->path.len;

	if (is_leaf(j)) {
		visit_leaf(v, j);
		return;
	}
	for (size_t i = 0; i < j->n; i++) {
		if (j->type == JSON_ARRAY)
			strbuf_format(&v->path, "[%zu]", i);
		else
			strbuf_format(&v->path, "%s%s", mark > 0 ? "." : "", j->items[i]->key);
		visit_tree(v, j->items[i]);
		v->path.len = mark;
		if (v->path.text)
			v->path.text[mark] = '\0';
	}
}

void zone_effective_visit(const struct zone_spec *file, const struct zone_spec *effective,
			  const struct zone_host *host, zone_visit_fn fn, void *arg)
{
	auto_ptr(json) struct json *image = json_new_object();
	auto_ptr(json) struct json *from = zone_spec_save(file);
	auto_ptr(json) struct json *all = zone_spec_save(effective);
	struct visit v = { .file = from, .image = image, .fn = fn, .arg = arg };

	if (host->image_service) {
		struct json *copy = json_clone(host->image_service);

		free(ptr_steal(&copy->key)); /* a member of something else */
		json_set(image, "service", copy);
	}
	visit_tree(&v, all);
	strbuf_done(&v.path);
}

const char *zone_origin_word(enum zone_origin o)
{
	static const char *const words[] = {
		[ZONE_ORIGIN_FILE] = "file",   [ZONE_ORIGIN_DEFAULT] = "default",
		[ZONE_ORIGIN_BRAND] = "brand", [ZONE_ORIGIN_HOST] = "host",
		[ZONE_ORIGIN_IMAGE] = "image",
	};

	return words[o];
}
