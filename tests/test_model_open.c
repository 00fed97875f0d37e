/* Opening models: files that are no files, split sets, directories, interrupted downloads. */
#include "source/model/model_open.h"
#include "gguf_maker.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

/* ---- files that are no files ---- */

static char *directory_new(void) {
    static char path[SCRATCH_MAX];
    assert_non_null(mkdtemp(scratch(path, "gguf")));
    return path;
}

static void write_file(const char *directory, const char *name, const file *f) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    if (f->len) fwrite(f->bytes, 1, f->len, out);
    fclose(out);
}

static void remove_all(const char *directory) {
    llw_arena *arena = llw_arena_new();
    char command[300];
    snprintf(command, sizeof command, "rm -r '%s'", directory);
    assert_int_equal(system(command), 0);
    llw_arena_free(arena);
}

/* Opens NAME of the directory ("" is the directory itself) and checks the message, or that there is none. */
static llw_entity open_one(llw_facts *facts, const char *directory, const char *name, const char *message) {
    char path[256];
    llw_entity m = 0;
    llw_err err = {0};
    snprintf(path, sizeof path, "%s%s%s", directory, *name ? "/" : "", name);
    llw_rc rc = llw_source_model(facts, path, &m, &err);
    if ((rc == LLW_OK) != !message) fail_msg("%s: %s", name, rc == LLW_OK ? "no error" : err.text);
    if (message && !strstr(err.text, message))
        fail_msg("%s says \"%s\", not \"%s\"", name, err.text, message);
    return m;
}

static bool noted(const llw_facts *facts, const char *word) {
    const char *const *notes = NULL;
    size_t n = llw_facts_notes(facts, &notes);
    for (size_t i = 0; i < n; i++)
        if (strstr(notes[i], word)) return true;
    return false;
}

static void pipes_devices_and_directories_do_not_block(void **state) {
    (void)state;
    char *d = directory_new(), path[256];
    llw_facts *facts = llw_facts_new();
    snprintf(path, sizeof path, "%s/fifo.gguf", d);
    assert_int_equal(mkfifo(path, 0600), 0);
    open_one(facts, d, "fifo.gguf", "pipe or device");
    open_one(facts, "/dev", "zero", "pipe or device");
    snprintf(path, sizeof path, "%s/link.gguf", d);
    assert_int_equal(symlink("/dev/zero", path), 0);
    open_one(facts, d, "link.gguf", "pipe or device");
    snprintf(path, sizeof path, "%s/loop.gguf", d);
    assert_int_equal(symlink("loop.gguf", path), 0);
    open_one(facts, d, "loop.gguf", "cannot be opened");
    open_one(facts, d, "absent.gguf", "No such file");
    remove_all(d);
    d = directory_new();
    open_one(facts, d, "", "without a .gguf file");
    remove_all(d);
    llw_facts_free(facts);
}

/* ---- split sets and directories ---- */

static void part(file *f, int number, int count, const char *tensor_name) {
    start(f, 1, number ? 2 : 6);
    if (!number) {
        key_text(f, "general.architecture", "llama");
        key_u32(f, "llama.block_count", 3);
        key_u32(f, "llama.attention.head_count", 4);
        key_number(f, "split.tensors.count", LLW_GGUF_I32, (uint64_t)count, 4);
    }
    key_number(f, "split.no", LLW_GGUF_U16, (uint64_t)number, 2);
    key_number(f, "split.count", LLW_GGUF_U16, (uint64_t)count, 2);
    tensor(f, tensor_name, 0, 0, 2, (uint64_t)8, (uint64_t)4);
    pad(f);
    zeros(f, 128);
}

static void write_set(const char *d, const char *stem, int parts) {
    for (int i = 0; i < parts; i++) {
        file f = {0};
        char name[64], tensor_name[64];
        snprintf(tensor_name, sizeof tensor_name, "blk.%d.attn_k.weight", i);
        snprintf(name, sizeof name, "%s-%05d-of-%05d.gguf", stem, i + 1, parts);
        part(&f, i, parts, tensor_name);
        write_file(d, name, &f);
        llw_text_fini(&f);
    }
}

