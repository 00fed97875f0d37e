/* Memory per device as bars: for each device one bar for the launch, one for our choice, one for the next
 * best.
 *
 * All cards share one scale, so that they can be compared; RAM has its own. The frame around a bar is what is
 * free on that device; a bar that is longer than its frame does not load. */
#include "predict/draft.h"
#include "render/html.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { PLANS = 3, LEFT = 150, WIDTH = 760, BAR = 380, ROW = 22, THICK = 14, HEAD = 40, NAME = 60 };

typedef struct plan {
    const char *name;
    const llw_fit *fit;
} plan;

typedef struct picture {
    const llw_decision *d;
    plan plans[PLANS];
    int n_plans;
    int n_gpus;
    int64_t cards, ram; /* bytes that a bar's full length stands for: one scale for all cards, one for RAM */
    int64_t whole;      /* that of the device being drawn */
    llw_text *out;
} picture;

/* The plan's figures on GPU i; i == n_gpus is the host. */
static const llw_memory *memory_of(const plan *p, int i) {
    return i < p->fit->prediction.n_devices ? &p->fit->prediction.device[i] : &p->fit->prediction.host;
}

/* The same device as llw_fit_need and llw_draft_takes count it. */
static int index_of(const plan *p, int i) {
    return i < p->fit->prediction.n_devices ? i : -1;
}

static int64_t need(const plan *p, int i) {
    return llw_fit_need(p->fit, index_of(p, i));
}

static int64_t draft(const plan *p, int i) {
    return llw_draft_takes(&p->fit->draft, index_of(p, i));
}

static const llw_device_line *line_of(const picture *p, const char *name) {
    for (size_t i = 0; i < p->d->n_devices; i++)
        if (!strcmp(p->d->devices[i].name, name)) return &p->d->devices[i];
    return NULL;
}

static const char *device_name(const picture *p, int i) {
    return i < p->n_gpus ? p->plans[0].fit->launch.devices[i].name : "Host";
}

/* Free memory of device i, or -1. */
static int64_t free_of(const picture *p, int i) {
    const llw_device_line *line = line_of(p, device_name(p, i));
    return line && line->free >= 0 ? line->free : -1;
}

static bool collect(picture *p, const llw_decision *d) {
    const llw_predicted *as_is = d->predicted;
    if (!as_is || as_is->rc != LLW_OK || as_is->fit.prediction.outcome != LLW_OUTCOME_OK) return false;
    p->d = d;
    p->plans[p->n_plans++] = (plan){"this launch", &as_is->fit};
    p->n_gpus = as_is->fit.prediction.n_devices;
    const llw_fit *more[] = {d->choice.offered ? d->choice.fit : d->repair.fit,
                             d->choice.offered ? d->choice.runner : NULL};
    const char *names[] = {d->choice.offered ? d->choice.title : d->repair.title, "next best"};
    for (int i = 0; i < 2; i++)
        if (more[i] && more[i]->prediction.n_devices == p->n_gpus)
            p->plans[p->n_plans++] = (plan){names[i], more[i]};
    for (int i = 0; i <= p->n_gpus; i++) {
        int64_t *whole = i < p->n_gpus ? &p->cards : &p->ram;
        if (free_of(p, i) > *whole) *whole = free_of(p, i);
        for (int k = 0; k < p->n_plans; k++)
            if (need(&p->plans[k], i) > *whole) *whole = need(&p->plans[k], i);
    }
    return p->cards > 0 || p->ram > 0;
}

static double length(const picture *p, int64_t bytes) {
    double part = p->whole > 0 ? (double)bytes / (double)p->whole : 0;
    return (part > 1 ? 1 : part) * BAR;
}

static void segment(picture *p, const char *kind, double *x, int y, int64_t bytes) {
    double width = length(p, bytes);
    if (width > LEFT + BAR - *x) width = LEFT + BAR - *x;
    if (width <= 0) return;
    llw_text_addf(p->out, "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>", kind, *x,
                  y, width, THICK);
    *x += width;
}

static void figures(picture *p, int64_t needed, int64_t room, int y) {
    char buf[LLW_NUMBER_MAX];
    bool over = room >= 0 && needed > room;
    llw_text_addf(p->out, "<text%s x=\"%d\" y=\"%d\">", over ? " class=\"bad\"" : "", LEFT + BAR + 10,
                  y + THICK - 2);
    llw_html_add(p->out, llw_format_bytes(buf, needed));
    if (room < 0) {
        llw_text_add(p->out, " needed");
    } else {
        llw_text_add(p->out, ", ");
        llw_html_add(p->out, llw_format_bytes(buf, over ? needed - room : room - needed));
        llw_text_add(p->out, over ? " short" : " left");
    }
    llw_text_add(p->out, "</text>");
}

/* A card's name, cut where it would leave the picture. */
static void add_name(llw_text *out, const char *name) {
    llw_text safe = {0};
    llw_text_add_safe(&safe, name, strlen(name), false);
    size_t len = safe.len < NAME ? safe.len : NAME;
    while (len < safe.len && len && ((unsigned char)safe.bytes[len] & 0xc0) == 0x80) len--;
    char *cut = strndup(llw_text_str(&safe), len);
    if (cut) llw_html_addf(out, len < safe.len ? "%s…" : "%s", cut);
    free(cut);
    llw_text_fini(&safe);
}

