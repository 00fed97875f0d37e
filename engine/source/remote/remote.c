/* GGUF headers over HTTP: a window that is filled by range requests, or by a stream. */
#include "source/remote/remote.h"
#include "base/text.h"
#include "source/model/gguf.h"
#include "source/model/model_open.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    FIRST = 64 << 10,  /* bytes asked for at first: no vocabulary is smaller */
    LARGEST = 4 << 20, /* asked for at once */
    TRIES = 4,
    GROWTH = 6 /* a request is at most a sixth of what came before it */
};
static const double SILENCE = 30, SECONDS = 300;

typedef struct remote_file {
    llw_remote *remote;
    const char *path;    /* as it is named in messages */
    const char *address; /* asked for: the one given, later where it led */
    const char *given;
    const char *etag;
    int64_t size;         /* -1 unknown */
    unsigned char *bytes; /* the part that is here */
    uint64_t start;
    size_t len, room;
    int64_t fetched;
    llw_http_stream *stream; /* of a server without ranges; then start is 0 and bytes the stream's */
    llw_http_call stream_call;
} remote_file;

bool llw_remote_names(const char *word) {
    return !strncasecmp(word, "https://", 8) || !strncasecmp(word, "http://", 7);
}

/* ---- what went wrong ---- */

static llw_rc fail(llw_remote *r, const char *path, const llw_http_call *call, llw_err *err) {
    const char *code = call->error_code ? call->error_code : "";
    const char *why = call->why;
    llw_rc rc = LLW_ERR_INPUT;
    if (call->end == LLW_HTTP_ANSWERED || call->end == LLW_HTTP_ENOUGH) {
        if (!strcmp(code, "GatedRepo") || call->status == 403)
            why = "is there only for those who may: accept the model's terms on its page, and put a token of "
                  "yours "
                  "into HF_TOKEN";
        else if (call->status == 401)
            why = "does not exist or is not public: look at the name; for a private one put a token into "
                  "HF_TOKEN";
        else if (call->status == 404 || call->status == 410) {
            why = "does not exist";
            rc = LLW_ERR_NOTHING;
        } else if (call->status == 429)
            why = "cannot be read now: the server gets too many requests from here; try again later";
        else
            why = llw_arena_printf(r->arena, "cannot be read: the server answers with HTTP status %ld",
                                   call->status);
    } else if (call->end == LLW_HTTP_FORBIDDEN && strstr(why, "private network"))
        why = llw_arena_printf(r->arena, "is not read: %s; --private-network allows that", why);
    else
        why = llw_arena_printf(r->arena, "cannot be read: %s", why);
    return llw_fail(err, rc, path, 0, "%s", why);
}

/* ---- filling the window ---- */

static void tell(remote_file *f) {
    char buf[LLW_NUMBER_MAX];
    if (!f->remote->progress) return;
    const char *slash = strrchr(f->path, '/');
    f->remote->progress(f->remote->caller,
                        llw_arena_printf(f->remote->arena, "%s: %s of its header read",
                                         slash ? slash + 1 : f->path, llw_format_bytes(buf, f->fetched)));
}

static llw_rc within_cap(remote_file *f, llw_err *err) {
    int64_t cap = f->remote->cap > 0 ? f->remote->cap : LLW_REMOTE_MAX;
    char buf[LLW_NUMBER_MAX];
    if (llw_http_received(f->remote->http) <= cap) return LLW_OK;
    return llw_fail(err, LLW_ERR_INPUT, f->path, 0,
                    "is not read any further: %s were fetched, more than any header",
                    llw_format_bytes(buf, llw_http_received(f->remote->http)));
}

/* Keeps what may still be needed of the window, and makes room behind it for n bytes. */
static unsigned char *make_room(remote_file *f, uint64_t at, size_t n) {
    size_t drop = at >= f->start && at - f->start <= f->len ? (size_t)(at - f->start) : f->len;
    if (drop) memmove(f->bytes, f->bytes + drop, f->len - drop);
    f->len -= drop;
    f->start = at;
    if (f->len + n > f->room) f->bytes = llw_xrealloc(f->bytes, f->room = f->len + n);
    return f->bytes + f->len;
}

static bool changed(const remote_file *f, const llw_http_call *call) {
    return (f->etag && call->etag && strcmp(f->etag, call->etag) != 0) ||
           (f->size >= 0 && call->range_total >= 0 && call->range_total != f->size);
}

