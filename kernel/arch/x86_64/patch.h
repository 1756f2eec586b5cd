// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Places in the kernel's code that mitigate_patch rewrites once, at boot, before the code becomes read-only: so that what the
 * processor does not need costs nothing. For assembly code, and for C by its inline assembly. A record of section .patches:
 * {site, target, length, when}. With a target the site becomes a jump (or call) to it if any bit of `when` is on; without one
 * it is skipped if none is.
 */
#pragma once

#define PATCH_ISOLATION 0x1     /* address spaces without the kernel's pages */
#define PATCH_BRANCHES 0x2      /* IBRS is set on entry and cleared on exit */
#define PATCH_HISTORY 0x4       /* the branch history is overwritten on entry */
#define PATCH_ENTRY_BARRIER 0x8 /* IBPB on entry */
#define PATCH_BUFFERS 0x10      /* VERW on exit */
#define PATCH_BARRIER 0x20      /* IBPB when another address space becomes active */
#define PATCH_RETURNS 0x40      /* the return stack is overwritten then */
#define PATCH_NO_ISOLATION 0x80

#define PATCH_PORCH 0x1f  /* whatever is done on entry or exit */
#define PATCH_SWITCH 0x61 /* whatever is done when another address space becomes active */
#define PATCH_CALL 0x100  /* a call, not a jump */

#ifdef __ASSEMBLER__
// clang-format off
/* From label 661 to this: stays only if one of `when` is on. */
	.macro	site_end when
662:	.pushsection .patches, "a", @progbits
	.quad	661b, 0
	.long	662b - 661b, \when
	.popsection
	.endm
/* From 661 to this: a jump to `target` if one of `when` is on. */
	.macro	site_or target, when
662:	.pushsection .patches, "a", @progbits
	.quad	661b, \target
	.long	662b - 661b, \when
	.popsection
	.endm
// clang-format on
#endif
