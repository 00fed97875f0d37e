/* Process managers: supervisord.conf, Procfile, and launchd's property lists.
 *
 * supervisord (supervisord.org, configuration): command of a [program:NAME] is split like a shell does and
 * started without one; %(ENV_X)s is what its own environment holds; environment is KEY="value",KEY2=value.
 * Procfile: NAME: COMMAND, for a shell. launchd (launchd.plist(5)): ProgramArguments are words, nothing is
 * expanded in them; EnvironmentVariables is a dict of strings. */
#include "source/config/front.h"

#include <ctype.h>
#include <string.h>

enum { MAX_LAUNCHES = 200 };

typedef struct reader {
    llw_config_reader *r;
    const llw_config_file *file;
    llw_start_site site;
    llw_front_launch items[MAX_LAUNCHES];
    size_t n;
} reader;

/* The first start of a command, as the launch NAME. */
static void add(reader *m, const llw_starts *starts, const char *name, int line, int column, int last_line) {
    if (!starts->n || m->n >= MAX_LAUNCHES) return;
    m->items[m->n++] = (llw_front_launch){.start = &starts->items[0],
                                          .name = name,
                                          .line = line,
                                          .column = column,
                                          .from = line,
                                          .to = last_line};
}

/* --- supervisord --- */

/* %(NAME)s is unknown, %% a percent sign. */
static llw_rich without_expansions(reader *m, const llw_rich *in) {
    llw_rich out = {0};
    for (size_t i = 0; i < in->n; i++) {
        const llw_char *c = &in->chars[i];
        char next = i + 1 < in->n ? in->chars[i + 1].byte : 0;
        if (c->byte != '%' || (next != '(' && next != '%')) {
            llw_rich_push(m->r->arena, &out, *c);
            continue;
        }
        if (next == '%') {
            llw_rich_push(m->r->arena, &out, *c);
            i++;
            continue;
        }
        while (i < in->n && in->chars[i].byte != ')') i++;
        i += i + 1 < in->n; /* the letter behind it */
        llw_rich_unknown(m->r->arena, &out, c, c->link);
    }
    return out;
}

/* A="b, c",D=e */
static void read_environment(reader *m, const llw_rich *text, llw_scope *env) {
    llw_rich one = {0};
    char quote = 0;
    for (size_t i = 0; i <= text->n; i++) {
        llw_char c = i < text->n ? text->chars[i] : (llw_char){.byte = ','};
        if (!quote && c.byte == ',') {
            const char *name;
            llw_rich value, bare = llw_rich_trim(&one);
            if (llw_front_split_setting(m->r->arena, &bare, &name, &value))
                llw_scope_set(env, name, &value, llw_rich_token(m->r->arena, &bare, NULL));
            one = (llw_rich){0};
        } else if (!quote && (c.byte == '"' || c.byte == '\'')) {
            quote = c.byte;
        } else if (quote && c.byte == quote) {
            quote = 0;
        } else {
            llw_rich_push(m->r->arena, &one, c);
        }
    }
}

static void read_supervisor(reader *m) {
    size_t n = 0;
    llw_ini_section *sections = llw_config_ini(m->r, m->file, &n);
    for (size_t i = 0; i < n; i++) {
        const llw_ini_section *s = &sections[i];
        if (strncmp(s->name, "program:", 8)) continue;
        const llw_ini_entry *command = llw_ini_get(s, "command"), *variables = llw_ini_get(s, "environment");
        if (!command) continue;
        llw_scope env = {.arena = m->r->arena};
        llw_words words = {0};
        llw_rich text = without_expansions(m, &command->value), given = {0};
        if (variables) given = without_expansions(m, &variables->value);
        read_environment(m, &given, &env);
        for (size_t k = 0; k < env.n; k++) env.items[k].exported = true;
        llw_words_split(m->r->arena, &text, &words);
        llw_starts *starts = llw_arena_alloc(m->r->arena, sizeof *starts);
        if (words.n) llw_start_words(m->r, &m->site, &words, &env, starts);
        add(m, starts, s->name + 8, s->line, s->column, s->last_line);
    }
}

/* --- Procfile --- */

static void read_procfile(reader *m) {
    llw_rich text = llw_config_text(m->r, m->file, "Procfile");
    llw_scope env = {.arena = m->r->arena};
    for (size_t from = 0, to; from < text.n; from = to + 1) {
        for (to = from; to < text.n && text.chars[to].byte != '\n';) to++;
        size_t colon = from;
        while (colon < to && (isalnum((unsigned char)text.chars[colon].byte) ||
                              (text.chars[colon].byte && strchr("_-", text.chars[colon].byte))))
            colon++;
        if (colon == from || colon >= to || text.chars[colon].byte != ':') continue;
        llw_rich name = llw_rich_slice(&text, from, colon),
                 *command = llw_arena_alloc(m->r->arena, sizeof *command);
        *command = llw_rich_slice(&text, colon + 1, to);
        llw_starts *starts = llw_arena_alloc(m->r->arena, sizeof *starts);
        llw_shell_script(m->r, &m->site, command, NULL, &env, starts);
        int line = text.chars[from].line;
        add(m, starts, llw_rich_show(m->r->arena, &name), line, 1, line);
    }
}

