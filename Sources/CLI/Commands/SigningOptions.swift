import ArgumentParser
import Posix
import Signing

/// The key that signs what makes others act, for every command that may need it.
struct SigningOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A private file with the key that signs jobs and requests; else HFLOW_SIGNING_KEY.",
      valueName: "file"))
  var signingKeyFile: String?

  /// The file, absolute. A key that cannot be used ends the command here.
  func checkedFile() throws -> String? {
    _ = try Self.key(in: path)
    return path
  }

  /// The file, absolute.
  var path: String? { signingKeyFile.map(WorkflowPath.absolute) }

  /// The key in a file, else in the environment; `nil` where there is neither.
  static func key(in file: String?) throws(Failure) -> SigningKey? {
    do throws(SigningKeyError) {
      return try SigningKey.given(
        file: file, variable: Environment[SigningKey.variable], read: PrivateFile.read)
    } catch {
      throw Failure(.infrastructure, "\(error)")
    }
  }
}
