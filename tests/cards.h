/* Model cards for tests: written to a folder, or read as text. */
#ifndef LLW_TESTS_CARDS_H
#define LLW_TESTS_CARDS_H

#include "base/table.h"
#include "fact/model.h"
#include "source/model/card.h"
#include "source/model/card_name.h"
#include "source/model/card_read.h"

#include "root.h"

static inline llw_entity model_at(const char *path) {
    llw_entity model = llw_facts_entity(facts, LLW_KIND_model, path);
    llw_facts_claim(facts, model, LLW_model_path, llw_string(LLW_PATH, path), LLW_GRADE_FILE, "stat", "");
    return model;
}

static inline llw_entity glm(void) {
    llw_entity model = model_at(put("/m/GLM-4.7-Flash-Q8_0.gguf", "x"));
    llw_facts_claim(facts, model, LLW_model_moe, llw_flag(true), LLW_GRADE_FILE, "gguf",
                    "deepseek2.expert_count");
    llw_facts_claim(facts, model, LLW_model_params, llw_count(29943390976), LLW_GRADE_FILE, "gguf", "");
    llw_facts_claim(facts, model, LLW_model_params_active, llw_count(3200000000), LLW_GRADE_FILE, "gguf", "");
    llw_facts_claim(facts, model, LLW_model_experts, llw_count(64), LLW_GRADE_FILE, "gguf", "");
    llw_facts_claim(facts, model, LLW_model_layers, llw_count(47), LLW_GRADE_FILE, "gguf", "");
    return model;
}

static inline void read_card(llw_entity model, const char *path) {
    llw_err err = {0};
    if (llw_source_card(facts, model, path, &err) != LLW_OK) fail_msg("%s %s", err.file, err.text);
}

/* The card's claim on a slot, or NULL. */
static inline const llw_claim *by_card(llw_entity model, llw_attr attr) {
    size_t n;
    const llw_claim **claims = llw_facts_claims(facts, model, attr, arena, &n);
    for (size_t i = 0; i < n; i++)
        if (claims[i]->grade == LLW_GRADE_CARD) return claims[i];
    return NULL;
}

static inline void assert_noted(const char *part) {
    const char *const *notes;
    size_t n = llw_facts_notes(facts, &notes);
    for (size_t i = 0; i < n; i++)
        if (strstr(notes[i], part)) return;
    fail_msg("no note says \"%s\"", part);
}

static inline llw_card_text parse(const char *text, const char *model) {
    llw_card_text card;
    llw_err err = {0};
    if (llw_card_read(arena, text, strlen(text), model, &card, &err) != LLW_OK)
        fail_msg("%s:%d %s", err.file, err.line, err.text);
    return card;
}

static inline const llw_card_statement *about(const llw_card_text *card, llw_attr attr) {
    for (size_t i = 0; i < card->n_statements; i++)
        if (card->statements[i].attr == attr) return &card->statements[i];
    return NULL;
}

static inline int64_t count(const llw_card_text *card, llw_attr attr) {
    const llw_card_statement *s = about(card, attr);
    return s ? s->value.as.count : -1;
}

static const char *const page =
    "---\n"
    "language:\n- en\n"
    "license: mit\n"
    "base_model: maker/GLM-4.7-Flash-Base\n"
    "tags:\n- glm4_moe_lite\n- text-generation\n"
    "---\n\n"
    "# GLM-4.7-Flash\n\n"
    "The page of the weights is [here](https://huggingface.co/maker/GLM-4.7-Flash).\n\n"
    "## What it is\n\n"
    "GLM-4.7-Flash is a 30B-A3B MoE model. It beats others of its class.\n"
    "- Number of Layers: 47\n"
    "- **Experts:** 64 experts, 4 active + 1 shared\n"
    "- Context length: 128K\n";

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
