/* Predicted memory against llama.cpp's own accounting, what is refused, and headers nobody should trust. */
#include "base/table.h"
#include "fact/build.h"
#include "fact/facts.h"
#include "predict/architecture.h"
#include "predict/changes.h"
#include "predict/memo.h"
#include "predict/predict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "truth.h"

static const char fixture[] = LLW_SOURCE_DIR "/tests/fixtures/truth/memory.tsv";
static const char one_card[] = "25757220864:24820842496",
                  two_cards[] = "25757220864:24820842496,17095000064:13380878336";

/* ---- rows ---- */

static truth_part read_part(const char **at) {
    truth_part p;
    char *end;
    p.weights = strtoll(*at, &end, 10);
    p.context = strtoll(end + 1, &end, 10);
    p.compute = strtoll(end + 1, &end, 10);
    *at = *end == ',' ? end + 1 : end;
    return p;
}

static truth_row read_row(const llw_table *t, size_t i) {
#define CELL(name) llw_table_cell(t, i, llw_table_column(t, name))
    truth_row row = {
        .llama = CELL("llama"), .program = CELL("program"), .model = CELL("model"), .args = CELL("args")};
    snprintf(row.gpus, sizeof row.gpus, "%s", CELL("gpus"));
    const char *host = CELL("host"), *used = CELL("used");
#undef CELL
    row.host = read_part(&host);
    while (*used && row.n_gpus < LLW_MAX_DEVICES) row.gpu[row.n_gpus++] = read_part(&used);
    return row;
}

static llw_table read_table(llw_arena *arena) {
    llw_table table;
    llw_err err = {0};
    FILE *file = fopen(fixture, "r");
    assert_non_null(file);
    enum { MOST = 1 << 22 };
    char *bytes = llw_arena_alloc(arena, MOST);
    size_t n = fread(bytes, 1, MOST, file);
    fclose(file);
    if (llw_table_parse(arena, fixture, bytes, n, &table, &err) != LLW_OK) fail_msg("%s", err.text);
    assert_true(table.n_rows > 400);
    return table;
}

static void every_row_is_exact(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_table table = read_table(arena);
    for (size_t i = 0; i < table.n_rows; i++) {
        truth_row row = read_row(&table, i);
        llw_facts *facts = llw_facts_new();
        truth_result r = truth_predict(facts, &row, i % 16 == 0);
        if (r.predicted.outcome != LLW_OUTCOME_OK)
            fail_msg("%s:%d: %s", fixture, table.lines[i], r.predicted.reason);
        if (!r.weights || !r.context || !r.compute)
            fail_msg("%s:%d: %s %s %s:%s%s%s wrong by up to %.2f %%", fixture, table.lines[i], row.llama,
                     row.model, row.args, r.weights ? "" : " weights", r.context ? "" : " context",
                     r.compute ? "" : " compute", 100 * r.worst);
        if (!r.inside) fail_msg("%s:%d: outside the band", fixture, table.lines[i]);
        llw_facts_free(facts);
    }
    llw_arena_free(arena);
}

/* Every number is the sum of the steps that explain it. */
static void steps_add_up(void **state) {
    (void)state;
    static const char *const models[] = {"glm-4.7-flash-q4_k_m",      "gpt-oss-120b-mxfp4",
                                         "qwen3.5-35b-a3b-q4_k_m",    "gemma-3n-e4b-q4_k_m",
                                         "granite-4.0-h-tiny-q4_k_m", "llama-3.1-8b-q4_k_m"};
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
        truth_row row = {.llama = "v0.5.0",
                         .program = "server",
                         .model = models[m],
                         .args = "-fit off -c 8192 -np 1 -ngl 12"};
        snprintf(row.gpus, sizeof row.gpus, "%s", two_cards);
        llw_facts *facts = llw_facts_new();
        llw_prediction p = truth_predict(facts, &row, true).predicted;
        assert_int_equal(p.outcome, LLW_OUTCOME_OK);
        for (int d = -1; d < p.n_devices; d++) {
            const llw_memory *memory = d < 0 ? &p.host : &p.device[d];
            int64_t weights = 0, context = 0, compute = 0;
            for (size_t i = 0; i < p.n_steps; i++) {
                const llw_step *step = &p.steps[i];
                assert_true(step->text[0] && (step->source[0] || step->slot));
                if (step->device != d) continue;
                if (step->result == LLW_placement_weights) weights += step->value;
                if (step->result == LLW_placement_kv) context += step->value;
                if (step->result == LLW_placement_compute) compute += step->value;
            }
            assert_int_equal(weights, memory->weights);
            assert_int_equal(context, memory->context);
            assert_int_equal(compute, memory->compute);
        }
        llw_facts_free(facts);
    }
}

