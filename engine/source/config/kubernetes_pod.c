/* A container of a pod: its variables, its words, its files, its limits.
 *
 * By the Container and EnvVar references of Kubernetes 1.30: command stands for the image's ENTRYPOINT and
 * args for its CMD, without a shell; a command without args takes the image's CMD away; $(NAME) in both and
 * in values of env is replaced by a variable of the container that is set above it, stays as it is when there
 * is none, and $$(NAME) is never replaced; env stands over envFrom, of several entries the last counts.
 * ConfigMaps are looked for in the same file and directory. Every value of command, args and env has to be a
 * string: kubectl turns unquoted numbers and words such as on into others and the API refuses them. */
#include "source/config/kubernetes.h"
#include "base/file.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_SETTINGS = 20000 /* of a container */ };

static const char *string_at(const llw_yaml *map, const char *key) {
    return llw_yaml_string(llw_yaml_get(map, key), "");
}

/* --- strings --- */

/* 8080, -1, 0.5, 1e3; an address such as 0.0.0.0 is a string. */
static bool is_number(const char *text) {
    const char *at = text + (*text == '-' || *text == '+');
    size_t whole = strspn(at, "0123456789_"),
           part = at[whole] == '.' ? strspn(at + whole + 1, "0123456789_") : 0;
    const char *end = at + whole + (at[whole] == '.') + part;
    if (!whole && !part) return false;
    if (*end == 'e' || *end == 'E') {
        const char *power = end + 1 + (end[1] == '-' || end[1] == '+');
        size_t digits = strspn(power, "0123456789");
        if (digits) end = power + digits;
    }
    return !*end && strpbrk(text, "0123456789");
}

/* A map's value, or what a chart's toYaml puts in its place. */
static const llw_yaml *value_of(const llw_manifest *m, const llw_yaml *map, const char *key) {
    return llw_helm_node(m->helm, llw_yaml_get(map, key));
}

/* What YAML 1.1 takes for something else than a string when nothing is quoted. */
static const char *other_type(const char *text) {
    static const char *const booleans[] = {"true", "false", "yes", "no", "on", "off", "y", "n"};
    if (!*text) return NULL;
    for (size_t i = 0; i < sizeof booleans / sizeof *booleans; i++)
        if (!strcasecmp(text, booleans[i])) return "true or false";
    return is_number(text) ? "a number" : NULL;
}

/* A word of command, args or env; numbers and the like are told. */
static llw_rich string_of(llw_manifest *m, const llw_yaml *node, const llw_link *link, const char *field) {
    const char *bare = llw_helm_bare(m->helm, node), *text = bare ? bare : node->plain ? node->text : "";
    const char *type = other_type(text);
    if (type)
        llw_config_problem(
            m->r, LLW_F_FILE_REFUSED, LLW_PROBLEM_WRONG, llw_manifest_place(m, node), field,
            bare ? "add | quote to the action" : llw_arena_printf(m->r->arena, "write \"%.40s\"", text),
            "Kubernetes refuses the manifest: %s has to be a string, and %.40s without quotes is %s", field,
            text, type);
    return llw_manifest_scalar(m, node, link);
}

/* --- $(NAME) --- */

typedef struct pod {
    llw_manifest *m;
    const char *namespace;
    llw_scope env;
    bool unseen; /* variables come from places that cannot be read */
    size_t n_settings;
} pod;

/* Kubernetes sets these for every service of the namespace. */
static bool may_be_set(const pod *p, const char *name) {
    return p->unseen || strstr(name, "_SERVICE_") || strstr(name, "_PORT");
}

static void tell_literal(pod *p, const llw_char *at, const char *name) {
    llw_config_problem(p->m->r, LLW_F_OTHERWISE, LLW_PROBLEM_RISK,
                       llw_place(p->m->r->arena, at->link ? at->link->file : "", at->line, at->column), name,
                       "set it under env, above the entry that uses it",
                       "Kubernetes leaves $(%.60s) as it is: the container has no variable of that name",
                       name);
}

