/* Which command reads which option. Help, completions and the man page show these; any other given to a
 * command is a usage error, because it would change nothing. */
#include "cli/options.h"

#include <stdint.h>

_Static_assert(LLW_OPTIONS <= 64, "a command's options are the bits of one number");

#define O(name) (UINT64_C(1) << LLW_OPT_##name)
#define ANYWHERE (O(COLOR) | O(ASCII) | O(WIDTH) | O(HELP) | O(VERSION))
#define MACHINE (O(GPU) | O(NO_GPU) | O(LLAMA_SERVER) | O(RAM)) /* llw_app_gather_machine */
#define LAUNCH                                                                                               \
    (MACHINE | O(FACTS) | O(LLAMA) | O(PROGRAM) | O(CARD) | O(LOG) | O(EVIDENCE) | O(PRIVATE_NETWORK) |      \
     O(CONFINE)) /* llw_app_gather */

static const uint64_t uses[LLW_COMMANDS] = {
    [LLW_COMMAND_DECIDE] = LAUNCH | O(RULES) | O(SAVE) | O(FORMAT) | O(EMIT) | O(FAIL_ON),
    [LLW_COMMAND_WHY] = LAUNCH | O(RULES) | O(FORMAT) | O(ALL) | O(DEPTH) | O(PRECISE),
    [LLW_COMMAND_WHY_NOT] = LAUNCH | O(RULES) | O(FORMAT) | O(ALL) | O(DEPTH) | O(PRECISE),
    [LLW_COMMAND_WHAT_IF] = LAUNCH | O(RULES) | O(FORMAT) | O(FAIL_ON),
    [LLW_COMMAND_CHANGE] = LAUNCH | O(RULES) | O(FORMAT) | O(ALL),
    [LLW_COMMAND_CONTRAST] = LAUNCH | O(RULES) | O(FORMAT) | O(MODEL),
    [LLW_COMMAND_ASK] = LAUNCH | O(RULES),
    [LLW_COMMAND_MCP] = 0,
    [LLW_COMMAND_FACTS] = LAUNCH | O(RULES) | O(SAVE) | O(FORMAT) | O(SCHEMA),
    [LLW_COMMAND_LESSONS] = O(RULES) | O(FORMAT),
    [LLW_COMMAND_LESSON] = O(RULES) | O(FORMAT),
    [LLW_COMMAND_EXPLAIN] = O(RULES) | O(FORMAT),
    [LLW_COMMAND_PREDICT] = LAUNCH | O(FORMAT),
    [LLW_COMMAND_FIT] = LAUNCH | O(FORMAT),
    [LLW_COMMAND_CARD] = O(CARD) | O(PRIVATE_NETWORK) | O(CONFINE),
    [LLW_COMMAND_MODELS] = 0,
    [LLW_COMMAND_LINT] = MACHINE | O(FACTS) | O(LLAMA) | O(EVIDENCE) | O(RULES) | O(ALL) | O(FAIL_ON) |
                         O(ONLY) | O(IGNORE) | O(BASELINE) | O(WRITE_BASELINE) | O(FIX) | O(DIFF) |
                         O(FORMAT) | O(CONFINE),
    [LLW_COMMAND_LOG] = MACHINE | O(FACTS) | O(LLAMA) | O(MODEL) | O(ALL) | O(FAIL_ON) | O(PRIVATE_NETWORK) |
                        O(FORMAT) | O(CONFINE),
    [LLW_COMMAND_VERIFY] = MACHINE | O(LLAMA) | O(LOG) | O(MODEL) | O(ALL) | O(PRIVATE_NETWORK) | O(FORMAT),
    [LLW_COMMAND_RECORD] =
        MACHINE | O(LLAMA) | O(MODEL) | O(MACHINE) | O(LABEL) | O(BECAUSE) | O(EVIDENCE) | O(PRIVATE_NETWORK),
    [LLW_COMMAND_EVIDENCE] = O(EVIDENCE) | O(FORMAT),
    [LLW_COMMAND_FLAGS] = O(LLAMA) | O(PROGRAM) | O(ALL) | O(SAVE) | O(FORMAT),
    [LLW_COMMAND_GATE] = MACHINE | O(FACTS) | O(BUILD) | O(REPORT) | O(EVIDENCE) | O(RULES) | O(FORMAT),
    [LLW_COMMAND_MATRIX] = MACHINE | O(LLAMA) | O(FROM) | O(RULES) | O(PRIVATE_NETWORK) | O(FORMAT),
    [LLW_COMMAND_TEACH] = MACHINE | O(LLAMA) | O(MODEL) | O(FROM) | O(BATCH) | O(ALL) | O(RULES) | O(FORMAT),
    [LLW_COMMAND_PROBE] = MACHINE | O(LLAMA) | O(MODEL) | O(RECORD) | O(WITH) | O(STOP) | O(PLACEMENT) |
                          O(CONTEXT) | O(LIMIT) | O(MIN_SPEED) | O(FORMAT),
    [LLW_COMMAND_TEST] = O(RULES),
    [LLW_COMMAND_LINT_RULES] = O(RULES) | O(FORMAT) | O(FAIL_ON) | O(ONLY) | O(IGNORE),
    [LLW_COMMAND_GUIDE] = O(RULES) | O(FORMAT),
    [LLW_COMMAND_KB] = O(FACTS) | O(FORMAT) | O(ALL),
    [LLW_COMMAND_NEW] = O(RULES),
    [LLW_COMMAND_TRUST] = 0,
    [LLW_COMMAND_DOCTOR] = O(LLAMA_SERVER) | O(EVIDENCE) | O(FORMAT),
    [LLW_COMMAND_COMPLETION] = 0,
    [LLW_COMMAND_MANUAL] = 0,
};

bool llw_command_reads(llw_command command, llw_option_id option) {
    return ((uses[command] | ANYWHERE) >> option) & 1;
}

llw_rc llw_options_check(const llw_options *options, llw_err *err) {
    const char *name = llw_command_table[options->command].name;
    bool decision = options->command == LLW_COMMAND_DECIDE;
    for (int i = 0; i < LLW_OPTIONS; i++) {
        if (!options->n_values[i] || llw_command_reads(options->command, (llw_option_id)i)) continue;
        llw_text readers = {0};
        for (int c = 0; c < LLW_COMMANDS; c++)
            if (llw_command_reads((llw_command)c, (llw_option_id)i))
                llw_text_addf(&readers, "%sllwhy %s", readers.len ? ", " : "",
                              c == LLW_COMMAND_DECIDE ? "MODEL" : llw_command_table[c].name);
        llw_fail(err, LLW_ERR_INPUT, "", 0,
                 "llwhy %s has no use for --%s: leave it out (it is for %s). llwhy %s%s--help lists its own",
                 decision ? "MODEL" : name, llw_option_table[i].name, llw_text_str(&readers), name,
                 decision ? "" : " ");
        llw_text_fini(&readers);
        return LLW_ERR_INPUT;
    }
    return LLW_OK;
}
