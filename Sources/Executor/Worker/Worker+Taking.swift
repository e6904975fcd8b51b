import JobProtocol
import Posix
import Redis
import Signing

/// A message from the pool's queue that may be started.
struct TakenJob {
  let id: String
  let message: JobMessage
  /// The bytes in the list.
  let bytes: [UInt8]
  /// The expiry of its signature, in milliseconds since 1970.
  let expires: Int?
}

/// Takes jobs from the pool's queue.
///
/// Two connections change the worker's list at the same time: `takes` moves messages into it,
/// `commands` removes those of finished jobs. Either may be lost with an answer in transit. So
/// a reading of the list is compared with what is known here:
///
/// | a message in the answer is of a job that | action |
/// |---|---|
/// | runs, waits for its start, or is being given back | none: it is known |
/// | has ended, with its `LREM` unanswered | none |
/// | has ended, with its `LREM` answered after the query was sent | none: the answer is older |
/// | none of these | it was moved here and the answer was lost: start it |
extension Worker {
  /// Requests a job when a slot is free, or as many as it has free slots if the queue is known to
  /// have them. Sent at once, so Redis can answer while another job starts.
  ///
  /// The first command waits for a job, the others do not: a worker with many slots costs a queue
  /// of few jobs one command for each job. The queue is counted while more than one slot is free.
  func requestJobs() {
    guard phase == .serving, takeState == .idle, takes.isConnected, usedSlots < slots,
      givingBack.isEmpty, mayTakeMore, presence.isCertain(at: Clock.bootMilliseconds)
    else { return }
    takeState = .asking
    let free = takesOne || next != nil ? 1 : slots - usedSlots
    expectedTakes = max(1, min(free, queueLength, Worker.takeLimit))
    queueLength = max(0, queueLength - expectedTakes)
    let list = keys.taken(by: name)
    if free > 1 { takes.send(RedisCommand("LLEN", keys.queue), .queueLength, kept: false) }
    takes.send(
      RedisCommand("BLMOVE", keys.queue, list, "RIGHT", "LEFT", RedisLink.blockSeconds),
      .taken, kept: false)
    for _ in 1..<expectedTakes {
      takes.send(RedisCommand("LMOVE", keys.queue, list, "RIGHT", "LEFT"), .taken, kept: false)
    }
    takes.pump(now: Clock.monotonicMilliseconds)
  }

  /// The most jobs of one request.
  static let takeLimit = 64

  /// Ends a waiting `BLMOVE`: it answers null, or the job that it has just moved.
  func stopRequesting() {
    guard takeState == .asking, askingEndsAt == nil else { return }
    askingEndsAt = Clock.monotonicMilliseconds + Worker.unblockMilliseconds
    if let takeConnectionID {
      commands.send(RedisCommand("CLIENT", "UNBLOCK", takeConnectionID))
    }
  }

  /// If the server does not permit `CLIENT UNBLOCK`, a new connection shows which jobs the old one
  /// had moved.
  func checkUnblocked(now: Int) {
    guard let askingEndsAt, now >= askingEndsAt, takeState == .asking else { return }
    self.askingEndsAt = nil
    takes.lose(
      RedisError(.timeout, "BLMOVE was not unblocked", at: takes.url.description), now: now)
  }

  func taken(_ reply: RedisValue) {
    expectedTakes -= 1
    let isLast = expectedTakes <= 0
    if isLast {
      takeState = .idle
      askingEndsAt = nil
    }
    if let text = reply.errorText {
      let error = RedisError(.server, text, at: takes.url.description)
      return takes.lose(error, now: Clock.monotonicMilliseconds)
    }
    // The job is in the list, too, if the list is still ours: `recover` finds it there.
    if mustRecover {
      if isLast { recover() }
      return
    }
    guard let bytes = reply.bytes else {
      queueLength = 0
      return requestJobs()
    }
    receive(bytes, isInListOnly: false)
  }

  /// Reads the list, to find jobs that were moved here while the connection was lost.
  func recover() {
    takeState = .recovering
    mustRecover = false
    releasedSinceAsked = []
    askingEndsAt = nil
    queueLength = 0
    // A server that has not noticed the loss would give a job to the old connection.
    if let takeConnectionID, takes.lastLoss?.code == .timeout {
      takes.send(RedisCommand("CLIENT", "UNBLOCK", takeConnectionID), kept: false)
    }
    takeConnectionID = nil
    takes.send(RedisCommand("CLIENT", "ID"), .takeConnectionID, kept: false)
    takes.send(RedisCommand("LRANGE", keys.taken(by: name), 0, -1), .leftovers, kept: false)
  }

