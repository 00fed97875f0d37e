"""Inputs 124 to 144: other people's rules, and hardware that hangs, floods or lies. The attacks on the Lua sandbox itself have
their own table in the engine's tests; here is what the program says about them."""
import os
import pathlib

from inputs_kinds import Input

FAKES = pathlib.Path(__file__).resolve().parent.parent / "fakes"
MODEL = "llama-3.1-8b-q4_k_m"


def lua(ident, body, head=""):
    return f'lesson "{ident}" {{ claim = "one.",{head} }}\n{body}'


def rule(name, body):
    return f'rule "{name}" {{ {body} }}\n'


FINDS = 'level = "note", each = { l = "launch" }, when = { "l.ubatch > 0" }, find = "%s"'


def rules(number, title, files, verdict, says=""):
    files = {f"mine/{n}": b for n, b in files.items()} if isinstance(files, dict) else files
    return Input(number, title, files, [MODEL, "--rules", "mine"], verdict, says)


def outside(here):
    (here / "mine").mkdir()
    (here / "secret.lua").write_text("this is no rule\n")
    (here / "mine" / "90-x.lua").symlink_to(here / "secret.lua")


def smi(number, title, how, verdict, says="", **environment):
    """nvidia-smi first in PATH, told how to behave; no NVML that could answer instead."""
    return Input(number, title, {}, [MODEL, "--ram", "64205:60000"], verdict, says, machine=False,
                 environment={"PATH": f"{FAKES}:/usr/bin:/bin", "FAKE_SMI": how, **environment})


BUILT = pathlib.Path(os.environ.get("LLWHY_FAKES", "build/tests/fakes"))  # libraries of tests/fakes


def nvml(number, title, age, how, verdict, says=""):
    """An NVML that is told how to behave, and no nvidia-smi."""
    def make(here):
        (here / "libnvidia-ml.so.1").symlink_to((BUILT / f"libfake_nvml_{age}.so").resolve())
    return Input(number, title, make, [MODEL, "--ram", "64205:60000"], verdict, says, machine=False,
                 environment={"LD_LIBRARY_PATH": ".", "FAKE_NVML": how})


def proc(number, title, files, verdict, says=""):
    """Another /proc and /sys (tests/fakes/faults.c)."""
    return Input(number, title, {f"root{n}": b for n, b in files.items()}, [MODEL, "--no-gpu"], verdict, says, machine=False,
                 environment={"FAULT_ROOT": "root", "LD_PRELOAD": str((BUILT / "libfaults.so").resolve()), "ASAN_OPTIONS": "verify_asan_link_order=0"})


def many(count):
    return {f"{i:05}-x.lua": lua(f"{i:05}-x", rule(f"r{i}", FINDS % "x")) for i in range(count)}


MEMINFO = "MemTotal: 65536000 kB\nMemFree: 40000000 kB\nBuffers: 100000 kB\nCached: 9000000 kB\n"
AVAILABLE = MEMINFO + "MemAvailable: 60000000 kB\n"
WRITES = 'each = { l = "launch" }, when = { "l.ubatch > 0" }, derive = { ["l.strategy"] = "%s" }'

