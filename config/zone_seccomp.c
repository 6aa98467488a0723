#include "config/zone_seccomp.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "runtime/base/mem.h"

/* The idea: an allow list. A call gets one of three answers:
 *
 *   allowed   the ordinary ones: all that a Debian userland with systemd uses, up to Linux 6.18. What they may do is bounded by the zone's user namespace.
 *   EPERM     the dangerous ones, by name: large kernel code that tenants have no business with (SECURITY.md R), or that acts on the whole machine.
 *   ENOSYS    everything else, as the default action: calls newer than this list then look to libc as they would on an older kernel, and it falls back.
 *             clone3 is such a call while user namespaces are forbidden: its flags are in memory, which a filter cannot read, and libc falls back to clone.
 *
 * Three properties of the mechanism shape the rules about arguments:
 *
 * 1. libseccomp has no order of rules and drops all conditions of a call that also has a rule without any. So the rules of one call must not overlap unless they
 *    have the same action, and "everything but X" must be said positively. cover() does that: it splits the space of 32-bit values into blocks of a common
 *    prefix that contain none of the exceptions, and allows each block.
 * 2. The kernel cuts `int` arguments to 32 bits, the filter sees all 64. A comparison with NE or GT is therefore bypassed by setting a high bit (CVE-2019-10063),
 *    and EQ refuses what the kernel would take. Every comparison here is MASKED_EQ on the low 32 bits.
 * 3. On i386 a socket can also be had through socketcall(), whose arguments are in memory, and libseccomp turns every rule that allows socket() there into one
 *    that allows socketcall(SYS_SOCKET) with any family. The families could not be denied, so i386 is not among the architectures of a zone on x86_64: 32-bit x86
 *    programs do not run in zones. (32-bit ARM has no such call and does run on aarch64.)
 *
 * Not denied although it sounds like it: reboot (inside a pid namespace it ends the zone, which is how its init halts), mount and its family, setns, ptrace (bounded
 * by the user namespace), adjtimex and clock_adjtime (reading needs them; setting needs a capability that no zone has), name_to_handle_at. */

enum { FAMILY_NETLINK = 16, NETLINK_IPSEC = 6 };
#define NEW_USER 0x10000000u /* CLONE_NEWUSER */
#define INT_MASK 0xffffffffull

/* Words separated by blanks. */
static const char ordinary[] =
	"_llseek _newselect accept accept4 access adjtimex alarm arch_prctl arm_fadvise64_64 "
	"arm_sync_file_range bind breakpoint brk cacheflush cachestat capget capset chdir "
	"chmod chown chown32 chroot clock_adjtime clock_adjtime64 clock_getres "
	"clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep "
	"clock_nanosleep_time64 close close_range connect copy_file_range creat dup dup2 "
	"dup3 epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait "
	"eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64 "
	"fadvise64_64 fallocate fanotify_init fanotify_mark fchdir fchmod fchmodat fchmodat2 "
	"fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr file_getattr "
	"file_setattr flistxattr flock fork fremovexattr fsconfig fsetxattr fsmount fsopen "
	"fspick fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futex "
	"futex_requeue futex_time64 futex_wait futex_waitv futex_wake futimesat "
	"get_mempolicy get_robust_list get_thread_area get_tls getcpu getcwd getdents "
	"getdents64 getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups "
	"getgroups32 getitimer getpeername getpgid getpgrp getpid getppid getpriority "
	"getrandom getresgid getresgid32 getresuid getresuid32 getrlimit getrusage getsid "
	"getsockname getsockopt gettid gettimeofday getuid getuid32 getxattr getxattrat "
	"inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy "
	"io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit ioprio_get "
	"ioprio_set ipc kcmp kill landlock_add_rule landlock_create_ruleset "
	"landlock_restrict_self lchown lchown32 lgetxattr link linkat listen listmount "
	"listxattr listxattrat llistxattr lremovexattr lseek lsetxattr lsm_get_self_attr "
	"lsm_list_modules lsm_set_self_attr lstat lstat64 madvise map_shadow_stack mbind "
	"membarrier memfd_create memfd_secret migrate_pages mincore mkdir mkdirat mknod "
	"mknodat mlock mlock2 mlockall mmap mmap2 modify_ldt mount mount_setattr move_mount "
	"move_pages mprotect mq_getsetattr mq_notify mq_open mq_timedreceive "
	"mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink mremap mseal "
	"msgctl msgget msgrcv msgsnd msync munlock munlockall munmap name_to_handle_at "
	"nanosleep newfstatat nice open open_tree open_tree_attr openat openat2 pause "
	"pidfd_getfd pidfd_open pidfd_send_signal pipe pipe2 pivot_root pkey_alloc pkey_free "
	"pkey_mprotect poll ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64 "
	"process_madvise process_mrelease process_vm_readv process_vm_writev pselect6 "
	"pselect6_time64 ptrace pwrite64 pwritev pwritev2 read readahead readlink readlinkat "
	"readv reboot recv recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages "
	"removexattr removexattrat rename renameat renameat2 restart_syscall "
	"riscv_flush_icache riscv_hwprobe rmdir rseq rt_sigaction rt_sigpending "
	"rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait "
	"rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_get_priority_max "
	"sched_get_priority_min sched_getaffinity sched_getattr sched_getparam "
	"sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 "
	"sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield "
	"seccomp select semctl semget semop semtimedop semtimedop_time64 send sendfile "
	"sendfile64 sendmmsg sendmsg sendto set_mempolicy set_mempolicy_home_node "
	"set_robust_list set_thread_area set_tid_address set_tls setdomainname setfsgid "
	"setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 sethostname "
	"setitimer setns setpgid setpriority setregid setregid32 setresgid setresgid32 "
	"setresuid setresuid32 setreuid setreuid32 setrlimit setsid setsockopt setuid "
	"setuid32 setxattr setxattrat shmat shmctl shmdt shmget shutdown sigaction "
	"sigaltstack signalfd signalfd4 sigpending sigprocmask sigreturn sigsuspend "
	"socketpair splice stat stat64 statfs statfs64 statmount statx symlink symlinkat "
	"sync sync_file_range sync_file_range2 syncfs sysinfo tee tgkill time timer_create "
	"timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime "
	"timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime "
	"timerfd_settime64 times tkill truncate truncate64 ugetrlimit umask umount umount2 "
	"uname unlink unlinkat uprobe uretprobe utime utimensat utimensat_time64 utimes "
	"vfork vhangup vmsplice wait4 waitid write writev";

