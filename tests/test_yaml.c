/* YAML trees: what is read and what is refused, and what patches make of a tree. What a strategic merge or a
 * JSON patch comes to is what `kubectl kustomize` (kustomize 5.5) and RFC 6902 make of the same words. */
#include "base/text.h"
#include "source/config/yaml_patch.h"
#include "source/config/yaml_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static llw_arena *arena;

static int set_up(void **state) {
    (void)state;
    arena = llw_arena_new();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    llw_arena_free(arena);
    return 0;
}

static llw_yaml *tree(const char *text) {
    llw_yaml *root = NULL;
    const llw_yaml *twice = NULL;
    llw_err err = {0};
    if (llw_yaml_parse(arena, "f", text, strlen(text), &root, &twice, &err) != LLW_OK)
        fail_msg("%s: %s", text, err.text);
    return root;
}

/* A tree in flow style, aliases as what they name. Each child knows its parent, each parent its children. */
static void flow(llw_text *out, const llw_yaml *node, bool nulls) {
    node = llw_yaml_follow(node);
    if (node->kind == LLW_YAML_SCALAR) {
        llw_text_add(out, llw_yaml_is_null(node) && nulls ? "null" : node->text);
        return;
    }
    int n = 0;
    llw_text_add(out, node->kind == LLW_YAML_MAP ? "{" : "[");
    for (const llw_yaml *c = node->first; c; c = c->next) {
        if (n++) llw_text_add(out, ", ");
        assert_int_equal(c->key != NULL, node->kind == LLW_YAML_MAP);
        assert_ptr_equal(c->parent, node);
        if (!c->next) assert_ptr_equal(node->last, c);
        if (c->key) llw_text_addf(out, "%s: ", c->key);
        flow(out, c, nulls);
    }
    assert_int_equal(n, node->n);
    llw_text_add(out, node->kind == LLW_YAML_MAP ? "}" : "]");
}

static const char *shown(const llw_yaml *node) {
    llw_text t = {0};
    flow(&t, node, true);
    const char *text = llw_arena_strdup(arena, llw_text_str(&t));
    llw_text_fini(&t);
    return text;
}

/* What a patch comes to: the tree, "unclear", or why it does not apply. */
typedef const char *patching(const char *target, const char *patch, size_t budget);

static const char *outcome(const llw_yaml_patch *p, const llw_yaml *root) {
    return p->unclear ? "unclear" : p->wrong ? p->wrong : shown(root);
}

static const char *merged(const char *target, const char *patch, size_t budget) {
    llw_yaml_patch p = {.arena = arena, .budget = budget};
    llw_yaml *root = llw_yaml_copy(&p, tree(target));
    if (root) llw_yaml_merge(&p, root, tree(patch), true);
    return outcome(&p, root);
}

static const char *operated(const char *target, const char *patch, size_t budget) {
    llw_yaml_patch p = {.arena = arena, .budget = budget};
    llw_yaml *root = llw_yaml_copy(&p, tree(target));
    if (root) llw_yaml_operate(&p, root, tree(patch));
    if (p.wrong) assert_non_null(p.here);
    return outcome(&p, root);
}

typedef struct row {
    const char *target, *patch, *want;
} row;

/* A budget too small for it is unclear at whatever step it is spent; one that is large enough changes
 * nothing. */
static void check(patching *run, const row *rows, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const char *got = run(rows[i].target, rows[i].patch, 10000);
        if (strcmp(got, rows[i].want))
            fail_msg("%s with %s is %s, not %s", rows[i].target, rows[i].patch, got, rows[i].want);
        bool enough = false;
        for (size_t budget = 0; budget < 200; budget++) {
            bool same = !strcmp(run(rows[i].target, rows[i].patch, budget), rows[i].want);
            if (enough && !same)
                fail_msg("%s with %s: %zu is less than before", rows[i].target, rows[i].patch, budget);
            if (!same) assert_string_equal(run(rows[i].target, rows[i].patch, budget), "unclear");
            enough = same;
        }
        assert_true(enough);
    }
}
#define CHECK(run, rows) check(run, rows, sizeof(rows) / sizeof *(rows))

