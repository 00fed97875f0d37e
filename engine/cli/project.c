/* The project's .llwhy.yaml: its machine, its llama.cpp, its launches. */
#include "cli/project.h"
#include "base/file.h"
#include "base/split.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

enum {
    MAX_PROJECT = 1 << 20,
    MAX_PARENTS = 40,
    MAX_LAUNCHES = 300,
    MAX_ARGS = 10000 /* words, of all */,
    MAX_DEPTH = 8
};

typedef struct project {
    llw_app *app;
    const char *path;
    yaml_document_t document;
    llw_project_visit *visit;
    void *context;
    size_t n;    /* launches visited */
    size_t args; /* words of those that were read */
} project;

static const char *scalar(const yaml_node_t *node) {
    return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

static yaml_node_t *child(project *p, const yaml_node_t *map, const char *key) {
    if (!map || map->type != YAML_MAPPING_NODE) return NULL;
    for (yaml_node_pair_t *pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top; pair++) {
        const char *name = scalar(yaml_document_get_node(&p->document, pair->key));
        if (name && !strcmp(name, key)) return yaml_document_get_node(&p->document, pair->value);
    }
    return NULL;
}

const char *llw_project_find(llw_app *app) {
    const char *up = "";
    for (int left = llw_path_depth("", MAX_PARENTS); left >= 0; left--) {
        const char *path = llw_arena_printf(app->arena, "%s.llwhy.yaml", up);
        if (*up && !llw_app_may_climb(app, "", up, ".llwhy.yaml")) return NULL;
        if (llw_file_is_regular(path)) return path;
        if (access(llw_arena_printf(app->arena, "%s.git", up), F_OK) == 0) return NULL;
        up = llw_arena_printf(app->arena, "../%s", up);
    }
    return NULL;
}

static bool complain(project *p, const yaml_node_t *node, const char *text) {
    llw_err err = {0};
    llw_fail(&err, LLW_ERR_INPUT, p->path, node ? (int)node->start_mark.line + 1 : 0, "%s", text);
    return llw_app_fail(p->app, LLW_EXIT_INPUT, &err);
}

/* Only keys that are known, so that a slip of the pen is told. */
static bool check_keys(project *p, const yaml_node_t *map, const char *const *keys, const char *advice) {
    for (yaml_node_pair_t *pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top; pair++) {
        yaml_node_t *node = yaml_document_get_node(&p->document, pair->key);
        const char *name = scalar(node);
        bool known = false;
        for (int i = 0; keys[i]; i++) known |= name && !strcmp(name, keys[i]);
        if (!known)
            return complain(
                p, node,
                llw_arena_printf(p->app->arena, "'%s' is not known here: %s", name ? name : "?", advice));
    }
    return true;
}

static void set_option(llw_app *app, llw_option_id id, const char *value) {
    if (!value || app->options.n_values[id] == LLW_MAX_REPEATS) return;
    app->options.values[id][app->options.n_values[id]++] = llw_arena_strdup(app->arena, value);
}

/* What the file says of the machine; the command line goes before. */
static void read_machine(project *p, yaml_node_t *root) {
    llw_app *app = p->app;
    yaml_node_t *gpus = child(p, root, "gpus");
    bool asked =
        llw_option_given(&app->options, LLW_OPT_GPU) || llw_option_given(&app->options, LLW_OPT_NO_GPU);
    if (!asked && gpus && gpus->type == YAML_SEQUENCE_NODE)
        for (yaml_node_item_t *item = gpus->data.sequence.items.start; item < gpus->data.sequence.items.top;
             item++)
            set_option(app, LLW_OPT_GPU, scalar(yaml_document_get_node(&p->document, *item)));
    if (!llw_option_given(&app->options, LLW_OPT_RAM))
        set_option(app, LLW_OPT_RAM, scalar(child(p, root, "ram")));
    if (!llw_option_given(&app->options, LLW_OPT_LLAMA))
        set_option(app, LLW_OPT_LLAMA, scalar(child(p, root, "llama")));
}

/* The arguments of a launch: a list of words, or one line split at blanks (quotes keep a word together). */
static bool read_args(project *p, yaml_node_t *node) {
    llw_app *app = p->app;
    void *items = NULL;
    size_t n = 0, capacity = 0;
    if (node && node->type == YAML_SEQUENCE_NODE) {
        for (yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top;
             item++) {
            const char *word = scalar(yaml_document_get_node(&p->document, *item));
            if (!word) return complain(p, node, "args is a list of words");
            *(const char **)llw_arena_push(app->arena, &items, &n, &capacity, sizeof word) =
                llw_arena_strdup(app->arena, word);
        }
    } else if (scalar(node)) {
        items = llw_split_words(app->arena, scalar(node), &n);
    } else if (node)
        return complain(p, node, "args is a line of flags or a list of words");
    app->options.flags = items;
    app->options.n_flags = n;
    app->options.flags_given = true;
    return true;
}

static bool visit_launch(project *p, yaml_node_t *launch, const char *models) {
    static const char *const keys[] = {"name", "model", "args", "llama", "program", NULL};
    llw_app *app = p->app;
    if (launch->type != YAML_MAPPING_NODE)
        return complain(p, launch, "a launch is a mapping with name, model and args");
    if (!check_keys(p, launch, keys, "a launch has name, model, args, llama and program")) return false;
    const char *name = scalar(child(p, launch, "name")), *model = scalar(child(p, launch, "model"));
    if (!model) return complain(p, launch, "a launch needs model: a file, or the name of a known model");
    if (!read_args(p, child(p, launch, "args"))) return false;
    if ((p->args += app->options.n_flags) > MAX_ARGS) return true; /* the caller tells */
    llw_options saved = app->options;
    set_option(app, LLW_OPT_LLAMA, scalar(child(p, launch, "llama")));
    set_option(app, LLW_OPT_PROGRAM, scalar(child(p, launch, "program")));
    const char *slash = strrchr(p->path, '/');
    const char *root = slash ? llw_arena_strndup(app->arena, p->path, (size_t)(slash - p->path)) : "";
    const char *file =
        llw_path_join(app->arena, models ? llw_path_join(app->arena, root, models) : root, model);
    app->named_by = llw_arena_printf(app->arena, "%s:%zu", p->path, launch->start_mark.line + 1);
    p->visit(app, name ? name : model, llw_file_is_regular(file) ? file : model, p->context);
    app->named_by = NULL;
    p->n++;
    llw_run_free(app->run);
    llw_facts_free(app->facts);
    app->run = NULL;
    app->facts = NULL;
    app->options = saved;
    return true;
}

/* This launch and those behind it. */
static bool leave_out(project *p, const yaml_node_t *launch, size_t n, const char *what, int most) {
    return complain(
        p, launch,
        llw_arena_printf(p->app->arena,
                         "at most %d %s are read: %zu launch%s not answered. Give a folder of its own "
                         "a .llwhy.yaml with some of them",
                         most, what, n, n == 1 ? " is" : "es are"));
}

static bool visit_project(project *p) {
    static const char *const keys[] = {"gpus", "ram", "llama", "models", "launches", NULL};
    yaml_node_t *root = yaml_document_get_root_node(&p->document);
    if (!root || root->type != YAML_MAPPING_NODE)
        return complain(p, NULL, "is a mapping with gpus, ram, llama, models and launches");
    if (!check_keys(p, root, keys, "the file has gpus, ram, llama, models and launches")) return false;
    read_machine(p, root);
    yaml_node_t *launches = child(p, root, "launches");
    if (!launches || launches->type != YAML_SEQUENCE_NODE)
        return complain(p, root, "has no launches: a list of { name, model, args }");
    const yaml_node_item_t *first = launches->data.sequence.items.start,
                           *end = launches->data.sequence.items.top;
    for (const yaml_node_item_t *item = first; item < end; item++) {
        yaml_node_t *launch = yaml_document_get_node(&p->document, *item);
        if (item - first == MAX_LAUNCHES)
            return leave_out(p, launch, (size_t)(end - item), "launches", MAX_LAUNCHES);
        visit_launch(p, launch, scalar(child(p, root, "models")));
        if (p->args > MAX_ARGS) return leave_out(p, launch, (size_t)(end - item), "words of args", MAX_ARGS);
    }
    return true;
}

/* The line where too many nodes stand inside each other, 0 when none do; for libyaml's sake, to which depth
 * is dear. What cannot be read at all is told later. */
static int too_deep(const char *bytes, size_t len) {
    yaml_parser_t parser;
    int depth = 0, line = 0;
    if (!yaml_parser_initialize(&parser)) return 0;
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, len);
    for (bool more = true; more && !line;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) break;
        yaml_event_type_t type = event.type;
        depth += type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;
        depth -= type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT;
        if (depth > MAX_DEPTH) line = (int)event.start_mark.line + 1;
        more = type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return line;
}

