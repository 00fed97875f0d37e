/* Configuration trees as launches: the chain of a value, every format, comments, what stays silent, and
 * broken files. */
#include "source/config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define LINT "tests/fixtures/lint/"

static llw_arena *arena; /* of the option table */
static llw_flags flags;

static int set_up(void **state) {
    (void)state;
    arena = llw_arena_new();
    return llw_flags_load(arena, &flags, NULL) != LLW_OK;
}

static int tear_down(void **state) {
    (void)state;
    llw_arena_free(arena);
    return 0;
}

typedef struct tree {
    llw_facts *facts;
    llw_config_result out;
} tree;

static tree read_path(const char *path) {
    tree t = {.facts = llw_facts_new()};
    llw_config_options options = {.flags = &flags};
    llw_err err = {0};
    if (llw_source_config(t.facts, path, &options, &t.out, &err) != LLW_OK)
        fail_msg("%s: %s", path, err.text);
    return t;
}

static void end(tree *t) {
    llw_facts_free(t->facts);
}

static llw_entity launch(const tree *t, const char *id) {
    llw_entity e = llw_facts_find(t->facts, LLW_KIND_launch, id);
    if (!e) fail_msg("there is no launch %s", id);
    return e;
}

/* The claims on a slot as "value origin place < value origin place", defaults left out. */
static const char *chain_of(const tree *t, const char *id, llw_attr attr) {
    static char text[2048];
    size_t n = 0, used = 0;
    const llw_claim **c = llw_facts_claims(t->facts, launch(t, id), attr, llw_facts_arena(t->facts), &n);
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
    assert_true(llw_facts_flag(t->facts, launch(t, id), attr, &b));
    return b;
}

static void the_chain_names_the_link_that_sets_the_value(void **state) {
    (void)state;
    tree t = read_path(LINT "chain/mistake");
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
    end(&t);
    t = read_path(LINT "chain/repair");
    assert_string_equal(chain_of(&t, LINT "chain/repair/models.conf:qwen3-next", LLW_launch_gpu_layers),
                        "-1 Compose default docker-compose.yml:9:38 < -1 Dockerfile ENV Dockerfile:8:18");
    end(&t);
}

static void a_file_alone_finds_what_lies_beside_it(void **state) {
    (void)state;
    tree t = read_path(LINT "chain/mistake/models.conf");
    assert_int_equal(t.out.n_launches, 2);
    assert_int_equal(t.out.n_files, 1);
    assert_string_equal(chain_of(&t, LINT "chain/mistake/models.conf:qwen3-next", LLW_launch_gpu_layers),
                        "99 Compose default docker-compose.yml:9:38 < 99 Dockerfile ENV Dockerfile:8:18");
    end(&t);
    t = read_path(LINT "chain/mistake/docker-compose.yml");
    assert_int_equal(t.out.n_launches, 1);
    end(&t);
}

