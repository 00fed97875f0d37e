/* llama-server's router presets: each section is a model that the router starts with these options.
 *
 * By common/preset.cpp of v0.5.0 (parse_ini_from_file, load_from_ini, to_args), which is a grammar of its
 * own: a value ends at the first ; or #, nothing is quoted, a key is an option without its hyphens or its
 * variable, one that the program does not have ends the router, a section given twice counts the second time
 * alone, keys are taken in the order of their names, and a negative key turns its value round while a
 * negative variable does not. What the router's own command line says beats every section, a section beats
 * [*]. */
#include "source/config/front.h"
#include "base/file.h"
#include "fact/build.h"
#include "source/launch/argv_reader.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_SECTIONS = 500, MAX_SETTINGS = 400 };

typedef struct setting {
    const char *key;
    llw_rich value;
    int line, column; /* of the key */
    const llw_flag_row *row;
    bool negative; /* the key is a negative form */
    bool off;      /* of an option without a value: what it comes to */
} setting;

typedef struct section {
    const char *name;
    int line, column, last_line;
    setting *items;
    size_t n, capacity;
    bool discarded;
} section;

typedef struct preset {
    llw_config_reader *r;
    const llw_config_file *file;
    section *sections;
    size_t n, capacity;
    int bad_line; /* the first that the grammar does not have; 0 for none */
    const char *bad;
    size_t known, own, strange; /* keys: of llama-server, of nothing else, of others */
    bool names_model;
} preset;

/* --- keys --- */

static int64_t order_of(llw_config_reader *r) {
    int64_t order = 0;
    llw_build build;
    if (r->options->build && llw_facts_count(r->facts, r->options->build, LLW_build_order, &order))
        return order;
    return llw_build_read(r->arena, NULL, &build, NULL) == LLW_OK ? build.order : 0;
}

static bool is_key_of(const llw_flag_row *row, const char *key, bool *negative) {
    for (size_t k = 0; k < row->n_names + row->n_neg_names; k++) {
        const char *name = k < row->n_names ? row->names[k] : row->neg_names[k - row->n_names];
        while (*name == '-') name++;
        if (*name != *key || strcmp(name, key)) continue;
        *negative = k >= row->n_names;
        return true;
    }
    *negative = false; /* a variable's name is no negative form here, whatever it says */
    return *key && (!strcmp(row->env, key) || !strcmp(row->neg_env, key));
}

static bool is_preset_row(const llw_flag_row *row) {
    return !strcmp(row->programs, "preset");
}

/* The option of that key in the build, or NULL; *other is one of another build or program then. */
static const llw_flag_row *find_row(llw_config_reader *r, const char *key, int64_t order, bool *negative,
                                    const llw_flag_row **other) {
    *other = NULL;
    for (size_t i = 0; i < r->flags->n_rows; i++) {
        const llw_flag_row *row = &r->flags->rows[i];
        bool neg = false;
        if (!llw_flag_may_start(row, *key) || !is_key_of(row, key, &neg)) continue;
        bool active =
            is_preset_row(row) ? row->since <= order : llw_flag_active(row, LLW_PROGRAM_SERVER, order);
        if (active) {
            *negative = neg;
            return row;
        }
        if (!*other || llw_flag_of_program(row, LLW_PROGRAM_SERVER)) *other = row;
    }
    return NULL;
}

static bool sets_model(const llw_flag_row *row) {
    return row->n_sets &&
           (row->sets[0].effect == LLW_SETS_MODEL || row->sets[0].effect == LLW_SETS_MODEL_REMOTE);
}

/* --- lines --- */

static section *new_section(preset *p, const char *name, int line, int column) {
    if (p->n == MAX_SECTIONS) return NULL;
    void *items = p->sections;
    section *s = llw_arena_push(p->r->arena, &items, &p->n, &p->capacity, sizeof *s);
    p->sections = items;
    *s = (section){.name = name, .line = line, .column = column, .last_line = line};
    return s;
}

static const char *place_at(const preset *p, int line, int column) {
    return llw_place(p->r->arena, p->file->path, line, column);
}

static void bad_line(preset *p, int line, const char *why) {
    if (p->bad_line) return;
    p->bad_line = line;
    p->bad = why;
}

static bool is_ident(char c, bool first) {
    return isalpha((unsigned char)c) || c == '_' ||
           (!first && (isdigit((unsigned char)c) || c == '.' || c == '-'));
}

