// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Instructions that user code may not execute, or may and must not gain by: each ends the process, typed, or
 * does nothing.
 */
#include "x86.h"

#define VICTIM(name, ...)                      \
	static int name(void)                  \
	{                                      \
		__asm__ volatile(__VA_ARGS__); \
		return 1;                      \
	}

VICTIM(does_cli, "cli")
VICTIM(does_sti, "sti")
VICTIM(does_hlt, "hlt")
VICTIM(does_in, "in $0x60, %%al" :: : "rax")
VICTIM(does_out, "out %%al, $0x80" :: : "rax")
VICTIM(does_outs, "lea (%%rsp), %%rsi; mov $0x3f8, %%edx; outsb" :: : "rsi", "rdx", "memory")
VICTIM(reads_cr0, "mov %%cr0, %%rax" :: : "rax")
VICTIM(writes_cr3, "mov %%rax, %%cr3" :: : "rax", "memory")
VICTIM(writes_cr4, "xor %%eax, %%eax; mov %%rax, %%cr4" :: : "rax", "memory")
VICTIM(writes_dr7, "xor %%eax, %%eax; mov %%rax, %%dr7" :: : "rax", "memory")
VICTIM(reads_dr0, "mov %%dr0, %%rax" :: : "rax")
VICTIM(does_rdmsr, "mov $0xc0000080, %%ecx; rdmsr" :: : "rax", "rcx", "rdx")
VICTIM(does_wrmsr, "mov $0xc0000082, %%ecx; wrmsr" :: : "rax", "rcx", "rdx")
VICTIM(does_swapgs, "swapgs" :: : "memory")
VICTIM(does_sysret, "sysretq" :: : "memory")
VICTIM(does_sysexit, "sysexit" :: : "memory")
VICTIM(does_invlpg, "invlpg (%%rsp)" :: : "memory")
VICTIM(does_invd, "invd" :: : "memory")
VICTIM(does_wbinvd, "wbinvd" :: : "memory")
VICTIM(does_clts, "clts")
VICTIM(does_xsetbv, "xor %%ecx, %%ecx; xor %%eax, %%eax; xor %%edx, %%edx; xsetbv" :: : "rax", "rcx", "rdx")
VICTIM(does_lgdt, "sub $16, %%rsp; lgdt (%%rsp)" :: : "memory")
VICTIM(does_lidt, "sub $16, %%rsp; lidt (%%rsp)" :: : "memory")
VICTIM(does_ltr, "xor %%eax, %%eax; ltr %%ax" :: : "rax", "memory")
VICTIM(does_int0, "int $0" :: : "memory")
VICTIM(does_int3, "int3" :: : "memory")
VICTIM(does_int8, "int $8" :: : "memory")
VICTIM(does_int14, "int $14" :: : "memory")
VICTIM(does_int32, "int $32" :: : "memory")
VICTIM(does_int48, "int $48" :: : "memory")
VICTIM(does_int80, "int $0x80" :: : "memory")
VICTIM(does_int255, "int $255" :: : "memory")
VICTIM(does_sysenter, "sysenter" :: : "memory")
VICTIM(far_return, "pushq $0x8; lea 1f(%%rip), %%rax; push %%rax; lretq; 1:" :: : "rax", "memory")
VICTIM(far_return_null, "pushq $0; lea 1f(%%rip), %%rax; push %%rax; lretq; 1:" :: : "rax", "memory")
VICTIM(bad_iret,
       "mov %%rsp, %%rax; pushq $0x10; push %%rax; pushfq; pushq $0x8; lea 1f(%%rip), %%rax; push %%rax; iretq; 1:" :: : "rax",
       "memory")
VICTIM(loads_kernel_ds, "mov $0x10, %%eax; mov %%eax, %%ds" :: : "rax", "memory")
VICTIM(loads_wild_gs, "mov $0xfff8, %%eax; mov %%eax, %%gs" :: : "rax", "memory")
VICTIM(loads_null_ss, "xor %%eax, %%eax; mov %%eax, %%ss" :: : "rax", "memory")
VICTIM(wild_fs_base, "movabs $0x8000000000000000, %%rax; wrfsbase %%rax" :: : "rax", "memory")
VICTIM(wild_mxcsr,
       "sub $128, %%rsp; pushq $-1; ldmxcsr (%%rsp); movl $0x1f80, (%%rsp); ldmxcsr (%%rsp); add $136, %%rsp" :: : "memory")
