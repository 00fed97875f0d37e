/* Understanding what is to be supposed: flags, KEY=VALUE, phrases. */
#include "source/launch/suppose_parts.h"
#include "base/secret.h"
#include "base/table.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <ctype.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MATCH_LIMIT = 100000, LONGEST = 200 };

void llw_words_add(llw_arena *arena, llw_words *words, const char *word) {
    *(const char **)llw_arena_push(arena, &words->items, &words->n, &words->capacity, sizeof word) = word;
}

static const llw_flag_row *flag_of(const llw_supposing *s, const char *spelling, bool *negative) {
    return llw_flag_find(&s->flags, spelling, s->program, s->order, negative);
}

static bool takes_value(const llw_flag_row *row) {
    return row->kind != LLW_FLAG_PLAIN && row->kind != LLW_FLAG_SWITCH && row->kind != LLW_FLAG_EXIT;
}

/* 65,536 and 64k as llama.cpp wants them; anything else, and what no count of this size could mean, as it is.
 */
static const char *number_of(llw_supposing *s, const char *text) {
    char digits[16];
    size_t n = 0;
    const char *at = text;
    for (; isdigit((unsigned char)*at) || *at == ',' || *at == '_'; at++) {
        if (!isdigit((unsigned char)*at)) continue;
        if (n == sizeof digits - 1) return text;
        digits[n++] = *at;
    }
    digits[n] = 0;
    bool thousands = (*at == 'k' || *at == 'K') && !at[1];
    if (!n || (*at && !thousands)) return text;
    return thousands ? llw_arena_printf(s->arena, "%lld", strtoll(digits, NULL, 10) * 1024)
                     : llw_arena_strdup(s->arena, digits);
}

/* ---- flags ---- */

static void say(llw_supposing *s, const char *flag, const char *value) {
    llw_words_add(s->arena, &s->said, value ? llw_arena_printf(s->arena, "%s %s", flag, value) : flag);
}

/* auto and all on a build that has no such words for -ngl: what it has in their place. */
static const char *layers_of(const llw_supposing *s, const llw_flag_row *row, const char *value) {
    int64_t count = !strcasecmp(value, "auto") ? -1 : !strcasecmp(value, "all") ? -2 : 0;
    const char *words =
        count ? llw_flag_write(&s->flags, s->arena, row->sets[0].attr, llw_count(count), s->program, s->order)
              : NULL;
    return words ? words + strcspn(words, " ") + 1 : value;
}

static void take_flag(llw_supposing *s, const llw_flag_row *row, const char *flag, const char *value) {
    if (value && row->kind == LLW_FLAG_INT && row->n_sets && row->sets[0].attr == LLW_launch_gpu_layers)
        value = layers_of(s, row, value);
    if (value && row->kind == LLW_FLAG_INT) value = number_of(s, value);
    *(llw_given *)llw_arena_push(s->arena, &s->given, &s->n_given, &s->given_capacity, sizeof(llw_given)) =
        (llw_given){.flag = flag, .value = value, .attr = row->n_sets ? row->sets[0].attr : LLW_ATTR_NONE};
    for (size_t i = 0; i < row->n_sets; i++)
        if (row->sets[i].attr) s->set[row->sets[i].attr] = true;
    say(s, flag, value && row->secret ? "(secret)" : value);
}

static llw_rc no_such_flag(const llw_supposing *s, const char *flag) {
    flag = llw_arena_strndup(s->arena, flag, strcspn(flag, "=")); /* the value may be a secret */
    const char *near = llw_flag_nearest(&s->flags, flag, s->program, s->order);
    const char *program = llw_program_name(s->program);
    return near ? llw_fail(s->err, LLW_ERR_INPUT, "", 0,
                           "this build of llama-%s has no %.60s; did you mean %s?", program, flag, near)
                : llw_fail(s->err, LLW_ERR_INPUT, "", 0,
                           "this build of llama-%s has no %.60s; llwhy flags lists what it has", program,
                           flag);
}

