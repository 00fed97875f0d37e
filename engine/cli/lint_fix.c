/* llwhy lint --fix and --diff: repairs, each tried by linting again before anything is written. */
#include "base/file.h"
#include "cli/lint.h"
#include "explain/fix.h"
#include "render/lint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ROUNDS = 8, MAX_EDITED = 256, MAX_TRIES = 200 };

typedef struct edited {
    const char *path;
    const char *was;
    size_t was_len;
    const char *now, *before; /* before: until the edits that are being tried */
    size_t now_len, before_len;
    bool unwritten; /* it was to be written and was not */
} edited;

/* An edit that holds, in words. */
typedef struct repair {
    const edited *file;
    const char *line;
} repair;

typedef struct repairing {
    llw_linting *lint;
    edited files[MAX_EDITED];
    size_t n_files, tries;
    void *made; /* repair */
    size_t n_made, capacity;
} repairing;

static edited *file_of(repairing *r, const llw_lines_file *file) {
    for (size_t i = 0; i < r->n_files; i++)
        if (!strcmp(r->files[i].path, file->path)) return &r->files[i];
    if (r->n_files == MAX_EDITED) return NULL;
    edited *e = &r->files[r->n_files++];
    *e = (edited){.path = file->path,
                  .was = file->bytes,
                  .was_len = file->len,
                  .now = file->bytes,
                  .now_len = file->len};
    return e;
}

static void pretend(repairing *r) {
    llw_file_pretend_nothing();
    for (size_t i = 0; i < r->n_files; i++)
        llw_file_pretend(r->files[i].path, r->files[i].now, r->files[i].now_len);
}

/* Puts the chosen fixes into the files' bytes, as far as they are read. */
static void edit(repairing *r, llw_lines *lines, const llw_fix *const *fixes, const bool *chosen, size_t n) {
    for (size_t i = 0; i < n; i++) {
        edited *e = chosen[i] ? file_of(r, llw_lines_get(lines, fixes[i]->file)) : NULL;
        if (!e) continue;
        llw_text bytes = {0};
        llw_fix_apply(llw_lines_get(lines, fixes[i]->file), fixes, chosen, n, &bytes);
        e->now = llw_arena_strndup(r->lint->app->arena, llw_text_str(&bytes), bytes.len);
        e->now_len = bytes.len;
        llw_text_fini(&bytes);
    }
    pretend(r);
}

static const llw_finding *same(const llw_findings *findings, const llw_finding *f) {
    for (size_t i = 0; i < findings->n; i++) {
        const llw_finding *g = &findings->items[i];
        if (g->line == f->line && !strcmp(g->code, f->code) && !strcmp(g->file, f->file)) return g;
    }
    return NULL;
}

/* The findings that were to go are gone, the values are what was wanted, and nothing as grave came instead.
 */
static bool holds(const llw_lint_pass *before, const llw_lint_pass *after, const llw_fix *const *fixes,
                  const bool *chosen) {
    llw_level gravest = LLW_LEVEL_NONE;
    size_t at = 0;
    if (after->config.n_unread > before->config.n_unread ||
        after->config.n_launches != before->config.n_launches)
        return false;
    for (size_t i = 0; i < before->findings.n; i++) {
        const llw_finding *f = &before->findings.items[i];
        if (!f->fix) continue;
        if (chosen[at]) {
            const llw_finding *still = same(&after->findings, f);
            if ((still && !strcmp(still->rule, f->rule)) || !llw_fix_holds(after->facts, fixes[at]))
                return false;
            if (f->level > gravest) gravest = f->level;
        }
        at++;
    }
    for (size_t i = 0; i < after->findings.n; i++) {
        const llw_finding *f = &after->findings.items[i], *old = same(&before->findings, f);
        if (!old) old = same(&before->accepted, f);
        if (f->level >= gravest && (!old || old->level < f->level)) return false;
    }
    return true;
}

/* Tries the chosen fixes together. When they hold, *after is the pass of the files with them; else nothing
 * changed. */
static bool try_fixes(repairing *r, const llw_lint_pass *before, const llw_fix *const *fixes,
                      const bool *chosen, size_t n, llw_lint_pass *after) {
    if (++r->tries > MAX_TRIES) return false;
    for (size_t i = 0; i < r->n_files; i++) {
        r->files[i].before = r->files[i].now;
        r->files[i].before_len = r->files[i].now_len;
    }
    size_t known = r->n_files;
    edit(r, before->lines, fixes, chosen, n);
    if (llw_lint_pass_run(r->lint, true, after) && holds(before, after, fixes, chosen)) return true;
    llw_lint_pass_end(after);
    for (size_t i = 0; i < r->n_files; i++) {
        r->files[i].now = i < known ? r->files[i].before : r->files[i].was;
        r->files[i].now_len = i < known ? r->files[i].before_len : r->files[i].was_len;
    }
    pretend(r);
    return false;
}

static void tell(repairing *r, llw_lint_pass *pass, const bool *chosen) {
    llw_arena *arena = r->lint->app->arena;
    size_t at = 0;
    for (size_t i = 0; i < pass->findings.n; i++) {
        const llw_finding *f = &pass->findings.items[i];
        if (!f->fix || !chosen[at++]) continue;
        llw_text line = {0};
        llw_text_addn(&line, "  ", 2);
        llw_text_add_safe(&line, f->fix->file, strlen(f->fix->file), false);
        llw_text_addf(&line, ":%d:%d: %s -> %s [%s]\n", f->fix->line, f->fix->column, f->fix->was,
                      f->fix->text, f->code);
        *(repair *)llw_arena_push(arena, &r->made, &r->n_made, &r->capacity, sizeof(repair)) =
            (repair){file_of(r, llw_lines_get(pass->lines, f->fix->file)),
                     llw_arena_strdup(arena, llw_text_str(&line))};
        llw_text_fini(&line);
    }
}

