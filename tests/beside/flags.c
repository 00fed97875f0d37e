/* flags: what llwhy makes of command lines, beside arguments.cpp and with its input and output: words parted
 * by tabs, variables in front of a lone
 * --; an object of the launch's slots a line, {} where llama-server would end. */
#include "fact/build.h"
#include "source/launch/argv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 200 };

static void number(const llw_facts *facts, llw_entity launch, llw_attr attr) {
    int64_t n = 0;
    bool flag = false, is_flag = llw_attr_get(attr)->type == LLW_FLAG;
    bool known =
        is_flag ? llw_facts_flag(facts, launch, attr, &flag) : llw_facts_count(facts, launch, attr, &n);
    printf(",\"%s\":", llw_attr_get(attr)->name);
    if (known)
        printf("%" PRId64, is_flag ? flag : n);
    else
        printf("null");
}

static void text(const llw_facts *facts, llw_entity launch, llw_attr attr) {
    const char *value = "";
    llw_facts_text(facts, launch, attr, &value);
    printf(",\"%s\":\"%s\"", llw_attr_get(attr)->name, value);
}

static void tell(const llw_facts *facts, llw_entity launch) {
    static const llw_attr numbers[] = {
        LLW_launch_ctx,        LLW_launch_batch,      LLW_launch_ubatch,
        LLW_launch_parallel,   LLW_launch_gpu_layers, LLW_launch_main_gpu,
        LLW_launch_fit,        LLW_launch_fit_ctx,    LLW_launch_kv_unified,
        LLW_launch_kv_offload, LLW_launch_swa_full,   LLW_launch_op_offload,
        LLW_launch_repack,     LLW_launch_no_host,    LLW_launch_embedding_mode,
        LLW_launch_draft_max};
    static const llw_attr texts[] = {
        LLW_launch_split_mode,   LLW_launch_flash_attn,   LLW_launch_cache_type_k,
        LLW_launch_cache_type_v, LLW_launch_load_mode,    LLW_launch_pooling,
        LLW_launch_fit_target,   LLW_launch_tensor_split, LLW_launch_mmproj};
    printf("{\"launch\":1");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) number(facts, launch, numbers[i]);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) text(facts, launch, texts[i]);
    puts("}");
}

int main(void) {
    llw_flags table;
    if (llw_flags_load(&table, NULL) != LLW_OK) return 1;
    char line[1 << 16];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        llw_token words[MOST];
        llw_env env[MOST];
        llw_argv in = {.id = "argv", .args = words, .env = env, .flags = &table};
        bool variables = true;
        char *rest = line;
        for (char *word; (word = strsep(&rest, "\t")) && in.n_args < MOST && in.n_env < MOST;) {
            char *equals = strchr(word, '=');
            if (variables && !strcmp(word, "--")) {
                variables = false;
            } else if (!variables) {
                words[in.n_args++] = (llw_token){.text = word, .place = "argument"};
            } else if (equals) {
                *equals = 0;
                env[in.n_env++] = (llw_env){word, {.text = equals + 1, .place = "environment"}};
            }
        }
        llw_facts *facts = llw_facts_new();
        in.build = llw_build_claim(facts, "v0.5.0", LLW_GRADE_FLAG, "argument", "", &(llw_err){0});
        llw_argv_result out;
        llw_err err = {0};
        if (llw_argv_read(facts, &in, &out, &err) != LLW_OK) return 1;
        if (out.refused || out.exits)
            puts("{}");
        else
            tell(facts, out.launch);
        llw_facts_free(facts);
    }
    return 0;
}