/* A launch predicted after others of the same model, with what was found out for them remembered, gets the
 * same figures as alone. */
static void what_is_remembered_changes_nothing(void **state) {
    (void)state;
    static const char *const models[] = {
        "glm-4.7-flash-q8_0",        "qwen3.5-35b-a3b-q4_k_m", "gemma-3n-e4b-q4_k_m",
        "deepseek-v2-lite-q4_k_m",   "gpt-oss-120b-mxfp4",     "gemma-4-e4b-q4_k_m",
        "granite-4.0-h-tiny-q4_k_m", "llama-3.1-8b-q4_k_m",    "mistral-small-4-119b-q3_k_m",
        "qwen3-next-80b-a3b-q5_k_m", "gemma-2-9b-q4_k_m"};
    static const char *const args[] = {"-ngl 99 -c 8192",
                                       "-ngl 99 -c 32768 -ncmoe 12",
                                       "-ngl 14 -c 8192",
                                       "-ngl 0 -c 8192",
                                       "-ngl 99 -c 4096 -ts 3,1",
                                       "-ngl 99 -c 8192 -ot attn_q=CPU",
                                       "-ngl 99 -c 8192 -ot blk\\.3\\.=CUDA0",
                                       "-ngl 20 -c 8192 -ctk q8_0 -ctv q8_0",
                                       "-ngl 99 -c 8192 -ctk q8_0 -ctv q8_0 -ot exps=CPU",
                                       "-ngl 99 -c 16384 -np 40",
                                       "-ngl 9 -c 16384 -np 40",
                                       "-ngl 99 -c 8192 -nkvo",
                                       "-ngl 99 -c 8192 -fa off",
                                       "-ngl 30 -c 8192"};
    static const char *const builds[] = {"v0.5.0", "2026-05-04"};
    for (size_t b = 0; b < 2; b++)
        for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
            llw_memo *memo = llw_memo_new();
            llw_facts *kept = llw_facts_new(); /* one model for all: the memo goes by it */
            const llw_model *model = launch_of(kept, builds[b], "server", models[m], "", two_cards, 0).model;
            for (size_t a = 0; a < sizeof args / sizeof *args; a++) {
                llw_facts *facts = llw_facts_new();
                llw_launch launch = launch_of(facts, builds[b], "server", models[m], args[a], two_cards, 0);
                llw_prediction alone, after;
                llw_predict(&launch, llw_facts_arena(facts), false, &alone);
                launch.memo = memo;
                launch.model = model;
                llw_predict(&launch, llw_facts_arena(facts), false, &after);
                assert_int_equal(alone.outcome, after.outcome);
                if (alone.flash_attn != after.flash_attn)
                    fail_msg("%s, %s %s: flash attention %d, %d when remembered", builds[b], models[m],
                             args[a], alone.flash_attn, after.flash_attn);
                assert_memory_equal(&alone.host, &after.host, sizeof alone.host);
                assert_memory_equal(alone.device, after.device, sizeof alone.device);
                llw_facts_free(facts);
            }
            llw_memo_free(memo);
            llw_facts_free(kept);
        }
}

/* ---- what does not load ---- */

static llw_outcome outcome_of(const char *llama, const char *model, const char *args, const char *says) {
    llw_facts *facts = llw_facts_new();
    truth_row row = {.llama = llama, .program = "server", .model = model, .args = args};
    snprintf(row.gpus, sizeof row.gpus, "%s", two_cards);
    llw_prediction p = truth_predict(facts, &row, true).predicted;
    llw_outcome outcome = p.outcome;
    if (says && !strstr(p.reason, says)) fail_msg("%s: \"%s\" does not say \"%s\"", args, p.reason, says);
    llw_facts_free(facts);
    return outcome;
}

