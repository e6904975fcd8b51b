import JSONValue
import Posix
import Workflow

/// The configuration files beside a workflow. `workflow.config.json` is the configuration itself,
/// and `workflow.config.NAME.json` is its member NAME. Functions get the whole as `appConfig`.
enum WorkflowConfiguration {
  static let mainFile = "workflow.config.json"
  private static let prefix = "workflow.config."
  private static let suffix = ".json"

  struct Reading {
    let appConfig: JSONObject
    let findings: [WorkflowFile.FileFinding]
  }

  /// The NAME in `workflow.config.NAME.json`; `nil` for other file names. NAME may contain dots.
  static func memberName(_ file: String) -> String? {
    guard file.hasPrefix(prefix), file.hasSuffix(suffix),
      file.utf8.count >= prefix.utf8.count + suffix.utf8.count
    else { return nil }
    return String(file.dropFirst(prefix.count).dropLast(suffix.count))
  }

  /// A file of its own overrides a member of the main file, and what HyperFlow itself sets
  /// overrides both.
  static func merge(
    main: JSONObject, members: [(name: String, value: JSON)], directory: String
  ) -> JSONObject {
    var merged = main
    for (name, value) in members { merged[name] = value }
    merged["emulate"] = "false"
    merged["workdir"] = .string(directory)
    return merged
  }

  /// Reads the files of a directory. An unreadable file is left out, and is an error among the
  /// findings.
  static func read(directory: String) -> Reading {
    var main = JSONObject()
    var members: [(name: String, value: JSON)] = []
    var findings: [WorkflowFile.FileFinding] = []
    for file in Files.list(directory) {
      let member = memberName(file)
      guard member != nil || file == mainFile else { continue }
      do throws(ConfigurationError) {
        let value = try parse(GuardedPath(file, below: directory))
        if let member { members.append((member, value)) } else { main = try object(value) }
      } catch {
        let finding = Finding(severity: .error, path: error.place, text: error.text)
        findings.append(WorkflowFile.FileFinding(file: file, finding: finding))
      }
    }
    return Reading(
      appConfig: merge(main: main, members: members, directory: directory), findings: findings)
  }

  private struct ConfigurationError: Error {
    var place = ""
    let text: String
  }

  private static func parse(_ path: GuardedPath) throws(ConfigurationError) -> JSON {
    let bytes: [UInt8]
    do {
      bytes = try path.read()
    } catch {
      throw ConfigurationError(text: error.reason)
    }
    do {
      return try JSON(parsing: bytes)
    } catch {
      throw ConfigurationError(
        place: "line \(error.line), column \(error.column)", text: error.problem)
    }
  }

  private static func object(_ value: JSON) throws(ConfigurationError) -> JSONObject {
    if case .object(let object) = value { return object }
    throw ConfigurationError(text: "expected an object, found \(value.kindName)")
  }
}
