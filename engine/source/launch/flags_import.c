/* Lays a --help over the option table. */
#include "source/launch/flags_import.h"
#include "base/data.h"
#include "base/table.h"
#include "base/text.h"
#include "fact/build.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char first_source[] =
    "2026-05-04"; /* models/flags.tsv: older builds are answered with its rows */

typedef struct import {
    llw_arena *arena;
    const llw_help *help;
    llw_program program;
    llw_flags flags;
    llw_table table;
    const char *version;
    int64_t order, beginning; /* of the build, of the table's first source */
    const char
        *edge; /* where the rows of the table are cut: the build, or the next one if it is of the past */
    const char **since, **until; /* new cells by row of the table, NULL: as they are */
    llw_text added;
    llw_flags_update *out;
} import;

static void change(import *im, llw_flag_change_kind kind, const char *name, const char *what) {
    void *items = im->out->changes;
    llw_flag_change *c =
        llw_arena_push(im->arena, &items, &im->out->n_changes, &im->out->capacity, sizeof *c);
    im->out->changes = items;
    *c = (llw_flag_change){kind, name, what};
}

/* --no-mmap, -no-cnv, and -nkvo beside -kvo. */
static bool is_negative(const llw_help_option *o, size_t i) {
    const char *name = o->names[i];
    if (!strncmp(name, "--no-", 5) || !strncmp(name, "-no-", 4)) return true;
    for (size_t k = 0; k < i; k++)
        if (name[1] == 'n' && o->names[k][1] != '-' && !strcmp(name + 2, o->names[k] + 1)) return true;
    return false;
}

/* "[on|off|auto]", "{none,layer,row}", "<0|1>" as a,b,c; "" for anything else. */
static const char *choices_of(llw_arena *arena, const char *hint) {
    size_t len = strlen(hint);
    if (len < 3 || !strchr("[{<", *hint) || !strchr("]}>", hint[len - 1])) return "";
    char *inner = llw_arena_strndup(arena, hint + 1, len - 2);
    bool several = false;
    for (char *at = inner; *at; at++) {
        if (*at == '|') *at = ',';
        several |= *at == ',';
        if (!isalnum((unsigned char)*at) && !strchr(",_+-", *at)) return "";
    }
    return several && !strstr(inner, "..") ? inner : "";
}

static const char *kind_of(import *im, const llw_help_option *o) {
    bool negative = false;
    for (size_t i = 0; i < o->n_names; i++) negative |= is_negative(o, i);
    const char *choices = choices_of(im->arena, o->hint);
    if (!*o->hint) {
        if (strstr(o->text, "and exit")) return "exit";
        return negative && o->n_names > 1 ? "switch" : "flag";
    }
    if (!strcmp(choices, "on,off,auto")) return "onoffauto";
    if (!strcmp(choices, "on,off") || !strcmp(choices, "off,on")) return "onoff";
    if (*choices) return llw_arena_printf(im->arena, "choice:%s", choices);
    if (strchr(o->hint, ' ')) return "pair";
    if (!strcmp(o->hint, "N")) return strchr(o->standard, '.') ? "real" : "int";
    return "text";
}

/* common/arg.cpp lists it only where the binary was built with the RPC backend. */
static bool depends_on_binary(const llw_flag_row *row) {
    return !strcmp(row->names[0], "--rpc");
}

static const llw_help_option *help_of(const import *im, const llw_flag_row *row) {
    for (size_t i = 0; i < im->help->n; i++)
        for (size_t k = 0; k < im->help->options[i].n_names; k++) {
            const char *name = im->help->options[i].names[k];
            for (size_t j = 0; j < row->n_names; j++)
                if (!strcmp(row->names[j], name)) return &im->help->options[i];
            for (size_t j = 0; j < row->n_neg_names; j++)
                if (!strcmp(row->neg_names[j], name)) return &im->help->options[i];
        }
    return NULL;
}

static const llw_flag_row *row_of(const import *im, const llw_help_option *o) {
    bool negative = false;
    for (size_t k = 0; k < o->n_names; k++) {
        const llw_flag_row *row = llw_flag_find(&im->flags, o->names[k], im->program, im->order, &negative);
        if (row) return row;
    }
    return NULL;
}

