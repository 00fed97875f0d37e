/* Files of other programs that hold commands: workflows, task runners, editors.
 *
 * Each is a tree of YAML or JSON; a table says where in it commands stand, where their variables do, and
 * whether a shell reads them. GitHub Actions: workflow syntax reference (env of workflow, job and step, the
 * nearest counts). GitLab CI: script, before_script. Task: taskfile.dev (vars of a task over those of the
 * file, put in by {{.NAME}}). npm: package.json scripts. Dev containers: containers.dev (a string is for a
 * shell, a list is words, a map holds several). VS Code: tasks.json (command with args). SkyPilot: setup, run
 * and envs. What only the runner knows, such as ${{ }}, is unknown. */
#include "source/config/set.h"
#include "source/config/yaml_text.h"

#include <ctype.h>
#include <string.h>

enum { MAX_NODES = 2000, MAX_STEPS = 6 };

static const struct format {
    llw_config_kind kind;
    const char *who;       /* starts them */
    const char *path;      /* keys to a command; * is any key, + any item of a list */
    const char *variables; /* key of maps of them, on the way to the command; NULL */
    const char *names;     /* key of maps of what {{.NAME}} puts in; NULL */
} formats[] = {
    {LLW_CONFIG_ACTIONS, "GitHub Actions", "jobs * steps + run", "env", NULL},
    {LLW_CONFIG_ACTIONS, "GitHub Actions", "runs steps + run", "env", NULL},
    {LLW_CONFIG_GITLAB, "GitLab CI", "* before_script", "variables", NULL},
    {LLW_CONFIG_GITLAB, "GitLab CI", "* script", "variables", NULL},
    {LLW_CONFIG_GITLAB, "GitLab CI", "* after_script", "variables", NULL},
    {LLW_CONFIG_TASKFILE, "Taskfile", "tasks *", "env", "vars"},
    {LLW_CONFIG_TASKFILE, "Taskfile", "tasks * cmd", "env", "vars"},
    {LLW_CONFIG_TASKFILE, "Taskfile", "tasks * cmds", "env", "vars"},
    {LLW_CONFIG_PACKAGE, "npm script", "scripts *", NULL, NULL},
    {LLW_CONFIG_DEVCONTAINER, "dev container", "onCreateCommand", "containerEnv", NULL},
    {LLW_CONFIG_DEVCONTAINER, "dev container", "postCreateCommand", "containerEnv", NULL},
    {LLW_CONFIG_DEVCONTAINER, "dev container", "postStartCommand", "containerEnv", NULL},
    {LLW_CONFIG_DEVCONTAINER, "dev container", "postAttachCommand", "containerEnv", NULL},
    {LLW_CONFIG_EDITOR, "editor task", "tasks +", "env", NULL},
    {LLW_CONFIG_SKY, "SkyPilot", "setup", "envs", NULL},
    {LLW_CONFIG_SKY, "SkyPilot", "run", "envs", NULL},
};

/* A node with the maps that lead to it, the outermost first. */
typedef struct found {
    const llw_yaml *node;
    const llw_yaml *way[MAX_STEPS];
    size_t n;
} found;

typedef struct reader {
    llw_config_reader *r;
    const llw_config_file *file;
    llw_config_set *set;
    const struct format *format;
    llw_yaml_text text;
    llw_starts starts;
} reader;

/* --- the way to the commands --- */

static void step(const found *from, const char *key, size_t len, found *out, size_t *n) {
    const llw_yaml *map = llw_yaml_follow(from->node);
    bool item = *key == '+', any = item || *key == '*';
    if (!map || map->kind != (item ? LLW_YAML_LIST : LLW_YAML_MAP)) return;
    for (const llw_yaml *c = map->first; c && *n < MAX_NODES; c = c->next) {
        if (!any && (!c->key || strlen(c->key) != len || strncmp(c->key, key, len))) continue;
        found next = *from;
        if (!item && next.n < MAX_STEPS) next.way[next.n++] = map;
        next.node = c;
        out[(*n)++] = next;
    }
}

