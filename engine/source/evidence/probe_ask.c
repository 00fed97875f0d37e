/* Prompts of a wanted length, and the stream of events that answers them (SSE: lines "data: {...}"). */
#include "base/text.h"
#include "source/evidence/probe_parts.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MAX_LINE = 1 << 20,      /* of one event */
    MAX_START = 8192,        /* of an answer that is no stream */
    MAX_TOKENIZED = 64 << 20 /* of /tokenize's answer */
};
static const double BETWEEN_TOKENS = 60, TOKENIZE_SECONDS = 120;
static const double GUESSED_BYTES_PER_TOKEN = 4; /* English; only until the server has counted */
static const double MOST_BYTES_PER_TOKEN = 32;   /* a server that says more of English does not count */

/* ---- prompts ---- */

/* Plain sentences that differ from the first word on, of at least `bytes`. */
static void write_prompt(llw_prober *p, llw_text *out, size_t bytes) {
    static const char *const places[] = {"harbour", "station", "library", "market",
                                         "bridge",  "garden",  "mill"};
    static const char *const things[] = {"letters", "lanterns", "apples", "maps",
                                         "clocks",  "stones",   "books"};
    unsigned seed = (unsigned)time(NULL) * 31u + (unsigned)++p->nonce * 7919u;
    llw_text_addf(out, "%u notes.", seed % 1000000);
    for (unsigned i = 0; out->len < bytes; i++) {
        seed = seed * 1664525u + 1013904223u;
        llw_text_addf(out, " Note %u: %u %s were seen at the %s.", i + 1, 2 + (seed >> 24),
                      things[(seed >> 8) % 7], places[(seed >> 16) % 7]);
    }
}

/* The text as tokens, by the server's own tokenizer; NULL when it has none. */
static json_t *tokenize(llw_prober *p, const char *text) {
    json_t *ask = json_pack("{s:s, s:b}", "content", text, "add_special", 1);
    if (p->routed) json_object_set_new(ask, "model", json_string(p->model));
    char *body = json_dumps(ask, 0);
    json_decref(ask);
    llw_http_call call = {.url = llw_arena_printf(p->arena, "%s/tokenize", p->base),
                          .body = body,
                          .seconds = TOKENIZE_SECONDS,
                          .cap = MAX_TOKENIZED};
    llw_http_do(p->http, &call);
    free(body);
    json_t *answer = call.end == LLW_HTTP_ANSWERED && call.status == 200
                         ? json_loadb(call.body_out, call.len, JSON_ALLOW_NUL, NULL)
                         : NULL;
    json_t *tokens = json_incref(json_object_get(answer, "tokens"));
    json_decref(answer);
    if (json_array_size(tokens) && json_is_integer(json_array_get(tokens, 0))) return tokens;
    json_decref(tokens);
    return NULL;
}

/* What the server's count says; false when it cannot be one, so that a lie makes no prompt of gigabytes. */
static bool learn(llw_prober *p, size_t bytes, double tokens) {
    if (tokens * MOST_BYTES_PER_TOKEN < (double)bytes) return false;
    p->bytes_per_token = (double)bytes / tokens;
    return true;
}

/* Exactly `wanted` tokens, or NULL. */
static json_t *exact_prompt(llw_prober *p, int64_t wanted) {
    size_t bytes = (size_t)((double)wanted * p->bytes_per_token * 1.1) + 64;
    for (int i = 0; i < 4; i++) {
        llw_text text = {0};
        write_prompt(p, &text, bytes);
        json_t *tokens = tokenize(p, llw_text_str(&text));
        size_t n = json_array_size(tokens), len = text.len;
        llw_text_fini(&text);
        if (!tokens || !learn(p, len, (double)n)) {
            json_decref(tokens);
            return NULL;
        }
        if (n >= (size_t)wanted) {
            while (n > (size_t)wanted) json_array_remove(tokens, --n);
            return tokens;
        }
        json_decref(tokens);
        bytes = (size_t)((double)wanted * p->bytes_per_token * 1.2) + 64;
    }
    return NULL;
}

/* The request for llama-server: tokens where it can count them, else text. */
static json_t *native_request(llw_prober *p, llw_answer *a) {
    json_t *prompt = exact_prompt(p, a->wanted);
    a->counted = prompt ? LLW_PROBE_TOKENIZED : LLW_PROBE_ESTIMATED;
    a->prompt = a->wanted;
    if (!prompt) {
        llw_text text = {0};
        write_prompt(p, &text, (size_t)((double)a->wanted * p->bytes_per_token));
        prompt = json_string(llw_text_str(&text));
        a->text_bytes = text.len;
        llw_text_fini(&text);
    }
    json_t *request = json_pack("{s:o, s:I, s:b, s:b, s:i, s:b, s:b}", "prompt", prompt, "n_predict",
                                (json_int_t)p->options.generate, "stream", 1, "cache_prompt", 0,
                                "temperature", 0, "ignore_eos", 1, "return_progress", 1);
    if (p->routed) json_object_set_new(request, "model", json_string(p->model));
    return request;
}

