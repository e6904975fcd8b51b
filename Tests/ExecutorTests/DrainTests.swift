import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

@testable import Executor

/// Output that is still open when the program of a job has ended.
struct DrainTests {
  let site: Site
  private let id = "abcd:1:1:1"

  init() throws { site = try Site() }

  private func bash(_ text: String, drain: Double? = nil, timeout: Double? = nil) throws
    -> JobRecord
  {
    var extras = JSONObject()
    extras["drain"] = drain.map(JSON.init(number:))
    extras["timeout"] = timeout.map(JSON.init(number:))
    return try site.job(
      ["executable": "bash", "args": ["-c", .string(text)]], extras: .object(extras))
  }

  /// A process that the job has left behind, whose id is in the file `pid`; killed by the caller.
  private func leftBehind() throws -> Int32 {
    try #require(Int32(site.text("pid").split(separator: "\n").first ?? ""))
  }

  @Test func `a job ends when its output is closed, however slow it is`() throws {
    let job = try bash(
      "exec > >(while read l; do read -t 0.1 <> <(:); echo $l; done | tee own.log);"
        + " for i in 1 2 3 4 5 6 7 8 9; do echo line $i; done; echo END; exit 3")
    #expect(job.outcome == .failed(.exit(3)), "the exit code is the program's")
    #expect(job.output == (1...9).map { "line \($0)\n" }.joined() + "END\n")
    #expect(site.text("own.log") == job.output)
    #expect(site.logFiles("__stdout.log").map(site.text) == [job.output])
  }

  @Test func `a silent process substitution is waited for`() throws {
    let job = try bash(
      "seq 1 300000 | tac > >(sort -n -S 10M --parallel=1 > sorted.txt); echo done")
    #expect(job.outcome == .succeeded)
    #expect(job.output == "done\n")
    #expect(site.text("sorted.txt").utf8.count { $0 == 10 } == 300_000)
  }

  @Test func `a background child is read to its end and counts to the job's time`() throws {
    let job = try bash("(read -t 0.6 <> <(:); echo late; echo err >&2) & echo early")
    #expect(job.output == "early\nlate\n")
    #expect(job.error == "err\n")
    #expect(job.usage.wallMilliseconds >= 600)
    #expect(job.chunks.last?.stream == .end)
  }

