/* The trials of a probe, in the order in which they prove more: short, 100 and more, 1k, half, nearly full,
 * several at once. */
#include "source/evidence/probe_run.h"
#include "base/text.h"
#include "source/evidence/probe_parts.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    SHORT_PROMPT = 20, /* that of the incident: lessons/06-test-long-prompts.md */
    LONG_PROMPT = 150, /* "100 tokens and more"; the crash began at about 100 */
    ROOM = 8,          /* tokens kept free beside prompt and answer, for what a template adds */
    TEMPLATE_ROOM = 64,
    MOST_AT_ONCE = 16,
    SMALLEST_TEST = 32,
    LARGEST_TEST = 1 << 24 /* tokens: no model was made for more */
};
static const double FIRST_TOKEN_SECONDS = 600, READY_SECONDS = 600, SLOWEST = 1;

typedef struct trial_plan {
    const char *name;
    int64_t wanted;
    size_t at_once;
    const char *skip; /* why it cannot be tried; NULL */
} trial_plan;

static llw_probe_trial *add_trial(llw_prober *p, const trial_plan *plan) {
    llw_probe *probe = p->probe;
    llw_probe_trial *t = &probe->trials[probe->n_trials++];
    *t = (llw_probe_trial){.name = plan->name,
                           .outcome = LLW_PROBE_SKIPPED,
                           .detail = plan->skip ? plan->skip : "",
                           .at_once = (int64_t)plan->at_once,
                           .wanted = plan->wanted,
                           .prompt = -1,
                           .generated = -1,
                           .first_token = -1,
                           .seconds = -1,
                           .prompt_speed = -1,
                           .generated_speed = -1};
    return t;
}

/* ---- what an answer means ---- */

static bool stopped(const llw_prober *p) {
    return p->options.stop && *p->options.stop;
}

/* What is wrong with one answer, by itself. */
static llw_probe_problem judge(llw_prober *p, const llw_answer *a, const char **why) {
    const llw_http_call *c = &a->call;
    *why = "";
    if (c->end == LLW_HTTP_TIMEOUT) {
        if (a->pieces)
            *why = llw_arena_printf(p->arena, "the answer stopped after %lld tokens: %s",
                                    (long long)a->pieces, c->why);
        else if (a->read > 0)
            *why = llw_arena_printf(p->arena,
                                    "no token came within %.3g s; %lld tokens of the prompt had been read",
                                    c->took, (long long)a->read);
        else
            *why = llw_arena_printf(p->arena, "no token came within %.3g s", c->took);
        return LLW_PROBE_HUNG;
    }
    if (c->end == LLW_HTTP_ENOUGH)
        return *why = "an event of the answer is larger than any could be", LLW_PROBE_GARBLED;
    if (c->end != LLW_HTTP_ANSWERED) {
        *why = a->pieces ? llw_arena_printf(p->arena, "the connection was cut after %lld tokens",
                                            (long long)a->pieces)
               : a->read >= a->wanted
                   ? "the connection was cut after the whole prompt had been read, before a token came"
                   : "the connection was cut before a token came";
        return LLW_PROBE_CUT;
    }
    if (c->status != 200 || a->error) {
        *why = a->error
                   ? llw_arena_printf(p->arena, "the server answers%s: %s",
                                      c->status != 200
                                          ? llw_arena_printf(p->arena, " with HTTP status %ld", c->status)
                                          : " with an error",
                                      a->error)
                   : llw_arena_printf(p->arena, "the server answers with HTTP status %ld", c->status);
        return LLW_PROBE_HTTP;
    }
    if (a->garbled || !a->finished) {
        *why = !a->events    ? "the answer is none of the protocol"
               : a->finished ? "something in the answer is none of the protocol"
                             : "the answer ends without its last event";
        return LLW_PROBE_GARBLED;
    }
    if (!a->pieces && a->generated <= 0) return *why = "the answer has no token", LLW_PROBE_NO_TOKENS;
    if (a->truncated ||
        (p->native && a->counted == LLW_PROBE_REPORTED && a->prompt < a->wanted && !a->text_bytes)) {
        *why = llw_arena_printf(p->arena, "the server shortened the prompt of %lld tokens",
                                (long long)a->wanted);
        return LLW_PROBE_TRUNCATED;
    }
    double speed = a->generated_speed >= 0               ? a->generated_speed
                   : a->pieces > 1 && a->last > a->first ? (double)(a->pieces - 1) / (a->last - a->first)
                                                         : -1;
    if (speed >= 0 && speed < p->options.slowest) {
        *why = llw_arena_printf(p->arena, "tokens come at %.2g a second, slower than %.3g", speed,
                                p->options.slowest);
        return LLW_PROBE_SLOW;
    }
    return LLW_PROBE_FINE;
}

