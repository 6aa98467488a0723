/* Finding args[0]; the sentences that callers match. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isolation/isolation.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static char folder[] = "/tmp/program_test.XXXXXX";

static void check(const char *name, const char *want, const char *why)
{
	auto_ptr(process_spec) struct process_spec *p = process_spec_new();
	auto_free char *path = NULL;
	struct err e = { 0 };

	strv_format(&p->env, "PATH=/no/such/folder:%s/a:%s/b", folder, folder);
	strv_add(&p->args, name);
	p->cwd = mem_strdup(folder);
	p->user.uid = geteuid();
	p->user.gid = getegid();
	int r = isolation_find_program(p, &path, &e);

	CHECK_STR(path, want);
	CHECK_STR(r < 0 ? e.text : NULL, why);
}

static void put(const char *path, mode_t mode)
{
	auto_free char *full = mem_format("%s/%s", folder, path);
	int fd = open(full, O_WRONLY | O_CREAT | O_CLOEXEC, mode);

	if (fd < 0)
		abort();
	(void)close(fd);
}

int main(void)
{
	struct err e = { 0 };

	if (!mkdtemp(folder))
		return 1;
	auto_free char *a = mem_format("%s/a", folder), *b = mem_format("%s/b", folder),
		       *bx = mem_format("%s/b/x", folder);

	CHECK(mkdir(a, 0755) == 0 && mkdir(b, 0755) == 0);
	put("a/x", 0644);
	put("b/x", 0755);
	put("a/y", 0644);
	check("x", bx, NULL); /* the one that can be executed */
	check("b/x", "b/x", NULL);
	check("y", NULL, "exec: \"y\": permission denied");
	check("nosuch", NULL, "exec: \"nosuch\": executable file not found in $PATH");
	check("/nosuch", NULL, "exec: \"/nosuch\": stat /nosuch: no such file or directory");
	check("/", NULL, "exec: \"/\": is a directory: permission denied");
	check("a/y", NULL, "exec: \"a/y\": permission denied");
	check("", NULL, "process.args: no program is named");
	CHECK_INT(file_remove_tree(AT_FDCWD, folder, &e), 0);
	return test_done();
}
