import JobProtocol
import Posix
import Signing

/// Lets in what may be started: with a signing key only messages that are signed with it, fresh,
/// and new; without one everything.
struct JobGate {
  private let key: SigningKey?
  private var seen = ReplayMemory()
  private var orders = ReplayMemory()
  private var nextComplaint = 0

  /// At most one complaint about orders in so many milliseconds.
  private static let complaintPause = 60_000

  init(key: SigningKey?) { self.key = key }

  /// Whether each job must be claimed in Redis before it starts, too.
  var isStrict: Bool { key != nil }

  /// A message that may be started as far as this executor knows.
  struct Admitted: Equatable {
    let message: JobMessage
    /// Milliseconds since 1970; `nil` when it is not signed.
    let expires: Int?
  }

  /// The time is in milliseconds since 1970. What is thrown goes into the report.
  mutating func admit(
    _ message: JobMessage, job: String, now: Int
  ) throws(SignatureError) -> Admitted {
    guard let key else { return Admitted(message: message, expires: nil) }
    let verified = try key.verify(message, job: job, now: now)
    guard seen.remember(job, until: verified.expires, now: now) else { throw .replayed }
    return Admitted(message: verified.message, expires: verified.expires)
  }

  /// The job was not started and may come again.
  mutating func forget(job: String) { seen.forget(job) }

  /// `nil` for what is no order, or none that is believed.
  mutating func order(_ text: String, channel: String, now: Int) -> ExecutorOrder? {
    guard let key else { return ExecutorOrder(text: text) }
    do throws(SignatureError) {
      return try key.verify(order: text, channel: channel, now: now, memory: &orders)
    } catch {
      if now >= nextComplaint {
        nextComplaint = now + JobGate.complaintPause
        Console.say("ignored an order on \(channel): \(error)")
      }
      return nil
    }
  }
}
