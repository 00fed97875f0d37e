/* Which server it is, and whether it still is that one. */
#include "base/text.h"
#include "base/secret.h"
#include "fact/build.h"
#include "source/evidence/probe_parts.h"
#include "source/machine/running.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

enum { MAX_ANSWER = 8 << 20 };
static const double ASK_SECONDS = 10, GRACE_SECONDS = 1;

double llw_prober_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void nap(double seconds) {
    nanosleep(&(struct timespec){.tv_nsec = (long)(seconds * 1e9)}, NULL);
}

static bool stopped(const llw_prober *p) {
    return p->options.stop && *p->options.stop;
}

static llw_http_call get_within(llw_prober *p, const char *path, double seconds) {
    llw_http_call call = {
        .url = llw_arena_printf(p->arena, "%s%s", p->base, path), .seconds = seconds, .cap = MAX_ANSWER};
    llw_http_do(p->http, &call);
    return call;
}

static llw_http_call get(llw_prober *p, const char *path) {
    return get_within(p, path, ASK_SECONDS);
}

json_t *llw_prober_get(llw_prober *p, const char *path, double seconds, llw_http_call *call) {
    *call = get_within(p, path, seconds > 0 ? seconds : ASK_SECONDS);
    return call->end == LLW_HTTP_ANSWERED && call->status == 200
               ? json_loadb(call->body_out, call->len, 0, NULL)
               : NULL;
}

static const char *text_of(llw_prober *p, const json_t *o, const char *key, const char *otherwise) {
    const char *text = json_string_value(json_object_get(o, key));
    return text && *text ? llw_arena_strndup(p->arena, text, strlen(text) < 4096 ? strlen(text) : 4096)
                         : otherwise;
}

static int64_t count_of(const json_t *o, const char *key, int64_t otherwise) {
    const json_t *n = json_object_get(o, key);
    return json_is_integer(n) && json_integer_value(n) >= 0 ? json_integer_value(n) : otherwise;
}

/* "b8022-b48e80f67", "build: 8022 (b48e80f67) with ...": what builds.tsv orders, and the commit. */
static void read_build(llw_prober *p, const char *info) {
    llw_build build;
    p->probe->build_info = info;
    const char *dash = info[0] == 'b' ? strchr(info, '-') : NULL;
    if (dash && dash[1] && strspn(dash + 1, "0123456789abcdef") == strlen(dash + 1))
        p->probe->commit = dash + 1;
    /* b0 and b1 are what a tree without history calls itself (common/build-info.cpp.in) */
    bool numbered = info[0] == 'b' && strtol(info + 1, NULL, 10) > 1;
    if (numbered && llw_build_read(p->arena, info, &build, NULL) == LLW_OK) p->probe->build = build.version;
}

void llw_prober_read_props(llw_prober *p, const json_t *props) {
    llw_probe *probe = p->probe;
    const char *info = text_of(p, props, "build_info", NULL);
    if (info) read_build(p, info);
    probe->model = text_of(p, props, "model_alias", probe->model);
    probe->model_path = text_of(p, props, "model_path", probe->model_path);
    probe->file_type = text_of(p, props, "model_ftype", probe->file_type);
    probe->slots = count_of(props, "total_slots", probe->slots);
    probe->context = count_of(json_object_get(props, "default_generation_settings"), "n_ctx", probe->context);
}

static void read_slots(llw_prober *p) {
    llw_http_call call;
    const char *path = p->routed ? llw_prober_of_model(p, "/slots") : "/slots";
    json_t *slots = llw_prober_get(p, path, 0, &call);
    if (json_is_array(slots) && json_array_size(slots)) {
        p->probe->slots = (int64_t)json_array_size(slots);
        p->probe->context = count_of(json_array_get(slots, 0), "n_ctx", p->probe->context);
    }
    json_decref(slots);
}

