/* Requests over HTTP with a limit on everything: time, silence, bytes, redirects, and where they may lead.
 *
 * TLS is always verified; only http and https are spoken, and https never leads back to http. A secret goes
 * to the one origin it is meant for and to no other host, whatever redirects say; it is in no message. Unless
 * private networks are allowed, no connection is made to a loopback, private, link-local or otherwise special
 * address, whatever name it has; behind a proxy, which resolves names itself, this is checked for addresses
 * that are written out. Several requests may run at once. Nothing is tried again here but by
 * llw_http_insist. Texts live in the arena given to llw_http_new. */
#ifndef LLW_SOURCE_HTTP_H
#define LLW_SOURCE_HTTP_H

#include "base/arena.h"
#include "base/error.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum llw_http_end {
    LLW_HTTP_ANSWERED,   /* a whole answer of whatever status */
    LLW_HTTP_UNRESOLVED, /* no such host */
    LLW_HTTP_REFUSED,    /* nobody there, or not reachable */
    LLW_HTTP_FORBIDDEN,  /* an address, protocol or redirect that is not allowed */
    LLW_HTTP_TLS,        /* the other side could not prove who it is */
    LLW_HTTP_CUT,        /* it began or was sent, and the connection ended */
    LLW_HTTP_GARBLED,    /* what came is no HTTP */
    LLW_HTTP_TIMEOUT,    /* too long, or too long silent */
    LLW_HTTP_TOO_LARGE,  /* more bytes than the cap */
    LLW_HTTP_ENOUGH,     /* the receiver wanted no more */
    LLW_HTTP_STOPPED,    /* *stop was set */
} llw_http_end;

typedef struct llw_http_options {
    const char *token;        /* Authorization: Bearer; NULL none */
    const char *token_origin; /* the only scheme://host[:port] it goes to */
    bool private_networks;
    double connect_seconds;            /* 0: 10 */
    const volatile sig_atomic_t *stop; /* nonzero ends every request; NULL */
} llw_http_options;

typedef struct llw_http_call {
    /* asked */
    const char *url;
    const char *body;  /* JSON to POST; NULL for GET */
    const char *range; /* "0-65535"; NULL */
    double seconds;    /* limit in all; 0 none */
    double silence;    /* limit between two bytes, from the start; 0 none */
    size_t cap;        /* bytes kept of the body (without receive) */
    bool (*receive)(void *context, const char *bytes, size_t len); /* takes the body; false: enough */
    void *context;
    /* answered */
    llw_http_end end;
    long status; /* 0 when none came */
    const char *body_out;
    size_t len;
    const char *effective;                     /* address after redirects */
    int64_t length;                            /* Content-Length; -1 */
    int64_t range_from, range_to, range_total; /* Content-Range; -1 */
    const char *etag, *next, *error_code;      /* ETag, Link rel="next", X-Error-Code; NULL */
    const char *process_start;                 /* Process-Start-Time-Unix; NULL */
    double retry_after;                        /* seconds; -1 */
    double first_byte, took;
    const char *why; /* what happened, as the end of a sentence about the host; "" when answered */
} llw_http_call;

typedef struct llw_http llw_http;

llw_http *llw_http_new(llw_arena *arena, const llw_http_options *options);
void llw_http_free(llw_http *http); /* NULL is fine */

/* Runs the calls at once and returns when all have ended. A receiver may change the limits of its call. */
void llw_http_run(llw_http *http, llw_http_call *const *calls, size_t n);
void llw_http_do(llw_http *http, llw_http_call *call); /* one */

/* One call, tried up to `tries` times while the trouble may pass by itself (429, 500, 502 to 504, a
 * connection that failed, was cut or timed out), with a growing pause, or the one the server asks for up to a
 * minute. Not for calls with a receiver that keeps what it got. */
void llw_http_insist(llw_http *http, llw_http_call *call, int tries);

/* Whether the trouble of a call may pass by itself; and the pause before try i + 1 (from 0). The pause is
 * false when the server asks for more patience than a minute, or *stop was set. */
bool llw_http_may_pass(const llw_http_call *call);
bool llw_http_pause(llw_http *http, const llw_http_call *call, int i);

/* A body read bit by bit, no further than asked: for servers that know no ranges. */
typedef struct llw_http_stream llw_http_stream;
llw_http_stream *llw_http_open(llw_http *http, llw_http_call *call);
/* Reads until `want` bytes came in all, the body ended or failed; *bytes is everything so far. True when
 * there are `want`. */
bool llw_http_read(llw_http_stream *stream, size_t want, const char **bytes, size_t *len);
void llw_http_close(llw_http_stream *stream);

/* Bytes of bodies received so far, by all calls. */
int64_t llw_http_received(const llw_http *http);

/* scheme://host[:port] of an address; NULL when it is none. */
const char *llw_http_origin(llw_arena *arena, const char *url);
/* The address without user, password, query and fragment: for messages and records. */
const char *llw_http_public(llw_arena *arena, const char *url);
/* Whether a host is this machine: localhost, 127.0.0.1, [::1]. */
bool llw_http_is_here(const char *url);

#endif
