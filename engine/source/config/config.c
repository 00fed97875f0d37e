/* Reading what lies under a path: each file by its front end, in the order in which they know of each other.
 */
#include "source/config/config.h"
#include "base/file.h"
#include "source/config/front.h"
#include "source/config/helm_use.h"
#include "source/config/pin.h"
#include "source/config/set.h"
#include "source/prose/meant.h"
#include "source/prose/reasons.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

typedef llw_config_entry entry;

/* --- launches of each kind of file --- */

/* llama.cpp or a model of its format is named, not only Ollama. */
static bool names_llama(const llw_config_file *file) {
    const char *end = file->bytes + file->len, *at = file->bytes;
    if (memmem(at, file->len, ".gguf", 5)) return true;
    for (; (at = memmem(at, (size_t)(end - at), "llama", 5)) != NULL; at++)
        if (at == file->bytes || tolower((unsigned char)at[-1]) != 'o') return true;
    return memmem(file->bytes, file->len, "LLAMA_ARG", 9) != NULL;
}

static void emit_dockerfile(llw_config_reader *r, llw_config_set *set, entry *e) {
    const llw_dockerfile *docker = llw_config_docker(r, e);
    const llw_config_file *file = &e->file;
    llw_lowered low;
    llw_container c = {.image = docker->image,
                       .place = {.place = llw_place(r->arena, file->path, docker->from, 1)},
                       .entrypoint = docker->entrypoint,
                       .command = docker->command};
    llw_start_site site = {.file = file->path,
                           .directory = file->directory,
                           .set = set,
                           .default_origin = "shell default",
                           .tells = names_llama(file),
                           .inside = &(llw_inside){.docker = docker}};
    llw_container_start(r, &site, &c, &docker->env, &low);
    if (!low.runs) return;
    llw_launch_spec spec = {.id = file->path,
                            .name = "",
                            .file = file,
                            .line = docker->line,
                            .column = 1,
                            .lowered = &low,
                            .version = low.version,
                            .version_place = llw_place(r->arena, file->path, docker->line, 1),
                            .infrastructure = true,
                            .example = file->example,
                            .directory = file->directory};
    llw_config_launch *made = llw_config_add_launch(r, &spec);
    if (!made) return;
    llw_config_launch copy = *made;
    llw_config_comments(r, file, &(llw_comment_target){1, INT_MAX, &copy}, 1, NULL, 0);
}

/* Whether a directory is one of those that hold drop-ins of a unit (systemd.unit(5)): NAME.d; of a template
 * and its instances those of the other, llm@.service.d and llm@a.service.d; llama-.service.d for all that
 * begin so. */
static bool named_for(const char *directory, const char *unit) {
    size_t len = strlen(directory) - 2; /* .d */
    const char *at = strchr(unit, '@'), *suffix = at ? strchr(at, '.') : strrchr(unit, '.'),
               *dash = strstr(directory, "-.");
    if (!suffix) return false;
    size_t prefix = (size_t)((at ? at + 1 : suffix) - unit), end = strlen(suffix);
    bool kind = len > end && !strncmp(directory + len - end, suffix, end);
    if (len == strlen(unit) && !strncmp(directory, unit, len)) return true;
    if (kind && dash && !strncmp(directory, unit, (size_t)(dash + 1 - directory)) &&
        (size_t)(dash + 1 - directory) + end == len)
        return true;
    if (!kind || !at || strncmp(directory, unit, prefix)) return false;
    return suffix == at + 1 || len == prefix + end; /* a template's instances; an instance's template */
}

/* Such a directory beside the unit, or anywhere when nothing of the unit's name is beside one. */
static bool changes(const llw_config_set *set, const entry *drop_in, const llw_config_file *unit) {
    const char *directory = llw_path_name(drop_in->file.directory);
    if (!named_for(directory, unit->name)) return false;
    size_t above = strlen(drop_in->file.directory) - strlen(directory);
    size_t same = strlen(unit->directory);
    if (above == (same ? same + 1 : 0) && !strncmp(drop_in->file.directory, unit->directory, same))
        return true;
    const char *beside = llw_arena_strndup(set->arena, drop_in->file.directory, above);
    beside = llw_arena_printf(set->arena, "%s%s", beside, unit->name);
    return !llw_config_set_entry(set, beside);
}

