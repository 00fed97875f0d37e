"""What an input is: how it is made, how llwhy is asked about it, and what must become of it."""
import dataclasses

BOX = ["--gpu", "24564:23671", "--ram", "64205:60000"]


@dataclasses.dataclass
class Input:
    number: str
    title: str
    files: object  # {name: bytes or text}, or a function that makes them in a directory
    command: list  # llwhy's arguments; run in that directory
    verdict: str   # refused, refuses (llwhy answers that llama.cpp does), partial, noted, accepted
    says: str = ""  # a pattern in what is printed
    gguf: str = ""  # the file that llama.cpp is given, too
    needs: str = ""
    environment: dict = dataclasses.field(default_factory=dict)
    machine: bool = True  # add a GPU and RAM


def model(number, title, data, verdict, says="", name="model.gguf"):
    return Input(number, title, {name: data}, [name], verdict, says, gguf=name)


def lint(number, title, files, verdict, says=""):
    return Input(number, title, files, ["lint", ".", "--fail-on", "never"], verdict, says)


def flags(number, title, words, verdict, says="", **more):
    return Input(number, title, {}, ["llama-3.1-8b-q4_k_m", *BOX, "--", *words], verdict, says, machine=False, **more)