VICTIM(does_monitor, "lea (%%rsp), %%rax; xor %%ecx, %%ecx; xor %%edx, %%edx; monitor" :: : "rax", "rcx",
       "rdx", "memory")

VICTIM(does_icebp, ".byte 0xf1" :: : "memory")
VICTIM(mov_ss_int3, "mov %%ss, %%eax; mov %%eax, %%ss; int3" :: : "rax", "memory")
VICTIM(mov_ss_int80, "mov %%ss, %%eax; mov %%eax, %%ss; int $0x80" :: : "rax", "memory")
VICTIM(far_return_tss, "pushq $0x30; lea 1f(%%rip), %%rax; push %%rax; lretq; 1:" :: : "rax", "memory")
VICTIM(far_return_32, "pushq $0x1b; lea 1f(%%rip), %%rax; push %%rax; lretq; 1:" :: : "rax", "memory")
VICTIM(iret_with_nt,
       "mov %%rsp, %%rax; mov %%ss, %%ecx; push %%rcx; push %%rax; pushfq; mov %%cs, %%ecx; push %%rcx\n\t"
       "lea 1f(%%rip), %%rax; push %%rax; pushfq; orq $0x4000, (%%rsp); popfq; iretq; 1:" :: : "rax",
       "rcx", "memory", "cc")
VICTIM(does_invpcid, "sub $16, %%rsp; xor %%eax, %%eax; invpcid (%%rsp), %%rax" :: : "rax", "memory")
VICTIM(does_mwait, "xor %%eax, %%eax; xor %%ecx, %%ecx; mwait" :: : "rax", "rcx", "memory")
VICTIM(does_stac, "stac" :: : "memory", "cc")
VICTIM(does_wrpkru, "xor %%eax, %%eax; xor %%ecx, %%ecx; xor %%edx, %%edx; wrpkru" :: : "rax", "rcx", "rdx")
VICTIM(does_vmcall, "vmcall" :: : "memory")
VICTIM(does_vmmcall, "vmmcall" :: : "memory")
VICTIM(does_vmrun, "xor %%eax, %%eax; vmrun" :: : "rax", "memory")
VICTIM(does_rsm, "rsm" :: : "memory")
/* Its GS base where the kernel's is, or could be: entry must not take the one for the other. */
VICTIM(int3_gs_in_kernel, "mov $0xffffffff80200000, %%rax; wrgsbase %%rax; int3" :: : "rax", "memory")

static int syscall_gs_in_kernel(void)
{
	uint64_t base = 0xffffffff80200000, after = 0;

	__asm__ volatile("wrgsbase %1\n\t"
			 "mov $0xffff, %%eax; xor %%edi, %%edi; xor %%esi, %%esi; syscall\n\t"
			 "rdgsbase %0"
			 : "=&b"(after)
			 : "r"(base)
			 : "rax", "rdi", "rsi", "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
	return after == base ? 0 : 1;
}

/* What XCR0 enables is what the kernel saves: x87, SSE, AVX, AVX-512. */
static int reads_xcr0(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (low & ~0xe7u) == 0 && high == 0 && (low & 3) == 3 ? 0 : 1;
}

/* An emulator may not check alignment. */
static int misaligned_with_ac(void)
{
	uint64_t words[2] = {};

	__asm__ volatile("pushfq; orq $0x40000, (%%rsp); popfq\n\t"
			 "mov 1(%0), %%eax\n\t"
			 "pushfq; andq $~0x40000, (%%rsp); popfq" ::"r"(words)
			 : "rax", "memory", "cc");
	return 0;
}

#define READS(name, instruction)                                  \
	static int name(void)                                     \
	{                                                         \
		uint64_t told[2] = {};                            \
		__asm__ volatile(instruction " %0" : "=m"(told)); \
		return 0;                                         \
	}

READS(does_sidt, "sidt")
READS(does_sldt, "sldt")
READS(does_str, "str")
READS(does_smsw, "smsw")

/* User code may read what these tell, unless UMIP is on; what they tell must not be of use. */
static int does_sgdt(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) table;

	__asm__ volatile("sgdt %0" : "=m"(table));
	return 0;
}

