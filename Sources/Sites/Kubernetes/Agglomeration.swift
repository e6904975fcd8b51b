public import JSONValue

/// `workflow.config.jobAgglomerations.json`: which tasks share a Job.
///
/// | task | goes to |
/// |---|---|
/// | named by no `matchTask` | a Job of its own, at once |
/// | named by several | the first of them |
/// | of a partition | the buffer of that partition, if the entry has so many |
/// | of a partition, entry without `partitions` | a Job of its own |
/// | of no partition, entry with `partitions` above 1 | a Job of its own |
///
/// A buffer becomes a Job when it has `size` tasks, or `timeoutMs` after the last one came.
public struct Agglomeration: Sendable, Equatable {
  struct Rule: Sendable, Equatable {
    var names: [String]
    var size: Int
    var timeout: Int
    /// 0: for tasks without a partition.
    var partitions: Int
  }

  private struct Key: Hashable {
    var rule: Int
    var partition: String?
  }

  private struct Buffer: Equatable {
    var tasks: [KubernetesTask] = []
    /// When the buffer is due, in monotonic milliseconds.
    var dueAt = 0
  }

  let rules: [Rule]
  private var buffers: [Key: Buffer] = [:]

  public init(_ configuration: JSON?) throws(SiteMistake) {
    guard let configuration else {
      rules = []
      return
    }
    let place = "workflow.config.jobAgglomerations.json"
    guard let entries = configuration.array else {
      throw SiteMistake("\(place): must be a list of {matchTask, size, timeoutMs}")
    }
    var rules: [Rule] = []
    for (index, entry) in entries.enumerated() {
      guard let names = entry["matchTask"]?.array?.compactMap(\.string), !names.isEmpty,
        let size = entry["size"]?.int, size >= 1, let timeout = entry["timeoutMs"]?.int,
        timeout >= 0
      else {
        throw SiteMistake(
          "\(place): [\(index)]: needs matchTask (a list of process names), size (at least 1) and "
            + "timeoutMs (at least 0)")
      }
      let partitions = entry["partitions"]?.int ?? 0
      rules.append(
        Rule(names: names, size: size, timeout: timeout, partitions: max(0, partitions)))
    }
    self.rules = rules
  }

  private func buffer(of task: KubernetesTask) -> Key? {
    for (index, rule) in rules.enumerated() where rule.names.contains(task.name) {
      guard rule.partitions > 1 else {
        if task.partition == nil { return Key(rule: index) }
        continue
      }
      if let partition = task.partition, let number = Int(partition),
        (1...rule.partitions).contains(number)
      {
        return Key(rule: index, partition: partition)
      }
    }
    return nil
  }

  /// Adds a task. Returns the group that is complete with it, if any.
  public mutating func add(_ task: KubernetesTask, now: Int) -> [KubernetesTask]? {
    guard let place = buffer(of: task) else { return [task] }
    var buffer = buffers[place] ?? Buffer()
    buffer.tasks.append(task)
    buffer.dueAt = now + rules[place.rule].timeout
    guard buffer.tasks.count >= rules[place.rule].size else {
      buffers[place] = buffer
      return nil
    }
    buffers[place] = nil
    return buffer.tasks
  }

  /// Groups whose timeout since their last task has passed, the oldest first.
  public mutating func due(now: Int) -> [[KubernetesTask]] {
    let due = buffers.filter { $0.value.dueAt <= now }.sorted {
      ($0.value.dueAt, $0.key.rule) < ($1.value.dueAt, $1.key.rule)
    }
    for (place, _) in due { buffers[place] = nil }
    return due.map(\.value.tasks)
  }

  /// When the next buffer is due; `nil` if all are empty.
  public var nextDue: Int? { buffers.values.map(\.dueAt).min() }

  /// Removes a task from its buffer; returns whether it was in one.
  public mutating func remove(_ job: String) -> Bool {
    for (place, buffer) in buffers {
      guard let index = buffer.tasks.firstIndex(where: { $0.job == job }) else { continue }
      buffers[place]?.tasks.remove(at: index)
      if buffers[place]?.tasks.isEmpty == true { buffers[place] = nil }
      return true
    }
    return false
  }
}
