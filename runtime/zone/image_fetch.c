/* image_fetch - run skopeo and watch its folder grow. */
#include "runtime/zone/image_fetch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"
#include "runtime/base/wall.h"
#include "runtime/zone/tree.h"

enum { TICK_MS = 250, SAID_MAX = 16384 };

/* Not by PATH: it is the caller's, and we are root. */
static const char *find_program(void)
{
	static const char *const places[] = { "/usr/local/bin/skopeo", "/usr/bin/skopeo",
					      "/bin/skopeo" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (access(places[i], X_OK) == 0)
			return places[i];
	}
	return NULL;
}

/* Bytes that are there: blobs lie in one folder, what is on its way beside it. */
static unsigned long long bytes_in(const char *folder, const char *below)
{
	auto_free char *path = mem_format("%s%s", folder, below);
	unsigned long long sum = 0;
	DIR *stream = opendir(path);
	struct stat st;

	for (const struct dirent *entry = stream ? readdir(stream) : NULL; entry;
	     entry = readdir(stream)) {
		if (fstatat(dirfd(stream), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode))
			sum += (unsigned long long)st.st_size;
	}
	if (stream)
		(void)closedir(stream);
	return sum;
}

/* What it says, until it ends; the last part counts. */
static void listen_to(int fd, const char *folder, const struct zone_install *options,
		      struct strbuf *said)
{
	struct tree_job job = { .root = -1, .options = options };
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char chunk[4096];

	for (;;) {
		int ready = poll(&p, 1, TICK_MS);
		ssize_t n = ready > 0 ? sys_read(fd, chunk, sizeof(chunk)) : 0;

		if (ready > 0 && n <= 0)
			return;
		strbuf_add_bytes(said, chunk, (size_t)n);
		if (said->len > SAID_MAX)
			strbuf_clear(said);
		job.done = bytes_in(folder, "") + bytes_in(folder, "/blobs/sha256");
		tree_progress(&job, "pulling");
	}
}

/* What stands up to the closing quote, without the backslashes of the quotes inside; NULL: `line` as it is. */
static char *unquoted(const char *quoted, const char *line)
{
	auto_done(strbuf) struct strbuf b = { 0 };

	if (!quoted)
		return mem_strdup(line);
	for (const char *p = quoted; *p && *p != '"'; p++) {
		if (p[0] == '\\' && p[1])
			p++;
		strbuf_add_char(&b, *p);
	}
	return mem_strdup(strbuf_text(&b));
}

/* The message of its last line: time="..." level=fatal msg="..." */
static void last_words(struct strbuf *said, struct err *e, const char *reference)
{
	auto_done(strv) struct strv lines = { 0 };
	const char *line = "it said nothing";

	strv_split(&lines, strbuf_text(said), '\n');
	for (size_t i = 0; i < lines.n; i++) {
		for (char *p = lines.items[i]; *p; p++) {
			if ((unsigned char)*p < 0x20 || *p == 0x7f)
				*p = '?';
		}
		if (!str_empty(lines.items[i]))
			line = lines.items[i];
	}
	const char *message = strstr(line, "msg=\"");
	auto_free char *text = unquoted(message ? message + strlen("msg=\"") : NULL, line);

	(void)err_set(e, EIO, "skopeo cannot copy \"%.120s\": %.300s", reference, text);
}

/* --- its wall -------------------------------------------------------------------------------------------------------- */

/* What skopeo needs of the host: programs and libraries, certificates, names of the network, its own configuration and keys of registries (containers-auth.json(5)). It writes into the folder
 * alone, where it has a place for what is temporary too. */
static const char *const read_places[] = {
	"/etc/ca-certificates", "/etc/containers",
	"/etc/docker",          "/etc/gai.conf",
	"/etc/group",           "/etc/host.conf",
	"/etc/hosts",           "/etc/ld.so.cache",
	"/etc/localtime",       "/etc/nsswitch.conf",
	"/etc/passwd",          "/etc/pki",
	"/etc/protocols",       "/etc/resolv.conf",
	"/etc/services",        "/etc/ssl",
	"/etc/crypto-policies", "/run/containers",
	"/dev/random",          "/dev/urandom",
	"/sys/kernel/mm",       "/proc",
	"/var/lib/containers",
};
static const char *const program_places[] = { "/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32" };
static const char *const written_places[] = { "/dev/null" };
/* Files and folders that the environment names. */
static const char *const read_variables[] = { "REGISTRY_AUTH_FILE", "SSL_CERT_FILE", "SSL_CERT_DIR",
					      "CONTAINERS_REGISTRIES_CONF" };
