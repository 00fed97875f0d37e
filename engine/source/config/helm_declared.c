/* Charts as files declare them: Applications of Argo CD, releases of helmfile.
 *
 * By argo-cd's pkg/apis/application/v1alpha1 (spec.source.helm: valueFiles from the chart's directory, then
 * values, valuesObject in its place, then parameters) and helmfile's docs (values: files and maps in their
 * order, then set). A chart of another repository, and file names with a template in them, are not known; nor
 * is an install with values of another make: secrets, setString, fileParameters. */
#include "source/config/helm_use.h"
#include "base/file.h"
#include "source/config/front.h"

#include <string.h>

typedef struct declared {
    llw_config_reader *r;
    llw_config_set *set;
    const llw_config_file *file;
    llw_yaml_text text;
    const char *origin;
} declared;

static const llw_yaml *list_of(const llw_yaml *map, const char *key) {
    const llw_yaml *list = llw_yaml_get(map, key);
    return list && list->kind == LLW_YAML_LIST ? list->first : NULL;
}

static const char *string_at(const llw_yaml *map, const char *key) {
    return llw_yaml_string(llw_yaml_get(map, key), "");
}

static void push(declared *d, llw_words *out, const llw_yaml *node) {
    llw_words_push(d->r->arena, out,
                   llw_yaml_rich(&d->text, node, llw_link_new(d->r->arena, d->file->path, d->origin, false)));
}

/* Values under one of these keys are there, and not read. */
static bool holds_any(const llw_yaml *map, const char *const *keys) {
    for (; *keys; keys++) {
        const llw_yaml *node = llw_yaml_get(map, *keys);
        if (node && node->first) return true;
    }
    return false;
}

/* NAME=VALUE of a pair, with a comma of the value as one. */
static void add_set(declared *d, llw_helm_use *use, const llw_yaml *pair) {
    const llw_yaml *name = llw_yaml_get(pair, "name"), *value = llw_yaml_get(pair, "value");
    bool scalar = name && value && value->kind == LLW_YAML_SCALAR;
    use->unclear |= !scalar || !strcmp(string_at(pair, "forceString"), "true");
    if (!scalar) return;
    const llw_link *link = llw_link_new(d->r->arena, d->file->path, d->origin, false);
    llw_rich out = llw_yaml_rich(&d->text, name, link), text = llw_yaml_rich(&d->text, value, link);
    if (!out.n) return;
    llw_char sign = out.chars[out.n - 1];
    sign.byte = '=';
    llw_rich_push(d->r->arena, &out, sign);
    for (size_t i = 0; i < text.n; i++) {
        llw_char escape = text.chars[i];
        escape.byte = '\\';
        if (!text.chars[i].unknown && strchr(",\\{}", text.chars[i].byte))
            llw_rich_push(d->r->arena, &out, escape);
        llw_rich_push(d->r->arena, &out, text.chars[i]);
    }
    llw_words_push(d->r->arena, &use->sets, out);
}

/* Values that stand in the file as a map. */
static void add_map(declared *d, llw_helm_use *use, const llw_yaml *map, const llw_yaml_text *text) {
    llw_helm_add_layer(d->r->arena, &use->own, (llw_helm_layer){map, text, d->origin});
}

/* ... and as a text: read where they stand, everything around them blank. */
static void add_text(declared *d, llw_helm_use *use, const llw_yaml *node) {
    const llw_config_file *file = d->file;
    char *bytes = llw_arena_strndup(d->r->arena, file->bytes, file->len);
    int line = 1, last = llw_yaml_last_line(node);
    for (size_t i = 0; i < file->len; i++) {
        if (bytes[i] == '\n')
            line++;
        else if (line <= node->line || line > last)
            bytes[i] = ' ';
    }
    llw_yaml *root = NULL;
    const llw_yaml *twice = NULL;
    llw_err err = {0};
    if (!node->block || d->r->reread < file->len ||
        llw_yaml_parse(d->r->arena, file->path, bytes, file->len, &root, &twice, &err) != LLW_OK) {
        use->unclear = true;
        return;
    }
    d->r->reread -= file->len;
    llw_yaml_text *text = llw_arena_alloc(d->r->arena, sizeof *text);
    llw_yaml_text_init(text, d->r->arena, file->path, bytes, file->len);
    if (root && root->kind == LLW_YAML_MAP) add_map(d, use, root, text);
}

static void add_file(declared *d, llw_helm_use *use, const llw_yaml *node) {
    const char *name = llw_yaml_string(node, "");
    use->unclear |= !*name || strstr(name, "{{") != NULL || strstr(name, "://") != NULL;
    push(d, &use->files, node);
}

