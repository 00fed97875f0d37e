/* What comments say about models: claims about their kind, size and counts, and whether a placement has its
 * reason.
 *
 * A comment is cut into sentences; what is quoted, hypothetical, history or a lesson says nothing. The
 * patterns are a table (phrase_pattern.h), what they find is told by prose/phrases.h; here they are tied to
 * the launches they speak of: a comment right above a profile to that one, one that stands apart to all
 * profiles down to the next such comment, narrowed by a quantisation that the sentence names. */
#include "source/prose/phrases.h"
#include "source/config/parts.h"
#include "source/prose/phrase_pattern.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MAX_BLOCKS = 2000 };

/* Comment lines that follow each other. */
typedef struct block {
    llw_rich text;   /* without the marks; lines end with \n */
    int first, last; /* lines */
    bool apart;      /* an empty line stands between it and what follows */
    bool silent;     /* a commented-out profile */
    bool trailing;   /* behind something on its line */
} block;

typedef struct comments {
    llw_config_reader *r;
    const llw_config_file *file;
    const llw_comment_target *targets;
    size_t n_targets;
    block *blocks;
    size_t n_blocks, capacity;
    const llw_link *link;
} comments;

/* --- blocks --- */

static bool is_name_byte(char c) {
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/* [name] alone: the head of a profile that was commented out. */
static bool is_section(const char *text, size_t len) {
    if (len < 3 || *text != '[' || text[len - 1] != ']') return false;
    for (size_t i = 1; i + 1 < len; i++)
        if (!is_name_byte(text[i])) return false;
    return true;
}

/* KEY=VALUE: a setting that was commented out. */
static bool is_setting(const char *text, size_t len) {
    size_t n = 0;
    while (n < len && (isupper((unsigned char)text[n]) || isdigit((unsigned char)text[n]) || text[n] == '_'))
        n++;
    return n > 1 && n < len && text[n] == '=';
}

static block *new_block(comments *c, int line) {
    if (c->n_blocks >= MAX_BLOCKS) return NULL;
    void *items = c->blocks;
    block *b = llw_arena_push(c->r->arena, &items, &c->n_blocks, &c->capacity, sizeof *b);
    c->blocks = items;
    *b = (block){.first = line, .last = line};
    return b;
}

static void add_line(comments *c, block *b, const char *text, size_t len, int line, int column) {
    size_t lead = 0;
    while (lead < len && isspace((unsigned char)text[lead])) lead++;
    while (len > lead && isspace((unsigned char)text[len - 1])) len--;
    b->last = line;
    if (is_section(text + lead, len - lead)) b->silent = true;
    if (len - lead > 4 && !strncmp(text + lead, "--", 2) && !strncmp(text + len - 2, "--", 2)) { /* a title */
        while (lead < len && strchr("- ", text[lead])) lead++, column++;
        while (len > lead && strchr("- ", text[len - 1])) len--;
        llw_rich_read(c->r->arena, &b->text, text + lead, len - lead, line, column, c->link);
        llw_rich_read(c->r->arena, &b->text, "\n\n", 2, line, column, c->link);
        return;
    }
    bool nested = lead < len && text[lead] == '#'; /* "# # text": commented out together with its comment */
    bool rule = true;
    for (size_t i = lead; i < len; i++) rule &= strchr("-=~*_# ", text[i]) != NULL;
    if (!rule && !nested && !is_setting(text + lead, len - lead))
        llw_rich_read(c->r->arena, &b->text, text, len, line, column,
                      c->link); /* indentation is kept: it ends sentences */
    llw_rich_push(c->r->arena, &b->text, (llw_char){'\n', .line = line, .column = column, .link = c->link});
}

/* Where a comment starts on a line: in front of everything, or behind a blank outside quotes. */
static size_t comment_start(const char *text, size_t len, bool *alone) {
    size_t lead = 0;
    while (lead < len && isspace((unsigned char)text[lead])) lead++;
    *alone = lead < len && (text[lead] == '#' || text[lead] == ';');
    if (*alone) return lead;
    char quote = 0;
    for (size_t i = lead; i < len; i++) {
        if (quote) {
            if (text[i] == quote) quote = 0;
        } else if (text[i] == '"' || text[i] == '\'') {
            quote = text[i];
        } else if (text[i] == '#' && i && isspace((unsigned char)text[i - 1])) {
            return i;
        }
    }
    return len;
}

static void find_blocks(comments *c, bool trailing) {
    const char *bytes = c->file->bytes;
    block *open = NULL;
    int line = 0;
    for (size_t at = 0; at < c->file->len;) {
        const char *end = memchr(bytes + at, '\n', c->file->len - at);
        size_t len = end ? (size_t)(end - bytes) - at : c->file->len - at;
        const char *text = bytes + at;
        at += len + (end != NULL);
        line++;
        bool alone = false, blank = true;
        for (size_t i = 0; i < len; i++) blank &= isspace((unsigned char)text[i]) != 0;
        size_t start = comment_start(text, len, &alone);
        if (open && !alone) open->apart = blank;
        if (!alone) open = NULL;
        bool shebang = line == 1 && len > 1 && !strncmp(text, "#!", 2);
        if (start == len || (!alone && !trailing) || shebang) continue;
        int column = 1;
        for (size_t i = 0; i <= start; i++) column += ((unsigned char)text[i] & 0xc0) != 0x80;
        if (!open) open = new_block(c, line);
        if (!open) return;
        open->trailing = !alone;
        add_line(c, open, text + start + 1, len - start - 1, line, column);
        if (!alone) open = NULL;
    }
}

/* --- which launches a block speaks of --- */

/* The first target that starts below the line, or n_targets. What was not read counts right below only. */
static size_t target_below(const comments *c, int line) {
    size_t best = c->n_targets;
    for (size_t i = 0; i < c->n_targets; i++)
        if (c->targets[i].from > line && (c->targets[i].launch || c->targets[i].from == line + 1) &&
            (best == c->n_targets || c->targets[i].from < c->targets[best].from))
            best = i;
    return best;
}

static size_t target_around(const comments *c, int line) {
    for (size_t i = 0; i < c->n_targets; i++)
        if (c->targets[i].from <= line && line <= c->targets[i].to) return i;
    return c->n_targets;
}

/* Lines [from, to] of the targets that a block speaks of; false when of none. A block that stands apart
 * speaks of all targets down to the next block that does. */
static bool reach(const comments *c, size_t index, int *from, int *to) {
    const block *b = &c->blocks[index];
    size_t around = target_around(c, b->first);
    if (around < c->n_targets) {
        *from = c->targets[around].from;
        *to = *from;
        return true;
    }
    size_t below = target_below(c, b->last);
    for (size_t i = 0; i < c->n_targets;
         i++) { /* right behind a profile and apart from the next: still its own */
        if (c->targets[i].to == INT_MAX || c->targets[i].to + 1 != b->first) continue;
        if (!b->apart && below < c->n_targets) continue;
        *from = *to = c->targets[i].from;
        return true;
    }
    if (below == c->n_targets) return false;
    *from = c->targets[below].from;
    *to = *from;
    if (!b->apart) return true;
    *to = INT_MAX;
    for (size_t i = index + 1; i < c->n_blocks; i++)
        if (c->blocks[i].apart && !c->blocks[i].trailing &&
            target_around(c, c->blocks[i].first) == c->n_targets) {
            *to = c->blocks[i].first;
            break;
        }
    return *from <= *to;
}

/* --- claims --- */

/* The part of a path that names the model file, for comparing quantisations. */
static bool file_has(const char *path, const char *quant) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t len = strlen(quant);
    for (const char *at = strcasestr(name, quant); at; at = strcasestr(at + 1, quant)) {
        bool before = at == name || !isalnum((unsigned char)at[-1]), after = !isalnum((unsigned char)at[len]);
        if (before && after) return true;
    }
    return false;
}