static llw_rich expand(pod *p, const llw_rich *in) {
    llw_rich out = {0};
    llw_arena *arena = p->m->r->arena;
    for (size_t i = 0; i < in->n; i++) {
        const llw_char *c = &in->chars[i];
        char next = i + 1 < in->n ? in->chars[i + 1].byte : 0;
        bool dollar = !c->unknown && c->byte == '$';
        llw_rich_push(arena, &out, *c);
        if (dollar && next == '$') i++; /* $$(NAME) is $(NAME) */
        if (!dollar || next != '(') continue;
        size_t to = i + 2;
        while (to < in->n && in->chars[to].byte != ')') to++;
        if (to == in->n) continue;
        llw_rich slice = llw_rich_slice(in, i + 2, to);
        const char *name = llw_rich_text(arena, &slice);
        const llw_variable *v = name ? llw_scope_get(&p->env, name) : NULL;
        if (!v && name && !may_be_set(p, name)) {
            tell_literal(p, c, name);
            continue;
        }
        out.n--;
        i = to;
        if (!v || p->m->r->budget < v->value.n) {
            llw_rich_unknown(arena, &out, c, c->link);
            continue;
        }
        p->m->r->budget -= v->value.n;
        for (size_t k = 0; k < v->value.n; k++) {
            llw_char byte = v->value.chars[k];
            byte.whole = true;
            llw_rich_push(arena, &out, byte);
        }
    }
    return out;
}

/* --- the environment --- */

static llw_rich unknown_at(pod *p, const llw_yaml *node, const char *origin) {
    llw_rich out = {0};
    const llw_link *link = llw_link_new(p->m->r->arena, p->m->file->path, origin, true);
    llw_char at = {.line = node->line, .column = node->column, .link = link};
    llw_rich_unknown(p->m->r->arena, &out, &at, link);
    return out;
}

static void set(pod *p, const char *name, const llw_rich *value, const llw_yaml *at, const char *origin) {
    llw_token place = {.place = llw_manifest_place(p->m, at), .origin = origin};
    llw_scope_set(&p->env, name, value, place);
}

static void env_from(pod *p, const llw_yaml *entry) {
    const llw_yaml *reference = llw_yaml_get(entry, "configMapRef");
    const struct llw_config_map *map =
        reference ? llw_manifest_map(p->m, string_at(reference, "name"), p->namespace) : NULL;
    const char *prefix = string_at(entry, "prefix");
    if (!map) {
        p->unseen = true;
        return;
    }
    for (size_t i = 0; i < map->n; i++) {
        const llw_map_entry *e = &map->entries[i];
        if (p->n_settings++ >= MAX_SETTINGS) {
            p->unseen = true;
            return;
        }
        llw_token place = {.place = e->place, .origin = "ConfigMap"};
        llw_scope_set(&p->env, llw_arena_printf(p->m->r->arena, "%s%s", prefix, e->key), &e->value, place);
    }
}

static void env_entry(pod *p, const llw_yaml *entry) {
    const char *name = string_at(entry, "name");
    const llw_yaml *value = value_of(p->m, entry, "value"), *from = llw_yaml_get(entry, "valueFrom");
    if (!*name) return;
    if (value && value->kind == LLW_YAML_SCALAR) {
        const llw_link *link = llw_link_new(p->m->r->arena, p->m->file->path, "Kubernetes env", true);
        llw_rich text = string_of(p->m, value, link, "the value of an env entry");
        text = expand(p, &text);
        set(p, name, &text, value, "Kubernetes env");
        return;
    }
    const llw_yaml *reference = llw_yaml_get(from, "configMapKeyRef");
    const struct llw_config_map *map =
        reference ? llw_manifest_map(p->m, string_at(reference, "name"), p->namespace) : NULL;
    const llw_map_entry *entry_of = map ? llw_map_get(map, string_at(reference, "key")) : NULL;
    llw_rich text = {0};
    if (entry_of)
        text = entry_of->value;
    else if (from)
        text = unknown_at(p, from, "Kubernetes env");
    set(p, name, &text, from ? from : entry, "Kubernetes env");
}

static void read_environment(pod *p, const llw_yaml *container) {
    const llw_yaml *from = value_of(p->m, container, "envFrom"), *env = value_of(p->m, container, "env");
    for (const llw_yaml *e = from && from->kind == LLW_YAML_LIST ? from->first : NULL; e; e = e->next)
        env_from(p, e);
    for (const llw_yaml *e = env && env->kind == LLW_YAML_LIST ? env->first : NULL; e; e = e->next)
        env_entry(p, e);
    for (size_t i = 0; i < p->env.n; i++) p->env.items[i].exported = true;
}

/* --- containers --- */

static void read_words(pod *p, const llw_yaml *list, const llw_link *link, const char *field,
                       llw_words *out) {
    for (const llw_yaml *item = list->first; item; item = item->next) {
        const llw_yaml *node = llw_yaml_follow(item);
        if (!node || node->kind != LLW_YAML_SCALAR) continue;
        llw_rich word = string_of(p->m, node, link, field);
        llw_words_push(p->m->r->arena, out, expand(p, &word));
    }
}

