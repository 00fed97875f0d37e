/* A launch entity read into numbers: devices, splits, overrides, targets, and what is missing or wrong. */
#include "fact/launch.h"
#include "fact/build.h"
#include "fact/ggml_type.h"
#include "source/launch/argv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static const int64_t MIB = 1024 * 1024;

static void gpu(llw_facts *f, const char *id, int64_t index, int64_t total, int64_t unused) {
    llw_entity g = llw_facts_entity(f, LLW_KIND_gpu, id);
    llw_facts_claim(f, g, LLW_gpu_index, llw_count(index), LLW_GRADE_MEASURED, "argument", "");
    if (!total) return;
    llw_facts_claim(f, g, LLW_gpu_total, llw_bytes(total * MIB), LLW_GRADE_MEASURED, "argument", "");
    llw_facts_claim(f, g, LLW_gpu_free, llw_bytes(unused * MIB), LLW_GRADE_MEASURED, "argument", "");
    llw_facts_claim(f, g, LLW_gpu_bandwidth, llw_number(LLW_RATE, 1.008e12), LLW_GRADE_FILE, "table", "");
}

/* Two unequal GPUs, given in the wrong order, and a launch of these words. */
static llw_facts *box(const char *words, bool with_gpus, llw_entity *launch) {
    static char line[1024];
    static llw_token tokens[64];
    llw_argv in = {.id = "argv", .args = tokens};
    llw_facts *f = llw_facts_new();
    if (with_gpus) gpu(f, "CUDA1", 1, 16303, 12761), gpu(f, "CUDA0", 0, 24564, 23671);
    snprintf(line, sizeof line, "%s", words);
    for (char *save = NULL, *w = strtok_r(line, " ", &save); w; w = strtok_r(NULL, " ", &save))
        tokens[in.n_args++] = (llw_token){w, w, NULL, NULL};
    llw_argv_result out;
    assert_int_equal(llw_argv_read(f, &in, &out, NULL), LLW_OK);
    *launch = out.launch;
    llw_entity model = llw_facts_entity(f, LLW_KIND_model, "m.gguf");
    llw_facts_claim(f, out.launch, LLW_launch_model, llw_ref(model), LLW_GRADE_FLAG, "argument", "");
    return f;
}

static llw_facts *read_ok(const char *words, llw_launch *out) {
    llw_entity e = 0;
    llw_facts *f = box(words, true, &e);
    llw_err err = {0};
    llw_attr missing = LLW_ATTR_NONE;
    if (llw_launch_read(f, e, llw_facts_arena(f), out, &missing, &err) != LLW_OK)
        fail_msg("%s: %s", words, err.text);
    return f;
}

static void refused(const char *words, const char *says) {
    llw_entity e = 0;
    llw_launch out;
    llw_facts *f = box(words, true, &e);
    llw_err err = {0};
    llw_attr missing = LLW_ATTR_NONE;
    assert_int_equal(llw_launch_read(f, e, llw_facts_arena(f), &out, &missing, &err), LLW_ERR_INPUT);
    if (!strstr(err.text, says)) fail_msg("%s: '%s' does not say '%s'", words, err.text, says);
    llw_facts_free(f);
}

static void everything_has_llama_cpps_default(void **state) {
    (void)state;
    llw_launch l;
    llw_facts *f = read_ok("", &l);
    assert_int_equal(l.program, LLW_PROGRAM_SERVER);
    assert_int_equal(l.build_order, llw_build_order("v0.5.0"));
    assert_int_equal(l.gpu_layers, -1);
    assert_false(l.gpu_layers_given);
    assert_false(l.ctx_given);
    assert_int_equal(l.parallel, -1);
    assert_int_equal(l.kv_unified, LLW_AUTO);
    assert_int_equal(l.flash_attn, LLW_AUTO);
    assert_int_equal(l.split_mode, LLW_SPLIT_LAYER);
    assert_int_equal(l.type_k, llw_ggml_type_find("f16"));
    assert_true(l.fit && l.mmap && l.kv_offload && l.op_offload && !l.swa_full && !l.embedding);
    assert_int_equal(l.n_overrides, 0);
    assert_int_equal(l.ram_available, -1);
    for (int i = 0; i < LLW_MAX_DEVICES; i++) assert_int_equal(l.fit_target[i], 1024 * MIB);
    llw_facts_free(f);
}

