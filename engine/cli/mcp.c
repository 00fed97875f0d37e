/* llwhy mcp: the Model Context Protocol over standard input and output, one JSON-RPC message a line
 * (modelcontextprotocol.io, revision 2025-06-18; the older two say the same about what is used here). */
#include "cli/mcp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARSE_ERROR = -32700, INVALID_REQUEST = -32600, NO_METHOD = -32601, INVALID_PARAMS = -32602 };
enum { MAX_LINE = 4 << 20 };

static void send(json_t *message) {
    char *text = json_dumps(message, JSON_COMPACT);
    if (text) printf("%s\n", text);
    fflush(stdout);
    free(text);
    json_decref(message);
}

static json_t *id_of(const json_t *request) {
    const json_t *id = json_object_get(request, "id");
    return id ? json_incref((json_t *)(uintptr_t)id) : json_null();
}

static void send_error(const json_t *request, int code, const char *text) {
    send(json_pack("{s:s, s:o, s:{s:i, s:s}}", "jsonrpc", "2.0", "id", id_of(request), "error", "code", code,
                   "message", text));
}

static void send_result(const json_t *request, json_t *result) {
    send(json_pack("{s:s, s:o, s:o}", "jsonrpc", "2.0", "id", id_of(request), "result", result));
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

static void call_tool(const json_t *request, const json_t *params) {
    const char *name = json_string_value(json_object_get(params, "name"));
    const json_t *arguments = json_object_get(params, "arguments");
    if (!name || (arguments && !json_is_object(arguments))) {
        send_error(request, INVALID_PARAMS, "tools/call needs a name and, as an object, its arguments");
        return;
    }
    json_t *result = llw_mcp_call(name, arguments);
    if (result)
        send_result(request, result);
    else
        send_error(request, INVALID_PARAMS, "there is no such tool: tools/list names them");
}

static void take(const json_t *request) {
    const char *method = json_string_value(json_object_get(request, "method"));
    const json_t *params = json_object_get(request, "params");
    if (!json_is_object(request) || !method) {
        if (!json_object_get(request, "result") &&
            !json_object_get(request, "error")) /* an answer to nothing we asked */
            send_error(request, INVALID_REQUEST, "this is no request: it needs a method");
        return;
    }
    if (!json_object_get(request, "id")) return; /* a notification: initialized, cancelled, ... */
    if (!strcmp(method, "initialize"))
        send_result(request, greet(params));
    else if (!strcmp(method, "ping"))
        send_result(request, json_object());
    else if (!strcmp(method, "tools/list"))
        send_result(request, json_pack("{s:o}", "tools", llw_mcp_tools()));
    else if (!strcmp(method, "tools/call"))
        call_tool(request, params);
    else
        send_error(request, NO_METHOD, "llwhy offers tools only: initialize, ping, tools/list, tools/call");
}

int llw_command_mcp(llw_app *app) {
    char *line = NULL;
    size_t size = 0;
    for (ssize_t len; (len = getline(&line, &size, stdin)) >= 0;) {
        if (strspn(line, " \t\r\n") == (size_t)len) continue;
        json_t *request = len > MAX_LINE ? NULL : json_loadb(line, (size_t)len, JSON_DECODE_ANY, NULL);
        if (request)
            take(request);
        else
            send_error(NULL, PARSE_ERROR, "this line is no JSON");
        json_decref(request);
    }
    free(line);
    return app->code;
}
