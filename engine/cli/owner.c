/* Whose files above the current directory are taken. */
#include "base/file.h"
#include "cli/app.h"

#include <unistd.h>

bool llw_app_may_climb(llw_app *app, const char *start, const char *directory, const char *name) {
    const char *path = llw_path_join(app->arena, directory, name);
    bool there = access(path, F_OK) == 0;
    if (llw_path_is_ours(start, directory) && (!there || llw_path_is_ours(start, path))) return true;
    if (there && !app->told_owner)
        llw_app_complain(app, LLW_EXIT_CLEAN,
                         "%s is another user's, so it is left out; it counts where you stand beside it",
                         path);
    app->told_owner |= there;
    return false;
}
