import Glibc

/// An advisory lock on a file, held until it is released or its process ends. On file systems
/// without locks (some Lustre mounts), everybody gets the lock.
public struct FileLock: ~Copyable, Sendable {
  private let descriptor: Descriptor
  /// Whether the file is read-only; the lock then does not keep out writers.
  public let isReadOnly: Bool

  /// Opens the file, creating it if necessary, without locking it.
  public init(_ path: String) throws(PosixError) {
    let number = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard number >= 0 else { throw PosixError("open", path) }
    descriptor = Descriptor(owning: number)
    isReadOnly = false
  }

  /// A lock on a read-only file or directory.
  public init(reading path: String) throws(PosixError) {
    descriptor = try Files.openForReading(path)
    isReadOnly = true
  }

  /// Locks it exclusively, if that is possible without waiting. On failure, a shared lock is
  /// lost.
  public func tryLock() -> Bool { lock(LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK }

  /// Locks it shared; waits for an exclusive holder. Converts an exclusive lock.
  public func share() { _ = lock(LOCK_SH) }

  public func release() { _ = lock(LOCK_UN) }

  private func lock(_ operation: Int32) -> Bool {
    while flock(descriptor.number, operation) != 0 {
      guard errno == EINTR else { return false }
    }
    return true
  }
}