/* The flag at words[*at], with its value; *at moves on to its last word. */
static llw_rc read_flag(llw_supposing *s, const char *const *words, size_t n, size_t *at) {
    const char *flag = words[*at], *blank = strchr(flag, ' '), *value = NULL;
    bool negative = false;
    if (blank) {
        value = blank + 1 + strspn(blank + 1, " ");
        flag = llw_arena_strndup(s->arena, flag, (size_t)(blank - flag));
    }
    const llw_flag_row *row = flag_of(s, flag, &negative);
    if (!row) return no_such_flag(s, flag);
    if (!takes_value(row)) {
        take_flag(s, row, flag, NULL);
        return LLW_OK;
    }
    if (!value && *at + 1 < n) value = words[++*at];
    if (!value) return llw_fail(s->err, LLW_ERR_INPUT, "", 0, "%.60s wants a value: %.60s=VALUE", flag, flag);
    take_flag(s, row, flag, value);
    return LLW_OK;
}

/* The flag meant by a key: -c, c, ubatch-size, ubatch, launch.ubatch. NULL when it is none. */
static const llw_flag_row *flag_named(llw_supposing *s, const char *key, const char **spelling,
                                      bool *negative) {
    static const char *const dashes[] = {"", "-", "--"};
    char name[LONGEST];
    for (size_t i = 0; i < 3; i++) {
        if (snprintf(name, sizeof name, "%s%s", dashes[i], key) >= (int)sizeof name) continue;
        for (char *c = name; i == 2 && *c; c++)
            if (*c == '_') *c = '-';
        const llw_flag_row *row = flag_of(s, name, negative);
        if (!row) continue;
        *spelling = llw_arena_strdup(s->arena, name);
        return row;
    }
    const char *attribute = !strncmp(key, "launch.", 7) ? key + 7 : key;
    llw_attr attr = llw_attr_find(LLW_KIND_launch, attribute);
    const llw_flag_row *row = attr ? llw_flag_for_attr(&s->flags, attr, s->program, s->order) : NULL;
    if (row) *spelling = row->names[0];
    return row;
}

static bool says_no(const char *value) {
    return !strcasecmp(value, "off") || !strcasecmp(value, "no") || !strcasecmp(value, "false") ||
           !strcmp(value, "0");
}

static void drop(llw_supposing *s, const llw_flag_row *row) {
    for (size_t i = 0; i < row->n_sets; i++)
        if (row->sets[i].attr) s->dropped[row->sets[i].attr] = true;
}

/* FLAG=VALUE; of a flag without a value, on and off. */
static llw_rc read_flag_key(llw_supposing *s, const llw_flag_row *row, const char *flag, bool negative,
                            const char *value) {
    if (takes_value(row)) {
        if (!*value)
            drop(s, row);
        else
            take_flag(s, row, flag, value);
        if (!*value) llw_words_add(s->arena, &s->said, llw_arena_printf(s->arena, "without %s", flag));
        return LLW_OK;
    }
    bool on = !says_no(value);
    if (on || row->kind != LLW_FLAG_SWITCH) {
        if (on)
            take_flag(s, row, flag, NULL);
        else {
            drop(s, row);
            llw_words_add(s->arena, &s->said, llw_arena_printf(s->arena, "without %s", flag));
        }
        return LLW_OK;
    }
    take_flag(s, row, negative ? row->names[0] : row->neg_names[row->n_neg_names - 1], NULL);
    return LLW_OK;
}

/* ---- keys of our own ---- */

static llw_rc key_default(llw_supposing *s, const char *flag) {
    const char *spelling = flag;
    bool negative = false;
    const llw_flag_row *row = flag_named(s, flag, &spelling, &negative);
    if (!row) return LLW_OK; /* a flag that this build lacks is not given */
    drop(s, row);
    return LLW_OK;
}

