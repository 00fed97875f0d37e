/* llama.cpp builds: reading a version, finding its row, claiming the entity. */
#include "fact/build.h"
#include "base/data.h"
#include "base/table.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* No release was ever numbered below; checkouts without history are. */
enum { FIRST_NUMBER = 100 };

typedef enum form { FORM_NUMBER, FORM_RELEASE, FORM_DATE, FORM_COMMIT } form;

typedef struct wanted {
    form form;
    int64_t number;  /* b-number */
    int64_t part[3]; /* release, or year month day */
    char text[48];   /* cleaned */
    char commit[41]; /* named beside a number; "" when not */
} wanted;

/* Decimal digits from s, at most max of them; the count. */
static size_t digits(const char *s, size_t max, int64_t *out) {
    size_t n = 0;
    *out = 0;
    for (; n < max && isdigit((unsigned char)s[n]); n++) *out = *out * 10 + (s[n] - '0');
    return n;
}

static size_t hex(const char *s) {
    size_t n = 0;
    while (n < 41 && isxdigit((unsigned char)s[n]) && !isupper((unsigned char)s[n])) n++;
    return n;
}

static bool word_ends(char c) {
    return !c || isspace((unsigned char)c) || c == ')' || c == ',' || c == '(';
}

static bool date_at(const char *s, wanted *w) {
    size_t y = digits(s, 4, &w->part[0]);
    if (y != 4 || s[4] != '-' || digits(s + 5, 2, &w->part[1]) != 2 || s[7] != '-' ||
        digits(s + 8, 2, &w->part[2]) != 2)
        return false;
    if (!word_ends(s[10]) || w->part[1] < 1 || w->part[1] > 12 || w->part[2] < 1 || w->part[2] > 31)
        return false;
    w->form = FORM_DATE;
    memcpy(w->text, s, 10);
    return true;
}

static bool release_at(const char *s, wanted *w) {
    const char *at = *s == 'v' ? s + 1 : s;
    for (int i = 0; i < 3; i++) {
        size_t n = digits(at, 6, &w->part[i]);
        if (!n || (i < 2 && at[n] != '.')) return false;
        at += n + (i < 2);
    }
    if (!strncmp(at, "-dev", 4)) at += 4;
    if (!word_ends(*at)) return false;
    w->form = FORM_RELEASE;
    size_t len = (size_t)(at - s);
    if (len + 2 > sizeof w->text) return false;
    w->text[0] = 'v';
    memcpy(w->text + (*s != 'v'), s, len);
    return true;
}

/* b8022, 8022, b8022-b48e80f67; a following "(b48e80f67)" or ", commit b48e80f67" is kept. */
static bool number_at(const char *s, wanted *w) {
    const char *at = *s == 'b' ? s + 1 : s;
    size_t n = digits(at, 6, &w->number);
    if (!n) return false;
    const char *end = at + n;
    const char *commit = NULL;
    bool named = *end == '-' &&
                 (hex(end + 1) >= 7 || !strncmp(end + 1, "unknown", 7)); /* b8022-b48e80f67, b0-unknown */
    if (named && hex(end + 1) >= 7) commit = end + 1;
    if (!named && !word_ends(*end)) return false;
    const char *tail = end;
    while (isspace((unsigned char)*tail) || *tail == ',') tail++;
    if (*tail == '(') tail++;
    if (!strncmp(tail, "commit ", 7)) tail += 7;
    if (!commit && hex(tail) >= 7 && word_ends(tail[hex(tail)])) commit = tail;
    if (commit) memcpy(w->commit, commit, hex(commit) > 40 ? 40 : hex(commit));
    w->form = FORM_NUMBER;
    w->text[0] = 'b';
    memcpy(w->text + 1, at, n);
    return true;
}

static bool commit_at(const char *s, wanted *w) {
    size_t n = hex(s);
    if (n < 7 || n > 40 || !word_ends(s[n])) return false;
    w->form = FORM_COMMIT;
    memcpy(w->text, s, n);
    return true;
}

/* The bNNNN in the tag of an image, ghcr.io/ggml-org/llama.cpp:server-cuda-b8022. */
static bool image_at(const char *s, wanted *w) {
    enum { LONGEST = 8 };
    const char *slash = strrchr(s, '/'), *at = slash ? strchr(slash, ':') : NULL;
    for (; at && *at && *at != '@'; at++) {
        size_t n = at[1] == 'b' ? 1 + strspn(at + 2, "0123456789") : 0;
        if ((*at != ':' && *at != '-') || n < 2 || n >= LONGEST || !strchr("-@", at[1 + n])) continue;
        char number[LONGEST] = "";
        memcpy(number, at + 1, n);
        return number_at(number, w);
    }
    return false;
}

