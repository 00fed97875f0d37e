/* Finding configuration files and pairing them: profiles with the Compose service they start, services with
 * their Dockerfile. */
#include "source/config.h"
#include "base/file.h"
#include "source/config_front.h"
#include "source/config_set.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef llw_config_entry entry;

static bool has_prefix(const char *text, const char *prefix) {
    return !strncmp(text, prefix, strlen(prefix));
}

static bool has_suffix(const char *text, const char *suffix) {
    size_t n = strlen(text), m = strlen(suffix);
    return n >= m && !strcasecmp(text + n - m, suffix);
}

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const char *directory_of(llw_arena *arena, const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash) return "";
    return slash == path ? "/" : llw_arena_strndup(arena, path, (size_t)(slash - path));
}

/* --- services and their Dockerfiles --- */

static const llw_service *services_of(llw_config_reader *r, entry *e, size_t *n) {
    if (!e->parsed_services) e->services = llw_config_compose(r, &e->file, &e->n_services);
    e->parsed_services = true;
    *n = e->n_services;
    return e->services;
}

static const llw_dockerfile *dockerfile_of(llw_config_reader *r, entry *e) {
    if (!e->parsed_docker) llw_config_dockerfile(r, &e->file, &e->docker);
    e->parsed_docker = true;
    return &e->docker;
}

/* The Dockerfile that a service is built from, or NULL. */
static const llw_dockerfile *docker_of(llw_config_reader *r, llw_config_set *set, const llw_config_file *file,
                                       const llw_service *s) {
    if (!s->builds || !s->context || !s->dockerfile) return NULL;
    const char *directory = llw_config_inside(r->arena, file->directory, s->context);
    const char *path = directory ? llw_config_inside(r->arena, directory, s->dockerfile) : NULL;
    if (!path) return NULL;
    entry *there = llw_config_set_entry(set, path);
    if (there) return dockerfile_of(r, there);
    if (!llw_file_is_regular(path)) return NULL;
    if (!llw_config_is_inside(set, path)) return NULL;
    entry *e = llw_config_set_load(r, set, path, LLW_CONFIG_DOCKERFILE, false, false);
    return e ? dockerfile_of(r, e) : NULL;
}

/* What the profiles and .env files of a directory start. */
typedef struct chain {
    llw_config_file file; /* a copy: the set may grow */
    const llw_service *service;
    const llw_dockerfile *docker;
} chain;

static bool runs_llama(llw_config_reader *r, llw_config_set *set, const llw_config_file *file,
                       const llw_service *s, const llw_dockerfile *docker) {
    llw_scope none = {.arena = r->arena};
    llw_lowered low;
    const char *version;
    llw_config_service(r, file, s, &none, docker, set, &low, &version);
    return low.runs;
}

/* The Compose service of a directory: that of a file in use before that of an example. */
static bool find_chain(llw_config_reader *r, llw_config_set *set, const char *directory, chain *out) {
    for (int example = 0; example < 2; example++)
        for (size_t i = 0; i < set->n; i++) {
            if (set->items[i]->kind != LLW_CONFIG_COMPOSE || set->items[i]->file.example != (example == 1) ||
                strcmp(set->items[i]->file.directory, directory))
                continue;
            size_t n = 0;
            const llw_service *services = services_of(r, set->items[i], &n);
            llw_config_file file = set->items[i]->file;
            for (size_t j = 0; j < n; j++) {
                const llw_dockerfile *docker = docker_of(r, set, &file, &services[j]);
                if (!runs_llama(r, set, &file, &services[j], docker)) continue;
                *out = (chain){file, &services[j], docker};
                return true;
            }
        }
    return false;
}

/* Variables through a service, when it uses them: what it runs then names their model. Else as words of their
 * own. */
static void lower_variables(llw_config_reader *r, llw_config_set *set, const chain *c,
                            const llw_scope *variables, llw_lowered *low, const char **version) {
    const llw_variable *model = llw_scope_get(variables, "MODEL");
    const char *path = model ? llw_rich_text(r->arena, &model->value) : NULL;
    *version = NULL;
    if (c->service) {
        llw_config_service(r, &c->file, c->service, variables, c->docker, set, low, version);
        bool used = low->runs && !path;
        for (size_t i = 0; low->runs && path && i < low->words.n && !used; i++) {
            const char *word = llw_rich_text(r->arena, &low->words.items[i]);
            used = word && *path && strstr(word, path);
        }
        for (size_t i = 0; low->runs && path && i < low->env.n && !used; i++)
            used = !strcmp(low->env.items[i].name, "LLAMA_ARG_MODEL") && low->env.items[i].token.text &&
                   strstr(low->env.items[i].token.text, path);
        if (used) return;
    }
    *low = (llw_lowered){.env = {.arena = r->arena}};
    llw_config_words_of_variables(r, variables, low);
}

