import ArgumentParser
import Posix
import Runner
import Runs
import Signing

/// The signing key, for every command that sends or reads signed messages.
struct SigningOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "File with the signing key (default: $HFLOW_SIGNING_KEY)",
      valueName: "file"))
  var signingKeyFile: String?

  /// The absolute path of the file. Throws if the key in it cannot be used.
  func checkedFile() throws -> String? {
    _ = try Self.key(in: path)
    return path
  }

  /// The absolute path of the file.
  var path: String? { signingKeyFile.map(WorkflowPath.absolute) }

  /// The key in a file, else the run's own, else in the environment; `nil` if there is none.
  static func key(in file: String?, of directory: RunDirectory?) throws(Failure) -> SigningKey? {
    let own = directory.map(\.ownSigningKey).flatMap { Files.exists($0) ? $0 : nil }
    return try key(in: file ?? own)
  }

  /// The key in a file, else in the environment; `nil` if there is neither.
  static func key(in file: String?) throws(Failure) -> SigningKey? {
    do throws(SigningKeyError) {
      return try SigningKey.load(
        file: file, variable: Environment[SigningKey.variable], read: PrivateFile.read)
    } catch {
      throw Failure(.infrastructure, "\(error)")
    }
  }
}
