import JSONValue
import Posix

/// One line of a persistence log, ours or the original engine's. Its member `"0"` is the time,
/// `"1"` the entry, and `"2"` has settings that a user may add to a firing.
///
/// | entry | meaning |
/// |---|---|
/// | `["info", directory, options]` | where the workflow is, and the options as JSON text |
/// | `["input", wfId, signal]` | a signal came from outside |
/// | `["fired", wfId, procId, firingId, outs, ins]` | a firing succeeded; `outs` may be null |
enum PersistenceEntry: Equatable {
  case info(directory: String, options: JSON)
  case input(JSONObject)
  case fired(process: Int, firing: Int, outputs: JSON, isForced: Bool)
  /// An entry of a newer version or a plug-in.
  case other

  /// Returns `nil` if the line is no entry.
  init?(_ line: JSON) {
    guard let entry = line["1"]?.array, let kind = entry.first?.string else { return nil }
    switch kind {
    case "info":
      guard entry.count >= 3, let directory = entry[1].string, let text = entry[2].string else {
        return nil
      }
      self = .info(directory: directory, options: (try? JSON(parsing: text)) ?? .null)
    case "input":
      guard entry.count >= 3, let signal = entry[2].object else { return nil }
      self = .input(signal)
    case "fired":
      guard entry.count >= 5, let process = entry[2].int, let firing = entry[3].int else {
        return nil
      }
      let flags = line["2"]?["flags"]?.array ?? []
      self = .fired(
        process: process, firing: firing, outputs: entry[4],
        isForced: flags.contains("forceRecompute"))
    default: self = .other
    }
  }

  /// Formats a line of the persistence log, or of the provenance log, which has the same format.
  static func line(_ entry: [JSON], milliseconds: Int) -> String {
    let time = Clock.isoText(milliseconds: milliseconds)
    return JSON.object(["0": .string(time), "1": .array(entry)]).text + "\n"
  }
}
