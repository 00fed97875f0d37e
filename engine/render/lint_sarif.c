/* Lint as SARIF 2.1.0, within what GitHub's code scanning takes.
 *
 * One run. A code is a rule, its lesson the help; the chain of a value is the code flow; where else the
 * reasons were read and what the lesson cites are related locations; what was accepted is a result with its
 * suppression. Property names and requirements: the OASIS schema of 2.1.0 and GitHub's "SARIF support for
 * code scanning". */
#include "render/line_hash.h"
#include "render/lint_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* GitHub: at most 25,000 results a run, of which 5,000 are kept, and 1,000 places of a thread flow and of a
 * result. */
enum { MAX_RESULTS = 25000, MAX_STEPS = 1000, MAX_RELATED = 200, MAX_TITLE = 200, MAX_CLAIM = 1000 };

typedef struct sarif {
    const llw_lint_report *report;
    const char **codes; /* ruleIndex of each */
    size_t n_codes, code_capacity;
    llw_page *pages; /* of each */
    json_t *rules;
    const char *hashed; /* file of the hashes kept */
    const llw_line_hash *hashes;
    size_t n_hashes;
} sarif;

static json_t *text(const sarif *s, const char *foreign) {
    return llw_lint_string(llw_lint_safe_copy(s->report->arena, foreign));
}

static json_t *message(const sarif *s, const char *foreign) {
    return json_pack("{s:o}", "text", text(s, foreign));
}

/* --- places --- */

/* A path as a URI reference: everything but letters, digits and what is safe in a path is escaped. */
static json_t *uri(const sarif *s, const char *file) {
    const char *path = llw_lint_path(s->report, file);
    llw_text t = {0};
    if (*path == '/') llw_text_add(&t, "file://");
    for (const char *c = path; *c; c++) {
        if (isalnum((unsigned char)*c) || strchr("-._~/", *c))
            llw_text_addn(&t, c, 1);
        else
            llw_text_addf(&t, "%%%02X", (unsigned char)*c);
    }
    json_t *string = json_string(llw_text_str(&t));
    llw_text_fini(&t);
    return string;
}

static json_t *location(const sarif *s, const char *file, int line, int column, int end_column,
                        const char *said) {
    json_t *region = json_pack("{s:i}", "startLine", line > 0 ? line : 1);
    json_t *artifact = json_pack("{s:o}", "uri", uri(s, file)), *out = json_object();
    if (*llw_lint_path(s->report, file) != '/')
        json_object_set_new(artifact, "uriBaseId", json_string("%SRCROOT%"));
    if (column > 0) json_object_set_new(region, "startColumn", json_integer(column));
    if (column > 0 && end_column > column) json_object_set_new(region, "endColumn", json_integer(end_column));
    json_object_set_new(out, "physicalLocation",
                        json_pack("{s:o, s:o}", "artifactLocation", artifact, "region", region));
    if (said) json_object_set_new(out, "message", message(s, said));
    return out;
}

static json_t *place(const sarif *s, const llw_finding *f, const char *said) {
    return location(s, llw_lint_file(s->report, f), f->line, f->column, f->column + llw_lint_extent(f), said);
}

static json_t *step_place(const sarif *s, const llw_finding *f, const llw_finding_step *step) {
    return *step->file ? location(s, step->file, step->line, step->column, 0, step->text)
                       : place(s, f, step->text);
}

/* --- rules --- */

static const char *cut(const sarif *s, const char *long_text, size_t most) {
    size_t n = strlen(long_text);
    if (n <= most) return long_text;
    n = most;
    while (n && ((unsigned char)long_text[n] & 0xc0) == 0x80) n--;
    return llw_arena_printf(s->report->arena, "%.*s...", (int)n, long_text);
}

static void add_sources(llw_text *out, const llw_page *page) {
    if (!page->n_sources) return;
    llw_text_add(out, "\n\n### Sources\n");
    for (size_t i = 0; i < page->n_sources; i++)
        llw_text_addf(out, "\n- %s (%s, %s)", page->sources[i].what, page->sources[i].where,
                      page->sources[i].date);
    llw_text_add(out, "\n");
}

