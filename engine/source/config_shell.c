/* A /bin/sh script on paper: assignments, [ tests, if, && and ||, until a llama.cpp program is started.
 *
 * Nothing is run. Words keep the places of the values they came from, so that ARGS="${ARGS} -ngl ${LAYERS}"
 * leads back to whoever set LAYERS. Loops, functions, pipes into other commands and command substitution are
 * beyond this: a substitution makes its word unknown, the rest is noted and reading goes on behind it. */
#include "source/config_parts.h"

#include <ctype.h>
#include <string.h>

enum { MAX_IFS = 16, MAX_COMMANDS = 2000 };

typedef enum truth { NO, YES, MAYBE } truth;

typedef struct branch {
    bool active;  /* commands of this branch run */
    bool taken;   /* some branch of this if ran already */
    bool outer;   /* the if itself is reached */
    bool testing; /* between if and then */
} branch;

typedef struct shell {
    llw_config_reader *r;
    const char *file;
    const llw_rich *script;
    const llw_words *arguments; /* "$@" */
    size_t at;
    llw_scope *env;
    llw_lowered *out;
    branch ifs[MAX_IFS];
    int n_ifs;
    truth status; /* of the last command */
} shell;

static char byte(const shell *s, size_t i) {
    return i < s->script->n && !s->script->chars[i].unknown ? s->script->chars[i].byte : 0;
}

static int line_here(const shell *s) {
    if (!s->script->n) return 0;
    return s->script->chars[s->at < s->script->n ? s->at : s->script->n - 1].line;
}

static bool running(const shell *s) {
    return !s->n_ifs || s->ifs[s->n_ifs - 1].active || s->ifs[s->n_ifs - 1].testing;
}

static void skip_blanks(shell *s) {
    for (;; s->at++) {
        char c = byte(s, s->at);
        if (c == '\\' && byte(s, s->at + 1) == '\n') {
            s->at++;
            continue;
        }
        if (c == '#') {
            while (s->at < s->script->n && byte(s, s->at) != '\n') s->at++;
            if (s->at >= s->script->n) return;
            s->at--;
            continue;
        }
        if (c != ' ' && c != '\t') return;
    }
}

/* Behind the bracket that closes the one at `i`; quotes hide brackets. */
static size_t behind_bracket(const shell *s, size_t i, char open, char close) {
    int depth = 0;
    char quote = 0;
    for (; i < s->script->n; i++) {
        char c = byte(s, i);
        if (quote) {
            if (c == '\\' && quote == '"') i++;
            if (c == quote) quote = 0;
            continue;
        }
        if (c == '"' || c == '\'') quote = c;
        if (c == open) depth++;
        if (c == close && --depth == 0) return i + 1;
    }
    return s->script->n;
}

static void substitution(shell *s, size_t end, llw_rich *word) {
    llw_rich_unknown(s->r->arena, word, &s->script->chars[s->at], NULL);
    s->at = end;
}

/* Whether the script itself assigns the variable at `from` somewhere: then it is known to be unset until it
 * does. */
static bool is_own(const shell *s, size_t from) {
    size_t len = 0;
    if (byte(s, from) == '{') from++;
    while (isalnum((unsigned char)byte(s, from + len)) || byte(s, from + len) == '_') len++;
    for (size_t i = 0; len && i + len < s->script->n; i++) {
        if (i && (isalnum((unsigned char)byte(s, i - 1)) || byte(s, i - 1) == '_' || byte(s, i - 1) == '$'))
            continue;
        size_t n = 0;
        while (n < len && byte(s, i + n) == byte(s, from + n)) n++;
        if (n == len && byte(s, i + len) == '=') return true;
    }
    return false;
}

