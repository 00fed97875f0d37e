/* The ledger as facts: for each launch, what was measured of its model.
 *
 * The tests of a record become `evidence` entities of the launches with the record's model, unless a later
 * one says the same; rules decide what they are worth (rules.d/06-test-long-prompts.lua, 07). Where a record
 * stands for the launch, in build, placement, GPUs, driver and settings, the newest one's buffers and speed
 * are claimed as measured and so go before predictions. */
#ifndef LLW_SOURCE_LEDGER_CLAIM_H
#define LLW_SOURCE_LEDGER_CLAIM_H

#include "fact/flags.h"
#include "source/evidence/ledger.h"

/* Claims for every launch after `after` (0: all). Never fails: what cannot be compared is said to differ. */
void llw_ledger_claim(llw_facts *facts, const llw_ledger *ledger, const llw_flags *flags, llw_entity after);

#endif
