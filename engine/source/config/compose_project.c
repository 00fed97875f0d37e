/* Which Compose files make one project: override files, COMPOSE_FILE, extends, include.
 *
 * By compose-go cli/options.go, loader/extends.go and loader/include.go (July 2026). Without -f the first of
 * four names counts, and the first of four override names beside it lies above; COMPOSE_FILE of the .env
 * beside them stands for both. extends is followed in each file before files are merged; what a file includes
 * lies below its own services. A file with services that have neither image nor build cannot run alone: it is
 * read over the file beside it that has them, as its -f would be. Paths are seen from the directory of the
 * first file, those of an extended or included service from that of its own, or from the project_directory
 * that include gives. Its env_file is what ${...} in the included files means. */
#include "source/config/set.h"
#include "source/config/yaml_tree.h"
#include "base/file.h"

#include <string.h>

enum {
    MAX_LAYERS = 8,
    MAX_DEPTH = 16,
    MAX_PROJECT = 1000,
    MAX_MOVED = 1 << 19, /* bytes that are read again from other directories */
    SMALLEST = 4096      /* what a moved file counts beside its bytes */
};

static const char *const names[] = {"compose.yaml", "compose.yml", "docker-compose.yml",
                                    "docker-compose.yaml"};
static const char *const overrides[] = {"compose.override.yml", "compose.override.yaml",
                                        "docker-compose.override.yml", "docker-compose.override.yaml"};

/* --- files --- */

/* The first of these names that lies in a directory. */
static llw_config_entry *first_of(const llw_config_set *set, const char *directory, const char *const *list,
                                  size_t n) {
    for (size_t i = 0; i < n; i++) {
        llw_config_entry *found = llw_config_set_entry(set, llw_path_join(set->arena, directory, list[i]));
        if (found && found->kind == LLW_CONFIG_COMPOSE) return found;
    }
    return NULL;
}

llw_config_entry *llw_config_usual(const llw_config_set *set, const char *directory) {
    return first_of(set, directory, names, sizeof names / sizeof *names);
}

static llw_config_entry *main_of(const llw_config_set *set, const llw_config_entry *e) {
    return llw_config_usual(set, e->file.directory);
}

/* COMPOSE_FILE of the .env beside a file, in words; false when it says nothing. */
static bool listed(llw_config_reader *r, const llw_config_set *set, const llw_config_entry *e,
                   llw_config_entry *out[MAX_LAYERS], size_t *n) {
    static const char variable[] = "COMPOSE_FILE";
    const llw_config_entry *env =
        llw_config_set_entry(set, llw_path_join(set->arena, e->file.directory, ".env"));
    *n = 0;
    if (!env || !memmem(env->file.bytes, env->file.len, variable, sizeof variable - 1)) return false;
    llw_scope scope = llw_config_env(r, &env->file, ".env");
    const llw_variable *v = llw_scope_get(&scope, variable),
                       *s = llw_scope_get(&scope, "COMPOSE_PATH_SEPARATOR");
    const char *text = v ? llw_rich_text(r->arena, &v->value) : NULL,
               *separator = s ? llw_rich_text(r->arena, &s->value) : ":";
    if (!text || !separator || !*separator) return false;
    for (const char *at = text; *at && *n < MAX_LAYERS;) {
        const char *end = strstr(at, separator);
        size_t len = end ? (size_t)(end - at) : strlen(at);
        const char *path =
            llw_config_inside(r->arena, e->file.directory, llw_arena_strndup(r->arena, at, len));
        llw_config_entry *found = path ? llw_config_set_entry(set, path) : NULL;
        if (found && found->kind == LLW_CONFIG_COMPOSE) out[(*n)++] = found;
        at += len + (end ? strlen(separator) : 0);
    }
    return *n > 0;
}

/* The files that lie over one another when a file comes first; the file alone when nothing is said. */
static size_t layers_from(llw_config_reader *r, const llw_config_set *set, llw_config_entry *e,
                          llw_config_entry *out[MAX_LAYERS]) {
    size_t n = 0;
    if (listed(r, set, e, out, &n) && out[0] == e) return n;
    out[0] = e;
    if (n || main_of(set, e) != e) return 1;
    out[1] = first_of(set, e->file.directory, overrides, sizeof overrides / sizeof *overrides);
    return out[1] ? 2 : 1;
}

