/* launcher - the first code of zrun: what takes the part of its start that needs no C library.
 *
 * A verb that enters a container runs from a read-only mount of the program (CVE-2019-5736, runtime/engine/selfexe.c), so the program starts twice. Each start of glibc costs 0.3 to 0.6 ms
 * in a virtual machine (it asks CPUID some dozens of times, and each is an exit to the hypervisor), more than anything else that the runtime does. So zrun is linked without PT_INTERP: the
 * kernel begins here instead of in the dynamic loader, the read-only mount is made and executed with four system calls, and only the second image loads the dynamic loader, as the
 * kernel would have: its segments are mapped, the auxiliary vector is told, and it goes on as ever. There is one file, and it may be copied anywhere.
 *
 * Nothing here is a judgement that others rely on: where a mount is not allowed, or the verb is not known here, the program starts unprotected and selfexe.c, which asks the kernel, does
 * its work as if there were no launcher.
 *
 * No function of the C library may be called, no table may hold pointers and nothing may be protected by a canary: nothing is relocated yet and there is no thread area. The Makefile
 * looks that it stays so. Other architectures, sanitizers and coverage link zrun as any other program. */
#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/launcher/launcher.h"

#define SELF "/proc/self/exe"

enum { FAILED = 127, HEAD_BYTES = 4096, SEGMENTS_MAX = 32 };

/* --- system calls and the first instructions ---------------------------------------------------- */

#if defined __x86_64__ && defined __LP64__
/* The stack is the kernel's until the loader gets it: argc, argv, envp, auxv. */
__asm__(".globl launcher_start\n"
	".hidden launcher_start\n"
	".type launcher_start, @function\n"
	"launcher_start:\n"
	"	endbr64\n"
	"	xorl %ebp, %ebp\n"
	"	movq %rsp, %rbx\n"
	"	movq %rsp, %rdi\n"
	"	andq $-16, %rsp\n"
	"	call launcher_main\n"
	"	movq %rbx, %rsp\n"
	"	xorl %edx, %edx\n"
	"	jmp *%rax\n"
	".size launcher_start, . - launcher_start\n");

static long call(long number, const long a[6])
{
	register long a3 __asm__("r10") = a[3];
	register long a4 __asm__("r8") = a[4];
	register long a5 __asm__("r9") = a[5];
	long r;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(a3), "r"(a4), "r"(a5)
			 : "rcx", "r11", "memory");
	return r;
}
#elif defined __aarch64__ && defined __LP64__
__asm__(".globl launcher_start\n"
	".hidden launcher_start\n"
	".type launcher_start, %function\n"
	"launcher_start:\n"
	"	hint #34\n" /* bti c */
	"	mov x29, #0\n"
	"	mov x30, #0\n"
	"	mov x19, sp\n"
	"	mov x0, sp\n"
	"	bl launcher_main\n"
	"	mov sp, x19\n"
	"	mov x16, x0\n"
	"	mov x0, #0\n"
	"	mov x30, #0\n"
	"	br x16\n"
	".size launcher_start, . - launcher_start\n");

static long call(long number, const long a[6])
{
	register long a0 __asm__("x0") = a[0];
	register long a1 __asm__("x1") = a[1];
	register long a2 __asm__("x2") = a[2];
	register long a3 __asm__("x3") = a[3];
	register long a4 __asm__("x4") = a[4];
	register long a5 __asm__("x5") = a[5];
	register long nr __asm__("x8") = number;

	__asm__ volatile("svc 0"
			 : "+r"(a0)
			 : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(nr)
			 : "memory");
	return a0;
}
#else
#error "no launcher for this architecture: the Makefile leaves it out"
#endif

/* --- the protected image ------------------------------------------------------------------------ */

static bool is_same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* Any word of the command line: a name that looks like a verb costs a restart that was not needed, nothing else. */
static bool enters_container(char *const argv[])
{
	for (size_t i = 1; argv[0] && argv[i]; i++) {
		if (is_same(argv[i], "run") || is_same(argv[i], "exec") ||
		    is_same(argv[i], "create"))
			return true;
	}
	return false;
}

static bool is_read_only(const struct statfs *fs)
{
	return fs->f_flags & ST_RDONLY;
}

