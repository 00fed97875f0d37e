/* Finding a model's card, and turning what it states into claims. */
#include "source/model/card.h"
#include "base/file.h"
#include "fact/model.h"
#include "source/model/card_name.h"
#include "source/model/card_read.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NAMES_MAX = 4, ANCESTORS_MAX = 64, FILES_MAX = 512 };

/* What the model is called, and where it lies. */
typedef struct subject {
    const char *names[NAMES_MAX]; /* the file's first */
    int n_names;
    const char *directory; /* NULL for a model without a file */
} subject;

/* --- the model --- */

/* A string of the header under its whole key, "" when there is none. */
static const char *header_text(const llw_model *header, const char *key) {
    const llw_meta *meta = header ? llw_model_meta(header, key) : NULL;
    return meta && meta->type == LLW_GGUF_STRING && meta->string ? meta->string : "";
}

/* Without the split suffix: x-00001-of-00005.gguf is x. */
static const char *file_stem(llw_arena *arena, const char *path) {
    const char *name = llw_path_name(path);
    size_t len = strlen(name);
    if (len > 5 && !strcasecmp(name + len - 5, ".gguf")) len -= 5;
    if (len > 15 && name[len - 15] == '-' && !strncmp(name + len - 9, "-of-", 4)) len -= 15;
    return llw_arena_strndup(arena, name, len);
}

static subject subject_of(const llw_facts *facts, llw_entity model, llw_arena *arena) {
    subject out = {.n_names = 0};
    const char *path = NULL, *name = NULL;
    if (llw_facts_text(facts, model, LLW_model_path, &path)) {
        const char *slash = strrchr(path, '/');
        out.names[out.n_names++] = file_stem(arena, path);
        out.directory = slash == path ? "/"
                        : slash       ? llw_arena_strndup(arena, path, (size_t)(slash - path))
                                      : ".";
    } else {
        out.names[out.n_names++] = llw_facts_id(facts, model); /* a known model */
    }
    const llw_model *header = llw_facts_model(facts, model);
    if (llw_facts_text(facts, model, LLW_model_name, &name)) out.names[out.n_names++] = name;
    if (*(name = header_text(header, "general.basename")))
        out.names[out.n_names++] =
            llw_arena_printf(arena, "%.128s-%.32s", name, header_text(header, "general.size_label"));
    return out;
}

static const char *main_name(const subject *s) {
    for (int i = 0; i < s->n_names; i++)
        if (llw_card_name(s->names[i], s->names[i]) == LLW_NAMES_SAME) return s->names[i];
    return "";
}

/* --- which card --- */

static llw_naming any_name(const subject *s, const char *name, bool text) {
    llw_naming best = LLW_NAMES_NOTHING;
    for (int i = 0; name && i < s->n_names; i++) {
        llw_naming said =
            text ? llw_card_name_in(name, strlen(name), s->names[i]) : llw_card_name(name, s->names[i]);
        if (said > best) best = said;
    }
    return best;
}

/* What the card's own names say; base_model counts only where it calls itself nothing: a fine-tune names its
 * base too. */
static llw_naming about(const subject *s, const char *file, const llw_card_text *card) {
    llw_naming by_file = any_name(s, file, false), by_name = any_name(s, card->name, false),
               by_title = any_name(s, card->title, true);
    if (by_file == LLW_NAMES_SAME || by_name == LLW_NAMES_SAME || by_title == LLW_NAMES_SAME)
        return LLW_NAMES_SAME;
    if (by_file == LLW_NAMES_OTHER || by_name == LLW_NAMES_OTHER || by_title == LLW_NAMES_OTHER)
        return LLW_NAMES_OTHER;
    return any_name(s, card->base_model, false);
}

llw_naming llw_card_about(const llw_facts *facts, llw_entity model, llw_arena *arena, const char *file,
                          const llw_card_text *card) {
    subject s = subject_of(facts, model, arena);
    return about(&s, file, card);
}

typedef struct candidate {
    const char *path, *file;
    const char *bytes;
    size_t len;
    llw_card_text text;
    llw_naming about;
} candidate;

/* Reads as much of a card as tells which model it is about. */
static llw_rc read_candidate(llw_arena *arena, const subject *s, const char *path, candidate *out,
                             llw_err *err) {
    char *bytes;
    size_t len;
    llw_rc rc = llw_file_read(arena, path, LLW_CARD_BYTES_MAX, &bytes, &len, err);
    if (rc != LLW_OK) return rc;
    *out = (candidate){.path = path, .file = llw_path_name(path), .bytes = bytes, .len = len};
    llw_card_read_head(arena, bytes, len, &out->text);
    out->about = about(s, out->file, &out->text);
    return LLW_OK;
}

