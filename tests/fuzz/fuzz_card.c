/* A model card beside a known model. */
#include "fuzz.h"

#include "source/model/card.h"
#include "source/model/known.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *path = fuzz_file("README.md", data, size);
    if (!path) return 0;
    llw_facts *facts = llw_facts_new();
    llw_entity model = llw_facts_entity(facts, LLW_KIND_model, "m");
    llw_err err = {0};
    llw_facts_claim(facts, model, LLW_model_name, llw_string(LLW_TEXT, "GLM-4.7-Flash"), LLW_GRADE_FILE,
                    "gguf", "general.name");
    llw_facts_claim(facts, model, LLW_model_architecture, llw_string(LLW_TEXT, "deepseek2"), LLW_GRADE_FILE,
                    "gguf", "general.architecture");
    llw_source_card(facts, model, path, &err);
    llw_facts_free(facts);
    fuzz_sweep();
    return 0;
}
