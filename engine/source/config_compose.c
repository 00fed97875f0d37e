/* Compose files: services, their commands and environment, with the place of every word. */
#include "source/config_parts.h"
#include "base/file.h"
#include "source/yaml_text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

typedef struct compose {
    llw_config_reader *r;
    const llw_config_file *file;
    llw_yaml_text text;
} compose;

static const llw_link *link_of(const compose *c, const char *origin, bool variable) {
    return llw_link_new(c->r->arena, c->file->path, origin, variable);
}

/* --- one service --- */

static bool speaks_of(const char *text, const char *const *words, size_t n) {
    for (size_t i = 0; text && i < n; i++)
        if (strcasestr(text, words[i])) return true;
    return false;
}

static bool is_other_engine(const char *text) {
    static const char *const others[] = {
        "ollama",  "vllm",  "ik_llama", "ik-llama",        "llamafile", "llama-swap", "llama-stack",
        "litellm", "tabby", "sglang",   "text-generation", "localai",   "koboldcpp"};
    return speaks_of(text, others, sizeof others / sizeof *others);
}

static llw_command command_of(compose *c, const llw_yaml *node, const char *origin) {
    llw_command out = {0};
    node = llw_yaml_follow(node);
    if (llw_yaml_is_null(node)) return out;
    const llw_link *link = link_of(c, origin, false);
    out.given = true;
    out.line = node->line;
    if (node->kind == LLW_YAML_SCALAR) {
        out.shell = true;
        out.script = llw_yaml_rich(&c->text, node, link);
        return out;
    }
    if (node->kind == LLW_YAML_MAP) {
        llw_config_unread(c->r, c->file->path, node->line, "a command is a string or a list, this is a map");
        out.given = false;
        return out;
    }
    for (const llw_yaml *item = node->first; item; item = item->next) {
        const llw_yaml *word = llw_yaml_follow(item);
        if (word && word->kind == LLW_YAML_SCALAR)
            llw_words_push(c->r->arena, &out.words, llw_yaml_rich(&c->text, word, link));
        else
            llw_config_unread(c->r, c->file->path, item->line,
                              "a word of a command is a string, this is a list or map");
    }
    return out;
}

static void add_setting(compose *c, llw_service *s, llw_setting_text setting) {
    enum { MAX_SETTINGS = 2000 };
    if (s->n_environment >= MAX_SETTINGS) return;
    void *items = s->environment;
    *(llw_setting_text *)llw_arena_push(c->r->arena, &items, &s->n_environment, &s->environment_capacity,
                                        sizeof setting) = setting;
    s->environment = items;
}

static void add_environment(compose *c, llw_service *s, const llw_yaml *node) {
    node = llw_yaml_follow(node);
    if (!node || node->kind == LLW_YAML_SCALAR) return;
    const llw_link *link = link_of(c, "Compose environment", true);
    const llw_yaml *merged = node->kind == LLW_YAML_MAP ? llw_yaml_get(node, "<<") : NULL;
    if (merged &&
        merged->kind == LLW_YAML_MAP) /* anchors of shared settings: what stands here comes later and wins */
        for (const llw_yaml *m = merged->first; m; m = m->next) {
            const llw_yaml *value = llw_yaml_follow(m);
            if (m->key && value && value->kind == LLW_YAML_SCALAR)
                add_setting(c, s,
                            (llw_setting_text){m->key, llw_yaml_rich(&c->text, value, link),
                                               llw_yaml_is_null(value)});
        }
    for (const llw_yaml *item = node->first; item; item = item->next) {
        const llw_yaml *value = llw_yaml_follow(item);
        if (!value || value->kind != LLW_YAML_SCALAR || (item->key && !strcmp(item->key, "<<"))) continue;
        add_setting(c, s,
                    (llw_setting_text){item->key, llw_yaml_rich(&c->text, value, link),
                                       item->key && llw_yaml_is_null(value)});
    }
}

