/* monitor - hidden verb: this process becomes one zone's monitor. */
#include "runtime/monitor/monitor.h"

#include "runtime/base/log.h"
#include "runtime/base/num.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/life.h"

int zone_cmd_monitor(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	const char *fd_text = cli_value(a, "notify-fd", NULL);
	struct strv words = life_words(a, 1);
	uint32_t fd = 0;
	int r = d ? life_protect(a) : CLI_FAILED;

	if (r != 0)
		return r;
	if (fd_text && (num_u32(fd_text, &fd) < 0 || fd > 1023))
		return cli_usage(a, "--notify-fd: \"%s\" is not a descriptor", fd_text);
	struct monitor_options o = { .name = a->positional.items[0],
				     .attach = cli_has(a, "attach"),
				     .ready_only = cli_has(a, "ready"),
				     .single_user = cli_has(a, "single-user"),
				     .writable = cli_has(a, "writable"),
				     .args = &words,
				     .notify_fd = fd_text ? (int)fd : -1 };

	log_init("zone monitor", LOG_LEVEL_WARNING);
	return monitor_main(d, &o);
}
