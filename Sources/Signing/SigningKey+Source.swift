/// The source of a signing key for every program: a private file, else the environment.
extension SigningKey {
  public static let variable = "HFLOW_SIGNING_KEY"
  public static let option = "--signing-key-file"

  /// The key in the file, else the value of the variable; `nil` if there is neither. `read`
  /// returns the bytes of a private file.
  public static func load<Failure: Error>(
    file: String?, variable value: String?, read: (String) throws(Failure) -> [UInt8]
  ) throws(SigningKeyError) -> SigningKey? {
    if let file { return try key(in: file, read) }
    guard let value, !value.isEmpty else { return nil }
    do throws(SigningKeyError) {
      return try SigningKey(value.utf8)
    } catch {
      throw SigningKeyError("\(variable): \(error)")
    }
  }

  private static func key<Failure: Error>(
    in file: String, _ read: (String) throws(Failure) -> [UInt8]
  ) throws(SigningKeyError) -> SigningKey {
    let bytes: [UInt8]
    do throws(Failure) {
      bytes = try read(file)
    } catch {
      throw SigningKeyError("\(option): \(error)")
    }
    do throws(SigningKeyError) {
      return try SigningKey(bytes)
    } catch {
      throw SigningKeyError("\(option) \(file): \(error)")
    }
  }
}
