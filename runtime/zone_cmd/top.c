/* zone top - zone stat on a terminal: the same columns, renewed at every interval, those that use most above.
 *
 * The other screen of the terminal is used, so that what was there comes back at the end, whatever ends us but SIGKILL. Names of zones and containers hold no control characters. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/loop.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/sys.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"
#include "runtime/zone_cmd/reading.h"

#define SCREEN_ON  "\033[?1049h\033[?25l"
#define SCREEN_OFF "\033[?25h\033[?1049l"
#define HOME       "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_REST "\033[J"

enum {
	INTERVAL_MS = 2000,
	INTERVAL_MIN_MS = 100,
	LINES_HEAD = 2,
	ROWS_USUAL = 24,
	COLS_USUAL = 80
};

struct top {
	const struct zone_dirs *dirs;
	struct loop *loop;
	struct strv names;
	struct reading before, now;
	uint64_t interval_ms;
	size_t order; /* row of orders[] */
	struct termios saved;
	struct err error;
};

/* --- order ---------------------------------------------------------------------------------------------------------- */

static uint64_t cpu_of(const struct stat_report *r, size_t i)
{
	uint64_t v = 0;

	return stat_cpu(r, i, &v) ? v : 0;
}
static uint64_t memory_of(const struct stat_report *r, size_t i)
{
	return r->now[i].cgroup.memory.value;
}
static uint64_t lwps_of(const struct stat_report *r, size_t i)
{
	return r->now[i].cgroup.pids.value;
}
static uint64_t both(const struct stat_report *r, size_t i, enum stat_rate a, enum stat_rate b)
{
	uint64_t x = 0, y = 0;

	return (stat_per_second(r, i, a, &x) ? x : 0) + (stat_per_second(r, i, b, &y) ? y : 0);
}
static uint64_t io_of(const struct stat_report *r, size_t i)
{
	return both(r, i, STAT_READ, STAT_WRITTEN);
}
static uint64_t network_of(const struct stat_report *r, size_t i)
{
	return both(r, i, STAT_RECEIVED, STAT_SENT);
}

static const struct {
	char key;
	const char *name;
	uint64_t (*value)(const struct stat_report *r, size_t i); /* NULL: by name */
} orders[] = {
	{ 'c', "cpu", cpu_of },      { 'm', "memory", memory_of },   { 'l', "lwps", lwps_of },
	{ 'i', "block i/o", io_of }, { 'n', "network", network_of }, { 'a', "name", NULL },
};
enum { N_ORDERS = sizeof(orders) / sizeof(orders[0]) };

struct place {
	size_t row;
	bool is_sum; /* the machine, the sum, tenants: above, as they come */
	uint64_t value;
	const char *name;
};

static int compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->is_sum != y->is_sum)
		return x->is_sum ? -1 : 1;
	if (x->is_sum)
		return (x->row < y->row) - (x->row > y->row);
	if (x->value != y->value)
		return x->value < y->value ? 1 : -1;
	return strcmp(x->name, y->name);
}

static struct place *ordered(const struct top *t, const struct stat_report *r)
{
	struct place *list = mem_array(r->n, sizeof(*list));

	for (size_t i = 0; i < r->n; i++)
		list[i] = (struct place){ .row = i,
					  .is_sum = strchr("[@", r->now[i].name[0]) != NULL,
					  .value = orders[t->order].value
							   ? orders[t->order].value(r, i)
							   : 0,
					  .name = r->now[i].name };
	if (r->n > 0)
		qsort(list, r->n, sizeof(*list), compare);
	return list;
}

/* --- the screen ----------------------------------------------------------------------------------------------------- */

/* No more than the terminal has, else lines would break. */
static void add_line(struct strbuf *to, const char *text, size_t columns, bool last)
{
	strbuf_format(to, "%.*s" CLEAR_LINE "%s", (int)columns, text, last ? "" : "\n");
}

/* The name on the left, numbers on the right. */
static char *line_of(char *const *cells, const size_t *widths, size_t n)
{
	auto_done(strbuf) struct strbuf b = { 0 };

	for (size_t i = 0; i < n; i++)
		strbuf_format(&b, i == 0 ? "%-*s" : "  %*s", (int)widths[i], cells[i]);
	return strbuf_steal(&b);
}

static struct winsize screen_size(void)
{
	struct winsize w = { 0 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) < 0 || w.ws_row == 0 || w.ws_col == 0)
		w = (struct winsize){ .ws_row = ROWS_USUAL, .ws_col = COLS_USUAL };
	return w;
}