static bool only_comment(const char *text, size_t len) {
    size_t i = 0;
    while (i < len && (text[i] == ' ' || text[i] == '\t')) i++;
    return i == len || text[i] == ';' || text[i] == '#';
}

static void read_value(preset *p, section *s, const char *text, size_t len, size_t key, size_t sign,
                       int line) {
    llw_arena *arena = p->r->arena;
    size_t from = sign + 1, to, end;
    while (from < len && (text[from] == ' ' || text[from] == '\t')) from++;
    for (end = from; end < len && text[end] != ';' && text[end] != '#';) end++;
    for (to = end; to > from && (text[to - 1] == ' ' || text[to - 1] == '\t');) to--;
    if (s->n == MAX_SETTINGS) return;
    void *items = s->items;
    setting *set = llw_arena_push(arena, &items, &s->n, &s->capacity, sizeof *set);
    s->items = items;
    *set = (setting){.key = llw_arena_strndup(arena, text, key), .line = line, .column = 1};
    int column = 1;
    for (size_t i = 0; i < from; i++) column += ((unsigned char)text[i] & 0xc0) != 0x80;
    bool global = !strcmp(s->name, "*");
    llw_rich_read(arena, &set->value, text + from, to - from, line, column,
                  llw_link_new(arena, p->file->path, global ? "preset [*]" : "preset", true));
    if (end < len && to == end && to > from) /* cut inside a word */
        llw_config_problem(p->r, LLW_F_OTHERWISE, LLW_PROBLEM_WRONG,
                           place_at(p, line, column + (int)(end - from)), set->key,
                           "keep ; and # out of the value: there is no way to quote them",
                           "the router reads %s up to the %c: the value is '%.60s'", set->key, text[end],
                           llw_rich_show(arena, &set->value));
    /* in a message to the model they are two more characters, in a path or a number they are a mistake */
    bool message = memchr(text + from, ' ', to - from) && !strpbrk(llw_rich_show(arena, &set->value), "/\\");
    if (to - from > 1 && text[from] == '"' && text[to - 1] == '"')
        llw_config_problem(p->r, LLW_F_OTHERWISE, message ? LLW_PROBLEM_NOTE : LLW_PROBLEM_WRONG,
                           place_at(p, line, column), set->key, "leave the quotes out",
                           "the router keeps quotes: the value of %s begins and ends with one", set->key);
}

static void read_lines(preset *p) {
    const char *bytes = p->file->bytes;
    size_t len = p->file->len;
    section *s = NULL;
    int line = 0;
    if (len >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3))
        bad_line(p, 1, "the file begins with a byte order mark");
    for (size_t at = p->bad_line ? 3 : 0, next; at < len; at = next) {
        size_t n = 0;
        while (at + n < len && bytes[at + n] != '\n' && bytes[at + n] != '\r') n++;
        next = at + n;
        if (next < len) next += bytes[next] == '\r' && next + 1 < len && bytes[next + 1] == '\n' ? 2 : 1;
        const char *text = bytes + at;
        line++;
        if (only_comment(text, n)) continue;
        if (*text == '[') {
            const char *close = memchr(text, ']', n);
            size_t from = 1;
            while (from < n && (text[from] == ' ' || text[from] == '\t')) from++;
            if (!close || (size_t)(close - text) <= from ||
                !only_comment(close + 1, n - (size_t)(close + 1 - text)))
                bad_line(p, line, "the line is no [section]");
            else
                s = new_section(p, llw_arena_strndup(p->r->arena, text + from, (size_t)(close - text) - from),
                                line, (int)from + 1);
            continue;
        }
        size_t key = 0, sign;
        while (key < n && is_ident(text[key], key == 0)) key++;
        for (sign = key; sign < n && (text[sign] == ' ' || text[sign] == '\t');) sign++;
        if (!key || sign == n || text[sign] != '=') {
            bool blank = text[0] == ' ' || text[0] == '\t';
            bad_line(p, line,
                     blank ? "a key may not have blanks in front of it" : "the line is no KEY = VALUE");
            continue;
        }
        if (!s) s = new_section(p, "default", line, 1);
        if (!s) return;
        s->last_line = line;
        read_value(p, s, text, n, key, sign, line);
    }
}

/* --- what they come to --- */

/* "--load-mode none" as a preset writes it. */
static const char *as_key(preset *p, const char *words) {
    const char *from = words + strspn(words, "-"), *blank = strchr(from, ' ');
    if (from == words || !blank || strstr(blank, "--")) return words;
    return llw_arena_printf(p->r->arena, "%.*s = %s", (int)(blank - from), from, blank + 1);
}