static bool ends_with(const char *name, const char *suffix) {
    size_t a = strlen(name), b = strlen(suffix);
    return a >= b && !strcasecmp(name + a - b, suffix);
}

static bool looks_like_card(const char *file) {
    if (!strncasecmp(file, "README", 6)) return !file[6] || ends_with(file, ".md") || ends_with(file, ".txt");
    return ends_with(file, ".md");
}

/* Reads the cards of a directory; the best one about the model is kept. `here` is where a card without a name
 * counts, because it lies beside the model. others counts cards about other models. */
static void search(llw_facts *facts, llw_arena *arena, const subject *s, const char *directory, bool here,
                   candidate *best, size_t *others) {
    char **names = NULL;
    size_t n = 0;
    if (llw_directory_list(arena, directory, &names, &n, NULL) != LLW_OK) return;
    for (size_t i = 0, read = 0; i < n && read < FILES_MAX; i++) {
        if (!looks_like_card(names[i])) continue;
        candidate c;
        llw_err trouble = {0};
        read++;
        llw_rc rc = read_candidate(arena, s, llw_path_join(arena, directory, names[i]), &c, &trouble);
        if (rc != LLW_OK) {
            llw_facts_note(facts, "%s %s", trouble.file, trouble.text);
            continue;
        }
        bool usable =
            c.about == LLW_NAMES_SAME || (here && c.about == LLW_NAMES_NOTHING && c.text.front_matter);
        if (usable && (!best->path || c.about > best->about)) *best = c;
        if (c.about == LLW_NAMES_OTHER && (c.text.front_matter || !here)) {
            ++*others;
            if (here)
                llw_facts_note(facts, "%s is about another model (%s) and not used", c.path,
                               c.text.title        ? c.text.title
                               : c.text.base_model ? c.text.base_model
                                                   : c.file);
        }
    }
}

/* Whether a directory begins a project: it has a .git or .llwhy.yaml. Above the start these are the user's.
 */
static bool is_root(llw_arena *arena, const char *start, const char *at, bool above) {
    static const char *const marks[] = {".git", ".llwhy.yaml"};
    for (int i = 0; i < 2; i++) {
        const char *mark = llw_path_join(arena, at, marks[i]);
        if ((llw_file_is_regular(mark) || (!i && llw_file_is_directory(mark))) &&
            (!above || (llw_path_is_ours(start, at) && llw_path_is_ours(start, mark))))
            return true;
    }
    return false;
}

/* The nearest directory upwards that is one; NULL when there is none. */
static const char *project_root(llw_arena *arena, const char *directory) {
    const char *start = directory ? directory : "";
    char *real = realpath(directory ? directory : ".", NULL);
    char *at = real ? llw_arena_strdup(arena, real) : NULL;
    free(real);
    for (int i = 0; at && *at && i < ANCESTORS_MAX; i++) {
        if (is_root(arena, start, at, i > 0)) return at;
        char *slash = strrchr(at, '/');
        if (!slash) break;
        *slash = 0;
    }
    return NULL;
}

static void find_card(llw_facts *facts, llw_arena *arena, const subject *s, candidate *best) {
    size_t others = 0, elsewhere = 0;
    if (s->directory) search(facts, arena, s, s->directory, true, best, &others);
    if (best->path && best->about == LLW_NAMES_SAME) return;
    const char *root = project_root(arena, s->directory);
    if (!root) return;
    const char *documentation = llw_path_join(arena, root, "models/documentation");
    candidate found = {.path = NULL};
    search(facts, arena, s, documentation, false, &found, &elsewhere);
    if (found.path)
        *best = found;
    else if (elsewhere && !best->path)
        llw_facts_note(facts, "%s: %zu model card%s, none about %s", documentation, elsewhere,
                       elsewhere == 1 ? "" : "s", main_name(s));
}

/* --- claims --- */

bool llw_card_agrees(const llw_card_statement *s, int64_t known) {
    double off = s->attr == LLW_model_params ? 0.10 : s->attr == LLW_model_params_active ? 0.25 : 0.05;
    double said = (double)s->value.as.count;
    return s->rounded && fabs(said - (double)known) <= off * (double)(known > 0 ? known : 1);
}

