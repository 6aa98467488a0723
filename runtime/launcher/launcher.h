/* launcher - see launcher.c. Nothing here is called by the program: launcher_start is the address where the kernel begins (-Wl,-e), and comes to _start by way of the dynamic loader. */
#ifndef ZONES_LAUNCHER_H
#define ZONES_LAUNCHER_H

/* By the first instructions, on the stack that the kernel made: returns where to go on with that same stack, the dynamic loader's first instruction. */
__attribute__((used, visibility("hidden"))) unsigned long launcher_main(long *stack);

/* The C library's own first instruction (its crt1.o). */
__attribute__((visibility("hidden"))) extern void _start(void);

/* The linker's: the first byte of the program, wherever it lies. */
__attribute__((visibility("hidden"))) extern const char __ehdr_start;

#endif
