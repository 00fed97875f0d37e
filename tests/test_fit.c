/* --fit re-told: its decisions on made-up memory, and llama.cpp's own results on measured machines. */
#include "predict/fit_plan.h"
#include "base/file.h"
#include "base/table.h"
#include "base/text.h"
#include "fact/build.h"
#include "fact/ggml_type.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "launches.h"

static const int64_t MIB = 1024 * 1024;

/* ---- a machine whose memory is plain arithmetic ---- */

enum { LAYERS = 20, LAYER = 100, EXPERTS = 80, OUTPUT = 50, COMPUTE = 30 }; /* MiB */

/* Layers are laid out from the back over the cards in order; the cache takes 1 MiB per 256 cells and layer on
 * the GPUs; an override keeps the share its name says. */
static void arithmetic(const llw_launch *launch, llw_arena *arena, bool explain, void *user,
                       llw_prediction *out) {
    (void)arena, (void)explain;
    const bool *refuses = user;
    memset(out, 0, sizeof *out);
    out->reason = "";
    if (refuses && *refuses) {
        out->outcome = LLW_OUTCOME_REFUSED;
        out->reason = "because";
        return;
    }
    bool moe = llw_model_int(launch->model, "expert_count", -1, 0) > 0;
    int64_t ctx = launch->ctx ? launch->ctx : llw_model_int(launch->model, "context_length", -1, 0);
    int layers = launch->gpu_layers < 0 ? LAYERS + 1 : launch->gpu_layers;
    if (layers > LAYERS + 1) layers = LAYERS + 1;
    int n = launch->n_devices, place[LAYERS + 1];
    double sum = 0, share[LLW_MAX_DEVICES];
    bool given = false;
    for (int i = 0; i < launch->n_tensor_split; i++) given |= launch->tensor_split[i] != 0;
    for (int i = 0; i < n; i++)
        sum += share[i] = given ? launch->tensor_split[i] : (double)launch->devices[i].free;
    for (int il = 0; il <= LAYERS; il++) {
        place[il] = -1;
        if (il < LAYERS + 1 - layers) continue;
        double at = (double)(il - (LAYERS + 1 - layers)) / layers, end = 0;
        for (int i = 0; i < n && place[il] < 0; i++)
            if (at < (end += share[i] / sum) - 1e-9) place[il] = i;
        if (place[il] < 0) place[il] = n - 1;
        if (launch->split_mode == LLW_SPLIT_NONE) place[il] = launch->main_gpu;
    }
    for (int il = 0; il <= LAYERS; il++) {
        int64_t parts[2] = {moe ? LAYER - EXPERTS : LAYER, moe ? EXPERTS : 0};
        if (il == LAYERS) parts[0] = OUTPUT, parts[1] = 0;
        int to = place[il];
        int64_t moved = 0;
        for (size_t o = 0; o < launch->n_overrides && il < LAYERS && !moved; o++) {
            const char *p = launch->overrides[o].pattern;
            char name[32];
            snprintf(name, sizeof name, "blk\\.%d\\.", il);
            if (strncmp(p, name, strlen(name)) != 0 && strncmp(p, "blk\\.\\d+", 8) != 0) continue;
            moved = strstr(p, "exps") || strstr(p, "(gate|up|") ? parts[1]
                    : strstr(p, "(gate|gate_up")                ? parts[1] * 2 / 3
                                                                : parts[1] / 3;
            int64_t *other = strcmp(launch->overrides[o].buffer, "CPU") == 0
                                 ? &out->host.weights
                                 : &out->device[launch->overrides[o].buffer[4] - '0'].weights;
            *other += moved * MIB;
        }
        int64_t *weights = to < 0 ? &out->host.weights : &out->device[to].weights;
        *weights += (parts[0] + parts[1] - moved) * MIB;
        if (to >= 0 && il < LAYERS) out->device[to].context += ctx / 256 * MIB;
    }
    for (int i = 0; i < n; i++)
        if (out->device[i].weights) {
            out->device[i].compute = COMPUTE * MIB;
            out->device[i].state = 3 * MIB; /* matters only on a card that was read */
        }
}

