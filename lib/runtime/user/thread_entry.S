// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Where threads that thread_start makes begin, with the address of their region in the first argument register.
 */
	.text
	.globl runtime_thread_entry
	.hidden runtime_thread_entry
	.type runtime_thread_entry, @function
runtime_thread_entry:
	endbr64
	xorl %ebp, %ebp
	andq $-16, %rsp
	call runtime_thread_start
	ud2
	.size runtime_thread_entry, . - runtime_thread_entry

	.section .note.GNU-stack, "", @progbits
