/* zone - every verb of the product as a function of the same name. Front ends (zone_cmd) parse words and print; the work is here.
 *
 * Each function takes the directories, opens the zone with the lock where it changes something, asks the state table (states.c) whether the verb is legal, and acts. Asking for the
 * state that already holds succeeds: *ret_note then says so (freshly allocated), else it is NULL. Errors: ENOENT no such zone, EBUSY wrong state (sentence from the table), EINVAL bad configuration.
 * All of these run as root on the host. */
#ifndef RUNTIME_ZONE_ZONE_H
#define RUNTIME_ZONE_ZONE_H

#include <stdbool.h>
#include <stdio.h>

#include "config/zone_spec.h"
#include "runtime/base/diag.h"
#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/engine/engine.h"
#include "runtime/zone/store.h"

/* --- the state table (states.c) --- */
enum zone_verb {
	ZONE_VERB_SET,
	ZONE_VERB_APPLY,
	ZONE_VERB_VERIFY,
	ZONE_VERB_INSTALL,
	ZONE_VERB_UNINSTALL,
	ZONE_VERB_DELETE,
	ZONE_VERB_READY,
	ZONE_VERB_BOOT,
	ZONE_VERB_SHUTDOWN,
	ZONE_VERB_HALT,
	ZONE_VERB_REBOOT,
	ZONE_VERB_FREEZE,
	ZONE_VERB_THAW,
	ZONE_VERB_LOGIN,
	ZONE_VERB_EXEC,
	ZONE_VERB_CONSOLE,
	ZONE_VERB_EXPORT,
	ZONE_VERB_RENAME,
	ZONE_VERB_MOVE,
	ZONE_VERB_DETACH,
	ZONE_VERB_ATTACH,
	ZONE_VERB_ARCHIVE,
	ZONE_VERB_CLONE,
	ZONE_VERB_SNAPSHOT,
	ZONE_VERB_ROLLBACK,
	ZONE_VERB_PUBLISH,
	ZONE_VERB_MIGRATE,
	ZONE_VERB_COUNT,
};
enum zone_verdict { ZONE_LEGAL, ZONE_ALREADY, ZONE_REFUSED };
/* What the table says; *ret_sentence is the note for ALREADY or the explanation (with the way out) for REFUSED. */
enum zone_verdict zone_verdict(enum zone_state s, enum zone_verb v, const char **ret_sentence);
/* 0 legal, 1 already (*ret_note set), -EBUSY refused: zone "web" is installed: <sentence>. */
MUST_CHECK int zone_allow(const struct zone *z, enum zone_verb v, char **ret_note, struct err *e);

/* --- configuration (create.c, set.c, verify.c, info.c, export.c, apply.c) --- */
/* Where a new zone's configuration comes from. */
struct zone_new {
	const char *
		text; /* a whole zone.json; zonename must be absent or equal. NULL: from a template */
	const char *template_name; /* NULL: "default" */
	const struct strv *sets;   /* PATH=VALUE on top; may be NULL */
	bool check_only;           /* make nothing */
	bool is_clone;             /* the one way in which a caller (zone_dirs) makes a zone */
};
/* Make CONFIG/NAME.json. -EEXIST when the zone exists. Diagnostics tell what is wrong. */
MUST_CHECK int zone_create(const struct zone_dirs *d, const char *name, const struct zone_new *o,
			   struct diag_list *diags, struct err *e);
enum zone_edit_kind { ZONE_EDIT_SET, ZONE_EDIT_ADD, ZONE_EDIT_REMOVE, ZONE_EDIT_CLEAR };
/* Change properties; the file is replaced only if the result is valid and the file has not changed since it was read (-ESTALE). Also used by `edit` with whole text. */
MUST_CHECK int zone_set(const struct zone_dirs *d, const char *name, enum zone_edit_kind kind,
			const struct strv *words, struct diag_list *diags, struct err *e);
