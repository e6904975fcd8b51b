import JSONValue

/// The text of one journal entry: its events in order, one JSON object a line.
///
/// A line leaves out `time`, `worker`, `host` and `pid` if they are the same as in the last line
/// that has them. In a run of short jobs, that is half of the journal.
public struct JournalEntry: Sendable {
  public private(set) var bytes: [UInt8] = []
  private var latest = Latest()

  public init() {}

  public var isEmpty: Bool { bytes.isEmpty }

  public mutating func append(_ event: RunEvent) {
    if !bytes.isEmpty { bytes.append(0x0A) }
    latest.shortened(event.json).write(to: &bytes)
  }

  /// The events of an entry. Lines that cannot be read are only counted.
  public static func events(in bytes: [UInt8]) -> (events: [RunEvent], unreadable: Int) {
    var latest = Latest()
    var events: [RunEvent] = []
    var unreadable = 0
    for line in bytes.split(separator: 0x0A) {
      if let json = try? JSON(parsing: Array(line)), let event = RunEvent(latest.completed(json)) {
        events.append(event)
      } else {
        unreadable += 1
      }
    }
    return (events, unreadable)
  }

  /// The latest values of the members that may be left out.
  private struct Latest {
    private static let keys = ["time", "worker", "host", "pid"]
    private var values = [JSON?](repeating: nil, count: keys.count)

    mutating func shortened(_ event: JSON) -> JSON {
      guard let members = event.object?.members else { return event }
      var left: [(key: String, value: JSON)] = []
      left.reserveCapacity(members.count)
      for member in members where !isKnown(member.key, member.value) { left.append(member) }
      return .object(JSONObject(distinct: left))
    }

    mutating func completed(_ line: JSON) -> JSON {
      guard var members = line.object else { return line }
      for (place, key) in Self.keys.enumerated() {
        if let value = members[key] { values[place] = value } else { members[key] = values[place] }
      }
      return .object(members)
    }

    /// Whether the last line with that member has the same value. If not, the new value is kept.
    private mutating func isKnown(_ key: String, _ value: JSON) -> Bool {
      guard let place = Self.keys.firstIndex(of: key) else { return false }
      if values[place]?.isIdentical(to: value) == true { return true }
      values[place] = value
      return false
    }
  }
}