/* Of several override files Compose reads the first; the others nobody reads. */
bool llw_config_is_override(llw_config_reader *r, const llw_config_set *set, const llw_config_entry *e) {
    llw_config_entry *layers[MAX_LAYERS], *first = main_of(set, e);
    size_t n = 0;
    for (size_t i = 0; first && i < sizeof overrides / sizeof *overrides; i++)
        if (!strcmp(e->file.name, overrides[i])) return true;
    if (!listed(r, set, e, layers, &n)) return false;
    for (size_t i = 1; i < n; i++)
        if (layers[i] == e) return true;
    return false;
}

/* --- services of one file --- */

static const llw_service *find(const llw_service *services, size_t n, const char *name) {
    for (size_t i = 0; i < n; i++)
        if (!strcmp(services[i].name, name)) return &services[i];
    return NULL;
}

static void parse(llw_config_reader *r, llw_config_entry *e) {
    r->n_parsed += !e->parsed_services;
    if (!e->parsed_services) e->services = llw_config_compose(r, &e->file, e->file.directory, &e->n_services);
    e->parsed_services = true;
}

/* Told of files that may start llama.cpp, others are nobody's business. */
static void tell(llw_config_reader *r, const llw_config_file *file, int line, const char *fmt,
                 const char *name) {
    static const char ours[] = "llama";
    if (!memmem(file->bytes, file->len, ours, sizeof ours - 1)) return;
    llw_config_unread(r, file->path, line, fmt, name);
}

/* The file that a service extends or a file includes; told when it is not there. */
static llw_config_entry *other_file(llw_config_reader *r, llw_config_set *set, const llw_config_file *file,
                                    const char *path, int line) {
    const llw_config_file *found = llw_config_set_find(r, set, file->directory, path);
    llw_config_entry *e = found ? llw_config_set_entry(set, found->path) : NULL;
    if (!e) tell(r, file, line, "%.80s, which this file builds on, is not read here", path);
    return e;
}

/* A service with all that it extends below it. */
static llw_service extended(llw_config_reader *r, llw_config_set *set, llw_config_entry *e,
                            const llw_service *service) {
    llw_service chain[MAX_DEPTH];
    size_t n = 0;
    for (const llw_service *at = service; at && n < MAX_DEPTH;) {
        chain[n++] = *at;
        const llw_service *next = NULL;
        if (!at->extends) break;
        if (at->extends_file) {
            e = other_file(r, set, at->file, at->extends_file, at->extends_line);
            if (!e) break;
            parse(r, e);
        }
        next = find(e->services, e->n_services, at->extends);
        if (!next)
            tell(r, at->file, at->extends_line,
                 "Compose refuses the file: there is no service %.60s to extend", at->extends);
        for (size_t i = 0; next && i < n; i++)
            if (chain[i].file == next->file && !strcmp(chain[i].name, next->name)) {
                tell(r, at->file, at->extends_line, "Compose refuses the file: %.60s extends itself",
                     next->name);
                next = NULL;
            }
        at = next;
    }
    llw_service out = chain[n - 1];
    while (n-- > 1) {
        llw_service merged = llw_config_merge_service(r->arena, &out, &chain[n - 1]);
        out = merged;
    }
    return out;
}

/* --- the project --- */

/* The files that include one another on the way to a project, the innermost first. */
typedef struct way {
    const llw_config_entry *e;
    const struct way *outer;
    size_t depth;
} way;

typedef struct project {
    llw_config_reader *r;
    llw_config_set *set;
    const way *way; /* NULL: nothing includes it */
    llw_service *items;
    size_t n, capacity;
} project;

static void add(project *p, llw_service service) {
    if (p->n >= MAX_PROJECT) return;
    void *items = p->items;
    *(llw_service *)llw_arena_push(p->r->arena, &items, &p->n, &p->capacity, sizeof service) = service;
    p->items = items;
}

static void merge_over(project *p, llw_service *below, const llw_service *above) {
    llw_service *copy = llw_arena_alloc(p->r->arena, sizeof *copy);
    *copy = *below;
    *below = llw_config_merge_service(p->r->arena, copy, above);
    below->under = copy;
    below->included = false;
}

static void add_layer(project *p, llw_config_entry *e) {
    parse(p->r, e);
    for (size_t i = 0; i < e->n_services; i++) {
        llw_service s = extended(p->r, p->set, e, &e->services[i]);
        llw_service *below = (llw_service *)find(p->items, p->n, s.name);
        if (below)
            merge_over(p, below, &s);
        else
            add(p, s);
    }
}