  @Test func `a daemon that only holds the output is not waited for after the limit`() throws {
    let job = try bash("sleep 1000 & echo $! > pid; echo parent", drain: 0.3)
    let pid = try leftBehind()
    defer { kill(pid, SIGKILL) }
    #expect(job.outcome == .succeeded)
    #expect(job.output == "parent\n")
    #expect(
      job.error == "hflow-job-execute: stopped reading the output, which sleep (pid \(pid)) still"
        + " holds open: no output and no work for 0.3 s (config.drain); what is written from now on"
        + " is lost\n")
    #expect(kill(pid, 0) == 0, "it lives on")
    #expect(site.logFiles(".log").contains { site.text($0).contains("sleep (pid \(pid))") })
  }

  @Test func `with a limit of zero, output written before the exit is read`() throws {
    let job = try bash("sleep 1000 & echo $! > pid; seq 20000", drain: 0)
    let pid = try leftBehind()
    defer { kill(pid, SIGKILL) }
    #expect(job.usage.standardOutputBytes == 108_894)
    #expect(job.error.contains("config.drain is 0"))
  }

  @Test func `a process that writes after the limit is neither killed nor blocked`() throws {
    // Writes more than a pipe holds, and records when it has finished.
    let job = try bash(
      "mkfifo go; (trap '' HUP; read x < go; seq 100000 && seq 100000 >&2 && touch through) &"
        + " echo parent", drain: 0.1)
    #expect(job.outcome == .succeeded)
    let gate = open("\(site.work)/go", O_WRONLY)
    close(gate)
    #expect(eventually { Files.exists("\(site.work)/through") })
    #expect(job.output == "parent\n", "and nothing of it is the job's")
  }

  @Test func `a process that writes for ever is read for 60 times the limit`() throws {
    let job = try bash(
      "(echo $BASHPID > pid; while echo tick; do read -t 0.01 <> <(:); done) & :", drain: 0.03)
    let pid = try leftBehind()
    defer { kill(pid, SIGKILL) }
    #expect(job.outcome == .succeeded)
    #expect(job.usage.standardOutputBytes > 5)
    #expect(job.error.contains("1.8 s after the program's end (60 times config.drain)"))
    #expect(kill(pid, 0) == 0, "it lives on")
  }

  @Test func `a process that works silently is waited for`() throws {
    let job = try bash(
      "(end=$((SECONDS + 3)); while [ $SECONDS -lt $end ]; do :; done; echo worked) & :", drain: 0.5
    )
    #expect(job.output == "worked\n")
  }

  @Test func `the default limit is a setting of the executor`() throws {
    let script: JSON = ["executable": "sh", "args": ["-c", "sleep 1000 & echo $! > pid"]]
    let job = try site.job(script, environment: ["HFLOW_DRAIN": "0.2"])
    let first = try leftBehind()
    defer { kill(first, SIGKILL) }
    #expect(job.error.contains("for 0.2 s"))
    try site.push("h:7:1:1", script, extras: nil)
    #expect(try site.run(["h:7:1:1", site.url], ["HFLOW_DRAIN": "0.2"]) == .exited(0))
    let second = try leftBehind()
    defer { kill(second, SIGKILL) }
    #expect(try site.members(of: "h:7:1:1") == ["0"])
  }

  @Test func `a job that exceeds its time limit ends with all its processes`() throws {
    let job = try bash("sleep 1000 & echo $! > pid; echo parent", drain: 600, timeout: 0.5)
    let pid = try leftBehind()
    #expect(job.outcome == .failed(.timeout(seconds: 0.5)))
    #expect(eventually { kill(pid, 0) != 0 || ProcessIdentity(of: Int(pid)) == nil })
  }

  @Test func `a job cancelled while its output is read ends with all its processes`()
    throws
  {
    try site.queue(
      id,
      ["executable": "sh", "args": ["-c", "trap '' TERM; (sleep 1000) & echo $! > pid; echo x"]])
    let worker = try site.start(["--worker", "--redis", site.url, "--pool", "abcd"])
    #expect(try eventually { try !site.chunks(of: id).isEmpty && Files.exists("\(site.work)/pid") })
    let pid = try leftBehind()
    #expect(try site.finished().isEmpty)
    try site.order(.cancel(job: id))
    #expect(try eventually { try site.finished() == [id: .failed(.cancelled)] })
    #expect(eventually { ProcessIdentity(of: Int(pid)) == nil })
    worker.send(SIGTERM)
    #expect(try site.end(of: worker) == .exited(0))
  }

  @Test func `a slot is occupied until the output is closed`() throws {
    #expect(mkfifo("\(site.work)/gate", 0o600) == 0)
    let script = "(read x < gate; echo late) & echo early"
    try site.queue(id, ["executable": "sh", "args": ["-c", .string(script)]])
    try site.queue("abcd:1:1:2", ["executable": "true"])
    let worker = try site.start(
      ["--worker", "--redis", site.url, "--pool", "abcd", "--slots", "1"])
    #expect(try eventually { try !site.chunks(of: id).isEmpty })
    #expect(try site.finished().isEmpty)
    site.openGate()
    #expect(try eventually { try site.finished().count == 2 })
    let ends = try site.reports().compactMap { report in
      if case .finished(let job, _, _, _) = report { job } else { nil }
    }
    #expect(ends == [id, "abcd:1:1:2"])
    worker.send(SIGTERM)
    #expect(try site.end(of: worker) == .exited(0))
  }
}

struct DrainLimitTests {
  @Test func `the quiet time counts from the last output or work`() {
    var limit = DrainLimit(quiet: 4000, now: 1000)
    #expect(limit.decision(now: 1000) == .readOn(checkAgainAfter: 1000))
    limit.recordWork(now: 3000)
    #expect(limit.decision(now: 6500) == .readOn(checkAgainAfter: 500))
    #expect(limit.decision(now: 7000) == .over(.quiet(milliseconds: 4000)))
  }

  @Test func `work does not extend the wait for ever`() {
    var limit = DrainLimit(quiet: 100, now: 0)
    limit.recordWork(now: 5990)
    #expect(limit.decision(now: 5990) == .readOn(checkAgainAfter: 10))
    #expect(limit.decision(now: 6000) == .over(.total(milliseconds: 6000)))
  }

  @Test func `a limit of zero ends at once, and huge limits do not overflow`() {
    var none = DrainLimit(quiet: 0, now: 5)
    #expect(none.decision(now: 5) == .over(.quiet(milliseconds: 0)))
    for seconds in [Double.infinity, 1e300, 1e9] {
      var endless = DrainLimit(quiet: DrainLimit.milliseconds(seconds: seconds), now: 0)
      #expect(endless.decision(now: 0) == .readOn(checkAgainAfter: 1000))
    }
    #expect(DrainLimit.milliseconds(seconds: -1) == 0)
    #expect(DrainLimit.milliseconds(seconds: .nan) == 60_000)
  }
}
