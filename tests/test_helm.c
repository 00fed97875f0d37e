/* Helm templates: what the chart's own values say, and what stays unknown. */
#include "torture.h"

#define CHART                                                                                                \
    { "c/Chart.yaml", "apiVersion: v2\nname: llm\nversion: 1.0.0\nappVersion: server-cuda-b8022\n" }
#define VALUES                                                                                               \
    "# llama.cpp\nimage:\n  repository: ghcr.io/ggml-org/llama.cpp\n  tag: \"\"\nctx: 8192\nubatch: 2048\n"  \
    "flash: on\nmodel:\n  path: /models/a.gguf\nextraArgs:\n  - --mlock\n  - -np\n  - \"2\"\nresources:\n"   \
    "  limits: {nvidia.com/gpu: 2, memory: 16Gi}\ngpu: {enabled: true, layers: 99}\nnone: []\n"
#define HEAD                                                                                                 \
    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ include \"llm.fullname\" . }}\nspec:\n"    \
    "  template:\n    spec:\n      containers:\n        - name: server\n"                                    \
    "          image: \"{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion "    \
    "}}\"\n"

static void check(const char *values, const char *body, const char *want) {
    char text[4096];
    snprintf(text, sizeof text, "%s%s", HEAD, body);
    const tree_file files[] = {CHART, {"c/values.yaml", values}, {"c/templates/d.yaml", text}, {NULL, NULL}};
    tree_check(files, "", want);
}

static void values_of_the_chart_are_put_in(void **state) {
    (void)state;
    check(VALUES,
          "          args:\n            - -m\n            - {{ .Values.model.path | quote }}\n            - "
          "-c\n"
          "            - \"{{ .Values.ctx }}\"\n            - -ub\n            - {{ default 512 "
          ".Values.missing | quote }}\n",
          "c/templates/d.yaml: model=/models/a.gguf (Helm values c/values.yaml:9:9) ctx=8,192 (Helm values "
          "c/values.yaml:5:6) ubatch=512 (Helm default c/templates/d.yaml:17:15)\n");
    /* lists and maps as a whole, and their limits */
    check(
        VALUES,
        "          args:\n            {{- toYaml .Values.extraArgs | nindent 12 }}\n          resources:\n"
        "            {{- toYaml .Values.resources | nindent 12 }}\n",
        "c/templates/d.yaml: parallel=2 (Helm values c/values.yaml:13:6) load_mode=mmap+mlock (Helm values "
        "c/values.yaml:11:5) gpus_seen=2 (Kubernetes limits c/values.yaml:15:28) gpu_ids= (Kubernetes limits "
        "c/values.yaml:15:28) ram_limit=16.00 GiB (Kubernetes limits c/values.yaml:15:39)\n");
}

static void conditions_over_values_are_decided(void **state) {
    (void)state;
    check(
        VALUES,
        "          args:\n            - -c\n            - \"1\"\n            {{- if .Values.gpu.enabled }}\n"
        "            - -ngl\n            - {{ .Values.gpu.layers | quote }}\n            {{- else }}\n"
        "            - -ngl\n            - \"0\"\n            {{- end }}\n            {{- if and "
        ".Values.none .Values.ctx }}\n"
        "            - -ub\n            - \"1\"\n            {{- end }}\n            {{- with .Values.model "
        "}}\n"
        "            - -m\n            - {{ .path }}\n            {{- end }}\n",
        "c/templates/d.yaml: model=/models/a.gguf (Helm values c/values.yaml:9:9) gpu_layers=99 (Helm values "
        "c/values.yaml:16:30) ctx=1 (Kubernetes args c/templates/d.yaml:13:16)\n");
    /* what only the cluster knows is told, and left out */
    check(VALUES,
          "          args: [\"-c\", \"1\"]\n          {{- if .Capabilities.APIVersions.Has \"x\" }}\n        "
          "  env:\n"
          "            - {name: LLAMA_ARG_UBATCH, value: \"1\"}\n          {{- end }}\n",
          "c/templates/d.yaml: ctx=1 (Kubernetes args c/templates/d.yaml:11:25)\n"
          "unread c/templates/d.yaml:12 whether this part of the template is there is not known from "
          "values.yaml: it is "
          "left out\n");
}