static const struct {
	const char *variable, *below;
} read_folders[] = {
	{ "HOME", ".docker" },
	{ "HOME", ".config/containers" },
	{ "HOME", ".local/share/containers" },
	{ "XDG_RUNTIME_DIR", "containers" },
};

#define TEMPORARY "/.tmp"

enum { N_TREES = 64 };

struct trees {
	struct wall_tree items[N_TREES];
	size_t n;
};

/* What is not there needs no rule. */
static void add(struct trees *t, const char *path, enum wall_use use)
{
	int fd = t->n < N_TREES && path && path[0] == '/'
			 ? sys_openat(AT_FDCWD, path, O_PATH | O_CLOEXEC, 0)
			 : -1;

	if (fd >= 0)
		t->items[t->n++] = (struct wall_tree){ fd, use };
}

static void add_all(struct trees *t, const char *const *paths, size_t n, enum wall_use use)
{
	for (size_t i = 0; i < n; i++)
		add(t, paths[i], use);
}

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* Registries are strangers, and skopeo reads what they send: no right of root's, no file of the host that it has no need of. The descriptors are gone with the exec. */
int image_fetch_wall(const void *folder, struct err *e)
{
	struct trees t = { .n = 0 };

	add(&t, folder, WALL_WRITE);
	add_all(&t, read_places, N(read_places), WALL_READ);
	add_all(&t, program_places, N(program_places), WALL_EXECUTE);
	add_all(&t, written_places, N(written_places), WALL_WRITE);
	auto_free char *temporary = mem_format("%s" TEMPORARY, (const char *)folder);

	if (setenv("TMPDIR", temporary, 1) < 0)
		return err_sys(e, "set TMPDIR");
	for (size_t i = 0; i < N(read_variables); i++)
		add(&t, getenv(read_variables[i]), WALL_READ);
	for (size_t i = 0; i < N(read_folders); i++) {
		const char *top = getenv(read_folders[i].variable);
		auto_free char *path = top ? mem_format("%s/%s", top, read_folders[i].below) : NULL;

		add(&t, path, WALL_READ);
	}
	const struct wall w = { .trees = t.items, .n_trees = t.n, .programs = true, .alone = true };

	return wall_enter(&w, e);
}

static int run(const char *program, const char *reference, const char *folder,
	       const struct zone_install *options, struct err *e)
{
	auto_free char *to = mem_format("oci:%s:image", folder);
	auto_free char *from = mem_strdup(reference);
	char *argv[] = { (char *)"skopeo", (char *)"copy", (char *)"--quiet", from, to, NULL };
	auto_done(strbuf) struct strbuf said = { 0 };
	int ends[2];
	pid_t pid = 0;

	if (sys_pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	auto_close int reader = ends[0], writer = ends[1];
	const struct proc_spawn s = { .file = program,
				      .argv = argv,
				      .stdin_fd = -1,
				      .stdout_fd = writer,
				      .stderr_fd = writer,
				      .keep_fd = -1,
				      .prepare = image_fetch_wall,
				      .prepare_arg = folder,
				      .ret_pid = &pid };
	int r = proc_spawn(&s, e);

	if (r < 0)
		return r;
	fd_close(&writer);
	listen_to(reader, folder, options, &said);
	r = proc_wait(pid, e);
	if (r > 0)
		last_words(&said, e, reference);
	return r > 0 ? -e->code : r;
}

int image_fetch(const char *reference, const char *folder, const struct zone_install *options,
		struct err *e)
{
	const char *program = find_program();

	if (!program)
		return err_set(
			e, ENOENT,
			"images of registries are fetched by skopeo, which is not installed (Debian: apt-get install skopeo)");
	int r = file_mkdir_p(AT_FDCWD, folder, 0700, e);

	auto_free char *temporary = mem_format("%s" TEMPORARY, folder);
	struct err ignored = { 0 };

	if (r == 0)
		r = file_mkdir_p(AT_FDCWD, temporary, 0700, e);
	if (r == 0)
		r = run(program, reference, folder, options, e);
	(void)!file_remove_tree(AT_FDCWD, temporary, &ignored);
	return r;
}
