/* A program that is started, goes on running, and is stopped again; what it prints is kept in a file nobody
 * else sees, so that its last words can be told.
 *
 * It gets a process group of its own, so that Ctrl-C at the terminal reaches us and not it; stopping it ends
 * the whole group. A llw_service belongs to its arena but must be stopped before that is freed. */
#ifndef LLW_BASE_SERVICE_H
#define LLW_BASE_SERVICE_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>

typedef struct llw_service llw_service;

/* argv and env as in llw_process_run. */
llw_rc llw_service_start(llw_arena *arena, const char *const *argv, const char *const *env, llw_service **out,
                         llw_err *err);
/* Whether it still runs. When it has ended: its exit code, or minus the signal that ended it. */
bool llw_service_runs(llw_service *service, int *ended_with);
/* SIGTERM to the group, SIGKILL for what is left after `seconds`. */
void llw_service_stop(llw_service *service, double seconds);
/* The last line it printed, "" when it printed none. */
const char *llw_service_last_line(llw_arena *arena, const llw_service *service);

#endif
