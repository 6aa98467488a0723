/* control - the client's half of the conversation with a monitor; the server's half is runtime/monitor/server.c. */
#include "runtime/zone/control.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/sock.h"

int control_connect(const struct zone_dirs *d, const char *name, struct err *e)
{
	auto_close int run = file_open_dir(AT_FDCWD, d->run, e);
	auto_close int dir = -1;

	if (run < 0)
		return run;
	dir = file_open_dir(run, name, e);
	return dir < 0 ? dir : sock_connect(dir, "control", e);
}

static int reply_parse(const char *text, size_t n, struct json **ret, struct err *e)
{
	auto_ptr(json) struct json *j = NULL;
	int r = json_parse_simple(text, n, &j, e);

	if (r < 0)
		return err_wrap(e, "the monitor's answer");
	if (!json_get_bool(j, "ok", false)) {
		int64_t code = json_get_i64(j, "code", EPROTO);

		return err_set(e, code > 0 && code < 4096 ? (int)code : EPROTO, "%s",
			       json_get_string(j, "error", "the monitor refused without a reason"));
	}
	if (ret)
		*ret = ptr_steal(&j);
	return 0;
}

int control_call(int fd, const struct json *request, int timeout_ms, struct json **ret_reply,
		 struct err *e)
{
	auto_free char *text = json_print(request, false);
	char answer[CONTROL_MAX];
	struct sock_msg out = { .data = text, .size = strlen(text) },
			in = { .data = answer, .size = sizeof(answer) };
	int r;

	if (timeout_ms > 0) {
		r = sock_timeout(fd, timeout_ms, e);
		if (r < 0)
			return r;
	}
	r = sock_send(fd, &out, e);
	if (r < 0)
		return err_wrap(e, "ask the monitor");
	r = sock_recv(fd, &in, e);
	if (r == -EAGAIN)
		return err_set(e, ETIMEDOUT, "the monitor did not answer within %d s",
			       timeout_ms / 1000);
	if (r < 0)
		return err_wrap(e, "hear the monitor");
	if (r == 0)
		return err_set(e, ECONNRESET, "the monitor went away before it answered");
	return reply_parse(answer, in.size, ret_reply, e);
}