/* Whether older builds read the key and the build at hand does not. */
static bool was_read(const llw_flag_row *row, int64_t order) {
    return row && llw_flag_of_program(row, LLW_PROGRAM_SERVER) && row->until <= order;
}

/* A key that the newest builds refuse, when nobody says that such a one runs. */
/* Of a build that is named; else each launch of the preset tells it. */
static void tell_removed(preset *p, const section *s, const setting *set) {
    const llw_flag_row *row = set->row;
    llw_config_problem(
        p->r, LLW_F_REMOVED, LLW_PROBLEM_WRONG, place_at(p, set->line, set->column), set->key,
        *row->note ? llw_arena_printf(p->r->arena, "write %s", as_key(p, row->note)) : "leave it out",
        "the whole router ends at start from %s on: option '%s' of preset '%.60s' was taken out",
        llw_build_and_day(p->r->arena, row->until_version), set->key, s->name);
}

static void unknown_key(preset *p, const section *s, const setting *set, int64_t order) {
    const char *place = place_at(p, set->line, set->column);
    char dashed[64] = "--";
    size_t n = strlen(set->key);
    const char *near = NULL;
    if (n + 3 < sizeof dashed) {
        memcpy(dashed + 2, set->key, n + 1);
        for (char *at = dashed + 2; *at; at++)
            if (*at == '_') *at = '-';
        near = llw_flag_nearest(p->r->flags, dashed, LLW_PROGRAM_SERVER, order);
    }
    llw_config_problem(p->r, LLW_F_FILE_REFUSED, LLW_PROBLEM_WRONG, place, set->key,
                       near ? llw_arena_printf(p->r->arena, "write %s", near + strspn(near, "-"))
                            : "leave it out",
                       "the whole router ends at start: option '%.60s' is not recognized in preset '%.60s'",
                       set->key, s->name);
}

/* An option without a value: on or off, and where that is not what the line says. */
static void read_switch(preset *p, setting *set, bool quiet) {
    const char *text = llw_rich_show(p->r->arena, &set->value);
    bool truthy = llw_is_truthy(text), falsey = llw_is_falsey(text);
    bool no_variable = *set->row->neg_env && !strcmp(set->row->neg_env, set->key);
    const char *name = set->row->names[set->row->n_names - 1];
    bool on = set->row->kind == LLW_FLAG_SWITCH && set->negative ? !truthy : !falsey;
    set->off = !on;
    static const char *const means_off[] = {"no", "No", "NO", "False", "FALSE", "Off", "OFF", "n"};
    static const char *const means_on[] = {"yes", "Yes", "YES", "True", "TRUE", "On", "ON", "y"};
    bool says_off = falsey, says_on = truthy;
    for (size_t i = 0; i < 8; i++) {
        says_off |= !strcmp(text, means_off[i]);
        says_on |= !strcmp(text, means_on[i]);
    }
    bool meant = set->negative || no_variable ? !says_on : !says_off;
    if (quiet || meant == on || (!says_on && !says_off)) return;
    const char *write = set->negative || no_variable ? "true" : "false";
    if (no_variable)
        llw_config_problem(
            p->r, LLW_F_OTHERWISE, LLW_PROBLEM_WRONG, place_at(p, set->line, set->column), set->key,
            llw_arena_printf(p->r->arena, "write %s = true",
                             set->row->neg_names[set->row->n_neg_names - 1] + 2),
            "%s = %.20s becomes %s: the router does not turn the value of a variable's name round", set->key,
            text, name);
    else
        llw_config_problem(
            p->r, LLW_F_OTHERWISE, LLW_PROBLEM_WRONG, place_at(p, set->line, set->column), set->key,
            llw_arena_printf(p->r->arena, "write %s = %s", set->key, write),
            "%s = %.20s becomes %s: only on, enabled, true, 1 and off, disabled, false, 0 are words for it",
            set->key, text, set->off && set->row->n_neg_names ? set->row->neg_names[0] : name);
}

static int by_key(const void *a, const void *b) {
    const setting *x = a, *y = b;
    int c = strcmp(x->key, y->key);
    return c ? c : (x->line > y->line) - (x->line < y->line);
}

