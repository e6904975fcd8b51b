import Glibc
import JobProtocol
import Posix
import Redis

/// A connection that reconnects and sends unanswered commands again, so a report or a chunk of
/// output may arrive twice but is never lost. The amount of output in transit is limited; the
/// rest waits in the jobs' buffers, which count what they drop.
final class RedisLink {
  /// The purpose of a command.
  enum Purpose: Equatable {
    /// Only errors matter.
    case acknowledgement
    case output(bytes: Int)
    /// The job has left the worker's list.
    case released(job: String)
    case givenBack(job: String)
    /// The results of the jobs are reported.
    case reported(jobs: [String])
    /// How many jobs wait in the pool's queue.
    case queueLength
    /// The length of the worker's list.
    case takenCount
    /// The heartbeat key of the worker or the job was set.
    case alive(sentAt: Int)
    case poolSlots
    /// Which executor has claimed the job.
    case claimed(job: String)
    /// Whether that executor lives.
    case holder(job: String, isOf: String)
    case takeConnectionID
    case leftovers
    case taken
    case cancelledJobs(run: String)
    case acquired
    case isCompleted
    case message
    case isCancelled
    /// How many of the keys of every run exist.
    case runKeys
    /// A delivery of a subscription.
    case pushed
  }

  private struct Pending {
    /// `nil` if it must not be sent again.
    var command: RedisCommand?
    var purpose: Purpose
  }

  /// A network may drop every packet without closing the connection. So a server counts as gone if
  /// a reply is overdue, or if it does not answer a `PING` on a silent subscription.
  private static let outageLimits = RedisTimeouts.standard
  /// How long a command may block, in seconds: its reply shows that the connection lives.
  static let blockSeconds = outageLimits.idleMilliseconds / 1000
  static let outputLimit = 1 << 20
  static let keptOutputLimit = 8 << 20

  let url: RedisURL
  private var connection: RedisConnection?
  private var pending: [Pending] = []
  private var answered = 0
  private var outputBytes = 0
  private var owedSince: Int?
  private var lastProblem: String?
  /// The loss that was last printed, until a reply shows that the server works again.
  private var announced: String?
  /// For a subscription: when the last byte arrived, and when the unanswered `PING` was sent.
  private var isSubscribed = false
  private var lastReplyAt = 0
  private var pingedAt: Int?
  /// Names of commands that have succeeded.
  private var permitted: Set<[UInt8]> = []
  private var backoff = OutageLimits.backoff
  /// The earliest time of the next attempt to connect.
  private var retryAt = 0
  /// Why the link is not connected, and since when (milliseconds, monotonic).
  private(set) var lastError: RedisError?
  /// Why the previous connection was lost.
  private(set) var lastLoss: RedisError?
  private(set) var lostSince: Int?
  private var connectedAt = 0

  private var isWanted: Bool
  private let announces: Bool

  /// - Parameters: with `connectsOnDemand`, the link connects only after `demand()`; `announces`:
  ///   print losses, for one of several links.
  init(_ url: RedisURL, connectsOnDemand: Bool = false, announces: Bool = false) {
    self.url = url
    self.announces = announces
    isWanted = !connectsOnDemand
    lostSince = Clock.monotonicMilliseconds
  }

  func demand() { isWanted = true }

  var isConnected: Bool { connection != nil }
  var descriptor: Int32? { connection?.descriptor }
  var wantsToWrite: Bool { connection?.hasOutput ?? false }
  /// Whether every command has been answered.
  var isIdle: Bool { answered == pending.count }
  /// Whether the last output of an ended job may be kept until it can be sent.
  var keepsOutput: Bool { outputBytes < RedisLink.keptOutputLimit }
  /// Whether output may be sent now.
  var takesOutput: Bool { isConnected && outputBytes < RedisLink.outputLimit }

  /// When the link must do something even if no data arrives; `nil` for never.
  var dueAt: Int? {
    guard isConnected else { return isWanted ? retryAt : nil }
    return [answerDueAt, pingDueAt].compactMap { $0 }.min()
  }

  /// When the next answer is overdue.
  private var answerDueAt: Int? {
    let owed = owedSince.map {
      $0 + RedisLink.outageLimits.answerMilliseconds
        + (isBlocking ? RedisLink.blockSeconds * 1000 : 0)
    }
    let pinged = pingedAt.map { $0 + RedisLink.outageLimits.answerMilliseconds }
    return [owed, pinged].compactMap { $0 }.min()
  }

  private var pingDueAt: Int? {
    isSubscribed && pingedAt == nil ? lastReplyAt + RedisLink.outageLimits.idleMilliseconds : nil
  }

  /// The error of this link, if it has not been connected for a while although another link of this
  /// process is.
  func problem(beside other: RedisLink, now: Int) -> String? {
    guard let lostSince, other.isConnected else { return nil }
    let since = max(lostSince, other.connectedAt)
    return now - since >= RedisLink.troubleMilliseconds ? lastError?.message : nil
  }

  private static let troubleMilliseconds = 3000

  /// Queues a command. A command that is not `kept` is lost with the connection, and ignored
  /// without a connection.
  func send(_ command: RedisCommand, _ purpose: Purpose = .acknowledgement, kept: Bool = true) {
    guard connection != nil || kept else { return }
    connection?.append(command)
    pending.append(Pending(command: kept ? command : nil, purpose: purpose))
    if case .output(let bytes) = purpose { outputBytes += bytes }
  }

  func send(_ commands: [RedisCommand]) {
    for command in commands { send(command) }
  }

  /// Subscribes to a channel. A subscription has deliveries but no replies; after a reconnect, its
  /// owner subscribes again.
  func subscribe(_ channel: String) {
    guard let connection else { return }
    connection.append(RedisCommand("SUBSCRIBE", channel))
    isSubscribed = true
    lastReplyAt = Clock.monotonicMilliseconds
  }

