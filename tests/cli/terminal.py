"""Programs in real terminals, typed at: a tmux server in control mode, which tells what every pane writes as it writes it."""
import os
import re
import select
import shutil
import subprocess


def missing():
    return None if shutil.which("tmux") else "tmux is not installed"


END = "\n(the program has ended)"


class Sitting:
    """One program in a pane: what it wrote so far, and the lines that are still to be typed."""

    def __init__(self, name, command, lines, prompt="> "):
        self.name, self.command, self.lines, self.prompt = name, command, list(lines), prompt
        self.screen, self.left, self.ended, self.window = "", list(lines), False, ""

    def waits(self):
        return self.screen.endswith("\n" + self.prompt)


def unescaped(text):
    """What %output means: bytes below blank and the backslash as three octal digits."""
    return re.sub(rb"\\([0-7]{3})", lambda m: bytes([int(m.group(1), 8)]), text)


class Tmux:
    WIDTH, HEIGHT = 100, 50

    def __init__(self, directory, env):
        self.process = subprocess.Popen(["tmux", "-f", "/dev/null", "-S", str(directory / "tmux"), "-C", "new-session", "-x", str(self.WIDTH), "-y", str(self.HEIGHT), "cat"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**env, "TERM": "xterm"}, cwd=directory)
        self.panes, self.raw, self.asked, self.rest = {}, {}, [], b""

    def send(self, *commands):
        for command in commands:
            self.asked.append(None)
            self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()

    def start(self, sitting):
        # The pane outlives the program: what was written last would be lost with it.
        command = sitting.command + r"; printf '\n%s' '" + END.strip() + "'; exec cat"
        self.send(f"new-window -d -P -F '#{{pane_id}} #{{window_id}}' {quoted(command)}")
        self.asked[-1] = sitting

    def type(self, pane, line):
        self.send(f"send-keys -t {pane} -l -- {quoted(line)}", f"send-keys -t {pane} Enter")

    def answer(self, pane):
        sitting = self.panes[pane]
        if sitting.waits():
            line = sitting.left.pop(0) if sitting.left else "q"
            sitting.screen += "\0"  # typed: the prompt is answered once
            self.type(pane, line)

    def output(self, pane, text):
        self.raw[pane] = self.raw.get(pane, b"") + unescaped(text)
        try:
            more, self.raw[pane] = self.raw[pane].decode(), b""
        except UnicodeDecodeError:
            return  # the rest of a character comes with the next event
        sitting = self.panes.get(pane)
        if not sitting:
            return
        sitting.screen = (sitting.screen + more).replace("\0", "").replace("\r\n", "\n")
        if sitting.screen.endswith(END):
            sitting.screen, sitting.ended = sitting.screen.removesuffix(END), True
            self.send(f"kill-window -t {sitting.window}")
        else:
            self.answer(pane)

    def events(self, seconds):
        """Lines of the server until it has been silent for that long."""
        while select.select([self.process.stdout], [], [], seconds)[0]:
            more = os.read(self.process.stdout.fileno(), 1 << 16)
            if not more:
                return
            *lines, self.rest = (self.rest + more).split(b"\n")
            yield from lines

    def run(self, sittings, at_once=2, seconds=120):
        """Holds all of them, a few at once; what no event comes for in that time is left as it is."""
        waiting, going, reply = list(sittings), {}, None
        while waiting and len(going) < at_once:
            going[id(waiting[0])] = waiting[0]
            self.start(waiting.pop(0))
        for line in self.events(seconds):
            word, _, rest = line.partition(b" ")
            if word == b"%begin":
                reply = []
            elif word in (b"%end", b"%error"):
                sitting = self.asked.pop(0) if self.asked and int(rest.split()[2]) else None
                if sitting and reply:
                    sitting.pane, sitting.window = reply[0].decode().split()
                    self.panes[sitting.pane] = sitting
                    self.output(sitting.pane, b"")
                reply = None
            elif word == b"%output":
                pane, _, text = rest.partition(b" ")
                self.output(pane.decode(), text)
            elif word in (b"%window-close", b"%unlinked-window-close"):
                for sitting in [s for s in going.values() if s.window == rest.decode()]:
                    del going[id(sitting)]
                    del self.panes[sitting.pane]
                    if waiting:
                        going[id(waiting[0])] = waiting[0]
                        self.start(waiting.pop(0))
                if not going:
                    return
            elif reply is not None:
                reply.append(line)

    def close(self):
        if self.process.poll() is None:
            self.send("kill-server")
            for _ in self.events(20):
                pass
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=20)


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"
