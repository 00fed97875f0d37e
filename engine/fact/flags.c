/* llama.cpp's option table: loading, looking up, writing. */
#include "fact/flags.h"
#include "base/data.h"
#include "base/distance.h"
#include "base/table.h"
#include "fact/build.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char *const program_names[] = {"server", "cli", "bench", "fit-params"};
enum { N_PROGRAMS = sizeof program_names / sizeof *program_names };

const char *llw_program_name(llw_program program) {
    return program_names[program];
}

bool llw_program_find(const char *name, llw_program *out) {
    const char *slash = strrchr(name, '/');
    if (slash) name = slash + 1;
    if (!strncmp(name, "llama-", 6)) name += 6;
    size_t len = strlen(name);
    if (len > 4 && !strcmp(name + len - 4, ".exe")) len -= 4;
    for (int i = 0; i < N_PROGRAMS; i++)
        if (strlen(program_names[i]) == len && !strncmp(name, program_names[i], len)) {
            *out = (llw_program)i;
            return true;
        }
    return false;
}

/* Words of a cell, separated by spaces. */
static const char *const *words(llw_arena *arena, const char *cell, size_t *n) {
    void *items = NULL;
    size_t capacity = 0;
    *n = 0;
    for (const char *at = cell; *at;) {
        size_t len = strcspn(at, " ");
        if (len)
            *(const char **)llw_arena_push(arena, &items, n, &capacity, sizeof(char *)) =
                llw_arena_strndup(arena, at, len);
        at += len + (at[len] == ' ');
    }
    return items;
}

static bool read_kind(const char *cell, llw_flag_row *row, llw_arena *arena) {
    static const char *const name[] = {"flag",    "switch", "int",       "real",    "text",      "pair",
                                       "pairs",   "onoff",  "onoffauto", "bit",     "choice",    "layers",
                                       "cache",   "floats", "mibs",      "devices", "overrides", "long",
                                       "choices", "kv",     "exit",      "removed"};
    char word[24] = "";
    size_t len = strcspn(cell, "*:");
    if (len >= sizeof word) return false;
    memcpy(word, cell, len);
    if (!strcmp(word, "mib")) strcpy(word, "mibs");
    row->list = cell[len] == '*';
    len += row->list;
    row->choices = cell[len] == ':' ? llw_arena_strdup(arena, cell + len + 1) : "";
    for (size_t i = 0; i < sizeof name / sizeof *name; i++)
        if (*word == *name[i] && !strcmp(word, name[i])) {
            row->kind = (llw_flag_kind)i;
            return true;
        }
    return false;
}

static bool read_set(llw_arena *arena, const char *word, llw_flag_set *set) {
    static const struct {
        const char *word;
        llw_flag_set set;
    } special[] = {
        {"model=remote", {LLW_SETS_MODEL_REMOTE, LLW_launch_model, NULL}},
        {"model", {LLW_SETS_MODEL, LLW_launch_model, NULL}},
        {"ctx=unset", {LLW_SETS_CTX_UNSET, LLW_launch_ctx, NULL}},
        {"ctx_per_slot", {LLW_SETS_CTX_PER_SLOT, LLW_ATTR_NONE, NULL}},
        {"bench_prompt", {LLW_SETS_BENCH_PROMPT, LLW_ATTR_NONE, NULL}},
        {"bench_gen", {LLW_SETS_BENCH_GEN, LLW_ATTR_NONE, NULL}},
        {"bench_pg", {LLW_SETS_BENCH_PG, LLW_ATTR_NONE, NULL}},
        {"bench_depth", {LLW_SETS_BENCH_DEPTH, LLW_ATTR_NONE, NULL}},
    };
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if (*word == *special[i].word && !strcmp(word, special[i].word)) {
            *set = special[i].set;
            return true;
        }
    const char *equals = strchr(word, '=');
    const char *name = equals ? llw_arena_strndup(arena, word, (size_t)(equals - word)) : word;
    *set = (llw_flag_set){LLW_SETS_ATTR, llw_attr_find(LLW_KIND_launch, name), NULL};
    if (equals && !strcmp(equals, "=inverted"))
        set->effect = LLW_SETS_INVERTED;
    else if (equals)
        set->value = llw_arena_strdup(arena, equals + 1);
    return set->attr != LLW_ATTR_NONE;
}

