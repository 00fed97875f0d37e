/* Comments in configuration files: what they claim about a model, of which profile, and what they do not. */
#include "trees.h"

/* One profile under this comment. */
static tree read_comment(const char *comment, const char *model) {
    char text[4096];
    snprintf(text, sizeof text, "# head\n\n%s\n[p]\nMODEL=%s\nEXTRA_ARGS=-ub 512\n", comment, model);
    tree_text("models.conf", text);
    return tree_read(tree_path("models.conf"));
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
        {"# With a dense model like Llama 70B all parameters pass through memory", NULL, -1, 0, 0, -1},
        {"# It supports 128k context", "context", -1, 0, 128000, -1},
        {"# Maximum context length: 256K", "context", -1, 0, 256000, -1},
        {"# trained for 32,768 tokens", "context", -1, 0, 32768, -1},
        {"# supports up to 1M tokens of context", "context", -1, 0, 1000000, -1},
        {"# with YaRN it supports 128k context", NULL, -1, 0, 0, -1},
        {"# 128k context, q8_0 cache", NULL, -1, 0, 0, -1}, /* of this profile */
        {"# DENSE 27B model, all parameters work", "architecture", 0, 0, 0, -1},
        {"# Not a MoE.", "architecture", 0, 0, 0, -1},
        {"# 80B MoE (some detail)", "architecture", 1, 0, 0, -1},
        {"# a mixture-of-experts model", "architecture", 1, 0, 0, -1},
        {"# 1 dense lead layer, then 46 MoE layers", NULL, -1, 0, 0, -1},
        {"# not dense", NULL, -1, 0, 0, -1},
        {"# no dense model", NULL, -1, 0, 0, -1},
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
        {"# Q8 needs both GPUs", "fits", -1, 0, 0, 0},
        {"# requires at least two cards", "fits", -1, 0, 0, 0},
        {"# needs no two GPUs", NULL, -1, 0, 0, -1},
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
    tree_make(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tree t = read_comment(cases[i].comment, "X-Q8_0.gguf");
        llw_entity c = cases[i].about ? tree_claim(&t, cases[i].about) : 0;
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
        tree_end(&t);
    }
    tree_clear();
}

/* "Needs 40 GB" may count more than the file; "is 40 GB" does not. */
static void what_a_model_needs_is_not_its_file(void **state) {
    (void)state;
    static const struct {
        const char *comment;
        bool more;
    } cases[] = {
        {"# Q8 needs 40 GB", true},      {"# The model requires about 40 GB", true},
        {"# Q8 file: 40 GB", false},     {"# the file has 40 GB", false},
        {"# Q8 (40 GB weights)", false},
    };
    tree_make(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tree t = read_comment(cases[i].comment, "X-Q8_0.gguf");
        llw_entity c = tree_claim(&t, "size");
        bool more = !cases[i].more;
        if (c && !(llw_facts_flag(t.facts, c, LLW_claim_counts_more, &more) && more == cases[i].more))
            fail_msg("%s", cases[i].comment);
        if (!c) fail_msg("%s claims nothing", cases[i].comment);
        tree_end(&t);
    }
    tree_clear();
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
    tree_make(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tree t = read_comment(cases[i].comment, "x.gguf");
        bool b = !cases[i].reason;
        if (!llw_facts_flag(t.facts, t.out.launches[0].launch, LLW_launch_reason_given, &b) ||
            b != cases[i].reason)
            fail_msg("%s", cases[i].comment);
        tree_end(&t);
    }
    tree_clear();
}

static void a_comment_reaches_the_profiles_it_stands_over(void **state) {
    (void)state;
    static const char text[] =
        "# What this file is for. A dense model is not meant here, only a word.\n\n"
        "# ----\n# First family: 64 experts\n# Q4 (18 GB), Q8 (31.8 GB)\n# ----\n\n"
        "# only the first: 47 layers.\n[a]\nMODEL=A-Q4_K_M.gguf\nEXTRA_ARGS=-b "
        "1\n\n[b]\nMODEL=A-Q8_0.gguf\nEXTRA_ARGS=-b 1\n\n"
        "# ----\n# Second family: 128 experts\n# ----\n\n[c]\nMODEL=C-Q8_0.gguf\nDESCRIPTION=a dense model\n";
    tree_make(NULL);
    tree_text("models.conf", text);
    tree t = tree_read(tree_path("models.conf"));
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
    tree_end(&t);
    tree_clear();
}

static void a_comment_behind_a_profile_is_its_own(void **state) {
    (void)state;
    tree_make(NULL);
    tree_text("models.conf", "[a]\nMODEL=a.gguf\nCTX_SIZE=1\n# a dense "
                             "model\n\n[b]\nMODEL=b.gguf\nCTX_SIZE=1\n# MoE by the card.\n");
    tree t = tree_read(tree_path("models.conf"));
    assert_int_equal(t.out.n_claims, 2);
    llw_entity first = llw_facts_next(t.facts, LLW_KIND_claim, 0),
               second = llw_facts_next(t.facts, LLW_KIND_claim, first);
    assert_int_equal(llw_facts_ref(t.facts, first, LLW_claim_model), t.out.launches[0].model);
    assert_int_equal(llw_facts_ref(t.facts, second, LLW_claim_model), t.out.launches[1].model);
    tree_end(&t);
    tree_clear();
}

/* How many claims the comments of a models.conf make. */
static size_t claims_of(const char *text) {
    tree_text("models.conf", text);
    tree t = tree_read(tree_path("models.conf"));
    size_t n = t.out.n_claims;
    tree_end(&t);
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
    tree_make(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        snprintf(text, sizeof text, "# %s\n[p]\nMODEL=%s\nARGS=-c 65536\n", cases[i].comment, cases[i].model);
        size_t n = claims_of(text);
        if (n != cases[i].claims) fail_msg("%s (%s): %zu", cases[i].comment, cases[i].model, n);
    }
    tree_text("run.sh", "#!/bin/dense model\nllama-server -m y.gguf\n"); /* no comment */
    tree r = tree_read(tree_path("run.sh"));
    assert_int_equal(r.out.n_claims, 0);
    tree_end(&r);
    /* over a section that makes no launch, whichever way it was left out */
    assert_int_equal(claims_of("# a dense model\n[a]\nmodel=x.gguf\n[b]\nMODEL=y.gguf\n"), 0);
    assert_int_equal(claims_of("# a dense model\n[a\nMODEL=x.gguf\n[b]\nMODEL=y.gguf\n"), 0);
    assert_int_equal(claims_of("# a dense model\n[a]\nNAME=x\n# MoE model\n[b]\nMODEL=y.gguf\n"), 1);
    tree_clear();
    tree_make(NULL);
    tree_text("compose.yml", "services:\n  # a dense model\n  web:\n    image: nginx\n  llm:\n    image: "
                             "ghcr.io/ggml-org/llama.cpp:server\n"
                             "    command: -m x.gguf\n");
    tree t = tree_read(tree_path("compose.yml"));
    assert_int_equal(t.out.n_launches, 1);
    assert_int_equal(t.out.n_claims, 0);
    tree_end(&t);
    tree_clear();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comments_claim_what_people_mean),
        cmocka_unit_test(what_a_model_needs_is_not_its_file),
        cmocka_unit_test(reasons_are_recognised),
        cmocka_unit_test(a_comment_reaches_the_profiles_it_stands_over),
        cmocka_unit_test(a_comment_behind_a_profile_is_its_own),
        cmocka_unit_test(what_is_said_of_another_model_is_not_charged),
    };
    return cmocka_run_group_tests_name("config_comments", tests, tree_set_up, tree_tear_down);
}