/* Foreign text with its line ends: a project's own lesson. */
static json_t *prose(const llw_text *text) {
    llw_text safe = {0};
    llw_text_add_safe(&safe, llw_text_str(text), text->len, true);
    json_t *string = llw_lint_string(llw_text_str(&safe));
    llw_text_fini(&safe);
    return string;
}

static json_t *help(const llw_page *page, const char *code) {
    llw_text plain = {0}, markdown = {0};
    llw_text_addf(&plain, "%s\n\nllwhy explain %s tells it whole.", page->claim, code);
    llw_text_addf(&markdown, "%s", *page->story ? page->story : page->claim);
    add_sources(&markdown, page);
    json_t *o = json_pack("{s:o, s:o}", "text", prose(&plain), "markdown", prose(&markdown));
    llw_text_fini(&plain);
    llw_text_fini(&markdown);
    return o;
}

static llw_page page_of(const sarif *s, const char *code) {
    llw_page page = {.code = code, .name = code, .title = code, .claim = code, .story = ""};
    if (s->report->page) s->report->page(s->report->context, code, &page);
    return page;
}

static json_t *rule(const sarif *s, const char *code, llw_page page) {
    json_t *o = json_object();
    json_object_set_new(o, "id", text(s, code));
    json_object_set_new(o, "name", text(s, page.name));
    json_object_set_new(o, "shortDescription", message(s, cut(s, page.title, MAX_TITLE)));
    json_object_set_new(o, "fullDescription", message(s, cut(s, page.claim, MAX_CLAIM)));
    json_object_set_new(o, "help", help(&page, code));
    json_object_set_new(o, "defaultConfiguration",
                        json_pack("{s:s}", "level", llw_lint_severity(page.level)));
    json_object_set_new(o, "properties",
                        json_pack("{s:[s,s], s:s, s:s}", "tags", "llama.cpp", "configuration", "precision",
                                  "high", "problem.severity",
                                  page.level == LLW_LEVEL_WRONG   ? "error"
                                  : page.level >= LLW_LEVEL_WASTE ? "warning"
                                                                  : "recommendation"));
    return o;
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void collect_codes(sarif *s, const llw_findings *findings) {
    for (size_t i = 0; i < findings->n; i++) {
        bool known = false;
        for (size_t k = 0; k < s->n_codes && !known; k++)
            known = !strcmp(s->codes[k], findings->items[i].code);
        void *items = s->codes;
        if (!known)
            *(const char **)llw_arena_push(s->report->arena, &items, &s->n_codes, &s->code_capacity,
                                           sizeof(char *)) = findings->items[i].code;
        s->codes = items;
    }
}

static void add_rules(sarif *s) {
    collect_codes(s, s->report->findings);
    collect_codes(s, s->report->accepted);
    if (s->n_codes) qsort(s->codes, s->n_codes, sizeof *s->codes, by_text);
    s->rules = json_array();
    s->pages = llw_arena_alloc(s->report->arena, (s->n_codes + 1) * sizeof *s->pages);
    for (size_t i = 0; i < s->n_codes; i++) {
        s->pages[i] = page_of(s, s->codes[i]);
        json_array_append_new(s->rules, rule(s, s->codes[i], s->pages[i]));
    }
}

/* --- results --- */

static json_t *fingerprints(sarif *s, const llw_finding *f) {
    const char *file = llw_lint_file(s->report, f);
    json_t *o = json_object();
    if (!s->hashed || strcmp(s->hashed, file)) {
        s->hashed = file;
        s->hashes = llw_line_hashes(llw_lines_get(s->report->lines, file), s->report->arena, &s->n_hashes);
    }
    size_t line = f->line > 0 ? (size_t)f->line : 1;
    if (line <= s->n_hashes) {
        const llw_line_hash *hash = &s->hashes[line - 1];
        json_object_set_new(o, "primaryLocationLineHash",
                            llw_lint_string(llw_arena_printf(s->report->arena, "%llx:%u",
                                                             (unsigned long long)hash->hash, hash->times)));
    }
    char own[LLW_FINGERPRINT_MAX];
    json_object_set_new(o, "llwhySubject/v1",
                        json_string(llw_finding_fingerprint(own, f, llw_lint_path(s->report, f->file))));
    return o;
}

static json_t *code_flow(const sarif *s, const llw_finding *f) {
    json_t *locations = json_array();
    size_t n = f->n_steps < MAX_STEPS - 1 ? f->n_steps : MAX_STEPS - 1;
    for (size_t i = 0; i < n; i++)
        json_array_append_new(locations, json_pack("{s:o, s:s}", "location", step_place(s, f, &f->steps[i]),
                                                   "importance", "important"));
    json_array_append_new(
        locations, json_pack("{s:o, s:s}", "location", place(s, f, f->message), "importance", "essential"));
    return json_pack("[{s:[{s:o}]}]", "threadFlows", "locations", locations);
}

/* The address of a citation: its first word, when that is one. */
static const char *address(const sarif *s, const char *where) {
    size_t n = strcspn(where, " ,;()");
    const char *slash = memchr(where, '/', n), *dot = memchr(where, '.', n);
    bool whole = !strncmp(where, "https://", 8);
    if (!whole && (!slash || !dot || dot > slash)) return NULL;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)where[i]) && !strchr("-._~/:%?=&", where[i])) return NULL;
    return llw_arena_printf(s->report->arena, "%s%.*s", whole ? "" : "https://", (int)n, where);
}

