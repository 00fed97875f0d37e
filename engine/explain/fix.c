/* Plans and makes edits of single tokens. */
#include "explain/fix.h"
#include "base/number.h"
#include "explain/words.h"
#include "fact/build.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The only knob that the rule's try would turn, with the value it wants; false when there are none or
 * several. */
static bool single_knob(const llw_run *run, const llw_node *node, llw_entity *entity, llw_attr *attr,
                        llw_value *wanted) {
    int n = 0;
    for (size_t i = 0; i < node->rule->n_tries; i++) {
        const llw_setting *s = &node->rule->tries[i];
        llw_result values[LLW_EXPR_MAX_BYTES];
        llw_run_eval(run, node, &s->value, values);
        llw_value to = llw_result_value(values[s->value.n_nodes - 1], llw_attr_get(s->attr)->type);
        if (llw_value_equal(to, llw_facts_value(run->facts, node->binding[s->variable], s->attr))) continue;
        if (!to.known || n++) return false;
        *entity = node->binding[s->variable];
        *attr = s->attr;
        *wanted = to;
    }
    return n == 1 && llw_facts_kind(run->facts, *entity) == LLW_KIND_launch;
}

static bool is_token(char c) {
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-' || c == '+';
}

/* What may stand right before a token of its own. */
static bool opens(char c) {
    return isspace((unsigned char)c) || strchr("\"'=[,(:", c);
}

static bool closes(char c) {
    return isspace((unsigned char)c) || strchr("\"'],)#;\\", c);
}

/* Whether the token is the default of ${NAME:-token} or ${NAME-token}, and that stands in no other one. */
static bool is_plain_default(const char *line, size_t from, size_t to, size_t len) {
    if (to >= len || line[to] != '}' || !from || line[from - 1] != '-') return false;
    size_t at = from - 1;
    if (at && line[at - 1] == ':') at--;
    size_t name = at;
    while (name && (isalnum((unsigned char)line[name - 1]) || line[name - 1] == '_')) name--;
    if (name == at || name < 2 || line[name - 1] != '{' || line[name - 2] != '$') return false;
    return name < 3 || (line[name - 3] != '-' && line[name - 3] != '$');
}

/* Whether the text is how this value may be written. */
static bool reads_as(const char *text, llw_attr attr, llw_value value) {
    if (!value.known) return false;
    int64_t number = 0;
    switch (value.type) {
    case LLW_COUNT:
    case LLW_BYTES:
        if (attr == LLW_launch_gpu_layers && !strcasecmp(text, "auto")) return value.as.count == -1;
        if (attr == LLW_launch_gpu_layers && !strcasecmp(text, "all")) return value.as.count == -2;
        return llw_read_count(text, &number) && number == value.as.count;
    case LLW_FLAG: {
        static const char *const yes[] = {"on", "1", "true", "enabled", "yes"}, *const no[] = {
                                                                                    "off", "0", "false",
                                                                                    "disabled", "no"};
        for (int i = 0; i < 5; i++)
            if (!strcasecmp(text, value.as.flag ? yes[i] : no[i])) return true;
        return false;
    }
    default: return llw_type_is_text(value.type) && !strcmp(text, value.as.text);
    }
}

/* How the wanted value is written for this launch's program and build; NULL when it is said by leaving
 * something out. */
static const char *spelling(const llw_run *run, llw_entity launch, const llw_flags *flags, llw_attr attr,
                            llw_value wanted, llw_arena *arena) {
    llw_entity build = llw_facts_ref(run->facts, launch, LLW_launch_build);
    int64_t order = 0;
    const char *name = NULL;
    llw_program program = LLW_PROGRAM_SERVER;
    if (!build || !llw_facts_count(run->facts, build, LLW_build_order, &order)) return NULL;
    if (llw_facts_text(run->facts, launch, LLW_launch_program, &name)) llw_program_find(name, &program);
    const char *words = llw_flag_write(flags, arena, attr, wanted, program, order);
    const char *blank = words ? strchr(words, ' ') : NULL;
    if (!blank || !blank[1]) return NULL;
    for (const char *c = blank + 1; *c; c++)
        if (!is_token(*c) && *c != ',') return NULL; /* what a format could read otherwise */
    return blank + 1;
}

