/* From the words of a process to the llama.cpp program they start, through everything that only starts
 * others. */
#include "source/config/parts.h"
#include "base/file.h"
#include "source/config/fork.h"
#include "source/config/helm_use.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* The last part of a path, if that much of it is known: "$LLAMA/build/bin/llama-server". NULL when not. */
static const char *name_of(llw_arena *arena, const llw_rich *word) {
    size_t from = word->n;
    while (from && !word->chars[from - 1].unknown && word->chars[from - 1].byte != '/' &&
           word->chars[from - 1].byte != '\\')
        from--;
    if (from && word->chars[from - 1].unknown) return NULL;
    llw_rich tail = llw_rich_slice(word, from, word->n);
    return llw_rich_text(arena, &tail);
}

static const char *word_text(llw_arena *arena, const llw_words *w, size_t i) {
    const char *text = i < w->n ? llw_rich_text(arena, &w->items[i]) : NULL;
    return text ? text : "";
}

static llw_words rest_of(llw_arena *arena, const llw_words *w, size_t from) {
    llw_words rest = {0};
    for (size_t i = from; i < w->n; i++) llw_words_push(arena, &rest, w->items[i]);
    return rest;
}

static bool is_one_of(const char *name, const char *const *list, size_t n) {
    for (size_t i = 0; name && i < n; i++)
        if (!strcmp(name, list[i])) return true;
    return false;
}

static bool is_shell(const char *name) {
    static const char *const shells[] = {"sh", "bash", "ash", "dash", "zsh", "ksh"};
    return is_one_of(name, shells, sizeof shells / sizeof *shells);
}

/* --- starters --- */

/* Commands in front of a program: options that take a word, words of their own before the program. */
static const struct starter {
    const char *name, *valued; /* separated by blanks */
    int own;
} starters[] = {
    {"exec", "-a", 0},
    {"nohup", "", 0},
    {"command", "", 0},
    {"builtin", "", 0},
    {"env", "-u --unset -C --chdir", 0},
    {"nice", "-n", 0},
    {"ionice", "-c -n -p", 0},
    {"stdbuf", "-i -o -e", 0},
    {"time", "-f -o", 0},
    {"timeout", "-s -k", 1},
    {"sudo", "-u -g -h -p -C -D -R -T -U", 0},
    {"doas", "-u -C", 0},
    {"setsid", "", 0},
    {"tini", "-e -p", 0},
    {"dumb-init", "-r", 0},
    {"catatonit", "", 0},
    {"gosu", "", 1},
    {"su-exec", "", 1},
    {"runuser", "-u -g -G", 0},
    {"taskset", "", 1},
    {"chrt", "", 1},
    {"numactl", "-N -m -C -c -p -P -i -w --cpunodebind --membind --physcpubind --interleave --preferred", 0},
    {"prlimit", "", 0},
    {"systemd-run", "-p -u -H -M --unit --property --uid --gid --slice -E", 0},
    {"systemd-inhibit", "", 0},
    {"systemd-cat", "-t -p", 0},
    {"caffeinate", "-t -w", 0},
    {"unbuffer", "", 0},
    {"ltrace", "-o -e", 0},
    {"strace", "-o -e -p -s", 0},
    {"perf", "-e -o -F", 1},
    {"nsys", "-o -t", 1},
    {"ncu", "-o", 0},
    {"rocprof", "-o", 0},
    {"rocprofv3", "-o", 0},
    {"gdb", "-ex", 0},
    {"valgrind", "", 0},
    {"gamemoderun", "", 0},
    {"mangohud", "", 0},
    {"prime-run", "", 0},
    {"optirun", "", 0},
    {"xvfb-run", "-n -s", 0},
    {"screen", "-S -dmS -DmS -mdS -t -c -h -s -T -L", 0},
    {"mpirun", "-np -n -H -hostfile --hostfile", 0},
    {"flatpak-spawn", "", 0},
    {"distrobox-enter", "-n", 0},
    {"torsocks", "", 0},
    {"proxychains4", "-f", 0},
};

static bool has_word(const char *list, const char *word) {
    size_t len = strlen(word);
    for (const char *at = strstr(list, word); at; at = strstr(at + 1, word))
        if ((at == list || at[-1] == ' ') && (!at[len] || at[len] == ' ')) return true;
    return false;
}

