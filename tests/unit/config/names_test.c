#include "config/names.h"

#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "tests/unit/test.h"

/* Every word leads to its number, and the number back to a word with the same number. */
static bool is_round(const struct name_value *table)
{
	for (const struct name_value *t = table; t->name; t++) {
		int64_t v = -99;
		const char *word = names_word(table, t->value);
		int64_t back = -98;

		if (!names_find(table, t->name, &v) || v != t->value)
			return false;
		if (!word || !names_find(table, word, &back) || back != v)
			return false;
	}
	return true;
}

static void test_tables(void)
{
	int64_t v = 0;

	CHECK(is_round(rlimit_names));
	CHECK(is_round(signal_names));
	CHECK(is_round(seccomp_actions));
	CHECK(is_round(seccomp_archs));
	CHECK(is_round(seccomp_operators));
	CHECK(is_round(seccomp_flags));
	CHECK(is_round(scheduler_policies));
	CHECK(is_round(scheduler_flags));
	CHECK(is_round(io_priority_classes));
	CHECK(is_round(personality_domains));
	CHECK(is_round(memory_policy_modes));
	CHECK(is_round(memory_policy_flags));
	CHECK(is_round(propagation_names));
	CHECK(names_find(rlimit_names, "RLIMIT_NOFILE", &v) && v == RLIMIT_NOFILE);
	CHECK(!names_find(rlimit_names, "NOFILE", &v));
	CHECK(!names_find(rlimit_names, NULL, &v));
	CHECK(!names_find(rlimit_names, "", NULL));
	CHECK(names_word(rlimit_names, 99) == NULL);
	CHECK(names_find(seccomp_actions, "SCMP_ACT_ERRNO", &v) && v == (int64_t)SCMP_ACT_ERRNO(0));
	CHECK(names_find(seccomp_archs, "SCMP_ARCH_X86_64", &v) && v == (int64_t)SCMP_ARCH_X86_64);
	CHECK(names_find(propagation_names, "rslave", &v) && v == (MS_REC | MS_SLAVE));
	CHECK_STR(names_word(seccomp_actions, (int64_t)SCMP_ACT_KILL), "SCMP_ACT_KILL");
	CHECK_STR(names_word(signal_names, SIGABRT), "ABRT");
}

static void test_namespaces(void)
{
	CHECK_STR(ns_words[NS_NETWORK], "network");
	CHECK_STR(ns_proc_files[NS_NETWORK], "net");
	CHECK_STR(ns_proc_files[NS_MOUNT], "mnt");
	CHECK_INT(ns_clone_flags[NS_TIME], 0x80);
	CHECK_INT(ns_clone_flags[NS_USER], 0x10000000);
	for (int i = 0; i < NS_COUNT; i++)
		CHECK(ns_words[i] && ns_proc_files[i] && ns_clone_flags[i]);
}

static void test_capabilities(void)
{
	CHECK_INT(cap_number("CAP_CHOWN"), 0);
	CHECK_INT(cap_number("net_raw"), 13);
	CHECK_INT(cap_number("Cap_Sys_Admin"), 21);
	CHECK_INT(cap_number("CAP_CHECKPOINT_RESTORE"), 40);
	CHECK_INT(cap_number("CAP_"), -1);
	CHECK_INT(cap_number("chow"), -1);
	CHECK_INT(cap_number(""), -1);
	CHECK_INT(cap_number(NULL), -1);
	CHECK_STR(cap_word(13), "CAP_NET_RAW");
	CHECK_STR(cap_word(41), NULL);
	CHECK_STR(cap_word(-1), NULL);
	for (int i = 0; i <= 40; i++)
		if (cap_number(cap_word(i)) != i)
			CHECK(!"capability words lead back to their numbers");
}

static void test_signals(void)
{
	CHECK_INT(signal_number("15"), SIGTERM);
	CHECK_INT(signal_number("TERM"), SIGTERM);
	CHECK_INT(signal_number("SIGTERM"), SIGTERM);
	CHECK_INT(signal_number("sigkill"), SIGKILL);
	CHECK_INT(signal_number("pwr"), SIGPWR);
	CHECK_INT(signal_number("RTMIN"), SIGRTMIN);
	CHECK_INT(signal_number("RTMIN+3"), SIGRTMIN + 3);
	CHECK_INT(signal_number("SIGRTMIN+3"), SIGRTMIN + 3);
	CHECK_INT(signal_number("rtmax-1"), SIGRTMAX - 1);
	CHECK_INT(signal_number("64"), 64);
	CHECK_INT(signal_number("RTMIN+99"), -1);
	CHECK_INT(signal_number("RTMIN-1"), -1);
	CHECK_INT(signal_number("RTMIN+"), -1);
	CHECK_INT(signal_number("RTMIN3"), -1);
	CHECK_INT(signal_number("RTMAX+1"), -1);
	CHECK_INT(signal_number("0"), -1);
	CHECK_INT(signal_number("65"), -1);
	CHECK_INT(signal_number("-9"), -1);
	CHECK_INT(signal_number("9 "), -1);
	CHECK_INT(signal_number("SIG"), -1);
	CHECK_INT(signal_number("SIGSIGTERM"), -1);
	CHECK_INT(signal_number(""), -1);
	CHECK_INT(signal_number(NULL), -1);
}

int main(void)
{
	test_tables();
	test_namespaces();
	test_capabilities();
	test_signals();
	return test_done();
}
