// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * condition.c - whether a parameter is given.
 */
#include "param.h"

bool emf_param_is_given(const struct emf_param *param)
{
	const char *value = param->value;
	size_t size = param->type == EMF_STRING ? 1 : emf_param_size(param);

	for (size_t i = 0; i < size; i++)
		if (value[i])
			return true;
	return false;
}

bool emf_conditions_hold(const struct emf_condition *all)
{
	for (; all && all->param; all++)
		if (emf_param_is_given(all->param) == all->negated)
			return false;
	return true;
}