/* The only launch of a lesson's tree in one format. */
static tree lesson(const char *name, const char *format, const char *which, const char **id) {
    static char path[256];
    snprintf(path, sizeof path, LINT "%s/%s/%s", name, format, which);
    tree t = read_path(path);
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

/* A claim entity of this kind of statement, or 0. */
static llw_entity claim_about(const tree *t, const char *about) {
    for (llw_entity c = llw_facts_next(t->facts, LLW_KIND_claim, 0); c;
         c = llw_facts_next(t->facts, LLW_KIND_claim, c)) {
        const char *have = "";
        if (llw_facts_text(t->facts, c, LLW_claim_about, &have) && !strcmp(have, about)) return c;
    }
    return 0;
}

static int says_moe(const tree *t) {
    bool moe = false;
    llw_entity c = claim_about(t, "architecture");
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
        assert_int_equal(llw_facts_ref(t.facts, claim_about(&t, "architecture"), LLW_claim_model),
                         t.out.launches[0].model);
        end(&t);
        t = lesson("01-card-first", formats[i], "repair", &id);
        assert_string_equal(text_of(&t, LLW_launch_tensor_split), "");
        assert_int_equal(says_moe(&t), 1);
        assert_true(flag_of(&t, id, LLW_launch_reason_given));
        end(&t);
        t = lesson("02-offload-only-when-needed", formats[i], "mistake", &id);
        assert_string_equal(text_of(&t, LLW_launch_override_tensor), "exps=CPU");
        assert_true(flag_of(&t, id, LLW_launch_override_moves_experts_to_cpu));
        end(&t);
        t = lesson("02-offload-only-when-needed", formats[i], "repair", &id);
        assert_false(flag_of(&t, id, LLW_launch_override_moves_experts_to_cpu));
        assert_int_equal(count_of(&t, LLW_launch_gpu_layers), -1);
        end(&t);
        t = lesson("03-docs-are-claims", formats[i], "mistake", &id);
        assert_int_equal(says_moe(&t), 0);
        end(&t);
        t = lesson("03-docs-are-claims", formats[i], "repair", &id);
        assert_int_equal(says_moe(&t), 1);
        bool sourced = false;
        assert_true(llw_facts_flag(t.facts, claim_about(&t, "architecture"), LLW_claim_sourced, &sourced) &&
                    sourced);
        int64_t n = 0;
        assert_true(llw_facts_count(t.facts, claim_about(&t, "layers"), LLW_claim_count, &n) && n == 47);
        end(&t);
        t = lesson("04-verify-file-size", formats[i], "mistake", &id);
        int64_t low = 0, high = 0;
        assert_true(llw_facts_count(t.facts, claim_about(&t, "size"), LLW_claim_bytes, &low));
        assert_true(llw_facts_count(t.facts, claim_about(&t, "size"), LLW_claim_bytes_high, &high));
        assert_int_equal(low, 16000000000);
        assert_int_equal(high, 17000000000);
        bool fits = false;
        assert_true(llw_facts_flag(t.facts, claim_about(&t, "fits"), LLW_claim_says_fits_one_gpu, &fits) &&
                    fits);
        end(&t);
        t = lesson("04-verify-file-size", formats[i], "repair", &id);
        assert_true(llw_facts_count(t.facts, claim_about(&t, "size"), LLW_claim_bytes, &low));
        assert_int_equal(low, 31890132173); /* 29.7 GiB */
        assert_int_equal(claim_about(&t, "fits"), 0);
        end(&t);
        t = lesson("05-ub-is-not-b", formats[i], "mistake", &id);
        assert_int_equal(count_of(&t, LLW_launch_ubatch), 1024);
        assert_false(flag_of(&t, id, LLW_launch_reason_given));
        end(&t);
        t = lesson("05-ub-is-not-b", formats[i], "repair", &id);
        assert_int_equal(count_of(&t, LLW_launch_ubatch), 512);
        assert_int_equal(count_of(&t, LLW_launch_batch), 2048);
        end(&t);
        t = lesson("07-no-hardcoded-layers", formats[i], "mistake", &id);
        assert_int_equal(count_of(&t, LLW_launch_gpu_layers), 99);
        bool fit = false;
        assert_true(llw_facts_flag(t.facts, t.out.launches[0].launch, LLW_launch_fit, &fit) && fit);
        end(&t);
        t = lesson("07-no-hardcoded-layers", formats[i], "repair", &id);
        assert_int_equal(count_of(&t, LLW_launch_gpu_layers), -1);
        end(&t);
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
    end(&t);
    t = read_path(LINT "silent/embeddings");
    assert_false(llw_facts_count(t.facts, t.out.launches[0].model, LLW_model_file_bytes, &bytes));
    end(&t);
}

static void what_is_not_said_stays_silent(void **state) {
    (void)state;
    tree t = read_path(LINT "silent/commented-out");
    assert_int_equal(t.out.n_launches, 1);
    assert_int_equal(t.out.n_claims, 0);
    assert_int_equal(t.out.n_unread, 0);
    assert_true(flag_of(&t, LINT "silent/commented-out/models.conf:current", LLW_launch_reason_given));
    end(&t);
    t = read_path(LINT "silent/others");
    assert_int_equal(t.out.n_launches, 0);
    assert_int_equal(t.out.n_claims, 0);
    assert_int_equal(t.out.n_unread, 0);
    end(&t);
    t = read_path(LINT "silent/embeddings");
    assert_int_equal(t.out.n_launches, 4);
    for (size_t i = 0; i < 4; i++) {
        int64_t layers = 0;
        assert_int_equal(t.out.launches[i].argv.n_problems, 0);
        assert_true(llw_facts_count(t.facts, t.out.launches[i].launch, LLW_launch_gpu_layers, &layers) &&
                    layers < 1);
    }
    assert_true(flag_of(&t, LINT "silent/embeddings/models.conf:embed", LLW_launch_embedding_mode));
    end(&t);
    t = read_path(LINT "silent/forms");
    assert_string_equal(chain_of(&t, LINT "silent/forms/docker-compose.yml:chat", LLW_launch_gpu_layers),
                        "-1 Compose default docker-compose.yml:5:36");
    assert_string_equal(chain_of(&t, LINT "silent/forms/docker-compose.yml:chat", LLW_launch_parallel),
                        "2 Compose command docker-compose.yml:14:11");
    assert_string_equal(
        llw_facts_id(t.facts, llw_facts_ref(t.facts, t.out.launches[0].launch, LLW_launch_build)), "b8022");
    end(&t);
}

/* --- files made on the spot --- */

static char box[256];

static void make_box(void) {
    snprintf(box, sizeof box, "%s/config-XXXXXX", LLW_BINARY_DIR);
    assert_non_null(mkdtemp(box));
}

static const char *in_box(const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", box, name);
    return path;
}

static void write_box(const char *name, const char *bytes, size_t len) {
    FILE *f = fopen(in_box(name), "wb");
    assert_non_null(f);
    fwrite(bytes, 1, len, f);
    fclose(f);
}

static void write_text(const char *name, const char *text) {
    write_box(name, text, strlen(text));
}

static void clear_box(const char *const *names, size_t n) {
    for (size_t i = 0; i < n; i++) unlink(in_box(names[i]));
    rmdir(box);
}

/* One profile under this comment. */
static tree read_comment(const char *comment, const char *model) {
    char text[4096];
    snprintf(text, sizeof text, "# head\n\n%s\n[p]\nMODEL=%s\nEXTRA_ARGS=-ub 512\n", comment, model);
    write_text("models.conf", text);
    return read_path(in_box("models.conf"));
}

static void comments_claim_what_people_mean(void **state) {
    (void)state;
    static const struct {
        const char *comment, *about; /* NULL: nothing is claimed */
        int moe;
        int64_t bytes, count;
        int fits;
    } cases[] = {
        {"# A dense model", "architecture", 0, 0, 0, -1},
        {"# DENSE 27B model, all parameters work", "architecture", 0, 0, 0, -1},
        {"# Not a MoE.", "architecture", 0, 0, 0, -1},
        {"# 80B MoE (some detail)", "architecture", 1, 0, 0, -1},
        {"# a mixture-of-experts model", "architecture", 1, 0, 0, -1},
        {"# 1 dense lead layer, then 46 MoE layers", NULL, -1, 0, 0, -1},
        {"# not dense", NULL, -1, 0, 0, -1},
        {"# made for dense models", NULL, -1, 0, 0, -1},
        {"# see granite3.1-dense", NULL, -1, 0, 0, -1},
        {"# \"a dense model\" is what it said here", NULL, -1, 0, 0, -1},
        {"# Previously taken for a dense model.", NULL, -1, 0, 0, -1},
        {"# If it were a dense model, this would help.", NULL, -1, 0, 0, -1},
        {"# dense or MoE: look it up", NULL, -1, 0, 0, -1},
        {"# like MoE models do", NULL, -1, 0, 0, -1},
        {"# File size: 29.7 GiB", "size", -1, 31890132173, 0, -1},
        {"# the file has 30 GB", "size", -1, 30000000000, 0, -1},
        {"# Q8 is 31,840 MB", "size", -1, 31840000000, 0, -1},
        {"# 57.9 GB model on two cards", "size", -1, 57900000000, 0, -1},
        {"# KV cache takes 3.5 GB", NULL, -1, 0, 0, -1},
        {"# Q8 fits a card with 24 GB of VRAM", NULL, -1, 0, 0, -1},
        {"# RTX 4090: 24 GB", NULL, -1, 0, 0, -1},
        {"# compute buffers: 6.2 GB", NULL, -1, 0, 0, -1},
        {"# each layer is 1.7 GB", NULL, -1, 0, 0, -1},
        {"# 17,285 MiB model buffer on CUDA0", NULL, -1, 0, 0, -1},
        {"# Q4 saves 3 GB", NULL, -1, 0, 0, -1},
        {"# a larger file (34 vs 27 GiB)", NULL, -1, 0, 0, -1},
        {"# PCIe gives 32 GB/s to the weights", NULL, -1, 0, 0, -1},
        {"# 5.7 GB of model weights spill to the CPU", NULL, -1, 0, 0, -1},
        {"# Q4 is a 16 GB file", NULL, -1, 0, 0, -1}, /* this profile is Q8 */
        {"# 64 experts, 4 active", "experts", -1, 0, 64, -1},
        {"# 47 layers (one of them apart)", "layers", -1, 0, 47, -1},
        {"# 15+7 layers on the GPUs", NULL, -1, 0, 0, -1},
        {"# 12/48 layers have a cache", NULL, -1, 0, 0, -1},
        {"# KV cache 2720 MiB (10 layers).", NULL, -1, 0, 0, -1},
        {"# layers 0-11 go to the first card", NULL, -1, 0, 0, -1},
        {"# Q8 fits on the 4090 alone", "fits", -1, 0, 0, 1},
        {"# fits entirely on a single GPU", "fits", -1, 0, 0, 1},
        {"# Does NOT fit on one RTX 4090", "fits", -1, 0, 0, 0},
        {"# fits on the 4090 and the 5070 Ti together", NULL, -1, 0, 0, -1},
        {"# fits in VRAM", "fits", -1, 0, 0, -1},
        {"# models that fit on a single GPU run faster", NULL, -1, 0, 0, -1},
        {"# KV cache at 128K (MLA with q8_0): ~3,500 MiB", NULL, -1, 0, 0, -1},
        {"# ~105 t/s", "speed", -1, 0, 0, -1},
        {"# prompts at 900 t/s prefill", NULL, -1, 0, 0, -1},
        {"# Previous: by hand. ~105 t/s.", NULL, -1, 0, 0, -1},
        {"# Q8 would exceed 16 GB: the model does not fit", NULL, -1, 0, 0, -1},
        {"# MODEL=dense.gguf", NULL, -1, 0, 0, -1},
        {"# # dense model", NULL, -1, 0, 0, -1},
    };
    make_box();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tree t = read_comment(cases[i].comment, "X-Q8_0.gguf");
        llw_entity c = cases[i].about ? claim_about(&t, cases[i].about) : 0;
        if (!cases[i].about && t.out.n_claims) fail_msg("%s claims something", cases[i].comment);
        if (cases[i].about && !c) fail_msg("%s claims nothing about %s", cases[i].comment, cases[i].about);
        bool b = false;
        int64_t n = 0;
        if (cases[i].moe >= 0 && !(llw_facts_flag(t.facts, c, LLW_claim_says_moe, &b) && b == cases[i].moe))
            fail_msg("%s", cases[i].comment);
        if (cases[i].bytes && !(llw_facts_count(t.facts, c, LLW_claim_bytes, &n) && n == cases[i].bytes))
            fail_msg("%s: %lld", cases[i].comment, (long long)n);
        if (cases[i].count && !(llw_facts_count(t.facts, c, LLW_claim_count, &n) && n == cases[i].count))
            fail_msg("%s: %lld", cases[i].comment, (long long)n);
        if (cases[i].fits >= 0 &&
            !(llw_facts_flag(t.facts, c, LLW_claim_says_fits_one_gpu, &b) && b == cases[i].fits))
            fail_msg("%s", cases[i].comment);
        end(&t);
    }
    clear_box((const char *const[]){"models.conf"}, 1);
}

