import Engine
import JSONValue
import JobProtocol
import Posix
import TestSupport
import Testing
import Workflow

@testable import Runner

/// Job messages, byte for byte, because original executors read them, too.
@Suite struct JobMessageBuilderTests {
  private func builder(_ workflow: Workflow) throws -> JobMessageBuilder {
    JobMessageBuilder(
      workflow: workflow, run: try #require(RunID("run1")), workflowNumber: 4,
      directory: FollowedDirectory("/w"),
      redisURL: "redis://127.0.0.1:7401")
  }

  private func work(
    _ process: Int = 1, firing: Int = 1, attempt: Int = 1, inputs: [ConsumedInput] = []
  ) -> Work {
    let firing = FiringID(ProcessID(number: process), firing)
    return Work(attempt: AttemptID(firing, attempt), inputs: inputs)
  }

  private func text(_ job: SubmittedJob) -> String { String(decoding: job.message, as: UTF8.self) }

  private let signals = #"{"name": "start", "data": [1]}, {"name": "out", "size": 7}"#

  @Test func `a message has the original's keys in order, followed by ours`() throws {
    let workflow = try Workflow.sample(
      """
      {"name": "job1", "function": "redisCommand", "ins": ["start"], "outs": ["out"],
       "config": {"executor": {"executable": "/bin/echo", "args": ["hello"]}}}
      """, signals: signals)
    let start = ConsumedInput(
      signal: SignalID(number: 1), instances: [.init(index: 1, datum: 1, source: nil)])
    let job = try builder(workflow).job(for: work(inputs: [start]), now: 0)
    #expect(
      text(job) == """
        {"executable":"/bin/echo","args":["hello"],\
        "inputs":[{"name":"start","_id":1,"data":[1],"sigIdx":1}],\
        "outputs":[{"name":"out","size":7,"_id":2}],\
        "redis_url":"redis://127.0.0.1:7401","taskId":"run1:4:1:1","name":"job1",\
        "completionTransport":"stream","hflow":{"directory":"/w","attempt":1,"protocol":2}}
        """)
    #expect("\(job.id)" == "run1:4:1:1")
  }

  @Test func `files that the task declares are in the executor's extras`() throws {
    let workflow = try Workflow.sample(
      """
      {"name": "j", "function": "command", "ins": ["start"], "outs": ["out"], "config":
        {"checkFiles": true, "executor": {"executable": "sort", "args": ["start", "x.py"],
         "stdout": "out"}, "files": ["x.py"]}}
      """, signals: signals)
    let source = FiringID(ProcessID(number: 1), 2)
    let start = ConsumedInput(
      signal: SignalID(number: 1), instances: [.init(index: 1, datum: nil, source: source)])
    let text = text(try builder(workflow).job(for: work(inputs: [start]), now: 0))
    let files = #""files":{"in":[["start","j:2"],"x.py"],"out":["out"],"strict":true}"#
    #expect(text.contains(files), "\(text)")
  }

  @Test func `limits of the process are in the executor's extras`() throws {
    let workflow = try Workflow.sample(
      """
      {"name": "j", "function": "command", "ins": [], "outs": [], "config":
        {"timeout": 60, "drain": 0, "executor": {"executable": "ls"}}}
      """)
    let text = text(try builder(workflow).job(for: work(), now: 0))
    let extras = #""hflow":{"directory":"/w","timeout":60,"drain":0,"attempt":1,"protocol":2}"#
    #expect(text.contains(extras))
  }

  @Test func `unknown keys of the executor are passed on`() throws {
    let workflow = try Workflow.sample(
      """
      {"name": "j", "function": "command", "ins": [], "outs": [], "config": {"executor":
        {"image": "montage:1", "executable": "ls", "args": ["-l", 3], "shell": true,
         "stdout": "o", "mine": {"a": [null, 0.5]}}}}
      """)
    let job = try builder(workflow).job(for: work(), now: 0)
    #expect(
      text(job).hasPrefix(
        #"{"image":"montage:1","executable":"ls","args":["-l","3"],"shell":true,"#
          + #""stdout":"o","mine":{"a":[null,0.5]},"inputs":[],"outputs":[],"#))
  }

  @Test func `data of several instances are one list, the source is the last`() throws {
    let workflow = try Workflow.sample(
      """
      {"name": "j", "function": "command", "ins": ["start:3"], "outs": [],
       "config": {"executor": {"executable": "ls", "args": []}}}
      """, signals: signals)
    let source = FiringID(ProcessID(number: 2), 5)
    let three = ConsumedInput(
      signal: SignalID(number: 1),
      instances: [
        .init(index: 1, datum: ["v": 1], source: nil), .init(index: 2, datum: nil, source: nil),
        .init(index: 3, datum: "x", source: source),
      ])
    let job = try builder(workflow).job(for: work(inputs: [three]), now: 0)
    let message = try JobMessage(parsing: job.message)
    #expect(
      message.inputs == [
        [
          "name": "start", "_id": 1, "data": [["v": 1], "x"], "sigIdx": 3, "source": 2,
          "firingId": 5,
        ]
      ])
  }

  @Test func `control outputs are not in the message`() throws {
    let workflow = try Workflow.sample(
      """
      {"name": "j", "function": "command", "ins": ["go"], "outs": ["out", "go"],
       "config": {"executor": {"executable": "ls", "args": []}}}
      """, signals: signals + #", {"name": "go", "control": "next"}"#)
    let message = try JobMessage(parsing: try builder(workflow).job(for: work(), now: 0).message)
    #expect(message.outputs.map { $0["name"] } == ["out"])
  }

  @Test(arguments: [("sub/dir", "/w/sub/dir"), ("/abs", "/abs"), ("", "/w")])
  func `work_dir is relative to the run's directory`(given: String, directory: String) throws {
    let workflow = try Workflow.sample(
      """
      {"name": "j", "function": "command", "ins": [], "outs": [], "config":
        {"executor": {"executable": "ls", "args": [], "work_dir": "\(given)"}}}
      """)
    let message = try JobMessage(parsing: try builder(workflow).job(for: work(), now: 0).message)
    #expect(message.extras?.directory == directory)
  }

  @Test func `a retry has its own id, which begins with the task's`() throws {
    let workflow = try Workflow.sample(
      """
      {"name": "j", "function": "command", "ins": [], "outs": [],
       "config": {"executor": {"executable": "ls", "args": []}}}
      """)
    let job = try builder(workflow).job(for: work(firing: 6, attempt: 2), now: 0)
    #expect("\(job.id)" == "run1:4:1:6:2")
    #expect(try JobMessage(parsing: job.message).taskID == "run1:4:1:6:2")
  }

  @Test func `an image and what the job needs travel too, more of it after a failure`() throws {
    let workflow = try Workflow.sample(
      """
      {"name": "j", "function": "command", "ins": [], "outs": [], "config":
        {"timeout": 60, "retry": {"grow": {"memory": 2, "time": 1.5}}, "executor":
          {"executable": "ls", "image": "x", "memory": "1G", "cpus": 2, "gpus": 1}}}
      """)
    let first = text(try builder(workflow).job(for: work(), now: 0))
    let needs = #""image":"x","needs":{"cores":2,"memory":1000000000,"gpus":1,"limitsMemory":true}"#
    #expect(first.contains(needs), "\(first)")
    let attempt = AttemptID(FiringID(ProcessID(number: 1), 1), 2)
    let more = Work(attempt: attempt, inputs: [], growth: ResourceGrowth(memory: 2, time: 1.5))
    let second = text(try builder(workflow).job(for: more, now: 0))
    #expect(second.contains(#""timeout":90"#) && second.contains(#""memory":2000000000"#))
  }

  @Test func `the image of all workers comes after that of a command`() throws {
    let workflow = try Workflow.sample(
      """
      {"name": "a", "function": "command", "ins": [], "outs": [], "config":
        {"container": "c", "executor": {"executable": "ls"}}},
      {"name": "b", "function": "command", "ins": [], "outs": [], "config":
        {"container": "c", "executor": {"executable": "ls", "container": "own"}}}
      """)
    var builder = try builder(workflow)
    builder.workerContainer = nil
    #expect(text(builder.job(for: work(1), now: 0)).contains(#""image":"c""#))
    builder.workerContainer = "all"
    #expect(text(builder.job(for: work(1), now: 0)).contains(#""image":"all""#))
    #expect(text(builder.job(for: work(2), now: 0)).contains(#""image":"own""#))
  }

  @Test func `only what the largest worker has is given`() {
    let capacity = WorkerCapacity(slots: 2, memory: 10) | WorkerCapacity(slots: 8, memory: nil)
    #expect(capacity == WorkerCapacity(slots: 8, memory: nil))
    #expect(capacity.refusal(of: JobNeeds(cores: 8, memory: 1_000_000)) == nil)
    #expect(
      capacity.refusal(of: JobNeeds(cores: 64)) == "asks for 64 cores; the largest worker has 8")
    let bounded = WorkerCapacity(slots: nil, memory: 16_000_000_000)
    #expect(
      bounded.refusal(of: JobNeeds(cores: 64, memory: 17_000_000_000))
        == "asks for 17000 MB of memory; the largest worker has 16000 MB")
    #expect(WorkerCapacity.unknown.refusal(of: JobNeeds(cores: 1e9)) == nil)
  }
}
