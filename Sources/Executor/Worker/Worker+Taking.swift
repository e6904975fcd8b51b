import JobProtocol
import Posix
import Redis

/// A message from the pool's queue.
struct TakenJob {
  let id: String
  let message: JobMessage
  let bytes: [UInt8]
}

/// How jobs come to this worker and leave it.
extension Worker {
  /// Asks for a job when a slot is free. Sent at once: Redis can answer while we start another.
  func ask() {
    guard phase == .serving, takeState == .idle, takes.isConnected, busy < options.slots else {
      return
    }
    takeState = .asking
    takes.send(
      RedisCommand("BLMOVE", keys.queue, keys.taken(by: name), "RIGHT", "LEFT", 0), .taken,
      kept: false)
    takes.pump(now: Clock.monotonicMilliseconds)
  }

  /// Ends a waiting `BLMOVE` in order: it answers null, or the job that it has just moved.
  func stopAsking() {
    askingEndsAt = Clock.monotonicMilliseconds + Worker.unblockMilliseconds
    guard takeState == .asking, let takeConnectionID else { return }
    commands.send(RedisCommand("CLIENT", "UNBLOCK", takeConnectionID))
  }

  /// A server that does not let us unblock: a new connection shows what the old one had moved.
  func checkUnblocked(now: Int) {
    guard let askingEndsAt, now >= askingEndsAt, takeState == .asking else { return }
    takes.lose(
      RedisError(.timeout, "BLMOVE was not unblocked", at: takes.url.description), now: now)
  }

  func taken(_ reply: RedisValue) {
    takeState = .idle
    if let text = reply.errorText {
      let error = RedisError(.server, text, at: takes.url.description)
      return takes.lose(error, now: Clock.monotonicMilliseconds)
    }
    guard let bytes = reply.bytes else { return ask() }
    receive(bytes)
  }

  /// Looks first for a job that was moved to us while nobody could tell us.
  func recover() {
    takeState = .recovering
    // A server that has not noticed the loss would hand a job to the old connection.
    if let takeConnectionID, takes.lastLoss?.code == .timeout {
      takes.send(RedisCommand("CLIENT", "UNBLOCK", takeConnectionID), kept: false)
    }
    takeConnectionID = nil
    takes.send(RedisCommand("CLIENT", "ID"), .takeConnectionID, kept: false)
    takes.send(RedisCommand("LRANGE", keys.taken(by: name), 0, -1), .leftovers, kept: false)
  }

  func takeUp(_ messages: [RedisValue]) {
    takeState = .idle
    for bytes in messages.compactMap(\.bytes) where !isKnown(bytes) { receive(bytes) }
    ask()
  }

  private func isKnown(_ bytes: [UInt8]) -> Bool {
    guard let id = (try? JobMessage(parsing: bytes))?.taskID else { return false }
    return releasing.contains(id) || held.contains { $0.id == id }
      || loop.jobs.contains { $0.id == id }
  }

  private func receive(_ bytes: [UInt8]) {
    guard let message = try? JobMessage(parsing: bytes), let id = message.taskID else {
      Console.say("a message without a task id in \(keys.queue) was thrown away")
      commands.send(RedisCommand("LREM", keys.taken(by: name), 1, bytes))
      return ask()
    }
    guard phase == .serving else { return giveBack(bytes) }
    let job = TakenJob(id: id, message: message, bytes: bytes)
    switch cancelled.contains(id) {
    case nil:
      held.append(job)
      askForCancelled(ofRun: CancelledJobs.run(of: id))
      ask()
    case .some(true):
      reportCancelled(job)
      ask()
    case .some(false):
      start(job)
    }
  }

  private func start(_ taken: TakenJob) {
    let job = RunningJob(
      id: taken.id, message: taken.message, bytes: taken.bytes, workshop: workshop)
    loop.add(job)
    // Before the start of the application, which takes longer than all the rest.
    ask()
    job.begin()
  }

  func learn(_ jobs: [RedisValue], ofRun run: String) {
    cancelled.learn(jobs.compactMap(\.string), ofRun: run)
    for job in loop.jobs where cancelled.contains(job.id) == true { job.cancel() }
    let waiting = held.filter { CancelledJobs.run(of: $0.id) == run }
    held.removeAll { CancelledJobs.run(of: $0.id) == run }
    for job in waiting {
      if phase == .serving || phase == .draining, cancelled.contains(job.id) == false {
        start(job)
      } else if cancelled.contains(job.id) == true {
        reportCancelled(job)
      } else {
        giveBack(job.bytes)
      }
    }
  }

  private func reportCancelled(_ job: TakenJob) {
    let reporter = Reporter(job: job.id, transport: job.message.completionTransport)
    commands.send(
      reporter.finished(Ending(.cancelled), usage: JobUsage(), at: Clock.wallMilliseconds))
    release(job.bytes, of: job.id)
  }

  /// Puts a job that was not started where the next worker finds it first.
  private func giveBack(_ bytes: [UInt8]) {
    // One step that does nothing when it is sent again.
    let script = """
      if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 then
        redis.call('RPUSH', KEYS[2], ARGV[1])
      end
      """
    commands.send(RedisCommand("EVAL", script, 2, keys.taken(by: name), keys.queue, bytes))
  }

  /// The job is done: its message leaves the worker's list, after the report in the same pipeline.
  func release(_ bytes: [UInt8], of id: String) {
    releasing.insert(id)
    commands.send(RedisCommand("LREM", keys.taken(by: name), 1, bytes), .released(job: id))
  }
}