MUST_CHECK int zone_replace_config(const struct zone_dirs *d, const char *name,
				   const char *old_text, const char *new_text,
				   struct diag_list *diags, struct err *e);
/* The configuration against this host. `diags` empty means it will boot. Also called by install and boot. */
MUST_CHECK int zone_verify(const struct zone_dirs *d, const char *name, struct diag_list *diags,
			   struct err *e);
int zone_verify_open(const struct zone_dirs *d, const struct zone *z,
		     struct diag_list *diags); /* the same for an open zone */
/* A difference between what a zone runs with and what its file says, and what becomes of it. */
struct zone_change {
	char *path;      /* "cappedMemory.physical", "fs[/srv/data]" */
	char *from, *to; /* as text or JSON; NULL: absent */
	const char *how; /* "live" "reboot" "refused" */
	const char *why; /* a clause, NULL */
	bool again;      /* an apply was killed while it changed this */
};
struct zone_plan {
	struct zone_change *items;
	size_t n, n_live, n_reboot, n_refused;
	enum zone_state state;
	bool running; /* false: there is nothing to compare with, the file counts at the next boot */
	bool created;   /* the zone did not exist */
	bool rewritten; /* its file was replaced */
};
void zone_plan_done(struct zone_plan *p);
struct zone_apply {
	const char *
		text; /* a whole zone.json that replaces the file (or makes the zone); NULL: the file as it is */
	bool plan_only;
};
/* Make the running zone equal to its file, as far as that can be without a boot (apply.c). All live changes or none: after a failure the zone and its file are as before. *ret is filled also when it
 * fails, as far as the plan was made. A second call finds nothing to do; when one was killed the next one finishes. */
MUST_CHECK int zone_apply(const struct zone_dirs *d, const char *name, const struct zone_apply *o,
			  struct zone_plan *ret, struct diag_list *diags, struct err *e);
/* The plan alone, without the checks of an apply and without a lock. */
MUST_CHECK int zone_diff(const struct zone_dirs *d, const char *name, struct zone_plan *ret,
			 struct err *e);
/* zone.json's container_spec as OCI config.json. */
MUST_CHECK int zone_export_oci(const struct zone_dirs *d, const char *name, struct json **ret,
			       struct err *e);

/* The init of a tree, by the brand's list; *ret_kind: "systemd" "busybox" "sysvinit" ... -ENOENT: there is none. */
MUST_CHECK int zone_init_find(int root, const struct zone_brand *brand, const char **ret_init,
			      char **ret_kind, struct err *e);

/* --- root file systems (install.c, uninstall.c, archive.c, copy.c, skeleton.c, storage.c) --- */
struct tree_job;
struct zone_install {
	const char *
		from; /* directory, archive or image (images.h); NULL: what the brand makes by itself */
	const char *debootstrap; /* in its place: a suite of Debian, "bookworm"; NULL */
	void (*progress)(void *arg, const char *what, unsigned long long done,
			 unsigned long long total); /* total 0: unknown. May be NULL */
	void *arg;
	void (*warn)(
		void *arg,
		const char *
			sentence); /* what was left out, and that there was nothing to do. May be NULL */
	int (*fill)(
		void *arg, struct tree_job *job,
		struct err *e); /* makes the root in the place of `from` (archive_import.c); NULL */
	void *fill_arg;
};
MUST_CHECK int zone_install(const struct zone_dirs *d, const char *name,
			    const struct zone_install *o, struct diag_list *diags, struct err *e);
/* Write the root of a zone that does not run (or is frozen) as an OCI image: "oci:DIR[:TAG]", made or added to; an image of that tag is replaced. One layer, compressed, with the owners that the zone sees, attributes, hard links and
 * holes; what it runs is the zone's service, else its init. What machines must not have in common (machine-id, keys of the ssh server) stays out. With SOURCE_DATE_EPOCH in the environment the same root gives the same bytes. *ret_digest: of
 * the manifest. */
