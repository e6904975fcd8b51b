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
    do {
      return try SigningKey(try PrivateFile.read(path))
    } catch {
      throw RunnerError(.infrastructure, "--signing-key-file: \(error)")
    }
  }
}