static int64_t count_of(const llw_facts *facts, llw_entity m, llw_attr attr) {
    int64_t n = -1;
    llw_facts_count(facts, m, attr, &n);
    return n;
}

static void a_set_is_one_model_whichever_part_is_given(void **state) {
    (void)state;
    char *d = directory_new();
    write_set(d, "big %s%n", 3);
    for (int i = 1; i <= 3; i++) {
        char name[64];
        llw_facts *facts = llw_facts_new();
        snprintf(name, sizeof name, "big %%s%%n-%05d-of-00003.gguf", i);
        llw_entity m = open_one(facts, d, name, NULL);
        assert_int_equal(count_of(facts, m, LLW_model_parts), 3);
        assert_int_equal(count_of(facts, m, LLW_model_parts_missing), 0);
        assert_int_equal(count_of(facts, m, LLW_model_params), 96);
        assert_int_equal(count_of(facts, m, LLW_model_attention_layers), 3);
        assert_int_equal(count_of(facts, m, LLW_model_weights), 384);
        const llw_model *model = llw_facts_model(facts, m);
        assert_int_equal(model->n_tensors, 3);
        assert_int_equal(model->tensors[2].part, 2);
        bool complete = false;
        assert_true(llw_facts_flag(facts, m, LLW_model_complete, &complete) && complete);
        assert_true(count_of(facts, m, LLW_model_expected_bytes) == count_of(facts, m, LLW_model_file_bytes));
        assert_int_equal(count_of(facts, m, LLW_model_given_part), i > 1 ? i : -1);
        assert_non_null(strstr(llw_facts_id(facts, m), "00001-of-00003"));
        llw_facts_free(facts);
    }
    llw_facts *facts = llw_facts_new();
    open_one(facts, d, "", NULL); /* the directory holds one model */
    llw_facts_free(facts);
    remove_all(d);
}

static void missing_parts_are_named_and_nothing_is_summed(void **state) {
    (void)state;
    char *d = directory_new(), path[256];
    write_set(d, "m", 4);
    snprintf(path, sizeof path, "%s/m-00002-of-00004.gguf", d);
    unlink(path);
    file html = {0};
    llw_text_add(&html, "<!DOCTYPE html><html><body>404 Not Found</body></html>");
    write_file(d, "m-00004-of-00004.gguf", &html);
    llw_text_fini(&html);
    llw_facts *facts = llw_facts_new();
    llw_entity m = open_one(facts, d, "m-00003-of-00004.gguf", NULL);
    assert_int_equal(count_of(facts, m, LLW_model_parts_missing), 2);
    assert_int_equal(count_of(facts, m, LLW_model_layers), 3);
    assert_int_equal(count_of(facts, m, LLW_model_params), -1);
    assert_int_equal(count_of(facts, m, LLW_model_file_bytes), -1);
    assert_null(llw_facts_model(facts, m));
    bool complete = true;
    assert_true(llw_facts_flag(facts, m, LLW_model_complete, &complete) && !complete);
    assert_true(noted(facts, "2 of 4 parts are missing (2, 4)"));
    assert_true(noted(facts, "web page"));
    llw_facts_free(facts);
    facts = llw_facts_new(); /* without part 1 even the architecture is unknown */
    snprintf(path, sizeof path, "%s/m-00001-of-00004.gguf", d);
    unlink(path);
    m = open_one(facts, d, "m-00003-of-00004.gguf", NULL);
    assert_false(llw_facts_value(facts, m, LLW_model_architecture).known);
    assert_int_equal(count_of(facts, m, LLW_model_parts_missing), 3);
    llw_facts_free(facts);
    remove_all(d);
}

static void one_part_of_65535_is_told(void **state) {
    (void)state;
    char *d = directory_new();
    file f = {0};
    part(&f, 0, 65535, "blk.0.attn_k.weight");
    write_file(d, "m-00001-of-65535.gguf", &f);
    write_file(d, "renamed.gguf", &f);
    llw_text_fini(&f);
    llw_facts *facts = llw_facts_new();
    llw_entity m = open_one(facts, d, "m-00001-of-65535.gguf", NULL);
    assert_int_equal(count_of(facts, m, LLW_model_parts_missing), 65534);
    assert_true(noted(facts, "and 65528 more"));
    open_one(facts, d, "renamed.gguf", "give it back its name");
    llw_facts_free(facts);
    remove_all(d);
}