typedef struct machine {
    llw_meta meta[4];
    llw_model model;
    llw_launch launch;
    llw_arena *arena;
    llw_fit fit;
    bool refuses;
} machine;

static machine *machine_new(bool moe, int n, const int *free_mib) {
    static const char *const names[] = {"CUDA0", "CUDA1", "CUDA2"};
    llw_arena *arena = llw_arena_new();
    machine *m = llw_arena_alloc(arena, sizeof *m);
    m->arena = arena;
    m->meta[0] = (llw_meta){.key = "x.block_count", .type = LLW_GGUF_U32, .integer = LAYERS};
    m->meta[1] = (llw_meta){.key = "x.context_length", .type = LLW_GGUF_U32, .integer = 16384};
    m->meta[2] = (llw_meta){.key = "x.expert_count", .type = LLW_GGUF_U32, .integer = moe ? 8 : 0};
    m->model = (llw_model){.architecture = "x", .meta = m->meta, .n_meta = 3};
    m->launch = (llw_launch){.model = &m->model,
                             .build_order = llw_build_order("v0.5.0"),
                             .gpu_layers = -1,
                             .parallel = -1,
                             .split_mode = LLW_SPLIT_LAYER,
                             .n_devices = n,
                             .fit = true,
                             .fit_ctx = 4096,
                             .ram_available = -1,
                             .ram_total = -1,
                             .kv_unified = LLW_AUTO};
    for (int i = 0; i < n; i++) {
        m->launch.devices[i] = (llw_device){
            .name = names[i], .total = (free_mib[i] + 500) * MIB, .free = free_mib[i] * MIB, .known = true};
        m->launch.fit_target[i] = 100 * MIB;
    }
    return m;
}

static const char *fitted(machine *m) {
    llw_fit_run_with(&m->launch, arithmetic, &m->refuses, m->arena, true, false, &m->fit);
    llw_text text = {0};
    for (size_t i = 0; i < m->fit.n_args; i++) llw_text_addf(&text, "%s%s", i ? " " : "", m->fit.args[i]);
    const char *kept = llw_arena_strdup(m->arena, llw_text_str(&text));
    llw_text_fini(&text);
    return kept;
}

static bool said(const machine *m, const char *words) {
    for (size_t i = 0; i < m->fit.n_steps; i++)
        if (strstr(m->fit.steps[i], words)) return true;
    return false;
}

static void nothing_changes_when_the_target_is_met(void **state) {
    (void)state;
    machine *m = machine_new(false, 1, (int[]){2050 + 30 + 20 * 16 + 100});
    m->launch.ctx = 4096;
    m->launch.ctx_given = true;
    assert_string_equal(fitted(m), "-c 4096 -ngl -1");
    assert_int_equal(m->fit.outcome, LLW_FIT_UNCHANGED);
    assert_true(m->fit.fits && m->fit.meets_target);
    m->launch.devices[0].free -= 1;
    assert_string_equal(fitted(m), "-c 4096 -ngl 20"); /* one layer leaves */
    assert_int_equal(m->fit.outcome, LLW_FIT_ADJUSTED);
    llw_arena_free(m->arena);
}

/* 2,080 MiB are fixed, 20 MiB come with every 256 cells; 3,280 may be used: 15 times 1,024 cells. */
static void an_unset_context_is_interpolated_and_rounded_down(void **state) {
    (void)state;
    machine *m = machine_new(false, 1, (int[]){2080 + 1200 + 100});
    assert_string_equal(fitted(m), "-c 15360 -ngl -1");
    assert_true(said(m, "-c was not given"));
    m->launch.devices[0].free -= 1; /* one byte less */
    assert_string_equal(fitted(m), "-c 15104 -ngl -1");
    m->launch.parallel = 4; /* as many streams: rounded to 1,024 */
    m->launch.kv_unified = LLW_OFF;
    m->launch.devices[0].free += 1 - 20 * MIB;
    m->launch.fit_ctx = 1024;
    assert_string_equal(fitted(m), "-c 14336 -ngl -1");
    llw_arena_free(m->arena);
}

