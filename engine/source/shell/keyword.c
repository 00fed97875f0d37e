/* The words that shape a shell script: if, case, for, while, functions, groups. */
#include "source/shell/shell.h"

#include <ctype.h>
#include <string.h>

size_t llw_shell_keyword_at(const llw_shell *s, size_t i, const char *word) {
    size_t len = strlen(word), n = 0;
    while (n < len && llw_shell_byte(s, i + n) == word[n]) n++;
    char behind = llw_shell_byte(s, i + len);
    if (n < len || (behind && !strchr(" \t\r\n;&|()<>", behind))) return 0;
    return len;
}

void llw_shell_skip_lines(llw_shell *s) {
    for (;;) {
        llw_shell_skip_blanks(s);
        if (llw_shell_byte(s, s->at) != '\n') return;
        s->at++;
    }
}

static void key_if(llw_shell *s) {
    llw_shell_frame *f = llw_shell_push(s, LLW_FRAME_IF);
    if (f) f->testing = f->outer;
}

static void key_then(llw_shell *s) {
    llw_shell_frame *f = llw_shell_top(s);
    if (!f || f->kind != LLW_FRAME_IF) return;
    bool tested = f->testing;
    f->testing = false;
    llw_shell_begin_branch(s, f, tested ? s->status : LLW_NO, s->lean);
}

static void key_elif(llw_shell *s) {
    llw_shell_frame *f = llw_shell_top(s);
    if (!f || f->kind != LLW_FRAME_IF) return;
    llw_shell_end_branch(s, f);
    f->testing = f->outer && !f->decided;
}

static void key_else(llw_shell *s) {
    llw_shell_frame *f = llw_shell_top(s);
    if (!f || f->kind != LLW_FRAME_IF) return;
    llw_shell_end_branch(s, f);
    llw_shell_begin_branch(s, f, LLW_YES, LLW_MAYBE);
}

static void key_fi(llw_shell *s) {
    llw_shell_frame *f = llw_shell_top(s);
    if (f && f->kind == LLW_FRAME_IF) llw_shell_end_branches(s, f);
}

static void key_case(llw_shell *s) {
    llw_shell_frame *f = llw_shell_push(s, LLW_FRAME_CASE);
    if (!f) return;
    f->testing = f->outer;
    llw_shell_skip_blanks(s);
    bool quoted = false;
    f->subject = llw_shell_word(s, &quoted);
    f->subject_asked = f->outer && (s->word_asked || llw_shell_is_argument(&f->subject));
    f->testing = false;
    llw_shell_skip_lines(s);
    s->at += llw_shell_keyword_at(s, s->at, "in");
}

static void key_esac(llw_shell *s) {
    llw_shell_frame *f = llw_shell_top(s);
    if (f && f->kind == LLW_FRAME_CASE) llw_shell_end_branches(s, f);
}

/* PATTERN | PATTERN) of a case. */
void llw_shell_begin_arm(llw_shell *s) {
    static const llw_rich empty;
    static const llw_char digit = {.byte = '0'};
    static const llw_rich zero = {(llw_char *)&digit, 1, 1};
    llw_shell_frame *f = llw_shell_top(s);
    llw_truth t = LLW_NO, lean = LLW_NO;
    bool count = llw_shell_is_count(&f->subject), alone = count || llw_shell_is_missing(&f->subject);
    if (llw_shell_byte(s, s->at) == '(') s->at++;
    f->testing = f->outer; /* so that patterns are read */
    while (s->at < s->end) {
        llw_shell_skip_lines(s);
        char c = llw_shell_byte(s, s->at);
        if (c == ')') {
            s->at++;
            break;
        }
        if (c && strchr("|;&<>(", c)) {
            s->at++;
            continue;
        }
        size_t before = s->at;
        bool quoted = false;
        llw_rich pattern = llw_shell_word(s, &quoted);
        if (s->at == before) s->at++;
        if (f->subject_asked) llw_shell_choice(s, llw_rich_text(s->r->arena, &pattern));
        llw_truth one = llw_shell_match(&f->subject, &pattern);
        if (t != LLW_YES && one != LLW_NO) t = one;
        if (alone && llw_shell_match(count ? &zero : &empty, &pattern) == LLW_YES) lean = LLW_YES;
    }
    f->testing = false;
    f->in_arm = true;
    if (alone && lean == LLW_YES && t == LLW_YES &&
        f->outer) { /* the * that is meant when nobody says anything */
        llw_shell_begin_branch(s, f, f->leaned ? LLW_MAYBE : LLW_YES, LLW_NO);
        return;
    }
    llw_shell_begin_branch(s, f, t, alone ? lean : LLW_MAYBE);
}

void llw_shell_end_arm(llw_shell *s) {
    llw_shell_frame *f = llw_shell_top(s);
    if (!f || f->kind != LLW_FRAME_CASE) return;
    llw_shell_end_branch(s, f);
    f->in_arm = false;
}

