/* seal - what is left when the descriptors are there: a user that nobody else is, no capability on the host, and a list of a dozen system calls.
 *
 * Nothing that a zone can do reaches this process but the names and offsets of its requests, as the kernel hands them over. Should that ever suffice to take it over, it could
 * read the counters that it reads anyway, write to the connection of that zone, and use CPU time; RLIMIT_DATA bounds its memory.
 * Where sysinfo(2) is answered it can also do to the zone what CAP_SYS_PTRACE and CAP_DAC_OVERRIDE in the zone's user namespace allow: procview.h says why, and that its root shows the zone's processes only. RLIMIT_FSIZE does
 * not hold back /proc/PID/mem, which is no file that grows. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/procview/audit_arch.h"
#include "runtime/procview/private.h"
#include "runtime/procview/unotify.h"

enum { DATA_MAX = 16 << 20 };
#define BIT(number) (1u << (number))

#define ALLOW(name)                                        \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (name), 0, 1), \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define LOAD(member) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, member))

#define BEGIN                                                                \
	LOAD(arch), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0), \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS), LOAD(nr)
#define FILES                                                                           \
	ALLOW(__NR_read), ALLOW(__NR_pread64), ALLOW(__NR_write), ALLOW(__NR_writev),   \
		ALLOW(__NR_clock_gettime), ALLOW(__NR_clock_nanosleep),                 \
		ALLOW(__NR_restart_syscall), ALLOW(__NR_exit_group), ALLOW(__NR_close), \
		ALLOW(__NR_brk), ALLOW(__NR_munmap), ALLOW(__NR_mremap)
/* openat sees the procfs alone, and O_CREAT has nothing to create there */
#define CALLS                                                                             \
	ALLOW(__NR_openat), ALLOW(__NR_pwrite64), ALLOW(__NR_lseek), ALLOW(__NR_recvmsg), \
		ALLOW(__NR_dup3), ALLOW(__NR_epoll_ctl), ALLOW(WAIT_FOR_EVENTS),          \
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_ioctl, 0, 12), LOAD(args[1]),    \
		ALLOW(NOTIFY_RECV), ALLOW(NOTIFY_SEND), ALLOW(NOTIFY_ID_VALID),           \
		ALLOW(NOTIFY_SET_FLAGS), ALLOW(PROCMAP_QUERY),                            \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
/* memory, but none that can be executed */
#define MEMORY                                                               \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mmap, 0, 3), LOAD(args[2]), \
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0),       \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),                \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

#ifdef __NR_epoll_wait
#define WAIT_FOR_EVENTS __NR_epoll_wait
#else
#define WAIT_FOR_EVENTS __NR_epoll_pwait
#endif

static const struct sock_filter for_files[] = { BEGIN, FILES, MEMORY };
static const struct sock_filter for_calls[] = { BEGIN, FILES, CALLS, MEMORY };

static bool limit(void)
{
	static const struct {
		int resource;
		rlim_t value;
	} limits[] = { { RLIMIT_CORE, 0 },
		       { RLIMIT_FSIZE, 0 },
		       { RLIMIT_NPROC, 0 },
		       { RLIMIT_MEMLOCK, 0 },
		       { RLIMIT_DATA, DATA_MAX } };

	for (unsigned i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		const struct rlimit l = { limits[i].value, limits[i].value };

		if (setrlimit(limits[i].resource, &l) < 0)
			return false;
	}
	return true;
}

static bool keep_capabilities(uint32_t set)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct data[2] = { { .effective = set, .permitted = set } };

	return syscall(SYS_capset, &head, data) == 0;
}

static bool become(uint32_t uid)
{
	/* the change of all ids from 0 takes the capabilities as well */
	return setgroups(0, NULL) == 0 && setresgid(uid, uid, uid) == 0 &&
	       setresuid(uid, uid, uid) == 0;
}

/* The new root first, while we may change it. What is kept through the change of ids is only for entering the namespace; that gives all capabilities in there, of which two stay. */
static bool enter(uint32_t uid, int users, int proc)
{
	if (fchdir(proc) < 0 || chroot(".") < 0 || prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 ||
	    !become(uid) || !keep_capabilities(BIT(CAP_SYS_ADMIN)) ||
	    setns(users, CLONE_NEWUSER) < 0)
		return false;
	(void)close(users);
	(void)close(proc);
	return keep_capabilities(BIT(CAP_SYS_PTRACE) | BIT(CAP_DAC_OVERRIDE));
}

bool seal(uint32_t uid, int users, int proc)
{
	bool calls = users >= 0;
	const struct sock_fprog program = {
		.len = (unsigned short)(calls ? sizeof(for_calls) / sizeof(for_calls[0])
					      : sizeof(for_files) / sizeof(for_files[0])),
		.filter = (struct sock_filter *)(calls ? for_calls : for_files)
	};

	if (uid == 0 || !limit() || chdir("/") < 0 ||
	    !(calls ? enter(uid, users, proc) : become(uid)))
		return false;
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
	       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}
