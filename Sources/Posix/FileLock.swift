import Glibc

/// An advisory lock between processes: on a file of its own, until it is released or its holder
/// ends. File systems without locks (some Lustre mounts) go without: everybody gets it.
public struct FileLock: ~Copyable, Sendable {
  private let descriptor: Descriptor
  /// On something that can only be read: it keeps out nobody who can write.
  public let isReadOnly: Bool

  /// Opens the file, made when missing, without taking the lock.
  public init(_ path: String) throws(PosixError) {
    let number = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard number >= 0 else { throw PosixError("open", path) }
    descriptor = Descriptor(owning: number)
    isReadOnly = false
  }

  /// A lock on what can only be read: a directory is as good for it as a file.
  public init(reading path: String) throws(PosixError) {
    descriptor = try Files.openForReading(path)
    isReadOnly = true
  }

  /// Takes it, or makes a shared one exclusive, if that is possible now. If not, a shared one is
  /// given up.
  public func takeAtOnce() -> Bool { lock(LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK }

  /// Takes it together with others who share it, or makes an exclusive one shared; waits for an
  /// exclusive holder.
  public func share() { _ = lock(LOCK_SH) }

  public func release() { _ = lock(LOCK_UN) }

  private func lock(_ operation: Int32) -> Bool {
    while flock(descriptor.number, operation) != 0 {
      guard errno == EINTR else { return false }
    }
    return true
  }
}