static void add_env_file(compose *c, llw_service *s, const llw_yaml *node) {
    node = llw_yaml_follow(node);
    const char *path = node && node->kind == LLW_YAML_MAP ? llw_yaml_string(llw_yaml_get(node, "path"), NULL)
                                                          : llw_yaml_string(node, NULL);
    if (!path) return;
    void *items = s->env_files;
    *(const char **)llw_arena_push(c->r->arena, &items, &s->n_env_files, &s->env_file_capacity, sizeof path) =
        path;
    s->env_files = items;
}

/* ${MODELS_DIR:-./models} with nobody setting it; NULL when it stays unknown. */
static const char *plain_text(compose *c, const char *text) {
    llw_rich raw = {0};
    llw_scope none = {.arena = c->r->arena};
    llw_rich_read(c->r->arena, &raw, text, strlen(text), 1, 1, NULL);
    llw_expander ex = {
        .scope = &none, .dialect = LLW_DIALECT_COMPOSE, .default_origin = "", .budget = &c->r->budget};
    llw_rich out = llw_scope_expand(c->r->arena, &ex, &raw);
    return llw_rich_text(c->r->arena, &out);
}

static void add_mount(compose *c, llw_service *s, const llw_yaml *node) {
    node = llw_yaml_follow(node);
    const char *source = NULL, *target = NULL;
    if (node && node->kind == LLW_YAML_MAP) {
        source = llw_yaml_string(llw_yaml_get(node, "source"), NULL);
        target = llw_yaml_string(llw_yaml_get(node, "target"), NULL);
        source = source ? plain_text(c, source) : NULL;
    } else if (node) {
        const char *text = llw_yaml_string(node, NULL);
        text = text ? plain_text(c, text) : NULL;
        const char *colon = text ? strchr(text, ':') : NULL;
        if (!colon) return;
        source = llw_arena_strndup(c->r->arena, text, (size_t)(colon - text));
        target = llw_arena_strndup(c->r->arena, colon + 1, strcspn(colon + 1, ":"));
    }
    if (!source || !target || *target != '/') return;
    void *items = s->mounts;
    llw_mount *m = llw_arena_push(c->r->arena, &items, &s->n_mounts, &s->mount_capacity, sizeof *m);
    s->mounts = items;
    while (source[0] == '.' && source[1] == '/') source += 2;
    *m = (llw_mount){
        target, *source == '/' || *source == '~'
                    ? source
                    : llw_path_join(c->r->arena, c->file->directory, !strcmp(source, ".") ? "" : source)};
}

static void each(compose *c, llw_service *s, const llw_yaml *node,
                 void (*add)(compose *, llw_service *, const llw_yaml *)) {
    enum { MAX_ITEMS = 200 };
    node = llw_yaml_follow(node);
    if (!node) return;
    if (node->kind != LLW_YAML_LIST) {
        add(c, s, node);
        return;
    }
    int n = 0;
    for (const llw_yaml *item = node->first; item && n < MAX_ITEMS; item = item->next, n++) add(c, s, item);
}

static void read_build(compose *c, llw_service *s, const llw_yaml *node) {
    node = llw_yaml_follow(node);
    if (llw_yaml_is_null(node)) return;
    s->builds = true;
    const char *context = node->kind == LLW_YAML_MAP ? llw_yaml_string(llw_yaml_get(node, "context"), ".")
                                                     : llw_yaml_string(node, ".");
    s->context = plain_text(c, context);
    s->dockerfile = node->kind == LLW_YAML_MAP
                        ? llw_yaml_string(llw_yaml_get(node, "dockerfile"), "Dockerfile")
                        : "Dockerfile";
}

