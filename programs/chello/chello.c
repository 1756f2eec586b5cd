// SPDX-License-Identifier: MIT OR Apache-2.0
/* The smallest program on the C library: what any C program does first. */
#include <stdio.h>

int main(int argc, char **argv)
{
	printf("hello, world\n");
	for (int i = 1; i < argc; i++)
		printf("argument %d: %s\n", i, argv[i]);
	return 0;
}
