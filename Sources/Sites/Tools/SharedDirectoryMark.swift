import Glibc
import Posix

/// A file in the run's directory that shows another host whether it sees the same directory.
struct SharedDirectoryMark: Sendable {
  let path: String
  /// Its content; `nil` if it could not be written.
  let text: String?

  init(_ access: WorkerAccess) {
    // The site's own files are normally below the directory of the jobs.
    let files = access.filesDirectory
    let isInside = files.hasPrefix(access.directory + "/")
    let name = "mark-\(UInt64.random(in: .min ... .max))"
    path = Files.join(isInside ? files : access.directory, isInside ? name : ".hflow-\(name)")
    let content = String(UInt64.random(in: .min ... .max), radix: 36)
    let isWritten = (try? Files.write(Array(content.utf8), to: path, mode: 0o600)) != nil
    text = isWritten ? content : nil
  }

  func remove() { unlink(path) }
}
