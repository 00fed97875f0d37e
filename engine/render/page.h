/* The page of a code: what `llwhy explain CODE` tells and what formats with a help text carry. Offline:
 * everything comes from the binary and the rule directories. */
#ifndef LLW_RENDER_PAGE_H
#define LLW_RENDER_PAGE_H

#include "rule/kb.h"

typedef struct llw_page_source {
    const char *what, *where, *date; /* "" when not given */
} llw_page_source;

typedef struct llw_page {
    const char *code;  /* L05 */
    const char *name;  /* 05-ub-is-not-b; the code itself for what is no lesson */
    const char *title; /* a few words */
    const char *claim; /* a sentence or a short paragraph */
    const char *story; /* the lesson as Markdown, without its front matter; "" when there is none */
    const llw_page_source *sources;
    size_t n_sources;
    llw_level level; /* the gravest it can be found with */
} llw_page;

/* The page of a lesson's code or id, a flag's (F01), a load log's (R01), a suppression's (S01) or a lesson's
 * fault's (K01) code. False when there is no such code. Texts live in the arena, the knowledge base or the
 * program. */
bool llw_page_find(const llw_kb *kb, llw_arena *arena, const char *code, llw_page *out);

/* The story with its sources listed where they belong, as Markdown; `add` writes a source's text. */
void llw_page_story(llw_text *out, const llw_page *page, void (*add)(llw_text *out, const char *text));

#endif