/* A server's list of models: OpenAI's form; llama-server adds meta, vLLM max_model_len. */
static bool read_models(llw_prober *p, llw_http_call *call) {
    llw_probe *probe = p->probe;
    json_t *models = llw_prober_get(p, "/v1/models", 0, call), *data = json_object_get(models, "data"), *item,
           *found = NULL;
    size_t index;
    json_array_foreach(data, index, item) {
        const char *id = json_string_value(json_object_get(item, "id"));
        if (id && (!found || (p->options.model && !strcmp(id, p->options.model)))) found = item;
    }
    if (found) {
        const json_t *meta = json_object_get(found, "meta");
        p->model = text_of(p, found, "id", NULL);
        if (!probe->model) probe->model = p->model;
        probe->model_bytes = count_of(meta, "size", probe->model_bytes);
        probe->parameters = count_of(meta, "n_params", probe->parameters);
        probe->context_trained = count_of(meta, "n_ctx_train", probe->context_trained);
        probe->file_type = text_of(p, meta, "ftype", probe->file_type);
        if (probe->context < 0)
            probe->context = count_of(meta, "n_ctx", count_of(found, "max_model_len", -1));
    }
    json_decref(models);
    return found != NULL;
}

/* The process that listens there; 0 when it is elsewhere, in a container or not to be seen. */
static long pid_of(llw_prober *p) {
    llw_running_options options = {.docker = ""};
    long pid = 0;
    if (!p->probe->here || llw_running_find(p->arena, &options, p->base, &pid, NULL) != LLW_OK) return 0;
    return pid;
}

/* Its words, and its model's file where that can be seen from here. */
static void read_process(llw_prober *p) {
    llw_probe *probe = p->probe;
    llw_running process;
    llw_flags flags;
    struct stat st;
    p->pid = pid_of(p);
    if (!p->pid || llw_flags_load(&flags, NULL) != LLW_OK ||
        llw_running_read(p->arena, &(llw_running_options){.docker = ""}, p->pid, &flags, &process, NULL) !=
            LLW_OK)
        return;
    if (!probe->flags && !p->routed) { /* a router's words are not the model's */
        const char **words = llw_arena_alloc(p->arena, (process.n_args + 1) * sizeof *words);
        for (size_t i = 0; i < process.n_args; i++) words[i] = process.args[i].text;
        probe->flags = llw_secret_words(p->arena, words, process.n_args);
        probe->n_flags = process.n_args;
    }
    if (probe->model_path && stat(llw_running_path(p->arena, &process, probe->model_path), &st) == 0)
        probe->file_bytes = st.st_size;
}

/* Until /health says ok, or the answer is one of a server that has no /health. */
static bool wait_until_ready(llw_prober *p, llw_probe_problem *problem, const char **why, int *status) {
    double until = llw_prober_now() + p->options.ready;
    *problem = p->options.running ? LLW_PROBE_NOT_STARTED : LLW_PROBE_UNREACHABLE;
    for (;;) {
        llw_http_call call = get(p, "/health");
        bool answered = call.end == LLW_HTTP_ANSWERED;
        *status = (int)call.status;
        p->health = answered && call.status == 200;
        if (answered && call.status != 503) return true;
        if (stopped(p)) return *why = "stopped while waiting for the server", false;
        bool starting = p->options.running && p->options.running(p->options.caller, why);
        if (p->options.running && !starting) return false; /* it ended: *why says how */
        if (!answered && !starting) {
            *why = llw_arena_printf(p->arena, "%s cannot be reached: %s", llw_http_public(p->arena, p->base),
                                    call.why);
            return false;
        }
        if (llw_prober_now() > until) {
            *why = llw_arena_printf(p->arena, "it was not ready after %.0f s", p->options.ready);
            return false;
        }
        if (p->options.progress)
            p->options.progress(p->options.caller,
                                answered ? "the server loads its model" : "the server starts");
        nap(0.2);
    }
}

