/* A launch read again with other words: what its knobs say is written out, the given words take their place,
 * and llama.cpp's own grammar reads the result. Only what comes out otherwise is claimed. */
#include "source/launch/suppose_parts.h"
#include "fact/build.h"
#include "source/launch/argv.h"

#include <stdlib.h>
#include <string.h>

typedef struct rereading {
    llw_supposing *s;
    llw_facts *scratch[2]; /* the launch as it is, and as supposed */
    llw_argv_result read[2];
    llw_entity build[2];
} rereading;

static bool is_given(const llw_supposing *s, llw_attr attr) {
    const llw_attr_info *info = llw_attr_get(attr);
    if (info->kind != LLW_KIND_launch || !info->knob || info->type == LLW_REF || attr == LLW_launch_program)
        return false;
    const llw_claim *best = llw_facts_best(s->over, s->launch, attr);
    return best && best->value.known && best->grade > LLW_GRADE_DEFAULT;
}

/* "-c 65536" as two words; a plain flag as one. */
static void write_knob(llw_supposing *s, llw_words *words, llw_attr attr) {
    llw_value value = llw_facts_value(s->over, s->launch, attr);
    const char *text = llw_flag_write(&s->flags, s->arena, attr, value, s->program, s->old_order);
    if (!text) return;
    size_t name = strcspn(text, " ");
    llw_words_add(s->arena, words, llw_arena_strndup(s->arena, text, name));
    if (!text[name]) return;
    bool raw = llw_type_is_text(value.type); /* as it is, not as a shell would want it */
    llw_words_add(s->arena, words, raw ? llw_arena_strdup(s->arena, value.as.text) : text + name + 1);
}

/* The flags given that set this knob, in its place; with LLW_ATTR_NONE all that are left. */
static void write_given(llw_supposing *s, llw_words *words, llw_attr attr) {
    llw_given *given = s->given;
    for (size_t i = 0; i < s->n_given; i++) {
        if (given[i].placed || (attr && given[i].attr != attr)) continue;
        llw_words_add(s->arena, words, given[i].flag);
        if (given[i].value) llw_words_add(s->arena, words, given[i].value);
        given[i].placed = true;
    }
}

static bool is_override(llw_attr attr) {
    return attr == LLW_launch_override_tensor || attr == LLW_launch_cpu_moe || attr == LLW_launch_n_cpu_moe ||
           attr == LLW_launch_n_cpu_ffn;
}

/* Overrides in the order in which they were given, the rest as the schema has them. */
static size_t knobs_in_order(const llw_supposing *s, llw_attr out[LLW_ATTRS]) {
    static const struct {
        llw_attr attr;
        const char *word;
    } overrides[] = {{LLW_launch_override_tensor, "ot"},
                     {LLW_launch_cpu_moe, ",cmoe"},
                     {LLW_launch_n_cpu_moe, "ncmoe"},
                     {LLW_launch_n_cpu_ffn, "ncffn"}};
    const char *order = "";
    llw_facts_text(s->over, s->launch, LLW_launch_override_order, &order);
    const char *comma = llw_arena_printf(s->arena, ",%s", order); /* so that cmoe is not found in ncmoe */
    size_t n = 0, first = 0;
    size_t place[4] = {0};
    for (int a = 1; a < LLW_ATTRS; a++)
        if (is_given(s, (llw_attr)a) && !is_override((llw_attr)a)) out[n++] = (llw_attr)a;
    first = n;
    for (size_t i = 0; i < 4; i++) {
        if (!is_given(s, overrides[i].attr)) continue;
        const char *at = strstr(comma, overrides[i].word);
        size_t where = at ? (size_t)(at - comma) : strlen(comma), to = n++;
        for (; to > first && place[to - first - 1] > where; to--) {
            out[to] = out[to - 1];
            place[to - first] = place[to - first - 1];
        }
        out[to] = overrides[i].attr;
        place[to - first] = where;
    }
    return n;
}

/* Whether the words of a refused option are out of the way: what it sets is set by others, or left out. */
static bool is_replaced(const llw_supposing *s, const char *line) {
    bool negative = false;
    const char *flag = llw_arena_strndup(s->arena, line, strcspn(line, "\t\n="));
    for (char *c = strncmp(flag, "--", 2) ? NULL : (char *)(uintptr_t)flag; c && *c; c++)
        if (*c == '_') *c = '-';
    const llw_flag_row *row = llw_flag_find_any(&s->flags, flag, s->program);
    if (!row) row = llw_flag_find(&s->flags, flag, s->program, s->order, &negative);
    for (size_t i = 0; row && i < row->n_sets; i++)
        if (row->sets[i].attr && (s->set[row->sets[i].attr] || s->dropped[row->sets[i].attr])) return true;
    return false;
}

/* What llama.cpp did not take stands last, each option with its words. */
static void write_refused(const llw_supposing *s, llw_words *words, bool all) {
    const char *lines = "";
    llw_facts_text(s->over, s->launch, LLW_launch_refused_words, &lines);
    for (const char *line = lines; *line; line += strcspn(line, "\n") + 1) {
        if (!all && is_replaced(s, line)) continue;
        for (const char *word = line;; word++) {
            size_t len = strcspn(word, "\t\n");
            llw_words_add(s->arena, words, llw_arena_strndup(s->arena, word, len));
            word += len;
            if (*word != '\t') break;
        }
    }
}

