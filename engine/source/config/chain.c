/* Who starts what with which variables: profiles and .env files through the Compose service beside them,
 * services with their Dockerfile. */
#include "source/config/set.h"
#include "base/file.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

/* --- services and their Dockerfiles --- */

const llw_dockerfile *llw_config_docker(llw_config_reader *r, llw_config_entry *e) {
    r->n_parsed += !e->parsed_docker;
    if (!e->parsed_docker) llw_config_dockerfile(r, &e->file, &e->docker);
    e->parsed_docker = true;
    return &e->docker;
}

/* The Dockerfile that a service is built from, or NULL. */
static const llw_dockerfile *docker_of(llw_config_reader *r, llw_config_set *set, const llw_service *s) {
    if (!s->builds || !s->context) return NULL;
    if (s->inline_dockerfile) {
        llw_dockerfile *own = llw_arena_alloc(r->arena, sizeof *own);
        llw_config_dockerfile(r, s->inline_dockerfile, own);
        return own;
    }
    const char *directory = llw_config_inside(r->arena, s->context_directory, s->context);
    const char *path =
        directory ? llw_config_inside(r->arena, directory, s->dockerfile ? s->dockerfile : "Dockerfile")
                  : NULL;
    if (!path) return NULL;
    llw_config_entry *there = llw_config_set_entry(set, path);
    if (there) return llw_config_docker(r, there);
    if (!llw_file_is_regular(path)) return NULL;
    if (!llw_config_is_inside(set, path)) return NULL;
    llw_config_entry *e = llw_config_set_load(r, set, path, LLW_CONFIG_DOCKERFILE, false, false);
    return e ? llw_config_docker(r, e) : NULL;
}

/* --- the services that variables go through --- */

/* What the profiles and .env files of a directory start. */
typedef struct chain {
    const llw_service *service;
    const llw_dockerfile *docker;
    llw_lowered plain; /* with nobody setting a variable */
} chain;

static bool runs_llama(llw_config_reader *r, llw_config_set *set, chain *c) {
    llw_scope none = {.arena = r->arena};
    const char *version;
    llw_config_service(r, c->service, &none, c->docker, set, NULL, &c->plain, &version);
    return c->plain.runs;
}

enum { MAX_CHAINS = 64 };

static void add_chains(llw_config_reader *r, llw_config_set *set, llw_config_entry *e, chain out[MAX_CHAINS],
                       size_t *found) {
    size_t n = 0;
    const llw_service *services = llw_config_project(r, set, e, &n);
    for (int asked = 0; asked < 2; asked++) /* those that a profile has to be asked for come last */
        for (size_t i = 0; i < n && *found < MAX_CHAINS; i++) {
            chain c = {&services[i], docker_of(r, set, &services[i]), {0}};
            if ((services[i].n_profiles > 0) == (asked == 1) && runs_llama(r, set, &c)) out[(*found)++] = c;
        }
}

/* The Compose services of a directory that run llama.cpp: of the file that Compose reads by itself, else of
 * the others, else of examples. */
static size_t find_chains(llw_config_reader *r, llw_config_set *set, const char *directory,
                          chain out[MAX_CHAINS]) {
    size_t found = 0;
    llw_config_entry *usual = llw_config_usual(set, directory);
    if (usual && !usual->file.example) add_chains(r, set, usual, out, &found);
    for (int example = 0; example < 2 && !found; example++)
        for (size_t i = 0; i < set->n; i++) {
            llw_config_entry *e = set->items[i];
            if (e->kind != LLW_CONFIG_COMPOSE || e->file.example != (example == 1) ||
                strcmp(e->file.directory, directory) || llw_config_is_override(r, set, e))
                continue;
            add_chains(r, set, e, out, &found);
        }
    return found;
}

static bool written_in(const llw_rich *text, const llw_config_file *file) {
    for (size_t i = 0; i < text->n; i++)
        if (text->chars[i].link && !strcmp(text->chars[i].link->file, file->path)) return true;
    return false;
}

