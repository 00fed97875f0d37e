/* A model file all the way: header, facts, prediction, --fit, rules, decision, and its text and JSON on two
 * cards. */
#include "fuzz.h"

#include "fact/build.h"
#include "predict/predict.h"
#include "source/launch/argv.h"
#include "source/machine/gpu.h"
#include "source/machine/host.h"
#include "source/model/model_open.h"

static void predict(const llw_facts *facts, llw_entity entity) {
    llw_arena *arena = llw_arena_new();
    llw_launch launch;
    llw_prediction prediction;
    llw_fit fit;
    llw_attr missing;
    llw_err err = {0};
    if (llw_launch_read(facts, entity, arena, &launch, &missing, &err) == LLW_OK) {
        llw_predict(&launch, arena, true, &prediction);
        llw_fit_run(&launch, arena, true, &fit);
    }
    llw_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const cards[] = {"24564:23671", "16303:12761"};
    const char *path = fuzz_file("model.gguf", data, size);
    if (!path) return 0;
    llw_facts *facts = llw_facts_new();
    llw_err err = {0};
    llw_entity model = 0;
    llw_gpu_options gpus = {.cards = cards, .n_cards = 2};
    llw_host_options host = {.ram = "64205"};
    llw_argv in = {.id = "default"};
    llw_argv_result launch;
    in.build = llw_build_claim(facts, NULL, LLW_GRADE_DEFAULT, "default", "", &err);
    if (llw_source_model(facts, path, &model, &err) == LLW_OK &&
        llw_source_gpus(facts, &gpus, &err) == LLW_OK && llw_source_host(facts, &host, &err) == LLW_OK &&
        llw_argv_read(facts, &in, &launch, &err) == LLW_OK) {
        llw_facts_claim(facts, launch.launch, LLW_launch_model, llw_ref(model), LLW_GRADE_FLAG, "argument",
                        "MODEL");
        predict(facts, launch.launch);
    }
    llw_facts_free(facts);
    fuzz_sweep();
    return 0;
}