/* An entry of include, with its defaults: the directory of its first file, and the .env in there. */
typedef struct inclusion {
    const llw_yaml *paths, *env_files; /* a string or a list of them */
    const char *directory;             /* project_directory; NULL when it is not given */
} inclusion;

static const llw_yaml *first_item(const llw_yaml *node) {
    return node && node->kind == LLW_YAML_LIST ? node->first : node;
}

static const llw_yaml *next_item(const llw_yaml *list, const llw_yaml *item) {
    return list->kind == LLW_YAML_LIST ? item->next : NULL;
}

/* What the files of env_file put into ${...}; of the same name the later one counts. NULL when none is given.
 */
static const llw_scope *variables_of(const project *p, const llw_config_entry *e, const llw_yaml *list) {
    if (!list) return NULL;
    llw_scope *out = llw_arena_alloc(p->r->arena, sizeof *out);
    *out = (llw_scope){.arena = p->r->arena};
    for (const llw_yaml *i = first_item(list); i; i = next_item(list, i)) {
        const char *path = llw_yaml_string(i, NULL);
        const llw_config_file *file =
            path ? llw_config_set_find(p->r, p->set, e->file.directory, path) : NULL;
        if (!file) continue;
        llw_scope more = llw_config_env(p->r, file, "include env_file");
        for (size_t k = 0; k < more.n; k++)
            llw_scope_set(out, more.items[k].name, &more.items[k].value, more.items[k].token);
    }
    return out;
}

/* A file as seen from another directory than its own; NULL when there are too many. */
static llw_config_entry *seen_from(const project *p, const llw_config_entry *e, const char *directory) {
    if (p->set->moved >= MAX_MOVED) return NULL;
    p->set->moved += e->file.len + SMALLEST;
    llw_config_entry *out = llw_arena_alloc(p->r->arena, sizeof *out);
    *out = (llw_config_entry){.file = e->file, .kind = e->kind};
    out->file.directory = directory;
    return out;
}

/* A file of an inclusion as it is read: NULL for one that is on the way already, a circle, and for one that
 * lies too deep. */
static llw_config_entry *to_include(const project *p, const way *at, const inclusion *in, llw_config_entry *e,
                                    int line) {
    for (const way *w = at; w; w = w->outer)
        if (!strcmp(w->e->file.path, e->file.path)) return NULL;
    bool known = e->parsed_project && !in->directory, deep = !known && at->depth > MAX_DEPTH;
    llw_config_entry *out = deep ? NULL : in->directory ? seen_from(p, e, in->directory) : e;
    if (!out)
        llw_config_unread(p->r, at->e->file.path, line, "%.80s is not read here: %s", e->file.name,
                          deep ? "includes go too deep" : "too many includes move files");
    return out;
}

/* NOLINTBEGIN(misc-no-recursion): at most MAX_DEPTH deep */
static const llw_service *project_of(llw_config_reader *r, llw_config_set *set, llw_config_entry *e,
                                     const way *outer, size_t *n);

/* The files of an inclusion, each over the one before it. */
static const llw_service *included(project *p, llw_config_entry *e, const inclusion *in, size_t *n) {
    project inner = {.r = p->r, .set = p->set};
    const way at = {.e = e, .outer = p->way, .depth = p->way ? p->way->depth + 1 : 1};
    size_t files = 0;
    *n = 0;
    for (const llw_yaml *i = first_item(in->paths); i && files < MAX_LAYERS; i = next_item(in->paths, i)) {
        const char *path = llw_yaml_string(i, NULL);
        llw_config_entry *other = path ? other_file(p->r, p->set, &e->file, path, i->line) : NULL;
        if (other) other = to_include(p, &at, in, other, i->line);
        if (!other) continue;
        if (in->paths->kind != LLW_YAML_LIST) return project_of(p->r, p->set, other, &at, n);
        add_layer(&inner, other);
        files++;
    }
    *n = inner.n;
    return inner.items;
}

static void include_one(project *p, llw_config_entry *e, const inclusion *in) {
    size_t n = 0;
    const llw_scope *variables = variables_of(p, e, in->env_files);
    const llw_service *services = included(p, e, in, &n);
    for (size_t i = 0; i < n; i++) {
        llw_service *above = (llw_service *)find(p->items, p->n, services[i].name);
        llw_service s = services[i];
        if (variables) s.variables = variables;
        s.included = true;
        s.otherwise |= variables || in->directory;
        if (!above) {
            add(p, s);
            continue;
        }
        llw_service merged = s;
        merge_over(p, &merged, above);
        *above = merged;
    }
}

