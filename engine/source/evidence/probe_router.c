/* llama-server as a router of several models: each runs in a process of its own behind it
 * (tools/server/server-models.cpp, v0.5.0). */
#include "base/text.h"
#include "base/secret.h"
#include "source/evidence/probe_parts.h"

#include <ctype.h>
#include <string.h>

static bool is_called(const json_t *item, const char *name) {
    const json_t *aliases = json_object_get(item, "aliases"), *alias;
    const char *id = json_string_value(json_object_get(item, "id"));
    size_t i;
    if (id && !strcmp(id, name)) return true;
    json_array_foreach(aliases, i, alias) {
        const char *text = json_string_value(alias);
        if (text && !strcmp(text, name)) return true;
    }
    return false;
}

static const json_t *find(const json_t *models, const char *name) {
    const json_t *data = json_object_get(models, "data"), *item;
    size_t i;
    json_array_foreach(data, i, item) if (is_called(item, name)) return item;
    return NULL;
}

static const char *list(llw_prober *p, const json_t *models) {
    enum { SHOWN = 12 };
    const json_t *data = json_object_get(models, "data"), *item;
    llw_text t = {0};
    size_t i, n = 0;
    json_array_foreach(data, i, item) {
        const char *id = json_string_value(json_object_get(item, "id"));
        if (!id) continue;
        if (n < SHOWN) llw_text_add(&t, n ? ", " : "");
        if (n < SHOWN) llw_text_add_safe(&t, id, strlen(id) < 100 ? strlen(id) : 100, false);
        n++;
    }
    if (n > SHOWN) llw_text_addf(&t, " and %zu more", n - SHOWN);
    const char *text = llw_arena_strdup(p->arena, n ? llw_text_str(&t) : "none");
    llw_text_fini(&t);
    return text;
}

/* The words of the model's process, and the port that it listens on: another one is another process. */
static const char *const *words_of(llw_prober *p, const json_t *item, size_t *n, const char **port) {
    const json_t *args = json_object_get(json_object_get(item, "status"), "args"), *arg;
    const char **words = llw_arena_alloc(p->arena, (json_array_size(args) + 1) * sizeof *words);
    size_t i;
    *n = 0;
    *port = NULL;
    json_array_foreach(args, i, arg) {
        const char *text = json_string_value(arg);
        if (!text || !i) continue; /* the program */
        words[(*n)++] = llw_arena_strdup(p->arena, text);
        if (*n > 1 && !strcmp(words[*n - 2], "--port")) *port = words[*n - 1];
    }
    return words;
}

const char *llw_prober_of_model(llw_prober *p, const char *what) {
    llw_text t = {0};
    llw_text_addf(&t, "%s?model=", what);
    for (const char *c = p->model; *c; c++) {
        bool plain = isalnum((unsigned char)*c) || strchr("-_.~", *c);
        llw_text_addf(&t, plain ? "%c" : "%%%02X", (unsigned char)*c);
    }
    const char *path = llw_arena_strdup(p->arena, llw_text_str(&t));
    llw_text_fini(&t);
    return path;
}

static const char *refusal(llw_prober *p, const llw_http_call *call) {
    if (call->end != LLW_HTTP_ANSWERED) return call->why;
    json_t *answer = json_loadb(call->body_out, call->len, 0, NULL);
    const char *message = json_string_value(json_object_get(json_object_get(answer, "error"), "message"));
    const char *text =
        message ? llw_arena_strndup(p->arena, message, strlen(message) < 300 ? strlen(message) : 300)
                : llw_arena_printf(p->arena, "HTTP status %ld", call->status);
    json_decref(answer);
    return text;
}

bool llw_prober_route(llw_prober *p, llw_probe_problem *problem, const char **why, int *status) {
    llw_http_call call;
    const char *name = p->options.model;
    json_t *models = llw_prober_get(p, "/v1/models", 0, &call);
    const json_t *item = name ? find(models, name) : NULL;
    *problem = LLW_PROBE_WRONG_MODEL;
    if (!item)
        *why =
            name ? llw_arena_printf(p->arena, "it is a router, and %s is none of its models: %s", name,
                                    list(p, models))
                 : llw_arena_printf(
                       p->arena, "it is a router of several models: say which one, with --model NAME, of %s",
                       list(p, models));
    json_decref(models);
    if (!item) return false;
    p->model = name;
    p->routed = true;
    json_t *props =
        llw_prober_get(p, llw_prober_of_model(p, "/props"), p->options.ready, &call); /* it loads the model */
    if (props) llw_prober_read_props(p, props);
    p->probe->model = name; /* the alias that was asked for, not the name it stands for */
    json_decref(props);
    if (!props) {
        *problem = LLW_PROBE_NOT_STARTED;
        *status = (int)call.status;
        *why = llw_arena_printf(p->arena, "the router does not load %s: %s", name, refusal(p, &call));
        return false;
    }
    size_t n = 0;
    models = llw_prober_get(p, "/v1/models", 0, &call);
    const char *const *words = words_of(p, find(models, name), &n, &p->routed_port);
    if (n && !p->probe->flags) {
        p->probe->flags = llw_secret_words(p->arena, words, n);
        p->probe->n_flags = n;
    }
    json_decref(models);
    return true;
}

llw_alive llw_prober_routed_alive(llw_prober *p) {
    llw_http_call call;
    json_t *models = llw_prober_get(p, "/v1/models", 0, &call);
    const json_t *item = find(models, p->model);
    const char *value = json_string_value(json_object_get(json_object_get(item, "status"), "value")),
               *port = NULL;
    size_t n = 0;
    llw_alive alive = LLW_ALIVE_YES;
    if (item) words_of(p, item, &n, &port);
    if (value && !strcmp(value, "unloaded"))
        alive = LLW_ALIVE_NO;
    else if (value && !strcmp(value, "loading"))
        alive = LLW_ALIVE_LOADING;
    else if (port && p->routed_port && strcmp(port, p->routed_port))
        alive = LLW_ALIVE_OTHER;
    json_decref(models);
    return alive;
}
