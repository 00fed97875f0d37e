/* llwhy probe URL FILE --with COMMAND: every profile on every placement is started, probed and stopped. */
#include "base/secret.h"
#include "base/process.h"
#include "base/service.h"
#include "base/split.h"
#include "base/text.h"
#include "cli/probe.h"
#include "fact/build.h"
#include "source/config/config.h"
#include "source/remote/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { STOP_OUTPUT = 64 << 10 };
static const double STOP_SECONDS = 120, END_SECONDS = 20;

/* One start of the server. */
typedef struct starting {
    llw_probing *probing;
    const llw_config_launch *launch; /* NULL: COMMAND knows by itself what to start */
    const char *profile;             /* its name; "" */
    const char *placement;           /* flags added; NULL */
    const char **flags;              /* its words and the added ones */
    size_t n_flags;
    const char *model;
    llw_service *service;
} starting;

/* ---- the command ---- */

static bool is_placeholder(const char *at, const char *name) {
    return !strncmp(at, name, strlen(name));
}

static const char *port_of(llw_arena *arena, const char *url) {
    const char *origin =
        llw_http_origin(arena, strstr(url, "://") ? url : llw_arena_printf(arena, "http://%s", url));
    const char *colon = origin ? strrchr(origin, ':') : NULL;
    return colon ? colon + 1 : "";
}

/* A word of the command with its placeholders filled in. */
static const char *fill(const starting *s, const char *word) {
    llw_arena *arena = s->probing->app->arena;
    llw_text out = {0};
    for (const char *at = word; *at;) {
        const char *value = NULL;
        if (is_placeholder(at, "{profile}"))
            value = s->profile;
        else if (is_placeholder(at, "{model}"))
            value = s->model ? s->model : "";
        else if (is_placeholder(at, "{port}"))
            value = port_of(arena, s->probing->url);
        if (value) {
            llw_text_add(&out, value);
            at = strchr(at, '}') + 1;
        } else
            llw_text_addn(&out, at++, 1);
    }
    const char *filled = llw_arena_strdup(arena, llw_text_str(&out));
    llw_text_fini(&out);
    return filled;
}

/* The command as words: {flags} alone becomes as many words as the launch has. */
static const char *const *command_of(const starting *s, const char *line) {
    llw_arena *arena = s->probing->app->arena;
    size_t n = 0, count = 0, capacity = 0;
    const char **words = llw_split_words(arena, line, &n);
    void *items = NULL;
    for (size_t i = 0; i < n; i++) {
        bool flags = !strcmp(words[i], "{flags}");
        for (size_t k = 0; k < (flags ? s->n_flags : 1); k++)
            *(const char **)llw_arena_push(arena, &items, &count, &capacity, sizeof(char *)) =
                flags ? s->flags[k] : fill(s, words[i]);
    }
    *(const char **)llw_arena_push(arena, &items, &count, &capacity, sizeof(char *)) = NULL;
    return items;
}

static void add_word(llw_text *out, const char *word) {
    llw_text_add(out, out->len ? " '" : "'");
    for (; *word; word++) llw_text_addf(out, *word == '\'' ? "'\\''" : "%c", *word);
    llw_text_add(out, "'");
}

/* Our environment, the variables of the profile, and LLWHY_PROFILE and LLWHY_FLAGS for scripts. */
static const char *const *environment_of(const starting *s) {
    llw_arena *arena = s->probing->app->arena;
    void *items = NULL;
    size_t n = 0, capacity = 0;
    llw_text flags = {0};
    for (size_t i = 0; i < s->n_flags; i++) add_word(&flags, s->flags[i]);
    for (char **e = environ; *e; e++)
        *(const char **)llw_arena_push(arena, &items, &n, &capacity, sizeof(char *)) = *e;
    for (size_t i = 0; s->launch && i < s->launch->n_env; i++) {
        const llw_env *e = &s->launch->env[i];
        if (e->value.text)
            *(const char **)llw_arena_push(arena, &items, &n, &capacity, sizeof(char *)) =
                llw_arena_printf(arena, "%s=%s", e->name, e->value.text);
    }
    *(const char **)llw_arena_push(arena, &items, &n, &capacity, sizeof(char *)) =
        llw_arena_printf(arena, "LLWHY_PROFILE=%s", s->profile);
    *(const char **)llw_arena_push(arena, &items, &n, &capacity, sizeof(char *)) =
        llw_arena_printf(arena, "LLWHY_FLAGS=%s", llw_text_str(&flags));
    *(const char **)llw_arena_push(arena, &items, &n, &capacity, sizeof(char *)) = NULL;
    llw_text_fini(&flags);
    return items;
}

