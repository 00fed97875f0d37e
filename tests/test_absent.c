/* GPUs that are named and are not there. */
#include "source/launch/absent.h"
#include "trees.h"

static void add_gpu(llw_facts *facts, int64_t index) {
    char id[16];
    snprintf(id, sizeof id, "CUDA%d", (int)index);
    llw_entity gpu = llw_facts_entity(facts, LLW_KIND_gpu, id);
    llw_facts_claim(facts, gpu, LLW_gpu_index, llw_count(index), LLW_GRADE_MEASURED, "argument", "--gpu");
    llw_facts_claim(facts, gpu, LLW_gpu_total, llw_bytes((int64_t)24 << 30), LLW_GRADE_MEASURED, "argument",
                    "--gpu");
    llw_facts_claim(facts, gpu, LLW_gpu_free, llw_bytes((int64_t)23 << 30), LLW_GRADE_MEASURED, "argument",
                    "--gpu");
    llw_facts_claim(facts, gpu, LLW_gpu_backend, llw_string(LLW_TEXT, "CUDA"), LLW_GRADE_MEASURED, "argument",
                    "--gpu");
}

/* What is told of the one launch of a file on a machine of so many cards: "" for nothing. */
static void check(const char *name, const char *text, int gpus, const char *want) {
    const tree_file files[] = {{name, text}, {NULL, NULL}};
    llw_flag_problem found[LLW_MAX_ABSENT];
    tree_make(files);
    tree t = tree_read(tree_box);
    for (int i = 0; i < gpus; i++) add_gpu(t.facts, i);
    assert_int_equal(t.out.n_launches, 1);
    size_t n = llw_absent_find(t.facts, t.out.launches[0].launch, llw_facts_arena(t.facts), found);
    const char *got = n ? found[0].message : "";
    if (n > 1 || strncmp(got, want, strlen(want)) || (!*want && *got))
        fail_msg("%s on %d GPUs: \"%s\", not \"%s\"", text, gpus, got, want);
    if (n) assert_non_null(strstr(found[0].place, name));
    if (n) assert_true(*found[0].advice);
    tree_end(&t);
    tree_clear();
}

#define RUN(flags) "llama-server -m a.gguf " flags "\n"
#define COMPOSE(devices)                                                                                     \
    "services:\n  llm:\n    image: ghcr.io/ggml-org/llama.cpp:server-cuda\n    command: -c 1\n"              \
    "    deploy: {resources: {reservations: {devices: [{" devices ", capabilities: [gpu]}]}}}\n"

static void flags_name_gpus(void **state) {
    (void)state;
    check("a.sh", RUN("-dev CUDA3"), 2, "llama.cpp ends here: invalid device: CUDA3");
    check("a.sh", RUN("-dev CUDA0,CUDA1"), 2, "");
    check("a.sh", RUN("-dev cuda1"), 2, "");
    check("a.sh", RUN("-dev Vulkan3"), 2, ""); /* maybe a build with other devices */
    check("a.sh", RUN("-dev CUDA3"), 0, "");   /* nobody knows the cards */
    check("a.sh", RUN("-sm none -mg 2"), 2,
          "llama.cpp loads nothing: invalid value for main_gpu: 2, of 2 GPUs");
    check("a.sh", RUN("-sm none -mg 1"), 2, "");
    check("a.sh", RUN("-sm none -dev CUDA1 -mg 1"), 2, "llama.cpp loads nothing");
    check("a.sh", RUN("-mg 3"), 2, ""); /* of -sm layer it means nothing */
    check("a.sh", RUN("-ts 1,1,1"), 2, "llama.cpp takes the first 2 of these 3 shares");
    check("a.sh", RUN("-ts 3/1"), 2, "");
    check("a.sh", RUN("-ot exps=CUDA2"), 2, "llama.cpp ends here: unknown buffer type CUDA2");
    check("a.sh", RUN("-ot exps=CPU"), 2, "");
}

static void variables_and_engines_name_gpus(void **state) {
    (void)state;
    check("a.sh", "CUDA_VISIBLE_DEVICES=3 " RUN(""), 2,
          "llama.cpp sees no GPU and computes everything on the CPU");
    check("a.sh", "CUDA_VISIBLE_DEVICES=0,3,1 " RUN(""), 2, "llama.cpp sees only the first 1:");
    check("a.sh", "CUDA_VISIBLE_DEVICES=1 " RUN("-dev CUDA1"), 2,
          "llama.cpp ends here: invalid device: CUDA1");
    check("a.sh", "CUDA_VISIBLE_DEVICES=1 " RUN("-dev CUDA0"), 2, "");
    check("a.sh", "CUDA_VISIBLE_DEVICES=GPU-123 " RUN(""), 2, "");
    check("compose.yaml", COMPOSE("device_ids: [\"3\"]"), 2,
          "the container does not start: this machine has 2 GPUs");
    check("compose.yaml", COMPOSE("device_ids: [\"1\"]"), 2, "");
    check("compose.yaml", COMPOSE("count: all"), 2, "");
    check("a.sh", "docker run --gpus device=2 ghcr.io/ggml-org/llama.cpp:server -c 1\n", 1,
          "the container does not start: this machine has 1 GPU, and number 2");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_name_gpus),
        cmocka_unit_test(variables_and_engines_name_gpus),
    };
    return cmocka_run_group_tests(tests, tree_set_up, tree_tear_down);
}