const llw_fix *llw_fix_plan(const llw_run *run, const llw_finding *finding, const llw_flags *flags,
                            llw_lines *lines, llw_arena *arena) {
    llw_entity launch = 0;
    llw_fix fix = {0};
    if (!finding->node || !single_knob(run, finding->node, &launch, &fix.attr, &fix.wanted)) return NULL;
    const llw_claim *best = llw_facts_best(run->facts, launch, fix.attr);
    if (!best || best->grade != LLW_GRADE_CONFIG ||
        !llw_place_split(arena, best->place, &fix.file, &fix.line, &fix.column))
        return NULL;
    if (fix.line != finding->line || strcmp(fix.file, finding->file)) return NULL;
    const llw_lines_file *file = llw_lines_get(lines, fix.file);
    const char *line = NULL, *text = NULL;
    size_t len = 0, from = 0;
    if (!llw_lines_line(file, fix.line, &line, &len) || !llw_lines_offset(file, fix.line, fix.column, &from))
        return NULL;
    size_t to = from;
    while (to < len && is_token(line[to])) to++;
    if (to == from) return NULL;
    bool alone = (!from || opens(line[from - 1])) && (to == len || closes(line[to]));
    if (!alone && !is_plain_default(line, from, to, len)) return NULL;
    fix.was = llw_arena_strndup(arena, line + from, to - from);
    if (!reads_as(fix.was, fix.attr, best->value) ||
        !(text = spelling(run, launch, flags, fix.attr, fix.wanted, arena)))
        return NULL;
    if (fix.attr == LLW_launch_gpu_layers && llw_words_key(best->origin, fix.attr)) {
        if (fix.wanted.as.count != -1) return NULL;
        text = "-1";
    }
    bool quoted = from && to < len && (line[to] == '"' || line[to] == '\'') && line[from - 1] == line[to];
    if (strchr(text, ',') && !quoted && (!alone || memchr(line, '[', from)))
        return NULL; /* a list would take it apart */
    fix.text = text;
    fix.offset = (size_t)(line - file->bytes) + from;
    fix.len = to - from;
    fix.launch = llw_arena_strdup(arena, llw_facts_id(run->facts, launch));
    if (llw_type_is_text(fix.wanted.type)) fix.wanted.as.text = llw_arena_strdup(arena, fix.wanted.as.text);
    llw_fix *kept = llw_arena_alloc(arena, sizeof *kept);
    *kept = fix;
    return kept;
}

static int by_offset(const void *a, const void *b) {
    const llw_fix *x = *(const llw_fix *const *)a, *y = *(const llw_fix *const *)b;
    if (x->offset != y->offset) return x->offset < y->offset ? -1 : 1;
    return strcmp(x->text, y->text);
}

size_t llw_fix_apply(const llw_lines_file *file, const llw_fix *const *fixes, const bool *chosen, size_t n,
                     llw_text *out) {
    const llw_fix **mine = llw_xmalloc((n + 1) * sizeof *mine);
    size_t count = 0, made = 0, at = 0;
    for (size_t i = 0; i < n; i++)
        if ((!chosen || chosen[i]) && !strcmp(fixes[i]->file, file->path)) mine[count++] = fixes[i];
    if (count) qsort(mine, count, sizeof(const llw_fix *), by_offset);
    for (size_t i = 0; i < count; i++) {
        if ((i && mine[i]->offset < at) || mine[i]->offset + mine[i]->len > file->len) continue;
        llw_text_addn(out, file->bytes + at, mine[i]->offset - at);
        llw_text_add(out, mine[i]->text);
        at = mine[i]->offset + mine[i]->len;
        made++;
    }
    llw_text_addn(out, file->bytes + at, file->len - at);
    free(mine);
    return made;
}

bool llw_fix_holds(const llw_facts *facts, const llw_fix *fix) {
    llw_entity launch = llw_facts_find(facts, LLW_KIND_launch, fix->launch);
    return launch && llw_value_equal(llw_facts_value(facts, launch, fix->attr), fix->wanted);
}
