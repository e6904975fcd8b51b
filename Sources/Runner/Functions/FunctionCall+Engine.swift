import Engine
import JSONValue
import JobProtocol
import Posix
import Redis
import Workflow

extension FunctionCall {
  init(
    _ work: Work, of process: Workflow.Process, job: String, in workflow: Workflow,
    directory: String
  ) {
    self.process = process
    self.directory = directory
    taskID = job
    inputs = work.inputs.map { input in
      FunctionInput(
        name: workflow[input.signal].name, data: input.instances.compactMap(\.datum))
    }
    let outputs = process.dataOutputs(ofFiring: work.attempt.firing.number)
    outputNames = outputs.map { workflow[$0.signal].name }
    firingOutputCount = outputs.count
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

  /// The whole log of a function that has ended.
  static func commands(job: String, lines: [String]) -> [RedisCommand] {
    let text = lines.map { $0 + "\n" }.joined()
    return chunk(of: job, sequence: 1, .standardOutput, text) + end(of: job, sequence: 2)
  }

  static func chunk(
    of job: String, sequence: Int, _ stream: LogChunk.Stream, _ text: String
  ) -> [RedisCommand] {
    let key = RunKeys.log(job: job)
    let chunk = LogChunk(
      sequence: sequence, stream: stream, time: Clock.wallMilliseconds, bytes: Array(text.utf8))
    return [
      RedisCommand("XADD", key, "MAXLEN", "~", entryLimit, "*", "c", chunk.encoded),
      RedisCommand("PUBLISH", key, chunk.encoded),
    ]
  }

  static func end(of job: String, sequence: Int) -> [RedisCommand] {
    chunk(of: job, sequence: sequence, .end, "")
  }
}