static void maps_are_merged_key_by_key(void **state) {
    (void)state;
    static const row rows[] = {
        {"{a: 1, b: {c: 2}}", "{b: {d: 3}, e: 4}", "{a: 1, b: {c: 2, d: 3}, e: 4}"},
        {"{a: 1, b: {c: 2}}", "{b: {c: 5}}", "{a: 1, b: {c: 5}}"},
        {"{a: 1, b: 2}", "{a: null, x: ~}", "{b: 2}"},
        {"{a: {x: 1}, b: 2}", "{a: {$patch: delete}, c: {$patch: delete}}", "{b: 2}"},
        {"{a: {x: 1}}", "{a: 7}", "{a: 7}"},
        {"{a: 7}", "{a: {x: 1}}", "{a: {x: 1}}"},
        {"{a: [1, 2]}", "{a: [3]}", "{a: [3]}"},
        {"{a: 1}", "[a]", "{a: 1}"},
        {"[a]", "{a: 1}", "[a]"},
        {"{a: 1}", "{$retainKeys: [a], $setElementOrder/x: [b], b: 2}", "{a: 1, b: 2}"},
        {"{a: &x {k: 1}, b: *x}", "{b: {k: 2}}", "{a: {k: 1}, b: {k: 2}}"},
        {"{a: 1}", "{b: &x {k: 1}, c: *x}", "{a: 1, b: {k: 1}, c: {k: 1}}"},
        {"{a: 1}", "{x: &x {a: 2}, <<: *x}", "unclear"},
    };
    CHECK(merged, rows);
}

static void lists_are_merged_by_their_key(void **state) {
    (void)state;
    static const row rows[] = {
        {"{env: [{name: A, value: 1}, {name: B, value: 2}]}",
         "{env: [{name: B, value: 3}, {name: C, value: 4}]}",
         "{env: [{name: B, value: 3}, {name: C, value: 4}, {name: A, value: 1}]}"},
        {"{env: [{name: A, value: 1}, {name: B, value: 2}]}", "{env: [{name: A, value: 3}]}",
         "{env: [{name: A, value: 3}, {name: B, value: 2}]}"},
        {"{env: [{name: A}, {name: B}]}", "{env: [{name: B, $patch: delete}, {name: X, $patch: delete}]}",
         "{env: [{name: A}]}"},
        {"{env: [{name: A}, {name: B}]}", "{env: [{name: C}, {$patch: replace}]}", "{env: [{name: C}]}"},
        {"{env: [{name: A}]}", "{env: [{value: 3}]}", "{env: [{value: 3}, {name: A}]}"},
        {"{volumeMounts: [{mountPath: /m, name: a}]}", "{volumeMounts: [{mountPath: /m, name: b}]}",
         "{volumeMounts: [{mountPath: /m, name: b}]}"},
        {"{tolerations: [{key: a}]}", "{tolerations: [{key: b}]}", "{tolerations: [{key: b}]}"},
    };
    CHECK(merged, rows);
    llw_yaml_patch p = {.arena = arena, .budget = 1000}; /* of a custom resource every list is replaced */
    llw_yaml *root = llw_yaml_copy(&p, tree("{env: [{name: A}]}"));
    llw_yaml_merge(&p, root, tree("{env: [{name: B}]}"), false);
    llw_yaml_merge(&p, root, NULL, false);
    assert_string_equal(shown(root), "{env: [{name: B}]}");
}

static void copies_hold_what_merges_and_aliases_name(void **state) {
    (void)state;
    static const row rows[] = {
        {"{x: &x {a: 1, b: 2}, y: {<<: *x, b: 3}}", "{}", "{x: {a: 1, b: 2}, y: {a: 1, b: 3}}"},
        {"{x: &x {a: 1}, y: &y {a: 2, b: 4}, z: {<<: [*x, *y], c: 3}}", "{}",
         "{x: {a: 1}, y: {a: 2, b: 4}, z: {a: 1, b: 4, c: 3}}"},
        {"{z: {<<: 7, c: 3}}", "{}", "{z: {c: 3}}"},
        {"{x: &x [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]], "
         "y: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[*x]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
         "{}", "unclear"},
    };
    CHECK(merged, rows);
    llw_yaml_patch p = {.arena = arena, .budget = 1000};
    llw_yaml *file = tree("{a: 1, b: 2}"), *copy = llw_yaml_copy(&p, llw_yaml_copy(&p, file));
    llw_yaml_merge(&p, copy, tree("{b: 3}"), true);
    assert_ptr_equal(copy->original, file);
    assert_ptr_equal(copy->last->under->original, file->last);
    assert_ptr_equal(llw_yaml_root(copy->first), file);
}

