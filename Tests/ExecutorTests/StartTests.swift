import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

/// How the executor starts in unusual environments.
struct StartTests {
  let site: Site

  init() throws { site = try Site() }

  /// Whether this user may make namespaces of these kinds.
  private static func mayUnshare(_ options: String...) -> Bool {
    var request = SpawnRequest("unshare", options + ["true"])
    request.standardError = .null
    return (try? Child.spawn(request))?.wait()?.status == .exited(0)
  }

  private static let mayHideProc = mayUnshare("-m")
  private static let mayBeFirst = mayUnshare("-pf", "--mount-proc")
  private static let preload = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
  ].first(where: Files.exists)

  /// Runs a shell script with the executor's path as `$0`, and the Redis as `$1`.
  private func shell(_ script: String, in unshare: [String]) throws -> Child {
    var request = SpawnRequest(
      "unshare", unshare + ["sh", "-c", script, Site.program, site.url])
    request.directory = site.work
    let log = try Files.openForAppending("\(site.directory)/stderr")
    defer { close(log) }
    request.standardOutput = .descriptor(log)
    request.standardError = .descriptor(log)
    return try Child.spawn(request)
  }

  @Test(.enabled(if: mayHideProc))
  func `the arguments are read without a proc file system, and jobs run`() throws {
    try site.push("abcd:1:1:1", ["executable": "echo", "args": ["ran"], "stdout": "out"])
    let script = "mount -t tmpfs none /proc && exec $0 abcd:1:1:1 $1"
    #expect(try site.end(of: shell(script, in: ["-m"])) == .exited(0))
    #expect(site.text("out") == "ran\n")
    #expect(try site.finished() == ["abcd:1:1:1": .succeeded])
    let wrong = "mount -t tmpfs none /proc && exec $0 only-one"
    #expect(try site.end(of: shell(wrong, in: ["-m"])) == .exited(2))
    #expect(site.messages.contains("found 1 arguments"))
  }

  @Test(.enabled(if: mayHideProc))
  func `output is read to its end without a proc file system`() throws {
    let script = "(read -t 0.3 x <> gate; echo late) & sleep 1000 2>&1 & echo $! > pid"
    #expect(mkfifo("\(site.work)/gate", 0o600) == 0)
    try site.push(
      "abcd:1:1:1", ["executable": "bash", "args": ["-c", .string(script)]],
      extras: ["drain": 1])
    let start = "mount -t tmpfs none /proc && exec $0 abcd:1:1:1 $1"
    #expect(try site.end(of: shell(start, in: ["-m"])) == .exited(0))
    var job = JobRecord()
    try site.read(into: &job, "abcd:1:1:1")
    let pid = try #require(Int32(site.text("pid").split(separator: "\n").first ?? ""))
    #expect(kill(pid, SIGKILL) == 0)
    #expect(job.output == "late\n")
    #expect(job.error.contains("which another process still holds open"))
  }

  @Test func `output has the time of the engine that started the executor`() throws {
    let words = ClockAnchor.text.split(separator: " ")
    let offset = try #require(Int(words[0]))
    try site.push("abcd:1:1:1", ["executable": "sh", "args": ["-c", "echo ${HFLOW_CLOCK-none}"]])
    let before = Clock.steadyMilliseconds
    let hour = 3_600_000
    _ = try site.run(["abcd:1:1:1", site.url], ["HFLOW_CLOCK": "\(offset + hour) \(words[1])"])
    let chunks = try site.chunks(of: "abcd:1:1:1")
    #expect(chunks.first.map { $0.time - before >= hour } == true)
    #expect(chunks.first.map { String(decoding: $0.bytes, as: UTF8.self) } == "none\n")
  }

  @Test(.enabled(if: preload != nil))
  func `the arguments are read with a preloaded library`() throws {
    try site.push("abcd:1:1:1", ["executable": "true"])
    let status = try site.run(
      ["abcd:1:1:1", site.url], ["LD_PRELOAD": Self.preload ?? "", "HFLOW_HEARTBEAT": "1"])
    #expect(status == .exited(0))
    #expect(try site.finished() == ["abcd:1:1:1": .succeeded])
  }

  @Test func `no exit code is lost if the parent ignores SIGCHLD`() throws {
    try site.push("abcd:1:1:1", ["executable": "sh", "args": ["-c", "exit 3"]])
    var request = SpawnRequest(
      "python3",
      [
        "-c",
        "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN);"
          + " os.execv(sys.argv[1], sys.argv[1:])",
        Site.program, "abcd:1:1:1", site.url,
      ])
    request.directory = site.work
    request.standardError = .null
    let child = try Child.spawn(request)
    _ = try site.end(of: child)
    #expect(try site.finished() == ["abcd:1:1:1": .failed(.exit(3))])
  }

  @Test(.enabled(if: mayBeFirst))
  func `a worker that is the first process reaps orphans and ends on TERM`() throws {
    let orphans = "for i in 1 2 3; do (read -t 0.1 x <> gate) > /dev/null 2>&1 & done; exit 0"
    #expect(mkfifo("\(site.work)/gate", 0o600) == 0)
    for number in 1...8 {
      try site.queue(
        "abcd:1:1:\(number)", ["executable": "bash", "args": ["-c", .string(orphans)]])
    }
    let worker = try shell(
      "exec $0 --worker --redis $1 --pool abcd --slots 2", in: ["-pf", "--mount-proc"])
    #expect(try eventually { try site.finished().count == 8 })
    let inside = try #require(Int32(firstChild(of: worker.pid)))
    #expect(
      eventually { zombies(below: inside) == 0 && tree(below: inside).count == 2 },
      "the worker and its guardian are left")
    try site.queue("abcd:1:1:9", ["executable": "sh", "args": ["-c", "exit 4"]])
    #expect(try eventually { try site.finished()["abcd:1:1:9"] == .failed(.exit(4)) })
    #expect(kill(inside, SIGTERM) == 0)
    #expect(try site.end(of: worker) == .exited(0))
    let words = try site.redis.call(RedisCommand("SMEMBERS", PoolKeys("abcd").workers)).array
    #expect(words?.isEmpty == true, "it has said goodbye")
  }

  @Test(.enabled(if: mayBeFirst))
  func `a one-shot executor that is the first process has its own exit code`() throws {
    try site.push(
      "abcd:1:1:1", ["executable": "sh", "args": ["-c", "(:) & (:) & echo $PPID > ppid; exit 3"]])
    let first = ["-pf", "--mount-proc"]
    #expect(try site.end(of: shell("exec $0 abcd:1:1:1 $1", in: first)) == .exited(0))
    #expect(try site.finished() == ["abcd:1:1:1": .failed(.exit(3))])
    #expect(site.text("ppid") != "1\n")
    #expect(try site.end(of: shell("exec $0 only-one", in: first)) == .exited(2))
  }

  @Test(.enabled(if: mayBeFirst))
  func `the first process does not show the password of its Redis`() throws {
    let script = "tr '\\0' '\\n' < /proc/1/environ | grep -c HFLOW_REDIS_URL; :"
    try site.queue("abcd:1:1:1", ["executable": "sh", "args": ["-c", .string(script)]])
    let worker = try shell(
      "HFLOW_REDIS_URL=$1 exec $0 --worker --pool abcd", in: ["-pf", "--mount-proc"])
    #expect(try eventually { try site.finished().count == 1 })
    var job = JobRecord()
    try site.read(into: &job, "abcd:1:1:1")
    #expect(job.output == "0\n")
    #expect(kill(try #require(Int32(firstChild(of: worker.pid))), SIGKILL) == 0)
    _ = try site.end(of: worker)
  }

  private func firstChild(of pid: Int32) -> Substring {
    site.children(of: pid).split(separator: " ").first ?? ""
  }

  private func tree(below pid: Int32) -> [Int32] {
    let children = site.children(of: pid).split(separator: " ").compactMap { Int32($0) }
    return children + children.flatMap(tree)
  }

  private func zombies(below pid: Int32) -> Int {
    tree(below: pid).count { pid in
      let text = String(decoding: (try? Files.read("/proc/\(pid)/stat")) ?? [], as: UTF8.self)
      return text.contains(") Z ")
    }
  }
}

extension Site {
  /// The ids of a process's children, separated by spaces.
  fileprivate func children(of pid: Int32) -> String {
    let bytes = (try? Files.read("/proc/\(pid)/task/\(pid)/children")) ?? []
    return String(decoding: bytes, as: UTF8.self)
  }
}