/* One range request from the end of the window. */
static llw_rc fetch_range(remote_file *f, uint64_t at, uint64_t need, llw_err *err) {
    llw_remote *r = f->remote;
    bool inside = at >= f->start && at - f->start <= f->len;
    uint64_t from = inside ? f->start + f->len : at, missing = at + need > from ? at + need - from : 1;
    uint64_t want = (uint64_t)f->fetched / GROWTH;
    if (want < FIRST / 2) want = FIRST / 2;
    if (want < missing) want = missing;
    if (want > LARGEST) want = LARGEST;
    if (f->size >= 0 && want > (uint64_t)f->size - from) want = (uint64_t)f->size - from;
    char range[64];
    snprintf(range, sizeof range, "%" PRIu64 "-%" PRIu64, from, from + want - 1);
    llw_http_call call = {
        .url = f->address, .range = range, .cap = (size_t)want, .silence = SILENCE, .seconds = SECONDS};
    llw_http_insist(r->http, &call, TRIES);
    if (call.status == 403 &&
        strcmp(f->address, f->given) != 0) { /* where it led was good for a while only */
        call.url = f->given;
        llw_http_insist(r->http, &call, TRIES);
        f->address = call.effective;
    }
    if (call.end == LLW_HTTP_TOO_LARGE)
        return llw_fail(err, LLW_ERR_INPUT, f->path, 0,
                        "cannot be read: the server sends more than it was asked for");
    if (call.end != LLW_HTTP_ANSWERED || call.status != 206) return fail(r, f->path, &call, err);
    if (changed(f, &call))
        return llw_fail(err, LLW_ERR_INPUT, f->path, 0, "was replaced while it was read: try again");
    if (call.range_from != (int64_t)from || !call.len ||
        (int64_t)call.len != call.range_to - call.range_from + 1)
        return llw_fail(
            err, LLW_ERR_INPUT, f->path, 0,
            "cannot be read: the server answers with another part of the file than it was asked for");
    memcpy(make_room(f, at, call.len), call.body_out, call.len);
    f->len += call.len;
    f->fetched += (int64_t)call.len;
    return within_cap(f, err);
}

/* More of the stream of a server without ranges. */
static llw_rc fetch_stream(remote_file *f, uint64_t upto, llw_err *err) {
    const char *bytes = "";
    bool enough = llw_http_read(f->stream, (size_t)upto, &bytes, &f->len);
    f->bytes = (unsigned char *)(size_t)bytes;
    f->fetched = (int64_t)f->len;
    if (!enough && f->stream_call.end != LLW_HTTP_ANSWERED)
        return fail(f->remote, f->path, &f->stream_call, err);
    return within_cap(f, err);
}

/* Reads on until `need` bytes from `at` are in the window, or the file ends. */
static llw_rc fill(remote_file *f, uint64_t at, uint64_t need, llw_err *err) {
    if (f->stream) return fetch_stream(f, at + need, err);
    while (at < f->start || at + need > f->start + f->len) {
        if (f->size >= 0 && f->start + f->len >= (uint64_t)f->size && at >= f->start) break;
        llw_rc rc = fetch_range(f, at, need, err);
        if (rc != LLW_OK) return rc;
        tell(f);
    }
    return LLW_OK;
}

static llw_rc read_bytes(void *context, uint64_t at, size_t least, size_t ahead, size_t most,
                         unsigned char *buf, size_t *got, llw_err *err) {
    remote_file *f = context;
    *got = 0;
    bool here = at >= f->start && at + least <= f->start + f->len;
    uint64_t need = (uint64_t)least + ahead < LARGEST || least > LARGEST ? (uint64_t)least + ahead : LARGEST;
    llw_rc rc = here ? LLW_OK : fill(f, at, need, err);
    if (rc != LLW_OK || at < f->start || at - f->start > f->len) return rc;
    size_t have = f->len - (size_t)(at - f->start);
    *got = have < most ? have : most;
    memcpy(buf, f->bytes + (at - f->start), *got);
    return LLW_OK;
}

/* ---- opening ---- */

