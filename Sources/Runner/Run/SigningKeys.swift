import Glibc
public import Posix
public import Signing

/// Where the signing key of a run comes from: a file, else `HFLOW_SIGNING_KEY`.
public enum SigningKeys {
  public static let variable = "HFLOW_SIGNING_KEY"

  /// `nil` where there is neither.
  public static func key(
    file: String?, environment: (String) -> String? = { Environment[$0] }
  ) throws(RunnerError) -> SigningKey? {
    if let file { return try read(file) }
    guard let text = environment(variable), !text.isEmpty else { return nil }
    do {
      return try SigningKey(Array(text.utf8))
    } catch {
      throw RunnerError(.infrastructure, "\(variable): \(error)")
    }
  }

  private static func read(_ path: String) throws(RunnerError) -> SigningKey {
    var info = stat()
    guard stat(path, &info) == 0 else {
      throw RunnerError(.infrastructure, "--signing-key-file \(path): cannot be read")
    }
    guard info.st_mode & 0o077 == 0 else {
      throw RunnerError(
        .infrastructure,
        "--signing-key-file \(path): others may read it; make it private: chmod 600 \(path)")
    }
    do {
      return try SigningKey(try Files.read(path))
    } catch {
      throw RunnerError(.infrastructure, "--signing-key-file \(path): \(error)")
    }
  }
}
