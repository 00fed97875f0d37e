/* Configuration trees as launches: the chain of a value, every format, what stays silent, and what is left
 * unread. */
#include "trees.h"

#define LINT "tests/fixtures/lint/"

/* The claims on a slot as "value origin place < value origin place", defaults left out. */
static const char *chain_of(const tree *t, const char *id, llw_attr attr) {
    static char text[2048];
    size_t n = 0, used = 0;
    const llw_claim **c = llw_facts_claims(t->facts, tree_launch(t, id), attr, llw_facts_arena(t->facts), &n);
    text[0] = 0;
    for (size_t i = 0; i < n; i++) {
        if (c[i]->grade == LLW_GRADE_DEFAULT) continue;
        llw_text value = {0};
        llw_value_print(&value, c[i]->value);
        const char *slash = strrchr(c[i]->place, '/');
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %s %s", used ? " < " : "",
                                 llw_text_str(&value), c[i]->origin, slash ? slash + 1 : c[i]->place);
        llw_text_fini(&value);
    }
    return text;
}

static bool flag_of(const tree *t, const char *id, llw_attr attr) {
    bool b = false;
    assert_true(llw_facts_flag(t->facts, tree_launch(t, id), attr, &b));
    return b;
}

static void the_chain_names_the_link_that_sets_the_value(void **state) {
    (void)state;
    tree t = tree_read(LINT "chain/mistake");
    static const char id[] = LINT "chain/mistake/models.conf:qwen3-next";
    assert_string_equal(chain_of(&t, id, LLW_launch_gpu_layers),
                        "99 Compose default docker-compose.yml:9:38 < 99 Dockerfile ENV Dockerfile:8:18");
    assert_string_equal(chain_of(&t, id, LLW_launch_fit),
                        "yes profile models.conf:8:5 < yes Compose default docker-compose.yml:10:20 < yes "
                        "Dockerfile ENV Dockerfile:9:9");
    assert_string_equal(chain_of(&t, id, LLW_launch_batch), "2,048 profile models.conf:9:42");
    assert_string_equal(chain_of(&t, id, LLW_launch_split_mode), "layer Dockerfile ENV Dockerfile:10:16");
    /* the profiles take the count from one default; with a profile of its own nobody inherits it */
    assert_true(flag_of(&t, id, LLW_launch_infrastructure));
    assert_true(flag_of(&t, id, LLW_launch_reason_given));
    assert_true(flag_of(&t, LINT "chain/mistake/models.conf:glm-flash-q4", LLW_launch_reason_given));
    assert_string_equal(chain_of(&t, LINT "chain/mistake/models.conf:glm-flash-q4", LLW_launch_split_mode),
                        "none profile models.conf:16:33 < layer Dockerfile ENV Dockerfile:10:16");
    assert_true(flag_of(&t, LINT "chain/mistake/docker-compose.yml:llama-server", LLW_launch_infrastructure));
    assert_string_equal(chain_of(&t, LINT "chain/mistake/Dockerfile", LLW_launch_gpu_layers),
                        "99 Dockerfile ENV Dockerfile:8:18");
    assert_true(flag_of(&t, LINT "chain/mistake/Dockerfile", LLW_launch_infrastructure));
    assert_true(flag_of(&t, LINT "chain/mistake/.env.example", LLW_launch_example));
    assert_true(flag_of(&t, LINT "chain/mistake/.env.example", LLW_launch_infrastructure));
    assert_int_equal(t.out.n_launches, 5);
    assert_int_equal(t.out.n_files, 4);
    assert_int_equal(t.out.n_unread, 0);
    tree_end(&t);
    t = tree_read(LINT "chain/repair");
    assert_string_equal(chain_of(&t, LINT "chain/repair/models.conf:qwen3-next", LLW_launch_gpu_layers),
                        "-1 Compose default docker-compose.yml:9:38 < -1 Dockerfile ENV Dockerfile:8:18");
    tree_end(&t);
}

