/// The tasks of one process by firing, in order. Most processes fire once, so the first task needs
/// no array of its own.
public struct TaskList: Sendable, Equatable, RandomAccessCollection, MutableCollection {
  private var first: TaskRecord?
  private var others: [TaskRecord] = []

  public init() {}

  public var startIndex: Int { 0 }
  public var endIndex: Int { first == nil ? 0 : 1 + others.count }

  public subscript(position: Int) -> TaskRecord {
    get {
      guard position == 0, let first else { return others[position - 1] }
      return first
    }
    _modify {
      if position == 0, var task = first.take() {
        defer { first = task }
        yield &task
      } else {
        yield &others[position - 1]
      }
    }
  }

  mutating func append(_ task: TaskRecord) {
    if first == nil { first = task } else { others.append(task) }
  }
}
