import Glibc

/// A failed system call: its name, its subject, and the reason.
public struct PosixError: Error, Equatable, CustomStringConvertible {
  public let call: String
  public let subject: String
  public let code: Int32
  /// The reason if the code alone is not enough.
  private let explanation: String?

  public init(_ call: String, _ subject: String, code: Int32, because explanation: String? = nil) {
    self.call = call
    self.subject = subject
    self.code = code
    self.explanation = explanation
  }

  /// Uses the current `errno`.
  public init(_ call: String, _ subject: String = "") {
    self.init(call, subject, code: errno)
  }

  public var reason: String { explanation ?? String(cString: strerror(code)) }

  public var description: String {
    subject.isEmpty ? "\(call): \(reason)" : "\(call) \(subject): \(reason)"
  }
}