struct zone_publishing {
	const char *to, *compression; /* gzip, zstd, none; NULL: gzip */
	struct zone_install tree;     /* who hears of it */
};
MUST_CHECK int zone_publish(const struct zone_dirs *d, const char *name,
			    const struct zone_publishing *o, char **ret_digest, struct err *e);
MUST_CHECK int zone_uninstall(const struct zone_dirs *d, const char *name, char **ret_note,
			      struct err *e);
/* The same, telling from time to time how many files have gone. */
MUST_CHECK int zone_uninstall_watched(const struct zone_dirs *d, const char *name,
				      void (*removed)(void *arg, unsigned long long n), void *arg,
				      char **ret_note, struct err *e);
MUST_CHECK int zone_delete(const struct zone_dirs *d, const char *name, struct err *e);

/* --- moving house (rename.c, move.c, archive_export.c, archive_import.c, detach.c, attach.c, foreign.c) --- */
/* Another name for a zone that does not run. Killed at any instant, the next command brings it to its end. */
MUST_CHECK int zone_rename(const struct zone_dirs *d, const char *name, const char *to,
			   char **ret_note, struct err *e);
/* Another zonepath, also on another file system, for an installed zone. Of `o` only progress and warn count. Killed at any instant, the zone is whole in one of the two places, and the next
 * command takes away what is in the other. */
MUST_CHECK int zone_move(const struct zone_dirs *d, const char *name, const char *path,
			 const struct zone_install *o, char **ret_note, struct err *e);

/* One archive with all of a stopped zone: about.json, zone.json (without its zonepath), root/ and manifest.mtree, which says the sha256 of everything (manifest.h). A tar archive compressed
 * with zstd; the same zone gives the same bytes. `fd`: where to, or `file` (replaced when it is whole). */
MUST_CHECK int zone_export_archive(const struct zone_dirs *d, const char *name, const char *file,
				   int fd, const struct zone_install *o, struct err *e);
struct zone_import {
	const char *file; /* NULL: from `fd`, read once from its beginning to its end */
	int fd;
	const char *name;                   /* NULL: the one that it had */
	const struct zone_install *options; /* progress and warn count */
	char *made;                         /* out: the zone's name, freshly allocated */
};
/* Make and install a zone from such an archive. Nothing is left when anything in it is not what its manifest says. */
MUST_CHECK int zone_import_archive(const struct zone_dirs *d, struct zone_import *i,
				   struct diag_list *diags, struct err *e);

/* The zone's files stay where they are, with what is known of them (ZONEPATH/detached.json), and its record forgets them: the directory may be taken to another host. */
MUST_CHECK int zone_detach(const struct zone_dirs *d, const char *name, char **ret_note,
			   struct err *e);
/* What was looked at before files are attached. */
struct zone_attach_row {
	const char *check;  /* "manifest" "architecture" "brand" ... */
	const char *result; /* "ok" "warning" "problem" */
	char *text;
};
struct zone_attach {
	bool check_only, force; /* force: in spite of problems, as far as that is possible */
	char *name;             /* out: of the zone */
	struct zone_attach_row *rows;
	size_t n, n_problems;
};
void zone_attach_done(struct zone_attach *a);
/* Make detached files a zone's again. `what`: the name of a zone that is configured, or the path of a directory that `zone detach` has left; its configuration is then made when there is none.
 * -ECANCELED: the report has problems and nothing was done; the report is filled then also. */
MUST_CHECK int zone_attach(const struct zone_dirs *d, const char *what, struct zone_attach *a,
			   char **ret_note, struct diag_list *diags, struct err *e);