/* NAME=VALUE in front of what env and sudo start. */
static bool assign(llw_arena *arena, const llw_rich *word, llw_scope *env) {
    size_t n = 0;
    while (n < word->n && !word->chars[n].unknown &&
           (isalnum((unsigned char)word->chars[n].byte) || word->chars[n].byte == '_'))
        n++;
    if (!n || n >= word->n || word->chars[n].byte != '=') return false;
    llw_rich name = llw_rich_slice(word, 0, n), value = llw_rich_slice(word, n + 1, word->n);
    llw_scope_assign(env, llw_rich_show(arena, &name), &value, llw_rich_token(arena, &name, NULL));
    return true;
}

/* Over starters and their options; w->n when nothing is started. */
static size_t skip_starters(llw_arena *arena, const llw_words *w, size_t i, llw_scope *env) {
    while (i < w->n) {
        const char *name = name_of(arena, &w->items[i]);
        const struct starter *s = NULL;
        for (size_t k = 0; name && k < sizeof starters / sizeof *starters; k++)
            if (!strcmp(starters[k].name, name)) s = &starters[k];
        if (!s) return i;
        int own = s->own;
        for (i++; i < w->n; i++) {
            const char *text = word_text(arena, w, i);
            if (!strcmp(s->name, "command") && (*text == '-' && strpbrk(text, "vV"))) return w->n;
            if (!strcmp(text, "--")) {
                i++;
                break;
            }
            if (*text == '-') {
                if (has_word(s->valued, text)) i++;
                continue;
            }
            if (assign(arena, &w->items[i], env)) continue;
            if (own-- > 0) continue;
            break;
        }
    }
    return i;
}

/* --- programs --- */

static bool ends_with(const char *text, const char *suffix) {
    size_t n = strlen(text), m = strlen(suffix);
    return n >= m && !strcasecmp(text + n - m, suffix);
}

/* Words that only llama.cpp's own programs take: a model by file or repository. */
static bool names_a_model(llw_arena *arena, const llw_words *w, size_t from) {
    static const char *const options[] = {"-m", "--model", "-hf", "-hfr", "--hf-repo", "-mu", "--model-url"};
    for (size_t i = from; i + 1 < w->n; i++) {
        const char *option = word_text(arena, w, i), *value = llw_rich_show(arena, &w->items[i + 1]);
        if (!is_one_of(option, options, sizeof options / sizeof *options)) continue;
        if (ends_with(value, ".gguf") || option[1] != 'm' || strcmp(option, "-m")) return *value != '-';
        if (strchr(value, '?') || strchr(value, '/')) return true; /* a variable holds it */
    }
    return false;
}

/* ik_llama.cpp has programs of the same names, other options and another --fit: its path or its words tell.
 */
static bool is_ik(llw_arena *arena, const llw_words *w, size_t i) {
    const char *path = llw_rich_show(arena, &w->items[i]);
    if (strcasestr(path, "ik_llama") || strcasestr(path, "ik-llama")) return true;
    for (i++; i < w->n; i++) {
        const char *word = word_text(arena, w, i), *fork = *word ? llw_fork_of(word) : NULL;
        if (fork && !strcmp(fork, llw_fork_ik)) return true;
    }
    return false;
}

/* A llama.cpp program by its name. The names without llama- (server, main) were its own until June 2024 and
 * are anybody's: they count with a model behind them. */
static bool find_program(llw_arena *arena, const llw_words *w, size_t i, llw_program *program) {
    const char *name = name_of(arena, &w->items[i]);
    if (!name) return false;
    bool old = strncmp(name, "llama-", 6) != 0;
    if (!strcmp(name, "main")) {
        *program = LLW_PROGRAM_CLI;
        return names_a_model(arena, w, i + 1) && !is_ik(arena, w, i);
    }
    if (is_ik(arena, w, i)) return false;
    if (!strncmp(name, "llama-server-", 13) &&
        !strchr(name, '.')) { /* llama-server-vulkan: a build of one's own */
        *program = LLW_PROGRAM_SERVER;
        return names_a_model(arena, w, i + 1);
    }
    if (!llw_program_find(name, program)) return false;
    return !old || (*program == LLW_PROGRAM_SERVER && names_a_model(arena, w, i + 1));
}

