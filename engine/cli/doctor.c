/* llwhy doctor: what llwhy sees of this machine, and why something is missing. It looks with the same readers
 * that answer questions, changes nothing and guesses nothing. */
#include "render/doctor.h"
#include "base/data.h"
#include "base/file.h"
#include "base/process.h"
#include "cli/app.h"
#include "cli/project.h"
#include "source/machine/gpu.h"
#include "source/machine/gpu_nvml.h"
#include "source/machine/gpu_smi.h"
#include "source/machine/host.h"
#include "source/remote/hub.h"

#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_CHECKS = 96, PROGRAM_SECONDS = 10 };

typedef struct examination {
    llw_app *app;
    llw_check checks[MAX_CHECKS];
    size_t n;
} examination;

static void add(examination *x, const char *part, const char *name, llw_check_state state, const char *saw,
                const char *advice) {
    if (x->n < MAX_CHECKS) x->checks[x->n++] = (llw_check){part, name, state, saw, advice};
}

static const char *slot_text(const examination *x, llw_entity e, llw_attr attr, const char *unknown) {
    const char *text = unknown;
    llw_facts_text(x->app->facts, e, attr, &text);
    return text;
}

static const char *size_text(const examination *x, llw_entity e, llw_attr attr) {
    char buf[LLW_NUMBER_MAX];
    int64_t n = 0;
    return llw_facts_count(x->app->facts, e, attr, &n)
               ? llw_arena_strdup(x->app->arena, llw_format_mib(buf, n))
               : "unknown";
}

/* ---- GPUs ---- */

static const char gpus[] = "GPUs";

/* One of the two readers of the driver: how many cards it sees, or why none. */
static bool reader(examination *x, const char *name, llw_rc rc, const llw_gpu_list *list, const llw_err *err,
                   bool needed) {
    llw_arena *arena = x->app->arena;
    if (rc == LLW_OK) {
        const char *driver = list->count && list->gpus[0].driver ? list->gpus[0].driver : "unknown";
        add(x, gpus, name, LLW_CHECK_FOUND,
            llw_arena_printf(arena, "%zu GPU%s, driver %s", list->count, list->count == 1 ? "" : "s", driver),
            "");
    } else
        add(x, gpus, name, needed ? LLW_CHECK_TROUBLE : LLW_CHECK_ABSENT,
            llw_arena_printf(arena, "%s %s", err->file, err->text), "");
    return rc == LLW_OK;
}

static bool device_files(examination *x) {
    char **names = NULL;
    size_t n = 0, found = 0;
    llw_text list = {0};
    llw_directory_list(x->app->arena, "/dev", &names, &n, NULL);
    for (size_t i = 0; i < n; i++)
        if (!strncmp(names[i], "nvidia", 6) || !strcmp(names[i], "dxg"))
            llw_text_addf(&list, "%s/dev/%s", found++ ? ", " : "", names[i]);
    add(x, gpus, "device files", found ? LLW_CHECK_FOUND : LLW_CHECK_ABSENT,
        found ? llw_arena_strdup(x->app->arena, llw_text_str(&list)) : "no /dev/nvidia* and no /dev/dxg", "");
    llw_text_fini(&list);
    return found > 0;
}

static const char *gpu_advice(const examination *x, bool files) {
    const char *place = llw_host_environment(x->app->arena, NULL);
    if (files)
        return "the kernel has the driver and its libraries do not answer: run nvidia-smi and read what it "
               "says";
    if (place && !strcmp(place, "container"))
        return "this is a container: start it with its GPUs (docker run --gpus all, with the NVIDIA "
               "container toolkit); or "
               "describe them with --gpu TOTAL:FREE in MiB";
    return "no NVIDIA driver is loaded here. Install it if there is a card; or describe one with --gpu "
           "TOTAL:FREE in MiB, "
           "and say --no-gpu if there is none";
}