static void emit_unit(llw_config_reader *r, llw_config_set *set, const llw_config_file *file) {
    enum { MAX_DROP_INS = 64 };
    const llw_config_file *found[MAX_DROP_INS];
    size_t n = 0;
    for (size_t i = 0; i < set->n && n < MAX_DROP_INS; i++)
        if (set->items[i]->kind == LLW_CONFIG_DROP_IN && changes(set, set->items[i], file)) {
            size_t at = n++;
            for (; at && strcmp(found[at - 1]->name, set->items[i]->file.name) > 0; at--)
                found[at] = found[at - 1];
            found[at] = &set->items[i]->file;
        }
    llw_front_unit(r, set, file, found, n);
}

/* A drop-in whose unit is not here stands alone. */
static void emit_drop_in(llw_config_reader *r, llw_config_set *set, const llw_config_file *file) {
    entry e = {.file = *file};
    for (size_t i = 0; i < set->n; i++)
        if (set->items[i]->kind == LLW_CONFIG_UNIT && changes(set, &e, &set->items[i]->file)) return;
    llw_front_unit(r, set, file, NULL, 0);
}

/* supervisord's files are called as anybody's are. */
static bool is_supervisor(const llw_config_file *file) {
    static const char head[] = "[program:", ours[] = "llama";
    return memmem(file->bytes, file->len, head, sizeof head - 1) &&
           memmem(file->bytes, file->len, ours, sizeof ours - 1);
}

typedef enum turn { COMMANDS, MANIFESTS, INI_FILES, DOCUMENTS } turn;

static turn turn_of(llw_config_kind kind) {
    if (kind == LLW_CONFIG_DOCUMENT) return DOCUMENTS;
    if (kind == LLW_CONFIG_KUBERNETES || kind == LLW_CONFIG_KUSTOMIZE) return MANIFESTS;
    return kind == LLW_CONFIG_INI || kind == LLW_CONFIG_PRESET ? INI_FILES : COMMANDS;
}

static void emit_one(llw_config_reader *r, llw_config_set *set, size_t i) {
    const llw_config_file *file = &set->items[i]->file;
    switch (set->items[i]->kind) {
    case LLW_CONFIG_INI:
        if (is_supervisor(file))
            llw_front_manager(r, set, file, LLW_CONFIG_SUPERVISOR);
        else
            llw_chain_conf(r, set, file);
        break;
    case LLW_CONFIG_PRESET: llw_front_preset(r, file, false); break;
    case LLW_CONFIG_ENV: llw_chain_env(r, set, file); break;
    case LLW_CONFIG_COMPOSE: llw_chain_compose(r, set, set->items[i]); break;
    case LLW_CONFIG_DOCKERFILE: emit_dockerfile(r, set, set->items[i]); break;
    case LLW_CONFIG_SCRIPT: llw_front_script(r, set, file); break;
    case LLW_CONFIG_KUBERNETES: llw_front_kubernetes(r, set, file); break;
    case LLW_CONFIG_KUSTOMIZE: llw_front_kustomize(r, set, file); break;
    case LLW_CONFIG_MODELFILE: llw_front_modelfile(r, file); break;
    case LLW_CONFIG_LOCALAI: llw_front_localai(r, file); break;
    case LLW_CONFIG_MAKEFILE: llw_front_recipes(r, set, file, false); break;
    case LLW_CONFIG_JUSTFILE: llw_front_recipes(r, set, file, true); break;
    case LLW_CONFIG_POWERSHELL: llw_front_powershell(r, set, file); break;
    case LLW_CONFIG_NIX: llw_front_nix(r, set, file); break;
    case LLW_CONFIG_BATCH: llw_front_batch(r, set, file); break;
    case LLW_CONFIG_PYTHON: llw_front_python(r, file); break;
    case LLW_CONFIG_SWAP: llw_front_swap(r, set, file); break;
    case LLW_CONFIG_UNIT: emit_unit(r, set, file); break;
    case LLW_CONFIG_DROP_IN: emit_drop_in(r, set, file); break;
    case LLW_CONFIG_ACTIONS:
    case LLW_CONFIG_GITLAB:
    case LLW_CONFIG_TASKFILE:
    case LLW_CONFIG_PACKAGE:
    case LLW_CONFIG_DEVCONTAINER:
    case LLW_CONFIG_EDITOR:
    case LLW_CONFIG_SKY: llw_front_commands(r, set, file, set->items[i]->kind); break;
    case LLW_CONFIG_PROCFILE:
    case LLW_CONFIG_LAUNCHD: llw_front_manager(r, set, file, set->items[i]->kind); break;
    case LLW_CONFIG_DOCUMENT: llw_config_document(r, set, file); break;
    default: break;
    }
}

