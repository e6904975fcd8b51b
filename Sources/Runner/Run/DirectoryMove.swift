import Posix

/// The workflow's directory was moved after the run had begun.
struct DirectoryMove: Sendable, Equatable {
  /// Where the run began.
  let former: String
  let present: String

  /// From the paths of the workflow's file; `nil` where nothing was moved.
  init?(ofWorkflow former: String?, to present: String?) {
    guard let former, let present else { return nil }
    self.former = Files.parent(of: former)
    self.present = Files.parent(of: present)
    guard self.former != self.present else { return nil }
  }

  /// Where a file or directory is now: what did not lie in the workflow's directory was not moved.
  func place(of path: String) -> String {
    guard path == former || path.hasPrefix(former + "/") else { return path }
    return present + path.dropFirst(former.count)
  }
}