static size_t find(llw_arena *arena, const llw_yaml *root, const char *path, found **out) {
    found *now = llw_arena_alloc(arena, MAX_NODES * sizeof *now),
          *next = llw_arena_alloc(arena, MAX_NODES * sizeof *next);
    size_t n = 1;
    now[0] = (found){.node = root};
    for (const char *at = path; *at;) {
        size_t len = strcspn(at, " "), m = 0;
        for (size_t i = 0; i < n; i++) step(&now[i], at, len, next, &m);
        found *swap = now;
        now = next;
        next = swap;
        n = m;
        at += len + (at[len] == ' ');
    }
    *out = now;
    return n;
}

/* --- variables --- */

static const llw_link *link_of(const reader *c, const char *what, bool variable) {
    const char *origin = llw_arena_printf(c->r->arena, "%s%s", c->format->who, what);
    return llw_link_new(c->r->arena, c->file->path, origin, variable);
}

static size_t behind(const llw_rich *in, size_t from, const char *close) {
    for (size_t i = from; i + 1 < in->n; i++)
        if (in->chars[i].byte == close[0] && in->chars[i + 1].byte == close[1]) return i + 2;
    return in->n;
}

/* The name in {{.NAME}} and ${{ env.NAME }}; "" for anything else. */
static const char *name_in(llw_arena *arena, const llw_rich *in, size_t from, size_t to) {
    llw_rich slice = llw_rich_slice(in, from, to), bare = llw_rich_trim(&slice);
    const char *text = llw_rich_text(arena, &bare);
    if (!text) return "";
    if (*text == '.')
        text++;
    else if (!strncmp(text, "env.", 4))
        text += 4;
    else
        return "";
    for (const char *at = text; *at; at++)
        if (!isalnum((unsigned char)*at) && *at != '_') return "";
    return text;
}

/* Templates put in: what is not a plain name of a known value stays unknown. */
static llw_rich put_in(const reader *c, const llw_rich *in, const llw_scope *names) {
    llw_rich out = {0};
    for (size_t i = 0; i < in->n; i++) {
        const llw_char *at = &in->chars[i];
        bool dollar = at->byte == '$' && i + 2 < in->n && in->chars[i + 1].byte == '{';
        size_t open = i + dollar;
        bool template = open + 1 < in->n && in->chars[open].byte == '{' && in->chars[open + 1].byte == '{';
        if (at->unknown || !template) {
            llw_rich_push(c->r->arena, &out, *at);
            continue;
        }
        size_t to = behind(in, open + 2, "}}");
        const char *name = name_in(c->r->arena, in, open + 2, to > open + 4 ? to - 2 : open + 2);
        const llw_variable *v = *name ? llw_scope_get(names, name) : NULL;
        if (!v || c->r->budget < v->value.n) {
            llw_rich_unknown(c->r->arena, &out, at, at->link);
        } else {
            c->r->budget -= v->value.n;
            llw_rich_append(c->r->arena, &out, &v->value);
        }
        i = to - 1;
    }
    return out;
}

static void add_variables(const reader *c, const llw_yaml *map, const char *key, const char *what,
                          const llw_scope *names, llw_scope *out) {
    const llw_yaml *values = key ? llw_yaml_get(map, key) : NULL;
    const llw_link *link = link_of(c, what, true);
    for (const llw_yaml *v = values && values->kind == LLW_YAML_MAP ? values->first : NULL; v; v = v->next) {
        const llw_yaml *node = llw_yaml_follow(v);
        if (c->format->kind == LLW_CONFIG_GITLAB && llw_yaml_get(node, "value"))
            node = llw_yaml_get(node, "value"); /* beside its description */
        if (!v->key || !node) continue;
        llw_rich value = {0};
        llw_char at = {.line = node->line, .column = node->column, .link = link};
        if (node->kind == LLW_YAML_SCALAR) {
            value = llw_yaml_rich(&c->text, node, link);
            value = put_in(c, &value, names);
        } else { /* sh: of a Taskfile, and whatever else is computed */
            llw_rich_unknown(c->r->arena, &value, &at, link);
        }
        llw_token place = {.place = llw_place(c->r->arena, c->file->path, node->line, node->column),
                           .origin = link->origin};
        llw_scope_set(out, v->key, &value, place);
    }
}