static void maps_and_lists_are_spliced_in(void **state) {
    (void)state;
    llw_yaml_patch p = {.arena = arena, .budget = 1000};
    llw_yaml *map = tree("{a: 1, <<: x, c: 3}"), *list = tree("[a, x, c]"), *last = tree("[a, x]");
    llw_yaml_splice(&p, map->first->next, tree("{c: 9, d: 4}"));
    assert_string_equal(shown(map), "{a: 1, d: 4, c: 3}");
    llw_yaml_splice(&p, list->first->next, tree("[7, 8]"));
    assert_string_equal(shown(list), "[a, 7, 8, c]");
    llw_yaml_splice(&p, last->first->next, tree("[]"));
    assert_string_equal(shown(last), "[a]");
    p.budget = 1;
    llw_yaml_splice(&p, list->first, tree("[1, 2]"));
    assert_true(p.unclear);
    assert_string_equal(shown(list), "[1, 7, 8, c]");
}

static void operations_are_carried_out_in_order(void **state) {
    (void)state;
    static const row rows[] = {
        {"{a: [1, 2]}", "[{op: add, path: /a/1, value: x}]", "{a: [1, x, 2]}"},
        {"{a: [1, 2]}", "[{op: add, path: /a/2, value: x}]", "{a: [1, 2, x]}"},
        {"{a: [1, 2]}", "[{op: add, path: /a/-, value: {k: v}}]", "{a: [1, 2, {k: v}]}"},
        {"{a: [1, 2]}", "[{op: add, path: /a/3, value: x}]", "add has nothing to work on at /a/3"},
        {"{a: [1, 2]}", "[{op: add, path: /a/1x, value: x}]", "add has nothing to work on at /a/1x"},
        {"{a: [1, 2]}", "[{op: add, path: /a/, value: x}]", "add has nothing to work on at /a/"},
        {"{a: [1, 2]}", "[{op: remove, path: /a/-1}]", "unclear"},
        {"{a: [1, 2]}", "[{op: remove, path: /a/-}]", "remove has nothing to work on at /a/-"},
        {"{a: [1, 2]}", "[{op: remove, path: /a/0}, {op: remove, path: /a/0}]", "{a: []}"},
        {"{a: 1}", "[{op: add, path: /b, value: 2}, {op: add, path: /a, value: 3}]", "{a: 3, b: 2}"},
        {"{a: 1}", "[{op: add, path: /b}]", "add has nothing to work on at /b"},
        {"{a/b: 1, m~n: 2, ~2: 3}", "[{op: remove, path: /a~1b}, {op: remove, path: /m~0n}]", "{~2: 3}"},
        {"{~2: 3, b: 1}", "[{op: remove, path: /~2}]", "{b: 1}"},
        {"{a: {b: 1}, c: {}}", "[{op: move, from: /a/b, path: /c/d}]", "{a: {}, c: {d: 1}}"},
        {"{a: {b: 1}}", "[{op: copy, from: /a, path: /c}]", "{a: {b: 1}, c: {b: 1}}"},
        {"{a: 1}", "[{op: copy, path: /c}]", "copy has nothing to work on at /c"},
        {"{a: 1}", "[{op: copy, from: c, path: /c}]", "copy has nothing to work on at /c"},
        {"{a: 1}", "[{op: move, from: /x, path: /c}]", "move has nothing to work on at /c"},
        {"{a: 1, b: 2}", "[{op: move, from: /a, path: /x/y}]", "move has nothing to work on at /x/y"},
        {"{a: 1, b: 2}", "[{op: replace, path: /a, value: [3]}]", "{a: [3], b: 2}"},
        {"{a: 1}", "[{op: replace, path: /a}]", "replace has nothing to work on at /a"},
        {"{a: 1}", "[{op: replace, path: /x, value: 1}]", "replace has nothing to work on at /x"},
        {"{a: 1}", "[{op: test, path: /a, value: 1}]", "{a: 1}"},
        {"{a: 1}", "[{op: burn, path: /a}]", "burn has nothing to work on at /a"},
        {"{a: 1}", "[{op: remove, path: a}]", "remove has nothing to work on at a"},
        {"{a: 1}", "[{op: remove, path: ''}]", "remove has nothing to work on at "},
        {"{a: 1}", "[{op: add, path: /a/b, value: 1}]", "add has nothing to work on at /a/b"},
        {"{a: 1}", "[{}]", "an operation has nothing to work on at no path"},
        {"{a: 1}", "[~]", "an operation has nothing to work on at no path"},
        {"{a: 1}", "{op: remove, path: /a}", "{a: 1}"},
        {"{a: 1}", "[]", "{a: 1}"},
    };
    CHECK(operated, rows);
    llw_yaml_patch p = {.arena = arena, .budget = 100};
    llw_yaml_operate(&p, tree("{}"), NULL);
    assert_false(p.unclear || p.wrong);
}

/* --- reading --- */

