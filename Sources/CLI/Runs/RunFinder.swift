import JSONValue
import JobProtocol
import Posix
import Redis
import Runner

/// A run that can be watched.
struct FoundRun: Sendable {
  let run: RunID
  let url: RedisURL
  let description: RunDescription
  /// Where it keeps its files; `nil` when it was found on a Redis and its files are elsewhere.
  let directory: RunDirectory?
  /// Whether its Redis answers.
  let isReachable: Bool
}

/// Finds runs: those of a workflow's directory, or those that a Redis lists.
struct RunFinder {
  /// `nil`: look in the directory.
  let redis: String?
  let directory: String

  /// All runs, the newest first.
  func all() throws(Failure) -> [FoundRun] {
    guard let redis else {
      if let link = RunDirectory.foreignLink(workflowDirectory: directory) { throw Failure(link) }
      return local()
    }
    do throws(RedisError) {
      return try listed(RedisURL(parsing: redis))
    } catch {
      throw Failure(.infrastructure, "\(error)")
    }
  }

  /// The run that a person means: the beginning of an id, `last`, or `nil` for the newest that
  /// lives.
  func one(_ name: String?) throws(Failure) -> FoundRun {
    let runs = try all()
    guard let name, name != "last" else {
      guard let run = (name == nil ? runs.first(where: \.isReachable) : nil) ?? runs.first else {
        throw nothing
      }
      return run
    }
    guard !name.isEmpty else {
      throw Failure(.usage, "a run's name is not empty: its id, or `last`")
    }
    if let exact = runs.first(where: { $0.run.text == name }) { return exact }
    let matches = runs.filter { $0.run.text.hasPrefix(name) }
    guard let match = matches.first else {
      if let damaged = damaged().first(where: { $0.run.text.hasPrefix(name) }) {
        throw Failure(.infrastructure, damaged.sentence)
      }
      throw Failure(
        .usage,
        "no run \(name.debugDescription) \(place); `hflow-tui list` shows those here, -C DIR and "
          + "--redis URL look elsewhere")
    }
    guard matches.count == 1 else {
      let ids = matches.map(\.run.text).joined(separator: ", ")
      throw Failure(.usage, "\(name) is the beginning of several runs: \(ids); give more of it")
    }
    return match
  }

  /// For sentences.
  var place: String { redis == nil ? "in \(directory)" : "on that Redis" }
  var nothing: Failure {
    if redis == nil, let denied = RunDirectory.denied(workflowDirectory: directory) {
      return Failure(
        .infrastructure,
        "\(denied) may not be read, these runs are another user's; what several users watch is "
          + "run with --redis URL")
    }
    let unreadable = damaged().count
    if unreadable > 0 {
      return Failure(
        .infrastructure,
        "no run \(place) but \(unreadable) that cannot be read; hflow-tui list tells why")
    }
    return Failure(.usage, "no run \(place); start one with `hflow-tui run`")
  }

  private func local() -> [FoundRun] {
    let runs = RunDirectory.all(workflowDirectory: directory).compactMap { directory -> FoundRun? in
      guard let (run, url, description) = Self.identity(of: directory) else { return nil }
      return FoundRun(
        run: run, url: url, description: description, directory: directory,
        isReachable: Self.answers(url, run))
    }
    return runs.sorted { $0.description.startedAt > $1.description.startedAt }
  }

  /// What lies in the places of runs and cannot be read as one.
  func damaged() -> [DamagedRun] {
    guard redis == nil else { return [] }
    return RunDirectory.all(workflowDirectory: directory)
      .compactMap { Self.identity(of: $0) == nil ? DamagedRun($0) : nil }
      .sorted { $0.run.text < $1.run.text }
  }

  /// The damaged one that a person means; `nil` where a sound one may be meant.
  func damaged(_ name: String) throws(Failure) -> DamagedRun? {
    guard !name.isEmpty, name != "last" else { return nil }
    let matches = damaged().filter { $0.run.text.hasPrefix(name) }
    if let exact = matches.first(where: { $0.run.text == name }) { return exact }
    guard matches.count == 1, try !all().contains(where: { $0.run.text.hasPrefix(name) }) else {
      return nil
    }
    return matches[0]
  }

  private static func identity(
    of directory: RunDirectory
  ) -> (run: RunID, url: RedisURL, description: RunDescription)? {
    guard let description = RunDescription.read(in: directory)?.located(by: directory),
      let run = RunID(description.run), let url = url(of: description, in: directory)
    else { return nil }
    return (run, url, description)
  }

  /// Of a Redis that was given the password is not written down: who has it, has it in REDIS_URL.
  private static func url(
    of description: RunDescription, in directory: RunDirectory
  ) -> RedisURL? {
    guard let url = try? description.server(in: directory) else { return nil }
    guard !description.isEmbedded, let text = Environment["REDIS_URL"],
      let given = try? RedisURL(parsing: text), given.endpoint == url.endpoint,
      given.database == url.database
    else { return url }
    return given
  }

  private func listed(_ url: RedisURL) throws(RedisError) -> [FoundRun] {
    let connection = try RedisConnection(url)
    let reply = try connection.call(RedisCommand("HGETALL", RunKeys.registry))
    let texts = (reply.array ?? []).compactMap(\.bytes)
    let runs = stride(from: 1, to: texts.count, by: 2).compactMap { place -> FoundRun? in
      guard let description = (try? JSON(parsing: texts[place])).flatMap(RunDescription.init),
        let run = RunID(description.run)
      else { return nil }
      return FoundRun(
        run: run, url: url, description: description, directory: Self.directory(of: description),
        isReachable: true)
    }
    return runs.sorted { $0.description.startedAt > $1.description.startedAt }
  }

  /// On the host that made them, of one who has not moved them.
  private static func directory(of description: RunDescription) -> RunDirectory? {
    let place = Files.parent(of: description.workflowPath)
    return RunDirectory.all(workflowDirectory: place).first {
      Files.name(of: $0.path) == description.run
    }
  }

  private static func answers(_ url: RedisURL, _ run: RunID) -> Bool {
    guard let connection = try? RedisConnection(url, timeoutMilliseconds: 500),
      let reply = try? connection.call(RedisCommand("EXISTS", RunKeys(run).workflow))
    else { return false }
    return reply.integer == 1
  }
}