/* --- commands --- */

static void run_text(reader *c, const llw_yaml *node, const llw_scope *env, const llw_scope *names) {
    llw_rich *text = llw_arena_alloc(c->r->arena, sizeof *text);
    *text = llw_yaml_rich(&c->text, node, link_of(c, "", false));
    *text = put_in(c, text, names);
    llw_start_site site = {.file = c->file->path,
                           .directory = c->file->directory,
                           .set = c->set,
                           .default_origin = "shell default"};
    llw_shell_script(c->r, &site, text, NULL, env, &c->starts);
}

/* A list without a shell; so is a command with args beside it. */
static void run_words(reader *c, const llw_yaml *first, const llw_yaml *list, const llw_scope *env) {
    const llw_link *link = link_of(c, "", false);
    llw_words words = {0};
    if (first) llw_words_push(c->r->arena, &words, llw_yaml_rich(&c->text, first, link));
    for (const llw_yaml *i = list && list->kind == LLW_YAML_LIST ? list->first : NULL; i; i = i->next) {
        const llw_yaml *node = llw_yaml_follow(i);
        if (node && node->kind == LLW_YAML_SCALAR)
            llw_words_push(c->r->arena, &words, llw_yaml_rich(&c->text, node, link));
    }
    llw_start_site site = {.file = c->file->path,
                           .directory = c->file->directory,
                           .set = c->set,
                           .default_origin = "shell default"};
    size_t from = c->starts.n;
    const llw_yaml *at = first ? first : list;
    if (words.n) llw_start_words(c->r, &site, &words, env, &c->starts);
    for (; from < c->starts.n; from++) {
        llw_start *s = &c->starts.items[from];
        if (s->line) continue;
        s->file = c->file->path;
        s->line = at->line;
        s->column = at->column;
        s->last_line = llw_yaml_last_line(list ? list : at);
    }
}

/* A string, a list of strings or of maps with a cmd, a map of several. */
/* NOLINTNEXTLINE(misc-no-recursion): at most three deep */
static void run_command(reader *c, const llw_yaml *node, const llw_scope *env, const llw_scope *names,
                        int depth) {
    bool container = c->format->kind == LLW_CONFIG_DEVCONTAINER;
    node = llw_yaml_follow(node);
    if (!node || depth > 2) return;
    if (node->kind == LLW_YAML_SCALAR) {
        run_text(c, node, env, names);
    } else if (node->kind == LLW_YAML_LIST && container) {
        run_words(c, NULL, node, env);
    } else if (node->kind == LLW_YAML_LIST) {
        for (const llw_yaml *i = node->first; i; i = i->next) {
            const llw_yaml *item = llw_yaml_follow(i);
            const llw_yaml *cmd = item && item->kind == LLW_YAML_MAP ? llw_yaml_get(item, "cmd") : item;
            if (cmd && cmd->kind == LLW_YAML_SCALAR) run_text(c, cmd, env, names);
        }
    } else if (container) {
        for (const llw_yaml *i = node->first; i; i = i->next) run_command(c, i, env, names, depth + 1);
    } else if (c->format->kind == LLW_CONFIG_EDITOR) {
        const llw_yaml *command = llw_yaml_get(node, "command");
        if (command && command->kind == LLW_YAML_SCALAR && llw_yaml_get(node, "args"))
            run_words(c, command, llw_yaml_get(node, "args"), env);
        else if (command && command->kind == LLW_YAML_SCALAR)
            run_text(c, command, env, names);
    }
}

