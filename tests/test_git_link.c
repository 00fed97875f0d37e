/* Submodules of a work tree: what the index says, and an index, a .git file and a .gitmodules that lie. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "box.h"
#include "source/config/git_link.h"

#include <sys/stat.h>

static const unsigned char commit[20] = {0xb4, 0x8e, 0x80, 0xf6, 0x70, 1,  2,  3,  4,  5,
                                         6,    7,    8,    9,    10,   11, 12, 13, 14, 15};

static size_t entry(unsigned char *at, const char *name, unsigned mode) {
    size_t len = strlen(name), size = (62 + len + 8) & ~(size_t)7;
    memset(at, 0, size);
    at[26] = (unsigned char)(mode >> 8);
    at[27] = (unsigned char)mode;
    memcpy(at + 40, commit, sizeof commit);
    at[61] = (unsigned char)len;
    memcpy(at + 62, name, len);
    return size;
}

static size_t make_index(unsigned char *bytes) {
    static const unsigned char header[12] = {'D', 'I', 'R', 'C', 0, 0, 0, 2, 0, 0, 0, 3};
    size_t n = sizeof header;
    memcpy(bytes, header, n);
    n += entry(bytes + n, ".gitmodules", 0100644);
    n += entry(bytes + n, "llama.cpp", 0160000);
    n += entry(bytes + n, "run.sh", 0100755);
    return n;
}

static void write_index(const unsigned char *bytes, size_t len) {
    assert_int_equal(llw_file_replace(llw_path_join(arena, box, "index"), (const char *)bytes, len, NULL),
                     LLW_OK);
}

static const char modules_text[] =
    "[submodule \"llama.cpp\"]\n\tpath = llama.cpp\n\turl = \"https://github.com/ggml-org/llama.cpp\"\n"
    "[submodule \"other\"]\n\tpath = other\n";

static void the_index_says_the_commit(void **state) {
    (void)state;
    unsigned char bytes[1024];
    size_t n = 0;
    write_file(".git", "gitdir: .\n"); /* the box is its own git directory */
    assert_string_equal(read_back(write_file(".gitmodules", modules_text)), modules_text);
    write_index(bytes, make_index(bytes));
    llw_git_module *m = llw_git_modules(arena, box, &n);
    assert_int_equal(n, 1);
    assert_string_equal(m->path, "llama.cpp");
    assert_string_equal(m->url, "https://github.com/ggml-org/llama.cpp");
    assert_int_equal(m->line, 2);
    assert_string_equal(m->commit, "b48e80f670010203040506070809"
                                   "0a0b0c0d0e0f");
    char real[PATH_MAX];
    assert_non_null(realpath(box, real));
    assert_string_equal(llw_git_top(arena, box), real);
}

static void damage_is_no_commit(void **state) {
    (void)state;
    unsigned char bytes[1024], damaged[1024];
    size_t len = make_index(bytes), n = 0;
    write_file(".git", "gitdir: .\n");
    write_file(".gitmodules", modules_text);
    for (size_t cut = 0; cut < len; cut++) {
        write_index(bytes, cut);
        llw_git_modules(arena, box, &n);
        if (cut < 12 + 80 + 72) assert_int_equal(n, 0);
    }
    for (size_t i = 0; i < len; i++)
        for (int k = 0; k < 3; k++) { /* versions, counts, lengths, modes and names that lie */
            memcpy(damaged, bytes, len);
            damaged[i] = (unsigned char)(k ? (k == 1 ? 0xff : 4) : damaged[i] ^ 0x40);
            write_index(damaged, len);
            llw_git_modules(arena, box, &n);
            assert_true(n <= 1);
        }
}

static void files_that_lie(void **state) {
    (void)state;
    size_t n = 9;
    assert_null(llw_git_modules(arena, box, &n)); /* no repository */
    assert_int_equal(n, 0);
    static const char *const links[] = {"", "gitdir:", "gitdir: /nowhere/at/all\n",
                                        "gitdir: ../../../../etc\n", "no\n"};
    write_file(".gitmodules", modules_text);
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        write_file(".git", links[i]);
        assert_null(llw_git_modules(arena, box, &n));
    }
    static const char *const texts[] = {"",
                                        "[submodule",
                                        "[submodule \"",
                                        "[submodule \"x\"]",
                                        "path = x\n",
                                        "[submodule \"../../x\"]\npath=\nurl\n=\n",
                                        "[core]\npath = llama.cpp\n"};
    write_file(".git", "gitdir: .\n");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        write_file(".gitmodules", texts[i]);
        assert_null(llw_git_modules(arena, box, &n));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_index_says_the_commit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damage_is_no_commit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_that_lie, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("git_link", tests, NULL, NULL);
}