/* A row of this program that begins later, or NULL. */
static const llw_flag_row *later_row(const import *im, const llw_help_option *o) {
    for (size_t i = 0; i < im->flags.n_rows; i++) {
        const llw_flag_row *row = &im->flags.rows[i];
        if (row->since <= im->order || row->kind == LLW_FLAG_REMOVED ||
            !llw_flag_of_program(row, im->program))
            continue;
        for (size_t k = 0; k < o->n_names; k++)
            for (size_t j = 0; j < row->n_names; j++)
                if (!strcmp(row->names[j], o->names[k])) return row;
    }
    return NULL;
}

typedef struct cell {
    const char *column, *text;
} cell;

/* Adds a row: the cells of `like` (a row of the table, or none) with those given over them. */
static void add_row(import *im, const llw_flag_row *like, const cell *cells, size_t n) {
    for (size_t c = 0; c < im->table.n_columns; c++) {
        const char *text = like ? llw_table_cell(&im->table, (size_t)(like - im->flags.rows), (int)c) : "";
        for (size_t i = 0; i < n; i++)
            if (!strcmp(cells[i].column, im->table.header[c])) text = cells[i].text;
        llw_text_addf(&im->added, "%s%s", c ? "\t" : "", text);
    }
    llw_text_add(&im->added, "\n");
}

/* A row of the table begins or ends at the build: the past ends where the table's first source begins. What
 * other programs have of it goes on in a row of its own. */
static void cut(import *im, const llw_flag_row *row) {
    bool past = im->order < im->beginning;
    const char *program = llw_program_name(im->program), *edge = im->edge;
    if (strcmp(row->programs, program))
        add_row(im, row,
                (cell[]){{"programs", llw_arena_printf(im->arena, "%s,-%s", row->programs, program)},
                         {past ? "until" : "since", edge}},
                2);
    (past ? im->since : im->until)[row - im->flags.rows] = edge;
}

/* The option as the help has it; `like` is the row of the table that it differs from, or NULL. */
static void add_option(import *im, const llw_help_option *o, const llw_flag_row *like) {
    llw_text names = {0}, negatives = {0};
    bool past = im->order < im->beginning;
    const char *kind = kind_of(im, o);
    bool two = !strcmp(kind, "switch");
    for (size_t i = 0; i < o->n_names; i++) {
        llw_text *to = two && is_negative(o, i) ? &negatives : &names;
        llw_text_addf(to, "%s%s", to->len ? " " : "", o->names[i]);
    }
    const char *neg_env = two && !strncmp(o->env, "LLAMA_ARG_", 10)
                              ? llw_arena_printf(im->arena, "LLAMA_ARG_NO_%s", o->env + 10)
                              : "";
    cell cells[] = {{"flags", llw_arena_strdup(im->arena, llw_text_str(&names))},
                    {"neg_flags", llw_arena_strdup(im->arena, llw_text_str(&negatives))},
                    {"env", o->env},
                    {"neg_env", neg_env},
                    {"programs", llw_program_name(im->program)},
                    {"since", past ? "" : im->version},
                    {"until", past ? im->edge : ""},
                    {"kind", kind},
                    {"default", o->standard}};
    bool same_kind = like && llw_flag_takes_value(like) ==
                                 (*o->hint != 0); /* the table knows more of the value than the help says */
    add_row(im, like, cells, sizeof cells / sizeof *cells - 2 * (size_t)same_kind);
    llw_text_fini(&names);
    llw_text_fini(&negatives);
}

