/* Model cards: which one is used, what it claims beside the header, and how to get one. */
#include "cards.h"

static void a_card_beside_the_file_makes_rival_claims(void **state) {
    (void)state;
    llw_entity model = glm();
    const char *path = put("/m/README.md", page);
    read_card(model, NULL);
    llw_entity card = llw_facts_find(facts, LLW_KIND_card, path);
    assert_true(card);
    assert_int_equal(llw_facts_ref(facts, card, LLW_card_model), model);
    const char *text = "";
    assert_true(llw_facts_text(facts, model, LLW_model_card, &text));
    assert_string_equal(text, path);
    assert_true(llw_facts_text(facts, card, LLW_card_licence, &text));
    assert_string_equal(text, "mit");
    const llw_claim *layers = by_card(model, LLW_model_layers);
    assert_int_equal(layers->value.as.count, 47);
    assert_string_equal(layers->origin, "model card");
    assert_string_equal(layers->place, "README.md:18 \"Number of Layers: 47\"");
    /* "30B" is what 29.9 billion is called: no conflict, and the header's number stands */
    assert_int_equal(by_card(model, LLW_model_params)->value.as.count, 29943390976);
    assert_false(llw_facts_conflict(facts, model, LLW_model_params));
    assert_false(llw_facts_conflict(facts, model, LLW_model_params_active));
    assert_false(llw_facts_conflict(facts, model, LLW_model_moe));
    assert_int_equal(by_card(model, LLW_model_context_length)->value.as.count, 131072);
    assert_int_equal(by_card(model, LLW_model_experts_used)->value.as.count, 4);
    assert_int_equal(by_card(model, LLW_model_experts_shared)->value.as.count, 1);
}

static void the_header_outranks_a_card_and_the_conflict_shows(void **state) {
    (void)state;
    llw_entity model = glm();
    put("/m/README.md", "# GLM-4.7-Flash\nGLM-4.7-Flash is a compact dense model. Number of Layers: 48. It "
                        "has 70B total parameters.\n");
    read_card(model, NULL);
    bool moe = false;
    assert_true(llw_facts_flag(facts, model, LLW_model_moe, &moe) && moe);
    assert_true(llw_facts_conflict(facts, model, LLW_model_moe));
    assert_true(llw_facts_conflict(facts, model, LLW_model_layers));
    assert_true(llw_facts_conflict(facts, model, LLW_model_params));
    assert_int_equal(by_card(model, LLW_model_params)->value.as.count, 70000000000);
}

static void a_dense_model_s_moe_tag_is_a_weak_claim(void **state) {
    (void)state;
    llw_entity model = model_at(put("/m/bear-7b-Q4_K_M.gguf", "x"));
    llw_facts_claim(facts, model, LLW_model_moe, llw_flag(false), LLW_GRADE_FILE, "gguf",
                    "no expert tensors");
    put("/m/README.md", "---\ntags:\n- bear_moe\n---\n# Bear-7B\nA small model.\n");
    read_card(model, NULL);
    bool moe = true;
    assert_true(llw_facts_flag(facts, model, LLW_model_moe, &moe) && !moe);
    assert_true(llw_facts_conflict(facts, model, LLW_model_moe));
    assert_non_null(
        strstr(by_card(model, LLW_model_moe)->place, "a tag alone, which dense models carry too"));
}

static void without_a_header_the_card_is_what_is_known(void **state) {
    (void)state;
    llw_entity model = model_at(put("/m/GLM-4.7-Flash-Q8_0.gguf", "x"));
    put("/m/README.md", page);
    read_card(model, NULL);
    int64_t n = 0;
    assert_true(llw_facts_count(facts, model, LLW_model_params, &n) && n == 30000000000);
}

