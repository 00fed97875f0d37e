/* Files cut at each byte, and with pieces of a grammar put in at random places: whatever becomes of them,
 * what is read has to hold. Every place lies in a file that is there, and on one of its lines; every problem
 * and everything that was left out says why; no launch comes twice. */
#ifndef LLW_TESTS_TORTURE_H
#define LLW_TESTS_TORTURE_H

#include "trees.h"

/* How many lines a file of the tree has, the last one with or without an end; a line ends as base/lines.h says. */
static inline int tree_lines(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f) fail_msg("%s is named as a place: it is not there", path);
    int lines = 1, before = 0;
    for (int c; (c = getc(f)) != EOF; before = c) lines += c == '\r' || (c == '\n' && before != '\r');
    fclose(f);
    return lines;
}

/* FILE, FILE:LINE or FILE:LINE:COLUMN in the box. */
static inline void tree_hold_place(const char *place) {
    char path[512];
    snprintf(path, sizeof path, "%s", place ? place : "");
    if (strncmp(path, tree_box, strlen(tree_box))) fail_msg("\"%s\" is no place in the tree", path);
    char *line = strchr(path + strlen(tree_box), ':');
    if (line) *line++ = 0;
    int n = line ? atoi(line) : 1, most = tree_lines(path);
    if (n < 1 || n > most) fail_msg("%s: the file has %d lines", place, most);
}

static inline void tree_hold_problem(const llw_flag_problem *p) {
    if (!p->message || !*p->message) fail_msg("%s says nothing", llw_flag_code_name(p->code));
    if (!p->place || !*p->place) fail_msg("%s has no place: %s", llw_flag_code_name(p->code), p->message);
    tree_hold_place(p->place);
}

static inline void tree_hold_claim(const llw_claim *c, llw_attr attr) {
    if (!*c->origin) fail_msg("%s at %s has no origin", llw_attr_get(attr)->name, c->place);
    /* an image that names no command brings its own, which stands in no file */
    if (attr != LLW_launch_program || *c->place) tree_hold_place(c->place);
}

static inline void tree_hold_launch(llw_facts *facts, const llw_config_launch *l) {
    llw_arena *arena = llw_facts_arena(facts);
    tree_hold_place(l->file);
    for (int a = 1; a < LLW_ATTRS; a++) {
        if (llw_attr_get((llw_attr)a)->kind != LLW_KIND_launch) continue;
        size_t n = 0;
        const llw_claim **c = llw_facts_claims(facts, l->launch, (llw_attr)a, arena, &n);
        for (size_t i = 0; i < n; i++)
            if (c[i]->grade == LLW_GRADE_CONFIG) tree_hold_claim(c[i], (llw_attr)a);
    }
    for (size_t i = 0; i < l->argv.n_problems; i++) tree_hold_problem(&l->argv.problems[i]);
    llw_launch launch;
    llw_attr missing = LLW_ATTR_NONE;
    llw_err err = {0};
    if (llw_launch_read(facts, l->launch, arena, &launch, &missing, &err) != LLW_OK && !missing)
        assert_true(*err.text);
}

/* What holds of a tree, whatever is in its files. */
static inline void tree_hold(const char *path) {
    tree t = {.facts = llw_facts_new()};
    llw_config_options options = {.flags = &tree_flags};
    llw_err err = {0};
    if (llw_source_config(t.facts, path, &options, &t.out, &err) != LLW_OK) assert_true(*err.text);
    for (size_t i = 0; i < t.out.n_launches; i++) {
        tree_hold_launch(t.facts, &t.out.launches[i]);
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(t.out.launches[i].launch, t.out.launches[k].launch);
    }
    for (size_t i = 0; i < t.out.n_problems; i++) tree_hold_problem(&t.out.problems[i]);
    for (size_t i = 0; i < t.out.n_unread; i++) {
        const llw_unread *u = &t.out.unread[i];
        assert_true(u->why && *u->why);
        if (u->line < 0 || u->line > tree_lines(u->file))
            fail_msg("%s:%d: there is no such line", u->file, u->line);
    }
    tree_end(&t);
}

/* The file `which` of a tree in every state, the others as they are. */
static inline void tree_torture_in(const tree_file *files, size_t which, const char *const *pieces,
                                   size_t n_pieces, int rounds) {
    const char *name = files[which].name, *text = files[which].text;
    size_t len = strlen(text), alone = !files[1].name;
    uint32_t seed = 20261122;
    tree_make(files);
    char path[512];
    snprintf(path, sizeof path, "%s", alone ? tree_path(name) : tree_box);
    for (size_t cut = 0; cut <= len; cut += alone ? 1 : 5) {
        tree_write(name, text, cut);
        tree_hold(path);
    }
    for (int round = 0; round < rounds; round++) {
        char copy[8192];
        size_t n = len < 4096 ? len : 4096;
        memcpy(copy, text, n);
        for (int k = 0; k < 1 + round % 6; k++) {
            seed = seed * 1664525u + 1013904223u;
            size_t at = n ? (seed >> 8) % n : 0;
            const char *piece = pieces[(seed >> 4) % n_pieces];
            size_t m = *piece ? strlen(piece) : 1;
            if (n + m > sizeof copy) continue;
            if (seed & 1) { /* put in */
                memmove(copy + at + m, copy + at, n - at);
                n += m;
            } else if (at + m > n) {
                continue;
            }
            memcpy(copy + at, piece, m);
        }
        tree_write(name, copy, n);
        tree_hold(path);
    }
    tree_clear();
}

static inline void tree_torture(const char *name, const char *text, const char *const *pieces,
                                size_t n_pieces, int rounds) {
    const tree_file files[] = {{name, text}, {NULL, NULL}};
    tree_torture_in(files, 0, pieces, n_pieces, rounds);
}

#endif