static const char *refusal(const char *bytes, size_t len) {
    llw_yaml *root = NULL;
    const llw_yaml *twice = NULL;
    llw_err err = {0};
    if (llw_yaml_parse(arena, "f", bytes, len, &root, &twice, &err) == LLW_OK) return "";
    assert_null(root);
    return llw_arena_printf(arena, "%d: %s", err.line, err.text);
}

static void what_is_too_much_is_refused(void **state) {
    (void)state;
    size_t room = (size_t)LLW_YAML_MAX_BYTES + 2;
    char *bytes = llw_arena_alloc(arena, room);
    memset(bytes, 'x', room);
    assert_non_null(strstr(refusal(bytes, room - 1), "is larger than 4 MiB"));
    assert_non_null(strstr(refusal(bytes, LLW_YAML_MAX_SCALAR + 1), "1: a value of 1048577 bytes is longer"));
    assert_string_equal(refusal(bytes, LLW_YAML_MAX_SCALAR), "");
    for (size_t i = 0; i < room; i++) bytes[i] = "- \n"[i % 3];
    assert_non_null(strstr(refusal(bytes, 3 * LLW_YAML_MAX_EVENTS), "has more than 200000 parts"));
    memset(bytes, '[', LLW_YAML_MAX_DEPTH + 1);
    assert_non_null(strstr(refusal(bytes, LLW_YAML_MAX_DEPTH + 1), "1: is nested more than 64 deep"));
    assert_string_equal(refusal("? [a]\n: b\n", 10), "1: a key that is itself a list or map cannot be read");
    assert_string_equal(refusal("? {a: 1}\n: b\n", 13),
                        "1: a key that is itself a list or map cannot be read");
    assert_string_equal(refusal("a: 1\nb: *x\n", 11), "2: the alias *x names nothing above it");
    assert_non_null(strstr(refusal("a: [\n", 5), "is no YAML"));
}

static void names_and_tags_are_kept(void **state) {
    (void)state;
    llw_yaml *root =
        tree("a: &x 1\nb: &x 2\nc: *x\n*x : 3\nd: !reset null\ne: !!str 5\nf: !reset {}\ng: ! 7\n");
    assert_string_equal(llw_yaml_string(llw_yaml_get(root, "c"), ""), "2");
    assert_string_equal(llw_yaml_string(llw_yaml_get(root, "x"), ""), "3");
    assert_string_equal(llw_yaml_get(root, "d")->tag, "!reset");
    assert_string_equal(llw_yaml_get(root, "f")->tag, "!reset");
    assert_null(llw_yaml_get(root, "e")->tag);
    assert_null(llw_yaml_get(root, "g")->tag);
    llw_text many = {0}; /* names beyond the 256th are forgotten, and their aliases refused */
    for (int i = 0; i < 300; i++) llw_text_addf(&many, "- &a%d %d\n", i, i);
    size_t len = many.len;
    llw_text_add(&many, "- *a255\n");
    assert_string_equal(refusal(many.bytes, many.len), "");
    many.len = len;
    llw_text_add(&many, "- *a256\n");
    assert_string_equal(refusal(many.bytes, many.len), "301: the alias *a256 names nothing above it");
    llw_text_fini(&many);
}

static void keys_given_twice_are_noted(void **state) {
    (void)state;
    llw_yaml *root = NULL;
    const llw_yaml *twice = NULL;
    llw_err err = {0};
    const char *text = "x: &x {k: 1}\na: 1\nb: {<<: *x, <<: *x}\na: 2\nb: 3\n";
    assert_int_equal(llw_yaml_parse(arena, "f", text, strlen(text), &root, &twice, &err), LLW_OK);
    assert_int_equal(twice->line, 4);
    assert_string_equal(llw_yaml_string(llw_yaml_get(root, "a"), ""), "2");
    llw_text many = {0}; /* looked for in maps of up to 1000 keys */
    for (int i = 0; i < 1001; i++) llw_text_addf(&many, "k%d: 1\n", i);
    llw_text_add(&many, "k1: 2\n");
    assert_int_equal(llw_yaml_parse(arena, "f", many.bytes, many.len, &root, &twice, &err), LLW_OK);
    assert_null(twice);
    llw_text_fini(&many);
}

