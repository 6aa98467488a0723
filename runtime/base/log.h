/* log - lines for people and for callers' log files.
 *
 * Library code may log at debug level only; warnings and errors are printed by the two programs and the monitor.
 * A warning says what was skipped and what that means. Any process may log; after log_to_file() the descriptor is
 * close-on-exec, so a program that is executed never inherits it. */
#ifndef RUNTIME_BASE_LOG_H
#define RUNTIME_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/err.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* `name` is put before every line on stderr ("zone: ..."); it is borrowed and must outlive the program's use. */
void log_init(const char *name, enum log_level max);
void log_set_level(enum log_level max);
enum log_level log_get_level(void);

/* Write to `path` (created 0600, appended) as well as, for errors, to stderr. JSON lines are
 * {"level":"error","msg":"...","time":"RFC3339"}, the format that containerd, conmon and go-runc read. */
/* From now on messages go to syslog(3) as well, under this name; errors still go to stderr, too. */
void log_to_syslog(const char *ident);
MUST_CHECK int log_to_file(const char *path, enum log_format format, struct err *e);

#define log_error(...)   log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)
void log_write(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* For a child that closes all that it does not need: the descriptors that its lines go to, if there can be any but errors. From then on it has no syslog(3): that might connect to whoever listens where
 * the child goes. Returns their number. */
enum { LOG_DESCRIPTORS = 2 };
size_t log_descriptors(int ret[LOG_DESCRIPTORS]);

/* Print an error value as one error line; with debug level on, "[file.c:line]" is appended. */
void log_err(const struct err *e);

#endif