/* Whether a phrase that names a quantisation means this launch's model. One that no profile has in its file's
 * name is a way of speaking ("Q8" for a file called otherwise) when there is one profile only. */
static bool means(const comments *c, const llw_comment_target *t, const char *quant) {
    if (!*quant) return true;
    const char *path = t->launch->argv.model.path;
    if (path && file_has(path, quant)) return true;
    if (path && llw_phrase_has_quant(path)) return false;
    size_t launches = 0;
    for (size_t i = 0; i < c->n_targets; i++) launches += c->targets[i].launch != NULL;
    return launches == 1;
}

static void claim(comments *c, const llw_comment_target *t, const llw_phrase *p, const llw_rich *sentence,
                  const llw_rich *before, bool sourced) {
    if (!t->launch || !t->launch->model || !means(c, t, p->quant)) return;
    if (llw_config_other_model(c->r, before, sentence, p->at, t->launch)) return;
    const llw_said said = {.file = c->file,
                           .sentence = sentence,
                           .phrase = p,
                           .model = t->launch->model,
                           .launch = t->launch->launch,
                           .origin = "comment",
                           .sourced = sourced};
    llw_config_claim(c->r, &said);
}

typedef struct speech {
    bool reason; /* a sentence says why */
    bool sourced;
    bool ubatch; /* ... why -ub is what it is */
} speech;

static speech listen(const comments *c, const llw_rich *text) {
    enum { LONGEST = 2000 };
    size_t n = 0;
    const char *bytes = llw_rich_line(c->r->arena, text, &n);
    if (n > LONGEST) n = LONGEST;
    return (speech){llw_phrase_reason(text), llw_phrase_source(text),
                    llw_pattern_matches(LLW_PATTERN_UB_REASON, bytes, n)};
}

