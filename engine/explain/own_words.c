/* Taking launch.words apart, and telling what of it is not repeated. */
#include "explain/own_words.h"
#include "fact/launch_words.h"

#include <string.h>

typedef struct reading {
    const llw_facts *facts;
    llw_entity launch;
    const llw_flags *flags;
    llw_program program;
    int64_t order;
    llw_arena *arena;
    llw_own_words *out;
} reading;

llw_attr llw_own_words_attr(const llw_flag_set *set) {
    return set->effect == LLW_SETS_CTX_PER_SLOT ? LLW_launch_ctx : set->attr;
}

void llw_own_words_unsaid(llw_own_words *own, const char *what) {
    if (own->unsaid.len) llw_text_add(&own->unsaid, "; ");
    llw_text_add(&own->unsaid, what);
}

static const llw_flag_row *row_of(const reading *r, const char *option) {
    bool negative = false;
    const llw_flag_row *row = llw_flag_find(r->flags, option, r->program, r->order, &negative);
    if (!row) row = llw_flag_maybe(r->flags, option, r->program, r->order, &negative);
    return row ? row : llw_flag_find_any(r->flags, option, r->program);
}

static const llw_flag_row *row_of_variable(const reading *r, const char *name, bool *negative) {
    for (size_t i = 0; i < r->flags->n_rows; i++) {
        const llw_flag_row *row = &r->flags->rows[i];
        if (!llw_flag_active(row, r->program, r->order)) continue;
        *negative = *row->neg_env && !strcmp(row->neg_env, name);
        if (*negative || (*row->env && !strcmp(row->env, name))) return row;
    }
    return NULL;
}

static const char *said(llw_arena *arena, const llw_own_option *option) {
    llw_text t = {0};
    for (size_t i = 0; i < option->n; i++) llw_text_addf(&t, "%s%s", i ? " " : "", option->words[i]);
    const char *text = llw_arena_strdup(arena, llw_text_str(&t));
    llw_text_fini(&t);
    return text;
}

/* The variable as the option it stands for. False when it sets nothing. */
static bool as_option(const reading *r, llw_own_option *option) {
    bool negative = false;
    const char *value = option->words[1];
    const llw_flag_row *row = row_of_variable(r, option->variable, &negative);
    option->row = row;
    if (!row) {
        llw_own_words_unsaid(r->out, llw_arena_printf(r->arena, "%s of the environment", option->variable));
        return false;
    }
    bool plain = row->kind == LLW_FLAG_PLAIN, is_switch = row->kind == LLW_FLAG_SWITCH;
    if (plain && !llw_is_truthy(value)) return false; /* not read */
    const char **words = llw_arena_alloc(r->arena, 2 * sizeof *words);
    bool off = negative || (is_switch && !llw_is_truthy(value));
    words[0] = off && row->n_neg_names ? row->neg_names[row->n_neg_names - 1] : row->names[0];
    words[1] = value;
    option->words = words;
    option->n = plain || is_switch ? 1 : 2;
    return true;
}

static bool names_the_model(const llw_flag_row *row, bool *remote) {
    for (size_t i = 0; row && i < row->n_sets; i++) {
        *remote = row->sets[i].effect == LLW_SETS_MODEL_REMOTE;
        if (*remote || row->sets[i].effect == LLW_SETS_MODEL) return true;
    }
    return false;
}

/* Whether the knob is supposed to have another value than the words gave it. */
static bool is_supposed(const reading *r, llw_attr attr) {
    if (attr == LLW_ATTR_NONE) return false;
    const llw_claim *best = llw_facts_best(r->facts, r->launch, attr);
    if (!best || best->grade != LLW_GRADE_WHATIF) return false;
    size_t n = 0;
    const llw_claim **claims = llw_facts_claims(r->facts, r->launch, attr, r->arena, &n);
    for (size_t i = 0; i < n; i++) /* best first */
        if (claims[i]->grade < LLW_GRADE_WHATIF && claims[i]->grade >= LLW_GRADE_CONFIG)
            return !best->value.known || !claims[i]->value.known ||
                   !llw_value_equal(best->value, claims[i]->value);
    return true;
}

/* The last option that says the same again, or NULL: it is the one that counts. */
static const llw_own_option *repeated_later(const llw_own_words *own, size_t i) {
    const llw_flag_row *row = own->options[i].row;
    for (size_t k = own->n; row && !row->append && --k > i;)
        if (own->options[k].row == row && !own->options[k].left_out) return &own->options[k];
    return NULL;
}

