/* Dockerfiles: ENV, ARG, CMD and ENTRYPOINT of the last stage, with the place of every byte. */
#include "source/config/parts.h"
#include "base/file.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { MAX_STAGES = 200, MAX_INSTRUCTIONS = 20000 };

typedef struct stage {
    const char *name;
    llw_scope env;
    llw_command entrypoint, command;
    bool own_command; /* CMD stands in this stage: ENTRYPOINT does not take it away */
    const char *image;
    int line, from; /* of the CMD or ENTRYPOINT that counts; of FROM */
    llw_copy *copies;
    size_t n_copies, copy_capacity;
    const char *workdir;
    struct stage *below; /* that it is made from, as it was then; NULL when it is of another file */
    llw_rich *triggers;  /* of ONBUILD: they run in the stages that are made from this one */
    size_t n_triggers, trigger_capacity;
} stage;

typedef struct docker_reader {
    llw_config_reader *r;
    const llw_config_file *file;
    size_t at;
    int line;
    char escape;
    const llw_link *text;   /* for what CMD and the like say themselves */
    const llw_link *script; /* for here-documents */
    llw_scope args;         /* ARG: only while building */
    stage *stages;
    size_t n_stages, stage_capacity;
    bool full; /* it was said that there are too many */
} docker_reader;

static stage *current(docker_reader *d) {
    return d->n_stages ? &d->stages[d->n_stages - 1] : NULL;
}

/* One logical line: continuations joined, comment and empty lines inside them dropped. False at the end of
 * the file. */
static bool read_instruction(docker_reader *d, llw_rich *out) {
    const char *bytes = d->file->bytes;
    size_t len = d->file->len;
    *out = (llw_rich){0};
    bool going_on = false;
    while (d->at < len) {
        size_t end = d->at;
        while (end < len && bytes[end] != '\n') end++;
        size_t stop = end > d->at && bytes[end - 1] == '\r' ? end - 1 : end, lead = d->at;
        d->line++;
        while (lead < stop && isspace((unsigned char)bytes[lead])) lead++;
        size_t last = stop;
        while (last > lead && isspace((unsigned char)bytes[last - 1])) last--;
        bool empty = lead == stop, comment = !empty && bytes[lead] == '#';
        size_t from = d->at;
        d->at = end < len ? end + 1 : len;
        if (empty || comment) {
            const char *directive = comment && d->line <= 2 ? strstr(bytes + lead, "escape=") : NULL;
            if (directive && directive + 7 < bytes + stop) d->escape = directive[7];
            continue;
        }
        bool more = last > lead && bytes[last - 1] == d->escape;
        llw_rich_read(d->r->arena, out, bytes + from, (more ? last - 1 : stop) - from, d->line, 1, d->text);
        going_on = more;
        if (!more) return true;
    }
    if (going_on) llw_config_unread(d->r, d->file->path, d->line, "the file ends inside a continued line");
    return out->n > 0;
}

/* The first word in capitals; *rest is behind it and its blanks. */
static void instruction_name(const llw_rich *line, char name[16], llw_rich *rest) {
    llw_rich text = llw_rich_trim(line);
    size_t n = 0;
    while (n < text.n && isalpha((unsigned char)text.chars[n].byte)) n++;
    name[0] = 0;
    for (size_t i = 0; i < n && i < 15; i++) {
        name[i] = (char)toupper((unsigned char)text.chars[i].byte);
        name[i + 1] = 0;
    }
    llw_rich tail = llw_rich_slice(&text, n, text.n);
    *rest = llw_rich_trim(&tail);
}

static llw_rich expand(docker_reader *d, const llw_rich *text) {
    const stage *s = current(d);
    llw_expander ex = {.budget = &d->r->budget,
                       .scope = s ? &s->env : &d->args,
                       .behind = &d->args,
                       .dialect = LLW_DIALECT_DOCKERFILE,
                       .default_origin = "Dockerfile default"};
    llw_rich out = llw_scope_expand(d->r->arena, &ex, text);
    if (ex.error) llw_config_unread(d->r, d->file->path, ex.error_line, "%s", ex.error);
    return out;
}

