/* llwhy probe URL: what a running server does with prompts, kept as a record. */
#include "base/secret.h"
#include "cli/probe.h"
#include "base/file.h"
#include "fact/build.h"
#include "render/probe.h"
#include "source/remote/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char tool[] = "llwhy " LLWHY_VERSION;

volatile sig_atomic_t llw_probe_stop;

static void on_signal(int number) {
    llw_probe_stop = number;
    signal(number, SIG_DFL); /* the second one ends us at once */
}

void llw_probing_progress(llw_probing *p, const char *what) {
    if (!isatty(STDERR_FILENO)) return;
    fputs("\r", stderr);
    llw_app_tell("%-*s", (int)p->shown, what);
    if (!*what) fputs("\r", stderr);
    fflush(stderr);
    p->shown = strlen(what);
}

static void progress(void *caller, const char *what) {
    llw_probing_progress(caller, what);
}

static void write_record(llw_probing *p) {
    llw_text out = {0};
    llw_err err = {0};
    if (!p->record) return;
    llw_render_probes_yaml(&out, p->probes, p->n, tool);
    llw_secret_star(out.bytes, out.len);
    if (llw_file_replace(p->record, out.bytes, out.len, &err) != LLW_OK) {
        llw_app_fail(p->app, LLW_EXIT_INPUT, &err);
        p->record = NULL; /* said once */
    }
    llw_text_fini(&out);
}

static void changed(void *caller, const llw_probe *probe) {
    llw_probing *p = caller;
    p->probes[p->n - 1] = *probe;
    write_record(p);
}

/* The GPUs of this machine; of another one only what --gpu says. */
static void add_machine(llw_probing *p, llw_probe *probe) {
    llw_app *app = p->app;
    const llw_options *o = &app->options;
    bool told = llw_option_given(o, LLW_OPT_GPU) || llw_option_given(o, LLW_OPT_NO_GPU);
    if (!probe->here && !told) return;
    if (!app->facts) {
        app->facts = llw_facts_new();
        if (!llw_app_gather_machine(app)) return;
    }
    void *items = NULL;
    size_t n = 0, capacity = 0;
    for (llw_entity g = 0; (g = llw_facts_next(app->facts, LLW_KIND_gpu, g));) {
        const char *name = "", *driver = NULL;
        int64_t total = 0;
        char buf[LLW_NUMBER_MAX];
        llw_facts_text(app->facts, g, LLW_gpu_name, &name);
        bool sized = llw_facts_count(app->facts, g, LLW_gpu_total, &total);
        *(const char **)llw_arena_push(app->arena, &items, &n, &capacity, sizeof(char *)) =
            llw_arena_printf(app->arena, "%s%s%s%s%s", llw_facts_id(app->facts, g), *name ? " " : "", name,
                             sized ? ", " : "", sized ? llw_format_mib(buf, total) : "");
        if (llw_facts_text(app->facts, g, LLW_gpu_driver, &driver)) probe->driver = driver;
    }
    int64_t gpus = 0;
    llw_entity host = llw_facts_next(app->facts, LLW_KIND_host, 0);
    bool none = llw_option_given(o, LLW_OPT_NO_GPU) ||
                (llw_facts_count(app->facts, host, LLW_host_gpus, &gpus) && !gpus);
    if (none && !n) items = llw_arena_alloc(app->arena, sizeof(char *)); /* a list, and nothing in it */
    probe->devices = items;
    probe->n_devices = n;
}

void llw_probing_run(llw_probing *p, const llw_probe_options *options, const llw_probe *start) {
    void *items = p->probes;
    llw_probe *kept = llw_arena_push(p->app->arena, &items, &p->n, &p->capacity, sizeof *kept);
    p->probes = items;
    llw_probe probe = *start;
    add_machine(p, &probe);
    *kept = probe;
    llw_probe_run(p->app->arena, options, &probe);
    p->probes[p->n - 1] = probe;
    llw_probing_progress(p, "");
}