static json_t *openai_request(llw_prober *p, llw_answer *a) {
    llw_text text = {0};
    write_prompt(p, &text, (size_t)((double)a->wanted * p->bytes_per_token));
    a->text_bytes = text.len;
    a->counted = LLW_PROBE_ESTIMATED;
    a->prompt = (int64_t)((double)text.len / p->bytes_per_token);
    json_t *request = json_pack("{s:[{s:s, s:s}], s:I, s:b, s:{s:b}, s:i}", "messages", "role", "user",
                                "content", llw_text_str(&text), "max_tokens", (json_int_t)p->options.generate,
                                "stream", 1, "stream_options", "include_usage", 1, "temperature", 0);
    llw_text_fini(&text);
    if (p->model) json_object_set_new(request, "model", json_string(p->model));
    return request;
}

/* ---- answers ---- */

static double number(const json_t *o, const char *key) {
    const json_t *n = json_object_get(o, key);
    return json_is_number(n) ? json_number_value(n) : -1;
}

/* A count that a double says, as every integer below 2^53 can be; -1 when there is none. */
static int64_t count(const json_t *o, const char *key) {
    double n = number(o, key);
    return n >= 0 && n < 9007199254740992.0 ? (int64_t)n : -1;
}

static void read_timings(llw_answer *a, const json_t *timings) {
    if (!json_is_object(timings)) return;
    a->prompt_speed = number(timings, "prompt_per_second");
    a->generated_speed = number(timings, "predicted_per_second");
    if (count(timings, "predicted_n") >= 0) a->generated = count(timings, "predicted_n");
    a->server_speed = a->generated_speed >= 0;
}

static void read_count(llw_answer *a, int64_t prompt, int64_t generated) {
    if (prompt >= 0) {
        a->prompt = prompt;
        a->counted = LLW_PROBE_REPORTED;
    }
    if (generated >= 0) a->generated = generated;
}

static void note_piece(llw_answer *a) {
    a->last = llw_prober_now() - a->started;
    if (a->first < 0) a->first = a->last;
    a->pieces++;
    a->call.silence = BETWEEN_TOKENS;
}

/* A server may say the key again that it was given; nobody else should read it. */
static const char *without_key(const llw_prober *p, const char *text) {
    const char *key = p->options.key, *found = key && *key ? strstr(text, key) : NULL;
    llw_text out = {0};
    for (; found; text = found + strlen(key), found = strstr(text, key)) {
        llw_text_addn(&out, text, (size_t)(found - text));
        llw_text_add(&out, "(key)");
    }
    llw_text_add(&out, text);
    const char *kept = llw_arena_strdup(p->arena, llw_text_str(&out));
    llw_text_fini(&out);
    return kept;
}

static void keep_error(llw_answer *a, const json_t *error) {
    const char *text = json_string_value(json_is_string(error) ? error : json_object_get(error, "message"));
    text = without_key(a->p, text ? text : "an error without a message");
    size_t len = strlen(text) < 300 ? strlen(text) : 300;
    while (len > 1 && text[len - 1] == '.') len--;
    a->error = llw_arena_strndup(a->p->arena, text, len);
}

static bool has_text(const json_t *o, const char *key) {
    return json_string_length(json_object_get(o, key)) > 0;
}

static void read_native(llw_answer *a, const json_t *event) {
    const json_t *progress = json_object_get(event, "prompt_progress");
    if (progress) {
        a->read = count(progress, "processed");
        return;
    }
    bool stop = json_is_true(json_object_get(event, "stop"));
    /* a token need not be text yet: half a character comes with the next */
    if (!stop && (json_object_get(event, "content") || json_array_size(json_object_get(event, "tokens"))))
        note_piece(a);
    if (!stop) return;
    a->finished = true;
    a->truncated |= json_is_true(json_object_get(event, "truncated"));
    read_count(a, count(event, "tokens_evaluated"), count(event, "tokens_predicted"));
    read_timings(a, json_object_get(event, "timings"));
}

static void read_openai(llw_answer *a, const json_t *event) {
    const json_t *choice = json_array_get(json_object_get(event, "choices"), 0),
                 *delta = json_object_get(choice, "delta"), *usage = json_object_get(event, "usage");
    if (has_text(delta, "content") || has_text(delta, "reasoning_content") || has_text(delta, "reasoning"))
        note_piece(a);
    if (json_is_string(json_object_get(choice, "finish_reason"))) a->finished = true;
    if (json_is_object(usage))
        read_count(a, count(usage, "prompt_tokens"), count(usage, "completion_tokens"));
    read_timings(a, json_object_get(event, "timings"));
}