static llw_start *add_start(llw_config_reader *r, llw_starts *out) {
    if (out->n >= LLW_MAX_STARTS) return NULL;
    void *items = out->items;
    llw_start *start = llw_arena_push(r->arena, &items, &out->n, &out->capacity, sizeof *start);
    out->items = items;
    *start = (llw_start){0};
    return start;
}

/* --version, --help and the like: nothing is loaded. */
static bool only_tells(llw_config_reader *r, const llw_words *w, size_t from, llw_program program) {
    for (size_t i = from; r->flags && i < w->n; i++) {
        const char *text = word_text(r->arena, w, i);
        const llw_flag_row *row = *text == '-' ? llw_flag_find_any(r->flags, text, program) : NULL;
        if (row && row->kind == LLW_FLAG_EXIT && llw_flag_of_program(row, program)) return true;
    }
    return false;
}

/* The build in the path of a program: b10502 of "runtimes/b10502-cuda/llama-server", or NULL. */
static const char *build_in_path(llw_arena *arena, const char *path) {
    for (const char *at = path; *at; at++) {
        bool starts = at == path || strchr("/\\-_", at[-1]);
        size_t digits = *at == 'b' && starts ? strspn(at + 1, "0123456789") : 0;
        if (digits < 4 || digits > 5 || !strchr("/\\-_.", at[1 + digits]) || !at[1 + digits]) continue;
        return llw_arena_strndup(arena, at, 1 + digits);
    }
    return NULL;
}

static void add_program(llw_config_reader *r, const llw_words *w, size_t i, llw_program program,
                        const llw_scope *env, llw_starts *out) {
    if (only_tells(r, w, i + 1, program)) return;
    llw_start *start = add_start(r, out);
    if (!start) return;
    start->low = (llw_lowered){.runs = true,
                               .program = program,
                               .program_token = llw_rich_token(r->arena, &w->items[i], NULL),
                               .self_built = strstr(llw_rich_show(r->arena, &w->items[i]), "/build") != NULL,
                               .words = rest_of(r->arena, w, i + 1),
                               .version = build_in_path(r->arena, llw_rich_show(r->arena, &w->items[i])),
                               .env = *env};
}

/* --- scripts --- */

/* A script by the path with which it is started: where its container has it from, else beside the file that
 * starts it ("$DIR/run.sh" is run.sh there, as far as one can see) or above, else the only one of its name.
 */
static const llw_config_file *find_script(llw_config_reader *r, const llw_start_site *site,
                                          const llw_rich *word) {
    const char *text = llw_rich_text(r->arena, word), *name = name_of(r->arena, word),
               *tail = llw_rich_tail(r->arena, word);
    const llw_config_file *file = NULL;
    if (!site->set || !name || !*name || strlen(name) > 200) return NULL;
    if (text) file = llw_config_inside_file(r, site, text);
    if (!file && tail) file = llw_config_set_find_above(r, site->set, site->directory, tail);
    if (!file) file = llw_config_set_find(r, site->set, site->directory, name);
    return file ? file : llw_config_set_find_named(site->set, name);
}

static bool is_script(const llw_config_file *file) {
    return file->len > 2 && (ends_with(file->name, ".sh") || ends_with(file->name, ".bash") ||
                             (!memcmp(file->bytes, "#!", 2) && strstr(file->bytes, "sh")));
}

/* A script that cannot be read is told unless its name says that it starts something else. */
static void tell_unread(llw_config_reader *r, const llw_start_site *site, const llw_rich *script) {
    static const char *const others[] = {"whisper", "comfy", "kokoro", "piper"};
    const char *shown = llw_rich_show(r->arena, script);
    if (!site->tells) return;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcasestr(shown, others[i])) return;
    llw_config_unread(r, site->file, script->n ? script->chars[0].line : 0,
                      "starts the script %.80s, which is not read here", shown);
}

/* How often a script is among those that are being read. */
static int runs(const llw_start_site *site, const char *path) {
    int n = 0;
    for (; site; site = site->by) n += !strcmp(site->file, path);
    return n;
}

