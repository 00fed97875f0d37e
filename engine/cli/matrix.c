/* llwhy matrix MODEL... MACHINE.json... [-- flags]: every model on every machine. */
#include "render/matrix.h"
#include "base/file.h"
#include "cli/app.h"
#include "fact/build.h"
#include "source/model/model_open.h"

#include <stdio.h>
#include <string.h>

enum { MAX_LINES = 512 << 20, MAX_MACHINES = 1 << 20 };

typedef struct matrix {
    llw_app *app;
    llw_flags flags;
    const char **models, **machines;
    size_t n_models, n_machines, machine_capacity;
    llw_text table; /* the lines, when a table is wanted */
    bool lines;
} matrix;

static bool ends_in(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n > m && !strcmp(text + n - m, end);
}

static void add_machine(matrix *m, const char *path) {
    void *items = m->machines;
    *(const char **)llw_arena_push(m->app->arena, &items, &m->n_machines, &m->machine_capacity, sizeof path) =
        path;
    m->machines = items;
}

/* A word is a machine when it is a .json file or a directory without a model in it; else a model. */
static bool sort_words(matrix *m) {
    llw_app *app = m->app;
    const llw_options *o = &app->options;
    m->models = llw_arena_alloc(app->arena, (o->n_words + 1) * sizeof *m->models);
    for (size_t i = 0; i < o->n_words; i++) {
        char **names = NULL;
        size_t n = 0, before = m->n_machines;
        if (ends_in(o->words[i], ".json")) {
            add_machine(m, o->words[i]);
            continue;
        }
        if (llw_file_is_directory(o->words[i]) &&
            llw_directory_list(app->arena, o->words[i], &names, &n, NULL) == LLW_OK)
            for (size_t k = 0; k < n && m->n_machines < MAX_MACHINES; k++)
                if (ends_in(names[k], ".json"))
                    add_machine(m, llw_path_join(app->arena, o->words[i], names[k]));
        if (m->n_machines == before) m->models[m->n_models++] = o->words[i];
    }
    return m->n_models ||
           llw_app_complain(app, LLW_EXIT_USAGE,
                            "llwhy matrix MODEL... MACHINE.json...: which models? A machine is what "
                            "llwhy facts --save wrote on it");
}

/* The model's launch on the machine whose facts are in app->facts; 0, with the reason, when there is none. */
static llw_entity gather(matrix *m, const char *name, llw_err *err) {
    llw_app *app = m->app;
    const llw_options *o = &app->options;
    const char *version = llw_option_value(o, LLW_OPT_LLAMA);
    llw_entity model = 0;
    if (llw_app_is_remote(name)) {
        if (!llw_app_open_model(app, app->facts, name, &model))
            return llw_fail(err, LLW_ERR_INPUT, name, 0, "its header cannot be read"), 0;
    } else if (llw_source_model(app->facts, name, &model, err) != LLW_OK)
        return 0;
    llw_token *words = llw_arena_alloc(app->arena, (o->n_flags + 1) * sizeof *words);
    for (size_t i = 0; i < o->n_flags; i++) words[i] = (llw_token){.text = o->flags[i], .place = "argument"};
    llw_argv in = {.id = "matrix", .args = words, .n_args = o->n_flags, .flags = &m->flags};
    in.build = llw_build_claim(app->facts, version, version ? LLW_GRADE_FLAG : LLW_GRADE_DEFAULT,
                               version ? "argument" : "default", version ? "--llama" : "", err);
    if (!in.build || llw_argv_read(app->facts, &in, &app->argv, err) != LLW_OK) return 0;
    llw_facts_claim(app->facts, app->argv.launch, LLW_launch_model, llw_ref(model), LLW_GRADE_FLAG,
                    "argument", "MODEL");
    return app->argv.launch;
}

static const char *machine_name(llw_arena *arena, const char *path) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t len = strlen(name);
    return llw_arena_strndup(arena, name, ends_in(name, ".json") ? len - 5 : len);
}

/* One pair, in memory of its own; machine NULL is this one, or the one the options describe. */
static void pair(matrix *m, const char *model, const char *machine) {
    llw_app *app = m->app;
    llw_arena *kept = app->arena;
    llw_err err = {0};
    llw_entity launch = 0;
    llw_run *run = NULL;
    llw_text line = {0};
    app->arena = llw_arena_new();
    app->facts = llw_facts_new();
    if (machine ? llw_app_read_facts(app, machine, &err) : llw_app_gather_machine(app))
        launch = gather(m, model, &err);
    if (launch)
        run = llw_run_new(app->kb, app->facts);
    else {
        if (!*err.text)
            llw_fail(&err, LLW_ERR_INPUT, machine ? machine : "", 0, "the machine cannot be read");
        llw_app_fail(app, LLW_EXIT_INPUT, &err);
    }
    const char *why = *err.file ? llw_arena_printf(app->arena, "%s: %s", err.file, err.text) : err.text;
    llw_render_matrix_line(&line, run, launch, model, machine ? machine_name(app->arena, machine) : "here",
                           launch ? NULL : why);
    if (m->lines) {
        llw_app_print(app, &line);
        fflush(stdout); /* whoever reads it has it, also when a later pair is killed */
    } else {
        llw_text_addn(&m->table, llw_text_str(&line), line.len);
        llw_text_fini(&line);
    }
    llw_run_free(run);
    llw_facts_free(app->facts);
    llw_arena_free(app->arena);
    app->facts = NULL;
    app->arena = kept;
}

static void print_table(llw_app *app, const char *lines, size_t len) {
    llw_text out = {0};
    size_t strange = llw_render_matrix_table(&out, &app->style, lines, len);
    llw_app_print(app, &out);
    if (strange)
        llw_app_complain(app, LLW_EXIT_INPUT, "%zu line%s: nothing that llwhy matrix --format jsonl prints",
                         strange, strange == 1 ? " is left out" : "s are left out");
}

int llw_command_matrix(llw_app *app) {
    const llw_options *o = &app->options;
    const char *format = llw_option_value(o, LLW_OPT_FORMAT), *from = llw_option_value(o, LLW_OPT_FROM);
    matrix m = {.app = app, .lines = app->json || (format && !strcmp(format, "jsonl"))};
    llw_err err = {0};
    if (from) {
        char *bytes = NULL;
        size_t len = 0;
        if (llw_file_read(app->arena, from, MAX_LINES, &bytes, &len, &err) != LLW_OK)
            llw_app_fail(app, LLW_EXIT_INPUT, &err);
        else
            print_table(app, bytes, len);
        return app->code;
    }
    if (!sort_words(&m)) return app->code;
    if (llw_flags_load(&m.flags, &err) != LLW_OK) return llw_app_fail(app, LLW_EXIT_KB, &err), app->code;
    llw_app_load_kb(app);
    for (size_t i = 0; i < m.n_models; i++) /* before a pair's own arena is there */
        if (llw_app_is_remote(m.models[i])) llw_app_keep_headers(app);
    for (size_t i = 0; i < m.n_models; i++) {
        if (!m.n_machines) pair(&m, m.models[i], NULL);
        for (size_t k = 0; k < m.n_machines; k++) pair(&m, m.models[i], m.machines[k]);
    }
    if (!m.lines) print_table(app, llw_text_str(&m.table), m.table.len);
    llw_text_fini(&m.table);
    return app->code;
}
