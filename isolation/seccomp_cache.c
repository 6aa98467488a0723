/* seccomp_cache - compiled filters, and where they are compiled.
 *
 * The result is kept in a file together with the text of the profile it came from. A cached program is used only when that text is the same to the byte, so a collision of the hash in the file's name can do no
 * harm, and only when the file belongs to us and nobody else could write it. What is not there is compiled in a process of its own, which has a time limit. */
#include "isolation/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/helper.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"

enum {
	CACHE_MAX = 4 << 20,
	CACHE_VERSION = 3, /* raise it when the program made from the same text changes */
	COMPILE_MS = 5000, /* an engine's profile takes some milliseconds */
};

/* --- the key ------------------------------------------------------------------------------------------------------- */

static void text_words(struct strbuf *b, const char *key, const struct strv *words)
{
	auto_free char *joined = strv_join(words, " ");

	strbuf_format(b, "%s %s\n", key, joined);
}

static void text_rule(struct strbuf *b, const struct seccomp_rule_spec *rule)
{
	strbuf_format(b, "%s %d:%llu", rule->action, rule->errno_ret.set,
		      (unsigned long long)rule->errno_ret.value);
	for (size_t i = 0; i < rule->n_args; i++)
		strbuf_format(b, " (%llu %s %llu %llu)", (unsigned long long)rule->args[i].index,
			      rule->args[i].op, (unsigned long long)rule->args[i].value,
			      (unsigned long long)rule->args[i].value_two);
	text_words(b, "", &rule->names);
}

char *seccomp_text(const struct seccomp_spec *s)
{
	const struct scmp_version *v = seccomp_version();
	struct utsname machine = { 0 };
	struct strbuf b = { 0 };

	(void)uname(&machine);
	strbuf_format(&b, "zones %d libseccomp %u.%u.%u %s\n", CACHE_VERSION, v->major, v->minor,
		      v->micro, machine.machine);
	strbuf_format(&b, "%s %d:%llu\n", s->default_action, s->default_errno_ret.set,
		      (unsigned long long)s->default_errno_ret.value);
	text_words(&b, "architectures", &s->architectures);
	text_words(&b, "flags", &s->flags);
	for (size_t i = 0; i < s->n_rules; i++)
		text_rule(&b, &s->rules[i]);
	return strbuf_steal(&b);
}

/* --- a program as bytes --------------------------------------------------------------------------------------------- */

/* FNV-1a, twice with different starts: names files, proves nothing. */
static uint64_t hash(const char *text, uint64_t h)
{
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return h;
}

/* The file: this head, the text, the instructions. */
struct cache_head {
	char magic[8];
	uint32_t text_size, n, flags, notifies;
};
static const char cache_magic[8] = "zonesbpf";

static void pack(struct strbuf *b, const char *text, const struct seccomp_program *p)
{
	struct cache_head head = {
		.text_size = (uint32_t)strlen(text),
		.n = (uint32_t)p->n,
		.flags = p->flags,
		.notifies = (p->notifies ? 1u : 0u) | (p->notifies_itself ? 2u : 0u),
	};

	memcpy(head.magic, cache_magic, sizeof(head.magic));
	strbuf_add_bytes(b, &head, sizeof(head));
	strbuf_add_bytes(b, text, head.text_size);
	strbuf_add_bytes(b, p->code, p->n * sizeof(*p->code));
}

static bool unpack(const char *data, size_t size, const char *text, struct seccomp_program *ret)
{
	struct cache_head head;
	size_t text_size = strlen(text);

	if (size < sizeof(head))
		return false;
	memcpy(&head, data, sizeof(head));
	if (memcmp(head.magic, cache_magic, sizeof(head.magic)) != 0 ||
	    head.text_size != text_size || head.n == 0 || head.n > BPF_MAXINSNS)
		return false;
	if (size != sizeof(head) + text_size + head.n * sizeof(struct sock_filter) ||
	    memcmp(data + sizeof(head), text, text_size) != 0)
		return false;
	*ret = (struct seccomp_program){
		.code = mem_dup(data + sizeof(head) + text_size,
				head.n * sizeof(struct sock_filter)),
		.n = head.n,
		.flags = head.flags,
		.notifies = head.notifies & 1,
		.notifies_itself = head.notifies & 2,
	};
	return true;
}

