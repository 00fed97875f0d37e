/* Kubernetes manifests: the objects that make pods, and what kustomizations make of them. */
#include "source/config/kubernetes.h"
#include "base/file.h"

#include <string.h>

enum { MAX_LAUNCHES = 200, MAX_OBJECTS = 1000 };

static const char *string_at(const llw_yaml *map, const char *key) {
    return llw_yaml_string(llw_yaml_get(map, key), "");
}

/* --- where nodes stand --- */

const char *llw_manifest_path(const llw_manifest *m, const llw_yaml *node) {
    const llw_yaml_text *patch = llw_kustomize_text(m->r, m->set, m->way, node);
    return patch ? patch->path : llw_helm_path(m->helm, &m->text, node);
}

const char *llw_manifest_place(const llw_manifest *m, const llw_yaml *node) {
    return llw_place(m->r->arena, llw_manifest_path(m, node), node->line, node->column);
}

typedef struct reading {
    const llw_manifest *m;
    const llw_link *link;
} reading;

static llw_rich alone(const void *context, const llw_yaml *node) {
    const reading *c = context;
    const llw_manifest *m = c->m;
    const llw_yaml_text *patch = llw_kustomize_text(m->r, m->set, m->way, node);
    if (!patch) return llw_helm_scalar(m->helm, &m->text, node, c->link);
    return llw_yaml_rich(
        patch, node, llw_link_new(m->r->arena, patch->path, "Kustomize patch", c->link && c->link->variable));
}

llw_rich llw_manifest_scalar(const llw_manifest *m, const llw_yaml *node, const llw_link *link) {
    if (m->helm) return llw_helm_scalar(m->helm, &m->text, node, link);
    return llw_yaml_over(m->r->arena, node, alone, &(reading){m, link});
}

/* --- objects --- */

static void read(llw_manifest *m, llw_config_reader *r, llw_config_set *set, const llw_config_file *file,
                 const llw_helm_use *use) {
    const llw_yaml *twice = NULL;
    const char *bytes = file->bytes;
    size_t len = file->len;
    *m = (llw_manifest){.r = r, .file = file, .set = set};
    m->helm = llw_helm_read(r, set, file, use, &bytes, &len);
    llw_yaml_parse_all(r->arena, file->path, bytes, len, m->documents, &m->n, &twice, &m->err);
    for (size_t i = 0; i < m->n; i++) llw_helm_splice(m->helm, m->documents[i]);
    llw_yaml_text_init(&m->text, r->arena, file->path, bytes, len);
}

/* The documents, and the items of lists in them. */
static size_t objects_of(const llw_manifest *m, const llw_yaml *out[MAX_OBJECTS]) {
    size_t n = 0;
    for (size_t i = 0; i < m->n; i++) {
        const llw_yaml *items = llw_yaml_get(m->documents[i], "items");
        bool list = items && items->kind == LLW_YAML_LIST;
        if (!list && n < MAX_OBJECTS) out[n++] = m->documents[i];
        for (const llw_yaml *item = list ? items->first : NULL; item && n < MAX_OBJECTS; item = item->next)
            out[n++] = llw_yaml_follow(item);
    }
    return n;
}

static const llw_yaml *below(const llw_yaml *node, const char *const *keys) {
    for (; node && *keys; keys++) node = llw_yaml_get(node, *keys);
    return node;
}

/* What an object of a custom resource keeps its containers in (KServe's ServingRuntime, ...), or NULL. */
static const llw_yaml *custom_pod(const llw_yaml *object) {
    static const char *const here[] = {"spec", NULL}, *const made[] = {"spec", "template", "spec", NULL};
    static const char *const *const ways[] = {here, made};
    if (!strchr(string_at(object, "apiVersion"), '/')) return NULL;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const llw_yaml *pod = below(object, ways[i]), *containers = llw_yaml_get(pod, "containers");
        if (containers && containers->kind == LLW_YAML_LIST) return pod;
    }
    return NULL;
}

/* The pod that an object makes, or NULL. */
static const llw_yaml *pod_of(const llw_yaml *object) {
    static const char *const pod[] = {"spec", NULL}, *const made[] = {"spec", "template", "spec", NULL},
                             *const cron[] = {"spec", "jobTemplate", "spec", "template", "spec", NULL},
                             *const predictor[] = {"spec", "predictor", NULL};
    static const char *const makers[] = {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet",
                                         "Job",        "Rollout",     "Service",   "ReplicationController"};
    const char *kind = string_at(object, "kind"), *version = string_at(object, "apiVersion");
    if (!strcmp(kind, "Pod")) return below(object, pod);
    if (!strcmp(kind, "CronJob")) return below(object, cron);
    if (!strcmp(kind, "InferenceService")) return below(object, predictor);
    if (!strcmp(kind, "Service") && strncmp(version, "serving.knative.dev/", 20)) return NULL;
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
        if (!strcmp(kind, makers[i])) return below(object, made);
    return custom_pod(object);
}

