/* log - one line, one write(2).
 *
 * The state here is one of the two mutable globals that the project allows. A child process may
 * have closed every descriptor and opened another file under the number of our log, so before
 * each line we check that it is still the file that we opened. */
#include "runtime/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

static struct {
	const char *name;
	enum log_level max;
	enum log_format format;
	bool to_file, to_syslog;
	int fd;
	dev_t dev;
	ino_t ino;
} state = { .max = LOG_LEVEL_WARNING };

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

static const int syslog_levels[] = {
	[LOG_LEVEL_ERROR] = LOG_ERR,
	[LOG_LEVEL_WARNING] = LOG_WARNING,
	[LOG_LEVEL_INFO] = LOG_INFO,
	[LOG_LEVEL_DEBUG] = LOG_DEBUG,
};

void log_init(const char *name, enum log_level max)
{
	state.name = name;
	state.max = max;
}

void log_set_level(enum log_level max)
{
	state.max = max;
}

enum log_level log_get_level(void)
{
	return state.max;
}

int log_to_file(const char *path, enum log_format format, struct err *e)
{
	auto_close int fd = sys_openat(AT_FDCWD, path,
				       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
	struct stat st;

	if (fd < 0)
		return err_sys(e, "open the log file \"%s\"", path);
	if (fstat(fd, &st) < 0)
		return err_sys(e, "examine the log file \"%s\"", path);
	/* never 0-2: they may have been closed when we were started and get dup2()ed later */
	int high = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (high < 0)
		return err_sys(e, "open the log file \"%s\"", path);
	if (state.to_file)
		(void)close(state.fd);
	state.fd = high;
	state.dev = st.st_dev;
	state.ino = st.st_ino;
	state.format = format;
	state.to_file = true;
	return 0;
}

void log_to_syslog(const char *ident)
{
	openlog(ident, LOG_PID, LOG_DAEMON);
	state.to_syslog = true;
}

static void time_text(char *buf, size_t size)
{
	struct tm tm;
	time_t now = time(NULL);

	buf[0] = '\0';
	if (gmtime_r(&now, &tm))
		(void)strftime(buf, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static char *json_line(enum log_level level, const char *message)
{
	auto_ptr(json) struct json *o = json_new_object();
	auto_free char *text = NULL;
	char when[40];

	time_text(when, sizeof(when));
	json_set(o, "level", json_new_string(level_names[level]));
	json_set(o, "msg", json_new_string(message));
	json_set(o, "time", json_new_string(when));
	text = json_print(o, false);
	return mem_format("%s\n", text);
}

/* time="..." level=error msg="...": the text format of the Go runtimes, so that their users'
 * tools work. */
static char *text_line(enum log_level level, const char *message)
{
	auto_ptr(json) struct json *quoted = json_new_string(message);
	auto_free char *text = json_print(quoted, false);
	char when[40];

	time_text(when, sizeof(when));
	return mem_format("time=\"%s\" level=%s msg=%s\n", when, level_names[level], text);
}

/* For people: "zone: warning: ...". Control characters from foreign text must not reach a
 * terminal. */
static char *people_line(enum log_level level, const char *message)
{
	const char *name = state.name ? state.name : "";
	char *line = mem_format("%s%s%s%s%s\n", name, *name ? ": " : "",
				level == LOG_LEVEL_ERROR ? "" : level_names[level],
				level == LOG_LEVEL_ERROR ? "" : ": ", message);

	for (char *p = line; p[1]; p++) {
		if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
			*p = *p == '\n' ? ' ' : '?';
	}
	return line;
}

static void put(int fd, const char *line)
{
	ssize_t ignored =
		write(fd, line, strlen(line)); /* no fault point: a log that fails harms nobody */

	(void)ignored;
}

static bool file_is_ours(void)
{
	struct stat st;

	return state.to_file && fstat(state.fd, &st) == 0 && st.st_dev == state.dev &&
	       st.st_ino == state.ino;
}

static void write_message(enum log_level level, const char *message)
{
	if (file_is_ours()) {
		auto_free char *line = state.format == LOG_FORMAT_JSON ? json_line(level, message)
								       : text_line(level, message);

		put(state.fd, line);
	}
	if (state.to_syslog)
		syslog(syslog_levels[level], "%s", message);
	if (!(state.to_file || state.to_syslog) || level == LOG_LEVEL_ERROR) {
		auto_free char *line = people_line(level, message);

		put(STDERR_FILENO, line);
	}
}

void log_write(enum log_level level, const char *fmt, ...)
{
	int saved = errno;
	auto_free char *message = NULL;
	va_list args;

	if (level > state.max)
		return;
	va_start(args, fmt);
	int n = vasprintf(&message, fmt, args);
	va_end(args);
	if (n < 0)
		message = NULL; /* its value is undefined then */
	write_message(level, message ? message : fmt);
	errno = saved;
}

size_t log_descriptors(int ret[LOG_DESCRIPTORS])
{
	size_t n = 0;

	if (state.to_syslog && !state.to_file)
		state.max = LOG_LEVEL_ERROR; /* else the lines would go to stderr */
	state.to_syslog = false;
	if (state.max < LOG_LEVEL_DEBUG)
		return 0;
	if (state.to_file)
		ret[n++] = state.fd;
	ret[n++] = STDERR_FILENO;
	return n;
}

void log_err(const struct err *e)
{
	if (state.max >= LOG_LEVEL_DEBUG && e->where[0])
		log_error("%s [%s]", e->text, e->where);
	else
		log_error("%s", e->text);
}