static llw_rc read(rereading *r, int which, const llw_words *words) {
    llw_supposing *s = r->s;
    llw_facts *facts = r->scratch[which] = llw_facts_new();
    llw_token *tokens = llw_arena_alloc(s->arena, (words->n + 1) * sizeof *tokens);
    for (size_t i = 0; i < words->n; i++)
        tokens[i] = (llw_token){.text = llw_words_get(words, i), .place = "", .origin = "what-if"};
    const char *version = NULL;
    llw_entity build = r->build[which];
    if (build) llw_facts_text(s->over, build, LLW_build_version, &version);
    llw_argv in = {.id = "supposed", .program = s->program, .args = tokens, .n_args = words->n};
    in.flags = &s->flags;
    in.build = llw_build_claim(facts, version, LLW_GRADE_FLAG, "what-if", "", s->err);
    return in.build ? llw_argv_read(facts, &in, &r->read[which], s->err) : LLW_ERR_INPUT;
}

static bool same(llw_value a, llw_value b) {
    return a.known == b.known && (!a.known || llw_value_equal(a, b));
}

/* What is otherwise in the second reading, or was asked for, is supposed of the launch. */
static void transfer(const rereading *r) {
    llw_supposing *s = r->s;
    bool overrides = false;
    for (int a = 1; a < LLW_ATTRS; a++) overrides |= is_override((llw_attr)a) && (s->set[a] || s->dropped[a]);
    for (int a = 1; a < LLW_ATTRS; a++) {
        llw_attr attr = (llw_attr)a;
        bool order = attr == LLW_launch_override_order;
        if ((llw_attr_get(attr)->kind != LLW_KIND_launch || !llw_attr_get(attr)->knob) && !order) continue;
        if (llw_attr_get(attr)->type == LLW_REF || attr == LLW_launch_program || (order && !overrides))
            continue;
        llw_value was = llw_facts_value(r->scratch[0], r->read[0].launch, attr),
                  is = llw_facts_value(r->scratch[1], r->read[1].launch, attr);
        bool asked = s->set[a] || s->dropped[a] || order;
        if (!asked && same(was, is)) continue;
        const llw_claim *claim = llw_facts_best(r->scratch[1], r->read[1].launch, attr);
        bool preset = claim && claim->grade == LLW_GRADE_DEFAULT;
        llw_facts_claim(s->over, s->launch, attr, is, LLW_GRADE_WHATIF, "what-if",
                        preset ? "llama.cpp's default" : "");
    }
}

/* What llama.cpp does not take of the supposed words, where that is otherwise than before. */
static void claim_refusal(const rereading *r, llw_supposed *out) {
    llw_supposing *s = r->s;
    const char *was = r->read[0].refused, *is = r->read[1].refused, *now = NULL;
    if (was != is && (!was || !is || strcmp(was, is))) {
        static const llw_attr attrs[] = {LLW_launch_refused, LLW_launch_refused_words};
        for (size_t i = 0; i < 2; i++)
            llw_facts_claim(s->over, s->launch, attrs[i],
                            llw_facts_value(r->scratch[1], r->read[1].launch, attrs[i]), LLW_GRADE_WHATIF,
                            "llama.cpp's argument parser", "");
    }
    if (llw_facts_text(s->over, s->launch, LLW_launch_refused, &now)) out->refused = now;
}

llw_rc llw_suppose_flags(llw_supposing *s, llw_supposed *out) {
    bool any = s->n_given > 0 || s->build != 0 ||
               llw_facts_value(s->over, s->launch, LLW_launch_refused_words).known;
    for (int a = 1; a < LLW_ATTRS; a++) any |= s->dropped[a];
    if (!any) return LLW_OK;
    llw_attr knobs[LLW_ATTRS];
    size_t n = knobs_in_order(s, knobs);
    int64_t floor = 0; /* an explicit -c 0 also sets the floor of --fit, without a word of its own */
    bool own_context = llw_facts_count(s->over, s->launch, LLW_launch_fit_ctx, &floor) && floor == UINT32_MAX;
    llw_words as_is = {0}, supposed = {0};
    for (size_t i = 0; i < n; i++) {
        if (knobs[i] == LLW_launch_fit_ctx && own_context) continue;
        write_knob(s, &as_is, knobs[i]);
        if (s->set[knobs[i]])
            write_given(s, &supposed, knobs[i]);
        else if (!s->dropped[knobs[i]])
            write_knob(s, &supposed, knobs[i]);
    }
    write_given(s, &supposed, LLW_ATTR_NONE);
    write_refused(s, &as_is, true);
    write_refused(s, &supposed, false);
    rereading r = {.s = s};
    llw_entity now = llw_facts_ref(s->over, s->launch, LLW_launch_build);
    r.build[0] = now;
    r.build[1] = s->build ? s->build : now;
    llw_rc rc = read(&r, 0, &as_is);
    if (rc == LLW_OK) rc = read(&r, 1, &supposed);
    if (rc == LLW_OK) {
        transfer(&r);
        if (s->build)
            llw_facts_claim(s->over, s->launch, LLW_launch_build, llw_ref(s->build), LLW_GRADE_WHATIF,
                            "what-if", "");
        claim_refusal(&r, out);
    }
    llw_facts_free(r.scratch[0]);
    llw_facts_free(r.scratch[1]);
    return rc;
}