static const char *chart_in(declared *d, const char *path) {
    if (!*path || *path == '/' || strstr(path, "://") || strstr(path, "{{")) return NULL;
    const llw_config_file *chart = llw_config_set_find_above(d->r, d->set, d->file->directory,
                                                             llw_path_join(d->r->arena, path, "Chart.yaml"));
    return chart ? chart->directory : NULL;
}

/* spec.source, or one of spec.sources. */
static void read_source(declared *d, const llw_yaml *application, const llw_yaml *source) {
    static const char *const unread[] = {"fileParameters", NULL};
    const llw_yaml *helm = llw_yaml_get(source, "helm"), *values = llw_yaml_get(helm, "values"),
                   *object = llw_yaml_get(helm, "valuesObject");
    llw_helm_use use = {.file = d->file, .origin = d->origin, .line = source->line, .beside_chart = true};
    use.chart = chart_in(d, string_at(source, "path"));
    if (!use.chart) return;
    use.release = string_at(helm, "releaseName");
    if (!*use.release) use.release = string_at(llw_yaml_get(application, "metadata"), "name");
    for (const llw_yaml *i = list_of(helm, "valueFiles"); i; i = i->next) {
        add_file(d, &use, i);
        use.unclear |= *llw_yaml_string(i, "") == '$'; /* of another source */
    }
    if (object && object->kind == LLW_YAML_MAP)
        add_map(d, &use, object, &d->text);
    else if (values && values->kind == LLW_YAML_SCALAR && values->len)
        add_text(d, &use, values);
    for (const llw_yaml *i = list_of(helm, "parameters"); i; i = i->next) add_set(d, &use, i);
    use.unclear |= holds_any(helm, unread);
    llw_helm_add_use(d->r, &use);
}

static void read_release(declared *d, const llw_yaml *release) {
    static const char *const unread[] = {"setString", "setTemplate", "valuesTemplate",
                                         "secrets",   "inherit",     NULL};
    llw_helm_use use = {
        .file = d->file, .origin = d->origin, .line = release->line, .release = string_at(release, "name")};
    use.chart = chart_in(d, string_at(release, "chart"));
    if (!use.chart || !strcmp(string_at(release, "installed"), "false")) return;
    for (const llw_yaml *i = list_of(release, "values"); i; i = i->next) {
        if (i->kind == LLW_YAML_MAP) {
            add_map(d, &use, i, &d->text);
            continue;
        }
        use.unclear |= use.own.n > 0; /* a file over a map: files come first here */
        add_file(d, &use, i);
    }
    for (const llw_yaml *i = list_of(release, "set"); i; i = i->next) add_set(d, &use, i);
    use.unclear |= holds_any(release, unread);
    llw_helm_add_use(d->r, &use);
}

static void read_document(declared *d, const llw_yaml *root) {
    const llw_yaml *spec = llw_yaml_get(root, "spec");
    bool application = !strncmp(string_at(root, "apiVersion"), "argoproj.io/", 12) &&
                       !strcmp(string_at(root, "kind"), "Application");
    d->origin = application ? "Argo CD" : "helmfile";
    if (application && llw_yaml_get(spec, "source")) read_source(d, root, llw_yaml_get(spec, "source"));
    for (const llw_yaml *i = application ? list_of(spec, "sources") : NULL; i; i = i->next)
        read_source(d, root, i);
    for (const llw_yaml *i = application ? NULL : list_of(root, "releases"); i; i = i->next)
        read_release(d, i);
}

void llw_helm_declared(llw_config_reader *r, llw_config_set *set) {
    const llw_config_file *file;
    for (size_t at = 0; (file = llw_config_set_next(set, LLW_CONFIG_KUBERNETES, &at)) != NULL;) {
        const llw_yaml *twice = NULL;
        llw_yaml **roots = NULL;
        size_t n = 0;
        llw_err err = {0};
        if (!llw_declares_chart(file->bytes, file->len) || r->reread < file->len) continue;
        r->reread -= file->len;
        roots = llw_arena_alloc(r->arena, LLW_YAML_MAX_DOCUMENTS * sizeof *roots);
        llw_yaml_parse_all(r->arena, file->path, file->bytes, file->len, roots, &n, &twice, &err);
        declared *d = llw_arena_alloc(r->arena, sizeof *d); /* layers point at its text */
        *d = (declared){.r = r, .set = set, .file = file};
        llw_yaml_text_init(&d->text, r->arena, file->path, file->bytes, file->len);
        for (size_t i = 0; i < n; i++) read_document(d, roots[i]);
    }
}