static void devices_stand_in_llama_cpps_order(void **state) {
    (void)state;
    llw_launch l;
    llw_facts *f = read_ok("", &l);
    assert_int_equal(l.n_devices, 2);
    assert_string_equal(l.devices[0].name, "CUDA0");
    assert_true(l.devices[0].known);
    assert_int_equal(l.devices[0].free, 23671 * MIB);
    assert_true(l.devices[0].bandwidth > 1e12);
    assert_string_equal(l.devices[1].name, "CUDA1");
    llw_facts_free(f);
    f = read_ok("-dev CUDA1", &l);
    assert_int_equal(l.n_devices, 1);
    assert_int_equal(l.devices[0].total, 16303 * MIB);
    llw_facts_free(f);
    f = read_ok("-dev CUDA1,CUDA0", &l);
    assert_string_equal(l.devices[0].name, "CUDA1");
    llw_facts_free(f);
    f = read_ok("-dev none", &l);
    assert_int_equal(l.n_devices, 0);
    llw_facts_free(f);
    f = read_ok("-dev cuda1", &l);
    assert_string_equal(l.devices[0].name, "CUDA1");
    llw_facts_free(f);
    refused("-dev CUDA2", "no device 'CUDA2'");
    refused("-ot exps=CUDA2", "no buffer type 'CUDA2'");
}

static void a_machine_without_known_gpus_has_devices_of_unknown_size(void **state) {
    (void)state;
    llw_entity e = 0;
    llw_launch l;
    llw_facts *f = box("-dev CUDA0,CUDA1", false, &e);
    assert_int_equal(llw_launch_read(f, e, llw_facts_arena(f), &l, NULL, NULL), LLW_OK);
    assert_int_equal(l.n_devices, 2);
    assert_false(l.devices[1].known);
    llw_facts_free(f);
    f = box("", false, &e);
    gpu(f, "CUDA0", 0, 0, 0);
    assert_int_equal(llw_launch_read(f, e, llw_facts_arena(f), &l, NULL, NULL), LLW_OK);
    assert_int_equal(l.n_devices, 1);
    assert_false(l.devices[0].known);
    llw_facts_free(f);
}

static void targets_and_shares_are_per_device(void **state) {
    (void)state;
    llw_launch l;
    llw_facts *f = read_ok("-fitt 256 -ts 33,14", &l);
    assert_int_equal(l.fit_target[0], 256 * MIB);
    assert_int_equal(l.fit_target[15], 256 * MIB);
    assert_int_equal(l.n_tensor_split, 2);
    assert_true(l.tensor_split[0] > 32.9 && l.tensor_split[1] < 14.1);
    llw_facts_free(f);
    f = read_ok("-fitt 128,512", &l);
    assert_int_equal(l.fit_target[0], 128 * MIB);
    assert_int_equal(l.fit_target[1], 512 * MIB);
    assert_int_equal(l.fit_target[2], 1024 * MIB);
    llw_facts_free(f);
}

static void overrides_are_llama_cpps_patterns_in_its_order(void **state) {
    (void)state;
    llw_launch l;
    llw_facts *f = read_ok("-ncmoe 2 -ot blk\\.3\\.=CUDA1,x=y=CPU -cmoe -ncffn 1", &l);
    static const char *const want[][2] = {{"blk\\.0\\.ffn_(up|down|gate|gate_up)_(ch|)exps", "CPU"},
                                          {"blk\\.1\\.ffn_(up|down|gate|gate_up)_(ch|)exps", "CPU"},
                                          {"blk\\.3\\.", "CUDA1"},
                                          {"x", "y=CPU"},
                                          {"\\.ffn_(up|down|gate|gate_up)_(ch|)exps", "CPU"},
                                          {"blk\\.0\\.ffn_(up|down|gate)\\.", "CPU"}};
    /* x=y=CPU splits at the first '=', as in llama.cpp, which then knows no buffer y=CPU */
    assert_int_equal(l.n_overrides, 4);
    for (size_t i = 0, w = 0; i < l.n_overrides; i++, w++) {
        if (w == 2) w = 4; /* the refused -ot is not taken */
        assert_string_equal(l.overrides[i].pattern, want[w][0]);
        assert_string_equal(l.overrides[i].buffer, want[w][1]);
    }
    llw_facts_free(f);
    f = read_ok("-ot a=CPU,b=CUDA0 -cmoe", &l);
    assert_int_equal(l.n_overrides, 3);
    assert_string_equal(l.overrides[1].pattern, "b");
    assert_string_equal(l.overrides[1].buffer, "CUDA0");
    assert_true(llw_overrides_move_experts(l.overrides, l.n_overrides, NULL));
    llw_facts_free(f);
    f = read_ok("-ncmoe 99999", &l);
    assert_int_equal(l.n_overrides, LLW_MAX_OVERRIDES);
    llw_facts_free(f);
}