/* One round: all repairs together if they hold, else halves of them, down to single ones. */
static size_t round_of(repairing *r, llw_lint_pass *pass) {
    size_t n = 0, kept = 0;
    const llw_fix **fixes = llw_arena_alloc(r->lint->app->arena, (pass->findings.n + 1) * sizeof *fixes);
    for (size_t i = 0; i < pass->findings.n; i++)
        if (pass->findings.items[i].fix) fixes[n++] = pass->findings.items[i].fix;
    if (!n) return 0;
    bool *good = llw_arena_alloc(r->lint->app->arena, n), *chosen = llw_arena_alloc(r->lint->app->arena, n);
    struct {
        size_t from, to;
    } todo[64] = {{0, n}};
    llw_lint_pass best = {0};
    for (int waiting = 1; waiting > 0;) {
        size_t from = todo[waiting - 1].from, to = todo[waiting - 1].to;
        waiting--;
        memcpy(chosen, good, n);
        for (size_t i = from; i < to; i++) chosen[i] = true;
        llw_lint_pass after;
        if (try_fixes(r, pass, fixes, chosen, n, &after)) {
            memcpy(good, chosen, n);
            kept += to - from;
            llw_lint_pass_end(&best);
            best = after;
        } else if (to - from > 1) {
            todo[waiting].from = from + (to - from) / 2;
            todo[waiting++].to = to;
            todo[waiting].from = from;
            todo[waiting++].to = from + (to - from) / 2;
        }
    }
    if (!kept) return 0;
    tell(r, pass, good);
    llw_lint_pass_end(pass);
    *pass = best;
    return kept;
}

/* Writes a file if it still is what was read. */
static bool write_file(repairing *r, const edited *e) {
    llw_err err = {0};
    llw_arena *arena = llw_arena_new();
    char *bytes = NULL;
    size_t len = 0;
    llw_rc rc = llw_file_read(arena, e->path, LLW_LINES_MAX_BYTES, &bytes, &len, &err);
    if (rc == LLW_OK && (len != e->was_len || memcmp(bytes, e->was, len)))
        rc = llw_fail(&err, LLW_ERR_INPUT, e->path, 0, "changed meanwhile: it is left alone");
    if (rc == LLW_OK) rc = llw_file_replace(e->path, e->now, e->now_len, &err);
    llw_arena_free(arena);
    return rc == LLW_OK || llw_app_fail(r->lint->app, LLW_EXIT_INPUT, &err);
}

static bool is_lost(const repair *made) {
    return made->file && made->file->unwritten;
}

/* What was repaired, and what was not because its file could not be written. */
static void say(const repairing *r, bool write) {
    const repair *made = r->made;
    size_t lost = 0;
    for (size_t i = 0; i < r->n_made; i++) lost += is_lost(&made[i]);
    size_t kept = r->n_made - lost;
    llw_app_tell("llwhy: %zu repair%s%s%s\n", kept, kept == 1 ? "" : "s", write ? "" : " in the patch",
                 kept ? ":" : "");
    for (size_t i = 0; i < r->n_made; i++)
        if (!is_lost(&made[i])) llw_app_tell("%s", made[i].line);
    if (lost)
        llw_app_tell("llwhy: %zu repair%s not made, because the file was not written:\n", lost,
                     lost == 1 ? " was" : "s were");
    for (size_t i = 0; i < r->n_made; i++)
        if (is_lost(&made[i])) llw_app_tell("%s", made[i].line);
}

void llw_lint_repair(llw_linting *lint, llw_lint_pass *pass, bool write, llw_text *diff) {
    repairing *r = llw_arena_alloc(lint->app->arena, sizeof *r);
    r->lint = lint;
    size_t open = 0, by_hand = 0, secret = 0;
    bool lost = false;
    for (int i = 0; i < MAX_ROUNDS && round_of(r, pass); i++) continue;
    llw_file_pretend_nothing();
    for (size_t i = 0; i < r->n_files; i++) {
        edited *e = &r->files[i];
        if (e->now == e->was || (e->now_len == e->was_len && !memcmp(e->now, e->was, e->now_len))) continue;
        if (write)
            lost |= e->unwritten = !write_file(r, e);
        else
            secret += llw_render_diff(diff, llw_path_relative(lint->app->arena, e->path, ""), e->was,
                                      e->was_len, e->now, e->now_len);
    }
    say(r, write);
    if (lost) { /* the findings are those of the files as they are */
        llw_lint_pass_end(pass);
        llw_lint_pass_run(lint, true, pass);
        return;
    }
    for (size_t i = 0; i < pass->findings.n; i++) open += pass->findings.items[i].fix != NULL;
    by_hand = pass->findings.n - open;
    if (secret)
        llw_app_tell(
            "llwhy: the patch leaves out %zu place%s where it would show a secret: --fix repairs %s\n",
            secret, secret == 1 ? "" : "s", secret == 1 ? "it" : "them");
    if (open) llw_app_tell("llwhy: %zu more would bring something as grave with them: left to you\n", open);
    if (!r->n_made && by_hand)
        llw_app_tell("llwhy: %zu finding%s more than one value changed: make %s by hand\n", by_hand,
                     by_hand == 1 ? " needs" : "s need", by_hand == 1 ? "it" : "them");
}