/* Skips "version:", "build:" and "build = "; a "(build N, ...)" later in the line is worth more than a
 * release before it. */
static bool read_wanted(const char *s, wanted *w) {
    memset(w, 0, sizeof *w);
    while (isspace((unsigned char)*s)) s++;
    if (image_at(s, w)) return true;
    static const char *const prefix[] = {"version:", "version", "build:", "build", "llama.cpp"};
    for (size_t i = 0; i < sizeof prefix / sizeof *prefix; i++)
        if (!strncmp(s, prefix[i], strlen(prefix[i]))) {
            s += strlen(prefix[i]);
            while (isspace((unsigned char)*s) || *s == ':' || *s == '=') s++;
            i = (size_t)-1;
        }
    const char *build = strstr(s, "(build ");
    if (build && number_at(build + 7, w)) return true;
    memset(w, 0, sizeof *w);
    if (date_at(s, w)) return true;
    memset(w, 0, sizeof *w);
    if (release_at(s, w)) return true;
    memset(w, 0, sizeof *w);
    if (number_at(s, w)) return true;
    memset(w, 0, sizeof *w);
    return commit_at(s, w);
}

static int compare_parts(const int64_t *a, const int64_t *b) {
    for (int i = 0; i < 3; i++)
        if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
    return 0;
}

typedef struct columns {
    int order, version, number, date, commit, fit;
} columns;

/* How the row's name of the same form stands to what is wanted: -1 older, 0 the same, 1 newer, 2 not
 * comparable. */
static int row_against(const llw_table *t, size_t row, columns c, const wanted *w) {
    const char *number = llw_table_cell(t, row, c.number), *commit = llw_table_cell(t, row, c.commit);
    if (w->form == FORM_NUMBER) {
        if (!*number) return 2;
        int64_t n = strtoll(number, NULL, 10);
        return n < w->number ? -1 : n > w->number;
    }
    wanted have;
    if (w->form == FORM_COMMIT) {
        size_t n = strlen(commit) < strlen(w->text) ? strlen(commit) : strlen(w->text);
        return n >= 7 && !strncmp(commit, w->text, n) ? 0 : 2;
    }
    const char *name = llw_table_cell(t, row, w->form == FORM_DATE ? c.date : c.version);
    if (!read_wanted(name, &have) || have.form != w->form) return 2;
    int cmp = compare_parts(have.part, w->part);
    /* A day stands for its own row only where the row is named by the day. */
    if (w->form == FORM_DATE && !cmp && strcmp(llw_table_cell(t, row, c.version), w->text)) return -1;
    return cmp;
}

/* The table of builds: every since and until asks for it, so it is read once while the data stay the same. */
static llw_rc read_builds(const llw_table **out, llw_err *err) {
    static llw_table table;
    static llw_arena *arena;
    static unsigned generation;
    if (!arena || generation != llw_data_generation()) {
        llw_arena_free(arena);
        arena = llw_arena_new();
        llw_rc rc = llw_table_read(arena, "models/builds.tsv", &table, err);
        if (rc != LLW_OK) {
            llw_arena_free(arena);
            arena = NULL;
            return rc;
        }
        generation = llw_data_generation();
    }
    *out = &table;
    return LLW_OK;
}

static void fill(llw_arena *arena, const llw_table *t, size_t row, columns c, llw_build *out) {
    const char *fit = llw_table_cell(t, row, c.fit);
    out->order = strtoll(llw_table_cell(t, row, c.order), NULL, 10);
    out->row = llw_arena_strdup(arena, llw_table_cell(t, row, c.version));
    out->date = llw_arena_strdup(arena, llw_table_cell(t, row, c.date));
    out->fit_known = *fit;
    out->fit = !strcmp(fit, "yes");
}

/* The row of the commit that is named beside a number; n_rows when there is none. */
static size_t row_of_commit(const llw_table *t, columns c, const wanted *beside) {
    wanted w = {.form = FORM_COMMIT};
    memcpy(w.text, beside->commit, sizeof beside->commit);
    size_t row = 0;
    while (row < t->n_rows && row_against(t, row, c, &w)) row++;
    return row;
}

