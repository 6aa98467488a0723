/* zone_spec - struct zone_spec, what /etc/zones/NAME.json says.
 *
 * Property names are zonecfg(8)'s in camelCase (OCI config-solaris.md); the table in zone_spec.c is their only declaration.
 * The struct holds what the FILE says: absent stays absent. zone_effective() (zone_defaults.c) fills the defaults of the product and of the brand and tells
 * each value's origin. Plain data, owned by the struct. */
#ifndef CONFIG_ZONE_SPEC_H
#define CONFIG_ZONE_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/spec.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/diag.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define ZONE_NAME_MAX 63
#define ZONE_FILE_MAX (1u << 20)
#define ZONE_IDS      65536u /* ids a zone has */

#define ZONE_LOWER_CNI "cni:" /* before the name of a network of CNI plugins */
#define ZONE_LOWER_AUTO \
	"auto:" /* before the name of an automatic bridge of its own, 1 to 10 of a-z 0-9 - */
#define ZONE_LOWER_NAME 10

struct zone_anet {
	char *linkname;   /* name inside: "net0"; NULL: "net" and the index */
	char *lower_link; /* "auto", "auto:NAME": bridges that the project makes; "cni:NAME"; else an existing bridge or link */
	struct strv subnet; /* of "auto:NAME": "10.5.0.0/24"; at most one of each family */
	struct strv
		allowed_address; /* "10.88.0.2/24", "fd00:88::2/64"; empty with auto: taken from the bridge's subnet */
	struct opt_bool configure_allowed_address; /* default true */
	struct opt_bool isolated;                  /* default false */
	struct strv defrouter;
	struct strv
		link_protection; /* mac-nospoof ip-nospoof dhcp-nospoof restricted, or the one word "none"; empty: all four */
	char *mac_address;        /* "auto" or aa:bb:cc:dd:ee:ff */
	struct opt_u64 vlan_id;   /* 0: none */
	struct opt_u64 maxbw;     /* bit/s */
	struct opt_u64 shared_bw; /* bit/s, of all links on the lower link */
	struct opt_u64 bw_share;  /* weight, default 100 */
	struct opt_u64 mtu;
};
struct zone_net {
	char *physical;
	struct strv address, defrouter;
};
struct zone_ports {
	uint16_t first, last; /* 0: not given */
};
struct zone_publish {
	struct zone_ports port;
	struct opt_u64 to; /* the first one inside */
	char *protocol;    /* tcp udp */
	char *address;     /* host address, NULL: all */
};
struct zone_dns {
	struct strv nameservers, search, options;
};
struct zone_fs {
	char *dir, *special, *type; /* type: a word of zone_fs_kind_of() */
	struct strv options;
	char *owner; /* lofs: who inside owns what the special's owner owns on the host; NULL: owners as they are */
	char *upper;  /* overlay: disk memory */
	char *verity; /* image: "sha256:HEX" */
	struct opt_bool
		trusted; /* image: it may come from somebody else than root; lofs: users of the host may enter what the zone writes */
};
enum zone_fs_kind { ZONE_FS_LOFS, ZONE_FS_TMPFS, ZONE_FS_OVERLAY, ZONE_FS_IMAGE };
/* By the word of its type; pure (zone_fs.c). */
enum zone_fs_kind zone_fs_kind_of(const char *type);
/* Whatever its options say: the type cannot be written to, or the file is checked by fs-verity. */
bool zone_fs_is_read_only(const struct zone_fs *fs);
/* Does what is written to it end with the mount? */
bool zone_fs_is_memory(const char *type, const char *upper);
struct zone_device {
	char *match, *access; /* "/dev/fuse", "rw" */
};
struct zone_rctl {
	char *name, *value;
};
struct zone_rlimit {
	char *name; /* "nofile" */
	uint64_t soft, hard;
};
struct zone_service {
	struct strv command;
	char *user; /* name or number, optionally ":group" */
	struct strmap env;
	char *cwd;
	char *restart; /* no on-failure always */
	char *stop_signal;
};
struct zone_spec;
struct zone_admin {
	char *user;
	struct strv auths;
	struct zone_spec *
		limits; /* only amounts: up to which the user may raise them (zone_delegate.h); NULL: none */
	struct opt_u64 clones; /* zones that he may have made of this one at a time; default 1 */
};
struct zone_cpu_cap {
	struct opt_u64 ncpus; /* milli-CPUs */
	struct opt_u64 burst; /* milli-CPU-seconds allowed above the cap; not set: none */
};
struct zone_dedicated_cpu {
	char *ncpus; /* "1-2" or "2" */
};
struct zone_memory_cap {
	struct opt_u64 physical, swap, locked; /* bytes; swap is RAM + swap, as in Solaris */
	struct opt_u64 soft;                   /* bytes; what is beyond it is reclaimed first */
};