  func isDueToConnect(at now: Int) -> Bool {
    isWanted && connection == nil && now >= retryAt
  }

  /// Returns true on success. Then the owner repeats subscriptions and blocking commands, which a
  /// new connection does not have.
  func connect(now: Int, timeoutMilliseconds: Int = 1500) -> Bool {
    do {
      use(try RedisConnection(url, timeoutMilliseconds: timeoutMilliseconds))
      return true
    } catch {
      announce(error)
      lastError = error
      retryAt = now + backoff.next()
      return false
    }
  }

  func use(_ fresh: RedisConnection) {
    connection = fresh
    lostSince = nil
    connectedAt = Clock.monotonicMilliseconds
    // Retry soon: a resumed engine waits only a moment for the report of a job that has left
    // the list.
    backoff = OutageLimits.backoff
    // A subscription has no replies; it works once it is connected.
    if pending.isEmpty { connectionWorks() }
    for entry in pending[answered...] {
      if let command = entry.command { fresh.append(command) }
    }
  }

  /// Drops the connection; kept commands will be sent again.
  func lose(_ error: RedisError, now: Int) {
    guard connection != nil else { return }
    announce(error)
    connection = nil
    isSubscribed = false
    pingedAt = nil
    lastError = error
    lastLoss = error
    lostSince = now
    owedSince = nil
    pending = pending[answered...].filter { $0.command != nil }
    answered = 0
    retryAt = now + backoff.next()
  }

  func pump(now: Int) {
    guard let connection, connection.hasOutput else { return }
    if owedSince == nil, !isIdle { owedSince = now }
    do {
      try connection.pump()
    } catch {
      lose(error, now: now)
    }
  }

  /// Reads the replies; each comes with its purpose.
  func receive(now: Int, _ body: (RedisValue, Purpose) -> Void) {
    do throws(RedisError) {
      try connection?.readAvailable()
      while let reply = try connection?.nextReply() {
        let purpose = takePurpose()
        if let text = reply.errorText {
          if !isExpected(text, purpose) { try handleError(error: text) }
        } else {
          recordPermission()
        }
        complete(purpose)
        if isIdle, reply.errorText == nil { connectionWorks() }
        owedSince = isIdle ? nil : now
        lastReplyAt = now
        pingedAt = nil
        body(reply, purpose)
      }
    } catch {
      lose(error, now: now)
    }
  }

  func checkTimeouts(now: Int) {
    if let answerDueAt, now >= answerDueAt {
      // This process may have been suspended while the reply had already arrived.
      if let descriptor, Poll.wait(for: descriptor, POLLIN, milliseconds: 0) {
        owedSince = owedSince.map { _ in now }
        pingedAt = pingedAt.map { _ in now }
        return
      }
      return lose(RedisError(.timeout, "it does not answer", at: url.description), now: now)
    }
    if let pingDueAt, now >= pingDueAt {
      connection?.append(RedisCommand("PING"))
      pingedAt = now
    }
  }

  /// Prints a problem once, however often attempts fail.
  private func announce(_ error: RedisError) {
    guard announces, announced != error.message else { return }
    announced = error.message
    Console.printError("\(error); running jobs continue; trying again")
  }

  private func connectionWorks() {
    if announced != nil { Console.printError("Redis at \(url) is back") }
    announced = nil
    lastError = nil
  }

  /// Whether the error needs no message: executors may have few permissions, and output that is
  /// sent again may have arrived before.
  private func isExpected(_ text: String, _ purpose: Purpose) -> Bool {
    switch purpose {
    case .runKeys: true
    case .output: LogChunk.isRepetition(refusal: text)
    default: false
    }
  }

  /// Handles an error reply: throws if the command is to be retried, because the error may be
  /// temporary; else prints the error.
  private func handleError(error text: String) throws(RedisError) {
    if let command = pendingCommand, isPassing(text, of: command) {
      throw RedisError(.server, text, at: url.description)
    }
    guard text != lastProblem else { return }
    lastProblem = text
    Console.printError("Redis at \(url): \(text)")
  }

  /// Whether the same command may succeed later. A permission that the executor had before may be
  /// granted again; one that it never had will not be.
  private func isPassing(_ text: String, of command: RedisCommand) -> Bool {
    switch RedisError.kind(ofReply: text) {
    case .connection, .notReady, .noSpace: true
    case .refused:
      !text.hasPrefix("NOPERM") || isRelease || permitted.contains(command.parts.first ?? [])
    case .other: false
    }
  }

  /// Whether the command removes a message from a worker's list. The worker was permitted to move
  /// it there, so a refusal may be temporary.
  private var isRelease: Bool {
    guard answered < pending.count else { return false }
    if case .released = pending[answered].purpose { return true }
    return false
  }

  private func recordPermission() {
    if let name = pendingCommand?.parts.first { permitted.insert(name) }
  }

  private var pendingCommand: RedisCommand? {
    answered < pending.count ? pending[answered].command : nil
  }

  private var isBlocking: Bool {
    guard answered < pending.count else { return false }
    return pending[answered].purpose == .taken || pending[answered].purpose == .message
  }

  private func takePurpose() -> Purpose {
    answered < pending.count ? pending[answered].purpose : .pushed
  }

  /// Removes the command of a final reply.
  private func complete(_ purpose: Purpose) {
    guard answered < pending.count else { return }
    if case .output(let bytes) = purpose { outputBytes -= bytes }
    pending[answered].command = nil
    answered += 1
    if answered == pending.count {
      pending.removeAll(keepingCapacity: answered <= 1024)
      answered = 0
    } else if answered >= 4096 {
      pending.removeFirst(answered)
      answered = 0
    }
  }
}
