import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

@testable import Executor

/// Real applications under a one-shot executor of our engine.
struct RunningTests {
  let site: Site

  init() throws { site = try Site() }

  @Test func `a job's end is reported with its resource use`() throws {
    let job = try site.script("echo out; echo err >&2")
    #expect(job.exit == .exited(0))
    #expect(job.kinds == ["taken", "started", "finished"])
    #expect(job.outcome == .succeeded)
    #expect(job.output == "out\n")
    #expect(job.error == "err\n")
    #expect(job.usage.standardOutputBytes == 4)
    #expect(job.chunks.last?.stream == .end)
    #expect(job.chunks.map(\.sequence) == Array(1...job.chunks.count))
  }

  @Test func `exit codes and signals are distinguished`() throws {
    #expect(try site.script("exit 3").outcome == .failed(.exit(3)))
    let killed = try site.job(
      ["executable": "sh", "args": ["-c", "kill -SEGV $$"]], id: "abcd:1:1:2")
    #expect(killed.outcome == .failed(.signal(11)))
    let murdered = try site.job(
      ["executable": "sh", "args": ["-c", "kill -9 $$"]], id: "abcd:1:1:3")
    #expect(murdered.outcome == .failed(.signal(9)))
  }

  @Test func `a shell job may have pipes`() throws {
    let job = try site.job(["executable": "echo b a |", "args": ["tr", "a", "c"], "shell": true])
    #expect(job.output == "b c\n")
  }

  @Test func `redirections write the whole stream to files, and it is published`() throws {
    try Files.write(Array("old\n".utf8), to: "\(site.work)/out", mode: 0o644)
    try Files.write(Array("old\n".utf8), to: "\(site.work)/err", mode: 0o644)
    let job = try site.job([
      "executable": "sh", "args": ["-c", "echo o; echo e >&2"], "stdout": "out",
      "stderrAppend": "err",
    ])
    #expect(site.text("out") == "o\n")
    #expect(site.text("err") == "old\ne\n")
    #expect(job.output == "o\n")
  }