/* Whether the launches that are meant have one model. */
static bool one_model(const comments *c, int from, int to) {
    llw_entity model = 0;
    for (size_t k = 0; k < c->n_targets; k++) {
        if (!c->targets[k].launch || c->targets[k].from < from || c->targets[k].from > to) continue;
        if (model && c->targets[k].launch->model != model) return false;
        model = c->targets[k].launch->model;
    }
    return true;
}

/* "Previous: FIT=off. 105 t/s." */
static bool starts_past(const llw_rich *sentence) {
    enum { LABEL = 48 };
    char label[LABEL];
    size_t n = 0;
    while (n < sentence->n && n < LABEL && sentence->chars[n].byte != ':') {
        label[n] = sentence->chars[n].byte;
        n++;
    }
    return n < sentence->n && n < LABEL && llw_pattern_matches(LLW_PATTERN_OLD_SECTION, label, n);
}

static void read_sentences(comments *c, const llw_rich *text, int from, int to, bool sourced, size_t only) {
    enum { MAX_PHRASES = 16 };
    size_t start = 0, paragraph = 0;
    bool past = false; /* "Previous: ...": until the paragraph ends */
    for (size_t i = 0; i < text->n; i++) {
        if (i && text->chars[i].byte == '\n' && text->chars[i - 1].byte == '\n') {
            paragraph = i + 1;
            past = false;
        }
        if (i + 1 < text->n && !llw_prose_ends(text, i)) continue;
        llw_rich slice = llw_rich_slice(text, start, i + 1), sentence = llw_rich_trim(&slice);
        llw_rich before = llw_rich_slice(text, paragraph, start);
        start = i + 1;
        llw_phrase found[MAX_PHRASES];
        past |= starts_past(&sentence);
        size_t n = past ? 0 : llw_phrases_find(&sentence, found, MAX_PHRASES);
        bool one = only < c->n_targets || one_model(c, from, to);
        for (size_t j = 0; j < n; j++)
            for (size_t k = 0; k < c->n_targets; k++) {
                /* a size without a name beside several models: of which, nobody can tell */
                if (!one && !*found[j].quant && (found[j].bytes || found[j].says_fits)) continue;
                if (only < c->n_targets ? k == only : c->targets[k].from >= from && c->targets[k].from <= to)
                    claim(c, &c->targets[k], &found[j], &sentence, &before, sourced);
            }
    }
}

void llw_config_comments(llw_config_reader *r, const llw_config_file *file, const llw_comment_target *targets,
                         size_t n_targets, const llw_comment_text *texts, size_t n_texts) {
    comments c = {.r = r,
                  .file = file,
                  .targets = targets,
                  .n_targets = n_targets,
                  .link = llw_link_new(r->arena, file->path, "comment", false)};
    bool *reasons = llw_arena_alloc(r->arena, n_targets + 1),
         *ubatch = llw_arena_alloc(r->arena, n_targets + 1);
    const char **places = llw_arena_alloc(r->arena, (n_targets + 1) * sizeof *places);
    bool trailing = !strcasestr(file->name, ".conf") &&
                    !strcasestr(file->name, ".ini"); /* an INI value runs to the line's end */
    find_blocks(&c, trailing);
    for (size_t i = 0; i < c.n_blocks; i++) {
        const block *b = &c.blocks[i];
        int from = 0, to = 0;
        if (b->silent || !reach(&c, i, &from, &to)) continue;
        speech s = listen(&c, &b->text);
        read_sentences(&c, &b->text, from, to, s.sourced, n_targets);
        for (size_t k = 0; k < n_targets; k++)
            ubatch[k] |= s.ubatch && targets[k].from >= from && targets[k].from <= to;
        for (size_t k = 0; k < n_targets; k++)
            if (s.reason && targets[k].from >= from && targets[k].from <= to && !reasons[k]) {
                reasons[k] = true;
                places[k] = llw_place(r->arena, file->path, b->first, 0);
            }
    }
    for (size_t i = 0; i < n_texts; i++) {
        size_t k = texts[i].target;
        speech s = listen(&c, &texts[i].text);
        read_sentences(&c, &texts[i].text, 0, 0, s.sourced, k);
        ubatch[k] |= s.ubatch;
        if (s.reason && !reasons[k] && texts[i].text.n) {
            reasons[k] = true;
            places[k] = llw_place(r->arena, file->path, texts[i].text.chars[0].line, 0);
        }
    }
    for (size_t k = 0; k < n_targets; k++)
        if (targets[k].launch)
            llw_facts_claim(r->facts, targets[k].launch->launch, LLW_launch_ubatch_reason,
                            llw_flag(ubatch[k]), LLW_GRADE_CONFIG, "comment",
                            llw_place(r->arena, file->path, targets[k].from, 0));
    for (size_t k = 0; k < n_targets; k++)
        if (targets[k].launch)
            llw_facts_claim(r->facts, targets[k].launch->launch, LLW_launch_reason_given,
                            llw_flag(reasons[k]), LLW_GRADE_CONFIG, "comment",
                            places[k] ? places[k] : llw_place(r->arena, file->path, targets[k].from, 0));
}