static llw_rc key_without(llw_supposing *s, const char *flag) {
    const char *spelling = flag;
    bool negative = false;
    if (!flag_named(s, flag, &spelling, &negative)) return no_such_flag(s, flag);
    llw_words_add(s->arena, &s->said, llw_arena_printf(s->arena, "without %s", spelling));
    return key_default(s, flag);
}

static llw_rc key_kv(llw_supposing *s, const char *type) {
    static const char *const flags[] = {"-ctk", "-ctv"};
    for (size_t i = 0; i < 2; i++) {
        bool negative = false;
        const llw_flag_row *row = flag_of(s, flags[i], &negative);
        if (!row) return no_such_flag(s, flags[i]);
        take_flag(s, row, flags[i], type);
    }
    return LLW_OK;
}

/* Drops what keeps weights in RAM; of -ot only the patterns that do. */
static llw_rc key_no_cpu(llw_supposing *s, const char *value) {
    (void)value;
    static const llw_attr all[] = {LLW_launch_cpu_moe, LLW_launch_n_cpu_moe, LLW_launch_n_cpu_ffn,
                                   LLW_launch_kv_offload};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) s->dropped[all[i]] = true;
    const char *given = "";
    if (!llw_facts_text(s->over, s->launch, LLW_launch_override_tensor, &given) || !*given) return LLW_OK;
    llw_text kept = {0};
    bool any = false;
    for (const char *at = given; *at;) {
        size_t len = strcspn(at, ",");
        bool cpu = len > 4 && !strncmp(at + len - 4, "=CPU", 4);
        any |= cpu;
        if (!cpu) llw_text_addf(&kept, "%s%.*s", kept.len ? "," : "", (int)len, at);
        at += len + (at[len] == ',');
    }
    if (any) {
        s->dropped[LLW_launch_override_tensor] = true;
        bool negative = false;
        if (kept.len) {
            take_flag(s, flag_of(s, "-ot", &negative), "-ot",
                      llw_arena_strdup(s->arena, llw_text_str(&kept)));
        } else {
            llw_words_add(s->arena, &s->said, "without -ot");
        }
    }
    llw_text_fini(&kept);
    return LLW_OK;
}

static llw_rc key_one_gpu(llw_supposing *s, const char *value) {
    (void)value;
    int64_t most = -1, index = 0, best = 0, free = 0;
    for (llw_entity g = 0; (g = llw_facts_next(s->over, LLW_KIND_gpu, g));) {
        if (!llw_facts_count(s->over, g, LLW_gpu_free, &free) ||
            !llw_facts_count(s->over, g, LLW_gpu_index, &index) || free <= most)
            continue;
        most = free;
        best = index;
    }
    static const char *const flags[] = {"-sm", "-mg"};
    s->dropped[LLW_launch_tensor_split] = s->dropped[LLW_launch_override_tensor] = true;
    for (size_t i = 0; i < 2; i++) {
        bool negative = false;
        const llw_flag_row *row = flag_of(s, flags[i], &negative);
        if (!row) return no_such_flag(s, flags[i]);
        take_flag(s, row, flags[i], i ? llw_arena_printf(s->arena, "%lld", (long long)best) : "none");
    }
    return LLW_OK;
}

static llw_rc key_fit(llw_supposing *s, const char *value) {
    static const llw_attr placed[] = {LLW_launch_gpu_layers, LLW_launch_tensor_split,   LLW_launch_main_gpu,
                                      LLW_launch_split_mode, LLW_launch_cpu_moe,        LLW_launch_n_cpu_moe,
                                      LLW_launch_n_cpu_ffn,  LLW_launch_override_tensor};
    (void)value; /* yes: the other values are the flag's */
    for (size_t i = 0; i < sizeof placed / sizeof *placed; i++) s->dropped[placed[i]] = true;
    bool negative = false;
    const llw_flag_row *row = flag_of(s, "--fit", &negative);
    if (!row) return no_such_flag(s, "--fit");
    take_flag(s, row, "--fit", "on");
    llw_words_add(s->arena, &s->said, "nothing placed by hand");
    return LLW_OK;
}