struct zone_block_io {
	char *path, *device; /* one of them: on that disk, that disk */
	struct opt_u64 read_bps, write_bps, read_iops, write_iops;
};

/* /proc/meminfo and its kin tell of the zone, and sysinfo(2) unless only the files do. */
struct zone_proc_view {
	bool set, value, only_files;
};

struct zone_spec {
	char *zonename, *brand, *zonepath;
	char *tenant; /* NULL: none */
	struct opt_bool autoboot;
	char *autoshutdown; /* shutdown halt; default shutdown */
	struct opt_u64 boot_priority;
	struct strv dependency; /* names of zones */
	char *bootargs, *limitpriv, *apparmor_profile, *selinux_label, *ip_type, *hostid, *hostname,
		*file_mac_profile;
	struct opt_u64 cpu_shares;
	char *scheduling_class; /* TS FSS batch idle */
	struct zone_cpu_cap *capped_cpu;
	struct zone_dedicated_cpu *dedicated_cpu;
	char *pool; /* NULL: none */
	struct zone_memory_cap *capped_memory;
	struct opt_u64 max_processes, max_lwps;
	struct opt_u64 max_msg_ids, max_sem_ids, max_shm_ids,
		max_shm_memory;  /* the last in bytes */
	struct strmap hugepages; /* "2M" -> "64M" */
	struct opt_u64 io_weight;
	struct zone_block_io *block_io;
	size_t n_block_io;
	struct opt_u64 quota, quota_inodes; /* bytes; files and directories */
	struct opt_bool nesting;            /* user namespaces inside allowed */
	struct zone_proc_view proc_view;
	struct zone_anet *anet;
	size_t n_anet;
	struct zone_net *net;
	size_t n_net;
	struct zone_publish *publish;
	size_t n_publish;
	struct zone_dns *dns;
	struct zone_fs *fs;
	size_t n_fs;
	struct zone_device *device;
	size_t n_device;
	struct zone_rctl *rctl;
	size_t n_rctl;
	struct zone_rlimit *rlimit;
	size_t n_rlimit;
	struct strmap sysctl;
	struct zone_service *service;
	struct zone_admin *admin;
	size_t n_admin;
	struct strv seccomp; /* names of system calls; none: all that the zone's filter allows */
	struct strmap attr;
	/* Restart of the zone itself when its init dies without being asked to: no on-failure always; default no. */
	char *restart;
	struct opt_u64 shutdown_timeout; /* ms; how long shutdown waits before halt; default 60s */
};

enum { ZONE_BOOT_PRIORITY = 100 }; /* of a zone that says nothing */

struct zone_spec *zone_spec_new(void);
void zone_spec_free(struct zone_spec *z);
DEFINE_AUTO_PTR(zone_spec);

/* Text -> spec with all errors at once: syntax, unknown keys with hints, types, ranges, and zone_check. `diags->file` names the file. */
MUST_CHECK int zone_spec_parse(const char *text, size_t n, struct zone_spec **ret,
			       struct diag_list *diags);
/* What is in the struct, as a tree / as the pretty text of the file (ends with a newline). */
struct json *zone_spec_save(const struct zone_spec *z);
char *zone_spec_text(const struct zone_spec *z);
/* Back from what zone_spec_save() gave. What has been checked once is not checked again: for documents of our own only. */
struct zone_spec *zone_spec_load(const struct json *saved);
struct zone_spec *zone_spec_clone(const struct zone_spec *z);
bool zone_name_ok(
	const char *name,
	const char **
		ret_why); /* [A-Za-z0-9][A-Za-z0-9_.-]*, at most 63, not "global", not "..", no trailing ".", ".json", ".lock", ".tmp" */

