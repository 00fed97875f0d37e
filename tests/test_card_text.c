/* What the text of a model card states, and what it does not. */
#include "cards.h"

static void names_mean_the_same_model_or_another(void **state) {
    (void)state;
    static const struct {
        const char *a, *b;
        llw_naming naming;
    } cases[] = {
        {"unsloth/GLM-4.7-Flash-GGUF", "glm-4.7-flash-q8_0.gguf", LLW_NAMES_SAME},
        {"GLM-4.7-Flash-UD-Q4_K_XL.gguf", "GLM-4.7-Flash", LLW_NAMES_SAME},
        {"zai-org/GLM-4.7", "GLM-4.7-Flash-Q8_0", LLW_NAMES_OTHER},
        {"Qwen3-Next-80B-A3B-Instruct", "qwen3-next-q5_k_m", LLW_NAMES_SAME},
        {"Qwen3-Next-80B-A3B-Instruct", "qwen3-coder-next-Q5_K_M", LLW_NAMES_OTHER},
        {"Qwen/Qwen3-30B-A3B", "qwen3-235b-a22b-q4_k_m", LLW_NAMES_OTHER},
        {"Qwen/Qwen3-30B-A3B-Instruct-2507", "Qwen3-30B-A3B-Q4_K_M.gguf", LLW_NAMES_SAME},
        {"README_modelcard_gpt-oss-120b.md", "gpt-oss-120b-mxfp4", LLW_NAMES_SAME},
        {"gpt-oss-20b", "gpt-oss-120b-mxfp4", LLW_NAMES_OTHER},
        {"meta-llama/Meta-Llama-3.1-8B-Instruct", "Llama-3.1-8B-Instruct-IQ3_XXS.gguf", LLW_NAMES_SAME},
        {"Mistral-7B-Instruct-v0.3", "mistral-7b-v0.3-q4_k_m", LLW_NAMES_SAME},
        {"gemma-3n-E4B-it", "gemma-3n-e4b-q4_k_m", LLW_NAMES_SAME},
        {"gemma-3n-E2B-it", "gemma-3n-e4b-q4_k_m", LLW_NAMES_OTHER},
        {"README.md", "gpt-oss-120b", LLW_NAMES_NOTHING},
        {"model.md", "gpt-oss-120b", LLW_NAMES_NOTHING},
        {"", "gpt-oss-120b", LLW_NAMES_NOTHING},
        {"////", "gpt-oss-120b", LLW_NAMES_NOTHING},
        {"120B", "gpt-oss-120b", LLW_NAMES_NOTHING},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (llw_card_name(cases[i].a, cases[i].b) != cases[i].naming)
            fail_msg("%s and %s", cases[i].a, cases[i].b);
        if (*cases[i].a && llw_card_name(cases[i].b, cases[i].a) != cases[i].naming)
            fail_msg("%s and %s", cases[i].b, cases[i].a);
    }
}

static void siblings_in_a_sentence_are_seen(void **state) {
    (void)state;
    assert_true(llw_card_names_sibling("GLM-4.7 has 160 experts", 23, "GLM-4.7-Flash"));
    assert_true(llw_card_names_sibling("as in gpt-oss-20b (21B)", 23, "gpt-oss-120b"));
    assert_true(llw_card_names_sibling("Qwen2.5-72B too", 15, "Qwen3-30B-A3B"));
    assert_false(llw_card_names_sibling("GLM-4.7-Flash has 64 experts", 28, "glm-4.7-flash-q8_0"));
    assert_false(llw_card_names_sibling("a 30B-A3B model", 15, "glm-4.7-flash-q8_0"));
    assert_false(llw_card_names_sibling("GLM-4.7 has 160 experts", 23, ""));
}

/* --- patterns --- */