/* Where a version stands among the rows that can be compared with it; n_rows where there is no such row. */
typedef struct standing {
    size_t same, older, first, last;
} standing;

static standing stand(const llw_table *t, columns c, const wanted *w) {
    standing at = {t->n_rows, t->n_rows, t->n_rows, t->n_rows};
    for (size_t row = 0; row < t->n_rows && at.same == t->n_rows; row++) {
        int against = row_against(t, row, c, w);
        if (against == 2) continue;
        if (at.first == t->n_rows) at.first = row;
        at.last = row;
        if (!against) at.same = row;
        if (against < 0) at.older = row;
    }
    return at;
}

/* No row is named so: the nearest older one stands for it, and the note says so. */
static void fill_nearest(llw_arena *arena, const llw_table *t, columns c, const wanted *w, standing at,
                         llw_build *out) {
    if (w->form == FORM_NUMBER && at.older == at.last) {
        fill(arena, t, t->n_rows - 1, c, out);
        out->note = llw_arena_printf(
            arena,
            "llama.cpp %s is newer than every number known here (%s of %s): the newest build known, %s of "
            "%s, stands for it",
            out->version, llw_table_cell(t, at.last, c.version), llw_table_cell(t, at.last, c.date), out->row,
            out->date);
        return;
    }
    bool oldest = at.older == t->n_rows;
    fill(arena, t, oldest ? at.first : at.older, c, out);
    out->note = llw_arena_printf(
        arena,
        oldest ? "llama.cpp %s is older than every build known here: %s of %s stands for it"
               : "llama.cpp %s is not known here: the nearest older build, %s of %s, stands for it",
        out->version, out->row, out->date);
}

llw_rc llw_build_read(llw_arena *arena, const char *version, llw_build *out, llw_err *err) {
    const llw_table *t = NULL;
    llw_rc rc = read_builds(&t, err);
    if (rc != LLW_OK) return rc;
    columns c = {llw_table_column(t, "order"), llw_table_column(t, "version"), llw_table_column(t, "number"),
                 llw_table_column(t, "date"),  llw_table_column(t, "commit"),  llw_table_column(t, "fit")};
    if (!t->n_rows || c.order < 0 || c.version < 0)
        return llw_fail(err, LLW_ERR_INPUT, t->path, 0, "has no rows with an order and a version");
    *out = (llw_build){.note = ""};
    if (!version || !*version) {
        fill(arena, t, t->n_rows - 1, c, out);
        out->version = out->row;
        out->exact = true;
        return LLW_OK;
    }
    wanted w;
    if (!read_wanted(version, &w))
        return llw_fail(
            err, LLW_ERR_INPUT, "", 0,
            "'%.60s' is no llama.cpp version: give b8022, v0.5.0, a day (2026-05-04), a commit, the line "
            "that llama-server --version prints, or an image whose tag names the build",
            version);
    out->version = llw_arena_strdup(arena, w.text);
    /* a commit says more than a number: shallow clones count from 1 */
    size_t row = *w.commit ? row_of_commit(t, c, &w) : t->n_rows;
    if (row == t->n_rows && w.form == FORM_NUMBER && w.number < FIRST_NUMBER)
        return llw_fail(err, LLW_ERR_INPUT, "", 0,
                        "build number %lld is that of a copy without history (a shallow git clone counts "
                        "from 0 or 1): give the "
                        "release or the day of the source instead",
                        (long long)w.number);
    standing at = stand(t, c, &w);
    if (row == t->n_rows) row = at.same;
    if (row < t->n_rows) {
        fill(arena, t, row, c, out);
        out->exact = true;
        return LLW_OK;
    }
    if (w.form == FORM_COMMIT)
        return llw_fail(
            err, LLW_ERR_INPUT, "", 0,
            "commit %s is not in %s, and a commit alone says nothing of its age: give the b-number that "
            "llama-server --version prints, or the day of the source",
            w.text, t->path);
    if (at.first == t->n_rows)
        return llw_fail(err, LLW_ERR_INPUT, t->path, 0, "has no row to compare %s with", w.text);
    fill_nearest(arena, t, c, &w, at, out);
    return LLW_OK;
}

/* The order of the row of that very name, as since and until name one; -1 when there is none. */
static int64_t order_of_row(const char *version) {
    const llw_table *t = NULL;
    if (read_builds(&t, NULL) != LLW_OK) return -1;
    int name = llw_table_column(t, "version"), order = llw_table_column(t, "order");
    for (size_t row = 0; row < t->n_rows; row++)
        if (!strcmp(llw_table_cell(t, row, name), version))
            return strtoll(llw_table_cell(t, row, order), NULL, 10);
    return -1;
}

