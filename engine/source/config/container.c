/* Containers: what an image starts by itself, and docker run and its kin taken apart. */
#include "source/config/parts.h"
#include "base/file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- images --- */

bool llw_config_image(llw_arena *arena, const char *image, llw_program *program, const char **version,
                      bool *tools) {
    *version = NULL;
    *tools = false;
    const char *digest = image ? strchr(image, '@') : NULL; /* NAME:TAG@sha256:... */
    if (digest) image = llw_arena_strndup(arena, image, (size_t)(digest - image));
    const char *colon = image ? strrchr(image, ':') : NULL, *slash = image ? strrchr(image, '/') : NULL;
    const char *tag = colon && (!slash || colon > slash) ? colon + 1 : "";
    size_t name = colon && *tag ? (size_t)(colon - image) : image ? strlen(image) : 0;
    static const char suffix[] = "/llama.cpp";
    size_t len = sizeof suffix - 1;
    if (name < len || strncmp(image + name - len, suffix, len)) return false;
    for (const char *at = tag; *at; at++) /* the part that is bNNNN */
        if (*at == 'b' && (at == tag || at[-1] == '-') && isdigit((unsigned char)at[1])) {
            size_t n = 1 + strspn(at + 1, "0123456789");
            if (n >= 4 && (!at[n] || at[n] == '-')) *version = llw_arena_strndup(arena, at, n);
        }
    *tools = !strncmp(tag, "full", 4);
    if (!strncmp(tag, "light", 5))
        *program = LLW_PROGRAM_CLI;
    else
        *program = LLW_PROGRAM_SERVER;
    return !strncmp(tag, "server", 6) || !strncmp(tag, "light", 5) || *tools;
}

bool llw_config_image_pinned(const char *image) {
    const char *tag = strrchr(image, ':');
    if (strchr(image, '@')) return true;
    for (const char *at = tag ? tag + 1 : ""; *at; at++)
        if ((*at == 'b' || *at == 'v') && (at[-1] == '-' || at[-1] == ':') && isdigit((unsigned char)at[1]))
            return true;
    return false;
}

/* The ENTRYPOINT that an official image brings. */
static llw_command image_entrypoint(llw_config_reader *r, llw_program program, const llw_container *c) {
    llw_command out = {.given = true};
    llw_rich word = {0};
    const char *path = program == LLW_PROGRAM_CLI ? "/app/llama-cli" : "/app/llama-server", *file = "";
    int line = 0, column = 0;
    const char *place = c->place.place ? c->place.place : "", *end = strchr(place, ':');
    if (end) {
        file = llw_arena_strndup(r->arena, place, (size_t)(end - place));
        for (end++; isdigit((unsigned char)*end) && line < 100000000; end++) line = line * 10 + (*end - '0');
        for (end += *end == ':'; isdigit((unsigned char)*end) && column < 100000000; end++)
            column = column * 10 + (*end - '0');
    }
    llw_rich_read(r->arena, &word, path, strlen(path), line, column,
                  llw_link_new(r->arena, file, "image", false));
    for (size_t i = 0; i < word.n; i++) word.chars[i].column = column;
    llw_words_push(r->arena, &out.words, word);
    return out;
}

/* :full images start a script whose first word selects the program. */
static bool select_tool(llw_config_reader *r, llw_command *command, llw_program *program) {
    static const struct {
        const char *word;
        llw_program program;
    } tools[] = {{"--server", LLW_PROGRAM_SERVER}, {"-s", LLW_PROGRAM_SERVER},     {"--run", LLW_PROGRAM_CLI},
                 {"-r", LLW_PROGRAM_CLI},          {"--bench", LLW_PROGRAM_BENCH}, {"-b", LLW_PROGRAM_BENCH}};
    for (size_t i = 0; command->words.n && i < sizeof tools / sizeof *tools; i++) {
        if (!llw_rich_is(&command->words.items[0], tools[i].word)) continue;
        *program = tools[i].program;
        llw_words rest = {0};
        for (size_t j = 1; j < command->words.n; j++)
            llw_words_push(r->arena, &rest, command->words.items[j]);
        command->words = rest;
        return true;
    }
    return false;
}

/* An image that is called as the program is. */
static bool is_called_so(const char *image) {
    static const char *const names[] = {"llama-server", "llama.cpp", "llama.cpp-server", "llama-cpp-server"};
    const char *name = image ? llw_path_name(image) : "";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t len = strlen(names[i]);
        if (!strncmp(name, names[i], len) && (!name[len] || strchr(":@", name[len]))) return true;
    }
    return false;
}