static void read_format(reader *c, const llw_yaml *root) {
    found *commands;
    size_t n = find(c->r->arena, root, c->format->path, &commands);
    for (size_t i = 0; i < n; i++) {
        llw_scope env = {.arena = c->r->arena}, names = {.arena = c->r->arena};
        for (size_t k = 0; k < commands[i].n; k++) {
            add_variables(c, commands[i].way[k], c->format->names, " vars", &names, &names);
            add_variables(c, commands[i].way[k], c->format->variables, " env", &names, &env);
        }
        for (size_t k = 0; k < env.n; k++) {
            env.items[k].exported = true;
            if (!llw_scope_get(&names, env.items[k].name)) /* ${{ env.NAME }} */
                llw_scope_assign(&names, env.items[k].name, &env.items[k].value, env.items[k].token);
        }
        run_command(c, commands[i].node, &env, &names, 0);
    }
}

static bool written_in(const llw_rich *text, const char *path) {
    for (size_t i = 0; i < text->n; i++)
        if (text->chars[i].link && !strcmp(text->chars[i].link->file, path)) return true;
    return false;
}

/* A script of the tree that is started just as it stands: it tells of its launches itself. */
static bool is_repeated(const reader *c, const llw_start *start) {
    const llw_config_entry *script =
        start->file && strcmp(start->file, c->file->path) ? llw_config_set_entry(c->set, start->file) : NULL;
    if (!script || !script->emit || script->kind != LLW_CONFIG_SCRIPT || start->argument) return false;
    for (size_t i = 0; i < start->low.words.n; i++)
        if (written_in(&start->low.words.items[i], c->file->path)) return false;
    for (size_t i = 0; i < start->low.env.n; i++)
        if (!strncmp(start->low.env.items[i].name, "LLAMA_ARG_", 10) &&
            written_in(&start->low.env.items[i].value, c->file->path))
            return false;
    return true;
}

static void drop_repeated(reader *c) {
    size_t kept = 0;
    for (size_t i = 0; i < c->starts.n; i++)
        if (!is_repeated(c, &c->starts.items[i])) c->starts.items[kept++] = c->starts.items[i];
    c->starts.n = kept;
}

/* Comments in JSON (editors allow them) become blanks; places stay. */
static const char *without_comments(llw_arena *arena, const llw_config_file *file) {
    char *out = llw_arena_strndup(arena, file->bytes, file->len);
    bool text = false;
    for (size_t i = 0; i + 1 < file->len; i++) {
        if (text && out[i] == '\\') {
            i++;
        } else if (out[i] == '"') {
            text = !text;
        } else if (!text && out[i] == '/' && out[i + 1] == '/') {
            for (; i < file->len && out[i] != '\n'; i++) out[i] = ' ';
        } else if (!text && out[i] == '/' && out[i + 1] == '*') {
            const char *end = memmem(out + i, file->len - i, "*/", 2);
            size_t to = end ? (size_t)(end - out) + 2 : file->len;
            for (; i < to; i++)
                if (out[i] != '\n') out[i] = ' ';
            i--;
        }
    }
    return out;
}

void llw_front_commands(llw_config_reader *r, llw_config_set *set, const llw_config_file *file,
                        llw_config_kind kind) {
    bool json = kind == LLW_CONFIG_PACKAGE || kind == LLW_CONFIG_DEVCONTAINER || kind == LLW_CONFIG_EDITOR;
    const char *bytes = json ? without_comments(r->arena, file) : file->bytes;
    llw_yaml *root = NULL;
    const llw_yaml *twice = NULL;
    llw_err err = {0};
    reader c = {.r = r, .file = file, .set = set};
    if (llw_yaml_parse(r->arena, file->path, bytes, file->len, &root, &twice, &err) != LLW_OK) return;
    llw_yaml_text_init(&c.text, r->arena, file->path, bytes, file->len);
    size_t unread = r->out->n_unread;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (formats[i].kind != kind) continue;
        c.format = &formats[i];
        read_format(&c, root);
    }
    if (!c.starts.n) r->out->n_unread = unread;
    drop_repeated(&c);
    llw_front_starts(r, file, &c.starts);
}
