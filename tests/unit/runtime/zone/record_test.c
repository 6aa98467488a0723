/* The record: what is written comes back, what is broken is said, and nothing but the reason is touched by the monitor. */
#include "runtime/zone/record.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/runtime/zone/store_dirs.h"

static void round_trip(const struct zone_dirs *d)
{
	struct zone z = { .name = mem_strdup("web"), .lock_fd = -1 };
	struct zone_record r = { 0 };
	struct err e = { 0 };

	CHECK_INT(zone_record_load(d, "web", &r, &e), 0);
	z.record = (struct zone_record){
		.uuid = mem_strdup("u"),
		.state = ZONE_INSTALLED,
		.zonepath = mem_strdup("/z"),
		.brand = mem_strdup("native"),
		.id_base = 0xfe000000u,
		.owner_uid = 0xfe010000u,
		.exit_status = 137,
		.driver = mem_strdup("overlay"),
	};
	strv_add(&z.record.layers, "11111111");
	strv_add(&z.record.layers, "22222222");
	CHECK_INT(zone_record_write(d, &z, &e), 0);
	CHECK_INT(zone_record_load(d, "web", &r, &e), 1);
	CHECK(r.state == ZONE_INSTALLED && r.id_base == 0xfe000000u && r.owner_uid == 0xfe010000u &&
	      r.exit_status == 137);
	CHECK_STR(r.zonepath, "/z");
	CHECK_STR(r.from, NULL);
	CHECK_STR(r.driver, "overlay");
	CHECK(r.layers.n == 2 && str_eq(r.layers.items[1], "22222222"));
	zone_record_done(&r);
	CHECK_INT(zone_record_set_reason(d, "web", "init died", 1, &e), 0);
	CHECK_INT(zone_record_load(d, "web", &r, &e), 1);
	CHECK_STR(r.reason, "init died");
	CHECK_STR(r.uuid, "u");
	CHECK(r.reason_time && strlen(r.reason_time) == strlen("2026-01-01T00:00:00Z") &&
	      r.exit_status == 1 && r.id_base == 0xfe000000u);
	zone_record_done(&r);
	CHECK_INT(zone_record_set_reason(d, "web", NULL, 0, &e), 0);
	CHECK_INT(zone_record_load(d, "web", &r, &e), 1);
	CHECK(!r.reason && !r.reason_time);
	zone_record_done(&r);
	CHECK_INT(zone_record_set_reason(d, "nosuch", "x", 0, &e), -ENOENT);
	CHECK_INT(zone_record_remove(d, "web", &e), 0);
	CHECK_INT(zone_record_remove(d, "web", &e), 0);
	CHECK_INT(zone_record_load(d, "web", &r, &e), 0);
	zone_record_done(&z.record);
	free(z.name);
}

/* A monitor that sets the reason again and again, beside a verb that writes: of either nothing is lost. */
static void together(const struct zone_dirs *d)
{
	struct zone z = { .name = mem_strdup("web"), .lock_fd = -1 };
	struct err e = { 0 };
	int undone = 0, forgotten = 0;

	z.record = (struct zone_record){ .state = ZONE_INSTALLED, .uuid = mem_strdup("u") };
	CHECK_INT(zone_record_write(d, &z, &e), 0);
	pid_t monitor = fork();

	for (int i = 0; monitor == 0; i++) {
		if (zone_record_set_reason(d, "web", "init died", i, &e) < 0)
			_exit(1);
		(void)usleep(1000); /* flock(2) is not fair to whoever asks now and then */
	}
	for (int i = 0; i < 200; i++) {
		struct zone_record r = { 0 };

		z.record.id_base = (uint32_t)i;
		CHECK_INT(zone_record_update(d, &z, &e), 0);
		(void)usleep(2000);
		CHECK_INT(zone_record_load(d, "web", &r, &e), 1);
		undone += r.id_base != (uint32_t)i;
		forgotten += r.exit_status < z.record.exit_status;
		zone_record_done(&r);
	}
	CHECK_INT(undone, 0);
	CHECK_INT(forgotten, 0);
	CHECK_INT(kill(monitor, SIGKILL), 0);
	CHECK_INT(waitpid(monitor, NULL, 0), monitor);
	zone_record_done(&z.record);
	free(z.name);
	CHECK_INT(zone_record_remove(d, "web", &e), 0);
}

static void broken(const struct zone_dirs *d)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"null",
		"{}",
		"{\"state\":\"running\"}",
		"{\"state\":5}",
		"{\"state\":\"installed\",\"idBase\":-1}",
		"{\"state\":\"installed\",\"ownerUid\":4294967295}",
		"{\"state\":\"installed\",\"layers\":[\"../../../etc\"]}",
		"{\"state\":\"installed\",\"layers\":[5]}",
	};
	int accepted = 0;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct zone_record r = { 0 };
		struct err e = { 0 };

		test_put(d->storage, ".records/bad.json", texts[i]);
		accepted += zone_record_load(d, "bad", &r, &e) >= 0 || !e.text[0];
	}
	CHECK_INT(accepted, 0);
}

int main(void)
{
	struct test_dirs t;
	char a[37], b[37];
	struct err e = { 0 };

	test_dirs_make(&t);
	round_trip(&t.dirs);
	together(&t.dirs);
	broken(&t.dirs);
	CHECK(zone_new_uuid(a, &e) == 0 && zone_new_uuid(b, &e) == 0 && strcmp(a, b) != 0);
	CHECK(strlen(a) == 36 && a[14] == '4' && strchr("89ab", a[19]));
	CHECK(zone_state_from("shutting_down") == ZONE_SHUTTING_DOWN);
	CHECK(zone_state_from("nosuch") == ZONE_NONE && zone_state_from(NULL) == ZONE_NONE);
	test_dirs_remove(&t);
	return test_done();
}