/* An option that no other program has: one that names a model, or a long one that places it. */
static bool is_telling(llw_config_reader *r, const char *word) {
    const llw_flag_row *row =
        *word == '-' && r->flags ? llw_flag_find_any(r->flags, word, LLW_PROGRAM_SERVER) : NULL;
    if (!row || !llw_flag_of_program(row, LLW_PROGRAM_SERVER)) return false;
    static const char *const models[] = {"-m", "-hf", "-hfr", "-mu", "--models-dir", "--models-preset"};
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        if (!strcmp(word, models[i])) return true;
    return row->n_sets && strlen(word) > 3;
}

/* Options of llama-server alone, for an image that is not known: its ENTRYPOINT has to be that. */
static bool only_options(llw_config_reader *r, const llw_container *c) {
    const llw_command *command = &c->command;
    if (!c->ours || !command->given || command->shell || !command->words.n) return false;
    const llw_rich *first = &command->words.items[0];
    if (!first->n || first->chars[0].unknown || first->chars[0].byte != '-') return false;
    if (is_called_so(c->image)) return true;
    for (size_t i = 0; i < command->words.n; i++) {
        const char *word = llw_rich_text(r->arena, &command->words.items[i]);
        if (word && is_telling(r, word)) return true;
    }
    return false;
}

/* An image of the project, whatever its tag says and through whatever mirror. */
static bool of_the_project(const char *image) {
    static const char *const names[] = {"ggml-org/llama.cpp", "ggerganov/llama.cpp"};
    for (size_t i = 0; image && i < sizeof names / sizeof *names; i++) {
        const char *at = strstr(image, names[i]), *after = at ? at + strlen(names[i]) : NULL;
        if (after && (!*after || strchr(":@", *after))) return true;
    }
    return false;
}

void llw_container_start(llw_config_reader *r, const llw_start_site *site, const llw_container *c,
                         const llw_scope *env, llw_lowered *out) {
    llw_program program = LLW_PROGRAM_SERVER;
    const char *version = NULL;
    bool tools = false, official = llw_config_image(r->arena, c->image, &program, &version, &tools);
    llw_command entrypoint = c->entrypoint, command = c->command;
    bool own =
        !entrypoint.given && official && (!tools || (!command.shell && select_tool(r, &command, &program)));
    if (!entrypoint.given && !official && only_options(r, c)) own = true;
    if (own) entrypoint = image_entrypoint(r, program, c);
    llw_config_lower(r, site, &entrypoint, &command, env, out);
    if (out->runs && own && program == LLW_PROGRAM_BENCH) out->program = program;
    out->version = version;
    out->version_place = c->place.place;
    if (official || of_the_project(c->image)) { /* x/llama.cpp:server is built as llama.cpp's own are */
        out->image = c->image;
        out->image_place = c->place;
    } else if (c->image && strchr(c->image, '/') && !(site->inside && site->inside->docker)) {
        out->stranger = c->image; /* of a Dockerfile it would be what that builds on */
    }
}

/* --- docker run --- */

bool llw_container_engine(const char *name) {
    return !strcmp(name, "docker") || !strcmp(name, "podman") || !strcmp(name, "nerdctl");
}

static const char *text_at(llw_arena *arena, const llw_words *w, size_t i) {
    const char *text = i < w->n ? llw_rich_text(arena, &w->items[i]) : NULL;
    return text ? text : "";
}

/* Options of run, create and exec that stand alone; all others take a value. */
static bool stands_alone(const char *option) {
    static const char *const flags[] = {"--rm",
                                        "--detach",
                                        "--init",
                                        "--interactive",
                                        "--tty",
                                        "--privileged",
                                        "--publish-all",
                                        "--read-only",
                                        "--no-healthcheck",
                                        "--oom-kill-disable",
                                        "--quiet",
                                        "--sig-proxy",
                                        "--help",
                                        "--replace",
                                        "--rmi",
                                        "--env-host",
                                        "--http-proxy",
                                        "--no-hosts",
                                        "--disable-content-trust",
                                        "--no-hostname",
                                        "--tls-verify",
                                        "--passwd",
                                        "--rootfs"};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (!strcmp(option, flags[i])) return true;
    if (option[1] == '-') return false;
    for (const char *at = option + 1; *at; at++) /* -itd */
        if (!strchr("ditPq", *at)) return false;
    return true;
}

static const char *const engine_options[] = {"-H", "--host", "-c", "--context", "--log-level", "--config"};