static void reasons_are_recognised(void **state) {
    (void)state;
    static const struct {
        const char *comment;
        bool reason;
    } cases[] = {{"# Left to fit because it exceeds both cards.", true},
                 {"# Needs both GPUs.", true},
                 {"# --split-mode none prevents a needless second card", true},
                 {"# Dense model, FIT=on auto-optimizes", false},
                 {"# Fast general tasks", false},
                 {"# Previously on both GPUs because of its size.", false},
                 {"# N_GPU_LAYERS=99", false}};
    make_box();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tree t = read_comment(cases[i].comment, "x.gguf");
        bool b = !cases[i].reason;
        if (!llw_facts_flag(t.facts, t.out.launches[0].launch, LLW_launch_reason_given, &b) ||
            b != cases[i].reason)
            fail_msg("%s", cases[i].comment);
        end(&t);
    }
    clear_box((const char *const[]){"models.conf"}, 1);
}

static void a_comment_reaches_the_profiles_it_stands_over(void **state) {
    (void)state;
    static const char text[] =
        "# What this file is for. A dense model is not meant here, only a word.\n\n"
        "# ----\n# First family: 64 experts\n# Q4 (18 GB), Q8 (31.8 GB)\n# ----\n\n"
        "# only the first: 47 layers.\n[a]\nMODEL=A-Q4_K_M.gguf\nEXTRA_ARGS=-b "
        "1\n\n[b]\nMODEL=A-Q8_0.gguf\nEXTRA_ARGS=-b 1\n\n"
        "# ----\n# Second family: 128 experts\n# ----\n\n[c]\nMODEL=C-Q8_0.gguf\nDESCRIPTION=a dense model\n";
    make_box();
    write_text("models.conf", text);
    tree t = read_path(in_box("models.conf"));
    int experts[3] = {0}, sizes[3] = {0}, layers[3] = {0}, dense[3] = {0};
    for (llw_entity c = llw_facts_next(t.facts, LLW_KIND_claim, 0); c;
         c = llw_facts_next(t.facts, LLW_KIND_claim, c)) {
        int64_t n = 0;
        const char *about = "";
        llw_facts_text(t.facts, c, LLW_claim_about, &about);
        for (size_t i = 0; i < 3; i++) {
            if (llw_facts_ref(t.facts, c, LLW_claim_model) != t.out.launches[i].model) continue;
            if (!strcmp(about, "experts") && llw_facts_count(t.facts, c, LLW_claim_count, &n))
                experts[i] = (int)n;
            if (!strcmp(about, "size") && llw_facts_count(t.facts, c, LLW_claim_bytes, &n))
                sizes[i] = (int)(n / 100000000);
            if (!strcmp(about, "layers")) layers[i]++;
            if (!strcmp(about, "architecture")) dense[i]++;
        }
    }
    assert_int_equal(experts[0], 64);
    assert_int_equal(experts[1], 64);
    assert_int_equal(experts[2], 128);
    assert_int_equal(sizes[0], 180);
    assert_int_equal(sizes[1], 318);
    assert_int_equal(sizes[2], 0);
    assert_int_equal(layers[0], 1);
    assert_int_equal(layers[1], 0);
    assert_int_equal(dense[2], 1); /* its description */
    assert_int_equal(dense[0] + dense[1], 0);
    end(&t);
    clear_box((const char *const[]){"models.conf"}, 1);
}

