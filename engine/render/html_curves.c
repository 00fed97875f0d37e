/* Curves of memory against the context and the micro-batch, with the point where it stops fitting.
 *
 * The horizontal axis doubles at even steps, as people choose these values; the vertical one starts at
 * nothing. A card's need is a full line, what is free on it a broken one of the same colour. */
#include "render/html.h"

#include "explain/curve.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 760, HEIGHT = 320, LEFT = 62, RIGHT = 20, TOP = 58, BOTTOM = 46, CARDS = 4 };

typedef struct plot {
    const llw_curve *curve;
    const llw_launch *launch;
    int cards;
    bool host;
    double most; /* bytes at the top */
    llw_text *out;
} plot;

static double at_x(const plot *p, int64_t x) {
    double from = log2((double)p->curve->points[0].x), to = log2((double)p->curve->points[p->curve->n - 1].x);
    return LEFT + (log2((double)x) - from) / (to - from) * (WIDTH - LEFT - RIGHT);
}

static double at_y(const plot *p, double bytes) {
    return HEIGHT - BOTTOM - bytes / p->most * (HEIGHT - TOP - BOTTOM);
}

static void scale(plot *p) {
    for (int i = 0; i < p->cards; i++) p->most = fmax(p->most, (double)p->launch->devices[i].free);
    for (size_t k = 0; k < p->curve->n; k++) {
        const llw_curve_point *point = &p->curve->points[k];
        if (!point->known) continue;
        for (int i = 0; i < p->cards; i++) p->most = fmax(p->most, (double)point->need[i]);
    }
    for (size_t k = 0; k < p->curve->n; k++) { /* RAM is drawn as far as it lies in the same range */
        const llw_curve_point *point = &p->curve->points[k];
        if (point->known && !point->in_vram && (double)point->host <= 1.5 * p->most) p->host = true;
    }
    if (p->host)
        for (size_t k = 0; k < p->curve->n; k++)
            if (p->curve->points[k].known) p->most = fmax(p->most, (double)p->curve->points[k].host);
    p->most *= 1.06;
}

/* About five round steps of GiB. */
static double step_of(double most) {
    static const double steps[] = {0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500};
    double gib = most / (1024.0 * 1024 * 1024);
    size_t i = 0;
    while (i + 1 < sizeof steps / sizeof *steps && gib / steps[i] > 6) i++;
    return steps[i];
}

static void axes(plot *p) {
    double gib = 1024.0 * 1024 * 1024, step = step_of(p->most);
    for (int i = 0; i * step * gib <= p->most; i++) {
        double v = i * step;
        llw_text_addf(
            p->out,
            "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/><text class=\"soft\" x=\"%d\" "
            "y=\"%.1f\" text-anchor=\"end\">%g GiB</text>",
            LEFT, WIDTH - RIGHT, at_y(p, v * gib), at_y(p, v * gib), LEFT - 6, at_y(p, v * gib) + 4, v);
    }
    double last = -100;
    for (size_t k = 0; k < p->curve->n; k++) {
        char buf[LLW_NUMBER_MAX];
        double x = at_x(p, p->curve->points[k].x);
        if (x - last < 62 || (p->curve->points[k].x == p->curve->now && k + 1 < p->curve->n)) continue;
        last = x;
        llw_text_addf(p->out, "<text class=\"soft\" x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s</text>", x,
                      HEIGHT - BOTTOM + 18,
                      k + 1 == p->curve->n ? "end"
                      : k                  ? "middle"
                                           : "start",
                      llw_format_count(buf, p->curve->points[k].x));
    }
}

/* A line through the known points; a gap where there is no prediction. */
static void line(plot *p, const char *ink, int device) {
    llw_text_addf(p->out, "<path class=\"curve %s\" d=\"", ink);
    bool pen = false;
    for (size_t k = 0; k < p->curve->n; k++) {
        const llw_curve_point *point = &p->curve->points[k];
        if (point->known)
            llw_text_addf(p->out, "%s%.1f %.1f", pen ? " L" : " M", at_x(p, point->x),
                          at_y(p, (double)(device < p->cards ? point->need[device] : point->host)));
        pen = point->known;
    }
    llw_text_add(p->out, "\"/>");
}

static void mark(plot *p, int64_t x, const char *class, const char *word, int row) {
    char buf[LLW_NUMBER_MAX];
    double at = at_x(p, x);
    bool left = at > WIDTH / 2.0;
    llw_text_addf(p->out,
                  "<line class=\"%s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/><text%s x=\"%.1f\" "
                  "y=\"%d\" text-anchor=\"%s\">%s "
                  "%s</text>",
                  class, at, at, TOP - 16 + 16 * row, HEIGHT - BOTTOM,
                  strcmp(class, "turn") ? " class=\"soft\"" : " class=\"bad\"", at + (left ? -5 : 5),
                  TOP - 6 + 16 * row, left ? "end" : "start", word, llw_format_count(buf, x));
}

