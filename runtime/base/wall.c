/* wall - capabilities, no_new_privs, Landlock, seccomp; see wall.h.
 *
 * Order: the bounding set needs CAP_SETPCAP, so it goes first; Landlock needs no_new_privs, and its calls are not in the filter's list, so the filter is last.
 *
 * Everything by hand: neither libcap nor libseccomp is a part of this folder, and the filter is a straight list, which the kernel turns into a table of calls that are always allowed. */
#include "runtime/base/wall.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/sys.h"

/* --- capabilities ------------------------------------------------------------------------------------------------- */

enum { CAPABILITIES_MAX = 64 };
#define BIT(capability) (UINT64_C(1) << (capability))

struct caps {
	uint64_t effective, permitted, inheritable;
};

static int caps_get(struct caps *c)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &header, data) < 0)
		return -1;
	*c = (struct caps){ .effective = (uint64_t)data[1].effective << 32 | data[0].effective,
			    .permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted,
			    .inheritable =
				    (uint64_t)data[1].inheritable << 32 | data[0].inheritable };
	return 0;
}

static int caps_set(const struct caps *c)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct data[2] = {
		{ (uint32_t)c->effective, (uint32_t)c->permitted, (uint32_t)c->inheritable },
		{ (uint32_t)(c->effective >> 32), (uint32_t)(c->permitted >> 32),
		  (uint32_t)(c->inheritable >> 32) },
	};

	return (int)syscall(SYS_capset, &header, data);
}

/* Which capabilities there are, the kernel says by EINVAL for the first one that there is not. */
static int bounding_drop(uint64_t dropped, struct err *e)
{
	for (unsigned long c = 0; c < CAPABILITIES_MAX; c++) {
		int has = prctl(PR_CAPBSET_READ, c, 0, 0, 0);

		if (has < 0)
			return 0;
		if (has && (dropped & BIT(c)) && sys_prctl(PR_CAPBSET_DROP, c, 0, 0, 0) < 0)
			return err_sys(e, "drop capability %lu", c);
	}
	return 0;
}

static int caps_drop(uint64_t dropped, uint64_t executed, struct err *e)
{
	struct caps c = { 0 };
	int r = 0;

	if (caps_get(&c) < 0)
		return err_sys(e, "read our own capabilities");
	if (c.effective & BIT(CAP_SETPCAP))
		r = bounding_drop(dropped & ~executed, e);
	if (r < 0)
		return r;
	(void)sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* Linux 4.3 */
	c.effective &= ~dropped;
	c.permitted &= ~dropped;
	c.inheritable &= ~dropped;
	return caps_set(&c) < 0 ? err_sys(e, "give up capabilities") : 0;
}

int wall_drop(uint64_t dropped, uint64_t executed, struct err *e)
{
	return caps_drop(dropped, executed, e);
}

int wall_drop_host(struct err *e)
{
	/* CAP_SYS_TIME stays: the kernel asks for it when the offsets of a zone's clocks are written */
	static const uint64_t unneeded =
		BIT(CAP_SYS_MODULE) | BIT(CAP_SYS_RAWIO) | BIT(CAP_SYS_BOOT) | BIT(CAP_SYS_PACCT) |
		BIT(CAP_WAKE_ALARM) | BIT(CAP_BLOCK_SUSPEND) | BIT(CAP_AUDIT_CONTROL) |
		BIT(CAP_AUDIT_WRITE) | BIT(CAP_AUDIT_READ) | BIT(CAP_MAC_ADMIN) |
		BIT(CAP_MAC_OVERRIDE) | BIT(CAP_LEASE) | BIT(CAP_IPC_OWNER) |
		BIT(CAP_LINUX_IMMUTABLE) | BIT(CAP_NET_BROADCAST);

	return caps_drop(unneeded, BIT(CAP_SYS_MODULE), e);
}

/* --- Landlock ----------------------------------------------------------------------------------------------------- */

