/* Files as lines, whole writes, the hash of a line, and patches. */
#include "base/file.h"
#include "render/line_hash.h"
#include "render/lint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "box.h"

static void lines_know_their_offsets(void **state) {
    (void)state;
    const char *path = write_file("lines", "\xef\xbb\xbf"
                                           "a\xc3\xa9z\r\nsecond\rthird\n\nlast");
    llw_lines *lines = llw_lines_new(arena);
    const llw_lines_file *f = llw_lines_get(lines, path);
    const char *text = NULL;
    size_t len = 0, at = 0;
    assert_int_equal(f->n, 5);
    assert_true(llw_lines_line(f, 2, &text, &len) && len == 6 && !memcmp(text, "second", 6));
    assert_true(llw_lines_line(f, 4, &text, &len) && len == 0);
    assert_true(llw_lines_offset(f, 1, 3, &at));
    assert_int_equal(at, 6); /* behind the mark, a and the two bytes of the second letter */
    assert_false(llw_lines_offset(f, 1, 4, &at));
    assert_false(llw_lines_line(f, 6, &text, &len));
    assert_false(llw_lines_line(f, 0, &text, &len));
    assert_null(llw_lines_get(lines, "/nonexistent")->bytes);
    assert_ptr_equal(llw_lines_get(lines, path), f);
}

static void a_file_is_replaced_whole(void **state) {
    (void)state;
    const char *path = write_file("x.conf", "old"), *link = llw_path_join(arena, box, "link.conf");
    struct stat st;
    chmod(path, 0640);
    assert_int_equal(llw_file_replace(path, "new", 3, NULL), LLW_OK);
    assert_string_equal(read_back(path), "new");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(symlink("x.conf", link), 0);
    llw_err err = {0};
    assert_int_equal(llw_file_replace(link, "evil", 4, &err), LLW_ERR_INPUT);
    assert_non_null(strstr(err.text, "a link"));
    assert_int_equal(llw_file_replace("/nonexistent/x", "a", 1, &err), LLW_ERR_SYSTEM);
    assert_true(llw_file_pretend(path, "dream", 5));
    assert_string_equal(read_back(path), "dream");
    assert_string_equal(read_back(link), "dream"); /* by whatever name */
    llw_file_pretend_nothing();
    assert_string_equal(read_back(path), "new");
    char **names = NULL;
    size_t n = 0;
    llw_directory_list(arena, box, &names, &n, NULL);
    assert_int_equal(n, 2); /* nothing was left beside them */
}

static void paths_are_seen_from_a_directory(void **state) {
    (void)state;
    const char *path = write_file("seen", "x");
    assert_string_equal(llw_path_relative(arena, path, box), "seen");
    assert_string_equal(llw_path_relative(arena, "tests/../tests/test_finding.c", "tests"), "test_finding.c");
    assert_string_equal(llw_path_relative(arena, "./tests", ""), "tests");
    assert_int_equal(llw_path_relative(arena, path, "tests")[0], '/');
    assert_string_equal(llw_path_relative(arena, "/nonexistent/a/b", ""), "/nonexistent/a/b");
}

