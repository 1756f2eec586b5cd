// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Where threads that __clone makes begin, with the address of their region in the first argument register.
 */
	.text
	.globl posix_thread_entry
	.hidden posix_thread_entry
	.type posix_thread_entry, @function
posix_thread_entry:
	endbr64
	xorl %ebp, %ebp
	andq $-16, %rsp
	call posix_thread_start
	ud2
	.size posix_thread_entry, . - posix_thread_entry

	.section .note.GNU-stack, "", @progbits
