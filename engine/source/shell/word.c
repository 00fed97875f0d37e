/* Words of a shell script: quotes, escapes, parameters, lists; every byte keeps the place where it was
 * written. */
#include "source/shell/shell.h"

#include <ctype.h>
#include <string.h>

/* Compared by address: what an unknown byte stands for, and defaults of $1. */
static const char unset_origin[] = "a variable that nobody sets";
static const char argument_origin[] = "an argument of the script";
static const char count_origin[] = "how many arguments the script has";
static const char argument_default[] = "shell default";

typedef struct level {   /* the word of a ${NAME:-word} that is being read */
    char quote;          /* around the ${...} */
    const char *assign;  /* NAME of := */
    size_t start, close; /* of what the word gives; where its } stands */
    const char *origin;
} level;

typedef struct reader {
    llw_shell *s;
    llw_rich *out;
    char quote;
    bool *quoted, dry;
    bool vanishes;   /* "$@" of none stood in these quotes */
    size_t quote_at; /* what was read when they began */
    int quote_level;
    level levels[LLW_MAX_NESTING];
    int n_levels;
    const llw_link *last, *link; /* links of default text */
    const char *link_origin;
} reader;

bool llw_shell_running(const llw_shell *s) {
    if (s->now.dead) return false;
    return !s->n_frames || s->frames[s->n_frames - 1].active || s->frames[s->n_frames - 1].testing;
}

void llw_shell_skip_blanks(llw_shell *s) {
    for (; s->at < s->end; s->at++) {
        char c = llw_shell_byte(s, s->at);
        if (c == '\\' && llw_shell_byte(s, s->at + 1) == '\n') {
            s->at++;
            continue;
        }
        if (c == '#') {
            while (s->at < s->end && llw_shell_byte(s, s->at) != '\n') s->at++;
            return;
        }
        if (c != ' ' && c != '\t' && c != '\r') return;
    }
}

llw_rich llw_shell_unknown(llw_shell *s) {
    llw_rich out = {0};
    const llw_char *at =
        s->script->n ? &s->script->chars[s->at < s->script->n ? s->at : s->script->n - 1] : NULL;
    llw_rich_unknown(s->r->arena, &out, at, NULL);
    out.chars[0].whole = false;
    return out;
}

bool llw_shell_may_be_several(const llw_words *words, size_t n) {
    for (size_t k = 0; k < n && k < words->n; k++)
        for (size_t i = 0; i < words->items[k].n; i++)
            if (words->items[k].chars[i].unknown && !words->items[k].chars[i].whole) return true;
    return false;
}

bool llw_shell_may_be_none(const llw_rich *word) {
    for (size_t i = 0; i < word->n; i++)
        if (!word->chars[i].unknown || word->chars[i].whole) return false;
    return word->n > 0;
}

static bool has_origin(const llw_char *c, const char *origin) {
    return c->link && c->link->origin == origin;
}

bool llw_shell_is_missing(const llw_rich *word) {
    return word->n == 1 && word->chars[0].unknown &&
           (has_origin(&word->chars[0], unset_origin) || has_origin(&word->chars[0], argument_origin));
}

bool llw_shell_is_count(const llw_rich *word) {
    return word->n == 1 && word->chars[0].unknown && has_origin(&word->chars[0], count_origin);
}

bool llw_shell_is_argument(const llw_rich *word) {
    for (size_t i = 0; i < word->n; i++)
        if (has_origin(&word->chars[i], argument_origin) || has_origin(&word->chars[i], argument_default))
            return true;
    return false;
}

void llw_shell_choice(llw_shell *s, const char *text) {
    if (!text || !*text || *text == '-' || strpbrk(text, "*?[") || s->n_choices == LLW_SHELL_CHOICES) return;
    for (size_t i = 0; i < s->n_choices; i++)
        if (!strcmp(s->choices[i], text)) return;
    s->choices[s->n_choices++] = text;
}

/* --- pieces --- */

