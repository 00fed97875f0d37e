/* The frames of a shell script: what lies inside what, which ways may be taken, and where they meet again. */
#include "source/shell/shell.h"

llw_shell_frame *llw_shell_top(llw_shell *s) {
    return s->n_frames ? &s->frames[s->n_frames - 1] : NULL;
}

llw_truth llw_turned(llw_truth t) {
    return t == LLW_MAYBE ? LLW_MAYBE : t == LLW_YES ? LLW_NO : LLW_YES;
}

void llw_shell_stop(llw_shell *s, const char *why) {
    int line = s->script->n ? s->script->chars[s->at < s->script->n ? s->at : s->script->n - 1].line : 0;
    if (!s->cut) llw_config_unread(s->r, s->site->file, line, "%s: the rest of the script is not read", why);
    s->cut = true;
}

bool llw_shell_all_known(const llw_words *w) {
    for (size_t i = 0; i < w->n; i++)
        if (llw_rich_has_unknown(&w->items[i])) return false;
    return true;
}

/* What stands behind && or || that may or may not have run. */
void llw_shell_settle(llw_shell *s, llw_shell_state *entry, llw_truth lean, bool unlikely) {
    if (unlikely) s->unlikely--;
    if (lean == LLW_YES && !s->now.dead)
        s->now = *llw_shell_join(s, &s->now, entry, true);
    else
        s->now = *llw_shell_join(s, entry, &s->now, lean == LLW_NO);
    s->status = LLW_MAYBE;
}

llw_shell_frame *llw_shell_push(llw_shell *s, llw_frame_kind kind) {
    if (s->n_frames == LLW_SHELL_FRAMES) {
        llw_shell_stop(s, "more than 64 compounds and calls lie inside each other");
        return NULL;
    }
    bool outer = llw_shell_running(s) && s->next != LLW_NO;
    llw_shell_frame *f = &s->frames[s->n_frames++];
    *f = (llw_shell_frame){
        .kind = kind, .outer = outer, .lean = LLW_MAYBE, .guard = s->next, .guard_lean = s->next_lean};
    if (outer && f->guard == LLW_MAYBE) {
        f->guard_entry = llw_shell_keep(s, &s->now);
        f->guard_unlikely = f->guard_lean == LLW_NO;
        if (f->guard_unlikely) s->unlikely++;
    }
    s->next = LLW_YES;
    s->next_lean = LLW_MAYBE;
    return f;
}

void llw_shell_pop(llw_shell *s) {
    llw_shell_frame f = s->frames[--s->n_frames];
    llw_truth lean = f.guard_lean;
    if (f.unlikely) s->unlikely--;
    if (f.guard_entry) {
        llw_shell_settle(s, f.guard_entry, lean, f.guard_unlikely);
        s->lean = lean;
    } else if (f.outer) {
        s->lean = LLW_MAYBE;
    }
    if (!f.outer) s->status = s->status == LLW_MAYBE ? LLW_MAYBE : s->status;
}

bool llw_shell_enter(llw_shell *s, const llw_rich *script, size_t from, size_t to, const llw_words *arguments,
                     bool private_vars) {
    llw_truth next = s->next, lean = s->next_lean;
    s->next = LLW_YES;
    llw_shell_frame *f = llw_shell_push(s, LLW_FRAME_TEXT);
    s->next = next;
    s->next_lean = lean;
    if (!f) return false;
    f->active = f->outer;
    f->script = s->script;
    f->back = s->at;
    f->end = s->end;
    f->arguments = s->now.arguments;
    f->arguments_known = s->now.arguments_known;
    f->private_vars = arguments != NULL;
    if (private_vars) f->saved = llw_shell_keep(s, &s->now);
    if (arguments) {
        s->now.arguments = *arguments;
        s->now.arguments_known = true;
    }
    f->from = s->here_end;
    s->here_end = 0;
    s->script = script;
    s->at = from;
    s->end = to;
    return true;
}

void llw_shell_leave_text(llw_shell *s) {
    llw_shell_frame *f = &s->frames[s->n_frames - 1];
    if (f->joined) s->now = *llw_shell_join(s, f->joined, &s->now, false);
    if (f->saved) {
        s->now = *f->saved;
    } else if (f->private_vars) {
        s->now.arguments = f->arguments;
        s->now.arguments_known = f->arguments_known;
    }
    for (size_t i = 0; i < f->n_locals; i++) {
        const llw_variable *old = llw_scope_get(&f->hidden, f->locals[i]);
        if (!old) {
            llw_scope_unset(&s->now.vars, f->locals[i]);
            continue;
        }
        llw_scope_assign(&s->now.vars, old->name, &old->value, old->token);
        llw_variable *v = llw_scope_edit(&s->now.vars, old->name);
        if (v) *v = *old;
    }
    s->script = f->script;
    s->at = f->back;
    s->end = f->end;
    s->here_end = f->from;
    llw_shell_pop(s);
}

