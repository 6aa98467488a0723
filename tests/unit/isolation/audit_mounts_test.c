#include "isolation/audit.h"
#include "tests/unit/test.h"

int main(void)
{
	char whole[] =
		"36 35 98:0 /mnt\\0401 /mnt2 rw,noatime,nosuid master:1 shared:2 - ext3 /dev/root rw,errors=continue";
	char plain[] = "40 36 0:45 / /dev rw,nosuid,idmapped - tmpfs tmpfs rw,size=1024k";
	char broken[] = "40 36 0:45 / /dev rw,nosuid";
	char empty[] = "";
	struct audit_mount m;

	CHECK(audit_mount_parse(whole, &m));
	CHECK_INT(m.id, 36);
	CHECK_INT(m.major, 98);
	CHECK_INT(m.minor, 0);
	CHECK_STR(m.root, "/mnt 1");
	CHECK_STR(m.target, "/mnt2");
	CHECK_STR(m.type, "ext3");
	CHECK_STR(m.super, "rw,errors=continue");
	CHECK(m.is_slave && m.is_shared);
	CHECK(audit_has_option(m.options, "rw"));
	CHECK(audit_has_option(m.options, "nosuid"));
	CHECK(!audit_has_option(m.options, "ro"));
	CHECK(!audit_has_option(m.options, "no"));
	CHECK(!audit_has_option(m.options, "atime"));
	CHECK(audit_mount_parse(plain, &m));
	CHECK(!m.is_slave && !m.is_shared);
	CHECK(audit_has_option(m.options, "idmapped"));
	CHECK(!audit_mount_parse(broken, &m));
	CHECK(!audit_mount_parse(empty, &m));
	return test_done();
}