/* Refused by name, so that the answer is "not permitted" and not "unknown". */
static const char dangerous[] =
	"_sysctl acct add_key bpf clock_settime clock_settime64 create_module delete_module "
	"finit_module get_kernel_syms init_module io_uring_enter io_uring_register "
	"io_uring_setup ioperm iopl kexec_file_load kexec_load keyctl lookup_dcookie "
	"nfsservctl open_by_handle_at pciconfig_read pciconfig_write perf_event_open "
	"query_module quotactl quotactl_fd request_key settimeofday swapoff swapon sysfs "
	"syslog uselib userfaultfd ustat";

/* Only with nesting; without it clone and unshare are allowed by their flags. */
static const char nesting_calls[] = "clone clone3 unshare";
static const char *const namespace_calls[] = { "clone", "unshare" };

/* Families that ordinary programs use. Any other would load a kernel module on request. */
static const uint32_t families[] = { 1, 2, 10, 17 }; /* unix inet inet6 packet */

/* AF_KEY, AF_RXRPC, AF_ALG, AF_VSOCK, AF_XDP: each has let tenants into the kernel, or (vsock) talks past the network to the machine's hypervisor. */
static const uint32_t denied_families[] = { 15, 33, 38, 40, 44 };

/* route, usersock, sock_diag, nflog, selinux, audit, fib_lookup, connector, netfilter, dnrtmsg, kobject_uevent, generic; not xfrm, iscsi, scsi, rdma, crypto. */
static const uint32_t netlink_protocols[] = { 0, 2, 4, 5, 7, 9, 10, 11, 12, 14, 15, 16 };

/* TIOCSTI and TIOCLINUX put characters into a terminal's input. */
static const uint32_t denied_ioctls[] = { 0x5412, 0x541c };

/* With a quota also BTRFS_IOC_SNAP_CREATE, SUBVOL_CREATE, SNAP_CREATE_V2 and SUBVOL_CREATE_V2, which whoever owns a directory may use: what is in a subvolume of one's own no limit counts. */
static const uint32_t counted_ioctls[] = { 0x5412,     0x541c,     0x50009401,
					   0x5000940e, 0x50009417, 0x50009418 };

/* Linux, Linux32, each also with UNAME26; and the question what is set. */
static const uint32_t personalities[] = { 0x0, 0x8, 0x20000, 0x20008, 0xffffffff };

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static struct seccomp_rule_spec *rule_add(struct seccomp_spec *s, const char *name, int error)
{
	struct seccomp_rule_spec *r = LIST_GROW(s->rules, s->n_rules);

	r->action = mem_strdup(error ? "SCMP_ACT_ERRNO" : "SCMP_ACT_ALLOW");
	if (error)
		r->errno_ret = (struct opt_u64){ true, (uint64_t)error };
	if (name)
		strv_add(&r->names, name);
	return r;
}

/* (argument & mask) == value */
static void rule_arg(struct seccomp_rule_spec *r, unsigned index, uint64_t mask, uint64_t value)
{
	struct seccomp_arg_spec *a = LIST_GROW(r->args, r->n_args);

	a->index = index;
	a->value = mask;
	a->value_two = value;
	a->op = mem_strdup("SCMP_CMP_MASKED_EQ");
}

