/* part - opening lazily, reading and writing the files of one hierarchy's directory.
 *
 * Kernel files are read whole: the longest that the facade asks for is cgroup.procs, bounded by the number of pids. */
#include "cgroups/part.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"

#define TAKEN_MARK         "trusted.zones.taken"
#define TAKEN_MARK_OF_USER "user.zones.taken"

enum { FILE_MAX_BYTES = 64 << 20, TAKEN_BYTES = 64 };

struct cgroup_part *part_add(struct cgroup *cg)
{
	struct cgroup_part *p = LIST_GROW(cg->parts, cg->n_parts);

	p->fd = -1;
	p->rootless = cg->rootless;
	return p;
}

void part_done(struct cgroup_part *p)
{
	strv_done(&p->controllers);
	free(p->mount);
	free(p->root);
	free(p->path);
	free(p->dir);
	fd_close(&p->fd);
	*p = (struct cgroup_part){ .fd = -1 };
}

void part_drop(struct cgroup *cg, size_t i)
{
	part_done(&cg->parts[i]);
	memmove(&cg->parts[i], &cg->parts[i + 1], (cg->n_parts - i - 1) * sizeof(cg->parts[0]));
	cg->n_parts--;
}

struct cgroup_part *part_of_v1(const struct cgroup *cg, const char *controller)
{
	for (size_t i = 0; i < cg->n_parts; i++) {
		if (!cg->parts[i].v2 && strv_has(&cg->parts[i].controllers, controller))
			return &cg->parts[i];
	}
	return NULL;
}

struct cgroup_part *part_unified(const struct cgroup *cg)
{
	for (size_t i = 0; i < cg->n_parts; i++) {
		if (cg->parts[i].v2)
			return &cg->parts[i];
	}
	return NULL;
}

struct cgroup_part *part_main(const struct cgroup *cg)
{
	struct cgroup_part *unified = part_unified(cg);

	if (unified)
		return unified;
	return cg->n_parts > 0 ? &cg->parts[0] : NULL;
}

int part_open(struct cgroup_part *p, struct err *e)
{
	if (p->fd < 0)
		p->fd = open(p->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return p->fd < 0 ? err_sys(e, "open the cgroup \"%s\"", p->dir) : p->fd;
}

int part_read(struct cgroup_part *p, const char *file, char **ret, struct err *e)
{
	auto_free char *text = NULL;
	size_t n = 0;
	int fd = part_open(p, e);

	if (fd < 0)
		return fd;
	int r = file_read_all(fd, file, FILE_MAX_BYTES, &text, &n, e);

	if (r < 0)
		return err_wrap(e, "cgroup \"%s\"", p->dir);
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	*ret = text ? ptr_steal(&text) : mem_strdup("");
	return 0;
}

int part_write(struct cgroup_part *p, const char *file, const char *text, struct err *e)
{
	int fd = part_open(p, e);

	if (fd < 0)
		return fd;
	int r = file_write_kernel(fd, file, text, e);

	return r < 0 ? err_wrap(e, "cgroup \"%s\"", p->dir) : 0;
}

bool part_has(struct cgroup_part *p, const char *file)
{
	struct err ignored = { 0 };
	int fd = part_open(p, &ignored);

	return fd >= 0 && faccessat(fd, file, F_OK, 0) == 0;
}

/* "user." for those who may not set "trusted."; kernels that refuse both are older than the danger. */
static const char *const killed_marks[] = { "trusted.zones.killed", "user.zones.killed" };

void part_set_killed(struct cgroup_part *p)
{
	struct err ignored = { 0 };
	int fd = part_open(p, &ignored);

	if (fd >= 0 && fsetxattr(fd, killed_marks[0], "1", 1, 0) < 0)
		(void)fsetxattr(fd, killed_marks[1], "1", 1, 0);
}

bool part_was_killed(const struct cgroup_part *p)
{
	return p->fd >= 0 && (fgetxattr(p->fd, killed_marks[0], NULL, 0) >= 0 ||
			      fgetxattr(p->fd, killed_marks[1], NULL, 0) >= 0);
}

char *part_token(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_BOOTTIME, &t); /* cannot fail for this clock */
	return mem_format("%d.%" PRId64 ".%ld", (int)getpid(), (int64_t)t.tv_sec, t.tv_nsec);
}

static const char *taken_mark(const struct cgroup_part *p)
{
	return p->rootless ? TAKEN_MARK_OF_USER : TAKEN_MARK;
}

void part_take(struct cgroup_part *p, const char *token)
{
	struct err ignored = { 0 };
	int fd = token ? part_open(p, &ignored) : -1;

	if (fd >= 0)
		(void)fsetxattr(fd, taken_mark(p), token, strlen(token), 0);
}

bool part_is_taken(struct cgroup_part *p, const char *token)
{
	char mark[TAKEN_BYTES];
	struct err ignored = { 0 };
	int fd = part_open(p, &ignored);
	ssize_t n = fd < 0 ? -1 : fgetxattr(fd, taken_mark(p), mark, sizeof(mark));

	return n > 0 &&
	       !(token && strlen(token) == (size_t)n && strncmp(mark, token, (size_t)n) == 0);
}

bool part_number(struct cgroup_part *p, const char *file, uint64_t *ret)
{
	struct err ignored = { 0 };
	auto_free char *text = NULL;

	if (part_read(p, file, &text, &ignored) < 0)
		return false;
	if (str_eq(text, "max") || str_eq(text, "-1")) {
		*ret = UINT64_MAX;
		return true;
	}
	return num_u64(text, ret) == 0;
}

bool part_word(const char *text, const char *word, uint64_t *ret)
{
	size_t n = strlen(word);

	for (const char *line = text; line && *line;) {
		const char *end = strchrnul(line, '\n');

		if (strncmp(line, word, n) == 0 && line[n] == ' ') {
			auto_free char *value =
				mem_strndup(line + n + 1, (size_t)(end - line) - n - 1);

			return num_u64(value, ret) == 0;
		}
		line = *end ? end + 1 : end;
	}
	return false;
}