static void documentation_of_the_project_is_searched(void **state) {
    (void)state;
    llw_entity model = model_at(put("/p/models/glm/GLM-4.7-Flash-Q8_0-00001-of-00002.gguf", "x"));
    put("/p/.llwhy.yaml", "");
    put("/p/models/documentation/README_modelcard_GLM-4.7.md", "# GLM-4.7\nNumber of Layers: 92\n");
    put("/p/models/documentation/README_modelcard_Qwen3-Next.md", "# Qwen3-Next\nNumber of Layers: 48\n");
    const char *path = put("/p/models/documentation/README_modelcard_GLM-4.7-Flash.md", page);
    put("/p/README.md", "# The project\nNumber of Layers: 1\n");
    read_card(model, NULL);
    const char *text = "";
    assert_true(llw_facts_text(facts, model, LLW_model_card, &text));
    assert_non_null(strstr(text, "README_modelcard_GLM-4.7-Flash.md"));
    assert_int_equal(by_card(model, LLW_model_layers)->value.as.count, 47);
    assert_non_null(strstr(by_card(model, LLW_model_layers)->place, "README_modelcard_GLM-4.7-Flash.md:18"));
    (void)path;
}

static void cards_of_other_models_are_not_used(void **state) {
    (void)state;
    llw_entity model = glm();
    put("/m/README.md", "---\nbase_model: maker/GLM-4.7\n---\n# GLM-4.7\nNumber of Layers: 92\n");
    mkdir(llw_arena_printf(arena, "%s/.git", root), 0700);
    put("/models/documentation/README_modelcard_Qwen3-Next.md", "# Qwen3-Next\nNumber of Layers: 48\n");
    read_card(model, NULL);
    assert_null(by_card(model, LLW_model_layers));
    assert_int_equal(llw_facts_next(facts, LLW_KIND_card, 0), 0);
    assert_false(llw_facts_value(facts, model, LLW_model_card).known);
    assert_noted("is about another model (GLM-4.7) and not used");
    assert_noted("1 model card, none about GLM-4.7-Flash-Q8_0");
}

static void a_fine_tune_s_base_is_another_model(void **state) {
    (void)state;
    llw_entity model = glm();
    put("/m/README.md",
        "---\nbase_model: maker/GLM-4.7-Flash\n---\n# GLM-4.7-Flash-REAP-23B-A3B\nNumber of Layers: 40\n");
    read_card(model, NULL);
    assert_null(by_card(model, LLW_model_layers));
}

static void a_page_that_is_no_card_is_left_alone(void **state) {
    (void)state;
    llw_entity model = glm();
    put("/m/README.md", "# My models\nNumber of Layers: 3\n");
    put("/m/notes.md", "It is a dense model. Number of Layers: 3\n");
    mkdir(llw_arena_printf(arena, "%s/m/README.d.md", root), 0700);
    read_card(model, NULL);
    assert_null(by_card(model, LLW_model_layers));
    const char *const *notes;
    assert_int_equal(llw_facts_notes(facts, &notes), 1); /* the directory with a card's name */
    /* with front matter it is one, and lies where the model's card lies */
    put("/m/README.md", "---\nlicense: mit\n---\nNumber of Layers: 47\n");
    read_card(model, NULL);
    assert_int_equal(by_card(model, LLW_model_layers)->value.as.count, 47);
}

static void a_card_that_was_named_is_used(void **state) {
    (void)state;
    llw_entity model = glm();
    const char *path = put("/elsewhere/card.txt", "# Qwen3-Next\nNumber of Layers: 48\n");
    read_card(model, path);
    assert_int_equal(by_card(model, LLW_model_layers)->value.as.count, 48);
    llw_entity card = llw_facts_next(facts, LLW_KIND_card, 0);
    bool another = false;
    const char *names = "";
    int64_t against = 0;
    assert_true(llw_facts_flag(facts, card, LLW_card_about_another, &another) && another);
    assert_true(llw_facts_text(facts, card, LLW_card_names, &names));
    assert_string_equal(names, "Qwen3-Next");
    assert_true(llw_facts_count(facts, card, LLW_card_contradictions, &against));
    assert_int_equal(against, 1); /* 48 layers */
    llw_err err = {0};
    assert_int_equal(llw_source_card(facts, model, "/no/such/card.md", &err), LLW_ERR_INPUT);
    assert_string_equal(err.file, "/no/such/card.md");
    assert_int_equal(llw_source_card(facts, model, root, &err), LLW_ERR_INPUT);
    static const char *const none[][2] = {{"", "is empty: it is no model card"},
                                          {" \n\n", "is empty: it is no model card"},
                                          {"hello\n", "is no model card: it has no title"}};
    for (size_t i = 0; i < 3; i++) {
        err = (llw_err){0};
        assert_int_equal(llw_source_card(facts, model, put("/elsewhere/e.log", none[i][0]), &err),
                         LLW_ERR_INPUT);
        assert_non_null(strstr(err.text, none[i][1]));
    }
}

