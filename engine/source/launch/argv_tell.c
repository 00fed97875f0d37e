/* What the argument reader has to say, and what it keeps of refused words. */
#include "source/launch/argv_reader.h"
#include "base/secret.h"
#include "fact/build.h"

#include <stdarg.h>
#include <stdio.h>

const char *llw_reader_program(const llw_reader *r) {
    static const char *const name[] = {"llama-server", "llama-cli", "llama-bench", "llama-fit-params"};
    return name[r->in->program];
}

/* The build before which the option took any such value, or NULL; where a build is named, its own row was
 * asked. */
static const char *taken_before(const llw_reader *r, llw_flag_code code, const llw_use *use) {
    bool of_value = code == LLW_F_BAD_VALUE || code == LLW_F_RANGE || code == LLW_F_EMPTY;
    if (!of_value || r->version || !use->row || !*use->row->since_version) return NULL;
    bool negative = false;
    const llw_flag_row *older =
        llw_flag_find(r->flags, use->row->names[0], r->in->program, use->row->since - 1, &negative);
    bool took = older && !*older->choices && (older->kind == LLW_FLAG_TEXT || older->kind == LLW_FLAG_REAL);
    return took ? use->row->since_version : NULL;
}

static const char *report(llw_reader *r, llw_flag_code code, llw_problem_level level, const llw_use *use,
                          const char *advice, const char *fmt, va_list args) {
    char text[400];
    vsnprintf(text, sizeof text, fmt, args);
    const char *before = taken_before(r, code, use), *said = llw_secret_hidden(r->arena, text);
    const char *message =
        before ? llw_arena_printf(r->arena, "%s; before %s it was taken, and nothing says which build runs",
                                  said, llw_build_and_day(r->arena, before))
               : said;
    if (r->out->n_problems == LLW_MAX_PROBLEMS) {
        r->out->n_more++;
        return message;
    }
    r->out->problems[r->out->n_problems++] = (llw_flag_problem){
        code,
        level,
        llw_arena_strdup(r->arena, use->token && use->token->place ? use->token->place : ""),
        llw_secret_hidden(r->arena, use->spelling),
        message,
        llw_secret_hidden(r->arena, advice),
        use->attr};
    return message;
}

void llw_reader_report(llw_reader *r, llw_flag_code code, llw_problem_level level, const llw_use *use,
                       const char *advice, const char *fmt, ...) {
    if (use->quiet) return;
    va_list args;
    va_start(args, fmt);
    report(r, code, level, use, advice, fmt, args);
    va_end(args);
}

void llw_reader_refuse(llw_reader *r, llw_flag_code code, const llw_use *use, const char *advice,
                       const char *fmt, ...) {
    if (use->quiet) return;
    va_list args;
    va_start(args, fmt);
    bool may_be_taken = code == LLW_F_BAD_VALUE && r->in->stranger; /* a fork's own value */
    bool was_taken = taken_before(r, code, use) != NULL;
    llw_problem_level level = may_be_taken ? LLW_PROBLEM_NOTE
                              : was_taken  ? LLW_PROBLEM_RISK
                                           : LLW_PROBLEM_WRONG;
    const char *message = report(r, code, level, use, advice, fmt, args);
    va_end(args);
    if (level != LLW_PROBLEM_WRONG) return;
    if (!r->out->refused) r->out->refused = message;
    r->n_refused++;
}

void llw_reader_keep_word(llw_reader *r, const char *word, bool first) {
    word = word ? llw_secret_shown(r->arena, word) : NULL;
    if (!first) llw_text_add(&r->refused_words, "\t");
    for (const char *c = word ? word : ""; *c; c++)
        llw_text_addn(&r->refused_words, *c == '\t' || *c == '\n' ? " " : c, 1);
}

void llw_reader_removed(llw_reader *r, const llw_use *use, const char *from) {
    const char *advice =
        *use->row->note ? llw_arena_printf(r->arena, "write %s", use->row->note) : "leave it out";
    const char *build = llw_build_and_day(r->arena, from);
    if (r->version)
        llw_reader_refuse(r, LLW_F_REMOVED, use, advice, "%s ends here from %s on: %.*s was taken out",
                          llw_reader_program(r), build, QUOTE, use->spelling);
    else
        llw_reader_report(
            r, LLW_F_REMOVED, LLW_PROBLEM_RISK, use, advice,
            "%s ends here from %s on: %.*s was taken out, and nothing says that an older build runs",
            llw_reader_program(r), build, QUOTE, use->spelling);
}

llw_attr llw_reader_attr(const llw_flag_row *row) {
    return row->n_sets == 1 ? row->sets[0].attr : LLW_ATTR_NONE;
}

void llw_reader_set_lost(llw_reader *r, const llw_use *use, llw_grade grade) {
    enum { MAX_CHAIN = 16 };
    const llw_token *chain[MAX_CHAIN];
    size_t n = 0;
    for (const llw_token *t = use->token->lost; t && n < MAX_CHAIN; t = t->lost) chain[n++] = t;
    if (use->row->append) return;
    while (n-- > 0) {
        llw_use lost = *use;
        lost.token = chain[n];
        lost.quiet = true;
        if (!chain[n]->text) continue;
        llw_parsed p = llw_reader_value(r, &lost);
        if (p.taken) llw_reader_set(r, &lost, p, grade);
    }
}