static void a_file_alone_finds_what_lies_beside_it(void **state) {
    (void)state;
    tree t = tree_read(LINT "chain/mistake/models.conf");
    assert_int_equal(t.out.n_launches, 2);
    assert_int_equal(t.out.n_files, 1);
    assert_string_equal(chain_of(&t, LINT "chain/mistake/models.conf:qwen3-next", LLW_launch_gpu_layers),
                        "99 Compose default docker-compose.yml:9:38 < 99 Dockerfile ENV Dockerfile:8:18");
    tree_end(&t);
    t = tree_read(LINT "chain/mistake/docker-compose.yml");
    assert_int_equal(t.out.n_launches, 1);
    tree_end(&t);
}

/* The only launch of a lesson's tree in one format. */
static tree lesson(const char *name, const char *format, const char *which, const char **id) {
    static char path[256];
    snprintf(path, sizeof path, LINT "%s/%s/%s", name, format, which);
    tree t = tree_read(path);
    if (t.out.n_launches != 1 || t.out.n_unread)
        fail_msg("%s: %zu launches, %zu unread", path, t.out.n_launches, t.out.n_unread);
    *id = llw_facts_id(t.facts, t.out.launches[0].launch);
    return t;
}

static int64_t count_of(const tree *t, llw_attr attr) {
    int64_t n = -77;
    llw_facts_count(t->facts, t->out.launches[0].launch, attr, &n);
    return n;
}

static const char *text_of(const tree *t, llw_attr attr) {
    const char *s = "?";
    llw_facts_text(t->facts, t->out.launches[0].launch, attr, &s);
    return s;
}

static int says_moe(const tree *t) {
    bool moe = false;
    llw_entity c = tree_claim(t, "architecture");
    return c && llw_facts_flag(t->facts, c, LLW_claim_says_moe, &moe) ? moe : -1;
}

