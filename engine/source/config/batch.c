/* Windows batch files: set, %NAME% and the commands that start llama.cpp.
 *
 * ^ at the end of a line goes on; names have no case; what is set behind an if or inside brackets is unknown,
 * and so are %1, %~dp0 and !NAME!. Every variable is also the environment of what is started. */
#include "source/config/front.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

typedef struct batch {
    llw_config_reader *r;
    const llw_config_file *file;
    llw_config_set *set;
    llw_scope names;
    int brackets;
    const llw_link *variable;
    llw_starts starts;
} batch;

static const char *upper(batch *b, const llw_rich *name) {
    char *text = llw_arena_strdup(b->r->arena, llw_rich_show(b->r->arena, name));
    for (char *c = text; *c; c++) *c = (char)toupper((unsigned char)*c);
    return text;
}

static llw_rich expand(batch *b, const llw_rich *in) {
    llw_rich out = {0};
    for (size_t i = 0; i < in->n; i++) {
        const llw_char *c = &in->chars[i];
        char next = i + 1 < in->n ? in->chars[i + 1].byte : 0;
        size_t to = i + 1;
        if (c->byte == '%' && (isdigit((unsigned char)next) || next == '~' || next == '*')) {
            while (next == '~' && to + 1 < in->n && !isdigit((unsigned char)in->chars[to].byte)) to++;
            llw_rich_unknown(b->r->arena, &out, c, c->link);
            if (next == '~') { /* a directory with its \ */
                llw_char slash = *c;
                slash.byte = '\\';
                llw_rich_push(b->r->arena, &out, slash);
            }
            i = to;
            continue;
        }
        while (to < in->n && in->chars[to].byte != c->byte && in->chars[to].byte != ' ') to++;
        bool named =
            (c->byte == '%' || c->byte == '!') && to < in->n && in->chars[to].byte == c->byte && to > i + 1;
        if (!named) {
            llw_rich_push(b->r->arena, &out, *c);
            continue;
        }
        llw_rich name = llw_rich_slice(in, i + 1, to);
        const llw_variable *v = llw_scope_get(&b->names, upper(b, &name));
        if (v && c->byte == '%' && b->r->budget > v->value.n) {
            b->r->budget -= v->value.n;
            llw_rich_append(b->r->arena, &out, &v->value);
        } else {
            llw_rich_unknown(b->r->arena, &out, c, c->link);
        }
        i = to;
    }
    return out;
}

static bool is_one_of(const llw_rich *line, size_t i, const char *set) {
    return i < line->n && !line->chars[i].unknown && line->chars[i].byte && strchr(set, line->chars[i].byte);
}

/* Behind a redirection that starts at `at`: >> "FILE", 2>&1. */
static size_t behind_redirection(const llw_rich *line, size_t at) {
    while (is_one_of(line, at, "<>")) at++;
    if (is_one_of(line, at, "&")) at++;
    while (is_one_of(line, at, " \t")) at++;
    for (bool quoted = false; at < line->n && (quoted || !is_one_of(line, at, " \t<>&|")); at++)
        quoted ^= is_one_of(line, at, "\"");
    return at;
}

/* The words of one command, by blanks outside of double quotes, from *at on as far as & or |; a ^ takes the
 * meaning of what follows, redirections are left out. */
static llw_words split(batch *b, const llw_rich *line, size_t *at) {
    llw_words out = {0};
    llw_rich word = {0};
    bool open = false, quoted = false;
    for (size_t i = *at;; i++) {
        bool ends = i >= line->n || (!quoted && is_one_of(line, i, "&|")),
             redirects = !quoted && is_one_of(line, i, "<>");
        if (ends || redirects || (!quoted && i < line->n && is_one_of(line, i, " \t\r\f\v"))) {
            bool handle = redirects && word.n == 1 && isdigit((unsigned char)word.chars[0].byte);
            if (open && !handle) llw_words_push(b->r->arena, &out, word);
            word = (llw_rich){0};
            open = false;
            *at = i + 1;
            if (ends) return out;
            if (redirects) i = behind_redirection(line, i) - 1;
            continue;
        }
        open = true;
        if (is_one_of(line, i, "\"")) {
            quoted = !quoted;
            continue;
        }
        if (!quoted && line->chars[i].byte == '^' && i + 1 < line->n) i++;
        llw_rich_push(b->r->arena, &word, line->chars[i]);
    }
}

static void set_variable(batch *b, const llw_rich *rest, bool certain) {
    llw_rich text = llw_rich_trim(rest), value;
    const char *name;
    bool quoted = text.n > 1 && text.chars[0].byte == '"';
    if (quoted) {
        size_t end = text.n;
        while (end > 1 && text.chars[end - 1].byte != '"') end--;
        text = llw_rich_slice(&text, 1, end > 1 ? end - 1 : text.n);
    }
    if (!llw_front_split_setting(b->r->arena, &text, &name, &value) || *name == '/') return;
    llw_rich kept = {0}, key = {0};
    llw_rich_read(b->r->arena, &key, name, strlen(name), 1, 1, NULL);
    value = expand(b, &value);
    for (size_t i = 0; certain && i < value.n; i++) {
        llw_char c = value.chars[i];
        if (c.link && !c.link->variable) c.link = b->variable;
        llw_rich_push(b->r->arena, &kept, c);
    }
    if (!certain) llw_rich_unknown(b->r->arena, &kept, &text.chars[0], b->variable);
    llw_scope_assign(&b->names, upper(b, &key), &kept, llw_rich_token(b->r->arena, &text, NULL));
}

