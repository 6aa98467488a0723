/* seal - what is left when the descriptors are there: a user that nobody else is, no capability, and a list of a dozen system calls.
 *
 * Nothing that a zone can do reaches this process but the names and offsets of its requests, as the kernel hands them over. Should that ever suffice to take it over, it could
 * read the counters that it reads anyway, write to the connection of that zone, and use CPU time; RLIMIT_DATA bounds its memory. */
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/procview/private.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "this architecture is missing in the filter"
#endif

enum { DATA_MAX = 16 << 20 };

#define ALLOW(name)                                        \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (name), 0, 1), \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define LOAD(member) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, member))

static const struct sock_filter filter[] = {
	LOAD(arch),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	LOAD(nr),
	ALLOW(__NR_read),
	ALLOW(__NR_pread64),
	ALLOW(__NR_write),
	ALLOW(__NR_writev),
	ALLOW(__NR_clock_gettime),
	ALLOW(__NR_clock_nanosleep),
	ALLOW(__NR_restart_syscall),
	ALLOW(__NR_exit_group),
	ALLOW(__NR_close),
	ALLOW(__NR_brk),
	ALLOW(__NR_munmap),
	ALLOW(__NR_mremap),
	/* memory, but none that can be executed */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mmap, 0, 3),
	LOAD(args[2]),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
};

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

bool seal(uint32_t uid)
{
	const struct sock_fprog program = { .len = sizeof(filter) / sizeof(filter[0]),
					    .filter = (struct sock_filter *)filter };

	/* the change of all ids from 0 takes the capabilities as well */
	if (uid == 0 || !limit() || chdir("/") < 0 || setgroups(0, NULL) < 0 ||
	    setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
		return false;
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
	       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}
