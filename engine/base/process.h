/* Runs another program without a shell and takes what it prints, within limits.
 *
 * The child gets /dev/null as standard input and error, no other descriptor of ours, and a process group of
 * its own, which is killed as a whole when the time is over, when it prints more than was asked for, and when
 * it ends (what it started does not outlive it). It is always reaped. The output belongs to the arena and is
 * NUL-terminated after len. */
#ifndef LLW_BASE_PROCESS_H
#define LLW_BASE_PROCESS_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct llw_process {
    const char *out; /* standard output, at most cap bytes */
    size_t len;
    int exit_code;  /* -1 when a signal ended it */
    int signal;     /* 0 unless a signal ended it */
    bool timed_out; /* killed by us: it ran longer than allowed */
    bool truncated; /* killed by us: it printed more than cap bytes */
} llw_process;

/* Runs argv[0] (looked up in PATH when it has no slash) with argv, NULL-terminated. env is the child's
 * environment, NULL-terminated; NULL hands on ours. LLW_OK when it could be started, however it ended: look
 * at *result. LLW_ERR_NOTHING when there is no such program; LLW_ERR_SYSTEM when it cannot be started. */
llw_rc llw_process_run(llw_arena *arena, const char *const *argv, const char *const *env, size_t cap,
                       double seconds, llw_process *result, llw_err *err);

#endif