static void refusals(void **state) {
    (void)state;
    assert_int_equal(
        outcome_of("b8022", "gpt-oss-120b-f16",
                   "-c 65536 -ctk q8_0 -ctv q8_0 -ngl 99 -fit off -np 1 -ot blk\\.1[2-5]\\.=CUDA1,exps=CPU",
                   "is computed on another device than the layer's cache (-ot moved its weights): -fa on"),
        LLW_OUTCOME_REFUSED);
    assert_int_equal(outcome_of("v0.5.0", "llama-3.1-8b-q4_k_m", "-fit off -ctv q8_0 -fa off", "flash"),
                     LLW_OUTCOME_REFUSED);
    assert_int_equal(outcome_of("v0.5.0", "llama-3.1-8b-q4_k_m", "-fit off -ctk q8_0 -fa off", NULL),
                     LLW_OUTCOME_OK);
    assert_int_equal(outcome_of("v0.5.0", "llama-3.1-8b-q4_k_m", "-fit off -sm row", "row"),
                     LLW_OUTCOME_REFUSED);
    assert_int_equal(outcome_of("2026-05-04", "llama-3.1-8b-q4_k_m", "-fit off -sm row", NULL),
                     LLW_OUTCOME_OK);
    assert_int_equal(outcome_of("v0.5.0", "glm-4.7-flash-q4_k_m", "-fit off -ctk q8_0", "type"),
                     LLW_OUTCOME_REFUSED);
    assert_int_equal(outcome_of("v0.5.0", "llama-3.1-8b-q4_k_m", "-fit off -ot blk(=CPU", NULL),
                     LLW_OUTCOME_REFUSED);
    assert_int_equal(outcome_of("v0.5.0", "llama-3.1-8b-q4_k_m", "-fit off -mg 5 -sm none", NULL),
                     LLW_OUTCOME_REFUSED);
    assert_int_equal(outcome_of("v0.5.0", "llama-3.1-8b-q4_k_m", "-fit off -np 300", "256"),
                     LLW_OUTCOME_REFUSED);
}

/* Flags that llama.cpp takes and then dies of: batches too small for the slots, or that they do not divide.
 */
static void assertions(void **state) {
    (void)state;
    static const char model[] = "llama-3.1-8b-q4_k_m";
    assert_int_equal(outcome_of("v0.5.0", model, "-fit off -np 8 -b 4 -ub 4 -c 4096", "8 slots"),
                     LLW_OUTCOME_ABORTS);
    assert_int_equal(outcome_of("v0.5.0", model, "-fit off -np 8 -b 8 -ub 4 -c 4096", NULL), LLW_OUTCOME_OK);
    assert_int_equal(outcome_of("v0.5.0", model, "-fit off -np 3 --embedding --pooling mean -c 4096", "-ub"),
                     LLW_OUTCOME_ABORTS);
    assert_int_equal(outcome_of("v0.5.0", model, "-fit off -np 4 --embedding --pooling mean -c 4096", NULL),
                     LLW_OUTCOME_OK);
    assert_int_equal(outcome_of("v0.5.0", model, "-fit off -sm tensor -ot attn_q=CUDA1", "CUDA1"),
                     LLW_OUTCOME_ABORTS);
    assert_int_equal(outcome_of("v0.5.0", model, "-fit off -sm tensor -fa off", "flash"),
                     LLW_OUTCOME_REFUSED);
    assert_int_equal(outcome_of("v0.5.0", "glm-4.7-flash-q4_k_m", "-fit off -sm tensor", "deepseek2"),
                     LLW_OUTCOME_REFUSED);
    assert_int_equal(outcome_of("b8022", model, "-fit off -sm tensor", "-sm tensor"), LLW_OUTCOME_REFUSED);
}