/* The first request: it tells the size, where the address leads, and whether the server knows ranges. */
static llw_rc open_file(remote_file *f, llw_err *err) {
    llw_remote *r = f->remote;
    char range[32];
    snprintf(range, sizeof range, "0-%d", FIRST - 1);
    const char *bytes = "";
    size_t len = 0;
    llw_http_call *call = &f->stream_call;
    for (int i = 0; i < TRIES; i++) {
        *call = (llw_http_call){.url = f->given,
                                .range = range,
                                .cap = LLW_GGUF_MAX_HEADER,
                                .silence = SILENCE,
                                .seconds = SECONDS};
        f->stream = llw_http_open(r->http, call);
        (void)llw_http_read(f->stream, FIRST, &bytes, &len);
        bool good = call->status == 206 || call->status == 200;
        if (good && len >= (size_t)FIRST) break;
        if (good && call->end == LLW_HTTP_ANSWERED && call->why && !*call->why) break;
        llw_http_close(f->stream);
        f->stream = NULL;
        if (i + 1 == TRIES || !llw_http_may_pass(call)) return fail(r, f->path, call, err);
        if (!llw_http_pause(r->http, call, i)) return fail(r, f->path, call, err);
    }
    f->etag = call->etag;
    f->address = call->effective;
    f->size = call->status == 206 ? call->range_total : call->length;
    f->fetched = (int64_t)len;
    tell(f);
    if (call->status == 200) {
        f->bytes = (unsigned char *)(size_t)bytes;
        f->len = len;
        return LLW_OK;
    }
    if (call->range_from != 0 || (int64_t)len > call->range_to + 1)
        return llw_fail(
            err, LLW_ERR_INPUT, f->path, 0,
            "cannot be read: the server answers with another part of the file than it was asked for");
    memcpy(make_room(f, 0, len), bytes, len);
    f->len = len;
    llw_http_close(f->stream);
    f->stream = NULL;
    return LLW_OK;
}

typedef struct llw_remote_header {
    const char *address;
    llw_gguf gguf;
    struct llw_remote_header *next;
} header;

static llw_rc read_header(void *context, llw_arena *arena, const char *path, llw_gguf *out, llw_err *err) {
    llw_remote *r = context;
    const char *address = llw_arena_printf(r->arena, "%s%s", path, r->query);
    for (const header *h = r->headers; h; h = h->next)
        if (!strcmp(h->address, address)) {
            *out = h->gguf;
            return LLW_OK;
        }
    if (r->keep) arena = r->arena;
    remote_file f = {.remote = r, .path = path, .address = address, .given = address, .size = -1};
    llw_rc rc = open_file(&f, err);
    llw_gguf_bytes bytes = {.context = &f, .size = f.size, .read = read_bytes, .like = r->like};
    if (rc == LLW_OK) rc = llw_gguf_read_from(arena, path, &bytes, out, err);
    if (f.stream)
        llw_http_close(f.stream); /* its bytes are the stream's */
    else
        free(f.bytes);
    if (rc == LLW_OK && r->keep) {
        header *kept = llw_arena_alloc(r->arena, sizeof *kept);
        *kept = (header){.address = address, .gguf = *out, .next = r->headers};
        r->headers = kept;
    }
    return rc;
}

llw_rc llw_remote_model(llw_remote *remote, llw_facts *facts, const char *url, const char *id,
                        llw_entity *model, llw_err *err) {
    size_t len = strcspn(url, "?#"), query = strcspn(url + len, "#");
    remote->query = llw_arena_strndup(remote->arena, url + len, query);
    const char *path = llw_arena_strndup(remote->arena, url, len), *at = strstr(path, "://");
    const char *slash = at ? strchr(at + 3, '/') : NULL, *user = at ? strchr(at + 3, '@') : NULL;
    if (user && (!slash || user < slash))
        return llw_fail(
            err, LLW_ERR_INPUT, "", 0,
            "an address with a user's name or password in it is not taken: they would stand in every "
            "answer");
    llw_model_reader reader = {.context = remote, .read = read_header, .id = id};
    return llw_source_model_from(facts, path, &reader, model, err);
}

llw_rc llw_remote_text(llw_remote *remote, const char *url, const char *name, size_t cap, const char **text,
                       size_t *len, const char **next, llw_err *err) {
    llw_http_call call = {.url = url, .cap = cap, .silence = SILENCE, .seconds = SECONDS};
    llw_http_insist(remote->http, &call, TRIES);
    if (call.end != LLW_HTTP_ANSWERED || call.status != 200) return fail(remote, name, &call, err);
    *text = call.body_out;
    *len = call.len;
    if (next) *next = call.next;
    return LLW_OK;
}
