/* What a project brought along: which files are read, and that no two overlays are written alike. */
#include "base/file.h"
#include "base/overlay.h"
#include "scratch.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static llw_arena *arena;
static char root[SCRATCH_MAX];

static int set_up(void **state) {
    (void)state;
    arena = llw_arena_new();
    return mkdtemp(scratch(root, "overlay")) ? 0 : 1;
}

static void remove_all(const char *directory) {
    char **names = NULL;
    size_t n = 0;
    llw_directory_list(arena, directory, &names, &n, NULL);
    for (size_t i = 0; i < n; i++) {
        const char *path = llw_path_join(arena, directory, names[i]);
        if (unlink(path) != 0) remove_all(path);
    }
    rmdir(directory);
}

static int tear_down(void **state) {
    (void)state;
    remove_all(root);
    llw_arena_free(arena);
    return 0;
}

static const char *at(const char *name) {
    return llw_path_join(arena, root, name);
}

static void put(const char *name, const char *bytes) {
    for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/'))
        mkdir(at(llw_arena_strndup(arena, name, (size_t)(slash - name))), 0700);
    assert_int_equal(llw_file_replace(at(name), bytes, strlen(bytes), NULL), LLW_OK);
}

static llw_overlay overlay(void) {
    llw_overlay o;
    assert_true(llw_overlay_read(arena, root, &o));
    return o;
}

static const char *written(void) {
    llw_overlay o = overlay();
    llw_text text = {0};
    llw_overlay_write(&o, &text);
    const char *copy = llw_arena_strndup(arena, llw_text_str(&text), text.len);
    llw_text_fini(&text);
    return copy;
}

static void reads_what_llwhy_reads(void **state) {
    (void)state;
    static const char *const read[] = {
        "lessons/90-ours.md",    "lessons/cases/90a.yaml", "lessons/misconceptions.yaml", "models/gpus.tsv",
        "models/known/our.yaml", "rules.d/90-ours.lua",    "rules.d/lib/ours.lua"};
    static const char *const not_read[] = {"README.md", "rules.d/notes.txt", "rules.d/.hidden.lua",
                                           "rules.d/deep/er/x.lua", "models/known/x.tsv"};
    for (size_t i = sizeof read / sizeof *read; i-- > 0;) put(read[i], read[i]);
    for (size_t i = 0; i < sizeof not_read / sizeof *not_read; i++) put(not_read[i], "");
    llw_overlay o = overlay();
    assert_int_equal(o.n, sizeof read / sizeof *read);
    assert_int_equal(o.n_left_out, 0);
    for (size_t i = 0; i < o.n; i++) {
        assert_string_equal(o.files[i].name, read[i]);
        assert_string_equal(o.files[i].bytes, read[i]);
    }
    assert_false(llw_overlay_read(arena, at("none"), &o));
    assert_false(llw_overlay_read(arena, at("README.md"), &o));
}

static void leaves_out(const char *name, const char *because) {
    llw_overlay o = overlay();
    for (size_t i = 0; i < o.n; i++)
        if (!strcmp(o.files[i].name, name)) fail_msg("%s was read", name);
    for (size_t i = 0; i < o.n_left_out && i < LLW_OVERLAY_TOLD; i++)
        if (strstr(o.left_out[i].file, name) && strstr(o.left_out[i].text, because)) return;
    fail_msg("%s is not told: %s", name, because);
}

static void leaves_out_what_is_elsewhere(void **state) {
    (void)state;
    put("rules.d/90-ours.lua", "--");
    put("rules.d/y\n1\n.lua", "--");
    assert_int_equal(symlink("/etc/passwd", at("rules.d/91-out.lua")), 0);
    assert_int_equal(symlink("../none.lua", at("rules.d/92-none.lua")), 0);
    assert_int_equal(symlink("90-ours.lua", at("rules.d/93-in.lua")), 0);
    assert_int_equal(symlink("/usr", at("rules.d/94-directory.lua")), 0);
    assert_int_equal(mkfifo(at("rules.d/95-pipe.lua"), 0600), 0);
    leaves_out("rules.d/91-out.lua", "leads out of");
    leaves_out("rules.d/92-none.lua", "or nowhere");
    leaves_out("rules.d/94-directory.lua", "leads out of");
    leaves_out("rules.d/95-pipe.lua", "no");
    leaves_out("rules.d/y\n1\n.lua", "control characters");
    assert_int_equal(overlay().n, 2);
    assert_int_equal(symlink("/etc", at("models")), 0); /* a folder */
    assert_int_equal(overlay().n, 2);
}

static void is_written_unlike_any_other(void **state) {
    (void)state;
    put("rules.d/a.lua", "1");
    const char *one = written();
    assert_string_equal(one, written());
    put("rules.d/a.lua", "2");
    assert_string_not_equal(one, written());
    put("rules.d/a.lua", "1");
    put("rules.d/b.lua", "");
    const char *two = written();
    assert_string_not_equal(one, two);
    unlink(at("rules.d/b.lua"));
    /* one file whose bytes are those of two */
    put("rules.d/a.lua", "1\n13 rules.d/b.lua\n0 ");
    assert_string_not_equal(two, written());
    put("rules.d/a.lua", "1");
    assert_int_equal(rename(at("rules.d/a.lua"), at("rules.d/c.lua")), 0);
    assert_string_not_equal(one, written());
}

static void has_an_end(void **state) {
    (void)state;
    put("models/big.tsv", "");
    put("rules.d/a.lua", "--");
    assert_int_equal(truncate(at("models/big.tsv"), LLW_OVERLAY_FILE + 1), 0);
    leaves_out("models/big.tsv", "more than");
    unlink(at("models/big.tsv"));
    for (int i = 0; i < 5; i++) {
        const char *name = llw_arena_printf(arena, "models/%d.tsv", i);
        put(name, "");
        assert_int_equal(truncate(at(name), LLW_OVERLAY_FILE), 0);
    }
    leaves_out("models/4.tsv", "32 MiB");
    assert_true(overlay().bytes <= LLW_OVERLAY_BYTES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_what_llwhy_reads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_out_what_is_elsewhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_written_unlike_any_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(has_an_end, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