/* A $ at s->at, inside double quotes or not. */
static void dollar(shell *s, bool quoted, llw_rich *word) {
    char next = byte(s, s->at + 1);
    if (next == '(') {
        substitution(s, behind_bracket(s, s->at + 1, '(', ')'), word);
        return;
    }
    if (next && strchr("@*", next)) { /* arguments of the script: none */
        s->at += 2;
        return;
    }
    if (next && (isdigit((unsigned char)next) || strchr("#?!$-", next))) {
        substitution(s, s->at + 2, word);
        return;
    }
    llw_expander ex = {.scope = s->env,
                       .budget = &s->r->budget,
                       .dialect = LLW_DIALECT_SHELL,
                       .default_origin = "shell default",
                       .unset_is_empty = is_own(s, s->at + 1)};
    size_t end = llw_expand_parameter(s->r->arena, &ex, s->script, s->at, quoted, word);
    if (ex.error) llw_config_unread(s->r, s->file, ex.error_line, "%s", ex.error);
    if (end > s->at) {
        s->at = end;
        return;
    }
    llw_char c = s->script->chars[s->at++];
    c.whole = true;
    llw_rich_push(s->r->arena, word, c);
}

static void add_byte(shell *s, llw_rich *word) {
    llw_char c = s->script->chars[s->at++];
    c.whole = true;
    llw_rich_push(s->r->arena, word, c);
}

/* One word with its expansions; blanks that came out of unquoted variables still separate (llw_char.whole is
 * false there). *quoted says that it had quotes, so that it is a word even when empty. */
static llw_rich read_word(shell *s, bool *quoted) {
    llw_rich word = {0};
    char quote = 0;
    *quoted = false;
    while (s->at < s->script->n) {
        char c = byte(s, s->at);
        if (!quote && c && strchr(" \t\n;&|<>()", c)) break;
        if (c == quote && quote) {
            quote = 0;
            s->at++;
        } else if (!quote && (c == '"' || c == '\'')) {
            quote = c;
            *quoted = true;
            s->at++;
        } else if (c == '\\' && quote != '\'') {
            char next = byte(s, s->at + 1);
            s->at++;
            if (next == '\n')
                s->at++;
            else if (quote == '"' && next && !strchr("$`\"\\", next)) {
                s->at--;
                add_byte(s, &word);
            } else if (s->at < s->script->n)
                add_byte(s, &word);
        } else if (c == '$' && quote != '\'') {
            dollar(s, quote == '"', &word);
        } else if (c == '`' && quote != '\'') {
            size_t end = s->at + 1;
            while (end < s->script->n && byte(s, end) != '`') end++;
            substitution(s, end < s->script->n ? end + 1 : end, &word);
        } else {
            add_byte(s, &word);
        }
    }
    return word;
}

/* Field splitting: blanks that may separate do. */
static void split(shell *s, const llw_rich *word, bool quoted, llw_words *out) {
    size_t from = 0;
    bool any = false;
    for (size_t i = 0; i <= word->n; i++) {
        bool end = i == word->n,
             gap = !end && !word->chars[i].whole && isspace((unsigned char)word->chars[i].byte);
        if (!end && !gap) continue;
        if (i > from) {
            llw_words_push(s->r->arena, out, llw_rich_slice(word, from, i));
            any = true;
        }
        from = i + 1;
    }
    if (!any && quoted) llw_words_push(s->r->arena, out, (llw_rich){0});
}

/* NAME= in front of a word: the length of the name, or 0. Quotes in the name make it no assignment. */
static size_t assignment(const shell *s) {
    size_t i = s->at;
    if (!(isalpha((unsigned char)byte(s, i)) || byte(s, i) == '_')) return 0;
    while (isalnum((unsigned char)byte(s, i)) || byte(s, i) == '_') i++;
    return byte(s, i) == '=' ? i - s->at : 0;
}

static void assign(shell *s, size_t name_len) {
    llw_rich slice = llw_rich_slice(s->script, s->at, s->at + name_len);
    const char *name = llw_rich_show(s->r->arena, &slice);
    llw_token place = llw_rich_token(s->r->arena, &slice, NULL);
    place.lost = NULL;
    s->at += name_len + 1;
    bool quoted = false;
    llw_rich value = read_word(s, &quoted);
    if (!running(s)) return;
    for (size_t i = 0; i < value.n; i++) value.chars[i].whole = value.chars[i].unknown;
    llw_scope_assign(s->env, name, &value, place);
    s->status = YES;
}

