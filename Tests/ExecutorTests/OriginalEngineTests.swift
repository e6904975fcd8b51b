import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

/// An executor of an original engine uses the keys of that engine, and no others.
struct OriginalEngineTests {
  let site: Site
  private let id = "-kR:7:2:3"

  init() throws { site = try Site() }

  private func push(_ id: String, _ members: JSON) throws {
    try site.push(id, members, extras: nil)
  }

  private func script(_ text: String) -> JSON {
    ["executable": "sh", "args": ["-c", .string(text)]]
  }

  @Test func `exactly the original's keys are left in Redis`() throws {
    try push(id, script("echo x; exit 3"))
    #expect(try site.run([id, site.url]) == .exited(0))
    #expect(
      try site.keys() == [
        id, "\(id)_msg", "\(id)_acqCount", "wf:7:tasksPendingCompletionHandling",
      ])
    #expect(try site.members(of: id) == ["3"])
    #expect(try site.members(of: "wf:7:tasksPendingCompletionHandling") == [id])
    #expect(try site.redis.call(RedisCommand("GET", "\(id)_acqCount")).string == "1")
    #expect(try site.redis.call(RedisCommand("LLEN", "\(id)_msg")).integer == 1)
  }

  @Test func `while the task runs it is in the set of all jobs`() throws {
    #expect(mkfifo("\(site.work)/gate", 0o600) == 0)
    try push(id, script("read x < gate"))
    let child = try site.start([id, site.url], ["HF_LOG_NODE_NAME": "n1"])
    #expect(
      try eventually {
        try site.members(of: "hf_all_jobs") == ["\(id)#n1#undefined#undefined"]
      })
    let gate = open("\(site.work)/gate", O_WRONLY)
    close(gate)
    #expect(try site.end(of: child) == .exited(0))
    #expect(try site.members(of: "hf_all_jobs") == [])
  }

  @Test func `a newer engine gets the result in its completions stream`() throws {
    var message = script("exit 4").object ?? JSONObject()
    message["completionTransport"] = "stream"
    try push(id, .object(message))
    #expect(try site.run([id, site.url]) == .exited(0))
    #expect(
      try site.keys() == ["\(id)_msg", "\(id)_acqCount", "hf:-kR:completions"])
    let entries = try site.redis.call(RedisCommand("XRANGE", "hf:-kR:completions", "-", "+"))
    let fields = entries.array?[0].array?[1].array?.compactMap(\.string)
    #expect(fields == ["taskId", id, "code", "4"])
  }

  @Test func `a completed task is not run`() throws {
    _ = try site.redis.call(RedisCommand("SADD", "wf:7:completedTasks", id))
    try push(id, script("touch made"))
    #expect(try site.run([id, site.url]) == .exited(0))
    #expect(!Files.exists("\(site.work)/made"))
    #expect(
      try site.keys() == ["\(id)_msg", "\(id)_acqCount", "wf:7:completedTasks"])
  }

  @Test func `several tasks run one after the other`() throws {
    let ids = (1...3).map { "h:1:1:\($0)" }
    for id in ids.reversed() { try push(id, script("echo \(id) >> order")) }
    #expect(try site.run([site.url, "-a", "--"] + ids) == .exited(0))
    #expect(site.text("order") == ids.map { $0 + "\n" }.joined())
    #expect(try site.members(of: "wf:1:tasksPendingCompletionHandling") == Set(ids))
    for id in ids { #expect(try site.members(of: id) == ["0"]) }
  }

  @Test(arguments: [
    (#"{"executable":"no-such-program","args":[],"inputs":[],"outputs":[]}"#, "127"),
    ("{}", "125"), ("not JSON", "125"), ("[1]", "125"),
    (#"{"executable":"sh","args":["-c","kill -9 $$"]}"#, "137"),
  ])
  func `a failure without an exit code gets a code that says why`(
    _ message: String, _ code: String
  ) throws {
    _ = try site.redis.call(RedisCommand("LPUSH", "\(id)_msg", message))
    #expect(try site.run([id, site.url]) == .exited(0))
    #expect(try site.members(of: id) == [code])
    #expect(try site.members(of: "wf:7:tasksPendingCompletionHandling") == [id])
  }

  @Test func `failed attempts are repeated as the environment says`() throws {
    try push(id, script("echo x >> tries; test $(wc -l < tries) = 3"))
    let environment = ["HF_VAR_NUMBER_OF_RETRIES": "4", "HF_VAR_BACKOFF_SEED": "0"]
    #expect(try site.run([id, site.url], environment) == .exited(0))
    #expect(site.text("tries") == "x\nx\nx\n")
    #expect(try site.members(of: id) == ["0"])
  }

  @Test func `a repeated attempt truncates the output file of the previous one`() throws {
    var message = script("echo x; mkdir tries && exit 1; rmdir tries").object ?? JSONObject()
    message["stdout"] = "out"
    try push(id, .object(message))
    let environment = ["HF_VAR_NUMBER_OF_RETRIES": "2", "HF_VAR_BACKOFF_SEED": "0"]
    #expect(try site.run([id, site.url], environment) == .exited(0))
    #expect(try site.members(of: id) == ["0"])
    #expect(site.text("out") == "x\n")
  }

  @Test func `an executor without Redis reports that and fails`() throws {
    #expect(
      try site.run([id, "unix:///no/such/socket"], ["HFLOW_GIVE_UP_AFTER": "0.3"]) == .exited(3))
    #expect(site.messages.contains("/no/such/socket"))
    #expect(try site.run(["only-one"]) == .exited(2))
  }
}