void llw_shell_leave(llw_shell *s, bool everything) {
    for (int i = s->n_frames; !everything && i-- > 0;) {
        llw_shell_frame *f = &s->frames[i];
        if (f->kind != LLW_FRAME_TEXT) continue;
        f->joined = llw_shell_join(s, f->joined, &s->now, false);
        break;
    }
    s->now.dead = true;
}

void llw_shell_leave_round(llw_shell *s, bool ends, int n) {
    llw_shell_frame *loop = NULL; /* with fewer than n of them it is the outermost */
    for (int i = s->n_frames; i-- > 0 && n > 0;) {
        llw_shell_frame *f = &s->frames[i];
        if (f->kind == LLW_FRAME_TEXT) break;
        if (f->kind != LLW_FRAME_LOOP) continue;
        loop = f;
        n--;
    }
    if (!loop) return;
    llw_shell_state **to = ends ? &loop->broken : &loop->joined; /* what was set until there counts */
    *to = llw_shell_join(s, *to, &s->now, false);
    s->now.dead = true;
}

/* --- branches --- */

void llw_shell_begin_branch(llw_shell *s, llw_shell_frame *f, llw_truth t, llw_truth lean) {
    f->active = f->maybe = false;
    if (!f->outer || f->decided || t == LLW_NO) return;
    f->active = true;
    f->unlikely = f->leaned != NULL || (t == LLW_MAYBE && lean == LLW_NO);
    if (f->unlikely) s->unlikely++;
    if (t == LLW_YES) {
        f->decided = true;
        return;
    }
    f->maybe = true;
    f->lean = lean;
    f->entry = llw_shell_keep(s, &s->now);
}

/* A way that was read to its end: one that needs what nobody sets, or that stands behind the one that is
 * meant when nobody says anything, only counts for what no other sets. */
static void meet(llw_shell *s, llw_shell_frame *f, bool unlikely) {
    llw_shell_state **to = unlikely || f->leaned ? &f->fallback : &f->joined;
    *to = llw_shell_join(s, *to, &s->now, false);
}

void llw_shell_end_branch(llw_shell *s, llw_shell_frame *f) {
    if (!f->active) return;
    f->active = false;
    if (f->unlikely) s->unlikely--;
    f->unlikely = false;
    bool alone = !f->maybe && !f->joined && !f->leaned && !f->fallback;
    if (alone) return;
    if (f->maybe && f->lean == LLW_YES && !s->now.dead && !f->leaned)
        f->leaned = llw_shell_keep(s, &s->now);
    else
        meet(s, f, f->maybe && f->lean == LLW_NO);
    if (!f->maybe) return;
    s->now = *f->entry;
    f->maybe = false;
}

/* fi and esac: the ways meet. */
void llw_shell_end_branches(llw_shell *s, llw_shell_frame *f) {
    llw_shell_end_branch(s, f);
    bool several = f->joined || f->leaned || f->fallback;
    if (several && f->outer) {
        if (!f->decided) meet(s, f, false);
        llw_shell_state *likely = f->leaned && f->joined ? llw_shell_join(s, f->leaned, f->joined, false)
                                  : f->leaned            ? f->leaned
                                                         : f->joined;
        llw_shell_state *met = llw_shell_join(s, likely, f->fallback, true);
        if (met)
            s->now = *met;
        else
            s->now.dead = true; /* every way left the script */
        s->status = LLW_MAYBE;
    }
    llw_shell_pop(s);
}

/* The status of an && || list whose last command may have run: t and lean are that command's. */
void llw_shell_after_maybe(llw_shell *s, llw_truth t, llw_truth lean, llw_truth ran, bool is_and) {
    llw_truth skipped = is_and ? LLW_NO : LLW_YES; /* what the list came to without it */
    s->status = t == skipped ? skipped : LLW_MAYBE;
    s->lean = ran == LLW_MAYBE ? LLW_MAYBE : ran == LLW_NO ? skipped : t == LLW_MAYBE ? lean : t;
}
