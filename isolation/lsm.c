/* lsm - AppArmor profile and SELinux label that the program gets with execve(2).
 *
 * Both are written to an attribute file of the process itself, through the private procfs. A label that was asked for on a host without that LSM is an error:
 * protection that was promised is not dropped silently. Callers look for the backquoted path in the message. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"

#define APPARMOR_ENABLED  "/sys/module/apparmor/parameters/enabled"
#define APPARMOR_PROFILES "/sys/kernel/security/apparmor/profiles"
#define SELINUX_FS        "/sys/fs/selinux"

enum { ENABLED_MAX = 16, LIST_MAX = 16 << 20 };

static bool is_apparmor_enabled(void)
{
	auto_free char *text = NULL;
	struct err ignored = { 0 };

	return file_read_all(AT_FDCWD, APPARMOR_ENABLED, ENABLED_MAX, &text, NULL, &ignored) == 0 &&
	       text[0] == 'Y';
}

bool lsm_is_selinux_enabled(void)
{
	struct statfs fs;

	return statfs(SELINUX_FS, &fs) == 0 && fs.f_type == SELINUX_MAGIC;
}

static bool wants_profile(const struct process_spec *p)
{
	return p && !str_empty(p->apparmor_profile) && !str_eq(p->apparmor_profile, "unconfined");
}

int lsm_plan(struct isolation *iso, struct err *e)
{
	const struct process_spec *p = iso->process;
	bool has_profile = p && !str_empty(p->apparmor_profile);
	bool has_label = p && !str_empty(p->selinux_label);
	bool has_mount_label = !str_empty(iso->spec->linux.mount_label);

	if (has_profile)
		iso->has_apparmor = is_apparmor_enabled();
	if (has_label || has_mount_label)
		iso->has_selinux = lsm_is_selinux_enabled();
	if (wants_profile(p) && !iso->has_apparmor)
		return err_set(
			e, EOPNOTSUPP,
			"process.apparmorProfile: \"%s\" asked for, but AppArmor is not enabled on this host",
			p->apparmor_profile);
	if ((has_label || has_mount_label) && !iso->has_selinux)
		return err_set(e, EOPNOTSUPP,
			       "%s: asked for, but SELinux is not enabled on this host",
			       has_label ? "process.selinuxLabel" : "linux.mountLabel");
	return 0;
}

static int apply_profile(const struct isolation *iso, const char *profile, struct err *e)
{
	auto_free char *text = mem_format("exec %s", profile);
	struct err cause = { 0 };
	/* the first is AppArmor's own since 5.8; the second belongs to whichever LSM is the main one */
	int r = procfs_write(iso, "self/attr/apparmor/exec", text, &cause);

	if (r == -ENOENT && cause.code == ENOENT)
		r = procfs_write(iso, "self/attr/exec", text, &cause);
	if (r < 0) {
		*e = cause;
		return err_wrap(e, "apply the AppArmor profile \"%s\"%s", profile,
				r == -ENOENT ? ", which is not loaded on this host" : "");
	}
	return 0;
}

static int apply_label(const struct isolation *iso, const char *label, struct err *e)
{
	int r = procfs_write(iso, "self/attr/keycreate", label, e);

	if (r == 0)
		r = procfs_write(iso, "self/attr/exec", label, e);
	return r < 0 ? err_wrap(e, "apply the SELinux label \"%s\"", label) : 0;
}

/* --- questions beforehand --------------------------------------------------------------------------------------------- */

/* A line of the list is "NAME (enforce)". */
bool lsm_has_profile(const char *list, const char *profile)
{
	size_t n = strlen(profile);

	for (const char *at = list; *at; at += strcspn(at, "\n"), at += *at == '\n')
		if (strncmp(at, profile, n) == 0 && str_has_prefix(at + n, " ("))
			return true;
	return false;
}

int isolation_can_profile(const char *profile, struct err *e)
{
	auto_free char *list = NULL;
	struct err ignored = { 0 };

	if (str_eq(profile, "unconfined"))
		return 0;
	if (!is_apparmor_enabled())
		return err_set(e, EOPNOTSUPP, "AppArmor is not enabled on this host");
	/* of a profile in a namespace of AppArmor's, and where securityfs is not mounted, boot has the answer */
	if (profile[0] == ':' ||
	    file_read_all(AT_FDCWD, APPARMOR_PROFILES, LIST_MAX, &list, NULL, &ignored) < 0 ||
	    lsm_has_profile(list, profile))
		return 0;
	return err_set(e, ENOENT,
		       "no AppArmor profile \"%s\" is loaded: apparmor_parser -r FILE loads one",
		       profile);
}

int isolation_can_label(const char *label, struct err *e)
{
	struct err cause = { 0 };

	if (!lsm_is_selinux_enabled())
		return err_set(e, EOPNOTSUPP, "SELinux is not enabled on this host");
	/* selinuxfs: a context written there is looked up in the policy */
	if (file_write_kernel(AT_FDCWD, SELINUX_FS "/context", label, &cause) < 0 &&
	    cause.code == EINVAL)
		return err_set(e, EINVAL, "the SELinux policy of this host knows no context \"%s\"",
			       label);
	return 0;
}

/* --- in the process itself --------------------------------------------------------------------------------------------- */

int lsm_run(struct isolation *iso, const struct process_spec *p, struct err *e)
{
	int r = 0;

	if (iso->has_selinux && !str_empty(p->selinux_label))
		r = apply_label(iso, p->selinux_label, e);
	if (r == 0 && iso->has_apparmor && !str_empty(p->apparmor_profile))
		r = apply_profile(iso, p->apparmor_profile, e);
	return r;
}
