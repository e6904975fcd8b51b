import Posix
import Redis

/// A connection that comes back: what was not answered is sent again, so that a report, or a chunk
/// of output, may arrive twice and is never lost. Of output only so much is on its way at a time;
/// the pumps wait with the rest and count what they leave out.
final class RedisLink {
  /// What a reply is for.
  enum Purpose: Equatable {
    /// Only errors are of interest.
    case acknowledgement
    case output(bytes: Int)
    /// The job left the worker's list.
    case released(job: String)
    /// The worker's or the job's key with a time to live was set anew.
    case alive(sentAt: Int)
    case poolSlots
    /// Which executor starts the job, or has started it.
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
    /// What a subscription delivers.
    case pushed
  }

  private struct Pending {
    /// `nil` when it is not to be sent again.
    var command: RedisCommand?
    var purpose: Purpose
  }

  /// A reply that a server owes for longer, in milliseconds, means that it is gone.
  private static let patience = 15_000
  static let outputLimit = 1 << 20
  static let keptOutputLimit = 8 << 20

  let url: RedisURL
  private var connection: RedisConnection?
  private var pending: [Pending] = []
  private var answered = 0
  private var outputBytes = 0
  private var owedSince: Int?
  private var lastComplaint: String?
  private var backoff = Patience.backoff
  /// Before that it does not try to connect.
  private var retryAt = 0
  /// Why it is not connected, and since when (milliseconds, never jumping).
  private(set) var lastError: RedisError?
  /// Why the connection before this one was lost.
  private(set) var lastLoss: RedisError?
  private(set) var lostSince: Int?

  private var isWanted: Bool
  private let announces: Bool

  /// `connectsOnDemand`: not before `demand()`. `announces`: tells people of losses; one link of
  /// several does.
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
  /// Nothing is owed by the server.
  var isIdle: Bool { answered == pending.count }
  /// Whether the last output of a job that ends may be kept until it can be sent.
  var keepsOutput: Bool { outputBytes < RedisLink.keptOutputLimit }
  /// Whether output of jobs may be sent now.
  var takesOutput: Bool { isConnected && outputBytes < RedisLink.outputLimit }

  /// When there is something to do although nothing arrives.
  var dueAt: Int? {
    if isConnected { return owedSince.map { $0 + RedisLink.patience } }
    return isWanted ? retryAt : nil
  }

  /// Puts a command behind the others. One that is not `kept` is lost with the connection, and not
  /// accepted without one.
  func send(_ command: RedisCommand, _ purpose: Purpose = .acknowledgement, kept: Bool = true) {
    guard connection != nil || kept else { return }
    connection?.append(command)
    pending.append(Pending(command: kept ? command : nil, purpose: purpose))
    if case .output(let bytes) = purpose { outputBytes += bytes }
  }

  func send(_ commands: [RedisCommand]) {
    for command in commands { send(command) }
  }

  /// A subscription has no replies of its own, only deliveries; it is sent again by its owner.
  func subscribe(_ channel: String) { connection?.append(RedisCommand("SUBSCRIBE", channel)) }

  func isDueToConnect(at now: Int) -> Bool {
    isWanted && connection == nil && now >= retryAt
  }

  /// True when it has succeeded: the owner then says again what a server forgets (subscriptions,
  /// blocking commands).
  func connect(now: Int, timeoutMilliseconds: Int = 1500) -> Bool {
    do {
      use(try RedisConnection(url, timeoutMilliseconds: timeoutMilliseconds))
      return true
    } catch {
      lastError = error
      retryAt = now + backoff.next()
      return false
    }
  }

  func use(_ fresh: RedisConnection) {
    if announces, lastError != nil { Console.say("Redis at \(url) is back") }
    lastError = nil
    connection = fresh
    lostSince = nil
    backoff = Patience.backoff
    for entry in pending[answered...] {
      if let command = entry.command { fresh.append(command) }
    }
  }

  /// Forgets the connection; what is kept will be sent again.
  func lose(_ error: RedisError, now: Int) {
    guard connection != nil else { return }
    if announces { Console.say("\(error); running jobs go on, trying again") }
    connection = nil
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
    if owedSince == nil, !isIdle, !isBlocking { owedSince = now }
    do {
      try connection.pump()
    } catch {
      lose(error, now: now)
    }
  }

  /// Reads what is there; each reply comes with what it was for.
  func receive(now: Int, _ body: (RedisValue, Purpose) -> Void) {
    do throws(RedisError) {
      try connection?.readAvailable()
      while let reply = try connection?.nextReply() {
        let purpose = takePurpose()
        if let text = reply.errorText { try note(error: text) }
        settle(purpose)
        owedSince = isIdle || isBlocking ? nil : now
        body(reply, purpose)
      }
    } catch {
      lose(error, now: now)
    }
  }

  func checkPatience(now: Int) {
    guard let owedSince, now - owedSince >= RedisLink.patience else { return }
    lose(RedisError(.timeout, "it does not answer", at: url.description), now: now)
  }

  /// What is kept is tried again when the error may pass; for the rest people are told.
  private func note(error text: String) throws(RedisError) {
    let kept = answered < pending.count && pending[answered].command != nil
    if kept, RedisLink.isPassing(text) { throw RedisError(.server, text, at: url.description) }
    guard text != lastComplaint else { return }
    lastComplaint = text
    Console.say("Redis at \(url): \(text)")
  }

  /// Errors of a server's state: the same command will succeed later.
  private static func isPassing(_ text: String) -> Bool {
    ["LOADING", "MASTERDOWN", "READONLY", "MISCONF", "OOM", "BUSY ", "TRYAGAIN", "CLUSTERDOWN"]
      .contains(where: text.hasPrefix)
  }

  private var isBlocking: Bool {
    guard answered < pending.count else { return false }
    return pending[answered].purpose == .taken || pending[answered].purpose == .message
  }

  private func takePurpose() -> Purpose {
    answered < pending.count ? pending[answered].purpose : .pushed
  }

  /// The reply is a final one: its command is done.
  private func settle(_ purpose: Purpose) {
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
