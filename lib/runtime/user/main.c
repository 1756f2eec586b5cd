// SPDX-License-Identifier: MIT OR Apache-2.0
/* The first thread of a program that stands on nothing but the runtime: `int main(void)`. */
#include <runtime/start.h>

int main(void);

int runtime_main(void)
{
	return main();
}