/* Comes back when the program is protected already or cannot be. That the mount shows as read-only is seen before it is executed: the next image asks the same, so this can never go round. */
static void protect(char *const argv[], char *const envp[])
{
	static struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	static struct statfs fs;

	if (call(SYS_statfs, (long[6]){ (long)SELF, (long)&fs }) < 0 || is_read_only(&fs))
		return;
	long tree = call(SYS_open_tree,
			 (long[6]){ AT_FDCWD, (long)SELF, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC });

	if (tree < 0)
		return;
	if (call(SYS_mount_setattr,
		 (long[6]){ tree, (long)"", AT_EMPTY_PATH, (long)&attr, sizeof(attr) }) == 0 &&
	    call(SYS_fstatfs, (long[6]){ tree, (long)&fs }) == 0 && is_read_only(&fs))
		(void)call(SYS_execveat,
			   (long[6]){ tree, (long)"", (long)argv, (long)envp, AT_EMPTY_PATH });
	(void)call(SYS_close, (long[6]){ tree });
}

/* --- the dynamic loader ------------------------------------------------------------------------- */

struct loader {
	union {
		Elf64_Ehdr header;
		char bytes[HEAD_BYTES]; /* its first ones: the program headers are among them */
	} head;
	long fd;
	unsigned long page, base;
};

static const Elf64_Phdr *segment(const struct loader *l, size_t i)
{
	return (const Elf64_Phdr *)(l->head.bytes + l->head.header.e_phoff) + i;
}

static unsigned long page_of(const struct loader *l, unsigned long address)
{
	return address & ~(l->page - 1);
}

static unsigned long page_end(const struct loader *l, unsigned long address)
{
	return page_of(l, address + l->page - 1);
}

static long map(unsigned long address, unsigned long length, int prot, long fd, long offset)
{
	long flags = MAP_PRIVATE | (address ? MAP_FIXED : 0) | (fd < 0 ? MAP_ANONYMOUS : 0);

	return call(SYS_mmap, (long[6]){ (long)address, (long)length, prot, flags, fd, offset });
}

static bool is_error(long r)
{
	return r < 0 && r >= -4095;
}

/* As in the kernel's elf_load(): file pages first, what is left of the last one zeroed, then empty pages. */
static bool map_segment(const struct loader *l, const Elf64_Phdr *s)
{
	unsigned long start = page_of(l, s->p_vaddr), in_page = s->p_vaddr - start;
	unsigned long file_end = l->base + s->p_vaddr + s->p_filesz;
	unsigned long end = page_end(l, l->base + s->p_vaddr + s->p_memsz);
	int prot = (s->p_flags & PF_R ? PROT_READ : 0) | (s->p_flags & PF_W ? PROT_WRITE : 0) |
		   (s->p_flags & PF_X ? PROT_EXEC : 0);

	if (is_error(map(l->base + start, in_page + s->p_filesz, prot, l->fd,
			 (long)(s->p_offset - in_page))))
		return false;
	if (s->p_memsz == s->p_filesz)
		return true;
	volatile char *rest = (volatile char *)file_end; /* volatile: no memset() */

	while ((unsigned long)rest < page_end(l, file_end))
		*rest++ = 0;
	return (unsigned long)rest >= end ||
	       !is_error(map((unsigned long)rest, end - (unsigned long)rest, prot, -1, 0));
}

/* One stretch of address space that holds all segments, so that they lie to each other as they were linked. */
static bool reserve(struct loader *l)
{
	unsigned long end = 0;

	for (size_t i = 0; i < l->head.header.e_phnum; i++) {
		const Elf64_Phdr *s = segment(l, i);

		if (s->p_type == PT_LOAD && s->p_vaddr + s->p_memsz > end)
			end = s->p_vaddr + s->p_memsz;
	}
	long base = map(0, page_end(l, end), PROT_NONE, -1, 0);

	l->base = (unsigned long)base;
	return !is_error(base);
}

