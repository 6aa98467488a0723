/* change_rules - what becomes of a change of each property while the zone runs. A property without a row is read at boot. Rows of members stand before those of their objects. */
#include "runtime/zone/apply.h"
#include "runtime/zone/changes.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"

#define AT_BIRTH  "every process has it from its birth"
#define OWN_LIMIT "a process that has set another limit for itself keeps it unless it is above"

static const struct change_rule rules[] = {
	{ "zonename", CHANGE_REFUSED, NULL, "a zone is not renamed by its file", NULL },
	{ "brand", CHANGE_REFUSED, NULL,
	  "the zone's files are those of its brand: uninstall and install it again", NULL },
	{ "zonepath", CHANGE_REFUSED, NULL,
	  "the zone's files are where it was installed: uninstall and install it again", NULL },
	{ "tenant", CHANGE_REBOOT, NULL, "its processes are counted where the zone was booted",
	  NULL },
	{ "autoboot", CHANGE_LIVE, NULL, "read when the host starts", NULL },
	{ "autoshutdown", CHANGE_LIVE, NULL, "read when the host ends", NULL },
	{ "bootPriority", CHANGE_LIVE, NULL, "read when the host starts or ends", NULL },
	{ "dependency", CHANGE_LIVE, NULL, "read when the zone boots", NULL },
	{ "bootargs", CHANGE_LIVE, NULL, "read when the zone boots", NULL },
	{ "limitpriv", CHANGE_REBOOT, NULL, AT_BIRTH, NULL },
	{ "apparmorProfile", CHANGE_REBOOT, NULL, AT_BIRTH, NULL },
	{ "selinuxLabel", CHANGE_REBOOT, NULL, AT_BIRTH, NULL },
	{ "hostid", CHANGE_LIVE, &apply_hostid, NULL, NULL },
	{ "seccomp", CHANGE_REBOOT, NULL, AT_BIRTH, NULL },
	{ "hostname", CHANGE_REBOOT, NULL, "programs of the zone have read it", NULL },
	{ "fileMacProfile", CHANGE_REBOOT, NULL, "it decides how the root is mounted", NULL },
	{ "cpuShares", CHANGE_LIVE, &apply_weight, NULL, NULL },
	{ "schedulingClass", CHANGE_LIVE, &apply_class,
	  "a process that has chosen another policy for itself keeps it", apply_class_judge },
	{ "cappedCPU", CHANGE_LIVE, &apply_cpu, NULL, NULL },
	{ "rctl", CHANGE_LIVE, &apply_rctl, NULL, NULL },
	{ "hugepages", CHANGE_LIVE, &apply_hugepages, NULL, NULL },
	{ "ioWeight", CHANGE_LIVE, &apply_io_weight, NULL, NULL },
	{ "blockIO", CHANGE_LIVE, &apply_block_io, NULL, NULL },
	{ "quota", CHANGE_LIVE, &apply_quota, NULL, apply_quota_judge },
	{ "quotaInodes", CHANGE_LIVE, &apply_quota, NULL, apply_quota_judge },
	{ "dedicatedCPU", CHANGE_LIVE, &apply_cpus, NULL, apply_cpus_judge },
	{ "pool", CHANGE_LIVE, &apply_cpus, NULL, apply_cpus_judge },
	{ "cappedMemory.locked", CHANGE_LIVE, &apply_rlimit, OWN_LIMIT, apply_rlimit_judge },
	{ "cappedMemory", CHANGE_LIVE, &apply_memory, NULL, NULL },
	{ "maxProcesses", CHANGE_LIVE, &apply_rlimit, OWN_LIMIT, apply_rlimit_judge },
	{ "maxLwps", CHANGE_LIVE, &apply_lwps, NULL, NULL },
	{ "maxMsgIds", CHANGE_LIVE, &apply_sysctl, NULL, apply_ipc_judge },
	{ "maxSemIds", CHANGE_LIVE, &apply_sysctl, NULL, apply_ipc_judge },
	{ "maxShmIds", CHANGE_LIVE, &apply_sysctl, NULL, apply_ipc_judge },
	{ "maxShmMemory", CHANGE_LIVE, &apply_sysctl, NULL, apply_ipc_judge },
	{ "nesting", CHANGE_REBOOT, NULL, "it is part of the system call filter", NULL },
	{ "procView", CHANGE_REBOOT, NULL,
	  "it is mounted, and part of the system call filter, before the zone's first program",
	  NULL },
	{ "anet", CHANGE_LIVE, &apply_net, NULL, apply_net_judge },
	{ "net", CHANGE_LIVE, &apply_net, NULL, apply_physical_judge },
	{ "publish", CHANGE_LIVE, &apply_net, NULL, apply_net_judge },
	{ "dns", CHANGE_LIVE, &apply_dns, "programs that run may have read the old file",
	  apply_dns_judge },
	{ "fs", CHANGE_LIVE, &apply_fs, NULL, apply_fs_judge },
	{ "device", CHANGE_LIVE, &apply_devices, NULL, apply_device_judge },
	{ "rlimit", CHANGE_LIVE, &apply_rlimit, OWN_LIMIT, apply_rlimit_judge },
	{ "sysctl", CHANGE_LIVE, &apply_sysctl, NULL, apply_sysctl_judge },
	{ "service", CHANGE_REBOOT, NULL, "the zone's init has started it", NULL },
	{ "admin", CHANGE_LIVE, NULL, NULL, NULL },
	{ "attr", CHANGE_LIVE, NULL, NULL, NULL },
	{ "restart", CHANGE_LIVE, NULL, NULL, NULL },
	{ "shutdownTimeout", CHANGE_LIVE, NULL, NULL, NULL },
};

static const struct change_rule at_boot = { "", CHANGE_REBOOT, NULL, "read when the zone boots",
					    NULL };

const struct change_rule *change_rule_at(size_t i)
{
	return i < sizeof(rules) / sizeof(rules[0]) ? &rules[i] : NULL;
}

const struct change_rule *change_rule_find(const char *path)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const char *rest = str_after(path, rules[i].path);

		if (rest && (*rest == '\0' || *rest == '.' || *rest == '['))
			return &rules[i];
	}
	return &at_boot;
}
