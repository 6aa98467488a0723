/* ask - would init hear a signal by now?
 *
 * The kernel throws away what pid 1 of a pid namespace neither handles nor blocks. Between its exec and the moment when it has set up its handlers an init is deaf, and a zone that is asked to
 * shut down right after its boot would run into the deadline. So the monitor looks before it sends: /proc/PID/status has the masks. "No" is not certain, because an init that sits in sigwait(3)
 * (busybox) shows the signals it waits for as not blocked; so the signal is sent in any case, and sent again when the answer was no. */
#include <fcntl.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/monitor/private.h"

enum { STATUS_MAX = 65536 };

static uint64_t mask_of(const char *status, const char *name)
{
	const char *line = strstr(status, name);
	uint64_t mask = 0;

	if (!line)
		return 0;
	for (const char *p = line + strlen(name); *p != '\0' && *p != '\n'; p++) {
		if (*p >= '0' && *p <= '9')
			mask = mask << 4 | (uint64_t)(*p - '0');
		else if (*p >= 'a' && *p <= 'f')
			mask = mask << 4 | (uint64_t)(*p - 'a' + 10);
	}
	return mask;
}

bool ask_is_heard(const char *status, int signo)
{
	uint64_t heard = mask_of(status, "\nSigBlk:") | mask_of(status, "\nSigCgt:");

	return signo > 0 && signo <= 64 && (heard >> (signo - 1) & 1) != 0;
}

bool ask_init_hears(pid_t init, int signo)
{
	auto_free char *path = mem_format("/proc/%d/status", (int)init), *text = NULL;
	struct err ignored = { 0 };

	if (file_read_all(AT_FDCWD, path, STATUS_MAX, &text, NULL, &ignored) < 0)
		return true; /* it is gone: the attempt to signal it will say so */
	return ask_is_heard(text, signo);
}