static void a_comment_behind_a_profile_is_its_own(void **state) {
    (void)state;
    make_box();
    write_text("models.conf", "[a]\nMODEL=a.gguf\nCTX_SIZE=1\n# a dense "
                              "model\n\n[b]\nMODEL=b.gguf\nCTX_SIZE=1\n# MoE by the card.\n");
    tree t = read_path(in_box("models.conf"));
    assert_int_equal(t.out.n_claims, 2);
    llw_entity first = llw_facts_next(t.facts, LLW_KIND_claim, 0),
               second = llw_facts_next(t.facts, LLW_KIND_claim, first);
    assert_int_equal(llw_facts_ref(t.facts, first, LLW_claim_model), t.out.launches[0].model);
    assert_int_equal(llw_facts_ref(t.facts, second, LLW_claim_model), t.out.launches[1].model);
    end(&t);
    clear_box((const char *const[]){"models.conf"}, 1);
}

/* How many claims the comments of a models.conf make. */
static size_t claims_of(const char *text) {
    write_text("models.conf", text);
    tree t = read_path(in_box("models.conf"));
    size_t n = t.out.n_claims;
    end(&t);
    return n;
}

static void what_is_said_of_another_model_is_not_charged(void **state) {
    (void)state;
    static const struct {
        const char *comment, *model;
        size_t claims;
    } cases[] = {{"GLM-4.7-Flash is dense", "gpt-oss-120b-mxfp4.gguf", 0},
                 {"gpt-oss is dense", "gpt-oss-120b-mxfp4.gguf", 1},
                 {"gpt-oss-120b is dense", "gpt-oss-120b-mxfp4.gguf", 1},
                 {"gpt-oss-20b is dense", "gpt-oss-120b-mxfp4.gguf", 0},
                 {"gpt-oss is dense", "GLM-4.7-Flash-Q8_0.gguf", 0},
                 {"GLM is dense.", "gpt-oss-120b-mxfp4.gguf", 0},
                 {"Qwen3-Next is a dense model", "GLM-4.7-Flash-Q8_0.gguf", 0},
                 {"Qwen is a dense model", "Qwen3-Next-80B-A3B-Q5_K_M.gguf", 1},
                 {"GLM-4.7-Flash is dense", "glm47flash.gguf", 1},
                 {"unsloth/GLM-4.7-Flash-GGUF is dense", "GLM-4.7-Flash-Q8_0.gguf", 1},
                 {"`GLM-4.7-Flash` is dense", "gpt-oss-120b-mxfp4.gguf", 0},
                 {"GLM-4.7-Flash is the fast one. A dense model.", "gpt-oss-120b-mxfp4.gguf", 0},
                 {"GLM-4.7-Flash is the fast one.\n#\n# A dense model.", "gpt-oss-120b-mxfp4.gguf", 1},
                 {"On RTX4090 and CUDA0: a dense model", "gpt-oss-120b-mxfp4.gguf", 1},
                 {"Dense model, since b8022 (README_GLM47.md)", "gpt-oss-120b-mxfp4.gguf", 1},
                 {"Qwen3-Next beats it: gpt-oss-120b is a dense model", "gpt-oss-120b-mxfp4.gguf", 1}};
    make_box();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        snprintf(text, sizeof text, "# %s\n[p]\nMODEL=%s\nARGS=-c 65536\n", cases[i].comment, cases[i].model);
        size_t n = claims_of(text);
        if (n != cases[i].claims) fail_msg("%s (%s): %zu", cases[i].comment, cases[i].model, n);
    }
    /* over a section that makes no launch, whichever way it was left out */
    assert_int_equal(claims_of("# a dense model\n[a]\nmodel=x.gguf\n[b]\nMODEL=y.gguf\n"), 0);
    assert_int_equal(claims_of("# a dense model\n[a\nMODEL=x.gguf\n[b]\nMODEL=y.gguf\n"), 0);
    assert_int_equal(claims_of("# a dense model\n[a]\nNAME=x\n# MoE model\n[b]\nMODEL=y.gguf\n"), 1);
    clear_box((const char *const[]){"models.conf"}, 1);
    make_box();
    write_text("compose.yml", "services:\n  # a dense model\n  web:\n    image: nginx\n  llm:\n    image: "
                              "ghcr.io/ggml-org/llama.cpp:server\n"
                              "    command: -m x.gguf\n");
    tree t = read_path(in_box("compose.yml"));
    assert_int_equal(t.out.n_launches, 1);
    assert_int_equal(t.out.n_claims, 0);
    end(&t);
    clear_box((const char *const[]){"compose.yml"}, 1);
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
    make_box();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_text("models.conf", cases[i].text);
        tree t = read_path(in_box("models.conf"));
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
        end(&t);
    }
    write_text("other.conf", "[printer]\nMODEL=LaserJet\n"); /* nobody's business */
    tree t = read_path(in_box("other.conf"));
    assert_int_equal(t.out.n_launches + t.out.n_unread, 0);
    end(&t);
    write_text(".env", "MODEL=glm-4.7-flash-q8_0\n");
    t = read_path(in_box(".env"));
    assert_int_equal(t.out.n_launches, 1);
    end(&t);
    clear_box((const char *const[]){"models.conf", "other.conf", ".env"}, 3);
}