static bool number(llw_app *app, llw_option_id id, double *out) {
    const char *text = llw_option_value(&app->options, id);
    char *end = NULL;
    if (!text) return true;
    *out = strtod(text, &end);
    if (end != text && !*end && *out > 0 && *out < 1e12) return true;
    return llw_app_complain(app, LLW_EXIT_USAGE, "--%s %s: it is a number above 0", llw_option_table[id].name,
                            text);
}

static bool read_options(llw_probing *p) {
    llw_app *app = p->app;
    const llw_options *o = &app->options;
    const char *llama = llw_option_value(o, LLW_OPT_LLAMA), *key = getenv("LLAMA_API_KEY");
    llw_probe_options *out = &p->options;
    double context = 0;
    llw_err err = {0};
    llw_build build;
    *out = (llw_probe_options){.url = p->url,
                               .key = key && *key ? key : NULL,
                               .model = llw_option_value(o, LLW_OPT_MODEL),
                               .stop = &llw_probe_stop,
                               .progress = progress,
                               .changed = changed,
                               .caller = p};
    if (!number(app, LLW_OPT_LIMIT, &out->limit) || !number(app, LLW_OPT_MIN_SPEED, &out->slowest) ||
        !number(app, LLW_OPT_CONTEXT, &context))
        return false;
    out->context = (int64_t)context;
    if (llama && llw_build_read_pinned(app->arena, llama, &build, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_USAGE, &err);
    if (llama) out->build = build.version;
    p->record = llw_option_value(o, LLW_OPT_RECORD);
    if (p->record && access(p->record, F_OK) == 0)
        return llw_app_complain(
            app, LLW_EXIT_USAGE,
            "--record %s: there is such a file already, and a record is not written over; "
            "name another",
            p->record);
    return true;
}

static void print(llw_probing *p) {
    llw_app *app = p->app;
    llw_text out = {0};
    if (app->json)
        llw_render_probes_json(&out, p->probes, p->n, tool);
    else {
        llw_render_probes_text(&out, &app->style, p->probes, p->n);
        if (p->record && p->n)
            llw_text_addf(&out, "The record is %s; llwhy record probe %s keeps it in the project's ledger.\n",
                          p->record, p->record);
        llw_flatten(&out, &app->style);
    }
    llw_app_print(app, &out);
    for (size_t i = 0; i < p->n; i++)
        if (llw_probe_judge(&p->probes[i]) != LLW_PROBE_PROVEN) llw_app_exit(app, LLW_EXIT_FINDINGS);
    if (llw_probe_stop) llw_app_exit(app, LLW_EXIT_INPUT); /* the question was not answered to its end */
}

int llw_command_probe(llw_app *app) {
    const llw_options *o = &app->options;
    llw_probing p = {.app = app, .url = o->n_words ? o->words[0] : NULL};
    bool walks = llw_option_given(o, LLW_OPT_WITH);
    if (!p.url)
        return llw_app_complain(app, LLW_EXIT_USAGE,
                                "llwhy probe URL: which server? For instance http://localhost:8080"),
               app->code;
    if (!walks && o->n_words > 1)
        return llw_app_complain(
                   app, LLW_EXIT_USAGE,
                   "llwhy probe URL FILE needs --with COMMAND, which starts the server for a profile "
                   "(llwhy probe --help)"),
               app->code;
    if (!llw_http_origin(app->arena,
                         strstr(p.url, "://") ? p.url : llw_arena_printf(app->arena, "http://%s", p.url)))
        return llw_app_complain(app, LLW_EXIT_USAGE, "'%s' is no address of a server", p.url), app->code;
    if (!read_options(&p)) return app->code;
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (walks)
        llw_probing_walk(&p, o->words + 1, o->n_words - 1);
    else {
        llw_probe start = llw_probe_new(app->arena, p.url);
        llw_probing_run(&p, &p.options, &start);
    }
    if (p.n) print(&p);
    return app->code;
}