static void parts_of_two_models_are_refused(void **state) {
    (void)state;
    char *d = directory_new();
    write_set(d, "m", 2);
    file f = {0};
    part(&f, 1, 2, "blk.0.attn_k.weight"); /* a tensor that part 1 has */
    write_file(d, "m-00002-of-00002.gguf", &f);
    llw_text_fini(&f);
    llw_facts *facts = llw_facts_new();
    open_one(facts, d, "m-00001-of-00002.gguf", "parts of different models: parts 1 and 2");
    llw_facts_free(facts);
    remove_all(d);
}

static void a_directory_with_one_model_is_that_model(void **state) {
    (void)state;
    char *d = directory_new();
    file model = {0}, projector = {0}, lora = {0};
    good(&model);
    start(&projector, 1, 1), key_text(&projector, "general.architecture", "clip"), finish(&projector);
    start(&lora, 1, 2), key_text(&lora, "general.type", "adapter"),
        key_text(&lora, "general.architecture", "llama"), finish(&lora);
    write_file(d, "a.gguf", &model);
    write_file(d, "mmproj-a.gguf", &projector);
    write_file(d, "vision.gguf", &projector);
    write_file(d, "style.gguf", &lora);
    llw_facts *facts = llw_facts_new();
    llw_entity m = open_one(facts, d, "", NULL);
    const char *name = "";
    assert_true(llw_facts_text(facts, m, LLW_model_name, &name));
    assert_string_equal(name, "Small");
    m = open_one(facts, d, "vision.gguf", NULL);
    assert_true(llw_facts_text(facts, m, LLW_model_role, &name));
    assert_string_equal(name, "mmproj");
    m = open_one(facts, d, "style.gguf", NULL);
    assert_true(llw_facts_text(facts, m, LLW_model_role, &name));
    assert_string_equal(name, "lora");
    write_file(d, "b.gguf", &model);
    open_one(facts, d, "", "with 2 models, give one of them: a.gguf, b.gguf");
    llw_facts_free(facts);
    llw_text_fini(&model);
    llw_text_fini(&projector);
    llw_text_fini(&lora);
    remove_all(d);
}

static void an_interrupted_download_is_flagged(void **state) {
    (void)state;
    char *d = directory_new();
    file f = {0};
    good(&f);
    f.len -= 300;
    write_file(d, "cut.gguf", &f);
    f.len += 300;
    write_file(d, "whole.gguf", &f);
    llw_facts *facts = llw_facts_new();
    bool complete = true;
    llw_entity m = open_one(facts, d, "cut.gguf", NULL);
    assert_true(llw_facts_flag(facts, m, LLW_model_complete, &complete) && !complete);
    assert_true(noted(facts, "the download was interrupted"));
    m = open_one(facts, d, "whole.gguf", NULL);
    assert_true(llw_facts_flag(facts, m, LLW_model_complete, &complete) && complete);
    write_file(d, "whole.gguf.aria2", &f);
    llw_facts *again = llw_facts_new();
    m = open_one(again, d, "whole.gguf", NULL);
    assert_true(llw_facts_flag(again, m, LLW_model_complete, &complete) && !complete);
    llw_facts_free(again);
    llw_facts_free(facts);
    llw_text_fini(&f);
    remove_all(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipes_devices_and_directories_do_not_block),
        cmocka_unit_test(a_set_is_one_model_whichever_part_is_given),
        cmocka_unit_test(missing_parts_are_named_and_nothing_is_summed),
        cmocka_unit_test(one_part_of_65535_is_told),
        cmocka_unit_test(parts_of_two_models_are_refused),
        cmocka_unit_test(a_directory_with_one_model_is_that_model),
        cmocka_unit_test(an_interrupted_download_is_flagged),
    };
    return cmocka_run_group_tests_name("model_open", tests, NULL, NULL);
}