static bool run_script(llw_config_reader *r, const llw_start_site *site, const llw_rich *word,
                       const llw_words *arguments, const llw_scope *env, llw_starts *out) {
    const char *path = llw_rich_text(r->arena, word);
    const llw_rich *written = path ? llw_config_inside_text(r, site, path) : NULL;
    if (written) {
        llw_shell_script(r, site, written, arguments, env, out);
        return true;
    }
    const llw_config_file *file = find_script(r, site, word);
    if (!file || !is_script(file)) return false;
    if (runs(site, file->path) > 1) return true; /* once more inside itself, for "$0 start"; not for ever */
    llw_start_site there = *site;
    there.by = site;
    there.file = file->path;
    there.directory = file->directory;
    there.default_origin = "shell default";
    llw_shell_script(r, &there, llw_config_script_text(r, file), arguments, env, out);
    return true;
}

static void run_shell(llw_config_reader *r, const llw_start_site *site, const llw_words *w, size_t i,
                      const llw_scope *env, llw_starts *out) {
    for (size_t j = i + 1; j < w->n; j++) {
        const char *option = word_text(r->arena, w, j);
        size_t len = strlen(option);
        if (*option == '-' || *option == '+') {
            bool c = *option == '-' && option[1] != '-' && option[len - 1] == 'c' && len > 1;
            if (!c) {
                j += !strcmp(option, "-o") || !strcmp(option, "-O");
                continue;
            }
            if (j + 1 >= w->n) return;
            llw_words arguments = rest_of(r->arena, w, j + 3); /* sh -c SCRIPT NAME ARGUMENTS */
            llw_shell_script(r, site, &w->items[j + 1], &arguments, env, out);
            return;
        }
        llw_words arguments = rest_of(r->arena, w, j + 1);
        if (!run_script(r, site, &w->items[j], &arguments, env, out)) tell_unread(r, site, &w->items[j]);
        return;
    }
}

/* tmux and ssh hand their words to a shell. */
static void run_as_text(llw_config_reader *r, const llw_start_site *site, const llw_words *w, size_t i,
                        const llw_scope *env, llw_starts *out) {
    if (r->shells >= LLW_SHELL_DEPTH) return;
    llw_rich *text = llw_arena_alloc(r->arena, sizeof *text);
    for (; i < w->n; i++) {
        llw_rich_append(r->arena, text, &w->items[i]);
        if (!w->items[i].n) continue;
        llw_char blank = w->items[i].chars[w->items[i].n - 1];
        blank.byte = ' ';
        blank.unknown = false;
        llw_rich_push(r->arena, text, blank);
    }
    llw_shell_script(r, site, text, &(llw_words){0}, env, out);
}

static bool has_blank(const llw_rich *word) {
    for (size_t i = 0; i < word->n; i++)
        if (word->chars[i].byte == ' ') return true;
    return false;
}

static void run_tmux(llw_config_reader *r, const llw_start_site *site, const llw_words *w, size_t i,
                     const llw_scope *env, llw_starts *out) {
    static const char valued[] = "-s -n -t -c -e -x -y -F -f -L -S";
    for (i++; i < w->n; i++) {
        const char *text = word_text(r->arena, w, i);
        if (has_blank(&w->items[i])) {
            llw_words one = {0};
            llw_words_push(r->arena, &one, w->items[i]);
            run_as_text(r, site, &one, 0, env, out);
            continue;
        }
        if (*text == '-') {
            if (has_word(valued, text)) i++;
            continue;
        }
        llw_program program;
        if (find_program(r->arena, w, i, &program)) {
            add_program(r, w, i, program, env, out);
            return;
        }
    }
}

bool llw_start_reads_commands(llw_arena *arena, const llw_words *words) {
    llw_scope env = {.arena = arena};
    size_t i = skip_starters(arena, words, 0, &env);
    const char *name = i < words->n ? name_of(arena, &words->items[i]) : NULL;
    return name && (is_shell(name) || !strcmp(name, "ssh"));
}