/* --- launches of each kind of file --- */

typedef struct targets {
    llw_comment_target *items;
    llw_comment_text *texts;
    size_t n, n_texts, capacity, text_capacity;
} targets;

static void add_target(llw_config_reader *r, targets *t, int from, int to, const llw_config_launch *launch) {
    void *items = t->items;
    llw_comment_target *target = llw_arena_push(r->arena, &items, &t->n, &t->capacity, sizeof *target);
    t->items = items;
    llw_config_launch *copy = launch ? llw_arena_alloc(r->arena, sizeof *copy) : NULL;
    if (copy) *copy = *launch;
    *target = (llw_comment_target){from, to, copy};
}

static void add_text(llw_config_reader *r, targets *t, const llw_rich *text) {
    void *items = t->texts;
    *(llw_comment_text *)llw_arena_push(r->arena, &items, &t->n_texts, &t->text_capacity,
                                        sizeof(llw_comment_text)) = (llw_comment_text){*text, t->n - 1};
    t->texts = items;
}

static void emit_conf(llw_config_reader *r, llw_config_set *set, const llw_config_file *file) {
    static const char *const texts[] = {"NAME", "DESCRIPTION", "SPEED"};
    size_t n = 0, unread = r->out->n_unread;
    llw_ini_section *sections = llw_config_ini(r, file, &n);
    chain c = {0};
    targets t = {0};
    bool any = false;
    for (size_t i = 0; i < n; i++) any |= llw_ini_is_profile(r, file, &sections[i]);
    bool named = any || !strncasecmp(file->name, "models.", 7); /* else it is another program's file */
    if (!named) r->out->n_unread = unread;
    if (any) find_chain(r, set, file->directory, &c);
    for (size_t i = 0; i < n; i++) {
        llw_ini_section *s = &sections[i];
        if (!llw_ini_is_profile(r, file, s)) {
            const llw_ini_entry *model = named ? llw_ini_misspelt_model(r, s) : NULL;
            if (model)
                llw_config_unread(
                    r, file->path, model->line,
                    "the section [%.60s] names its model as %s: the key is MODEL here, in capitals", s->name,
                    model->key);
            else if (any && !s->broken)
                llw_config_unread(r, file->path, s->line, "the section [%.60s] names no MODEL", s->name);
            add_target(r, &t, s->line, s->last_line, NULL);
            continue;
        }
        llw_scope variables = {.arena = r->arena};
        for (size_t j = 0; j < s->n; j++) {
            bool text = false;
            for (size_t k = 0; k < 3; k++) text |= !strcmp(s->entries[j].key, texts[k]);
            llw_token place = {.place = llw_place(r->arena, file->path, s->entries[j].line, 1),
                               .origin = "profile"};
            if (!text && s->entries[j].value.n)
                llw_scope_assign(&variables, s->entries[j].key, &s->entries[j].value, place);
        }
        llw_lowered low;
        llw_launch_spec spec = {.id = llw_arena_printf(r->arena, "%s:%s", file->path, s->name),
                                .name = s->name,
                                .file = file,
                                .line = s->line,
                                .column = s->column,
                                .lowered = &low,
                                .infrastructure = file->example,
                                .example = file->example,
                                .directory = file->directory};
        lower_variables(r, set, &c, &variables, &low, &spec.version);
        if (c.service) {
            spec.mounts = c.service->mounts;
            spec.n_mounts = c.service->n_mounts;
            spec.version_place = llw_place(r->arena, c.file.path, c.service->line, c.service->column);
        }
        const llw_config_launch *made = llw_config_add_launch(r, &spec);
        if (!made) {
            add_target(r, &t, s->line, s->last_line, NULL);
            continue;
        }
        add_target(r, &t, s->line, s->last_line, made);
        const llw_ini_entry *description = llw_ini_get(s, "DESCRIPTION");
        if (description) add_text(r, &t, &description->value);
    }
    if (t.n) llw_config_comments(r, file, t.items, t.n, t.texts, t.n_texts);
}