static void a_what_if_turns_overrides_on_and_off(void **state) {
    (void)state;
    llw_launch l;
    llw_facts *f = read_ok("-cmoe -ot a=CPU", &l), *over = llw_facts_overlay(f);
    llw_facts_claim(over, l.entity, LLW_launch_cpu_moe, llw_flag(false), LLW_GRADE_WHATIF, "what-if", "");
    llw_facts_claim(over, l.entity, LLW_launch_n_cpu_moe, llw_count(1), LLW_GRADE_WHATIF, "what-if", "");
    assert_int_equal(llw_launch_read(over, l.entity, llw_facts_arena(over), &l, NULL, NULL), LLW_OK);
    assert_int_equal(l.n_overrides, 2);
    assert_string_equal(l.overrides[0].pattern, "a");
    llw_facts_claim(over, l.entity, LLW_launch_override_tensor, llw_string(LLW_LIST, "p=CPU,nothing"),
                    LLW_GRADE_WHATIF, "what-if", "");
    llw_err err = {0};
    assert_int_equal(llw_launch_read(over, l.entity, llw_facts_arena(over), &l, NULL, &err), LLW_ERR_INPUT);
    assert_non_null(strstr(err.text, "nothing"));
    llw_facts_free(over);
    llw_facts_free(f);
}

