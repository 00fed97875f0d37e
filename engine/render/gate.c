/* Renders the gate. */
#include "render/gate.h"
#include "render/jsontext.h"

#include <string.h>

static const llw_ink inks[] = {[LLW_GATE_PROVEN] = LLW_GREEN,
                               [LLW_GATE_FAILED] = LLW_RED,
                               [LLW_GATE_SHORT] = LLW_YELLOW,
                               [LLW_GATE_EXPIRED] = LLW_YELLOW,
                               [LLW_GATE_MISSING] = LLW_YELLOW};

static void line(llw_text *out, const llw_style *style, int indent, const char *lead, const char *text) {
    llw_text t = {0};
    llw_text_add(&t, lead);
    llw_text_add_safe(&t, text, strlen(text), false);
    llw_text_addf(out, "%*s", indent, "");
    llw_wrap(out, style, llw_text_str(&t), indent, indent + 2);
    llw_text_add(out, "\n");
    llw_text_fini(&t);
}

/* "evidence/desk.yaml:2" is enough of a proof; a launch that lacks one gets what would make it. */
static void item_text(llw_text *out, const llw_style *style, const llw_gate_item *item) {
    llw_text head = {0}, word = {0};
    llw_text_addf(&word, "%-10s", llw_gate_state_name(item->state));
    llw_text_add(out, "  ");
    llw_paint(out, style, inks[item->state], llw_text_str(&word));
    llw_text_fini(&word);
    llw_text_add(out, " ");
    llw_text_add_safe(&head, item->launch, strlen(item->launch), false);
    if (item->model && *item->model) {
        llw_text_add(&head, ": ");
        llw_text_add_safe(&head, item->model, strlen(item->model), false);
    }
    if (item->moe && item->gpus > 1) llw_text_addf(&head, ", a mixture of experts on %d GPUs", item->gpus);
    llw_wrap(out, style, llw_text_str(&head), 13, 13);
    llw_text_add(out, "\n");
    llw_text_fini(&head);
    line(out, style, 13, "", item->because);
    if (item->last_build && item->state != LLW_GATE_PROVEN) {
        llw_text t = {0};
        llw_text_addf(&t, "%s, %s (%s)", item->last_build, item->last_day, item->last_place);
        line(out, style, 13, "last proven on ", llw_text_str(&t));
        llw_text_fini(&t);
    }
    for (size_t i = 0; i < item->n_contrasts; i++)
        if (strcmp(item->contrasts[i].what, "crash"))
            line(out, style, 13, !strcmp(item->contrasts[i].what, "speed") ? "slower: " : "larger: ",
                 item->contrasts[i].text);
        else
            line(out, style, 13, "the two side by side: ", item->contrasts[i].text);
}

static void commands_text(llw_text *out, const llw_gate_report *report) {
    bool any = false;
    for (size_t i = 0; i < report->n_items; i++) {
        const llw_gate_item *item = &report->items[i];
        if (!item->n_commands) continue;
        if (!any) llw_text_add(out, "\nWhat would prove the rest, one after the other:\n");
        any = true;
        llw_text_add(out, "  # ");
        llw_text_add_safe(out, item->launch, strlen(item->launch), false);
        llw_text_add(out, "\n");
        for (size_t k = 0; k < item->n_commands; k++) { /* to paste, so it is not wrapped */
            llw_text_add(out, "  ");
            llw_text_add_safe(out, item->commands[k], strlen(item->commands[k]), false);
            llw_text_add(out, "\n");
        }
    }
}

static size_t count(const llw_gate_report *report, llw_gate_state state) {
    size_t n = 0;
    for (size_t i = 0; i < report->n_items; i++) n += report->items[i].state == state;
    return n;
}

static size_t n_worse(const llw_gate_report *report) {
    size_t n = 0;
    for (size_t i = 0; i < report->n_items; i++)
        n += report->items[i].state == LLW_GATE_PROVEN && report->items[i].n_contrasts > 0;
    return n;
}

