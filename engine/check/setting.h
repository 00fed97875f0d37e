/* The fact base of a rule's test: a small default setting with the test's own facts on top. */
#ifndef LLW_CHECK_SETTING_H
#define LLW_CHECK_SETTING_H

#include "fact/facts.h"
#include "rule/kb.h"

/* A new fact base, or NULL with err (an unknown known model, for instance). */
llw_facts *llw_setting_new(const llw_rule_test *test, llw_err *err);

#endif
