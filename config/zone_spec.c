/* zone_spec - the table of /etc/zones/NAME.json, and text to struct and back.
 *
 * The rows stand in the order in which a file is written. */
#include "config/zone_table.h"

#include <errno.h>
#include <stdlib.h>

#include "runtime/base/mem.h"

enum {
	MAX_SIZES = 16,
	MAX_LINKS = 64,
	MAX_MOUNTS = 256,
	MAX_DEVICES = 256,
	MAX_MAP = 256,
	MAX_CALLS = 512
};

static const char *const brand_words[] = { "native", "linux", NULL };
const struct value_type zone_brand_type = { .name = "brand", .words = brand_words };
static const char *const end_words[] = { "shutdown", "halt", NULL };
static const struct value_type end_type = { .name = "end", .words = end_words };
static const char *const ip_words[] = { "exclusive", "shared", NULL };
static const struct value_type ip_type = { .name = "kind of network", .words = ip_words };
static const char *const profile_words[] = { "none", "flexible-configuration",
					     "fixed-configuration", "strict", NULL };
static const struct value_type profile_type = { .name = "profile", .words = profile_words };
static const char *const restart_words[] = { "no", "on-failure", "always", NULL };
const struct value_type zone_restart_type = { .name = "restart rule", .words = restart_words };

/* Long texts would have the formatter give up on the table. */
#define CLASS_DOC \
	"How the kernel schedules the zone's processes. TS and FSS are the usual fair sharing by cpuShares; batch gives them longer slices and wakes them later; idle gives the zone only the CPU time that nobody else wants."
#define END_DOC \
	"What becomes of the zone when the host ends (zone autoshutdown, which zones.service runs): shutdown asks its init and waits as long as shutdownTimeout says, halt ends it at once."
#define PRIORITY_DOC \
	"Place of the zone when zone autoboot boots many, 0 to 1000: those with more are up, or have failed, before those with less begin. At the host's end it is the other way round."
#define DEPENDENCY_DOC \
	"Zones that must be running before this one is booted: zone boot refuses it otherwise, zone autoboot boots them first, whatever their autoboot and bootPriority say, and zone autoshutdown ends them after it."
#define DEDICATED_DOC \
	"CPUs that no other zone uses while this one runs. They are taken when the zone boots or when zone apply says so, which fail and name the holders when too few are free, and given back when it halts. On cgroup v2 the host's own programs leave them too; on v1 they do not."
#define POOL_DOC \
	"Name of a set of CPUs on which this zone runs, with all others that name it: pools/NAME.json in the directory of the zones' files, such as { \"cpus\": \"2-3\" }. CPUs of a pool that is in use are not dedicated to anybody."
#define WEIGHT_DOC \
	"Weight of the zone when a disk is busy, 10 to 1000. It counts on disks whose scheduler shares by weight (BFQ; on cgroup v2 io.cost as well)."
#define HUGE_DOC \
	"Memory in huge pages that the zone may have, by the size of the pages: { \"2M\": \"64M\" }. Sizes without a bound are not limited; 0 forbids them."
#define RCTL_DOC \
	"Resource controls by their Solaris names, each in place of a property: zone.cpu-cap (hundredths of a CPU) cpu-shares max-lwps max-processes max-physical-memory max-swap max-locked-memory max-msg-ids max-sem-ids max-shm-ids max-shm-memory. And files of the zone's cgroup where the host has version 2: memory.high memory.swap.high memory.oom.group cpu.uclamp.min cpu.uclamp.max."
#define MSG_DOC \
	"Message queues (msgget) of the zone, 0 to 32768. Like the three caps below it is not possible with nesting or the privilege sys_admin, with which the zone could lift it."
#define SECCOMP_DOC \
	"System calls, by name, that programs of the zone may make, out of those that the zone's filter allows anyhow; any other fails with EPERM. Calls that the way into a zone needs (execve, exit, read, write and some more) are always allowed. zone profile learn writes it. Empty is the same as none."
#define QUOTA_DOC \
	"Disk space of the zone's root, at least 1M: more cannot be written, and on ext4 and XFS df inside tells it. ext4 and XFS count with project quotas (mounted with prjquota; the project is the zone's first host id), btrfs with qgroups (btrfs quota enable; df tells of the whole file system, a root in layers cannot be counted, and the zone cannot make subvolumes); elsewhere it is refused. Snapshots, layers below the root and what fs mounts are not counted. The first of quota and quotaInodes holds from the zone's next boot, changes of them at once."