static llw_rc key_card(llw_supposing *s, const char *card) {
    return llw_suppose_card(s, NULL, card, false);
}

static llw_rc key_more(llw_supposing *s, const char *card) {
    return llw_suppose_card(s, NULL, card, true);
}

static llw_rc key_ram(llw_supposing *s, const char *ram) {
    return llw_suppose_ram(s, ram);
}

/* quiet: its parts say what they do; flag: a flag of llama.cpp has this name too, and takes the other values
 */
static const struct {
    const char *key;
    llw_rc (*apply)(llw_supposing *s, const char *value);
    bool quiet, flag;
} keys[] = {{"default", key_default, true, false},
            {"without", key_without, true, false},
            {"kv", key_kv, true, false},
            {"no-cpu", key_no_cpu, true, false},
            {"one-gpu", key_one_gpu, true, false},
            {"fit", key_fit, true, true},
            {"gpu", key_card, false, false},
            {"gpu+", key_more, true, false},
            {"ram", key_ram, false, false},
            {"llama", llw_suppose_build, false, false},
            {"model", llw_suppose_model, false, false}};

static llw_rc read_key(llw_supposing *s, const char *key, const char *value) {
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strcasecmp(keys[i].key, key)) continue;
        if (keys[i].flag && strcasecmp(value, "yes")) break;
        if (!keys[i].quiet)
            llw_words_add(s->arena, &s->said, llw_arena_printf(s->arena, "%s=%s", keys[i].key, value));
        return keys[i].apply(s, value);
    }
    if (llw_facts_find(s->over, LLW_KIND_gpu, key)) {
        llw_words_add(s->arena, &s->said, llw_arena_printf(s->arena, "%s=%s", key, value));
        return llw_suppose_card(s, key, value, false);
    }
    const char *spelling = key;
    bool negative = false;
    const llw_flag_row *row = flag_named(s, key, &spelling, &negative);
    if (row) return read_flag_key(s, row, spelling, negative, value);
    if (strchr(key, '.')) {
        llw_words_add(s->arena, &s->said, llw_arena_printf(s->arena, "%s=%s", key, value));
        return llw_suppose_fact(s, key, value);
    }
    if (*key == '-') return no_such_flag(s, key);
    return llw_fail(s->err, LLW_ERR_INPUT, "", 0,
                    "'%.60s' is nothing that can be turned: a flag (c=65536), gpu=, gpu+=, ram=, llama=, "
                    "model=, kv=, or THING.ATTRIBUTE= (llwhy facts --schema)",
                    key);
}

/* ---- phrases ---- */

/* The items of the row that matches the whole phrase, $1 filled in; NULL when none does. */
static const char *items_of(llw_supposing *s, const llw_table *wishes, const char *phrase) {
    int pattern = llw_table_column(wishes, "pattern"), items = llw_table_column(wishes, "items");
    for (size_t row = 0; row < wishes->n_rows; row++) {
        int error = 0;
        PCRE2_SIZE at = 0;
        const char *whole = llw_arena_printf(s->arena, "^(?:%s)$", llw_table_cell(wishes, row, pattern));
        pcre2_code *code = pcre2_compile((PCRE2_SPTR)whole, PCRE2_ZERO_TERMINATED, PCRE2_CASELESS | PCRE2_UTF,
                                         &error, &at, NULL);
        pcre2_match_data *data = code ? pcre2_match_data_create_from_pattern(code, NULL) : NULL;
        pcre2_match_context *limits = pcre2_match_context_create(NULL);
        if (limits) pcre2_set_match_limit(limits, MATCH_LIMIT);
        int rc = data ? pcre2_match(code, (PCRE2_SPTR)phrase, PCRE2_ZERO_TERMINATED, 0, 0, data, limits) : -1;
        llw_text filled = {0};
        if (rc > 0) {
            const PCRE2_SIZE *v = pcre2_get_ovector_pointer(data);
            const char *group = rc > 1 && v[2] != PCRE2_UNSET ? phrase + v[2] : "";
            int len = rc > 1 && v[2] != PCRE2_UNSET ? (int)(v[3] - v[2]) : 0;
            for (const char *c = llw_table_cell(wishes, row, items); *c; c++) {
                if (c[0] == '$' && c[1] == '1') {
                    llw_text_addf(&filled, "%.*s", len, group);
                    c++;
                } else {
                    llw_text_addn(&filled, c, 1);
                }
            }
        }
        pcre2_match_data_free(data);
        pcre2_match_context_free(limits);
        pcre2_code_free(code);
        const char *found = rc > 0 ? llw_arena_strdup(s->arena, llw_text_str(&filled)) : NULL;
        llw_text_fini(&filled);
        if (found) return found;
    }
    return NULL;
}

