/* cni_result - what CNI plugins print: results of the versions 0.3.0 to 1.1.0, and errors. Pure. Private to net/. */
#ifndef NET_CNI_RESULT_H
#define NET_CNI_RESULT_H

#include "config/zone_spec.h"
#include "net/plan.h"
#include "runtime/base/err.h"
#include "runtime/base/json.h"

/* Is this a result for the version of the network? Nothing else of it is believed. */
MUST_CHECK int cni_result_check(const struct json *result, const char *version, struct err *e);
/* The addresses of the link `name` inside the zone; those that name no interface are its as well. Appends. The result was checked. */
void cni_result_addresses(const struct json *result, const char *name, struct plan_addrs *ret);
/* Name service, words and addresses only; what is none is left out. Appends. */
void cni_result_dns(const struct json *result, struct zone_dns *ret);
/* { "code", "msg", "details" } in one sentence. 0 when it is no error object, else what cni_run() returns for it. */
int cni_result_error(const struct json *printed, struct err *e);

#endif