/* --- ConfigMaps --- */

static struct llw_config_map map_of(const llw_manifest *m, const llw_yaml *object) {
    const llw_yaml *metadata = llw_yaml_get(object, "metadata"), *data = llw_yaml_get(object, "data");
    struct llw_config_map map = {.name = string_at(metadata, "name"),
                                 .namespace = string_at(metadata, "namespace"),
                                 .directory = m->file->directory,
                                 .object = object,
                                 .text = &m->text};
    const llw_link *link = llw_link_new(m->r->arena, m->file->path, "ConfigMap", true);
    for (const llw_yaml *item = data ? data->first : NULL; item; item = item->next) {
        const llw_yaml *node = llw_yaml_follow(item);
        if (!item->key || !node || node->kind != LLW_YAML_SCALAR) continue;
        llw_map_set(m->r->arena, &map, item->key, llw_manifest_scalar(m, node, link),
                    llw_manifest_place(m, node));
    }
    return map;
}

static void add_map(llw_manifest *m, const llw_yaml *object) {
    const llw_yaml *data = llw_yaml_get(object, "data");
    if (!data || data->kind != LLW_YAML_MAP) return;
    if (!llw_helm_marks(string_at(llw_yaml_get(object, "metadata"), "name")))
        llw_map_add(m->r, map_of(m, object));
}

static void read_maps(llw_config_reader *r, llw_config_set *set) {
    const llw_config_file *file;
    r->maps_read = true;
    for (size_t at = 0; (file = llw_config_set_next(set, LLW_CONFIG_KUBERNETES, &at)) != NULL;) {
        static const char kind[] = "ConfigMap";
        if (!memmem(file->bytes, file->len, kind, sizeof kind - 1)) continue;
        const llw_yaml *objects[MAX_OBJECTS];
        llw_manifest *m = llw_arena_alloc(r->arena, sizeof *m);
        read(m, r, set, file, NULL);
        size_t n = objects_of(m, objects);
        for (size_t i = 0; i < n; i++)
            if (!strcmp(string_at(objects[i], "kind"), kind)) add_map(m, objects[i]);
    }
    llw_kustomize_maps(r, set);
}

/* A map as the way makes it. */
static const struct llw_config_map *map_on_way(llw_manifest *m, const struct llw_config_map *map) {
    struct llw_config_map *out = llw_arena_alloc(m->r->arena, sizeof *out);
    *out = *map;
    if (map->object) {
        llw_manifest own = {.r = m->r, .set = m->set, .text = *map->text, .way = m->way};
        own.file = &(llw_config_file){.path = map->text->path, .directory = map->directory};
        const llw_yaml *object = llw_kustomize_patched(m->r, m->set, m->way, map->object, false);
        if (object != map->object) *out = map_of(&own, object);
    }
    *out = llw_kustomize_generated(m->r, m->set, m->way, out);
    return out;
}

/* Of the file's directory; on a way also of those that it goes through. */
const struct llw_config_map *llw_manifest_map(llw_manifest *m, const char *name, const char *namespace) {
    if (!m->r->maps_read) read_maps(m->r, m->set);
    const struct llw_config_map *found = llw_map_find(m->r, m->file->directory, name, namespace);
    const llw_kustomize_level *level = m->way ? m->way->level : NULL;
    for (; level && !found; level = level->above)
        found = llw_map_find(m->r, level->by->file->directory, name, namespace);
    return found && m->way ? map_on_way(m, found) : found;
}

/* --- launches --- */

/* Launches of one object; `patched` is what the manifest's way makes of it. */
static size_t add_containers(llw_manifest *m, const llw_yaml *patched, llw_front_launch *items, size_t n) {
    const llw_yaml *spec = pod_of(patched), *metadata = llw_yaml_get(patched, "metadata");
    const char *name = string_at(metadata, "name"), *namespace = string_at(metadata, "namespace");
    if (!*name) name = string_at(metadata, "generateName");
    if (m->helm && llw_helm_marks(name)) name = "";                        /* the release's own */
    const llw_yaml *list = spec ? llw_yaml_get(spec, "containers") : NULL; /* others only prepare */
    bool several = list && list->n > 1;
    for (const llw_yaml *item = list && list->kind == LLW_YAML_LIST ? list->first : NULL;
         item && n < MAX_LAUNCHES; item = item->next) {
        const llw_yaml *container = llw_yaml_follow(item);
        llw_start *start = llw_arena_alloc(m->r->arena, sizeof *start);
        if (!llw_manifest_start(m, spec, container, namespace, string_at(container, "name"), start)) continue;
        const char *own = string_at(container, "name");
        start->file = llw_manifest_path(m, container);
        start->last_line = llw_yaml_last_line(container);
        items[n++] =
            (llw_front_launch){.start = start,
                               .name = several ? llw_arena_printf(m->r->arena, "%s/%s", name, own) : name,
                               .infrastructure = true,
                               .apart = !m->helm};
    }
    return n;
}