/* Settings of one option in one section: the one whose key sorts last counts. */
static void tell_repeated(preset *p, const section *s) {
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = i + 1; k < s->n; k++) {
            const setting *lost = &s->items[i], *won = &s->items[k];
            if (!lost->row || lost->row != won->row) continue;
            bool same = !strcmp(lost->key, won->key);
            llw_config_problem(p->r, same ? LLW_F_REPEATED : LLW_F_REPEATED_ALIAS, LLW_PROBLEM_RISK,
                               place_at(p, lost->line, lost->column), lost->key, "give it once",
                               same ? "%s of line %d loses against %s of line %d"
                                    : "%s of line %d loses against %s of line %d: of two names of an option "
                                      "the one that sorts last counts",
                               lost->key, lost->line, won->key, won->line);
            break;
        }
}

static void resolve(preset *p, int64_t order) {
    bool named = p->r->options->build && llw_build_named(p->r->facts, p->r->options->build);
    for (size_t i = 0; i < p->n; i++) {
        section *s = &p->sections[i];
        if (s->n) qsort(s->items, s->n, sizeof *s->items, by_key);
        for (size_t k = 0; k < s->n; k++) {
            setting *set = &s->items[k];
            const llw_flag_row *other = NULL;
            if (!strcmp(set->key, "version")) continue;
            set->row = find_row(p->r, set->key, order, &set->negative, &other);
            if (!set->row && was_read(other, order)) {
                set->row = other;
                if (named && !s->discarded) tell_removed(p, s, set);
                if (named) set->row = NULL;
            } else if (!set->row && !s->discarded) {
                unknown_key(p, s, set, order);
            }
            if (!set->row) continue;
            bool negative = false;
            if (set->row == other && is_key_of(other, set->key, &negative)) set->negative = negative;
            if (set->row->kind == LLW_FLAG_PAIR && !s->discarded)
                llw_config_problem(
                    p->r, LLW_F_FILE_REFUSED, LLW_PROBLEM_WRONG, place_at(p, set->line, set->column),
                    set->key, "give it on the router's command line",
                    "the router ends: option '%s' has two values, which a preset cannot hold", set->key);
            if (!llw_flag_takes_value(set->row)) read_switch(p, set, s->discarded);
        }
        if (!s->discarded) tell_repeated(p, s);
    }
}

static void discard_repeated(preset *p) {
    for (size_t i = 0; i < p->n; i++)
        for (size_t k = i + 1; k < p->n; k++) {
            if (strcmp(p->sections[i].name, p->sections[k].name)) continue;
            p->sections[i].discarded = true;
            llw_config_problem(p->r, LLW_F_OTHERWISE, LLW_PROBLEM_WRONG,
                               place_at(p, p->sections[i].line, p->sections[i].column), p->sections[i].name,
                               "keep one section of that name",
                               "nothing of this section [%.60s] counts: the router takes the one of line %d",
                               p->sections[i].name, p->sections[k].line);
            break;
        }
}

/* --- launches --- */

/* What the router's own command line sets for every model. */
typedef struct router {
    const llw_config_router *found;
    setting *items;
    size_t n, capacity;
} router;

static bool is_routers_own(const llw_flag_row *row) {
    static const char *const names[] = {"--host",         "--port",         "--alias",        "--api-key",
                                        "--api-key-file", "--ssl-key-file", "--ssl-cert-file"};
    const char *name = row->names[row->n_names - 1];
    if (!strncmp(name, "--models-", 9)) return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i])) return true;
    return false;
}

static void read_router(preset *p, router *out, int64_t order) {
    const llw_words *w = &out->found->low.words;
    for (size_t i = 0; i < w->n; i++) {
        const char *text = llw_rich_text(p->r->arena, &w->items[i]);
        bool negative = false;
        const llw_flag_row *row = text && *text == '-'
                                      ? llw_flag_find(p->r->flags, text, LLW_PROGRAM_SERVER, order, &negative)
                                      : NULL;
        if (!row) continue;
        bool valued = llw_flag_takes_value(row);
        if (!is_routers_own(row) && out->n < MAX_SETTINGS && row->kind != LLW_FLAG_EXIT &&
            row->kind != LLW_FLAG_PAIR) {
            void *items = out->items;
            setting *set = llw_arena_push(p->r->arena, &items, &out->n, &out->capacity, sizeof *set);
            out->items = items;
            *set = (setting){.key = text,
                             .row = row,
                             .off = negative,
                             .value = valued && i + 1 < w->n ? w->items[i + 1] : w->items[i]};
        }
        i += valued;
    }
}

static const setting *last_of(const setting *items, size_t n, const llw_flag_row *row) {
    const setting *found = NULL;
    for (size_t i = 0; i < n; i++)
        if (items[i].row == row) found = &items[i];
    return found;
}

