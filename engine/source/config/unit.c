/* systemd units with their drop-ins: what ExecStart runs, in which environment.
 *
 * By systemd 252 (systemd.service(5), systemd.exec(5), and what systemd-analyze verify says): no shell;
 * quotes and C escapes; ${A} is one argument and empty when unset, a word $A is split or vanishes;
 * %-specifiers but those of the unit's name are known to the running system alone; Environment= adds and is
 * emptied by nothing behind the sign; EnvironmentFile= overrides it; a drop-in has to empty ExecStart= before
 * it gives another. */
#include "source/config/unit.h"
#include "source/launch/template.h"

#include <ctype.h>
#include <string.h>

enum { MAX_LINES = 20000, MAX_ENV_FILES = 32 };

/* --- lines --- */

static const char *text_of(llw_config_reader *r, const llw_rich *rich) {
    return llw_rich_show(r->arena, rich);
}

void llw_unit_read(llw_unit *u, const llw_config_file *file) {
    llw_rich text = llw_config_text(u->r, file, "unit");
    const char *section = "";
    for (size_t at = 0; at < text.n && u->n < MAX_LINES;) {
        llw_rich all = {0};
        int first = text.chars[at].line, last = first;
        for (bool more = true; more && at < text.n;) {
            size_t from = at, to;
            while (at < text.n && text.chars[at].byte != '\n') at++;
            to = at < text.n ? at++ : at;
            llw_rich line = llw_rich_slice(&text, from, to), bare = llw_rich_trim(&line);
            bool comment = bare.n && (bare.chars[0].byte == '#' || bare.chars[0].byte == ';');
            if (comment && all.n) continue;
            if (comment) break;
            size_t backslashes = 0;
            while (backslashes < line.n && line.chars[line.n - 1 - backslashes].byte == '\\') backslashes++;
            more = backslashes % 2 == 1;
            llw_rich kept = llw_rich_slice(&line, 0, more ? line.n - 1 : line.n);
            llw_rich_append(u->r->arena, &all, &kept);
            if (line.n) last = line.chars[0].line;
            if (!more) break;
            llw_char blank = line.chars[line.n - 1];
            blank.byte = ' ';
            llw_rich_push(u->r->arena, &all, blank);
        }
        all = llw_rich_trim(&all);
        if (!all.n) continue;
        if (all.chars[0].byte == '[') {
            llw_rich name = llw_rich_slice(&all, 1, all.n - 1);
            section = text_of(u->r, &name);
            continue;
        }
        size_t sign = 0;
        while (sign < all.n && all.chars[sign].byte != '=') sign++;
        bool stray = all.chars[0].byte == '-'; /* options whose line above lacks its backslash */
        if (sign == all.n && !stray) continue; /* systemd says so and goes on */
        if (stray) sign = 0;
        llw_rich key = llw_rich_slice(&all, 0, sign), value = llw_rich_slice(&all, sign + !stray, all.n);
        key = llw_rich_trim(&key);
        value = llw_rich_trim(&value);
        void *items = u->lines;
        llw_unit_line *l = llw_arena_push(u->r->arena, &items, &u->n, &u->capacity, sizeof *l);
        u->lines = items;
        *l = (llw_unit_line){file, section, text_of(u->r, &key), value, first, last};
    }
}

/* --- words --- */

static bool is_name(const char *text) {
    if (!(isalpha((unsigned char)*text) || *text == '_')) return false;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && *text != '_') return false;
    return true;
}