static void check_example(const llw_table *t, size_t row, const char *when) {
    const char *example = llw_table_cell(t, row, llw_table_column(t, "example"));
    const char *claims = llw_table_cell(t, row, llw_table_column(t, "claims"));
    const char *gives = llw_table_cell(t, row, llw_table_column(t, "gives"));
    llw_card_text card = parse(example, "");
    for (const char *at = claims; *at;) {
        char name[64];
        size_t len = strcspn(at, ","), skip = strncmp(at, "not ", 4) ? 0 : 4;
        snprintf(name, sizeof name, "%.*s", (int)(len - skip), at + skip);
        llw_attr attr = llw_attr_find(LLW_KIND_model, name);
        const llw_card_statement *s = about(&card, attr);
        if (!s) fail_msg("line %d, %s: \"%s\" says nothing of %s", t->lines[row], when, example, name);
        size_t word = strcspn(gives, " ");
        if (s->value.type == LLW_FLAG) {
            assert_int_equal(s->value.as.flag, !strncmp(gives, "yes", word));
        } else {
            double n = strtod(gives, NULL);
            char unit = gives[word - 1];
            n *= unit == 'B' ? 1e9 : unit == 'K' ? 1024 : 1;
            if ((int64_t)n != s->value.as.count)
                fail_msg("line %d, %s: \"%s\" gives %lld", t->lines[row], when, example,
                         (long long)s->value.as.count);
        }
        gives += word + (gives[word] == ' ');
        at += len + (at[len] == ',');
    }
}

static void every_pattern_does_what_its_example_says(void **state) {
    (void)state;
    llw_table table;
    assert_int_equal(llw_table_read(arena, "models/card_patterns.tsv", &table, NULL), LLW_OK);
    assert_true(table.n_rows > 20);
    for (size_t i = 0; i < table.n_rows; i++) check_example(&table, i, "with all rows");
    for (size_t i = 0; i < table.n_rows; i++) { /* and it is this row that does it */
        put("/models/card_patterns.tsv",
            llw_arena_printf(arena, "claims\tpattern\n%s\t%s\n", llw_table_cell(&table, i, 0),
                             llw_table_cell(&table, i, 1)));
        llw_data_reset();
        llw_data_push(root);
        check_example(&table, i, "alone");
    }
}

static void a_broken_table_of_patterns_is_named(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"params\t(\n", "the pattern is broken"},
        {"colour\t(x)\n", "has no attribute \"colour\""},
        {"params\tx\n", "0 groups for 1 claims"},
        {"\n", ""},
    };
    for (size_t i = 0; i < 3; i++) {
        put("/models/card_patterns.tsv", llw_arena_printf(arena, "claims\tpattern\n%s", rows[i][0]));
        llw_data_reset();
        llw_data_push(root);
        llw_err err = {0};
        llw_card_text card;
        assert_int_equal(llw_card_read(arena, "x", 1, "", &card, &err), LLW_ERR_INPUT);
        assert_int_equal(err.line, 2);
        if (!strstr(err.text, rows[i][1])) fail_msg("%s", err.text);
    }
}

static void makers_ways_of_saying_it_are_understood(void **state) {
    (void)state;
    llw_card_text c = parse(
        "## Model Overview\n**Xeno-Coder-Next** has these features:\n- Type: Causal Language Models\n"
        "- Number of Parameters: 80B in total and 3B activated\n- Number of Parameters (Non-Embedding): 79B\n"
        "- Number of Layers: 48\n- Mixture of Experts:\n  - Number of Experts: 512\n"
        "  - Number of Activated Experts: 10\n  - Number of Shared Experts: 1\n"
        "- Context Length: 262,144 natively\n",
        "xeno-coder-next");
    assert_int_equal(count(&c, LLW_model_params), 80000000000);
    assert_int_equal(count(&c, LLW_model_params_active), 3000000000);
    assert_int_equal(count(&c, LLW_model_layers), 48);
    assert_int_equal(count(&c, LLW_model_experts), 512);
    assert_int_equal(count(&c, LLW_model_experts_used), 10);
    assert_int_equal(count(&c, LLW_model_experts_shared), 1);
    assert_int_equal(count(&c, LLW_model_context_length), 262144);
    assert_true(about(&c, LLW_model_moe)->value.as.flag);
    assert_int_equal(about(&c, LLW_model_experts)->line, 8);
    assert_false(about(&c, LLW_model_context_length)->rounded);

    c = parse("# Kiwi\n| | |\n|:---:|:---:|\n| **Architecture** | Mixture-of-Experts (MoE) |\n| **Total "
              "Parameters** | 1T |\n"
              "| **Activated Parameters** | 32B |\n| **Number of Layers** (Dense layer included) | 61 |\n"
              "| **Number of Experts** | 384 |\n| **Selected Experts per Token** | 8 |\n| **Number of Shared "
              "Experts** | 1 |\n"
              "| **Context Length** | 128K |\n",
              "Kiwi-K2");
    assert_int_equal(count(&c, LLW_model_params), 1000000000000);
    assert_int_equal(count(&c, LLW_model_params_active), 32000000000);
    assert_int_equal(count(&c, LLW_model_layers), 61);
    assert_int_equal(count(&c, LLW_model_experts), 384);
    assert_int_equal(count(&c, LLW_model_experts_used), 8);
    assert_int_equal(count(&c, LLW_model_experts_shared), 1);
    assert_int_equal(count(&c, LLW_model_context_length), 131072);

    c = parse("Deep-V2-Lite has 27 layers. Each MoE layer consists of 2 shared experts and 64 routed "
              "experts. Among them 6 experts "
              "will be activated for each token. So it comprises 15.7B total parameters, of which 2.4B are "
              "activated for each token.",
              "deep-v2-lite");
    assert_int_equal(count(&c, LLW_model_experts), 64);
    assert_int_equal(count(&c, LLW_model_experts_shared), 2);
    assert_int_equal(count(&c, LLW_model_experts_used), 6);
    assert_int_equal(count(&c, LLW_model_params), 15700000000);
    assert_int_equal(count(&c, LLW_model_params_active), 2400000000);
    assert_int_equal(count(&c, LLW_model_layers), 27);

    c = parse("Bear-7B is a dense decoder-only transformer with 7.6 billion parameters.", "bear-7b");
    assert_false(about(&c, LLW_model_moe)->value.as.flag);
}