static uint64_t letter_of(const char *name) {
    return (uint64_t)1 << (name[strspn(name, "-")] & 63);
}

static uint64_t letters_of(const llw_flag_row *row) {
    uint64_t letters = letter_of(row->env) | letter_of(row->neg_env);
    for (size_t i = 0; i < row->n_names; i++) letters |= letter_of(row->names[i]);
    for (size_t i = 0; i < row->n_neg_names; i++) letters |= letter_of(row->neg_names[i]);
    return letters;
}

/* A build that a row named; the rows after it often name the same. */
typedef struct named_build {
    const char *version;
    int64_t order;
} named_build;

static int64_t order_of(named_build *before, const char *version) {
    if (!before->version || strcmp(before->version, version))
        *before = (named_build){version, llw_build_order(version)};
    return before->order;
}

static llw_rc read_rows(llw_arena *arena, const char *path, const char *bytes, size_t len, llw_flags *out,
                        llw_err *err) {
    llw_table t;
    llw_rc rc = llw_table_parse(arena, path, bytes, len, &t, err);
    if (rc != LLW_OK) return rc;
    int flags = llw_table_column(&t, "flags"), neg = llw_table_column(&t, "neg_flags"),
        env = llw_table_column(&t, "env"), neg_env = llw_table_column(&t, "neg_env"),
        kind = llw_table_column(&t, "kind"), sets = llw_table_column(&t, "sets"),
        preset = llw_table_column(&t, "default"), repeat = llw_table_column(&t, "repeat"),
        programs = llw_table_column(&t, "programs"), since = llw_table_column(&t, "since"),
        until = llw_table_column(&t, "until"), secret = llw_table_column(&t, "secret"),
        note = llw_table_column(&t, "note");
    llw_flag_row *rows = llw_arena_alloc(arena, (t.n_rows ? t.n_rows : 1) * sizeof *rows);
    named_build since_before = {0}, until_before = {0};
    for (size_t i = 0; i < t.n_rows; i++) {
        llw_flag_row *r = &rows[i];
        r->line = t.lines[i];
        r->names = words(arena, llw_table_cell(&t, i, flags), &r->n_names);
        r->neg_names = words(arena, llw_table_cell(&t, i, neg), &r->n_neg_names);
        r->env = llw_table_cell(&t, i, env);
        r->neg_env = llw_table_cell(&t, i, neg_env);
        r->letters = letters_of(r);
        if (!r->n_names) return llw_fail(err, LLW_ERR_INPUT, t.path, r->line, "the row names no flag");
        if (!read_kind(llw_table_cell(&t, i, kind), r, arena))
            return llw_fail(err, LLW_ERR_INPUT, t.path, r->line, "'%s' is no kind of option",
                            llw_table_cell(&t, i, kind));
        size_t n = 0;
        const char *const *set = words(arena, llw_table_cell(&t, i, sets), &n);
        for (size_t j = 0; j < n && j < LLW_MAX_FLAG_SETS; j++)
            if (!read_set(arena, set[j], &r->sets[r->n_sets++]))
                return llw_fail(err, LLW_ERR_INPUT, t.path, r->line, "'%s' is no attribute of a launch",
                                set[j]);
        r->default_text = llw_table_cell(&t, i, preset);
        r->append = !strcmp(llw_table_cell(&t, i, repeat), "append");
        r->programs = llw_table_cell(&t, i, programs);
        r->secret = !strcmp(llw_table_cell(&t, i, secret), "yes");
        r->note = llw_table_cell(&t, i, note);
        const char *from = llw_table_cell(&t, i, since), *to = llw_table_cell(&t, i, until);
        r->since = *from ? order_of(&since_before, from) : 0;
        r->until = *to ? order_of(&until_before, to) : INT64_MAX;
        r->since_version = from;
        r->until_version = to;
        if (r->since < 0 || r->until < 0)
            return llw_fail(err, LLW_ERR_INPUT, t.path, r->line,
                            "names a build that models/builds.tsv does not order");
    }
    *out = (llw_flags){rows, t.n_rows};
    return LLW_OK;
}

