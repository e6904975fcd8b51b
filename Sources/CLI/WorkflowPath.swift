import Posix

/// Finds the workflow file that an argument means.
enum WorkflowPath {
  static let fileName = "workflow.json"

  /// As seen from where the command was given.
  static func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : Files.join(Files.currentDirectory, path)
  }

  /// The absolute path of the file; an error names what was looked for.
  static func resolve(_ argument: String) throws(Failure) -> String {
    guard Files.exists(argument), let path = Files.realPath(argument) else {
      throw Failure(.usage, "\(argument): no such file or directory; give a workflow's directory")
    }
    guard Files.isDirectory(path) else { return path }
    let file = Files.join(path, fileName)
    guard Files.exists(file) else {
      throw Failure(
        .usage,
        "\(argument): no \(fileName) in this directory; give the workflow's directory or file")
    }
    return file
  }
}
