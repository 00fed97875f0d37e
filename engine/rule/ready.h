/* Rules that the build has read: reading the files anew takes longer than everything else a question needs.
 *
 * scripts/write_ready.c runs when llwhy is built; it loads the rules that are compiled in and writes them as
 * C tables, without their tests, which only who tests rules asks for. llw_kb_load takes such a lesson where
 * the file it would read has the very bytes that the build read. */
#ifndef LLW_RULE_READY_H
#define LLW_RULE_READY_H

#include "rule/kb.h"

#include "base/text.h"

/* One file; a list of them ends with name NULL. */
struct llw_ready {
    const char *name;         /* "rules.d/05-ub-is-not-b.lua" */
    const llw_lesson *lesson; /* its rules know neither it nor their place yet */
};

/* The generated list. Programs that read every rule file need not have it. */
extern const llw_ready llw_ready_rules[];

/* Writes the lessons of a knowledge base as C source that defines llw_ready_rules. A lesson that calls a
 * named function is passed over: which one that is, is found when all of them are loaded. */
void llw_ready_write(llw_text *out, const llw_kb *kb);

/* A copy in the knowledge base's arena of the lesson that the file would declare, read as `path`; NULL when
 * it has to be read. */
llw_lesson *llw_ready_lesson(const llw_ready *ready, llw_kb *kb, const char *name, const char *path,
                             const char *bytes, size_t len);

#endif
