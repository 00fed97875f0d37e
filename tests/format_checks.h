/* What makes a report well-formed in formats that no library reads for us: workflow commands, XML, Markdown.
 */
#ifndef LLW_TESTS_FORMAT_CHECKS_H
#define LLW_TESTS_FORMAT_CHECKS_H

#include <stdbool.h>
#include <string.h>

static size_t count_lines(const char *out) {
    size_t n = 0;
    for (; *out; out++) n += *out == '\n';
    return n;
}

static void check_github(const char *out, size_t want) {
    size_t n = 0;
    for (const char *at = out; *at; at = strchr(at, '\n') + 1, n++) {
        const char *end = strchr(at, '\n'), *data = NULL;
        assert_non_null(end);
        if (strncmp(at, "::error file=", 13) && strncmp(at, "::warning file=", 15) &&
            strncmp(at, "::notice file=", 14))
            fail_msg("no command of ours: %.80s", at);
        data = strstr(at + 2, "::");
        assert_true(data && data < end);
        size_t properties = 0;
        for (const char *c = at; c < data; c++)
            properties += *c == '=' && (c[-1] != '=' && strchr(",abcdefghijklmnopqrstuvwxyzC ", c[-1]));
        for (const char *c = at + 2; c < data; c++)
            if (*c == ':') fail_msg("a colon in a property: %.120s", at);
    }
    assert_int_equal(n, want);
}

/* Well-formed: tags are balanced, attributes quoted, marks escaped, entities known. Returns the elements of
 * that name. */
static size_t check_xml(const char *format, const char *out, const char *element) {
    const char *open[16];
    size_t depth = 0, found = 0;
    const char *at = strstr(out, "?>");
    assert_non_null(at);
    for (at += 2; *at;) {
        if (*at == '&') {
            size_t n = strcspn(at, ";");
            static const char *const entities[] = {"&amp", "&lt", "&gt", "&quot", "&#39"};
            bool known = false;
            for (size_t i = 0; i < 5; i++) known |= strlen(entities[i]) == n && !strncmp(at, entities[i], n);
            if (!known) fail_msg("%s: an entity: %.20s", format, at);
            at += n + 1;
        } else if (*at == '<') {
            bool closing = at[1] == '/';
            const char *name = at + 1 + closing;
            size_t n = strcspn(name, " />\n");
            if (closing) {
                assert_true(depth > 0);
                depth--;
                if (strncmp(open[depth], name, n))
                    fail_msg("%s: </%.*s> closes another", format, (int)n, name);
            } else if (strlen(element) == n && !strncmp(name, element, n))
                found++;
            char quote = 0;
            for (at = name + n; *at && (quote || *at != '>'); at++) {
                if (*at == '<') fail_msg("%s: < in a tag: %.40s", format, at);
                if (*at == '"') quote = quote ? 0 : '"';
            }
            assert_true(*at == '>');
            if (!closing && at[-1] != '/') {
                assert_true(depth < 16);
                open[depth++] = name;
            }
            at++;
        } else {
            if (*at == '>' || *at == '"') fail_msg("%s: an unescaped mark: %.40s", format, at);
            at++;
        }
    }
    assert_int_equal(depth, 0);
    return found;
}

static void check_markdown(const char *out, size_t sections) {
    size_t n = 0;
    for (const char *at = out; *at; at = strchr(at, '\n') + 1) {
        n += !strncmp(at, "### ", 4);
        if (!strncmp(at, "# ", 2) || !strncmp(at, "```", 3) || *at == '|' || *at == '!')
            fail_msg("a line of somebody else's: %.60s", at);
    }
    assert_int_equal(n, sections);
    for (const char *at = out; (at = strchr(at, '<')); at++) /* only our own elements */
        if (strncmp(at, "<details>", 9) && strncmp(at, "</details>", 10) && strncmp(at, "<summary>", 9) &&
            strncmp(at, "</summary>", 10) && strncmp(at, "<!-- -->", 8)) {
            const char *line = at; /* or code */
            while (line > out && line[-1] != '\n') line--;
            if (!memchr(line, '`', (size_t)(at - line))) fail_msg("an element: %.60s", at);
        }
}

#endif
