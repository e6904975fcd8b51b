import ArgumentParser
import Runner

/// The key that signs what makes others act, for every command that may need it.
struct SigningOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A private file with the key that signs jobs and requests; else HFLOW_SIGNING_KEY.",
      valueName: "file"))
  var signingKeyFile: String?

  /// The file, absolute. A key that cannot be used ends the command here.
  func checkedFile() throws -> String? {
    let path = signingKeyFile.map(WorkflowPath.absolute)
    do {
      _ = try SigningKeys.key(file: path)
    } catch {
      throw Failure(error)
    }
    return path
  }
}
