// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the benchmark executes: a program that ends at once, and has neither a C
 * library nor a loader whose instructions would be counted with the kernel's.
 */
#include <sys/syscall.h>

void _start(void);

void _start(void)
{
	asm volatile("syscall" : : "a" (SYS_exit_group), "D" (0) :
		     "rcx", "r11", "memory");
	__builtin_unreachable();
}