static void what_is_not_known_has_no_value(void **state) {
    (void)state;
    check(VALUES,
          "          args: [\"-c\", \"{{ include \"x\" . }}\", \"-b\", \"{{ .Values.ctx | mul 2 }}\"]\n",
          "c/templates/d.yaml: ctx=unknown (Kubernetes args c/templates/d.yaml:11:25) batch=unknown "
          "(Kubernetes args "
          "c/templates/d.yaml:11:54)\n");
    /* kubectl gets a number: the manifest is refused as one with 8192 in it would be */
    check(
        VALUES, "          args: [\"-c\", {{ .Values.ctx }}]\n",
        "c/templates/d.yaml: ctx=8,192 (Helm values c/values.yaml:5:6)\nF26 args c/templates/d.yaml:11:24\n");
    check("# llama\nctx: 1\n - x: [\n", "          args: [\"-c\", \"{{ .Values.ctx }}\"]\n",
          "unread c/values.yaml:3 is no YAML: mapping values are not allowed in this context\n");
    /* no chart: none of the chart's words */
    tree_check_one(
        "templates/d.yaml", "# llama\n" HEAD "          args: [\"-c\", \"{{ .Values.ctx }}\"]\n",
        "unread templates/d.yaml:5 is a template whose chart (Chart.yaml) is not here: it is not read\n");
}

#define ARGS                                                                                                 \
    "          args:\n            - -c\n            - {{ .Values.ctx | quote }}\n"                           \
    "            {{- toYaml .Values.extraArgs | nindent 12 }}\n"

/* -f over values.yaml, --set over both; a command is a launch; a values file that nobody names is none. */
static void commands_give_values(void **state) {
    (void)state;
    tree_file files[] = {
        CHART,
        {"c/values.yaml", VALUES},
        {"c/templates/d.yaml", HEAD ARGS},
        {"c/values-dev.yaml", "ctx: 1\n"},
        {"prod.yaml", "ctx: 16384\nextraArgs: [-np, \"4\"]\n"},
        {"up.sh",
         "#!/bin/sh\nhelm upgrade --install llm -n x ./c -f prod.yaml \\\n  --set image.tag=server-b9000 "
         "--wait\n"},
        {NULL, NULL}};
    tree_check(files, "",
               "up.sh:llm: ctx=16,384 (Helm --values prod.yaml:1:6) < 8,192 (Helm values c/values.yaml:5:6) "
               "parallel=4 (Helm --values prod.yaml:2:19) < 2 (Helm values c/values.yaml:13:6)\n");
    files[5].text =
        "#!/bin/sh\nhelm template ./c --set ctx=5,model.path=/a\\\\,b.gguf --set \"extraArgs={-ub,64}\"\n";
    tree_check(files, "",
               "up.sh:d.yaml: ctx=5 (Helm --set up.sh:2:29) < 8,192 (Helm values c/values.yaml:5:6) "
               "ubatch=64 (Helm --set "
               "up.sh:2:76)\nF26 args up.sh:2:76\n");
    /* what is not known stays so: a value; a file's name */
    files[5].text = "#!/bin/sh\nhelm install llm c --set ctx=$N --set extraArgs[0]=-b\n";
    tree_check(files, "", "up.sh:llm: ctx=unknown (Kubernetes args c/templates/d.yaml:13:15)\n");
    files[5].text = "#!/bin/sh\nhelm install llm c -f $1.yaml\n";
    const char *got = tree_told(files, "");
    assert_non_null(strstr(got, "c/templates/d.yaml: ctx=8,192 "));
    assert_non_null(strstr(got, "unread up.sh:2 installs c with values that are not known"));
    files[5].text = "#!/bin/sh\nhelm install llm c -f secrets.yaml\n";
    got = tree_told(files, "");
    assert_non_null(strstr(got, "up.sh:llm: ctx=8,192 "));
    assert_non_null(strstr(got, "unread up.sh:2 gives the chart the values of secrets.yaml"));
    /* a chart of somebody else */
    files[5].text = "#!/bin/sh\nhelm install llm oci://x/c --set ctx=1\n";
    assert_non_null(strstr(tree_told(files, ""), "c/templates/d.yaml: ctx=8,192 "));
}