/* --- compiling ------------------------------------------------------------------------------------------------------ */

struct job {
	const struct seccomp_spec *spec;
	const char *text;
};

static int compile(void *arg, int sock, struct err *e)
{
	const struct job *j = arg;
	auto_done(seccomp_program) struct seccomp_program p = { 0 };
	auto_done(strbuf) struct strbuf b = { 0 };
	int r = seccomp_build(j->spec, &p, e);
	auto_close int fd = r < 0 ? -1 : memfd_create("filter", MFD_CLOEXEC);

	if (r < 0)
		return r;
	if (fd < 0)
		return err_sys(e, "make a file in memory for the filter");
	pack(&b, j->text, &p);
	if (pwrite(fd, b.text, b.len, 0) != (ssize_t)b.len)
		return err_sys(e, "hand over the filter");
	return helper_give(sock, fd, e);
}

/* There are profiles of a dozen rules for which libseccomp 2.5.4 adds a rule without end (a ring in its tree; found by fuzzing), and others for which it takes minutes. So it works in a process that can be ended. */
static int compile_apart(const struct seccomp_spec *s, const char *text,
			 struct seccomp_program *ret, struct err *e)
{
	struct job j = { s, text };
	const struct helper_job job = { .run = compile,
					.arg = &j,
					.name = "the process that compiles the rules",
					.timeout_ms = COMPILE_MS };
	auto_close int fd = -1;
	auto_free char *data = NULL;
	size_t size = 0;
	int r = helper_run(&job, &fd, e);

	if (r == -ETIMEDOUT)
		return err_set(
			e, ETIMEDOUT,
			"linux.seccomp.syscalls: libseccomp has not found a filter for these rules after %d s: name fewer conditions for one call",
			COMPILE_MS / 1000);
	if (r < 0)
		return r;
	r = file_read_fd(fd, CACHE_MAX, &data, &size, e);
	if (r < 0)
		return r;
	return unpack(data, size, text, ret)
		       ? 0
		       : err_set(e, EPROTO, "linux.seccomp: the compiled filter is damaged");
}

/* --- the folder ------------------------------------------------------------------------------------------------------ */

static bool is_trusted(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	       !(st.st_mode & 077);
}

static bool cache_read(int dir, const char *name, const char *text, struct seccomp_program *ret)
{
	auto_close int fd =
		sys_openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
	auto_free char *data = NULL;
	struct err ignored = { 0 };
	size_t size = 0;

	if (fd < 0 || !is_trusted(fd) || file_read_fd(fd, CACHE_MAX, &data, &size, &ignored) < 0)
		return false;
	return unpack(data, size, text, ret);
}

static void cache_write(int dir, const char *name, const char *text,
			const struct seccomp_program *p)
{
	auto_done(strbuf) struct strbuf b = { 0 };
	struct err ignored = { 0 };

	pack(&b, text, p);
	if (file_replace(dir, name, b.text, b.len, 0600, &ignored) < 0)
		log_debug("the filter is not cached: %s", ignored.text);
}

/* A folder that others may write to is none of ours. */
static int cache_open(const char *path)
{
	struct err ignored = { 0 };
	struct stat st;

	if (file_mkdir_p(AT_FDCWD, path, 0700, &ignored) < 0)
		return -1;
	auto_close int fd = file_open_dir(AT_FDCWD, path, &ignored);

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != geteuid() || st.st_mode & 022)
		return -1;
	return fd_steal(&fd);
}

int seccomp_compile(const struct seccomp_spec *s, const char *cache, struct seccomp_program *ret,
		    struct err *e)
{
	auto_close int dir = cache ? cache_open(cache) : -1;
	auto_free char *text = seccomp_text(s);
	auto_free char *name = mem_format(
		"%016llx%016llx", (unsigned long long)hash(text, UINT64_C(0xcbf29ce484222325)),
		(unsigned long long)hash(text, UINT64_C(0x9e3779b97f4a7c15)));

	if (dir >= 0 && cache_read(dir, name, text, ret))
		return 0;
	int r = compile_apart(s, text, ret, e);

	if (r == 0 && dir >= 0)
		cache_write(dir, name, text, ret);
	return r;
}