/* The values of github/codeql-action src/fingerprints.test.ts. */
static void line_hashes_are_those_of_code_scanning(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *want[12];
    } rows[] = {
        {"", {"c129715d7a2bc9a3:1"}},
        {" a\nb\n  \t\tc\n d",
         {"271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"}},
        {" hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n",
         {"e9496ae3ebfced30:1", "fb7c023a8b9ccb3f:1", "ce8ba1a563dcdaca:1", "e20e36e16fcb0cc8:1",
          "b3edc88f2938467e:1", "c8e28b0b4002a3a0:1", "c129715d7a2bc9a3:1"}},
        {"x = 2\nx = 1\nprint(x)\nx = 3\nprint(x)\nx = 4\nprint(x)\n",
         {"e54938cc54b302f1:1", "bb609acbe9138d60:1", "1131fd5871777f34:1", "5c482a0f8b35ea28:1",
          "54517377da7028d2:1", "2c644846cb18d53e:1", "f1b89f20de0d133:1", "c129715d7a2bc9a3:1"}},
        {"Lorem ipsum dolor sit amet.\nLorem ipsum dolor sit amet.\nLorem ipsum dolor sit amet.\nLorem ipsum "
         "dolor sit amet.\nLorem ipsum dolor sit amet.\n"
         "Lorem ipsum dolor sit amet.\nLorem ipsum dolor sit amet.\nLorem ipsum dolor sit amet.\nLorem ipsum "
         "dolor sit amet.\nLorem ipsum dolor sit amet.\n",
         {"a7f2ff13bc495cf2:1", "a7f2ff13bc495cf2:2", "a7f2ff13bc495cf2:3", "a7f2ff13bc495cf2:4",
          "a7f2ff13bc495cf2:5", "a7f2ff13bc495cf2:6", "a7f2ff1481e87703:1", "a9cf91f7bbf1862b:1",
          "55ec222b86bcae53:1", "cc97dc7b1d7d8f7b:1", "c129715d7a2bc9a3:1"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n = 0, want = 0;
        const llw_lines_file *file = llw_lines_get(llw_lines_new(arena), write_file("hashed", rows[i].text));
        const llw_line_hash *hashes = llw_line_hashes(file, arena, &n);
        while (want < 12 && rows[i].want[want]) want++;
        assert_true(n == want || (n == want - 1 && n == file->n));
        for (size_t k = 0; k < n; k++) {
            char text[40];
            snprintf(text, sizeof text, "%llx:%u", (unsigned long long)hashes[k].hash, hashes[k].times);
            assert_string_equal(text, rows[i].want[k]);
        }
    }
}

static const char *diff(const char *path, const char *before, const char *after) {
    llw_text out = {0};
    llw_render_diff(&out, path, before, strlen(before), after, strlen(after));
    const char *copy = llw_arena_strdup(arena, llw_text_str(&out));
    llw_text_fini(&out);
    return copy;
}

/* Context ends where a secret stands; a change on its line, or right before it, is left out. */
static void a_diff_shows_no_secret(void **state) {
    (void)state;
    assert_string_equal(
        diff("f", "a\n--api-key S\nb\nc\nd\ne\nHF_TOKEN=S\n", "a\n--api-key S\nb\nC\nd\ne\nHF_TOKEN=S\n"),
        "--- a/f\n+++ b/f\n@@ -3,4 +3,4 @@\n b\n-c\n+C\n d\n e\n");
    llw_text out = {0};
    static const char before[] = "x --api-key S -c 1\ny\nz\nw\nv\nu\nt\n-c 1 \\\n--api-key \\\n S\n",
                      after[] = "x --api-key S -c 2\ny\nz\nw\nv\nu\nt\n-c 1 \\\n--api-key\t\\\n S\n";
    assert_int_equal(llw_render_diff(&out, "f", before, sizeof before - 1, after, sizeof after - 1), 2);
    assert_string_equal(llw_text_str(&out), "");
    llw_text_fini(&out);
}

static void a_diff_is_what_git_apply_reads(void **state) {
    (void)state;
    assert_string_equal(diff("a", "1\n2\n", "1\n2\n"), "");
    assert_string_equal(diff("d/a b\"\xc3\xa9", "1\r\n2", "1\r\n3"),
                        "--- \"a/d/a b\\\"\\303\\251\"\n+++ \"b/d/a b\\\"\\303\\251\"\n@@ -1,2 +1,2 @@\n "
                        "1\r\n-2\n\\ No newline at end of file\n+3\n\\ No newline at end of "
                        "file\n");
    assert_string_equal(
        diff("f", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\n", "A\nb\nc\nd\ne\nf\ng\nH\ni\nj\nk\nl\n"),
        "--- a/f\n+++ b/f\n@@ -1,4 +1,4 @@\n-a\n+A\n b\n c\n d\n@@ -5,7 +5,7 @@\n e\n f\n g\n-h\n+H\n i\n "
        "j\n k\n");
    assert_string_equal(diff("f", "a\nb\nc\nd\ne\nf\ng\n", "A\nb\nc\nd\ne\nf\nG\n"),
                        "--- a/f\n+++ b/f\n@@ -1,7 +1,7 @@\n-a\n+A\n b\n c\n d\n e\n f\n-g\n+G\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_know_their_offsets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_is_replaced_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(paths_are_seen_from_a_directory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(line_hashes_are_those_of_code_scanning, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_diff_shows_no_secret, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_diff_is_what_git_apply_reads, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
