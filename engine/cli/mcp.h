/* The tools that llwhy mcp offers: the questions of the command line, each answered by a process of its own.
 */
#ifndef LLW_CLI_MCP_H
#define LLW_CLI_MCP_H

#include "cli/app.h"

#include <jansson.h>

/* The list of tools with their schemas. The caller owns it. */
json_t *llw_mcp_tools(void);
/* What a call is asked with: llwhy's own words, NULL behind the last. They hold no option but those that the
 * tool's parameters stand for, and nothing that is far away. NULL: there is no such tool, or it does not take
 * these arguments. */
const char *const *llw_mcp_words(llw_arena *arena, const char *name, const json_t *arguments, bool json);
/* The answer to a request, or to whatever else a message is; NULL when it gets none. The caller owns it. */
json_t *llw_mcp_answer(const json_t *request);
/* Answers a call; the caller owns what comes. NULL: there is no such tool. */
json_t *llw_mcp_call(const char *name, const json_t *arguments);

#endif
