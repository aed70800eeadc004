/* SPDX-License-Identifier: Apache-2.0
 * Numbers of names: the same name, the same number, whatever came between.
 */
#include "../test.h"

#include "gate/numbers.h"

#include <stdio.h>

static uint32_t number_of(struct numbers *numbers, const char *api, const char *operation)
{
	uint32_t number = UINT32_MAX;
	assert_true(numbers_operation(numbers, str_of(api), str_of(operation), &number));
	return number;
}

static void test_an_api_past_the_last_is_refused(void **state)
{
	(void)state;
	struct numbers *numbers;
	char name[16];
	uint8_t number = 0;
	assert_true(numbers_new(&numbers));
	for (unsigned i = 0; i < NUMBERS_APIS; i++) {
		snprintf(name, sizeof(name), "api%u", i);
		assert_true(numbers_api(numbers, name, &number));
		assert_int_equal(number, i);
	}
	number = 7;
	assert_false(numbers_api(numbers, "one-more", &number));
	assert_int_equal(number, 7);
	assert_true(numbers_api(numbers, "api3", &number));
	assert_int_equal(number, 3);
	assert_int_equal(numbers_api_count(numbers), NUMBERS_APIS);
	assert_string_equal(numbers_api_text(numbers, 3), "api3");
	numbers_free(numbers);
}

static void test_a_name_keeps_its_number(void **state)
{
	(void)state;
	struct numbers *numbers;
	struct str api, operation;
	char name[32];
	assert_true(numbers_new(&numbers));
	uint32_t list = number_of(numbers, "a", "GET /list"), unmapped = number_of(numbers, "a", "");
	/* Where one name ends and the next begins counts. */
	assert_int_not_equal(number_of(numbers, "aG", "ET /list"), list);
	assert_int_not_equal(number_of(numbers, "b", ""), unmapped);
	for (unsigned i = 0; i < 40000; i++) {
		snprintf(name, sizeof(name), "GET /%u", i);
		number_of(numbers, "c", name);
	}
	assert_int_equal(number_of(numbers, "a", "GET /list"), list);
	assert_int_equal(number_of(numbers, "a", ""), unmapped);
	numbers_operation_text(numbers, list, &api, &operation);
	assert_true(str_is(api, "a") && str_is(operation, "GET /list"));
	numbers_operation_text(numbers, unmapped, &api, &operation);
	assert_true(str_is(api, "a") && operation.n == 0);
	numbers_operation_text(numbers, number_of(numbers, "c", "GET /39999"), &api, &operation);
	assert_true(str_is(api, "c") && str_is(operation, "GET /39999"));
	numbers_free(numbers);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_an_api_past_the_last_is_refused),
	cmocka_unit_test(test_a_name_keeps_its_number),
};

TEST_MAIN(tests)
