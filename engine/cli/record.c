/* llwhy record KIND FILE...: what was measured goes into the project's ledger. */
#include "base/file.h"
#include "base/secret.h"
#include "cli/app.h"
#include "fact/build.h"
#include "fact/model.h"
#include "source/machine/gpu.h"
#include "source/log/claim.h"
#include "source/model/model_open.h"
#include "source/evidence/record_make.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef struct recording {
    llw_app *app;
    llw_record_kind kind;
    const char *machine;
    const char *file_date; /* of the file at hand */
    llw_entity model;      /* of --model, 0 when none was named */
    const char *build;     /* of --llama */
    size_t added, there;
} recording;

static const char *utc(llw_arena *arena, time_t when) {
    char text[32] = "";
    struct tm day;
    if (!gmtime_r(&when, &day) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &day)) return NULL;
    return llw_arena_strdup(arena, text);
}

/* The model of --model, the cards and driver of this machine, the build of --llama. */
static bool prepare(recording *rec) {
    llw_app *app = rec->app;
    const llw_options *o = &app->options;
    llw_err err = {0};
    const char *name = llw_option_value(o, LLW_OPT_MODEL), *version = llw_option_value(o, LLW_OPT_LLAMA);
    app->facts = llw_facts_new();
    if (!llw_app_gather_machine(app)) return false;
    if (name && !llw_app_open_model(app, app->facts, name, &rec->model)) return false;
    llw_build build;
    if (version && llw_build_read_pinned(app->arena, version, &build, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_USAGE, &err);
    rec->build = version ? build.version : NULL;
    char host[256] = "machine";
    if (gethostname(host, sizeof host - 1) != 0) strcpy(host, "machine");
    const char *named = llw_option_value(o, LLW_OPT_MACHINE);
    rec->machine = named ? named : llw_arena_strdup(app->arena, host);
    return true;
}

/* Whether the record's cards are those of this machine, by name; a record without cards is taken to be of it.
 */
static bool of_this_machine(const recording *rec, const llw_record *r) {
    const llw_facts *facts = rec->app->facts;
    size_t n = 0;
    for (llw_entity g = 0; (g = llw_facts_next(facts, LLW_KIND_gpu, g)); n++) {
        const char *name = NULL;
        if (n < r->n_gpus && r->gpus[n].name && llw_facts_text(facts, g, LLW_gpu_name, &name) &&
            !strcasestr(name, r->gpus[n].name) && !strcasestr(r->gpus[n].name, name))
            return false;
    }
    return !r->n_gpus || n == r->n_gpus;
}

static void fill_machine(const recording *rec, llw_record *r) {
    const llw_facts *facts = rec->app->facts;
    if (!r->machine) r->machine = rec->machine;
    if (!of_this_machine(rec, r)) return;
    size_t n = 0;
    for (llw_entity g = 0; (g = llw_facts_next(facts, LLW_KIND_gpu, g)); n++) {
        const char *name = NULL, *driver = NULL;
        llw_record_card *card = n < r->n_gpus ? &r->gpus[n] : llw_record_add_card(r);
        if (!card) break;
        if (!card->name && llw_facts_text(facts, g, LLW_gpu_name, &name)) card->name = name;
        if (card->total < 0) llw_facts_count(facts, g, LLW_gpu_total, &card->total);
        if (!r->driver && llw_facts_text(facts, g, LLW_gpu_driver, &driver)) r->driver = driver;
    }
}

static void fill_model(const recording *rec, llw_record *r) {
    const llw_facts *facts = rec->app->facts;
    llw_arena *arena = rec->app->arena;
    if (!rec->model) return;
    const char *path = NULL, *architecture = NULL;
    const llw_model *header = llw_facts_model(facts, rec->model);
    if (!llw_facts_text(facts, rec->model, LLW_model_path, &path) || !path || !*path)
        path = llw_arena_printf(arena, "%s.gguf", llw_facts_id(facts, rec->model)); /* a known model */
    const char *slash = strrchr(path, '/');
    r->model_file = slash ? slash + 1 : path;
    llw_facts_count(facts, rec->model, LLW_model_file_bytes, &r->model_bytes);
    if (header) r->model_header = llw_model_hash(arena, header);
    if (llw_facts_text(facts, rec->model, LLW_model_architecture, &architecture))
        r->architecture = architecture;
}

static bool all_among(const char *const *flags, size_t n, const llw_record *r) {
    for (size_t i = 0; i < n; i++) {
        bool found = false;
        for (size_t k = 0; k < r->n_flags && !found; k++) found = !strcmp(flags[i], r->flags[k]);
        if (!found) return false;
    }
    return true;
}

/* What the file does not tell, and what --llama, --model, --label and the flags behind -- say. */
static bool complete(recording *rec, const char *path, llw_record *r) {
    llw_app *app = rec->app;
    const llw_options *o = &app->options;
    if (rec->build) r->build = rec->build;
    if (o->flags_given) {
        const char *const *given = llw_secret_words(app->arena, o->flags, o->n_flags);
        if (r->kind == LLW_RECORD_PROBE && r->flags && !all_among(given, o->n_flags, r))
            llw_app_tell("llwhy: %s tells other flags; recorded are those behind --\n", path);
        r->flags = given;
        r->n_flags = o->n_flags < LLW_RECORD_FLAGS ? o->n_flags : LLW_RECORD_FLAGS;
    }
    if (llw_option_given(o, LLW_OPT_LABEL)) r->label = llw_option_value(o, LLW_OPT_LABEL);
    if (!r->date) r->date = rec->file_date;
    fill_model(rec, r);
    fill_machine(rec, r);
    if (!r->build)
        return llw_app_complain(
            app, LLW_EXIT_INPUT,
            "%s does not say which build it was: give --llama VERSION (llama-server --version)", path);
    if (!r->model_file)
        return llw_app_complain(app, LLW_EXIT_INPUT, "%s does not say which model it was: give --model FILE",
                                path);
    return true;
}

static bool add(recording *rec, const char *path, llw_record *r) {
    llw_app *app = rec->app;
    llw_ledger_added added;
    llw_err err = {0};
    if (!complete(rec, path, r)) return false;
    if (llw_ledger_add(app->arena, llw_app_ledger_directory(app), rec->machine, r, &added, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_INPUT, &err);
    llw_text out = {0};
    char id[9] = "";
    snprintf(id, sizeof id, "%s", r->id);
    llw_text_addf(&out, "%s:%d: %s %s %s of %s, build %s\n", added.path, added.line,
                  added.there ? "there already," : "added", id, llw_record_kind_name(r->kind), r->model_file,
                  r->build);
    llw_app_print(app, &out);
    if (added.there)
        rec->there++;
    else
        rec->added++;
    return true;
}

static bool record_log(recording *rec, const char *path) {
    llw_app *app = rec->app;
    llw_log log;
    llw_err err = {0};
    if (llw_log_read(app->arena, path, &log, &err) != LLW_OK) return llw_app_fail(app, LLW_EXIT_INPUT, &err);
    size_t n = 0;
    bool good = true;
    for (size_t i = 0; i < log.n_loads; i++) {
        const llw_load *load = &log.loads[i];
        if (load->draft || load->ik || load->ollama_engine || load->outcome == LLW_LOG_UNKNOWN) continue;
        llw_record r;
        const llw_token *words = NULL;
        const char *unsaid = "";
        llw_record_from_load(app->arena, &log, load, &r);
        r.n_flags = llw_log_words(app->arena, &log, load, &words, &unsaid);
        const char **flags = llw_arena_alloc(app->arena, (r.n_flags + 1) * sizeof *flags);
        for (size_t k = 0; k < r.n_flags; k++) flags[k] = words[k].text;
        r.flags = r.n_flags ? flags : NULL; /* nothing told is not the same as no flags */
        if (*unsaid && !app->options.flags_given) {
            llw_app_tell("llwhy: %s: %s\n", path, unsaid);
            r.unsaid = unsaid;
        }
        good = add(rec, path, &r) && good;
        n++;
    }
    return good && (n || llw_app_complain(app, LLW_EXIT_INPUT,
                                          "%s shows no load to its end: nothing was measured", path));
}

/* A program's results, read whole. */
static bool record_file(recording *rec, const char *path) {
    llw_app *app = rec->app;
    llw_err err = {0};
    char *bytes = NULL;
    size_t len = 0, n = 1;
    llw_record one, *records = &one;
    if (llw_file_read(app->arena, path, LLW_RECORD_FILE_BYTES, &bytes, &len, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_INPUT, &err);
    llw_rc rc = rec->kind == LLW_RECORD_BENCH
                    ? llw_record_from_bench(app->arena, path, bytes, len, &records, &n, &err)
                : rec->kind == LLW_RECORD_RUN
                    ? llw_record_from_run(app->arena, path, bytes, len, &one, &err)
                    : llw_record_from_probes(app->arena, path, bytes, len, &records, &n, &err);
    if (rc != LLW_OK) return llw_app_fail(app, LLW_EXIT_INPUT, &err);
    bool good = true;
    for (size_t i = 0; i < n; i++) good = add(rec, path, &records[i]) && good;
    return good;
}

static bool record_correction(recording *rec) {
    llw_app *app = rec->app;
    const llw_options *o = &app->options;
    llw_record r;
    llw_ledger_added added;
    llw_err err = {0};
    if (o->n_words != 2 || !o->flags_given)
        return llw_app_complain(
            app, LLW_EXIT_USAGE,
            "llwhy record correction ID -- flags: which record (llwhy evidence), and what did it "
            "really run with?");
    const llw_record *about = llw_ledger_find(llw_app_ledger(app, NULL), o->words[1]);
    if (!about)
        return llw_app_complain(app, LLW_EXIT_INPUT,
                                "no record, or more than one, has the id %s: llwhy evidence lists them",
                                o->words[1]);
    llw_record_init(&r, LLW_RECORD_CORRECTION);
    r.about = about->id;
    r.reason = llw_option_value(o, LLW_OPT_BECAUSE);
    r.date = utc(app->arena, time(NULL));
    r.flags = o->flags;
    r.n_flags = o->n_flags < LLW_RECORD_FLAGS ? o->n_flags : LLW_RECORD_FLAGS;
    if (llw_ledger_add(app->arena, llw_app_ledger_directory(app),
                       about->machine ? about->machine : rec->machine, &r, &added, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_INPUT, &err);
    llw_text out = {0};
    llw_text_addf(&out, "%s:%d: corrects %s:%d\n", added.path, added.line, about->path, about->line);
    llw_app_print(app, &out);
    return true;
}

static void record_files(recording *rec) {
    llw_app *app = rec->app;
    const llw_options *o = &app->options;
    for (size_t i = 1; i < o->n_words; i++) {
        struct stat st;
        rec->file_date =
            utc(app->arena, stat(o->words[i], &st) == 0 && S_ISREG(st.st_mode) ? st.st_mtime : time(NULL));
        if (rec->kind == LLW_RECORD_LOG)
            record_log(rec, o->words[i]);
        else
            record_file(rec, o->words[i]);
    }
}

int llw_command_record(llw_app *app) {
    const llw_options *o = &app->options;
    recording rec = {.app = app};
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error to report, not an end */
    if (!o->n_words || !llw_record_kind_find(o->words[0], &rec.kind))
        llw_app_complain(
            app, LLW_EXIT_USAGE,
            "llwhy record KIND FILE...: what is it? KIND is log, probe, bench, run or correction");
    else if (o->n_words < 2)
        llw_app_complain(app, LLW_EXIT_USAGE, "llwhy record %s FILE...: which file?", o->words[0]);
    else if (prepare(&rec)) {
        if (rec.kind == LLW_RECORD_CORRECTION)
            record_correction(&rec);
        else
            record_files(&rec);
    }
    return app->code;
}
