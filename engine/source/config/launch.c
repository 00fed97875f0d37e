/* From commands to launches: which program a command runs, its words, its model. */
#include "source/config/fork.h"
#include "source/config/parts.h"
#include "base/file.h"
#include "fact/build.h"
#include "source/config/pin.h"
#include "source/model/beside.h"
#include "source/model/model_open.h"
#include "source/model/known.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void llw_config_leave_out(llw_left_out *left, const char *file, int line) {
    if (!left->n++) {
        left->file = file;
        left->line = line;
    }
}

void llw_config_unread(llw_config_reader *r, const char *file, int line, const char *fmt, ...) {
    enum { MAX_UNREAD = 1000 };
    char text[300];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    for (size_t i = 0; i < r->out->n_unread; i++) {
        const llw_unread *u = &r->out->unread[i];
        if (u->line == line && !strcmp(u->file, file) && !strcmp(u->why, text)) return;
    }
    if (r->out->n_unread >= MAX_UNREAD) return;
    void *items = r->out->unread;
    llw_unread *u = llw_arena_push(r->arena, &items, &r->out->n_unread, &r->out->unread_capacity, sizeof *u);
    r->out->unread = items;
    *u = (llw_unread){llw_arena_strdup(r->arena, file), line, llw_arena_strdup(r->arena, text)};
}

void llw_config_problem(llw_config_reader *r, llw_flag_code code, llw_problem_level level, const char *place,
                        const char *subject, const char *advice, const char *fmt, ...) {
    enum { MAX_PROBLEMS = 1000 };
    char text[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (r->out->n_problems >= MAX_PROBLEMS) return;
    void *items = r->out->problems;
    llw_flag_problem *p =
        llw_arena_push(r->arena, &items, &r->out->n_problems, &r->out->problem_capacity, sizeof *p);
    r->out->problems = items;
    *p = (llw_flag_problem){code,
                            level,
                            place,
                            llw_arena_strdup(r->arena, subject),
                            llw_arena_strdup(r->arena, text),
                            llw_arena_strdup(r->arena, advice),
                            LLW_ATTR_NONE};
}

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/'),
               *back = strrchr(slash ? slash : path, '\\'); /* C:\models\x.gguf */
    return back ? back + 1 : slash ? slash + 1 : path;
}

/* --- variables that everybody names alike --- */

static const struct {
    const char *variable, *flag; /* NULL: its words as they are */
} usual_variables[] = {
    {"MODEL", "--model"},
    {"CTX_SIZE", "--ctx-size"},
    {"N_GPU_LAYERS", "--n-gpu-layers"},
    {"SPLIT_MODE", "--split-mode"},
    {"TENSOR_SPLIT", "--tensor-split"},
    {"MAIN_GPU", "--main-gpu"},
    {"FLASH_ATTN", "--flash-attn"},
    {"KV_CACHE_TYPE_K", "--cache-type-k"},
    {"KV_CACHE_TYPE_V", "--cache-type-v"},
    {"CACHE_TYPE_K", "--cache-type-k"},
    {"CACHE_TYPE_V", "--cache-type-v"},
    {"BATCH_SIZE", "--batch-size"},
    {"UBATCH_SIZE", "--ubatch-size"},
    {"N_PARALLEL", "--parallel"},
    {"FIT", "--fit"},
    {"FIT_TARGET", "--fit-target"},
    {"FIT_CTX", "--fit-ctx"},
    {"EXTRA_ARGS", NULL},
};