static void draw(const struct top *t)
{
	const struct stat_report r = reading_report(&t->now, &t->before);
	auto_free struct place *places = ordered(t, &r);
	auto_done(strv) struct strv cells = { 0 };
	auto_done(strbuf) struct strbuf frame = { 0 };
	struct winsize size = screen_size();
	const struct stat_table *table = stat_table_find(NULL);
	const char *heads[STAT_COLUMNS_MAX];
	size_t n = stat_table_heads(table, STAT_NOW, heads), widths[STAT_COLUMNS_MAX] = { 0 };
	size_t rows = size.ws_row > LINES_HEAD ? size.ws_row - LINES_HEAD : 0;
	char interval[32];

	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++)
		strv_add(&cells, heads[i]);
	for (size_t i = 0; i < r.n; i++)
		stat_table_cells(table, &r, places[i].row, &cells);
	for (size_t i = 0; i < cells.n; i++) {
		size_t len = strlen(cells.items[i]);

		widths[i % n] = len > widths[i % n] ? len : widths[i % n];
	}
	num_duration_text(t->interval_ms, interval, sizeof(interval));
	auto_free char *title = mem_format(
		"every %s, by %s; keys: cpu c, memory m, lwps l, block i/o i, network n, name a, quit q",
		interval, orders[t->order].name);

	strbuf_add(&frame, HOME);
	add_line(&frame, title, size.ws_col, rows == 0);
	for (size_t i = 0; i <= r.n && i <= rows && rows > 0; i++) {
		auto_free char *line = line_of(cells.items + i * n, widths, n);

		add_line(&frame, line, size.ws_col, i == r.n || i == rows);
	}
	strbuf_add(&frame, CLEAR_REST);
	(void)fputs(strbuf_text(&frame), stdout);
	(void)fflush(stdout);
}

/* --- events --------------------------------------------------------------------------------------------------------- */

static void look(struct top *t)
{
	reading_done(&t->before);
	t->before = t->now;
	t->now = (struct reading){ 0 };
	if (reading_take(t->dirs, &t->names, 0, &t->now, &t->error) < 0)
		loop_stop(t->loop); /* a zone that was asked for has gone */
	else
		draw(t);
}

static void on_interval(struct loop *l, int id, void *arg)
{
	struct top *t = arg;

	(void)id;
	(void)loop_timer(l, t->interval_ms, on_interval, t);
	look(t);
}

static void on_key(struct loop *l, int fd, short revents, void *arg)
{
	struct top *t = arg;
	char key = 'q';

	(void)revents;
	if (sys_read(fd, &key, 1) != 1 || key == 'q' || key == 'Q')
		loop_stop(l);
	for (size_t i = 0; i < N_ORDERS; i++) {
		if (orders[i].key == key)
			t->order = i;
	}
	draw(t);
}

static void on_signal(struct loop *l, const struct signalfd_siginfo *si, void *arg)
{
	if (si->ssi_signo == SIGWINCH)
		draw(arg);
	else
		loop_stop(l);
}

/* --- the verb ------------------------------------------------------------------------------------------------------- */

static void screen_begin(struct top *t)
{
	struct termios raw;

	(void)tcgetattr(STDIN_FILENO, &t->saved);
	raw = t->saved;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
	(void)fputs(SCREEN_ON, stdout);
}

static void screen_end(const struct top *t)
{
	(void)fputs(SCREEN_OFF, stdout);
	(void)fflush(stdout);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &t->saved);
}

static int run(struct top *t, struct err *e)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, 0 };
	int r = loop_signals(t->loop, signals, on_signal, t, e);

	if (r == 0)
		r = reading_take(t->dirs, &t->names, 0, &t->now, e);
	if (r < 0)
		return r;
	screen_begin(t);
	draw(t);
	loop_add_fd(t->loop, STDIN_FILENO, POLLIN, on_key, t);
	(void)loop_timer(t->loop, t->interval_ms, on_interval, t);
	r = loop_run(t->loop, e);
	screen_end(t);
	if (r == 0 && t->error.code) {
		*e = t->error;
		r = -e->code;
	}
	return r;
}

static void top_done(struct top *t)
{
	strv_done(&t->names);
	reading_done(&t->before);
	reading_done(&t->now);
	if (t->loop)
		loop_free(t->loop);
}

int zone_cmd_top(struct cli_args *a)
{
	bool inside = zone_stat_is_inside(); /* before folders are made */
	auto_done(top) struct top t = { .dirs = inside ? NULL : zone_cmd_dirs(a),
					.interval_ms = INTERVAL_MS };
	const struct strv *p = &a->positional;
	struct err e = { 0 };

	if (p->n > 0 &&
	    (num_duration_ms(p->items[0], &t.interval_ms) < 0 || t.interval_ms < INTERVAL_MIN_MS))
		return cli_usage(a, "\"%s\" is no interval of at least 0.1 s, such as 5 or 500ms",
				 p->items[0]);
	if (!t.dirs && !inside)
		return CLI_FAILED;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		(void)err_set(&e, ENOTTY, "top needs a terminal: zone stat %s does without",
			      p->n > 0 ? p->items[0] : "2");
		return output_error(a, &e);
	}
	strv_split(&t.names, cli_value(a, "zones", ""), ',');
	if (loop_new(&t.loop, &e) < 0 || run(&t, &e) < 0)
		return output_error(a, &e);
	return CLI_DONE;
}
