/* A llama.cpp process that runs on this machine: its words and variables as they reached it, from /proc.
 *
 * Only variables that llama.cpp or CUDA read are kept; the rest of the environment is nobody's business here.
 * Everything lives in the arena given. Nothing is sent to the server: what it would say by HTTP is not known.
 */
#ifndef LLW_SOURCE_RUNNING_H
#define LLW_SOURCE_RUNNING_H

#include "source/launch/argv.h"

typedef struct llw_running_options {
    const char *root;   /* where /proc is looked for; NULL for the machine itself */
    const char *docker; /* the docker command; NULL for the one in PATH, "" to do without */
    double seconds;     /* limit for each program that is run; 0 for 5 */
} llw_running_options;

typedef struct llw_running {
    long pid;
    const char *program; /* the first word: /app/llama-server */
    llw_program kind;
    llw_token *args; /* without the program's name; places are "argument 3 of process 2145" */
    size_t n_args;
    llw_env *env; /* variables that llama.cpp reads, with what they replaced where a container tells */
    size_t n_env;
    bool env_known;
    const char *const *device_env; /* NAME=VALUE of those that decide which GPUs it sees; NULL-terminated */
    const char *directory;         /* its working directory; NULL unknown */
    const char *root;              /* what / is for it, as a path from here; it may be closed to us */
    const char *container;         /* id, or NULL */
    const char *image;             /* of that container, where docker tells; NULL */
    const char **notes;            /* what could not be known */
    size_t n_notes, note_capacity;
} llw_running;

/* The process that is meant: a PID, the address of a server on this machine (http://127.0.0.1:8080,
 * localhost:8080, :8080), or NULL for the only llama.cpp server that runs. LLW_ERR_NOTHING when there is
 * none; LLW_ERR_INPUT when several could be meant, or the address is another machine's. */
llw_rc llw_running_find(llw_arena *arena, const llw_running_options *options, const char *what, long *pid,
                        llw_err *err);

/* Whether a word names a process in one of these ways. */
bool llw_running_names(const char *word);

/* Reads the process. `flags` decide which variables are kept. LLW_ERR_NOTHING when there is no such process,
 * LLW_ERR_INPUT when it is none of llama.cpp's programs or belongs to somebody else. */
llw_rc llw_running_read(llw_arena *arena, const llw_running_options *options, long pid,
                        const llw_flags *flags, llw_running *out, llw_err *err);

/* A path that the process names, as it can be opened from here: relative to its directory, in its own root
 * where ours has no such file or it runs in a container. */
const char *llw_running_path(llw_arena *arena, const llw_running *process, const char *path);

#endif
