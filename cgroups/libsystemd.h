/* libsystemd - the functions of sd-bus(3) that are used, declared here as their manual pages do, because the development package is needed for nothing else. Private to this folder. */
#ifndef CGROUPS_LIBSYSTEMD_H
#define CGROUPS_LIBSYSTEMD_H

#include <stdint.h>

#include "runtime/base/err.h"

typedef struct sd_bus sd_bus;
typedef struct sd_bus_message sd_bus_message;
typedef struct {
	const char *name;
	const char *message;
	int need_free;
} sd_bus_error;

/* X(result, name, arguments) */
#define LIBSYSTEMD_FUNCTIONS(X)                                                             \
	X(int, sd_bus_new, (sd_bus * *ret))                                                 \
	X(int, sd_bus_set_address, (sd_bus * bus, const char *address))                     \
	X(int, sd_bus_set_bus_client, (sd_bus * bus, int b))                                \
	X(int, sd_bus_start, (sd_bus * bus))                                                \
	X(int, sd_bus_get_fd, (sd_bus * bus))                                               \
	X(int, sd_bus_process, (sd_bus * bus, sd_bus_message * *ret))                       \
	X(int, sd_bus_wait, (sd_bus * bus, uint64_t usec))                                  \
	X(int, sd_bus_call,                                                                 \
	  (sd_bus * bus, sd_bus_message * m, uint64_t usec, sd_bus_error * ret_error,       \
	   sd_bus_message * *reply))                                                        \
	X(sd_bus *, sd_bus_close_unref, (sd_bus * bus))                                     \
	X(int, sd_bus_message_new_method_call,                                              \
	  (sd_bus * bus, sd_bus_message * *m, const char *destination, const char *path,    \
	   const char *interface, const char *member))                                      \
	X(sd_bus_message *, sd_bus_message_unref, (sd_bus_message * m))                     \
	X(int, sd_bus_message_append_basic, (sd_bus_message * m, char type, const void *p)) \
	X(int, sd_bus_message_open_container,                                               \
	  (sd_bus_message * m, char type, const char *contents))                            \
	X(int, sd_bus_message_close_container, (sd_bus_message * m))                        \
	X(int, sd_bus_message_enter_container,                                              \
	  (sd_bus_message * m, char type, const char *contents))                            \
	X(int, sd_bus_message_read_basic, (sd_bus_message * m, char type, void *p))         \
	X(int, sd_bus_message_is_signal,                                                    \
	  (sd_bus_message * m, const char *interface, const char *member))                  \
	X(void, sd_bus_error_free, (sd_bus_error * e))

struct libsystemd {
#define LIBSYSTEMD_MEMBER(result, name, arguments) result(*name) arguments;
	LIBSYSTEMD_FUNCTIONS(LIBSYSTEMD_MEMBER)
#undef LIBSYSTEMD_MEMBER
};

/* Load it; again and again is allowed. -ENOENT names the package. */
MUST_CHECK int libsystemd_load(struct err *e);
/* The table; only after a libsystemd_load() that succeeded. */
const struct libsystemd *libsystemd(void);

#endif