  @Test func `a job whose redirection cannot be opened fails before its start`() throws {
    let job = try site.job(["executable": "true", "stdout": "no/such/out"])
    #expect(
      job.outcome
        == .failed(.error("cannot write \(site.work)/no/such/out: No such file or directory")))
    #expect(job.kinds == ["taken", "finished"])
  }

  @Test func `output that is not text arrives unchanged`() throws {
    let job = try site.script("printf '\\377\\000\\200x'")
    #expect(job.chunks.first?.bytes == [0xFF, 0x00, 0x80, 0x78])
  }

  @Test func `a job that exceeds its time limit is ended`() throws {
    let job = try site.script("echo begun; exec sleep 1000", extras: ["timeout": 0.2])
    #expect(job.outcome == .failed(.timeout(seconds: 0.2)))
    #expect(job.output == "begun\n")
  }

  @Test func `an invalid message is reported`() throws {
    #expect(
      try site.job([:]).outcome
        == .failed(.invalidMessage("the job message has no executable")))
  }

  @Test func `log files are created with their first byte`() throws {
    _ = try site.script("true")
    #expect(site.logFiles("").isEmpty)
    #expect(!Files.exists("\(site.work)/logs-hf"))
  }

  @Test func `a log directory that cannot be created is reported, and the job runs`()
    throws
  {
    try Files.write([], to: "\(site.work)/file", mode: 0o644)
    let job = try site.script("echo x; echo y >&2", environment: ["HF_VAR_LOG_DIR": "file/logs"])
    #expect(job.outcome == .succeeded)
    #expect(job.output == "x\n")
    #expect(job.error == "y\n", "its engine has told the run")
    let lines = site.messages.split(separator: "\n").filter { $0.contains("cannot write") }
    #expect(lines.count == 1, "\(lines)")
    #expect(lines.first?.contains("cannot write \(site.work)/file: Not a directory") == true)
  }

  @Test func `for another engine the job's log says so`() throws {
    try Files.write([], to: "\(site.work)/file", mode: 0o644)
    let job = "abcd:1:1:1"
    try site.push(job, ["executable": "echo", "args": ["x"]], extras: nil)
    // For another engine the output is published and not kept.
    let subscriber = try site.listen(to: job)
    _ = try site.run([job, site.url], ["HF_VAR_LOG_DIR": "file/logs"])
    let words = try site.receivedChunks(subscriber).flatMap(\.bytes)
    let text = String(decoding: words, as: UTF8.self)
    #expect(text.contains("cannot write \(site.work)/file: Not a directory"), "\(text)")
  }

  @Test func `output cannot be redirected to a socket`() throws {
    let socket = "\(site.directory)/redis.sock"
    let job = try site.job(["executable": "true", "stdout": .string(socket)])
    #expect(
      job.outcome
        == .failed(.error("cannot write \(socket): it is a socket; output goes to files")))
  }

  @Test func `an executor whose directory is moved continues in it`() throws {
    let job = "abcd:1:1:1"
    let child = try site.start([job, site.url])
    // The executor knows its start directory before it waits for its message.
    let isWaiting = try eventually {
      let clients = try site.redis.call(RedisCommand("CLIENT", "LIST")).string ?? ""
      return clients.contains("cmd=brpoplpush") || clients.contains("cmd=blmove")
    }
    #expect(isWaiting)
    let moved = "\(site.directory)/moved"
    #expect(rename(site.work, moved) == 0)
    try site.push(
      job, ["executable": "sh", "args": ["-c", "pwd > where"]],
      extras: ["directory": .string(site.work)])
    #expect(try site.end(of: child) == .exited(0))
    #expect(try site.finished()[job] == .succeeded)
    #expect(try Files.read("\(moved)/where") == Array("\(moved)\n".utf8))
  }

  @Test func `a failed job of our engine is not repeated by the executor`()
    throws
  {
    let job = try site.script(
      "echo x >> tries; exit 1",
      environment: ["HF_VAR_NUMBER_OF_RETRIES": "4", "HF_VAR_BACKOFF_SEED": "0"])
    #expect(job.outcome == .failed(.exit(1)))
    #expect(site.text("tries") == "x\n")
    #expect(job.kinds == ["taken", "started", "finished"])
  }

  @Test func `a dry run starts nothing`() throws {
    let job = try site.script("echo x > made", environment: ["HF_VAR_DRY_RUN": "1"])
    #expect(job.outcome == .succeeded)
    #expect(!Files.exists("\(site.work)/made"))
  }

  @Test func `input files are waited for until they have their full size`() throws {
    let script = "cat input"
    try site.push(
      "abcd:1:1:1",
      [
        "executable": "sh", "args": ["-c", .string(script)],
        "inputs": [["name": "input", "size": 5]],
      ])
    let child = try site.start(["abcd:1:1:1", site.url], ["HF_VAR_WAIT_FOR_INPUT_FILES": "1"])
    #expect(eventually { site.logFiles(".log").count == 1 }, "it says that it waits")
    try Files.write(Array("12345".utf8), to: "\(site.work)/input", mode: 0o644)
    #expect(try site.end(of: child) == .exited(0))
    #expect(try site.finished() == ["abcd:1:1:1": .succeeded])
  }

  @Test func `input files that never appear fail the job`() throws {
    try site.push("abcd:1:1:1", ["executable": "true", "inputs": [["name": "none"]]])
    _ = try site.run(
      ["abcd:1:1:1", site.url],
      ["HF_VAR_WAIT_FOR_INPUT_FILES": "1", "HF_VAR_FILE_WATCH_NUM_RETRIES": "0"])
    let text = "input files did not appear in full: \(site.work)/none"
    #expect(try site.finished() == ["abcd:1:1:1": .failed(.error(text))])
  }

  @Test func `the Redis URL with its password does not reach the job`() throws {
    let job = try site.script(
      "echo ${HFLOW_REDIS_URL-none} $HFLOW_JOB_ID",
      environment: ["HFLOW_REDIS_URL": "redis://:secret@x"])
    #expect(job.output == "none abcd:1:1:1\n")
  }

  @Test func `a common Redis URL reaches the job unless it has a password`() throws {
    for (url, seen) in [("redis://x:1", "redis://x:1"), ("redis://u:secret@x", "none")] {
      _ = try site.redis.call(RedisCommand("FLUSHALL"))
      let job = try site.script("echo ${REDIS_URL-none}", environment: ["REDIS_URL": url])
      #expect(job.output == seen + "\n")
    }
  }

  @Test func `output arrives while the job still runs`() throws {
    try site.push(
      "abcd:1:1:1",
      ["executable": "sh", "args": ["-c", "echo early; read x < gate; echo late"]])
    #expect(mkfifo("\(site.work)/gate", 0o600) == 0)
    let child = try site.start(["abcd:1:1:1", site.url])
    #expect(try eventually { try !site.chunks(of: "abcd:1:1:1").isEmpty })
    #expect(try site.finished().isEmpty)
    let gate = open("\(site.work)/gate", O_WRONLY)
    close(gate)
    #expect(try site.end(of: child) == .exited(0))
    #expect(try site.finished() == ["abcd:1:1:1": .succeeded])
  }
}