/* KEY=VALUE with a key that is one word. */
static const char *equals_of(const char *word) {
    const char *equals = strchr(word, '=');
    return equals && equals > word && strcspn(word, " ") > (size_t)(equals - word) ? equals : NULL;
}

static llw_rc read_item(llw_supposing *s, const char *item) {
    const char *equals = equals_of(item);
    size_t at = 0;
    if (*item == '-' && (!equals || strchr(item, ' '))) return read_flag(s, &item, 1, &at);
    return read_key(s, llw_arena_strndup(s->arena, item, (size_t)(equals - item)), equals + 1);
}

static llw_rc read_one(llw_supposing *s, const llw_table *wishes, const char *phrase) {
    const char *items = strlen(phrase) < LONGEST ? items_of(s, wishes, phrase) : NULL;
    if (!items)
        return llw_fail(s->err, LLW_ERR_INPUT, "", 0,
                        "'%.80s' is not understood: say it as a flag (-c 65536), as KEY=VALUE (gpu=\"RTX "
                        "5090\"), or like \"another 4090\", \"experts on the CPU\", \"262144 context\", \"a "
                        "second slot\"",
                        phrase);
    llw_rc rc = LLW_OK;
    for (const char *at = items; *at && rc == LLW_OK;) {
        size_t len = strcspn(at, ";");
        rc = read_item(s, llw_arena_strndup(s->arena, at, len));
        at += len + (at[len] == ';');
    }
    return rc;
}

/* Phrases joined by "and" are read one after the other. */
static llw_rc read_phrase(llw_supposing *s, const llw_table *wishes, const char *phrase) {
    for (const char *and; strlen(phrase) < LONGEST && (and = strcasestr(phrase, " and ")); phrase = and+5) {
        llw_rc rc = read_one(s, wishes, llw_arena_strndup(s->arena, phrase, (size_t)(and-phrase)));
        if (rc != LLW_OK) return rc;
    }
    return read_one(s, wishes, phrase);
}

/* ---- words ---- */

static bool is_plain(const char *word) {
    return *word && *word != '-' && !equals_of(word);
}

static llw_rc read_words(llw_supposing *s, const llw_table *wishes, const char *const *words, size_t n) {
    llw_rc rc = LLW_OK;
    for (size_t i = 0; i < n && rc == LLW_OK; i++) {
        const char *word = words[i], *equals = equals_of(word);
        if (!strcasecmp(word, "without") && i + 1 < n && words[i + 1][0] == '-') {
            rc = key_without(s, words[++i]);
        } else if (!strncasecmp(word, "without -", 9)) {
            rc = key_without(s, word + 8);
        } else if (*word == '-') {
            bool negative = false;
            const char *key = equals ? llw_arena_strndup(s->arena, word, (size_t)(equals - word)) : "";
            rc = equals && flag_of(s, key, &negative) ? read_key(s, key, equals + 1)
                                                      : read_flag(s, words, n, &i);
        } else if (equals) {
            rc = read_key(s, llw_arena_strndup(s->arena, word, (size_t)(equals - word)), equals + 1);
        } else { /* plain words up to the next flag are one phrase */
            bool secret = llw_secret_place(i ? words[i - 1] : NULL, i > 1 ? words[i - 2] : NULL);
            llw_text phrase = {0};
            for (; i < n && is_plain(words[i]); i++)
                llw_text_addf(&phrase, "%s%s", phrase.len ? " " : "", words[i]);
            i--;
            rc = read_phrase(s, wishes, secret ? "..." : llw_arena_strdup(s->arena, llw_text_str(&phrase)));
            llw_text_fini(&phrase);
        }
    }
    return rc;
}

