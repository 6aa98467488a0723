/* oom_victim - who was killed for memory, out of the kernel's log. */
#ifndef RUNTIME_MONITOR_OOM_VICTIM_H
#define RUNTIME_MONITOR_OOM_VICTIM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum oom_cause {
	OOM_ZONE,   /* the zone's own cap, or one below it that the zone itself has set */
	OOM_ABOVE,  /* the limit of a cgroup that the zone shares with others */
	OOM_GLOBAL, /* the machine has run out of memory */
};
struct oom_victim {
	enum oom_cause cause;
	pid_t pid;     /* on the host */
	uint32_t uid;  /* on the host */
	char name[64]; /* as the zone called it: the text of a tenant, as the log has it */
};
/* Pure. Is this text of a record ("oom-kill:constraint=...") about a process of the memory cgroup `path` or of one below it? The names of processes and of cgroups below are the zone's own
 * choice: they cannot make a kill look like another zone's. */
bool oom_victim_parse(const char *text, const char *path, struct oom_victim *ret);

/* A descriptor of the kernel's log that gives what comes from now on, or negative errno. */
int oom_log_open(void);
/* Up to `n` victims of the cgroup that were logged since the last call. Never waits. */
size_t oom_log_victims(int fd, const char *path, struct oom_victim *ret, size_t n);

#endif
