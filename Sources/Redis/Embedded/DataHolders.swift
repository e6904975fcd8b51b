import Glibc
public import Posix

/// The processes of this host that have the data of an embedded server: the server, whether it can
/// be reached or not, and what it has forked to rewrite its file.
///
/// A server inherits the lock of its data as a certain descriptor, so it is found without its
/// socket, which something that cleans up `/tmp` may have taken.
public struct DataHolders: Sendable {
  /// The number under which a server inherits the lock of its data.
  static let lockDescriptor: Int32 = 3

  static func lock(ofDataIn directory: String) -> String { Files.join(directory, "redis.lock") }

  public let processes: [Child]

  public init(ofDataIn directory: String) {
    let lock = Self.realLock(ofDataIn: directory)
    // What the kernel adds where the directory has been removed under the server.
    let places: Set = [lock, "\(lock) (deleted)"]
    let user = geteuid()
    processes = ProcessTable.commandLines.keys.sorted().compactMap { pid in
      guard Files.owner(of: "/proc/\(pid)") == user,
        let place = Files.linkTarget("/proc/\(pid)/fd/\(Self.lockDescriptor)"),
        places.contains(place), Self.isServer(pid)
      else { return nil }
      return Child(pid: Int32(pid))
    }
  }

  /// A program of ours that starts a server has the lock, too, for a moment, under any number.
  private static func isServer(_ pid: Int) -> Bool {
    guard let program = Files.linkTarget("/proc/\(pid)/exe") else { return false }
    return program != Files.linkTarget("/proc/self/exe")
      && !Files.name(of: program).hasPrefix("hflow")
  }

  private static func realLock(ofDataIn directory: String) -> String {
    let parent = Files.parent(of: directory)
    let place = Files.realPath(parent).map { Files.join($0, Files.name(of: directory)) }
    return lock(ofDataIn: place ?? directory)
  }

  /// Ends all of them: they write everything down. Who does not end within the time is killed.
  public func end(graceMilliseconds: Int = 10_000) {
    for child in processes {
      guard let end = try? child.endDescriptor() else { continue }
      child.send(SIGTERM)
      if Poll.wait(for: end.number, POLLIN, milliseconds: graceMilliseconds) { continue }
      child.send(SIGKILL)
      _ = Poll.wait(for: end.number, POLLIN, milliseconds: graceMilliseconds)
    }
  }
}