/* What a file may leave behind in the reader and its result. Lists may have grown and been cut again. */
typedef struct trace {
    size_t launches, unread, problems, claims, routers, maps, pins, parsed, charts, reasons;
    const void *lists[8];
    bool maps_read, known, cards;
} trace;

static trace trace_of(const llw_config_reader *r) {
    return (trace){.launches = r->out->n_launches,
                   .unread = r->out->n_unread,
                   .problems = r->out->n_problems,
                   .claims = r->out->n_claims,
                   .routers = r->n_routers,
                   .maps = r->n_maps,
                   .pins = r->n_pins,
                   .parsed = r->n_parsed,
                   .charts = r->n_helm_uses,
                   .reasons = r->n_ubatch_reasons,
                   .lists = {r->out->launches, r->out->unread, r->out->problems, r->routers, r->maps, r->pins,
                             r->helm_uses, r->ubatch_reasons},
                   .maps_read = r->maps_read,
                   .known = r->known != NULL,
                   .cards = r->cards != NULL};
}

static bool same_trace(const trace *a, const trace *b) {
    return !memcmp(a->lists, b->lists, sizeof a->lists) && a->launches == b->launches &&
           a->unread == b->unread && a->problems == b->problems && a->claims == b->claims &&
           a->routers == b->routers && a->maps == b->maps && a->pins == b->pins && a->parsed == b->parsed &&
           a->charts == b->charts && a->reasons == b->reasons && a->maps_read == b->maps_read &&
           a->known == b->known && a->cards == b->cards;
}

/* Most files of a repository come to nothing: what was read of those is given back. */
static void emit_apart(llw_config_reader *r, llw_config_set *set, size_t i) {
    llw_arena *all = r->arena, *own = llw_arena_new();
    trace before = trace_of(r);
    r->arena = own;
    r->emission++;
    r->nested = 0;
    emit_one(r, set, i);
    r->emission++; /* the texts that were kept in it go with it */
    r->arena = all;
    trace after = trace_of(r);
    if (same_trace(&before, &after))
        llw_arena_free(own);
    else
        llw_arena_adopt(all, own);
}

static void emit_all(llw_config_reader *r, llw_config_set *set, turn now) {
    for (size_t i = 0; i < set->n; i++) {
        if (!set->items[i]->emit || turn_of(set->items[i]->kind) != now) continue;
        const llw_config_file *file = &set->items[i]->file;
        void *files = r->out->files;
        *(const char **)llw_arena_push(r->arena, &files, &r->out->n_files, &r->out->file_capacity,
                                       sizeof file->path) = file->path;
        r->out->files = files;
        emit_apart(r, set, i);
    }
}

/* Manifests behind the commands that install charts. INI files late: whoever starts a router, which reads one
 * of them, is known by then. Documents last: they
 * speak of what the others start. */
static void emit(llw_config_reader *r, llw_config_set *set) {
    emit_all(r, set, COMMANDS);
    llw_helm_declared(r, set);
    for (size_t i = 0; r->n_helm_uses && i < set->n; i++)
        if (set->items[i]->emit) llw_front_charts(r, set, &set->items[i]->file);
    emit_all(r, set, MANIFESTS);
    for (size_t i = 0; i < set->n; i++)
        if (set->items[i]->kind == LLW_CONFIG_INI && llw_front_preset(r, &set->items[i]->file, true))
            set->items[i]->kind = LLW_CONFIG_PRESET;
    emit_all(r, set, INI_FILES);
    emit_all(r, set, DOCUMENTS);
    llw_reasons_claim(r);
}

typedef struct layers {
    const char *place; /* of the layer count that counts */
    llw_config_launch *launch;
} layers;

static int by_place(const void *a, const void *b) {
    return strcmp(((const layers *)a)->place, ((const layers *)b)->place);
}

