/* What fixes llama.cpp in a project: versions, where they are written, variables behind them, and which one
 * holds for a launch. */
#include "trees.h"

static const char launch[] = "llama-server -m /m/a.gguf -c 4096\n",
                  clone[] = "git clone https://github.com/ggml-org/llama.cpp";

/* The build of the launch that `file` starts, as "VERSION ORIGIN LINE"; "" when nothing fixes it. */
static const char *pinned_in(tree_file *files, const char *file) {
    static char told[200];
    tree_make(files);
    tree t = tree_read(*file ? tree_path(file) : tree_box);
    *told = 0;
    for (size_t i = 0; i < t.out.n_launches; i++) {
        size_t n = 0;
        llw_entity build = llw_facts_ref(t.facts, t.out.launches[i].launch, LLW_launch_build);
        const llw_claim **c = llw_facts_claims(t.facts, build, LLW_build_version, tree_arena, &n);
        if (!n || c[0]->grade != LLW_GRADE_CONFIG) continue;
        const char *colon = strchr(tree_short(c[0]->place), ':');
        snprintf(told, sizeof told, "%s %s %d", c[0]->value.as.text, c[0]->origin,
                 colon ? atoi(colon + 1) : 0);
    }
    tree_end(&t);
    tree_clear();
    return told;
}

static const char *pinned(const char *text) {
    char whole[4096];
    snprintf(whole, sizeof whole, "%s\n%s", text, launch);
    return pinned_in((tree_file[]){{"run.sh", whole}, {0}}, "run.sh");
}

static const char *after_clone(const char *line) {
    char text[2048];
    snprintf(text, sizeof text, "%s\n%s", clone, line);
    return pinned(text);
}

static void is(const char *told, const char *want) {
    if (strcmp(told, want)) fail_msg("'%s' and not '%s'", told, want);
}

static void versions_are_told_from_other_words(void **state) {
    (void)state;
    is(after_clone("git checkout b8022"), "b8022 checkout 2");
    is(after_clone("git checkout v0.5.0"), "v0.5.0 checkout 2");
    is(after_clone("git checkout -q --detach 07a1b2c3d4e5"), "07a1b2c3d checkout 2");
    is(after_clone("git reset --hard 0123456789abcdef0123456789abcdef01234567"), "012345678 checkout 2");
    static const char *const none[] = {
        "main",    "b12",     "b1234567", "v0.5",        "v0.5.",    "v.5.0", "v0.5.0.1", "v12345.1.1",
        "feedbed", "1234567", "abc123",   "badc0ffee-x", "$UNKNOWN", "${",    "-q",       ""};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        char line[100];
        snprintf(line, sizeof line, "git checkout %s", none[i]);
        is(after_clone(line), "");
    }
}

static void every_way_of_fetching_names_its_version(void **state) {
    (void)state;
    static const struct {
        const char *line, *want;
    } ways[] = {
        {"curl -LO "
         "https://github.com/ggml-org/llama.cpp/releases/download/b8022/llama-b8022-bin-ubuntu-x64.zip",
         "b8022 release 1"},
        {"wget https://github.com/ggerganov/llama.cpp/archive/refs/tags/b8022.tar.gz", "b8022 release 1"},
        {"wget 'https://github.com/ggml-org/llama.cpp/archive/b8022.zip'", "b8022 release 1"},
        {"curl https://api.github.com/repos/ggml-org/llama.cpp/tarball/b8022", "b8022 release 1"},
        {"pip install git+https://github.com/ggml-org/llama.cpp.git@b8022", "b8022 checkout 1"},
        {"nix build github:ggml-org/llama.cpp/b8022", "b8022 checkout 1"},
        {"nix build github:ggml-org/llama.cpp?ref=b8022", "b8022 checkout 1"},
        {"git clone --depth 1 --branch b8022 https://github.com/ggml-org/llama.cpp.git", "b8022 checkout 1"},
        {"git clone -b \"b8022\" https://github.com/ggml-org/llama.cpp", "b8022 checkout 1"},
        {"git clone https://github.com/ggml-org/llama.cpp \\\n  --branch=b8022", "b8022 checkout 1"},
        {"git clone --branch b8022 https://github.com/somebody/llama.cpp", ""},
        {"git clone https://github.com/ggml-org/llama.cpp_fork -b b8022", ""},
        {"# git clone -b b8022 https://github.com/ggml-org/llama.cpp", ""},
        {"git clone https://github.com/ggml-org/llama.cpp", ""},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) is(pinned(ways[i].line), ways[i].want);
}

static void a_checkout_belongs_to_the_repository_before_it(void **state) {
    (void)state;
    is(after_clone("git clone https://github.com/x/other\ngit checkout b8022"), "");
    is(after_clone("\n\n\n\n\n\n\n\n\n\n\n\n\ngit checkout b8022"), "");
    is(pinned("git checkout b8022"), "");
}