/* What the row and the help disagree about, or NULL. */
static const char *difference(import *im, const llw_flag_row *row, const llw_help_option *o) {
    bool value = llw_flag_takes_value(row), now = *o->hint != 0;
    if (row->kind == LLW_FLAG_REMOVED || row->kind == LLW_FLAG_EXIT) return NULL;
    if (value != now)
        return now ? llw_arena_printf(im->arena, "it wants a value here: %s", o->hint)
                   : "it takes no value here";
    if (*o->env && strcmp(o->env, row->env) && strcmp(o->env, row->neg_env))
        return *row->env ? llw_arena_printf(im->arena, "its variable is %s here, not %s", o->env, row->env)
                         : llw_arena_printf(im->arena, "it has a variable here: %s", o->env);
    if (!*o->env && *row->env)
        return llw_arena_printf(im->arena, "it has no variable here, not %s", row->env);
    for (size_t k = 0; k < o->n_names; k++) {
        bool there = false;
        for (size_t j = 0; j < row->n_names; j++) there |= !strcmp(row->names[j], o->names[k]);
        for (size_t j = 0; j < row->n_neg_names; j++) there |= !strcmp(row->neg_names[j], o->names[k]);
        if (!there) return llw_arena_printf(im->arena, "it is also called %s here", o->names[k]);
    }
    return NULL;
}

static void compare(import *im) {
    for (size_t i = 0; i < im->help->n; i++) {
        const llw_help_option *o = &im->help->options[i];
        const char *name = o->names[o->n_names - 1];
        const llw_flag_row *row = row_of(im, o);
        const char *what = row ? difference(im, row, o) : NULL;
        if (row && !what) continue;
        if (row) {
            cut(im, row);
            add_option(im, o, row);
            change(im, LLW_FLAG_OTHER, name, what);
            continue;
        }
        const llw_flag_row *later = later_row(im, o);
        if (later && !difference(im, later, o)) {
            im->since[later - im->flags.rows] = im->version;
            change(im, LLW_FLAG_EARLIER, name, "");
            continue;
        }
        add_option(im, o, NULL);
        change(im, LLW_FLAG_ADDED, name, "");
    }
    for (size_t i = 0; i < im->flags.n_rows; i++) {
        const llw_flag_row *row = &im->flags.rows[i];
        bool ours = llw_flag_active(row, im->program, im->order) && row->kind != LLW_FLAG_REMOVED &&
                    !depends_on_binary(row);
        if (!ours || im->since[i] || im->until[i] || help_of(im, row)) continue;
        cut(im, row);
        change(im, LLW_FLAG_ENDED, row->names[row->n_names - 1], "");
    }
}

/* The table's own bytes with new cells in the rows that changed, and the added rows at the end. */
static const char *written(import *im, const char *bytes) {
    int since = llw_table_column(&im->table, "since"), until = llw_table_column(&im->table, "until");
    llw_text out = {0};
    int line = 0;
    size_t row = 0;
    for (const char *at = bytes; *at;) {
        size_t len = strcspn(at, "\n");
        line++;
        while (row < im->table.n_rows && im->table.lines[row] < line) row++;
        bool changed =
            row < im->table.n_rows && im->table.lines[row] == line && (im->since[row] || im->until[row]);
        const char *from = at;
        for (int c = 0; changed && c < (int)im->table.n_columns; c++) {
            size_t n = strcspn(from, "\t\n");
            const char *fresh = c == since ? im->since[row] : c == until ? im->until[row] : NULL;
            llw_text_addf(&out, "%s%.*s", c ? "\t" : "", (int)(fresh ? strlen(fresh) : n),
                          fresh ? fresh : from);
            from += n + (from[n] == '\t');
        }
        if (!changed) llw_text_addn(&out, at, len);
        llw_text_add(&out, "\n");
        at += len + (at[len] == '\n');
    }
    llw_text_add(&out, llw_text_str(&im->added));
    const char *kept = llw_arena_strdup(im->arena, llw_text_str(&out));
    llw_text_fini(&out);
    return kept;
}

/* Whether that b-number or day stands before the row's. */
static bool is_before(const llw_table *builds, size_t row, const char *version) {
    const char *number = llw_table_cell(builds, row, llw_table_column(builds, "number"));
    const char *date = llw_table_cell(builds, row, llw_table_column(builds, "date"));
    if (*version == 'b') return *number && atoll(version + 1) < atoll(number);
    return isdigit((unsigned char)*version) && strcmp(version, date) < 0;
}