/* --- how to get one --- */

static const char *hint(llw_entity model) {
    llw_text out = {0};
    llw_source_card_hint(facts, model, &out);
    const char *copy = llw_arena_strdup(arena, llw_text_str(&out));
    llw_text_fini(&out);
    return copy;
}

static void set_meta(llw_entity model, const char *key, const char *value) {
    llw_meta *meta = llw_arena_alloc(arena, sizeof *meta);
    *meta = (llw_meta){.key = key, .type = LLW_GGUF_STRING, .string = value, .count = strlen(value)};
    llw_model *header = llw_arena_alloc(arena, sizeof *header);
    *header = (llw_model){.architecture = "x", .meta = meta, .n_meta = 1};
    llw_facts_set_model(facts, model, header);
}

static void the_way_to_a_card_is_said(void **state) {
    (void)state;
    llw_entity model = glm();
    assert_non_null(strstr(hint(model), "its header does not name its page"));
    assert_non_null(strstr(hint(model), "models?search=GLM-4.7-Flash-Q8+0\n"));
    assert_non_null(strstr(hint(model), "/m/README.md'"));
    set_meta(model, "general.source.url", "https://huggingface.co/zai-org/GLM-4.7-Flash");
    assert_non_null(strstr(hint(model), "general.source.url names its page"));
    assert_non_null(strstr(hint(model), "curl -fL --create-dirs -o '"));
    assert_non_null(
        strstr(hint(model), " https://huggingface.co/zai-org/GLM-4.7-Flash/raw/main/README.md\n"));
    put("/m/README.md", "# My models\n"); /* is not written over */
    assert_non_null(strstr(hint(model), "/m/README_modelcard_GLM-4.7-Flash-Q8_0.md'"));
    set_meta(model, "general.source.huggingface.repository", "zai-org/GLM-4.7-Flash");
    assert_non_null(strstr(hint(model), "huggingface.co/zai-org/GLM-4.7-Flash/raw"));
}

static void a_hostile_address_is_no_command(void **state) {
    (void)state;
    llw_entity model = model_at(llw_arena_printf(arena, "%s/it's; rm -rf x/a.gguf", root));
    static const char *const values[] = {"https://huggingface.co/a/b; rm -rf ~",
                                         "https://huggingface.co/$(reboot)/b",
                                         "https://evil.example/a/b",
                                         "../../etc",
                                         "a",
                                         "https://huggingface.co/a",
                                         "a/b/c",
                                         "a/b\nrm",
                                         "-o/b",
                                         "https://huggingface.co//b",
                                         "",
                                         "a/b c"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        set_meta(model, "general.source.url", values[i]);
        if (strstr(hint(model), "curl")) fail_msg("%s became a command", values[i]);
    }
    set_meta(model, "general.source.url", "https://huggingface.co/a/b/tree/main");
    assert_non_null(strstr(hint(model), "https://huggingface.co/a/b/raw/main/README.md"));
    assert_non_null(strstr(hint(model), "it'\\''s; rm"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_card_beside_the_file_makes_rival_claims),
        TEST(the_header_outranks_a_card_and_the_conflict_shows),
        TEST(a_dense_model_s_moe_tag_is_a_weak_claim),
        TEST(without_a_header_the_card_is_what_is_known),
        TEST(documentation_of_the_project_is_searched),
        TEST(cards_of_other_models_are_not_used),
        TEST(a_fine_tune_s_base_is_another_model),
        TEST(a_page_that_is_no_card_is_left_alone),
        TEST(a_card_that_was_named_is_used),
        TEST(the_way_to_a_card_is_said),
        TEST(a_hostile_address_is_no_command),
    };
    return cmocka_run_group_tests_name("card", tests, NULL, NULL);
}
