/* devices_load - bpf(2): load a device program and put it in the place of the one before.
 *
 * One attached program is replaced atomically (BPF_F_REPLACE, Linux 5.6). Otherwise the new one is attached first and the
 * old ones are detached after it: all attached programs must agree, so in between the container has what both allow,
 * never more. Without detaching, the 65th update would fail. Kernels 6.17 to 7.1 write past a short attribute block in
 * BPF_PROG_QUERY, so every call passes the whole union. */
#include "cgroups/devices.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/sys.h"

enum { PROGRAMS_MAX = 64, LOAD_TRIES = 5 };

static int bpf(int cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int load_once(const struct device_program *p)
{
	static const char license[] = "GPL";
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uint64_t)(uintptr_t)p->insns;
	attr.insn_cnt = (uint32_t)p->n;
	attr.license = (uint64_t)(uintptr_t)license;
	memcpy(attr.prog_name, "zones_devices", sizeof("zones_devices"));
	for (int i = 0; i < LOAD_TRIES; i++) {
		int fd = bpf(BPF_PROG_LOAD, &attr);

		if (fd >= 0 || errno != EAGAIN) /* the verifier gives up on a pending signal */
			return fd;
	}
	return -1;
}

static int load(const struct device_program *p, struct err *e)
{
	static const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit old;
	int fd = load_once(p);

	/* Kernels before 5.11 charge programs to RLIMIT_MEMLOCK. */
	if (fd < 0 && errno == EPERM && sys_prlimit(0, RLIMIT_MEMLOCK, &unlimited, &old) == 0) {
		fd = load_once(p);
		int saved = errno;

		(void)sys_prlimit(0, RLIMIT_MEMLOCK, &old, NULL); /* lowering is always allowed */
		errno = saved;
	}
	return fd < 0 ? err_sys(e, "load the device program into the kernel") : fd;
}

struct attached {
	uint32_t ids[PROGRAMS_MAX];
	uint32_t n;
};

static int query(int dir, struct attached *ret, struct err *e)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)dir;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uint64_t)(uintptr_t)ret->ids;
	attr.query.prog_cnt = PROGRAMS_MAX;
	if (bpf(BPF_PROG_QUERY, &attr) < 0)
		return err_sys(e, "ask for the cgroup's device programs");
	ret->n = attr.query.prog_cnt;
	return 0;
}

static int program_by_id(uint32_t id)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_id = id;
	return bpf(BPF_PROG_GET_FD_BY_ID, &attr);
}

static int attach(int dir, int program, int replaced)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)dir;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (replaced >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)replaced;
	}
	return bpf(BPF_PROG_ATTACH, &attr);
}

static int detach(int dir, uint32_t id, struct err *e)
{
	union bpf_attr attr;
	auto_close int program = program_by_id(id);

	if (program < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open the cgroup's old device program");
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)dir;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	if (bpf(BPF_PROG_DETACH, &attr) < 0 && errno != ENOENT)
		return err_sys(e, "detach the cgroup's old device program");
	return 0;
}

static int put(int dir, int program, struct err *e)
{
	struct attached old = { .n = 0 };
	int r = query(dir, &old, e);

	if (r < 0)
		return r;
	if (old.n == 1) {
		auto_close int before = program_by_id(old.ids[0]);

		if (before >= 0 && attach(dir, program, before) == 0)
			return 0;
	}
	if (attach(dir, program, -1) < 0)
		return err_sys(e, "attach the device program");
	for (uint32_t i = 0; i < old.n; i++) {
		r = detach(dir, old.ids[i], e);
		if (r < 0)
			return r;
	}
	return 0;
}

int devices_set_v2(struct cgroup_part *p, const struct device_rules *r, struct err *e)
{
	struct device_program program auto_done(device_program) = { 0 };
	int dir = part_open(p, e);

	if (dir < 0)
		return dir;
	device_program_build(r, &program);
	auto_close int fd = load(&program, e);

	if (fd < 0)
		return err_wrap(e, "resources.devices");
	int rc = put(dir, fd, e);

	return rc < 0 ? err_wrap(e, "resources.devices: cgroup \"%s\"", p->dir) : 0;
}

int devices_count_v2(struct cgroup_part *p, struct err *e)
{
	struct attached now = { .n = 0 };
	int dir = part_open(p, e);
	int r = dir < 0 ? dir : query(dir, &now, e);

	return r < 0 ? r : (int)now.n;
}

static int digest(int program, uint8_t ret[BPF_TAG_SIZE], struct err *e)
{
	struct bpf_prog_info info;
	union bpf_attr attr;

	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)program;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uint64_t)(uintptr_t)&info;
	if (bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) < 0)
		return err_sys(e, "ask for a device program's digest");
	memcpy(ret, info.tag, BPF_TAG_SIZE);
	return 0;
}

int devices_is_v2(struct cgroup_part *p, const struct device_rules *r, struct err *e)
{
	struct device_program program auto_done(device_program) = { 0 };
	struct attached now = { .n = 0 };
	uint8_t is[BPF_TAG_SIZE], wanted[BPF_TAG_SIZE];
	int dir = part_open(p, e);
	int rc = dir < 0 ? dir : query(dir, &now, e);

	if (rc < 0 || now.n != 1)
		return rc < 0 ? rc : 0;
	device_program_build(r, &program);
	auto_close int ours = load(&program, e);
	auto_close int theirs = ours < 0 ? -1 : program_by_id(now.ids[0]);

	if (ours < 0 || theirs < 0)
		return ours < 0 ? ours : err_sys(e, "open the cgroup's device program");
	rc = digest(ours, wanted, e);
	if (rc == 0)
		rc = digest(theirs, is, e);
	return rc < 0 ? rc : memcmp(is, wanted, sizeof(is)) == 0;
}

int devices_check_v2(struct err *e)
{
	struct device_program program auto_done(device_program) = { 0 };

	device_program_build(&(struct device_rules){ 0 }, &program);
	auto_close int fd = load(&program, e);

	return fd < 0 ? fd : 0;
}