static void read_service(compose *c, const llw_yaml *node, llw_service *s) {
    static const char *const ours[] = {"llama.cpp", "llama-cpp",    "llama_cpp",
                                       "llamacpp",  "llama-server", "llama_server"};
    const llw_yaml *map = llw_yaml_follow(node), *image = llw_yaml_get(map, "image");
    *s = (llw_service){.name = node->key,
                       .line = node->key_line,
                       .column = node->key_column,
                       .last_line = llw_yaml_last_line(node)};
    if (image && image->kind == LLW_YAML_SCALAR)
        s->image = llw_yaml_rich(&c->text, image, link_of(c, "Compose image", false));
    read_build(c, s, llw_yaml_get(map, "build"));
    s->entrypoint = command_of(c, llw_yaml_get(map, "entrypoint"), "Compose entrypoint");
    s->command = command_of(c, llw_yaml_get(map, "command"), "Compose command");
    add_environment(c, s, llw_yaml_get(map, "environment"));
    each(c, s, llw_yaml_get(map, "env_file"), add_env_file);
    each(c, s, llw_yaml_get(map, "volumes"), add_mount);
    const char *container = llw_yaml_string(llw_yaml_get(map, "container_name"), ""),
               *source = llw_yaml_string(image, "");
    s->other_engine = is_other_engine(source) || (!*source && is_other_engine(node->key));
    size_t n = sizeof ours / sizeof *ours;
    s->names_llama = !s->other_engine && (speaks_of(node->key, ours, n) || speaks_of(container, ours, n) ||
                                          speaks_of(source, ours, n) || !strcasecmp(node->key, "llama"));
    if (strcasestr(source, "ik_llama") || strcasestr(source, "ik-llama"))
        llw_config_unread(c->r, c->file->path, s->line,
                          "the service %.60s runs ik_llama.cpp, whose options and --fit are others",
                          node->key);
    const llw_yaml *extends = llw_yaml_get(map, "extends");
    if (extends && !s->other_engine)
        llw_config_unread(c->r, c->file->path, extends->line, "extends is not followed");
}

llw_service *llw_config_compose(llw_config_reader *r, const llw_config_file *file, size_t *n) {
    enum { MAX_SERVICES = 500 };
    compose c = {.r = r, .file = file};
    llw_yaml *root = NULL;
    const llw_yaml *twice = NULL;
    llw_err err = {0};
    *n = 0;
    if (llw_yaml_parse(r->arena, file->path, file->bytes, file->len, &root, &twice, &err) != LLW_OK) {
        llw_config_unread(r, file->path, err.line, "%s", err.text);
        return NULL;
    }
    if (twice)
        llw_config_unread(r, file->path, twice->key_line,
                          "the key %.60s is given twice: Compose refuses the file", twice->key);
    llw_yaml_text_init(&c.text, r->arena, file->path, file->bytes, file->len);
    const llw_yaml *services = llw_yaml_get(root, "services"), *include = llw_yaml_get(root, "include");
    if (include) llw_config_unread(r, file->path, include->line, "include is not followed");
    if (!services || services->kind != LLW_YAML_MAP) return NULL;
    llw_service *out = llw_arena_alloc(r->arena, ((size_t)services->n + 1) * sizeof *out);
    for (const llw_yaml *s = services->first; s && *n < MAX_SERVICES; s = s->next) {
        const llw_yaml *map = llw_yaml_follow(s);
        if (s->key && map && map->kind == LLW_YAML_MAP) read_service(&c, s, &out[(*n)++]);
    }
    return out;
}

/* --- a service that runs --- */

static llw_rich expand(llw_config_reader *r, const llw_config_file *file, const llw_scope *variables,
                       const llw_rich *text) {
    llw_expander ex = {.budget = &r->budget,
                       .scope = variables,
                       .dialect = LLW_DIALECT_COMPOSE,
                       .default_origin = "Compose default"};
    llw_rich out = llw_scope_expand(r->arena, &ex, text);
    if (ex.error) llw_config_unread(r, file->path, ex.error_line, "%s", ex.error);
    return out;
}

