import Glibc
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
    /// The job left the worker's list: it is done, or was given back.
    case released(job: String)
    case givenBack(job: String)
    /// The end of the job is told: nothing more needs to be sent for it.
    case reported(job: String)
    /// How many messages are in the worker's list.
    case takenCount
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
    /// How many of the keys are there that every run has.
    case runKeys
    /// What a subscription delivers.
    case pushed
  }

  private struct Pending {
    /// `nil` when it is not to be sent again.
    var command: RedisCommand?
    var purpose: Purpose
  }

  /// A network may drop every packet of a connection and close nothing. So a server counts as gone
  /// when it owes a reply for too long, or when it does not answer a `PING` on a silent
  /// subscription.
  private static let patience = RedisPatience.standard
  /// How long a command may block, in seconds: its reply tells that the connection lives.
  static let blockSeconds = patience.idleMilliseconds / 1000
  static let outputLimit = 1 << 20
  static let keptOutputLimit = 8 << 20

  let url: RedisURL
  private var connection: RedisConnection?
  private var pending: [Pending] = []
  private var answered = 0
  private var outputBytes = 0
  private var owedSince: Int?
  private var lastComplaint: String?
  /// What was last said about a loss, until a reply shows that the server works again.
  private var announced: String?
  /// For a subscription: when the last byte came, and when the `PING` was sent that is not answered
  /// yet.
  private var isSubscribed = false
  private var heardAt = 0
  private var pingedAt: Int?
  /// Names of commands that the server has carried out.
  private var permitted: Set<[UInt8]> = []
  private var backoff = Patience.backoff
  /// Before that it does not try to connect.
  private var retryAt = 0
  /// Why it is not connected, and since when (milliseconds, never jumping).
  private(set) var lastError: RedisError?
  /// Why the connection before this one was lost.
  private(set) var lastLoss: RedisError?
  private(set) var lostSince: Int?
  private var connectedAt = 0

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
    guard isConnected else { return isWanted ? retryAt : nil }
    return [answerDueAt, pingDueAt].compactMap { $0 }.min()
  }

  /// When the server must have said something.
  private var answerDueAt: Int? {
    let owed = owedSince.map {
      $0 + RedisLink.patience.answerMilliseconds + (isBlocking ? RedisLink.blockSeconds * 1000 : 0)
    }
    let pinged = pingedAt.map { $0 + RedisLink.patience.answerMilliseconds }
    return [owed, pinged].compactMap { $0 }.min()
  }

  private var pingDueAt: Int? {
    isSubscribed && pingedAt == nil ? heardAt + RedisLink.patience.idleMilliseconds : nil
  }

  /// Why nothing can be done over this link, if that lasts although another one of this process has
  /// worked for a while.
  func trouble(beside other: RedisLink, now: Int) -> String? {
    guard let lostSince, other.isConnected else { return nil }
    let since = max(lostSince, other.connectedAt)
    return now - since >= RedisLink.troubleMilliseconds ? lastError?.message : nil
  }

  private static let troubleMilliseconds = 3000

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
  func subscribe(_ channel: String) {
    guard let connection else { return }
    connection.append(RedisCommand("SUBSCRIBE", channel))
    isSubscribed = true
    heardAt = Clock.monotonicMilliseconds
  }

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
    // A server that is there and refuses is asked again soon: an engine that has resumed waits only
    // a moment for the report of a job that has left our list.
    backoff = Patience.backoff
    // What has no replies of its own works once it is there.
    if pending.isEmpty { works() }
    for entry in pending[answered...] {
      if let command = entry.command { fresh.append(command) }
    }
  }

  /// Forgets the connection; what is kept will be sent again.
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

  /// Reads what is there; each reply comes with what it was for.
  func receive(now: Int, _ body: (RedisValue, Purpose) -> Void) {
    do throws(RedisError) {
      try connection?.readAvailable()
      while let reply = try connection?.nextReply() {
        let purpose = takePurpose()
        // Executors of a run may be allowed to reach no more than they need.
        if let text = reply.errorText {
          if purpose != .runKeys { try note(error: text) }
        } else {
          notePermission()
        }
        settle(purpose)
        if isIdle, reply.errorText == nil { works() }
        owedSince = isIdle ? nil : now
        heardAt = now
        pingedAt = nil
        body(reply, purpose)
      }
    } catch {
      lose(error, now: now)
    }
  }

  func checkPatience(now: Int) {
    if let answerDueAt, now >= answerDueAt {
      // We may have been suspended, with the answer before us.
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

  /// Says once what is the matter, however often the attempts fail.
  private func announce(_ error: RedisError) {
    guard announces, announced != error.message else { return }
    announced = error.message
    Console.say("\(error); running jobs go on, trying again")
  }

  private func works() {
    if announced != nil { Console.say("Redis at \(url) is back") }
    announced = nil
    lastError = nil
  }

  /// What is kept is tried again when the error may pass; for the rest people are told.
  private func note(error text: String) throws(RedisError) {
    if let command = pendingCommand, isPassing(text, of: command) {
      throw RedisError(.server, text, at: url.description)
    }
    guard text != lastComplaint else { return }
    lastComplaint = text
    Console.say("Redis at \(url): \(text)")
  }

  /// Whether the same command will succeed later. A permission that was never there is not coming
  /// back; one that was taken away may be given again.
  private func isPassing(_ text: String, of command: RedisCommand) -> Bool {
    switch RedisError.trouble(ofReply: text) {
    case .connection, .notReady, .noRoom: true
    case .refused: !text.hasPrefix("NOPERM") || permitted.contains(command.parts.first ?? [])
    case .other: false
    }
  }

  private func notePermission() {
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
