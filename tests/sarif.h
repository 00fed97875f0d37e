/* Checks a SARIF 2.1.0 log: required properties, no unknown ones, references and limits. The OASIS schema's
 * demands on what llwhy writes, and GitHub's on top (every result has a place in a file). */
#ifndef LLW_TESTS_SARIF_H
#define LLW_TESTS_SARIF_H

#include <jansson.h>
#include <string.h>

/* An object of SARIF: its properties, those that must be there first and marked with !. Types: s string, i
 * integer >= 1, n integer >= 0, b flag, o object, a array of objects, t array of strings; behind a colon the
 * object's kind. */
typedef struct sarif_kind {
    const char *name, *properties;
} sarif_kind;

static const sarif_kind sarif_kinds[] = {
    {"log", "!version=s !runs=a:run $schema=s"},
    {"run", "!tool=o:tool results=a:result columnKind=s automationDetails=o:automation "
            "originalUriBaseIds=o:bases invocations=a:invocation"},
    {"tool", "!driver=o:component"},
    {"component", "!name=s version=s rules=a:rule"},
    {"rule", "!id=s name=s shortDescription=o:message fullDescription=o:message help=o:help "
             "defaultConfiguration=o:configuration properties=o:bag"},
    {"message", "!text=s"},
    {"help", "!text=s markdown=s"},
    {"configuration", "level=s"},
    {"bag", "*"},
    {"bases", "%SRCROOT%=o:base"},
    {"base", "description=o:message uri=s"},
    {"automation", "id=s"},
    {"invocation", "!executionSuccessful=b toolExecutionNotifications=a:notification"},
    {"notification", "!message=o:message level=s locations=a:location"},
    {"result",
     "!message=o:message !locations=a:location !ruleId=s ruleIndex=n level=s partialFingerprints=o:strings "
     "codeFlows=a:codeFlow "
     "relatedLocations=a:location fixes=a:fix suppressions=a:suppression baselineState=s properties=o:bag"},
    {"strings", "*"},
    {"location", "!physicalLocation=o:physical message=o:message id=n"},
    {"physical", "!artifactLocation=o:artifact region=o:region"},
    {"artifact", "!uri=s uriBaseId=s"},
    {"region", "!startLine=i startColumn=i endColumn=i"},
    {"codeFlow", "!threadFlows=a:threadFlow"},
    {"threadFlow", "!locations=a:flowLocation"},
    {"flowLocation", "!location=o:location importance=s"},
    {"fix", "!artifactChanges=a:change description=o:message"},
    {"change", "!artifactLocation=o:artifact !replacements=a:replacement"},
    {"replacement", "!deletedRegion=o:region insertedContent=o:content"},
    {"content", "text=s"},
    {"suppression", "!kind=s status=s justification=s"},
};

/* The declaration of a property: "s", "a:location"; NULL when it has none. */
static const char *sarif_property(const char *properties, const char *name, size_t len) {
    for (const char *at = properties; *at; at += strcspn(at, " "), at += *at == ' ') {
        const char *word = at + (*at == '!');
        if (!strncmp(word, name, len) && word[len] == '=') return word + len + 1;
    }
    return NULL;
}

static void sarif_check_value(const char *kind, const char *key, const char *type, json_t *value);

static void sarif_check_object(const char *kind, size_t kind_len, json_t *o) {
    const char *properties = NULL, *key;
    json_t *value;
    for (size_t i = 0; i < sizeof sarif_kinds / sizeof *sarif_kinds; i++)
        if (strlen(sarif_kinds[i].name) == kind_len && !strncmp(sarif_kinds[i].name, kind, kind_len))
            properties = sarif_kinds[i].properties;
    assert_non_null(properties);
    assert_true(json_is_object(o));
    if (*properties == '*') return;
    json_object_foreach(o, key, value) {
        const char *type = sarif_property(properties, key, strlen(key));
        if (!type) fail_msg("%.*s has no property %s", (int)kind_len, kind, key);
        sarif_check_value(kind, key, type, value);
    }
    for (const char *at = properties; *at; at += strcspn(at, " "), at += *at == ' ') {
        size_t n = strcspn(at, "=");
        if (*at != '!') continue;
        bool found = false;
        json_object_foreach(o, key, value) found |= strlen(key) == n - 1 && !strncmp(key, at + 1, n - 1);
        if (!found) fail_msg("%.*s lacks %.*s", (int)kind_len, kind, (int)n - 1, at + 1);
    }
}

