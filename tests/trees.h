/* Configuration trees made on the spot, what was read from them, and the same as text: one line for each
 * launch with every slot that a file sets, its value, who set it where, and what lost; then problems and what
 * was not read. */
#ifndef LLW_TESTS_TREES_H
#define LLW_TESTS_TREES_H

#include "source/config/config.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

typedef struct tree_file {
    const char *name, *text;
} tree_file;

static char tree_box[256];
static llw_flags tree_flags;
static llw_arena *tree_arena;

static inline int tree_set_up(void **state) {
    (void)state;
    tree_arena = llw_arena_new();
    return llw_flags_load(&tree_flags, NULL) != LLW_OK;
}

static inline int tree_tear_down(void **state) {
    (void)state;
    llw_arena_free(tree_arena);
    return 0;
}

static inline const char *tree_path(const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", tree_box, name);
    return path;
}

static inline void tree_write(const char *name, const char *bytes, size_t len) {
    char path[512];
    snprintf(path, sizeof path, "%s", tree_path(name));
    for (char *at = path + strlen(tree_box) + 1; (at = strchr(at, '/')) != NULL; *at++ = '/') {
        *at = 0;
        mkdir(path, 0700);
    }
    FILE *f = fopen(path, "wb");
    if (!f) fail_msg("%s: %s", path, strerror(errno));
    fwrite(bytes, 1, len, f);
    fclose(f);
}

static inline void tree_make(const tree_file *files) {
    snprintf(tree_box, sizeof tree_box, "%s/tree-XXXXXX", LLW_BINARY_DIR);
    assert_non_null(mkdtemp(tree_box));
    for (; files && files->name; files++) tree_write(files->name, files->text, strlen(files->text));
}

/* A file alone, in the box that is there. */
static inline void tree_text(const char *name, const char *text) {
    tree_write(name, text, strlen(text));
}

static inline int tree_remove_one(const char *path, const struct stat *st, int type, struct FTW *walk) {
    (void)st, (void)type, (void)walk;
    return remove(path);
}

