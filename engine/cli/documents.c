/* The knowledge as documents: --format markdown and html of lessons, lesson, explain, facts --schema, flags
 * and guide. */
#include "cli/app.h"
#include "render/document.h"
#include "render/html.h"

/* Markdown as it is, or as a page of its own. */
static void print_page(llw_app *app, const char *title, llw_text *markdown) {
    llw_text page = {0};
    if (*app->document == 'h') {
        llw_html_begin(&page, title);
        llw_text_add(&page, "<div class=\"doc\">\n");
        llw_document_html(&page, llw_text_str(markdown));
        llw_text_add(&page, "</div>\n");
        llw_html_end(&page, LLWHY_VERSION);
        llw_text_fini(markdown);
        *markdown = page;
    }
    llw_app_print(app, markdown);
}

int llw_document_of_lessons(llw_app *app, const llw_lesson *only) {
    llw_text out = {0};
    bool html = *app->document == 'h';
    if (html) llw_html_begin(&out, only ? only->id : "lessons");
    for (size_t i = 0; i < app->kb->n_lessons; i++) {
        const llw_lesson *lesson = app->kb->lessons[i];
        llw_text page = {0};
        if (only && lesson != only) continue;
        llw_document_lesson(&page, app->kb, app->arena, lesson);
        if (html) {
            llw_text_add(&out, "<section class=\"doc\" id=\"");
            llw_html_add(&out, lesson->code);
            llw_text_add(&out, "\">\n");
            llw_document_html(&out, llw_text_str(&page));
            llw_text_add(&out, "</section>\n");
        } else
            llw_text_addf(&out, "%s%s", out.len ? "\n" : "", llw_text_str(&page));
        llw_text_fini(&page);
    }
    if (html) llw_html_end(&out, LLWHY_VERSION);
    llw_app_print(app, &out);
    return app->code;
}

int llw_document_of_codes(llw_app *app) {
    llw_text out = {0};
    llw_document_codes(&out, app->kb, app->arena);
    print_page(app, "codes", &out);
    return app->code;
}

int llw_document_of_schema(llw_app *app, llw_kind kind) {
    llw_text out = {0};
    llw_document_schema(&out, kind);
    print_page(app, "facts", &out);
    return app->code;
}

int llw_document_of_flags(llw_app *app) {
    llw_text out = {0};
    llw_err err = {0};
    if (llw_document_flags(&out, app->arena, &err) != LLW_OK)
        llw_app_fail(app, LLW_EXIT_KB, &err);
    else
        print_page(app, "options of llama.cpp", &out);
    return app->code;
}

int llw_command_guide(llw_app *app) {
    llw_text out = {0};
    llw_app_load_kb(app);
    if (!app->document) app->document = "markdown";
    llw_document_guide(&out, app->kb, app->arena);
    print_page(app, "which GPU gets what", &out);
    return app->code;
}