/* A word of ENV or ARG up to a blank: quotes and escapes taken away, single-quoted text not expanded. */
static llw_rich env_word(docker_reader *d, const llw_rich *text, size_t *at) {
    llw_rich out = {0}, open = {0};
    char quote = 0;
    for (; *at < text->n; (*at)++) {
        llw_char c = text->chars[*at];
        if (!quote && isspace((unsigned char)c.byte)) break;
        if (!quote && (c.byte == '"' || c.byte == '\'')) {
            quote = c.byte;
            if (quote == '\'') {
                llw_rich part = expand(d, &open);
                llw_rich_append(d->r->arena, &out, &part);
                open = (llw_rich){0};
            }
            continue;
        }
        if (quote && c.byte == quote) {
            if (quote == '\'') {
                llw_rich_append(d->r->arena, &out, &open);
                open = (llw_rich){0};
            }
            quote = 0;
            continue;
        }
        if (c.byte == d->escape && quote != '\'' && *at + 1 < text->n) {
            char next = text->chars[*at + 1].byte;
            if (next == '$' || next == d->escape || next == '"' || isspace((unsigned char)next)) {
                if (next == '$') llw_rich_push(d->r->arena, &open, c); /* the expander keeps \$ */
                c = text->chars[++*at];
            }
        }
        llw_rich_push(d->r->arena, &open, c);
    }
    llw_rich part = expand(d, &open), clean = {0};
    for (size_t i = 0; i < part.n; i++)
        if (!(part.chars[i].byte == '\\' && i + 1 < part.n && part.chars[i + 1].byte == '$'))
            llw_rich_push(d->r->arena, &clean, part.chars[i]);
    llw_rich_append(d->r->arena, &out, &clean);
    return out;
}

/* Bytes that the file itself wrote belong to whoever defines the variable. */
static llw_rich owned(docker_reader *d, const llw_rich *value, const char *origin) {
    llw_rich out = {0};
    const llw_link *link = llw_link_new(d->r->arena, d->file->path, origin, true);
    for (size_t i = 0; i < value->n; i++) {
        llw_char c = value->chars[i];
        if (c.link == d->text) c.link = link;
        llw_rich_push(d->r->arena, &out, c);
    }
    return out;
}

static void define(docker_reader *d, llw_scope *scope, const llw_rich *name, const llw_rich *value,
                   const char *origin) {
    const char *text = llw_rich_text(d->r->arena, name);
    if (!text || !*text) return;
    llw_rich kept = owned(d, value, origin);
    llw_token place = llw_rich_token(d->r->arena, name, NULL);
    place.origin = origin;
    llw_scope_assign(scope, text, &kept, place);
}

static size_t find_byte(const llw_rich *text, size_t from, char byte) {
    while (from < text->n && text->chars[from].byte != byte) from++;
    return from;
}

/* NAME=VALUE NAME=VALUE ..., or the old form NAME VALUE up to the line's end. */
static void read_env(docker_reader *d, const llw_rich *rest, llw_scope *scope, const char *origin,
                     bool old_form) {
    size_t first = 0;
    while (first < rest->n && !isspace((unsigned char)rest->chars[first].byte) &&
           rest->chars[first].byte != '=')
        first++;
    if (old_form && (first == rest->n || rest->chars[first].byte != '=')) {
        llw_rich name = llw_rich_slice(rest, 0, first), value = llw_rich_slice(rest, first, rest->n);
        value = llw_rich_trim(&value);
        value = expand(d, &value);
        if (first < rest->n) define(d, scope, &name, &value, origin);
        return;
    }
    for (size_t at = 0; at < rest->n;) {
        while (at < rest->n && isspace((unsigned char)rest->chars[at].byte)) at++;
        size_t start = at, equals = find_byte(rest, at, '='), blank = at;
        while (blank < rest->n && !isspace((unsigned char)rest->chars[blank].byte)) blank++;
        if (start == rest->n) return;
        if (equals >= blank) { /* ARG NAME: known only to whoever builds */
            llw_rich name = llw_rich_slice(rest, start, blank), unknown = {0};
            llw_rich_unknown(d->r->arena, &unknown, &rest->chars[start], NULL);
            const char *text = llw_rich_show(d->r->arena, &name);
            if (!llw_scope_get(scope, text)) define(d, scope, &name, &unknown, origin);
            at = blank;
            continue;
        }
        llw_rich name = llw_rich_slice(rest, start, equals);
        at = equals + 1;
        llw_rich value = env_word(d, rest, &at);
        define(d, scope, &name, &value, origin);
    }
}

