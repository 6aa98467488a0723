/* identity - the names that a container has for itself, and the kind of machine it believes to run on. */
#include <errno.h>
#include <string.h>
#include <sys/personality.h>

#include "config/names.h"
#include "isolation/private.h"
#include "runtime/base/sys.h"

int identity_run(const struct container_spec *spec, struct err *e)
{
	if (!str_empty(spec->hostname) &&
	    sys_sethostname(spec->hostname, strlen(spec->hostname)) < 0)
		return err_sys(e, "set the hostname \"%s\"", spec->hostname);
	if (!str_empty(spec->domainname) &&
	    sys_setdomainname(spec->domainname, strlen(spec->domainname)) < 0)
		return err_sys(e, "set the domainname \"%s\"", spec->domainname);
	return 0;
}

int identity_personality(const struct container_spec *spec, struct err *e)
{
	const struct personality_spec *p = spec->linux.personality;
	int64_t domain = 0;

	if (!p)
		return 0;
	if (!names_find(personality_domains, p->domain, &domain))
		return err_set(e, EINVAL, "linux.personality.domain: \"%s\" is not known",
			       p->domain ? p->domain : "");
	return personality((unsigned long)domain) < 0 ? err_sys(e, "linux.personality") : 0;
}