/* A configuration of another container manager as a zone's (foreign.h). */
struct zone_foreign_row {
	char *key, *value; /* as it is written there */
	int line;
	char *property; /* where it went; NULL: it was left out */
	char *text;     /* then why */
};
struct zone_foreign {
	char *name; /* of the zone that was made */
	char *file; /* that was read */
	char *root; /* a directory with its root file system, for `zone install --from`; NULL: none */
	struct zone_foreign_row *rows;
	size_t n;
};
void zone_foreign_done(struct zone_foreign *f);
/* Does the word begin like one of lxc:PATH, nspawn:NAME, docker-inspect:FILE, zonecfg:FILE? */
bool zone_foreign_is(const char *what);
/* Make the zone `name` (NULL: as it is called there) from it; only its configuration. The report is filled also when the zone could not be made. */
MUST_CHECK int zone_import_foreign(const struct zone_dirs *d, const char *what, const char *name,
				   struct zone_foreign *ret, struct diag_list *diags,
				   struct err *e);

/* --- clones (clone.c) --- */
struct zone_clone {
	const char *snapshot;    /* of the old zone; NULL: as it is now */
	const char *method;      /* "auto" "btrfs" "overlay" "reflink" "copy"; NULL: "auto" */
	const struct strv *sets; /* PATH=VALUE on top of the old zone's file; may be NULL */
	void (*progress)(void *arg, const char *what, unsigned long long done,
			 unsigned long long total); /* as zone_install's */
	void *arg;
	void (*warn)(void *arg, const char *sentence);
};
/* Make zone `name`, which does not exist or is only configured, with a copy of the root of `from`, and an identity of its own. */
MUST_CHECK int zone_clone(const struct zone_dirs *d, const char *from, const char *name,
			  const struct zone_clone *o, struct diag_list *diags, struct err *e);

/* --- snapshots (snapshot.c, snapshot_back.c, snapshot_view.c, snapshot_diff.c) --- */
/* Keep the root as it is now. `wanted` NULL: a name is made up, SNAPSHOT_AUTO and the time. With `keep` > 0 the oldest of those with such names go, so that so many stay. *ret_name is freshly allocated. A zone that
 * runs stands still for a moment; -EBUSY when its root cannot be kept while it runs. */
MUST_CHECK int zone_snapshot_create(const struct zone_dirs *d, const char *name, const char *wanted,
				    size_t keep, char **ret_name, struct err *e);
/* The oldest first; for zone_snapshots_free(). */
MUST_CHECK int zone_snapshot_list(const struct zone_dirs *d, const char *name,
				  struct zone_snapshot **ret, size_t *ret_n, struct err *e);
void zone_snapshots_free(struct zone_snapshot *list, size_t n);
MUST_CHECK int zone_snapshot_delete(const struct zone_dirs *d, const char *name,
				    const char *snapshot, struct err *e);
/* The root becomes what it was; what it is now is lost. All snapshots stay. */
MUST_CHECK int zone_snapshot_rollback(const struct zone_dirs *d, const char *name,
				      const char *snapshot, struct err *e);
/* `each` is called for each path that was added ('A'), changed ('M') or removed ('D'); a negative result of it ends the walk. */
struct zone_compare {
	const char *from, *to; /* snapshots; `to` NULL: the root as it is now */
	int (*each)(void *arg, char what, const char *path);
	void *arg;
};
MUST_CHECK int zone_snapshot_diff(const struct zone_dirs *d, const char *name,
				  const struct zone_compare *c, struct err *e);
/* Write a regular file of a snapshot to the descriptor `to`. */
MUST_CHECK int zone_snapshot_get(const struct zone_dirs *d, const char *name, const char *snapshot,
				 const char *path, int to, struct err *e);

/* --- life (boot.c, halt.c, login.c ...) --- */
/* Boot arguments go to the zone's own init or to the service's command; the built-in init alone has no use for them. */
#define ZONE_NO_BOOT_ARGUMENTS \
	"nothing in the zone takes boot arguments: give it a service, or leave them out"
struct zone_boot {
	bool ready_only; /* `zone ready` */
	bool single_user;
	bool writable; /* this once, whatever fileMacProfile says */
	const struct strv *args;
};
/* Start the monitor and wait until the zone is ready/running or has failed; the error is the monitor's. From READY: tells the monitor to go on. */
MUST_CHECK int zone_boot(const struct zone_dirs *d, const char *name, const struct zone_boot *o,
			 char **ret_note, struct err *e);
