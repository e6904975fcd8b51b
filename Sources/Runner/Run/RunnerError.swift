/// Why a run cannot start or go on: what, where, and what to do, in one line.
public struct RunnerError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: Sendable, Equatable {
    /// The workflow cannot be read or is not valid.
    case invalidWorkflow
    /// Redis, an executor or the file system does not do what is needed.
    case infrastructure
  }

  public let code: Code
  /// One finding each.
  public let messages: [String]

  public init(_ code: Code, _ messages: String...) { self.init(code, messages) }

  public init(_ code: Code, _ messages: [String]) {
    self.code = code
    self.messages = messages
  }

  public var description: String { messages.joined(separator: "\n") }
}
