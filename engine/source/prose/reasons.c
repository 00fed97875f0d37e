/* Reasons for -ub in the documents of a tree: values, and where they are spoken of. */
#include "source/prose/reasons.h"
#include "source/prose/phrase_pattern.h"

#include <ctype.h>
#include <string.h>

enum { MAX_SENTENCE = 2000, MAX_REASONS = 1000 };

typedef struct llw_ubatch_reason {
    int64_t value;
    const char *place;
} llw_ubatch_reason;

static void remember(llw_config_reader *r, int64_t value, const char *place) {
    for (size_t i = 0; i < r->n_ubatch_reasons; i++)
        if (r->ubatch_reasons[i].value == value) return;
    if (r->n_ubatch_reasons >= MAX_REASONS) return;
    void *items = r->ubatch_reasons;
    *(llw_ubatch_reason *)llw_arena_push(r->arena, &items, &r->n_ubatch_reasons, &r->ubatch_reason_capacity,
                                         sizeof *r->ubatch_reasons) = (llw_ubatch_reason){value, place};
    r->ubatch_reasons = items;
}

/* A number of a few digits, with or without a comma: 2048, 2,048. */
static int64_t number_of(const char *text, size_t from, size_t to) {
    int64_t value = 0;
    for (size_t i = from; i < to; i++)
        if (isdigit((unsigned char)text[i])) value = value * 10 + (text[i] - '0');
    return value;
}

/* "-ub 512/1024/2048", "-ub from 512 to 2048": what is listed behind the first value is one, too. Returns the
 * byte behind the last. */
static size_t hear_values(llw_config_reader *r, const char *text, size_t len, llw_match m,
                          const char *place) {
    do remember(r, number_of(text, m.group[0], m.group_to[0]), place);
    while (llw_pattern_next(LLW_PATTERN_UB_NEXT, text, len, m.to, &m));
    return m.to;
}

static void hear(llw_config_reader *r, const llw_config_file *file, const llw_rich *sentence) {
    size_t len = 0;
    const char *text = llw_rich_line(r->arena, sentence, &len);
    if (len > MAX_SENTENCE) len = MAX_SENTENCE;
    llw_match m = {0};
    if (!llw_pattern_matches(LLW_PATTERN_UB_GAIN, text, len)) return;
    for (size_t at = 0; llw_pattern_next(LLW_PATTERN_UB_VALUE, text, len, at, &m);) {
        const llw_char *c = &sentence->chars[m.group[0]];
        at = hear_values(r, text, len, m, llw_place(r->arena, file->path, c->line, c->column));
    }
}

void llw_reasons_hear(llw_config_reader *r, const llw_config_file *file, const llw_document *passages) {
    for (size_t i = 0; i < passages->n; i++) {
        const llw_passage *p = &passages->items[i];
        if (p->kind == LLW_PASSAGE_CODE) continue;
        for (size_t at = 0, start = 0; at < p->text.n; at++) {
            bool ends = p->kind != LLW_PASSAGE_CELL && llw_prose_ends(&p->text, at);
            if (at + 1 < p->text.n && !ends) continue;
            llw_rich sentence = llw_rich_slice(&p->text, start, at + 1);
            hear(r, file, &sentence);
            start = at + 1;
        }
    }
}

void llw_reasons_claim(llw_config_reader *r) {
    for (size_t i = 0; i < r->out->n_launches; i++) {
        llw_entity launch = r->out->launches[i].launch;
        const llw_claim *given = llw_facts_best(r->facts, launch, LLW_launch_ubatch);
        int64_t value = 0;
        bool has = false;
        if (!given || given->grade == LLW_GRADE_DEFAULT ||
            !llw_facts_count(r->facts, launch, LLW_launch_ubatch, &value) ||
            (llw_facts_flag(r->facts, launch, LLW_launch_ubatch_reason, &has) && has))
            continue;
        for (size_t k = 0; k < r->n_ubatch_reasons; k++)
            if (r->ubatch_reasons[k].value == value)
                llw_facts_claim(r->facts, launch, LLW_launch_ubatch_reason, llw_flag(true), LLW_GRADE_CONFIG,
                                "document", r->ubatch_reasons[k].place);
    }
}
