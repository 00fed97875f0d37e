"""Inputs 124 to 144: other people's rules, and hardware that hangs, floods or lies. The attacks on the Lua sandbox itself have
their own table in the engine's tests; here is what the program says about them."""
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


INPUTS = [
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