/* llama.cpp allocates recurrent state for real while it measures, in pages of 2 MiB, and then asks how much
 * is free. */
static void recurrent_state_counts_twice_on_a_card_that_was_read(void **state) {
    (void)state;
    machine *m = machine_new(false, 1, (int[]){2080 + 1200 + 100});
    m->launch.devices[0].live = true;
    assert_string_equal(fitted(m), "-c 15104 -ngl -1");
    m->launch.devices[0].free += 4 * MIB;
    assert_string_equal(fitted(m), "-c 15360 -ngl -1");
    llw_arena_free(m->arena);
}

static void builds_before_august_2026_aim_at_one_context(void **state) {
    (void)state;
    machine *m = machine_new(false, 1, (int[]){8000});
    assert_string_equal(fitted(m), "-c 65536 -ngl -1");
    m->launch.build_order = llw_build_order("2026-05-04");
    assert_string_equal(fitted(m), "-c 0 -ngl -1");
    assert_int_equal(m->fit.outcome, LLW_FIT_UNCHANGED);
    llw_arena_free(m->arena);
}

static void a_given_context_is_never_cut(void **state) {
    (void)state;
    machine *m = machine_new(false, 1, (int[]){2000});
    m->launch.ctx = 16384;
    m->launch.ctx_given = true;
    const char *args = fitted(m);
    assert_true(strncmp(args, "-c 16384 -ngl ", 14) == 0);
    assert_true(said(m, "-c 16,384 was given"));
    m->launch.ctx = 0; /* -c 0: the whole context, please */
    args = fitted(m);
    assert_true(strncmp(args, "-c 65536 -ngl ", 14) == 0);
    m->launch.build_order = llw_build_order("2025-12-18"); /* there, -c 0 is the same as no -c */
    assert_true(strncmp(fitted(m), "-c 4096 -ngl ", 13) == 0);
    llw_arena_free(m->arena);
}

static void flags_of_the_user_stop_it_in_order(void **state) {
    (void)state;
    machine *m = machine_new(true, 2, (int[]){1000, 600});
    llw_override by_hand = {"exps", "CPU"};
    m->launch.gpu_layers = 99;
    m->launch.n_tensor_split = 2;
    m->launch.tensor_split[1] = 1;
    m->launch.overrides = &by_hand;
    m->launch.n_overrides = 1;
    fitted(m);
    assert_int_equal(m->fit.outcome, LLW_FIT_GAVE_UP);
    assert_non_null(strstr(m->fit.reason, "-ngl 99"));
    assert_true(m->fit.launch.ctx == 4096); /* cut before it gave up, and it stays cut */
    m->launch.gpu_layers = -1;
    fitted(m);
    assert_non_null(strstr(m->fit.reason, "-ts"));
    m->launch.tensor_split[1] = 0;
    m->launch.split_mode = LLW_SPLIT_ROW;
    fitted(m);
    assert_non_null(strstr(m->fit.reason, "-sm row"));
    m->launch.split_mode = LLW_SPLIT_LAYER;
    fitted(m);
    assert_non_null(strstr(m->fit.reason, "-ot"));
    m->launch.split_mode = LLW_SPLIT_TENSOR;
    fitted(m);
    assert_non_null(strstr(m->fit.reason, "-sm tensor"));
    m->launch.split_mode = LLW_SPLIT_LAYER;
    m->launch.n_overrides = 0;
    fitted(m);
    assert_int_equal(m->fit.outcome, LLW_FIT_ADJUSTED);
    llw_arena_free(m->arena);
}

