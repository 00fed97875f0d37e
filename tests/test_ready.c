/* Rules as the build read them are the rules of the files: the same tables, taken only for the same bytes,
 * and only while llama.cpp's builds are those that the build knew. */
#include "root.h"

#include "rule/ready.h"

static void change(const char *name, const char *more) {
    const char *bytes = NULL, *path = NULL;
    size_t len = 0;
    assert_int_equal(llw_data_read(arena, name, &bytes, &len, &path, NULL), LLW_OK);
    put(llw_arena_printf(arena, "/%s", name), llw_arena_printf(arena, "%s%s", bytes, more));
}

/* How many lessons were taken without their file being read: only those have tests that nobody read. */
static size_t taken(const llw_kb *kb) {
    size_t n = 0;
    for (size_t i = 0; i < kb->n_lessons; i++) {
        const llw_rule *rule = kb->lessons[i]->rules;
        n += rule->n_tests && !rule->tests;
    }
    return n;
}

/* ---- the same in every member ---- */

static void same_text(const char *a, const char *b) {
    assert_int_equal(!a, !b);
    if (a) assert_string_equal(a, b);
}

static void same_node(const llw_expr_node *a, const llw_expr_node *b) {
    assert_int_equal(a->op, b->op);
    assert_int_equal(a->unit, b->unit);
    assert_int_equal(a->start, b->start);
    assert_int_equal(a->end, b->end);
    assert_int_equal(a->n_args, b->n_args);
    for (int i = 0; i < a->n_args; i++) assert_int_equal(a->args[i], b->args[i]);
    if (a->op == LLW_OP_TEXT)
        assert_string_equal(a->as.text, b->as.text);
    else if (a->op == LLW_OP_PREDICT) {
        assert_int_equal(a->as.predict.attr, b->as.predict.attr);
        assert_int_equal(a->as.predict.variable, b->as.predict.variable);
        for (int i = 0; i < a->n_args; i++) assert_int_equal(a->as.predict.knobs[i], b->as.predict.knobs[i]);
    } else
        assert_memory_equal(&a->as, &b->as, sizeof(int64_t)); /* numbers, flags, slots, things to sum over */
}

static void same_expression(const llw_expr *a, const llw_expr *b) {
    same_text(a->text, b->text);
    assert_int_equal(a->line, b->line);
    assert_int_equal(a->predicts, b->predicts);
    assert_int_equal(a->n_nodes, b->n_nodes);
    for (int i = 0; i < a->n_nodes; i++) same_node(&a->nodes[i], &b->nodes[i]);
}

static void same_sentence(const llw_template *a, const llw_template *b) {
    same_text(a->text, b->text);
    assert_int_equal(a->n_pieces, b->n_pieces);
    for (int i = 0; i < a->n_pieces; i++) {
        const llw_piece *x = &a->pieces[i], *y = &b->pieces[i];
        same_text(x->text, y->text);
        same_text(x->format, y->format);
        assert_int_equal(!x->value, !y->value);
        if (x->value) same_expression(x->value, y->value);
    }
}

static void same_settings(const llw_setting *a, size_t n_a, const llw_setting *b, size_t n_b) {
    assert_int_equal(n_a, n_b);
    for (size_t i = 0; i < n_a; i++) {
        assert_int_equal(a[i].variable, b[i].variable);
        assert_int_equal(a[i].attr, b[i].attr);
        same_expression(&a[i].value, &b[i].value);
        same_sentence(&a[i].sentence, &b[i].sentence);
    }
}

static void same_lesson(const llw_lesson *a, const llw_lesson *b) {
    same_text(a->id, b->id);
    same_text(a->code, b->code);
    same_text(a->file, b->file);
    same_text(a->claim, b->claim);
    same_text(a->since, b->since);
    same_text(a->until, b->until);
    same_text(a->superseded_by, b->superseded_by);
    same_text(a->review_by, b->review_by);
    assert_int_equal(a->line, b->line);
    assert_int_equal(a->since_order, b->since_order);
    assert_int_equal(a->until_order, b->until_order);
    assert_int_equal(a->n_rules, b->n_rules);
}