typedef struct run {
    llw_config_reader *r;
    const llw_start_site *site;
    const llw_scope *outside; /* variables of whoever runs docker */
    llw_scope env;
    llw_container container;
    llw_mount *mounts;
    size_t n_mounts, mount_capacity;
    llw_limits limits;
    bool named; /* --name speaks of llama.cpp */
} run;

static bool speaks_of_llama(const char *text) {
    static const char *const words[] = {"llama.cpp", "llama-cpp",    "llama_cpp",
                                        "llamacpp",  "llama-server", "llama_server"};
    static const char *const others[] = {"ik_llama",  "ik-llama", "llama-swap", "ollama",
                                         "llamafile", "vllm",     "python"};
    bool ours = false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) ours |= strcasestr(text, words[i]) != NULL;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) ours &= strcasestr(text, others[i]) == NULL;
    return ours;
}

static void set_variable(run *d, const llw_rich *value) {
    size_t n = 0;
    while (n < value->n && value->chars[n].byte != '=') n++;
    llw_rich key = llw_rich_slice(value, 0, n), rest = llw_rich_slice(value, n + 1, value->n);
    const char *name = llw_rich_text(d->r->arena, &key);
    if (!name || !*name) return;
    llw_token place = llw_rich_token(d->r->arena, &key, NULL);
    if (n < value->n) {
        llw_scope_assign(&d->env, name, &rest, place);
        return;
    }
    const llw_variable *v = llw_scope_get(d->outside, name);
    if (v) llw_scope_assign(&d->env, name, &v->value, v->token);
}

static void add_env_file(run *d, const llw_rich *value) {
    const char *name = llw_rich_text(d->r->arena, value);
    const llw_config_file *file =
        name && d->site->set ? llw_config_set_find(d->r, d->site->set, d->site->directory, name) : NULL;
    if (!file) return;
    llw_scope more = llw_config_env_raw(d->r, file, "--env-file");
    for (size_t i = 0; i < more.n; i++)
        llw_scope_assign(&d->env, more.items[i].name, &more.items[i].value, more.items[i].token);
}

static void add_mount(run *d, const llw_rich *value) {
    size_t at = 0;
    while (at < value->n && value->chars[at].byte != ':') at++;
    llw_rich left = llw_rich_slice(value, 0, at), right = llw_rich_slice(value, at + 1, value->n);
    const char *source = llw_rich_text(d->r->arena, &left), *target = llw_rich_text(d->r->arena, &right);
    if (!source || !target || *target != '/' || strchr(source, '=')) return;
    while (source[0] == '.' && source[1] == '/') source += 2;
    void *items = d->mounts;
    llw_mount *m = llw_arena_push(d->r->arena, &items, &d->n_mounts, &d->mount_capacity, sizeof *m);
    d->mounts = items;
    bool absolute = *source == '/' || *source == '~';
    *m = (llw_mount){
        llw_arena_strndup(d->r->arena, target, strcspn(target, ":")),
        absolute ? source
                 : llw_path_join(d->r->arena, d->site->directory, !strcmp(source, ".") ? "" : source)};
}

/* --gpus all, 2, device=0,1 or '"device=0,1"'. */
static void set_gpus(run *d, const llw_rich *value) {
    llw_limits *l = &d->limits;
    const char *text = llw_rich_text(d->r->arena, value), *device = text ? strstr(text, "device=") : NULL;
    char *end = NULL;
    long n = text ? strtol(text, &end, 10) : 0;
    llw_token place = llw_rich_token(d->r->arena, value, NULL);
    place.origin = "--gpus";
    if (device) {
        llw_limits_ids(d->r->arena, l, llw_arena_strndup(d->r->arena, device + 7, strcspn(device + 7, "\"'")),
                       place);
        return;
    }
    bool all = text && !strncmp(text, "all", 3), known = text && *text && !*end && n >= 0 && n < 1024;
    *l = (llw_limits){.gpus_said = true,
                      .gpus = all     ? LLW_ALL_GPUS
                              : known ? n
                                      : LLW_GPUS_NOT_KNOWN,
                      .gpus_place = place,
                      .memory_said = l->memory_said,
                      .memory = l->memory,
                      .memory_place = l->memory_place};
}

static void set_memory(run *d, const llw_rich *value) {
    const char *text = llw_rich_text(d->r->arena, value);
    d->limits.memory_said = true;
    d->limits.memory = text ? llw_limits_bytes(text, true) : -1;
    d->limits.memory_place = llw_rich_token(d->r->arena, value, NULL);
}

