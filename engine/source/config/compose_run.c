/* A Compose service as it runs: its variables put in, its environment, its command joined with what the image
 * brings. */
#include "source/config/set.h"
#include "base/file.h"

#include <stdlib.h>
#include <string.h>

/* Where a service stands and what ${...} in it means. */
typedef struct running {
    llw_config_reader *r;
    const llw_service *s;
    const llw_scope *variables;
} running;

static llw_rich expand(const running *c, const llw_rich *text) {
    llw_expander ex = {.budget = &c->r->budget,
                       .scope = c->variables,
                       .dialect = LLW_DIALECT_COMPOSE,
                       .default_origin = "Compose default"};
    llw_rich out = llw_scope_expand(c->r->arena, &ex, text);
    const llw_link *link = text->n ? text->chars[0].link : NULL;
    if (ex.error)
        llw_config_unread(c->r, link ? link->file : c->s->file->path, ex.error_line, "%s", ex.error);
    return out;
}

static llw_command words_of(const running *c, const llw_command *command) {
    llw_command out = {.given = command->given, .line = command->line};
    if (command->shell) {
        llw_rich text = expand(c, &command->script);
        llw_words_split(c->r->arena, &text, &out.words);
        return out;
    }
    for (size_t i = 0; i < command->words.n; i++)
        llw_words_push(c->r->arena, &out.words, expand(c, &command->words.items[i]));
    return out;
}

/* With the values of the commands that it replaced as what lost, the nearest first. */
static llw_command expanded(const running *c, const llw_command *command) {
    enum { MAX_FILES = 16 };
    const llw_command *chain[MAX_FILES];
    size_t n = 0;
    for (const llw_command *at = command; at && n < MAX_FILES; at = at->before) chain[n++] = at;
    llw_command out = {0};
    while (n-- > 0) {
        llw_command above = words_of(c, chain[n]);
        if (out.words.n) llw_words_over(c->r->arena, &above.words, &out.words);
        out = above;
    }
    return out;
}

/* NAME=VALUE or NAME: false when there is no name. A name alone is taken from whoever runs Compose. */
static bool read_setting(const running *c, const llw_setting_text *e, const char **name, llw_rich *value,
                         bool *alone) {
    llw_rich text = expand(c, &e->text);
    *name = e->name;
    *value = text;
    *alone = e->null;
    if (e->name) return true;
    size_t at = 0;
    while (at < text.n && text.chars[at].byte != '=') at++;
    llw_rich key = llw_rich_slice(&text, 0, at);
    *name = llw_rich_text(c->r->arena, &key);
    *value = llw_rich_slice(&text, at + 1, text.n);
    *alone = at == text.n;
    return *name != NULL;
}

static void set_environment(const running *c, llw_scope *env) {
    for (size_t i = 0; i < c->s->n_environment; i++) {
        const llw_setting_text *e = &c->s->environment[i];
        const char *name;
        llw_rich value;
        bool alone;
        if (!read_setting(c, e, &name, &value, &alone)) continue;
        if (alone) {
            const llw_variable *given = llw_scope_get(c->variables, name);
            if (given)
                llw_scope_set(env, name, &given->value, given->token);
            else
                llw_scope_unset(env, name);
            continue;
        }
        llw_token place = llw_rich_token(c->r->arena, &e->text, NULL);
        place.lost = NULL;
        llw_scope_set(env, name, &value, place);
    }
}

/* stack.env.example stands for a stack.env that git does not know. */
static bool stands_for(const llw_config_file *example, const char *path) {
    size_t len = strlen(llw_path_name(path));
    return example && example->example && !strncmp(example->name, llw_path_name(path), len);
}

static void set_env_files(const running *c, llw_config_set *set, const llw_config_file *stand_in,
                          llw_scope *env) {
    for (size_t i = 0; i < c->s->n_env_files; i++) {
        const llw_env_file *e = &c->s->env_files[i];
        const llw_config_file *found = llw_config_set_find(c->r, set, e->directory, e->path);
        if (!found && stands_for(stand_in, e->path)) found = stand_in;
        if (!found) continue;
        llw_scope more =
            e->raw ? llw_config_env_raw(c->r, found, "env_file") : llw_config_env(c->r, found, "env_file");
        for (size_t j = 0; j < more.n; j++)
            llw_scope_set(env, more.items[j].name, &more.items[j].value, more.items[j].token);
    }
}

/* --- GPUs and RAM --- */