static void add_unknown(reader *w, const char *origin) {
    llw_shell *s = w->s;
    const llw_char *at = &s->script->chars[s->at];
    llw_char c = {'?', true, w->quote != 0, LLW_MARK_NONE, at->line, at->column, at->link};
    if (origin) c.link = llw_link_new(s->r->arena, at->link ? at->link->file : s->site->file, origin, false);
    llw_rich_push(s->r->arena, w->out, c);
}

/* The byte at s->at as it is; in a default it belongs to whoever wrote the default. */
static void add_byte(reader *w) {
    llw_shell *s = w->s;
    llw_char c = s->script->chars[s->at++];
    if (s->first)
        s->first--;
    else if (s->r->reread)
        s->r->reread--;
    c.whole = true;
    if (w->n_levels) {
        const char *origin = w->levels[w->n_levels - 1].origin;
        if (!w->quote) c.whole = c.unknown;
        if (c.link && (c.link != w->last || origin != w->link_origin)) {
            w->last = c.link;
            w->link_origin = origin;
            w->link = llw_link_new(s->r->arena, c.link->file, origin, true);
        }
        if (c.link) c.link = w->link;
    }
    llw_rich_push(s->r->arena, w->out, c);
}

static void add_value(reader *w, const llw_rich *value, const llw_token *lost, bool element) {
    llw_shell *s = w->s;
    if (value->n > s->r->budget) {
        llw_config_unread(s->r, s->site->file, s->script->chars[s->at].line,
                          "the values of variables grow beyond 1 MiB");
        add_unknown(w, NULL);
        return;
    }
    s->r->budget -= value->n;
    bool any = element && llw_shell_may_be_none(value);
    llw_rich kept = lost ? llw_rich_over(s->r->arena, value, lost) : *value;
    for (size_t i = 0; i < kept.n; i++) {
        llw_char c = kept.chars[i];
        c.whole = w->quote && !(element && c.unknown && !c.whole);
        c.mark = any ? LLW_MARK_ANY : LLW_MARK_NONE;
        llw_rich_push(s->r->arena, w->out, c);
    }
}

/* Quotes are a word even when nothing stands in them. */
static void add_quotes(reader *w) {
    llw_char c = w->s->script->chars[w->s->at];
    c.whole = true;
    c.unknown = false;
    c.mark = LLW_MARK_QUOTES;
    llw_rich_push(w->s->r->arena, w->out, c);
}

/* "$@" of none is no word, unless something else stands in its quotes. */
static void vanish(reader *w) {
    w->vanishes |= w->quote && w->n_levels == w->quote_level;
}

/* $@ and $*, and the elements of a list. */
static void add_list(reader *w, const llw_words *list, bool apart) {
    llw_char between;
    bool any = llw_shell_between(w->s, apart, w->quote != 0, &between);
    if (!list->n && apart) vanish(w);
    if (w->quote && !apart && llw_shell_may_be_several(list, list->n)) { /* nor how many stand between */
        add_unknown(w, NULL);
        return;
    }
    for (size_t i = 0; i < list->n; i++) {
        if (i && any) llw_rich_push(w->s->r->arena, w->out, between);
        if (w->quote) add_quotes(w);
        add_value(w, &list->items[i], NULL, true);
    }
}

/* What stands between two backticks, with the backslashes gone that keep bytes from them. */
static llw_rich between_backticks(llw_shell *s, size_t from, size_t to) {
    llw_rich out = {0};
    for (size_t i = from; i < to; i++) {
        char next = llw_shell_byte(s, i + 1);
        if (llw_shell_byte(s, i) == '\\' && next && strchr("$`\\", next) && i + 1 < to) i++;
        llw_rich_push(s->r->arena, &out, s->script->chars[i]);
    }
    return out;
}

/* $(...) and backticks: what they print is not known, but where a program was looked up, its name is; what
 * they start is read afterwards. */