#define INODES_DOC \
	"Files, directories and links of the zone's root, at least 1000, counted like quota; btrfs cannot."
#define SHM_DOC \
	"Bytes of all shared memory segments (shmget) of the zone together. Memory that is shared in other ways counts for cappedMemory.physical only."

/* clang-format off */
static const struct field zone_fields[] = {
	ROW(zone_spec, zonename, "zonename", FIELD_STRING, .flags = FIELD_REQUIRED | FIELD_READONLY,
	    .type = &zone_name_type,
	    .doc = "The zone's name, 1 to 63 letters, digits and _ . - beginning with a letter or a digit. It is also the name of the file and cannot be set, only changed with zone rename."),
	ROW(zone_spec, brand, "brand", FIELD_STRING, .type = &zone_brand_type, .fallback = "native",
	    .doc = "What the zone's root file system is: native is the host's /usr read-only with private /etc, /var, /root and so on, installed in milliseconds; linux is a tree of its own from an archive, an image or debootstrap, with its own init."),
	ROW(zone_spec, zonepath, "zonepath", FIELD_STRING, .type = &zone_path_type,
	    .fallback = "the zone's name below the storage directory, /var/lib/zones",
	    .doc = "Directory on the host that holds the zone's files: an absolute path, not /. It must have mode 700, must not be a symbolic link, and no directory above it may be writable by others, but for one with the sticky bit, as /tmp."),
	ROW(zone_spec, tenant, "tenant", FIELD_STRING, .type = &zone_name_type, .fallback = "none",
	    .doc = "Who the zone belongs to: zones of one tenant share its limits, which zone tenant sets."),
	ROW(zone_spec, autoboot, "autoboot", FIELD_OPT_BOOL, .flags = FIELD_LIVE,
	    .fallback = "false",
	    .doc = "Whether zone autoboot, which the host runs at its start, boots the zone."),
	ROW(zone_spec, autoshutdown, "autoshutdown", FIELD_STRING, .flags = FIELD_LIVE,
	    .type = &end_type, .fallback = "shutdown", .doc = END_DOC),
	ROW(zone_spec, boot_priority, "bootPriority", FIELD_OPT_U64, .flags = FIELD_LIVE,
	    .type = &zone_priority_type, .fallback = "100", .doc = PRIORITY_DOC),
	ROW(zone_spec, dependency, "dependency", FIELD_STRINGS, .flags = FIELD_LIVE,
	    .type = &zone_name_type, .max_items = MAX_LINKS, .fallback = "none", .doc = DEPENDENCY_DOC),
	ROW(zone_spec, bootargs, "bootargs", FIELD_STRING, .flags = FIELD_LIVE,
	    .type = &zone_line_type, .fallback = "none",
	    .doc = "Arguments for the zone's init, separated by blanks. Arguments of zone boot replace them."),
	ROW(zone_spec, limitpriv, "limitpriv", FIELD_STRING, .type = &zone_line_type,
	    .fallback = "default",
	    .doc = "The privileges (capabilities) that processes of the zone can have at most, as words with commas: default is the brand's set, all everything that a zone can have, none nothing; NAME adds, !NAME takes away. Privileges over the whole machine (sys_module, sys_rawio, sys_time, bpf and others) are refused."),
	ROW(zone_spec, seccomp, "seccomp", FIELD_STRINGS, .type = &zone_call_type,
	    .max_items = MAX_CALLS, .fallback = "none: all that the filter allows",
	    .doc = SECCOMP_DOC),
	ROW(zone_spec, apparmor_profile, "apparmorProfile", FIELD_STRING, .type = &zone_line_type,
	    .fallback = "none: the zone's namespaces, capabilities and filter hold it",
	    .doc = "An AppArmor profile of the host, loaded by its administrator, that every process of the zone runs under from its first program on: one more wall than the zone has anyway. A host without AppArmor or without the profile is refused."),
	ROW(zone_spec, selinux_label, "selinuxLabel", FIELD_STRING, .type = &zone_line_type,
	    .fallback = "none",
	    .doc = "The SELinux context, such as system_u:system_r:container_t:s0:c1,c2, that the zone's first program and what it starts run in. The files of the root must have labels that the policy lets it use. A host without SELinux, or whose policy does not know the context, is refused."),
	ROW(zone_spec, ip_type, "ipType", FIELD_STRING, .type = &ip_type, .fallback = "exclusive",
	    .doc = "exclusive gives the zone a network of its own, with links by anet and net. With shared the addresses of net are on links of the host, which keeps them: its routes and packet filter hold for the zone, and the zone can change nothing of it (see SHARED ZONES)."),
	ROW(zone_spec, hostid, "hostid", FIELD_STRING, .flags = FIELD_LIVE,
	    .type = &zone_hostid_type,
	    .fallback = "derived from the zone's UUID",
	    .doc = "What hostid(1) prints inside: 0x and up to eight hexadecimal digits."),
	ROW(zone_spec, hostname, "hostname", FIELD_STRING, .type = &zone_hostname_type,
	    .fallback = "the zone's name",
	    .doc = "Host name inside the zone, at most 64 characters."),
	ROW(zone_spec, file_mac_profile, "fileMacProfile", FIELD_STRING,
	    .type = &profile_type, .fallback = "none",
	    .doc = "Which parts of its root file system the zone cannot change, whoever is root in it: none: it can change all; flexible-configuration: it can change /etc, /root and /var, fixed-configuration: /var, both without package databases and tables of cron in /var; strict: nothing. /run, /tmp and /dev/shm are memory then, and what fs mounts is as its own options say. zone boot -w and zone login -T are the ways to change the rest."),
	ROW(zone_spec, cpu_shares, "cpuShares", FIELD_OPT_U64, .flags = FIELD_LIVE,
	    .type = &zone_shares_type,
	    .fallback = "100, the weight of everything that says nothing",
	    .doc = "Weight of the zone when CPUs are scarce, 1 to 25600: of two busy zones, the one with 20 shares gets twice the CPU time of the one with 10. It limits nothing while CPUs are idle."),
	ROW(zone_spec, scheduling_class, "schedulingClass", FIELD_STRING, .flags = FIELD_LIVE,
	    .type = &zone_class_type, .fallback = "TS", .doc = CLASS_DOC),
	{ .key = "cappedCPU",
	  .kind = FIELD_OPT_OBJECT,
	  .flags = FIELD_LIVE,
	  .offset = offsetof(struct zone_spec, capped_cpu),
	  .shape = &zone_cpu_cap_shape,
	  .fallback = "none",
	  .doc = "Upper bound of the CPU time of all processes of the zone together." },
	{ .key = "dedicatedCPU",
	  .kind = FIELD_OPT_OBJECT,
	  .flags = FIELD_LIVE,
	  .offset = offsetof(struct zone_spec, dedicated_cpu),
	  .shape = &zone_dedicated_cpu_shape,
	  .fallback = "none",
	  .doc = DEDICATED_DOC },
	ROW(zone_spec, pool, "pool", FIELD_STRING, .flags = FIELD_LIVE, .type = &zone_pool_type,
	    .fallback = "none: all CPUs that are not dedicated", .doc = POOL_DOC),
	{ .key = "cappedMemory",
	  .kind = FIELD_OPT_OBJECT,
	  .flags = FIELD_LIVE,
	  .offset = offsetof(struct zone_spec, capped_memory),
	  .shape = &zone_memory_cap_shape,
	  .fallback = "physical only",
	  .doc = "Upper bounds of the memory of all processes of the zone together." },
	ROW(zone_spec, max_processes, "maxProcesses", FIELD_OPT_U64, .flags = FIELD_LIVE,
	    .type = &zone_count_type,
	    .fallback = "none beside maxLwps",
	    .doc = "Processes that each user of the zone may have (RLIMIT_NPROC), 1 to 4194304."),
	ROW(zone_spec, max_lwps, "maxLwps", FIELD_OPT_U64, .flags = FIELD_LIVE,
	    .type = &zone_count_type, .fallback = "4096",
	    .doc = "Processes and threads that exist in the zone at the same time, 1 to 4194304. Beyond it fork fails with EAGAIN inside this zone and in no other."),
	ROW(zone_spec, max_msg_ids, "maxMsgIds", FIELD_OPT_U64, .flags = FIELD_LIVE, .type = &zone_ipc_type,
	    .fallback = "32000", .doc = MSG_DOC),
	ROW(zone_spec, max_sem_ids, "maxSemIds", FIELD_OPT_U64, .flags = FIELD_LIVE, .type = &zone_ipc_type,
	    .fallback = "32000", .doc = "Semaphore sets (semget) of the zone, 0 to 32768."),
	ROW(zone_spec, max_shm_ids, "maxShmIds", FIELD_OPT_U64, .flags = FIELD_LIVE, .type = &zone_ipc_type,
	    .fallback = "4096", .doc = "Shared memory segments (shmget) of the zone, 0 to 32768."),
	ROW(zone_spec, max_shm_memory, "maxShmMemory", FIELD_OPT_U64, .flags = FIELD_LIVE, .type = &zone_shm_type,
	    .fallback = "none beside cappedMemory.physical", .doc = SHM_DOC),
	ROW(zone_spec, hugepages, "hugepages", FIELD_MAP, .flags = FIELD_LIVE,
	    .type = &zone_huge_limit_type, .key_type = &zone_huge_size_type, .max_items = MAX_SIZES,
	    .fallback = "none", .doc = HUGE_DOC),
	ROW(zone_spec, io_weight, "ioWeight", FIELD_OPT_U64, .flags = FIELD_LIVE,
	    .type = &zone_weight_type, .fallback = "100", .doc = WEIGHT_DOC),
	ROW_LIST(zone_spec, block_io, "blockIO", zone_block_io_shape, .flags = FIELD_LIVE,
		 .max_items = MAX_LINKS, .fallback = "none",
		 .doc = "Upper bounds of reading and writing disks of the host."),
	ROW(zone_spec, quota, "quota", FIELD_OPT_U64, .flags = FIELD_LIVE,
	    .type = &zone_size_type, .fallback = "none", .doc = QUOTA_DOC),
	ROW(zone_spec, quota_inodes, "quotaInodes", FIELD_OPT_U64, .flags = FIELD_LIVE,
	    .type = &zone_inodes_type, .fallback = "none", .doc = INODES_DOC),
	ROW(zone_spec, nesting, "nesting", FIELD_OPT_BOOL, .fallback = "false",
	    .doc = "Whether programs inside may make user namespaces (containers, sandboxes of browsers). It opens much of the kernel to unprivileged users of the zone."),
	ROW(zone_spec, proc_view, "procView", FIELD_CUSTOM, .load = zone_proc_view_load,
	    .save = zone_proc_view_save, .done = zone_proc_view_done,
	    .schema = zone_proc_view_schema, .fallback = "true",
	    .doc = "Whether /proc/meminfo, cpuinfo, stat, loadavg, uptime, swaps, diskstats, vmstat, /sys/devices/system/cpu/online and sysinfo(2) tell of the zone's own limits and use, or of the host's (false). With \"files\" the files tell of the zone and sysinfo(2) of the host, as it also does with nesting."),
	ROW_LIST(
		zone_spec, anet, "anet", zone_anet_shape, .flags = FIELD_LIVE,
		.max_items = MAX_LINKS,
		.fallback = "none: the zone has lo only and reaches nothing",
		.doc = "Virtual links that are made when the zone becomes ready. Without any the zone is isolated from every network; zone create writes one into new files."),
	ROW_LIST(zone_spec, net, "net", zone_net_shape, .flags = FIELD_LIVE,
		 .max_items = MAX_LINKS, .fallback = "none",
		 .doc = "Existing links of the host that are moved into the zone."),
	ROW_LIST(zone_spec, publish, "publish", zone_publish_shape, .flags = FIELD_LIVE,
		 .max_items = MAX_MOUNTS, .fallback = "none",
		 .doc = "Ports of the host that lead into the zone."),
	{ .key = "dns",
	  .kind = FIELD_OPT_OBJECT,
	  .offset = offsetof(struct zone_spec, dns),
	  .flags = FIELD_LIVE,
	  .shape = &zone_dns_shape,
	  .fallback = "the host's",
	  .doc = "Name service: what the zone's /etc/resolv.conf says." },
	ROW_LIST(zone_spec, fs, "fs", zone_fs_shape, .flags = FIELD_LIVE, .max_items = MAX_MOUNTS,
		 .fallback = "none",
		 .doc = "File systems that are mounted inside the zone, in this order."),
	ROW_LIST(
		zone_spec, device, "device", zone_device_shape, .flags = FIELD_LIVE,
		.max_items = MAX_DEVICES, .fallback = "none",
		.doc = "Devices of the host that the zone may use, in addition to null, zero, full, random, urandom, tty, ptmx and its console."),
	ROW_LIST(zone_spec, rctl, "rctl", zone_rctl_shape, .flags = FIELD_LIVE,
		 .max_items = MAX_MAP, .fallback = "none", .doc = RCTL_DOC),
	{ .key = "rlimit",
	  .flags = FIELD_LIVE,
	  .kind = FIELD_CUSTOM,
	  .load = zone_rlimit_load,
	  .save = zone_rlimit_save,
	  .done = zone_rlimit_done,
	  .schema = zone_rlimit_schema,
	  .fallback = "what the host gives its services",
	  .doc = "Limits that each process of the zone starts with, by the names of getrlimit(2) in small letters: a number or \"unlimited\" for both limits, or the list [soft, hard]. Units are those of getrlimit(2)." },
	ROW(zone_spec, sysctl, "sysctl", FIELD_MAP, .flags = FIELD_LIVE, .type = &zone_line_type,
	    .key_type = &zone_sysctl_key_type, .max_items = MAX_MAP, .fallback = "none",
	    .doc = "Kernel parameters and their values. Only those that the zone has for itself are allowed: net.*, kernel.shm*, kernel.msg*, kernel.sem, kernel.domainname, fs.mqueue.* and user.max_*, which bounds what each of its users may have."),
	{ .key = "service",
	  .kind = FIELD_OPT_OBJECT,
	  .offset = offsetof(struct zone_spec, service),
	  .shape = &zone_service_shape,
	  .fallback = "none: the zone runs its init only",
	  .doc = "The program that the zone is there for, started by the built-in init." },
	ROW_LIST(zone_spec, admin, "admin", zone_admin_shape,
		 .flags = FIELD_LIVE, .max_items = MAX_MAP, .fallback = "none",
		 .doc = "Users of the host, other than root, who may administer this zone with zone(8); zone admin-server (or zones-admin.socket) must be there to serve them."),
	ROW(zone_spec, attr, "attr", FIELD_MAP, .flags = FIELD_LIVE, .type = &zone_line_type,
	    .key_type = &zone_attr_key_type, .max_items = MAX_MAP, .fallback = "none",
	    .doc = "Notes of the administrator, names and texts, without effect on the zone."),
	ROW(zone_spec, restart, "restart", FIELD_STRING, .flags = FIELD_LIVE,
	    .type = &zone_restart_type, .fallback = "no",
	    .doc = "Whether the zone is booted again when its init ends without having been asked to: no never, on-failure when init failed, always after every end."),
	ROW(zone_spec, shutdown_timeout, "shutdownTimeout", FIELD_OPT_U64, .flags = FIELD_LIVE,
	    .type = &zone_duration_type, .fallback = "60s",
	    .doc = "How long zone shutdown waits for the zone's init before it halts the zone, in ms, s, m or h (a bare number is seconds), at most 24h."),
};
/* clang-format on */
const struct shape zone_shape = SHAPE("a zone", zone_spec, zone_fields, .doc = "A zone.");