static llw_command command_of(pod *p, const llw_yaml *list, const char *origin, const char *field) {
    llw_command out = {0};
    if (!list || list->kind != LLW_YAML_LIST) {
        if (list && !llw_yaml_is_null(list))
            llw_config_problem(p->m->r, LLW_F_FILE_REFUSED, LLW_PROBLEM_WRONG, llw_manifest_place(p->m, list),
                               field, "write a list, one word an item",
                               "Kubernetes refuses the manifest: %s has to be a list of strings", field);
        return out;
    }
    const llw_link *link = llw_link_new(p->m->r->arena, p->m->file->path, origin, false);
    out.given = true;
    out.line = list->line;
    read_words(p, list, link, field, &out.words);
    for (const llw_yaml *under = list->under; under; under = under->under) { /* replaced by a patch */
        llw_words before = {0};
        size_t problems = p->m->r->out->n_problems;
        read_words(p, under, link, field, &before);
        p->m->r->out->n_problems = problems;
        llw_words_over(p->m->r->arena, &out.words, &before);
    }
    return out;
}

/* --- files --- */

enum { MAX_COPIES = 200 };

static const llw_yaml *named_item(const llw_yaml *list, const char *name) {
    for (const llw_yaml *i = list && list->kind == LLW_YAML_LIST ? list->first : NULL; i; i = i->next)
        if (!strcmp(string_at(i, "name"), name)) return llw_yaml_follow(i);
    return NULL;
}

/* What a key of a ConfigMap is called in its volume: items rename some and leave the others out. NULL for
 * those. */
static const char *path_of(const llw_yaml *volume, const char *key) {
    const llw_yaml *items = llw_yaml_get(volume, "items");
    if (!items || items->kind != LLW_YAML_LIST) return key;
    for (const llw_yaml *i = items->first; i; i = i->next)
        if (!strcmp(string_at(i, "key"), key)) return string_at(i, "path");
    return NULL;
}

/* Files that volumes of ConfigMaps put into the container; with subPath one file of a volume is mounted
 * alone. */
static llw_dockerfile *mounted_files(pod *p, const llw_yaml *spec, const llw_yaml *container) {
    llw_arena *arena = p->m->r->arena;
    llw_copy *copies = llw_arena_alloc(arena, MAX_COPIES * sizeof *copies);
    llw_dockerfile *out = llw_arena_alloc(arena, sizeof *out);
    *out = (llw_dockerfile){.copies = copies, .directory = p->m->file->directory};
    const char *workdir = string_at(container, "workingDir");
    if (*workdir) out->workdir = workdir;
    const llw_yaml *mounts = llw_yaml_get(container, "volumeMounts"),
                   *volumes = llw_yaml_get(spec, "volumes");
    for (const llw_yaml *i = mounts && mounts->kind == LLW_YAML_LIST ? mounts->first : NULL; i; i = i->next) {
        const llw_yaml *mount = llw_yaml_follow(i);
        const llw_yaml *volume = llw_yaml_get(named_item(volumes, string_at(mount, "name")), "configMap");
        const struct llw_config_map *map =
            volume ? llw_manifest_map(p->m, string_at(volume, "name"), p->namespace) : NULL;
        const char *inside = string_at(mount, "mountPath"), *alone = string_at(mount, "subPath");
        for (size_t k = 0; map && *inside && k < map->n; k++) {
            const char *name = path_of(volume, map->entries[k].key);
            if (!name || out->n_copies == MAX_COPIES || (*alone && strcmp(alone, name))) continue;
            copies[out->n_copies++] =
                (llw_copy){.inside = *alone ? inside : llw_path_join(arena, inside, name),
                           .text = &map->entries[k].value};
        }
    }
    return out;
}

static bool speaks_of_llama(const char *text) {
    static const char *const ours[] = {"llama.cpp", "llama-cpp",    "llama_cpp",
                                       "llamacpp",  "llama-server", "llama_server"};
    static const char *const others[] = {"ollama", "ik_llama", "ik-llama", "llama-swap", "vllm", "python"};
    bool found = false;
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) found |= strcasestr(text, ours[i]) != NULL;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) found &= !strcasestr(text, others[i]);
    return found;
}

/* A scalar with what a chart puts in; NULL when that is not known. */
static const char *known_text(llw_manifest *m, const llw_yaml *node) {
    llw_rich text = llw_manifest_scalar(m, node, NULL);
    return llw_rich_text(m->r->arena, &text);
}