INPUTS = [
    rules("128", "rules that would go on for ever", {"90-x.lua": lua("90-x", rule(
        "a", 'each = { l = "launch" }, when = { "known(l.strategy) and l.strategy == \'one gpu\'" }, derive = { ["l.strategy"] = "\'all gpus\'" }') + rule(
            "b", WRITES % "'one gpu'"))}, "partial", r"a circle, so the rule is left out"),
    rules("129", "two rules that write one slot differently", {"90-x.lua": lua("90-x", rule("a", WRITES % "'one gpu'") + rule("b", WRITES % "'all gpus'"))},
          "accepted"),
    rules("132", "10,000 lessons", many(10000), "accepted"),
    Input("133", "a rule whose test fails", {"mine/90-x.lua": lua("90-x", rule("a", FINDS % "x" + ", tests = { silent { launch { ubatch = 512 } } }"))},
          ["test", "90-x", "--rules", "mine"], "accepted", r"90-x", machine=False),
    smi("135", "nvidia-smi hangs", "hang", "accepted", r"nvidia-smi"),
    smi("138", "nvidia-smi says [N/A] and ERR!", "errors", "accepted", r"nvidia-smi|unknown"),
    smi("138b", "nvidia-smi with decimal commas", "commas", "accepted", r"nvidia-smi|unknown"),
    smi("138c", "a card's name with a comma and a quote", "names", "accepted"),
    nvml("139", "NVML without its symbols", 0, "", "accepted", r"lacks the calls every NVML has"),
    nvml("139b", "NVML whose every answer is an error", 2, "errors", "accepted"),
    nvml("139c", "NVML with more free than there is", 2, "inverted", "accepted", r"more memory free than it has"),
    nvml("139d", "NVML with a card of 0 bytes", 2, "zero", "accepted", r"0 bytes of memory; taken as unknown"),
    nvml("142", "33 GPUs", 2, "33", "accepted", r"NVIDIA H200"),
    proc("140", "a control group without limit", {"/proc/meminfo": AVAILABLE, "/sys/fs/cgroup/memory.max": "max\n"}, "accepted"),
    proc("140b", "a control group of 0 bytes", {"/proc/meminfo": AVAILABLE, "/sys/fs/cgroup/memory.max": "0\n"}, "accepted"),
    proc("140c", "a control group of 2^63 bytes", {"/proc/meminfo": AVAILABLE, "/sys/fs/cgroup/memory.max": "9223372036854775808\n"}, "accepted"),
    proc("141", "no /proc", {"/nothing": ""}, "accepted"),
    proc("143", "no MemAvailable", {"/proc/meminfo": MEMINFO}, "accepted"),
    rules("124", "a rule file that never ends", {"90-x.lua": "while true do end"}, "partial", r"90-x\.lua"),
    rules("124b", "a rule file that fills memory", {"90-x.lua": "local t = {} for i = 1, 1e9 do t[i] = {} end"}, "partial", r"90-x\.lua"),
    rules("124c", "a rule file that opens files", {"90-x.lua": 'io.open("/etc/passwd")'}, "partial", r"io"),
    rules("125", "bytecode", {"90-x.lua": b"\x1bLua\x54\x00\x19\x93\r\n\x1a\n" + b"\0" * 64}, "partial", r"90-x\.lua"),
    rules("126", "a lesson's id twice", {"90-x.lua": lua("90-x", ""), "91-x.lua": lua("90-x", "")}, "partial", r"91-x\.lua"),
    rules("127", "a rule that reads what it writes", {"90-x.lua": lua("90-x", rule(
        "a", 'each = { l = "launch" }, when = { "l.ubatch > 0" }, derive = { ["l.ubatch"] = "l.ubatch + 1" }'))}, "partial", r"90-x"),
    rules("130", "since after until", {"90-x.lua": lua("90-x", rule("a", FINDS % "x"), ' since = "b9000", ["until"] = "b8000"')}, "accepted"),
    rules("131", "an escape sequence in a finding", {"90-x.lua": lua("90-x", rule("a", FINDS % "\\27]0;owned\\7 text"))}, "accepted"),
    rules("134", "a rule file that is a link to outside", outside, "partial", r"90-x\.lua"),
    smi("136", "nvidia-smi prints 10 MB", "flood", "accepted", r"nvidia-smi"),
    smi("137", "nvidia-smi says that there are no devices", "none", "accepted"),
    smi("137b", "nvidia-smi cannot reach the driver", "broken", "accepted"),
    smi("137c", "nvidia-smi crashes", "killed", "accepted"),
    smi("144", "CUDA_VISIBLE_DEVICES=-1", "idle", "accepted", CUDA_VISIBLE_DEVICES="-1"),
    smi("144b", "CUDA_VISIBLE_DEVICES empty", "idle", "accepted", CUDA_VISIBLE_DEVICES=""),
    smi("144c", "CUDA_VISIBLE_DEVICES twice the same", "idle", "accepted", CUDA_VISIBLE_DEVICES="0,0"),
    smi("144d", "CUDA_VISIBLE_DEVICES of another card", "idle", "accepted", CUDA_VISIBLE_DEVICES="GPU-ffffffff"),
    smi("144e", "CUDA_VISIBLE_DEVICES a MIG slice", "idle", "accepted", CUDA_VISIBLE_DEVICES="MIG-ffffffff"),
]
