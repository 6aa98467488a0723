/* borrow - a child that lives in its parent's memory until it ends, as after vfork(2): nothing is copied, neither at its birth nor at the first write afterwards.
 *
 * For children that do a few things and exit (enter namespaces, clone another process) and whose parent would only wait. The parent stands still meanwhile. Descriptors, directories, ids and
 * namespaces are the child's own; everything in memory is the parent's: variables and the heap, errno, and the dumpable flag, which is put back when the child has ended. So the child
 * must leave the parent's structures as they are, and may not join a time namespace (the kernel wants nobody else in the memory). */
#ifndef RUNTIME_BASE_BORROW_H
#define RUNTIME_BASE_BORROW_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct clone_args;

/* Can this build do it? Not on architectures other than x86-64 and aarch64, and not with sanitizers, coverage or fault points, which keep accounts in memory. */
bool borrow_is_possible(void);

/* As clone3(2) with CLONE_VM and CLONE_VFORK added; stack and stack_size stay 0. The child calls body(arg), which must not return: it ends with proc_exit(). Returns the pid when the child
 * has ended or executed something, else -1 with errno. Called by the parent. */
pid_t borrow_clone3(struct clone_args *args, size_t size, void (*body)(void *arg), void *arg);

#endif