/* Debian 12's headers are older than the kernels that it runs on: numbers and structures of the kernel's own documentation (userspace-api/landlock). */
enum {
	CREATE_RULESET = 444,
	ADD_RULE = 445,
	RESTRICT_SELF = 446,
	VERSION_ONLY = 1,
	RULE_PATH_BENEATH = 1,
};
enum {
	FS_EXECUTE = 1 << 0,
	FS_WRITE_FILE = 1 << 1,
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	FS_MAKE_SOCK = 1 << 9,
	FS_MAKE_BLOCK = 1 << 11,
	FS_REFER = 1 << 13,
	FS_TRUNCATE = 1 << 14,
	FS_IOCTL_DEV = 1 << 15,
	FS_FIRST = (1 << 13) - 1, /* all of the first version */
	FS_OF_A_FILE = FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE |
		       FS_TRUNCATE, /* the others belong to directories */
};
enum { NET_ALL = 3, SCOPE_ALL = 3 }; /* TCP: bind, connect; abstract sockets, signals */

struct ruleset {
	uint64_t fs, net, scoped;
};
struct path_beneath {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

int wall_landlock_abi(void)
{
	static int abi = -1;

	if (abi < 0) {
		long r = syscall(CREATE_RULESET, NULL, (size_t)0, VERSION_ONLY);

		abi = r > 0 ? (int)r : 0;
	}
	return abi;
}

/* What this version of the kernel can forbid. */
static struct ruleset everything(int abi, bool programs)
{
	struct ruleset r = { .fs = FS_FIRST };