static void what_is_no_statement_states_nothing(void **state) {
    (void)state;
    static const char *const pages[] = {
        "Unlike MoE models, it keeps everything in one place.",
        "Compared to the dense 32B model, it is fast.",
        "It is not a mixture-of-experts model.",
        "It isn't a dense model.",
        "It matches the dense 32B model with fewer than 3B active parameters.",
        "The series has dense and mixture-of-experts (MoE) models.",
        "Xeno-235B-A22B is a 235B-A22B MoE model with 128 experts.",
        "It was distilled from a 671B parameter MoE model.",
        "> It is a 70B-A7B MoE model.",
        "```\nIt is a 70B-A7B MoE model.\n```",
        "<!-- It is a 70B-A7B MoE model.\nNumber of Layers: 5\n-->",
        "## Benchmarks\nIt is a 70B-A7B MoE model.\n### More\nNumber of Layers: 5\n",
        "| Model | Layers | Experts |\n|---|---|---|\n| Number of Layers: 5 | 64 experts | 3B active |\n",
        "The first 3 layers are dense.",
        "Number of Layers: 0",
        "Context length: 12 tokens",
        "It supports 30 languages and 64 experts of the field, unlike us.",
        "Larger than 70B total parameters",
        "30B-A3",
        "x30B-A3B",
        "MoE",
        "",
    };
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        llw_card_text c = parse(pages[i], "xeno-30b-a3b");
        if (c.n_statements) fail_msg("\"%s\" states \"%s\"", pages[i], c.statements[0].quote);
    }
}

static void a_card_speaks_of_its_own_model_first(void **state) {
    (void)state;
    llw_card_text c = parse("- Number of Layers: 48\n\nA later table:\n- Number of Layers: 94\n", "xeno");
    assert_int_equal(count(&c, LLW_model_layers), 48);
    c = parse("# gpt-oss\n- `gpt-oss-20b`, for local use (21B parameters with 3.6B active parameters)\n"
              "- `gpt-oss-120b`, for production (117B parameters with 5.1B active parameters)\n",
              "gpt-oss-120b-mxfp4");
    assert_int_equal(count(&c, LLW_model_params), 117000000000);
    assert_int_equal(count(&c, LLW_model_params_active), 5100000000);
}

/* --- front matter --- */

