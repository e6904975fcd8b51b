import Posix
public import Signing

/// Where the signing key comes from: a file, or the environment.
public enum SigningSecret {
  public static let variable = "HFLOW_SIGNING_KEY"
  public static let option = "--signing-key-file"

  /// What is wrong with the key that was given, without showing it.
  public struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String
  }

  /// The key of the file, else that of the environment, which is taken out of it: children do not
  /// inherit it. `nil` when none is given.
  public static func load(file: String?) throws(Failure) -> SigningKey? {
    let inEnvironment = Environment.withdraw(variable)
    if let file { return try load(from: file) }
    guard let text = inEnvironment, !text.isEmpty else { return nil }
    do throws(SigningKeyError) {
      return try SigningKey(text.utf8)
    } catch {
      throw Failure(description: "\(variable): \(error)")
    }
  }

  private static func load(from file: String) throws(Failure) -> SigningKey {
    let bytes: [UInt8]
    do throws(PrivateFile.Failure) {
      bytes = try PrivateFile.read(file)
    } catch {
      throw Failure(description: "\(option): \(error)")
    }
    do throws(SigningKeyError) {
      return try SigningKey(bytes)
    } catch {
      throw Failure(description: "\(option) \(file): \(error)")
    }
  }
}