/* include: PATH, or {path, project_directory, env_file}. */
static void include_all(project *p, llw_config_entry *e) {
    static const char key[] = "include";
    llw_yaml *root = NULL;
    const llw_yaml *twice = NULL;
    llw_err err = {0};
    if (!memmem(e->file.bytes, e->file.len, key, sizeof key - 1)) return;
    if (llw_yaml_parse(p->r->arena, e->file.path, e->file.bytes, e->file.len, &root, &twice, &err) != LLW_OK)
        return;
    const llw_yaml *list = llw_yaml_get(root, key);
    for (const llw_yaml *i = list && list->kind == LLW_YAML_LIST ? list->first : NULL; i; i = i->next) {
        const llw_yaml *item = llw_yaml_follow(i);
        bool map = item && item->kind == LLW_YAML_MAP;
        inclusion in = {.paths = map ? llw_yaml_get(item, "path") : item,
                        .env_files = map ? llw_yaml_get(item, "env_file") : NULL};
        const char *directory = map ? llw_yaml_string(llw_yaml_get(item, "project_directory"), NULL) : NULL;
        if (directory) in.directory = llw_config_inside(p->r->arena, e->file.directory, directory);
        if (in.paths) include_one(p, e, &in);
    }
}

/* The file below one that cannot run alone: the usual one, else the only other one that has its service. */
static llw_config_entry *below(llw_config_reader *r, llw_config_set *set, llw_config_entry *e) {
    const llw_service *part = NULL;
    for (size_t i = 0; i < e->n_services && !part; i++) {
        const llw_service *s = &e->services[i];
        if (!s->image.n && !s->builds && !s->extends) part = s;
    }
    if (!part) return NULL;
    llw_config_entry *found = main_of(set, e);
    if (found && found != e) {
        parse(r, found);
        if (find(found->services, found->n_services, part->name)) return found;
    }
    found = NULL;
    for (size_t i = 0; i < set->n; i++) {
        llw_config_entry *other = set->items[i];
        if (other->kind != LLW_CONFIG_COMPOSE || other == e ||
            strcmp(other->file.directory, e->file.directory))
            continue;
        parse(r, other);
        const llw_service *s = find(other->services, other->n_services, part->name);
        if (!s || (!s->image.n && !s->builds)) continue;
        if (found) return NULL; /* of two nobody knows which */
        found = other;
    }
    return found;
}

static bool is_extended(const llw_config_entry *e, const char *name) {
    for (size_t i = 0; i < e->n_services; i++)
        if (e->services[i].extends && !strcmp(e->services[i].extends, name)) return true;
    return false;
}

/* ".defaults", "_base": a service that is there for others to extend, and that nobody starts. */
static void drop_bases(project *p, const llw_config_entry *e) {
    size_t kept = 0;
    for (size_t i = 0; i < p->n; i++) {
        const char *name = p->items[i].name;
        if ((*name == '.' || *name == '_') && is_extended(e, name)) continue;
        p->items[kept++] = p->items[i];
    }
    p->n = kept;
}

static const llw_service *project_of(llw_config_reader *r, llw_config_set *set, llw_config_entry *e,
                                     const way *outer, size_t *n) {
    if (!e->parsed_project) {
        r->n_parsed++;
        e->parsed_project = true; /* a circle of includes ends here */
        llw_config_entry *layers[MAX_LAYERS + 1];
        project p = {.r = r, .set = set, .way = outer};
        parse(r, e);
        size_t count = layers_from(r, set, e, layers);
        llw_config_entry *lower = count == 1 ? below(r, set, e) : NULL;
        if (lower) {
            layers[1] = e;
            layers[0] = lower;
            count = 2;
        }
        for (size_t i = 0; i < count; i++) add_layer(&p, layers[i]);
        for (size_t i = 0; i < count; i++) include_all(&p, layers[i]);
        drop_bases(&p, e);
        e->project = p.items;
        e->n_project = p.n;
    }
    *n = e->n_project;
    return e->project;
}
/* NOLINTEND(misc-no-recursion) */

const llw_service *llw_config_project(llw_config_reader *r, llw_config_set *set, llw_config_entry *e,
                                      size_t *n) {
    return project_of(r, set, e, NULL, n);
}