/* Applications of Argo CD and releases of helmfile install charts as commands do. */
static void declarations_give_values(void **state) {
    (void)state;
    tree_file files[] = {
        CHART,
        {"c/values.yaml", VALUES},
        {"c/templates/d.yaml", HEAD ARGS},
        {"c/prod.yaml", "ctx: 16384\n"},
        {"prod.yaml", "ctx: 1\n"},
        {"apps/llm.yaml",
         "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: box}\nspec:\n  source:\n"
         "    path: c\n    helm:\n      valueFiles: [prod.yaml]\n      values: |\n"
         "        image: {tag: server-b9000}\n        extraArgs: [-np, '4']\n"
         "      parameters:\n      - name: gpu.x\n        value: a,b\n"},
        {NULL, NULL}};
    tree_check(files, "",
               "apps/llm.yaml:box: ctx=16,384 (Argo CD c/prod.yaml:1:6) < 8,192 (Helm values "
               "c/values.yaml:5:6) "
               "parallel=4 (Argo CD apps/llm.yaml:11:27) < 2 (Helm values c/values.yaml:13:6)\n");
    files[5].text =
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: box}\nspec:\n  sources:\n"
        "  - path: c\n    helm:\n      releaseName: r\n      valuesObject: {ctx: 7}\n"
        "      parameters: [{name: ctx, value: '9'}]\n";
    tree_check(files, "",
               "apps/llm.yaml:r: ctx=9 (Argo CD apps/llm.yaml:10:40) < 7 (Argo CD apps/llm.yaml:9:27) < "
               "8,192 (Helm values "
               "c/values.yaml:5:6) parallel=2 (Helm values c/values.yaml:13:6) load_mode=mmap+mlock (Helm "
               "values c/values.yaml:11:5)\n");
    /* a file that only lies beside the Application, or above it, is none of the chart's */
    files[4].name = "apps/only.yaml";
    files[5].text = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: box}\nspec:\n"
                    "  source: {path: c, helm: {valueFiles: [only.yaml]}}\n";
    const char *got = tree_told(files, "");
    assert_non_null(strstr(got, "apps/llm.yaml:box: ctx=8,192 "));
    assert_non_null(
        strstr(got, "unread apps/llm.yaml:5 gives the chart the values of only.yaml, which is not"));
    files[4].name = "prod.yaml";
    /* of another source, with a template in its name, of somebody else's chart */
    files[5].text =
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: box}\nspec:\n  sources:\n"
        "  - path: c\n    helm: {valueFiles: [$other/prod.yaml]}\n";
    assert_non_null(strstr(tree_told(files, ""), "c/templates/d.yaml: ctx=8,192 "));
    files[5] = (tree_file){"helmfile.yaml",
                           "releases:\n- name: llm\n  chart: ./c\n  values:\n  - prod.yaml\n  - ctx: 3\n"
                           "  set:\n  - name: image.tag\n    value: server-b9000\n"
                           "- name: other\n  chart: bitnami/redis\n"};
    tree_check(files, "",
               "helmfile.yaml:llm: ctx=3 (helmfile helmfile.yaml:6:10) < 1 (helmfile prod.yaml:1:6) < "
               "8,192 (Helm values "
               "c/values.yaml:5:6) parallel=2 (Helm values c/values.yaml:13:6) load_mode=mmap+mlock (Helm "
               "values c/values.yaml:11:5)\n");
    files[5].text = "releases:\n- name: llm\n  chart: ./c\n  values: ['{{ .Environment.Name }}.yaml']\n";
    assert_non_null(
        strstr(tree_told(files, ""), "unread helmfile.yaml:2 installs c with values that are not known"));
}

static void check_unclear(const char *name, const char *text) {
    const tree_file files[] = {
        CHART, {"c/values.yaml", VALUES}, {"c/templates/d.yaml", HEAD ARGS}, {name, text}, {NULL, NULL}};
    const char *got = tree_told(files, "");
    if (!strstr(got, "c/templates/d.yaml: ctx=8,192 ") || !strstr(got, "installs c with values that are not"))
        fail_msg("%s is read as\n%s", text, got);
}