static void every_format_tells_the_same_story(void **state) {
    (void)state;
    static const char *const formats[] = {"ini",     "env",        "compose", "dockerfile", "sh",
                                          "systemd", "preset",     "swap",    "kubernetes", "make",
                                          "python",  "powershell", "nix"};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        const char *id = NULL;
        tree t = lesson("01-card-first", formats[i], "mistake", &id);
        assert_string_equal(text_of(&t, LLW_launch_tensor_split), "3,1");
        assert_int_equal(says_moe(&t), 0);
        assert_int_equal(llw_facts_ref(t.facts, tree_claim(&t, "architecture"), LLW_claim_model),
                         t.out.launches[0].model);
        tree_end(&t);
        t = lesson("01-card-first", formats[i], "repair", &id);
        assert_string_equal(text_of(&t, LLW_launch_tensor_split), "");
        assert_int_equal(says_moe(&t), 1);
        assert_true(flag_of(&t, id, LLW_launch_reason_given));
        tree_end(&t);
        t = lesson("02-offload-only-when-needed", formats[i], "mistake", &id);
        assert_string_equal(text_of(&t, LLW_launch_override_tensor), "exps=CPU");
        assert_true(flag_of(&t, id, LLW_launch_override_moves_experts_to_cpu));
        tree_end(&t);
        t = lesson("02-offload-only-when-needed", formats[i], "repair", &id);
        assert_false(flag_of(&t, id, LLW_launch_override_moves_experts_to_cpu));
        assert_int_equal(count_of(&t, LLW_launch_gpu_layers), -1);
        tree_end(&t);
        t = lesson("03-docs-are-claims", formats[i], "mistake", &id);
        assert_int_equal(says_moe(&t), 0);
        tree_end(&t);
        t = lesson("03-docs-are-claims", formats[i], "repair", &id);
        assert_int_equal(says_moe(&t), 1);
        bool sourced = false;
        assert_true(llw_facts_flag(t.facts, tree_claim(&t, "architecture"), LLW_claim_sourced, &sourced) &&
                    sourced);
        int64_t n = 0;
        assert_true(llw_facts_count(t.facts, tree_claim(&t, "layers"), LLW_claim_count, &n) && n == 47);
        tree_end(&t);
        t = lesson("04-verify-file-size", formats[i], "mistake", &id);
        int64_t low = 0, high = 0;
        assert_true(llw_facts_count(t.facts, tree_claim(&t, "size"), LLW_claim_bytes, &low));
        assert_true(llw_facts_count(t.facts, tree_claim(&t, "size"), LLW_claim_bytes_high, &high));
        assert_int_equal(low, 16000000000);
        assert_int_equal(high, 17000000000);
        bool fits = false;
        assert_true(llw_facts_flag(t.facts, tree_claim(&t, "fits"), LLW_claim_says_fits_one_gpu, &fits) &&
                    fits);
        tree_end(&t);
        t = lesson("04-verify-file-size", formats[i], "repair", &id);
        assert_true(llw_facts_count(t.facts, tree_claim(&t, "size"), LLW_claim_bytes, &low));
        assert_int_equal(low, 31890132173); /* 29.7 GiB */
        llw_facts_flag(t.facts, tree_claim(&t, "fits"), LLW_claim_says_fits_one_gpu, &fits);
        assert_false(fits); /* it needs both cards */
        tree_end(&t);
        t = lesson("05-ub-is-not-b", formats[i], "mistake", &id);
        assert_int_equal(count_of(&t, LLW_launch_ubatch), 1024);
        assert_false(flag_of(&t, id, LLW_launch_reason_given));
        tree_end(&t);
        t = lesson("05-ub-is-not-b", formats[i], "repair", &id);
        assert_int_equal(count_of(&t, LLW_launch_ubatch), 512);
        assert_int_equal(count_of(&t, LLW_launch_batch), 2048);
        tree_end(&t);
        t = lesson("07-no-hardcoded-layers", formats[i], "mistake", &id);
        assert_int_equal(count_of(&t, LLW_launch_gpu_layers), 99);
        bool fit = false;
        assert_true(llw_facts_flag(t.facts, t.out.launches[0].launch, LLW_launch_fit, &fit) && fit);
        tree_end(&t);
        t = lesson("07-no-hardcoded-layers", formats[i], "repair", &id);
        assert_int_equal(count_of(&t, LLW_launch_gpu_layers), -1);
        tree_end(&t);
    }
}

static void models_that_are_not_here_are_known_by_their_file_name(void **state) {
    (void)state;
    const char *id = NULL;
    tree t = lesson("05-ub-is-not-b", "compose", "mistake", &id);
    int64_t bytes = 0, experts = 0;
    assert_true(llw_facts_count(t.facts, t.out.launches[0].model, LLW_model_file_bytes, &bytes) &&
                bytes > 30000000000);
    assert_true(llw_facts_count(t.facts, t.out.launches[0].model, LLW_model_experts, &experts) &&
                experts == 64);
    const char *const *notes = NULL;
    assert_true(llw_facts_notes(t.facts, &notes) > 0);
    assert_non_null(strstr(notes[0], "known model"));
    tree_end(&t);
    t = tree_read(LINT "silent/embeddings");
    assert_false(llw_facts_count(t.facts, t.out.launches[0].model, LLW_model_file_bytes, &bytes));
    tree_end(&t);
}