static void sarif_check_value(const char *kind, const char *key, const char *type, json_t *value) {
    static const char *const words[][2] = {
        {"level", "none note warning error"},
        {"kind", "inSource external"},
        {"importance", "important essential unimportant"},
        {"status", "accepted"},
        {"baselineState", "new unchanged updated absent"},
        {"columnKind", "unicodeCodePoints"},
        {"version", NULL},
    };
    size_t i, len = *type && type[1] == ':' ? strcspn(type + 2, " ") : 0;
    json_t *item;
    switch (*type) {
    case 's': {
        const char *text = json_string_value(value);
        if (!text || (!*text && strcmp(key, "justification") && strcmp(key, "text")))
            fail_msg("%s.%s is no text", kind, key);
        for (size_t w = 0; w < sizeof words / sizeof *words; w++)
            if (words[w][1] && !strcmp(words[w][0], key) && !strstr(words[w][1], text))
                fail_msg("%s.%s is '%s'", kind, key, text);
        if (!strcmp(key, "uri") && (strpbrk(text, " \"<>\\^`{}|") || !*text)) fail_msg("no URI: %s", text);
        break;
    }
    case 'i': assert_true(json_is_integer(value) && json_integer_value(value) >= 1); break;
    case 'n': assert_true(json_is_integer(value) && json_integer_value(value) >= 0); break;
    case 'b': assert_true(json_is_boolean(value)); break;
    case 'o': sarif_check_object(type + 2, len, value); break;
    case 'a':
        assert_true(json_is_array(value));
        json_array_foreach(value, i, item) sarif_check_object(type + 2, len, item);
        break;
    default: fail_msg("a type of no kind: %s", type);
    }
}

static void sarif_check_result(json_t *result, json_t *rules) {
    json_t *rule = json_array_get(rules, (size_t)json_integer_value(json_object_get(result, "ruleIndex")));
    assert_string_equal(json_string_value(json_object_get(result, "ruleId")),
                        json_string_value(json_object_get(rule, "id")));
    assert_int_equal(json_array_size(json_object_get(result, "locations")), 1);
    json_t *region = json_object_get(
        json_object_get(json_array_get(json_object_get(result, "locations"), 0), "physicalLocation"),
        "region");
    json_int_t start = json_integer_value(json_object_get(region, "startColumn")),
               end = json_integer_value(json_object_get(region, "endColumn"));
    assert_true(!end || end > start);
    json_t *related = json_object_get(result, "relatedLocations"), *place;
    size_t i;
    json_array_foreach(related, i, place)
        assert_int_equal(json_integer_value(json_object_get(place, "id")), (json_int_t)i + 1);
    assert_true(json_array_size(related) <= 1000);
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(result, "partialFingerprints"), key, value)
        assert_true(json_is_string(value));
}

static void sarif_check(json_t *root) {
    assert_non_null(root);
    sarif_check_object("log", 3, root);
    assert_string_equal(json_string_value(json_object_get(root, "version")), "2.1.0");
    size_t i, k;
    json_t *run, *result, *rule;
    assert_true(json_array_size(json_object_get(root, "runs")) <= 20);
    json_array_foreach(json_object_get(root, "runs"), i, run) {
        json_t *rules = json_object_get(json_object_get(json_object_get(run, "tool"), "driver"), "rules");
        assert_true(json_array_size(json_object_get(run, "results")) <= 25000);
        json_array_foreach(rules, k, rule) {
            assert_non_null(json_object_get(rule, "help"));
            for (size_t m = 0; m < k; m++)
                assert_false(
                    json_equal(json_object_get(rule, "id"), json_object_get(json_array_get(rules, m), "id")));
        }
        json_array_foreach(json_object_get(run, "results"), k, result) sarif_check_result(result, rules);
    }
}

#endif
