import Glibc
import Posix

/// The workflow that an argument means.
///
/// | argument | what is read | where its jobs run and `.hflow` goes |
/// |---|---|---|
/// | a directory | the `workflow.json` in it | that directory |
/// | a file | the file | the file's directory |
/// | `-`, a pipe, a device (`<(generator)`) | all of it, once | the current directory |
struct WorkflowSource {
  /// Absolute. For what was read from a pipe it is a name in the current directory, and nothing
  /// lies there.
  let path: String
  /// What a pipe gave; `nil` for a file, which is read where it is needed.
  let text: [UInt8]?

  static let fileName = "workflow.json"
  static let pipeName = "workflow-from-pipe.json"
  /// A workflow of a million tasks has 300 MB. `/dev/zero` has no end.
  private static let pipeLimit = 2 << 30

  /// An error names what was looked for.
  init(_ argument: String) throws(Failure) {
    if argument != "-" { try Self.check(argument) }
    if argument == "-" || Self.isPipe(argument) {
      path = Files.join(Files.currentDirectory, Self.pipeName)
      text = try Self.read(argument)
      return
    }
    guard Files.exists(argument), let found = Files.realPath(argument) else {
      throw Failure(.usage, "\(argument): no such file or directory; give a workflow's directory")
    }
    guard Files.isDirectory(found) else {
      (path, text) = (found, nil)
      return
    }
    let file = Files.join(found, Self.fileName)
    if let link = GuardedPath(file).refusal {
      throw Failure(.usage, "\(file): \(link.reason)")
    }
    guard Files.exists(file) else {
      throw Failure(
        .usage,
        "\(argument): no \(Self.fileName) in this directory; give the workflow's directory or file"
      )
    }
    text = Self.isPipe(file) ? try Self.read(file) : nil
    path = text == nil ? file : Files.join(found, Self.pipeName)
  }

  /// The directory of the run, for `-C`; `name` is what the user calls it.
  func place(called name: String) -> String { text == nil ? name : Files.parent(of: path) }

  /// A path that is not UTF-8 names nothing here, and a link that another user has made in the
  /// place of a file is not followed.
  private static func check(_ argument: String) throws(Failure) {
    do throws(PosixError) {
      _ = try Files.resolve(argument)
    } catch {
      guard error.code == EILSEQ else { return }
      throw Failure(.usage, "\(argument): \(error.reason)")
    }
    if !Files.isDirectory(argument), let link = GuardedPath(argument).refusal {
      throw Failure(.usage, "\(argument): \(link.reason)")
    }
  }

  /// Whether it cannot be read twice, or has no name under which it could be: a pipe, a device, a
  /// file that was deleted, as the text of `<<` in a shell.
  private static func isPipe(_ argument: String) -> Bool {
    guard Files.exists(argument) else { return false }
    if let real = Files.realPath(argument), Files.exists(real) {
      return !Files.isDirectory(real) && !Files.isRegular(real)
    }
    return true
  }

  private static func read(_ argument: String) throws(Failure) -> [UInt8] {
    do throws(PosixError) {
      if argument == "-" { return try readToEnd(STDIN_FILENO, argument) }
      let file = try Files.openForReading(argument)
      return try readToEnd(file.number, argument)
    } catch {
      throw Failure(.usage, "\(argument): \(error.reason)")
    }
  }

  private static func readToEnd(
    _ descriptor: Int32, _ name: String
  ) throws(PosixError) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count <= pipeLimit {
      guard let part = try DescriptorIO.read(descriptor) else {
        _ = Poll.wait(for: descriptor, POLLIN, milliseconds: 1000)
        continue
      }
      if part.isEmpty { return bytes }
      bytes += part
    }
    throw PosixError("read", name, code: EFBIG)
  }
}
