/* Loads libedit. */
#define LLW_EDIT_LOADER
#include "cli/edit.h"
#include "base/library.h"

#include <stddef.h>

struct llw_edit llw_edit;

bool llw_edit_load(void) {
    static const char *const names[] = {"libedit.so.2", "libedit.so.0", "libedit.so", NULL};
    void *library = llw_library_open(names);
    bool there = library != NULL;
#define F(name) there = there && llw_library_find(library, #name, &llw_edit.name);
    LLW_EDIT_FUNCTIONS(F)
#undef F
    return there;
}