static bool share_a_name(const llw_flag_row *a, const llw_flag_row *b) {
    for (size_t i = 0; i < a->n_names; i++)
        for (size_t k = 0; k < b->n_names; k++)
            if (!strcmp(a->names[i], b->names[k])) return true;
    return *a->env && !strcmp(a->env, b->env);
}

/* What is compiled in as a secret is one, whatever a table that lies over it says or leaves out. */
static llw_rc keep_secrets(llw_arena *arena, llw_flags *flags, llw_err *err) {
    const llw_builtin *ours = llw_data_builtin("models/flags.tsv");
    llw_flags own = {0};
    llw_rc rc = ours ? read_rows(arena, ours->name, (const char *)ours->bytes, ours->len, &own, err) : LLW_OK;
    llw_flag_row *rows = llw_arena_alloc(arena, (flags->n_rows + own.n_rows + 1) * sizeof *rows);
    size_t n = flags->n_rows;
    if (n) memcpy(rows, flags->rows, n * sizeof *rows);
    for (size_t i = 0; rc == LLW_OK && i < own.n_rows; i++) {
        bool there = false;
        for (size_t k = 0; own.rows[i].secret && k < flags->n_rows; k++)
            if (share_a_name(&own.rows[i], &rows[k])) there = rows[k].secret = true;
        if (own.rows[i].secret && !there) rows[n++] = own.rows[i];
    }
    *flags = (llw_flags){rows, n};
    return rc;
}

static llw_rc read_table(llw_arena *arena, llw_flags *out, llw_err *err) {
    static const char name[] = "models/flags.tsv";
    const char *bytes = NULL, *path = NULL;
    size_t len = 0;
    llw_rc rc = llw_data_read(arena, name, &bytes, &len, &path, err);
    if (rc == LLW_OK) rc = read_rows(arena, path, bytes, len, out, err);
    return rc == LLW_OK && !llw_data_is_builtin(name, bytes, len) ? keep_secrets(arena, out, err) : rc;
}

llw_rc llw_flags_load(llw_flags *out, llw_err *err) {
    static llw_flags table;
    static llw_arena *arena; /* of every table that was read: who has an older one keeps it */
    static unsigned generation;
    if (!arena) arena = llw_arena_new();
    if (!table.rows || generation != llw_data_generation()) {
        llw_flags read;
        llw_rc rc = read_table(arena, &read, err);
        if (rc != LLW_OK) return rc;
        table = read;
        generation = llw_data_generation();
    }
    *out = table;
    return LLW_OK;
}

bool llw_flag_takes_value(const llw_flag_row *row) {
    return row->kind != LLW_FLAG_PLAIN && row->kind != LLW_FLAG_SWITCH && row->kind != LLW_FLAG_EXIT;
}

bool llw_flag_of_program(const llw_flag_row *row, llw_program program) {
    bool found = false;
    for (const char *at = row->programs; *at;) {
        size_t len = strcspn(at, ",");
        bool minus = *at == '-';
        const char *name = llw_program_name(program);
        bool same = strlen(name) == len - minus && !strncmp(at + minus, name, len - minus);
        if (minus && same) return false;
        found |= same || (len == 3 && !strncmp(at, "all", 3) && program != LLW_PROGRAM_BENCH);
        at += len + (at[len] == ',');
    }
    return found;
}

bool llw_flag_active(const llw_flag_row *row, llw_program program, int64_t order) {
    return row->since <= order && order < row->until && llw_flag_of_program(row, program);
}

/* 1 a name, -1 a negative name, 0 neither. */
static int spells(const llw_flag_row *row, const char *spelling) {
    const char *first = spelling;
    while (*first == '-') first++;
    if (!llw_flag_may_start(row, *first)) return 0;
    for (size_t i = 0; i < row->n_names; i++)
        if (!strcmp(row->names[i], spelling)) return 1;
    for (size_t i = 0; i < row->n_neg_names; i++)
        if (!strcmp(row->neg_names[i], spelling)) return -1;
    return 0;
}