/* Waits as long as it takes, without the zone's lock. timeout_ms 0, and where it is longer for a caller (zone_dirs): the file's shutdownTimeout. */
MUST_CHECK int zone_shutdown(const struct zone_dirs *d, const char *name, bool reboot,
			     int timeout_ms, char **ret_note, struct err *e);
MUST_CHECK int zone_halt(const struct zone_dirs *d, const char *name, char **ret_note,
			 struct err *e);
/* At the host's start and end (autoboot.c): installed zones that say autoboot, with those that they depend on; all zones that run. In the order of bootPriority and dependency, several at once. Each
 * failure is told as it comes, and keeps only those from booting that wait for it. Returns their number. */
typedef void (*zone_failed_fn)(const struct err *why, void *arg);
MUST_CHECK int zone_autoboot(const struct zone_dirs *d, zone_failed_fn failed, void *arg,
			     struct err *e);
MUST_CHECK int zone_autoshutdown(const struct zone_dirs *d, zone_failed_fn failed, void *arg,
				 struct err *e);
MUST_CHECK int zone_reboot(const struct zone_dirs *d, const char *name, char **ret_note,
			   struct err *e);
MUST_CHECK int zone_freeze(const struct zone_dirs *d, const char *name, bool on, char **ret_note,
			   struct err *e);

struct zone_login {
	const char *user;           /* "root" by default; name, uid, name:group */
	const struct strv *command; /* empty: the user's login shell */
	bool login_shell; /* login: argv[0] "-sh", HOME, cwd home; exec: the command as it is */
	bool rescue;   /* -S: a static shell of the host, nothing of the zone's files is needed */
	bool trusted;  /* -T: the root is writable for this one */
	bool terminal; /* a pty */
	const struct strv *env; /* extra NAME=VALUE */
	const char *cwd;
};
/* Runs to the end in the foreground; returns the exit code 0..255 (128+signal), or a negative errno. */
MUST_CHECK int zone_login(const struct zone_dirs *d, const char *name, const struct zone_login *o,
			  struct err *e);
/* The persistent console: raw terminal, scroll-back first, "~." at the start of a line detaches. Waits for a zone that is not booted (prints notices through `notice`). */
MUST_CHECK int zone_console(const struct zone_dirs *d, const char *name,
			    void (*notice)(const char *line), struct err *e);

/* After a monitor was killed: when init lives, start a new monitor that re-attaches; when not, take the remains away and store the reason. Every verb calls this first through zone_open_for(). Does nothing when all is well. */
MUST_CHECK int zone_recover(const struct zone_dirs *d, const char *name, struct err *e);
/* The container that a halt could not take away (its cgroup or folder was busy): recovery and the next boot try again. Nothing there: 0. The lock is held. */
MUST_CHECK int zone_remains_of_engine(const struct zone_dirs *d, const char *name, struct err *e);
/* zone_open with recovery before it. */
MUST_CHECK int zone_open_for(const struct zone_dirs *d, const char *name, unsigned flags,
			     struct zone **ret, struct err *e);

/* --- looking (list.c, why.c, ps.c) --- */
#define ZONE_WRITABLE_ONCE \
	"its root is writable for this once (boot -w); from its next boot on its fileMacProfile holds"
struct zone_row {
	char *name, *path, *brand, *ip, *reason, *aux, *uuid, *tenant;
	enum zone_state state;
	int64_t id;               /* -1: not running */
	bool pending;             /* it runs with something else than its file says */
	const char *rw, *profile; /* "R" or "W": it runs and has a fileMacProfile; NULL */
};
MUST_CHECK int zone_list(const struct zone_dirs *d, struct zone_row **ret, size_t *ret_n,
			 struct err *e);
