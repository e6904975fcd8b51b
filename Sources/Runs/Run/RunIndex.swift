import Glibc
import JSONValue
public import JobProtocol
public import Posix

/// The runs of this user in all directories: one small file for each in
/// `$XDG_STATE_HOME/hflow-tui/index`.
///
/// A file is replaced as a whole and belongs to one run, so engines that start at the same time
/// do not disturb each other. A file only says where to look: the run's own directory says what
/// the run is, and what is not this user's is not looked at.
///
/// | the run's directory | its entry |
/// |---|---|
/// | exists and is ours | is listed |
/// | exists, another user's | is passed over |
/// | is missing, entry of another host | is listed as being on that host |
/// | is missing although its workflow's directory exists | is removed: the run was |
/// | is missing with its workflow's directory | is passed over, removed after 30 days |
public struct RunIndex: Sendable {
  public struct Entry: Sendable, Equatable {
    public let run: RunID
    /// The absolute path of the run's directory.
    public let directory: String
    public let host: String
    public let name: String
    /// Milliseconds since 1970.
    public let startedAt: Int
  }

  /// What the index says about the present.
  public struct Content: Sendable {
    /// Directories of runs, the newest first.
    public var here: [RunDirectory] = []
    /// Runs whose directories are on other hosts.
    public var elsewhere: [Entry] = []
  }

  private static let folder = "hflow-tui/index"
  private static let ending = ".json"
  /// In bytes; a path has at most 4096.
  private static let longestEntry = 32_768
  private static let keptMilliseconds = 30 * 86_400_000

  private let stateHome: String
  private var place: String { Files.join(stateHome, Self.folder) }

  public init(stateHome: String = RunDirectory.stateHome()) { self.stateHome = stateHome }

  // MARK: Writing

  /// Enters a run. The index is a convenience: a run does not fail because it cannot be written.
  public func enter(_ description: RunDescription, _ directory: RunDirectory) {
    guard let run = RunID(description.run), directory.path.hasPrefix("/"),
      Files.owner(of: directory.path) == geteuid(),
      !Files.exists(note(of: run))
        || entry(of: run)?.directory != directory.path
    else { return }
    let json: JSON = [
      "directory": .string(directory.path),
      "host": .string(description.host ?? Environment.hostName),
      "name": .string(description.name), "startedAt": .int(description.startedAt),
    ]
    do {
      try Files.makeDirectory(stateHome, mode: 0o700)
      try GuardedPath(Self.folder, below: stateHome).makeDirectories(mode: 0o700)
      try Files.write(json.bytes, to: note(of: run), mode: 0o600)
    } catch {}
  }

  private func note(of run: RunID) -> String { Files.join(place, run.text + Self.ending) }

  // MARK: Reading

  /// Also removes entries of runs that are gone.
  public func content(
    now: Int = Clock.wallMilliseconds, host: String = Environment.hostName
  ) -> Content {
    var content = Content()
    for entry in entries() {
      let directory = RunDirectory(path: entry.directory)
      if let owner = Files.owner(of: entry.directory) {
        let isForeign =
          directory.workflowDirectory.map { RunDirectory.foreignLink(workflowDirectory: $0) != nil }
          ?? false
        if owner == geteuid(), !isForeign { content.here.append(directory) }
      } else if entry.host != host {
        content.elsewhere.append(entry)
      } else if Files.isDirectory(directory.workflowDirectory ?? stateHome)
        || now - entry.startedAt > Self.keptMilliseconds
      {
        Files.remove(note(of: entry.run))
      }
    }
    return content
  }

  /// The newest first.
  func entries() -> [Entry] {
    Files.list(place).compactMap { name in
      guard name.hasSuffix(Self.ending) else { return nil }
      return RunID(String(name.dropLast(Self.ending.count))).flatMap(entry)
    }.sorted { ($0.startedAt, $0.run.text) > ($1.startedAt, $1.run.text) }
  }

  private func entry(of run: RunID) -> Entry? {
    let file = GuardedPath("\(Self.folder)/\(run.text)\(Self.ending)", below: stateHome)
    guard Files.size(file.path) ?? .max <= Self.longestEntry, let bytes = try? file.read(),
      let json = try? JSON(parsing: bytes), let directory = json["directory"]?.string,
      directory.hasPrefix("/"), !directory.utf8.contains(0),
      Files.name(of: directory) == run.text
    else { return nil }
    return Entry(
      run: run, directory: directory, host: json["host"]?.string ?? "",
      name: json["name"]?.string ?? "", startedAt: json["startedAt"]?.int ?? 0)
  }
}