const llw_flag_row *llw_flag_find(const llw_flags *flags, const char *spelling, llw_program program,
                                  int64_t order, bool *negative) {
    if (*spelling != '-') return NULL;
    for (size_t i = 0; i < flags->n_rows; i++) {
        int how = spells(&flags->rows[i], spelling);
        if (!how || !llw_flag_active(&flags->rows[i], program, order)) continue;
        *negative = how < 0;
        return &flags->rows[i];
    }
    return NULL;
}

/* The sources read, oldest first; a row that is new in one of them came in after the one before. */
static const char *const SOURCES[] = {"2026-05-04", "2026-08-02", "v0.5.0"};

int64_t llw_flag_last_without(const llw_flag_row *row) {
    for (size_t i = 1; i < sizeof SOURCES / sizeof *SOURCES; i++)
        if (!strcmp(row->since_version, SOURCES[i])) return llw_build_order(SOURCES[i - 1]);
    return row->since - 1;
}

const llw_flag_row *llw_flag_maybe(const llw_flags *flags, const char *spelling, llw_program program,
                                   int64_t order, bool *negative) {
    if (*spelling != '-') return NULL;
    for (size_t i = 0; i < flags->n_rows; i++) {
        const llw_flag_row *r = &flags->rows[i];
        int how = r->since > order ? spells(r, spelling) : 0;
        if (!how || r->kind == LLW_FLAG_REMOVED || !llw_flag_of_program(r, program)) continue;
        if (order <= llw_flag_last_without(r)) continue;
        *negative = how < 0;
        return r;
    }
    return NULL;
}

const llw_flag_row *llw_flag_find_any(const llw_flags *flags, const char *spelling, llw_program program) {
    const llw_flag_row *other = NULL;
    if (*spelling != '-') return NULL;
    for (size_t i = 0; i < flags->n_rows; i++) {
        if (!spells(&flags->rows[i], spelling)) continue;
        if (llw_flag_of_program(&flags->rows[i], program)) return &flags->rows[i];
        if (!other) other = &flags->rows[i];
    }
    return other;
}

const char *llw_flag_nearest(const llw_flags *flags, const char *spelling, llw_program program,
                             int64_t order) {
    llw_nearest n = llw_nearest_to(spelling);
    for (size_t i = 0; i < flags->n_rows; i++) {
        const llw_flag_row *r = &flags->rows[i];
        if (r->kind == LLW_FLAG_REMOVED || !llw_flag_active(r, program, order)) continue;
        for (size_t j = 0; j < r->n_names; j++) llw_nearest_try(&n, r->names[j]);
        for (size_t j = 0; j < r->n_neg_names; j++) llw_nearest_try(&n, r->neg_names[j]);
    }
    return n.name;
}

const char *llw_flag_nearest_variable(const llw_flags *flags, const char *name, llw_program program,
                                      int64_t order) {
    llw_nearest n = llw_nearest_to(name);
    for (size_t i = 0; i < flags->n_rows; i++) {
        const llw_flag_row *r = &flags->rows[i];
        if (r->kind == LLW_FLAG_REMOVED || !llw_flag_active(r, program, order)) continue;
        llw_nearest_try(&n, r->env);
        llw_nearest_try(&n, r->neg_env);
    }
    return n.name;
}

const llw_flag_row *llw_flag_for_attr(const llw_flags *flags, llw_attr attr, llw_program program,
                                      int64_t order) {
    for (size_t i = 0; i < flags->n_rows; i++) {
        const llw_flag_row *r = &flags->rows[i];
        if (r->n_sets != 1 || r->sets[0].attr != attr || r->sets[0].effect > LLW_SETS_MODEL) continue;
        if (llw_flag_active(r, program, order)) return r;
    }
    return NULL;
}

bool llw_is_truthy(const char *word) {
    return !strcmp(word, "on") || !strcmp(word, "enabled") || !strcmp(word, "true") || !strcmp(word, "1");
}

bool llw_is_falsey(const char *word) {
    return !strcmp(word, "off") || !strcmp(word, "disabled") || !strcmp(word, "false") || !strcmp(word, "0");
}

bool llw_is_autoy(const char *word) {
    return !strcmp(word, "auto") || !strcmp(word, "-1");
}