/* Whether what runs takes a word, or a variable that llama.cpp reads, from a file. */
static bool takes_from(const llw_lowered *low, const llw_config_file *file) {
    for (size_t i = 0; low->runs && i < low->words.n; i++)
        if (written_in(&low->words.items[i], file)) return true;
    for (size_t i = 0; low->runs && i < low->env.n; i++)
        if (!strncmp(low->env.items[i].name, "LLAMA_ARG_", 10) && written_in(&low->env.items[i].value, file))
            return true;
    return false;
}

/* The same bytes from the same places. */
static bool same_text(const llw_rich *a, const llw_rich *b) {
    if (a->n != b->n) return false;
    for (size_t i = 0; i < a->n; i++) {
        const llw_char *x = &a->chars[i], *y = &b->chars[i];
        if (x->byte != y->byte || x->line != y->line || x->column != y->column || !x->link != !y->link)
            return false;
        if (x->link && strcmp(x->link->file, y->link->file)) return false;
    }
    return true;
}

/* Whether llama.cpp is started with the same words and variables. */
static bool same_launch(const llw_lowered *a, const llw_lowered *b) {
    if (a->words.n != b->words.n || a->env.n != b->env.n) return false;
    for (size_t i = 0; i < a->words.n; i++)
        if (!same_text(&a->words.items[i], &b->words.items[i])) return false;
    for (size_t i = 0; i < a->env.n; i++) {
        const llw_variable *other = llw_scope_get(&b->env, a->env.items[i].name);
        if (!other || !same_text(&a->env.items[i].value, &other->value)) return false;
    }
    return true;
}

/* Variables through a service, when it uses them: what it runs then names their model. Else as words of their
 * own. */
