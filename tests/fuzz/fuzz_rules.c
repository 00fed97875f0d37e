/* A rule file: Lua in its sandbox, tables to rules, their order, and one run over a small fact base. */
#include "fuzz.h"

#include "infer/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    llw_kb *kb = llw_kb_new();
    llw_kb_add_file(kb, "rules.d/90-fuzzed.lua", (const char *)data, size);
    llw_kb_order(kb);
    llw_facts *facts = llw_facts_new();
    llw_entity launch = llw_facts_entity(facts, LLW_KIND_launch, "argv");
    llw_entity gpu = llw_facts_entity(facts, LLW_KIND_gpu, "CUDA0");
    llw_facts_claim(facts, launch, LLW_launch_ubatch, llw_count(2048), LLW_GRADE_FLAG, "argument",
                    "argument 1");
    llw_facts_claim(facts, gpu, LLW_gpu_free, llw_bytes((int64_t)8 << 30), LLW_GRADE_MEASURED, "argument",
                    "--gpu");
    llw_run_free(llw_run_new(kb, facts));
    llw_facts_free(facts);
    llw_kb_free(kb);
    return 0;
}
