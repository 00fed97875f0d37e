/* The ledger as text: what a record needs, what is wrong with one and on which line, what is between records,
 * and how a record is found. What is recorded, written and kept is tests/cli/ledger.py. */
#include "base/file.h"
#include "root.h"
#include "source/evidence/ledger.h"

#define HEAD "schema: llwhy.evidence/1\nkind: probe\nid: 0123456789abcdef\nbuild: b8022\n"
#define MODEL "model: {file: a.gguf}\n"
#define END "...\n"

static llw_ledger read_text(const char *text) {
    llw_ledger out = {0};
    size_t len = strlen(text);
    char *exact = malloc(len ? len : 1); /* no byte behind it */
    memcpy(exact, text, len);
    llw_ledger_parse(arena, "evidence/a.yaml", exact, len, &out);
    free(exact);
    return out;
}

static void refused(const char *text, int line, const char *says) {
    llw_ledger l = read_text(text);
    if (l.n_records || l.n_problems != 1)
        fail_msg("%s\ngives %zu records and %zu problems", text, l.n_records, l.n_problems);
    if (l.problems[0].line != line || !strstr(l.problems[0].text, says))
        fail_msg("%s\nsays, in line %d: %s", text, l.problems[0].line, l.problems[0].text);
}

static void what_a_record_lacks_is_said(void **state) {
    (void)state;
    refused("a: 1\n" END, 1, "its schema is not llwhy.evidence/1");
    refused("- a\n" END, 1, "its schema is not llwhy.evidence/1");
    refused("a\n" END, 1, "its schema is not llwhy.evidence/1");
    refused("---\nschema: llwhy.evidence/2\n" END, 2, "only a newer llwhy reads");
    refused("schema: llwhy.evidence/1\nkind: guess\n" END, 1, "its kind is not");
    refused("schema: llwhy.evidence/1\nkind: [probe]\n" END, 1, "its kind is not");
    refused(HEAD MODEL, 1, "it is cut off");
    refused(HEAD END, 1, "it has no model: file");
    refused("schema: llwhy.evidence/1\nkind: probe\n" MODEL END, 1, "it has no build");
    refused("schema: llwhy.evidence/1\nkind: correction\nabout: 0123456789abcdef\n" END, 1,
            "a correction has about");
    refused("schema: llwhy.evidence/1\nkind: correction\nflags: [-c, 1]\n" END, 1, "a correction has about");
    refused(HEAD "id: x\n" MODEL END, 5, "'id' stands in it twice");
    refused(HEAD "a: [\n" END, 5, "cannot be read");
}

