/* err - the error value.
 *
 * One fixed-size value without pointers: it lives on the caller's stack, needs no freeing, and can be sent through a
 * socket to another process as it is. Functions that can fail take `struct err *e` as their last parameter and
 * return 0 or a negative errno that equals -e->code. A function that succeeds leaves *e alone.
 *
 * Sentences: lower case, no full stop, names in double quotes, say what was attempted; err_sys() says why.
 * Any process may call these; they allocate nothing and are safe after clone(). */
#ifndef RUNTIME_BASE_ERR_H
#define RUNTIME_BASE_ERR_H

#define MUST_CHECK          __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, a) __attribute__((format(printf, fmt, a)))

struct err {
	int code;       /* positive errno; 0 means no error has been recorded */
	char where[60]; /* "file.c:123", where the error was born; shown with --debug */
	char text[448]; /* the sentence, always terminated */
};

/* Record an error of our own. `code` is a positive errno that callers branch on: ENOENT no such zone, EBUSY wrong
 * state, EINVAL bad configuration, EOPNOTSUPP this kernel or host lacks it, EPROTO a peer misbehaved. Returns -code. */
#define err_set(e, code, ...) err_set_at(e, __FILE__, __LINE__, code, __VA_ARGS__)

/* Record a failed system call: the sentence, then ": " and the words of errno (strerror). Returns -errno.
 * Uses the errno at the time of the call, so call it before anything that may change errno. */
#define err_sys(e, ...) err_sys_at(e, __FILE__, __LINE__, __VA_ARGS__)

/* The same for calls that return the negative errno (`r`) rather than set errno. Returns r. */
#define err_ret(e, r, ...) err_ret_at(e, __FILE__, __LINE__, r, __VA_ARGS__)

/* Put context in front of a recorded error: "sentence: old text". When space runs out the old text (the cause) is
 * kept and the context shortened. Returns -e->code, so `return err_wrap(e, "zone \"%s\"", name);`. */
int err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

int err_set_at(struct err *e, const char *file, int line, int code, const char *fmt, ...)
	PRINTF_LIKE(5, 6);
int err_sys_at(struct err *e, const char *file, int line, const char *fmt, ...) PRINTF_LIKE(4, 5);
int err_ret_at(struct err *e, const char *file, int line, int r, const char *fmt, ...)
	PRINTF_LIKE(5, 6);

/* Make *e safe after it was read from a foreign process: terminates the strings, makes control characters '?',
 * and gives it the code EPROTO when the code is not a plausible errno. */
void err_sanitize(struct err *e);

#endif