static void experts_come_back_front_to_back(void **state) {
    (void)state;
    machine *m = machine_new(true, 1, (int[]){50 + 30 + 20 * 20 + 20 * 16 + 3 * 80 + 60 + 100});
    m->launch.ctx = 4096;
    m->launch.ctx_given = true;
    const char *args = fitted(m);
    /* three layers whole; of the fourth gate and up stay: 53 of 80 MiB, and 60 are left */
    assert_non_null(strstr(
        args,
        "-c 4096 -ngl 21 -ot blk\\.3\\.ffn_down.*=CPU,blk\\.4\\.ffn_(up|down|gate_up|gate)_(ch|)exps=CPU"));
    assert_non_null(
        strstr(args, "blk\\.20\\.ffn_")); /* the output counts as one of the layers that overflow */
    assert_true(m->fit.fits && m->fit.meets_target);
    llw_arena_free(m->arena);
}

static void the_rest_of_a_layer_goes_to_the_next_card(void **state) {
    (void)state;
    machine *m = machine_new(true, 2, (int[]){520, 2400});
    m->launch.ctx = 4096;
    m->launch.ctx_given = true;
    const char *args = fitted(m);
    /* three whole layers, and of the fourth the attention */
    assert_string_equal(args, "-c 4096 -ngl 21 -ts 4,17 -ot blk\\.3\\.ffn_(gate|up|gate_up|down).*=CUDA1");
    assert_true(m->fit.fits);
    llw_arena_free(m->arena);
}

static void what_does_not_fit_by_itself_is_left_alone(void **state) {
    (void)state;
    machine *m = machine_new(false, 1, (int[]){100});
    m->launch.fit = false;
    fitted(m);
    assert_int_equal(m->fit.outcome, LLW_FIT_OFF);
    assert_false(m->fit.fits);
    m->launch.fit = true;
    m->launch.program = LLW_PROGRAM_BENCH;
    fitted(m);
    assert_int_equal(m->fit.outcome, LLW_FIT_OFF);
    m->launch.program = LLW_PROGRAM_SERVER;
    m->launch.build_order = llw_build_order("b6451");
    fitted(m);
    assert_int_equal(m->fit.outcome, LLW_FIT_OFF);
    llw_arena_free(m->arena);
}

static void what_is_not_known_is_said(void **state) {
    (void)state;
    machine *m = machine_new(false, 2, (int[]){1000, 1000});
    m->launch.devices[1].known = false;
    fitted(m);
    assert_int_equal(m->fit.outcome, LLW_FIT_UNKNOWN);
    assert_non_null(strstr(m->fit.reason, "CUDA1"));
    assert_false(m->fit.fits);
    m->launch.devices[1].known = true;
    m->refuses = true;
    fitted(m);
    assert_int_equal(m->fit.outcome, LLW_FIT_FAILED);
    assert_non_null(strstr(m->fit.reason, "because"));
    llw_arena_free(m->arena);
}

static void one_card_uses_the_first_target(void **state) {
    (void)state;
    machine *m = machine_new(false, 2, (int[]){9000, 2450});
    m->launch.ctx = 4096;
    m->launch.ctx_given = true;
    m->launch.split_mode = LLW_SPLIT_NONE;
    m->launch.main_gpu = 1;
    m->launch.fit_target[1] = 0;
    assert_string_equal(fitted(m), "-c 4096 -ngl 20"); /* 100 MiB, those of CUDA0, must stay free */
    llw_arena_free(m->arena);
}

/* ---- what llama.cpp did on real cards ---- */