void llw_config_words_of_variables(llw_config_reader *r, const llw_scope *scope, llw_lowered *out) {
    out->runs = true;
    out->program = LLW_PROGRAM_SERVER;
    for (size_t i = 0; i < sizeof usual_variables / sizeof *usual_variables; i++) {
        const llw_variable *v = llw_scope_get(scope, usual_variables[i].variable);
        if (!v || !v->value.n) continue;
        const char *flag = usual_variables[i].flag;
        if (flag) {
            llw_rich word = {0};
            llw_rich_read(r->arena, &word, flag, strlen(flag), v->value.chars[0].line,
                          v->value.chars[0].column, v->value.chars[0].link);
            llw_words_push(r->arena, &out->words, word);
            llw_words_push(r->arena, &out->words, v->value);
            continue;
        }
        size_t from = 0;
        for (size_t j = 0; j <= v->value.n; j++) {
            if (j < v->value.n && !isspace((unsigned char)v->value.chars[j].byte)) continue;
            if (j > from) llw_words_push(r->arena, &out->words, llw_rich_slice(&v->value, from, j));
            from = j + 1;
        }
    }
}

/* --- models --- */

static const char *try_path(llw_config_reader *r, const char *directory, const char *path) {
    if (!directory) return NULL;
    const char *joined = *path == '/' ? path : llw_path_join(r->arena, directory, path);
    return llw_file_is_regular(joined) ? joined : NULL;
}

/* The path of a model as a container sees it, on this machine, by the mounts. */
static const char *outside(llw_config_reader *r, const llw_launch_spec *spec, const char *path) {
    for (size_t i = 0; i < spec->n_mounts; i++) {
        size_t len = strlen(spec->mounts[i].inside);
        while (len > 1 && spec->mounts[i].inside[len - 1] == '/') len--;
        if (!strncmp(path, spec->mounts[i].inside, len) && path[len] == '/')
            return llw_path_join(r->arena, spec->mounts[i].outside, path + len + 1);
    }
    return NULL;
}

static const char *find_model(llw_config_reader *r, const llw_launch_spec *spec, const char *path) {
    if (r->on_paper) return NULL;
    const char *mounted = outside(r, spec, path), *found = NULL;
    if (mounted && llw_file_is_regular(mounted)) return mounted;
    const char *models = llw_path_join(r->arena, spec->directory, "models");
    const char *relative = !strncmp(path, "/models/", 8) ? path + 8 : path;
    if ((found = try_path(r, spec->directory, path))) return found;
    if (*relative != '/' && (found = try_path(r, models, relative))) return found;
    if (*relative != '/' && (found = try_path(r, r->options->models_directory, relative))) return found;
    if ((found = try_path(r, r->options->models_directory, base_name(path)))) return found;
    return NULL;
}

static char **known_names(llw_config_reader *r) {
    if (!r->known) llw_known_list(r->arena, &r->known, &r->n_known);
    return r->known;
}

const char *llw_config_known_name(llw_config_reader *r, const char *path) {
    char **names = known_names(r);
    return llw_known_for_file(r->arena, names, r->n_known, path);
}

static const char *known_model(llw_config_reader *r, const llw_argv_model *model) {
    if (!model->remote) return llw_config_known_name(r, model->path);
    char **names = known_names(r);
    return llw_known_for_repository(r->arena, names, r->n_known, model->path);
}

/* The model that was given for all launches. */
static llw_entity open_given(llw_config_reader *r, const llw_launch_spec *spec) {
    const char *given = r->options->model;
    llw_entity entity = llw_facts_find(r->facts, LLW_KIND_model, given);
    llw_err err = {0};
    if (entity) return entity;
    llw_rc rc = llw_file_is_regular(given) ? llw_source_model(r->facts, given, &entity, &err)
                                           : llw_source_known(r->facts, given, NULL, &entity, &err);
    if (rc != LLW_OK) llw_config_unread(r, spec->file->path, spec->line, "%s: %s", given, err.text);
    return entity;
}

