/* SPDX-License-Identifier: Apache-2.0
 * What every cmocka program here starts with, and its main: results are printed as TAP.
 */
#ifndef REMIT_TESTS_UNIT_TEST_H
#define REMIT_TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define TEST_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* int main(void) that runs an array of struct CMUnitTest. */
#define TEST_MAIN(tests)                                                        \
	int main(void)                                                          \
	{                                                                       \
		cmocka_set_message_output(CM_OUTPUT_TAP);                       \
		return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;  \
	}

#endif