static void what_is_not_said_stays_silent(void **state) {
    (void)state;
    tree t = tree_read(LINT "silent/commented-out");
    assert_int_equal(t.out.n_launches, 1);
    assert_int_equal(t.out.n_claims, 1); /* "it needs both cards" is said of what runs */
    assert_int_equal(t.out.n_unread, 0);
    assert_true(flag_of(&t, LINT "silent/commented-out/models.conf:current", LLW_launch_reason_given));
    tree_end(&t);
    t = tree_read(LINT "silent/others");
    assert_int_equal(t.out.n_launches, 0);
    assert_int_equal(t.out.n_claims, 0);
    assert_int_equal(t.out.n_unread, 0);
    tree_end(&t);
    t = tree_read(LINT "silent/embeddings");
    assert_int_equal(t.out.n_launches, 4);
    for (size_t i = 0; i < 4; i++) {
        int64_t layers = 0;
        assert_int_equal(t.out.launches[i].argv.n_problems, 0);
        assert_true(llw_facts_count(t.facts, t.out.launches[i].launch, LLW_launch_gpu_layers, &layers) &&
                    layers < 1);
    }
    assert_true(flag_of(&t, LINT "silent/embeddings/models.conf:embed", LLW_launch_embedding_mode));
    tree_end(&t);
    t = tree_read(LINT "silent/forms");
    assert_string_equal(chain_of(&t, LINT "silent/forms/docker-compose.yml:chat", LLW_launch_gpu_layers),
                        "-1 Compose default docker-compose.yml:5:36");
    assert_string_equal(chain_of(&t, LINT "silent/forms/docker-compose.yml:chat", LLW_launch_parallel),
                        "2 Compose command docker-compose.yml:14:11");
    assert_string_equal(
        llw_facts_id(t.facts, llw_facts_ref(t.facts, t.out.launches[0].launch, LLW_launch_build)), "b8022");
    tree_end(&t);
}

static void a_profile_names_its_model_in_any_way(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t launches, unread;
        bool known;
    } cases[] = {{"[a]\nMODEL=glm-4.7-flash-q8_0\n", 1, 0, true},
                 {"[a]\nMODEL=GLM-4.7-Flash-Q8_0\n[b]\nMODEL=x.gguf\n", 2, 0, true},
                 {"[a]\nMODEL=my-own-thing\n", 1, 0, false},
                 {"[a]\nNAME=x\n[b]\nMODEL=x.gguf\n", 1, 1, false},
                 {"[chat]\nmodel = x.gguf\n", 0, 1, false}};
    tree_make(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tree_text("models.conf", cases[i].text);
        tree t = tree_read(tree_path("models.conf"));
        if (t.out.n_launches != cases[i].launches || t.out.n_unread != cases[i].unread)
            fail_msg("%s: %zu launches, %zu unread", cases[i].text, t.out.n_launches, t.out.n_unread);
        int64_t layers = 0;
        if (t.out.n_launches) {
            assert_true(t.out.launches[0].model);
            assert_true(llw_facts_count(t.facts, t.out.launches[0].model, LLW_model_layers, &layers) ==
                        cases[i].known);
        } else {
            assert_non_null(strstr(t.out.unread[0].why, "MODEL here"));
            assert_int_equal(t.out.unread[0].line, 2);
        }
        tree_end(&t);
    }
    tree_text("other.conf", "[printer]\nMODEL=LaserJet\n"); /* nobody's business */
    tree t = tree_read(tree_path("other.conf"));
    assert_int_equal(t.out.n_launches + t.out.n_unread, 0);
    tree_end(&t);
    tree_text(".env", "MODEL=glm-4.7-flash-q8_0\n");
    t = tree_read(tree_path(".env"));
    assert_int_equal(t.out.n_launches, 1);
    tree_end(&t);
    tree_clear();
}

static void values_that_double_are_stopped(void **state) {
    (void)state;
    static const char line[] = "A=${A}${A}\n";
    char text[2048] = "A=1\n";
    for (int i = 0; i < 60; i++) strcat(text, line);
    strcat(text, "LLAMA_ARG_CTX_SIZE=${A}\n");
    tree_make(NULL);
    tree_text(".env", text);
    tree t = tree_read(tree_path(".env"));
    assert_true(t.out.n_unread > 0);
    assert_non_null(strstr(t.out.unread[0].why, "1 MiB"));
    int64_t ctx = 0;
    assert_false(llw_facts_count(t.facts, t.out.launches[0].launch, LLW_launch_ctx, &ctx));
    tree_end(&t);
    tree_clear();
}