/* A variable that systemd itself, or the caller's manager, may set. */
static bool may_be_set(const llw_unit *u, const char *name) {
    static const char *const own[] = {"PATH",
                                      "HOME",
                                      "USER",
                                      "LOGNAME",
                                      "SHELL",
                                      "LANG",
                                      "INVOCATION_ID",
                                      "RUNTIME_DIRECTORY",
                                      "STATE_DIRECTORY",
                                      "CACHE_DIRECTORY",
                                      "LOGS_DIRECTORY",
                                      "CONFIGURATION_DIRECTORY",
                                      "CREDENTIALS_DIRECTORY",
                                      "MAINPID",
                                      "XDG_RUNTIME_DIR",
                                      "TERM"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (!strcmp(own[i], name)) return true;
    return u->unseen;
}

/* ${NAME} inside a word, and $$. */
static llw_rich substitute(llw_unit *u, const llw_scope *env, const llw_rich *in) {
    llw_rich out = {0};
    llw_arena *arena = u->r->arena;
    for (size_t i = 0; i < in->n; i++) {
        llw_char c = in->chars[i];
        char next = i + 1 < in->n ? in->chars[i + 1].byte : 0;
        if (c.byte != '$' || c.unknown || (next != '{' && next != '$')) {
            llw_rich_push(arena, &out, c);
            continue;
        }
        if (next == '$') {
            llw_rich_push(arena, &out, c);
            i++;
            continue;
        }
        size_t from = i + 2, to = from;
        while (to < in->n && in->chars[to].byte != '}') to++;
        if (to == in->n) {
            llw_rich_push(arena, &out, c);
            continue;
        }
        llw_rich slice = llw_rich_slice(in, from, to);
        const char *name = text_of(u->r, &slice);
        const llw_variable *v = llw_scope_get(env, name);
        if (!is_name(name))
            llw_config_problem(u->r, LLW_F_OTHERWISE, LLW_PROBLEM_RISK,
                               llw_place(arena, c.link ? c.link->file : "", c.line, c.column), "${",
                               "write the value, or set the variable with Environment=",
                               "systemd knows no default in ${%.60s}: it looks for a variable of that whole "
                               "name and leaves nothing",
                               name);
        if (v && u->r->budget >= v->value.n) {
            u->r->budget -= v->value.n;
            for (size_t k = 0; k < v->value.n; k++) {
                llw_char d = v->value.chars[k];
                d.whole = true;
                llw_rich_push(arena, &out, d);
            }
        } else if (v || may_be_set(u, name)) {
            llw_rich_unknown(arena, &out, &c, c.link);
        }
        i = to;
    }
    return out;
}

/* A word $NAME: the words of its value. */
static bool vanishing(llw_unit *u, const llw_scope *env, const llw_rich *word, llw_words *out) {
    if (word->n < 2 || word->chars[0].byte != '$' || word->chars[1].byte == '{' || word->chars[1].byte == '$')
        return false;
    llw_rich slice = llw_rich_slice(word, 1, word->n);
    const char *name = text_of(u->r, &slice);
    const llw_variable *v = llw_scope_get(env, name);
    if (!v) {
        llw_rich unknown = {0};
        llw_rich_unknown(u->r->arena, &unknown, &word->chars[0], word->chars[0].link);
        if (may_be_set(u, name)) llw_words_push(u->r->arena, out, unknown);
        return true;
    }
    llw_rich one;
    bool bare, unbalanced = false;
    for (size_t at = 0; llw_unit_word(u->r, &v->value, &at, &one, &bare, &unbalanced);)
        llw_words_push(u->r->arena, out, one);
    return true;
}

/* --- the environment --- */

static llw_rich linked(llw_unit *u, const llw_rich *in, const llw_config_file *file, const char *origin) {
    const llw_link *link = llw_link_new(u->r->arena, file->path, origin, true);
    llw_rich out = {0};
    for (size_t i = 0; i < in->n; i++) {
        llw_char c = in->chars[i];
        c.link = link;
        llw_rich_push(u->r->arena, &out, c);
    }
    return out;
}

static void set_variable(llw_unit *u, llw_scope *env, const llw_config_file *file, const llw_rich *word,
                         const char *origin) {
    size_t sign = 0;
    while (sign < word->n && word->chars[sign].byte != '=') sign++;
    if (sign == word->n) return; /* systemd ignores it */
    llw_rich key = llw_rich_slice(word, 0, sign), value = llw_rich_slice(word, sign + 1, word->n);
    const char *name = text_of(u->r, &key);
    if (!is_name(name)) return;
    value = llw_unit_specifiers(u->r, &u->name, &value);
    value = linked(u, &value, file, origin);
    llw_token place = llw_rich_token(u->r->arena, &key, NULL);
    place.origin = origin;
    llw_scope_set(env, name, &value, place);
}

static void environment_line(llw_unit *u, llw_scope *env, const llw_unit_line *l) {
    llw_rich word;
    bool bare, unbalanced = false;
    if (!l->value.n) {
        *env = (llw_scope){.arena = u->r->arena};
        return;
    }
    for (size_t at = 0; llw_unit_word(u->r, &l->value, &at, &word, &bare, &unbalanced);) {
        if (unbalanced) {
            llw_config_problem(u->r, LLW_F_FILE_REFUSED, LLW_PROBLEM_RISK,
                               llw_place(u->r->arena, l->file->path, l->line, 1), "Environment",
                               "close the quote",
                               "systemd leaves this Environment= out: a quote is not closed");
            return;
        }
        set_variable(u, env, l->file, &word, "Environment=");
    }
}

/* Lines of an EnvironmentFile: quotes and backslashes, no $. */
static void environment_file(llw_unit *u, llw_scope *env, const llw_config_file *file) {
    llw_rich text = llw_config_text(u->r, file, "EnvironmentFile");
    for (size_t at = 0; at < text.n;) {
        llw_rich line = {0};
        char quote = 0;
        bool comment = false;
        while (at < text.n && isspace((unsigned char)text.chars[at].byte)) at++;
        if (at < text.n && (text.chars[at].byte == '#' || text.chars[at].byte == ';')) comment = true;
        for (; at < text.n; at++) {
            llw_char c = text.chars[at];
            if (c.byte == '\n' && !quote) break;
            if (comment) continue;
            if (!quote && (c.byte == '"' || c.byte == '\'')) {
                quote = c.byte;
                continue;
            }
            if (quote && c.byte == quote) {
                quote = 0;
                continue;
            }
            if (c.byte == '\\' && quote != '\'' && at + 1 < text.n) {
                c = text.chars[++at];
                if (c.byte == '\n') continue;
                c.whole = true;
            }
            if (quote) c.whole = true;
            llw_rich_push(u->r->arena, &line, c);
        }
        while (line.n && isspace((unsigned char)line.chars[line.n - 1].byte) && !line.chars[line.n - 1].whole)
            line.n--;
        if (line.n) set_variable(u, env, file, &line, "EnvironmentFile");
    }
}

static void environment_files(llw_unit *u, llw_scope *env, const char *section) {
    const llw_unit_line *files[MAX_ENV_FILES];
    size_t n = 0;
    for (size_t i = 0; i < u->n; i++) {
        const llw_unit_line *l = &u->lines[i];
        if (strcmp(l->section, section) || strcmp(l->key, "EnvironmentFile")) continue;
        if (!l->value.n)
            n = 0;
        else if (n < MAX_ENV_FILES)
            files[n++] = l;
    }
    for (size_t i = 0; i < n; i++) {
        llw_rich value = llw_unit_specifiers(u->r, &u->name, &files[i]->value);
        const char *path = text_of(u->r, &value), *slash = strrchr(path, '/');
        if (*path == '-') path++;
        const char *name = slash ? slash + 1 : path;
        const llw_config_file *file =
            *name ? llw_config_set_find(u->r, u->set, files[i]->file->directory, name) : NULL;
        if (!file && *name && *name != '.') file = llw_config_set_find_named(u->set, name);
        if (file)
            environment_file(u, env, file);
        else
            u->unseen = true;
    }
}

llw_scope llw_unit_environment(llw_unit *u, const char *section) {
    llw_scope env = {.arena = u->r->arena};
    for (size_t i = 0; i < u->n; i++) {
        const llw_unit_line *l = &u->lines[i];
        if (strcmp(l->section, section)) continue;
        if (!strcmp(l->key, "Environment")) environment_line(u, &env, l);
        if (!strcmp(l->key, "PassEnvironment") && l->value.n) u->unseen = true;
    }
    environment_files(u, &env, section);
    for (size_t i = 0; i < u->n; i++) {
        const llw_unit_line *l = &u->lines[i];
        llw_rich word;
        bool bare, unbalanced = false;
        if (strcmp(l->section, section) || strcmp(l->key, "UnsetEnvironment")) continue;
        for (size_t at = 0; llw_unit_word(u->r, &l->value, &at, &word, &bare, &unbalanced);)
            llw_scope_unset(&env, text_of(u->r, &word));
    }
    for (size_t i = 0; i < env.n; i++) env.items[i].exported = true;
    return env;
}

/* --- ExecStart --- */

static void refuse(llw_unit *u, const llw_unit_line *l, const char *key, const char *advice,
                   const char *why) {
    const llw_char *at = l->value.n ? &l->value.chars[0] : NULL;
    llw_config_problem(u->r, LLW_F_FILE_REFUSED, LLW_PROBLEM_WRONG,
                       llw_place(u->r->arena, l->file->path, at ? at->line : l->line, at ? at->column : 1),
                       key, advice, "%s", why);
}

/* The words of a command line up to a ; of its own. */
static bool read_command(llw_unit *u, const llw_unit_line *l, size_t *at, const llw_scope *env,
                         llw_words *out) {
    llw_rich word;
    bool bare, unbalanced = false, first = true, plain = false, name = false;
    while (llw_unit_word(u->r, &l->value, at, &word, &bare, &unbalanced)) {
        if (bare && llw_rich_is(&word, ";")) return true;
        word = llw_unit_specifiers(u->r, &u->name, &word);
        if (first) { /* - @ : + ! in front of the program */
            size_t skip = 0;
            bool open = llw_is_template(text_of(u->r, &word)); /* @DIR@/llama-server */
            while (!open && skip < word.n && strchr("-@:+!", word.chars[skip].byte) &&
                   !word.chars[skip].unknown) {
                plain |= word.chars[skip].byte == ':';
                name |= word.chars[skip].byte == '@';
                skip++;
            }
            llw_words_push(u->r->arena, out, llw_rich_slice(&word, skip, word.n));
            first = false;
        } else if (name) { /* what the program is called, not its argument */
            name = false;
        } else if (plain) {
            llw_words_push(u->r->arena, out, word);
        } else if (!vanishing(u, env, &word, out)) {
            llw_words_push(u->r->arena, out, substitute(u, env, &word));
        }
    }
    if (unbalanced) {
        refuse(u, l, "ExecStart", "close the quote",
               "systemd leaves this ExecStart= out: a quote is not closed");
        *out = (llw_words){0};
    }
    return false;
}

static bool speaks_of_llama(llw_config_reader *r, const llw_words *words) {
    for (size_t i = 0; i < words->n; i++)
        if (strstr(text_of(r, &words->items[i]), "llama")) return true;
    return false;
}

/* A program by a path that systemd accepts: absolute, or a name alone. */
static bool path_is_good(llw_config_reader *r, const llw_rich *word) {
    const char *path = text_of(r, word);
    return *path == '/' || llw_is_template(path) || (!strchr(path, '/') && *path != '$' && *path != '~') ||
           (word->n && word->chars[0].unknown);
}

typedef struct command {
    const llw_unit_line *line;
    llw_words words;
} command;

/* MemoryMax in bytes; of a share of RAM nobody here knows the whole (systemd.resource-control(5)). */
static llw_limits limits_of(llw_unit *u) {
    llw_limits out = {0};
    for (size_t i = 0; i < u->n; i++) {
        const llw_unit_line *l = &u->lines[i];
        if (strcmp(l->section, "Service") || strcmp(l->key, "MemoryMax")) continue;
        const char *text = text_of(u->r, &l->value);
        out.memory_said = *text && strcmp(text, "infinity") != 0;
        out.memory = llw_limits_bytes(text, true);
        out.memory_place =
            (llw_token){.place = llw_place(u->r->arena, l->file->path, l->line, 1), .origin = "MemoryMax="};
    }
    return out;
}

static void start_commands(llw_unit *u, const command *commands, size_t n, const llw_scope *env) {
    const llw_limits limits = limits_of(u);
    for (size_t i = 0; i < n;) { /* those of one file together */
        const llw_config_file *file = commands[i].line->file;
        llw_start_site site = {.file = file->path,
                               .directory = file->directory,
                               .set = u->set,
                               .default_origin = "shell default",
                               .tells = true};
        llw_starts starts = {0};
        for (; i < n && commands[i].line->file == file; i++) {
            size_t before = starts.n;
            llw_start_words(u->r, &site, &commands[i].words, env, &starts);
            for (size_t k = before; k < starts.n; k++) {
                llw_start *s = &starts.items[k];
                if (!s->low.limits.memory_said) s->low.limits = limits;
                if (s->file) continue; /* of a script that it starts */
                s->file = file->path;
                s->line = commands[i].line->line;
                s->column = 1;
                s->last_line = commands[i].line->last_line;
            }
        }
        llw_front_launch *items = llw_arena_alloc(u->r->arena, (starts.n + 1) * sizeof *items);
        for (size_t k = 0; k < starts.n; k++)
            items[k] = (llw_front_launch){.start = &starts.items[k], .name = u->label};
        llw_front_emit(u->r, file, items, starts.n);
    }
}

void llw_unit_service(llw_unit *u) {
    enum { MAX_COMMANDS = 32 };
    llw_scope env = llw_unit_environment(u, "Service");
    command commands[MAX_COMMANDS];
    llw_words emptied = {0};
    size_t n = 0;
    bool oneshot = false;
    for (size_t i = 0; i < u->n; i++) {
        const llw_unit_line *l = &u->lines[i];
        if (strcmp(l->section, "Service")) continue;
        if (!strcmp(l->key, "Type")) oneshot = llw_rich_is(&l->value, "oneshot");
        if (strcmp(l->key, "ExecStart")) continue;
        if (!l->value.n) {
            if (n) emptied = commands[0].words;
            n = 0;
            continue;
        }
        size_t at = 0;
        for (bool more = true; more && n < MAX_COMMANDS;) {
            command c = {.line = l};
            more = read_command(u, l, &at, &env, &c.words);
            if (c.words.n) commands[n++] = c;
        }
    }
    if (!n) return;
    bool ours = false;
    for (size_t i = 0; i < n; i++) ours |= speaks_of_llama(u->r, &commands[i].words);
    if (ours && n > 1 && !oneshot) {
        bool second = commands[1].line->file != commands[0].line->file;
        refuse(u, commands[1].line, "ExecStart",
               second ? "write a line ExecStart= without a value in front of it" : "keep one ExecStart=",
               second ? "systemd refuses the unit: the drop-in adds a second ExecStart= to that of the unit, "
                        "which only Type=oneshot may have"
                      : "systemd refuses the unit: there is more than one command in ExecStart=, which only "
                        "Type=oneshot may have");
    }
    for (size_t i = 0; ours && i < n; i++)
        if (!path_is_good(u->r, &commands[i].words.items[0]))
            refuse(u, commands[i].line, "ExecStart", "write the program's absolute path",
                   "systemd refuses the unit: the program is neither an absolute path nor a name, and "
                   "nothing is expanded in it");
    for (size_t i = 0; ours && i < u->n; i++)
        if (!strcmp(u->lines[i].section, "Service") && !*u->lines[i].key)
            refuse(
                u, &u->lines[i], "ExecStart", "end the line above it with a backslash",
                "systemd leaves this line out, and the program never gets what stands in it: the line above "
                "does not go on");
    if (emptied.n) llw_words_over(u->r->arena, &commands[n - 1].words, &emptied);
    start_commands(u, commands, n, &env);
}