/* --- launchd --- */

/* The text between <TAG> and </TAG> from `from` on, before `end`; its end in *to. */
static bool element(const llw_rich *text, size_t from, size_t end, const char *tag, llw_rich *out,
                    size_t *to) {
    size_t len = strlen(tag);
    for (size_t i = from; i + len + 2 <= end; i++) {
        if (text->chars[i].byte != '<' || text->chars[i + len + 1].byte != '>') continue;
        size_t k = 0;
        while (k < len && text->chars[i + 1 + k].byte == tag[k]) k++;
        if (k < len) continue;
        size_t start = i + len + 2;
        for (size_t j = start; j + len + 3 <= end; j++) {
            if (text->chars[j].byte != '<' || text->chars[j + 1].byte != '/') continue;
            for (k = 0; k < len && text->chars[j + 2 + k].byte == tag[k];) k++;
            if (k < len) continue;
            *out = llw_rich_slice(text, start, j);
            *to = j + len + 3;
            return true;
        }
        return false;
    }
    return false;
}

/* &amp; and its kin. */
static llw_rich plain(reader *m, const llw_rich *in) {
    static const struct {
        const char *name;
        char byte;
    } entities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
    llw_rich out = {0};
    for (size_t i = 0; i < in->n; i++) {
        llw_char c = in->chars[i];
        for (size_t e = 0; c.byte == '&' && e < sizeof entities / sizeof *entities; e++) {
            size_t len = strlen(entities[e].name), k = 0;
            while (k < len && i + k < in->n && in->chars[i + k].byte == entities[e].name[k]) k++;
            if (k < len) continue;
            c.byte = entities[e].byte;
            i += len - 1;
            break;
        }
        llw_rich_push(m->r->arena, &out, c);
    }
    return out;
}

/* What stands behind <key>NAME</key>, up to the end of the text. */
static size_t behind_key(const llw_rich *text, const char *name) {
    llw_rich key;
    for (size_t at = 0, to = 0; element(text, at, text->n, "key", &key, &to); at = to) {
        llw_rich bare = llw_rich_trim(&key);
        if (llw_rich_is(&bare, name)) return to;
    }
    return text->n;
}

static void read_launchd(reader *m) {
    llw_rich text = llw_config_text(m->r, m->file, "launchd"), list = {0}, dict = {0}, one, value;
    llw_words words = {0};
    llw_scope env = {.arena = m->r->arena};
    size_t to = 0;
    if (!element(&text, behind_key(&text, "ProgramArguments"), text.n, "array", &list, &to)) return;
    for (size_t at = 0; element(&list, at, list.n, "string", &one, &to); at = to)
        llw_words_push(m->r->arena, &words, plain(m, &one));
    if (element(&text, behind_key(&text, "EnvironmentVariables"), text.n, "dict", &dict, &to))
        for (size_t at = 0; element(&dict, at, dict.n, "key", &one, &to); at = to) {
            if (!element(&dict, to, dict.n, "string", &value, &to)) break;
            llw_rich bare = llw_rich_trim(&one), put = plain(m, &value);
            const char *name = llw_rich_text(m->r->arena, &bare);
            if (name && *name) llw_scope_set(&env, name, &put, llw_rich_token(m->r->arena, &bare, NULL));
        }
    for (size_t k = 0; k < env.n; k++) env.items[k].exported = true;
    llw_starts *starts = llw_arena_alloc(m->r->arena, sizeof *starts);
    if (words.n) llw_start_words(m->r, &m->site, &words, &env, starts);
    int line = list.n ? list.chars[0].line : 1, last = list.n ? list.chars[list.n - 1].line : 1;
    add(m, starts, "", line, 1, last);
    if (m->n) llw_front_no_shell(m->r, &words, "launchd", "write the value");
}

void llw_front_manager(llw_config_reader *r, llw_config_set *set, const llw_config_file *file,
                       llw_config_kind kind) {
    reader *m = llw_arena_alloc(r->arena, sizeof *m);
    size_t unread = r->out->n_unread;
    *m = (reader){.r = r,
                  .file = file,
                  .site = {.file = file->path,
                           .directory = file->directory,
                           .set = set,
                           .default_origin = "shell default",
                           .tells = true}};
    if (kind == LLW_CONFIG_SUPERVISOR) read_supervisor(m);
    if (kind == LLW_CONFIG_PROCFILE) read_procfile(m);
    if (kind == LLW_CONFIG_LAUNCHD) read_launchd(m);
    if (!m->n) r->out->n_unread = unread;
    llw_front_emit(r, file, m->items, m->n);
}
