/* Compose files: services, their commands and environment, with the place of every word. */
#include "source/config/set.h"
#include "base/file.h"
#include "base/text.h"
#include "source/config/yaml_text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

typedef struct compose {
    llw_config_reader *r;
    const llw_config_file *file;
    const char *directory; /* from which relative names are seen */
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
    static const char *const others[] = {"ollama",          "vllm",
                                         "ik_llama",        "ik-llama",
                                         "llamafile",       "llama-swap",
                                         "llama-stack",     "litellm",
                                         "tabby",           "sglang",
                                         "text-generation", "localai",
                                         "koboldcpp",       "llama-cpp-python",
                                         "llama_cpp_python"};
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

static void add_env_file(compose *c, llw_service *s, const llw_yaml *node) {
    node = llw_yaml_follow(node);
    if (!node) return;
    bool map = node->kind == LLW_YAML_MAP;
    const char *path = map ? llw_yaml_string(llw_yaml_get(node, "path"), NULL) : llw_yaml_string(node, NULL);
    if (!path) return;
    llw_env_file file = {.path = plain_text(c, path), .directory = c->directory, .line = node->line};
    if (map) {
        file.optional = !strcmp(llw_yaml_string(llw_yaml_get(node, "required"), "true"), "false");
        file.raw = !strcmp(llw_yaml_string(llw_yaml_get(node, "format"), ""), "raw");
    }
    if (!file.path) return;
    void *items = s->env_files;
    *(llw_env_file *)llw_arena_push(c->r->arena, &items, &s->n_env_files, &s->env_file_capacity,
                                    sizeof file) = file;
    s->env_files = items;
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
    *m = (llw_mount){target,
                     *source == '/' || *source == '~'
                         ? source
                         : llw_path_join(c->r->arena, c->directory, !strcmp(source, ".") ? "" : source)};
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

/* dockerfile_inline as a file. NULL when a variable in it is not known. */
static const llw_config_file *inline_file(compose *c, const llw_yaml *node) {
    if (!node || node->kind != LLW_YAML_SCALAR) return NULL;
    llw_rich raw = llw_yaml_rich(&c->text, node, link_of(c, "Dockerfile", false));
    llw_scope none = {.arena = c->r->arena};
    llw_expander ex = {
        .scope = &none, .dialect = LLW_DIALECT_COMPOSE, .default_origin = "", .budget = &c->r->budget};
    llw_rich known = llw_scope_expand(c->r->arena, &ex, &raw);
    if (!llw_rich_text(c->r->arena, &known)) {
        llw_config_unread(c->r, c->file->path, node->line,
                          "dockerfile_inline holds a variable that is not set here");
        return NULL;
    }
    llw_config_file *file = llw_config_embedded(c->r, c->file, &known);
    if (file) file->directory = c->directory;
    return file;
}

static void read_build(compose *c, llw_service *s, const llw_yaml *node) {
    node = llw_yaml_follow(node);
    if (llw_yaml_is_null(node)) return;
    s->builds = true;
    const char *context = node->kind == LLW_YAML_MAP ? llw_yaml_string(llw_yaml_get(node, "context"), ".")
                                                     : llw_yaml_string(node, ".");
    s->context = plain_text(c, context);
    s->dockerfile =
        node->kind == LLW_YAML_MAP ? llw_yaml_string(llw_yaml_get(node, "dockerfile"), NULL) : NULL;
    s->inline_dockerfile =
        node->kind == LLW_YAML_MAP ? inline_file(c, llw_yaml_get(node, "dockerfile_inline")) : NULL;
    s->context_directory = c->directory;
}

static void add_profile(compose *c, llw_service *s, const llw_yaml *node) {
    const char *name = llw_yaml_string(node, NULL);
    if (!name) return;
    void *items = s->profiles;
    *(const char **)llw_arena_push(c->r->arena, &items, &s->n_profiles, &s->profile_capacity, sizeof name) =
        name;
    s->profiles = items;
}

static void read_extends(llw_service *s, const llw_yaml *node) {
    node = llw_yaml_follow(node);
    if (llw_yaml_is_null(node)) return;
    bool map = node->kind == LLW_YAML_MAP;
    s->extends = llw_yaml_string(map ? llw_yaml_get(node, "service") : node, NULL);
    s->extends_file = map ? llw_yaml_string(llw_yaml_get(node, "file"), NULL) : NULL;
    s->extends_line = node->line;
}

/* --- GPUs and RAM --- */

static const llw_yaml *items_of(const llw_yaml *list) {
    list = llw_yaml_follow(list);
    return list && list->kind == LLW_YAML_LIST ? list->first : NULL;
}

static bool is_gpu(const llw_yaml *word) {
    return !strcmp(llw_yaml_string(word, ""), "gpu") || !strcmp(llw_yaml_string(word, ""), "nvidia");
}

/* [gpu], or [[gpu], ...]: no deeper, as a list may hold itself. */
static bool names_gpu(const llw_yaml *list) {
    for (const llw_yaml *c = items_of(list); c; c = c->next) {
        if (is_gpu(c)) return true;
        for (const llw_yaml *inner = items_of(c); inner; inner = inner->next)
            if (is_gpu(inner)) return true;
    }
    return false;
}

static llw_gpu_request *add_request(compose *c, llw_service *s, const llw_yaml *node, unsigned key) {
    void *items = s->gpus;
    llw_gpu_request *q = llw_arena_push(c->r->arena, &items, &s->n_gpus, &s->gpu_capacity, sizeof *q);
    s->gpus = items;
    *q = (llw_gpu_request){.key = key, .line = node->line, .column = node->column};
    return q;
}

/* One device: of deploy it has to name the capability gpu, of gpus it is a GPU anyway. */
static void read_device(compose *c, llw_service *s, const llw_yaml *node, unsigned key) {
    enum { MAX_IDS = 64 };
    node = llw_yaml_follow(node);
    if (!node || node->kind != LLW_YAML_MAP) return;
    const char *driver = llw_yaml_string(llw_yaml_get(node, "driver"), "");
    if (key == LLW_SERVICE_DEPLOY && !names_gpu(llw_yaml_get(node, "capabilities")) && strcmp(driver, "cdi"))
        return;
    llw_gpu_request *q = add_request(c, s, node, key);
    const llw_link *link = link_of(c, "Compose devices", true);
    const llw_yaml *count = llw_yaml_get(node, "count"), *ids = llw_yaml_get(node, "device_ids");
    if (count && count->kind == LLW_YAML_SCALAR) q->count = llw_yaml_rich(&c->text, count, link);
    for (const llw_yaml *i = ids && ids->kind == LLW_YAML_LIST ? ids->first : NULL; i && q->ids.n < MAX_IDS;
         i = i->next) {
        const llw_yaml *id = llw_yaml_follow(i);
        if (id && id->kind == LLW_YAML_SCALAR)
            llw_words_push(c->r->arena, &q->ids, llw_yaml_rich(&c->text, id, link));
    }
}

static void read_limits(compose *c, llw_service *s, const llw_yaml *map) {
    const llw_yaml *resources = llw_yaml_get(llw_yaml_get(map, "deploy"), "resources"),
                   *devices = llw_yaml_get(llw_yaml_get(resources, "reservations"), "devices"),
                   *gpus = llw_yaml_get(map, "gpus"), *memory = llw_yaml_get(map, "mem_limit");
    for (const llw_yaml *d = devices && devices->kind == LLW_YAML_LIST ? devices->first : NULL; d;
         d = d->next)
        read_device(c, s, d, LLW_SERVICE_DEPLOY);
    for (const llw_yaml *d = gpus && gpus->kind == LLW_YAML_LIST ? gpus->first : NULL; d; d = d->next)
        read_device(c, s, d, LLW_SERVICE_GPUS);
    if (gpus && gpus->kind == LLW_YAML_SCALAR) /* gpus: all */
        add_request(c, s, gpus, LLW_SERVICE_GPUS)->count =
            llw_yaml_rich(&c->text, gpus, link_of(c, "Compose gpus", true));
    if (!memory || memory->kind != LLW_YAML_SCALAR)
        memory = llw_yaml_get(llw_yaml_get(resources, "limits"), "memory");
    if (memory && memory->kind == LLW_YAML_SCALAR)
        s->memory = llw_yaml_rich(&c->text, memory, link_of(c, "Compose memory limit", true));
}

/* --- which keys there are --- */

static bool is_tag(const llw_yaml *node, const char *tag) {
    return node && node->tag && !strcmp(node->tag, tag);
}

/* A key that is !reset or !override takes away what files below say; so does one on the way to the devices.
 */
static void read_keys(llw_service *s, const llw_yaml *map) {
    static const struct {
        const char *name;
        unsigned key;
    } keys[] = {{"image", LLW_SERVICE_IMAGE},
                {"build", LLW_SERVICE_BUILD},
                {"entrypoint", LLW_SERVICE_ENTRYPOINT},
                {"command", LLW_SERVICE_COMMAND},
                {"environment", LLW_SERVICE_ENVIRONMENT},
                {"env_file", LLW_SERVICE_ENV_FILE},
                {"volumes", LLW_SERVICE_VOLUMES},
                {"deploy", LLW_SERVICE_DEPLOY},
                {"gpus", LLW_SERVICE_GPUS},
                {"mem_limit", LLW_SERVICE_MEM_LIMIT},
                {"profiles", LLW_SERVICE_PROFILES}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const llw_yaml *node = llw_yaml_get(map, keys[i].name);
        if (!node) continue;
        if (!is_tag(node, "!reset")) s->given |= keys[i].key;
        if (is_tag(node, "!reset") || is_tag(node, "!override")) s->taken |= keys[i].key;
    }
    static const char *const way[] = {"deploy", "resources", "reservations", "devices"};
    const llw_yaml *node = map;
    for (size_t i = 0; node && i < sizeof way / sizeof *way; i++) {
        node = llw_yaml_get(node, way[i]);
        if (is_tag(node, "!reset") || is_tag(node, "!override")) s->taken |= LLW_SERVICE_DEPLOY;
    }
}

/* What a !reset stands before counts for nothing. */
static const llw_yaml *value_of(const llw_yaml *map, const char *key) {
    const llw_yaml *node = llw_yaml_get(map, key);
    return is_tag(node, "!reset") ? NULL : node;
}

/* Whether the service is ours, by its names; again when another file gave it another image. */
static void judge_names(llw_service *s, const char *container, const char *source) {
    static const char *const ours[] = {"llama.cpp", "llama-cpp",    "llama_cpp",
                                       "llamacpp",  "llama-server", "llama_server"};
    size_t n = sizeof ours / sizeof *ours;
    s->other_engine = is_other_engine(source) || (!*source && is_other_engine(s->name));
    s->names_llama = !s->other_engine && (speaks_of(s->name, ours, n) || speaks_of(container, ours, n) ||
                                          speaks_of(source, ours, n) || !strcasecmp(s->name, "llama"));
}

static void read_service(compose *c, const llw_yaml *node, llw_service *s) {
    const llw_yaml *map = llw_yaml_follow(node), *image = value_of(map, "image");
    *s = (llw_service){.name = node->key,
                       .file = c->file,
                       .line = node->key_line,
                       .column = node->key_column,
                       .last_line = llw_yaml_last_line(node)};
    read_keys(s, map);
    if (image && image->kind == LLW_YAML_SCALAR)
        s->image = llw_yaml_rich(&c->text, image, link_of(c, "Compose image", false));
    read_build(c, s, value_of(map, "build"));
    s->entrypoint = command_of(c, value_of(map, "entrypoint"), "Compose entrypoint");
    s->command = command_of(c, value_of(map, "command"), "Compose command");
    add_environment(c, s, value_of(map, "environment"));
    each(c, s, value_of(map, "env_file"), add_env_file);
    each(c, s, value_of(map, "volumes"), add_mount);
    each(c, s, value_of(map, "profiles"), add_profile);
    read_limits(c, s, map);
    read_extends(s, value_of(map, "extends"));
    const char *source = llw_yaml_string(image, "");
    judge_names(s, llw_yaml_string(llw_yaml_get(map, "container_name"), ""), source);
    if (strcasestr(source, "ik_llama") || strcasestr(source, "ik-llama"))
        llw_config_unread(c->r, c->file->path, s->line,
                          "the service %.60s runs ik_llama.cpp, whose options and --fit are others",
                          node->key);
}

llw_service *llw_config_compose(llw_config_reader *r, const llw_config_file *file, const char *directory,
                                size_t *n) {
    enum { MAX_SERVICES = 500 };
    compose c = {.r = r, .file = file, .directory = directory};
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
    const llw_yaml *services = llw_yaml_get(root, "services");
    if (!services || services->kind != LLW_YAML_MAP) return NULL;
    llw_service *out = llw_arena_alloc(r->arena, ((size_t)services->n + 1) * sizeof *out);
    for (const llw_yaml *s = services->first; s && *n < MAX_SERVICES; s = s->next) {
        const llw_yaml *map = llw_yaml_follow(s);
        if (s->key && map && map->kind == LLW_YAML_MAP) read_service(&c, s, &out[(*n)++]);
    }
    return out;
}