/* Counts the figures that the header contradicts. */
static int64_t claim_statements(llw_facts *facts, llw_entity model, const candidate *c, llw_arena *arena) {
    int64_t against = 0;
    for (size_t i = 0; i < c->text.n_statements; i++) {
        const llw_card_statement *s = &c->text.statements[i];
        llw_value value = s->value;
        int64_t known;
        const char *remark = s->weak ? "a tag alone, which dense models carry too" : "";
        bool figure = value.type != LLW_FLAG && llw_facts_count(facts, model, s->attr, &known);
        if (figure && llw_card_agrees(s, known)) {
            value.as.count = known; /* not a rival: the same number, said roundly */
            remark = "a round figure that agrees";
        }
        against += figure && value.as.count != known;
        llw_facts_claim(facts, model, s->attr, value, LLW_GRADE_CARD, "model card",
                        llw_arena_printf(arena, "%s:%d \"%s\"%s%s", c->file, s->line, s->quote,
                                         *remark ? ": " : "", remark));
    }
    return against;
}

static void claim_text(llw_facts *facts, llw_entity card, llw_attr attr, const char *text,
                       const char *place) {
    if (text)
        llw_facts_claim(facts, card, attr, llw_string(llw_attr_get(attr)->type, text), LLW_GRADE_CARD,
                        "model card", place);
}

static void claim_card(llw_facts *facts, llw_entity model, const candidate *c, llw_arena *arena) {
    llw_entity card = llw_facts_entity(facts, LLW_KIND_card, c->path);
    llw_facts_claim(facts, card, LLW_card_model, llw_ref(model), LLW_GRADE_FILE, "stat", c->path);
    llw_facts_claim(facts, card, LLW_card_path, llw_string(LLW_PATH, c->path), LLW_GRADE_FILE, "stat",
                    c->path);
    claim_text(facts, card, LLW_card_source, c->text.source, c->file);
    claim_text(facts, card, LLW_card_base_model, c->text.base_model, c->file);
    claim_text(facts, card, LLW_card_licence, c->text.licence, c->file);
    llw_facts_claim(facts, model, LLW_model_card, llw_string(LLW_PATH, c->path), LLW_GRADE_FILE, "stat",
                    c->path);
    if (c->text.trouble) llw_facts_note(facts, "%s: %s", c->path, c->text.trouble);
    const char *names = c->text.title ? c->text.title : c->text.name ? c->text.name : c->text.base_model;
    claim_text(facts, card, LLW_card_names, names ? names : c->file, c->file);
    llw_facts_claim(facts, card, LLW_card_about_another, llw_flag(c->about == LLW_NAMES_OTHER),
                    LLW_GRADE_FILE, "model card", c->file);
    llw_facts_claim(facts, card, LLW_card_contradictions, llw_count(claim_statements(facts, model, c, arena)),
                    LLW_GRADE_FILE, "model card", c->file);
}

/* A file that was named as a card and is none: it is empty, or neither says nor is called anything of one. */
static llw_rc check_is_card(const candidate *c, llw_err *err) {
    const llw_card_text *t = &c->text;
    size_t blank = 0;
    while (blank < c->len && isspace((unsigned char)c->bytes[blank])) blank++;
    if (blank == c->len) return llw_fail(err, LLW_ERR_INPUT, c->path, 0, "is empty: it is no model card");
    bool says = t->front_matter || t->title || t->name || t->base_model || t->n_statements;
    return says || looks_like_card(c->file)
               ? LLW_OK
               : llw_fail(err, LLW_ERR_INPUT, c->path, 0,
                          "is no model card: it has no title and says nothing of a model");
}

llw_rc llw_source_card(llw_facts *facts, llw_entity model, const char *path, llw_err *err) {
    llw_arena *arena = llw_arena_new();
    subject s = subject_of(facts, model, arena);
    candidate best = {.path = NULL};
    llw_rc rc = LLW_OK;
    if (!path)
        find_card(facts, arena, &s, &best);
    else if (read_candidate(arena, &s, path, &best, err) != LLW_OK)
        rc = LLW_ERR_INPUT;
    if (rc == LLW_OK && best.path)
        rc = llw_card_read(arena, best.bytes, best.len, main_name(&s), &best.text, err);
    if (rc == LLW_OK && path) rc = check_is_card(&best, err);
    if (rc == LLW_OK && best.path) claim_card(facts, model, &best, arena);
    llw_arena_free(arena);
    return rc;
}