/* Rules that no table can say (contradictions, duplicates of addresses, dirs, link names ...). Pure. `root` gives positions and may be NULL. */
int zone_check(const struct zone_spec *z, const struct json *root, struct diag_list *diags);

/* --- paths: "anet[0].allowedAddress[1]", "cappedMemory.physical", "service.env.TZ" (zone_path.c) --- */
/* Set from text: a JSON value, or bare text for strings ("brand=linux", "cappedMemory.physical=512M", "anet[0]={...}", "anet[+]={...}" appends). Objects on the way are made.
 * Works on the file's tree so that positions and order stay; the result must then be parsed and checked as a whole. */
MUST_CHECK int zone_path_set(struct json *root, const char *path, const char *value, struct err *e);
MUST_CHECK int zone_path_clear(struct json *root, const char *path, struct err *e);
/* Borrowed; NULL when absent. */
MUST_CHECK int zone_path_get(const struct json *root, const char *path, struct json **ret,
			     struct err *e);

/* --- effective configuration (zone_defaults.c) --- */
enum zone_origin {
	ZONE_ORIGIN_FILE,
	ZONE_ORIGIN_DEFAULT,
	ZONE_ORIGIN_BRAND,
	ZONE_ORIGIN_HOST,
	ZONE_ORIGIN_IMAGE,
};
struct zone_host { /* facts of this host that defaults depend on; filled by the caller */
	uint64_t memory_bytes;   /* MemTotal */
	const char *storage_dir; /* "/var/lib/zones" */
	uint32_t id_base;        /* first host id of the zone's range; 0: not allocated yet */
	uint32_t owner_uid;
	const char *init_path; /* host path of zone-init */
	const char *uuid;      /* the zone's UUID */
	const char *root_path; /* host path of the zone's root tree */
	/* of a zone that was installed from an image: what that says of "service", as in zone.json; "command" may be absent. NULL: nothing */
	const struct json *image_service;
	const char *
		root_upper; /* of a root in layers: the folder that takes its changes; NULL: root_path is the tree */
	const struct strv *
		root_layers; /* and the layers ID below it, the topmost first: storage_dir/.layers/ID/fs */
};
/* A complete copy: every property that has a default is set. */
struct zone_spec *zone_effective(const struct zone_spec *file, const struct zone_host *host);
/* Does this complete copy say that sysinfo(2) is answered for the zone? Not with nesting: a chain of filters has one listener, and containers of the zone may want theirs. */
bool zone_answers_sysinfo(const struct zone_spec *effective);
/* A copy in which resource controls ("rctl") stand as the properties that they mean; nothing else is filled in. */
struct zone_spec *zone_expanded(const struct zone_spec *file);
/* Rows for `zone info`: path, value as text, origin; the visitor is called for every leaf of the effective configuration. */
typedef void (*zone_visit_fn)(const char *path, const char *value, enum zone_origin origin,
			      void *arg);
void zone_effective_visit(const struct zone_spec *file, const struct zone_spec *effective,
			  const struct zone_host *host, zone_visit_fn fn, void *arg);
const char *zone_origin_word(enum zone_origin o); /* "file" "default" "brand" "host" "image" */

/* --- brands: a table row of choices (zone_brand in zone_defaults.c) --- */
struct zone_brand {
	const char *name;        /* native linux */
	const char *doc;         /* one sentence */
	bool sparse_root;        /* the host's /usr read-only + private rest */
	const char *const *init; /* candidates for init inside the tree, NULL: zone-init */
	bool no_new_privileges;
	const char *const *
		privileges; /* what "default" in limitpriv stands for: names without "cap_", NULL-terminated */
};
const struct zone_brand *zone_brand_find(const char *name);
const struct zone_brand *zone_brand_at(size_t i); /* NULL past the end */