static void emit_compose(llw_config_reader *r, llw_config_set *set, size_t index) {
    size_t n = 0;
    const llw_service *services = services_of(r, set->items[index], &n);
    llw_config_file *file = llw_arena_alloc(r->arena, sizeof *file);
    *file = set->items[index]->file;
    targets t = {0};
    llw_scope none = {.arena = r->arena};
    for (size_t i = 0; i < n; i++) {
        const llw_service *s = &services[i];
        const llw_dockerfile *docker = docker_of(r, set, file, s);
        llw_lowered low;
        llw_launch_spec spec = {.id = llw_arena_printf(r->arena, "%s:%s", file->path, s->name),
                                .name = s->name,
                                .file = file,
                                .line = s->line,
                                .column = s->column,
                                .lowered = &low,
                                .version_place = llw_place(r->arena, file->path, s->line, s->column),
                                .infrastructure = true,
                                .example = file->example,
                                .directory = file->directory,
                                .mounts = s->mounts,
                                .n_mounts = s->n_mounts};
        llw_config_service(r, file, s, &none, docker, set, &low, &spec.version);
        const llw_config_launch *made = low.runs ? llw_config_add_launch(r, &spec) : NULL;
        add_target(r, &t, s->line, s->last_line, made);
    }
    if (t.n) llw_config_comments(r, file, t.items, t.n, NULL, 0);
}

static bool env_is_ours(llw_config_reader *r, const llw_scope *env) {
    const llw_variable *model = llw_scope_get(env, "MODEL");
    const char *path = model ? llw_rich_text(r->arena, &model->value) : NULL;
    for (size_t i = 0; i < env->n; i++)
        if (has_prefix(env->items[i].name, "LLAMA_ARG_")) return true;
    if (path && (has_suffix(path, ".gguf") || llw_config_known_name(r, path))) return true;
    static const char *const names[] = {"N_GPU_LAYERS", "CTX_SIZE", "EXTRA_ARGS", "FIT"};
    int n = 0;
    for (size_t i = 0; i < 4; i++) n += llw_scope_get(env, names[i]) != NULL;
    return n >= 2;
}

static void emit_env(llw_config_reader *r, llw_config_set *set, const llw_config_file *file) {
    llw_scope env = llw_config_env(r, file, ".env");
    if (!env_is_ours(r, &env)) return;
    chain c = {0};
    targets t = {0};
    llw_lowered low;
    find_chain(r, set, file->directory, &c);
    llw_launch_spec spec = {.id = file->path,
                            .name = "",
                            .file = file,
                            .line = 1,
                            .column = 1,
                            .lowered = &low,
                            .infrastructure = file->example,
                            .example = file->example,
                            .directory = file->directory};
    lower_variables(r, set, &c, &env, &low, &spec.version);
    if (c.service) {
        spec.mounts = c.service->mounts;
        spec.n_mounts = c.service->n_mounts;
        spec.version_place = llw_place(r->arena, c.file.path, c.service->line, c.service->column);
    } else {
        low.env = env; /* LLAMA_ARG_* for a server started from this environment */
    }
    const llw_config_launch *made = llw_config_add_launch(r, &spec);
    if (!made) return;
    add_target(r, &t, 1, INT_MAX, made);
    llw_config_comments(r, file, t.items, t.n, NULL, 0);
}

static void emit_dockerfile(llw_config_reader *r, llw_config_set *set, entry *e) {
    const llw_dockerfile *docker = dockerfile_of(r, e);
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
                           .tells = true};
    llw_container_start(r, &site, &c, &docker->env, &low);
    if (!low.runs) return;
    targets t = {0};
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
    const llw_config_launch *made = llw_config_add_launch(r, &spec);
    if (!made) return;
    add_target(r, &t, 1, INT_MAX, made);
    llw_config_comments(r, file, t.items, t.n, NULL, 0);
}

/* Whether a drop-in changes this unit: NAME.d beside it, or anywhere when nothing of that name is beside one.
 */