/* Whether what was started may still become, or is, the server: a command that ended well has left it to
 * something else (docker compose up -d). */
static bool running(void *caller, const char **why) {
    starting *s = caller;
    llw_arena *arena = s->probing->app->arena;
    int with = 0;
    if (llw_service_runs(s->service, &with) || !with) return true;
    const char *last = llw_service_last_line(arena, s->service);
    *why = llw_arena_printf(arena,
                            with < 0 ? "what --with started was ended by signal %d%s%s"
                                     : "what --with started ended with code %d%s%s",
                            with < 0 ? -with : with, *last ? "; its last words: " : "", last);
    return false;
}

static void progress(void *caller, const char *what) {
    starting *s = caller;
    llw_probing_progress(s->probing, llw_arena_printf(s->probing->app->arena, "%s%s%s", s->profile,
                                                      *s->profile ? ": " : "", what));
}

static void changed(void *caller, const llw_probe *probe) {
    starting *s = caller;
    s->probing->options.changed(s->probing->options.caller, probe);
}

/* The command that stops: given, or "docker compose down" for an "up". */
static const char *stop_line(const starting *s) {
    llw_app *app = s->probing->app;
    const char *given = llw_option_value(&app->options, LLW_OPT_STOP);
    const char *start = llw_option_value(&app->options, LLW_OPT_WITH),
               *up = start ? strstr(start, " up") : NULL;
    if (given || !up || (up[3] && up[3] != ' ') || !strstr(start, "compose") || strstr(start, "compose") > up)
        return given;
    return llw_arena_printf(app->arena, "%.*s down", (int)(up - start), start);
}

static void stop(starting *s) {
    llw_app *app = s->probing->app;
    const char *line = stop_line(s);
    llw_process result = {0};
    llw_err err = {0};
    if (line) {
        const char *const *argv = command_of(s, line);
        if (!argv[0])
            llw_app_complain(app, LLW_EXIT_USAGE, "--stop is empty");
        else if (llw_process_run(app->arena, argv, environment_of(s), STOP_OUTPUT, STOP_SECONDS, &result,
                                 &err) != LLW_OK)
            llw_app_fail(app, LLW_EXIT_INPUT, &err);
        else if (result.timed_out || result.exit_code)
            llw_app_complain(app, LLW_EXIT_INPUT, "%s %s", line,
                             result.timed_out ? "was not done after two minutes" : "did not end well");
    }
    llw_service_stop(s->service, END_SECONDS);
}

/* ---- one profile, one placement ---- */

