import JobProtocol

/// What error messages of container tools mean. They are read only if the command has not started.
///
/// | the tool says | cause | code |
/// |---|---|---|
/// | no such image, unknown manifest, access denied | image | 125 |
/// | no such file, for the command | not found | 127 |
/// | permission denied, for the command | not found | 126 |
/// | anything else | container | 125 |
enum ContainerError {
  private static let missingImages = [
    "no such image", "image not known", "unable to find image", "manifest unknown",
    "pull access denied", "repository does not exist", "did not resolve to an alias",
    "can't stat:", "could not open image", "unauthorized",
    "requested access to the resource is denied", "name unknown", "failed to get checksum for",
    "no unqualified-search registries",
  ]
  private static let missingCommands =
    [
      "exec: \"", "execvp ", "can't execve(2)", "executable file not found",
    ] + initWords
  /// The beginnings of error messages of the init programs of docker and podman.
  private static let initWords = ["[fatal tini", "failed to exec pid1"]

  /// Whether the tool itself has failed with this exit code and last line. Otherwise, both are the
  /// application's: a tool passes its exit code and output on.
  static func isOfTool(_ tool: ContainerTool, code: Int, line: String) -> Bool {
    switch tool {
    case .docker, .podman:
      (code == 126 || code == 127) && initWords.contains(where: line.lowercased().contains)
    case .hostOnly: false
    case .apptainer: code != 0 && line.hasPrefix("FATAL:")
    case .charliecloud: code == 1 && line.hasPrefix("ch-run[") && line.contains("error:")
    case .bwrap: code == 1 && line.hasPrefix("bwrap: ")
    }
  }

  /// The line with the reason among the last lines of a tool.
  static func reason(in text: String) -> String {
    let lines = text.split(whereSeparator: \.isNewline).map(String.init)
      .filter { $0.contains(where: \.isLetter) && !$0.hasPrefix("Run '") && !$0.hasPrefix("See '") }
    let starts = ["docker: ", "Error", "FATAL:", "ch-run[", "bwrap: ", "error", "[FATAL"]
    return lines.last { line in starts.contains(where: line.hasPrefix) } ?? lines.last ?? ""
  }

  /// - Parameters: `image` and `command` as in the task; `host` is the host that tried it.
  static func failure(
    _ reason: String, tool: ContainerTool, image: String, command: String, host: String
  ) -> JobFailure {
    let lowered = reason.lowercased()
    if missingCommands.contains(where: lowered.contains) {
      let isForbidden = lowered.contains("permission denied")
      let problem = isForbidden ? "may not be executed" : "not found"
      let hint =
        command == "/bin/sh" && !isForbidden
        ? "; \"shell\": true needs a shell in the image" : ""
      return JobFailure(
        .notFound("\(command): \(problem) in the image \(image)\(hint)"),
        code: isForbidden ? 126 : 127)
    }
    let detail = reason.isEmpty ? "\(tool.rawValue) did not say why" : reason
    if missingImages.contains(where: lowered.contains) {
      return JobFailure(.image("the image \(image) is not on \(host): \(detail)"))
    }
    return JobFailure(.container("no container of \(image) on \(host): \(detail)"))
  }
}
