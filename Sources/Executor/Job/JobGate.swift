import JobProtocol
import Posix
import Signing

/// Decides which jobs may start: with a signing key only messages that are signed with it, not
/// expired and not repeated; without a key all.
struct JobGate {
  private let key: SigningKey?
  private var seen = ReplayMemory()
  private var orders = ReplayMemory()
  private var nextNotice = 0

  /// The shortest interval between messages about invalid orders, in milliseconds.
  private static let noticePause = 60_000

  init(key: SigningKey?) { self.key = key }

  /// Whether each job must also be claimed in Redis before it starts.
  var isStrict: Bool { key != nil }

  /// A message whose job may be started, as far as this executor knows.
  struct Admitted: Equatable {
    let message: JobMessage
    /// Milliseconds since 1970; `nil` if it is not signed.
    let expires: Int?
  }

  /// - Parameter now: milliseconds since 1970. The thrown error goes into the report.
  mutating func accept(
    _ message: JobMessage, job: String, now: Int
  ) throws(SignatureError) -> Admitted {
    guard let key else { return Admitted(message: message, expires: nil) }
    let verified = try key.verify(message, job: job, now: now)
    guard seen.remember(job, until: verified.expires, now: now) else { throw .replayed }
    return Admitted(message: verified.message, expires: verified.expires)
  }

  /// Permits the job to arrive again, because it was not started.
  mutating func forget(job: String) { seen.forget(job) }

  /// `nil` if the text is not an order, or not a valid one.
  mutating func order(_ text: String, channel: String, now: Int) -> ExecutorOrder? {
    guard let key else { return ExecutorOrder(text: text) }
    do throws(SignatureError) {
      return try key.verify(order: text, channel: channel, now: now, memory: &orders)
    } catch {
      if now >= nextNotice {
        nextNotice = now + JobGate.noticePause
        Console.printError("ignored an order on \(channel): \(error)")
      }
      return nil
    }
  }
}
