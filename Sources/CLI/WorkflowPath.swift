import Posix

enum WorkflowPath {
  /// As seen from where the command was given.
  static func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : Files.join(Files.currentDirectory, path)
  }
}