static void read_event(llw_answer *a, const char *line, size_t len) {
    if (len && line[len - 1] == '\r') len--;
    bool error = len > 6 && !strncmp(line, "error:", 6);
    if (!error && (len < 5 || strncmp(line, "data:", 5))) return; /* comments, event names, empty lines */
    line += error ? 6 : 5;
    len -= error ? 6 : 5;
    while (len && *line == ' ') line++, len--;
    a->events = true;
    if (len == 6 && !strncmp(line, "[DONE]", 6)) return;
    json_t *event = json_loadb(line, len, JSON_ALLOW_NUL, NULL);
    if (!json_is_object(event))
        a->garbled = true;
    else if (error || json_object_get(event, "error"))
        keep_error(a, json_object_get(event, "error") ? json_object_get(event, "error") : event);
    else if (a->p->native)
        read_native(a, event);
    else
        read_openai(a, event);
    json_decref(event);
}

static void tell_progress(llw_answer *a) {
    llw_prober *p = a->p;
    if (!p->options.progress) return;
    char what[96];
    if (a->pieces)
        snprintf(what, sizeof what, "%lld tokens, %lld of %lld written", (long long)a->wanted,
                 (long long)a->pieces, (long long)p->options.generate);
    else
        snprintf(what, sizeof what, "%lld tokens, %lld read", (long long)a->wanted, (long long)a->read);
    p->options.progress(p->options.caller, what);
}

static bool receive(void *context, const char *bytes, size_t len) {
    llw_answer *a = context;
    size_t room = MAX_START - a->start_of_it.len;
    llw_text_addn(&a->start_of_it, bytes, len < room ? len : room);
    while (len) {
        const char *end = memchr(bytes, '\n', len);
        size_t part = end ? (size_t)(end - bytes) : len;
        if (a->line.len + part > MAX_LINE) {
            a->garbled = true;
            return false;
        }
        llw_text_addn(&a->line, bytes, part);
        if (end) {
            read_event(a, llw_text_str(&a->line), a->line.len);
            a->line.len = 0;
            part++;
        }
        bytes += part;
        len -= part;
    }
    tell_progress(a);
    return true;
}

/* An answer that is no stream of events: an error as JSON, or something else altogether. */
static void read_whole(llw_answer *a) {
    if (a->events) return;
    json_t *whole = json_loadb(llw_text_str(&a->start_of_it), a->start_of_it.len, JSON_ALLOW_NUL, NULL);
    if (json_object_get(whole, "error"))
        keep_error(a, json_object_get(whole, "error"));
    else if (a->call.status == 200)
        a->garbled = true;
    json_decref(whole);
}

static void settle(llw_answer *a) {
    llw_prober *p = a->p;
    if (a->call.end == LLW_HTTP_ANSWERED) read_whole(a);
    if (a->counted == LLW_PROBE_REPORTED && a->text_bytes && a->prompt > 0)
        p->measured |= learn(p, a->text_bytes, (double)a->prompt);
    if (a->generated_speed < 0 && a->generated > 1 && a->last > a->first)
        a->generated_speed = (double)(a->generated - 1) / (a->last - a->first);
    if (a->prompt_speed < 0 && a->counted > LLW_PROBE_ESTIMATED && a->first > 0)
        a->prompt_speed = (double)a->prompt / a->first;
}

void llw_prober_ask(llw_prober *p, int64_t wanted, llw_answer *answers, size_t n) {
    if (p->bytes_per_token <= 0) p->bytes_per_token = GUESSED_BYTES_PER_TOKEN;
    char **bodies = llw_xmalloc(n * sizeof *bodies);
    llw_http_call **calls = llw_xmalloc(n * sizeof(llw_http_call *));
    for (size_t i = 0; i < n; i++) {
        llw_answer *a = &answers[i];
        *a = (llw_answer){.p = p,
                          .wanted = wanted,
                          .prompt = -1,
                          .generated = -1,
                          .first = -1,
                          .last = -1,
                          .prompt_speed = -1,
                          .generated_speed = -1};
        json_t *request = p->native ? native_request(p, a) : openai_request(p, a);
        bodies[i] = json_dumps(request, 0);
        json_decref(request);
    }
    for (size_t i = 0; i < n; i++) {
        answers[i].started = llw_prober_now();
        answers[i].call =
            (llw_http_call){.url = llw_arena_printf(p->arena, "%s%s", p->base,
                                                    p->native ? "/completion" : "/v1/chat/completions"),
                            .body = bodies[i],
                            .silence = p->options.limit,
                            .seconds = p->options.limit + BETWEEN_TOKENS * (double)p->options.generate,
                            .receive = receive,
                            .context = &answers[i]};
    }
    for (size_t i = 0; i < n; i++) calls[i] = &answers[i].call;
    llw_http_run(p->http, calls, n);
    for (size_t i = 0; i < n; i++) {
        settle(&answers[i]);
        free(bodies[i]);
    }
    free(bodies);
    free(calls);
}

void llw_answers_free(llw_answer *answers, size_t n) {
    for (size_t i = 0; i < n; i++) {
        llw_text_fini(&answers[i].line);
        llw_text_fini(&answers[i].start_of_it);
    }
}
