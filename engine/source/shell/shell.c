/* A shell script on paper: which commands run, with what, until they start llama.cpp.
 *
 * shell.h says how what is not known is treated. A script is read as it is started without arguments; values
 * that it compares $1 with are tried as well, one after the other. One that starts nothing like that (it ends
 * with its usage) is read as somebody starts it who gives what it asks for, with all of that unknown.
 * Functions that nobody calls are read last. */
#include "source/shell/shell.h"

#include <ctype.h>
#include <string.h>

static void command(llw_shell *s) {
    llw_words words = {0};
    llw_scope environment = {.arena = s->r->arena};
    size_t from = s->at;
    bool runs = llw_shell_running(s) && s->next != LLW_NO, maybe = runs && s->next == LLW_MAYBE;
    llw_truth ran = s->next_lean;
    llw_shell_state *entry = maybe ? llw_shell_keep(s, &s->now) : NULL;
    bool unlikely = maybe && ran == LLW_NO;
    llw_shell_command(s, &words, &environment);
    if (s->at == from) s->at++;
    if (!runs) {
        s->negate = false;
        return;
    }
    s->unlikely += unlikely;
    int before = s->n_frames;
    if (words.n)
        llw_shell_execute(s, &words, &environment, from);
    else {
        s->status = s->substituted ? LLW_MAYBE : LLW_YES; /* PID=$(...) ends as the command in it does */
        s->lean = LLW_MAYBE;
    }
    if (s->here.n && words.n && llw_start_reads_commands(s->r->arena, &words)) {
        llw_rich *text = llw_arena_alloc(s->r->arena, sizeof *text);
        *text = s->here;
        llw_shell_enter(s, text, 0, text->n, NULL, true);
    }
    if (s->negate) {
        s->status = llw_turned(s->status);
        s->lean = llw_turned(s->lean);
        s->negate = false;
    }
    if (!maybe) return;
    if (s->n_frames > before) { /* a call: settled when it comes back */
        s->frames[before].guard_entry = entry;
        s->frames[before].guard_lean = ran;
        s->frames[before].guard_unlikely = unlikely;
        return;
    }
    llw_truth t = s->status, came = s->lean;
    llw_shell_settle(s, entry, ran, unlikely);
    llw_shell_after_maybe(s, t, came, ran, s->next_is_and);
}

static void connector(llw_shell *s, bool is_and) {
    llw_truth t = is_and ? s->status : llw_turned(s->status);
    s->next = t;
    s->next_lean = is_and ? s->lean : llw_turned(s->lean);
    s->next_is_and = is_and;
    s->at += 2;
    llw_shell_skip_lines(s);
}

static void end_list(llw_shell *s) {
    s->next = LLW_YES;
    s->next_lean = LLW_MAYBE;
}

static void line_end(llw_shell *s) {
    s->at++;
    if (s->here_end) s->at = s->here_end > s->at ? s->here_end : s->at;
    s->here_end = 0;
    end_list(s);
}

/* ((...)) as a command. */
static void compute(llw_shell *s) {
    size_t from = s->at;
    bool runs = llw_shell_running(s) && s->next != LLW_NO;
    s->at = llw_shell_behind(s, from, s->end);
    llw_rich inside = llw_rich_slice(s->script, from, s->at);
    if (runs) llw_shell_compute(s, &inside);
    s->negate = false;
    s->status = LLW_MAYBE;
    s->lean = LLW_MAYBE;
}

static void step(llw_shell *s) {
    llw_shell_skip_blanks(s);
    if (s->at >= s->end) return;
    char c = llw_shell_byte(s, s->at), next = llw_shell_byte(s, s->at + 1);
    llw_shell_frame *f = llw_shell_top(s);
    if (c == '\n') {
        line_end(s);
    } else if (f && f->kind == LLW_FRAME_CASE && !f->in_arm) {
        if (llw_shell_keyword_at(s, s->at, "esac"))
            llw_shell_keyword(s);
        else
            llw_shell_begin_arm(s);
    } else if (c == ';') {
        bool arm = next == ';' || next == '&';
        s->at += arm ? 2 : 1;
        if (arm && llw_shell_byte(s, s->at) == '&') s->at++;
        if (arm) llw_shell_end_arm(s);
        end_list(s);
    } else if (c == '&' && next == '&') {
        connector(s, true);
    } else if (c == '|' && next == '|') {
        connector(s, false);
    } else if (c == '&' && next != '>') {
        s->at++;
        end_list(s);
        s->status = LLW_YES;
    } else if (c == '|') {
        s->at += next == '&' ? 2 : 1;
        llw_shell_skip_lines(s);
        end_list(s);
    } else if (c == '(') {
        if (next == '(') { /* ((...)) */
            compute(s);
            return;
        }
        s->at++;
        f = llw_shell_push(s, LLW_FRAME_SUBSHELL);
        if (!f) return;
        f->active = f->outer;
        if (f->outer) f->saved = llw_shell_keep(s, &s->now);
    } else if (c == ')') {
        s->at++;
        if (f && f->kind == LLW_FRAME_SUBSHELL) {
            if (f->saved) s->now = *f->saved;
            llw_shell_pop(s);
        } else if (f && f->kind == LLW_FRAME_DEFINITION) {
            llw_shell_close(s);
        }
    } else if (!llw_shell_keyword(s)) {
        command(s);
    }
}