/* The newest build that most of the launches which are not proven were proven on. */
static const char *last_build(const llw_gate_report *report) {
    for (size_t i = 0; i < report->n_items; i++)
        if (report->items[i].state != LLW_GATE_PROVEN && report->items[i].last_build)
            return report->items[i].last_build;
    return NULL;
}

static void verdict_text(llw_text *out, const llw_style *style, const llw_gate_report *report) {
    llw_text t = {0};
    size_t proven = count(report, LLW_GATE_PROVEN), failed = count(report, LLW_GATE_FAILED);
    const char *last = last_build(report);
    if (report->open && report->n_items == 1)
        llw_text_addf(&t, "Yes: %s is proven for the one launch there is.", report->build);
    else if (report->open)
        llw_text_addf(&t, "Yes: %s is proven for all %zu launches.", report->build, report->n_items);
    else if (failed)
        llw_text_addf(&t, "No: %s failed for %zu of %zu launch%s.", report->build, failed, report->n_items,
                      report->n_items == 1 ? "" : "es");
    else if (proven < report->n_items)
        llw_text_addf(&t, "Not yet: %s is proven for %zu of %zu launch%s.", report->build, proven,
                      report->n_items, report->n_items == 1 ? "" : "es");
    else
        llw_text_addf(&t, "It works, but got worse: %s for %zu of %zu launch%s.", report->build,
                      n_worse(report), report->n_items, report->n_items == 1 ? "" : "es");
    if (!report->open && last) llw_text_addf(&t, " Stay on %s, the last build that was proven.", last);
    if (!report->open && !last && proven < report->n_items)
        llw_text_add(&t, " No build is on record that was proven for what is missing.");
    llw_wrap(out, style, llw_text_str(&t), 0, 2);
    llw_text_add(out, "\n");
    llw_text_fini(&t);
}

void llw_render_gate_text(llw_text *out, const llw_style *style, const llw_gate_report *report) {
    verdict_text(out, style, report);
    for (size_t i = 0; i < report->n_items; i++) item_text(out, style, &report->items[i]);
    commands_text(out, report);
    if (count(report, LLW_GATE_FAILED))
        llw_text_addf(out, "\nA report for upstream: llwhy gate --build %s --report report.md\n",
                      report->build);
}

/* --- JSON --- */

static void put(json_t *o, const char *key, const char *text) {
    json_object_set_new(o, key, text && *text ? llw_json_string(text) : json_null());
}

static json_t *strings(const char *const *items, size_t n) {
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) json_array_append_new(list, llw_json_string(items[i]));
    return list;
}

static json_t *item_json(const llw_gate_item *item) {
    json_t *o = json_object(), *contrasts = json_array();
    put(o, "launch", item->launch);
    put(o, "model", item->model);
    put(o, "architecture", item->architecture);
    json_object_set_new(o, "moe", json_boolean(item->moe));
    json_object_set_new(o, "gpus", json_integer(item->gpus));
    put(o, "state", llw_gate_state_name(item->state));
    put(o, "because", item->because);
    put(o, "record", item->place);
    put(o, "last_proven_build", item->last_build);
    put(o, "last_proven_record", item->last_place);
    for (size_t i = 0; i < item->n_contrasts; i++) {
        const llw_gate_contrast *c = &item->contrasts[i];
        json_t *k = json_object();
        put(k, "what", c->what);
        if (c->was > 0) json_object_set_new(k, "was", json_real(c->was));
        if (c->was > 0) json_object_set_new(k, "is", json_real(c->is));
        put(k, "was_record", c->was_place);
        put(k, "is_record", c->is_place);
        put(k, "besides_the_build", c->besides);
        put(k, "text", c->text);
        json_array_append_new(contrasts, k);
    }
    json_object_set_new(o, "contrasts", contrasts);
    json_object_set_new(o, "commands", strings(item->commands, item->n_commands));
    return o;
}