struct zone_spec *zone_spec_new(void)
{
	struct zone_spec *z = mem_zero(sizeof(*z));

	bind_init(&zone_shape, z);
	return z;
}

void zone_spec_free(struct zone_spec *z)
{
	bind_free(&zone_shape, z);
	free(z);
}

int zone_spec_parse(const char *text, size_t n, struct zone_spec **ret, struct diag_list *diags)
{
	auto_ptr(json) struct json *root = NULL;
	auto_ptr(zone_spec) struct zone_spec *z = zone_spec_new();
	struct bind_ctx c = { .diags = diags };
	int bound;
	int checked;
	int r = json_parse(text, n, ZONE_FILE_MAX, &root, diags);

	if (r < 0)
		return r;
	bound = bind_load(&c, &zone_shape, root, z);
	bind_ctx_done(&c);
	if (root->type != JSON_OBJECT)
		return bound;
	checked = zone_check(z, root, diags);
	if (bound < 0 || checked < 0)
		return -EINVAL;
	*ret = ptr_steal(&z);
	return 0;
}

struct json *zone_spec_save(const struct zone_spec *z)
{
	return bind_save(&zone_shape, z);
}

char *zone_spec_text(const struct zone_spec *z)
{
	auto_ptr(json) struct json *j = zone_spec_save(z);
	auto_free char *text = json_print(j, true);

	return mem_format("%s\n", text);
}

struct zone_spec *zone_spec_load(const struct json *saved)
{
	struct zone_spec *z = zone_spec_new();
	struct bind_ctx c = { 0 };

	(void)!bind_load(&c, &zone_shape, saved, z); /* as bind_copy() */
	bind_ctx_done(&c);
	return z;
}

struct zone_spec *zone_spec_clone(const struct zone_spec *z)
{
	struct zone_spec *copy = mem_zero(sizeof(*copy));

	bind_copy(&zone_shape, z, copy);
	return copy;
}
