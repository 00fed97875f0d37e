/* Starting a child, as process.c and service.c both do it. */
#ifndef LLW_BASE_SPAWN_H
#define LLW_BASE_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

/* posix_spawnp with /dev/null as standard input, `out` as standard output, `err` (-1: /dev/null) as standard
 * error, nothing else open, and a process group of its own. 0, or what posix_spawnp says. */
int llw_spawn(pid_t *pid, const char *const *argv, const char *const *env, int out, int err);

/* Whether the child has ended; it stays a zombie, so that its process group cannot be somebody else's yet. */
bool llw_spawn_ended(pid_t pid);

#endif