/* "$@" or $@ as a whole word: its length in the script, or 0. */
static size_t all_arguments(const shell *s) {
    static const char *const forms[] = {"\"$@\"", "$@", "\"${@}\"", "${@}", "$*"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        size_t len = strlen(forms[i]), n = 0;
        while (n < len && byte(s, s->at + n) == forms[i][n]) n++;
        char next = byte(s, s->at + len);
        if (n == len && (!next || strchr(" \t\n;&|)", next))) return len;
    }
    return 0;
}

/* The words of one simple command. Redirections are dropped with their targets. */
static void read_command(shell *s, llw_words *words) {
    for (;;) {
        skip_blanks(s);
        char c = byte(s, s->at);
        if (!c && s->at < s->script->n && !s->script->chars[s->at].unknown) s->at++; /* a NUL in the file */
        if (s->at >= s->script->n || (c && strchr("\n;&|()", c))) {
            if (c == '&' && byte(s, s->at + 1) == '>') { /* &> file */
                s->at++;
                continue;
            }
            return;
        }
        if (c == '<' || c == '>') {
            while (byte(s, s->at) == '<' || byte(s, s->at) == '>' || byte(s, s->at) == '&') s->at++;
            skip_blanks(s);
            bool quoted;
            read_word(s, &quoted);
            continue;
        }
        size_t name = words->n ? 0 : assignment(s);
        if (name) {
            assign(s, name);
            continue;
        }
        size_t before = s->at, all = all_arguments(s);
        if (all) {
            s->at += all;
            for (size_t i = 0; i < s->arguments->n; i++)
                llw_words_push(s->r->arena, words, s->arguments->items[i]);
            continue;
        }
        bool quoted = false;
        llw_rich word = read_word(s, &quoted);
        if (s->at == before) { /* nothing a word may start with */
            s->at++;
            continue;
        }
        bool digits = word.n == 1 && isdigit((unsigned char)word.chars[0].byte) &&
                      (byte(s, s->at) == '>' || byte(s, s->at) == '<');
        if (!digits) split(s, &word, quoted, words);
    }
}

static truth same(shell *s, const llw_rich *a, const llw_rich *b) {
    const char *x = llw_rich_text(s->r->arena, a), *y = llw_rich_text(s->r->arena, b);
    if (!x || !y) return MAYBE;
    return strcmp(x, y) ? NO : YES;
}

static truth not_empty(const llw_rich *w) {
    for (size_t i = 0; i < w->n; i++)
        if (w->chars[i].unknown) return w->n > 1 ? YES : MAYBE;
    return w->n ? YES : NO;
}

static truth turned(truth t) {
    return t == MAYBE ? MAYBE : t == YES ? NO : YES;
}

/* [ WORDS ] and test WORDS: -n, -z, =, ==, !=, one word, ! in front. */
static truth test(shell *s, const llw_rich *w, size_t n) {
    bool negative = false;
    while (n && llw_rich_is(&w[0], "!")) {
        negative = !negative;
        w++;
        n--;
    }
    truth t = MAYBE;
    if (n == 0)
        t = NO;
    else if (n == 1)
        t = not_empty(&w[0]);
    else if (n == 2 && llw_rich_is(&w[0], "-n"))
        t = not_empty(&w[1]);
    else if (n == 2 && llw_rich_is(&w[0], "-z"))
        t = turned(not_empty(&w[1]));
    else if (n == 3 && (llw_rich_is(&w[1], "=") || llw_rich_is(&w[1], "==") || llw_rich_is(&w[1], "-eq")))
        t = same(s, &w[0], &w[2]);
    else if (n == 3 && (llw_rich_is(&w[1], "!=") || llw_rich_is(&w[1], "-ne")))
        t = turned(same(s, &w[0], &w[2]));
    return negative ? turned(t) : t;
}

static bool is_one_of(const llw_rich *word, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (llw_rich_is(word, list[i])) return true;
    return false;
}

