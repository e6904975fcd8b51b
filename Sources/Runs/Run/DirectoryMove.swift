import Posix

/// The workflow's directory was moved after the run had started.
package struct DirectoryMove: Sendable, Equatable {
  /// The directory in which the run was started.
  let former: String
  let present: String

  /// Compares two paths of the workflow's file; `nil` if the directory was not moved.
  package init?(ofWorkflow former: String?, to present: String?) {
    guard let former, let present else { return nil }
    self.former = Files.parent(of: former)
    self.present = Files.parent(of: present)
    guard self.former != self.present else { return nil }
  }

  /// The present path of a file or directory. Paths outside of the workflow's directory were not
  /// moved.
  package func place(of path: String) -> String {
    guard path == former || path.hasPrefix(former + "/") else { return path }
    return present + path.dropFirst(former.count)
  }
}
