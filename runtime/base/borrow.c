/* borrow - clone3 into the same memory and onto the same stack.
 *
 * The parent's instructions go on behind the system call only when the child has left the memory. In between the child has used the stack below this function's frame, which is why it never
 * comes back to C code above that: the call of its body stands in the same piece of assembly as the system call (the C library's syscall() would return twice through one return address). */
#include "runtime/base/borrow.h"

#include <errno.h>
#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/sys.h"

#if defined ZONES_SAN || defined ZONES_COVERAGE || defined ZONES_FAULTS
#define KEEPS_ACCOUNTS 1
#else
#define KEEPS_ACCOUNTS 0
#endif

#if defined __x86_64__ && defined __LP64__ && !KEEPS_ACCOUNTS
#define CAN_BORROW 1
/* 256 bytes: the 128 below the stack pointer may be in use by C code. */
static long clone3_and_call(struct clone_args *args, size_t size, void (*body)(void *arg),
			    void *arg)
{
	long r;

	__asm__ volatile("syscall\n"
			 "	testq %%rax, %%rax\n"
			 "	jnz 1f\n"
			 "	subq $256, %%rsp\n"
			 "	andq $-16, %%rsp\n"
			 "	xorl %%ebp, %%ebp\n"
			 "	movq %[arg], %%rdi\n"
			 "	call *%[body]\n"
			 "	ud2\n"
			 "1:\n"
			 : "=a"(r)
			 : "a"((long)SYS_clone3), "D"(args),
			   "S"(size), [body] "r"(body), [arg] "r"(arg)
			 : "rcx", "r11", "memory", "cc");
	return r;
}
#elif defined __aarch64__ && defined __LP64__ && !KEEPS_ACCOUNTS
#define CAN_BORROW 1
static long clone3_and_call(struct clone_args *args, size_t size, void (*body)(void *arg),
			    void *arg)
{
	register long x0 __asm__("x0") = (long)args;
	register long x1 __asm__("x1") = (long)size;
	register long x8 __asm__("x8") = SYS_clone3;

	__asm__ volatile("svc 0\n"
			 "	cbnz x0, 1f\n"
			 "	mov x29, #0\n"
			 "	mov x0, %[arg]\n"
			 "	blr %[body]\n"
			 "	brk #1\n"
			 "1:\n"
			 : "+r"(x0)
			 : "r"(x1), "r"(x8), [body] "r"(body), [arg] "r"(arg)
			 : "x30", "memory", "cc");
	return x0;
}
#else
#define CAN_BORROW 0
static long clone3_and_call(struct clone_args *args, size_t size, void (*body)(void *arg),
			    void *arg)
{
	(void)args;
	(void)size;
	(void)body;
	(void)arg;
	return -ENOSYS;
}
#endif

bool borrow_is_possible(void)
{
	return CAN_BORROW;
}

pid_t borrow_clone3(struct clone_args *args, size_t size, void (*body)(void *arg), void *arg)
{
	int dumpable = prctl(PR_GET_DUMPABLE);

	args->flags |= CLONE_VM | CLONE_VFORK;
	long r = clone3_and_call(args, size, body, arg);

	/* of the memory, not of the process; 2 cannot be set, and needs no care: it was the kernel's own choice */
	if (r > 0 && (dumpable == 0 || dumpable == 1))
		(void)sys_prctl(PR_SET_DUMPABLE, (unsigned long)dumpable, 0, 0, 0);
	if (r >= 0)
		return (pid_t)r;
	errno = (int)-r;
	return -1;
}