void zone_rows_free(struct zone_row *rows, size_t n);
/* The links of that zone as the kernel has them now, an array of the objects of net_status() (net.h). *ret is NULL when it does not run or is a container of zrun. Costs a process
 * and a few messages to the kernel; what all rows have in common is asked for with the first of them and kept in `v`, which begins empty. */
struct zone_links_view {
	struct net_view *net;
};
void zone_links_view_done(struct zone_links_view *v);
MUST_CHECK int zone_row_links(const struct zone_dirs *d, const struct zone_row *row,
			      struct zone_links_view *v, struct json **ret, struct err *e);
/* Pure: one of them as a line for people. Freshly allocated. */
char *zone_link_text(const struct json *link);
/* What a zone, or a container of zrun, uses now. Counters grow from its start; a value that this host does not count, and a limit that is not there, is not set. */
struct zone_stat {
	char *name, *brand;
	char *tenant;    /* NULL: none */
	uint64_t age_ms; /* since its first process was started */
	struct cgroup_stats cgroup;
	struct opt_u64 received,
		sent; /* bytes of its own links but lo; not set when it has the host's network */
	struct opt_u64 processes,
		processes_limit; /* RLIMIT_NPROC of its init, which counts for each user of the zone */
	struct opt_u64 locked_limit; /* RLIMIT_MEMLOCK of its init, which counts for each process */
	struct opt_u64 disk, disk_limit; /* of its root; see ZONE_STAT_DISK */
	struct opt_u64
		share; /* hundredths of a percent of the CPUs that its weight comes to when all zones are busy */
	struct opt_u64 share_milli; /* the same as thousandths of a CPU */
};
/* What costs more than a few files and is only looked for when it is asked for. */
enum zone_stat_extra {
	ZONE_STAT_SHARES = 1,    /* weights of all that run, also when some are chosen */
	ZONE_STAT_PROCESSES = 2, /* every process of the zone is looked at by its number */
	ZONE_STAT_DISK =
		4, /* what the kernel counts for the root: its project quota, or the file system when the root is one of its own. No tree is ever walked, so else it is not set */
	ZONE_STAT_DETAILS =
		8, /* else only what cgroup_stats_brief() has, and no limits of processes */
	ZONE_STAT_EXTRAS = 15,
};
/* Those that are ready or run, zones before containers, by name. `names` (NULL or empty: all): an unknown one is -ENOENT, one that does not run -EBUSY. */
MUST_CHECK int zone_stat(const struct zone_dirs *d, const struct strv *names, unsigned extras,
			 struct zone_stat **ret, size_t *ret_n, struct err *e);
void zone_stats_free(struct zone_stat *list, size_t n);
/* Tenants by name ("acme"; NULL: all of which zones run) as rows "@acme" of brand "tenant". -EBUSY: no zone of a named one runs. Network traffic is only counted for each zone. */
MUST_CHECK int zone_stat_tenants(const struct zone_dirs *d, const struct strv *names,
				 struct zone_stat **ret, size_t *ret_n, struct err *e);
/* The same of the whole machine: its CPU time without the idle one, memory in use and in all, locked memory, swap, threads, pressure. */
MUST_CHECK int zone_stat_host(struct zone_stat *ret, struct err *e);
/* Inside a zone, where there is neither a configuration of zones nor the host's cgroup namespace: the row of the zone itself, under its host name and with brand "zone". */
bool zone_stat_is_inside(void);
MUST_CHECK int zone_stat_self(struct zone_stat *ret, struct err *e);
/* The sums over the links of a /proc/PID/net/dev; as it was when the file cannot be read. */
void zone_stat_links(const char *file, struct zone_stat *ret);
/* Pure, for zone_stat_host(): the texts of /proc/stat, /proc/meminfo and /proc/loadavg. */
void zone_stat_read_host(const char *stat, const char *meminfo, const char *loadavg,
			 long ticks_per_second, struct cgroup_stats *ret);

/* The reasons behind the state, a sentence each, most important first: process, mount, device, missing file, limit hit. */
MUST_CHECK int zone_why(const struct zone_dirs *d, const char *name, enum zone_state *ret_state,
			struct strv *ret, struct err *e);

