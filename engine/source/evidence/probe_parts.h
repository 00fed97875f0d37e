/* What the parts of the prober share: probe_server.c finds out which server it is, probe_ask.c sends prompts
 * and reads what comes, probe_run.c decides which prompts, and what their end means. */
#ifndef LLW_SOURCE_PROBE_PARTS_H
#define LLW_SOURCE_PROBE_PARTS_H

#include "base/text.h"
#include "source/remote/http.h"
#include "source/evidence/probe_run.h"

#include <jansson.h>

typedef struct llw_prober {
    llw_arena *arena;
    llw_probe_options options; /* defaults filled in */
    llw_http *http;
    llw_probe *probe;
    const char *base;          /* address without /v1 and trailing slashes */
    bool native;               /* llama-server's own protocol */
    bool health;               /* it has /health */
    const char *model;         /* to name in requests; NULL */
    double bytes_per_token;    /* of our text: a guess until the server counted */
    bool measured;             /* ... which it has */
    long pid;                  /* of a server on this machine; 0 unknown */
    const char *process_start; /* of it, as /metrics says (v0.5.0: a header of its answer); NULL */
    int nonce;
    bool routed;             /* the model runs behind a router of several */
    const char *routed_port; /* of its process; NULL */
} llw_prober;

/* ---- probe_server.c ---- */

typedef enum llw_alive { LLW_ALIVE_YES, LLW_ALIVE_NO, LLW_ALIVE_LOADING, LLW_ALIVE_OTHER } llw_alive;

/* Waits until the server is ready and fills in what it tells about itself. False when there is none to probe:
 * *problem and *why say what is wrong. */
bool llw_prober_identify(llw_prober *p, llw_probe_problem *problem, const char **why, int *status);
/* Whether the server is still there and the same one: no, it loads (so it was started anew), or another
 * process answers. */
llw_alive llw_prober_alive(llw_prober *p);
/* Whether `meant` names the model that answers. */
bool llw_prober_is_model(const llw_probe *probe, const char *meant);

/* The JSON of a path, or NULL; `seconds` 0 is what an answer without a model takes. */
json_t *llw_prober_get(llw_prober *p, const char *path, double seconds, llw_http_call *call);
void llw_prober_read_props(llw_prober *p, const json_t *props);

/* ---- probe_router.c ---- */

/* Has the router load the model that was asked for, and reads what its process tells. As
 * llw_prober_identify. */
bool llw_prober_route(llw_prober *p, llw_probe_problem *problem, const char **why, int *status);
/* The path for the model behind a router. */
const char *llw_prober_of_model(llw_prober *p, const char *what);
/* Of the model's process, by what the router, which goes on, says about it. */
llw_alive llw_prober_routed_alive(llw_prober *p);

/* ---- probe_ask.c ---- */

typedef struct llw_answer {
    llw_http_call call;
    llw_prober *p;
    int64_t wanted;
    llw_probe_counted counted;
    int64_t prompt, generated; /* -1 unknown */
    int64_t pieces;            /* of text that came */
    double first, last;        /* when the first and the last piece came, from the start; -1 */
    double prompt_speed, generated_speed;
    bool server_speed, truncated, finished, garbled;
    int64_t read;         /* tokens of the prompt read so far, as the server says */
    const char *error;    /* what the server says is wrong; NULL */
    llw_text line;        /* of the stream, unfinished */
    llw_text start_of_it; /* the first bytes of the answer, in case it is no stream */
    bool events;          /* it is one */
    double started;
    size_t text_bytes; /* of the prompt */
} llw_answer;

/* Sends n prompts of `wanted` tokens at once and reads the answers to their end. */
void llw_prober_ask(llw_prober *p, int64_t wanted, llw_answer *answers, size_t n);
void llw_answers_free(llw_answer *answers, size_t n);

double llw_prober_now(void);

#endif