static llw_command expanded(llw_config_reader *r, const llw_config_file *file, const llw_scope *variables,
                            const llw_command *command) {
    llw_command out = {.given = command->given, .line = command->line};
    if (command->shell) {
        llw_rich text = expand(r, file, variables, &command->script);
        llw_words_split(r->arena, &text, &out.words);
        return out;
    }
    for (size_t i = 0; i < command->words.n; i++)
        llw_words_push(r->arena, &out.words, expand(r, file, variables, &command->words.items[i]));
    return out;
}

static void set_environment(llw_config_reader *r, const llw_config_file *file, const llw_service *s,
                            const llw_scope *variables, llw_scope *env) {
    for (size_t i = 0; i < s->n_environment; i++) {
        const llw_setting_text *e = &s->environment[i];
        llw_rich text = expand(r, file, variables, &e->text), value = text;
        const char *name = e->name;
        llw_token place = llw_rich_token(r->arena, &e->text, NULL);
        place.lost = NULL;
        if (!name) {
            size_t at = 0;
            while (at < text.n && text.chars[at].byte != '=') at++;
            llw_rich key = llw_rich_slice(&text, 0, at);
            name = llw_rich_text(r->arena, &key);
            if (!name) continue;
            value = llw_rich_slice(&text, at + 1, text.n);
            if (at < text.n) {
                llw_scope_set(env, name, &value, place);
                continue;
            }
        }
        const llw_variable *given = e->name && !e->null ? NULL : llw_scope_get(variables, name);
        if (e->name && !e->null)
            llw_scope_set(env, name, &value, place);
        else if (given)
            llw_scope_set(env, name, &given->value, given->token);
    }
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

void llw_config_service(llw_config_reader *r, const llw_config_file *file, const llw_service *s,
                        const llw_scope *variables, const llw_dockerfile *docker, llw_config_set *set,
                        llw_lowered *out, const char **version) {
    llw_scope env = {.arena = r->arena};
    *out = (llw_lowered){.env = env};
    *version = NULL;
    if (s->other_engine) return;
    if (docker) env = llw_scope_copy(&docker->env);
    for (size_t i = 0; i < s->n_env_files; i++) {
        const llw_config_file *found = llw_config_set_find(r, set, file->directory, s->env_files[i]);
        if (!found) continue;
        llw_scope more = llw_config_env(r, found, "env_file");
        for (size_t j = 0; j < more.n; j++)
            llw_scope_set(&env, more.items[j].name, &more.items[j].value, more.items[j].token);
    }
    set_environment(r, file, s, variables, &env);
    llw_rich image = expand(r, file, variables, &s->image);
    const char *name = llw_rich_text(r->arena, &image);
    llw_container c = {.image = s->builds ? (docker ? docker->image : NULL) : name,
                       .place = llw_rich_token(r->arena, &image, NULL),
                       .entrypoint = expanded(r, file, variables, &s->entrypoint),
                       .command = expanded(r, file, variables, &s->command),
                       .ours = s->names_llama};
    if (!c.entrypoint.given && docker && docker->entrypoint.given) c.entrypoint = docker->entrypoint;
    if (!c.command.given && !s->entrypoint.given && docker) c.command = docker->command;
    llw_start_site site = {.file = file->path,
                           .directory = docker ? docker->directory : file->directory,
                           .set = set,
                           .default_origin = "shell default",
                           .tells = true};
    llw_container_start(r, &site, &c, &env, out);
    *version = out->version;
    if (out->runs) return;
    bool said = c.entrypoint.given || c.command.given;
    if (said && !(s->names_llama && !docker && !c.command.words.n)) return;
    out->env = env;
    if (s->names_llama && has_llama_variables(&env)) {
        out->runs = true;
        out->program = LLW_PROGRAM_SERVER;
    } else if (s->names_llama && has_usual_variables(&env)) {
        llw_config_words_of_variables(r, &env, out);
    }
}
