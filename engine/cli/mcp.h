/* The tools that llwhy mcp offers: the questions of the command line, each answered by a process of its own.
 */
#ifndef LLW_CLI_MCP_H
#define LLW_CLI_MCP_H

#include "cli/app.h"

#include <jansson.h>

/* The list of tools with their schemas. The caller owns it. */
json_t *llw_mcp_tools(void);
/* Answers a call; the caller owns what comes. NULL: there is no such tool. */
json_t *llw_mcp_call(const char *name, const json_t *arguments);

#endif
