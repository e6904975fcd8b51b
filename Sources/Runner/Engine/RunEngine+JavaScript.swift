import Engine
import JSONValue
import JobProtocol
import Posix
import Redis
import Sites
import Workflow

/// The engine's side of functions in JavaScript.
extension RunEngine {
  /// How long Node.js may take to answer a ping.
  private static let answerMilliseconds = 2000

  func javaScriptCall(of work: Work, module: String) -> JavaScriptCall {
    let process = plan.workflow[work.attempt.firing.process]
    let id = messages.jobID(work.attempt)
    return JavaScriptCall(
      job: "\(id)", module: module, process: process, inputs: messages.inputs(of: work),
      outputs: messages.outputs(of: work),
      context: plan.functionEnvironment.context(
        of: process, id, isRecovered: plan.recovery?.contains(work.attempt.firing) ?? false))
  }

  func call(_ attempt: AttemptID, _ request: JavaScriptCall) async {
    if let notice = plan.functionEnvironment.redisNotice, !isFunctionNoticeJournaled {
      isFunctionNoticeJournaled = true
      notices.append(notice)
    }
    do {
      let node = try await javaScript.call(attempt, request)
      inputs.append(.jobTaken(attempt, node))
      inputs.append(.jobStarted(attempt, node, pid: node.pid))
    } catch {
      inputs.append(Self.failed(attempt, "\(error)"))
      return
    }
    if let seconds = request.process.config["timeout"]?.double, seconds > 0 {
      let milliseconds = Int(min(seconds * 1000, 1e12))
      host.after(milliseconds: milliseconds, .function(job: request.job, seconds: seconds))
    }
  }

  func translate(_ event: JavaScriptEvent) async -> [EngineInput] {
    switch event {
    case .done(let job, let values):
      guard let attempt = await end(job) else { return [] }
      if let reason = sizeError(of: values.reduce(0) { $0 + $1.size }, "its result") {
        return [Self.failed(attempt, reason)]
      }
      return [.finished(attempt, .succeeded, JobUsage(), outputs: values)]
    case .failed(let job, let text, let stack):
      await printed(by: job, isError: true, stack.hasSuffix("\n") ? stack : stack + "\n")
      guard let attempt = await end(job) else { return [] }
      return [Self.failed(attempt, text)]
    case .printed(let job, let isError, let text, let leftOut):
      javaScript.limiter.taken(text)
      await printed(by: job, isError: isError, text, leftOut: leftOut)
      return []
    case .exit(let job, let code):
      guard let attempt = await end(job) else { return [] }
      if code != 0 { return [Self.failed(attempt, "the function called process.exit(\(code))")] }
      let nothing = plan.workflow[attempt.firing.process].outputs.map { _ in PortValue.nothing }
      return [.finished(attempt, .succeeded, JobUsage(), outputs: nothing), .finish]
    case .asked(let question, let id, let task):
      await answer(question, id, task)
      return []
    case .pong:
      await javaScript.pongReceived()
      return []
    case .ended(let child, let status):
      return await nodeEnded(child, status)
    }
  }

  /// The function ran longer than its `config.timeout`.
  func functionIsLate(_ job: String, _ seconds: Double) async -> [EngineInput] {
    guard let attempt = await abandon(job) else { return [] }
    return [.finished(attempt, .failed(.timeout(seconds: seconds)), JobUsage(), outputs: nil)]
  }

  func abandon(_ job: String) async -> AttemptID? {
    guard let end = await javaScript.endLog(of: job) else { return nil }
    cleanUp += end
    host.after(milliseconds: Self.answerMilliseconds, .node)
    return await javaScript.abandon(job)
  }

  /// A job that a function made has ended.
  func deliver(task: String, codes: [String]) async {
    await javaScript.completed(task: task, code: codes.first { $0 != "0" } ?? codes.first)
  }

  private func end(_ job: String) async -> AttemptID? {
    if let end = await javaScript.endLog(of: job) { cleanUp += end }
    return await javaScript.end(job)
  }

  private func printed(
    by job: String, isError: Bool, _ text: String, leftOut: Int = 0
  ) async {
    let stream: LogChunk.Stream = isError ? .standardError : .standardOutput
    guard
      let printed = await javaScript.print(text, from: stream, leftOut: leftOut, by: job)
    else { return }
    cleanUp += printed.log
    functionLogs.insert(messages.jobID(printed.attempt))
    let lines = text.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
    observer.printed(lines, by: printed.attempt.firing)
  }

  private func answer(_ question: JavaScriptEvent.Question, _ id: Int, _ task: String) async {
    let command =
      switch question {
      case .send(let message): RedisCommand("LPUSH", OriginalKeys.message(task: task), message)
      case .mark: RedisCommand("SADD", plan.completedKey, task)
      case .check: RedisCommand("SISMEMBER", plan.completedKey, task)
      }
    do throws(RedisError) {
      let reply = try await redis.call(command)
      await javaScript.reply(to: id, reply.integer.map(JSON.int) ?? .null)
      completions.jobsSubmitted()
    } catch {
      await javaScript.reply(to: id, error: "\(error)")
    }
  }

  private func nodeEnded(_ child: Child, _ status: ExitStatus?) async -> [EngineInput] {
    let lost = await javaScript.ended(child)
    let statusText = status.map { ", it \($0.text)" } ?? ""
    return lost.map { Self.failed($0.attempt, "Node.js ended while the function ran\(statusText)") }
  }

  private static func failed(_ attempt: AttemptID, _ text: String) -> EngineInput {
    .finished(attempt, .failed(.error(text)), JobUsage(), outputs: nil)
  }
}
