/* llwhy new ID: a rule, its story and a failing test, ready to be edited. */
#include "base/file.h"
#include "cli/app.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What an author starts from. %s is the id. The first test fails on purpose: it is the incident, still to be
 * told. */
static const char rule_template[] =
    "-- Teaches: (one sentence: what somebody will do right after reading this).\n"
    "lesson \"%s\" {\n"
    "  claim = \"(One sentence that is true whatever the machine.)\",\n"
    "  -- since = \"b8022\",                  -- llama.cpp builds it holds for, if not all\n"
    "}\n"
    "\n"
    "rule \"%s\" {\n"
    "  level  = \"waste\",                    -- wrong, risk, waste or note\n"
    "  each   = { l = \"launch\" },           -- llwhy facts --schema lists kinds and attributes\n"
    "  when   = {\n"
    "    \"l.ubatch > 512\",                  -- all of these must hold ...\n"
    "  },\n"
    "  unless = {\n"
    "    \"l.embedding_mode\",                -- ... and none of these\n"
    "  },\n"
    "  find   = \"-ub is {l.ubatch} (say what that costs, with its number)\",\n"
    "  tests  = {\n"
    "    -- the incident: replace this test, which fails on purpose, by what really happened\n"
    "    fires  { launch { ubatch = 512 } },\n"
    "    silent { launch { ubatch = 512 }, stops_at = \"l.ubatch > 512\" },\n"
    "    silent { launch { ubatch = 2048, embedding_mode = true }, stops_at = \"l.embedding_mode\" },\n"
    "  },\n"
    "}\n";

static const char story_template[] = "---\n"
                                     "id: %s\n"
                                     "title: (what a colleague would call it)\n"
                                     "date: %s\n"
                                     "status: draft\n"
                                     "review_by: %d-%s\n"
                                     "sources:\n"
                                     "  - what: (measurement, issue, commit or document)\n"
                                     "    where: (link, or file and line)\n"
                                     "    date: %s\n"
                                     "---\n"
                                     "# (title)\n"
                                     "\n"
                                     "## What happened\n"
                                     "\n"
                                     "## Root cause\n"
                                     "\n"
                                     "## Mechanism\n"
                                     "\n"
                                     "## Rule\n"
                                     "\n"
                                     "## When it does not apply\n"
                                     "\n"
                                     "## Sources\n";

static bool good_id(const char *id) {
    size_t len = strlen(id);
    if (!len || len > 60 || id[0] == '-') return false;
    for (const char *c = id; *c; c++)
        if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '-') return false;
    return true;
}

/* Creates both files or none; never overwrites one. */
static bool write_new(llw_app *app, const char *rule, const char *rule_text, const char *story,
                      const char *story_text) {
    llw_err err = {0};
    if (llw_file_create(rule, rule_text, strlen(rule_text), &err) == LLW_OK) {
        if (llw_file_create(story, story_text, strlen(story_text), &err) == LLW_OK) return true;
        unlink(rule);
    }
    return llw_app_fail(app, LLW_EXIT_INPUT, &err);
}

static const char *folder(llw_app *app, const char *root, const char *name) {
    const char *path = llw_path_join(app->arena, root, name);
    if (*root) mkdir(root, 0777);
    mkdir(path, 0777);
    return path;
}

int llw_command_new(llw_app *app) {
    if (app->options.n_words != 1)
        return llw_app_complain(app, LLW_EXIT_USAGE,
                                "llwhy new ID: how shall the lesson be called? For instance kv-cache-f16"),
               app->code;
    const char *id = app->options.words[0];
    if (!good_id(id))
        return llw_app_complain(app, LLW_EXIT_USAGE,
                                "'%s' cannot be an id: lower-case letters, digits and dashes, at most 60",
                                id),
               app->code;
    llw_app_load_kb(app);
    bool ours = llw_file_is_directory("rules.d"); /* llwhy's own tree, else a project's overlay */
    const char *root = ours ? "" : LLW_PROJECT_DATA;
    const char *rule = llw_arena_printf(app->arena, "%s/%s.lua", folder(app, root, "rules.d"), id);
    const char *story = llw_arena_printf(app->arena, "%s/%s.md", folder(app, root, "lessons"), id);
    if (llw_kb_lesson(app->kb, id) || access(rule, F_OK) == 0)
        return llw_app_complain(app, LLW_EXIT_USAGE, "there is a lesson '%s' already: choose another name",
                                id),
               app->code;
    char date[16], day[8];
    time_t now = time(NULL);
    struct tm tm;
    gmtime_r(&now, &tm);
    strftime(date, sizeof date, "%Y-%m-%d", &tm);
    strftime(day, sizeof day, "%m-%d", &tm);
    if (!write_new(app, rule, llw_arena_printf(app->arena, rule_template, id, id), story,
                   llw_arena_printf(app->arena, story_template, id, date, tm.tm_year + 1901, day, date)))
        return app->code;
    llw_text out = {0};
    llw_text_addf(
        &out,
        "%s   the rule and its tests\n%s   the story\n\n"
        "1. Tell the incident in the first test of the rule: which flags, which model, which card.\n"
        "2. llwhy test %s   fails now; write conditions until it passes.\n"
        "3. llwhy facts --schema launch   lists what a condition may ask.\n"
        "4. Write the story: what happened, why, when the rule does not apply, and the source with its "
        "date.\n"
        "5. llwhy lint-rules %s   says what is still missing.\n%s",
        rule, story, id, rule,
        ours ? "" : "6. llwhy trust .   makes it part of answers here, as it is then.\n");
    llw_app_print(app, &out);
    return app->code;
}
