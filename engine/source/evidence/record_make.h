/* Records made from what other programs wrote: a load log, llama-bench's JSON, the results of a benchmark.
 *
 * Each fills what the file tells; build, model, flags and machine that it does not tell are the caller's.
 * Nothing in a file is opened or run. */
#ifndef LLW_SOURCE_RECORD_MAKE_H
#define LLW_SOURCE_RECORD_MAKE_H

#include "fact/probe.h"
#include "fact/record.h"
#include "source/log/log.h"

enum { LLW_RECORD_FILE_BYTES = 64 << 20, LLW_RECORDS_MADE = 512 };

/* One load of a log. */
void llw_record_from_load(llw_arena *arena, const llw_log *log, const llw_load *l, llw_record *r);

/* llama-bench -o json (an array) or -o jsonl: one record for each set of flags, its tests the tests made with
 * it. LLW_ERR_INPUT with the line when it is neither. */
llw_rc llw_record_from_bench(llw_arena *arena, const char *path, const char *bytes, size_t len,
                             llw_record **records, size_t *n, llw_err *err);

/* EvalPlus: its samples (*.jsonl: task_id and solution or completion) or its *_eval_results.json. */
llw_rc llw_record_from_run(llw_arena *arena, const char *path, const char *bytes, size_t len, llw_record *out,
                           llw_err *err);

/* A probe. A trial that says nothing about the build is left out; a prompt whose length was only estimated
 * has none. */
void llw_record_from_probe(llw_arena *arena, const llw_probe *probe, llw_record *r);

/* What llwhy probe --record wrote (llwhy.probe/1): a record for each server. LLW_ERR_INPUT with the line when
 * it is no such file; a probe in it that cannot be read is one as well. */
llw_rc llw_record_from_probes(llw_arena *arena, const char *path, const char *bytes, size_t len,
                              llw_record **records, size_t *n, llw_err *err);

#endif