/* IOPL and IF cannot be changed by POPF. */
static int popf_iopl(void)
{
	uint64_t flags;

	__asm__ volatile("pushfq; orq $0x3000, (%%rsp); andq $~0x200, (%%rsp); popfq; pushfq; pop %0"
			 : "=r"(flags)::"memory", "cc");
	if (flags & 0x3000 || !(flags & 0x200))
		return 1;
	return 0;
}

static int does_rdpmc(void)
{
	__asm__ volatile("xor %%ecx, %%ecx; rdpmc" ::: "rax", "rcx", "rdx");
	return 1;
}

/* XRSTOR of an image with reserved bits: a fault here, never in the kernel. */
static int hostile_xrstor(void)
{
	static uint8_t image[4096] __attribute__((aligned(64)));

	memset(image, 0xff, sizeof(image));
	__asm__ volatile("mov $7, %%eax; xor %%edx, %%edx; xrstor (%0)" ::"r"(image)
			 : "rax", "rdx", "memory");
	return 1;
}

static int misaligned_sse(void)
{
	static uint8_t bytes[64] __attribute__((aligned(64)));

	__asm__ volatile("movaps 1(%0), %%xmm0" ::"r"(bytes) : "xmm0");
	return 1;
}

static int long_instruction(void)
{
	__asm__ volatile(
		".byte 0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x90");
	return 1;
}

/* MOV SS puts off a debug trap by one instruction: into the kernel, if that is SYSCALL (CVE-2018-8897). */
static int mov_ss_syscall(void)
{
	__asm__ volatile("mov %%ss, %%ebx\n\t"
			 "xor %%eax, %%eax; xor %%edi, %%edi; xor %%esi, %%esi\n\t"
			 "sub $128, %%rsp; pushfq; orq $0x100, (%%rsp); popfq\n\t"
			 "mov %%ebx, %%ss\n\t"
			 "syscall"
			 :
			 :
			 : "rax", "rbx", "rdi", "rsi", "rcx", "rdx", "r8", "r9", "r10", "r11", "memory",
			   "cc");
	return 1;
}

#define PROTECTED(function, text)                                                       \
	{                                                                               \
		text, function, FAULT(PROTECTION_FAULT), 0, FAULT(ILLEGAL_INSTRUCTION), \
		{                                                                       \
		}                                                                       \
	}

