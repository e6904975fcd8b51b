"""A run as a Redis has it, made without an engine: as many tasks, as far, and as fast as wanted."""

import json
import threading
import time

STAGES = 10
NAMES = ["mProject", "mDiff", "mFit", "mBackground", "mImage", "mAdd", "mShrink", "mView", "mTest",
         "mStore"]


class MadeRun:
    """Ten stages of equal size; each process takes what two of the stage before have made."""

    def __init__(self, redis, tasks, run="kbench"):
        self.redis, self.tasks, self.run = redis, tasks, run
        self.width = tasks // STAGES
        self.time = int(time.time() * 1000) - 120_000
        self.next_process = 1
        description = {"run": run, "name": "bench", "workflow": "/bench/workflow.json",
                       "redis": "", "embedded": False, "enginePid": 1, "startedAt": self.time}
        redis.send(
            ("SET", f"hf:{run}:workflow", self.workflow()),
            ("HSET", f"hf:{run}:info", "variables", "{}", "number", 1),
            ("HSET", "hf:runs", run, json.dumps(description)),
            ("SET", f"hf:{run}:lease", "bench"))
        workers = [self.event("workerJoined", worker=f"bench#{n}", host="node-a", pid=n, slots=2)
                   for n in (1, 2)]
        self.append([
            self.event("runStarted", run=run, name="bench", directory="/bench", invoker="local"),
            self.event("engineStarted", host="node-a", pid=1, takeOvers=0), *workers])

    def workflow(self):
        signals = [{"name": f"file_{number}.fits"} | ({"data": [{}]} if number < self.width else {})
                   for number in range(self.tasks + self.width)]
        processes = []
        for number in range(self.tasks):
            stage, place = divmod(number, self.width)
            before = (stage * self.width + p for p in (place, (place + 1) % self.width))
            processes.append({
                "name": NAMES[stage], "function": "command", "firingLimit": 1,
                "ins": sorted(before), "outs": [number + self.width],
                "config": {"executor": {"executable": "bin/" + NAMES[stage],
                                        "args": [f"file_{number}.fits", "region.hdr"]}}})
        return json.dumps({"name": "bench", "processes": processes, "signals": signals, "ins": [],
                           "outs": []})

    def event(self, kind, **members):
        return json.dumps({"event": kind, "time": self.time} | members)

    def append(self, events):
        self.redis.send(("XADD", f"hf:{self.run}:events", "*", "e", "\n".join(events)))

    def task(self):
        """The events of the next task, from its firing to its end, an entry each."""
        process, self.next_process = self.next_process, self.next_process + 1
        self.time += 1
        place = {"process": process, "firing": 1}
        attempt = place | {"attempt": 1}
        worker = {"worker": f"bench#{1 + process % 2}", "host": "node-a", "pid": 1}
        failed = process % 1000 == 500
        code = str(1 + process // 1000 % 9)
        outcome = ({"outcome": "failed", "cause": "exit", "detail": code} if failed
                   else {"outcome": "succeeded"})
        ended = self.event("jobFinished", **attempt, **outcome, wall=20, user=10, rss=4000,
                           say=f"image {process} has no overlap" if failed else "")
        return [
            self.event("taskFired", **place), self.event("jobSubmitted", **attempt),
            self.event("jobTaken", **attempt, **worker),
            self.event("jobStarted", **attempt, **worker, jobPid=process), ended]

    def go_on(self, tasks, entries=50):
        """Journals so many tasks at once."""
        while tasks > 0:
            count = min(tasks, 1000)
            events = [event for _ in range(count) for event in self.task()]
            key = f"hf:{self.run}:events"
            self.redis.send(*(("XADD", key, "*", "e", "\n".join(events[first:first + entries]))
                              for first in range(0, len(events), entries)))
            tasks -= count

    def finish(self):
        self.append([self.event("runSettled", status="failed", blocked=[])])
        self.append([self.event("runFinished", status="failed")])


class MadeJobs(MadeRun):
    """A run whose processes wait for nothing."""

    def workflow(self):
        processes = [{"name": NAMES[number // self.width], "function": "command",
                      "firingLimit": 1, "ins": [], "outs": [],
                      "config": {"executor": {"executable": "/bin/true", "args": []}}}
                     for number in range(self.tasks)]
        return json.dumps({"name": "bench", "processes": processes, "signals": [], "ins": [],
                           "outs": []})


class Feed(threading.Thread):
    """Journals events at a rate, twenty to an entry, until it is stopped."""

    def __init__(self, run, redis, rate):
        super().__init__(daemon=True)
        run.redis = redis
        self.run_, self.rate = run, rate
        self.sent = 0
        self.stopped = threading.Event()

    def run(self):
        start = time.monotonic()
        while not self.stopped.is_set() and self.run_.next_process < self.run_.tasks:
            due = (time.monotonic() - start) * self.rate
            while self.sent < due:
                self.run_.time = int(time.time() * 1000)
                events = [event for _ in range(4) for event in self.run_.task()]
                self.run_.append(events)
                self.sent += len(events)
            self.stopped.wait(0.005)
        self.seconds = time.monotonic() - start

    def stop(self):
        self.stopped.set()
        self.join()
        return self.sent / self.seconds