static void read_option(const reading *r, const llw_worded_option *from, llw_own_option *option) {
    *option = (llw_own_option){.words = from->words, .n = from->n};
    bool option_word = from->words[0][0] == '-' || from->n == 1;
    if (option_word) {
        option->row = row_of(r, from->words[0]);
    } else {
        option->variable = from->words[0];
        if (from->unknown || from->starred) option->row = NULL;
    }
    if (from->unknown) {
        option->left_out = true;
        llw_own_words_unsaid(r->out,
                             llw_arena_printf(r->arena, "%s, whose value is not known",
                                              strcmp(from->words[0], "?") ? from->words[0] : "a word"));
    } else if (from->starred && !option_word) {
        option->left_out = true;
        llw_own_words_unsaid(r->out,
                             llw_arena_printf(r->arena, "%s of the environment, a secret", option->variable));
    } else if (from->starred) {
        llw_own_words_unsaid(r->out, llw_arena_printf(r->arena, "the secret behind %s", from->words[0]));
    }
    if (!option->left_out && option->variable) option->left_out = !as_option(r, option);
}

void llw_own_words_read(const llw_facts *facts, llw_entity launch, const llw_flags *flags,
                        llw_program program, int64_t order, llw_arena *arena, llw_own_words *out) {
    *out = (llw_own_words){0};
    const llw_claim *words = llw_facts_best(facts, launch, LLW_launch_words);
    if (!words || !words->value.known) return;
    reading r = {facts, launch, flags, program, order, arena, out};
    llw_worded_option *given = llw_launch_words_read(arena, words->value.as.text, &out->n);
    out->options = llw_arena_alloc(arena, (out->n + 1) * sizeof *out->options);
    for (size_t i = 0; i < out->n; i++) read_option(&r, &given[i], &out->options[i]);
    bool supposed[LLW_ATTRS] = {0};
    for (size_t i = 0; i < out->n; i++) {
        llw_own_option *option = &out->options[i];
        bool remote = false;
        if (option->left_out) continue;
        const llw_own_option *later = repeated_later(out, i);
        if (later) {
            option->left_out = true;
            if (!option->variable)
                llw_own_words_unsaid(out, llw_arena_printf(arena, "%s, which %s replaces",
                                                           said(arena, option), said(arena, later)));
        } else if (names_the_model(option->row, &remote)) {
            option->left_out = true;
            if (remote)
                llw_own_words_unsaid(out,
                                     llw_arena_printf(arena, "%s: -m names the file", said(arena, option)));
        }
        for (size_t k = 0; option->row && k < option->row->n_sets; k++) {
            llw_attr attr = llw_own_words_attr(&option->row->sets[k]);
            if (is_supposed(&r, attr)) supposed[attr] = true;
            if (!option->left_out) out->covers[attr] = true;
        }
    }
    llw_own_words_drop(out, supposed, arena);
}

void llw_own_words_drop(llw_own_words *own, const bool dropped[LLW_ATTRS], llw_arena *arena) {
    for (size_t i = 0; i < own->n; i++) {
        llw_own_option *option = &own->options[i];
        bool drop = false;
        size_t n = option->row && !option->left_out ? option->row->n_sets : 0;
        for (size_t k = 0; k < n; k++) drop |= dropped[llw_own_words_attr(&option->row->sets[k])];
        if (!drop) continue;
        option->left_out = true;
        for (size_t k = 0; k < n; k++) own->covers[llw_own_words_attr(&option->row->sets[k])] = false;
        if (n > 1)
            llw_own_words_unsaid(
                own, llw_arena_printf(arena, "%s, which also sets what is changed", said(arena, option)));
    }
    /* another option may set the same knob still */
    for (size_t i = 0; i < own->n; i++)
        for (size_t k = 0;
             own->options[i].row && !own->options[i].left_out && k < own->options[i].row->n_sets; k++)
            own->covers[llw_own_words_attr(&own->options[i].row->sets[k])] = true;
}

const char *const *llw_own_words_asides(llw_own_words *own, llw_arena *arena, size_t *n) {
    const char **lines = llw_arena_alloc(arena, 2 * sizeof *lines);
    llw_text moved = {0};
    *n = 0;
    for (size_t i = 0; i < own->n; i++)
        if (own->options[i].variable && !own->options[i].left_out)
            llw_text_addf(&moved, "%s%s as %s", moved.len ? ", " : "", own->options[i].variable,
                          own->options[i].words[0]);
    if (moved.len)
        lines[(*n)++] = llw_arena_printf(arena, "repeats variables of the environment as options: %s",
                                         llw_text_str(&moved));
    if (own->unsaid.len)
        lines[(*n)++] = llw_arena_printf(arena, "not repeated here: %s", llw_text_str(&own->unsaid));
    llw_text_fini(&moved);
    llw_text_fini(&own->unsaid);
    return lines;
}