static void values_of_another_kind_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *line, *says;
    } wrong[] = {
        {"date: [1]", "date is"},
        {"flags: -c 4096", "flags is a list"},
        {"flags: {a: 1}", "flags is a list"},
        {"flags: [[-c]]", "a flag is a word"},
        {"machine: desk", "machine is a mapping"},
        {"machine: {gpus: 1}", "gpus is a list"},
        {"machine: {gpus: [x]}", "gpus is a mapping"},
        {"machine: {gpus: [{total: many}]}", "total is"},
        {"machine: {gpus: [{total: -1 MiB}]}", "total is"},
        {"machine: {name: {a: 1}}", "name is"},
        {"buffers: {}", "buffers is a list"},
        {"buffers: [{weights: x}]", "weights is"},
        {"tests: 1", "tests is a list"},
        {"tests: [{prompt_tokens: -1}]", "prompt_tokens is"},
        {"tests: [{prompt_tokens: 1.5}]", "prompt_tokens is"},
        {"tests: [{passed: perhaps}]", "passed is"},
        {"tests: [{speed: fast}]", "speed is"},
        {"tests: [{speed: -1}]", "speed is"},
        {"tests: [{speed: nan}]", "speed is"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refused(llw_arena_printf(arena, HEAD MODEL "%s\n" END, wrong[i].line), 6, wrong[i].says);
    llw_text many = {0};
    llw_text_add(&many, HEAD MODEL "flags: [");
    for (int i = 0; i < 300; i++) llw_text_add(&many, "-c, ");
    llw_text_add(&many, "1]\n" END);
    refused(llw_text_str(&many), 6, "at most 256 words");
    llw_text_fini(&many);
    llw_text_add(&many, HEAD MODEL "tests:\n");
    for (int i = 0; i < 5000; i++) llw_text_add(&many, "  - {passed: yes}\n");
    llw_text_add(&many, END);
    llw_ledger l = read_text(llw_text_str(&many));
    assert_true(l.n_records == 1 || strstr(l.problems[0].text, "more entries than a record holds"));
    llw_text_fini(&many);
}

static void what_is_there_is_read(void **state) {
    (void)state;
    llw_ledger l = read_text(
        "# a ledger\n---\n" HEAD MODEL "date: null\nflags: [-c, 4096, null]\nnew: 1\nmachine: {name: desk, "
        "more: 2, gpus: [{name: x, total: 24564 MiB}]}\n"
        "tests: [{prompt_tokens: 8391, passed: true, speed: 12.5}, {passed: no, note: late}]\n"
        "buffers: [{device: CUDA0, weights: 1024 MiB}]\n" END "\n# between\n--- \r\n" HEAD MODEL "... \n");
    assert_int_equal(l.n_records, 2);
    assert_int_equal(l.n_problems, 2); /* keys that nobody knows: told, and the record counts */
    const llw_record *r = l.records[0];
    assert_int_equal(r->line, 3);
    assert_null(r->date);
    assert_int_equal(r->n_flags, 3);
    assert_int_equal(r->tests[0].prompt_tokens, 8391);
    assert_int_equal(r->tests[0].passed, 1);
    assert_int_equal(r->tests[1].passed, 0);
    assert_true(r->tests[0].speed > 12 && r->tests[0].speed < 13);
    l = read_text(HEAD MODEL END "between\n");
    assert_int_equal(l.n_records, 1);
    assert_int_equal(l.problems[0].line, 7);
    assert_non_null(strstr(l.problems[0].text, "belongs to none of them"));
    assert_int_equal(read_text("").n_problems + read_text("---").n_problems +
                         read_text("--- \n...\n---\n# none\n...").n_problems,
                     0);
}

static const char
    record
        [] =
            "---\nschema: llwhy.evidence/1\nkind: probe\nid: %s\nbuild: b8022\nmodel: {file: a.gguf}\nflags: "
            "[-c, old]\n...\n",
  correction[] =
      "---\nschema: llwhy.evidence/1\nkind: correction\nid: %s\nabout: %s\ndate: %s\nflags: [-c, %s]\n...\n";

static void the_latest_correction_holds_and_ids_may_be_short(void **state) {
    (void)state;
    llw_text t = {0};
    llw_text_addf(&t, record, "aaaa111100000000");
    llw_text_addf(&t, record, "aaaa222200000000");
    llw_text_addf(&t, record, "bbbb");
    llw_text_addf(&t, correction, "cccc000000000000", "aaaa111100000000", "2026-03-02", "late");
    llw_text_addf(&t, correction, "dddd000000000000", "aaaa111100000000", "2026-03-01", "early");
    put("/evidence/b.yaml", llw_text_str(&t));
    llw_text_fini(&t);
    put("/evidence/.hidden.yaml", "schema: llwhy.evidence/9\n");
    put("/evidence/note.txt", "schema: llwhy.evidence/9\n");
    put("/evidence/other.yaml", "a: somebody else's\n");
    char path[SCRATCH_MAX + 32];
    snprintf(path, sizeof path, "%s/evidence/folder.yaml", root);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/evidence", root);
    llw_ledger l;
    llw_err err = {0};
    assert_int_equal(llw_ledger_read(arena, path, &l, &err), LLW_OK);
    assert_int_equal(l.n_records, 5);
    assert_int_equal(l.n_problems, 1);
    assert_non_null(strstr(l.problems[0].text, "not a regular file"));
    const llw_record *r = llw_ledger_find(&l, "aaaa1111");
    assert_string_equal(r->flags[1], "late");
    assert_string_equal(r->corrected->id, "cccc000000000000");
    assert_string_equal(llw_ledger_find(&l, "bbbb")->flags[1], "old");
    assert_null(llw_ledger_find(&l, "aaaa")); /* two */
    assert_null(llw_ledger_find(&l, "ccc"));  /* too short to be sure */
    assert_null(llw_ledger_find(&l, "eeee"));
    assert_int_equal(llw_ledger_read(arena, "/nowhere/evidence", &l, &err), LLW_ERR_NOTHING);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_record_lacks_is_said, setup, teardown),
        cmocka_unit_test_setup_teardown(values_of_another_kind_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_there_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(the_latest_correction_holds_and_ids_may_be_short, setup, teardown),
    };
    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