bool llw_project_each(llw_app *app, llw_project_visit *visit, void *context, size_t *n) {
    project p = {.app = app, .path = llw_project_find(app), .visit = visit, .context = context};
    *n = 0;
    if (!p.path) return false;
    char *bytes = NULL;
    size_t len = 0;
    llw_err err = {0};
    if (llw_file_read(app->arena, p.path, MAX_PROJECT, &bytes, &len, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_INPUT, &err), true;
    int deep = too_deep(bytes, len);
    if (deep) {
        llw_fail(&err, LLW_ERR_INPUT, p.path, deep, "more than %d lists and mappings stand inside each other",
                 MAX_DEPTH);
        return llw_app_fail(app, LLW_EXIT_INPUT, &err), true;
    }
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return llw_app_complain(app, LLW_EXIT_INTERNAL, "no memory for YAML"), true;
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, len);
    if (yaml_parser_load(&parser, &p.document)) {
        visit_project(&p);
        yaml_document_delete(&p.document);
    } else {
        llw_fail(&err, LLW_ERR_INPUT, p.path, (int)parser.problem_mark.line + 1, "is no YAML: %s",
                 parser.problem ? parser.problem : "it cannot be read");
        llw_app_fail(app, LLW_EXIT_INPUT, &err);
    }
    yaml_parser_delete(&parser);
    *n = p.n;
    return true;
}

static void decide(llw_app *app, const char *name, const char *model, void *context) {
    (void)context;
    llw_text head = {0};
    if (!app->json && !app->picture) llw_text_addf(&head, "== %s\n", name);
    llw_app_print(app, &head);
    if (llw_app_gather(app, model)) llw_app_decide(app);
}

int llw_project_decide(llw_app *app) {
    size_t n = 0;
    if (!llw_project_each(app, decide, NULL, &n))
        llw_app_complain(
            app, LLW_EXIT_USAGE,
            "no model was named, and there is no .llwhy.yaml here or above. llwhy MODEL, or llwhy --help");
    return app->code;
}