/* What became of the server: a cut answer is a crash when it is gone, loads again or is another process. */
static llw_probe_problem look_after(llw_prober *p, llw_probe_problem problem, const char **why) {
    const char *after = NULL;
    bool fine = problem == LLW_PROBE_FINE;
    switch (llw_prober_alive(p)) {
    case LLW_ALIVE_YES:
        if (problem == LLW_PROBE_CUT) *why = llw_arena_printf(p->arena, "%s; the server still answers", *why);
        return problem;
    case LLW_ALIVE_NO:
        if (!p->options.running || p->options.running(p->options.caller, &after))
            after = p->routed ? "the model's process was gone" : "the server was gone";
        break;
    case LLW_ALIVE_LOADING: after = "the server loads its model again: it was started anew"; break;
    case LLW_ALIVE_OTHER: after = "another process answers: the server was started anew"; break;
    }
    if (stopped(p)) return problem;
    if (problem == LLW_PROBE_HUNG) {
        *why = llw_arena_printf(p->arena, "%s, and the server answers nothing else either", *why);
        return problem;
    }
    *why = fine ? llw_arena_printf(p->arena, "it was answered, and then %s", after)
                : llw_arena_printf(p->arena, "%s, and %s", *why, after);
    return LLW_PROBE_CRASHED;
}

static void keep_slowest(double *speed, double of_one, bool first) {
    if (first || (of_one >= 0 && of_one < *speed)) *speed = of_one;
}

static void sum_up(llw_probe_trial *t, const llw_answer *answers, size_t n) {
    t->generated = 0;
    t->seconds = 0;
    for (size_t i = 0; i < n; i++) {
        const llw_answer *a = &answers[i];
        if (!i || a->prompt < t->prompt) t->prompt = a->prompt;
        if (!i || a->counted < t->counted) t->counted = a->counted;
        t->generated = t->generated < 0 || (a->generated < 0 && a->pieces)
                           ? -1
                           : t->generated + (a->generated > 0 ? a->generated : a->pieces);
        if (a->first > t->first_token) t->first_token = a->first;
        if (a->call.took > t->seconds) t->seconds = a->call.took;
        keep_slowest(&t->prompt_speed, a->prompt_speed, !i);
        keep_slowest(&t->generated_speed, a->generated_speed, !i);
        if (a->generated_speed >= 0) t->speed_source = a->server_speed ? "server" : "clock";
        if (!t->http_status || a->call.status != 200) t->http_status = (int)a->call.status;
    }
}

/* Runs one trial. False when no further prompt makes sense. */
static bool run_trial(llw_prober *p, const trial_plan *plan) {
    llw_answer answers[MOST_AT_ONCE];
    llw_probe_trial *t = add_trial(p, plan);
    if (plan->skip) return true;
    llw_prober_ask(p, plan->wanted, answers, plan->at_once);
    sum_up(t, answers, plan->at_once);
    t->outcome = LLW_PROBE_PASSED;
    for (size_t i = 0; i < plan->at_once; i++) {
        const char *why = "";
        llw_probe_problem problem = judge(p, &answers[i], &why);
        if (!problem || (t->problem && problem > t->problem)) continue;
        t->problem = problem;
        t->detail = why;
    }
    llw_answers_free(answers, plan->at_once);
    if (stopped(p)) {
        t->outcome = LLW_PROBE_INTERRUPTED;
        t->problem = LLW_PROBE_FINE;
        t->detail = "stopped";
        return false;
    }
    t->problem = look_after(p, t->problem, &t->detail);
    if (t->problem) t->outcome = LLW_PROBE_FAILED;
    return t->problem != LLW_PROBE_CRASHED && t->problem != LLW_PROBE_HUNG;
}

/* ---- which prompts ---- */

static trial_plan plan_of(llw_prober *p, const char *name, int64_t wanted) {
    trial_plan plan = {.name = name, .wanted = wanted, .at_once = 1};
    int64_t context = p->probe->context, room = p->options.generate + (p->native ? ROOM : TEMPLATE_ROOM);
    if (context > 0 && wanted + room > context)
        plan.skip = llw_arena_printf(p->arena, "a slot has room for %lld tokens", (long long)context);
    return plan;
}

static trial_plan part_of_context(llw_prober *p, const char *name, bool whole) {
    int64_t context = p->probe->context, room = p->options.generate + (p->native ? ROOM : TEMPLATE_ROOM);
    int64_t wanted = whole ? context - room : context / 2;
    trial_plan plan = {.name = name, .wanted = context > 0 ? wanted : -1, .at_once = 1};
    if (context <= 0)
        plan.skip = "the server does not say how large its context is: give --context N";
    else if (wanted < SMALLEST_TEST)
        plan.skip = llw_arena_printf(p->arena, "a slot has room for %lld tokens only", (long long)context);
    else if (wanted > LARGEST_TEST)
        plan.skip = llw_arena_printf(p->arena, "%lld tokens are more than a probe sends", (long long)wanted);
    return plan;
}

