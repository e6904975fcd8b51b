import ArgumentParser
import Posix

/// The values for `{{NAME}}` in a workflow file.
struct VariableOptions: ParsableArguments {
  @Option(
    name: .customLong("var"),
    help: ArgumentHelp("Value for {{NAME}} in the workflow", valueName: "NAME=VALUE"))
  var variables: [String] = []

  @Option(help: "Value for {{function}} in the workflow")
  var function: String?

  func validate() throws {
    if let invalid = variables.first(where: { !$0.contains("=") || $0.hasPrefix("=") }) {
      throw ValidationError("--var \(invalid): expected NAME=VALUE")
    }
  }

  /// As in HyperFlow, `HF_VAR_name` in the environment takes precedence over `--var name=…`.
  var all: [String: String] {
    var result: [String: String] = [:]
    for pair in variables {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      result[String(parts[0])] = String(parts[1])
    }
    if let function { result["function"] = function }
    let prefix = "HF_VAR_"
    for (name, value) in Environment.all where name.hasPrefix(prefix) {
      result[String(name.dropFirst(prefix.count))] = value
    }
    return result
  }
}