/* limits count; an extended resource such as a GPU is its own request. What is said of neither stays open:
 * a node may have GPUs that no plugin hands out. */
static void read_limits(llw_manifest *m, const llw_yaml *container, llw_limits *out) {
    static const char *const gpus[] = {"nvidia.com/gpu", "amd.com/gpu", "gpu.intel.com/i915",
                                       "gpu.intel.com/xe"};
    const llw_yaml *limits = value_of(m, value_of(m, container, "resources"), "limits"),
                   *memory = value_of(m, limits, "memory");
    for (size_t i = 0; i < sizeof gpus / sizeof *gpus; i++) {
        const llw_yaml *node = value_of(m, limits, gpus[i]);
        if (!node || node->kind != LLW_YAML_SCALAR) continue;
        char *end = NULL;
        const char *text = known_text(m, node);
        long n = text ? strtol(text, &end, 10) : 0;
        bool known = text && *text && !*end && n >= 0 && n < 1024;
        out->gpus_said = true;
        out->gpus = known ? n : LLW_GPUS_NOT_KNOWN;
        out->gpus_place = (llw_token){.place = llw_manifest_place(m, node), .origin = "Kubernetes limits"};
    }
    if (!memory || memory->kind != LLW_YAML_SCALAR) return;
    out->memory_said = true;
    const char *size = known_text(m, memory);
    out->memory = size ? llw_limits_bytes(size, false) : -1;
    out->memory_place = (llw_token){.place = llw_manifest_place(m, memory), .origin = "Kubernetes limits"};
}

/* Where an image stands: at its tag, when a value of its own puts that in. */
static llw_token image_token(llw_arena *arena, const llw_rich *image) {
    size_t from = image->n;
    while (from && image->chars[from - 1].byte != ':' && image->chars[from - 1].byte != '/') from--;
    bool own = from && from < image->n && image->chars[from - 1].byte == ':' && image->chars[from].link &&
               image->chars[from].link->variable;
    llw_rich tag = llw_rich_slice(image, own ? from : 0, image->n);
    return llw_rich_token(arena, &tag, NULL);
}

/* What a container starts; false when it is not llama.cpp. */
bool llw_manifest_start(llw_manifest *m, const llw_yaml *spec, const llw_yaml *container,
                        const char *namespace, const char *name, llw_start *out) {
    pod p = {.m = m, .namespace = namespace, .env = {.arena = m->r->arena}};
    const llw_yaml *image = value_of(m, container, "image");
    const char *shown = NULL; /* of a name that is not wholly known */
    size_t problems = m->r->out->n_problems;
    read_environment(&p, container);
    llw_container c = {.entrypoint =
                           command_of(&p, value_of(m, container, "command"), "Kubernetes command", "command"),
                       .command = command_of(&p, value_of(m, container, "args"), "Kubernetes args", "args")};
    if (image && image->kind == LLW_YAML_SCALAR) {
        llw_rich text =
            llw_manifest_scalar(m, image, llw_link_new(m->r->arena, m->file->path, "image", false));
        text = llw_kustomize_image(m->r, m->way, &text);
        c.image = llw_rich_text(m->r->arena, &text);
        c.place = image_token(m->r->arena, &text);
        c.place.origin = NULL;
        if (!c.image) shown = llw_rich_show(m->r->arena, &text);
    }
    c.ours = speaks_of_llama(c.image && *c.image ? c.image : shown ? shown : name);
    llw_start_site site = {.file = m->file->path,
                           .directory = m->file->directory,
                           .set = m->set,
                           .default_origin = "shell default",
                           .tells = c.ours,
                           .inside = &(llw_inside){.docker = mounted_files(&p, spec, container)}};
    *out = (llw_start){.line = container->line, .column = container->column};
    llw_container_start(m->r, &site, &c, &p.env, &out->low);
    if (!out->low.runs) m->r->out->n_problems = problems; /* another program's */
    if (!out->low.runs) return false;
    read_limits(m, container, &out->low.limits);
    llw_words all = {0};
    for (size_t i = 0; i < c.entrypoint.words.n; i++)
        llw_words_push(m->r->arena, &all, c.entrypoint.words.items[i]);
    for (size_t i = 0; i < c.command.words.n; i++)
        llw_words_push(m->r->arena, &all, c.command.words.items[i]);
    llw_front_no_shell(m->r, &all, "Kubernetes", "write $(NAME) for a variable of env");
    return true;
}