void llw_render_gate_json(llw_text *out, const llw_gate_report *report) {
    json_t *root = json_object(), *launches = json_array();
    json_object_set_new(root, "schema", json_string("llwhy.gate/1"));
    put(root, "build", report->build);
    json_object_set_new(root, "open", json_boolean(report->open));
    for (size_t i = 0; i < report->n_items; i++)
        json_array_append_new(launches, item_json(&report->items[i]));
    json_object_set_new(root, "launches", launches);
    llw_json_dump(out, root);
}

/* --- the draft --- */

static void or_missing(llw_text *out, const char *text) {
    if (text && *text)
        llw_text_add_safe(out, text, strlen(text), false);
    else
        llw_text_add(out, "(fill in)");
}

static void failed_launch(llw_text *out, const llw_gate_report *report, const llw_gate_item *item) {
    llw_text_add(out, "### Models\n\n");
    or_missing(out, item->model);
    llw_text_add(out, ", architecture ");
    or_missing(out, item->architecture);
    llw_text_add(out, item->moe ? ", mixture of experts\n\n" : "\n\n");
    llw_text_add(out, "### Command line\n\n```\nllama-server -m ");
    or_missing(out, item->model);
    for (size_t i = 0; i < item->n_flags; i++) {
        llw_text_add(out, " ");
        llw_text_add_safe(out, item->flags[i], strlen(item->flags[i]), false);
    }
    llw_text_add(out, "\n```\n\n### Problem description and steps to reproduce\n\n");
    llw_text_addf(out, "With %s, ", report->build);
    or_missing(out, item->prompt);
    llw_text_add(out, " fails: ");
    or_missing(out, item->problem);
    llw_text_add(out, ".");
    if (*item->answered) {
        llw_text_add(out, " With the same start ");
        llw_text_add_safe(out, item->answered, strlen(item->answered), false);
        llw_text_add(out, " is answered.");
    }
    llw_text_add(out, "\n\n### First bad commit\n\n");
    if (item->last_build)
        llw_text_addf(out, "Between %s (good, %s) and %s (bad). Not bisected yet.\n\n", item->last_build,
                      item->last_day, report->build);
    else
        llw_text_addf(out,
                      "Not known; no earlier build was tried with this model and placement before %s.\n\n",
                      report->build);
    for (size_t i = 0; i < item->n_contrasts; i++) {
        const llw_gate_contrast *c = &item->contrasts[i];
        if (strcmp(c->what, "crash")) continue;
        llw_text_add(out, *c->besides ? "What else differs between the two runs: "
                                      : "Nothing but the build differs between the two runs.\n\n");
        if (*c->besides) {
            llw_text_add_safe(out, c->besides, strlen(c->besides), false);
            llw_text_add(out, ".\n\n");
        }
    }
    llw_text_add(out, "### Relevant log output\n\n```\n");
    or_missing(out, item->problem);
    llw_text_add(out, "\n```\n\n");
}

bool llw_render_gate_upstream(llw_text *out, const llw_gate_report *report) {
    const llw_gate_item *first = NULL;
    for (size_t i = 0; i < report->n_items && !first; i++)
        if (report->items[i].state == LLW_GATE_FAILED) first = &report->items[i];
    if (!first) return false;
    llw_text_addf(out, "# Misc. bug: %s fails on ", report->build);
    or_missing(out, first->prompt);
    llw_text_add(out, " with ");
    or_missing(out, first->architecture);
    llw_text_addf(
        out,
        "\n\nA draft: read it, add the log around the failure, take out what is private.\n\n### Name and "
        "version\n\n%s "
        "(paste the output of `llama-server --version`)\n\n### Operating systems\n\n(fill in)\n\n### Which "
        "llama.cpp modules do you know to be affected?\n\nllama-server\n\n### Hardware\n\n",
        report->build);
    or_missing(out, first->gpu_names);
    if (*first->driver) llw_text_addf(out, ", driver %s", first->driver);
    llw_text_add(out, "\n\n");
    for (size_t i = 0; i < report->n_items; i++)
        if (report->items[i].state == LLW_GATE_FAILED) failed_launch(out, report, &report->items[i]);
    return true;
}