static void substitution(reader *w, llw_rich inside) {
    llw_shell *s = w->s;
    add_unknown(w, NULL);
    const char *text = llw_rich_show(s->r->arena, &inside);
    const char *program = llw_shell_looked_up(s->r->arena, text);
    for (const char *at = program ? "/" : ""; *at; at = *at == '/' ? program : at + 1) {
        llw_char c = w->out->chars[w->out->n - 1];
        c.byte = *at;
        c.unknown = false;
        llw_rich_push(s->r->arena, w->out, c);
    }
    s->substituted = true;
    if (w->dry || !strstr(text, "llama") || s->n_queue == LLW_SHELL_QUEUE) return;
    llw_rich *queued = llw_arena_alloc(s->r->arena, sizeof *queued);
    *queued = inside;
    s->queue[s->n_queue++] = queued;
}

/* --- ${...} --- */

static void add_found(reader *w, const llw_parameter_value *v, const llw_token *lost) {
    llw_shell *s = w->s;
    if (v->list) {
        add_list(w, v->list, v->apart);
        return;
    }
    if (v->set && v->text->n == 1 && v->text->chars[0].byte == '~' && !v->text->chars[0].link) { /* $HOME */
        llw_rich here = {0};
        llw_char c = s->script->chars[s->at];
        c.byte = '~';
        llw_rich_push(s->r->arena, &here, c);
        add_value(w, &here, NULL, false);
        return;
    }
    if (v->set)
        add_value(w, v->text, lost, false);
    else if (v->unknown)
        add_unknown(w, v->unset_argument ? argument_origin : unset_origin);
}

/* The default that a set variable leaves unused, as a rival; NULL when it is not plain text. */
static const llw_token *unused_default(reader *w, const llw_parameter *p) {
    llw_shell *s = w->s;
    llw_rich text = {0};
    const llw_link *from = s->script->chars[s->at].link;
    const llw_link *link =
        llw_link_new(s->r->arena, from ? from->file : s->site->file, argument_default, true);
    for (size_t i = p->word; i < p->close; i++) {
        llw_char c = s->script->chars[i];
        if (c.unknown || c.byte == '$' || c.byte == '`') return NULL;
        if (c.byte == '"' || c.byte == '\'') continue;
        c.link = link;
        llw_rich_push(s->r->arena, &text, c);
    }
    if (!text.n) return NULL;
    llw_token *token = llw_arena_alloc(s->r->arena, sizeof *token);
    *token = llw_rich_token(s->r->arena, &text, NULL);
    return token;
}

/* Goes into the word of ${NAME:-word}. */
static void enter_word(reader *w, const llw_parameter *p, const llw_parameter_value *v) {
    llw_shell *s = w->s;
    if (w->n_levels == LLW_MAX_NESTING) {
        add_unknown(w, NULL);
        s->at = p->close + 1;
        return;
    }
    w->levels[w->n_levels++] =
        (level){w->quote, p->op == '=' && !isdigit((unsigned char)*p->name) ? p->name : NULL, w->out->n,
                p->close, v->unset_argument ? argument_default : s->site->default_origin};
    s->at = p->word;
}

