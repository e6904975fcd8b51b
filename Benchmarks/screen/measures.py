"""What is measured on the real program, in a pseudo terminal and with a real Redis."""

import json
import pathlib
import random
import re
import sys
import tempfile
import time

from .run import Feed, MadeJobs, MadeRun
from .server import Client, Server
from .terminal import Session

WRITER = pathlib.Path(__file__).with_name("writer.py")
LINE = re.compile(r"line (\d{8}) written at (\d+)")


def quantile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


class Measures:
    def __init__(self, program, row, scale=1):
        self.program, self.row = program, row
        self.tasks = 100_000 // scale
        self.seconds = 30 / scale

    def watch(self, server, run):
        return Session([self.program, "watch", run.run, "--redis", server.url])

    # First paint

    def attach(self):
        with Server() as server:
            run = MadeRun(server.client, self.tasks // 5)
            run.go_on(self.tasks // 5)
            run.finish()
            self.attach_to(server, run, "closed")
        with Server() as server:
            run = MadeRun(server.client, self.tasks)
            run.go_on(self.tasks // 2)
            self.attach_to(server, run, "half done")
            run.go_on(self.tasks - self.tasks // 2)
            run.finish()
            self.attach_to(server, run, "closed")

    def million(self):
        """A run of ten times as many tasks, none of which waits for another."""
        with Server() as server:
            run = MadeJobs(server.client, self.tasks * 10)
            run.go_on(run.tasks // 2)
            self.attach_to(server, run, "half done", times=3, limit=3000)
            self.keys_of(server, run, f"tasks of {run.tasks:,}")

    def attach_to(self, server, run, how, times=5, limit=1000):
        done = run.next_process - 1
        good = f"{done - (done + 500) // 1000:,}/{run.tasks:,}"
        first, present, memory = [], [], []
        for _ in range(times):
            session = self.watch(server, run)
            # Borders, stages, and the rows of the table: nothing is missing but what has happened.
            when = session.wait(
                lambda screen: "mStore" in session.text() and "mProject:1" in session.text())
            first.append(when - session.started)
            if good not in session.screen.text(1):
                when = session.wait(lambda screen: good in screen.text(1))
            present.append(when - session.started)
            memory.append(session.usage()[1])
            session.close()
        self.row(f"first full screen, {how}", quantile(first, 0.5) * 1000, "ms", f"≤ {limit} ms",
                 f"{run.tasks:,} tasks")
        goal = "≤ 1000 ms" if done * 5 <= 100_000 else ""
        self.row(f"  all {done * 5:,} events shown", quantile(present, 0.5) * 1000, "ms", goal,
                 f"{quantile(memory, 0.5):.0f} MB")

    # Keys

    def keys(self):
        with Server() as server:
            run = MadeRun(server.client, self.tasks)
            run.go_on(self.tasks // 2)
            self.keys_of(server, run, "tasks")

    def keys_of(self, server, run, what, rate=2000):
        session = self.watch(server, run)
        session.wait(lambda screen: f"/{run.tasks:,}" in screen.text(1))
        session.pass_time(1)
        feed = Feed(run, Client(server.path), rate)
        feed.start()
        session.press("2")
        session.pass_time(1)
        tables = {what: self.presses(session, "jk")}
        session.press("f")
        session.pass_time(1)
        tables[f"{what}, full screen"] = self.presses(session, "jk")
        seen = feed.stop()
        session.close()
        for what, delays in tables.items():
            self.row(f"key to painted screen, {what}, p50", quantile(delays, 0.5) * 1000, "ms", "",
                     f"{len(delays)} keys, {seen:,.0f} events/s")
            self.row(f"key to painted screen, {what}, p99", quantile(delays, 0.99) * 1000, "ms",
                     "≤ 33 ms", f"longest {max(delays) * 1000:.0f} ms")

    def presses(self, session, keys):
        """Up and down the table, at moments that no clock shares."""
        delays = []
        chance = random.Random(1)
        for number in range(int(self.seconds * 10)):
            before = cursor(session.screen)
            pressed = session.press(keys[number // 8 % len(keys)])
            delays.append(session.wait(lambda screen: cursor(screen) != before) - pressed)
            session.pass_time(chance.uniform(0.03, 0.12))
        return delays

    # Pictures

    def pictures(self):
        """What one key costs from its reading to its picture: update, view, difference, writing."""
        with Server() as server:
            run = MadeRun(server.client, self.tasks)
            run.go_on(self.tasks)
            run.finish()
            session = self.watch(server, run)
            session.wait(lambda screen: f"/{self.tasks:,}" in screen.text(1))
            session.pass_time(2)
            for name, keys in [("table of tasks", "2f"), ("failures by cause", "8"),
                               ("rails, stages", "8f1"), ("rails, every process", "A")]:
                self.picture(session, name, keys, "jk")
            self.picture(session, "layers, every process", "f", "><")
            self.picture(session, "layers, stages", "A", "jk")
            session.close()

    def picture(self, session, name, keys, steps):
        for key in keys:
            opened = session.answer(key)
            session.pass_time(0.3)
        costs = []
        for number in range(int(self.seconds * 4)):
            before = session.main_thread()
            if session.answer(steps[number // 8 % 2], 0.5) >= 0.5:
                # There was nothing further that way.
                continue
            session.pass_time(0.05)
            costs.append((session.main_thread() - before) * 1000)
        self.row(f"picture of {name}", quantile(costs, 0.5), "ms", "",
                 f"p99 {quantile(costs, 0.99):.1f} ms; opened in {opened * 1000:.0f} ms")

    # Output

    def log(self, rate=10_000):
        with tempfile.TemporaryDirectory(prefix="hflow-bench-") as directory:
            executor = {"executable": sys.executable, "args": [str(WRITER), str(rate), "600"]}
            process = {"name": "talk", "function": "command", "firingLimit": 1, "ins": [],
                       "outs": [], "config": {"executor": executor}}
            pathlib.Path(directory, "workflow.json").write_text(json.dumps(
                {"name": "log", "processes": [process], "signals": [], "ins": [], "outs": []}))
            session = Session([self.program, "run", directory], directory=directory)
            session.wait(lambda screen: "talk" in session.text())
            session.press("3")
            session.pass_time(0.5)
            session.press("f")
            session.pass_time(1)
            frames, cpu, memory = self.frames(session)
            lost = len(re.findall(r"lines? (?:were )?(?:lost|dropped)|not shown", session.text()))
            session.press("q")
            session.pass_time(0.3)
            session.press("s")
            session.pass_time(0.3)
            session.press("y")
            try:
                session.pass_time(20)
            except RuntimeError:
                session.wait_for_end()
            wait_for_engines(directory)
        delays = line_delays(frames)
        self.row("line written to line on screen, p50", quantile(delays, 0.5) * 1000, "ms", "",
                 f"{len(delays):,} lines, {rate:,}/s, {'some' if lost else 'none'} dropped")
        self.row("line written to line on screen, p99", quantile(delays, 0.99) * 1000, "ms",
                 "≤ 100 ms", f"screen: {cpu * 100:.1f} % of a core, {memory:.0f} MB")

    def frames(self, session):
        """When each picture came, its newest line, and when that was written."""
        frames = []
        (before, _), start = session.usage(), time.monotonic()
        while time.monotonic() - start < self.seconds / 2:
            when = session.read(1)
            lines = LINE.findall(session.text())
            if when and lines:
                number, written = max((int(number), int(time)) for number, time in lines)
                frames.append((when, number, written / 1e6))
        after, memory = session.usage()
        return frames, (after - before) / (time.monotonic() - start), memory

    # Idle

    def idle(self):
        with Server() as server:
            run = MadeRun(server.client, self.tasks)
            run.go_on(self.tasks // 2)
            self.idle_at(server, run, "live, nothing happens")
            run.finish()
            self.idle_at(server, run, "closed")

    def idle_at(self, server, run, how):
        session = self.watch(server, run)
        session.wait(lambda screen: f"/{self.tasks:,}" in screen.text(1))
        session.pass_time(3)
        (before, _), start, written = session.usage(), time.monotonic(), session.byte_count
        session.pass_time(self.seconds)
        used = (session.usage()[0] - before) / (time.monotonic() - start)
        self.row(f"CPU of an idle screen, {how}", used * 100, "%", "≤ 0.5 %",
                 f"{self.seconds:.0f} s, {session.byte_count - written} bytes painted")
        session.close()


def wait_for_engines(directory):
    """The screen closes before its run has ended, which still writes into the directory."""
    for status in pathlib.Path(directory, ".hflow").glob("runs/*/status.json"):
        engine = pathlib.Path("/proc", str(json.loads(status.read_text())["engine"]["pid"]))
        while engine.exists():
            time.sleep(0.05)


def cursor(screen):
    """The lines of the panes that have the cursor's background."""
    return [row for row in range(3, screen.rows - 1) if screen.is_lit(row)]


def line_delays(frames):
    """A line is there with the first picture whose newest line is not older, though it may have
    passed by then. The lines between two pictures were written evenly."""
    delays = []
    for (_, last, then), (when, newest, now) in zip(frames, frames[1:]):
        for number in range(last + 1, newest + 1):
            delays.append(when - (then + (now - then) * (number - last) / (newest - last)))
    return delays
