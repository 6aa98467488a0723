#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* libFuzzer target (make fuzz-control): any packet as a request to a zone's monitor, which must answer it or note who waits, and any packet as the monitor's answer to a command. runtime/monitor/server.c
 * is a part of this file, so that what the requests set going is only counted. */
#define monitor_event  fuzz_event
#define up_refresh     fuzz_refresh
#define console_attach fuzz_attach
#include "runtime/monitor/server.c"
#undef monitor_event
#undef up_refresh
#undef console_attach

#include "config/spec.h"
#include "runtime/base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static unsigned events, attached;

void fuzz_event(struct monitor *m, enum machine_event event)
{
	(void)m;
	assert(event == EVENT_START || event == EVENT_HALT || event == EVENT_SHUTDOWN ||
	       event == EVENT_REBOOT);
	events++;
}

void fuzz_refresh(struct monitor *m)
{
	(void)m;
}

void fuzz_attach(struct console *c, int fd)
{
	(void)c;
	(void)close(fd);
	attached++;
}

static void as_request(int to, int from, const uint8_t *data, size_t n)
{
	static struct monitor m;
	static struct loop *l;
	char back[CONTROL_MAX];
	struct err e = { 0 };

	if (!l && loop_new(&l, &e) < 0)
		return;
	if (!m.prepared.effective)
		m.prepared.effective = zone_spec_new();
	m.loop = l;
	for (size_t i = 0; i < SERVER_CLIENTS; i++)
		m.clients[i] = (struct server_client){ .fd = -1 };
	m.clients[0].fd = dup(from);
	loop_add_fd(l, m.clients[0].fd, POLLIN, on_request, &m);
	events = attached = 0;
	if (send(to, data, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		n = 0;
	if (n > 0)
		on_request(l, m.clients[0].fd, POLLIN, &m);
	bool open = m.clients[0].fd >= 0, waits = m.clients[0].wait != SERVER_WAIT_NONE;
	ssize_t got = recv(to, back, sizeof(back), MSG_DONTWAIT);

	assert(events + attached <= 1 && waits == (events == 1));
	if (n > 0 && n <= CONTROL_MAX && open)
		assert(waits || got > 0); /* nobody waits for nothing */
	if (open)
		client_drop(&m, &m.clients[0]);
}

static void as_answer(int to, int from, const uint8_t *data, size_t n)
{
	auto_ptr(json) struct json *request = json_new_object();
	auto_ptr(json) struct json *reply = NULL;
	struct err e = { 0 };
	int r;

	json_set(request, "verb", json_new_string("status"));
	if (n == 0 || send(to, data, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
	r = control_call(from, request, 1000, &reply, &e);
	assert(r == 0 ? reply != NULL : e.code == -r);
	assert(strnlen(e.text, sizeof(e.text)) < sizeof(e.text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct err e = { 0 };
	int pair[2];

	if (n < 2 || sock_pair(pair, &e) < 0)
		return 0;
	if (data[0] & 1)
		as_answer(pair[0], pair[1], data + 1, n - 1);
	else
		as_request(pair[0], pair[1], data + 1, n - 1);
	(void)close(pair[0]);
	(void)close(pair[1]);
	return 0;
}
