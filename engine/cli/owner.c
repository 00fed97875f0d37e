/* Whose files above the current directory are taken. */
#include "base/file.h"
#include "cli/app.h"

#include <sys/stat.h>
#include <unistd.h>

/* The user's, the system's, or of whom the directory is where the question is asked: a question may be asked
 * in somebody else's repository. */
static bool is_known(const char *start, uid_t owner) {
    struct stat here;
    return owner == 0 || owner == geteuid() ||
           (stat(*start ? start : ".", &here) == 0 && owner == here.st_uid);
}

bool llw_app_may_climb(llw_app *app, const char *start, const char *directory, const char *name) {
    struct stat at, link, file;
    const char *path = llw_path_join(app->arena, directory, name);
    bool there = lstat(path, &link) == 0 && stat(path, &file) == 0;
    bool ours = stat(directory, &at) == 0 && is_known(start, at.st_uid);
    if (ours && (!there || (is_known(start, link.st_uid) && is_known(start, file.st_uid)))) return true;
    if (there && !app->told_owner)
        llw_app_complain(app, LLW_EXIT_CLEAN,
                         "%s is another user's, so it is left out; it counts where you stand beside it",
                         path);
    app->told_owner |= there;
    return false;
}