static void look_at_gpus(examination *x) {
    llw_app *app = x->app;
    llw_err err = {0}, smi_err = {0};
    llw_gpu_list nvml = llw_gpu_list_start(app->arena, "nvml"),
                 smi = llw_gpu_list_start(app->arena, "nvidia-smi");
    llw_rc by_nvml = llw_gpu_nvml_read(&nvml, NULL, &err),
           by_smi = llw_gpu_smi_read(&smi, NULL, PROGRAM_SECONDS, &smi_err);
    bool files = device_files(x), none = by_nvml != LLW_OK && by_smi != LLW_OK;
    reader(x, "NVML", by_nvml, &nvml, &err, files);
    reader(x, "nvidia-smi", by_smi, &smi, &smi_err, files && by_nvml != LLW_OK);
    size_t seen = 0;
    for (llw_entity g = 0; (g = llw_facts_next(app->facts, LLW_KIND_gpu, g)); seen++)
        add(x, gpus, llw_facts_id(app->facts, g), LLW_CHECK_FOUND,
            llw_arena_printf(app->arena, "%s: %s free of %s, as llama.cpp is told them",
                             slot_text(x, g, LLW_gpu_name, "unnamed"), size_text(x, g, LLW_gpu_free),
                             size_text(x, g, LLW_gpu_total)),
            "");
    if (!seen)
        add(x, gpus, "for llama.cpp", none && !files ? LLW_CHECK_ABSENT : LLW_CHECK_TROUBLE,
            "no GPU is visible", gpu_advice(x, files));
    const char *const *notes = NULL;
    size_t n = seen ? llw_facts_notes(app->facts, &notes) : 0;
    for (size_t i = 0; i < n; i++) add(x, gpus, "note", LLW_CHECK_TROUBLE, notes[i], "");
    static const char *const variables[] = {"CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);
        add(x, gpus, variables[i], value ? LLW_CHECK_FOUND : LLW_CHECK_ABSENT, value ? value : "not set", "");
    }
}

/* ---- llama.cpp ---- */

/* The path of a program in PATH; NULL. */
static const char *in_path(llw_arena *arena, const char *name) {
    const char *path = getenv("PATH");
    for (const char *at = path ? path : ""; *at;) {
        size_t len = strcspn(at, ":");
        const char *file = llw_path_join(arena, llw_arena_strndup(arena, at, len), name);
        if (access(file, X_OK) == 0 && !llw_file_is_directory(file)) return file;
        at += len + (at[len] == ':');
    }
    return NULL;
}

static void look_at_llama(examination *x) {
    static const char part[] = "llama.cpp", name[] = "llama-server";
    llw_arena *arena = x->app->arena;
    const char *given = llw_option_value(&x->app->options, LLW_OPT_LLAMA_SERVER),
               *path = given ? given : in_path(arena, name);
    if (!path) {
        add(x, part, name, LLW_CHECK_ABSENT, "not in PATH",
            "nothing needs it; with --llama-server PATH it says how llama.cpp itself sees the GPUs");
        return;
    }
    const char *argv[] = {path, "--version", NULL};
    llw_process p;
    llw_err err = {0};
    if (llw_process_run(arena, argv, NULL, 1 << 16, PROGRAM_SECONDS, &p, &err) != LLW_OK)
        add(x, part, name, LLW_CHECK_TROUBLE, llw_arena_printf(arena, "%s: %s", path, err.text),
            "give the program itself with --llama-server PATH");
    else if (p.timed_out || p.exit_code != 0)
        add(x, part, name, LLW_CHECK_TROUBLE,
            p.timed_out ? llw_arena_printf(arena, "%s --version does not end", path)
                        : llw_arena_printf(arena, "%s --version ends with %d", path, p.exit_code),
            "run it by hand: often a library of CUDA is missing");
    else
        add(x, part, name, LLW_CHECK_FOUND, path, "");
}

/* ---- memory ---- */