static void what_cannot_be_read_is_listed_with_its_line(void **state) {
    (void)state;
    static const char *const names[] = {"models.conf", "docker-compose.yml", "Dockerfile", ".env"};
    tree_make(NULL);
    tree_text("models.conf", "[a]\nMODEL=x.gguf\nEXTRA_ARGS=-b 1\nnonsense\n[b]\nNAME=no model\n");
    tree_text("docker-compose.yml", "services:\n  a: [\n");
    tree_text("Dockerfile", "CMD llama-server\n");
    tree_text(".env", "LLAMA_ARG_CTX_SIZE=4096\n'bad\n");
    tree t = tree_read(tree_box);
    assert_int_equal(t.out.n_launches, 2);
    assert_int_equal(t.out.n_files, 4);
    bool seen[4] = {false};
    for (size_t i = 0; i < t.out.n_unread; i++)
        for (size_t k = 0; k < 4; k++)
            if (strstr(t.out.unread[i].file, names[k])) {
                seen[k] = true;
                if (k == 0) assert_true(t.out.unread[i].line == 4 || t.out.unread[i].line == 5);
                if (k == 3) assert_int_equal(t.out.unread[i].line, 2);
            }
    for (size_t k = 0; k < 4; k++)
        if (!seen[k]) fail_msg("nothing is said of %s", names[k]);
    int64_t ctx = 0;
    assert_true(llw_facts_count(t.facts, tree_launch(&t, tree_path(".env")), LLW_launch_ctx, &ctx) &&
                ctx == 4096);
    tree_end(&t);
    tree_clear();
    llw_facts *f = llw_facts_new();
    llw_config_result out = {0};
    llw_err err = {0};
    assert_int_equal(llw_source_config(f, "/no/such/place", NULL, &out, &err), LLW_ERR_INPUT);
    assert_int_equal(llw_source_config(f, "/dev/null", NULL, &out, &err), LLW_ERR_INPUT);
    assert_int_equal(llw_source_config(f, "CMakeLists.txt", NULL, &out, &err), LLW_ERR_INPUT);
    assert_non_null(strstr(err.text, "Dockerfile"));
    llw_facts_free(f);
}

/* A service of whose layer count this says whether others take it over, with a .env beside it. */
static void check_inherited(const char *compose, const char *env, const char *id, bool inherited) {
    tree_make(NULL);
    tree_text("compose.yaml", compose);
    tree_text(".env", env);
    tree t = tree_read(tree_box);
    llw_entity l = tree_launch(&t, tree_path(id));
    assert_true(flag_of(&t, llw_facts_id(t.facts, l), LLW_launch_infrastructure));
    assert_int_equal(flag_of(&t, llw_facts_id(t.facts, l), LLW_launch_inherited), inherited);
    tree_end(&t);
    tree_clear();
}

#define IMAGE "    image: ghcr.io/ggml-org/llama.cpp:server-b8022\n"

static void nobody_inherits_what_a_service_says_of_itself(void **state) {
    (void)state;
    static const char words[] = "services:\n  a:\n" IMAGE "    command: -m a.gguf -c ${CTX:-1} -ngl 99\n";
    check_inherited(words, "", "compose.yaml:a", false);
    check_inherited(words, "CTX=8192\n", ".env",
                    false); /* the .env starts it, and the count is the service's */
    check_inherited("services:\n  a:\n" IMAGE
                    "    command: -m a.gguf\n    environment:\n      LLAMA_ARG_N_GPU_LAYERS: 99\n",
                    "", "compose.yaml:a", false);
    check_inherited("services:\n  a:\n" IMAGE "    command: -m a.gguf -ngl ${NGL:-99}\n", "",
                    "compose.yaml:a", true);
    check_inherited("x-all: &all\n  environment:\n    LLAMA_ARG_N_GPU_LAYERS: 99\nservices:\n  a:\n"
                    "    <<: *all\n" IMAGE "    command: -m a.gguf\n",
                    "", "compose.yaml:a", true);
    check_inherited("services:\n  a:\n" IMAGE "    env_file: .env\n    command: -m a.gguf\n",
                    "LLAMA_ARG_N_GPU_LAYERS=99\n", "compose.yaml:a", true);
}