void llw_flag_quote(llw_text *out, const char *word) {
    bool escaped = false;
    for (const char *c = word; *c && !escaped; c++)
        escaped = (unsigned char)*c < 0x20 || *c == 0x7f || (*c == ' ' && c[1] == ' ');
    if (*word && !escaped && !word[strcspn(word, " \"'\\$`|&;<>()[]{}*?!#~")]) {
        llw_text_add(out, word);
        return;
    }
    llw_text_add(out, escaped ? "$'" : "'");
    for (const char *c = word; *c; c++) {
        if (escaped && ((unsigned char)*c < 0x20 || *c == 0x7f || (*c == ' ' && c > word && c[-1] == ' ')))
            llw_text_addf(out, *c == '\n' ? "\\n" : "\\x%02x", (unsigned char)*c);
        else if (escaped && (*c == '\'' || *c == '\\'))
            llw_text_addf(out, "\\%c", *c);
        else if (*c == '\'')
            llw_text_add(out, "'\\''");
        else
            llw_text_addn(out, c, 1);
    }
    llw_text_add(out, "'");
}

static const char *quoted(llw_arena *arena, const char *text) {
    llw_text out = {0};
    llw_flag_quote(&out, text);
    const char *copy = llw_arena_strdup(arena, llw_text_str(&out));
    llw_text_fini(&out);
    return copy;
}

/* Before --load-mode there was a flag for each: common/arg.cpp of 2026-05-04. */
static const char *old_load_mode(const char *mode) {
    static const char *const spelling[][2] = {
        {"none", "--no-mmap"}, {"dio", "--direct-io"},         {"mmap", "--mmap"},
        {"auto", "--mmap"},    {"mlock", "--no-mmap --mlock"}, {"mmap+mlock", "--mlock"}};
    for (size_t i = 0; i < sizeof spelling / sizeof *spelling; i++)
        if (!strcmp(mode, spelling[i][0])) return spelling[i][1];
    return NULL;
}

/* More layers than any model has: llama_model_default_params said so until llama.cpp #18266. */
enum { EVERY_LAYER = 999 };

const char *llw_flag_write(const llw_flags *flags, llw_arena *arena, llw_attr attr, llw_value value,
                           llw_program program, int64_t order) {
    const llw_flag_row *r = value.known ? llw_flag_for_attr(flags, attr, program, order) : NULL;
    if (!r) return NULL;
    const char *name = r->names[0], *fixed = r->sets[0].value;
    if (fixed && r->kind != LLW_FLAG_PLAIN) return NULL; /* its own value is another matter: --rope-scale 2 */
    if (attr == LLW_launch_load_mode && r->kind != LLW_FLAG_CHOICE) return old_load_mode(value.as.text);
    if (value.type == LLW_FLAG) {
        bool on = value.as.flag != (r->sets[0].effect == LLW_SETS_INVERTED);
        if (r->kind == LLW_FLAG_PLAIN) return on ? name : NULL;
        if (r->kind == LLW_FLAG_SWITCH) return on ? name : r->neg_names[r->n_neg_names - 1];
        return llw_arena_printf(arena, "%s %s", name,
                                r->kind == LLW_FLAG_BIT ? (on ? "1" : "0") : (on ? "on" : "off"));
    }
    if (llw_type_is_text(value.type) && (r->kind == LLW_FLAG_PLAIN || r->kind == LLW_FLAG_BIT)) {
        bool on = !strcmp(value.as.text, fixed ? fixed : "on"); /* -fa before b6325 */
        if (r->kind == LLW_FLAG_PLAIN) return on ? name : NULL;
        return llw_arena_printf(arena, "%s %s", name, on ? "1" : "0");
    }
    if (r->kind == LLW_FLAG_LAYERS && value.as.count < 0)
        return llw_arena_printf(arena, "%s %s", name, value.as.count == -1 ? "auto" : "all");
    if (attr == LLW_launch_gpu_layers && value.as.count < -1)
        return llw_arena_printf(arena, "%s %d", name, EVERY_LAYER); /* it has no word for all */
    if (llw_type_is_integer(value.type)) return llw_arena_printf(arena, "%s %" PRId64, name, value.as.count);
    if (llw_type_is_text(value.type))
        return *value.as.text ? llw_arena_printf(arena, "%s %s", name, quoted(arena, value.as.text)) : NULL;
    return NULL;
}
