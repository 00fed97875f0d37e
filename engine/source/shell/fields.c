/* Which words a word of a script becomes: by IFS where expansions stand out of quotes, by the elements of
 * "$@" and its like, by file names. */
#include "source/shell/shell.h"

#include <string.h>

/* The bytes that part words; NULL when nobody knows them. */
static const char *separators(llw_shell *s) {
    const llw_variable *v = llw_scope_get(&s->now.vars, "IFS");
    if (!v) return " \t\n";
    return v->list || v->open ? NULL : llw_rich_text(s->r->arena, &v->value);
}

bool llw_shell_between(llw_shell *s, bool apart, bool quoted, llw_char *c) {
    const char *ifs = separators(s);
    bool joined = quoted && !apart;
    *c = s->script->chars[s->at];
    c->whole = quoted;
    c->mark = joined ? LLW_MARK_NONE : LLW_MARK_ELEMENT;
    c->unknown = !apart && (!ifs || (!*ifs && !joined));
    c->byte = c->unknown ? '?' : apart || !*ifs ? ' ' : *ifs;
    return !joined || c->unknown || *ifs;
}

/* Between two elements of which one may be none. */
static bool is_open(const llw_rich *word, size_t i) {
    return word->chars[i].mark == LLW_MARK_ELEMENT &&
           ((i && word->chars[i - 1].mark == LLW_MARK_ANY) ||
            (i + 1 < word->n && word->chars[i + 1].mark == LLW_MARK_ANY));
}

void llw_shell_keep_whole(llw_rich *word) {
    size_t n = 0;
    for (size_t i = 0; i < word->n; i++)
        if (word->chars[i].mark != LLW_MARK_QUOTES) word->chars[n++] = word->chars[i];
    word->n = n;
    for (size_t i = 0; i < n; i++) {
        if (!is_open(word, i)) continue;
        word->chars[i].unknown = true;
        word->chars[i].byte = '?';
    }
    for (size_t i = 0; i < n; i++) {
        word->chars[i].whole = word->chars[i].unknown;
        word->chars[i].mark = LLW_MARK_NONE;
    }
}

/* -ot exps.*=CPU matches no file and stays as it is. */
static bool names_a_file(const llw_rich *word) {
    for (size_t i = 0; i < word->n; i++)
        if (word->chars[i].byte == '/') return true;
    static const char suffix[] = ".gguf";
    size_t n = sizeof suffix - 1;
    for (size_t i = 0; i < n && word->n >= n; i++)
        if (word->chars[word->n - n + i].byte != suffix[i]) return false;
    return word->n >= n;
}

static bool is_split(const llw_char *c) {
    return !c->whole && !c->unknown;
}

/* A pattern for file names came from an expansion. */
static bool may_match(const llw_rich *field) {
    for (size_t i = 0; i < field->n; i++) {
        const llw_char *c = &field->chars[i];
        if (is_split(c) && c->byte && strchr("*?[", c->byte)) return names_a_file(field);
    }
    return false;
}

typedef struct splitter {
    llw_shell *s;
    llw_rich *word; /* its bytes [from, to) are the field, marks gone */
    llw_words *out;
    size_t from, to;
    bool joins;  /* an element that may be none stands beside other text */
    bool quotes; /* stood in the field: it is a word even when empty */
    bool blank;  /* ended the field before */
} splitter;

static void end_field(splitter *f, bool always) {
    llw_rich field = llw_rich_slice(f->word, f->from, f->to);
    if (may_match(&field)) field = llw_shell_unknown(f->s);
    for (size_t i = f->from; i < f->to; i++) {
        f->joins |= f->word->chars[i].mark == LLW_MARK_ANY && field.n > 1;
        f->word->chars[i].mark = LLW_MARK_NONE;
    }
    if (field.n || f->quotes || always) llw_words_push(f->s->r->arena, f->out, field);
    f->from = f->to;
    f->quotes = f->blank = false;
}

/* A byte of IFS: blanks around another one belong to it, and alone they make no empty word. */
static void separate(splitter *f, char c) {
    bool blank = strchr(" \t\n", c) != NULL, empty = f->to == f->from && !f->quotes;
    if (blank && empty) return;
    if (!blank && empty && f->blank)
        f->blank = false;
    else
        end_field(f, !blank);
    f->blank = blank;
}

static void split(llw_shell *s, llw_rich *word, llw_words *out) {
    splitter f = {.s = s, .word = word, .out = out};
    size_t before = out->n;
    const char *ifs = NULL;
    bool several = false;
    for (size_t i = 0; i < word->n; i++) {
        llw_char c = word->chars[i];
        bool element = c.mark == LLW_MARK_ELEMENT, splits = !c.whole && (!c.unknown || element);
        if (splits && !ifs && !(ifs = separators(s))) {
            llw_words_push(s->r->arena, out, llw_shell_unknown(s));
            return;
        }
        several |= element;
        if (element && (c.whole || !*ifs)) {
            end_field(&f, false);
        } else if (element) { /* out of quotes a list is split as if the first byte of IFS stood there */
            separate(&f, *ifs);
        } else if (c.mark == LLW_MARK_QUOTES) {
            f.quotes = true;
        } else if (is_split(&c) && c.byte && strchr(ifs, c.byte)) {
            separate(&f, c.byte);
        } else {
            word->chars[f.to++] = c;
        }
    }
    end_field(&f, false);
    if (!f.joins || !several) return;
    out->n = before; /* which elements the text around the list stands at */
    llw_words_push(s->r->arena, out, llw_shell_unknown(s));
}

void llw_shell_fields(llw_shell *s, llw_words *out) {
    llw_rich word = llw_shell_marked_word(s);
    if (s->word_braces || (s->word_glob && names_a_file(&word)))
        llw_words_push(s->r->arena, out, llw_shell_unknown(s));
    else
        split(s, &word, out);
}
