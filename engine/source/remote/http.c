/* libcurl with our rules: redirects are followed here, each hop checked anew. */
#include "source/remote/http.h"
#include "base/text.h"
#include "source/remote/curl.h"
#include "source/remote/http_address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum {
    MAX_REDIRECTS = 5,
    MAX_HEADER = 64 << 10,     /* bytes of all header lines of an answer */
    RECEIVE_BUFFER = 64 << 10, /* of a stream: what the kernel may fetch ahead of us */
    POLL_MS = 100,             /* how late *stop may be seen */
    MAX_PAUSE = 60
};

static const double FIRST_PAUSE = 0.25; /* seconds; each further one is three times as long */

struct llw_http {
    llw_arena *arena;
    llw_http_options options;
    CURLM *multi;
    int64_t received;
    void (*pipe_handler)(int);
};

typedef struct transfer {
    llw_http *http;
    llw_http_call *call;
    CURL *easy;
    struct curl_slist *headers;
    const char *url; /* of this hop */
    int redirects;
    size_t header_bytes;
    llw_text body;
    double started, last;  /* of the call; when the last byte came */
    const char *forbidden; /* why an address was not allowed; NULL */
    bool stopped, enough, too_large, silent, late;
    bool answered; /* a byte of an answer came */
    /* of a stream */
    bool streams, paused, done;
    size_t want;
    CURLcode code;
    char error[CURL_ERROR_SIZE];
} transfer;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- callbacks ---- */

static const char *not_public(const transfer *t) {
    return t->redirects ? "it redirects to an address of this machine or of a private network"
                        : "it is an address of this machine or of a private network";
}

static bool is_secure(const char *url) {
    return !strncasecmp(url, "https://", 8);
}

