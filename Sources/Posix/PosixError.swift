import Glibc

/// A system call that failed: which one, on what, and why.
public struct PosixError: Error, Equatable, CustomStringConvertible {
  public let call: String
  public let subject: String
  public let code: Int32
  /// Why, where the code alone does not tell.
  private let explanation: String?

  public init(_ call: String, _ subject: String, code: Int32, because explanation: String? = nil) {
    self.call = call
    self.subject = subject
    self.code = code
    self.explanation = explanation
  }

  /// Takes `errno` as it is now.
  public init(_ call: String, _ subject: String = "") {
    self.init(call, subject, code: errno)
  }

  public var reason: String { explanation ?? String(cString: strerror(code)) }

  public var description: String {
    subject.isEmpty ? "\(call): \(reason)" : "\(call) \(subject): \(reason)"
  }
}