void llw_start_words(llw_config_reader *r, const llw_start_site *site, const llw_words *w,
                     const llw_scope *given, llw_starts *out) {
    llw_scope env = llw_scope_copy(given);
    env.arena = r->arena;
    size_t i = skip_starters(r->arena, w, 0, &env);
    if (i >= w->n) return;
    llw_program program;
    const char *own = llw_path_name(site->file);
    if (strcasestr(own, "ik_llama") || strcasestr(own, "ik-llama")) return; /* a file for that fork */
    if (find_program(r->arena, w, i, &program)) {
        add_program(r, w, i, program, &env, out);
        return;
    }
    const char *name = name_of(r->arena, &w->items[i]);
    if (!name) return;
    if (is_shell(name)) {
        run_shell(r, site, w, i, &env, out);
    } else if (llw_container_engine(name)) {
        llw_words rest = rest_of(r->arena, w, i + 1);
        llw_container_words(r, site, &rest, &env, out);
    } else if (!strcmp(name, "helm")) {
        llw_helm_command(r, site, w, i + 1);
    } else if (!strcmp(name, "tmux")) {
        run_tmux(r, site, w, i, &env, out);
    } else if (!strcmp(name, "ssh")) {
        static const char valued[] = "-p -i -l -o -L -R -D -F -J -b -c -E";
        for (i++; i < w->n && *word_text(r->arena, w, i) == '-'; i++)
            if (has_word(valued, word_text(r->arena, w, i))) i++;
        if (i + 1 < w->n) run_as_text(r, site, w, i + 1, &(llw_scope){.arena = r->arena}, out);
    } else if (ends_with(name, ".sh") || (site->tells && i == 0)) {
        llw_words arguments = rest_of(r->arena, w, i + 1);
        bool read = run_script(r, site, &w->items[i], &arguments, &env, out);
        if (!read && ends_with(name, ".sh")) tell_unread(r, site, &w->items[i]);
    }
}

/* --- one start --- */

/* The start that counts: the first that needs nothing unusual. */
static void choose(const llw_starts *starts, llw_lowered *out, const llw_scope *env) {
    *out = (llw_lowered){.env = *env};
    const llw_start *best = starts->n ? &starts->items[0] : NULL;
    for (size_t i = 0; i < starts->n && best->unlikely; i++)
        if (!starts->items[i].unlikely) best = &starts->items[i];
    if (best) *out = best->low;
}

void llw_shell_run(llw_config_reader *r, const char *file, const llw_rich *script, const llw_words *arguments,
                   llw_scope *env, llw_lowered *out) {
    llw_start_site site = {.file = file, .directory = "", .default_origin = "shell default"};
    llw_starts starts = {0};
    llw_shell_script(r, &site, script, arguments, env, &starts);
    choose(&starts, out, env);
}

/* What the engine makes of CMD in shell form behind an ENTRYPOINT in exec form: three more arguments. */
static void push_shell(llw_config_reader *r, llw_words *all, const llw_rich *script) {
    static const char *const shell[] = {"/bin/sh", "-c"};
    for (size_t i = 0; i < 2 && script->n; i++) {
        llw_rich word = {0};
        const llw_char *at = &script->chars[0];
        llw_rich_read(r->arena, &word, shell[i], strlen(shell[i]), at->line, at->column, at->link);
        for (size_t k = 0; k < word.n; k++) word.chars[k].column = at->column;
        llw_words_push(r->arena, all, word);
    }
    llw_words_push(r->arena, all, *script);
}

void llw_config_lower(llw_config_reader *r, const llw_start_site *site, const llw_command *entrypoint,
                      const llw_command *command, const llw_scope *env, llw_lowered *out) {
    llw_starts starts = {0};
    bool given = entrypoint->given && (entrypoint->shell || entrypoint->words.n);
    if (given && entrypoint->shell) { /* takes no CMD */
        llw_shell_script(r, site, &entrypoint->script, &(llw_words){0}, env, &starts);
    } else if (!given && command->given && command->shell) {
        llw_shell_script(r, site, &command->script, &(llw_words){0}, env, &starts);
    } else {
        llw_words all = {0};
        for (size_t i = 0; i < entrypoint->words.n; i++)
            llw_words_push(r->arena, &all, entrypoint->words.items[i]);
        if (command->given && command->shell) push_shell(r, &all, &command->script);
        for (size_t i = 0; command->given && !command->shell && i < command->words.n; i++)
            llw_words_push(r->arena, &all, command->words.items[i]);
        llw_start_words(r, site, &all, env, &starts);
    }
    choose(&starts, out, env);
}
