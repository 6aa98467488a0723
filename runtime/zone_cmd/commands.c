/* commands - the verb table of `zone`: one row per verb, in the order in which help shows them. */
#include "runtime/zone_cmd/commands.h"

#define OPTION_JSON                                               \
	{                                                         \
		.name = "json", .help = "print one JSON document" \
	}
#define OPTION_FORCE                                                 \
	{                                                            \
		.name = "force", .letter = 'F', .help = "do not ask" \
	}
#define OPTIONS_END          \
	{                    \
		.name = NULL \
	}

static const struct cli_option only_json[] = { OPTION_JSON, OPTIONS_END };
static const struct cli_option create_options[] = {
	{ .name = "file",
	  .letter = 'f',
	  .value = "FILE",
	  .help = "take the configuration from FILE (\"-\": standard input)" },
	{ .name = "template",
	  .letter = 't',
	  .value = "TEMPLATE",
	  .help = "start from a template: default, linux, isolated, or one of your own" },
	OPTION_JSON,
	OPTIONS_END,
};
static const struct cli_option apply_options[] = {
	{ .name = "file",
	  .letter = 'f',
	  .value = "FILE",
	  .help = "put FILE (\"-\": standard input) in the place of the zone's file first; makes the zone when there is none" },
	{ .name = "plan", .letter = 'n', .help = "print what would be done, do nothing" },
	OPTION_JSON,
	OPTIONS_END,
};
static const struct cli_option info_options[] = {
	{ .name = "live", .help = "add what the kernel holds for the running zone" },
	OPTION_JSON,
	OPTIONS_END,
};
static const struct cli_option export_options[] = {
	{ .name = "oci", .help = "as the config.json of an OCI bundle" },
	{ .name = "archive",
	  .value = "FILE",
	  .help = "all of a stopped zone, configuration and files, as one archive (\"-\": standard output)" },
	{ .name = "file",
	  .letter = 'f',
	  .value = "FILE",
	  .help = "write to FILE instead of standard output" },
	OPTION_JSON,
	OPTIONS_END,
};
static const struct cli_option install_options[] = {
	{ .name = "from",
	  .value = "DIR|ARCHIVE|IMAGE",
	  .help = "the root file system: a directory, an archive that libarchive reads, or an image: oci:DIR[:TAG], docker-archive:FILE, docker://NAME:TAG, image:NAME" },
	{ .name = "debootstrap",
	  .value = "SUITE",
	  .help = "a Debian root made on the spot by mmdebstrap or debootstrap: bookworm" },
	OPTION_JSON,
	OPTIONS_END,
};
static const struct cli_option attach_options[] = {
	{ .name = "check", .letter = 'n', .help = "print the report, do nothing" },
	{ .name = "force", .letter = 'F', .help = "attach them in spite of what the report says" },
	OPTION_JSON,
	OPTIONS_END,
};
static const struct cli_option clone_options[] = {
	{ .name = "snapshot",
	  .letter = 's',
	  .value = "SNAPSHOT",
	  .help = "from this snapshot of the old zone" },
	{ .name = "method",
	  .letter = 'm',
	  .value = "METHOD",
	  .help = "auto (the default), btrfs, overlay, reflink or copy" },
	OPTION_JSON,
	OPTIONS_END,
};
static const struct cli_option snapshot_options[] = {
	{ .name = "all", .letter = 'a', .help = "create: of every installed zone" },
	{ .name = "keep",
	  .letter = 'k',
	  .value = "N",
	  .help = "create: of those whose names were made up, only the last N stay" },
	OPTION_JSON,
	OPTIONS_END,
};
static const struct cli_option force_options[] = { OPTION_FORCE, OPTION_JSON, OPTIONS_END };
static const struct cli_option boot_options[] = {
	{ .name = "single-user",
	  .letter = 's',
	  .help = "single user: a rescue shell instead of the services" },
	{ .name = "writable",
	  .letter = 'w',
	  .help = "the root is writable this once, whatever fileMacProfile says" },
	OPTION_JSON,
	OPTIONS_END,
};
static const struct cli_option shutdown_options[] = {
	{ .name = "reboot", .letter = 'r', .help = "boot again afterwards" },
	{ .name = "timeout",
	  .letter = 't',
	  .value = "TIME",
	  .help = "halt the zone when it is not down by then (30, 90s, 5m)" },
	OPTION_JSON,
	OPTIONS_END,
};
static const struct cli_option login_options[] = {
	{ .name = "user",
	  .letter = 'l',
	  .value = "USER",
	  .help = "as this user of the zone (default root)" },
	{ .name = "console",
	  .letter = 'C',
	  .help = "the console: works before boot and across reboots; leave with \"~.\"" },
	{ .name = "safe",
	  .letter = 'S',
	  .help = "rescue: a shell that needs nothing from the zone's files" },
	{ .name = "trusted",
	  .letter = 'T',
	  .help = "trusted path: for this login the root is writable, whatever fileMacProfile says" },
	{ .name = "env",
	  .letter = 'e',
	  .value = "NAME=VALUE",
	  .help = "set a variable; may be repeated",
	  .flags = CLI_REPEAT },
	OPTION_JSON,
	OPTIONS_END,
};
static const struct cli_option exec_options[] = {
	{ .name = "user",
	  .letter = 'l',
	  .value = "USER",
	  .help = "as this user of the zone (default root)" },
	{ .name = "workdir",
	  .letter = 'w',
	  .value = "DIR",
	  .help = "start in this directory of the zone" },
	{ .name = "env",
	  .letter = 'e',
	  .value = "NAME=VALUE",
	  .help = "set a variable; may be repeated",
	  .flags = CLI_REPEAT },
	{ .name = "terminal", .letter = 't', .help = "give the command a terminal" },
	OPTION_JSON,
	OPTIONS_END,
};
static const struct cli_option logs_options[] = {
	{ .name = "follow", .letter = 'f', .help = "go on as lines arrive" },
	{ .name = "lines", .letter = 'n', .value = "LINES", .help = "only the last LINES lines" },
	OPTION_JSON,
	OPTIONS_END,
};
static const struct cli_option tenant_options[] = {
	{ .name = "clear",
	  .letter = 'c',
	  .value = "PATH",
	  .help = "take a limit away; may be repeated",
	  .flags = CLI_REPEAT },
	{ .name = "delete", .letter = 'd', .help = "remove the tenant; no zone may belong to it" },
	OPTION_JSON,
	OPTIONS_END,
};
static const struct cli_option capacity_options[] = {
	{ .name = "check", .help = "exit with 1 when more was promised than there is" },
	OPTION_JSON,
	OPTIONS_END,
};
static const struct cli_option events_options[] = {
	{ .name = "follow", .letter = 'f', .help = "go on as they happen" },
	{ .name = "lines", .letter = 'n', .value = "EVENTS", .help = "only the last so many" },
	{ .name = "event",
	  .letter = 'e',
	  .value = "EVENT[,EVENT...]",
	  .help = "only these: oom, limit, booted, ended ..." },
	{ .name = "since",
	  .value = "TIME",
	  .help = "only from this time (UTC) on: 2026-11-29, 2026-11-29T10:50" },
	OPTION_JSON,
	OPTIONS_END,
};
static const struct cli_option history_options[] = {
	{ .name = "lines", .letter = 'n', .value = "ACTS", .help = "only the last so many" },
	{ .name = "refused", .help = "instead, what was refused to users who are not root" },
	OPTION_JSON,
	OPTIONS_END,
};
static const struct cli_option list_options[] = {
	{ .name = "tenant", .letter = 'T', .value = "TENANT", .help = "only zones of this tenant" },
	{ .name = "configured", .letter = 'c', .help = "all zones (the default)" },
	{ .name = "installed", .letter = 'i', .help = "only zones that are installed" },
	{ .name = "running", .letter = 'r', .help = "only zones that are ready or running" },
	{ .name = "parsable",
	  .letter = 'p',
	  .help = "no heads, fields with \":\" between, \"\\:\" for a colon" },
	{ .name = "verbose",
	  .letter = 'v',
	  .help = "add what stands beside the state, why, and a line for each link" },
	{ .name = "columns",
	  .letter = 'o',
	  .value = "COLUMN[,COLUMN...]",
	  .help = "id,name,state,path,brand,ip,uuid,aux,pending,tenant,rw,profile,reason" },
	OPTION_JSON,
	OPTIONS_END,
};
static const struct cli_option help_options[] = {
	{ .name = "man", .help = "properties as the body of a manual page", .flags = CLI_HIDDEN },
	OPTION_JSON,
	OPTIONS_END,
};
static const struct cli_option monitor_options[] = {
	{ .name = "attach", .help = "take over a zone whose monitor was killed" },
	{ .name = "ready", .help = "stop at ready" },
	{ .name = "single-user", .letter = 's', .help = "single user" },
	{ .name = "writable", .letter = 'w', .help = "the root is writable" },
	{ .name = "notify-fd", .value = "FD", .help = "descriptor that hears the outcome" },
	OPTION_JSON,
	OPTIONS_END,
};

