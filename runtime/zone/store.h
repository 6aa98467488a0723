/* store - where zones are on disk, who may change them, and what state they are in.
 *
 *   CONFIG/NAME.json            the configuration, written by the administrator or by `zone set` (atomic)
 *   STORAGE/.records/NAME.json  the record: uuid, install state, reason, id range, brand and zonepath at install time (atomic, fsynced)
 *   STORAGE/.ids.json           id ranges handed out, under STORAGE/.ids.lock
 *   STORAGE/NAME/               default zonepath, 0700: root/ (the tree, or the place for it), upper/ (the changes of a root in layers), log/ (console.log)
 *   STORAGE/.layers/ID/fs/      a layer: a tree that is never written again (storage.h)
 *   STORAGE/.journal/NAME.json  while a verb changes more than one file (journal.h); zone_dirs_init() and zone_open() end what a crash has left
 *   STORAGE/.migrate/           a note for each migration under way (migrate_note.h)
 *   RUN/NAME/                   while a monitor is (or was) there: run.json (struct zone_run), control (socket)
 *   RUN/NAME/running.N.json     the configuration that the zone runs with (running.h)
 *   RUN/NAME/net.N.json         what its network consists of, once `zone apply` has changed it; before, run.json says that
 *   RUN/NAME/names/             what the zone sees as NET_NAMES_MOUNT; its one file is net/'s (net/names.h), under RUN/net.lock
 *   RUN/.engine/NAME/           the engine's container (engine.h)
 *   RUN/.locks/NAME             flock: every verb that changes a zone holds it
 *
 * CONFIG, STORAGE, RUN are /etc/zones, /var/lib/zones, /run/zones; ZONES_CONFIG_DIR, ZONES_STORAGE_DIR, ZONES_RUN_DIR move them (absolute paths only). All are made 0755/0711/0711 on demand, owned by root,
 * never through symlinks.
 *
 * Who writes what: verbs write CONFIG and the record under the zone's lock. While a monitor lives it alone writes RUN/NAME (but for running.N.json and net.N.json, which verbs replace under the lock); it writes the record's reason before it takes RUN/NAME away as its last act.
 * Called by the zone command and the monitor, as root. */
#ifndef RUNTIME_ZONE_STORE_H
#define RUNTIME_ZONE_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/zone_spec.h"
#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

enum zone_state {
	ZONE_NONE, /* no such zone */
	ZONE_CONFIGURED,
	ZONE_INCOMPLETE,  /* an install or uninstall was interrupted */
	ZONE_UNAVAILABLE, /* installed, but its storage cannot be verified; reason says what */
	ZONE_INSTALLED,
	ZONE_READY,
	ZONE_RUNNING,
	ZONE_SHUTTING_DOWN,
	ZONE_DOWN, /* init has ended, the monitor is cleaning up or waiting to restart it */
	ZONE_STATE_COUNT,
};
const char *zone_state_word(enum zone_state s);

/* A user of the host on whose behalf a verb is run by the server of users (admin.h, delegate.h). */
struct zone_caller {
	uid_t uid;
	const char *zone;  /* the one that he named */
	const char *auths; /* the rights of which he needs one, with commas between */
	const char *also;  /* of these one as well; NULL */
};

/* CONFIG, STORAGE, RUN as absolute paths. Read once from the environment into a value that is passed around. */
struct zone_dirs {
	char *config, *storage, *run;
	const struct zone_caller *caller; /* borrowed; NULL: root's own command */
};
MUST_CHECK int zone_dirs_init(struct zone_dirs *d,
			      struct err *e); /* reads the environment, makes the directories */
void zone_dirs_done(struct zone_dirs *d);

/* A root as it was. */
struct zone_snapshot {
	char *name, *created; /* RFC 3339 UTC */
	char *driver; /* "overlay": of layers; else a tree of its own, ZONEPATH/snapshots/NAME: "btrfs" a subvolume, "dir" a copy */
	struct strv layers;
};