static void merges_are_looked_through(void **state) {
    (void)state;
    const llw_yaml *root =
        tree("x: &x {a: 1, b: 2}\ny: &y {<<: *x, b: 3}\nz: {<<: [*y, 7], c: 4}\nw: {<<: 7}\n"
             "v: {? a, <<: ~}\n");
    const llw_yaml *z = llw_yaml_get(root, "z");
    assert_string_equal(llw_yaml_string(llw_yaml_get(z, "a"), ""), "1");
    assert_string_equal(llw_yaml_string(llw_yaml_get(z, "b"), ""), "3");
    assert_string_equal(llw_yaml_string(llw_yaml_get(z, "c"), ""), "4");
    assert_null(llw_yaml_get(z, "d"));
    assert_null(llw_yaml_get(llw_yaml_get(root, "w"), "a"));
    assert_null(llw_yaml_get(NULL, "a"));
    assert_null(llw_yaml_get(llw_yaml_get(z, "a"), "a"));
    assert_true(llw_yaml_is_null(llw_yaml_get(llw_yaml_get(root, "v"), "a")));
    llw_text many = {0}; /* 32 maps are looked at */
    llw_text_add(&many, "l: &l {}\nm: &m {a: 1}\nx: {<<: [");
    for (int i = 0; i < 40; i++) llw_text_add(&many, "*l, ");
    llw_text_add(&many, "*m]}\n");
    assert_null(llw_yaml_get(llw_yaml_get(tree(llw_text_str(&many)), "x"), "a"));
    llw_text_fini(&many);
}

static void nulls_are_no_strings(void **state) {
    (void)state;
    static const char *const none[] = {"a: ", "a: ~", "a: null", "a: []", "a: {}"}, *const some[] = {
                                                                                        "a: '~'", "a: \"\"",
                                                                                        "a: |\n  null\n"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        const llw_yaml *a = llw_yaml_get(tree(none[i]), "a");
        assert_string_equal(llw_yaml_string(a, "otherwise"), "otherwise");
        assert_int_equal(llw_yaml_is_null(a), i < 3);
    }
    for (size_t i = 0; i < sizeof some / sizeof *some; i++)
        assert_string_not_equal(llw_yaml_string(llw_yaml_get(tree(some[i]), "a"), "otherwise"), "otherwise");
    assert_string_equal(llw_yaml_string(NULL, "otherwise"), "otherwise");
}

/* A comment behind the line on which a plain value ends. */
static void what_a_comment_cuts_is_seen(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool cut;
    } rows[] = {{"x: 1\na: llama.cpp #7389\n", true},
                {"a: b c\nx: 1 # c\n", false},
                {"a: 'b' # c\n", false},
                {"a: # c\n", false},
                {"a: b # c", true},
                {"a: b\n  c # d\n", true},
                {"a: b # c\r\n", true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *text = rows[i].text;
        assert_int_equal(llw_yaml_is_cut(text, strlen(text), llw_yaml_get(tree(text), "a")), rows[i].cut);
    }
    assert_false(llw_yaml_is_cut("", 0, NULL));
    assert_false(
        llw_yaml_is_cut("", 0, llw_yaml_get(tree("x: 1\na: b # c\n"), "a"))); /* the file has shrunk */
}

static void documents_in_front_of_a_broken_one_are_kept(void **state) {
    (void)state;
    llw_yaml *roots[LLW_YAML_MAX_DOCUMENTS];
    const llw_yaml *twice = NULL;
    llw_err err = {0};
    size_t n = 0;
    const char *text = "# nothing\n---\na: &x 1\n---\nb: 2\n---\nc: *x\n";
    assert_int_equal(llw_yaml_parse_all(arena, "f", text, strlen(text), roots, &n, &twice, &err),
                     LLW_ERR_INPUT);
    assert_int_equal(n, 2); /* a name belongs to its document */
    assert_string_equal(shown(roots[1]), "{b: 2}");
    llw_text many = {0};
    for (int i = 0; i < LLW_YAML_MAX_DOCUMENTS + 3; i++) llw_text_addf(&many, "---\n%d\n", i);
    assert_int_equal(llw_yaml_parse_all(arena, "f", many.bytes, many.len, roots, &n, &twice, &err), LLW_OK);
    assert_int_equal(n, LLW_YAML_MAX_DOCUMENTS);
    llw_text_fini(&many);
    assert_int_equal(llw_yaml_last_line(roots[0]), 2);
    assert_int_equal(llw_yaml_last_line(tree("a:\n- b\n- c:\n    d\n    e\n")), 5);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(maps_are_merged_key_by_key),
        T(lists_are_merged_by_their_key),
        T(copies_hold_what_merges_and_aliases_name),
        T(maps_and_lists_are_spliced_in),
        T(operations_are_carried_out_in_order),
        T(what_is_too_much_is_refused),
        T(names_and_tags_are_kept),
        T(keys_given_twice_are_noted),
        T(merges_are_looked_through),
        T(nulls_are_no_strings),
        T(what_a_comment_cuts_is_seen),
        T(documents_in_front_of_a_broken_one_are_kept),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
