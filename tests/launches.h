/* Launches for tests: a known model, flags and cards as text. */
#ifndef TESTS_LAUNCHES_H
#define TESTS_LAUNCHES_H

#include "fact/build.h"
#include "source/launch/argv.h"
#include "source/model/beside.h"
#include "source/model/known.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* cards: TOTAL:FREE[:GB/s] in MiB (or bytes above 1,000,000), separated by commas. ram: GB/s, 0 unknown.
 * Fails the test when something cannot be read. */
static llw_launch launch_of(llw_facts *facts, const char *llama, const char *program, const char *model_name,
                            const char *args, const char *cards, double ram) {
    llw_arena *arena = llw_facts_arena(facts);
    llw_err err = {0};
    llw_entity model;
    if (llw_source_known(facts, model_name, NULL, &model, &err) != LLW_OK) fail_msg("%s", err.text);
    llw_token tokens[40];
    size_t n = 0;
    char *rest, *words = llw_arena_strdup(arena, args);
    for (char *word = strtok_r(words, " ", &rest); word && n < 40; word = strtok_r(NULL, " ", &rest))
        tokens[n++] = (llw_token){.text = word, .place = ""};
    llw_argv in = {.id = "argv", .args = tokens, .n_args = n};
    assert_true(llw_program_find(program, &in.program));
    in.build = llw_build_claim(facts, llama, LLW_GRADE_FLAG, "test", "", &err);
    llw_argv_result read;
    if (llw_argv_read(facts, &in, &read, &err) != LLW_OK) fail_msg("%s", err.text);
    llw_facts_claim(facts, read.launch, LLW_launch_model, llw_ref(model), LLW_GRADE_FLAG, "test", "");
    llw_source_beside(facts, read.launch, LLW_launch_draft_model, LLW_launch_draft, NULL);
    const char *at = cards;
    for (int i = 0; *at; i++) {
        char *end, name[16];
        snprintf(name, sizeof name, "CUDA%d", i);
        llw_entity gpu = llw_facts_entity(facts, LLW_KIND_gpu, name);
        int64_t total = strtoll(at, &end, 10), left = strtoll(end + 1, &end, 10),
                unit = total > 1000000 ? 1 : 1 << 20;
        llw_facts_claim(facts, gpu, LLW_gpu_index, llw_count(i), LLW_GRADE_MEASURED, "argument", "");
        llw_facts_claim(facts, gpu, LLW_gpu_total, llw_bytes(total * unit), LLW_GRADE_MEASURED, "argument",
                        "");
        llw_facts_claim(facts, gpu, LLW_gpu_free, llw_bytes(left * unit), LLW_GRADE_MEASURED, "argument", "");
        if (*end == ':')
            llw_facts_claim(facts, gpu, LLW_gpu_bandwidth, llw_number(LLW_RATE, strtod(end + 1, &end) * 1e9),
                            LLW_GRADE_MEASURED, "argument", "");
        at = *end ? end + 1 : end;
    }
    llw_entity host = llw_facts_entity(facts, LLW_KIND_host, "host");
    if (ram > 0)
        llw_facts_claim(facts, host, LLW_host_ram_bandwidth, llw_number(LLW_RATE, ram * 1e9),
                        LLW_GRADE_MEASURED, "test", "");
    llw_launch launch;
    llw_attr missing;
    if (llw_launch_read(facts, read.launch, arena, &launch, &missing, &err) != LLW_OK)
        fail_msg("%s", err.text);
    return launch;
}

#endif