/* models/graph-room.tsv: tokens or tensors decide, an architecture's own row goes before the general one. */
static void graph_rooms(void **state) {
    (void)state;
    int64_t newest = llw_build_order("v0.5.0"), may = llw_build_order("2026-05-04");
    assert_int_equal(llw_changes_graph_room(newest, "minimax-m3", 33, 280), 32 * 280);
    assert_int_equal(llw_changes_graph_room(newest, "minimax-m3", 512, 280), 40 * 512);
    assert_int_equal(llw_changes_graph_room(newest, "llama", 512, 84), 1024);
    assert_int_equal(llw_changes_graph_room(newest, "llama", 512, 300), 8 * 300);
    assert_int_equal(llw_changes_graph_room(may, "bailingmoe3", 512, 300), 8 * 300);
    assert_true(llw_changes_graph_room(llw_build_order("b8022"), "llama", 512, 300) == INT64_MAX);
}

static llw_prediction predicted(llw_facts *facts, const char *program, const char *model, const char *args,
                                const char *gpus) {
    llw_launch launch = launch_of(facts, "v0.5.0", program, model, args, gpus, 0);
    llw_prediction p;
    llw_predict(&launch, llw_facts_arena(facts), false, &p);
    if (p.outcome != LLW_OUTCOME_OK) fail_msg("%s: %s", args, p.reason);
    return p;
}

static void is_memory(const llw_memory *m, long long weights, long long context, long long compute) {
    assert_int_equal(m->weights, weights);
    assert_int_equal(m->context, context);
    assert_int_equal(m->compute, compute);
}

/* Two equal cards, 24 to 16; llama.cpp v0.5.0's accounting of all cards, and what a real load put on each. */
static void tensors_cut_up(void **state) {
    (void)state;
    static const char args[] = "-fit off -np 1 -ngl 99 -c 32768 -sm tensor -ts 24,16",
                      cards[] = "150109880320:149555380224,150109880320:149555380224";
    llw_facts *facts = llw_facts_new();
    llw_prediction p = predicted(facts, "llama-fit-params", "llama-3.1-8b-q4_k_m", args, cards);
    is_memory(&p.together, 4617396480, 4294967296, 271056896);
    assert_int_equal(p.device[0].context + p.device[1].context, 4294967296);
    assert_true(p.device[0].weights > p.device[1].weights);
    assert_int_equal(p.device[1].compute, 271056896);
    p = predicted(facts, "llama-fit-params", "qwen3.5-35b-a3b-q4_k_m", args, cards);
    is_memory(&p.together, 20869704192, 708136960, 516947968); /* 9 of 16 heads' states on the first card */
    is_memory(&p.host, 286064640, 0, 41963552);
    llw_facts_free(facts);
}

/* An embedding server pools by the flag, whatever the header says. */
static void pooling_by_flag(void **state) {
    (void)state;
    llw_facts *facts = llw_facts_new();
    llw_prediction p = predicted(facts, "llama-server", "llama-3.1-8b-q4_k_m",
                                 "-fit off -ngl 99 -c 4096 --rerank", one_card);
    is_memory(&p.device[0], 4617396480, 536870912, 283652224);
    is_memory(&p.host, 295501824, 0, 20985888);
    p = predicted(facts, "llama-server", "llama-3.1-8b-q4_k_m",
                  "-fit off -ngl 99 -c 4096 --embedding --pooling mean", one_card);
    is_memory(&p.device[0], 4617396480, 536870912, 283660288);
    is_memory(&p.host, 295501824, 0, 20994048);
    llw_facts_free(facts);
}