static llw_entity open_model(llw_config_reader *r, const llw_launch_spec *spec, const llw_argv_model *model) {
    const char *path = model->path;
    if (r->options->model) return open_given(r, spec);
    if (!path || !*path) return 0;
    const char *found = model->remote ? NULL : find_model(r, spec, path);
    llw_entity entity = 0;
    if (found && (entity = llw_facts_find(r->facts, LLW_KIND_model, found))) return entity;
    if (found) {
        llw_err err = {0};
        if (llw_source_model(r->facts, found, &entity, &err) == LLW_OK) return entity;
        llw_config_unread(r, spec->file->path, spec->line, "%s: %s", found, err.text);
    }
    entity = llw_facts_find(r->facts, LLW_KIND_model, path);
    if (entity) return entity;
    const char *known = found ? NULL : known_model(r, model);
    if (known && llw_source_known(r->facts, known, path, &entity, NULL) == LLW_OK) {
        llw_facts_note(r->facts, "%s is not here: its facts are those of the known model %s, by its name",
                       path, known);
        return entity;
    }
    entity = llw_facts_entity(r->facts, LLW_KIND_model, path);
    if (!model->remote)
        llw_facts_claim(r->facts, entity, LLW_model_path, llw_string(LLW_PATH, path), LLW_GRADE_CONFIG,
                        model->origin, model->place);
    llw_facts_claim(r->facts, entity, LLW_model_name, llw_string(LLW_TEXT, base_name(path)), LLW_GRADE_CONFIG,
                    model->origin, model->place);
    return entity;
}

/* A draft or a projector, when it is here or its name is a known model's. */
static void open_beside(llw_config_reader *r, const llw_launch_spec *spec, llw_entity launch, llw_attr path,
                        llw_attr as) {
    const char *given = "", *found;
    if (!llw_facts_text(r->facts, launch, path, &given) || !*given) return;
    if (!(found = find_model(r, spec, given))) found = llw_config_known_name(r, given);
    if (found) llw_source_beside(r->facts, launch, path, as, found);
}

/* "$DIR/x.gguf" with a DIR that nobody sets is x.gguf, wherever it lies: the file's name is what is known of
 * a model. NULL when not even that is. */
static const char *known_path(llw_config_reader *r, const llw_rich *word) {
    size_t from = word->n;
    while (from && !word->chars[from - 1].unknown) from--;
    while (from < word->n && word->chars[from].byte != '/' && word->chars[from].byte != '\\') from++;
    if (from + 1 >= word->n) return NULL;
    llw_rich tail = llw_rich_slice(word, from + 1, word->n);
    const char *text = llw_rich_text(r->arena, &tail);
    size_t len = text ? strlen(text) : 0;
    return len > 5 && !strcasecmp(text + len - 5, ".gguf") ? text : NULL;
}

static bool takes_model(const llw_config_reader *r, const char *option, llw_program program) {
    const llw_flag_row *row = option && *option == '-' ? llw_flag_find_any(r->flags, option, program) : NULL;
    return row && row->n_sets && row->sets[0].effect == LLW_SETS_MODEL;
}

/* --- launches --- */

/* An image without a tag that names a build holds whatever was pulled last; what somebody built is no release
 * that a script fetches. */
static llw_entity build_of(llw_config_reader *r, const llw_launch_spec *spec) {
    llw_err err = {0};
    if (r->options->build_given) return r->options->build;
    if (!spec->version) {
        const llw_config_pin *pin =
            spec->lowered->image ? NULL : llw_config_pin_of(r, spec->file->path, spec->file->directory);
        if (pin && spec->lowered->self_built && !strcmp(pin->origin, "release")) pin = NULL;
        llw_entity pinned =
            pin ? llw_build_claim_pinned(r->facts, pin->version, LLW_GRADE_CONFIG, pin->origin, pin->place)
                : 0;
        return pinned ? pinned : r->options->build;
    }
    const char *named = spec->lowered->version_place, *place = named && *named ? named : spec->version_place;
    llw_entity build = llw_build_claim(r->facts, spec->version, LLW_GRADE_CONFIG,
                                       named && *named ? "image tag" : "path of the program", place, &err);
    if (!build) llw_config_unread(r, spec->file->path, spec->line, "%s", err.text);
    return build ? build : r->options->build;
}

