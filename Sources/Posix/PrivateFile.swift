import Glibc

/// Files that hold secrets.
public enum PrivateFile {
  /// Why a file cannot hold a secret.
  public struct Failure: Error, Equatable, CustomStringConvertible {
    public let description: String
  }

  static let sizeLimit = 65536

  /// Reads a file of this user or of root that nobody else may read or write.
  public static func read(_ path: String) throws(Failure) -> [UInt8] {
    let number = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard number >= 0 else { throw Failure(description: PosixError("read", path).description) }
    let file = Descriptor(owning: number)
    // Check the open file, not what the path may name a moment later.
    var info = stat()
    guard fstat(file.number, &info) == 0 else {
      throw Failure(description: PosixError("read", path).description)
    }
    guard info.st_mode & S_IFMT == S_IFREG else {
      throw Failure(description: "\(path) is not a regular file")
    }
    guard info.st_uid == geteuid() || info.st_uid == 0 else {
      throw Failure(description: "\(path) belongs to another user, who could change it")
    }
    guard info.st_mode & 0o077 == 0 else {
      let mode = String(info.st_mode & 0o777, radix: 8)
      throw Failure(
        description: "\(path) can be used by others (mode \(mode)); run: chmod 600 \(path)")
    }
    guard info.st_size <= sizeLimit else { throw Failure(description: "\(path) is too large") }
    do {
      return try DescriptorIO.readToEnd(file.number)
    } catch {
      throw Failure(description: PosixError("read", path, code: error.code).description)
    }
  }
}

/// Text that nobody guesses: passwords, keys and tokens.
public enum Secret {
  /// Digits and letters from 256 random bits.
  public static func random() -> String {
    (0..<4).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }.joined()
  }
}
