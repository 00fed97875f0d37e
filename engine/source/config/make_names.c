/* Variables that are there before make reads a file: `make -p -f /dev/null` of GNU make 4.3, and of the
 * environment those that every shell and login sets. */
#include "source/config/make.h"

#include <string.h>

static const char *const names[] = {
    ".DEFAULT_GOAL", ".FEATURES", ".INCLUDE_DIRS", ".LIBPATTERNS", ".LOADED", ".RECIPEPREFIX", ".SHELLFLAGS",
    ".VARIABLES", "AR", "ARFLAGS", "AS", "CC", "CHECKOUT,v", "CO", "COFLAGS", "CPP", "CTANGLE", "CURDIR",
    "CWEAVE", "CXX", "F77", "F77FLAGS", "FC", "GET", "GNUMAKEFLAGS", "LD", "LEX", "LINT", "M2C", "MAKE",
    "MAKECMDGOALS", "MAKEFILES", "MAKEFILE_LIST", "MAKEFLAGS", "MAKEINFO", "MAKELEVEL", "MAKE_COMMAND",
    "MAKE_HOST", "MAKE_TERMERR", "MAKE_TERMOUT", "MAKE_VERSION", "MFLAGS", "OBJC", "OUTPUT_OPTION", "PC",
    "RM", "SHELL", "SUFFIXES", "TANGLE", "TEX", "TEXI2DVI", "WEAVE", "YACC",
    /* the environment's */
    "HOME", "HOSTNAME", "LANG", "LC_ALL", "LOGNAME", "OLDPWD", "PATH", "PWD", "SHLVL", "TERM", "USER"};

/* COMPILE.c, LINK.o ... */
static const char *const families[] = {"COMPILE.", "LEX.", "LINK.", "LINT.", "PREPROCESS.", "YACC."};

bool llw_make_has(const char *name) {
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i])) return true;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (!strncmp(name, families[i], strlen(families[i]))) return true;
    return false;
}