/* -ngl -1, and none at all: no layer before b6325, every layer since; -2: no layer before b7815. */
static void negative_layers(void **state) {
    (void)state;
    static const struct {
        const char *build, *args;
        bool all;
    } rows[] = {{"b6301", "", false},        {"b6301", "-ngl -1 ", false}, {"b6301", "-ngl 99 ", true},
                {"b6325", "-ngl -1 ", true}, {"b6325", "", true},          {"b6325", "-ngl -2 ", false},
                {"b7815", "-ngl -2 ", true}, {"b7815", "-ngl -1 ", true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        llw_facts *facts = llw_facts_new();
        char args[64];
        snprintf(args, sizeof args, "%s-c 4096 -np 1", rows[i].args);
        llw_launch launch =
            launch_of(facts, rows[i].build, "llama-server", "llama-3.1-8b-q4_k_m", args, one_card, 0);
        llw_prediction p;
        llw_predict(&launch, llw_facts_arena(facts), false, &p);
        assert_int_equal(p.outcome, LLW_OUTCOME_OK);
        if ((p.device[0].weights == 4617396480) != rows[i].all || (p.device[0].weights == 0) == rows[i].all)
            fail_msg("%s %s: %lld bytes of weights on the GPU", rows[i].build, args,
                     (long long)p.device[0].weights);
        launch.gpu_layers = -1;
        launch.free_hand = true; /* a plan means as many as there are, on any build */
        llw_predict(&launch, llw_facts_arena(facts), false, &p);
        assert_int_equal(p.device[0].weights, 4617396480);
        llw_facts_free(facts);
    }
}

/* A Llama under another name. */
static llw_model renamed(const llw_model *llama, const char *name, llw_arena *arena) {
    llw_model model = *llama;
    llw_meta *meta = llw_arena_alloc(arena, model.n_meta * sizeof *meta);
    memcpy(meta, model.meta, model.n_meta * sizeof *meta);
    for (size_t i = 0; i < model.n_meta; i++) {
        if (!strncmp(meta[i].key, "llama.", 6))
            meta[i].key = llw_arena_printf(arena, "%s.%s", name, meta[i].key + 6);
        if (!strcmp(meta[i].key, "general.architecture")) meta[i].string = name;
    }
    model.meta = meta;
    model.architecture = name;
    return model;
}

static llw_outcome outcome_as(const char *name, const char *args, bool embeds, const char *says) {
    llw_arena *arena = llw_arena_new();
    llw_facts *facts = llw_facts_new();
    llw_launch launch = launch_of(facts, "v0.5.0", "llama-server", "llama-3.1-8b-q4_k_m", args, one_card, 0);
    llw_model model = renamed(launch.model, name, arena);
    llw_tensor *tensors = llw_arena_alloc(arena, model.n_tensors * sizeof *tensors);
    memcpy(tensors, model.tensors, model.n_tensors * sizeof *tensors);
    for (size_t i = 0; i < model.n_tensors && !embeds; i++)
        if (!strcmp(tensors[i].name, "token_embd.weight")) tensors[i].name = "elsewhere.weight";
    model.tensors = tensors;
    launch.model = &model;
    llw_prediction p;
    llw_predict(&launch, arena, false, &p);
    if (says && !strstr(p.reason, says)) fail_msg("%s: \"%s\" does not say \"%s\"", args, p.reason, says);
    llw_outcome outcome = p.outcome;
    llw_facts_free(facts);
    llw_arena_free(arena);
    return outcome;
}

/* Kimi Linear reserves its last graph for one sequence; RWKV's states cannot be cut up; a draft that borrows
 * its embeddings starts nothing.
 */
static void what_some_architectures_do(void **state) {
    (void)state;
    assert_int_equal(outcome_as("kimi-linear", "-fit off -np 3 -c 4096", true, "-kvu"), LLW_OUTCOME_ABORTS);
    assert_int_equal(outcome_as("llama", "-fit off -np 3 -c 4096", true, NULL), LLW_OUTCOME_OK);
    assert_int_not_equal(outcome_as("kimi-linear", "-fit off -np 3 -c 4096 -kvu", true, NULL),
                         LLW_OUTCOME_ABORTS);
    assert_int_not_equal(outcome_as("kimi-linear", "-fit off -np 4 -c 4096", true, NULL), LLW_OUTCOME_ABORTS);
    assert_int_equal(outcome_as("rwkv7", "-fit off -sm tensor -c 4096", true, "-sm layer"),
                     LLW_OUTCOME_ABORTS);
    assert_int_equal(outcome_as("dflash", "-fit off -c 4096", false, "--model-draft"), LLW_OUTCOME_REFUSED);
    assert_int_not_equal(outcome_as("dflash", "-fit off -c 4096", true, NULL), LLW_OUTCOME_REFUSED);
}

/* An architecture llama.cpp did not know yet: its tensors still have to lie somewhere. */
/* Contexts that llama.cpp rounds up to the same cells are predicted once, and to the same byte; those that
 * the batch is bounded by, or that are refused with their number in the sentence, each for itself. */
static void contexts_of_the_same_cells_are_remembered(void **state) {
    (void)state;
    static const char *const args[] = {
        "-ngl 99 -c 8192",        "-ngl 99 -c 8191",       "-ngl 99 -c 7937",       "-ngl 99 -c 7936",
        "-ngl 99 -c 300 -b 512",  "-ngl 99 -c 257 -b 512", "-ngl 99 -c 1000 -np 7", "-ngl 99 -c 900 -np 7",
        "-ngl 99 -c 300 -np 200", "-ngl 99 -c 299 -np 200"};
    llw_memo *memo = llw_memo_new();
    llw_facts *kept = llw_facts_new();
    llw_memo_want_figures(memo);
    const llw_model *model = launch_of(kept, "v0.5.0", "server", "qwen3-8b-q4_k_m", "", one_card, 0).model;
    for (size_t a = 0; a < sizeof args / sizeof *args; a++)
        for (int explain = 0; explain < 2; explain++) {
            llw_facts *facts = llw_facts_new();
            llw_launch launch = launch_of(facts, "v0.5.0", "server", "qwen3-8b-q4_k_m", args[a], one_card, 0);
            launch.model = model;
            llw_prediction alone, after;
            llw_predict(&launch, llw_facts_arena(facts), explain, &alone);
            launch.memo = memo;
            llw_predict(&launch, llw_facts_arena(facts), explain, &after);
            assert_int_equal(alone.outcome, after.outcome);
            assert_string_equal(alone.reason, after.reason);
            assert_int_equal(alone.n_ctx, after.n_ctx);
            assert_int_equal(alone.n_batch, after.n_batch);
            for (int i = 0; explain && i < alone.n_devices; i++)
                assert_int_equal(alone.device[i].compute_loaded, after.device[i].compute_loaded);
            assert_int_equal(alone.host.weights + alone.host.context,
                             after.host.weights + after.host.context);
            assert_int_equal(alone.host.compute, after.host.compute);
            assert_int_equal(alone.device[0].context, after.device[0].context);
            assert_int_equal(alone.device[0].compute, after.device[0].compute);
            assert_true(!a || a > 2 || !explain || !after.n_steps); /* 8191 and 7937 are 8192 */
            llw_facts_free(facts);
        }
    llw_memo_free(memo);
    llw_facts_free(kept);
}

static void unknown_architecture(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_facts *facts = llw_facts_new();
    llw_launch launch = launch_of(facts, "v0.5.0", "llama-server", "llama-3.1-8b-q4_k_m",
                                  "-fit off -ngl 99 -c 4096 -np 1", one_card, 0);
    llw_prediction known, unknown;
    llw_predict(&launch, arena, false, &known);
    llw_model model = renamed(launch.model, "tomorrow", arena);
    launch.model = &model;
    launch.memo = llw_memo_new();
    llw_predict(&launch, arena, false, &unknown);
    llw_predict(&launch, arena, false, &unknown); /* the second time it is remembered */
    llw_memo_free(launch.memo);
    launch.memo = NULL;
    assert_non_null(strstr(unknown.reason, "tomorrow"));
    llw_predict(&launch, arena, true, &unknown);
    assert_int_equal(unknown.outcome, LLW_OUTCOME_UNKNOWN);
    assert_non_null(strstr(unknown.reason, "tomorrow"));
    assert_int_equal(unknown.device[0].weights, known.device[0].weights);
    assert_int_equal(unknown.device[0].context, known.device[0].context);
    assert_false(unknown.device[0].compute_exact);
    assert_true(unknown.device[0].compute_low <= known.device[0].compute &&
                known.device[0].compute <= unknown.device[0].compute_high);
    llw_facts_free(facts);
    llw_arena_free(arena);
}

/* docs/architectures.md lists every architecture, under what is true of it. */
static void page_of_architectures(void **state) {
    (void)state;
    static const char *const names[] = {
#define LLW_ARCHITECTURE(name, memory, swa, period, dense_first, window, recurrent, recurrent_period, tied,  \
                         delta_net, graph)                                                                   \
    name,
#include "predict/architecture.def"
#undef LLW_ARCHITECTURE
    };
    char page[1 << 14];
    FILE *file = fopen(LLW_SOURCE_DIR "/docs/architectures.md", "r");
    assert_non_null(file);
    page[fread(page, 1, sizeof page - 1, file)] = '\0';
    fclose(file);
    const char *bounded = strstr(page, "## Weights and caches to the byte"),
               *refused = strstr(page, "## Not started");
    assert_true(bounded && refused);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char quoted[64];
        snprintf(quoted, sizeof quoted, "`%s`", names[i]);
        const char *at = strstr(page, quoted);
        if (!at) fail_msg("the page lacks %s", quoted);
        bool known = llw_architecture_find(names[i])->graph != NULL;
        if (at < refused && known != (at < bounded)) fail_msg("%s stands under the wrong heading", quoted);
    }
}

