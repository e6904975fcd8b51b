import Glibc
import JSONValue
import JobProtocol
import Posix

/// Keeps one worker running on one host.
///
/// | what has happened | what this does |
/// |---|---|
/// | the connection cannot be made | tries again after 1 s, 2 s, … 30 s; the reason is shown |
/// | the connection is lost | connects again; the worker continues, with Redis at a new socket |
/// | the worker has ended by itself (drained) | nothing more |
/// | the worker has died | its jobs are lost; starts another, later each time |
/// | a former engine has left connection and worker | adopts both |
actor SSHHost {
  enum Start: Equatable, Sendable {
    case starting, running
    case failed([String])
  }

  private let site: SiteSettings
  private nonisolated let entry: HostEntry
  private let access: WorkerAccess
  /// Identifies this host in file names.
  private let number: Int
  private let deliver: @Sendable (SiteNews) -> Void
  private var connection: SSHConnection
  /// A connection in this engine's own directory; `connection` may be a former engine's.
  private let newConnection: SSHConnection
  /// Whether the worker is being supervised, so no connection attempt is in progress.
  private var isConnected = false
  private var record: HostRecord?
  private var probe: HostProbe?
  private var watch: Child?
  /// While files are copied to and from the host.
  private var stager: HostStager?
  private var requests = StageRequestReader()
  private let transferLimit: TransferLimit
  private var pause = RestartPause()
  private var restarts = RestartPause()
  private var lastReported: Allocation?
  private(set) var start = Start.starting
  private var isStopping = false
  private var hasEnded = false
  /// Whether a user has ended the worker.
  private var isRemoved = false
  private var task: Task<Void, Never>?

  /// How often connection and worker are checked, in milliseconds.
  private static let checkMilliseconds = 300
  /// How often an adopted connection is checked, in milliseconds. It is not a child of this
  /// process, so each check costs a call of `ssh`.
  private static let adoptedCheckMilliseconds = 3000
  /// How often requests for files are read, in milliseconds.
  private static let stageMilliseconds = 60

  init(
    _ entry: HostEntry, number: Int, site: SiteSettings, _ access: WorkerAccess, control: String,
    transferLimit: TransferLimit, deliver: @escaping @Sendable (SiteNews) -> Void
  ) {
    self.entry = entry
    self.number = number
    self.site = site
    self.access = access
    self.deliver = deliver
    self.transferLimit = transferLimit
    let files = access.filesDirectory
    let record = (try? Files.read(Files.join(files, "\(number).json"))).flatMap { HostRecord($0) }
    self.record = record
    let former = record.map(\.control) ?? ""
    let log = Files.join(files, "\(number).log")
    newConnection = SSHConnection(host: entry.name, control: control, log: log)
    connection =
      former.isEmpty
      ? newConnection : SSHConnection(host: entry.name, control: former, log: log)
  }

  nonisolated var name: String { entry.name }

  func begin() { task = Task { await keepWorker() } }

  // MARK: The life of a connection

  private func keepWorker() async {
    while !isStopping {
      do throws(SiteError) {
        try await connect()
        try await findOrStartWorker()
        start = .running
        pause.succeeded()
        isConnected = true
        await stayConnected()
        isConnected = false
      } catch {
        if start == .starting { start = .failed(error.lines) }
        report(.pending, error.lines.map(withoutName).joined(separator: "; "))
        connection.drop()
      }
      if isStopping || hasEnded { break }
      await waitUnlessStopping(pause.next())
    }
  }

  /// The line without the host's name, which the row of the host shows already.
  private func withoutName(_ line: String) -> String {
    line.hasPrefix("\(name): ") ? String(line.dropFirst(name.count + 2)) : line
  }

  /// Sleeps in small steps, so that `stop` takes effect soon.
  private func waitUnlessStopping(_ milliseconds: Int) async {
    let end = Clock.monotonicMilliseconds + milliseconds
    while !isStopping, Clock.monotonicMilliseconds < end { await Ticker.pause(milliseconds: 50) }
  }

  private func connect() async throws(SiteError) {
    if await connection.isOpen() { return }
    if connection !== newConnection {
      unlink(connection.control)
      rmdir(Files.parent(of: connection.control))
      connection = newConnection
    }
    if start == .starting { report(.pending) }
    try await connection.open()
  }

  /// Finds the worker, or starts one.
  private func findOrStartWorker() async throws(SiteError) {
    let probe = try await inspect()
    self.probe = probe
    try await forward(probe)
    try await beginStaging(probe)
    if let record, probe.worker == record.pid, probe.place == record.place {
      self.record?.sockets = socketCount
      saveRecord()
    } else {
      if let record {
        let end = SiteNews.WorkerEnd(names: record.workers, reason: "it was gone from \(name)")
        deliver(SiteNews(endedWorkers: [end]))
      }
      try await startWorker(probe)
    }
    report(.running)
    startWatch()
  }

  private func inspect() async throws(SiteError) -> HostProbe {
    let (probe, mistakes) = try await connection.inspect(
      site, access, reusing: record?.place ?? probe?.place)
    guard mistakes.isEmpty else {
      if record == nil {
        _ = try? await connection.runScript(
          SSHScripts.stop(place: probe.place, pid: nil, work: probe.work))
      }
      throw SiteError(mistakes)
    }
    return probe
  }

  private func beginStaging(_ probe: HostProbe) async throws(SiteError) {
    guard site.isStaged, let work = probe.work else { return }
    // A lost connection that was opened again is the same object, so waiting copies continue.
    if stager == nil || stagerConnection !== connection {
      await stager?.stop()
      let files = Files.join(access.filesDirectory, "stage-\(number)")
      Files.removeTree(files)
      try? Files.makeDirectory(files, mode: 0o700)
      stager = HostStager(
        host: name, connection: connection, root: access.directory, work: work,
        place: probe.place, files: files, transferLimit: transferLimit)
      stagerConnection = connection
    }
    try await stager?.copy(always: site.files)
  }

  private var stagerConnection: SSHConnection?

  /// Passes the worker's requests to the stager.
  private func readRequests() async {
    guard let stager, let bytes = try? Files.read(watchFile) else { return }
    for request in requests.requests(in: bytes) { await stager.add(request) }
  }

  private var socketCount = 0

  private func forward(_ probe: HostProbe) async throws(SiteError) {
    guard let redis = access.redisPlace() else { return }
    socketCount = max(socketCount, record?.sockets ?? 0) + 1
    let socket = "r\(socketCount).sock"
    try await connection.forward(redis, to: Files.join(probe.place, socket))
    _ = try await connection.runScript(SSHScripts.link(place: probe.place, socket: socket))
  }

  private func startWorker(_ probe: HostProbe) async throws(SiteError) {
    guard let executor = probe.executor else { return }
    var arguments = ["--worker", "--pool", access.run.text, "--preemptible"]
    if let queue = access.queue { arguments += ["--queue", queue] }
    if let slots = entry.slots ?? site.slots { arguments += ["--slots", "\(slots)"] }
    arguments += site.workerOptions
    if site.isStaged {
      arguments += [
        "--staging", Files.join(probe.place, "stage"), "--staged-root", access.directory,
      ]
    }
    let answers = try await connection.runScript(
      SSHScripts.start(
        place: probe.place, directory: probe.work ?? access.directory, executor: executor,
        arguments: arguments,
        url: access.socketURL(Files.join(probe.place, "redis.sock")),
        signingKey: access.signingKey))
    guard let pid = answers["worker"].flatMap({ Int($0) }) else {
      throw SiteError("\(name): the worker could not be started in \(access.directory)")
    }
    record = HostRecord(
      place: probe.place, pid: pid, host: probe.host, sockets: socketCount,
      control: connection.control)
    saveRecord()
  }

  private func saveRecord() {
    guard let record else { return }
    let path = Files.join(access.filesDirectory, "\(number).json")
    try? Files.write(record.json.bytes, to: path, mode: 0o600)
  }

  private var watchFile: String { Files.join(access.filesDirectory, "\(number).watch") }

  private func startWatch() {
    guard let record else { return }
    watch?.send(SIGKILL)
    _ = watch?.wait()
    requests.restart()
    watch = try? connection.start(
      SSHScripts.watch(place: record.place, pid: record.pid, isStaged: site.isStaged),
      output: watchFile)
  }

  /// Returns when the connection is lost, or the worker has ended.
  private func stayConnected() async {
    var nextAdoptedCheck = Clock.monotonicMilliseconds + Self.adoptedCheckMilliseconds
    while !isStopping {
      let pause = stager == nil ? Self.checkMilliseconds : Self.stageMilliseconds
      await Ticker.pause(milliseconds: pause)
      if isStopping { return }
      await readRequests()
      if let watch, let status = watch.wait(block: false)?.status {
        self.watch = nil
        if status != .exited(255) { return await workerEnded() }
      }
      let now = Clock.monotonicMilliseconds
      var isLost = connection.hasEnded
      if !isLost, now >= nextAdoptedCheck, !connection.isStartedHere || watch == nil {
        nextAdoptedCheck = now + Self.adoptedCheckMilliseconds
        isLost = !(await connection.isOpen())
        if !isLost, watch == nil { startWatch() }
      }
      guard isLost else { continue }
      let reason = connection.lastMessage
      connection.drop()
      return report(.pending, "connection lost\(reason); its worker continues")
    }
  }

  private func workerEnded() async {
    let output = (try? Files.read(watchFile)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    let answers = SSHScripts.answers(in: output)
    let code = answers["exit"].flatMap { Int($0) }
    let names = record?.workers ?? []
    record = nil
    await stager?.stop()
    stager = nil
    unlink(Files.join(access.filesDirectory, "\(number).json"))
    if code == 0 || isRemoved {
      if isRemoved {
        deliver(SiteNews(endedWorkers: [.init(names: names, reason: "it was removed")]))
      }
      report(.ended, isRemoved ? "its worker was removed" : "its worker left")
      hasEnded = true
      return
    }
    let last = answers["said"].flatMap { $0.isEmpty ? nil : ": \($0)" } ?? ""
    let reason = code.map { "exited with \($0)" } ?? "was killed"
    deliver(SiteNews(endedWorkers: [.init(names: names, reason: "it \(reason)\(last)")]))
    report(.pending, "its worker \(reason)\(last); another one is started")
    await waitUnlessStopping(restarts.next())
  }

  // MARK: News

  private func report(_ state: Allocation.State, _ reason: String = "") {
    let allocation = Allocation(
      site: site.name, id: name, state: state, reason: reason,
      worker: record?.workers.first ?? "")
    guard allocation != lastReported else { return }
    lastReported = allocation
    deliver(SiteNews(allocations: [allocation]))
  }

  // MARK: Workers that a user adds or removes

  /// Whether a request may be about the worker of this host.
  func matches(_ request: WorkersRequest) -> Bool {
    guard !isStopping else { return false }
    let isNamed = request.worker.map { $0 == name || workerNames.contains($0) } ?? true
    return isNamed && (request.change == .add ? hasEnded : record != nil)
  }

  var workerNames: [String] { record.map { [$0.workers[0]] } ?? [] }

  /// Starts a worker again after one that has left.
  func restartWorker() {
    guard hasEnded, !isStopping else { return }
    (hasEnded, isRemoved) = (false, false)
    task = Task { await keepWorker() }
  }

  /// Ends the worker; its jobs are lost.
  func removeWorker() async {
    guard let record, !isRemoved else { return }
    isRemoved = true
    _ = try? await connection.runScript(SSHScripts.end(pid: record.pid))
  }

  // MARK: The end

  /// Ends the worker and the connection.
  func stop() async {
    isStopping = true
    await stager?.stop()
    // Dropping the connection ends all calls that wait for a host that does not answer.
    if !isConnected { connection.drop() }
    await task?.value
    watch?.send(SIGKILL)
    _ = watch?.wait()
    watch = nil
    guard let place = record?.place ?? probe?.place, !place.isEmpty else {
      return await connection.close()
    }
    let isGone: Bool
    do throws(SiteError) {
      let answers = try await connection.runScript(
        SSHScripts.stop(place: place, pid: record?.pid, work: probe?.work), milliseconds: 6000)
      isGone = answers["done"] != nil
    } catch {
      isGone = false
    }
    if isGone {
      unlink(Files.join(access.filesDirectory, "\(number).json"))
    } else {
      deliver(
        SiteNews(notices: [
          "\(name) cannot be reached: its worker ends by itself when it has missed Redis for 10 "
            + "minutes; \(place) stays there"
        ]))
    }
    await connection.close()
  }
}
