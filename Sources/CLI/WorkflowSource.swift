import Glibc
import Posix
import Sites
import Workflow

/// The workflow that a command's argument names.
///
/// | argument | what is read | directory of jobs and `.hflow` |
/// |---|---|---|
/// | a directory | the `workflow.json` in it | that directory |
/// | a file | the file | the file's directory |
/// | `-`, a pipe, a device (`<(generator)`) | all of it, once | the current directory |
///
/// `convertingInstance` gives the workflow of a file in WfFormat or of Pegasus.
struct WorkflowSource {
  /// Absolute. For a pipe, a name in the current directory; no such file exists.
  let path: String
  /// The text from a pipe or of a converted instance; `nil` for a file, which is read when needed.
  let text: [UInt8]?
  /// The instance of WfFormat that the text was converted from.
  private(set) var instance: WfInstance?
  /// What is wrong with the instance.
  private(set) var findings: [Finding] = []

  static let fileName = "workflow.json"
  static let pipeName = "workflow-from-pipe.json"
  /// A workflow of a million tasks is 300 MB; `/dev/zero` never ends.
  private static let pipeLimit = 2 << 30

  /// - Parameter argument: the argument as the user typed it; errors quote it.
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

  /// How an instance of WfFormat is converted.
  enum Conversion: Equatable {
    /// Tasks run their commands.
    case work
    case simulation(WfInstance.Simulation)
    /// For drawing the graph only: tasks need no commands.
    static let graph = Conversion.simulation(WfInstance.Simulation())
  }

  /// A copy in which the workflow of an instance of WfFormat replaces the instance's text. The text
  /// is empty if the instance has errors.
  func convertingInstance(
    _ conversion: Conversion, findingLimit: Int? = nil
  ) -> WorkflowSource {
    // A file that cannot be read is reported when the workflow is read.
    guard let bytes = text ?? (try? Files.readRegular(path)) else { return self }
    let needsCommands = conversion == .work
    let reading =
      WfInstance.read(bytes, needsCommands: needsCommands, findingLimit: findingLimit)
      ?? PegasusDecoder.readDAX(bytes, needsCommands: needsCommands, findingLimit: findingLimit)
      ?? PegasusFile.read(bytes, needsCommands: needsCommands, findingLimit: findingLimit)
    guard let reading else { return self }
    let simulation: WfInstance.Simulation? =
      if case .simulation(let simulation) = conversion { simulation } else { nil }
    return WorkflowSource(converting: self, reading, simulation)
  }

  /// Throws the errors of an instance. `name` is the path as the user typed it.
  func checkInstance(called name: String) throws(Failure) {
    let errors = findings.filter { $0.severity == .error }
    if !errors.isEmpty {
      throw Failure(.usage, errors.map { "\(Files.name(of: name).displayName): \($0)" })
    }
  }

  /// - Parameter path: names no file if `text` is given.
  private init(
    converting source: WorkflowSource, _ reading: WfInstance.Reading,
    _ simulation: WfInstance.Simulation?
  ) {
    let name = Files.name(of: source.path)
    path =
      source.text == nil
      ? Files.join(Files.parent(of: source.path), "workflow-from-\(name)") : source.path
    text = reading.instance?.workflow(simulation: simulation) ?? []
    instance = reading.instance
    findings = reading.findings
  }

  /// The directory of the run, for `-C`. `name` is the path as the user typed it.
  func place(called name: String) -> String { text == nil ? name : Files.parent(of: path) }

  /// Rejects paths that are not UTF-8, and links that another user has put in place of the
  /// file.
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

  /// Whether the argument can be read only once: a pipe, a device, or a deleted file such as
  /// the text of `<<` in a shell.
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

/// A workflow of Pegasus 5, in YAML.
enum PegasusFile {
  private static let searched = 65_536

  /// `nil` if the text is not a workflow of Pegasus.
  static func read(
    _ bytes: [UInt8], needsCommands: Bool, findingLimit: Int?
  ) -> WfInstance.Reading? {
    guard bytes.first(where: { $0 > 0x20 }) != UInt8(ascii: "{") else { return nil }
    let start = String(decoding: bytes.prefix(searched), as: UTF8.self)
    guard start.split(whereSeparator: \.isNewline).contains(where: { $0.hasPrefix("pegasus:") })
    else { return nil }
    do throws(YAMLDocument.Mistake) {
      let document = try YAMLDocument.json(String(decoding: bytes, as: UTF8.self))
      return PegasusDecoder.read(
        document, needsCommands: needsCommands, findingLimit: findingLimit)
    } catch {
      let finding = Finding(severity: .error, path: "", text: "\(error)")
      return WfInstance.Reading(instance: nil, findings: [finding])
    }
  }
}

enum WorkflowPath {
  /// The absolute path, relative to the current directory.
  static func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : Files.join(Files.currentDirectory, path)
  }
}