static void braces(reader *w) {
    llw_shell *s = w->s;
    llw_parameter p = llw_shell_parameter(s, s->at);
    if (w->dry || p.op == '~' || !p.name) {
        add_unknown(w, NULL);
        bool list = p.indexed || (p.name && (*p.name == '@' || *p.name == '*'));
        if (list) w->out->chars[w->out->n - 1].whole = false; /* "${A[@]:1}" */
        s->at = p.close + 1 > s->end ? s->end : p.close + 1;
        return;
    }
    llw_parameter_value v = llw_shell_value(s, &p);
    bool empty = v.list ? !v.list->n : !v.text->n;
    bool missing =
        !v.set ? true : p.colon && empty; /* nobody set it where we could see: the default counts */
    if (s->testing && !s->asked && p.op == '-' && p.word == p.close && !v.set && v.unknown) {
        add_found(w, &v, NULL); /* [ -z "${NAME:-}" ] asks whether somebody sets it, as "$NAME" does */
        s->at = p.close + 1;
        return;
    }
    if (p.op == '-' && missing && s->asked && v.unknown && p.word == p.close) { /* ${MODEL:-} */
        add_unknown(w, NULL);
        s->at = p.close + 1;
        return;
    }
    if ((p.op == '-' || p.op == '=') && missing) {
        enter_word(w, &p, &v);
        return;
    }
    if (p.op == '+') {
        if ((!v.set && v.unknown) || v.open) /* whether it has a value is not known */
            add_unknown(w, NULL);
        else if (!missing) {
            enter_word(w, &p, &v);
            return;
        } else if (v.apart)
            vanish(w);
        s->at = p.close + 1;
        return;
    }
    add_found(w, &v, p.op == '-' && p.colon ? unused_default(w, &p) : NULL);
    bool all = p.indexed && (llw_rich_is(&p.index, "@") || llw_rich_is(&p.index, "*"));
    if (all && v.unknown && w->out->n) w->out->chars[w->out->n - 1].whole = false; /* it may be a list */
    s->at = p.close + 1;
}

/* The } behind the word of a default. */
static void leave_word(reader *w) {
    llw_shell *s = w->s;
    level l = w->levels[--w->n_levels];
    w->quote = l.quote;
    if (s->at == l.close) s->at++;
    if (!l.assign || w->dry) return;
    llw_rich slice = llw_rich_slice(w->out, l.start, w->out->n), copy = {0};
    llw_rich_append(s->r->arena, &copy, &slice);
    llw_token place = llw_rich_token(s->r->arena, &copy, NULL);
    llw_shell_assign(s, l.assign, &copy, place);
}

/* \ and what stands behind it in $'...', with s->at on the former. Beyond single letters nobody knows. */
static void escape(reader *w) {
    static const char letters[] = "abeEfnrtv\\'\"?", bytes[] = "\a\b\033\033\f\n\r\t\v\\'\"?";
    llw_shell *s = w->s;
    char c = llw_shell_byte(s, s->at + 1);
    const char *known = c ? strchr(letters, c) : NULL;
    if (known) {
        s->at++;
        add_byte(w);
        w->out->chars[w->out->n - 1].byte = bytes[known - letters];
        return;
    }
    if (c && (strchr("xuUc", c) || (c >= '0' && c <= '7'))) {
        add_unknown(w, NULL);
        s->at += 2;
        while (isxdigit((unsigned char)llw_shell_byte(s, s->at))) s->at++;
        return;
    }
    add_byte(w); /* the backslash stays */
}

static void ansi_quoted(reader *w) { /* $'...' */
    llw_shell *s = w->s;
    for (s->at += 2; s->at < s->end && llw_shell_byte(s, s->at) != '\'';)
        if (llw_shell_byte(s, s->at) == '\\' && s->at + 1 < s->end)
            escape(w);
        else
            add_byte(w);
    *w->quoted = true;
    if (s->at == s->end) return;
    add_quotes(w);
    s->at++;
}

static void dollar(reader *w) {
    llw_shell *s = w->s;
    char next = llw_shell_byte(s, s->at + 1);
    if (next == '(') {
        size_t end = llw_shell_behind(s, s->at + 1, s->end);
        bool sum = llw_shell_byte(s, s->at + 2) == '(';
        llw_rich inside = llw_rich_slice(s->script, s->at + 3, end);
        if (sum && !w->dry) llw_shell_compute(s, &inside);
        substitution(w, sum ? (llw_rich){0} : llw_rich_slice(s->script, s->at + 2, end));
        s->at = end;
        return;
    }
    if (next == '{') {
        braces(w);
        return;
    }
    if (next == '\'' && !w->quote) {
        ansi_quoted(w);
        return;
    }
    if (next == '"' && !w->quote) {
        s->at++;
        return;
    }
    llw_parameter p = {0};
    size_t end = s->at + 1;
    if (next == '@' || next == '*' || isdigit((unsigned char)next))
        end++;
    else
        while (llw_shell_name_byte(llw_shell_byte(s, end))) end++;
    if (end == s->at + 1) {
        if (next && strchr("#?!$-", next)) {
            add_unknown(w, next == '#' && !s->asked ? count_origin : NULL);
            s->at += 2;
        } else {
            add_byte(w);
        }
        return;
    }
    if (!w->dry) {
        p.name = llw_shell_slice(s, s->at + 1, end);
        llw_parameter_value v = llw_shell_value(s, &p);
        add_found(w, &v, NULL);
    }
    s->at = end;
}