/* One option with what it stands over: [*] below the section below the router's command line. */
static void add_option(preset *p, const llw_flag_row *row, const setting *const *layers, size_t n,
                       llw_words *out) {
    const setting *won = NULL;
    llw_token *lost = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!layers[i]) continue;
        if (won) {
            llw_token *below = llw_arena_alloc(p->r->arena, sizeof *below);
            *below = llw_rich_token(p->r->arena, &won->value, NULL);
            below->lost = lost;
            lost = below;
        }
        won = layers[i];
    }
    if (!won || is_preset_row(row) || row->kind == LLW_FLAG_PAIR) return;
    bool valued = llw_flag_takes_value(row);
    const char *name = row->names[row->n_names - 1];
    if (!valued && won->off) {
        if (!row->n_neg_names) return;
        name = row->neg_names[row->n_neg_names - 1];
    }
    llw_rich word = {0};
    const llw_char *at = won->value.n ? &won->value.chars[0] : NULL;
    const llw_link *link = at ? at->link : llw_link_new(p->r->arena, p->file->path, "preset", true);
    llw_rich_read(p->r->arena, &word, name, strlen(name),
                  won->line ? won->line
                  : at      ? at->line
                            : 0,
                  won->line ? won->column
                  : at      ? at->column
                            : 0,
                  link);
    for (size_t i = 0; i < word.n; i++) word.chars[i].column = word.chars[0].column;
    llw_words_push(p->r->arena, out, word);
    if (valued)
        llw_words_push(p->r->arena, out, lost ? llw_rich_over(p->r->arena, &won->value, lost) : won->value);
}

static bool has_options(const section *s) {
    for (size_t i = 0; i < s->n; i++)
        if (s->items[i].row) return true;
    return false;
}

/* What a section starts: [*] below it, the router's command line above it. */
static void read_section(preset *p, const section *global, const section *s, const router *cli,
                         llw_start *start) {
    *start =
        (llw_start){.file = p->file->path, .line = s->line, .column = s->column, .last_line = s->last_line};
    start->low = (llw_lowered){.runs = true, .program = LLW_PROGRAM_SERVER, .env = {.arena = p->r->arena}};
    if (cli->found) {
        start->low.env = cli->found->low.env;
        start->low.version = cli->found->low.version;
        start->low.mounts = cli->found->low.mounts;
        start->low.n_mounts = cli->found->low.n_mounts;
    }
    for (size_t k = 0; k < p->r->flags->n_rows; k++) {
        const llw_flag_row *row = &p->r->flags->rows[k];
        const setting *const layers[] = {global ? last_of(global->items, global->n, row) : NULL,
                                         s == global ? NULL : last_of(s->items, s->n, row),
                                         last_of(cli->items, cli->n, row)};
        add_option(p, row, layers, 3, &start->low.words);
    }
}

/* A launch for each section; where there is only [*], one for every model that the router finds elsewhere. */
static void add_launches(preset *p, const section *global, const router *cli) {
    llw_front_launch *items = llw_arena_alloc(p->r->arena, (p->n + 1) * sizeof *items);
    llw_start *starts = llw_arena_alloc(p->r->arena, (p->n + 1) * sizeof *starts);
    size_t n = 0;
    for (size_t i = 0; i <= p->n; i++) {
        const section *s = i < p->n ? &p->sections[i] : n ? NULL : global;
        if (!s || s->discarded || (s == global && i < p->n) || !has_options(s)) continue;
        read_section(p, global, s, cli, &starts[n]);
        items[n] = (llw_front_launch){.start = &starts[n],
                                      .name = s->name,
                                      .line = s->line,
                                      .column = s->column,
                                      .from = s->line,
                                      .to = s->last_line,
                                      .infrastructure = s == global};
        n++;
    }
    llw_front_emit(p->r, p->file, items, n);
}

/* --models-max 0 says "unlimited" and yet refuses models that are to be loaded at start. */
static void check_limit(preset *p, const router *cli) {
    const llw_words *w = cli->found ? &cli->found->low.words : NULL;
    for (size_t i = 0; w && i + 1 < w->n; i++) {
        if (!llw_rich_is(&w->items[i], "--models-max") || !llw_rich_is(&w->items[i + 1], "0")) continue;
        for (size_t k = 0; k < p->n; k++)
            for (size_t j = 0; j < p->sections[k].n; j++) {
                const setting *set = &p->sections[k].items[j];
                if (strcmp(set->key, "load-on-startup") ||
                    llw_is_falsey(llw_rich_show(p->r->arena, &set->value)))
                    continue;
                llw_config_problem(
                    p->r, LLW_F_FILE_REFUSED, LLW_PROBLEM_WRONG, place_at(p, set->line, set->column),
                    set->key, "give --models-max a number",
                    "the router refuses to start: with --models-max 0 no model may be loaded on startup");
                return;
            }
    }
}