/* A row for a build that the table lacks, right behind the one that answers for it. */
static llw_rc add_build(import *im, const llw_build *build, const char *today, llw_err *err) {
    const char *bytes, *path;
    size_t len, at = 0;
    llw_table table;
    llw_rc rc = llw_data_read(im->arena, "models/builds.tsv", &bytes, &len, &path, err);
    if (rc == LLW_OK) rc = llw_table_parse(im->arena, path, bytes, len, &table, err);
    if (rc != LLW_OK) return rc;
    int order = llw_table_column(&table, "order"), date = llw_table_column(&table, "date");
    bool oldest = is_before(&table, 0, build->version); /* then the first row answers for it */
    while (!oldest && at < table.n_rows && atoll(llw_table_cell(&table, at, order)) <= build->order) at++;
    bool newest = at == table.n_rows;
    const char *day = newest ? today : llw_table_cell(&table, at, date);
    long long digits = 0;
    for (const char *c = today; *c; c++)
        if (isdigit((unsigned char)*c)) digits = digits * 10 + (*c - '0');
    im->order = newest && digits * 10 > build->order ? digits * 10 : build->order + (oldest ? -1 : 1);
    if (!newest && im->order >= atoll(llw_table_cell(&table, at, order)))
        return llw_fail(err, LLW_ERR_INPUT, path, table.lines[at],
                        "has no room for %s before this row: add it by hand", build->version);
    llw_text out = {0};
    size_t line = newest ? 0 : (size_t)table.lines[at], now = 0;
    const char *row = llw_arena_printf(im->arena, "%lld\t%s\t%s\t%s\t\t%s\tllwhy flags import, its --help\n",
                                       (long long)im->order, build->version,
                                       *build->version == 'b' ? build->version + 1 : "", day,
                                       build->fit_known ? build->fit ? "yes" : "no" : "");
    for (const char *c = bytes; *c;) {
        size_t n = strcspn(c, "\n");
        if (++now == line) llw_text_add(&out, row);
        llw_text_addn(&out, c, n);
        llw_text_add(&out, "\n");
        c += n + (c[n] == '\n');
    }
    if (newest) llw_text_add(&out, row);
    im->out->builds = llw_arena_strdup(im->arena, llw_text_str(&out));
    llw_text_fini(&out);
    return LLW_OK;
}

/* The version of the first row behind an order; the newest has none. */
static llw_rc next_build(import *im, const char **version, llw_err *err) {
    llw_table table;
    llw_rc rc = llw_table_read(im->arena, "models/builds.tsv", &table, err);
    for (size_t i = 0; rc == LLW_OK && i < table.n_rows; i++)
        if (atoll(llw_table_cell(&table, i, llw_table_column(&table, "order"))) > im->order) {
            *version = llw_table_cell(&table, i, llw_table_column(&table, "version"));
            break;
        }
    return rc;
}

llw_rc llw_flags_import(llw_arena *arena, const llw_help *help, llw_program program, const char *version,
                        const char *today, llw_flags_update *out, llw_err *err) {
import im = {.arena = arena, .help = help, .program = program, .out = out };
    llw_build build;
    const char *bytes, *path;
    size_t len;
    *out = (llw_flags_update){0};
    llw_rc rc = llw_build_read(arena, version, &build, err);
    if (rc == LLW_OK) rc = llw_flags_load(&im.flags, err);
    if (rc == LLW_OK) rc = llw_data_read(arena, "models/flags.tsv", &bytes, &len, &path, err);
    if (rc == LLW_OK) rc = llw_table_parse(arena, path, bytes, len, &im.table, err);
    if (rc != LLW_OK) return rc;
    im.version = build.version;
    im.order = build.order;
    im.beginning = llw_build_order(first_source);
    if (!build.exact && (rc = add_build(&im, &build, today, err)) != LLW_OK) return rc;
    im.edge = im.version;
    if (im.order < im.beginning && (rc = next_build(&im, &im.edge, err)) != LLW_OK) return rc;
    im.since = llw_arena_alloc(arena, (im.table.n_rows + 1) * sizeof *im.since);
    im.until = llw_arena_alloc(arena, (im.table.n_rows + 1) * sizeof *im.until);
    compare(&im);
    out->flags = written(&im, bytes);
    llw_text_fini(&im.added);
    return LLW_OK;
}