static llw_fit fit_of_row(llw_facts *facts, const llw_table *t, size_t row) {
    const char *cell[5];
    static const char *const columns[] = {"llama", "program", "model", "args", "cards"};
    for (int i = 0; i < 5; i++) cell[i] = llw_table_cell(t, row, llw_table_column(t, columns[i]));
    llw_launch launch = launch_of(facts, cell[0], cell[1], cell[2], cell[3], cell[4], 0);
    llw_fit fit;
    llw_fit_run(&launch, llw_facts_arena(facts), false, &fit);
    return fit;
}

/* experts:3-5 stands for the patterns of layers 3, 4 and 5. */
static void expand(llw_text *out, const char *want) {
    const char *at = want;
    for (const char *next; (next = strstr(at, "experts:")) != NULL;) {
        int from = 0, to = 0, used = 0;
        llw_text_addn(out, at, (size_t)(next - at));
        assert_int_equal(sscanf(next, "experts:%d-%d%n", &from, &to, &used), 2);
        for (int il = from; il <= to; il++)
            llw_text_addf(out, "%sblk\\.%d\\.ffn_(up|down|gate_up|gate)_(ch|)exps=CPU", il > from ? "," : "",
                          il);
        at = next + used;
    }
    llw_text_add(out, at);
}

static void the_flags_are_those_that_llama_cpp_chose(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    char *bytes;
    size_t len, different = 0, wrong_verdicts = 0;
    llw_err err = {0};
    llw_table t;
    const char *path = LLW_SOURCE_DIR "/tests/fixtures/truth/autofit.tsv";
    if (llw_file_read(arena, path, 1 << 20, &bytes, &len, &err) != LLW_OK) fail_msg("%s", err.text);
    assert_int_equal(llw_table_parse(arena, path, bytes, len, &t, &err), LLW_OK);
    assert_true(t.n_rows > 100);
    for (size_t row = 0; row < t.n_rows; row++) {
        llw_facts *facts = llw_facts_new();
        llw_fit fit = fit_of_row(facts, &t, row);
        llw_text want = {0}, got = {0};
        expand(&want, llw_table_cell(&t, row, llw_table_column(&t, "want")));
        for (size_t i = 0; i < fit.n_args; i++) llw_text_addf(&got, "%s%s", i ? " " : "", fit.args[i]);
        if (strcmp(llw_text_str(&want), llw_text_str(&got)) != 0) {
            different++;
            print_message("line %d: llama.cpp %s\n         here %s\n", t.lines[row], llw_text_str(&want),
                          llw_text_str(&got));
        }
        bool gave_up = strcmp(llw_table_cell(&t, row, llw_table_column(&t, "status")), "0") != 0;
        bool fits = strcmp(llw_table_cell(&t, row, llw_table_column(&t, "fits")), "yes") == 0;
        if (gave_up != (fit.outcome == LLW_FIT_GAVE_UP) || fits != fit.fits) {
            wrong_verdicts++;
            print_message("line %d: outcome %d, fits %d\n", t.lines[row], fit.outcome, fit.fits);
        }
        llw_text_fini(&want);
        llw_text_fini(&got);
        llw_facts_free(facts);
    }
    llw_arena_free(arena);
    assert_int_equal(different, 0);
    assert_int_equal(wrong_verdicts, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_changes_when_the_target_is_met),
        cmocka_unit_test(an_unset_context_is_interpolated_and_rounded_down),
        cmocka_unit_test(recurrent_state_counts_twice_on_a_card_that_was_read),
        cmocka_unit_test(builds_before_august_2026_aim_at_one_context),
        cmocka_unit_test(a_given_context_is_never_cut),
        cmocka_unit_test(flags_of_the_user_stop_it_in_order),
        cmocka_unit_test(experts_come_back_front_to_back),
        cmocka_unit_test(the_rest_of_a_layer_goes_to_the_next_card),
        cmocka_unit_test(what_does_not_fit_by_itself_is_left_alone),
        cmocka_unit_test(what_is_not_known_is_said),
        cmocka_unit_test(one_card_uses_the_first_target),
        cmocka_unit_test(the_flags_are_those_that_llama_cpp_chose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
