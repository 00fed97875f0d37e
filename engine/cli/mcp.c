/* llwhy mcp: the Model Context Protocol over standard input and output, one JSON-RPC message a line
 * (modelcontextprotocol.io, revision 2025-06-18; the older two say the same about what is used here). */
#include "cli/mcp.h"
#include "base/secret.h"
#include "base/typed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARSE_ERROR = -32700, INVALID_REQUEST = -32600, NO_METHOD = -32601, INVALID_PARAMS = -32602 };
enum { MAX_LINE = 4 << 20 };

static void send(json_t *message) {
    if (!message) return;
    char *text = json_dumps(message, JSON_COMPACT);
    llw_text safe = {0};
    if (text) llw_text_add_json_safe(&safe, text);
    llw_secret_star(safe.bytes, safe.len);
    if (text) puts(llw_text_str(&safe));
    fflush(stdout);
    llw_text_fini(&safe);
    free(text);
    json_decref(message);
}

static bool can_name(const json_t *id) {
    return json_is_string(id) || json_is_number(id);
}

static json_t *id_of(const json_t *request) {
    const json_t *id = json_object_get(request, "id");
    return can_name(id) ? json_incref((json_t *)(uintptr_t)id) : json_null();
}

static json_t *refuse(const json_t *request, int code, const char *text) {
    return json_pack("{s:s, s:o, s:{s:i, s:s}}", "jsonrpc", "2.0", "id", id_of(request), "error", "code",
                     code, "message", text);
}

static json_t *reply(const json_t *request, json_t *result) {
    return json_pack("{s:s, s:o, s:o}", "jsonrpc", "2.0", "id", id_of(request), "result", result);
}

/* The revision the client asks for, if it is one we speak; ours otherwise. */
static json_t *greet(const json_t *params) {
    static const char *const revisions[] = {"2025-06-18", "2025-03-26", "2024-11-05"};
    const char *wanted = json_string_value(json_object_get(params, "protocolVersion")),
               *spoken = revisions[0];
    for (size_t i = 0; wanted && i < sizeof revisions / sizeof *revisions; i++)
        if (!strcmp(wanted, revisions[i])) spoken = revisions[i];
    return json_pack(
        "{s:s, s:{s:{}}, s:{s:s, s:s, s:s}, s:s}", "protocolVersion", spoken, "capabilities", "tools",
        "serverInfo", "name", "llwhy", "title", "llwhy: why does this model run like that here?", "version",
        LLWHY_VERSION, "instructions",
        "Ask before you advise somebody about llama.cpp: each answer is computed from the model's header, "
        "the "
        "machine and llama.cpp's own arithmetic, and names its sources. Start with decide; what it calls "
        "unknown is unknown.");
}

static json_t *call_tool(const json_t *request, const json_t *params) {
    const char *name = json_string_value(json_object_get(params, "name"));
    const json_t *arguments = json_object_get(params, "arguments");
    if (!name || (arguments && !json_is_object(arguments)))
        return refuse(request, INVALID_PARAMS, "tools/call needs a name and, as an object, its arguments");
    json_t *result = llw_mcp_call(name, arguments);
    return result ? reply(request, result)
                  : refuse(request, INVALID_PARAMS, "there is no such tool: tools/list names them");
}

json_t *llw_mcp_answer(const json_t *request) {
    const char *method = json_string_value(json_object_get(request, "method"));
    const json_t *params = json_object_get(request, "params");
    if (!json_is_object(request) || !method) {
        bool to_nothing_we_asked = json_object_get(request, "result") || json_object_get(request, "error");
        return to_nothing_we_asked
                   ? NULL
                   : refuse(request, INVALID_REQUEST, "this is no request: it needs a method");
    }
    const json_t *id = json_object_get(request, "id");
    if (!id) return NULL; /* a notification: initialized, cancelled, ... */
    if (!can_name(id)) return refuse(request, INVALID_REQUEST, "a request's id is a text or a number");
    if (!strcmp(method, "initialize")) return reply(request, greet(params));
    if (!strcmp(method, "ping")) return reply(request, json_object());
    if (!strcmp(method, "tools/list")) return reply(request, json_pack("{s:o}", "tools", llw_mcp_tools()));
    if (!strcmp(method, "tools/call")) return call_tool(request, params);
    return refuse(request, NO_METHOD, "llwhy offers tools only: initialize, ping, tools/list, tools/call");
}

static bool is_blank(const char *line, size_t len) {
    size_t i = 0;
    while (i < len && strchr(" \t\r", line[i]) && line[i]) i++;
    return i == len;
}

int llw_command_mcp(llw_app *app) {
    char *line = llw_xmalloc(MAX_LINE + 1);
    for (size_t len; llw_typed_line(stdin, line, MAX_LINE, &len);) {
        if (is_blank(line, len)) continue;
        json_t *request = len > MAX_LINE ? NULL : json_loadb(line, len, JSON_DECODE_ANY, NULL);
        send(request          ? llw_mcp_answer(request)
             : len > MAX_LINE ? refuse(NULL, PARSE_ERROR, "this line is longer than 4 MiB")
                              : refuse(NULL, PARSE_ERROR, "this line is no JSON"));
        json_decref(request);
    }
    free(line);
    return app->code;
}