/* A proxy resolves names itself, and may stand in a private network. Variables as libcurl reads them. */
static bool behind_proxy(const char *url) {
    static const char *const secure[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"},
                             *const plain[] = {"http_proxy", "all_proxy", "ALL_PROXY", "all_proxy"};
    const char *const *names = is_secure(url) ? secure : plain;
    for (size_t i = 0; i < 4; i++) {
        const char *value = getenv(names[i]);
        if (value && *value) return true;
    }
    return false;
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
    transfer *t = context;
    (void)purpose;
    if (!t->http->options.private_networks && !behind_proxy(t->url) &&
        !llw_address_is_public(&address->addr)) {
        t->forbidden = not_public(t);
        return CURL_SOCKET_BAD;
    }
    curl_socket_t s = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    int small = RECEIVE_BUFFER;
    if (t->streams && s >= 0) (void)setsockopt(s, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    return s;
}

static int64_t number_after(const char *text) {
    char *end = NULL;
    long long n = strtoll(text, &end, 10);
    return end != text && n >= 0 ? n : -1;
}

/* "bytes 0-65535/31839902720"; the total may be *. */
static void read_range(llw_http_call *call, const char *value) {
    long long from = -1, to = -1;
    int used = 0;
    if (sscanf(value, "bytes %lld-%lld/%n", &from, &to, &used) < 2 || !used || from < 0 || to < from) return;
    call->range_from = from;
    call->range_to = to;
    call->range_total = value[used] == '*' ? -1 : number_after(value + used);
}

/* <https://...>; rel="next" */
static const char *next_link(llw_arena *arena, const char *value) {
    const char *rel = strstr(value, "rel=\"next\""), *open = rel;
    while (open && open > value && *open != '<') open--;
    const char *close = open && *open == '<' ? strchr(open, '>') : NULL;
    return close ? llw_arena_strndup(arena, open + 1, (size_t)(close - open - 1)) : NULL;
}

static const char *value_of(llw_arena *arena, const char *line, size_t len, const char *name) {
    size_t n = strlen(name);
    if (len <= n || strncasecmp(line, name, n) || line[n] != ':') return NULL;
    const char *at = line + n + 1, *end = line + len;
    while (at < end && (*at == ' ' || *at == '\t')) at++;
    while (end > at && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ')) end--;
    return llw_arena_strndup(arena, at, (size_t)(end - at));
}

static size_t on_header(char *bytes, size_t size, size_t n, void *context) {
    transfer *t = context;
    llw_arena *arena = t->http->arena;
    size_t len = size * n;
    t->answered = true;
    t->last = now();
    t->header_bytes += len;
    if (t->header_bytes > MAX_HEADER) {
        t->too_large = true;
        return 0;
    }
    const char *value;
    if (len > 5 && !strncmp(bytes, "HTTP/", 5)) { /* a new answer: 100 Continue, a proxy's, the real one */
        t->call->length = t->call->range_from = t->call->range_to = t->call->range_total = -1;
        t->call->etag = t->call->next = t->call->error_code = t->call->process_start = NULL;
        t->call->retry_after = -1;
    } else if ((value = value_of(arena, bytes, len, "content-length")))
        t->call->length = number_after(value);
    else if ((value = value_of(arena, bytes, len, "content-range")))
        read_range(t->call, value);
    else if ((value = value_of(arena, bytes, len, "etag")))
        t->call->etag = value;
    else if ((value = value_of(arena, bytes, len, "link")))
        t->call->next = next_link(arena, value);
    else if ((value = value_of(arena, bytes, len, "x-error-code")))
        t->call->error_code = value;
    else if ((value = value_of(arena, bytes, len, "process-start-time-unix")))
        t->call->process_start = value;
    else if ((value = value_of(arena, bytes, len, "retry-after")))
        t->call->retry_after = (double)number_after(value);
    return len;
}

static bool is_redirect(const transfer *t, long status) {
    return !t->call->body &&
           (status == 301 || status == 302 || status == 303 || status == 307 || status == 308);
}

static size_t on_body(char *bytes, size_t size, size_t n, void *context) {
    transfer *t = context;
    size_t len = size * n;
    long status = 0;
    t->last = now();
    if (t->call->first_byte < 0) t->call->first_byte = t->last - t->started;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    if (is_redirect(t, status)) return len; /* a page for people */
    if (t->streams && t->body.len >= t->want) {
        t->paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    t->http->received += (int64_t)len;
    if (t->call->receive) {
        if (t->call->receive(t->call->context, bytes, len)) return len;
        t->enough = true;
        return 0;
    }
    if (len > t->call->cap - t->body.len) {
        t->too_large = true;
        return 0;
    }
    llw_text_addn(&t->body, bytes, len);
    return len;
}

static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    transfer *t = context;
    double at = now();
    (void)a, (void)b, (void)c, (void)d;
    t->stopped |= t->http->options.stop && *t->http->options.stop;
    t->late |= t->call->seconds > 0 && at - t->started > t->call->seconds;
    t->silent |= t->call->silence > 0 && !t->paused && at - t->last > t->call->silence;
    return t->stopped || t->late || t->silent;
}

/* ---- one hop ---- */

static bool same_origin(llw_http *http, const char *url, const char *origin) {
    const char *a = llw_http_origin(http->arena, url), *b = llw_http_origin(http->arena, origin);
    return a && b && !strcmp(a, b);
}

/* The host as it is written, when that alone forbids it. */
static bool host_forbidden(llw_http *http, const char *url) {
    char *host = NULL;
    CURLU *u = curl_url();
    bool bad = !http->options.private_networks && u &&
               curl_url_set(u, CURLUPART_URL, url, CURLU_DEFAULT_SCHEME) == CURLUE_OK &&
               curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK && llw_address_is_special_host(host);
    curl_free(host);
    curl_url_cleanup(u);
    return bad;
}

/* Prepares the handle for the transfer's url; false when the rules forbid it. */
static bool prepare(transfer *t) {
    llw_http *http = t->http;
    curl_easy_reset(t->easy);
    curl_slist_free_all(t->headers);
    t->headers = curl_slist_append(NULL, "Accept: */*");
    if (host_forbidden(http, t->url)) {
        t->forbidden = not_public(t);
        return false;
    }
    if (t->call->body) t->headers = curl_slist_append(t->headers, "Content-Type: application/json");
    if (t->call->body) t->headers = curl_slist_append(t->headers, "Expect:");
    if (http->options.token && http->options.token_origin &&
        same_origin(http, t->url, http->options.token_origin)) {
        t->headers = curl_slist_append(
            t->headers, llw_arena_printf(http->arena, "Authorization: Bearer %s", http->options.token));
    }
    CURL *e = t->easy;
    curl_easy_setopt(e, CURLOPT_URL, t->url);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_USERAGENT, "llwhy");
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->headers);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)((http->options.connect_seconds > 0 ? http->options.connect_seconds : 10) * 1000));
    curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, t);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(e, CURLOPT_XFERINFODATA, t);
    curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error);
    curl_easy_setopt(e, CURLOPT_PRIVATE, t);
    if (t->streams) curl_easy_setopt(e, CURLOPT_BUFFERSIZE, 16384L);
    if (t->streams) curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
    if (t->call->range) curl_easy_setopt(e, CURLOPT_RANGE, t->call->range);
    if (t->call->body) curl_easy_setopt(e, CURLOPT_POSTFIELDS, t->call->body);
    return true;
}

