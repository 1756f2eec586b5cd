// SPDX-License-Identifier: MIT OR Apache-2.0
/* A hello that stays: what it takes up is measured meanwhile (bench-posix). */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	printf("hello\n");
	fflush(stdout);
	pause();
	return 0;
}