static const struct cli_option stat_options[] = {
	{ .name = "zones",
	  .letter = 'z',
	  .value = "ZONE[,ZONE...]",
	  .help = "only these; also containers of zrun, and tenants as @NAME" },
	{ .name = "parsable",
	  .letter = 'p',
	  .help = "raw numbers with colons between, in an order to which fields are only ever added" },
	{ .name = "resources",
	  .letter = 'r',
	  .value = "RESOURCE[,RESOURCE...]",
	  .help = "only these, with used, cap and percent of it: cpu memory swap locked processes lwps disk blockio network psi" },
	{ .name = "reports",
	  .letter = 'R',
	  .value = "REPORT[,REPORT...]",
	  .help = "at the end also what the run comes to: total, average, high" },
	{ .name = "fields", .help = "print the names of the fields of -p" },
	{ .name = "prometheus", .help = "in the text format of Prometheus" },
	OPTION_JSON,
	OPTIONS_END,
};

static const struct cli_option top_options[] = {
	{ .name = "zones",
	  .letter = 'z',
	  .value = "ZONE[,ZONE...]",
	  .help = "only these; also containers of zrun, and tenants as @NAME" },
	OPTION_JSON,
	OPTIONS_END,
};
static const struct cli_option profile_options[] = {
	{ .name = "seconds",
	  .letter = 's',
	  .value = "SECONDS",
	  .help = "let the zone run so long (10; after a command 0)" },
	{ .name = "file", .letter = 'f', .value = "FILE", .help = "write the profile to FILE" },
	{ .name = "apply", .help = "put it into the zone's file" },
	OPTION_JSON,
	OPTIONS_END,
};
static const struct cli_option audit_options[] = {
	{ .name = "all", .letter = 'a', .help = "every running zone, and zrun's containers" },
	{ .name = "quiet", .letter = 'q', .help = "only lines that are not ok" },
	OPTION_JSON,
	OPTIONS_END,
};
static const char configure[] = "Configure";
static const char storage[] = "Install and remove";
static const char life[] = "Run";
static const char looking[] = "Look";