/* --- immutable zones (zone_profile.c) --- */
/* The folders of a read-only root by the value of fileMacProfile; NULL: the root is writable ("none", or no profile). */
const struct root_part *zone_profile_parts(const char *name);
/* What a file says, "none" when it says nothing or is NULL. A word of the table: never freed. */
const char *zone_profile_word(const struct zone_spec *z);

/* --- limits of processes (zone_process.c) --- */
/* The limits that processes of such a zone begin with: rlimit, and what maxProcesses and cappedMemory.locked make of it; added to those of `p`. */
void zone_fill_rlimits(const struct zone_spec *z, struct process_spec *p);
/* The scheduling policy that they begin with, by schedulingClass, in the place of the one that `p` has. */
void zone_fill_scheduler(const struct zone_spec *z, struct process_spec *p);
/* What lets somebody in the zone change kernel parameters of its namespaces, or make namespaces of his own ("nesting"); NULL: nothing. */
const char *zone_writes_parameters(const struct zone_spec *z);

/* --- privileges (zone_priv.c) --- */
/* limitpriv -> the zone's capability ceiling. Words separated by commas, read from left to right: "default" (the brand's set), "all" (everything that is not
 * prohibited), "none" (nothing so far), NAME adds, !NAME or -NAME takes away; any case, "cap_" in front is allowed. NULL or "" means "default".
 * *ret gets "CAP_..." in the kernel's order, without duplicates. On the first bad word -EINVAL with the reason in `why`; nothing is added then. */
MUST_CHECK int zone_privileges(const char *limitpriv, const char *brand, struct strv *ret,
			       char *why, size_t why_size);
/* Why a zone can never have this privilege ("sys_module", "CAP_SYS_MODULE"), NULL when it can. */
const char *zone_privilege_prohibited(const char *name);
/* Every privilege, in the kernel's order; NULL past the end. */
const char *zone_privilege_at(size_t i);

/* --- translation: zone -> container (zone_to_oci.c). The only one. `z` is an effective configuration. Pure: everything about the host comes in `host`. --- */
struct zone_boot_options {
	bool single_user; /* boot -s */
	bool writable;    /* boot -w: the root is writable whatever fileMacProfile says */
	const char *
		init; /* init inside the tree as found by the caller (linux brand), NULL: zone-init runs `service` */
	const char *
		init_kind; /* "systemd" "busybox" "sysvinit" "zone-init" ...: shutdown signal and mounts depend on it */
	const struct strv *args; /* boot -- ARGS */
	const struct strv
		*usr_links; /* native brand: host root's symlinks into /usr, as "bin=usr/bin" */
};
MUST_CHECK int zone_to_oci(const struct zone_spec *z, const struct zone_host *host,
			   const struct zone_boot_options *o, struct container_spec **ret,
			   struct err *e);
/* SIGRTMIN+3 for systemd, SIGPWR/SIGTERM/... otherwise; service.stopSignal wins for zone-init. */
int zone_shutdown_signal(const struct zone_spec *z, const char *init_kind);

/* A name in "rctl" that is a file of the zone's cgroup (zone_rctl.c); NULL when it is none. `normal` is its content in a new cgroup. */
struct zone_rctl_file {
	const char *name, *normal;
};
const struct zone_rctl_file *zone_rctl_file(const char *name);

/* The disk that an entry of blockIO means, as the kernel counts it: never a partition. Looks at the host (zone_block_io.c). */
MUST_CHECK int zone_block_device(const struct zone_block_io *b, dev_t *ret, struct err *e);

/* Why no zone can ever have the device that this node of the host is, whatever it is called; NULL: it can (zone_resources.c). Pure. */
struct stat;
const char *zone_device_refused(const struct stat *node);

/* --- documents generated from the table (zone_schema.c) --- */
struct json *zone_schema(void); /* JSON Schema 2020-12 */
typedef void (*zone_property_fn)(const char *path, const char *type, const char *fallback,
				 const char *doc, unsigned flags, void *arg);
void zone_properties(
	zone_property_fn fn,
	void *arg); /* every property, depth first, lists as "anet[].mtu"; flags are enum field_flags of bind.h */
/* The property list as man(7) text, what stands for @PROPERTIES@ in zone.json.5.in. Freshly allocated. */
char *zone_properties_manual(void);

#endif
