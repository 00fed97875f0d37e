"""Inputs 82 to 123: YAML, Compose, INI, units, Dockerfiles and command lines."""
import os

from inputs_kinds import Input, flags, lint

COMPOSE = "services:\n  llm:\n    image: ghcr.io/ggml-org/llama.cpp:server-cuda-b8022\n    command: -m /models/a.gguf -c 8192\n"


def compose(number, title, text, verdict="accepted", says=""):
    return lint(number, title, {"docker-compose.yml": text}, verdict, says)


def preset(number, title, text, verdict="accepted", says=""):
    return lint(number, title, {"models.conf": text}, verdict, says)


def nested(count):
    text = "X"
    for i in range(count):
        text = "${V%d:-%s}" % (i, text)
    return text


BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 10)) + COMPOSE
DOCKERFILE = "FROM ghcr.io/ggml-org/llama.cpp:server-cuda-b8022\n"
UNIT = "[Service]\nExecStart=/usr/bin/llama-server -m /a.gguf -c 8192 -ngl 99\n"

LINT = ["lint", ".", "--fail-on", "never"]


def locked(name, mode=0):
    """A script, or a directory with one, that somebody else may not read."""
    def make(here):
        script = here / name / "run.sh" if name.endswith("/") else here / name
        script.parent.mkdir(exist_ok=True)
        script.write_text("llama-server -m a.gguf\n")
        (here / name).chmod(mode)
    return make


def pipe(here):
    os.mkfifo(here / "docker-compose.yml")