/* start "title" /b PROGRAM, call PROGRAM. */
static llw_words without_starters(batch *b, const llw_words *words, bool title) {
    llw_words out = {0};
    size_t i = 0;
    while (i < words->n) {
        const char *text = llw_rich_show(b->r->arena, &words->items[i]);
        if (!strcasecmp(text, "call")) {
            i++;
        } else if (!strcasecmp(text, "start")) {
            i += title ? 2 : 1;
            while (i < words->n && *llw_rich_show(b->r->arena, &words->items[i]) == '/') i++;
        } else {
            break;
        }
    }
    for (; i < words->n; i++) llw_words_push(b->r->arena, &out, words->items[i]);
    return out;
}

static void run_words(batch *b, const llw_words *words, const llw_rich *line, int last_line) {
    llw_start_site site = {.file = b->file->path,
                           .directory = b->file->directory,
                           .set = b->set,
                           .default_origin = "shell default"};
    size_t n = b->starts.n;
    llw_start_words(b->r, &site, words, &b->names, &b->starts);
    for (; n < b->starts.n; n++) {
        llw_start *s = &b->starts.items[n];
        if (s->line) continue;
        s->file = b->file->path;
        s->line = line->chars[0].line;
        s->column = line->chars[0].column;
        s->last_line = last_line;
    }
}

/* Commands between & and |, one after the other. */
static void run(batch *b, const llw_rich *line, int last_line) {
    llw_rich text = expand(b, line);
    const char *shown = llw_rich_show(b->r->arena, line);
    const char *quote = strchr(shown, '"');
    bool title =
        !strncasecmp(shown, "start", 5) && quote && strspn(shown + 5, " \t") == (size_t)(quote - shown - 5);
    for (size_t at = 0; at < text.n; title = false) {
        llw_words words = split(b, &text, &at);
        words = without_starters(b, &words, title);
        run_words(b, &words, line, last_line);
    }
}

static void statement(batch *b, llw_rich line, int last_line) {
    line = llw_rich_trim(&line);
    bool certain = b->brackets == 0;
    for (;;) {
        const char *text = llw_rich_show(b->r->arena, &line);
        size_t skip = strspn(text, "@( \t");
        for (size_t i = 0; i < skip; i++) b->brackets += text[i] == '(';
        line = llw_rich_slice(&line, skip, line.n);
        text += skip;
        if (!line.n || !strncmp(text, "::", 2) || !strncasecmp(text, "rem ", 4) || *text == ':') return;
        if (*text == ')') {
            b->brackets -= b->brackets > 0;
            line = llw_rich_slice(&line, 1, line.n);
            line = llw_rich_trim(&line);
            certain = false;
            continue;
        }
        if (!strncasecmp(text, "if ", 3) || !strncasecmp(text, "else", 4) || !strncasecmp(text, "for ", 4)) {
            const char *set = strcasestr(text, "set ");
            int open = 0; /* brackets that are not closed before the set */
            for (const char *c = text; *c && (!set || c < set); c++) open += (*c == '(') - (*c == ')');
            b->brackets += open > 0 ? open : 0;
            if (!set) return;
            line = llw_rich_slice(&line, (size_t)(set - text), line.n);
            certain = false;
            continue;
        }
        if (!strncasecmp(text, "set ", 4)) {
            llw_rich rest = llw_rich_slice(&line, 4, line.n);
            set_variable(b, &rest, certain);
            return;
        }
        run(b, &line, last_line);
        return;
    }
}

void llw_front_batch(llw_config_reader *r, llw_config_set *set, const llw_config_file *file) {
    batch b = {.r = r,
               .file = file,
               .set = set,
               .names = {.arena = r->arena},
               .variable = llw_link_new(r->arena, file->path, "batch variable", true)};
    llw_rich text = llw_config_text(r, file, "batch file"), line = {0};
    for (size_t at = 0; at < text.n;) {
        size_t to = at;
        while (to < text.n && text.chars[to].byte != '\n') to++;
        llw_rich part = llw_rich_slice(&text, at, to);
        bool more = part.n && part.chars[part.n - 1].byte == '^';
        if (more) part.n--;
        llw_rich_append(r->arena, &line, &part);
        int number = text.chars[at].line;
        at = to + 1;
        if (more && at < text.n) continue;
        if (line.n) statement(&b, line, number);
        line = (llw_rich){0};
    }
    llw_front_starts(r, file, &b.starts);
}