static void lower_variables(llw_config_reader *r, llw_config_set *set, const chain *c,
                            const llw_scope *variables, llw_lowered *low, const char **version) {
    const llw_variable *model = llw_scope_get(variables, "MODEL");
    const char *path = model ? llw_rich_text(r->arena, &model->value) : NULL;
    *version = NULL;
    if (c->service) {
        llw_config_service(r, c->service, variables, c->docker, set, NULL, low, version);
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

static void through(llw_config_reader *r, const chain *c, llw_launch_spec *spec) {
    const llw_service *s = c->service;
    spec->service = s;
    spec->mounts = s->mounts;
    spec->n_mounts = s->n_mounts;
    spec->version_place = llw_place(r->arena, s->file->path, s->line, s->column);
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

void llw_chain_conf(llw_config_reader *r, llw_config_set *set, const llw_config_file *file) {
    static const char *const texts[] = {"NAME", "DESCRIPTION", "SPEED"};
    size_t n = 0, unread = r->out->n_unread;
    llw_ini_section *sections = llw_config_ini(r, file, &n);
    chain chains[MAX_CHAINS], c = {0};
    targets t = {0};
    bool any = false;
    for (size_t i = 0; i < n; i++) any |= llw_ini_is_profile(r, file, &sections[i]);
    bool named = any || !strncasecmp(file->name, "models.", 7); /* else it is another program's file */
    if (!named) r->out->n_unread = unread;
    if (any && find_chains(r, set, file->directory, chains)) c = chains[0];
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
        if (c.service) through(r, &c, &spec);
        const llw_config_launch *made = llw_config_add_launch(r, &spec);
        if (!made) {
            add_target(r, &t, s->line, s->last_line, NULL);
            continue;
        }
        add_target(r, &t, s->line, s->last_line, made);
        for (size_t k = 1; k < 3; k++) { /* a name says nothing */
            const llw_ini_entry *said = llw_ini_get(s, texts[k]);
            if (said) add_text(r, &t, &said->value);
        }
    }
    if (t.n) llw_config_comments(r, file, t.items, t.n, t.texts, t.n_texts);
}

/* Where a service is defined in one of the files that it was merged from; NULL when not there. */
static const llw_service *part_of(const llw_service *s, const llw_config_file *file) {
    for (; s; s = s->under)
        if (s->file == file) return s;
    return NULL;
}

/* Comments of every file that a project was merged from, beside the services as that file has them. */
static void read_comments(llw_config_reader *r, const llw_service *services,
                          const llw_config_launch *const *made, size_t n, const llw_config_file *file) {
    targets t = {0};
    for (size_t i = 0; i < n; i++) {
        const llw_service *s = part_of(&services[i], file);
        if (s) add_target(r, &t, s->line, s->last_line, made[i]);
    }
    if (t.n) llw_config_comments(r, file, t.items, t.n, NULL, 0);
}

/* The .env that Compose reads by itself with the files of a directory; NULL. */
static const llw_config_entry *own_env(const llw_config_set *set, const char *directory) {
    return llw_config_set_entry(set, llw_path_join(set->arena, directory, ".env"));
}

/* How a service runs with the .env beside it, when that says something to it and is told itself: it is one
 * launch, under the name of the .env. NULL else. */
static const llw_config_launch *told_with_env(const llw_config_reader *r, const llw_service *s,
                                              const llw_config_entry *env) {
    for (size_t i = 0; env && env->emit && i < r->n_with_env; i++)
        if (r->with_env[i].service == s && r->with_env[i].env == &env->file) return &r->with_env[i].launch;
    return NULL;
}

static void note_with_env(llw_config_reader *r, const llw_service *s, const llw_config_file *env,
                          const llw_config_launch *launch) {
    void *items = r->with_env;
    *(llw_config_with_env *)llw_arena_push(r->arena, &items, &r->n_with_env, &r->with_env_capacity,
                                           sizeof *r->with_env) = (llw_config_with_env){s, env, *launch};
    r->with_env = items;
}

/* Every service as its project has it; one that only another file of the project changes belongs to that
 * file, an included one to its own. */
void llw_chain_compose(llw_config_reader *r, llw_config_set *set, llw_config_entry *e) {
    enum { MAX_FILES = 8 };
    size_t n = 0, n_files = 0;
    const llw_config_file *files[MAX_FILES];
    if (llw_config_is_override(r, set, e)) return;
    const llw_service *services = llw_config_project(r, set, e, &n);
    const llw_config_launch **made = llw_arena_alloc(r->arena, (n + 1) * sizeof *made);
    const llw_config_entry *env = own_env(set, e->file.directory);
    llw_scope variables = env ? llw_config_env(r, &env->file, ".env") : (llw_scope){.arena = r->arena};
    for (size_t i = 0; i < n; i++) {
        const llw_service *s = &services[i], *own = part_of(s, &e->file);
        bool overrides =
            !own && !s->included && llw_config_is_override(r, set, llw_config_set_entry(set, s->file->path));
        if (!own && !overrides && !s->otherwise) continue;
        if (!own) own = s;
        llw_lowered low;
        llw_launch_spec spec = {.id = llw_arena_printf(r->arena, "%s:%s", e->file.path, s->name),
                                .name = s->name,
                                .file = own->file,
                                .line = own->line,
                                .column = own->column,
                                .lowered = &low,
                                .version_place = llw_place(r->arena, own->file->path, own->line, own->column),
                                .infrastructure = true,
                                .service = s,
                                .example = e->file.example,
                                .directory = e->file.directory,
                                .mounts = s->mounts,
                                .n_mounts = s->n_mounts};
        llw_config_service(r, s, &variables, docker_of(r, set, s), set, NULL, &low, &spec.version);
        made[i] = told_with_env(r, s, env);
        const llw_config_launch *launch = low.runs && !made[i] ? llw_config_add_launch(r, &spec) : NULL;
        if (launch) {
            llw_config_launch *copy = llw_arena_alloc(r->arena, sizeof *copy);
            *copy = *launch;
            made[i] = copy;
        }
        for (const llw_service *part = s; part; part = part->under) {
            size_t k = 0;
            while (k < n_files && files[k] != part->file) k++;
            if (k == n_files && n_files < MAX_FILES) files[n_files++] = part->file;
        }
    }
    for (size_t i = 0; i < n_files; i++) read_comments(r, services, made, n, files[i]);
    llw_compose_models(r, &e->file);
}

static bool env_is_ours(llw_config_reader *r, const llw_scope *env) {
    const llw_variable *model = llw_scope_get(env, "MODEL");
    const char *path = model ? llw_rich_text(r->arena, &model->value) : NULL;
    size_t len = path ? strlen(path) : 0;
    for (size_t i = 0; i < env->n; i++)
        if (!strncmp(env->items[i].name, "LLAMA_ARG_", 10)) return true;
    if (path && ((len >= 5 && !strcasecmp(path + len - 5, ".gguf")) || llw_config_known_name(r, path)))
        return true;
    static const char *const names[] = {"N_GPU_LAYERS", "CTX_SIZE", "EXTRA_ARGS", "FIT"};
    int n = 0;
    for (size_t i = 0; i < 4; i++) n += llw_scope_get(env, names[i]) != NULL;
    return n >= 2;
}

/* A unit reads it: it is told with what that starts. */
static bool is_of_unit(llw_config_reader *r, const llw_config_set *set, const llw_config_file *file) {
    const llw_config_file *unit;
    for (size_t at = 0; (unit = llw_config_set_next(set, LLW_CONFIG_UNIT, &at)) != NULL;)
        if (llw_unit_takes_file(r->arena, unit, file)) return true;
    return false;
}

/* A script reads it line by line and makes options of its names, or it is for another program of that name:
 * then it is nobody's environment. */
static bool is_read_by_script(const llw_config_set *set, const llw_config_file *file, const llw_scope *env) {
    if (strcasestr(file->name, "ik_llama") || strcasestr(file->name, "ik-llama")) return true;
    const llw_config_file *script;
    for (size_t at = 0; (script = llw_config_set_next(set, LLW_CONFIG_SCRIPT, &at)) != NULL;)
        for (size_t i = 0; i < env->n; i++) {
            const char *name = env->items[i].name, *end = script->bytes + script->len;
            size_t len = strlen(name);
            if (strncmp(name, "LLAMA_ARG_", 10)) continue;
            const char *found = memmem(script->bytes, script->len, name, len);
            if (found && found + len < end && found[len] == ')') return true; /* NAME) of a case */
        }
    return false;
}

/* A .env file through every service that takes something from it: the launch is FILE, FILE:SERVICE for
 * further ones. One that no service takes anything from is read as words of its own. */
void llw_chain_env(llw_config_reader *r, llw_config_set *set, const llw_config_file *file) {
    llw_scope env = llw_config_env(r, file, ".env");
    chain chains[MAX_CHAINS], none = {0};
    size_t n = find_chains(r, set, file->directory, chains), used = 0;
    bool ours = env_is_ours(r, &env) && !is_read_by_script(set, file, &env), told = false;
    targets t = {0};
    for (size_t i = 0; i <= n; i++) {
        const chain *c = i < n ? &chains[i] : n ? &chains[0] : &none;
        if (i == n && (used || told || !ours || is_of_unit(r, set, file))) break;
        llw_lowered low;
        llw_launch_spec spec = {.id = file->path,
                                .name = "",
                                .file = file,
                                .line = 1,
                                .column = 1,
                                .lowered = &low,
                                .infrastructure = file->example,
                                .example = file->example,
                                .directory = file->directory};
        if (i < n)
            llw_config_service(r, c->service, &env, c->docker, set, file, &low, &spec.version);
        else
            lower_variables(r, set, c, &env, &low, &spec.version);
        if (i < n && !takes_from(&low, file)) continue;
        if (i < n && same_launch(&low, &c->plain)) { /* through env_file: the service is told of as it is */
            told = true;
            continue;
        }
        if (used++) spec.id = llw_arena_printf(r->arena, "%s:%s", file->path, c->service->name);
        if (c->service)
            through(r, c, &spec);
        else
            low.env = env; /* LLAMA_ARG_* for a server started from this environment */
        const llw_config_launch *made = llw_config_add_launch(r, &spec);
        if (made && c->service) note_with_env(r, c->service, file, made);
        if (made && !t.n) add_target(r, &t, 1, INT_MAX, made);
    }
    if (t.n) llw_config_comments(r, file, t.items, t.n, NULL, 0);
}