INPUTS = [
    compose("82", "20,000 open brackets", "[" * 20000, "partial", r"nested more than 64"),
    compose("83", "20,000 nested lists", "- " * 20000 + "x", "partial", r"nested more than 64"),
    compose("84", "an alias bomb", BOMB),
    compose("85", "an alias of itself", "a: &a *a\n" + COMPOSE, "partial", r"no YAML"),
    compose("86", "a merge that contains itself", "a: &a\n  <<: *a\n" + COMPOSE),
    compose("87", "a service twice", COMPOSE + "  llm:\n    image: other\n", "partial", r"given twice"),
    compose("88", "a tab as indent", "services:\n\tllm:\n", "partial", r"no YAML"),
    compose("89", "two documents", COMPOSE + "---\n" + COMPOSE),
    lint("90", "UTF-16", {"docker-compose.yml": COMPOSE.encode("utf-16")}, "accepted"),
    compose("91", "an escape sequence in a scalar", COMPOSE + '    container_name: "\\e]0;x\\a"\n'),
    compose("92", "a variable without end", COMPOSE.replace("8192", "${V"), "partial", r"not closed"),
    compose("92b", "a thousand nested defaults", COMPOSE.replace("8192", nested(1000)), "partial", r"eight deep"),
    compose("92c", "$$$V, ${} and ${1}", COMPOSE.replace("8192", "$$$V ${} ${1}"), "partial", r"no name in it"),
    compose("93", "a number as command", COMPOSE.replace("-m /models/a.gguf -c 8192", "42")),
    compose("93b", "a map as command", COMPOSE.replace("-m /models/a.gguf -c 8192", "{a: b}"), "partial", r"this is a map"),
    compose("94", "an environment item without =", COMPOSE + "    environment: [LLAMA_ARG_CTX_SIZE]\n"),
    compose("95", "a service that extends itself", COMPOSE + "    extends: {service: llm}\n", "partial", r"llm extends itself"),
    compose("96", "an include that is an address", "include: [https://example.com/x.yml]\n" + COMPOSE, "partial", r"which this file builds on, is not read here"),
    compose("97", "an env_file that is /dev/stdin", COMPOSE + "    env_file: /dev/stdin\n"),
    compose("97b", "an env_file that is a directory", COMPOSE + "    env_file: .\n"),
    compose("97c", "an env_file that is not there", COMPOSE + "    env_file: nowhere.env\n"),
    compose("98", "a command of a million characters", COMPOSE.replace("8192", "8192 " + "x" * 1000000)),
    compose("99", "device_ids and count", COMPOSE + "    deploy: {resources: {reservations: {devices: [{driver: nvidia, count: 1, device_ids: ['0'], capabilities: [gpu]}]}}}\n"),
    preset("100", "a byte order mark", "\ufeff[a]\nc = 8192\n"),
    preset("101", "carriage returns alone", "[a]\rc = 8192\r"),
    preset("102", "no end of line at the end", "[a]\nc = 8192"),
    preset("103", "a section without end", "[a\nc = 8192\n", "partial", r"not closed: write \[name\]"),
    preset("104", "a bracket in a section's name", "[a]b]\nc = 8192\n"),
    preset("105", "a value that begins with #", "[a]\nc = #8192\n"),
    preset("106", "a section twice", "[a]\nc = 8192\n[a]\nc = 4096\n"),
    preset("107", "the section * twice", "[*]\nc = 8192\n[*]\nc = 4096\n"),
    lint("108", "a continuation at the end of the file", {"llama.service": UNIT[:-1] + " \\"}, "accepted"),
    lint("109", "a quote without end", {"llama.service": UNIT + 'Environment="A=b\n'}, "accepted"),
    lint("110", "a drop-in that empties ExecStart", {"llama.service": UNIT, "llama.service.d/a.conf": "[Service]\nExecStart=\n"}, "accepted"),
    lint("111", "a percent sign at the end", {"llama.service": UNIT[:-1] + " %\n"}, "accepted"),
    lint("112", "a dollar sign at the end", {"llama.service": UNIT[:-1] + " $\n"}, "accepted"),
    lint("113", "CMD with single quotes", {"Dockerfile": DOCKERFILE + "CMD ['-c', '8192']\n"}, "accepted"),
    lint("114", "a heredoc without end", {"Dockerfile": DOCKERFILE + "RUN <<EOF\necho\n"}, "partial", r"here-document is not closed"),
    lint("115", "another escape character", {"Dockerfile": "# escape=`\n" + DOCKERFILE + "CMD [\"-c\", `\n\"8192\"]\n"}, "accepted"),
    lint("116", "10,000 stages", {"Dockerfile": "".join(f"FROM scratch AS s{i}\nCOPY --from=s{i} / /\n" for i in range(10000))}, "partial", r"^Dockerfile:401: not read: there are more than 200 stages 1 file"),
    flags("117", "a pattern that never ends", ["-ot", "(a+)+$=CPU"], "accepted"),
    flags("118", "a split of 1e308, nan, inf and -1", ["-ts", "1e308,nan,inf,-1"], "accepted"),
    flags("119", "-c 4k", ["-c", "4k"], "accepted", r"4k"),
    flags("119b", "-c 0x1000", ["-c", "0x1000"], "accepted", r"0x1000"),
    flags("119c", "-c with nothing", ["-c", ""], "accepted", r"-c"),
    flags("119d", "-c 2147483648", ["-c", "2147483648"], "accepted", r"2147483648|2,147,483,648"),
    flags("120", "-m with nothing", ["-m", ""], "accepted"),
    flags("121", "a line break in a flag", ["--alias", "a\nb\x1b[31m"], "accepted"),
    flags("122", "100,000 flags", ["-v"] * 100000, "accepted"),
    flags("123", "a flag by two names", ["-c", "4096", "--ctx-size", "8192"], "accepted", r"8,192"),
    Input("L1", "a script that may not be read", locked("un.sh"), LINT, "partial", r"un\.sh: not read: cannot be opened: Permission denied", needs="no root"),
    Input("L1b", "the same, named", locked("un.sh"), ["lint", "un.sh"], "refused", r"un\.sh: cannot be opened: Permission denied", needs="no root"),
    Input("L2", "a directory that may not be read", locked("closed/"), LINT, "partial", r"closed: not read: the directory cannot be read: Permission denied", needs="no root"),
    Input("L2b", "a directory whose files may not be looked at", locked("half/", 0o744), LINT, "partial", r"half: not read: its files cannot be examined: Permission denied", needs="no root"),
    Input("L3", "a FIFO called docker-compose.yml", pipe, LINT, "partial", r"docker-compose\.yml: not read: is a pipe or device"),
    Input("L3b", "the same, named", pipe, ["lint", "docker-compose.yml"], "refused", r"docker-compose\.yml: is a pipe or device, which is not read"),
    Input("L3c", "a link to a device called dev.yaml", lambda here: (here / "dev.yaml").symlink_to("/dev/zero"), LINT, "partial", r"dev\.yaml: not read: is a pipe or device"),
]