/* A server that reads presets is remembered for them. */
static void remember_router(llw_config_reader *r, const llw_lowered *low, const llw_token *args,
                            const llw_env *env) {
    const char *preset = NULL;
    for (size_t i = 0; i + 1 < low->words.n; i++)
        if (args[i].text && !strcmp(args[i].text, "--models-preset"))
            preset = args[i + 1].text ? args[i + 1].text : llw_rich_show(r->arena, &low->words.items[i + 1]);
    for (size_t i = 0; i < low->env.n; i++)
        if (!preset && !strcmp(env[i].name, "LLAMA_ARG_MODELS_PRESET")) preset = env[i].value.text;
    if (!preset || low->program != LLW_PROGRAM_SERVER) return;
    void *items = r->routers;
    llw_config_router *router =
        llw_arena_push(r->arena, &items, &r->n_routers, &r->router_capacity, sizeof *router);
    r->routers = items;
    *router = (llw_config_router){preset, *low};
}

/* The words of a launch; an empty one stands where the one before it does, the first where the launch does.
 */
static llw_token *arguments_of(llw_config_reader *r, const llw_launch_spec *spec) {
    const llw_lowered *low = spec->lowered;
    llw_token *args = llw_arena_alloc(r->arena, (low->words.n + 1) * sizeof *args);
    llw_token start = {.place = llw_place(r->arena, spec->file->path, spec->line, spec->column)};
    for (size_t i = 0; i < low->words.n; i++) {
        args[i] = llw_rich_token(r->arena, &low->words.items[i], i ? &args[i - 1] : &start);
        if (!low->words.items[i].n) args[i].lost = NULL;
        if (!args[i].text && i && takes_model(r, args[i - 1].text, low->program))
            args[i].text = known_path(r, &low->words.items[i]);
    }
    return args;
}

static llw_env *variables_of(llw_config_reader *r, const llw_lowered *low) {
    llw_env *env = llw_arena_alloc(r->arena, (low->env.n + 1) * sizeof *env);
    for (size_t i = 0; i < low->env.n; i++) {
        env[i] = (llw_env){low->env.items[i].name, low->env.items[i].token};
        if (!env[i].value.text && !strcmp(env[i].name, "LLAMA_ARG_MODEL"))
            env[i].value.text = known_path(r, &low->env.items[i].value);
    }
    return env;
}

static void claim_image(llw_config_reader *r, llw_entity launch, const llw_lowered *low, const char *place) {
    const llw_token *at = &low->image_place;
    const char *where = at->place ? at->place : place, *origin = at->origin ? at->origin : "image";
    llw_facts_claim(r->facts, launch, LLW_launch_image, llw_string(LLW_TEXT, low->image), LLW_GRADE_CONFIG,
                    origin, where);
    llw_facts_claim(r->facts, launch, LLW_launch_image_pinned, llw_flag(llw_config_image_pinned(low->image)),
                    LLW_GRADE_CONFIG, origin, where);
}

/* What says that the program may be another than the project's: its image, its path, or what the tree clones.
 * An official image is llama.cpp's own whatever else is there. */
static const char *stranger_of(llw_config_reader *r, const llw_lowered *low) {
    const char *path = low->program_token.text, *fork = path ? llw_fork_in_path(path) : NULL;
    if (low->stranger) return llw_arena_printf(r->arena, "the image %s", low->stranger);
    if (low->image) return NULL;
    if (fork) return llw_arena_printf(r->arena, "%s", fork);
    return r->fork ? llw_arena_printf(r->arena, "%s, which is cloned here,", r->fork) : NULL;
}

static bool starts_at(const llw_config_reader *r, llw_entity launch, int line) {
    for (size_t i = 0; i < r->out->n_launches; i++)
        if (r->out->launches[i].launch == launch) return r->out->launches[i].line == line;
    return false;
}

int llw_config_line_in(const llw_config_file *file, const char *place) {
    size_t len = strlen(file->path);
    return !strncmp(place, file->path, len) && place[len] == ':' ? atoi(place + len + 1) : 0;
}

static bool within(const llw_config_file *file, int from, int to, const char *place) {
    int line = llw_config_line_in(file, place);
    return line && line >= from && line <= to;
}

/* Whether the layer count stands in the lines of the service or container itself: not in what it takes over
 * (an anchor, a file of variables, its image), and not behind ${NAME:-...}, which is for whoever says
 * nothing.
 */
