import Posix

enum WorkflowPath {
  /// The absolute path, relative to the current directory.
  static func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : Files.join(Files.currentDirectory, path)
  }
}