static void front_matter_is_read(void **state) {
    (void)state;
    llw_card_text c = parse(page, "GLM-4.7-Flash-Q8_0");
    assert_true(c.front_matter);
    assert_null(c.trouble);
    assert_string_equal(c.licence, "mit");
    assert_string_equal(c.base_model, "maker/GLM-4.7-Flash-Base");
    assert_string_equal(c.title, "GLM-4.7-Flash");
    assert_string_equal(c.source, "https://huggingface.co/maker/GLM-4.7-Flash");
    assert_int_equal(c.statements[0].line, 7);
    assert_true(c.statements[0].weak);
    assert_string_equal(c.statements[0].quote, "tag glm4_moe_lite");
    c = parse("---\nbase_model:\n  - a/first\n  - b/second\nlicense: other\nlicense_name: "
              "own\nmodel-index:\n- name: x\n  tags: moe\n"
              "tags: [x, 'qwen3_moe', moet, amoeba]\nmodel_name: N\n---\n",
              "n");
    assert_string_equal(c.base_model, "a/first");
    assert_string_equal(c.licence, "own");
    assert_string_equal(c.name, "N");
    assert_int_equal(c.n_statements, 1);
}

static void broken_front_matter_leaves_the_prose(void **state) {
    (void)state;
    char deep[4096] = "---\ntags: ";
    memset(deep + strlen(deep), '[', 3000);
    strcat(deep, "\n---\nNumber of Layers: 48\n");
    llw_text large = {0};
    llw_text_add(&large, "---\n");
    for (int i = 0; i < 20000; i++) llw_text_addf(&large, "key%d: 1\n", i);
    llw_text_add(&large, "---\nNumber of Layers: 48\n");
    const char *const pages[] = {
        "---\ntags: [\n---\nNumber of Layers: 48\n",
        "---\na: &x [*x, *x]\nb: *undefined\n---\nNumber of Layers: 48\n",
        "---\n\ttab: 1\n---\nNumber of Layers: 48\n",
        "---\n- just\n- a list\n---\nNumber of Layers: 48\n",
        "---\n...\nNumber of Layers: 48\n",
        "---\r\nlicense: mit\r\n---\r\nNumber of Layers: 48\r\n",
        "\xef\xbb\xbf---\nlicense: mit\n---\nNumber of Layers: 48\n",
        "---\nlicense: \xff\xfe\n---\nNumber of Layers: 48\n",
        deep,
        llw_text_str(&large),
    };
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        llw_card_text c = parse(pages[i], "xeno");
        if (count(&c, LLW_model_layers) != 48) fail_msg("page %zu", i);
    }
    llw_card_text c = parse(pages[0], "xeno");
    assert_non_null(strstr(c.trouble, "no YAML"));
    c = parse(deep, "xeno");
    assert_non_null(strstr(c.trouble, "nested too deep"));
    c = parse(llw_text_str(&large), "xeno");
    assert_non_null(strstr(c.trouble, "larger than 64 KiB"));
    llw_text_fini(&large);
    c = parse("---\nno end of it\n\nNumber of Layers: 48\n", "xeno"); /* a rule, not front matter */
    assert_false(c.front_matter);
    assert_int_equal(count(&c, LLW_model_layers), 48);
}

static void hostile_prose_ends_in_time(void **state) {
    (void)state;
    llw_text t = {0};
    for (int i = 0; i < 900; i++) llw_text_add(&t, "is a ");
    llw_text_add(&t, "\n");
    for (int i = 0; i < 3000; i++)
        llw_text_addf(&t, "%*d 9,9,9,9 experts of the of the 1B 1B 1B activ\xc3\xa9 \xff\n", i % 900, i);
    for (int i = 0; i < 100000; i++) llw_text_add(&t, "[](<|*");
    llw_text_addn(&t, "\0\0\0", 3);
    llw_card_text card;
    assert_int_equal(llw_card_read(arena, t.bytes, t.len, "xeno-1", &card, NULL), LLW_OK);
    llw_text_fini(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(names_mean_the_same_model_or_another),     TEST(siblings_in_a_sentence_are_seen),
        TEST(every_pattern_does_what_its_example_says), TEST(a_broken_table_of_patterns_is_named),
        TEST(makers_ways_of_saying_it_are_understood),  TEST(what_is_no_statement_states_nothing),
        TEST(a_card_speaks_of_its_own_model_first),     TEST(front_matter_is_read),
        TEST(broken_front_matter_leaves_the_prose),     TEST(hostile_prose_ends_in_time),
    };
    return cmocka_run_group_tests_name("card_text", tests, NULL, NULL);
}
