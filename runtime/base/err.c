/* err - one fixed-size value, filled by formatting straight into it.
 *
 * Text that does not fit is cut at the border of a UTF-8 character. Nothing here allocates or
 * changes errno, so an error can be recorded between fork and exec and while another error is
 * being cleaned up. */
#include "runtime/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { HIGHEST_ERRNO = 4095 }; /* MAX_ERRNO of the kernel */

/* Shorten `text` to at most `len` bytes without leaving half a character at its end. */
static size_t cut(char *text, size_t len)
{
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	text[len] = '\0';
	return len;
}

/* vsnprintf that cuts cleanly. Returns the length of what is there now. */
static size_t print(char *buf, size_t size, const char *fmt, va_list args)
{
	int n = vsnprintf(buf, size, fmt, args);

	if (n < 0) {
		buf[0] = '\0';
		return 0;
	}
	if ((size_t)n < size)
		return (size_t)n;
	/* The byte that the terminator replaced is lost; a cut character shows by its lead byte. */
	size_t len = size - 1;
	size_t start = len;

	while (start > 0 && ((unsigned char)buf[start - 1] & 0xc0) == 0x80)
		start--;
	if (start > 0 && ((unsigned char)buf[start - 1] & 0xc0) == 0xc0)
		len = start - 1;
	buf[len] = '\0';
	return len;
}

static void add(char *buf, size_t size, const char *s)
{
	size_t len = strlen(buf);
	size_t n = strlen(s);

	if (n >= size - len)
		n = size - len - 1;
	memcpy(buf + len, s, n);
	buf[len + n] = '\0';
}

static void set_origin(struct err *e, const char *file, int line)
{
	const char *slash = strrchr(file, '/');

	(void)snprintf(e->where, sizeof(e->where), "%.40s:%d", slash ? slash + 1 : file, line);
}

static int record(struct err *e, const char *file, int line, int code)
{
	e->code = code > 0 ? code : EIO; /* "failed without a reason" must not look like success */
	set_origin(e, file, line);
	return -e->code;
}

static void add_reason(struct err *e)
{
	const char *reason = strerrordesc_np(e->code); /* unlike strerror() never allocates */

	add(e->text, sizeof(e->text), ": ");
	add(e->text, sizeof(e->text), reason ? reason : "Unknown error");
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	int saved = errno;
	char context[sizeof(e->text)];
	va_list args;

	va_start(args, fmt);
	size_t len = print(context, sizeof(context), fmt, args);
	va_end(args);

	size_t old = strnlen(e->text, sizeof(e->text) - 1);
	size_t room = sizeof(e->text) - 1 - old;

	if (old > 0 && room >= 3) { /* at least one character, ": " */
		if (len > room - 2)
			len = cut(context, room - 2);
		memmove(e->text + len + 2, e->text, old);
		e->text[len + 2 + old] = '\0';
		memcpy(e->text, context, len);
		memcpy(e->text + len, ": ", 2);
	} else if (old == 0) {
		memcpy(e->text, context, len + 1);
	}
	if (e->code <= 0)
		e->code = EIO;
	errno = saved;
	return -e->code;
}

int err_set_at(struct err *e, const char *file, int line, int code, const char *fmt, ...)
{
	int saved = errno;
	char text[sizeof(e->text)]; /* the arguments may point into e->text */
	va_list args;

	va_start(args, fmt);
	(void)print(text, sizeof(text), fmt, args);
	va_end(args);
	memcpy(e->text, text, sizeof(text));
	errno = saved;
	return record(e, file, line, code);
}

int err_sys_at(struct err *e, const char *file, int line, const char *fmt, ...)
{
	int saved = errno;
	char text[sizeof(e->text)];
	va_list args;

	va_start(args, fmt);
	(void)print(text, sizeof(text), fmt, args);
	va_end(args);
	memcpy(e->text, text, sizeof(text));

	int r = record(e, file, line, saved);

	add_reason(e);
	errno = saved;
	return r;
}

int err_ret_at(struct err *e, const char *file, int line, int r, const char *fmt, ...)
{
	int saved = errno;
	char text[sizeof(e->text)];
	va_list args;

	va_start(args, fmt);
	(void)print(text, sizeof(text), fmt, args);
	va_end(args);
	memcpy(e->text, text, sizeof(text));
	r = record(e, file, line, -r);
	add_reason(e);
	errno = saved;
	return r;
}

static void make_printable(char *s, size_t size)
{
	s[size - 1] = '\0';
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
	}
}

void err_sanitize(struct err *e)
{
	make_printable(e->where, sizeof(e->where));
	make_printable(e->text, sizeof(e->text));
	if (e->code <= 0 || e->code > HIGHEST_ERRNO)
		e->code = EPROTO;
}