struct zone_record {
	char *uuid;
	enum zone_state state; /* ZONE_CONFIGURED, ZONE_INCOMPLETE or ZONE_INSTALLED only */
	char *aux;         /* "installing", "uninstalling", "migrating-out", "migrating-in"; NULL */
	char *reason;      /* why it is in a state that nobody asked for; NULL */
	char *reason_time; /* RFC 3339 UTC */
	uint32_t id_base, owner_uid; /* 0: not allocated */
	char *zonepath, *brand;      /* as installed; NULL before */
	char *from;                  /* what it was installed from; NULL */
	char *driver;                /* how its root is kept (storage.h); NULL: "dir" */
	struct strv layers;          /* ids of the layers below an overlay, the topmost first */
	struct strv
		next;  /* what "layers" is going to be: the top is being made a layer (layers.h) */
	char *copying; /* the layer that is being made for this zone by copying (layers.h); NULL */
	struct zone_snapshot *snapshots; /* the oldest first */
	size_t n_snapshots;
	char *created, *installed; /* RFC 3339 UTC */
	int64_t exit_status;       /* of init when it last ended; -1 unknown */
	struct json
		*image; /* what the image says that it was installed from (image_config.h); NULL */
};
void zone_record_done(struct zone_record *r);

/* Written by the monitor alone. */
enum zone_root_mode {
	ZONE_ROOT_PLAIN,
	ZONE_ROOT_READ_ONLY,
	ZONE_ROOT_WRITABLE
}; /* without a fileMacProfile; with one; with one, by boot -w */
struct zone_run {
	pid_t monitor;
	uint64_t monitor_start;
	enum zone_state state; /* READY RUNNING SHUTTING_DOWN DOWN */
	char *aux, *reason, *reason_time;
	pid_t init; /* 0: none */
	uint64_t init_start;
	char *init_kind;      /* "systemd" ... */
	char *brand;          /* NULL: written by an older monitor */
	char *tenant;         /* whose cgroup it was booted below; NULL */
	struct strv freezers; /* cgroup_freezers(); none: ask the engine */
	char *address;        /* for `list` */
	char *booted;         /* RFC 3339 UTC */
	char *net_saved;      /* JSON text from net_attach, for detach by others */
	pid_t view;           /* zone-procview; 0: none */
	uint64_t view_start;
	uint32_t view_number; /* of its file system; 0: none */
	char *view_error;     /* why the zone sees the host's /proc/meminfo, or none; NULL */
	enum zone_root_mode root;
	int64_t restarts;
	int64_t id; /* number shown as ID, as Solaris: small, unique among running zones: init's pid is used */
};
void zone_run_done(struct zone_run *r);
const char *zone_root_mode_word(enum zone_root_mode r); /* "R" "W"; NULL: plain */

/* Everything about one zone, read together. */
struct zone {
	char *name;
	char *config_file;      /* CONFIG/NAME.json */
	struct zone_spec *spec; /* what the file says; NULL when the file is missing or broken */
	const char *
		row_profile; /* ZONE_OPEN_ROW: what the file says about fileMacProfile where spec was not read; NULL else. Never freed */
	uint64_t config_sum; /* of the file's text, to see that it has changed */
	char *spec_error;    /* one line: why spec is NULL; NULL else */
	struct zone_record record;
	bool has_record;
	struct zone_run run;
	bool has_run;
	bool monitor_alive, init_alive;
	enum zone_state state; /* the truth, derived */
	char *reason; /* why it is in a state that nobody asked for, or what is wrong with its file; NULL */
	bool frozen;
	bool detached; /* configured, and detached files are where its own would be */
	int lock_fd;   /* -1: not locked */
};
void zone_free(struct zone *z);
DEFINE_AUTO_PTR(zone);

enum zone_open_flags {
	ZONE_OPEN_LOCK = 1, /* take the lock, wait at most 60 s, then -EBUSY naming the holder */
	ZONE_OPEN_MUST_EXIST = 2, /* -ENOENT: zone "x" does not exist (nearest name as hint) */
	ZONE_OPEN_NEED_SPEC = 4,  /* -EINVAL with the file's first error */
	ZONE_OPEN_ROW =
		8, /* what zone list shows is enough: spec may stay NULL without a spec_error, then row_profile is set */
};
/* With a caller (zone_dirs) the lock of the zone that he named comes with the question whether he still has his right: -EPERM. Read a zone and derive its state. A dead monitor is noticed here but nothing is repaired: zone_recover() does that. */
MUST_CHECK int zone_open(const struct zone_dirs *d, const char *name, unsigned flags,
			 struct zone **ret, struct err *e);
/* Remove the lock file as well; the caller holds the lock and the zone has just ceased to exist. */
void zone_forget_lock(const struct zone_dirs *d, struct zone *z);

