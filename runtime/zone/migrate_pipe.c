/* migrate_pipe - rsync starts what leads to the other host by itself, in its jail (migrate_jail.h), where there is no network and nobody's key. So what it starts there is this: it hands the two ends that
 * rsync has made, and the words, to the process outside, which gives them to ssh. */
#include <errno.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/sock.h"
#include "runtime/zone/migrate.h"
#include "runtime/zone/migrate_jail.h"
#include "runtime/zone/migrate_remote.h"

enum { WORDS_MAX = 4096, WORDS_COUNT_MAX = 64 };

int zone_migrate_pipe(const struct strv *words, struct err *e)
{
	auto_free char *text = strv_join(words, "\n");
	struct sock_msg m = { .data = text,
			      .size = __builtin_strlen(text),
			      .fds = { STDIN_FILENO, STDOUT_FILENO },
			      .n_fds = 2 };

	return sock_send(JAIL_HELPER, &m, e);
}

int pipe_receive(int fd, struct strv *words, int ret_ends[2], struct err *e)
{
	char text[WORDS_MAX + 1];
	struct sock_msg m = { .data = text, .size = WORDS_MAX, .n_fds = 2 };
	int r = sock_recv(fd, &m, e);

	if (r < 0)
		return r;
	if (r == 0)
		return err_set(e, EPIPE, "rsync ended before it began");
	if (m.n_fds != 2) {
		for (size_t i = 0; i < m.n_fds; i++)
			(void)close(m.fds[i]);
		return err_set(e, EPROTO, "rsync gave no ends");
	}
	ret_ends[0] = m.fds[0];
	ret_ends[1] = m.fds[1];
	text[m.size] = '\0';
	strv_split(words, text, '\n');
	return words->n < 4 || words->n > WORDS_COUNT_MAX
		       ? err_set(e, EPROTO, "rsync asks for an unexpected word")
		       : 0;
}
