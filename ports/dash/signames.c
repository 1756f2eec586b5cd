// SPDX-License-Identifier: MIT OR Apache-2.0
/* The names of signals by number, which dash's own build generates with a program that is under the GPL. Real-time ones have numbers only. */
extern const char *const signal_names[];

const char *const signal_names[66] = {
	"EXIT", "HUP",  "INT",  "QUIT", "ILL",    "TRAP",   "ABRT",  "BUS",  "FPE",  "KILL", "USR1",
	"SEGV", "USR2", "PIPE", "ALRM", "TERM",   "STKFLT", "CHLD",  "CONT", "STOP", "TSTP", "TTIN",
	"TTOU", "URG",  "XCPU", "XFSZ", "VTALRM", "PROF",   "WINCH", "IO",   "PWR",  "SYS",  "32",
	"33",   "34",   "35",   "36",   "37",     "38",     "39",    "40",   "41",   "42",   "43",
	"44",   "45",   "46",   "47",   "48",     "49",     "50",    "51",   "52",   "53",   "54",
	"55",   "56",   "57",   "58",   "59",     "60",     "61",    "62",   "63",   "64",   (char *)0,
};