/* What is there and is not read: the install is not known. */
static void declared_values_that_are_not_read(void **state) {
    (void)state;
    static const char *const releases[] = {
        "set: [{name: ctx, values: [1, 2]}]",   "set: [{name: ctx, file: ctx.txt}]",
        "setString: [{name: ctx, value: '1'}]", "setTemplate: [{name: ctx, value: '{{ 1 }}'}]",
        "valuesTemplate: [{ctx: '{{ 1 }}'}]",   "secrets: [secrets.yaml]",
        "inherit: [{template: base}]",          "inherit: {template: base}"};
    static const char *const sources[] = {"fileParameters: [{name: ctx, path: ctx.txt}]",
                                          "parameters: [{name: ctx, value: '1', forceString: true}]",
                                          "parameters: [{name: ctx}]"};
    char text[400];
    for (size_t i = 0; i < sizeof releases / sizeof *releases; i++) {
        snprintf(text, sizeof text, "releases:\n- name: llm\n  chart: ./c\n  %s\n", releases[i]);
        check_unclear("helmfile.yaml", text);
    }
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        snprintf(text, sizeof text,
                 "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: box}\nspec:\n"
                 "  source:\n    path: c\n    helm:\n      %s\n",
                 sources[i]);
        check_unclear("apps/llm.yaml", text);
    }
    /* nothing is in them */
    tree_file files[] = {
        CHART,
        {"c/values.yaml", VALUES},
        {"c/templates/d.yaml", HEAD ARGS},
        {"helmfile.yaml", "releases:\n- {name: llm, chart: ./c, setString: [], secrets: }\n"},
        {NULL, NULL}};
    assert_non_null(strstr(tree_told(files, ""), "helmfile.yaml:llm: ctx=8,192 "));
    /* one that is not known is not the same as one that is */
    files[3].text = "releases:\n- {name: llm, chart: ./c}\n- {name: llm, chart: ./c, secrets: [s.yaml]}\n";
    assert_non_null(
        strstr(tree_told(files, ""), "unread helmfile.yaml:3 installs c with values that are not"));
}

/* Of two files, each names the values beside it. */
static void two_files_may_install_the_same_chart(void **state) {
    (void)state;
    static const char release[] = "releases: [{name: llm, chart: ../chart, values: [values.yaml]}]\n";
    const tree_file files[] = {{"chart/Chart.yaml", "apiVersion: v2\nname: llm\nversion: 1.0.0\n"
                                                    "appVersion: server-cuda-b8022\n"},
                               {"chart/templates/d.yaml", HEAD ARGS},
                               {"chart/values.yaml", "image: {repository: ghcr.io/ggml-org/llama.cpp}\n"
                                                     "extraArgs: []\n"},
                               {"prod/helmfile.yaml", release},
                               {"prod/values.yaml", "ctx: 16384\n"},
                               {"staging/helmfile.yaml", release},
                               {"staging/values.yaml", "ctx: 2048\n"},
                               {NULL, NULL}};
    tree_check(files, "",
               "prod/helmfile.yaml:llm: ctx=16,384 (helmfile prod/values.yaml:1:6)\n"
               "staging/helmfile.yaml:llm: ctx=2,048 (helmfile staging/values.yaml:1:6)\n");
}

/* A chart in charts/ gets its own values under those that the chart above holds by its name. */
static void a_chart_in_a_chart(void **state) {
    (void)state;
    tree_file files[] = {
        {"c/Chart.yaml",
         "apiVersion: v2\nname: all\nversion: 1.0.0\ndependencies:\n- name: llm\n  condition: llm.on\n"},
        {"c/values.yaml", "llm: {ctx: 16384, extraArgs: []}\nctx: 5\n"},
        {"c/charts/llm/Chart.yaml",
         "apiVersion: v2\nname: llm\nversion: 1.0.0\nappVersion: server-cuda-b8022\n"},
        {"c/charts/llm/values.yaml", VALUES},
        {"c/charts/llm/templates/d.yaml", HEAD ARGS},
        {NULL, NULL},
        {NULL, NULL}};
    tree_check(
        files, "",
        "c/charts/llm/templates/d.yaml: ctx=16,384 (Helm values c/values.yaml:1:12) < 8,192 (Helm values "
        "c/charts/llm/values.yaml:5:6)\n");
    files[5] = (tree_file){"up.sh", "#!/bin/sh\nhelm install box ./c --set llm.ctx=7\n"};
    tree_check(
        files, "",
        "up.sh:box: ctx=7 (Helm --set up.sh:2:36) < 8,192 (Helm values c/charts/llm/values.yaml:5:6)\n");
    /* installed by itself it has no parent */
    files[5].text =
        "#!/bin/sh\nhelm install box ./c/charts/llm --set ctx=7 --set-string 'extraArgs={-ub,64}'\n";
    tree_check(files, "",
               "up.sh:box: ctx=7 (Helm --set up.sh:2:43) < 8,192 (Helm values c/charts/llm/values.yaml:5:6) "
               "ubatch=64 (Helm --set up.sh:2:74)\n");
    files[5].text = "#!/bin/sh\nhelm install box ./c --set llm.ctx=7\n";
    files[1].text = "llm: {on: false}\n";
    tree_check(files, "", "");
    files[0].text = "apiVersion: v2\nname: all\nversion: 1.0.0\ndependencies:\n- {name: llm, alias: two}\n";
    files[1].text = "two: {ctx: 9, extraArgs: []}\nllm: {ctx: 8}\n";
    files[5] = (tree_file){NULL, NULL};
    tree_check(files, "",
               "c/charts/llm/templates/d.yaml: ctx=9 (Helm values c/values.yaml:1:12) < 8,192 (Helm values "
               "c/charts/llm/values.yaml:5:6)\n");
}