static void variables_are_followed(void **state) {
    (void)state;
    static const struct {
        const char *text, *want;
    } texts[] = {
        {"LLAMA_CPP_VERSION=b8022", "b8022 variable 1"},
        {"export LLAMA_CPP_TAG='v0.5.0'", "v0.5.0 variable 1"},
        {"LLAMACPP_COMMIT=07a1b2c3d", "07a1b2c3d variable 1"},
        {"LLAMA_VERSION=b8022", "b8022 variable 1"},
        {"LLAMA_VERSION=v3.1.0", ""}, /* of the model */
        {"MY_LLAMA_CPP_VERSION=b8022", ""},
        {"echo $LLAMA_CPP_VERSION=b8022", ""},
        {"LLAMA_CPP_VERSION_OLD=b8022", ""},
        {"LLAMA_CPP_VERSION b8022", ""},
        {"LLAMA_CPP_VERSION=${LLAMA_CPP_VERSION:-b8022}", "b8022 variable 1"},
        {"LLAMA_CPP_VERSION=${A:-${B:-b8022}}", "b8022 variable 1"},
        {"LLAMA_CPP_VERSION=$V\nV=b8022", "b8022 variable 1"},
        {"LLAMA_CPP_VERSION=$V\nNOT_V=b1111\nV = \"b8022\"", "b8022 variable 1"},
        {"LLAMA_CPP_VERSION=$V\nV=${W:-b8022}", "b8022 variable 1"},
        {"LLAMA_CPP_VERSION=$V\nV=main\nV=b8022", "b8022 variable 1"},
        {"LLAMA_CPP_VERSION=$V\nV=${W:-$X}\nX=b8022", ""}, /* one step, so that nothing goes round */
        {"LLAMA_CPP_VERSION=$V\nV=${V:- $V}", ""},
        {"LLAMA_CPP_VERSION=$V\nV=$V", ""},
        {"LLAMA_CPP_VERSION=${V", ""},
        {"LLAMA_CPP_VERSION=${V:", ""},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) is(pinned(texts[i].text), texts[i].want);
    is(after_clone("git checkout ${{ env.LLAMA_REF_OF_US }}\nLLAMA_REF_OF_US: b8022"), "b8022 checkout 2");
}

static void the_nearest_that_agree_hold(void **state) {
    (void)state;
    is(pinned_in((tree_file[]){{"run.sh", launch}, {"build.sh", "LLAMA_CPP_VERSION=b8022\n"}, {0}}, ""),
       "b8022 variable 1");
    is(pinned_in((tree_file[]){{"run.sh", launch},
                               {"a.sh", "LLAMA_CPP_VERSION=b8022\n"},
                               {"b.sh", "LLAMA_CPP_VERSION=b8111\n"},
                               {0}},
                 ""),
       "");
    is(pinned_in((tree_file[]){{"x/run.sh", launch},
                               {"x/a.sh", "LLAMA_CPP_VERSION=b8022\n"},
                               {"y/b.sh", "LLAMA_CPP_VERSION=b8111\n"},
                               {0}},
                 ""),
       "b8022 variable 1");
    is(pinned_in((tree_file[]){{"x/y/run.sh", launch},
                               {"x/a.sh", "LLAMA_CPP_VERSION=b8022\n"},
                               {"b.sh", "LLAMA_CPP_VERSION=b8111\n"},
                               {0}},
                 ""),
       "b8022 variable 1");
    /* the same commit, written longer and shorter */
    is(pinned_in((tree_file[]){{"run.sh", launch},
                               {"a.sh", "LLAMA_CPP_COMMIT=07a1b2c3d4e5f607a1b2c3d4e5f607a1b2c3d4e5\n"},
                               {"b.sh", "LLAMA_CPP_COMMIT=07a1b2c\n"},
                               {0}},
                 ""),
       "07a1b2c3d variable 1");
    /* an image that takes what is newest leaves it open */
    is(pinned_in((tree_file[]){{"Dockerfile",
                                "FROM ubuntu\nRUN git clone https://github.com/ggml-org/llama.cpp && make\n"
                                "CMD [\"llama-server\", \"-m\", \"/m/a.gguf\"]\n"},
                               {"b.sh", "LLAMA_CPP_VERSION=b8111\n"},
                               {0}},
                 ""),
       "");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(versions_are_told_from_other_words),
                                       cmocka_unit_test(every_way_of_fetching_names_its_version),
                                       cmocka_unit_test(a_checkout_belongs_to_the_repository_before_it),
                                       cmocka_unit_test(variables_are_followed),
                                       cmocka_unit_test(the_nearest_that_agree_hold)};
    return cmocka_run_group_tests_name("pin", tests, tree_set_up, tree_tear_down);
}