/* ---- headers nobody should trust ---- */

static uint64_t next(uint64_t *seed) {
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

static void hostile_headers(void **state) {
    (void)state;
    static const char *const models[] = {"glm-4.7-flash-q4_k_m",      "gpt-oss-120b-mxfp4",
                                         "qwen3-next-80b-a3b-q5_k_m", "gemma-3n-e4b-q4_k_m",
                                         "gemma-4-26b-a4b-q4_k_m",    "granite-4.0-h-tiny-q4_k_m",
                                         "llama-3.1-8b-q4_k_m",       "bge-large-en-v1.5-f16"};
    static const int64_t odd[] = {0, 1, -1, 3, 7, 255, 256, 65535, 1 << 20, INT32_MAX, INT64_MAX, INT64_MIN};
    uint64_t seed = 20261122;
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
        llw_facts *facts = llw_facts_new();
        llw_launch launch = launch_of(facts, m % 2 ? "v0.5.0" : "2026-05-04", "llama-server", models[m],
                                      "-fit off -c 4096 -np 2 -ngl 20", two_cards, 0);
        const llw_model *real = launch.model;
        for (int round = 0; round < 150; round++) {
            llw_arena *arena = llw_arena_new();
            llw_model model = *real;
            llw_meta *meta = llw_arena_alloc(arena, model.n_meta * sizeof *meta);
            llw_tensor *tensors = llw_arena_alloc(arena, model.n_tensors * sizeof *tensors);
            memcpy(meta, model.meta, model.n_meta * sizeof *meta);
            memcpy(tensors, model.tensors, model.n_tensors * sizeof *tensors);
            for (int change = 0; change < 1 + round % 3; change++) {
                llw_meta *k = &meta[next(&seed) % model.n_meta];
                int64_t value = odd[next(&seed) % (sizeof odd / sizeof *odd)];
                if (k->type != LLW_GGUF_STRING && k->type != LLW_GGUF_ARRAY) {
                    k->integer = value;
                    k->real = (double)value;
                }
                llw_tensor *t = &tensors[next(&seed) % model.n_tensors];
                if (round % 4 == 1) t->dims[next(&seed) % 2] = 32 * (int64_t)(1 + next(&seed) % 64);
                if (round % 4 == 2) t->name = tensors[next(&seed) % model.n_tensors].name;
                if (round % 4 == 3) model.n_tensors -= next(&seed) % (model.n_tensors / 2);
            }
            model.meta = meta;
            model.tensors = tensors;
            launch.model = &model;
            llw_prediction p;
            llw_predict(&launch, arena, round % 8 == 0, &p);
            assert_non_null(p.reason);
            if (p.outcome != LLW_OUTCOME_OK) assert_true(p.reason[0] != 0);
            for (int d = 0; d < p.n_devices; d++)
                assert_true(p.device[d].weights >= 0 && p.device[d].compute_low <= p.device[d].compute_high);
            llw_arena_free(arena);
        }
        llw_facts_free(facts);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_exact),
        cmocka_unit_test(steps_add_up),
        cmocka_unit_test(refusals),
        cmocka_unit_test(contexts_of_the_same_cells_are_remembered),
        cmocka_unit_test(unknown_architecture),
        cmocka_unit_test(what_some_architectures_do),
        cmocka_unit_test(page_of_architectures),
        cmocka_unit_test(assertions),
        cmocka_unit_test(graph_rooms),
        cmocka_unit_test(tensors_cut_up),
        cmocka_unit_test(pooling_by_flag),
        cmocka_unit_test(negative_layers),
        cmocka_unit_test(hostile_headers),
        cmocka_unit_test(what_is_remembered_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