static bool was_measured(const llw_facts *facts, llw_entity entity, llw_attr attr) {
    const llw_claim *best = llw_facts_best(facts, entity, attr);
    return best && best->value.known && best->grade >= LLW_GRADE_PROCESS && best->grade < LLW_GRADE_WHATIF;
}

/* Whether the slot was seen of the launch as it was: its log, its speed, the prompts it answered, the memory
 * its process holds. */
static bool was_seen_of_launch(const llw_supposing *s, llw_entity e, llw_attr attr) {
    switch (llw_attr_get(attr)->kind) {
    case LLW_KIND_log: return attr == LLW_log_launch && llw_facts_ref(s->over, e, attr) == s->launch;
    case LLW_KIND_launch:
        return e == s->launch && !llw_attr_get(attr)->knob && was_measured(s->over, e, attr);
    case LLW_KIND_placement: return attr == LLW_placement_used && was_measured(s->over, e, attr);
    case LLW_KIND_build:
        return (attr == LLW_build_short_prompt_passed || attr == LLW_build_long_prompt_passed ||
                attr == LLW_build_long_prompt_tokens) &&
               was_measured(s->over, e, attr);
    default: return false;
    }
}

/* It says nothing of the launch as it is supposed. */
static void forget_measurements(llw_supposing *s) {
    for (llw_entity e = 1; e <= llw_facts_max(s->over); e++)
        for (int a = 1; a < LLW_ATTRS; a++)
            if (llw_attr_get((llw_attr)a)->kind == llw_facts_kind(s->over, e) &&
                was_seen_of_launch(s, e, (llw_attr)a))
                llw_facts_claim(s->over, e, (llw_attr)a, llw_unknown(llw_attr_get((llw_attr)a)->type),
                                LLW_GRADE_WHATIF, "what-if", "");
}

static llw_rc start(llw_supposing *s) {
    const char *program = "server";
    llw_entity build = llw_facts_ref(s->over, s->launch, LLW_launch_build);
    llw_facts_text(s->over, s->launch, LLW_launch_program, &program);
    llw_program_find(program, &s->program);
    if (build) llw_facts_count(s->over, build, LLW_build_order, &s->order);
    s->old_order = s->order;
    return llw_flags_load(&s->flags, s->err);
}

llw_rc llw_suppose(llw_facts *over, llw_entity launch, const char *const *words, size_t n, llw_supposed *out,
                   llw_err *err) {
    llw_supposing s = {.over = over, .arena = llw_facts_arena(over), .launch = launch, .err = err};
    *out = (llw_supposed){0};
    llw_table wishes;
    llw_rc rc = start(&s);
    if (rc == LLW_OK) rc = llw_table_read(s.arena, "models/wishes.tsv", &wishes, err);
    /* the build decides which flags there are */
    for (size_t i = 0; i < n && rc == LLW_OK; i++)
        if (!strncasecmp(words[i], "llama=", 6)) rc = llw_suppose_build(&s, words[i] + 6);
    if (rc == LLW_OK) rc = read_words(&s, &wishes, words, n);
    if (rc == LLW_OK) rc = llw_suppose_flags(&s, out);
    if (rc != LLW_OK) return rc;
    if (s.said.n) forget_measurements(&s);
    for (int a = 1; a < LLW_ATTRS; a++) out->touched[a] = s.set[a] || s.dropped[a];
    out->items = s.said.items;
    out->n = s.said.n;
    return LLW_OK;
}