/* How the object runs without being changed: *way is the kustomization that takes it so, NULL when none takes
 * it at all. False when whoever takes it changes it. */
static bool runs_as_it_stands(llw_manifest *m, const llw_yaml *object, const llw_kustomize_way **way) {
    const llw_kustomize_way *ways = NULL;
    size_t n = m->helm ? 0 : llw_kustomize_ways_of(m->r, m->set, m->file, &ways);
    *way = NULL;
    for (size_t i = 0; i < n && !*way; i++)
        if (!llw_kustomize_alters(m->r, m->set, &ways[i], object)) *way = &ways[i];
    return !n || *way;
}

/* The launches of a manifest as it stands, or of a template as a command of Helm fills it. */
static size_t add_manifest(llw_config_reader *r, llw_config_set *set, const llw_config_file *file,
                           const llw_helm_use *use, llw_front_launch *items, size_t before) {
    const llw_yaml *objects[MAX_OBJECTS];
    llw_manifest *m = llw_arena_alloc(r->arena, sizeof *m);
    read(m, r, set, file, use);
    size_t n_objects = objects_of(m, objects), n = before;
    for (size_t i = 0; i < n_objects; i++)
        if (pod_of(objects[i]) && runs_as_it_stands(m, objects[i], &m->way))
            n = add_containers(m, objects[i], items, n);
    static const char llama[] = "llama";
    bool ours = n > before || memmem(file->bytes, file->len, llama, sizeof llama - 1);
    bool template = !m->helm && memmem(file->bytes, file->len, "{{", 2);
    if (*m->err.text && ours)
        llw_config_unread(r, file->path, m->err.line, "%s",
                          template ? "is a template whose chart (Chart.yaml) is not here: it is not read"
                                   : m->err.text);
    if (n > before) llw_helm_tell(m->helm);
    for (size_t i = before; use && *use->release && i < n; i++) items[i].name = use->release;
    return n;
}

void llw_front_kubernetes(llw_config_reader *r, llw_config_set *set, const llw_config_file *file) {
    llw_front_launch *items = llw_arena_alloc(r->arena, (MAX_LAUNCHES + 1) * sizeof *items);
    if (llw_kustomize_is_patch(r, set, file) || llw_helm_is_used(r, file)) return;
    llw_front_emit(r, file, items, add_manifest(r, set, file, NULL, items, 0));
}

void llw_front_charts(llw_config_reader *r, llw_config_set *set, const llw_config_file *file) {
    llw_front_launch *items = NULL;
    size_t n = 0;
    for (size_t i = 0; i < r->n_helm_uses; i++) {
        const llw_helm_use *use = &r->helm_uses[i];
        if (use->file != file) continue;
        if (!items) items = llw_arena_alloc(r->arena, (MAX_LAUNCHES + 1) * sizeof *items);
        if (use->unclear)
            llw_config_unread(
                r, file->path, use->line,
                "installs %.80s with values that are not known here: the chart is read as its own values "
                "have it",
                *use->chart ? llw_path_name(use->chart) : "the chart");
        const llw_config_file *template;
        for (size_t at = 0;
             !use->unclear && (template = llw_config_set_next(set, LLW_CONFIG_KUBERNETES, &at)) != NULL;)
            if (llw_helm_is_of(r->arena, template, use->chart) && n < MAX_LAUNCHES)
                n = add_manifest(r, set, template, use, items, n);
    }
    llw_front_emit(r, file, items, n);
}

/* What one way makes of its manifest. */
static size_t add_changed(llw_config_reader *r, llw_config_set *set, const llw_kustomize_way *way,
                          llw_front_launch *items, size_t n) {
    const llw_yaml *objects[MAX_OBJECTS];
    const llw_config_entry *e = llw_config_set_entry(set, way->path);
    if (!e || e->kind != LLW_CONFIG_KUBERNETES || r->reread < e->file.len) return n;
    r->reread -= e->file.len;
    llw_manifest *m = llw_arena_alloc(r->arena, sizeof *m);
    read(m, r, set, &e->file, NULL);
    size_t n_objects = objects_of(m, objects);
    m->way = way;
    for (size_t i = 0; i < n_objects; i++)
        if (pod_of(objects[i]) && llw_kustomize_alters(r, set, way, objects[i]))
            n = add_containers(m, llw_kustomize_patched(r, set, way, objects[i], true), items, n);
    return n;
}

void llw_front_kustomize(llw_config_reader *r, llw_config_set *set, const llw_config_file *file) {
    llw_kustomize_tell(r, set, file);
    const llw_kustomize_way *ways = NULL;
    size_t n_ways = llw_kustomize_ways_by(r, set, file, &ways), n = 0;
    llw_front_launch *items = llw_arena_alloc(r->arena, (MAX_LAUNCHES + 1) * sizeof *items);
    for (size_t i = 0; i < n_ways && n < MAX_LAUNCHES; i++) n = add_changed(r, set, &ways[i], items, n);
    llw_front_emit(r, file, items, n);
}