	if (abi >= 2)
		r.fs |= FS_REFER;
	if (abi >= 3)
		r.fs |= FS_TRUNCATE;
	if (abi >= 4 && !programs)
		r.net = NET_ALL;
	if (abi >= 5)
		r.fs |= FS_IOCTL_DEV;
	if (abi >= 6)
		r.scoped = SCOPE_ALL;
	return r;
}

static uint64_t allowed_by(enum wall_use use)
{
	switch (use) {
	case WALL_READ:
		return FS_READ_FILE | FS_READ_DIR;
	case WALL_EXECUTE:
		return FS_READ_FILE | FS_READ_DIR | FS_EXECUTE;
	case WALL_WRITE:
		return allowed_by(WALL_FILL) & ~(uint64_t)FS_MAKE_SOCK;
	case WALL_FILL:
		return (FS_FIRST | FS_REFER | FS_TRUNCATE) &
		       ~(uint64_t)(FS_EXECUTE | FS_MAKE_BLOCK);
	}
	return 0;
}

static int rule_add(int rules, const struct wall_tree *tree, uint64_t known, struct err *e)
{
	struct path_beneath p = { .allowed = allowed_by(tree->use) & known, .parent = tree->fd };
	struct stat st;

	if (fstat(tree->fd, &st) < 0)
		return err_sys(e, "look at a tree for a Landlock ruleset");
	if (!S_ISDIR(st.st_mode))
		p.allowed &= FS_OF_A_FILE;
	return syscall(ADD_RULE, rules, RULE_PATH_BENEATH, &p, 0) < 0
		       ? err_sys(e, "add a tree to a Landlock ruleset")
		       : 0;
}

static int landlock_enter(const struct wall *w, struct err *e)
{
	int abi = wall_landlock_abi();
	struct ruleset all = everything(abi, w->programs);
	/* an older kernel takes a longer structure whose end is zero */
	auto_close int rules = abi > 0 ? (int)syscall(CREATE_RULESET, &all, sizeof(all), 0) : -1;

	if (abi == 0)
		return 0;
	if (rules < 0)
		return err_sys(e, "make a Landlock ruleset");
	for (size_t i = 0; i < w->n_trees; i++) {
		int r = rule_add(rules, &w->trees[i], all.fs, e);

		if (r < 0)
			return r;
	}
	return syscall(RESTRICT_SELF, rules, 0) < 0 ? err_sys(e, "enter a Landlock ruleset") : 0;
}

/* --- the filter --------------------------------------------------------------------------------------------------- */

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define ARCHITECTURE 0 /* no filter */
#endif

#ifndef __NR_fchmodat2
#define __NR_fchmodat2 452
#endif

/* Linux 6.13 and 6.17; the same number on all architectures */
enum { SETXATTRAT = 463, REMOVEXATTRAT = 466, FILE_SETATTR = 469 };

#define ALLOW  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define REFUSE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
#define LOAD(member) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, member))
#define SKIP_UNLESS(value, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (n))
#define SKIP_IF_BIT(bits, n)  BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), (n), 0)

/* x86-64's x32 calls have numbers of their own, which are in no row. */
static const struct sock_filter begin[] = {
	LOAD(arch),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	LOAD(nr),
};

/* What it takes to read a stream, to fill a tree, and what the C library does underneath. Nothing that makes a process, a socket, a namespace, a mount or a program. */
static const uint32_t calls[] = {
	/* descriptors and data */
	__NR_read,
	__NR_readv,
	__NR_pread64,
	__NR_write,
	__NR_writev,
	__NR_pwrite64,
	__NR_lseek,
	__NR_close,
	__NR_close_range,
	__NR_fcntl,
	__NR_dup,
	__NR_ftruncate,
	__NR_fsync,
	__NR_fallocate,
	__NR_copy_file_range,
	/* files below a tree, which is Landlock's to bound */
	__NR_openat,
	__NR_openat2,
	__NR_fstat,
	__NR_newfstatat,
	__NR_statx,
	__NR_fstatfs,
	__NR_getdents64,
	__NR_readlinkat,
	__NR_faccessat,
	__NR_mkdirat,
	__NR_mknodat,
	__NR_unlinkat,
	__NR_symlinkat,
	__NR_linkat,
	__NR_renameat2,
	__NR_fchown,
	__NR_fchownat,
	__NR_fchmod,
	__NR_fchmodat,
	__NR_fchmodat2,
	__NR_utimensat,
	__NR_fsetxattr,
	__NR_fgetxattr,
	__NR_flistxattr,
	__NR_umask,
	/* memory, waiting, time, chance */
	__NR_brk,
	__NR_munmap,
	__NR_mremap,
	__NR_madvise,
	__NR_futex,
	__NR_sched_yield,
	__NR_clock_gettime,
	__NR_gettimeofday,
	__NR_clock_nanosleep,
	__NR_nanosleep,
	__NR_getrandom,
	__NR_sysinfo,
	__NR_uname,
	__NR_sched_getaffinity,
	__NR_ppoll,
	/* itself, and its end */
	__NR_getpid,
	__NR_gettid,
	__NR_getuid,
	__NR_geteuid,
	__NR_getgid,
	__NR_getegid,
	__NR_rt_sigaction,
	__NR_rt_sigprocmask,
	__NR_rt_sigreturn,
	__NR_sigaltstack,
	__NR_restart_syscall,
	__NR_exit,
	__NR_exit_group,
#ifdef __NR_poll
	__NR_poll,
#endif
#ifdef __NR_renameat /* which the C library takes for renameat2 without flags */
	__NR_renameat,
#endif
};

/* Calls of which an argument is looked at; both architectures are little-endian, and what these mean is in the low half. The row that a call is in ends with an answer. */
static const struct sock_filter end[] = {
	/* memory, but none that can be executed */
	SKIP_UNLESS(__NR_mmap, 4),
	LOAD(args[2]),
	SKIP_IF_BIT(PROT_EXEC, 1),
	ALLOW,
	REFUSE,
	SKIP_UNLESS(__NR_mprotect, 4),
	LOAD(args[2]),
	SKIP_IF_BIT(PROT_EXEC, 1),
	ALLOW,
	REFUSE,
	/* blocks that two files share, the question whether something is a terminal; no input pushed into one */
	SKIP_UNLESS(__NR_ioctl, 6),
	LOAD(args[1]),
	SKIP_UNLESS(FICLONE, 1),
	ALLOW,
	SKIP_UNLESS(TCGETS, 1),
	ALLOW,
	REFUSE,
	REFUSE,
};

enum {
	N_CALLS = sizeof(calls) / sizeof(calls[0]),
	N_BEGIN = sizeof(begin) / sizeof(begin[0]),
	N_END = sizeof(end) / sizeof(end[0]),
	N_OWN_SIGNAL = 4, /* abort() sends a signal to this very thread */
	N_FILTER = N_BEGIN + 2 * N_CALLS + N_OWN_SIGNAL + N_END
};

static int filter_enter(struct err *e)
{
	const struct sock_filter own_signal[N_OWN_SIGNAL] = {
		SKIP_UNLESS(__NR_tgkill, 3),
		LOAD(args[0]),
		SKIP_UNLESS((uint32_t)getpid(), 1), /* another number goes on to the last row */
		ALLOW,
	};
	struct sock_filter all[N_FILTER];
	const struct sock_fprog program = { .len = N_FILTER, .filter = all };
	size_t n = N_BEGIN;

	memcpy(all, begin, sizeof(begin));
	for (size_t i = 0; i < N_CALLS; i++) {
		all[n++] = (struct sock_filter)SKIP_UNLESS(calls[i], 1);
		all[n++] = (struct sock_filter)ALLOW;
	}
	memcpy(all + n, end, sizeof(end) - sizeof(end[0]));
	n += N_END - 1;
	memcpy(all + n, own_signal, sizeof(own_signal));
	all[n + N_OWN_SIGNAL] = end[N_END - 1];
	return sys_prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, (unsigned long)&program, 0, 0) < 0
		       ? err_sys(e, "set the filter of system calls")
		       : 0;
}