MUST_CHECK int zone_record_write(const struct zone_dirs *d, const struct zone *z,
				 struct err *e); /* durable; lock held */
/* The same of a zone that may run: the reason that its monitor has set meanwhile stays, also in `z`. */
MUST_CHECK int zone_record_update(const struct zone_dirs *d, struct zone *z, struct err *e);
MUST_CHECK int zone_record_remove(const struct zone_dirs *d, const char *name, struct err *e);
MUST_CHECK int zone_run_write(const struct zone_dirs *d, const char *name, const struct zone_run *r,
			      struct err *e); /* monitor */
/* End the server of a zone's view that an earlier monitor has started, if it is still there: whoever waits for it inside can then be killed. */
void zone_view_kill(const struct zone_run *r);
MUST_CHECK int zone_run_remove(const struct zone_dirs *d, const char *name, struct err *e);
/* Set the reason in the record from the monitor, without the zone's lock; what a verb writes meanwhile stays. */
MUST_CHECK int zone_record_set_reason(const struct zone_dirs *d, const char *name,
				      const char *reason, int64_t exit_status, struct err *e);

/* The configuration that a zone runs with, for the monitor: written at its boot number `boot` (zone_run.restarts), changed by `zone apply`, read whenever a value is needed that may have been
 * changed since. zone_running_spec(): 1, 0 when there is none, or a negative errno. */
MUST_CHECK int zone_running_begin(const struct zone_dirs *d, const struct zone *z, int64_t boot,
				  const struct zone_spec *effective, struct err *e);
MUST_CHECK int zone_running_spec(const struct zone_dirs *d, const char *name, int64_t boot,
				 struct zone_spec **ret, struct err *e);
void zone_running_end(const struct zone_dirs *d, const char *name, int64_t boot);
/* What net_change() saves, by the number of the boot like the configuration. zone_run_load() puts it in the place of what net_attach() saved; the monitor asks before it takes the
 * network away. zone_network_load(): 1, 0 when the network is as net_attach() made it, or a negative errno. */
MUST_CHECK int zone_network_load(const struct zone_dirs *d, const char *name, int64_t boot,
				 struct json **ret, struct err *e);
MUST_CHECK int zone_network_store(const struct zone_dirs *d, const char *name, int64_t boot,
				  const struct json *saved, struct err *e);
void zone_network_end(const struct zone_dirs *d, const char *name, int64_t boot);
/* Does the zone run with something else than its file says? Costs one small file for a zone whose file has not changed. False for one that does not run. */
/* fileMacProfile of a zone that runs with all that its file says, NULL when it does not, or nobody knows without a closer look. A word of the table, never freed. */
const char *zone_running_profile(const struct zone_dirs *d, const struct zone *z);
bool zone_is_pending(const struct zone_dirs *d, const struct zone *z);

/* Names of all zones: union of CONFIG, records and RUN, sorted. */
MUST_CHECK int zone_names(const struct zone_dirs *d, struct strv *ret, struct err *e);

/* Id ranges: blocks of 131,072 host ids from 0x40000000 up; the first 65,536 are the zone's, number 65,536 is its owner uid. Skips what /etc/subuid, /etc/subgid, /etc/passwd use. */
MUST_CHECK int zone_ids_allocate(const struct zone_dirs *d, const char *name, uint32_t *ret_base,
				 uint32_t *ret_owner, struct err *e);
MUST_CHECK int zone_ids_release(const struct zone_dirs *d, const char *name, struct err *e);
/* The block of one zone is another name's from now on. Again is fine. */
MUST_CHECK int zone_ids_rename(const struct zone_dirs *d, const char *from, const char *to,
			       struct err *e);

/* "zonepath" checks: absolute, no symlink in it, owned by root, mode 0700, no group- or world-writable parent. Returns an O_PATH descriptor of it. */
MUST_CHECK int zone_storage_open(const char *zonepath, struct err *e);

void zone_time_now(char *buf, size_t size); /* RFC 3339 UTC, seconds */

/* Facts of the host for the defaults and the translation; pointers live as long as `z` and `d`. *init_path is the installed zone-init: ZONES_LIBEXEC_DIR in the environment (main() puts the folder of the program there when zone-init lies beside it, as in build trees), or the compiled-in folder. */
MUST_CHECK int zone_host_facts(const struct zone_dirs *d, const struct zone *z,
			       struct zone_host *ret, struct strbuf *storage_of_strings,
			       struct err *e);

#endif
