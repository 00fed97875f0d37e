/* Probing a running server: which one it is, and what it does with a short prompt, longer ones, and several
 * at once.
 *
 * llama-server is spoken to in its own protocol (/props, /slots, /tokenize, /completion), any other server as
 * OpenAI's (/v1/models, /v1/chat/completions). Prompts differ from their first word on and ask not to be
 * cached, so that every one is really read. A prompt counts as answered when tokens came and the server is
 * still the one that it was. Behind a crash or a hang no further prompt is sent. */
#ifndef LLW_SOURCE_PROBE_RUN_H
#define LLW_SOURCE_PROBE_RUN_H

#include "base/error.h"
#include "fact/flags.h"
#include "fact/probe.h"

#include <signal.h>

typedef struct llw_probe_options {
    const char *url; /* http://127.0.0.1:8080; a path behind it is kept, without /v1 */
    const char *key; /* of the server; NULL. Sent to no other */
    const char
        *model; /* what should answer: a name, file or path; NULL. Asked for where several are served */
    const char *build;                 /* what the build is, where the server does not say; NULL */
    int64_t context;                   /* tokens of a slot, where the server does not say; 0 */
    double limit;                      /* seconds in which the first token must come; 0: 600 */
    double ready;                      /* seconds in which a server that loads must be ready; 0: 600 */
    double slowest;                    /* tokens a second below which an answer counts as slow; 0: 1 */
    int64_t generate;                  /* tokens asked for; 0: 16 */
    const volatile sig_atomic_t *stop; /* nonzero: end now, keep what was found; NULL */
    void (*progress)(void *context, const char *what);      /* a few words, again and again; NULL */
    void (*changed)(void *context, const llw_probe *probe); /* after every trial; NULL */
    bool (*running)(void *context, const char **why); /* false: what was started has ended, and why; NULL */
    void *caller;                                     /* first argument of the three */
} llw_probe_options;

/* Probes the server. Always leaves a probe that can be recorded: a server that cannot be reached or spoken to
 * is a failed trial. `probe` may carry profile, placement, flags and devices already. */
void llw_probe_run(llw_arena *arena, const llw_probe_options *options, llw_probe *probe);

/* A probe of which nothing is known yet. */
llw_probe llw_probe_new(llw_arena *arena, const char *url);

#endif