static void same_rule(const llw_rule *a, const llw_rule *b) {
    same_text(a->id, b->id);
    same_lesson(a->lesson, b->lesson);
    assert_int_equal(a->line, b->line);
    assert_int_equal(a->level, b->level);
    assert_int_equal(a->place, b->place);
    assert_int_equal(a->predicts, b->predicts);
    assert_int_equal(a->since, b->since);
    assert_int_equal(a->until, b->until);
    assert_int_equal(a->n_tests, b->n_tests);
    assert_int_equal(a->n_variables, b->n_variables);
    for (int i = 0; i < a->n_variables; i++) {
        same_text(a->variable[i], b->variable[i]);
        assert_int_equal(a->kind[i], b->kind[i]);
    }
    assert_int_equal(a->n_conditions, b->n_conditions);
    for (size_t i = 0; i < a->n_conditions; i++) {
        assert_int_equal(a->conditions[i].role, b->conditions[i].role);
        same_expression(&a->conditions[i].expr, &b->conditions[i].expr);
        same_sentence(&a->conditions[i].otherwise, &b->conditions[i].otherwise);
    }
    assert_int_equal(a->n_lets, b->n_lets);
    for (size_t i = 0; i < a->n_lets; i++) {
        same_text(a->let_names[i], b->let_names[i]);
        same_expression(&a->lets[i], &b->lets[i]);
    }
    same_settings(a->derives, a->n_derives, b->derives, b->n_derives);
    same_settings(a->tries, a->n_tries, b->tries, b->n_tries);
    same_settings(a->advises, a->n_advises, b->advises, b->n_advises);
    same_sentence(&a->find, &b->find);
}

static void they_are_the_rules_of_the_files(void **state) {
    (void)state;
    llw_kb *read = llw_kb_load(NULL, 0, NULL), *ready = llw_kb_load(NULL, 0, llw_ready_rules);
    assert_int_equal(taken(read), 0);
    assert_int_equal(taken(ready), ready->n_lessons);
    assert_int_equal(read->n_rules, ready->n_rules);
    for (size_t i = 0; i < read->n_rules; i++) {
        same_rule(read->rules[i], ready->rules[i]);
        assert_ptr_equal(llw_kb_lesson(ready, ready->rules[i]->lesson->id), ready->rules[i]->lesson);
    }
    llw_kb_free(read);
    llw_kb_free(ready);
}

static void a_file_that_differs_is_read(void **state) {
    (void)state;
    const char name[] = "rules.d/05-ub-is-not-b.lua";
    change(name, "");
    llw_data_push(root);
    llw_kb *kb = llw_kb_load(NULL, 0, llw_ready_rules);
    assert_int_equal(taken(kb), kb->n_lessons); /* the same bytes elsewhere */
    assert_non_null(strstr(llw_kb_lesson(kb, "L05")->file, root));
    llw_kb_free(kb);
    change(name, "-- a remark\n");
    kb = llw_kb_load(NULL, 0, llw_ready_rules);
    assert_int_equal(taken(kb), kb->n_lessons - 1);
    assert_non_null(llw_kb_lesson(kb, "L05")->rules[0].tests);
    llw_kb_free(kb);
}

static void other_builds_have_all_files_read(void **state) {
    (void)state;
    change("models/builds.tsv", "# a remark\n");
    llw_data_push(root);
    llw_kb *kb = llw_kb_load(NULL, 0, llw_ready_rules);
    assert_int_equal(taken(kb), 0);
    llw_kb_free(kb);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(they_are_the_rules_of_the_files, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_differs_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(other_builds_have_all_files_read, setup, teardown),
    };
    return cmocka_run_group_tests_name("ready", tests, NULL, NULL);
}