/* Whoever started it, a .env or a profile: the count itself stands in a Compose file or Dockerfile. */
static bool stands_in_infrastructure(const llw_config_set *set, const llw_claim *count) {
    for (size_t i = 0; count->place && i < set->n; i++) {
        llw_config_kind kind = set->items[i]->kind;
        if ((kind == LLW_CONFIG_COMPOSE || kind == LLW_CONFIG_DOCKERFILE) &&
            llw_config_line_in(&set->items[i]->file, count->place))
            return true;
    }
    return false;
}

/* A layer count that several launches take from one place is as good as one in a Compose file. */
static void claim_infrastructure(llw_config_reader *r, const llw_config_set *set) {
    layers *all = llw_arena_alloc(r->arena, (r->out->n_launches + 1) * sizeof *all);
    size_t n = 0;
    for (size_t i = 0; i < r->out->n_launches; i++) {
        llw_config_launch *l = &r->out->launches[i];
        const llw_claim *count = llw_facts_best(r->facts, l->launch, LLW_launch_gpu_layers);
        l->infrastructure |= count && stands_in_infrastructure(set, count);
        l->inherited = l->infrastructure && !l->own_layers;
        if (count && count->place && *count->place) all[n++] = (layers){count->place, l};
    }
    qsort(all, n, sizeof *all, by_place);
    for (size_t i = 1; i < n; i++)
        if (!strcmp(all[i - 1].place, all[i].place) && all[i - 1].launch->launch != all[i].launch->launch) {
            all[i - 1].launch->infrastructure = all[i].launch->infrastructure = true;
            all[i - 1].launch->inherited = all[i].launch->inherited = true;
        }
    for (size_t i = 0; i < r->out->n_launches; i++) {
        const llw_config_launch *l = &r->out->launches[i];
        llw_facts_claim(r->facts, l->launch, LLW_launch_infrastructure, llw_flag(l->infrastructure),
                        LLW_GRADE_CONFIG, "configuration", llw_place(r->arena, l->file, l->line, l->column));
        llw_facts_claim(r->facts, l->launch, LLW_launch_inherited, llw_flag(l->inherited), LLW_GRADE_CONFIG,
                        "configuration", llw_place(r->arena, l->file, l->line, l->column));
    }
}

static llw_rc start_reader(llw_config_reader *r, llw_facts *facts, const llw_config_options *options,
                           llw_config_result *out, llw_err *err) {
    static const llw_config_options usual = {0};
    *r = (llw_config_reader){.facts = facts,
                             .arena = llw_facts_arena(facts),
                             .options = options ? options : &usual,
                             .out = out,
                             .budget = LLW_EXPAND_BUDGET,
                             .copies = LLW_SHELL_BUDGET,
                             .reread = LLW_SHELL_REREAD};
    r->flags = r->options->flags;
    if (r->flags) return LLW_OK;
    llw_flags *flags = llw_arena_alloc(r->arena, sizeof *flags);
    r->flags = flags;
    return llw_flags_load(flags, err);
}

static void tell_left_out(llw_config_reader *r, const llw_left_out *left, const char *what, int most) {
    if (left->n)
        llw_config_unread(r, left->file, left->line, "%d %s are checked: this one and %zu more are not", most,
                          what, left->n - 1);
}

static void read_set(llw_config_reader *r, llw_config_set *set) {
    emit(r, set);
    claim_infrastructure(r, set);
    llw_meanings_tell(r);
    tell_left_out(r, &r->unheard, "statements about models", LLW_CONFIG_MAX_CLAIMS);
    tell_left_out(r, &r->unstarted, "launches", LLW_CONFIG_MAX_LAUNCHES);
    r->out->n_inputs = set->n;
    r->out->inputs = llw_arena_alloc(r->arena, (set->n + 1) * sizeof *r->out->inputs);
    for (size_t i = 0; i < set->n; i++)
        r->out->inputs[i] = (llw_config_input){set->items[i]->file.path, set->items[i]->file.bytes,
                                               set->items[i]->file.len, set->items[i]->emit};
}