static bool is_loader(const Elf64_Ehdr *h, long n)
{
	return n >= (long)sizeof(*h) && h->e_ident[EI_MAG0] == ELFMAG0 &&
	       h->e_ident[EI_MAG1] == ELFMAG1 && h->e_ident[EI_MAG2] == ELFMAG2 &&
	       h->e_ident[EI_MAG3] == ELFMAG3 && h->e_type == ET_DYN &&
	       h->e_phentsize == sizeof(Elf64_Phdr) && h->e_phoff < (unsigned long)n &&
	       h->e_phnum <= ((unsigned long)n - h->e_phoff) / sizeof(Elf64_Phdr);
}

/* The address where it begins; 0 when there is none. */
static unsigned long load(struct loader *l)
{
	l->fd = call(SYS_openat, (long[6]){ AT_FDCWD, (long)ZONES_LOADER, O_RDONLY | O_CLOEXEC });
	if (l->fd < 0)
		return 0;
	long n = call(SYS_read, (long[6]){ l->fd, (long)&l->head, sizeof(l->head) });

	if (!is_loader(&l->head.header, n) || !reserve(l))
		return 0;
	for (size_t i = 0; i < l->head.header.e_phnum; i++) {
		if (segment(l, i)->p_type == PT_LOAD && !map_segment(l, segment(l, i)))
			return 0;
	}
	(void)call(SYS_close, (long[6]){ l->fd });
	return l->base + l->head.header.e_entry;
}

static void set_aux(Elf64_auxv_t *aux, unsigned long type, unsigned long value)
{
	for (; aux->a_type != AT_NULL; aux++) {
		if (aux->a_type == type)
			aux->a_un.a_val = value;
	}
}

static unsigned long get_aux(const Elf64_auxv_t *aux, unsigned long type)
{
	for (; aux->a_type != AT_NULL; aux++) {
		if (aux->a_type == type)
			return aux->a_un.a_val;
	}
	return 0;
}

static void set_segment(Elf64_Phdr *s, unsigned type, const void *start, size_t bytes)
{
	s->p_type = type;
	s->p_flags = PF_R;
	s->p_vaddr = (Elf64_Addr)start - (Elf64_Addr)&__ehdr_start;
	s->p_filesz = s->p_memsz = bytes;
}

/* The program headers as they would be with PT_INTERP, of which the linker makes two more: where the table itself lies, by which the loader knows where the program is, and the name of the
 * loader. They stay, dl_iterate_phdr() shows them. */
static bool tell_segments(Elf64_auxv_t *aux)
{
	static const char loader[] = ZONES_LOADER;
	static Elf64_Phdr told[SEGMENTS_MAX];
	const Elf64_Phdr *real = (const Elf64_Phdr *)get_aux(aux, AT_PHDR);
	unsigned long n = get_aux(aux, AT_PHNUM), used = 2;

	if (n > SEGMENTS_MAX - used)
		return false;
	for (unsigned long i = 0; i < n; i++) {
		if (real[i].p_type != PT_PHDR)
			told[used++] = real[i];
	}
	set_segment(&told[0], PT_PHDR, told, used * sizeof(told[0]));
	set_segment(&told[1], PT_INTERP, loader, sizeof(loader));
	set_aux(aux, AT_PHDR, (unsigned long)told);
	set_aux(aux, AT_PHNUM, used);
	return true;
}

unsigned long launcher_main(long *stack)
{
	char **argv = (char **)(stack + 1), **envp = argv + stack[0] + 1, **after = envp;

	while (*after)
		after++;
	Elf64_auxv_t *aux = (Elf64_auxv_t *)(after + 1);
	static struct loader l;

	if (enters_container(argv))
		protect(argv, envp);
	l.page = get_aux(aux, AT_PAGESZ);
	unsigned long entry = load(&l);

	if (entry == 0 || !tell_segments(aux)) {
		static const char text[] =
			"zrun: the dynamic loader " ZONES_LOADER " cannot be loaded\n";

		(void)call(SYS_write, (long[6]){ STDERR_FILENO, (long)text, sizeof(text) - 1 });
		(void)call(SYS_exit_group, (long[6]){ FAILED });
	}
	/* the loader ends by going to AT_ENTRY, which must not be here again */
	set_aux(aux, AT_BASE, l.base);
	set_aux(aux, AT_ENTRY, (unsigned long)_start);
	return entry;
}