/* The box with all that is in it. */
static inline void tree_clear(void) {
    nftw(tree_box, tree_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

typedef struct tree { /* what was read; its facts are to be freed with tree_end */
    llw_facts *facts;
    llw_config_result out;
} tree;

static inline tree tree_read(const char *path) {
    tree t = {.facts = llw_facts_new()};
    llw_config_options options = {.flags = &tree_flags};
    llw_err err = {0};
    if (llw_source_config(t.facts, path, &options, &t.out, &err) != LLW_OK)
        fail_msg("%s: %s", path, err.text);
    return t;
}

static inline void tree_end(tree *t) {
    llw_facts_free(t->facts);
}

static inline llw_entity tree_launch(const tree *t, const char *id) {
    llw_entity e = llw_facts_find(t->facts, LLW_KIND_launch, id);
    if (!e) fail_msg("there is no launch %s", id);
    return e;
}

/* A claim entity of this kind of statement, or 0. */
static inline llw_entity tree_claim(const tree *t, const char *about) {
    for (llw_entity c = llw_facts_next(t->facts, LLW_KIND_claim, 0); c;
         c = llw_facts_next(t->facts, LLW_KIND_claim, c)) {
        const char *have = "";
        if (llw_facts_text(t->facts, c, LLW_claim_about, &have) && !strcmp(have, about)) return c;
    }
    return 0;
}

/* Places and ids without the box. */
static inline const char *tree_short(const char *path) {
    size_t n = strlen(tree_box);
    return !strncmp(path, tree_box, n) && path[n] == '/' ? path + n + 1 : path;
}

static inline void tree_tell_slot(llw_text *out, const llw_facts *facts, llw_entity launch, llw_attr attr,
                                  llw_arena *arena) {
    size_t n = 0, told = 0;
    const llw_claim **c = llw_facts_claims(facts, launch, attr, arena, &n);
    for (size_t i = 0; i < n; i++) {
        if (c[i]->grade != LLW_GRADE_CONFIG && c[i]->value.known) continue;
        if (c[i]->grade == LLW_GRADE_DEFAULT) continue;
        llw_text_addf(out, told++ ? " < " : " %s=", llw_attr_get(attr)->name);
        llw_value_print(out, c[i]->value);
        llw_text_addf(out, " (%s %s)", c[i]->origin, tree_short(c[i]->place));
    }
}

static inline void tree_tell_launch(llw_text *out, const llw_facts *facts, const llw_config_launch *l,
                                    llw_arena *arena) {
    llw_text_addf(out, "%s:", tree_short(llw_facts_id(facts, l->launch)));
    if (l->argv.model.given)
        llw_text_addf(out, " model=%s (%s %s)", l->argv.model.path ? l->argv.model.path : "?",
                      l->argv.model.origin ? l->argv.model.origin : "",
                      tree_short(l->argv.model.place ? l->argv.model.place : ""));
    for (int a = 1; a < LLW_ATTRS; a++) {
        const llw_attr_info *info = llw_attr_get((llw_attr)a);
        bool own = a == LLW_launch_model || a == LLW_launch_build || a == LLW_launch_infrastructure ||
                   a == LLW_launch_inherited || a == LLW_launch_example || a == LLW_launch_reason_given ||
                   a == LLW_launch_ubatch_reason || a == LLW_launch_image || a == LLW_launch_image_pinned ||
                   a == LLW_launch_program || a == LLW_launch_override_order || a == LLW_launch_refused ||
                   a == LLW_launch_words;
        if (info->kind == LLW_KIND_launch && !own) tree_tell_slot(out, facts, l->launch, (llw_attr)a, arena);
    }
    llw_text_add(out, "\n");
    for (size_t i = 0; i < l->argv.n_problems; i++) {
        const llw_flag_problem *p = &l->argv.problems[i];
        if (p->level > LLW_PROBLEM_NOTE)
            llw_text_addf(out, " %s %s %s\n", llw_flag_code_name(p->code), p->flag, tree_short(p->place));
    }
}

/* What a tree of files is read as. `path` is the file or directory in it, "" for all. */
static inline const char *tree_told(const tree_file *files, const char *path) {
    static char told[16384];
    tree_make(files);
    llw_facts *facts = llw_facts_new();
    llw_config_options options = {.flags = &tree_flags};
    llw_config_result result = {0};
    llw_err err = {0};
    llw_text out = {0};
    if (llw_source_config(facts, *path ? tree_path(path) : tree_box, &options, &result, &err) != LLW_OK)
        llw_text_addf(&out, "error: %s\n", err.text);
    for (size_t i = 0; i < result.n_launches; i++)
        tree_tell_launch(&out, facts, &result.launches[i], llw_facts_arena(facts));
    for (size_t i = 0; i < result.n_problems; i++)
        llw_text_addf(&out, "%s %s %s\n", llw_flag_code_name(result.problems[i].code),
                      result.problems[i].flag, tree_short(result.problems[i].place));
    for (size_t i = 0; i < result.n_unread; i++)
        llw_text_addf(&out, "unread %s:%d %s\n", tree_short(result.unread[i].file), result.unread[i].line,
                      result.unread[i].why);
    snprintf(told, sizeof told, "%s", llw_text_str(&out));
    llw_text_fini(&out);
    llw_facts_free(facts);
    tree_clear();
    return told;
}

static inline void tree_check(const tree_file *files, const char *path, const char *want) {
    const char *got = tree_told(files, path);
    if (strcmp(got, want)) fail_msg("%s is read as\n%s\nnot as\n%s", files->name, got, want);
}

/* One file alone. */
static inline void tree_check_one(const char *name, const char *text, const char *want) {
    const tree_file files[] = {{name, text}, {NULL, NULL}};
    tree_check(files, "", want);
}

#endif