int64_t llw_build_order(const char *version) {
    int64_t named = version && *version ? order_of_row(version) : -1;
    if (named >= 0) return named;
    llw_arena *arena = llw_arena_new();
    llw_build build = {.order = -1};
    int64_t order = llw_build_read(arena, version, &build, NULL) == LLW_OK ? build.order : -1;
    llw_arena_free(arena);
    return order;
}

static llw_entity claim(llw_facts *facts, llw_build b, llw_grade grade, const char *origin,
                        const char *place) {
    llw_entity there = llw_facts_find(facts, LLW_KIND_build, b.version);
    bool is_new = !there || !llw_facts_best(facts, there,
                                            LLW_build_order); /* a facts file may know only what was tried */
    llw_entity e = llw_facts_entity(facts, LLW_KIND_build, b.version);
    llw_facts_claim(facts, e, LLW_build_version, llw_string(LLW_VERSION, b.version), grade, origin, place);
    if (!is_new) return e;
    const char *row = llw_arena_printf(llw_facts_arena(facts), "models/builds.tsv, row %s", b.row);
    llw_facts_claim(facts, e, LLW_build_order, llw_count(b.order), LLW_GRADE_FILE, "build table", row);
    llw_facts_claim(facts, e, LLW_build_date, llw_string(LLW_TEXT, b.date), LLW_GRADE_FILE, "build table",
                    row);
    llw_facts_claim(facts, e, LLW_build_exact, llw_flag(b.exact), LLW_GRADE_FILE, "build table", row);
    llw_facts_claim(facts, e, LLW_build_fits_by_default,
                    b.fit_known ? llw_flag(b.fit) : llw_unknown(LLW_FLAG), LLW_GRADE_FILE, "build table",
                    row);
    if (*b.note) llw_facts_note(facts, "%s", b.note);
    return e;
}

llw_entity llw_build_claim(llw_facts *facts, const char *version, llw_grade grade, const char *origin,
                           const char *place, llw_err *err) {
    llw_build b;
    if (llw_build_read(llw_facts_arena(facts), version, &b, err) != LLW_OK) return 0;
    if (!version || !*version)
        grade = LLW_GRADE_DEFAULT, origin = "newest known build", place = "models/builds.tsv";
    return claim(facts, b, grade, origin, place);
}

llw_rc llw_build_read_pinned(llw_arena *arena, const char *version, llw_build *out, llw_err *err) {
    wanted w;
    llw_rc rc = llw_build_read(arena, version, out, err);
    if (rc == LLW_OK || !read_wanted(version, &w) || w.form != FORM_COMMIT) return rc;
    if ((rc = llw_build_read(arena, NULL, out, err)) != LLW_OK) return rc;
    out->version = llw_arena_strdup(arena, w.text);
    out->exact = false;
    /* NOLINTNEXTLINE(clang-analyzer-core.*): llw_fail, of another file, never returns LLW_OK */
    out->note = llw_arena_printf(
        arena,
        "how old commit %.9s of llama.cpp is, is not known here: the newest known build, %s, stands for it",
        w.text, out->row);
    return LLW_OK;
}

llw_entity llw_build_claim_pinned(llw_facts *facts, const char *version, llw_grade grade, const char *origin,
                                  const char *place) {
    llw_build b;
    return llw_build_read_pinned(llw_facts_arena(facts), version, &b, NULL) == LLW_OK
               ? claim(facts, b, grade, origin, place)
               : 0;
}

const char *llw_build_named(const llw_facts *facts, llw_entity build) {
    const llw_claim *claim = llw_facts_best(facts, build, LLW_build_version);
    const char *version = NULL;
    if (claim && claim->grade != LLW_GRADE_DEFAULT) llw_facts_text(facts, build, LLW_build_version, &version);
    return version;
}

const char *llw_build_and_day(llw_arena *arena, const char *version) {
    llw_build b;
    /* NOLINTNEXTLINE(clang-analyzer-core.*): llw_fail, of another file, never returns LLW_OK */
    if (llw_build_read(arena, version, &b, NULL) != LLW_OK || !strcmp(b.date, version)) return version;
    return llw_arena_printf(arena, "%s (%s)", version, b.date);
}