const struct victim instructions[] = {
	PROTECTED(does_cli, "CLI"),
	PROTECTED(does_sti, "STI"),
	PROTECTED(does_hlt, "HLT"),
	PROTECTED(does_in, "IN"),
	PROTECTED(does_out, "OUT"),
	PROTECTED(does_outs, "OUTS"),
	PROTECTED(reads_cr0, "MOV from CR0"),
	PROTECTED(writes_cr3, "MOV to CR3"),
	PROTECTED(writes_cr4, "MOV to CR4"),
	PROTECTED(writes_dr7, "MOV to DR7"),
	PROTECTED(reads_dr0, "MOV from DR0"),
	PROTECTED(does_rdmsr, "RDMSR"),
	PROTECTED(does_wrmsr, "WRMSR"),
	PROTECTED(does_swapgs, "SWAPGS"),
	PROTECTED(does_sysret, "SYSRET"),
	PROTECTED(does_sysexit, "SYSEXIT"),
	PROTECTED(does_invlpg, "INVLPG"),
	PROTECTED(does_invd, "INVD"),
	PROTECTED(does_wbinvd, "WBINVD"),
	PROTECTED(does_clts, "CLTS"),
	PROTECTED(does_xsetbv, "XSETBV"),
	PROTECTED(does_lgdt, "LGDT"),
	PROTECTED(does_lidt, "LIDT"),
	PROTECTED(does_ltr, "LTR"),
	PROTECTED(does_int0, "INT 0"),
	{"INT3", does_int3, FAULT(DEBUG_TRAP), 0, 0, {}},
	PROTECTED(does_int8, "INT 8"),
	PROTECTED(does_int14, "INT 14"),
	PROTECTED(does_int32, "INT 32"),
	PROTECTED(does_int48, "INT 48"),
	PROTECTED(does_int80, "INT 0x80"),
	PROTECTED(does_int255, "INT 255"),
	PROTECTED(does_sysenter, "SYSENTER"),
	{"RETF into the kernel's segment", far_return, FAULT(PROTECTION_FAULT), 0, FAULT(OTHER_FAULT), {}},
	{"RETF into no segment", far_return_null, FAULT(PROTECTION_FAULT), 0, FAULT(OTHER_FAULT), {}},
	{"IRET into the kernel", bad_iret, FAULT(PROTECTION_FAULT), 0, FAULT(PAGE_FAULT), {}},
	{"MOV of a kernel selector to DS",
	 loads_kernel_ds,
	 FAULT(PROTECTION_FAULT),
	 0,
	 FAULT(OTHER_FAULT),
	 {}},
	{"MOV of a wild selector to GS", loads_wild_gs, FAULT(PROTECTION_FAULT), 0, FAULT(OTHER_FAULT), {}},
	PROTECTED(loads_null_ss, "MOV of null to SS"),
	PROTECTED(wild_fs_base, "WRFSBASE of no address"),
	/* QEMU's emulator ignores those bits. */
	{"LDMXCSR with reserved bits", wild_mxcsr, FAULT(PROTECTION_FAULT), 0, FAULT(EXIT), {}},
	PROTECTED(does_monitor, "MONITOR"),
	PROTECTED(does_rdpmc, "RDPMC"),
	PROTECTED(hostile_xrstor, "XRSTOR of a hostile image"),
	PROTECTED(misaligned_sse, "MOVAPS across its alignment"),
	PROTECTED(long_instruction, "an instruction of 16 bytes"),
	{"SGDT", does_sgdt, FAULT(EXIT), 0, FAULT(PROTECTION_FAULT), {}},
	{"SIDT", does_sidt, FAULT(EXIT), 0, FAULT(PROTECTION_FAULT), {}},
	{"SLDT", does_sldt, FAULT(EXIT), 0, FAULT(PROTECTION_FAULT), {}},
	{"STR", does_str, FAULT(EXIT), 0, FAULT(PROTECTION_FAULT), {}},
	{"SMSW", does_smsw, FAULT(EXIT), 0, FAULT(PROTECTION_FAULT), {}},
	/* QEMU's emulator does not know it. */
	{"INT1", does_icebp, FAULT(DEBUG_TRAP), 0, FAULT(ILLEGAL_INSTRUCTION), {}},
	{"MOV SS, then INT3", mov_ss_int3, FAULT(DEBUG_TRAP), 0, 0, {}},
	PROTECTED(mov_ss_int80, "MOV SS, then INT 0x80"),
	{"RETF into the task state", far_return_tss, FAULT(PROTECTION_FAULT), 0, FAULT(OTHER_FAULT), {}},
	{"RETF into 32-bit code", far_return_32, FAULT(PROTECTION_FAULT), 0, FAULT(OTHER_FAULT), {}},
	PROTECTED(iret_with_nt, "IRET with NT set"),
	PROTECTED(does_invpcid, "INVPCID"),
	PROTECTED(does_mwait, "MWAIT"),
	PROTECTED(does_stac, "STAC"),
	PROTECTED(does_wrpkru, "WRPKRU"),
	PROTECTED(does_vmcall, "VMCALL"),
	PROTECTED(does_vmmcall, "VMMCALL"),
	PROTECTED(does_vmrun, "VMRUN"),
	PROTECTED(does_rsm, "RSM"),
	{"INT3 with its GS base in the kernel", int3_gs_in_kernel, FAULT(DEBUG_TRAP), 0, 0, {}},
	{"SYSCALL with its GS base in the kernel", syscall_gs_in_kernel, FAULT(EXIT), 0, 0, {}},
	{"XGETBV", reads_xcr0, FAULT(EXIT), 0, 0, {}},
	{"a misaligned read with AC set", misaligned_with_ac, FAULT(EXIT), 0, FAULT(OTHER_FAULT), {}},
	{"POPF with IOPL 3 and without IF", popf_iopl, FAULT(EXIT), 0, 0, {}},
	{"MOV SS, then SYSCALL, with TF", mov_ss_syscall, FAULT(DEBUG_TRAP), 0, 0, {}},
};
const uint32_t instruction_count = sizeof(instructions) / sizeof(instructions[0]);