static json_t *related(const sarif *s, const llw_finding *f, const llw_page *page) {
    json_t *list = json_array();
    for (size_t i = 0; i < f->n_steps && json_array_size(list) < MAX_RELATED; i++) {
        const llw_finding_step *step = &f->steps[i];
        bool told = !*step->file || (step->line == f->line && !strcmp(step->file, f->file));
        for (size_t k = 0; k < i && !told; k++)
            told = step->line == f->steps[k].line && step->column == f->steps[k].column &&
                   !strcmp(step->file, f->steps[k].file);
        if (!told) json_array_append_new(list, step_place(s, f, step));
    }
    for (size_t i = 0; i < page->n_sources && json_array_size(list) < MAX_RELATED; i++) {
        const char *to = address(s, page->sources[i].where);
        if (!to) continue;
        const char *said = llw_arena_printf(s->report->arena, "source: %s, %s, %s", page->sources[i].what,
                                            page->sources[i].where, page->sources[i].date);
        json_array_append_new(list, json_pack("{s:{s:{s:s}}, s:o}", "physicalLocation", "artifactLocation",
                                              "uri", to, "message", message(s, said)));
    }
    for (size_t i = 0; i < json_array_size(list); i++)
        json_object_set_new(json_array_get(list, i), "id", json_integer((json_int_t)i + 1));
    return list;
}

static json_t *fixes(const sarif *s, const llw_finding *f) {
    const llw_fix *fix = f->fix;
    json_t *region = json_pack("{s:i, s:i, s:i}", "startLine", fix->line, "startColumn", fix->column,
                               "endColumn", fix->column + (int)fix->len);
    json_t *change =
        json_pack("{s:{s:o}, s:[{s:o, s:{s:o}}]}", "artifactLocation", "uri", uri(s, fix->file),
                  "replacements", "deletedRegion", region, "insertedContent", "text", text(s, fix->text));
    return json_pack("[{s:o, s:[o]}]", "description", message(s, f->advice), "artifactChanges", change);
}

static json_t *suppression(const sarif *s, const llw_finding *f) {
    json_t *o = json_pack("{s:s, s:s}", "kind", f->accepted == LLW_ACCEPTED_INLINE ? "inSource" : "external",
                          "status", "accepted");
    if (*f->reason) json_object_set_new(o, "justification", text(s, f->reason));
    return json_pack("[o]", o);
}

static json_t *properties(const sarif *s, const llw_finding *f) {
    json_t *because = json_array(), *also = json_array();
    for (size_t i = 0; i < f->n_because; i++) json_array_append_new(because, text(s, f->because[i]));
    for (size_t i = 0; i < f->n_also; i++) json_array_append_new(also, text(s, f->also[i].message));
    return json_pack("{s:o, s:s, s:o, s:o, s:I, s:o}", "rule", text(s, f->rule), "level",
                     llw_level_name(f->level), "advice", text(s, f->advice), "because", because, "launches",
                     (json_int_t)f->n_launches, "also", also);
}