static bool refuse_status(llw_prober *p, const llw_http_call *call, llw_probe_problem *problem,
                          const char **why, int *status) {
    *status = (int)call->status;
    *problem = call->end == LLW_HTTP_ANSWERED ? LLW_PROBE_HTTP : LLW_PROBE_UNREACHABLE;
    if (call->end != LLW_HTTP_ANSWERED)
        *why = llw_arena_printf(p->arena, "%s: %s", llw_http_public(p->arena, call->url), call->why);
    else if (call->status == 401 || call->status == 403)
        *why = p->options.key ? "the server refuses the key in LLAMA_API_KEY"
                              : "the server wants a key: put it into LLAMA_API_KEY";
    else if (call->status == 200) {
        *problem = LLW_PROBE_GARBLED;
        *why = "what answers is neither llama-server nor another server of OpenAI's protocol";
    } else
        *why = llw_arena_printf(p->arena, "%s answers with HTTP status %ld",
                                llw_http_public(p->arena, call->url), call->status);
    return false;
}

bool llw_prober_identify(llw_prober *p, llw_probe_problem *problem, const char **why, int *status) {
    llw_http_call call, models_call;
    if (!wait_until_ready(p, problem, why, status)) return false;
    json_t *props = llw_prober_get(p, "/props", 0, &call);
    bool llama =
        json_object_get(props, "default_generation_settings") || json_object_get(props, "build_info");
    const char *role = json_string_value(json_object_get(props, "role"));
    bool router = role && !strcmp(role, "router");
    if (llama && !router) llw_prober_read_props(p, props);
    json_decref(props);
    bool models = read_models(p, &models_call);
    p->native = llama; /* a router passes it on */
    p->probe->api = p->native ? "llama-server" : models ? "openai" : NULL;
    if (!p->probe->api)
        return refuse_status(p, llama || call.status == 404 ? &models_call : &call, problem, why, status);
    if (router && !llw_prober_route(p, problem, why, status)) return false;
    if (p->native) read_slots(p);
    if (!p->model) p->model = p->options.model;
    if (p->options.context > 0 && p->probe->context < 0) p->probe->context = p->options.context;
    if (!p->probe->build && p->options.build) p->probe->build = p->options.build;
    if (p->native) p->process_start = get(p, "/metrics").process_start;
    read_process(p);
    return true;
}

/* ---- afterwards ---- */

/* The process that was there at first, as far as its number here or its start tells. */
static bool is_the_same(llw_prober *p) {
    long pid = p->pid ? pid_of(p) : 0;
    const char *start = p->process_start ? get(p, "/metrics").process_start : NULL;
    return (!pid || pid == p->pid) && (!start || !strcmp(start, p->process_start));
}

llw_alive llw_prober_alive(llw_prober *p) {
    double until = llw_prober_now() + GRACE_SECONDS;
    const char *path = p->health ? "/health" : "/v1/models";
    for (;;) {
        llw_http_call call = get(p, path);
        if (call.end == LLW_HTTP_ANSWERED && call.status == 503) return LLW_ALIVE_LOADING;
        if (call.end == LLW_HTTP_ANSWERED && !is_the_same(p)) return LLW_ALIVE_OTHER;
        if (call.end == LLW_HTTP_ANSWERED && p->routed) {
            nap(0.2); /* the router has to see it first */
            return llw_prober_routed_alive(p);
        }
        if (call.end == LLW_HTTP_ANSWERED) return LLW_ALIVE_YES;
        if (call.end == LLW_HTTP_STOPPED || llw_prober_now() > until) return LLW_ALIVE_NO;
        nap(0.2);
    }
}

/* A model's name without directories, .gguf and part numbers: its length in *len. */
static const char *plain_name(const char *name, size_t *len) {
    const char *slash = strrchr(name, '/');
    if (slash) name = slash + 1;
    *len = strlen(name);
    if (*len > 5 && !strcasecmp(name + *len - 5, ".gguf")) *len -= 5;
    if (*len > 15 && name[*len - 15] == '-' && !strncmp(name + *len - 9, "-of-", 4)) *len -= 15;
    return name;
}

bool llw_prober_is_model(const llw_probe *probe, const char *meant) {
    const char *names[] = {probe->model, probe->model_path};
    size_t wanted = 0, len = 0;
    const char *plain = plain_name(meant, &wanted);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *name = names[i] ? plain_name(names[i], &len) : NULL;
        if (name && len == wanted && !strncasecmp(name, plain, len)) return true;
    }
    return false;
}