static void values_that_cannot_be_read_are_named_with_a_proposal(void **state) {
    (void)state;
    static const struct {
        llw_attr attr;
        const char *value, *says;
    } cases[] = {{LLW_launch_cache_type_k, "q9", "write one of"},
                 {LLW_launch_cache_type_v, "Q8_0", "did you mean q8_0?"},
                 {LLW_launch_flash_attn, "yes", "on, off or auto"},
                 {LLW_launch_split_mode, "rows", "none, layer, row or tensor"},
                 {LLW_launch_load_mode, "fast", "mmap+mlock"},
                 {LLW_launch_tensor_split, "a,b", "like 3,1"},
                 {LLW_launch_tensor_split, "-1", "like 3,1"},
                 {LLW_launch_tensor_split, "nan", "like 3,1"},
                 {LLW_launch_fit_target, "x", "like 128,1024"},
                 {LLW_launch_program, "serve", "server, cli"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        llw_launch l;
        llw_facts *f = read_ok("", &l);
        llw_facts_claim(f, l.entity, cases[i].attr,
                        llw_string(llw_attr_get(cases[i].attr)->type, cases[i].value), LLW_GRADE_FLAG,
                        "argument", "argument 9");
        llw_err err = {0};
        assert_int_equal(llw_launch_read(f, l.entity, llw_facts_arena(f), &l, NULL, &err), LLW_ERR_INPUT);
        if (!strstr(err.text, cases[i].says)) fail_msg("'%s' does not say '%s'", err.text, cases[i].says);
        assert_string_equal(err.file, "argument 9");
        llw_facts_free(f);
    }
}

static void cards_whose_order_is_open_are_not_guessed(void **state) {
    (void)state;
    llw_entity e = 0;
    llw_facts *f = box("-c 4096", false, &e);
    for (int i = 0; i < 2; i++) {
        llw_entity g = llw_facts_entity(f, LLW_KIND_gpu, i ? "nvidia-smi 1" : "nvidia-smi 0");
        llw_facts_claim(f, g, LLW_gpu_index, llw_unknown(LLW_COUNT), LLW_GRADE_MEASURED, "nvml",
                        "the cards differ");
    }
    llw_launch l;
    llw_err err = {0};
    llw_attr missing = LLW_ATTR_NONE;
    assert_int_equal(llw_launch_read(f, e, llw_facts_arena(f), &l, &missing, &err), LLW_ERR_NOTHING);
    assert_int_equal(missing, LLW_gpu_index);
    assert_string_equal(err.text, "gpu.index is not known: run llama-server --list-devices");
    llw_facts_free(f);
    f = box("-dev none", false, &e); /* then no card is used, whatever its number */
    assert_int_equal(llw_launch_read(f, e, llw_facts_arena(f), &l, &missing, &err), LLW_OK);
    llw_facts_free(f);
}

/* "CUDA0=12761 ..." of the cards a launch sees that is shown `count` cards with these ids. */
static void shows(const char *ids, int64_t count, const char *origin, const char *words, const char *want) {
    llw_entity e = 0;
    llw_launch l;
    llw_attr missing = LLW_ATTR_NONE;
    llw_facts *f = box(words, true, &e);
    llw_facts_claim(f, llw_facts_find(f, LLW_KIND_gpu, "CUDA1"), LLW_gpu_uuid,
                    llw_string(LLW_TEXT, "GPU-8932f937-aa"), LLW_GRADE_MEASURED, "argument", "");
    if (!strchr(ids, 'G') || !strcmp(ids, "GPU-8932"))
        llw_facts_claim(f, llw_facts_find(f, LLW_KIND_gpu, "CUDA0"), LLW_gpu_uuid,
                        llw_string(LLW_TEXT, "GPU-00000000-bb"), LLW_GRADE_MEASURED, "argument", "");
    llw_facts_claim(f, e, LLW_launch_gpus_seen, count == -2 ? llw_unknown(LLW_COUNT) : llw_count(count),
                    LLW_GRADE_CONFIG, origin, "");
    llw_facts_claim(f, e, LLW_launch_gpu_ids, llw_string(LLW_LIST, ids), LLW_GRADE_CONFIG, origin, "");
    char got[200] = "";
    llw_rc rc = llw_launch_read(f, e, llw_facts_arena(f), &l, &missing, NULL);
    if (rc == LLW_ERR_NOTHING) snprintf(got, sizeof got, "?%s", llw_attr_get(missing)->name);
    for (int i = 0; rc == LLW_OK && i < l.n_devices; i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s=%lld", i ? " " : "", l.devices[i].name,
                 (long long)(l.devices[i].free / MIB));
    if (strcmp(got, want) != 0) fail_msg("%s (%lld): '%s', not '%s'", ids, (long long)count, got, want);
    llw_facts_free(f);
}

static void a_launch_has_the_cards_it_is_shown_by_the_names_it_gives_them(void **state) {
    (void)state;
    shows("", -1, "Compose gpus", "", "CUDA0=23671 CUDA1=12761");
    shows("1", 1, "Compose devices", "", "CUDA0=12761");
    shows("1,0", 2, "environment", "", "CUDA0=12761 CUDA1=23671");
    shows("7,0", 2, "environment", "", ""); /* an id that is not there hides the rest */
    shows("", 0, "Compose gpus", "", "");
    shows("", 1, "Compose devices", "", "CUDA0=23671");
    shows("", 1, "Kubernetes limits", "", "?gpus_seen"); /* which of two unlike cards, nobody says */
    shows("", 2, "Kubernetes limits", "", "CUDA0=23671 CUDA1=12761");
    shows("GPU-8932", 1, "environment", "", "CUDA0=12761");
    shows("GPU-9", 1, "environment", "", "?uuid");
    shows("", -2, "script", "", "?gpus_seen");
    shows("1", 1, "Compose devices", "-dev CUDA0", "CUDA0=12761");
}

static void a_limit_of_ram_counts_where_it_is_lower(void **state) {
    (void)state;
    llw_entity e = 0;
    llw_launch l;
    llw_facts *f = box("", true, &e);
    llw_entity host = llw_facts_entity(f, LLW_KIND_host, "host");
    llw_facts_claim(f, host, LLW_host_ram_total, llw_bytes(64000 * MIB), LLW_GRADE_MEASURED, "argument", "");
    llw_facts_claim(f, host, LLW_host_ram_available, llw_bytes(60000 * MIB), LLW_GRADE_MEASURED, "argument",
                    "");
    llw_facts_claim(f, e, LLW_launch_ram_limit, llw_bytes(62000 * MIB), LLW_GRADE_CONFIG, "unit", "");
    assert_int_equal(llw_launch_read(f, e, llw_facts_arena(f), &l, NULL, NULL), LLW_OK);
    assert_true(l.ram_total == 62000 * MIB && l.ram_available == 60000 * MIB);
    llw_facts_claim(f, e, LLW_launch_ram_limit, llw_bytes(8000 * MIB), LLW_GRADE_WHATIF, "unit", "");
    assert_int_equal(llw_launch_read(f, e, llw_facts_arena(f), &l, NULL, NULL), LLW_OK);
    assert_true(l.ram_total == 8000 * MIB && l.ram_available == 8000 * MIB);
    llw_facts_free(f);
}

static void the_first_missing_slot_is_named(void **state) {
    (void)state;
    llw_entity e = 0;
    llw_launch l;
    llw_err err = {0};
    llw_attr missing = LLW_ATTR_NONE;
    llw_facts *f = box("", true, &e);
    llw_facts_claim(f, e, LLW_launch_ubatch, llw_unknown(LLW_COUNT), LLW_GRADE_WHATIF, "what-if", "");
    assert_int_equal(llw_launch_read(f, e, llw_facts_arena(f), &l, &missing, &err), LLW_ERR_NOTHING);
    assert_int_equal(missing, LLW_launch_ubatch);
    assert_non_null(strstr(err.text, "-ub"));
    assert_int_equal(l.n_devices, 2);
    llw_facts_free(f);
    f = llw_facts_new();
    e = llw_facts_entity(f, LLW_KIND_launch, "empty");
    assert_int_equal(llw_launch_read(f, e, llw_facts_arena(f), &l, &missing, &err), LLW_ERR_NOTHING);
    assert_int_equal(missing, LLW_launch_model);
    llw_facts_free(f);
}

static void contexts_batches_and_slots_are_what_the_server_makes_of_them(void **state) {
    (void)state;
    llw_launch l;
    llw_facts *f = read_ok("--embeddings -b 4096 -ub 1024", &l);
    assert_int_equal(l.batch, 1024);
    assert_true(l.embedding);
    llw_facts_free(f);
    f = read_ok("-c 0", &l);
    assert_true(l.ctx_given);
    assert_int_equal(l.fit_ctx, UINT32_MAX);
    llw_facts_free(f);
    f = read_ok("-c 8192 -ngl 99 -np 4 -no-kvu", &l);
    assert_true(l.ctx_given && l.gpu_layers_given);
    assert_int_equal(l.kv_unified, LLW_OFF);
    llw_facts_free(f);
    f = read_ok("-no-kvu", &l);
    assert_int_equal(l.kv_unified, LLW_AUTO);
    llw_facts_free(f);
    f = read_ok("-lm dio -ngl auto -ub 0 -b 256", &l);
    assert_false(l.mmap);
    assert_false(l.gpu_layers_given);
    assert_int_equal(l.ubatch, 256);
    llw_facts_free(f);
}

static void cache_types_have_names_people_get_wrong(void **state) {
    (void)state;
    assert_int_equal(llw_cache_type_find("q8_0"), 8);
    assert_int_equal(llw_cache_type_find("q6_K"), -1);
    assert_int_equal(llw_cache_type_find("Q8_0"), -1);
    assert_string_equal(llw_cache_type_nearest("FP16"), "f16");
    assert_string_equal(llw_cache_type_nearest("q8"), "q8_0");
    assert_null(llw_cache_type_nearest("turbo"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_has_llama_cpps_default),
        cmocka_unit_test(devices_stand_in_llama_cpps_order),
        cmocka_unit_test(a_machine_without_known_gpus_has_devices_of_unknown_size),
        cmocka_unit_test(targets_and_shares_are_per_device),
        cmocka_unit_test(overrides_are_llama_cpps_patterns_in_its_order),
        cmocka_unit_test(a_what_if_turns_overrides_on_and_off),
        cmocka_unit_test(values_that_cannot_be_read_are_named_with_a_proposal),
        cmocka_unit_test(cards_whose_order_is_open_are_not_guessed),
        cmocka_unit_test(a_launch_has_the_cards_it_is_shown_by_the_names_it_gives_them),
        cmocka_unit_test(a_limit_of_ram_counts_where_it_is_lower),
        cmocka_unit_test(the_first_missing_slot_is_named),
        cmocka_unit_test(contexts_batches_and_slots_are_what_the_server_makes_of_them),
        cmocka_unit_test(cache_types_have_names_people_get_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