static bool says_itself(llw_config_reader *r, const llw_launch_spec *spec, llw_entity launch) {
    const llw_claim *count = llw_facts_best(r->facts, launch, LLW_launch_gpu_layers);
    if (!count || !count->place || (count->origin && strstr(count->origin, "default"))) return false;
    if (spec->own_from && within(spec->file, spec->own_from, spec->own_to, count->place)) return true;
    for (const llw_service *s = spec->service; s; s = s->under)
        if (within(s->file, s->line, s->last_line, count->place)) return true;
    return false;
}

/* An id that nothing has; NULL when the same place was read before. Files shown in one document may call
 * different things the same. */
static const char *free_id(llw_config_reader *r, const llw_launch_spec *spec) {
    enum { MOST = 100 };
    const char *id = spec->id;
    for (int n = 2; n < MOST; n++) {
        llw_entity taken = llw_facts_find(r->facts, LLW_KIND_launch, id);
        if (!taken) return id;
        if (!spec->example || starts_at(r, taken, spec->line)) return NULL;
        id = llw_arena_printf(r->arena, "%s#%d", spec->id, n);
    }
    return NULL;
}

llw_config_launch *llw_config_add_launch(llw_config_reader *r, const llw_launch_spec *spec) {
    const char *id = free_id(r, spec);
    if (!id) return NULL;
    if (r->out->n_launches >= LLW_CONFIG_MAX_LAUNCHES) {
        llw_config_leave_out(&r->unstarted, spec->file->path, spec->line);
        return NULL;
    }
    const llw_lowered *low = spec->lowered;
    llw_token *args = arguments_of(r, spec);
    llw_env *env = variables_of(r, low);
    remember_router(r, low, args, env);
    llw_argv in = {.id = id,
                   .program = low->program,
                   .program_origin = low->program_token.origin,
                   .program_place = low->program_token.place,
                   .stranger = stranger_of(r, low),
                   .build = build_of(r, spec),
                   .args = args,
                   .n_args = low->words.n,
                   .env = env,
                   .n_env = low->env.n,
                   .args_grade = LLW_GRADE_CONFIG,
                   .flags = r->flags};
    llw_config_launch made = {.file = spec->file->path,
                              .line = spec->line,
                              .column = spec->column,
                              .name = spec->name,
                              .args = args,
                              .n_args = low->words.n,
                              .env = env,
                              .n_env = low->env.n};
    llw_err err = {0};
    if (llw_argv_read(r->facts, &in, &made.argv, &err) != LLW_OK) {
        llw_config_unread(r, spec->file->path, spec->line, "%s", err.text);
        return NULL;
    }
    made.launch = made.argv.launch;
    made.model = open_model(r, spec, &made.argv.model);
    const char *place = llw_place(r->arena, spec->file->path, spec->line, spec->column);
    if (made.model)
        llw_facts_claim(r->facts, made.launch, LLW_launch_model, llw_ref(made.model), LLW_GRADE_CONFIG,
                        made.argv.model.origin, made.argv.model.place);
    open_beside(r, spec, made.launch, LLW_launch_draft_model, LLW_launch_draft);
    open_beside(r, spec, made.launch, LLW_launch_mmproj, LLW_launch_projector);
    made.infrastructure = spec->infrastructure;
    made.own_layers = says_itself(r, spec, made.launch);
    llw_facts_claim(r->facts, made.launch, LLW_launch_example, llw_flag(spec->example), LLW_GRADE_CONFIG,
                    "configuration", place);
    llw_limits limits = low->limits;
    llw_limits_variables(r->arena, &low->env, &limits);
    llw_limits_claim(r->facts, made.launch, &limits);
    if (low->image) claim_image(r, made.launch, low, place);
    void *items = r->out->launches;
    llw_config_launch *out =
        llw_arena_push(r->arena, &items, &r->out->n_launches, &r->out->launch_capacity, sizeof made);
    r->out->launches = items;
    *out = made;
    return out;
}