static bool start(transfer *t, llw_http *http, llw_http_call *call, bool streams) {
    *t = (transfer){.http = http, .call = call, .url = call->url, .streams = streams};
    if (llw_curl_load())
        t->easy = curl_easy_init();
    else
        t->forbidden = llw_curl_missing;
    t->started = t->last = now();
    call->status = 0;
    call->first_byte = call->took = call->retry_after = -1;
    call->length = call->range_from = call->range_to = call->range_total = -1;
    call->body_out = call->why = "";
    call->len = 0;
    call->effective = call->url;
    call->etag = call->next = call->error_code = call->process_start = NULL;
    if (!t->easy || !prepare(t)) return false;
    return curl_multi_add_handle(http->multi, t->easy) == CURLM_OK;
}

/* Follows a redirect: true when another hop was begun. */
static bool follow(transfer *t) {
    char *to = NULL;
    long status = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &to);
    if (t->code != CURLE_OK || !is_redirect(t, status) || !to) return false;
    const char *next = llw_arena_strdup(t->http->arena, to);
    if (++t->redirects > MAX_REDIRECTS) t->forbidden = "it redirects again and again";
    if (is_secure(t->url) && !is_secure(next)) t->forbidden = "it redirects from https to http";
    if (t->forbidden) return false;
    t->url = t->call->effective = next;
    t->header_bytes = 0;
    llw_text_fini(&t->body);
    curl_multi_remove_handle(t->http->multi, t->easy);
    return prepare(t) && curl_multi_add_handle(t->http->multi, t->easy) == CURLM_OK;
}

static llw_http_end end_of(const transfer *t) {
    if (t->stopped) return LLW_HTTP_STOPPED;
    if (t->enough) return LLW_HTTP_ENOUGH;
    if (t->forbidden) return LLW_HTTP_FORBIDDEN;
    if (t->too_large) return LLW_HTTP_TOO_LARGE;
    if (t->late || t->silent) return LLW_HTTP_TIMEOUT;
    switch (t->code) {
    case CURLE_OK: return LLW_HTTP_ANSWERED;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return LLW_HTTP_UNRESOLVED;
    case CURLE_COULDNT_CONNECT: return LLW_HTTP_REFUSED;
    case CURLE_OPERATION_TIMEDOUT: return LLW_HTTP_TIMEOUT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE: return LLW_HTTP_TLS;
    case CURLE_WEIRD_SERVER_REPLY: return LLW_HTTP_GARBLED;
    case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9, which is what anything else looks like */
        return strncasecmp(t->url, "http", 4) ? LLW_HTTP_FORBIDDEN : LLW_HTTP_GARBLED;
    case CURLE_URL_MALFORMAT: return LLW_HTTP_FORBIDDEN;
    default: return LLW_HTTP_CUT;
    }
}

static const char *why(transfer *t, llw_http_end end) {
    llw_arena *arena = t->http->arena;
    const char *detail = *t->error ? t->error : t->easy ? curl_easy_strerror(t->code) : "";
    switch (end) {
    case LLW_HTTP_ANSWERED:
    case LLW_HTTP_ENOUGH: return "";
    case LLW_HTTP_UNRESOLVED: return "its name cannot be resolved: is there a network, is the name right?";
    case LLW_HTTP_REFUSED: return "nothing answers at that address";
    case LLW_HTTP_FORBIDDEN: return t->forbidden ? t->forbidden : "its address is none of http or https";
    case LLW_HTTP_TLS: return llw_arena_printf(arena, "it cannot prove who it is: %s", detail);
    case LLW_HTTP_GARBLED: return "what it sends is no HTTP";
    case LLW_HTTP_CUT: return "the connection ended before the answer did";
    case LLW_HTTP_TIMEOUT:
        return t->silent ? llw_arena_printf(arena, "nothing came for %.3g s", t->call->silence)
               : t->late ? llw_arena_printf(arena, "it was not done after %.3g s", t->call->seconds)
                         : "it could not be reached in time";
    case LLW_HTTP_TOO_LARGE: return "it sends more than such an answer may have";
    case LLW_HTTP_STOPPED: return "it was stopped";
    }
    return "";
}

static void finish(transfer *t) {
    llw_http_call *call = t->call;
    call->end = end_of(t);
    call->took = now() - t->started;
    if (t->easy) curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &call->status);
    if (!t->streams) call->body_out = llw_arena_strndup(t->http->arena, llw_text_str(&t->body), t->body.len);
    call->len = t->body.len;
    call->why = why(t, call->end);
    t->done = true;
}

