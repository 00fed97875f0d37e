/* A load log as facts: the machine it shows, the launch it shows, and what its buffers really took.
 *
 * Measured figures outrank predicted ones, so they are claimed only for a launch they belong to: same model,
 * and no setting that both know and that differs. Origin is "log", place FILE:LINE. */
#ifndef LLW_SOURCE_LOG_CLAIM_H
#define LLW_SOURCE_LOG_CLAIM_H

#include "fact/facts.h"
#include "source/launch/argv.h"
#include "source/log/log.h"

/* Whether the load shows GPUs with their memory, so that the machine can be taken from it. */
bool llw_log_shows_machine(const llw_load *load);

/* Claims its GPUs (id, name, total, free, what models/gpus.tsv knows of the card), host.gpus, and the host's
 * RAM where the log tells it. Fails only when a table of ours cannot be read. */
llw_rc llw_log_claim_machine(llw_facts *facts, const llw_log *log, const llw_load *load, llw_err *err);

/* The words that start llama.cpp as the load shows it: context, batches, slots, cache types, flash attention,
 * layers, experts in RAM where the log names every override. A load that --fit placed keeps fit on, with its
 * targets. What a log never says (-ts, other overrides) is left out; *unsaid is a sentence about it, or "".
 */
size_t llw_log_words(llw_arena *arena, const llw_log *log, const llw_load *load, const llw_token **out,
                     const char **unsaid);

/* The build that printed it, as llw_build_claim takes it, or NULL: not said, a copy without history, or
 * ik_llama.cpp. */
const char *llw_log_build(const llw_load *load);

typedef struct llw_log_result {
    llw_entity log;
    bool weights, context, compute; /* were claimed as measured for the launch */
    bool other_model;               /* its weights or architecture are not this model's */
    const char *why_not;            /* one sentence when something was not, else "" */
} llw_log_result;

/* Claims the log entity, and for the launch (0: none) what the load measured: placements LAUNCH@DEVICE, the
 * resulting context, speed. Never fails. */
void llw_log_claim(llw_facts *facts, const llw_log *log, const llw_load *load, llw_entity launch,
                   llw_log_result *out);

/* Reads a log and claims the load that tells most (llw_log_best). For a server that runs: its log and its
 * launch. */
llw_rc llw_source_log(llw_facts *facts, const char *path, llw_entity launch, llw_log_result *out,
                      llw_err *err);

#endif