/* Slots may share one cache (-kvu), and the server does not say so: together the prompts fit one context. */
static trial_plan several(llw_prober *p) {
    int64_t slots = p->probe->slots < MOST_AT_ONCE ? p->probe->slots : MOST_AT_ONCE, wanted = 512;
    if (slots > 1 && p->probe->context > 0) {
        int64_t share = p->probe->context / slots - p->options.generate - ROOM;
        if (share < wanted) wanted = share;
    }
    trial_plan plan = {.name = "slots", .wanted = wanted, .at_once = slots > 1 ? (size_t)slots : 1};
    if (slots > 1 && wanted >= SMALLEST_TEST) return plan;
    plan.at_once = 1;
    plan.wanted = -1;
    plan.skip = slots == 1  ? "the server has one slot"
                : slots > 1 ? "a slot has too little room"
                            : "the server does not say how many slots it has";
    return plan;
}

static void changed(llw_prober *p, double began) {
    p->probe->seconds = llw_prober_now() - began;
    p->probe->interrupted = stopped(p);
    if (p->options.changed) p->options.changed(p->options.caller, p->probe);
}

static void refuse(llw_prober *p, llw_probe_problem problem, const char *why, int status) {
    llw_probe_trial *t = add_trial(p, &(trial_plan){.name = "short", .wanted = SHORT_PROMPT, .at_once = 1});
    t->outcome = stopped(p) ? LLW_PROBE_INTERRUPTED : LLW_PROBE_FAILED;
    t->problem = stopped(p) ? LLW_PROBE_FINE : problem;
    t->detail = why;
    t->http_status = status;
}

static void run(llw_prober *p, double began) {
    llw_probe_problem problem = LLW_PROBE_FINE;
    const char *why = "";
    int status = 0;
    if (!llw_prober_identify(p, &problem, &why, &status)) {
        refuse(p, problem, why, status);
        return;
    }
    if (p->probe->model_meant && !llw_prober_is_model(p->probe, p->probe->model_meant)) {
        const char *is = p->probe->model_path ? p->probe->model_path : p->probe->model;
        refuse(p, LLW_PROBE_WRONG_MODEL,
               llw_arena_printf(p->arena, "%s answers, not %s", is ? is : "an unnamed model",
                                p->probe->model_meant),
               status);
        return;
    }
    bool on = true;
    for (int i = 0; on && i < 6; i++) {
        trial_plan plan = i == 0   ? plan_of(p, "short", SHORT_PROMPT)
                          : i == 1 ? plan_of(p, "long", LONG_PROMPT)
                          : i == 2 ? plan_of(p, "1k", 1000)
                          : i == 3 ? part_of_context(p, "half", false)
                          : i == 4 ? part_of_context(p, "full", true)
                                   : several(p);
        on = run_trial(p, &plan);
        changed(p, began);
    }
}

/* The address without trailing slashes and without /v1, which OpenAI's clients are given; llama-server's port
 * when neither scheme nor port is given. */
static const char *base_of(llw_arena *arena, const char *url) {
    size_t len = strcspn(url, "?#");
    while (len && url[len - 1] == '/') len--;
    if (len > 3 && !strncmp(url + len - 3, "/v1", 3)) len -= 3;
    if (strstr(url, "://")) return llw_arena_strndup(arena, url, len);
    size_t host = *url == '[' ? strcspn(url, "]") : 0;
    bool port = memchr(url + host, ':', len > host ? len - host : 0) != NULL;
    return llw_arena_printf(arena, "http://%.*s%s", (int)len, url,
                            port || memchr(url, '/', len) ? "" : ":8080");
}

llw_probe llw_probe_new(llw_arena *arena, const char *url) {
    time_t now = time(NULL);
    struct tm utc;
    char when[32] = "";
    if (gmtime_r(&now, &utc)) strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return (llw_probe){.url = llw_http_public(arena, base_of(arena, url)),
                       .started = llw_arena_strdup(arena, when),
                       .seconds = -1,
                       .model_bytes = -1,
                       .file_bytes = -1,
                       .parameters = -1,
                       .context_trained = -1,
                       .context = -1,
                       .slots = -1,
                       .here = llw_http_is_here(base_of(arena, url))};
}

void llw_probe_run(llw_arena *arena, const llw_probe_options *options, llw_probe *probe) {
    enum { TRIALS = 8 };
    double began = llw_prober_now();
    llw_prober p = {
        .arena = arena, .options = *options, .probe = probe, .base = base_of(arena, options->url)};
    if (p.options.limit <= 0) p.options.limit = FIRST_TOKEN_SECONDS;
    if (p.options.ready <= 0) p.options.ready = READY_SECONDS;
    if (p.options.slowest <= 0) p.options.slowest = SLOWEST;
    if (p.options.generate <= 0) p.options.generate = 16;
    if (!probe->model_meant) probe->model_meant = options->model;
    probe->trials = llw_arena_alloc(arena, TRIALS * sizeof *probe->trials);
    probe->n_trials = 0;
    llw_http_options http = {.token = options->key,
                             .token_origin = p.base,
                             .private_networks = true, /* servers stand there */
                             .stop = options->stop};
    p.http = llw_http_new(arena, &http);
    run(&p, began);
    llw_http_free(p.http);
    changed(&p, began);
}
