/* Repairs that a machine may make: other text for the one token that sets a value, and nothing else.
 *
 * A rule's `try` that turns a single knob is such a repair when the value that counts stands in a file, alone
 * between blanks, quotes or a format's own marks, and reads as the value that the launch has. Whatever is
 * less certain (a value that lost, a token with more in it, a default inside another default, a knob whose
 * repair is to leave it out) is left to people. The caller tries an edit before writing it: see
 * llw_fix_holds. */
#ifndef LLW_EXPLAIN_FIX_H
#define LLW_EXPLAIN_FIX_H

#include "base/lines.h"
#include "explain/finding.h"
#include "fact/flags.h"

/* The repair of a finding, or NULL. */
const llw_fix *llw_fix_plan(const llw_run *run, const llw_finding *finding, const llw_flags *flags,
                            llw_lines *lines, llw_arena *arena);

/* A file's bytes with the fixes made that belong to it and are wanted (`chosen`, one for each; NULL: all).
 * Fixes of the same bytes are made once; those that overlap otherwise are left out. Returns how many were
 * made. */
size_t llw_fix_apply(const llw_lines_file *file, const llw_fix *const *fixes, const bool *chosen, size_t n,
                     llw_text *out);

/* Whether the facts read again, with the edit in place, have the value that was wanted. */
bool llw_fix_holds(const llw_facts *facts, const llw_fix *fix);

#endif