/* Requests add up; "all" and a list of ids stand alone. */
static void read_gpus(const running *c, llw_limits *limits) {
    for (size_t i = 0; i < c->s->n_gpus; i++) {
        const llw_gpu_request *q = &c->s->gpus[i];
        llw_rich count = expand(c, &q->count);
        const char *text = llw_rich_text(c->r->arena, &count);
        llw_token place = {.place = llw_place(c->r->arena, c->s->file->path, q->line, q->column),
                           .origin = "Compose devices"};
        if (q->ids.n) {
            llw_rich all = {0};
            for (size_t k = 0; k < q->ids.n; k++) {
                llw_rich id = expand(c, &q->ids.items[k]);
                llw_rich_append(c->r->arena, &all, &id);
                if (k + 1 < q->ids.n && id.n) {
                    llw_char comma = id.chars[id.n - 1];
                    comma.byte = ',';
                    llw_rich_push(c->r->arena, &all, comma);
                }
            }
            const char *ids = llw_rich_text(c->r->arena, &all);
            place = llw_rich_token(c->r->arena, &q->ids.items[0], NULL);
            bool every = ids && (!strcmp(ids, "all") || !strcmp(ids, "nvidia.com/gpu=all"));
            if (ids && !every)
                llw_limits_ids(c->r->arena, limits, ids, place);
            else
                *limits = (llw_limits){.gpus_said = true,
                                       .gpus = every ? LLW_ALL_GPUS : LLW_GPUS_NOT_KNOWN,
                                       .gpus_place = place};
            continue;
        }
        if (count.n) place = llw_rich_token(c->r->arena, &count, NULL);
        char *end = NULL;
        long n = text ? strtol(text, &end, 10) : 0;
        bool number = text && *text && !*end && n >= 0 && n < 1024;
        bool all = !count.n || (text && !strcmp(text, "all"));
        limits->gpus_place = place;
        if (!limits->gpus_said) limits->gpus = 0;
        limits->gpus_said = true;
        if (all || limits->gpus == LLW_ALL_GPUS)
            limits->gpus = LLW_ALL_GPUS;
        else
            limits->gpus = number && limits->gpus >= 0 ? limits->gpus + n : LLW_GPUS_NOT_KNOWN;
    }
}

static void read_memory(const running *c, llw_limits *limits) {
    llw_rich text = expand(c, &c->s->memory);
    if (!text.n) return;
    const char *value = llw_rich_text(c->r->arena, &text);
    if (value && !strcmp(value, "0")) return; /* no limit */
    limits->memory_said = true;
    limits->memory = value ? llw_limits_bytes(value, true) : -1;
    limits->memory_place = llw_rich_token(c->r->arena, &text, NULL);
}

static bool has_usual_variables(const llw_scope *env) {
    static const char *const names[] = {"N_GPU_LAYERS", "CTX_SIZE",   "EXTRA_ARGS",
                                        "FIT",          "FIT_TARGET", "MODEL"};
    int n = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) n += llw_scope_get(env, names[i]) != NULL;
    return n >= 2;
}

static bool has_llama_variables(const llw_scope *env) {
    for (size_t i = 0; i < env->n; i++)
        if (!strncmp(env->items[i].name, "LLAMA_ARG_", 10)) return true;
    return false;
}

static bool has_ours(const running *c, const llw_container *container, const llw_dockerfile *docker) {
    bool said = container->entrypoint.given || container->command.given;
    return c->s->names_llama && (!said || (!docker && !container->command.words.n));
}

/* The project's variables over those that include gave the service's file. */
static const llw_scope *all_variables(llw_config_reader *r, const llw_service *s, const llw_scope *project) {
    if (!s->variables) return project;
    llw_scope *out = llw_arena_alloc(r->arena, sizeof *out);
    *out = llw_scope_copy(s->variables);
    for (size_t i = 0; i < project->n; i++)
        llw_scope_set(out, project->items[i].name, &project->items[i].value, project->items[i].token);
    return out;
}

void llw_config_service(llw_config_reader *r, const llw_service *s, const llw_scope *variables,
                        const llw_dockerfile *docker, llw_config_set *set, const llw_config_file *stand_in,
                        llw_lowered *out, const char **version) {
    running c = {r, s, all_variables(r, s, variables)};
    llw_scope env = {.arena = r->arena};
    *out = (llw_lowered){.env = env};
    *version = NULL;
    if (s->other_engine) return;
    if (docker) env = llw_scope_copy(&docker->env);
    set_env_files(&c, set, stand_in, &env);
    set_environment(&c, &env);
    llw_rich image = expand(&c, &s->image);
    llw_container container = {.image = s->builds ? (docker ? docker->image : NULL)
                                                  : llw_rich_text(r->arena, &image),
                               .place = llw_rich_token(r->arena, &image, NULL),
                               .entrypoint = expanded(&c, &s->entrypoint),
                               .command = expanded(&c, &s->command),
                               .ours = s->names_llama};
    if (!container.entrypoint.given && docker && docker->entrypoint.given)
        container.entrypoint = docker->entrypoint;
    if (!container.command.given && !s->entrypoint.given && docker) container.command = docker->command;
    const char *context = s->context ? llw_config_inside(r->arena, s->context_directory, s->context) : NULL;
    llw_inside inside = {s->mounts, s->n_mounts, docker, context};
    llw_start_site site = {.file = s->file->path,
                           .directory = docker ? docker->directory : s->file->directory,
                           .set = set,
                           .default_origin = "shell default",
                           .tells = s->builds || s->names_llama,
                           .inside = &inside};
    llw_container_start(r, &site, &container, &env, out);
    *version = out->version;
    if (!out->runs && has_ours(&c, &container, docker)) {
        out->env = env;
        if (has_llama_variables(&env)) {
            out->runs = true;
            out->program = LLW_PROGRAM_SERVER;
        } else if (has_usual_variables(&env)) {
            llw_config_words_of_variables(r, &env, out);
        }
    }
    if (!out->runs) return;
    read_gpus(&c, &out->limits);
    read_memory(&c, &out->limits);
}
