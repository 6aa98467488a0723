#include "tests/unit/config/oci_refusal.h"

/* Rows of hooks. */

static const struct refusal refused[] = {
	{ TOP("\"hooks\":{\"prestart\":[{\"args\":[\"a\"]}]}"), "hooks.prestart[0].path",
	  "required" },
	{ TOP("\"hooks\":{\"poststop\":[{\"path\":\"a\"}]}"), "hooks.poststop[0].path",
	  "begin with" },
	{ TOP("\"hooks\":{\"createRuntime\":[{\"path\":\"/a\"},{\"path\":\"/a\",\"timeout\":0}]}"),
	  "hooks.createRuntime[1].timeout", "range" },
	{ TOP("\"hooks\":{\"startContainer\":[{\"path\":\"/a\",\"timeout\":-1}]}"),
	  "hooks.startContainer[0].timeout", "range" },
	{ TOP("\"hooks\":{\"poststart\":{}}"), "hooks.poststart", "an array" },
};

int main(void)
{
	CHECK_REFUSED(refused);
	return test_done();
}
