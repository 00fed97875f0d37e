/* What the readers of systemd units (unit.c, unit_instance.c) and of Podman's .container files
 * (unit_container.c) share. */
#ifndef LLW_SOURCE_UNIT_H
#define LLW_SOURCE_UNIT_H

#include "source/config/front.h"
#include "source/config/unit_words.h"

typedef struct llw_unit_line {
    const llw_config_file *file;
    const char *section, *key; /* key "": options that stand alone */
    llw_rich value;
    int line, last_line;
} llw_unit_line;

typedef struct llw_unit {
    llw_config_reader *r;
    llw_config_set *set;
    llw_unit_line *lines;
    size_t n, capacity;
    bool unseen; /* variables come from places that cannot be read */
    llw_unit_name name;
    const char *label; /* of the launch: the instance of a template, "" else */
} llw_unit;

/* Adds a file's lines; what ends in \ goes on with a blank, comments between are dropped. */
void llw_unit_read(llw_unit *u, const llw_config_file *file);
/* Environment, EnvironmentFile and UnsetEnvironment of a section, as systemd adds them up. */
llw_scope llw_unit_environment(llw_unit *u, const char *section);
/* What [Service] starts. */
void llw_unit_service(llw_unit *u);
/* What [Container] starts. */
void llw_unit_container(llw_unit *u);

#endif