  /// Does what `recover` does, as soon as the connection is free.
  func recoverWhenFree() {
    switch takeState {
    case .idle where takes.isConnected: recover()
    case .idle: mustRecover = true
    case .asking:
      mustRecover = true
      stopRequesting()
    case .recovering: mustRecover = true
    }
  }

  func receiveLeftovers(_ messages: [RedisValue]) {
    if mustRecover { return recover() }
    // Request nothing more until all of these have their slots.
    for bytes in messages.compactMap(\.bytes) { receive(bytes, isInListOnly: true) }
    takeState = .idle
    if mustRecover { recover() } else { requestJobs() }
  }

  private func isKnown(_ id: String) -> Bool {
    next?.id == id || releasing.contains(id) || givingBack.contains(id)
      || held.contains { $0.id == id }
      || claimed.contains { $0.id == id } || loop.jobs.contains { $0.id == id }
  }

  /// A lost connection may still exist at the server and fetch a job whose answer is lost. So
  /// the list is counted from time to time.
  func compareList(count: Int?) {
    let known = busy + releasing.count + givingBack.count
    if let count, count > known { recoverWhenFree() }
  }

  /// `isInListOnly`: it was found in the list; otherwise it was just moved there.
  private func receive(_ bytes: [UInt8], isInListOnly: Bool) {
    // While absent, this worker may count as dead, and its jobs as free; the list is read on
    // return.
    guard presence.isCertain(at: Clock.bootMilliseconds) else { return }
    guard let message = try? JobMessage(parsing: bytes), let id = message.taskID else {
      Console.printError("a message without a task id in \(keys.queue) was discarded")
      commands.send(RedisCommand("LREM", keys.taken(by: name), 1, bytes))
      return requestJobs()
    }
    if !isInListOnly, givingBack.contains(id) { return returnToQueue(bytes, of: id) }
    if isKnown(id) {
      if !isInListOnly { refuse(copy: bytes, of: id) }
      return
    }
    if isInListOnly, releasedSinceAsked.contains(id) { return }
    guard phase == .serving, usedSlots < slots else { return returnToQueue(bytes, of: id) }
    do throws(SignatureError) {
      let accepted = try gate.accept(message, job: id, now: Clock.wallMilliseconds)
      decide(
        TakenJob(id: id, message: accepted.message, bytes: bytes, expires: accepted.expires))
    } catch {
      refuse(message, bytes, id: id, error)
    }
  }

  private func decide(_ job: TakenJob) {
    switch cancelled.contains(job.id) {
    case nil:
      held.append(job)
      queryCancelled(ofRun: CancelledJobs.run(of: job.id))
      requestJobs()
    case .some(true):
      reportCancelled(job)
      requestJobs()
    case .some(false):
      if !mayStart(job) { return }
      takesOne = job.needs.isMoreThanASlot
      if takesOne, !book(job) { return }
      if next != nil { passes -= 1 }
      claimOrStart(job)
    }
  }

  func claimOrStart(_ job: TakenJob) {
    if gate.isStrict { claim(job) } else { start(job) }
  }

  /// Whether the job may start now. While absent, none may: the list is read again on return.
  func mayStart(_ job: TakenJob) -> Bool {
    if presence.isCertain(at: Clock.bootMilliseconds) { return true }
    gate.forget(job: job.id)
    return false
  }

  func start(_ taken: TakenJob) {
    let job = RunningJob(
      id: taken.id, message: taken.message, bytes: taken.bytes, context: context,
      gpus: bookings.gpus(of: taken.id))
    loop.add(job)
    // Request the next job before the program is started: the start takes longer than everything
    // else.
    requestJobs()
    job.begin()
  }

  func receive(cancelled jobs: [RedisValue], ofRun run: String) {
    cancelled.add(jobs.compactMap(\.string), ofRun: run)
    for job in loop.jobs where cancelled.contains(job.id) == true { job.cancel() }
    cancelNext()
    // The jobs before it may have ended during an absence, when it could not start.
    startNext()
    let waiting = held.filter { CancelledJobs.run(of: $0.id) == run }
    held.removeAll { CancelledJobs.run(of: $0.id) == run }
    for job in waiting {
      if phase == .serving || phase == .draining {
        decide(job)
      } else {
        returnToQueue(job.bytes, of: job.id)
      }
    }
  }
}