/* --- whether it is one --- */

/* Keys that other programs' files do not have. */
static bool is_own_key(const char *key) {
    static const char *const keys[] = {
        "ngl", "ub", "ctk", "ctv", "cmoe", "ncmoe", "hf", "hfr", "hff", "jinja", "load-on-startup", "mmproj"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (!strcmp(keys[i], key)) return true;
    return !strncmp(key, "LLAMA_ARG_", 10) || strchr(key, '-') != NULL;
}

static void weigh(preset *p) {
    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; k < p->sections[i].n; k++) {
            const setting *set = &p->sections[i].items[k];
            bool negative;
            const llw_flag_row *other = NULL, *row = find_row(p->r, set->key, INT64_MAX, &negative, &other);
            if (!row && other && llw_flag_of_program(other, LLW_PROGRAM_SERVER))
                row = other; /* of an older build */
            if (!strcmp(set->key, "version")) continue;
            p->known += row != NULL;
            p->strange += row == NULL;
            p->own += row && is_own_key(set->key);
            const char *value = llw_rich_show(p->r->arena, &set->value);
            p->names_model |= row && sets_model(row) && (strstr(value, ".gguf") || strchr(value, '/'));
        }
}

static bool is_preset(preset *p) {
    bool by_name = strcasestr(p->file->name, "preset") || strcasestr(p->file->name, "router"), star = false,
         conf = false;
    for (size_t i = 0; i < p->n; i++) {
        star |= !strcmp(p->sections[i].name, "*");
        for (size_t k = 0; k < p->sections[i].n; k++) conf |= !strcmp(p->sections[i].items[k].key, "MODEL");
    }
    if (conf) return false; /* models.conf and its kin */
    if (by_name || star) return p->names_model || p->own;
    return p->names_model ? p->own && p->known >= p->strange : p->own > 1 && p->known > p->strange;
}

static const llw_config_router *router_of(const llw_config_reader *r, const llw_config_file *file) {
    const llw_config_router *found = NULL;
    for (size_t i = 0; i < r->n_routers; i++)
        if (!strcmp(llw_path_name(r->routers[i].preset), file->name)) {
            if (found) return NULL; /* of two nobody knows which */
            found = &r->routers[i];
        }
    return found;
}

static bool is_routed(const llw_config_reader *r, const llw_config_file *file) {
    for (size_t i = 0; i < r->n_routers; i++)
        if (!strcmp(llw_path_name(r->routers[i].preset), file->name)) return true;
    return false;
}

bool llw_front_preset(llw_config_reader *r, const llw_config_file *file, bool only_ask) {
    size_t before = r->out->n_problems;
    preset p = {.r = r, .file = file};
    read_lines(&p);
    weigh(&p);
    bool ours = is_preset(&p) || is_routed(r, file);
    if (!ours || only_ask) {
        r->out->n_problems = before;
        return ours;
    }
    int64_t order = order_of(r);
    if (p.bad_line)
        llw_config_problem(r, LLW_F_FILE_REFUSED, LLW_PROBLEM_WRONG, place_at(&p, p.bad_line, 1), "line",
                           "write KEY = VALUE from the first column on",
                           "the whole router ends at start, without naming a line: %s", p.bad);
    discard_repeated(&p);
    resolve(&p, order);
    router cli = {.found = router_of(r, file)};
    if (cli.found) read_router(&p, &cli, order);
    const section *global = NULL;
    for (size_t i = 0; i < p.n; i++)
        if (!p.sections[i].discarded && !strcmp(p.sections[i].name, "*")) global = &p.sections[i];
    for (size_t i = 0; i < p.n; i++)
        if (!strcmp(p.sections[i].name, "default") && p.sections[i].column == 1 &&
            has_options(&p.sections[i]) && p.n > 1)
            llw_config_problem(
                r, LLW_F_OTHERWISE, LLW_PROBLEM_RISK, place_at(&p, p.sections[i].line, 1), "default",
                "write [*] above them",
                "keys above the first section make a model called default: they do not count for the others");
    check_limit(&p, &cli);
    add_launches(&p, global, &cli);
    return true;
}
