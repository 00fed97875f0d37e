/* jansson's values through libyaml's emitter. */
#include "render/yamltext.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

enum { WIDTH = 120, SHORT_LIST = 100 };

static int append(void *context, unsigned char *bytes, size_t len) {
    llw_text_addn(context, (const char *)bytes, len);
    return 1;
}

/* Whether a string would be read back as something else without quotes: YAML's null, booleans and numbers.
 * (What the syntax needs quotes for libyaml knows itself.) */
static bool looks_like_another(const char *text) {
    static const char *const words[] = {"null", "~", "true", "false", "yes",  "no",    "on",
                                        "off",  "y", "n",    ".inf",  ".nan", "-.inf", ""};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcasecmp(text, words[i])) return true;
    return strspn(text, "0123456789+-._:eExXoTZ abcdefABCDEF") == strlen(text) && strpbrk(text, "0123456789");
}

static bool emit_scalar(yaml_emitter_t *emitter, const char *text, bool quoted) {
    yaml_event_t event;
    return yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text, (int)strlen(text), 1,
                                        1,
                                        quoted ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE) &&
           yaml_emitter_emit(emitter, &event);
}

static bool emit_string(yaml_emitter_t *emitter, const char *text) {
    return emit_scalar(emitter, text, looks_like_another(text));
}

static bool is_flat(const json_t *list) {
    size_t index, len = 0;
    json_t *item;
    json_array_foreach(list, index, item) {
        if (json_is_object(item) || json_is_array(item)) return false;
        len += json_is_string(item) ? json_string_length(item) : 8;
    }
    return len < SHORT_LIST;
}

/* NOLINTNEXTLINE(misc-no-recursion): documents of ours are a few levels deep */
static bool emit(yaml_emitter_t *emitter, json_t *value) {
    yaml_event_t event;
    char number[32];
    bool good = true;
    if (json_is_object(value)) {
        const char *key;
        json_t *item;
        good = yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE) &&
               yaml_emitter_emit(emitter, &event);
        json_object_foreach(value, key, item) good = good && emit_string(emitter, key) && emit(emitter, item);
        return good && yaml_mapping_end_event_initialize(&event) && yaml_emitter_emit(emitter, &event);
    }
    if (json_is_array(value)) {
        size_t index;
        json_t *item;
        good = yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
                                                    is_flat(value) ? YAML_FLOW_SEQUENCE_STYLE
                                                                   : YAML_BLOCK_SEQUENCE_STYLE) &&
               yaml_emitter_emit(emitter, &event);
        json_array_foreach(value, index, item) good = good && emit(emitter, item);
        return good && yaml_sequence_end_event_initialize(&event) && yaml_emitter_emit(emitter, &event);
    }
    if (json_is_string(value)) return emit_string(emitter, json_string_value(value));
    if (json_is_integer(value))
        snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        snprintf(number, sizeof number, "%.10g", json_real_value(value));
    else
        snprintf(number, sizeof number, "%s",
                 json_is_true(value)    ? "true"
                 : json_is_false(value) ? "false"
                                        : "null");
    return emit_scalar(emitter, number, false);
}

void llw_yaml_dump(llw_text *out, json_t *root) {
    yaml_emitter_t emitter;
    yaml_event_t event;
    if (yaml_emitter_initialize(&emitter)) {
        yaml_emitter_set_output(&emitter, append, out);
        yaml_emitter_set_unicode(&emitter, 1);
        yaml_emitter_set_width(&emitter, WIDTH);
        (void)(yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) &&
               yaml_emitter_emit(&emitter, &event) &&
               yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1) &&
               yaml_emitter_emit(&emitter, &event) && emit(&emitter, root) &&
               yaml_document_end_event_initialize(&event, 1) && yaml_emitter_emit(&emitter, &event) &&
               yaml_stream_end_event_initialize(&event) && yaml_emitter_emit(&emitter, &event));
        yaml_emitter_delete(&emitter);
    }
    json_decref(root);
}