static void option(run *d, const char *name, const llw_rich *value) {
    if (!strcmp(name, "--gpus")) set_gpus(d, value);
    if (!strcmp(name, "-m") || !strcmp(name, "--memory")) set_memory(d, value);
    if (!strcmp(name, "-e") || !strcmp(name, "--env")) set_variable(d, value);
    if (!strcmp(name, "--env-file")) add_env_file(d, value);
    if (!strcmp(name, "-v") || !strcmp(name, "--volume")) add_mount(d, value);
    if (!strcmp(name, "--name")) d->named = speaks_of_llama(llw_rich_show(d->r->arena, value));
    if (strcmp(name, "--entrypoint")) return;
    d->container.entrypoint = (llw_command){.given = true};
    if (value->n) llw_words_push(d->r->arena, &d->container.entrypoint.words, *value);
}

/* Options up to the image or container. Returns its index. */
static size_t read_options(run *d, const llw_words *w, size_t i) {
    static const llw_rich empty;
    for (; i < w->n; i++) {
        const llw_rich *word = &w->items[i];
        const char *text = llw_rich_text(d->r->arena, word);
        if (!text) {
            bool image = word->n > 1 && !word->chars[0].unknown && word->chars[0].byte != '-';
            if (image) return i;
            bool option_like = word->n && !word->chars[0].unknown;
            if (option_like && word->chars[1].byte != '-') continue;
            for (size_t k = 0; k < word->n; k++)
                if (word->chars[k].byte == '/' && !word->chars[k].unknown)
                    return i; /* $REGISTRY/llama.cpp:server */
            continue;         /* $GPU_FLAGS */
        }
        if (!strcmp(text, "--")) return i + 1;
        if (*text != '-' || !text[1]) return i;
        if (stands_alone(text)) continue;
        const char *equals = text[1] == '-' ? strchr(text, '=') : NULL;
        if (equals) {
            size_t at = (size_t)(equals - text);
            llw_rich value = llw_rich_slice(word, at + 1, word->n);
            option(d, llw_arena_strndup(d->r->arena, text, at), &value);
        } else if (text[1] != '-' && text[2]) { /* -eNAME=VALUE */
            llw_rich value = llw_rich_slice(word, 2, word->n);
            option(d, llw_arena_strndup(d->r->arena, text, 2), &value);
        } else {
            option(d, text, i + 1 < w->n ? &w->items[i + 1] : &empty);
            i++;
        }
    }
    return i;
}

void llw_container_words(llw_config_reader *r, const llw_start_site *site, const llw_words *w,
                         const llw_scope *env, llw_starts *out) {
    size_t i = 0;
    while (i < w->n && *text_at(r->arena, w, i) == '-') {
        bool valued = false;
        for (size_t k = 0; k < sizeof engine_options / sizeof *engine_options; k++)
            valued |= !strcmp(text_at(r->arena, w, i), engine_options[k]);
        i += valued ? 2 : 1;
    }
    if (!strcmp(text_at(r->arena, w, i), "container")) i++;
    const char *verb = text_at(r->arena, w, i);
    bool executes = !strcmp(verb, "exec");
    if (!executes && strcmp(verb, "run") && strcmp(verb, "create")) return;
    run d = {.r = r, .site = site, .outside = env, .env = {.arena = r->arena}};
    i = read_options(&d, w, i + 1);
    if (i >= w->n) return;
    llw_words rest = {0};
    for (size_t k = i + 1; k < w->n; k++) llw_words_push(r->arena, &rest, w->items[k]);
    if (executes) {
        llw_start_words(r, site, &rest, &d.env, out);
        return;
    }
    d.container.image = llw_rich_show(r->arena, &w->items[i]);
    d.container.place = llw_rich_token(r->arena, &w->items[i], NULL);
    d.container.command = (llw_command){.given = rest.n > 0, .words = rest};
    d.container.ours = d.named || speaks_of_llama(d.container.image);
    llw_lowered low;
    llw_start_site there = *site;
    there.inside = &(llw_inside){.mounts = d.mounts, .n_mounts = d.n_mounts};
    llw_container_start(r, &there, &d.container, &d.env, &low);
    if (!low.runs || out->n >= LLW_MAX_STARTS) return;
    low.limits = d.limits;
    low.mounts = d.mounts;
    low.n_mounts = d.n_mounts;
    void *items = out->items;
    llw_start *start = llw_arena_push(r->arena, &items, &out->n, &out->capacity, sizeof *start);
    out->items = items;
    *start = (llw_start){.low = low};
}
