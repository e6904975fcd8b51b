/// How long to wait before Jobs are submitted again, and how many at a time.
///
/// | after | pause | Jobs in the next call |
/// |---|---|---|
/// | success | none | twice as many, at most 50 |
/// | a quota is exceeded | 5 s, doubled to 2 min | 1 |
/// | the server is busy or away | 1 s, doubled to 1 min | 1 |
///
/// So a full quota costs one call of one Job every two minutes, however many Jobs wait.
public struct SubmissionPause: Sendable, Equatable {
  public private(set) var batch = Self.largest
  private var quota = RestartPause(first: 5000, longest: 120_000)
  private var busy = RestartPause(first: 1000, longest: 60_000)

  static let largest = 50

  public init() {}

  public mutating func succeeded() {
    batch = min(Self.largest, batch * 2)
    quota.succeeded()
    busy.succeeded()
  }

  /// The pause in milliseconds; `nil` if waiting does not help.
  public mutating func next(after error: KubectlError) -> Int? {
    switch error {
    case .quota:
      batch = 1
      return quota.next()
    case .busy, .unclear:
      batch = 1
      return busy.next()
    case .exists, .refused: return nil
    }
  }
}