/* --- alone ---------------------------------------------------------------------------------------------------------- */

#define ANSWER(code)     BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (code))
#define SKIP_BELOW(v, n) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (v), 0, (n))

enum { X32 = 0x40000000 };

static const struct {
	uint32_t nr, code;
} alone_rows[] = {
	/* programs set the modes of what they have written; that it is not done harms nobody */
	{ __NR_fchmod, 0 },
	{ __NR_fchmodat, 0 },
	{ __NR_fchmodat2, 0 },
#ifdef __NR_chmod
	{ __NR_chmod, 0 },
	{ __NR_chown, EPERM },
	{ __NR_lchown, EPERM },
	{ __NR_utime, EPERM },
	{ __NR_utimes, EPERM },
	{ __NR_futimesat, EPERM },
#endif
	{ __NR_fchown, EPERM },
	{ __NR_fchownat, EPERM },
	{ __NR_utimensat, EPERM },
	{ __NR_setxattr, EPERM },
	{ __NR_lsetxattr, EPERM },
	{ __NR_fsetxattr, EPERM },
	{ __NR_removexattr, EPERM },
	{ __NR_lremovexattr, EPERM },
	{ __NR_fremovexattr, EPERM },
	{ SETXATTRAT, EPERM },
	{ REMOVEXATTRAT, EPERM },
	{ FILE_SETATTR, EPERM },
	{ __NR_truncate, EPERM },
	{ __NR_kill, EPERM },
	{ __NR_tkill, EPERM },
	{ __NR_rt_sigqueueinfo, EPERM },
	{ __NR_rt_tgsigqueueinfo, EPERM },
	{ __NR_pidfd_send_signal, EPERM },
	{ __NR_ptrace, EPERM },
	{ __NR_process_vm_writev, EPERM },
	/* what it does passes no filter */
	{ __NR_io_uring_setup, ENOSYS },
};

enum { N_ALONE = sizeof(alone_rows) / sizeof(alone_rows[0]), N_ALONE_END = 10 };

static int alone_enter(struct err *e)
{
	const struct sock_filter last[N_ALONE_END] = {
		SKIP_UNLESS(__NR_tgkill, 4), /* threads of its own: Go stops them so */
		LOAD(args[0]),
		SKIP_UNLESS((uint32_t)getpid(), 1),
		ALLOW,
		REFUSE,
		SKIP_UNLESS(__NR_socket, 3),
		LOAD(args[0]),
		SKIP_UNLESS(AF_UNIX, 1),
		ANSWER(EAFNOSUPPORT),
		ALLOW,
	};
	struct sock_filter all[N_BEGIN + 2 + 2 * N_ALONE + N_ALONE_END];
	struct sock_fprog program = { .filter = all };
	size_t n = N_BEGIN;

	memcpy(all, begin, sizeof(begin));
	all[n++] = (struct sock_filter)SKIP_BELOW(X32, 1);
	all[n++] = (struct sock_filter)REFUSE;
	for (size_t i = 0; i < N_ALONE; i++) {
		all[n++] = (struct sock_filter)SKIP_UNLESS(alone_rows[i].nr, 1);
		all[n++] = (struct sock_filter)ANSWER(alone_rows[i].code);
	}
	memcpy(all + n, last, sizeof(last));
	program.len = (unsigned short)(n + N_ALONE_END);
	return sys_prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, (unsigned long)&program, 0, 0) < 0
		       ? err_sys(e, "set the filter of system calls")
		       : 0;
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

int wall_enter(const struct wall *w, struct err *e)
{
	int r = caps_drop(~w->capabilities, 0, e);

	if (r < 0)
		return r;
	if (sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, "give up new privileges");
	r = landlock_enter(w, e);
	if (r < 0 || ARCHITECTURE == 0)
		return r;
	if (w->programs)
		return w->alone ? alone_enter(e) : 0;
	return filter_enter(e);
}