/* ["a", "b"]: false when it is no JSON array of strings, which makes it shell form. */
static bool read_json(docker_reader *d, const llw_rich *rest, llw_words *words) {
    size_t at = 1;
    bool first = true;
    if (!rest->n || rest->chars[0].byte != '[') return false;
    for (;;) {
        while (at < rest->n && isspace((unsigned char)rest->chars[at].byte)) at++;
        if (at >= rest->n) return false;
        char c = rest->chars[at].byte;
        if (c == ']') {
            llw_rich tail = llw_rich_slice(rest, at + 1, rest->n);
            return !llw_rich_trim(&tail).n;
        }
        if (!first) {
            if (c != ',') return false;
            at++;
            while (at < rest->n && isspace((unsigned char)rest->chars[at].byte)) at++;
            if (at >= rest->n) return false;
            c = rest->chars[at].byte;
        }
        if (c != '"') return false;
        llw_rich word = {0};
        for (at++; at < rest->n && rest->chars[at].byte != '"'; at++) {
            llw_char byte = rest->chars[at];
            if (byte.byte == '\\' && at + 1 < rest->n) {
                byte = rest->chars[++at];
                if (byte.byte == 'n') byte.byte = '\n';
                if (byte.byte == 't') byte.byte = '\t';
            }
            llw_rich_push(d->r->arena, &word, byte);
        }
        if (at >= rest->n) return false;
        at++;
        llw_words_push(d->r->arena, words, word);
        first = false;
    }
}

static llw_command read_command(docker_reader *d, const llw_rich *rest, int line) {
    llw_command c = {.given = true, .line = line};
    if (read_json(d, rest, &c.words)) return c;
    c.words = (llw_words){0};
    c.shell = true;
    c.script = *rest;
    return c;
}

static void read_from(docker_reader *d, const llw_rich *rest, int line) {
    llw_rich words[3] = {{0}};
    size_t n = 0, at = 0;
    while (at < rest->n && n < 3) {
        while (at < rest->n && isspace((unsigned char)rest->chars[at].byte)) at++;
        size_t start = at;
        while (at < rest->n && !isspace((unsigned char)rest->chars[at].byte)) at++;
        llw_rich word = llw_rich_slice(rest, start, at);
        if (word.n && word.chars[0].byte != '-') words[n++] = word; /* --platform=... */
    }
    if (!n || d->n_stages == MAX_STAGES) {
        bool told = n && d->full; /* once is enough */
        d->full = d->full || n;
        if (told) return;
        llw_config_unread(d->r, d->file->path, line,
                          n ? "there are more than %d stages" : "FROM names no image", MAX_STAGES);
        return;
    }
    llw_rich image = expand(d, &words[0]);
    const char *name = llw_rich_text(d->r->arena, &image);
    stage next = {.env = {.arena = d->r->arena}, .image = name, .line = line, .from = line};
    for (size_t i = 0; name && i < d->n_stages; i++)
        if (d->stages[i].name && !strcasecmp(d->stages[i].name, name)) {
            next = d->stages[i];
            next.env = llw_scope_copy(&d->stages[i].env);
            next.copy_capacity = next.n_copies; /* what is added here is this stage's alone */
            next.own_command = false;
            next.triggers = NULL;
            next.n_triggers = next.trigger_capacity = 0;
            next.below = llw_arena_alloc(d->r->arena, sizeof *next.below);
            *next.below = d->stages[i];
        }
    llw_rich alias = n == 3 ? words[2] : (llw_rich){0};
    next.name = alias.n ? llw_rich_show(d->r->arena, &alias) : NULL;
    void *items = d->stages;
    *(stage *)llw_arena_push(d->r->arena, &items, &d->n_stages, &d->stage_capacity, sizeof next) = next;
    d->stages = items;
}