/* --- how to get it --- */

/* OWNER/NAME of a Hugging Face address or of a bare repository name, with nothing in it that a shell would
 * read. */
static const char *repository(llw_arena *arena, const char *value) {
    static const char *const prefixes[] = {"https://huggingface.co/", "http://huggingface.co/",
                                           "huggingface.co/", "https://hf.co/"};
    const char *at = value;
    bool address = false;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes && !address; i++)
        if (!strncmp(at, prefixes[i], strlen(prefixes[i]))) at += strlen(prefixes[i]), address = true;
    size_t owner = 0, name = 0;
    while (isalnum((unsigned char)at[owner]) || (owner && at[owner] && strchr("._-", at[owner]))) owner++;
    if (!owner || at[owner] != '/') return NULL;
    const char *second = at + owner + 1;
    while (isalnum((unsigned char)second[name]) || (name && second[name] && strchr("._-", second[name])))
        name++;
    if (!name || owner + name > 120 || (second[name] && (!address || second[name] != '/'))) return NULL;
    return llw_arena_strndup(arena, at, owner + 1 + name);
}

static void add_quoted(llw_text *out, const char *path) {
    llw_text_add(out, "'");
    for (; *path; path++) {
        if (*path == '\'')
            llw_text_add(out, "'\\''");
        else
            llw_text_addn(out, path, 1);
    }
    llw_text_add(out, "'");
}

/* A name as the words of a search: nothing but letters, digits, points and hyphens, joined by +. */
static void add_words(llw_text *out, const char *name) {
    bool gap = false, any = false;
    for (; *name; name++) {
        bool word = isalnum((unsigned char)*name) || *name == '.' || *name == '-';
        if (word && gap && any) llw_text_add(out, "+");
        if (word) llw_text_addn(out, name, 1);
        any = any || word;
        gap = !word;
    }
}

const char *llw_source_card_file(llw_arena *arena, const char *name, const char *directory) {
    const char *file = llw_arena_printf(arena, "README_modelcard_%s.md", name);
    if (directory) {
        const char *plain = llw_path_join(arena, directory, "README.md");
        return llw_file_is_regular(plain) ? llw_path_join(arena, directory, file)
                                          : plain; /* not over somebody's own page */
    }
    const char *root = project_root(arena, NULL);
    return root ? llw_path_join(arena, llw_path_join(arena, root, "models/documentation"), file) : file;
}

const char *llw_source_card_page(llw_arena *arena, const llw_facts *facts, llw_entity model,
                                 const char **file, const char **key) {
    static const char *const keys[] = {
        "general.source.huggingface.repository", "general.source.repo_url", "general.source.url",
        "general.base_model.0.repo_url",         "general.repo_url",        "general.url"};
    subject s = subject_of(facts, model, arena);
    const llw_model *header = llw_facts_model(facts, model);
    const char *page = NULL;
    for (size_t i = 0; header && i < sizeof keys / sizeof *keys && !page; i++) {
        *key = keys[i];
        page = repository(arena, header_text(header, keys[i]));
    }
    *file = llw_source_card_file(arena, s.names[0], s.directory);
    return page;
}

void llw_source_card_hint(const llw_facts *facts, llw_entity model, llw_text *out) {
    llw_arena *arena = llw_arena_new();
    subject s = subject_of(facts, model, arena);
    const char *file = NULL, *key = NULL, *page = llw_source_card_page(arena, facts, model, &file, &key);
    if (page) {
        llw_text_addf(
            out,
            "There is no model card of %s here. %s names its page; llwhy card fetch MODEL gets it, or:\n"
            "  curl -fL --create-dirs -o ",
            s.names[0], key);
        add_quoted(out, file);
        llw_text_addf(out, " https://huggingface.co/%s/raw/main/README.md\n", page);
    } else {
        llw_text_addf(out,
                      "There is no model card of %s here, and its header does not name its page. Save the "
                      "page's README.md as ",
                      s.names[0]);
        add_quoted(out, file);
        llw_text_add(
            out, ", or name it with --card FILE. To look for it:\n  https://huggingface.co/models?search=");
        add_words(out, s.n_names > 1 ? s.names[1] : s.names[0]);
        llw_text_add(out, "\n");
    }
    llw_arena_free(arena);
}
