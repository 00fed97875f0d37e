/* Words that a template leaves for somebody to fill in: __NAME__, @NAME@, <name>, SUB_NAME_HERE, YOUR_NAME.
 */
#ifndef LLW_SOURCE_TEMPLATE_H
#define LLW_SOURCE_TEMPLATE_H

#include <stdbool.h>

/* Whether the text is such a word, or begins or ends with one. What will stand there nobody knows. */
bool llw_is_template(const char *text);

#endif
