/* llama.cpp's options in the environment: LLAMA_ARG_... of each row of the option table. */
#include "source/launch/argv_reader.h"
#include "fact/build.h"
#include "fact/launch_words.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const llw_env *env_find(const llw_reader *r, const char *name) {
    const llw_env *found = NULL; /* the last one, as a process would see it */
    for (size_t i = 0; *name && i < r->in->n_env; i++)
        if (!strcmp(r->in->env[i].name, name)) found = &r->in->env[i];
    return found;
}

static void env_negative(llw_reader *r, const llw_flag_row *row, const llw_env *entry, llw_grade grade) {
    llw_use use = {row, entry->name, &entry->value, true, false, llw_reader_attr(row)};
    const char *text = entry->value.text;
    if (text && !llw_is_truthy(text))
        llw_reader_report(r, LLW_F_ENV_PRESENCE, LLW_PROBLEM_RISK, &use,
                          "take the variable away to leave the option alone",
                          "%s turns %s off although it says '%.*s': being set is enough", entry->name,
                          row->names[0], QUOTE, text);
    llw_reader_set(r, &use, (llw_parsed){.taken = true, .known = true, .flag = false, .text = "off"}, grade);
}

static void env_value(llw_reader *r, const llw_flag_row *row, const llw_env *entry, llw_grade grade) {
    llw_use use = {row, entry->name, &entry->value, true, false, llw_reader_attr(row)};
    const char *text = entry->value.text;
    if (row->kind == LLW_FLAG_REMOVED) {
        llw_reader_removed(r, &use, row->since_version);
        return;
    }
    if (row->kind == LLW_FLAG_EXIT || row->kind == LLW_FLAG_PAIR) return;
    if (row->kind == LLW_FLAG_PLAIN) {
        if (text && !llw_is_truthy(text)) {
            if (!llw_is_falsey(text))
                llw_reader_report(r, LLW_F_ENV_IGNORED, LLW_PROBLEM_RISK, &use,
                                  "write on, enabled, true or 1",
                                  "%s does not set %s: '%.*s' is none of the words that count", entry->name,
                                  row->names[0], QUOTE, text);
            return;
        }
        if (!text) llw_reader_value(r, &use);
        llw_reader_set(r, &use,
                       (llw_parsed){.taken = true, .known = text != NULL, .flag = true, .text = "on"}, grade);
        return;
    }
    llw_reader_set_lost(r, &use, grade);
    size_t refused = r->n_refused;
    llw_parsed p = llw_reader_value(r, &use);
    if (p.taken || !p.known) llw_reader_set(r, &use, p, grade);
    if (r->n_refused == refused) return;
    llw_reader_keep_word(r, row->names[0], true);
    llw_reader_keep_word(r, row->secret ? "x" : text, false);
    llw_text_add(&r->refused_words, "\n");
}

/* The variable and its value, so that what is offered can repeat the option. */
static void keep_variable(llw_reader *r, const llw_flag_row *row, const llw_env *entry) {
    llw_launch_words_add(&r->words, r->arena, entry->name, false, true);
    llw_launch_words_add(&r->words, r->arena, entry->value.text, row && row->secret, false);
}

static void read_known(llw_reader *r) {
    llw_grade grade = r->in->env_grade ? r->in->env_grade : LLW_GRADE_CONFIG;
    for (size_t i = 0; i < r->flags->n_rows; i++) {
        const llw_flag_row *row = &r->flags->rows[i];
        if (!*row->env || !llw_flag_active(row, r->in->program, r->order)) continue;
        const llw_env *negative = env_find(r, row->neg_env), *positive = env_find(r, row->env);
        size_t refused = r->n_refused;
        if (negative)
            env_negative(r, row, negative, grade);
        else if (positive)
            env_value(r, row, positive, grade);
        if (!negative && !positive) continue;
        const llw_env *entry = negative ? negative : positive;
        if (r->n_refused == refused) keep_variable(r, row, entry);
        r->seen[i].env = entry->name;
        r->seen[i].env_place = entry->value.place;
    }
}

