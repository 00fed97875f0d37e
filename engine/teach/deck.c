/* The five boxes. */
#include "teach/deck.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const int days[] = {1, 3, 7, 21, 60};
enum { BOXES = sizeof days / sizeof *days };

static bool is_day(const char *text) {
    static const char form[] = "dddd-dd-dd";
    size_t i = 0;
    while (text && form[i] && (form[i] == 'd' ? isdigit((unsigned char)text[i]) != 0 : text[i] == '-')) i++;
    return !form[i] && text && !text[i];
}

/* The day `add` days after another; long ago when that is none, so that the case is due. */
static void day_after(const char *day, int add, char out[11]) {
    struct tm tm = {0};
    int year = 0, month = 0, date = 0;
    snprintf(out, 11, "0000-00-00");
    if (!is_day(day) || sscanf(day, "%4d-%2d-%2d", &year, &month, &date) != 3) return;
    snprintf(out, 11, "%s", day);
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    tm.tm_mday = date + add;
    time_t at = timegm(&tm);
    if (at == (time_t)-1 || !gmtime_r(&at, &tm) || tm.tm_year > 9999 - 1900) return;
    snprintf(out, 11, "%04u-%02u-%02u", (unsigned)(tm.tm_year + 1900) % 10000U,
             (unsigned)(tm.tm_mon + 1) % 100U, (unsigned)tm.tm_mday % 100U); /* strftime pads no year */
}

static bool score_named(const char *name, llw_score *out) {
    static const char *const names[] = {"wrong", "half", "right"};
    for (int i = 0; name && i < 3; i++)
        if (!strcmp(names[i], name)) {
            *out = (llw_score)i;
            return true;
        }
    return false;
}

static llw_card *find(llw_deck *deck, const char *id) {
    for (size_t i = 0; i < deck->n; i++)
        if (!strcmp(deck->cards[i].id, id)) return &deck->cards[i];
    return NULL;
}

const llw_card *llw_deck_find(const llw_deck *deck, const char *id) {
    return find((llw_deck *)(uintptr_t)deck, id);
}

static void read_line(llw_arena *arena, const json_t *o, llw_deck *out) {
    const char *id = json_string_value(json_object_get(o, "case")),
               *date = json_string_value(json_object_get(o, "date")),
               *due = json_string_value(json_object_get(o, "due"));
    llw_card card = {.box = (int)json_integer_value(json_object_get(o, "box")),
                     .sure_wrong = json_is_true(json_object_get(o, "sure_wrong"))};
    if (!id || !score_named(json_string_value(json_object_get(o, "score")), &card.score)) return;
    if (card.box < 1 || card.box > BOXES) card.box = 1;
    if (is_day(due))
        snprintf(card.due, sizeof card.due, "%s", due);
    else
        day_after(date ? date : "", days[card.box - 1], card.due);
    llw_card *there = find(out, id);
    if (!there && out->n == LLW_DECK_CARDS) return;
    if (!there) {
        void *items = out->cards;
        there = llw_arena_push(arena, &items, &out->n, &out->capacity, sizeof *there);
        out->cards = items;
    }
    *there = card;
    there->id = llw_arena_strdup(arena, id);
}

void llw_deck_read(llw_arena *arena, const char *lines, llw_deck *out) {
    *out = (llw_deck){0};
    for (const char *line = lines; line && *line;) {
        size_t n = strcspn(line, "\n");
        json_t *o = json_loadb(line, n, 0, NULL);
        if (o) read_line(arena, o, out);
        json_decref(o);
        line += n + (line[n] == '\n');
    }
}

llw_card llw_deck_step(const llw_card *before, const char *id, llw_score score, bool sure_wrong,
                       const char *today) {
    int box = before ? before->box : 0;
    bool early = before && strcmp(today, before->due) < 0;
    llw_card card = {.id = id, .score = score, .sure_wrong = sure_wrong && score != LLW_SCORE_RIGHT};
    if (score == LLW_SCORE_WRONG)
        box = 1;
    else if (score == LLW_SCORE_RIGHT && !early && box < BOXES)
        box++;
    card.box = box < 1 ? 1 : box;
    if (early && score == LLW_SCORE_RIGHT)
        memcpy(card.due, before->due, sizeof card.due);
    else
        day_after(today, days[card.box - 1], card.due);
    return card;
}

static int by_urgency(const void *a, const void *b) {
    const llw_card *x = *(const llw_card *const *)a, *y = *(const llw_card *const *)b;
    if (x->sure_wrong != y->sure_wrong) return x->sure_wrong ? -1 : 1;
    int c = strcmp(x->due, y->due);
    return c ? c : strcmp(x->id, y->id);
}

size_t llw_deck_due(const llw_deck *deck, char *const *ids, size_t n, const char *today, const char **out) {
    const llw_card **due = calloc(n + 1, sizeof *due);
    size_t found = 0;
    if (!due) return 0;
    for (size_t i = 0; i < n; i++) {
        const llw_card *card = llw_deck_find(deck, ids[i]);
        if (card && strcmp(card->due, today) <= 0) due[found++] = card;
    }
    qsort(due, found, sizeof *due, by_urgency);
    for (size_t i = 0; i < found; i++) out[i] = due[i]->id;
    free(due);
    return found;
}

const char *llw_deck_next(llw_arena *arena, const llw_deck *deck, char *const *ids, size_t n,
                          const char *today) {
    const char **due = llw_arena_alloc(arena, (n + 1) * sizeof *due);
    if (llw_deck_due(deck, ids, n, today, due)) return due[0];
    for (size_t i = 0; i < n; i++)
        if (!llw_deck_find(deck, ids[i])) return ids[i];
    return NULL;
}

const char *llw_deck_confidence(llw_arena *arena, const char *typed, int *sure) {
    size_t len = strlen(typed);
    *sure = 0;
    if (len < 2 || typed[len - 2] != '@' || typed[len - 1] < '1' || typed[len - 1] > '0' + LLW_SURE_MAX)
        return typed;
    *sure = typed[len - 1] - '0';
    len -= 2;
    while (len && typed[len - 1] == ' ') len--;
    return llw_arena_strndup(arena, typed, len);
}
