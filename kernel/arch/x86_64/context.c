// SPDX-License-Identifier: MIT OR Apache-2.0
/* Saved user state, as the kernel above sees it: results, arguments, upcalls, registers. (fpu.c makes and switches.) */
#include "layout.h"

#include <arch/entry.h>

static_assert(offsetof(struct arch_context, rip) == CTX_RIP &&
	      offsetof(struct arch_context, rflags) == CTX_RFLAGS);
static_assert(offsetof(struct arch_context, rsp) == CTX_RSP && offsetof(struct arch_context, rbx) == CTX_RBX);
static_assert(offsetof(struct arch_context, rbp) == CTX_RBP && offsetof(struct arch_context, r12) == CTX_R12);
static_assert(offsetof(struct arch_context, r15) == CTX_R15 && offsetof(struct arch_context, rax) == CTX_RAX);
static_assert(offsetof(struct arch_context, rdx) == CTX_RDX && offsetof(struct arch_context, rdi) == CTX_RDI);
static_assert(offsetof(struct arch_context, rsi) == CTX_RSI && offsetof(struct arch_context, rcx) == CTX_RCX);
static_assert(offsetof(struct arch_context, r8) == CTX_R8 && offsetof(struct arch_context, r11) == CTX_R11);
static_assert(offsetof(struct arch_context, kind) == CTX_KIND);

#define RED_ZONE 128u
#define RFLAGS_INIT (RFLAGS_IF | RFLAGS_ALWAYS)

void arch_context_set_result(struct arch_context *ctx, int64_t value, uint64_t reason)
{
	ctx->rax = (uint64_t)value;
	ctx->rdx = reason;
}

void arch_context_set_reason(struct arch_context *ctx, uint64_t reason)
{
	ctx->rdx = reason;
}

/* A system call gives these back as zero, and rcx, r11 as the instruction leaves them. */
static void settle_syscall(struct arch_context *ctx)
{
	if (ctx->kind != ARCH_CONTEXT_SYSCALL)
		return;
	ctx->rdi = ctx->rsi = ctx->r8 = ctx->r9 = ctx->r10 = 0;
	ctx->rcx = ctx->rip;
	ctx->r11 = ctx->rflags;
	ctx->kind = ARCH_CONTEXT_TRAP;
}

void arch_context_upcall(struct arch_context *ctx, struct cap_upcall_frame *frame, vaddr_t entry,
			 uint64_t frame_user)
{
	settle_syscall(ctx);
	frame->rax = ctx->rax;
	frame->rbx = ctx->rbx;
	frame->rcx = ctx->rcx;
	frame->rdx = ctx->rdx;
	frame->rsi = ctx->rsi;
	frame->rdi = ctx->rdi;
	frame->rbp = ctx->rbp;
	frame->r8 = ctx->r8;
	frame->r9 = ctx->r9;
	frame->r10 = ctx->r10;
	frame->r11 = ctx->r11;
	frame->r12 = ctx->r12;
	frame->r13 = ctx->r13;
	frame->r14 = ctx->r14;
	frame->r15 = ctx->r15;
	frame->rip = ctx->rip;
	frame->cs = SEL_USER_CODE;
	frame->rflags = ctx->rflags;
	frame->rsp = ctx->rsp;
	frame->ss = SEL_USER_DATA;

	/* As if the interrupted code had called it: the stack is 16-byte aligned before the return address. */
	*ctx = (struct arch_context){
		.rip = entry.raw,
		.rsp = align_down(ctx->rsp - RED_ZONE, 16) - 8,
		.rdi = frame_user,
		.rflags = RFLAGS_INIT,
		.kind = ARCH_CONTEXT_TRAP,
		.fcw = ctx->fcw,
		.fpu = ctx->fpu,
		.fs_base = ctx->fs_base,
		.gs_base = ctx->gs_base,
	};
}

/* general[], then pc */
const uint8_t arch_syscall_bytes[2] = {0x0f, 0x05};

const char *const arch_register_names[ARCH_REGISTERS] = {
	"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8",
	"r9",  "r10", "r11", "r12", "r13", "r14", "r15", "rip",
};

void arch_context_registers(const struct arch_context *ctx, struct arch_registers *out)
{
	struct arch_context c = *ctx;

	settle_syscall(&c);
	*out = (struct arch_registers){
		.pc = c.rip,
		.sp = c.rsp,
		.fp = c.rbp,
		.general = {c.rax, c.rbx, c.rcx, c.rdx, c.rsi, c.rdi, c.rbp, c.rsp, c.r8, c.r9, c.r10, c.r11,
			    c.r12, c.r13, c.r14, c.r15},
	};
}
