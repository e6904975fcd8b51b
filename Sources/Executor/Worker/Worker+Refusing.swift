import JobProtocol
import Posix
import Redis
import Signing

/// Handles jobs that leave this worker: claimed by another, rejected, given back, finished.
extension Worker {
  /// Claims a job in Redis before it starts. With a signing key no job is started twice, even if
  /// its message is sent again: the first executor to claim it starts it.
  func claim(_ job: TakenJob) {
    claimed.append(job)
    let key = RunKeys.ran(job: job.id)
    let lifetime = max(1000, (job.expires ?? 0) - Clock.wallMilliseconds)
    commands.send(RedisCommand("SET", key, context.claimMark, "NX", "PX", lifetime))
    commands.send(RedisCommand("GET", key), .claimed(job: job.id))
    requestJobs()
  }

  func receive(owner: String, of id: String) {
    guard let place = claimed.firstIndex(where: { $0.id == id }) else { return }
    guard owner == context.claimMark else {
      let name = owner.prefix(upTo: owner.lastIndex(of: " ") ?? owner.endIndex)
      return commands.send(
        RedisCommand("GET", keys.alive(String(name))), .holder(job: id, isOf: String(name)))
    }
    let job = claimed.remove(at: place)
    // Orders may have been missed since: query the set again; the claim stays.
    guard let isCancelled = cancelled.contains(id) else {
      held.append(job)
      return queryCancelled(ofRun: CancelledJobs.run(of: id))
    }
    if isCancelled {
      reportCancelled(job)
    } else if phase == .serving || phase == .draining {
      if mayStart(job) { start(job) }
    } else {
      gate.forget(job: id)
      withdrawClaim(of: id)
      returnToQueue(job.bytes, of: id)
    }
    requestJobs()
  }

  /// If repeated after a lost reply, this must not delete the claim of another executor.
  private func withdrawClaim(of id: String) {
    let script = """
      if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
      """
    commands.send(RedisCommand("EVAL", script, 1, RunKeys.ran(job: id), context.claimMark))
  }

  /// Another executor has claimed the job. If it is dead, the job is lost.
  func receive(isAlive: Bool, owner: String, of id: String) {
    guard let place = claimed.firstIndex(where: { $0.id == id }) else { return }
    let job = claimed.remove(at: place)
    if isAlive {
      report(refusal: "\(owner) has taken it before", of: id)
    } else {
      report(.lost("\(owner), which had taken it, is gone"), job.message, id: id)
    }
    release(job.bytes, of: id)
    requestJobs()
  }

  /// Rejects a message. A repeated message is dropped without a report.
  func refuse(_ message: JobMessage, _ bytes: [UInt8], id: String, _ error: SignatureError) {
    Console.printError("refused \(id): \(error)")
    if error == .replayed {
      report(refusal: error.description, of: id)
    } else {
      report(.invalidMessage("the job message is refused: \(error)"), message, id: id)
    }
    release(bytes, of: id)
    requestJobs()
  }

  /// Removes the second message of a job that this worker has from the list.
  func refuse(copy bytes: [UInt8], of id: String) {
    report(refusal: "this worker has it", of: id)
    // If repeated after a lost reply, this must not remove the remaining message.
    let script = """
      if #redis.call('LPOS', KEYS[1], ARGV[1], 'COUNT', 2) > 1 then
        redis.call('LREM', KEYS[1], 1, ARGV[1])
      end
      """
    commands.send(RedisCommand("EVAL", script, 1, keys.taken(by: name), bytes))
    requestJobs()
  }

  func reportCancelled(_ job: TakenJob) {
    report(.cancelled, job.message, id: job.id)
    release(job.bytes, of: job.id)
  }

  private func report(_ cause: FailureCause, _ message: JobMessage, id: String) {
    let reporter = Reporter(job: id, transport: message.completionTransport)
    commands.send(
      reporter.finished(Ending(cause), usage: JobUsage(), at: Clock.steadyMilliseconds))
  }

  /// - Parameter mayMake: create the run's stream if it does not exist; the run certainly does.
  func report(refusal reason: String, of id: String, mayMake: Bool = false) {
    let report = JobReport.refused(
      job: id, by: context.identity, reason: reason, at: Clock.steadyMilliseconds)
    commands.send(Reporter.entry([report], in: RunKeys.reports(job: id), mayMake: mayMake))
  }

  /// Puts a job that was taken but not started at the front of the queue.
  ///
  /// - Parameter toEnd: behind all others instead, where another worker may find it.
  func returnToQueue(_ bytes: [UInt8], of id: String, toEnd: Bool = false) {
    givingBack.insert(id)
    bookings.release(id)
    // One step that does nothing when repeated, unless the job was taken again meanwhile.
    let script = """
      if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 then
        redis.call(ARGV[2], KEYS[2], ARGV[1])
      end
      """
    commands.send(
      RedisCommand(
        "EVAL", script, 2, keys.taken(by: name), keys.queue, bytes,
        toEnd ? "LPUSH" : "RPUSH"),
      .givenBack(job: id))
  }

  /// Removes the message of a finished or rejected job from the worker's list.
  func release(_ bytes: [UInt8], of id: String) {
    releasing.insert(id)
    bookings.release(id)
    commands.send(RedisCommand("LREM", keys.taken(by: name), 1, bytes), .released(job: id))
  }
}
