/* A model on a web server: its header read over the network, no further than needed, into the facts that the
 * file itself would give.
 *
 * Ranges are asked for, each about a sixth of what is already there, so that little is fetched that the
 * header does not need; long arrays of numbers are stepped over. A server without ranges is read from the
 * start and left where the header ends. Redirects are followed, trouble that may pass is tried again. The
 * parts of a split set are read one by one. What http.h says of secrets, TLS and private networks holds. */
#ifndef LLW_SOURCE_REMOTE_H
#define LLW_SOURCE_REMOTE_H

#include "base/error.h"
#include "fact/facts.h"
#include "source/remote/http.h"

enum { LLW_REMOTE_MAX = 320 << 20 }; /* bytes fetched for one model: a longer header is refused anyway */

typedef struct llw_remote {
    llw_http *http;
    llw_arena *arena;
    int64_t cap;                                      /* bytes in all; 0: LLW_REMOTE_MAX */
    const struct llw_model *like;                     /* a model with the same vocabulary, or NULL (gguf.h) */
    void (*progress)(void *caller, const char *what); /* a few words, again and again; NULL */
    void *caller;
    bool keep;                         /* headers, for the next time that an address is asked for */
    struct llw_remote_header *headers; /* those kept */
    const char *query;                 /* of the address, for the parts too; set by llw_remote_model */
} llw_remote;

bool llw_remote_names(const char *word); /* http://... or https://... */

/* The model at that address. Its id is `id`, or the address without query; its path is the file's name, as it
 * will be called once it is here. */
llw_rc llw_remote_model(llw_remote *remote, llw_facts *facts, const char *url, const char *id,
                        llw_entity *model, llw_err *err);

/* A small text (an API's answer, a card) of at most cap bytes, whole; `name` is what messages call it.
 * LLW_ERR_NOTHING when there is none. *next (may be NULL) is the address of the next page, or NULL. */
llw_rc llw_remote_text(llw_remote *remote, const char *url, const char *name, size_t cap, const char **text,
                       size_t *len, const char **next, llw_err *err);

#endif
