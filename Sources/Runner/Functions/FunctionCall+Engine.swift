import Engine
import JSONValue
import JobProtocol
import Posix
import Redis
import Workflow

extension FunctionCall {
  init(_ work: Work, of process: Workflow.Process, job: String, in workflow: Workflow) {
    self.process = process
    taskID = job
    inputs = work.inputs.map { input in
      FunctionInput(
        name: workflow[input.signal].name, data: input.instances.compactMap(\.datum))
    }
  }
}

extension FunctionResult {
  /// How the machine hears of it.
  func input(for attempt: AttemptID) -> EngineInput {
    switch outputs {
    case .success(let values):
      .finished(attempt, .succeeded, JobUsage(), outputs: values)
    case .failure(let failure):
      .finished(attempt, .failed(.error(failure.text)), JobUsage(), outputs: nil)
    }
  }
}

/// What a function printed is its task's log, kept and published as that of a job.
enum FunctionLog {
  static let entryLimit = 2000

  static func commands(job: String, lines: [String]) -> [RedisCommand] {
    let key = RunKeys.log(job: job)
    let time = Clock.wallMilliseconds
    let text = lines.map { $0 + "\n" }.joined()
    let chunks = [
      LogChunk(sequence: 1, stream: .standardOutput, time: time, bytes: Array(text.utf8)),
      LogChunk(sequence: 2, stream: .end, time: time, bytes: []),
    ]
    return chunks.flatMap { chunk in
      [
        RedisCommand("XADD", key, "MAXLEN", "~", entryLimit, "*", "c", chunk.encoded),
        RedisCommand("PUBLISH", key, chunk.encoded),
      ]
    }
  }
}