#define PART                                                                                                 \
    "          env:\n            - {name: LLAMA_ARG_CTX_SIZE, value: \"{{ .Values.ctx }}\"}\n"               \
    "            - {name: LLAMA_ARG_UBATCH, value: \"64\"}\n"

/* Of a part, what one chart above holds is read: of a part's part, or one that is there twice, nothing is. */
static void values_from_above_that_are_not_followed(void **state) {
    (void)state;
    tree_file files[] = {
        {"a/Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies: [{name: b}]\n"},
        {"a/values.yaml", "b: {c: {ctx: 3}}\n"},
        {"a/charts/b/Chart.yaml",
         "apiVersion: v2\nname: b\nversion: 1.0.0\ndependencies: [{name: c, condition: on}]\n"},
        {"a/charts/b/values.yaml", "c: {ctx: 2}\non: false\n"},
        {"a/charts/b/charts/c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\nappVersion: server\n"},
        {"a/charts/b/charts/c/values.yaml", "ctx: 1\nimage: {repository: ghcr.io/ggml-org/llama.cpp}\n"},
        {"a/charts/b/charts/c/templates/d.yaml", "# llama\n" HEAD PART},
        {NULL, NULL},
        {NULL, NULL}};
    static const char unread[] =
        "unread a/charts/b/charts/c/templates/d.yaml:0 gets values from the charts above it in a way that is "
        "not followed here (several of them, or one that names it twice): they are unknown\n";
    char want[1024];
    snprintf(want, sizeof want, "%s%s",
             "a/charts/b/charts/c/templates/d.yaml: ctx=unknown (Kubernetes env "
             "a/charts/b/charts/c/templates/d.yaml:13:50) ubatch=64 (Kubernetes env "
             "a/charts/b/charts/c/templates/d.yaml:14:48)\n",
             unread);
    tree_check(files, "", want);
    /* the chart between is installed by itself */
    files[3].text = "c: {ctx: 2}\n";
    files[7] = (tree_file){"up.sh", "#!/bin/sh\nhelm install box ./a/charts/b --set x=1\n"};
    tree_check(files, "",
               "up.sh:box: ctx=2 (Helm values a/charts/b/values.yaml:1:10) < 1 (Helm values "
               "a/charts/b/charts/c/values.yaml:1:6) ubatch=64 (Kubernetes env "
               "a/charts/b/charts/c/templates/d.yaml:14:48)\n");
    files[2].text = "apiVersion: v2\nname: b\nversion: 1.0.0\ndependencies:\n- {name: c, alias: one}\n"
                    "- {name: c, alias: two}\n";
    snprintf(want, sizeof want, "%s%s",
             "up.sh:box: ctx=unknown (Kubernetes env a/charts/b/charts/c/templates/d.yaml:13:50) ubatch=64 "
             "(Kubernetes env a/charts/b/charts/c/templates/d.yaml:14:48)\n",
             unread);
    tree_check(files, "", want);
}

/* toYaml behind items of the same list, and range over a list, put in what the list holds. */
static void lists_are_put_into_lists(void **state) {
    (void)state;
    check(VALUES, ARGS,
          "c/templates/d.yaml: ctx=8,192 (Helm values c/values.yaml:5:6) parallel=2 (Helm values "
          "c/values.yaml:13:6) load_mode=mmap+mlock (Helm values c/values.yaml:11:5)\n");
    check(
        VALUES,
        "          args:\n            - -b\n            - \"7\"\n            {{- range .Values.extraArgs }}\n"
        "            - {{ . | quote }}\n            {{- end }}\n",
        "c/templates/d.yaml: batch=7 (Kubernetes args c/templates/d.yaml:13:16) parallel=2 (Helm values "
        "c/values.yaml:13:6) load_mode=mmap+mlock (Helm values c/values.yaml:11:5)\n");
    check(
        VALUES,
        "          args: [\"-c\", \"1\"]\n          resources:\n            requests: {}\n"
        "            {{- with .Values.resources }}\n            {{- toYaml . | nindent 12 }}\n            "
        "{{- "
        "end }}\n",
        "c/templates/d.yaml: ctx=1 (Kubernetes args c/templates/d.yaml:11:25) gpus_seen=2 (Kubernetes limits "
        "c/values.yaml:15:28) gpu_ids= (Kubernetes limits c/values.yaml:15:28) ram_limit=16.00 GiB "
        "(Kubernetes limits c/values.yaml:15:39)\n");
}