/* Closes what a text left open. */
static void unwind(llw_shell *s) {
    for (llw_shell_frame *f; (f = llw_shell_top(s)) && f->kind != LLW_FRAME_TEXT;) {
        if (f->kind == LLW_FRAME_IF || f->kind == LLW_FRAME_CASE)
            llw_shell_end_branches(s, f);
        else {
            if (f->saved) s->now = *f->saved;
            llw_shell_pop(s);
        }
    }
}

static void run(llw_shell *s) {
    while (!s->cut) {
        if (s->at >= s->end) {
            unwind(s);
            if (!s->n_frames) return;
            llw_shell_leave_text(s);
            continue;
        }
        bool many = s->r->shells > 1 &&
                    (++s->r->nested > LLW_SHELL_NESTED || ++s->r->nested_in_all > LLW_SHELL_NESTED_IN_ALL);
        if (++s->commands > LLW_SHELL_COMMANDS || !s->r->reread || many) {
            llw_shell_stop(s, many ? "the scripts that start each other are too many"
                                   : "loops and calls make the script too long");
            return;
        }
        step(s);
    }
}

/* Goes through a text of the same script with the variables as they are at its end. */
static void run_again(llw_shell *s, const llw_rich *script, size_t from, size_t to) {
    llw_shell_state after = s->now;
    s->now.dead = false;
    s->next = LLW_YES;
    s->next_lean = LLW_MAYBE;
    s->negate = false;
    s->here_end = 0;
    if (llw_shell_enter(s, script, from, to, NULL, true)) run(s);
    s->now = after;
}

static bool same_words(const llw_words *a, const llw_words *b) {
    if (a->n != b->n) return false;
    for (size_t i = 0; i < a->n; i++) {
        if (a->items[i].n != b->items[i].n) return false;
        for (size_t k = 0; k < a->items[i].n; k++)
            if (a->items[i].chars[k].byte != b->items[i].chars[k].byte) return false;
    }
    return true;
}

static bool same_place(const llw_start *a, const llw_start *b) {
    return a->line == b->line && a->column == b->column && !strcmp(a->file, b->file);
}

static bool is_certain(const llw_start *start) {
    return llw_shell_all_known(&start->low.words);
}

/* One start for each place and set of words; what is only known without an argument gives way to what it is
 * with. */
static void tidy(llw_starts *out, size_t from) {
    size_t kept = from;
    for (size_t i = from; i < out->n; i++) {
        bool drop = false;
        for (size_t k = from; k < out->n && !drop; k++) {
            const llw_start *other = &out->items[k], *mine = &out->items[i];
            if (k == i || !same_place(mine, other)) continue;
            if (k < kept && same_words(&mine->low.words, &other->low.words)) drop = true;
            if (k > i && !mine->argument && other->argument && !is_certain(mine) && is_certain(other))
                drop = true;
        }
        if (!drop) out->items[kept++] = out->items[i];
    }
    out->n = kept;
}

static void run_with(llw_config_reader *r, const llw_start_site *site, const llw_rich *script,
                     const llw_words *arguments, const llw_scope *env, const char *choice, bool asked,
                     llw_shell *s, llw_starts *out) {
    *s = (llw_shell){.r = r,
                     .site = site,
                     .script = script,
                     .end = script->n,
                     .out = out,
                     .asked = asked,
                     .status = LLW_YES,
                     .lean = LLW_MAYBE,
                     .next = LLW_YES,
                     .next_lean = LLW_MAYBE};
    s->now.vars = llw_scope_copy(env);
    s->now.vars.arena = r->arena;
    llw_scope_unset(&s->now.vars, "IFS"); /* a shell takes it from nobody */
    for (size_t i = 0; i < s->now.vars.n; i++) s->now.vars.items[i].exported = true;
    if (arguments) {
        s->now.arguments = *arguments;
        s->now.arguments_known = true;
    }
    if (choice) {
        llw_rich word = {0};
        llw_rich_read(r->arena, &word, choice, strlen(choice), 0, 0,
                      llw_link_new(r->arena, site->file, "argument of the script", true));
        llw_words_push(r->arena, &s->now.arguments, word);
    }
    s->first = choice ? 0 : script->n;
    llw_shell_find_own(s, script);
    size_t before = out->n;
    run(s);
    for (size_t i = 0; i < s->n_queue && !s->cut; i++) /* $(...) */
        run_again(s, s->queue[i], 0, s->queue[i]->n);
    for (size_t i = 0; !choice && i < s->n_functions && !s->cut; i++) {
        llw_shell_function f = s->functions[i];
        if (!f.called) run_again(s, f.script, f.from, f.to);
    }
    for (size_t i = before; choice && i < out->n; i++)
        if (!out->items[i].argument) out->items[i].argument = choice;
}

void llw_shell_script(llw_config_reader *r, const llw_start_site *site, const llw_rich *script,
                      const llw_words *arguments, const llw_scope *env, llw_starts *out) {
    if (r->shells >= LLW_SHELL_DEPTH || !script->n) return;
    r->shells++;
    size_t from = out->n;
    llw_shell s;
    run_with(r, site, script, arguments, env, NULL, false, &s, out);
    const char *choices[LLW_SHELL_CHOICES];
    size_t n = arguments ? 0 : s.n_choices;
    memcpy(choices, s.choices, sizeof choices);
    for (size_t i = 0; i < n && !s.cut; i++) run_with(r, site, script, NULL, env, choices[i], false, &s, out);
    if (out->n == from && !arguments && !s.cut) run_with(r, site, script, NULL, env, NULL, true, &s, out);
    tidy(out, from);
    r->shells--;
}
