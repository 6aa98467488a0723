/* names - words of the specification and of the kernel, as tables. Pure. */
#ifndef CONFIG_NAMES_H
#define CONFIG_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/spec.h"

struct name_value {
	const char *name; /* NULL ends the table */
	int64_t value;
};

bool names_find(const struct name_value *table, const char *name, int64_t *ret);
const char *names_word(const struct name_value *table, int64_t value); /* NULL when there is none */

extern const char *const ns_words[NS_COUNT];      /* "pid" "network" "mount" ... (OCI) */
extern const char *const ns_proc_files[NS_COUNT]; /* "pid" "net" "mnt" ... (below /proc/PID/ns) */
extern const int ns_clone_flags[NS_COUNT];        /* CLONE_NEW... */

extern const struct name_value rlimit_names[];    /* "RLIMIT_NOFILE" -> RLIMIT_NOFILE */
extern const struct name_value signal_names[];    /* "TERM" -> SIGTERM */
extern const struct name_value seccomp_actions[]; /* "SCMP_ACT_ERRNO" -> SCMP_ACT_ERRNO(0) ... */
extern const struct name_value seccomp_archs[];
extern const struct name_value seccomp_operators[];
extern const struct name_value seccomp_flags[]; /* "SECCOMP_FILTER_FLAG_LOG" -> kernel flag */
extern const struct name_value scheduler_policies[], scheduler_flags[], io_priority_classes[];
extern const struct name_value personality_domains[], memory_policy_modes[], memory_policy_flags[];
extern const struct name_value
	propagation_names[]; /* "rprivate" -> MS_REC|MS_PRIVATE ... and rootfsPropagation words */

/* "CAP_NET_RAW" or "net_raw", any case -> number, -1 when unknown. cap_last() is the highest this kernel knows (/proc/sys/kernel/cap_last_cap is read by isolation; here the header's). */
int cap_number(const char *name);
const char *cap_word(int number); /* "CAP_NET_RAW" */

/* "15", "TERM", "SIGTERM", any case, "RTMIN+3", "SIGRTMIN+3" -> signal number, or -1. */
int signal_number(const char *text);

#endif