static void hostile_commands_are_survived(void **state) {
    (void)state;
    static const char *const pieces[] = {
        "--set ", "-f ", "{",  "}", ",",  "=",         ".",          "[0]",           "\\",   "$X",
        "a=null", " c ", "\n", "'", "\"", "-f up.sh ", "--set-json", "--set-string ", "helm "};
    const tree_file files[] = {
        CHART,
        {"c/values.yaml", VALUES},
        {"c/templates/d.yaml", HEAD ARGS},
        {"up.sh", "#!/bin/sh\nhelm upgrade --install llm ./c -f c/values.yaml --set "
                  "image.tag=a,extraArgs={-ub,64},gpu.enabled=false --set-string ctx=1 --set-json x='{}'\n"},
        {NULL, NULL}};
    tree_torture_in(files, 3, pieces, sizeof pieces / sizeof *pieces, 300);
    const tree_file declared[] = {
        CHART,
        {"c/templates/d.yaml", HEAD ARGS},
        {"apps/llm.yaml",
         "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    path: c\n"
         "    helm:\n      values: |\n        ctx: 1\n      parameters: [{name: a, value: b}]\n---\n"
         "releases:\n- {name: l, chart: c, values: [{ctx: 2}], set: [{name: x, value: y}]}\n"},
        {NULL, NULL}};
    tree_torture_in(declared, 2, pieces, sizeof pieces / sizeof *pieces, 200);
}

static void hostile_templates_are_survived(void **state) {
    (void)state;
    static const char *const pieces[] = {"{{",
                                         "}}",
                                         "{{-",
                                         "-}}",
                                         "{{ end }}",
                                         "{{ else }}",
                                         "{{ if .Values.ctx }}",
                                         "{{ range .Values.extraArgs }}",
                                         "{{ . }}",
                                         "|",
                                         "(",
                                         "\"",
                                         "`",
                                         "\n",
                                         "\xee\x80\x80",
                                         "\xef\xa3\xbf",
                                         "$",
                                         ".Values",
                                         "toYaml",
                                         ": ",
                                         "- ",
                                         "\n{{- toYaml .Values | nindent 3 }}\n",
                                         "- {{ . }}\n"};
    const tree_file files[] = {
        CHART,
        {"c/values.yaml", VALUES},
        {"c/templates/d.yaml", HEAD
         "          args:\n            {{- range .Values.extraArgs }}\n            - {{ . | quote }}\n"
         "            {{- end }}\n            {{ with .Values.model }}\n            - \"{{ .path }}\"\n"
         "            {{ else if eq .Values.ctx 1 }}{{ end }}\n          env: {{ toYaml .Values.none }}\n"},
        {NULL, NULL}};
    tree_torture_in(files, 2, pieces, sizeof pieces / sizeof *pieces, 300);
    tree_torture_in(files, 1, pieces, sizeof pieces / sizeof *pieces, 60);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_the_chart_are_put_in),
        cmocka_unit_test(conditions_over_values_are_decided),
        cmocka_unit_test(what_is_not_known_has_no_value),
        cmocka_unit_test(commands_give_values),
        cmocka_unit_test(declarations_give_values),
        cmocka_unit_test(declared_values_that_are_not_read),
        cmocka_unit_test(two_files_may_install_the_same_chart),
        cmocka_unit_test(a_chart_in_a_chart),
        cmocka_unit_test(values_from_above_that_are_not_followed),
        cmocka_unit_test(lists_are_put_into_lists),
        cmocka_unit_test(hostile_commands_are_survived),
        cmocka_unit_test(hostile_templates_are_survived),
    };
    return cmocka_run_group_tests(tests, tree_set_up, tree_tear_down);
}