static void add_names(struct seccomp_spec *s, const char *names, int error)
{
	strv_split(&rule_add(s, NULL, error)->names, names, ' ');
}

/* One rule for each value of an int argument. */
static void add_values(struct seccomp_spec *s, const char *name, unsigned index,
		       const uint32_t *values, size_t n, int error)
{
	for (size_t i = 0; i < n; i++)
		rule_arg(rule_add(s, name, error), index, INT_MASK, values[i]);
}

struct cover {
	struct seccomp_spec *s;
	const char *name;
	unsigned index;
	const uint32_t *exceptions;
	size_t n;
};

/* Allow all values that begin with the bits of `value` under `mask`, without the exceptions. Blocks are halved until they contain none. */
static void cover(const struct cover *c, uint32_t mask, uint32_t value)
{
	size_t inside = 0;
	uint32_t bit = (mask >> 1 | 0x80000000u) & ~mask;

	for (size_t i = 0; i < c->n; i++)
		inside += (c->exceptions[i] & mask) == value;
	if (inside == 0) {
		rule_arg(rule_add(c->s, c->name, 0), c->index, mask, value);
		return;
	}
	if (bit == 0)
		return; /* an exception itself */
	cover(c, mask | bit, value);
	cover(c, mask | bit, value | bit);
}

/* Allow every value of an int argument but the exceptions, which get EPERM. */
static void add_all_but(struct seccomp_spec *s, const char *name, unsigned index,
			const uint32_t *exceptions, size_t n)
{
	const struct cover c = { s, name, index, exceptions, n };

	cover(&c, 0, 0);
	add_values(s, name, index, exceptions, n, EPERM);
}

static void add_sockets(struct seccomp_spec *s)
{
	struct seccomp_rule_spec *r;

	add_values(s, "socket", 0, families, COUNT(families), 0);
	add_values(s, "socket", 0, denied_families, COUNT(denied_families), EPERM);
	for (size_t i = 0; i < COUNT(netlink_protocols); i++) {
		r = rule_add(s, "socket", 0);
		rule_arg(r, 0, INT_MASK, FAMILY_NETLINK);
		rule_arg(r, 2, INT_MASK, netlink_protocols[i]);
	}
	r = rule_add(s, "socket", EPERM);
	rule_arg(r, 0, INT_MASK, FAMILY_NETLINK);
	rule_arg(r, 2, INT_MASK, NETLINK_IPSEC);
}

static void add_namespaces(struct seccomp_spec *s, bool nesting)
{
	if (nesting) {
		add_names(s, nesting_calls, 0);
		return;
	}
	for (size_t i = 0; i < COUNT(namespace_calls); i++) {
		rule_arg(rule_add(s, namespace_calls[i], 0), 0, NEW_USER, 0);
		rule_arg(rule_add(s, namespace_calls[i], EPERM), 0, NEW_USER, NEW_USER);
	}
}

/* The machine's own architecture and those whose programs it may also run. One that is not listed cannot make any system call. */
static void add_architectures(struct seccomp_spec *s)
{
#if defined(__x86_64__)
	strv_add(&s->architectures, "SCMP_ARCH_X86_64");
	strv_add(&s->architectures, "SCMP_ARCH_X32");
#elif defined(__aarch64__)
	strv_add(&s->architectures, "SCMP_ARCH_AARCH64");
	strv_add(&s->architectures, "SCMP_ARCH_ARM");
#else
	(void)s; /* none listed: the native one */
#endif
}

struct seccomp_spec *zone_seccomp_new(bool nesting, bool counted)
{
	struct seccomp_spec *s = mem_zero(sizeof(*s));

	s->default_action = mem_strdup("SCMP_ACT_ERRNO");
	s->default_errno_ret = (struct opt_u64){ true, ENOSYS };
	add_architectures(s);
	add_names(s, ordinary, 0);
	add_names(s, dangerous, EPERM);
	add_namespaces(s, nesting);
	add_sockets(s);
	add_values(s, "personality", 0, personalities, COUNT(personalities), 0);
	if (counted)
		add_all_but(s, "ioctl", 1, counted_ioctls, COUNT(counted_ioctls));
	else
		add_all_but(s, "ioctl", 1, denied_ioctls, COUNT(denied_ioctls));
	return s;
}

static bool is_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = words; n > 0 && (at = strstr(at, word)); at += n) {
		if ((at == words || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
			return true;
	}
	return false;
}

bool zone_seccomp_knows(const char *call)
{
	static const char by_arguments[] = "socket ioctl personality";

	return !strchr(call, ' ') && (is_word(ordinary, call) || is_word(nesting_calls, call) ||
				      is_word(by_arguments, call));
}
