import JSONValue
import JobProtocol
import Posix
import Redis
import Runner
import Runs

/// A run that `RunFinder` found.
struct FoundRun: Sendable {
  let run: RunID
  let url: RedisURL
  let description: RunDescription
  /// The run's directory; `nil` if the run was found on a Redis and its files are on another
  /// host.
  let directory: RunDirectory?
  /// Whether its Redis answers.
  let isReachable: Bool
  /// The workflow of the original if the run's directory is a copy of one that still exists.
  var original: String?
}

/// Finds the runs of a workflow's directory, or those listed on a Redis.
struct RunFinder {
  /// `nil`: look in the directory.
  let redis: String?
  let directory: String
  /// The runs of all directories, to be found too; `nil` for those of `directory` alone.
  var index: RunIndex?

  /// A finder that also searches all directories in which this user has started runs.
  func everywhere(_ index: RunIndex = RunIndex()) -> RunFinder {
    var finder = self
    finder.index = index
    return finder
  }

  /// All runs, newest first.
  func all() throws(Failure) -> [FoundRun] {
    guard let index else { return try localRuns() }
    var finder = self
    finder.index = nil
    // If Redis does not answer, the runs of directories are still found.
    let nearby = (try? finder.localRuns()) ?? []
    // Runs whose directory was moved are found there from now on.
    for run in nearby {
      if let directory = run.directory { index.enter(run.description, directory) }
    }
    let known = Set(nearby.map(\.run))
    let others = index.content().here.filter { directory in
      RunID(Files.name(of: directory.path)).map { !known.contains($0) } ?? false
    }
    return (nearby + others.compactMap(Self.found)).sorted {
      $0.description.startedAt > $1.description.startedAt
    }
  }

  /// Runs that are on other hosts, whose files this one does not have.
  func elsewhere() -> [RunIndex.Entry] {
    let entries = index?.content().elsewhere ?? []
    let found = Set(((try? localRuns()) ?? []).map(\.run))
    return entries.filter { !found.contains($0.run) }
  }

  private func localRuns() throws(Failure) -> [FoundRun] {
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

  /// The run that a name means: an id, its first letters, `last`, or `nil` for the newest
  /// running one.
  func one(_ name: String?) throws(Failure) -> FoundRun {
    let runs = try all()
    guard let name, name != "last" else {
      guard let run = (name == nil ? runs.first(where: \.isReachable) : nil) ?? runs.first else {
        throw nothing
      }
      return run
    }
    guard !name.isEmpty else {
      throw Failure(.usage, "the run's name is empty: give its id, or `last`")
    }
    if let exact = runs.first(where: { $0.run.text == name }) { return exact }
    let matches = runs.filter { $0.run.text.hasPrefix(name) }
    guard let match = matches.first else {
      if let damaged = damaged().first(where: { $0.run.text.hasPrefix(name) }) {
        throw Failure(.infrastructure, damaged.sentence)
      }
      throw Failure(
        .usage,
        "no run \(name.debugDescription) \(place); `hflow-tui list` shows all; look elsewhere with "
          + "-C DIR or --redis URL")
    }
    guard matches.count == 1 else {
      let ids = matches.map(\.run.text).joined(separator: ", ")
      throw Failure(.usage, "\(name) is a prefix of several runs: \(ids); give more letters")
    }
    return match
  }

  /// Where runs are looked for, as part of a sentence.
  var place: String { redis == nil ? "in \(directory)" : "on that Redis" }
  var nothing: Failure {
    if redis == nil, let denied = RunDirectory.denied(workflowDirectory: directory) {
      return Failure(
        .infrastructure,
        "\(denied) belongs to another user and cannot be read; to share runs, start them with "
          + "--redis URL")
    }
    let unreadable = damaged().count
    if unreadable > 0 {
      return Failure(
        .infrastructure,
        "no readable run \(place), but \(unreadable) damaged; hflow-tui list tells why")
    }
    return Failure(.usage, "no run \(place); start one with `hflow-tui run`")
  }

  private func local() -> [FoundRun] {
    RunDirectory.all(workflowDirectory: directory).compactMap(Self.found)
      .sorted { $0.description.startedAt > $1.description.startedAt }
  }

  /// The run of a directory; `nil` if it cannot be read.
  static func found(_ directory: RunDirectory) -> FoundRun? {
    guard let (run, url, description) = identity(of: directory) else { return nil }
    return FoundRun(
      run: run, url: url, description: description, directory: directory,
      isReachable: answers(url, run), original: RunDescription.original(of: directory))
  }

  /// The run that a name means: in this directory, else in any directory.
  func findAnywhere(_ name: String?) throws(Failure) -> FoundRun {
    do throws(Failure) {
      return try one(name)
    } catch {
      guard redis == nil, let name, name != "last", let found = try? everywhere().one(name) else {
        throw error
      }
      return found
    }
  }

  /// The URL of a run's Redis: the given one, which has the password, if that is the same server.
  func redis(of found: FoundRun) -> String {
    guard let redis, let given = try? RedisURL(parsing: redis),
      given.isSamePlace(as: found.url)
    else { return found.url.text }
    return redis
  }

  /// Directories of runs that cannot be read as runs.
  func damaged() -> [DamagedRun] {
    guard redis == nil else { return [] }
    return RunDirectory.all(workflowDirectory: directory)
      .compactMap { Self.identity(of: $0) == nil ? DamagedRun($0) : nil }
      .sorted { $0.run.text < $1.run.text }
  }

  /// The damaged run that a name means; `nil` if the name may mean an intact one.
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

  /// The password of a given Redis is not stored. It is taken from REDIS_URL if that is the
  /// same server.
  private static func url(
    of description: RunDescription, in directory: RunDirectory
  ) -> RedisURL? {
    guard let url = try? description.server(in: directory) else { return nil }
    guard !description.hasPrivateRedis, let text = Environment["REDIS_URL"],
      var given = try? RedisURL(parsing: text), given.isSamePlace(as: url)
    else { return url }
    given.tls = given.tls.map { tls in
      tls.filled(from: CertificateOptions.environment).filled(from: url.tls ?? tls)
    }
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

  /// The run's directory, on the host that created it and if it was not moved.
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
