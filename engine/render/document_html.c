/* A page in Markdown as HTML: MD4C reads it, and every text passes llw_html_add. */
#include "render/document.h"
#include "render/html.h"

#include <md4c.h>
#include <string.h>

typedef struct page {
    llw_text *out;
    int hidden; /* inside a link that is not followed */
} page;

static const char *block_tag(MD_BLOCKTYPE type, void *detail) {
    static const char *const headings[] = {"h1", "h2", "h3", "h4", "h5", "h6"};
    switch (type) {
    case MD_BLOCK_QUOTE: return "blockquote";
    case MD_BLOCK_UL: return "ul";
    case MD_BLOCK_OL: return "ol";
    case MD_BLOCK_LI: return "li";
    case MD_BLOCK_H: return headings[((MD_BLOCK_H_DETAIL *)detail)->level - 1];
    case MD_BLOCK_CODE: return "pre";
    case MD_BLOCK_P: return "p";
    case MD_BLOCK_TABLE: return "table";
    case MD_BLOCK_THEAD: return "thead";
    case MD_BLOCK_TBODY: return "tbody";
    case MD_BLOCK_TR: return "tr";
    case MD_BLOCK_TH: return "th";
    case MD_BLOCK_TD: return "td";
    default: return NULL;
    }
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *context) {
    const char *tag = block_tag(type, detail);
    if (tag) llw_text_addf(((page *)context)->out, "<%s>", tag);
    return 0;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *context) {
    const char *tag = block_tag(type, detail);
    if (tag) llw_text_addf(((page *)context)->out, "</%s>\n", tag);
    return 0;
}

/* Where a link may lead: "#L05" for lessons/L05.md, an address as it is, else nowhere. */
static bool target(const MD_ATTRIBUTE *href, char out[512]) {
    size_t len = href->size;
    if (len >= 500) return false;
    memcpy(out, href->text, len);
    out[len] = 0;
    if (!strncmp(out, "https://", 8) || !strncmp(out, "http://", 7)) return true;
    char *name = strrchr(out, '/');
    name = name ? name + 1 : out;
    if (strlen(name) != 6 || strcmp(name + 3, ".md")) return false;
    name[3] = 0;
    char code[4];
    memcpy(code, name, sizeof code);
    out[0] = '#';
    memcpy(out + 1, code, sizeof code);
    return true;
}

static int enter_span(MD_SPANTYPE type, void *detail, void *context) {
    page *p = context;
    char href[512];
    if (type == MD_SPAN_EM) llw_text_add(p->out, "<em>");
    if (type == MD_SPAN_STRONG) llw_text_add(p->out, "<strong>");
    if (type == MD_SPAN_CODE) llw_text_add(p->out, "<code>");
    if (type != MD_SPAN_A) return 0;
    if (!target(&((MD_SPAN_A_DETAIL *)detail)->href, href)) {
        p->hidden++;
        return 0;
    }
    llw_text_add(p->out, "<a href=\"");
    llw_html_add(p->out, href);
    llw_text_add(p->out, "\">");
    return 0;
}

static int leave_span(MD_SPANTYPE type, void *detail, void *context) {
    page *p = context;
    (void)detail;
    if (type == MD_SPAN_EM) llw_text_add(p->out, "</em>");
    if (type == MD_SPAN_STRONG) llw_text_add(p->out, "</strong>");
    if (type == MD_SPAN_CODE) llw_text_add(p->out, "</code>");
    if (type == MD_SPAN_A && p->hidden)
        p->hidden--;
    else if (type == MD_SPAN_A)
        llw_text_add(p->out, "</a>");
    return 0;
}

static int add_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *context) {
    page *p = context;
    llw_text copy = {0};
    llw_text_addn(&copy, text, size);
    if (type == MD_TEXT_BR)
        llw_text_add(p->out, "<br>");
    else if (type == MD_TEXT_SOFTBR)
        llw_text_add(p->out, "\n");
    else if (type == MD_TEXT_ENTITY &&
             (!strcmp(llw_text_str(&copy), "&lt;") || !strcmp(llw_text_str(&copy), "&amp;")))
        llw_text_add(p->out, llw_text_str(&copy));
    else
        llw_html_add(p->out, llw_text_str(&copy));
    llw_text_fini(&copy);
    return 0;
}

void llw_document_html(llw_text *out, const char *markdown) {
    page p = {.out = out};
    MD_PARSER parser = {.flags = MD_FLAG_TABLES | MD_FLAG_NOHTML,
                        .enter_block = enter_block,
                        .leave_block = leave_block,
                        .enter_span = enter_span,
                        .leave_span = leave_span,
                        .text = add_text};
    md_parse(markdown, (MD_SIZE)strlen(markdown), &parser, &p);
}
