/* systemd - a caller that asks for systemd's cgroups and got plain ones would look for the container in the wrong place,
 * so the request is refused rather than answered differently. */
#include "cgroups/systemd.h"

#include <errno.h>
#include <unistd.h>

int systemd_refuse(struct err *e)
{
	if (access("/run/systemd/system", F_OK) < 0) /* what sd_booted(3) looks at */
		return err_set(
			e, EOPNOTSUPP,
			"the systemd cgroup driver needs systemd as the host's init, which is not running");
	return err_set(
		e, EOPNOTSUPP,
		"the systemd cgroup driver is not part of this build, which manages cgroups by itself: ask for the cgroupfs driver");
}