static void look_at_memory(examination *x) {
    static const char part[] = "Memory";
    llw_app *app = x->app;
    llw_meminfo m;
    llw_entity host = llw_facts_next(app->facts, LLW_KIND_host, 0);
    const llw_claim *total = host ? llw_facts_best(app->facts, host, LLW_host_ram_total) : NULL;
    bool readable = llw_host_meminfo(app->arena, NULL, &m),
         limited = total && !strcmp(total->origin, "cgroup");
    add(x, part, "/proc/meminfo", readable ? LLW_CHECK_FOUND : LLW_CHECK_TROUBLE,
        readable ? llw_arena_printf(app->arena, "%lld MiB", (long long)(m.total >> 20)) : "cannot be read",
        readable ? "" : "give --ram TOTAL:AVAILABLE in MiB");
    add(x, part, "limit of a group", limited ? LLW_CHECK_FOUND : LLW_CHECK_ABSENT,
        limited ? llw_arena_printf(app->arena, "%s: %s", total->place, size_text(x, host, LLW_host_ram_total))
                : "none",
        limited ? "it counts instead of the machine's memory, because programs are ended at it" : "");
    add(x, part, "available", readable ? LLW_CHECK_FOUND : LLW_CHECK_TROUBLE,
        size_text(x, host, LLW_host_ram_available), "");
    const char *place = llw_host_environment(app->arena, NULL);
    add(x, part, "kind of machine", place ? LLW_CHECK_FOUND : LLW_CHECK_ABSENT,
        place ? place : "nothing tells", "");
}

/* ---- directories ---- */

static size_t count_files(llw_arena *arena, const char *directory, const char *folder) {
    char **names = NULL;
    size_t n = 0;
    return llw_directory_list(arena, llw_path_join(arena, directory, folder), &names, &n, NULL) == LLW_OK ? n
                                                                                                          : 0;
}

static void look_at_knowledge(examination *x) {
    static const char part[] = "Knowledge";
    static const char *const folders[] = {"rules.d", "lessons", "models"};
    llw_arena *arena = x->app->arena;
    const char *const *directories = NULL;
    size_t n = llw_data_directories(&directories);
    add(x, part, "in the program", LLW_CHECK_FOUND, llw_arena_printf(arena, "%zu files", llw_n_builtins), "");
    for (size_t i = 0; i < n; i++) {
        llw_text what = {0};
        for (size_t k = 0; k < sizeof folders / sizeof *folders; k++) {
            size_t files = count_files(arena, directories[i], folders[k]);
            if (files) llw_text_addf(&what, "%s%s: %zu", what.len ? ", " : "", folders[k], files);
        }
        bool there = llw_file_is_directory(directories[i]);
        llw_trust trust = strcmp(directories[i], LLW_PROJECT_DATA) ? LLW_TRUST_NOTHING : x->app->trust;
        bool counts = trust == LLW_TRUST_NOTHING || trust == LLW_TRUST_GIVEN;
        add(x, part, directories[i], there && counts ? LLW_CHECK_FOUND : LLW_CHECK_ABSENT,
            what.len ? llw_arena_strdup(arena, llw_text_str(&what))
            : there  ? "no rules.d, lessons or models in it"
                     : "not there",
            counts ? ""
            : trust == LLW_TRUST_CHANGED
                ? "changed since you agreed to it, so nothing of it counts: read it, then say llwhy trust ."
                : "nothing of it counts until you agree to it: read it, then say llwhy trust .");
        llw_text_fini(&what);
    }
    for (size_t i = 0; i < x->app->kb->n_problems; i++) {
        const llw_err *e = &x->app->kb->problems[i];
        add(x, part, "left out", LLW_CHECK_TROUBLE,
            llw_arena_printf(arena, "%s:%d: %s", e->file, e->line, e->text),
            "the others answer; repair the file, or take it away");
    }
}