/* The word behind << from `from` on; *literal says that it is quoted. */
static llw_rich heredoc_word(const llw_rich *rest, size_t from, bool *literal) {
    for (; from < rest->n && strchr("-\"'", rest->chars[from].byte); from++)
        *literal |= rest->chars[from].byte != '-';
    size_t to = from;
    while (to < rest->n && (isalnum((unsigned char)rest->chars[to].byte) || rest->chars[to].byte == '_'))
        to++;
    return llw_rich_slice(rest, from, to);
}

/* Lines up to one that is the word alone; they become *body. */
static void read_heredoc(docker_reader *d, const llw_rich *word, llw_rich *body) {
    const char *text = llw_rich_show(d->r->arena, word);
    int first = d->line;
    while (d->at < d->file->len) {
        const char *line = d->file->bytes + d->at, *end = memchr(line, '\n', d->file->len - d->at);
        size_t n = end ? (size_t)(end - line) : d->file->len - d->at, lead = 0, last = n;
        d->at += n + (end != NULL);
        d->line++;
        while (lead < last && isspace((unsigned char)line[lead])) lead++;
        while (last > lead && isspace((unsigned char)line[last - 1])) last--;
        if (last - lead == word->n && !strncmp(line + lead, text, word->n)) return;
        llw_rich_read(d->r->arena, body, line, n + (end != NULL), d->line, 1, d->script);
    }
    llw_config_unread(d->r, d->file->path, first, "the here-document is not closed");
}

/* RUN <<EOF and COPY <<EOF /x.sh: the first body, NULL when there is none. */
static const llw_rich *here_document(docker_reader *d, const llw_rich *rest) {
    for (size_t i = 0; i + 2 < rest->n; i++) {
        bool literal = false;
        if (rest->chars[i].byte != '<' || rest->chars[i + 1].byte != '<') continue;
        llw_rich word = heredoc_word(rest, i + 2, &literal);
        if (!word.n) continue;
        llw_rich *body = llw_arena_alloc(d->r->arena, sizeof *body);
        *body = (llw_rich){0};
        read_heredoc(d, &word, body);
        if (!literal) *body = expand(d, body); /* the builder puts its variables in */
        return body;
    }
    return NULL;
}

/* --- COPY, ADD and WORKDIR --- */

static const char *from_workdir(docker_reader *d, const char *path) {
    const char *workdir = current(d)->workdir;
    if (*path == '/') return path;
    while (path[0] == '.' && path[1] == '/') path += 2;
    if (!workdir) workdir = "/";
    return !*path || !strcmp(path, ".") ? workdir : llw_path_join(d->r->arena, workdir, path);
}

static void add_copy(docker_reader *d, llw_copy copy) {
    enum { MAX_COPIES = 500 };
    stage *s = current(d);
    if (s->n_copies >= MAX_COPIES) return;
    void *items = s->copies;
    *(llw_copy *)llw_arena_push(d->r->arena, &items, &s->n_copies, &s->copy_capacity, sizeof copy) = copy;
    s->copies = items;
}

/* COPY [--from=...] SOURCE... TARGET, in words or as a JSON array. What comes from another stage or image is
 * none of the tree's files. */
static void read_copy(docker_reader *d, const llw_rich *rest, const llw_rich *body) {
    llw_words words = {0};
    llw_rich expanded = expand(d, rest);
    if (!read_json(d, &expanded, &words)) {
        words = (llw_words){0};
        llw_words_split(d->r->arena, &expanded, &words);
    }
    size_t from = 0;
    for (; from < words.n; from++) {
        const char *option = llw_rich_show(d->r->arena, &words.items[from]);
        if (!strncmp(option, "--from=", 7)) return;
        if (strncmp(option, "--", 2)) break;
    }
    if (words.n < from + 2) return;
    const char *target = llw_rich_text(d->r->arena, &words.items[words.n - 1]);
    if (!target) return;
    target = from_workdir(d, target);
    if (body) {
        add_copy(d, (llw_copy){target, "", body});
        return;
    }
    for (size_t i = from; i + 1 < words.n; i++) {
        const char *source = llw_rich_text(d->r->arena, &words.items[i]);
        while (source && *source == '/') source++; /* the context's own root */
        if (source && !strstr(source, "://")) add_copy(d, (llw_copy){target, *source ? source : ".", NULL});
    }
}