llw_rc llw_source_config_inputs(llw_facts *facts, const llw_config_input *inputs, size_t n,
                                const llw_config_options *options, llw_config_result *out, llw_err *err) {
    llw_config_reader r;
    llw_rc rc = start_reader(&r, facts, options, out, err);
    if (rc != LLW_OK) return rc;
    r.on_paper = true;
    llw_config_set set = {.root = "", .arena = r.arena};
    for (size_t i = 0; i < n; i++) llw_config_set_add(&r, &set, &inputs[i]);
    read_set(&r, &set);
    return LLW_OK;
}

/* Whether the one file that was named is there, and may be read. */
static llw_rc may_read(const char *path, llw_err *err) {
    struct stat st;
    if (stat(path, &st) != 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? llw_fail(err, LLW_ERR_INPUT, path, 0, "there is no such file or directory")
                   : llw_fail(err, LLW_ERR_INPUT, path, 0, "cannot be examined: %s", strerror(errno));
    if (!S_ISREG(st.st_mode))
        return llw_fail(err, LLW_ERR_INPUT, path, 0, "is a pipe or device, which is not read");
    if (access(path, R_OK) != 0)
        return llw_fail(err, LLW_ERR_INPUT, path, 0, "cannot be opened: %s", strerror(errno));
    return LLW_OK;
}

llw_rc llw_source_config(llw_facts *facts, const char *path, const llw_config_options *options,
                         llw_config_result *out, llw_err *err) {
    llw_config_reader r;
    llw_rc rc = start_reader(&r, facts, options, out, err);
    if (rc != LLW_OK) return rc;
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') len--;
    path = llw_arena_strndup(r.arena, path, len);
    while (path[0] == '.' && path[1] == '/' && path[2]) path += 2;
    bool directory = llw_file_is_directory(*path ? path : ".");
    llw_config_set set = {.root =
                              directory ? (strcmp(path, ".") ? path : "") : llw_path_folder(r.arena, path)};
    set.arena = r.arena;
    char *real = realpath(*set.root ? set.root : ".", NULL);
    set.real = real ? llw_arena_strdup(r.arena, real) : NULL;
    free(real);
    if (directory) {
        llw_config_set_walk(&r, &set, set.root, true);
    } else {
        rc = may_read(path, err);
        if (rc != LLW_OK) return rc;
        bool sniff = false;
        llw_config_kind kind = llw_config_kind_of(llw_path_name(path), &sniff);
        if (kind == LLW_CONFIG_INI && llw_config_in_drop_in(set.root)) kind = LLW_CONFIG_DROP_IN;
        bool yaml =
            kind == LLW_CONFIG_YAML; /* named by hand: one that is nothing else is taken for Compose */
        entry *e = kind != LLW_CONFIG_NONE ? llw_config_set_load(&r, &set, path, kind, sniff, true) : NULL;
        if (!e && yaml) e = llw_config_set_load(&r, &set, path, LLW_CONFIG_COMPOSE, false, true);
        if (!e && kind != LLW_CONFIG_NONE && !sniff)
            return llw_fail(err, LLW_ERR_INPUT, path, 0, "cannot be read");
        if (!e)
            return llw_fail(
                err, LLW_ERR_INPUT, path, 0,
                "is none of the files read here, or starts nothing of llama.cpp: models.conf-style INI and "
                "router presets (.conf, .ini), .env, Compose, Kubernetes, llama-swap and LocalAI YAML, "
                "Dockerfile, shell and PowerShell scripts, systemd units, Modelfile, Makefile, Nix, Python, "
                "workflows, Taskfile, package.json, devcontainer.json and tasks.json");
        llw_config_set_walk(&r, &set, set.root, false);
        const char *drop_ins = llw_arena_printf(r.arena, "%s.d", path);
        if (e->kind == LLW_CONFIG_UNIT && llw_file_is_directory(drop_ins))
            llw_config_set_walk(&r, &set, drop_ins, false);
    }
    if (!r.options->build_given) llw_config_pins_of_git(&r, set.root);
    read_set(&r, &set);
    return LLW_OK;
}

bool llw_config_place_of(void *result, llw_entity launch, const char **file, int *line, int *column) {
    const llw_config_result *config = result;
    for (size_t i = 0; i < config->n_launches; i++) {
        if (config->launches[i].launch != launch) continue;
        *file = config->launches[i].file;
        *line = config->launches[i].line;
        *column = config->launches[i].column;
        return true;
    }
    return false;
}
