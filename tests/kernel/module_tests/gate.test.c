// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "gate_emf.h"

#include <emf/test.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <stdlib.h>

static uint32_t verdict(struct emf_test *t, uint32_t length)
{
	static const char packet[200];
	struct emf_test_run run = { .packet = packet, .packet_size = length };

	emf_test_program(t, "pass_short", &run);
	return run.result;
}

EMF_TEST(a_short_packet_passes_and_a_long_one_is_told)
{
	EMF_TEST_REQUIRE(t, verdict(t, 100) == XDP_PASS);
	EMF_TEST_REQUIRE(t, verdict(t, 101) == XDP_DROP);
	emf_test_expect(t, "{\"event\":\"refused\",\"args\":{\"length\":101}}");
	emf_test_expect_none(t, "{\"args\":{\"length\":100}}");
}

EMF_TEST(a_parameter_is_set_for_one_test, "longest=60")
{
	EMF_TEST_REQUIRE(t, verdict(t, 61) == XDP_DROP);
}

EMF_TEST(only_the_loopback_interface_is_there)
{
	struct if_nameindex *all = if_nameindex();

	EMF_TEST_REQUIRE(t, all && all[0].if_index == 1 && !all[1].if_index);
	if_freenameindex(all);
}

EMF_TEST(wrong_what_is_expected_and_does_not_come)
{
	verdict(t, 150);
	emf_test_expect(t, "{\"event\":\"refused\",\"args\":{\"length\":151}}");
	emf_test_expect_none(t, "{\"event\":\"refused\"}");
}

EMF_TEST(wrong_names_and_a_program_that_fails)
{
	struct emf_test_run run = { .packet = "", .packet_size = 0 };

	emf_test_program(t, "pass_long", &run);
	emf_test_event(t, "event_accepted", "", 0);
	emf_test_expect(t, "{");
	emf_test_spawn(t, (const char *const[]){ "false", NULL });
	emf_test_spawn(t, (const char *const[]){ "/no/such/program", NULL });
}

EMF_TEST(wrong_it_crashes)
{
	(void)t;
	abort();
}

EMF_TEST(wrong_setting, "shortest=1")
{
	(void)t;
}
