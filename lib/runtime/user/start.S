// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Where a program begins: its first thread, with the address of its region in the first argument register.
 */
	.text
	.globl _start
	.type _start, @function
_start:
	endbr64
	xorl %ebp, %ebp /* the end of the chain of frames */
	andq $-16, %rsp
	call runtime_start
	ud2
	.size _start, . - _start

	.section .note.GNU-stack, "", @progbits
