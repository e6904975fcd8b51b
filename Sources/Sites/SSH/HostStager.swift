import Glibc
import JSONValue
import JobProtocol
import Posix
import ShellText

/// Copies the files of jobs between the run's directory and a host that does not share it, with
/// `rsync` over the host's connection.
///
/// Its worker sends a `StageRequest` before a job starts and after its program has ended. So a copy
/// belongs to an attempt that the worker has claimed: nothing is copied for a job that another
/// worker has, and the next engine receives the same requests again. Waiting requests are copied
/// together, one `rsync` in each direction at a time.
///
/// | what has happened | answer |
/// |---|---|
/// | a required input is not in the run's directory | failure, with its name |
/// | `rsync` fails for several requests | each is tried alone |
/// | `rsync` fails, is killed, or leaves another size or time | tried again, then failure |
/// | the connection is lost | tried again when it is back |
actor HostStager {
  private let host: String
  private let connection: SSHConnection
  /// The directory of the run's jobs.
  private let root: String
  /// The directory on the host that has the copies.
  private let work: String
  /// The directory on the host in which the worker expects answers.
  private let answers: String
  /// A private directory here.
  private let files: String
  private let transferLimit: TransferLimit
  private var waiting: [StageRequest.Direction: [StageRequest]] = [:]
  private var known: Set<String> = []
  private var busy: Set<StageRequest.Direction> = []
  private var isStopping = false
  private var count = 0

  private static let attempts = 3
  private static let batch = 200
  /// A copy without progress is ended after this time, in seconds.
  private static let silence = 60
  private static let longest = 86_400_000

  init(
    host: String, connection: SSHConnection, root: String, work: String, place: String,
    files: String, transferLimit: TransferLimit
  ) {
    self.host = host
    self.connection = connection
    self.root = root
    self.work = work
    answers = Files.join(place, "stage")
    self.files = files
    self.transferLimit = transferLimit
  }

  func add(_ request: StageRequest) {
    guard known.insert(request.id).inserted else { return }
    waiting[request.direction, default: []].append(request)
    if busy.insert(request.direction).inserted {
      Task { await self.serve(request.direction) }
    }
  }

  func stop() {
    isStopping = true
    waiting = [:]
  }

  /// Copies the files that the site's settings name: programs and tables that are not signals.
  func copy(always paths: [String]) async throws(SiteError) {
    guard !paths.isEmpty else { return }
    for path in paths where !Files.exists(Files.join(root, path)) {
      throw SiteError("\(host): files of the site: there is no \(path) in \(root)")
    }
    let result = await rsync(.in, paths)
    guard result.isSuccess else {
      throw SiteError("\(host): cannot copy files there: \(Self.errorText(result))")
    }
  }

  private func serve(_ direction: StageRequest.Direction) async {
    while !isStopping, let all = waiting[direction], !all.isEmpty {
      waiting[direction] = Array(all.dropFirst(Self.batch))
      await serve(Array(all.prefix(Self.batch)))
    }
    busy.remove(direction)
  }

  private func serve(_ requests: [StageRequest]) async {
    var ready: [(request: StageRequest, files: [StagedFile])] = []
    var answers: [(String, StageAnswer)] = []
    for request in requests {
      let (files, failure) = measured(request)
      if let failure {
        answers.append((request.id, StageAnswer(failure: failure)))
      } else {
        ready.append((request, files))
      }
    }
    if !ready.isEmpty {
      let direction = requests[0].direction
      let paths = Array(Set(ready.flatMap { $0.files.map(\.path) })).sorted()
      let result = await copy(direction, paths)
      for (request, files) in ready where !isStopping {
        var failure = result ?? problem(with: request)
        for attempt in 0..<Self.attempts where failure != nil && !isStopping {
          await Ticker.pause(milliseconds: 250 << attempt)
          failure = await copy(direction, files.map(\.path)) ?? problem(with: request)
        }
        answers.append((request.id, StageAnswer(failure: failure, files: files)))
      }
    }
    await send(answers)
  }

  /// The files to copy. Inputs are measured here. Outputs were measured by the worker.
  private func measured(_ request: StageRequest) -> ([StagedFile], failure: String?) {
    guard request.direction == .in else { return (request.files, nil) }
    var found: [StagedFile] = []
    for var file in request.files {
      let path = Files.join(root, file.path)
      guard Files.exists(path) else {
        guard file.isRequired else { continue }
        return ([], "input \(file.path) is not in \(root): no task has written it there")
      }
      file.size = Files.isRegular(path) ? Files.size(path) : nil
      file.time = file.size == nil ? nil : Files.modified(path).map { $0 / 1000 }
      found.append(file)
    }
    return (found, nil)
  }

  /// An error in the output files that arrived here; `nil` for inputs, which the worker checks.
  private func problem(with request: StageRequest) -> String? {
    guard request.direction == .out else { return nil }
    for file in request.files {
      guard let size = file.size else { continue }
      let path = Files.join(root, file.path)
      guard Files.exists(path) else { return "output \(file.path) did not arrive from \(host)" }
      let found = Files.size(path) ?? 0
      if found != size { return "output \(file.path) has \(found) of \(size) bytes from \(host)" }
      let time = Files.modified(path).map { $0 / 1000 }
      if let expected = file.time, let time, time != expected {
        return "output \(file.path) from \(host) is of another time: the copy is not complete"
      }
    }
    return nil
  }

  /// Returns the reason of a failure, or `nil`. Waits while the connection is lost.
  private func copy(_ direction: StageRequest.Direction, _ paths: [String]) async -> String? {
    guard !paths.isEmpty else { return nil }
    while !isStopping {
      let result = await rsync(direction, paths)
      if result.isSuccess { return nil }
      if await connection.isOpen() {
        let way = direction == .in ? "to" : "from"
        return "files cannot be copied \(way) \(host): \(Self.errorText(result))"
      }
      await Ticker.pause(milliseconds: 500)
    }
    return "the run has ended"
  }

  private func rsync(
    _ direction: StageRequest.Direction, _ paths: [String]
  ) async -> Tool.Result {
    count += 1
    let list = Files.join(files, "\(direction.rawValue)-\(count).list")
    defer { unlink(list) }
    let names = paths.joined(separator: "\0") + "\0"
    guard (try? Files.write(Array(names.utf8), to: list, mode: 0o600)) != nil else {
      return Tool.Result(status: .exited(11), output: "", errors: "\(list) cannot be written")
    }
    let more = ["--from0", "--files-from=\(list)"]
    let local = root.hasSuffix("/") ? root : root + "/"
    let remote = Self.target(host, work + "/")
    await transferLimit.acquire()
    let result = await Tool.run(
      command(more) + (direction == .in ? [local, remote] : [remote, local]),
      milliseconds: Self.longest)
    await transferLimit.release()
    return result
  }

  private func command(_ more: [String]) -> [String] {
    let shell = connection.command([]).map { $0.contains(" ") ? ShellWords.quoted($0) : $0 }
    return [
      "rsync", "-rLptO", "-s", "--timeout=\(Self.silence)", "-e", shell.joined(separator: " "),
    ] + more
  }

  /// `host:path`, also for an IPv6 address.
  static func target(_ host: String, _ path: String) -> String {
    let parts = host.split(separator: "@", maxSplits: 1)
    let name = parts.last.map(String.init) ?? host
    guard name.contains(":"), !name.hasPrefix("[") else { return "\(host):\(path)" }
    let user = parts.count == 2 ? "\(parts[0])@" : ""
    return "\(user)[\(name)]:\(path)"
  }

  private func send(_ all: [(id: String, answer: StageAnswer)]) async {
    guard !all.isEmpty else { return }
    count += 1
    let folder = Files.join(files, "answers-\(count)")
    defer { Files.removeTree(folder) }
    try? Files.makeDirectory(folder, mode: 0o700)
    for (id, answer) in all {
      try? Files.write(answer.json.bytes, to: Files.join(folder, "\(id).done"), mode: 0o600)
    }
    while !isStopping {
      let result = await Tool.run(
        command([folder + "/", Self.target(host, answers + "/")]), milliseconds: Self.longest)
      if result.isSuccess { break }
      await Ticker.pause(milliseconds: 500)
    }
    for (id, _) in all { known.remove(id) }
  }

  /// The first error line of `rsync`: its last line has only the exit code.
  static func errorText(_ result: Tool.Result) -> String {
    let lines = result.errors.split(whereSeparator: \.isNewline).map(String.init)
    let first = lines.first { $0.hasPrefix("rsync: ") && !$0.contains("connection unexpectedly") }
    guard let first else { return result.errorText }
    let text = first.dropFirst("rsync: ".count)
    return text.hasPrefix("[") ? String(text.drop { $0 != "]" }.dropFirst(2)) : String(text)
  }
}

/// Limits how many copies run at a time, over all hosts of a site.
actor TransferLimit {
  private var free: Int
  private var waiters: [CheckedContinuation<Void, Never>] = []

  static let maximum = 8

  init(_ count: Int = maximum) { free = count }

  func acquire() async {
    if free > 0 {
      free -= 1
    } else {
      await withCheckedContinuation { waiters.append($0) }
    }
  }

  func release() {
    if waiters.isEmpty { free += 1 } else { waiters.removeFirst().resume() }
  }
}

/// Reads the requests in a growing file: each complete line once.
struct StageRequestReader {
  private var offset = 0

  mutating func restart() { offset = 0 }

  mutating func requests(in bytes: [UInt8]) -> [StageRequest] {
    guard bytes.count > offset, let end = bytes.lastIndex(of: 0x0A), end >= offset else {
      return []
    }
    let lines = bytes[offset...end].split(separator: 0x0A)
    offset = end + 1
    let mark = Array((SSHScripts.mark + "stage ").utf8)
    return lines.compactMap { line in
      line.starts(with: mark) ? StageRequest(Array(line.dropFirst(mark.count))) : nil
    }
  }
}