static void begin_quotes(reader *w, char quote) {
    w->quote = quote;
    *w->quoted = true;
    w->vanishes = false;
    w->quote_at = w->out->n;
    w->quote_level = w->n_levels;
    w->s->at++;
}

static void end_quotes(reader *w) {
    w->quote = 0;
    bool known = w->out->n == w->quote_at && !w->vanishes;
    for (size_t i = w->quote_at; i < w->out->n; i++) known |= !w->vanishes || !w->out->chars[i].unknown;
    if (known) add_quotes(w);
    for (size_t i = w->quote_at; !known && i < w->out->n; i++) w->out->chars[i].whole = false;
    w->s->at++;
}

/* The backslash at s->at and the byte that it keeps. */
static void escaped(reader *w) {
    llw_shell *s = w->s;
    char next = llw_shell_byte(s, s->at + 1);
    bool brace = w->n_levels && w->levels[w->n_levels - 1].quote; /* "${A:-\}}" */
    bool stays = w->quote && next && !strchr(brace ? "$`\"\\}\n" : "$`\"\\\n", next);
    if (stays)
        add_byte(w);
    else if (++s->at < s->end && next == '\n')
        s->at++;
    else if (s->at < s->end) {
        add_byte(w);
        w->out->chars[w->out->n - 1].whole = true;
    }
}

static llw_rich marked_word(llw_shell *s, bool *quoted) {
    llw_rich out = {0};
    reader w = {.s = s, .out = &out, .quoted = quoted, .dry = !llw_shell_running(s) || s->next == LLW_NO};
    bool glob = false, list = false, open = false, several = false;
    *quoted = false;
    s->word_asked = false;
    while (s->at < s->end) {
        char c = llw_shell_byte(s, s->at);
        if (!w.quote && !w.n_levels && c && strchr(" \t\n;&|<>()", c)) break;
        if (w.n_levels && s->at >= w.levels[w.n_levels - 1].close) {
            leave_word(&w);
        } else if (c == '"' && w.n_levels && w.levels[w.n_levels - 1].quote == '"') {
            s->at++; /* "${A:-"b"}": still inside the outer ones */
        } else if (c == w.quote && w.quote) {
            end_quotes(&w);
        } else if (!w.quote && (c == '"' || c == '\'')) {
            begin_quotes(&w, c);
        } else if (c == '\\' && w.quote != '\'') {
            escaped(&w);
        } else if (c == '$' && w.quote != '\'') {
            dollar(&w);
        } else if (c == '`' && w.quote != '\'') {
            size_t end = llw_shell_behind(s, s->at, s->end);
            substitution(&w, between_backticks(s, s->at + 1, end - (llw_shell_byte(s, end - 1) == '`')));
            s->at = end;
        } else {
            if (!w.quote && !w.n_levels) {
                glob |= c == '*' || c == '?' || c == '[';
                bool range = c == '.' && llw_shell_byte(s, s->at + 1) == '.';
                open |= c == '{';
                several |= open && (c == ',' || range);
                list |= several && c == '}';
            }
            add_byte(&w);
        }
    }
    s->word_glob = glob;
    s->word_braces = list;
    return out;
}

llw_rich llw_shell_marked_word(llw_shell *s) {
    bool quoted = false;
    return marked_word(s, &quoted);
}

llw_rich llw_shell_word(llw_shell *s, bool *quoted) {
    llw_rich word = marked_word(s, quoted);
    llw_shell_keep_whole(&word);
    return word;
}
