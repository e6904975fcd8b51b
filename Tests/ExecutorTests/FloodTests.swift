import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

@testable import Executor

/// Jobs that write much output, and files that cannot grow.
struct FloodTests {
  let site: Site
  private let id = "abcd:1:1:1"

  init() throws { site = try Site() }

  private func keptBytes(of job: String) throws -> Int {
    try site.chunks(of: job).reduce(0) { $0 + $1.bytes.count }
  }

  @Test func `output that comes too fast is complete in files and limited live`() throws {
    // For an engine of the first version, whose channel carries the live output.
    let subscriber = try site.listen(to: id)
    let job = try site.job(
      ["executable": "sh", "args": ["-c", "seq 1500000"], "stdout": "numbers"], extras: [:])
    let bytes = try Files.read("\(site.work)/numbers")
    #expect(job.outcome == .succeeded)
    #expect(bytes.count { $0 == 10 } == 1_500_000)
    #expect(bytes.count == job.usage.standardOutputBytes)
    #expect(site.logFiles("__stdout.log").map { Files.size("\(site.work)/\($0)") } == [bytes.count])
    let live = try site.receivedChunks(subscriber)
    let lines = live.flatMap(\.bytes).count { $0 == 10 }
    let dropped = live.reduce(0) { $0 + $1.droppedLines }
    #expect(dropped > 0)
    #expect((1_500_000 - 100...1_500_000 + 100).contains(lines + dropped))
    #expect(live.map(\.sequence) == Array(1...live.count))
    #expect(try keptBytes(of: id) <= LogBudget.byteLimit)
  }

  @Test func `Redis keeps the end of a long output, and the files all of it`() throws {
    // Slow enough to be published completely: six megabytes; two may stay.
    let line = String(repeating: "x", count: 1023)
    let text = "for i in 1 2 3 4 5 6; do yes \(line) | head -n 1000; read -t 0.5 x < gate; done"
    #expect(mkfifo("\(site.work)/gate", 0o600) == 0)
    let holder = open("\(site.work)/gate", O_RDWR)
    defer { close(holder) }
    let job = try site.job(["executable": "bash", "args": ["-c", .string(text)]])
    #expect(job.usage.standardOutputBytes == 6 * 1024 * 1000)
    let kept = try keptBytes(of: id)
    #expect(kept <= LogBudget.byteLimit)
    #expect(kept > LogBudget.byteLimit / 2)
    let numbers = job.chunks.map(\.sequence)
    #expect(numbers == Array((numbers.last ?? 0) - numbers.count + 1...(numbers.last ?? 0)))
    #expect(job.chunks.last?.stream == .end)
  }

  @Test func `eight jobs with much output lose no line in their files`() throws {
    let jobs = (1...8).map { "abcd:1:1:\($0)" }
    for job in jobs { try site.queue(job, ["executable": "seq", "args": ["20000"]]) }
    let worker = try site.start(
      ["--worker", "--redis", site.url, "--pool", "abcd", "--slots", "8"])
    #expect(try eventually { try site.finished().count == jobs.count })
    for job in jobs {
      let live = try site.chunks(of: job)
      let lines = live.flatMap(\.bytes).count { $0 == 10 }
      let dropped = live.reduce(0) { $0 + $1.droppedLines }
      #expect((20_000...20_010).contains(lines + dropped), "\(job)")
    }
    let files = site.logFiles("__stdout.log")
    #expect(files.count == 8)
    for file in files { #expect(site.text(file).utf8.count { $0 == 10 } == 20_000) }
    worker.send(SIGTERM)
    #expect(try site.end(of: worker) == .exited(0))
  }

  /// A limit of the size of files acts like a full disk, and every user may set one.
  @Test func `a log file that cannot grow is reported, and the job is not lost`() throws {
    try site.push(id, ["executable": "sh", "args": ["-c", "seq 2000; echo end >&2; exit 3"]])
    var request = SpawnRequest(
      "sh", ["-c", "ulimit -f 1; exec \(Site.program) \(id) \(site.url)"])
    request.directory = site.work
    request.standardOutput = .null
    request.standardError = .null
    let child = try Child.spawn(request)
    #expect(try site.end(of: child) == .exited(0))
    var job = JobRecord()
    try site.read(into: &job, id)
    #expect(job.outcome == .failed(.exit(3)))
    #expect(job.usage.standardOutputBytes == 8893)
    #expect(job.output.utf8.count { $0 == 10 } == 2000, "what is live is complete")
    #expect(job.error.contains("cannot write \(site.work)/logs-hf/task-"))
    #expect(job.error.contains("File too large"))
    #expect(job.error.contains("end\n"))
  }

  @Test func `a job whose redirection file cannot be written fails`() throws {
    let job = try site.job([
      "executable": "sh", "args": ["-c", "echo x"], "stdout": "/dev/full",
    ])
    #expect(job.outcome == .failed(.error("cannot write /dev/full: No space left on device")))
    #expect(job.output == "x\n")
  }
}