static void values_that_double_are_stopped(void **state) {
    (void)state;
    static const char line[] = "A=${A}${A}\n";
    char text[2048] = "A=1\n";
    for (int i = 0; i < 60; i++) strcat(text, line);
    strcat(text, "LLAMA_ARG_CTX_SIZE=${A}\n");
    make_box();
    write_text(".env", text);
    tree t = read_path(in_box(".env"));
    assert_true(t.out.n_unread > 0);
    assert_non_null(strstr(t.out.unread[0].why, "1 MiB"));
    int64_t ctx = 0;
    assert_false(llw_facts_count(t.facts, t.out.launches[0].launch, LLW_launch_ctx, &ctx));
    end(&t);
    clear_box((const char *const[]){".env"}, 1);
}

static void what_cannot_be_read_is_listed_with_its_line(void **state) {
    (void)state;
    static const char *const names[] = {"models.conf", "docker-compose.yml", "Dockerfile", ".env"};
    make_box();
    write_text("models.conf", "[a]\nMODEL=x.gguf\nEXTRA_ARGS=-b 1\nnonsense\n[b]\nNAME=no model\n");
    write_text("docker-compose.yml", "services:\n  a: [\n");
    write_text("Dockerfile", "CMD llama-server\n");
    write_text(".env", "LLAMA_ARG_CTX_SIZE=4096\n'bad\n");
    tree t = read_path(box);
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
    assert_true(llw_facts_count(t.facts, launch(&t, in_box(".env")), LLW_launch_ctx, &ctx) && ctx == 4096);
    end(&t);
    clear_box(names, 4);
    llw_facts *f = llw_facts_new();
    llw_config_result out = {0};
    llw_err err = {0};
    assert_int_equal(llw_source_config(f, "/no/such/place", NULL, &out, &err), LLW_ERR_INPUT);
    assert_int_equal(llw_source_config(f, "/dev/null", NULL, &out, &err), LLW_ERR_INPUT);
    assert_int_equal(llw_source_config(f, "CMakeLists.txt", NULL, &out, &err), LLW_ERR_INPUT);
    assert_non_null(strstr(err.text, "Dockerfile"));
    llw_facts_free(f);
}