static void legend(plot *p) {
    static const char *const inks[] = {"d0", "d1", "d2", "d3"};
    int x = LEFT;
    for (int i = 0; i < p->cards; i++, x += 190) {
        llw_text_addf(p->out,
                      "<line class=\"curve %s\" x1=\"%d\" x2=\"%d\" y1=\"14\" y2=\"14\"/><line class=\"limit "
                      "%s\" x1=\"%d\" "
                      "x2=\"%d\" y1=\"22\" y2=\"22\"/><text x=\"%d\" y=\"22\">",
                      inks[i], x, x + 24, inks[i], x, x + 24, x + 30);
        llw_html_addf(p->out, "%s needs, has free", p->launch->devices[i].name);
        llw_text_add(p->out, "</text>");
    }
    if (p->host)
        llw_text_addf(p->out,
                      "<line class=\"curve host\" x1=\"%d\" x2=\"%d\" y1=\"14\" y2=\"14\"/><text x=\"%d\" "
                      "y=\"22\">RAM</text>",
                      x, x + 24, x + 30);
}

static void draw(plot *p, const char *label) {
    static const char *const inks[] = {"d0", "d1", "d2", "d3"};
    llw_text_addf(
        p->out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"",
        WIDTH, HEIGHT);
    llw_html_add(p->out, label);
    llw_text_add(p->out, "\">");
    axes(p);
    for (int i = 0; i < p->cards; i++) {
        double y = at_y(p, (double)p->launch->devices[i].free);
        llw_text_addf(p->out, "<line class=\"limit %s\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>",
                      inks[i], LEFT, WIDTH - RIGHT, y, y);
        line(p, inks[i], i);
    }
    if (p->host) line(p, "host", p->cards);
    if (p->curve->now) mark(p, p->curve->now, "now", "now", 0);
    if (p->curve->most_vram && p->curve->most_vram != p->curve->most_loads)
        mark(p, p->curve->most_vram, "now", "all on the GPUs up to", 2);
    if (p->curve->most_loads) mark(p, p->curve->most_loads, "turn", "loads up to", 1);
    legend(p);
    llw_text_add(p->out, "</svg>\n");
}

/* What the curve says, in words; also what a screen reader hears. */
static void say(llw_text *text, const llw_curve *c) {
    char buf[LLW_NUMBER_MAX];
    bool context = c->knob == LLW_launch_ctx;
    const char *what = context ? "context" : "micro-batch";
    bool all = true, none = true;
    for (size_t i = 0; i < c->n; i++) {
        all &= c->points[i].loads;
        none &= !c->points[i].loads;
    }
    llw_text_addf(text, "Memory against the %s (%s). ", what, context ? "-c" : "-ub");
    if (none)
        llw_text_addf(text, "With these flags it does not load at any %s shown.", what);
    else if (c->most_loads)
        llw_text_addf(text, "It loads up to %s.", llw_format_count(buf, c->most_loads));
    else if (all)
        llw_text_add(text, "It loads at every value shown.");
    if (c->most_vram && c->most_vram != c->most_loads)
        llw_text_addf(text, " All layers stay on the GPUs up to %s; beyond it --fit moves some to RAM.",
                      llw_format_count(buf, c->most_vram));
}

static void table(llw_text *out, const plot *p) {
    char buf[LLW_NUMBER_MAX];
    llw_text_addf(out,
                  "<details><summary>The same as a table</summary><table><thead><tr><th "
                  "scope=\"col\">%s</th><th scope=\"col\">Loads</th>",
                  p->curve->knob == LLW_launch_ctx ? "-c" : "-ub");
    for (int i = 0; i < p->cards; i++) {
        llw_text_add(out, "<th scope=\"col\">");
        llw_html_add(out, p->launch->devices[i].name);
        llw_text_add(out, "</th>");
    }
    llw_text_add(out, "<th scope=\"col\">RAM</th></tr></thead><tbody>");
    for (size_t k = 0; k < p->curve->n; k++) {
        const llw_curve_point *point = &p->curve->points[k];
        llw_text_addf(out, "<tr><th scope=\"row\">%s</th><td>%s</td>", llw_format_count(buf, point->x),
                      !point->known  ? "unknown"
                      : point->loads ? "yes"
                                     : "no");
        for (int i = 0; i < p->cards; i++)
            llw_text_addf(out, "<td>%s</td>",
                          point->known ? llw_format_bytes(buf, point->need[i]) : "unknown");
        llw_text_addf(out, "<td>%s</td></tr>", point->known ? llw_format_bytes(buf, point->host) : "unknown");
    }
    llw_text_add(out, "</tbody></table></details>\n");
}

void llw_html_curves(llw_text *out, llw_run *run, const llw_decision *d) {
    static const llw_attr knobs[] = {LLW_launch_ctx, LLW_launch_ubatch};
    llw_arena *arena = llw_arena_new();
    for (size_t i = 0; i < sizeof knobs / sizeof *knobs; i++) {
        llw_curve curve;
        if (!llw_curve_make(run, d->launch, knobs[i], arena, &curve)) continue;
        plot p = {.curve = &curve, .launch = &d->predicted->as_read, .out = out};
        p.cards = p.launch->n_devices > CARDS ? CARDS : p.launch->n_devices;
        scale(&p);
        llw_text words = {0};
        say(&words, &curve);
        llw_text_add(out, "<figure><figcaption>");
        llw_html_add(out, llw_text_str(&words));
        if (p.launch->n_devices > CARDS)
            llw_html_addf(out, " The first %d of %d cards are drawn.", CARDS, p.launch->n_devices);
        llw_text_add(out, "</figcaption>\n");
        draw(&p, llw_text_str(&words));
        llw_text_add(out, "</figure>\n");
        table(out, &p);
        llw_text_fini(&words);
    }
    llw_arena_free(arena);
}