static json_t *result(sarif *s, const llw_finding *f) {
    const char **found = bsearch(&f->code, s->codes, s->n_codes, sizeof *s->codes, by_text);
    size_t index = (size_t)(found - s->codes); /* every code of a result was collected */
    json_t *o = json_object(), *related_list = related(s, f, &s->pages[index]);
    json_object_set_new(o, "ruleId", text(s, f->code));
    json_object_set_new(o, "ruleIndex", json_integer((json_int_t)index));
    json_object_set_new(o, "level", json_string(llw_lint_severity(f->level)));
    json_object_set_new(
        o, "message",
        message(s, *f->advice ? llw_arena_printf(s->report->arena, "%s. Instead: %s", f->message, f->advice)
                              : f->message));
    json_object_set_new(o, "locations", json_pack("[o]", place(s, f, NULL)));
    json_object_set_new(o, "partialFingerprints", fingerprints(s, f));
    if (f->n_steps) json_object_set_new(o, "codeFlows", code_flow(s, f));
    if (json_array_size(related_list)) json_object_set(o, "relatedLocations", related_list);
    json_decref(related_list);
    if (f->fix) json_object_set_new(o, "fixes", fixes(s, f));
    if (f->accepted) json_object_set_new(o, "suppressions", suppression(s, f));
    if (s->report->baseline)
        json_object_set_new(o, "baselineState",
                            json_string(f->accepted == LLW_ACCEPTED_BASELINE ? "unchanged" : "new"));
    json_object_set_new(o, "properties", properties(s, f));
    return o;
}

/* The gravest first when there are more than a service keeps. */
static void add_results(sarif *s, json_t *results, const llw_findings *findings, size_t *left_out) {
    bool all = findings->n <= MAX_RESULTS;
    for (llw_level level = all ? LLW_LEVEL_NONE : LLW_LEVEL_WRONG;; level--) {
        for (size_t i = 0; i < findings->n; i++) {
            if (!all && findings->items[i].level != level) continue;
            if (json_array_size(results) < MAX_RESULTS)
                json_array_append_new(results, result(s, &findings->items[i]));
            else
                ++*left_out;
        }
        if (level == LLW_LEVEL_NONE) return;
    }
}

static json_t *invocation(const sarif *s, size_t left_out) {
    json_t *notifications = json_array();
    const llw_config_result *config = s->report->config;
    for (size_t i = 0; i < config->n_unread; i++) {
        const llw_unread *u = &config->unread[i];
        const char *why = llw_arena_printf(s->report->arena, "not read: %s", u->why);
        json_array_append_new(notifications,
                              json_pack("{s:s, s:o, s:[o]}", "level", "warning", "message", message(s, why),
                                        "locations", location(s, u->file, u->line, 0, 0, NULL)));
    }
    if (left_out) {
        const char *said = llw_arena_printf(
            s->report->arena, "%zu findings more than the %d that one run may have were left out", left_out,
            MAX_RESULTS);
        json_array_append_new(notifications,
                              json_pack("{s:s, s:o}", "level", "warning", "message", message(s, said)));
    }
    return json_pack("{s:b, s:o}", "executionSuccessful", 1, "toolExecutionNotifications", notifications);
}

void llw_render_lint_sarif(llw_text *out, const llw_style *style, const llw_lint_report *report) {
    (void)style;
    sarif s = {.report = report};
    size_t left_out = 0;
    json_t *results = json_array();
    add_rules(&s);
    add_results(&s, results, report->findings, &left_out);
    add_results(&s, results, report->accepted, &left_out);
    json_t *driver =
        json_pack("{s:s, s:s, s:o}", "name", "llwhy", "version", report->version, "rules", s.rules);
    json_t *run = json_pack("{s:{s:o}, s:s, s:{s:s}, s:{s:{s:{s:s}}}, s:[o], s:o}", "tool", "driver", driver,
                            "columnKind", "unicodeCodePoints", "automationDetails", "id", "llwhy/lint/",
                            "originalUriBaseIds", "%SRCROOT%", "description", "text",
                            "the directory in which llwhy ran", "invocations", invocation(&s, left_out),
                            "results", results);
    json_t *root = json_pack("{s:s, s:s, s:[o]}", "$schema", "https://json.schemastore.org/sarif-2.1.0.json",
                             "version", "2.1.0", "runs", run);
    llw_lint_dump(out, root, JSON_INDENT(1));
}