static void key_for(llw_shell *s) {
    llw_shell_frame *f = llw_shell_push(s, LLW_FRAME_LOOP);
    if (!f) return;
    f->is_for = true;
    f->testing = f->outer;
    llw_shell_skip_blanks(s);
    if (llw_shell_byte(s, s->at) == '(') { /* for ((...)) */
        size_t behind = llw_shell_behind(s, s->at, s->end);
        llw_rich inside = llw_rich_slice(s->script, s->at, behind);
        if (f->outer) llw_shell_compute(s, &inside);
        s->at = behind;
        llw_words_push(s->r->arena, &f->items, llw_shell_unknown(s));
        f->testing = false;
        return;
    }
    size_t from = s->at;
    while (isalnum((unsigned char)llw_shell_byte(s, s->at)) || llw_shell_byte(s, s->at) == '_') s->at++;
    llw_rich name = llw_rich_slice(s->script, from, s->at);
    f->variable = llw_rich_show(s->r->arena, &name);
    llw_shell_skip_lines(s);
    size_t in = llw_shell_keyword_at(s, s->at, "in");
    s->at += in;
    if (!in)
        for (size_t i = 0; i < s->now.arguments.n; i++)
            llw_words_push(s->r->arena, &f->items, s->now.arguments.items[i]);
    f->keep = !in;
    while (in && s->at < s->end) {
        llw_shell_skip_blanks(s);
        char c = llw_shell_byte(s, s->at);
        if (s->at >= s->end || c == '\n' || c == ';') break;
        size_t before = s->at, given = f->items.n;
        llw_shell_fields(s, &f->items);
        if (s->at == before) {
            s->at++;
            continue;
        }
        f->keep |= f->items.n == given; /* "$@": nothing, as far as it is known */
    }
    f->testing = false;
}

static void set_item(llw_shell *s, llw_shell_frame *f) {
    if (!f->variable || !*f->variable) return;
    llw_rich value = f->maybe || f->item >= f->items.n ? llw_shell_unknown(s) : f->items.items[f->item];
    llw_shell_assign(s, f->variable, &value, llw_rich_token(s->r->arena, &value, NULL));
}

static void key_while(llw_shell *s) {
    llw_shell_frame *f = llw_shell_push(s, LLW_FRAME_LOOP);
    if (f) f->testing = f->outer;
}

static void key_until(llw_shell *s) {
    key_while(s);
    s->negate = true;
}

static void key_do(llw_shell *s) {
    llw_shell_frame *f = llw_shell_top(s);
    if (!f || f->kind != LLW_FRAME_LOOP) return;
    f->body = s->at;
    if (!f->is_for) {
        bool tested = f->testing;
        f->keep = s->lean == LLW_NO;
        f->testing = false;
        llw_shell_begin_branch(s, f, tested ? s->status : LLW_NO, LLW_MAYBE);
        if (f->active) f->round = llw_shell_keep(s, &s->now);
        return;
    }
    bool certain = llw_shell_all_known(&f->items) && f->items.n && f->items.n <= LLW_SHELL_ROUNDS;
    llw_shell_begin_branch(s, f, certain ? LLW_YES : f->items.n || f->keep ? LLW_MAYBE : LLW_NO, LLW_MAYBE);
    if (f->active) set_item(s, f);
    if (f->active && !certain) f->round = llw_shell_keep(s, &s->now);
}

/* Of a loop whose rounds are not counted: the body once more, with what is the same however many there were
 * before, until nothing changes any more. */
static bool next_round(llw_shell *s, llw_shell_frame *f) {
    enum { MAX_ROUNDS = 6 };
    if (!f->active || s->now.dead || ++f->rounds == MAX_ROUNDS) return false;
    llw_shell_state *next = llw_shell_join(s, f->round, &s->now, false);
    if (llw_shell_same(f->round, next)) return false;
    f->round = next;
    s->now = *llw_shell_keep(s, next);
    s->at = f->body;
    return true;
}

static void key_done(llw_shell *s) {
    llw_shell_frame *f = llw_shell_top(s);
    if (!f || f->kind != LLW_FRAME_LOOP) return;
    if (f->joined) s->now = *llw_shell_join(s, f->joined, &s->now, false);
    f->joined = NULL;
    if (f->round && next_round(s, f)) return;
    if (f->is_for && f->active && !f->maybe && !s->now.dead && ++f->item < f->items.n) {
        s->at = f->body;
        set_item(s, f);
        return;
    }
    if (f->broken) s->now = *llw_shell_join(s, f->broken, &s->now, false);
    if (f->active && f->maybe) {
        s->now = *llw_shell_join(s, f->entry, &s->now, f->keep);
        s->status = LLW_MAYBE;
    }
    llw_shell_pop(s);
}

static void key_open(llw_shell *s) {
    llw_shell_frame *f = llw_shell_push(s, LLW_FRAME_GROUP);
    if (f) f->active = f->outer;
}