static void unset_variables_make_unknown_slots(void **state) {
    (void)state;
    static const char text[] = "services:\n  s:\n    image: ghcr.io/ggml-org/llama.cpp:server\n    command: "
                               "[-m, x.gguf, -ngl, \"${NGL}\", -c, \"${C:-8}\"]\n";
    make_box();
    write_text("compose.yaml", text);
    tree t = read_path(box);
    int64_t n = 0;
    llw_entity l = t.out.launches[0].launch;
    assert_false(llw_facts_count(t.facts, l, LLW_launch_gpu_layers, &n));
    assert_false(llw_facts_best(t.facts, l, LLW_launch_gpu_layers)->value.known);
    assert_true(llw_facts_count(t.facts, l, LLW_launch_ctx, &n) && n == 8);
    assert_int_equal(t.out.launches[0].argv.problems[0].code, LLW_F_NOT_KNOWN);
    assert_true(flag_of(&t, llw_facts_id(t.facts, l), LLW_launch_infrastructure));
    end(&t);
    clear_box((const char *const[]){"compose.yaml"}, 1);
}

static void links_and_hidden_directories_are_not_followed(void **state) {
    (void)state;
    make_box();
    char path[600], hidden[600];
    snprintf(path, sizeof path, "%s/loop", box);
    snprintf(hidden, sizeof hidden, "%s/.git", box);
    assert_int_equal(symlink(".", path), 0);
    assert_int_equal(mkdir(hidden, 0700), 0);
    write_text(".git/models.conf", "[a]\nMODEL=x.gguf\n");
    write_text("models.conf", "[a]\nMODEL=../../../etc/passwd\nCTX_SIZE=1\n");
    tree t = read_path(box);
    assert_int_equal(t.out.n_launches, 1);
    end(&t);
    unlink(path);
    unlink(in_box(".git/models.conf"));
    rmdir(hidden);
    clear_box((const char *const[]){"models.conf"}, 1);
}