/* The effective configuration, a row for each property that has a value; origin is "file" "default" "brand" "host". A caller (zone_dirs) who may neither log in nor read the file is not told the values of "service.env" and what others may do. Of an installed zone also "storage.driver" "storage.layers" "storage.snapshots", which no file says: "record". */
struct zone_info_row {
	char *path, *value, *origin;
};
MUST_CHECK int zone_info(const struct zone_dirs *d, const char *name, struct zone_info_row **ret,
			 size_t *ret_n, struct err *e);
void zone_info_free(struct zone_info_row *rows, size_t n);
/* What the kernel holds for a running zone: {"init","restarts","initKind","booted","cgroup":{file:value},"usage":{...},"network":{...}}. -EBUSY when it does not run. */
MUST_CHECK int zone_info_live(const struct zone_dirs *d, const char *name, struct json **ret,
			      struct err *e);

/* The processes of a zone, sorted by pid; none when it does not run. */
struct zone_process {
	pid_t pid, inner_pid; /* on the host; inside the zone, -1 unknown */
	int64_t uid;          /* inside the zone; -1: not one of its ids */
	char state;           /* as in /proc: R S D Z T ... */
	uint64_t memory;      /* resident bytes */
	int64_t cpu_ms;       /* -1 unknown */
	char *command;        /* without control characters */
};
MUST_CHECK int zone_ps(const struct zone_dirs *d, const char *name, struct zone_process **ret,
		       size_t *ret_n, struct err *e);
void zone_processes_free(struct zone_process *list, size_t n);

/* --- audit (audit.c) --- */
/* A running zone beside the configuration that it runs with, or a container of zrun beside its config.json: a line for each promise, with properties in the words of zone.json where it has one.
 * Changes nothing, takes no lock. -EBUSY: it does not run. */
MUST_CHECK int zone_audit(const struct zone_dirs *d, const char *name, struct findings *ret,
			  struct err *e);

/* --- what the monitor needs to bring a zone up (prepare.c) --- */
struct zone_prepared {
	struct zone_spec *effective;
	struct container_spec *container;
	struct net_plan *net; /* NULL: no anet */
	char *init_kind;
	int log_dirfd; /* zonepath/log */
};
/* Everything that can be refused is refused here: verify, root checked, init found below the root, translation, network plan, resolv.conf/hosts/hostname/machine-id/hostid written into the root. */
MUST_CHECK int zone_prepare(const struct zone_dirs *d, struct zone *z, const struct zone_boot *o,
			    struct zone_prepared *ret, struct err *e);
/* After net_attach(), when the container is there and before the zone's own programs: what its network said about name service goes to the zone's /etc/resolv.conf. */
MUST_CHECK int zone_prepared_dns(const struct zone_dirs *d, const struct zone *z,
				 const struct zone_prepared *p, struct engine_container *c,
				 struct err *e);
void zone_prepared_done(struct zone_prepared *p);

/* Pure: what the cgroup layer says ("memory.limit: ...") in the words of the zone's file, with the way out; other errors stay as they are (apply_limits.c). */
void zone_limit_words(struct err *e);

/* --- CPUs (cpus.c): for the monitor, and for whoever clears up after one --- */
/* Before the container is made: take the CPUs of dedicatedCPU or pool and move other zones off them, or find out which CPUs are left for a zone without; the container is limited to them. */
MUST_CHECK int zone_cpus_take(const struct zone_dirs *d, const char *name,
			      const struct zone_spec *z, struct container_spec *s, struct err *e);
/* When it is made: others may have come and gone since. */
MUST_CHECK int zone_cpus_settle(const struct zone_dirs *d, struct err *e);
/* When it is gone: the others get the CPUs back. Nothing to do is success. */
MUST_CHECK int zone_cpus_release(const struct zone_dirs *d, const char *name, struct err *e);

#endif
