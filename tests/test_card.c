/* Model cards: which one is used, what it states, what it does not, and how to get it. */
#include "base/data.h"
#include "base/table.h"
#include "fact/model.h"
#include "source/card.h"
#include "source/card_name.h"
#include "source/card_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static llw_arena *arena;
static llw_facts *facts;
static char root[64];

static int setup(void **state) {
    (void)state;
    arena = llw_arena_new();
    facts = llw_facts_new();
    strcpy(root, "/tmp/llwhy-card-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", root);
    llw_data_reset();
    llw_arena_free(arena);
    llw_facts_free(facts);
    return system(command);
}

/* --- helpers --- */

static const char *put(const char *path, const char *content) {
    char full[512];
    snprintf(full, sizeof full, "%s%s", root, path);
    for (char *at = full + strlen(root) + 1; (at = strchr(at, '/')); *at++ = '/') {
        *at = 0;
        mkdir(full, 0700);
    }
    FILE *f = fopen(full, "w");
    assert_non_null(f);
    assert_true(fputs(content, f) >= 0);
    fclose(f);
    return llw_arena_strdup(arena, full);
}

static llw_entity model_at(const char *path) {
    llw_entity model = llw_facts_entity(facts, LLW_KIND_model, path);
    llw_facts_claim(facts, model, LLW_model_path, llw_string(LLW_PATH, path), LLW_GRADE_FILE, "stat", "");
    return model;
}

static llw_entity glm(void) {
    llw_entity model = model_at(put("/m/GLM-4.7-Flash-Q8_0.gguf", "x"));
    llw_facts_claim(facts, model, LLW_model_moe, llw_flag(true), LLW_GRADE_FILE, "gguf",
                    "deepseek2.expert_count");
    llw_facts_claim(facts, model, LLW_model_params, llw_count(29943390976), LLW_GRADE_FILE, "gguf", "");
    llw_facts_claim(facts, model, LLW_model_params_active, llw_count(3200000000), LLW_GRADE_FILE, "gguf", "");
    llw_facts_claim(facts, model, LLW_model_experts, llw_count(64), LLW_GRADE_FILE, "gguf", "");
    llw_facts_claim(facts, model, LLW_model_layers, llw_count(47), LLW_GRADE_FILE, "gguf", "");
    return model;
}

static void read_card(llw_entity model, const char *path) {
    llw_err err = {0};
    if (llw_source_card(facts, model, path, &err) != LLW_OK) fail_msg("%s %s", err.file, err.text);
}

/* The card's claim on a slot, or NULL. */
static const llw_claim *by_card(llw_entity model, llw_attr attr) {
    size_t n;
    const llw_claim **claims = llw_facts_claims(facts, model, attr, arena, &n);
    for (size_t i = 0; i < n; i++)
        if (claims[i]->grade == LLW_GRADE_CARD) return claims[i];
    return NULL;
}

static void assert_noted(const char *part) {
    const char *const *notes;
    size_t n = llw_facts_notes(facts, &notes);
    for (size_t i = 0; i < n; i++)
        if (strstr(notes[i], part)) return;
    fail_msg("no note says \"%s\"", part);
}

static llw_card_text parse(const char *text, const char *model) {
    llw_card_text card;
    llw_err err = {0};
    if (llw_card_read(arena, text, strlen(text), model, &card, &err) != LLW_OK)
        fail_msg("%s:%d %s", err.file, err.line, err.text);
    return card;
}

static const llw_card_statement *about(const llw_card_text *card, llw_attr attr) {
    for (size_t i = 0; i < card->n_statements; i++)
        if (card->statements[i].attr == attr) return &card->statements[i];
    return NULL;
}

static int64_t count(const llw_card_text *card, llw_attr attr) {
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

/* --- names --- */

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

/* --- which card, and the claims --- */

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
    assert_noted("seems to be about another model (Qwen3-Next)");
    llw_err err = {0};
    assert_int_equal(llw_source_card(facts, model, "/no/such/card.md", &err), LLW_ERR_INPUT);
    assert_string_equal(err.file, "/no/such/card.md");
    assert_int_equal(llw_source_card(facts, model, root, &err), LLW_ERR_INPUT);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(names_mean_the_same_model_or_another),
        TEST(siblings_in_a_sentence_are_seen),
        TEST(every_pattern_does_what_its_example_says),
        TEST(a_broken_table_of_patterns_is_named),
        TEST(makers_ways_of_saying_it_are_understood),
        TEST(what_is_no_statement_states_nothing),
        TEST(a_card_speaks_of_its_own_model_first),
        TEST(front_matter_is_read),
        TEST(broken_front_matter_leaves_the_prose),
        TEST(hostile_prose_ends_in_time),
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