/* --- hostile files --- */

static char *load(const char *path, size_t *len) {
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    char *bytes = calloc(1, 65536);
    *len = fread(bytes, 1, 65535, f);
    fclose(f);
    return bytes;
}

static void survive(const char *name, const char *bytes, size_t len) {
    write_box(name, bytes, len);
    llw_facts *f = llw_facts_new();
    llw_config_result out = {0};
    llw_config_options options = {.flags = &flags};
    llw_err err = {0};
    llw_source_config(f, box, &options, &out, &err);
    for (size_t i = 0; i < out.n_launches; i++) {
        llw_launch l;
        llw_attr missing;
        llw_launch_read(f, out.launches[i].launch, llw_facts_arena(f), &l, &missing, &err);
    }
    llw_facts_free(f);
}

static const char *const seeds[][2] = {{"models.conf", LINT "chain/mistake/models.conf"},
                                       {"docker-compose.yml", LINT "chain/mistake/docker-compose.yml"},
                                       {"Dockerfile", LINT "chain/mistake/Dockerfile"},
                                       {".env", LINT "chain/mistake/.env.example"},
                                       {"run.sh", LINT "05-ub-is-not-b/sh/mistake/run.sh"},
                                       {"compose.yaml", LINT "silent/forms/docker-compose.yml"}};