void llw_shell_close(llw_shell *s) {
    llw_shell_frame *f = llw_shell_top(s);
    if (!f) return;
    if (f->kind == LLW_FRAME_GROUP) llw_shell_pop(s);
    if (f->kind != LLW_FRAME_DEFINITION) return;
    if (f->outer && s->n_functions < LLW_SHELL_FUNCTIONS)
        s->functions[s->n_functions++] = (llw_shell_function){f->name, s->script, f->from, s->at - 1, false};
    llw_shell_pop(s);
}

static void key_not(llw_shell *s) {
    s->negate = !s->negate;
}

static void key_double_test(llw_shell *s) {
    llw_truth status = s->status, lean = s->lean, t = llw_shell_double_test(s), leans = s->lean;
    if (s->next == LLW_NO || !llw_shell_running(s)) {
        s->status = status;
        s->lean = lean;
        s->negate = false;
        return;
    }
    s->status = s->negate ? llw_turned(t) : t;
    s->lean = s->negate ? llw_turned(leans) : leans;
    s->negate = false;
    if (s->next == LLW_MAYBE) llw_shell_after_maybe(s, s->status, s->lean, s->next_lean, s->next_is_and);
}

static void key_nothing(llw_shell *s) {
    (void)s;
}

static void leave_round(llw_shell *s, bool ends) {
    llw_truth next = s->next;
    llw_shell_skip_blanks(s);
    char c = llw_shell_byte(s, s->at);
    int n = isdigit((unsigned char)c) ? c - '0' : 1;
    s->at += isdigit((unsigned char)c) != 0;
    if (!llw_shell_running(s) || next == LLW_NO) return;
    llw_shell_state *entry = next == LLW_MAYBE ? llw_shell_keep(s, &s->now) : NULL; /* [ ... ] && break */
    llw_shell_leave_round(s, ends, n);
    if (entry) s->now = *entry;
}

static void key_break(llw_shell *s) {
    leave_round(s, true);
}

static void key_continue(llw_shell *s) {
    leave_round(s, false);
}

static void define(llw_shell *s, const char *name) {
    llw_shell_skip_lines(s);
    char open = llw_shell_byte(s, s->at);
    llw_shell_frame *f = llw_shell_push(s, LLW_FRAME_DEFINITION);
    if (!f) return;
    f->name = name;
    if (open == '{' || open == '(') s->at++;
    f->from = s->at;
}

static void key_function(llw_shell *s) {
    llw_shell_skip_blanks(s);
    size_t from = s->at;
    while (llw_shell_byte(s, s->at) && !strchr(" \t\n;&|(){}", llw_shell_byte(s, s->at))) s->at++;
    llw_rich name = llw_rich_slice(s->script, from, s->at);
    llw_shell_skip_blanks(s);
    if (llw_shell_byte(s, s->at) == '(') s->at = llw_shell_behind(s, s->at, s->end);
    define(s, llw_rich_show(s->r->arena, &name));
}

/* NAME() in front of a body: the length of the name, or 0. */
static size_t definition_at(const llw_shell *s, size_t *behind) {
    size_t i = s->at, len;
    while (isalnum((unsigned char)llw_shell_byte(s, i)) ||
           (llw_shell_byte(s, i) && strchr("_-.:", llw_shell_byte(s, i))))
        i++;
    len = i - s->at;
    if (!len) return 0;
    while (llw_shell_byte(s, i) == ' ' || llw_shell_byte(s, i) == '\t') i++;
    if (llw_shell_byte(s, i) != '(') return 0;
    i++;
    while (llw_shell_byte(s, i) == ' ' || llw_shell_byte(s, i) == '\t') i++;
    if (llw_shell_byte(s, i) != ')') return 0;
    *behind = i + 1;
    return len;
}

static const struct keyword {
    const char *word;
    void (*run)(llw_shell *s);
} keywords[] = {
    {"if", key_if},          {"then", key_then},   {"elif", key_elif},         {"else", key_else},
    {"fi", key_fi},          {"case", key_case},   {"esac", key_esac},         {"for", key_for},
    {"select", key_for},     {"while", key_while}, {"until", key_until},       {"do", key_do},
    {"done", key_done},      {"{", key_open},      {"}", llw_shell_close},     {"!", key_not},
    {"[[", key_double_test}, {"break", key_break}, {"continue", key_continue}, {"function", key_function},
    {"time", key_nothing}};

bool llw_shell_keyword(llw_shell *s) {
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
        size_t len = llw_shell_keyword_at(s, s->at, keywords[i].word);
        if (!len) continue;
        s->at += len;
        keywords[i].run(s);
        return true;
    }
    size_t behind = 0, len = definition_at(s, &behind);
    if (!len) return false;
    llw_rich name = llw_rich_slice(s->script, s->at, s->at + len);
    s->at = behind;
    define(s, llw_rich_show(s->r->arena, &name));
    return true;
}