/* Somebody else's server at that address would be taken for ours. */
static bool is_free(llw_probing *p) {
    llw_http *http =
        llw_http_new(p->app->arena, &(llw_http_options){.private_networks = true, .connect_seconds = 2});
    llw_http_call call = {.url = p->url, .seconds = 3, .cap = 1 << 20};
    for (int i = 0; i < 20; i++) { /* the one before may need a moment to go */
        llw_http_do(http, &call);
        if (call.end == LLW_HTTP_REFUSED || llw_probe_stop) break;
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
    bool gone = call.end == LLW_HTTP_REFUSED;
    llw_http_free(http);
    return gone ||
           llw_app_complain(p->app, LLW_EXIT_INPUT,
                            "%s answers before anything was started there: stop that server first", p->url);
}

static bool run_one(starting *s) {
    llw_probing *p = s->probing;
    llw_app *app = p->app;
    llw_err err = {0};
    const char *const *argv = command_of(s, llw_option_value(&app->options, LLW_OPT_WITH));
    if (!argv[0])
        return llw_app_complain(app, LLW_EXIT_USAGE, "--with is empty: which command starts the server?");
    if (!is_free(p)) return false;
    if (llw_service_start(app->arena, argv, environment_of(s), &s->service, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_INPUT, &err);
    llw_probe probe = llw_probe_new(app->arena, p->url);
    llw_probe_options options = p->options;
    options.running = running;
    options.progress = progress;
    options.changed = changed;
    options.caller = s;
    if (s->launch) probe.profile = llw_facts_id(app->facts, s->launch->launch);
    probe.placement = s->placement;
    if (s->launch) {
        probe.n_flags = s->n_flags;
        probe.flags = llw_secret_words(app->arena, s->flags, s->n_flags);
    }
    if (!options.model) probe.model_meant = s->model;
    llw_probing_run(p, &options, &probe);
    stop(s);
    return true;
}

/* The words of the launch that are known, and those of the placement. */
static bool collect_flags(starting *s) {
    llw_arena *arena = s->probing->app->arena;
    void *items = NULL;
    size_t n = 0, capacity = 0, added = 0;
    for (size_t i = 0; s->launch && i < s->launch->n_args; i++) {
        if (!s->launch->args[i].text)
            return llw_app_complain(
                s->probing->app, LLW_EXIT_INPUT,
                "%s: a word of this profile is not known, so it cannot be started from here",
                s->launch->args[i].place);
        *(const char **)llw_arena_push(arena, &items, &n, &capacity, sizeof(char *)) =
            s->launch->args[i].text;
    }
    const char **words = s->placement ? llw_split_words(arena, s->placement, &added) : NULL;
    for (size_t i = 0; i < added; i++)
        *(const char **)llw_arena_push(arena, &items, &n, &capacity, sizeof(char *)) = words[i];
    s->flags = items;
    s->n_flags = n;
    return true;
}

static bool run_placements(llw_probing *p, const llw_config_launch *launch) {
    const llw_options *o = &p->app->options;
    size_t n = o->n_values[LLW_OPT_PLACEMENT];
    for (size_t i = 0; i < (n ? n : 1) && !llw_probe_stop; i++) {
        starting s = {.probing = p,
                      .launch = launch,
                      .profile = launch ? launch->name : "",
                      .model = launch ? launch->argv.model.path : NULL,
                      .placement = n ? o->values[LLW_OPT_PLACEMENT][i] : NULL};
        if (!collect_flags(&s)) continue; /* the others are still probed */
        if (!run_one(&s)) return false;
    }
    return true;
}

/* ---- every profile ---- */

static bool walk_file(llw_probing *p, const char *word) {
    llw_app *app = p->app;
    const char *colon = strrchr(word, ':'), *profile = colon && !strchr(colon, '/') ? colon + 1 : NULL;
    const char *file = profile ? llw_arena_strndup(app->arena, word, (size_t)(colon - word)) : word;
    llw_err err = {0};
    llw_config_result result = {0};
    llw_config_options options = {0};
    if (llw_source_config(app->facts, file, &options, &result, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_INPUT, &err);
    size_t n = 0;
    for (size_t i = 0; i < result.n_launches && !llw_probe_stop; i++) {
        const llw_config_launch *l = &result.launches[i];
        bool example = false;
        llw_facts_flag(app->facts, l->launch, LLW_launch_example, &example);
        if (profile ? strcmp(l->name, profile) != 0 : example || !*l->name) continue;
        n++;
        if (!run_placements(p, l)) return false;
    }
    if (!n && !llw_probe_stop)
        return llw_app_complain(app, LLW_EXIT_INPUT,
                                profile ? "%s has no profile '%s'" : "%s has no profile%s", file,
                                profile ? profile : "");
    return true;
}

void llw_probing_walk(llw_probing *p, const char *const *files, size_t n) {
    llw_app *app = p->app;
    app->facts = llw_facts_new();
    if (!llw_app_gather_machine(app)) return;
    if (!n) run_placements(p, NULL);
    for (size_t i = 0; i < n && !llw_probe_stop; i++)
        if (!walk_file(p, files[i])) return;
}