/* The row of another build or program that this variable belongs to, or NULL; *alive when it is read here
 * after all. */
static const llw_flag_row *env_row(const llw_reader *r, const char *name, bool *alive) {
    const llw_flag_row *other = NULL;
    *alive = false;
    for (size_t i = 0; i < r->flags->n_rows; i++) {
        const llw_flag_row *row = &r->flags->rows[i];
        if (strcmp(row->env, name) && strcmp(row->neg_env, name)) continue;
        if (llw_flag_active(row, r->in->program, r->order)) {
            *alive = true;
            return row;
        }
        if (!other || llw_flag_of_program(row, r->in->program)) other = row;
    }
    return other;
}

/* What to write for a variable that no build reads: LLAMA_ARG_BATCH_SIZE looks like --batch-size. */
static const char *advice_for_variable(llw_reader *r, const char *name) {
    char spelling[MAX_SPELLING];
    bool negative = false;
    snprintf(spelling, sizeof spelling, "--%s", name + strlen("LLAMA_ARG_"));
    for (char *at = spelling; *at; at++) *at = (char)(*at == '_' ? '-' : tolower((unsigned char)*at));
    const llw_flag_row *row = llw_flag_find(r->flags, spelling, r->in->program, r->order, &negative);
    if (!row) {
        const char *near = llw_flag_nearest_variable(r->flags, name, r->in->program, r->order);
        return near ? llw_arena_printf(r->arena, "did you mean %s?", near)
                    : "see the option's (env: ...) line in --help";
    }
    if (!*row->env) return llw_arena_printf(r->arena, "give %s as an option: it has no variable", spelling);
    return llw_arena_printf(r->arena, "the variable of %s is %s", spelling, row->env);
}

static void report(llw_reader *r, const llw_env *entry) {
    bool alive = false;
    const llw_flag_row *row = env_row(r, entry->name, &alive);
    bool ours = !strncmp(entry->name, "LLAMA_ARG_", 10);
    if (alive || (!row && !ours)) return;
    llw_use use = {row, entry->name, &entry->value, true, false, row ? llw_reader_attr(row) : LLW_ATTR_NONE};
    const char *program = llw_reader_program(r);
    const char *advice = row && *row->note ? llw_arena_printf(r->arena, "use %s", row->note)
                                           : "see the option's (env: ...) line in --help";
    if (!row)
        llw_reader_report(r, LLW_F_ENV_IGNORED, LLW_PROBLEM_RISK, &use, advice_for_variable(r, entry->name),
                          "no build of %s that we know reads %s, and none says so", program, entry->name);
    else if (!llw_flag_of_program(row, r->in->program))
        llw_reader_report(r, LLW_F_ENV_IGNORED, LLW_PROBLEM_RISK, &use, advice,
                          "%s does not read %s and does not say so", program, entry->name);
    else if (row->since > r->order && r->order > llw_flag_last_without(row))
        return; /* whether that build reads it already, nobody looked */
    else if (row->since > r->order)
        llw_reader_report(r, LLW_F_ENV_IGNORED, LLW_PROBLEM_RISK, &use, advice,
                          "%s reads %s only from %s on and does not say so", program, entry->name,
                          llw_build_and_day(r->arena, row->since_version));
    else
        llw_reader_report(r, LLW_F_ENV_IGNORED, LLW_PROBLEM_RISK, &use, advice,
                          "%s no longer reads %s from %s on and does not say so", program, entry->name,
                          llw_build_and_day(r->arena, row->until_version));
}

void llw_reader_env(llw_reader *r) {
    read_known(r);
    for (size_t i = 0; i < r->in->n_env; i++) {
        report(r, &r->in->env[i]);
        const char *name = r->in->env[i].name; /* what ggml and CUDA read themselves */
        if (!strncmp(name, "GGML_", 5) || !strncmp(name, "CUDA_", 5)) keep_variable(r, NULL, &r->in->env[i]);
    }
}