enum { N_SEEDS = sizeof seeds / sizeof *seeds };

static void fill_box(void) {
    make_box();
    for (size_t i = 0; i < N_SEEDS; i++) {
        size_t len = 0;
        char *bytes = load(seeds[i][1], &len);
        write_box(seeds[i][0], bytes, len);
        free(bytes);
    }
}

static void empty_box(void) {
    const char *names[N_SEEDS];
    for (size_t i = 0; i < N_SEEDS; i++) names[i] = seeds[i][0];
    clear_box(names, N_SEEDS);
}

static void files_cut_at_any_byte_are_survived(void **state) {
    (void)state;
    fill_box();
    for (size_t i = 0; i < N_SEEDS; i++) {
        size_t len = 0;
        char *bytes = load(seeds[i][1], &len);
        for (size_t cut = 0; cut <= len; cut += cut % 2 ? 1 : 2) survive(seeds[i][0], bytes, cut);
        free(bytes);
    }
    empty_box();
}

static void mutated_files_are_survived(void **state) {
    (void)state;
    static const char *const pieces[] = {
        "${",      "}",  "$",    "\\",           "\"",          "'",    "\n",       "#",       "=",
        "[",       "]",  ":",    "- ",           "*a",          "&a ",  "<<: *a\n", "if ",     "fi",
        "; then ", "\0", "\xff", "\xe2\x80\xae", "ENV ",        "CMD ", "FROM ",    "<<EOF\n", "$(",
        "`",       "||", "&&",   "-ot ",         "99999999999", "\t",   "\r"};
    uint32_t seed = 20260928;
    fill_box();
    for (size_t i = 0; i < N_SEEDS; i++) {
        size_t len = 0;
        char *bytes = load(seeds[i][1], &len);
        for (int round = 0; round < 120; round++) {
            char copy[8192];
            size_t n = len < 4096 ? len : 4096;
            memcpy(copy, bytes, n);
            for (int k = 0; k < 1 + round % 6; k++) {
                seed = seed * 1664525u + 1013904223u;
                size_t at = n ? (seed >> 8) % n : 0;
                const char *piece = pieces[(seed >> 4) % (sizeof pieces / sizeof *pieces)];
                size_t m = *piece ? strlen(piece) : 1;
                if (n + m > sizeof copy) continue;
                if (seed & 1) { /* put in */
                    memmove(copy + at + m, copy + at, n - at);
                    n += m;
                } else if (at + m > n) {
                    continue;
                }
                memcpy(copy + at, piece, m);
            }
            survive(seeds[i][0], copy, n);
        }
        write_box(seeds[i][0], bytes, len);
        free(bytes);
    }
    empty_box();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chain_names_the_link_that_sets_the_value),
        cmocka_unit_test(a_file_alone_finds_what_lies_beside_it),
        cmocka_unit_test(every_format_tells_the_same_story),
        cmocka_unit_test(models_that_are_not_here_are_known_by_their_file_name),
        cmocka_unit_test(what_is_not_said_stays_silent),
        cmocka_unit_test(comments_claim_what_people_mean),
        cmocka_unit_test(reasons_are_recognised),
        cmocka_unit_test(a_comment_reaches_the_profiles_it_stands_over),
        cmocka_unit_test(a_comment_behind_a_profile_is_its_own),
        cmocka_unit_test(what_is_said_of_another_model_is_not_charged),
        cmocka_unit_test(a_profile_names_its_model_in_any_way),
        cmocka_unit_test(values_that_double_are_stopped),
        cmocka_unit_test(what_cannot_be_read_is_listed_with_its_line),
        cmocka_unit_test(unset_variables_make_unknown_slots),
        cmocka_unit_test(links_and_hidden_directories_are_not_followed),
        cmocka_unit_test(files_cut_at_any_byte_are_survived),
        cmocka_unit_test(mutated_files_are_survived),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
