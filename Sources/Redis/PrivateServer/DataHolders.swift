import Glibc
public import Posix

/// The processes of this host that hold the data of a private server: the server, whether
/// reachable or not, and its children that rewrite the file.
///
/// A server inherits the lock of its data as a fixed descriptor, so it can be found without its
/// socket, which a cleaner of `/tmp` may have removed.
public struct DataHolders: Sendable {
  /// The descriptor of the lock in the server.
  static let lockDescriptor: Int32 = 3

  private static let lockName = "redis.lock"

  static func lock(ofDataIn directory: String) -> String { Files.join(directory, lockName) }

  public let processes: [Child]

  public init(ofDataIn directory: String) {
    let lock = Self.realLock(ofDataIn: directory)
    // The kernel's suffix for a removed directory.
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

  /// Whether a process may be the server of these data. True unless the process is known to lock
  /// another existing file.
  static func mayHold(_ directory: String, _ process: Int) -> Bool {
    let held = "/proc/\(process)/fd/\(lockDescriptor)"
    guard let place = Files.linkTarget(held), Files.name(of: place) == lockName,
      let heldFile = Files.identity(held), let ownFile = Files.identity(lock(ofDataIn: directory))
    else { return true }
    return heldFile.mayEqual(ownFile)
  }

  /// A program that starts a server also holds the lock for a moment, with any descriptor.
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

  /// Ends all of them; servers write their data first. Kills those that take too long.
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