static bool changes(const llw_config_set *set, const entry *drop_in, const llw_config_file *unit) {
    const char *directory = base_name(drop_in->file.directory);
    size_t len = strlen(unit->name);
    if (strncmp(directory, unit->name, len) || strcmp(directory + len, ".d")) return false;
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

typedef enum turn { COMMANDS, INI_FILES, DOCUMENTS } turn;

static turn turn_of(llw_config_kind kind) {
    if (kind == LLW_CONFIG_DOCUMENT) return DOCUMENTS;
    return kind == LLW_CONFIG_INI || kind == LLW_CONFIG_PRESET ? INI_FILES : COMMANDS;
}

static void emit_all(llw_config_reader *r, llw_config_set *set, turn now) {
    for (size_t i = 0; i < set->n; i++) {
        if (!set->items[i]->emit || turn_of(set->items[i]->kind) != now) continue;
        const llw_config_file *file = &set->items[i]->file;
        void *files = r->out->files;
        *(const char **)llw_arena_push(r->arena, &files, &r->out->n_files, &r->out->file_capacity,
                                       sizeof file->path) = file->path;
        r->out->files = files;
        switch (set->items[i]->kind) {
        case LLW_CONFIG_INI: emit_conf(r, set, file); break;
        case LLW_CONFIG_PRESET: llw_front_preset(r, file, false); break;
        case LLW_CONFIG_ENV: emit_env(r, set, file); break;
        case LLW_CONFIG_COMPOSE: emit_compose(r, set, i); break;
        case LLW_CONFIG_DOCKERFILE: emit_dockerfile(r, set, set->items[i]); break;
        case LLW_CONFIG_SCRIPT: llw_front_script(r, set, file); break;
        case LLW_CONFIG_KUBERNETES: llw_front_kubernetes(r, set, file); break;
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
        case LLW_CONFIG_DOCUMENT: llw_config_document(r, set, file); break;
        default: break;
        }
    }
}

/* INI files late: whoever starts a router, which reads one of them, is known by then. Documents last: they
 * speak of what the others start. */
static void emit(llw_config_reader *r, llw_config_set *set) {
    emit_all(r, set, COMMANDS);
    for (size_t i = 0; i < set->n; i++)
        if (set->items[i]->kind == LLW_CONFIG_INI && llw_front_preset(r, &set->items[i]->file, true))
            set->items[i]->kind = LLW_CONFIG_PRESET;
    emit_all(r, set, INI_FILES);
    emit_all(r, set, DOCUMENTS);
}

typedef struct layers {
    const char *place; /* of the layer count that counts */
    llw_config_launch *launch;
} layers;

static int by_place(const void *a, const void *b) {
    return strcmp(((const layers *)a)->place, ((const layers *)b)->place);
}

/* A layer count that several launches take from one place is as good as one in a Compose file. */
static void claim_infrastructure(llw_config_reader *r) {
    layers *all = llw_arena_alloc(r->arena, (r->out->n_launches + 1) * sizeof *all);
    size_t n = 0;
    for (size_t i = 0; i < r->out->n_launches; i++) {
        llw_config_launch *l = &r->out->launches[i];
        const llw_claim *count = llw_facts_best(r->facts, l->launch, LLW_launch_gpu_layers);
        if (count && count->place && *count->place) all[n++] = (layers){count->place, l};
    }
    qsort(all, n, sizeof *all, by_place);
    for (size_t i = 1; i < n; i++)
        if (!strcmp(all[i - 1].place, all[i].place) && all[i - 1].launch->launch != all[i].launch->launch)
            all[i - 1].launch->infrastructure = all[i].launch->infrastructure = true;
    for (size_t i = 0; i < r->out->n_launches; i++) {
        const llw_config_launch *l = &r->out->launches[i];
        llw_facts_claim(r->facts, l->launch, LLW_launch_infrastructure, llw_flag(l->infrastructure),
                        LLW_GRADE_CONFIG, "configuration", llw_place(r->arena, l->file, l->line, l->column));
    }
}

llw_rc llw_source_config(llw_facts *facts, const char *path, const llw_config_options *options,
                         llw_config_result *out, llw_err *err) {
    static const llw_config_options usual = {0};
    llw_config_reader r = {.facts = facts,
                           .arena = llw_facts_arena(facts),
                           .options = options ? options : &usual,
                           .out = out,
                           .budget = LLW_EXPAND_BUDGET,
                           .copies = LLW_SHELL_BUDGET,
                           .reread = LLW_SHELL_BUDGET};
    llw_flags flags;
    r.flags = r.options->flags;
    if (!r.flags) {
        llw_rc rc = llw_flags_load(r.arena, &flags, err);
        if (rc != LLW_OK) return rc;
        r.flags = &flags;
    }
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') len--;
    path = llw_arena_strndup(r.arena, path, len);
    while (path[0] == '.' && path[1] == '/' && path[2]) path += 2;
    bool directory = llw_file_is_directory(*path ? path : ".");
    llw_config_set set = {.root = directory ? (strcmp(path, ".") ? path : "") : directory_of(r.arena, path)};
    set.arena = r.arena;
    char *real = realpath(*set.root ? set.root : ".", NULL);
    set.real = real ? llw_arena_strdup(r.arena, real) : NULL;
    free(real);
    if (directory) {
        llw_config_set_walk(&r, &set, set.root, true);
    } else {
        if (!llw_file_is_regular(path))
            return llw_fail(err, LLW_ERR_INPUT, path, 0, "there is no such file or directory");
        bool sniff = false;
        llw_config_kind kind = llw_config_kind_of(base_name(path), &sniff);
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
                "Dockerfile, shell and PowerShell scripts, systemd units, Modelfile, Makefile, Nix, Python");
        llw_config_set_walk(&r, &set, set.root, false);
        const char *drop_ins = llw_arena_printf(r.arena, "%s.d", path);
        if (e->kind == LLW_CONFIG_UNIT && llw_file_is_directory(drop_ins))
            llw_config_set_walk(&r, &set, drop_ins, false);
    }
    emit(&r, &set);
    claim_infrastructure(&r);
    return LLW_OK;
}