/* Words in front of the program that only change how it is started. */
static size_t skip_starters(llw_arena *arena, const llw_words *w, size_t i) {
    static const char *const starters[] = {"exec",   "nohup", "command", "env",    "nice", "ionice",
                                           "stdbuf", "time",  "sudo",    "setsid", "tini", "dumb-init"};
    while (i < w->n && is_one_of(&w->items[i], starters, sizeof starters / sizeof *starters)) {
        for (i++; i < w->n; i++) { /* their options, and env's assignments */
            const char *text = llw_rich_text(arena, &w->items[i]);
            if (!text || (*text != '-' && !strchr(text, '='))) break;
            if (!strcmp(text, "-n") && i + 1 < w->n) i++;
        }
    }
    return i;
}

static truth execute(shell *s, const llw_words *w) {
    static const char *const silent[] = {"set",   "echo",  "printf", ":",     "true",       "sleep",
                                         "cd",    "mkdir", "ls",     "cat",   "nvidia-smi", "exit",
                                         "chmod", "trap",  "ulimit", "umask", "wait"};
    size_t i = skip_starters(s->r->arena, w, 0);
    if (i >= w->n) return YES;
    const llw_rich *name = &w->items[i];
    if (llw_rich_is(name, "[") || llw_rich_is(name, "[[") || llw_rich_is(name, "test")) {
        size_t end = w->n;
        if (!llw_rich_is(name, "test") && end > i + 1) end--; /* the closing bracket */
        return test(s, name + 1, end - i - 1);
    }
    if (llw_rich_is(name, "export") || llw_rich_is(name, "local") || llw_rich_is(name, "readonly")) {
        for (i++; i < w->n; i++) {
            const char *text = llw_rich_show(s->r->arena, &w->items[i]), *equals = strchr(text, '=');
            if (!equals) continue;
            size_t len = (size_t)(equals - text);
            llw_rich value = llw_rich_slice(&w->items[i], len + 1, w->items[i].n),
                     key = llw_rich_slice(&w->items[i], 0, len);
            llw_token place = llw_rich_token(s->r->arena, &key, NULL);
            llw_scope_assign(s->env, llw_arena_strndup(s->r->arena, text, len), &value, place);
        }
        return YES;
    }
    if (llw_rich_is(name, "false")) return NO;
    if (is_one_of(name, silent, sizeof silent / sizeof *silent)) return YES;
    const char *program = llw_rich_text(s->r->arena, name);
    if (program && llw_program_find(program, &s->out->program)) {
        s->out->runs = true;
        s->out->program_token = llw_rich_token(s->r->arena, name, NULL);
        for (i++; i < w->n; i++) llw_words_push(s->r->arena, &s->out->words, w->items[i]);
    }
    return MAYBE;
}

static const char *const opening[] = {"for", "while", "until", "case", "function", "{", "(", "((", "select"};

/* if, then, elif, else, fi at the start of a command. True when the word was one of them. */
static bool keyword(shell *s) {
    static const char *const words[] = {"if", "then", "elif", "else", "fi"};
    size_t len = 0;
    while (isalpha((unsigned char)byte(s, s->at + len))) len++;
    char end = byte(s, s->at + len);
    if (!len || (end && !strchr(" \t\n;", end))) return false;
    llw_rich word = llw_rich_slice(s->script, s->at, s->at + len);
    size_t which = 0;
    while (which < 5 && !llw_rich_is(&word, words[which])) which++;
    if (which == 5) return false;
    branch *b = s->n_ifs ? &s->ifs[s->n_ifs - 1] : NULL;
    if (which && !b) return false;
    s->at += len;
    if (which == 0) {
        if (s->n_ifs == MAX_IFS) {
            llw_config_unread(s->r, s->file, line_here(s), "ifs are nested more than %d deep", MAX_IFS);
            s->at = s->script->n;
            return true;
        }
        bool outer = running(s);
        s->ifs[s->n_ifs++] = (branch){.outer = outer, .testing = outer};
    } else if (which == 1 || which == 3) {
        if (which == 1 && s->status == MAYBE && b->testing)
            llw_config_unread(s->r, s->file, line_here(s),
                              "which way this if goes is not known: read as if it did not hold");
        bool hold = which == 3 || s->status == YES;
        b->active = b->outer && !b->taken && (which == 3 || b->testing) && hold;
        b->taken |= b->active;
        b->testing = false;
    } else if (which == 2) {
        b->testing = b->outer && !b->taken;
        b->active = false;
    } else {
        s->n_ifs--;
    }
    return true;
}

