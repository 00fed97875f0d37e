/* What Docker was told about a container: its variables and those of its image. Runs the docker command, with
 * a time limit. */
#ifndef LLW_SOURCE_CONTAINER_H
#define LLW_SOURCE_CONTAINER_H

#include "base/arena.h"
#include "base/error.h"

#include <stddef.h>

typedef struct llw_container {
    const char *id, *name, *image;
    long pid;                     /* of its first process, as the host counts; 0 when it does not run */
    const char *const *env;       /* NAME=VALUE as the container was configured; NULL-terminated */
    const char *const *image_env; /* as the image has them; NULL when the image cannot be asked */
} llw_container;

/* LLW_ERR_NOTHING with the reason when docker is not there, does not answer, or knows no such container. */
llw_rc llw_container_inspect(llw_arena *arena, const char *docker, const char *id, double seconds,
                             llw_container *out, llw_err *err);

/* The container that publishes a TCP port of this host; its id in *id. */
llw_rc llw_container_of_port(llw_arena *arena, const char *docker, int port, double seconds, const char **id,
                             llw_err *err);

/* The value of a variable in such a list, or NULL. */
const char *llw_container_value(const char *const *env, const char *name);

#endif
