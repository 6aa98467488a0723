#include "config/mount_opts.h"

#include <linux/mount.h>

#include "runtime/base/cleanup.h"
#include "tests/unit/test.h"

/* Parse a comma-separated list; the caller releases. */
static struct mount_opts parse(const char *words)
{
	auto_done(strv) struct strv v = { 0 };
	struct mount_opts o;

	strv_split(&v, words, ',');
	mount_opts_parse(&v, &o);
	return o;
}

static void test_flags(void)
{
	auto_done(mount_opts) struct mount_opts o = parse("nosuid,noexec,nodev,ro");
	auto_done(mount_opts) struct mount_opts clearing = parse("rw,exec,dev,suid");
	auto_done(mount_opts) struct mount_opts last = parse("ro,rw,exec,noexec");

	CHECK(o.set == (MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY));
	CHECK(o.clear == 0);
	CHECK(o.attr_set ==
	      (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY));
	CHECK(o.attr_clear == 0 && o.rattr_set == 0 && !o.bind);
	CHECK(clearing.set == 0);
	CHECK(clearing.clear == (MS_RDONLY | MS_NOEXEC | MS_NODEV | MS_NOSUID));
	CHECK(clearing.attr_clear ==
	      (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID));
	CHECK(last.set == MS_NOEXEC && last.clear == MS_RDONLY);
	CHECK(last.attr_set == MOUNT_ATTR_NOEXEC && last.attr_clear == MOUNT_ATTR_RDONLY);
}

static void test_superblock_flags(void)
{
	auto_done(mount_opts) struct mount_opts o =
		parse("sync,dirsync,lazytime,iversion,silent,mand,acl");
	auto_done(mount_opts) struct mount_opts off =
		parse("async,nolazytime,noiversion,loud,nomand,noacl");

	CHECK(o.set == (MS_SYNCHRONOUS | MS_DIRSYNC | MS_LAZYTIME | MS_I_VERSION | MS_SILENT |
			MS_MANDLOCK | MS_POSIXACL));
	CHECK(o.attr_set == 0);
	CHECK(off.clear == (MS_SYNCHRONOUS | MS_LAZYTIME | MS_I_VERSION | MS_SILENT | MS_MANDLOCK |
			    MS_POSIXACL));
	CHECK(off.attr_clear == 0);
}

static void test_access_times(void)
{
	auto_done(mount_opts) struct mount_opts o = parse("noatime,strictatime");
	auto_done(mount_opts) struct mount_opts rel = parse("noatime,relatime,nodiratime");
	auto_done(mount_opts) struct mount_opts normal = parse("noatime,atime");

	CHECK(o.set == MS_STRICTATIME);
	CHECK(o.attr_set == MOUNT_ATTR_STRICTATIME);
	CHECK(o.attr_clear == MOUNT_ATTR__ATIME);
	CHECK(rel.set == (MS_RELATIME | MS_NODIRATIME));
	CHECK(rel.attr_set == MOUNT_ATTR_NODIRATIME);
	CHECK(rel.attr_clear == MOUNT_ATTR__ATIME);
	CHECK(normal.set == 0 && normal.clear == MS_NOATIME);
	CHECK(normal.attr_set == 0 && normal.attr_clear == MOUNT_ATTR__ATIME);
}

static void test_recursive(void)
{
	auto_done(mount_opts) struct mount_opts o = parse("rbind,rro,rnosuid,rnoatime,rsymfollow");
	auto_done(mount_opts) struct mount_opts off =
		parse("rrw,rsuid,rdev,rexec,rdiratime,ratime");

	CHECK(o.bind && o.recursive);
	CHECK(o.set == 0 && o.attr_set == 0);
	CHECK(o.rattr_set == (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOATIME));
	CHECK(o.rattr_clear == (MOUNT_ATTR__ATIME | 0x00200000));
	CHECK(off.rattr_set == 0);
	CHECK(off.rattr_clear == (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				  MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODIRATIME | MOUNT_ATTR__ATIME));
}

static void test_kinds(void)
{
	auto_done(mount_opts) struct mount_opts o = parse("bind,idmap,rprivate");
	auto_done(mount_opts) struct mount_opts more =
		parse("ridmap,tmpcopyup,remount,private,shared,defaults");

	CHECK(o.bind && !o.recursive && o.idmap && !o.ridmap);
	CHECK(o.propagation == (MS_REC | MS_PRIVATE));
	CHECK(o.set == 0);
	CHECK(more.ridmap && !more.idmap && more.tmpcopyup && more.remount && !more.bind);
	CHECK(more.propagation == MS_SHARED);
	CHECK(more.set == 0 && more.clear == 0 && more.data.len == 0);
}

static void test_data(void)
{
	auto_done(mount_opts) struct mount_opts o = parse("nosuid,mode=755,,size=64k,ROO,ro");
	auto_done(mount_opts) struct mount_opts none = parse("");

	CHECK_STR(strbuf_text(&o.data), "mode=755,size=64k,ROO");
	CHECK(o.set == (MS_NOSUID | MS_RDONLY));
	CHECK(none.set == 0 && none.data.len == 0);
}

/* The MUST and SHOULD words of config.md 1.3 "Linux mount options". */
static void test_words(void)
{
	static const char *const must[] = {
		"async",
		"atime",
		"bind",
		"defaults",
		"dev",
		"diratime",
		"dirsync",
		"exec",
		"iversion",
		"lazytime",
		"loud",
		"noatime",
		"nodev",
		"nodiratime",
		"noexec",
		"noiversion",
		"nolazytime",
		"norelatime",
		"nostrictatime",
		"nosuid",
		"private",
		"rbind",
		"relatime",
		"remount",
		"ro",
		"rprivate",
		"rshared",
		"rslave",
		"runbindable",
		"rw",
		"shared",
		"silent",
		"slave",
		"strictatime",
		"suid",
		"sync",
		"unbindable",
		"nosymfollow",
		"symfollow",
		"idmap",
		"ridmap",
		"rro",
		"rrw",
		"rsuid",
		"rnosuid",
		"rdev",
		"rnodev",
		"rexec",
		"rnoexec",
		"ratime",
		"rnoatime",
		"rdiratime",
		"rnodiratime",
		"rrelatime",
		"rnorelatime",
		"rstrictatime",
		"rnostrictatime",
		"rsymfollow",
		"rnosymfollow",
		"tmpcopyup",
		"mand",
		"nomand",
		"acl",
		"noacl",
	};
	const char *const *words = mount_opts_words();
	size_t n = 0;

	for (; words[n]; n++) {
		auto_done(mount_opts) struct mount_opts o = parse(words[n]);

		if (n > 0)
			CHECK(strcmp(words[n - 1], words[n]) < 0);
		if (o.data.len)
			CHECK_STR(strbuf_text(&o.data), "");
	}
	CHECK_INT(n, sizeof(must) / sizeof(must[0]));
	for (size_t i = 0; i < sizeof(must) / sizeof(must[0]); i++) {
		auto_done(mount_opts) struct mount_opts o = parse(must[i]);

		test_check(o.data.len == 0, must[i], __FILE__, __LINE__);
	}
}

int main(void)
{
	test_flags();
	test_superblock_flags();
	test_access_times();
	test_recursive();
	test_kinds();
	test_data();
	test_words();
	return test_done();
}