/* Over a compound that is not read: to the word that ends it, or the end. */
static void skip_compound(shell *s) {
    llw_config_unread(s->r, s->file, line_here(s),
                      "loops, functions and groups of a shell script are not followed");
    int depth = 0;
    while (s->at < s->script->n) {
        size_t len = 0;
        while (isalpha((unsigned char)byte(s, s->at + len))) len++;
        llw_rich word = llw_rich_slice(s->script, s->at, s->at + len);
        if (llw_rich_is(&word, "for") || llw_rich_is(&word, "while") || llw_rich_is(&word, "until") ||
            llw_rich_is(&word, "case"))
            depth++;
        if ((llw_rich_is(&word, "done") || llw_rich_is(&word, "esac")) && --depth <= 0) {
            s->at += len;
            return;
        }
        char c = byte(s, s->at);
        if (!len && (c == '{' || c == '(')) depth++;
        if (!len && (c == '}' || c == ')') && --depth <= 0) {
            s->at++;
            return;
        }
        s->at += len ? len : 1;
    }
}

static bool starts_compound(const shell *s) {
    for (size_t i = 0; i < sizeof opening / sizeof *opening; i++) {
        size_t len = strlen(opening[i]);
        llw_rich word = llw_rich_slice(s->script, s->at, s->at + len);
        char end = byte(s, s->at + len);
        if (llw_rich_is(&word, opening[i]) &&
            (!isalpha((unsigned char)opening[i][0]) || !end || strchr(" \t\n", end)))
            return true;
    }
    return false;
}

/* What separates commands decides whether the next one runs. Returns false when it does not. */
static bool separator(shell *s) {
    char c = byte(s, s->at), next = byte(s, s->at + 1);
    if ((c == '&' && next == '&') || (c == '|' && next == '|')) {
        s->at += 2;
        if (!running(s)) return true;
        if (s->status == MAYBE) return c == '|' ? false : true;
        return (c == '&') == (s->status == YES);
    }
    if (c == '|') { /* what follows reads the output: no matter here */
        s->at++;
        return false;
    }
    s->at++;
    return true;
}

void llw_shell_run(llw_config_reader *r, const char *file, const llw_rich *script, const llw_words *arguments,
                   llw_scope *env, llw_lowered *out) {
    shell s = {.r = r,
               .file = file,
               .script = script,
               .arguments = arguments,
               .env = env,
               .out = out,
               .status = YES};
    bool skip = false;
    for (int n = 0; s.at < script->n && !out->runs && n < MAX_COMMANDS; n++) {
        while (s.at < script->n &&
               (byte(&s, s.at) == '\n' || byte(&s, s.at) == ';' || isspace((unsigned char)byte(&s, s.at)))) {
            if (byte(&s, s.at) == '\n' || byte(&s, s.at) == ';') skip = false;
            s.at++;
        }
        skip_blanks(&s);
        if (s.at >= script->n) break;
        if (keyword(&s)) {
            skip = false;
            continue;
        }
        if (starts_compound(&s)) {
            skip_compound(&s);
            continue;
        }
        llw_scope before = skip ? llw_scope_copy(env) : (llw_scope){0};
        llw_words words = {0};
        size_t at = s.at;
        truth status = s.status;
        read_command(&s, &words);
        if (skip) { /* its assignments did not happen */
            *env = before;
            s.status = status;
        } else if (running(&s) && words.n)
            s.status = execute(&s, &words);
        if (s.at < script->n) skip = !separator(&s);
        if (s.at == at) s.at++;
    }
}
