// SPDX-License-Identifier: MIT OR Apache-2.0
/* test-threads: threads of one process. Started with the argument "child" it is one of its own children. */
#include "threads.h"

bool run_threads(unsigned count, int64_t (*body)(void *))
{
	struct thread threads[16];
	unsigned started = 0;
	bool good = true;

	while (started < count && good)
		if ((good = thread_start(&threads[started], body, nullptr, nullptr) == STATUS_OK))
			started++;
	for (unsigned i = 0; i < started; i++) {
		int64_t code = -1;

		good &= thread_join(&threads[i], &code) == STATUS_OK && code == 0;
	}
	return good;
}

int main(void)
{
	if (runtime_argument_count() > 0 && msg_text_equal(runtime_argument(0), MSG_TEXT("child")))
		return child_main(runtime_argument(1));
	tap_start();
	test_lives();
	test_locks();
	test_deaths();
	return tap_end();
}