static void look_at_project(examination *x) {
    static const char part[] = "Project";
    llw_app *app = x->app;
    const char *file = llw_project_find(app);
    const llw_ledger *ledger = llw_app_ledger(app, NULL);
    add(x, part, ".llwhy.yaml", file ? LLW_CHECK_FOUND : LLW_CHECK_ABSENT,
        file ? file : "neither here nor above, up to the root of the repository",
        file ? "" : "it lets llwhy alone answer for all your launches (README.md)");
    bool damaged = ledger->n_problems > 0;
    add(x, part, "ledger",
        damaged             ? LLW_CHECK_TROUBLE
        : ledger->directory ? LLW_CHECK_FOUND
                            : LLW_CHECK_ABSENT,
        ledger->directory
            ? llw_arena_printf(app->arena, "%s: %zu records%s", ledger->directory, ledger->n_records,
                               damaged ? ", and some that cannot be read" : "")
            : "no evidence/ here or above",
        damaged             ? "llwhy evidence names the lines"
        : ledger->directory ? ""
                            : "llwhy record makes it, from a log or a probe");
}

static void look_at_places(examination *x) {
    static const char part[] = "Directories";
    llw_arena *arena = x->app->arena;
    const char *state = llw_app_state_directory(x->app), *caches[LLW_HUB_CACHES],
               *old = llw_hub_old_cache(arena);
    bool writable = state && access(state, W_OK) == 0;
    add(x, part, "state", writable ? LLW_CHECK_FOUND : LLW_CHECK_TROUBLE,
        state ? state : "neither XDG_STATE_HOME nor HOME names a directory from the root on",
        writable ? ""
                 : "without it why has no last run to ask about, and teach forgets: set XDG_STATE_HOME to a "
                   "directory "
                   "of yours");
    size_t n = llw_hub_caches(arena, caches);
    for (size_t i = 0; i <= n; i++) {
        const char *path = i < n ? caches[i] : old;
        if (!path) continue;
        bool there = llw_file_is_directory(path);
        add(x, part, "downloads", there ? LLW_CHECK_FOUND : LLW_CHECK_ABSENT,
            there ? path : llw_arena_printf(arena, "%s is not there", path), "");
    }
}

static void look_at_terminal(examination *x) {
    static const char part[] = "Terminal";
    const char *codeset = nl_langinfo(CODESET), *color = getenv("NO_COLOR");
    bool utf8 = !strcmp(codeset, "UTF-8");
    add(x, part, "characters", utf8 ? LLW_CHECK_FOUND : LLW_CHECK_ABSENT, codeset,
        utf8 ? "" : "answers are plain ASCII; LC_ALL=C.UTF-8 shows bars and marks");
    add(x, part, "output", LLW_CHECK_FOUND,
        isatty(STDOUT_FILENO)
            ? llw_arena_printf(x->app->arena, "a terminal of %d columns", x->app->style.width)
            : "no terminal: no colours",
        color && *color ? "NO_COLOR is set: no colours" : "");
}

int llw_command_doctor(llw_app *app) {
    examination *x = llw_arena_alloc(app->arena, sizeof *x);
    *x = (examination){.app = app};
    if (app->options.n_words)
        return llw_app_complain(app, LLW_EXIT_USAGE, "llwhy doctor takes no words: it looks at this machine"),
               app->code;
    llw_err err = {0};
    llw_gpu_options machine = {.llama = llw_option_value(&app->options, LLW_OPT_LLAMA_SERVER)};
    llw_host_options host = {.ram = NULL};
    app->kb = llw_kb_load(NULL, 0, NULL);
    app->facts = llw_facts_new();
    if (llw_source_gpus(app->facts, &machine, &err) != LLW_OK ||
        llw_source_host(app->facts, &host, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_KB, &err), app->code;
    look_at_gpus(x);
    look_at_llama(x);
    look_at_memory(x);
    look_at_knowledge(x);
    look_at_project(x);
    look_at_places(x);
    look_at_terminal(x);
    for (size_t i = 0; i < x->n; i++)
        if (x->checks[i].state == LLW_CHECK_TROUBLE) llw_app_exit(app, LLW_EXIT_FINDINGS);
    llw_text out = {0};
    if (app->json)
        llw_render_doctor_json(&out, x->checks, x->n);
    else {
        llw_render_doctor_text(&out, &app->style, x->checks, x->n);
        llw_flatten(&out, &app->style);
    }
    llw_app_print(app, &out);
    return app->code;
}