/* One row of the table; the positionals are "at least, at most (-1: any)". */
#define VERB(verb, syn, opts, least, most, fl, heading, words, text)                    \
	{                                                                               \
		.name = #verb, .synopsis = (syn), .summary = (text), .options = (opts), \
		.min_positional = (least), .max_positional = (most), .flags = (fl),     \
		.run = zone_cmd_##verb, .group = (heading), .complete = (words),        \
	}

const struct cli_verb zone_cmd_verbs[] = {
	VERB(create, "[-f FILE|-t TEMPLATE] NAME [PATH=VALUE...]", create_options, 1, -1, 0,
	     configure, "new,assignments", "make a new zone's configuration"),
	VERB(set, "NAME PATH=VALUE...", only_json, 2, -1, 0, configure, "zones,assignments",
	     "change properties"),
	VERB(add, "NAME PATH=VALUE... | NAME LIST MEMBER=VALUE...", only_json, 2, -1, 0, configure,
	     "zones,lists", "add to a list"),
	VERB(remove, "NAME PATH[=VALUE]... | NAME LIST MEMBER=VALUE...", only_json, 2, -1, 0,
	     configure, "zones,lists", "take out of a list"),
	VERB(clear, "NAME PATH...", only_json, 2, -1, 0, configure, "zones,properties",
	     "back to the default"),
	VERB(edit, "NAME", only_json, 1, 1, 0, configure, "zones",
	     "change the file in your editor"),
	VERB(info, "[--live] NAME [PATH...]", info_options, 1, -1, 0, configure, "zones,properties",
	     "the whole effective configuration and where each value comes from"),
	VERB(verify, "NAME", only_json, 1, 1, 0, configure, "zones",
	     "check the configuration against this host"),
	VERB(diff, "NAME", only_json, 1, 1, 0, configure, "zones:running",
	     "what the zone's file says and the running zone is not"),
	VERB(apply, "[-n] NAME | [-n] -f FILE [NAME]", apply_options, 0, 1, 0, configure, "zones",
	     "make the running zone equal to its file"),
	VERB(export, "[--oci] [-f FILE] NAME | --archive FILE NAME", export_options, 1, 1, 0,
	     configure, "zones", "print the configuration, or pack the whole zone"),
	VERB(tenant, "[NAME [-c PATH] [PATH=VALUE...]] | -d NAME", tenant_options, 0, -1, 0,
	     configure, "", "limits that the zones of one tenant share"),
	VERB(schema, "", only_json, 0, 0, 0, configure, "",
	     "print the JSON Schema of a zone's file"),
	VERB(profile, "learn [-s SECONDS] [-f FILE] [--apply] NAME [-- COMMAND...]",
	     profile_options, 2, -1, 0, configure, "words:learn,zones:halted,",
	     "learn which system calls and privileges a zone uses, and leave it no others"),
	VERB(install, "[--from DIR|ARCHIVE|IMAGE|--debootstrap SUITE] NAME", install_options, 1, 1,
	     0, storage, "zones:configured", "give the zone its root file system"),
	VERB(image,
	     "[list | pull NAME:TAG [AS] | import IMAGE [AS] | inspect NAME | rm NAME | prune]",
	     only_json, 0, 3, 0, storage, "words:list:pull:import:inspect:rm:prune,images",
	     "container images that zones can be installed from"),
	VERB(publish, "NAME oci:DIR[:TAG]", only_json, 2, 2, 0, storage, "zones:installed,",
	     "write the zone as an OCI image"),
	VERB(clone, "[-s SNAPSHOT] [-m METHOD] ZONE NAME [PATH=VALUE...]", clone_options, 2, -1, 0,
	     storage, "zones:installed,new,assignments",
	     "make a new zone with a copy of another one's root"),
	VERB(snapshot,
	     "create [-k N] NAME [SNAPSHOT] | create -a [-k N] | list [NAME] | rollback NAME SNAPSHOT | delete NAME SNAPSHOT | diff NAME SNAPSHOT [SNAPSHOT] | get NAME SNAPSHOT PATH FILE",
	     snapshot_options, 1, 5, 0, storage,
	     "words:create:list:rollback:delete:diff:get,zones:installed,snapshots,",
	     "keep a zone's root as it is, look at it, go back to it"),
	VERB(uninstall, "[-F] NAME", force_options, 1, 1, 0, storage, "zones:installed",
	     "remove the zone's files, keep its configuration"),
	VERB(delete, "[-F] NAME", force_options, 1, 1, 0, storage, "zones:stopped",
	     "remove the zone's configuration"),
	VERB(import, "FILE|lxc:PATH|nspawn:NAME|docker-inspect:FILE|zonecfg:FILE [NAME]", only_json,
	     1, 2, 0, storage, "files,new",
	     "make a zone from an archive of zone export, or from another manager's configuration"),
	VERB(rename, "NAME NEWNAME", only_json, 2, 2, 0, storage, "zones:stopped,new",
	     "give a zone another name"),
	VERB(move, "NAME PATH", only_json, 2, 2, 0, storage, "zones:halted,files",
	     "put the zone's files at another place, also on another file system"),
	VERB(detach, "NAME", only_json, 1, 1, 0, storage, "zones:halted",
	     "let go of the zone's files, so that they can be taken elsewhere"),
	VERB(attach, "[-n] [-F] NAME|PATH", attach_options, 1, 1, 0, storage,
	     "zones:configured,files", "make detached files a zone's again"),
	VERB(ready, "NAME", only_json, 1, 1, 0, life, "zones:installed",
	     "set everything up, start nothing"),
	VERB(boot, "[-sw] NAME [-- ARGS...]", boot_options, 1, -1, 0, life, "zones:installed",
	     "start a zone"),
	VERB(shutdown, "[-r] [-t TIME] NAME", shutdown_options, 1, 1, 0, life, "zones:running",
	     "ask the zone to stop, halt it at the deadline"),
	VERB(halt, "NAME", only_json, 1, 1, 0, life, "zones:running", "stop a zone now"),
	VERB(reboot, "NAME", only_json, 1, 1, 0, life, "zones:running", "halt and boot"),
	VERB(autoboot, "", only_json, 0, 0, 0, life, "",
	     "boot every installed zone whose file says autoboot"),
	VERB(freeze, "NAME", only_json, 1, 1, 0, life, "zones:running",
	     "stop every process of the zone where it is"),
	VERB(thaw, "NAME", only_json, 1, 1, 0, life, "zones:running", "let a frozen zone go on"),
	VERB(login, "[-l USER] [-C|-S] [-T] [-e NAME=VALUE] NAME [COMMAND...]", login_options, 1,
	     -1, CLI_STOP_AT_POSITIONAL, life, "zones:running", "a login shell in the zone"),
	VERB(exec, "[-l USER] [-w DIR] [-e NAME=VALUE] [-t] NAME COMMAND...", exec_options, 2, -1,
	     CLI_STOP_AT_POSITIONAL, life, "zones:running", "run a command in the zone"),
	VERB(console, "NAME", only_json, 1, 1, 0, life, "zones:installed",
	     "attach to the zone's console (\"~.\" leaves)"),
	VERB(list, "[-ci] [-r] [-p] [-v] [-T TENANT] [-o COLUMNS] [NAME...]", list_options, 0, -1,
	     0, looking, "zones", "zones and their states"),
	VERB(ps, "NAME", only_json, 1, 1, 0, looking, "zones:running", "the zone's processes"),
	VERB(stat,
	     "[-z ZONE[,ZONE...]] [-r RESOURCE[,RESOURCE...]] [-R REPORT[,REPORT...]] [-p] [--prometheus] [INTERVAL [COUNT]]",
	     stat_options, 0, 2, 0, looking, "", "what zones use, and what they may"),
	VERB(top, "[-z ZONE[,ZONE...]] [INTERVAL]", top_options, 0, 1, 0, looking, "",
	     "what zones use, on a terminal, those that use most first"),
	VERB(logs, "[-f] [-n LINES] NAME", logs_options, 1, 1, 0, looking, "zones:installed",
	     "what the zone wrote to its console"),
	VERB(capacity, "[--check]", capacity_options, 0, 0, 0, looking, "",
	     "what zones were promised against what there is"),
	VERB(events, "[-f] [-n EVENTS] [-e EVENT[,EVENT...]] [--since TIME] [NAME...]",
	     events_options, 0, -1, 0, looking, "zones", "what happened to zones"),
	VERB(history, "[-n ACTS] [--refused] [NAME]", history_options, 0, 1, 0, looking, "zones",
	     "who did what to zones"),
	VERB(why, "NAME", only_json, 1, 1, 0, looking, "zones",
	     "the reasons behind a zone's state"),
	VERB(audit, "[-q] NAME... | [-q] -a", audit_options, 0, -1, 0, looking, "zones:running",
	     "what the zone was promised against what the kernel enforces"),
	VERB(help, "[VERB | properties]", help_options, 0, 1, 0, looking, "verbs",
	     "help for a verb, or the properties of a zone"),
	VERB(monitor, "[--attach|--ready] [-sw] [--notify-fd FD] NAME [-- ARGS...]",
	     monitor_options, 1, -1, CLI_HIDDEN, life, "", "one zone's monitor"),
	{ .name = "admin-server",
	  .synopsis = "",
	  .summary = "let users do what zones' files allow them (property admin)",
	  .options = only_json,
	  .run = zone_cmd_admin_server,
	  .group = life,
	  .complete = "" },
	{ .name = "__complete",
	  .synopsis = "-- WORD...",
	  .summary = "words for the shell",
	  .max_positional = -1,
	  .flags = CLI_HIDDEN,
	  .run = zone_cmd_complete,
	  .group = looking,
	  .complete = "" },
	{ .name = NULL },
};