/* --- instructions --- */

/* What a stage is made of. `trigger`: an ONBUILD of the stage below, which has no lines of its own. */
static void run_instruction(docker_reader *d, const llw_rich *line, bool trigger) {
    char name[16];
    llw_rich rest;
    instruction_name(line, name, &rest);
    int number = line->n ? line->chars[0].line : d->line;
    stage *s = current(d);
    const llw_rich *body = NULL;
    if (!trigger && (!strcmp(name, "RUN") || !strcmp(name, "COPY") || !strcmp(name, "ADD")))
        body = here_document(d, &rest);
    if (!s) return; /* before the first FROM only ARG may stand */
    if (!strcmp(name, "ENV")) {
        read_env(d, &rest, &s->env, "Dockerfile ENV", true);
    } else if (!strcmp(name, "CMD")) {
        s->command = read_command(d, &rest, number);
        s->own_command = true;
        s->line = number;
    } else if (!strcmp(name, "ENTRYPOINT")) {
        s->entrypoint = read_command(d, &rest, number);
        if (!s->own_command) s->command = (llw_command){0}; /* that of the image below is taken away */
        if (!s->command.given) s->line = number;
    } else if (!strcmp(name, "COPY") || !strcmp(name, "ADD")) {
        read_copy(d, &rest, body);
    } else if (!strcmp(name, "WORKDIR")) {
        llw_rich path = expand(d, &rest);
        const char *text = llw_rich_text(d->r->arena, &path);
        s->workdir = text ? from_workdir(d, text) : NULL;
    }
}

static void add_trigger(docker_reader *d, const llw_rich *line) {
    enum { MAX_TRIGGERS = 64 };
    stage *s = current(d);
    if (!s || s->n_triggers >= MAX_TRIGGERS) return;
    void *items = s->triggers;
    *(llw_rich *)llw_arena_push(d->r->arena, &items, &s->n_triggers, &s->trigger_capacity, sizeof *line) =
        *line;
    s->triggers = items;
}

static void read_line(docker_reader *d, const llw_rich *line) {
    char name[16];
    llw_rich rest;
    instruction_name(line, name, &rest);
    if (!strcmp(name, "FROM")) {
        read_from(d, &rest, line->n ? line->chars[0].line : d->line);
        const stage *below = current(d) ? current(d)->below : NULL;
        for (size_t i = 0; below && i < below->n_triggers; i++) run_instruction(d, &below->triggers[i], true);
    } else if (!strcmp(name, "ARG")) {
        read_env(d, &rest, &d->args, "Dockerfile ARG", false);
    } else if (!strcmp(name, "ONBUILD")) {
        add_trigger(d, &rest);
        here_document(d, &rest);
    } else {
        run_instruction(d, line, false);
    }
}

void llw_config_dockerfile(llw_config_reader *r, const llw_config_file *file, llw_dockerfile *out) {
    docker_reader d = {.r = r,
                       .file = file,
                       .escape = '\\',
                       .text = llw_link_new(r->arena, file->path, "Dockerfile CMD", false),
                       .script = llw_link_new(r->arena, file->path, "script", false),
                       .args = {.arena = r->arena}};
    llw_rich line;
    for (int n = 0; n < MAX_INSTRUCTIONS && read_instruction(&d, &line); n++) read_line(&d, &line);
    *out = (llw_dockerfile){.env = {.arena = r->arena}, .directory = file->directory};
    const stage *last = current(&d);
    if (!last) {
        llw_config_unread(r, file->path, 0, "has no FROM: it is no Dockerfile");
        return;
    }
    out->env = last->env;
    out->entrypoint = last->entrypoint;
    out->command = last->command;
    out->image = last->image;
    out->line = last->line;
    out->from = last->from;
    out->copies = last->copies;
    out->n_copies = last->n_copies;
    out->workdir = last->workdir;
}