static int device(picture *p, int i, int y) {
    int64_t room = free_of(p, i);
    const llw_device_line *line = line_of(p, device_name(p, i));
    p->whole = i < p->n_gpus ? p->cards : p->ram;
    char buf[LLW_NUMBER_MAX];
    llw_text_addf(p->out, "<text x=\"0\" y=\"%d\">", y + 12);
    llw_html_addf(p->out, "%s ", device_name(p, i));
    add_name(p->out, line ? line->gpu : "");
    llw_text_add(p->out, " <tspan class=\"soft\">");
    llw_html_addf(p->out, room < 0 ? "free memory unknown" : "%s free", llw_format_bytes(buf, room));
    llw_text_add(p->out, "</tspan></text>");
    y += 18;
    for (int k = 0; k < p->n_plans; k++, y += ROW) {
        const llw_memory *m = memory_of(&p->plans[k], i);
        double x = LEFT;
        llw_text_addf(p->out, "<text class=\"soft\" x=\"%d\" y=\"%d\" text-anchor=\"end\">", LEFT - 10,
                      y + THICK - 2);
        llw_html_add(p->out, p->plans[k].name);
        llw_text_add(p->out, "</text>");
        segment(p, "weights", &x, y, m->weights);
        segment(p, "kv", &x, y, m->context);
        segment(p, "compute", &x, y, m->compute);
        segment(p, "draft", &x, y, draft(&p->plans[k], i));
        if (room >= 0)
            llw_text_addf(p->out, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>",
                          need(&p->plans[k], i) > room ? "over" : "free", LEFT, y - 1, length(p, room),
                          THICK + 2);
        figures(p, need(&p->plans[k], i), room, y);
    }
    return y + 12;
}

static void legend(picture *p) {
    static const struct {
        const char *kind, *word;
        int x;
    } entries[] = {{"weights", "weights", 0},
                   {"kv", "KV and state", 135},
                   {"compute", "compute buffer", 270},
                   {"free", "free memory", 420},
                   {"draft", "draft", 540}};
    const llw_draft *draft = &p->plans[0].fit->draft;
    int n = draft->used && draft->outcome == LLW_OUTCOME_OK ? 5 : 4; /* what nobody knows has no segment */
    for (int i = 0; i < n; i++)
        llw_text_addf(p->out,
                      "<rect class=\"%s\" x=\"%d\" y=\"8\" width=\"14\" height=\"14\"/><text x=\"%d\" "
                      "y=\"20\">%s</text>",
                      entries[i].kind, LEFT + entries[i].x, LEFT + entries[i].x + 20, entries[i].word);
}

bool llw_svg_bars(llw_text *out, const llw_decision *d, bool alone) {
    picture p = {.out = out};
    if (!collect(&p, d)) return false;
    int rows = p.n_gpus + 1, height = HEAD + rows * (30 + ROW * p.n_plans);
    llw_text_addf(
        out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"",
        WIDTH, height);
    llw_html_addf(out, "Memory per device. %s", d->verdict_text);
    llw_text_add(out, "\">");
    if (alone) llw_text_addf(out, "<style>%s</style>", llw_svg_style);
    legend(&p);
    for (int i = 0, y = HEAD; i < rows; i++) y = device(&p, i, y);
    llw_text_add(out, "</svg>\n");
    return true;
}

void llw_html_bars_table(llw_text *out, const llw_decision *d) {
    picture p = {.out = out};
    if (!collect(&p, d)) return;
    char buf[LLW_NUMBER_MAX];
    bool drafts = p.plans[0].fit->draft.used;
    llw_text_addf(out,
                  "<table><thead><tr><th scope=\"col\">Device</th><th scope=\"col\">Plan</th><th "
                  "scope=\"col\">Weights</th><th scope=\"col\">KV and state</th><th scope=\"col\">Compute "
                  "buffer</th>%s<th scope=\"col\">Free before</th><th "
                  "scope=\"col\">Left</th></tr></thead><tbody>",
                  drafts ? "<th scope=\"col\">Draft</th>" : "");
    for (int i = 0; i <= p.n_gpus; i++) {
        for (int k = 0; k < p.n_plans; k++) {
            const llw_memory *m = memory_of(&p.plans[k], i);
            bool open = drafts && p.plans[k].fit->draft.outcome != LLW_OUTCOME_OK;
            int64_t room = free_of(&p, i), cells[] = {m->weights, m->context, m->compute};
            llw_text_add(out, "<tr><th scope=\"row\">");
            llw_html_add(out, device_name(&p, i));
            llw_text_add(out, "</th><td>");
            llw_html_add(out, p.plans[k].name);
            for (int c = 0; c < 3; c++) llw_text_addf(out, "</td><td>%s", llw_format_bytes(buf, cells[c]));
            if (drafts)
                llw_text_addf(out, "</td><td>%s",
                              open ? "unknown" : llw_format_bytes(buf, draft(&p.plans[k], i)));
            llw_text_addf(out, "</td><td>%s", room < 0 ? "unknown" : llw_format_bytes(buf, room));
            llw_text_addf(out, "</td><td>%s%s</td></tr>", open && room >= 0 ? "at most " : "",
                          room < 0 ? "unknown" : llw_format_bytes(buf, room - need(&p.plans[k], i)));
        }
    }
    llw_text_add(out, "</tbody></table>\n");
}
