/* audit_arch - the architecture that this program was built for, as seccomp names it. Private to this folder. */
#ifndef RUNTIME_PROCVIEW_AUDIT_ARCH_H
#define RUNTIME_PROCVIEW_AUDIT_ARCH_H

#include <linux/audit.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "this architecture is missing in the filter"
#endif

#endif