static void drop(transfer *t) {
    if (t->easy) {
        curl_multi_remove_handle(t->http->multi, t->easy);
        curl_easy_cleanup(t->easy);
        curl_slist_free_all(t->headers);
    }
    llw_text_fini(&t->body);
}

/* ---- running ---- */

/* Lets libcurl work for a moment; ends what is done. Returns how many transfers ended. */
static size_t turn(llw_http *http, int wait_ms) {
    int running = 0, left = 0;
    size_t ended = 0;
    curl_multi_perform(http->multi, &running);
    for (CURLMsg *m; (m = curl_multi_info_read(http->multi, &left));) {
        transfer *t = NULL;
        if (m->msg != CURLMSG_DONE) continue;
        CURL *easy = m->easy_handle;
        CURLcode code = m->data.result;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &t);
        t->code = code;
        if (follow(t)) continue;
        finish(t);
        ended++;
    }
    if (!ended && running) curl_multi_poll(http->multi, NULL, 0, wait_ms, NULL);
    return ended;
}

void llw_http_run(llw_http *http, llw_http_call *const *calls, size_t n) {
    transfer *t = llw_xmalloc((n + 1) * sizeof *t);
    size_t left = 0;
    for (size_t i = 0; i < n; i++) {
        if (start(&t[i], http, calls[i], false))
            left++;
        else
            finish(&t[i]);
    }
    while (left) left -= turn(http, POLL_MS);
    for (size_t i = 0; i < n; i++) drop(&t[i]);
    free(t);
}

void llw_http_do(llw_http *http, llw_http_call *call) {
    llw_http_run(http, &call, 1);
}

bool llw_http_may_pass(const llw_http_call *call) {
    if (call->end == LLW_HTTP_ANSWERED)
        return call->status == 429 || call->status == 500 || (call->status >= 502 && call->status <= 504);
    return call->end == LLW_HTTP_REFUSED || call->end == LLW_HTTP_CUT || call->end == LLW_HTTP_TIMEOUT;
}

bool llw_http_pause(llw_http *http, const llw_http_call *call, int i) {
    double pause = FIRST_PAUSE;
    while (i-- > 0) pause *= 3;
    if (call->retry_after > 0) pause = call->retry_after;
    if (pause > MAX_PAUSE) return false;
    for (double until = now() + pause; now() < until;) {
        if (http->options.stop && *http->options.stop) return false;
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    return true;
}

void llw_http_insist(llw_http *http, llw_http_call *call, int tries) {
    for (int i = 0; i < tries; i++) {
        llw_http_do(http, call);
        if (!llw_http_may_pass(call) || i + 1 == tries || !llw_http_pause(http, call, i)) return;
    }
}

/* ---- streams ---- */

struct llw_http_stream {
    transfer t;
};

llw_http_stream *llw_http_open(llw_http *http, llw_http_call *call) {
    llw_http_stream *s = llw_xmalloc(sizeof *s);
    if (!start(&s->t, http, call, true)) finish(&s->t);
    return s;
}

bool llw_http_read(llw_http_stream *s, size_t want, const char **bytes, size_t *len) {
    transfer *t = &s->t;
    t->want = want;
    if (!t->done && t->paused && t->body.len < want) {
        t->paused = false;
        t->last = now();
        curl_easy_pause(t->easy, CURLPAUSE_CONT);
    }
    while (!t->done && t->body.len < want) turn(t->http, POLL_MS);
    *bytes = llw_text_str(&t->body);
    *len = t->body.len;
    if (!t->done) curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &t->call->status);
    return *len >= want;
}

void llw_http_close(llw_http_stream *s) {
    if (!s) return;
    drop(&s->t);
    free(s);
}

/* ---- the session ---- */

llw_http *llw_http_new(llw_arena *arena, const llw_http_options *options) {
    llw_http *http = llw_arena_alloc(arena, sizeof *http);
    *http = (llw_http){.arena = arena, .options = *options};
    if (llw_curl_load() && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) http->multi = curl_multi_init();
    http->pipe_handler = signal(SIGPIPE, SIG_IGN); /* a peer that is gone is an error of the call */
    return http;
}

void llw_http_free(llw_http *http) {
    if (!http) return;
    signal(SIGPIPE, http->pipe_handler);
    if (!http->multi) return;
    curl_multi_cleanup(http->multi);
    curl_global_cleanup();
}

int64_t llw_http_received(const llw_http *http) {
    return http->received;
}