static void cmd_in_shell_form_is_no_list_of_options(void **state) {
    (void)state;
    tree_make(NULL);
    tree_text("Dockerfile", "FROM x\nENTRYPOINT [\"/app/llama-server\", \"-m\", \"m.gguf\"]\nCMD -c 100\n");
    tree t = tree_read(tree_box);
    assert_int_equal(t.out.n_launches, 1);
    const llw_argv_result *read = &t.out.launches[0].argv;
    assert_int_equal(read->n_problems, 1);
    assert_int_equal(read->problems[0].code, LLW_F_WORD);
    assert_non_null(strstr(read->problems[0].message, "/bin/sh -c"));
    assert_string_equal(read->problems[0].advice, "write a list of words: CMD [\"-c\", \"100\"]");
    tree_end(&t);
    tree_text("Dockerfile", "FROM x\nENTRYPOINT [\"/app/llama-server\"]\nCMD --api-key SECRET\n");
    t = tree_read(tree_box);
    assert_null(strstr(t.out.launches[0].argv.problems[0].advice, "SECRET"));
    tree_end(&t);
    tree_clear();
}

static void unset_variables_make_unknown_slots(void **state) {
    (void)state;
    static const char text[] = "services:\n  s:\n    image: ghcr.io/ggml-org/llama.cpp:server\n    command: "
                               "[-m, x.gguf, -ngl, \"${NGL}\", -c, \"${C:-8}\"]\n";
    tree_make(NULL);
    tree_text("compose.yaml", text);
    tree t = tree_read(tree_box);
    int64_t n = 0;
    llw_entity l = t.out.launches[0].launch;
    assert_false(llw_facts_count(t.facts, l, LLW_launch_gpu_layers, &n));
    assert_false(llw_facts_best(t.facts, l, LLW_launch_gpu_layers)->value.known);
    assert_true(llw_facts_count(t.facts, l, LLW_launch_ctx, &n) && n == 8);
    assert_int_equal(t.out.launches[0].argv.problems[0].code, LLW_F_NOT_KNOWN);
    assert_true(flag_of(&t, llw_facts_id(t.facts, l), LLW_launch_infrastructure));
    tree_end(&t);
    tree_clear();
}

static void links_and_hidden_directories_are_not_followed(void **state) {
    (void)state;
    tree_make(NULL);
    char path[600], hidden[600];
    snprintf(path, sizeof path, "%s/loop", tree_box);
    snprintf(hidden, sizeof hidden, "%s/.git", tree_box);
    assert_int_equal(symlink(".", path), 0);
    assert_int_equal(mkdir(hidden, 0700), 0);
    tree_text(".git/models.conf", "[a]\nMODEL=x.gguf\n");
    tree_text("models.conf", "[a]\nMODEL=../../../etc/passwd\nCTX_SIZE=1\n");
    tree t = tree_read(tree_box);
    assert_int_equal(t.out.n_launches, 1);
    tree_end(&t);
    unlink(path);
    unlink(tree_path(".git/models.conf"));
    rmdir(hidden);
    tree_clear();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chain_names_the_link_that_sets_the_value),
        cmocka_unit_test(a_file_alone_finds_what_lies_beside_it),
        cmocka_unit_test(every_format_tells_the_same_story),
        cmocka_unit_test(models_that_are_not_here_are_known_by_their_file_name),
        cmocka_unit_test(what_is_not_said_stays_silent),
        cmocka_unit_test(a_profile_names_its_model_in_any_way),
        cmocka_unit_test(values_that_double_are_stopped),
        cmocka_unit_test(what_cannot_be_read_is_listed_with_its_line),
        cmocka_unit_test(nobody_inherits_what_a_service_says_of_itself),
        cmocka_unit_test(cmd_in_shell_form_is_no_list_of_options),
        cmocka_unit_test(unset_variables_make_unknown_slots),
        cmocka_unit_test(links_and_hidden_directories_are_not_followed),
    };
    return cmocka_run_group_tests_name("config", tests, tree_set_up, tree_tear_down);
}
