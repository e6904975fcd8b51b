/// Ids of stream entries, `<milliseconds>-<number>`.
enum RedisStreamID {
  /// The smallest id after the given one; `nil` if the text is no id.
  static func next(after id: String) -> String? {
    let parts = id.split(separator: "-").compactMap { UInt64($0) }
    guard parts.count == 2 else { return nil }
    return parts[1] == .max ? "\(parts[0] + 1)-0" : "\(parts[0])-\(parts[1] + 1)"
  }
}
