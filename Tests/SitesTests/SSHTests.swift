import JSONValue
import JobProtocol
import Testing

@testable import Sites

@Suite struct SSHTests {
  @Test(arguments: [
    (
      "No ED25519 host key is known for h1 and you have requested strict checking.\n"
        + "Host key verification failed.", "ssh h1"
    ),
    ("root@h1: Permission denied (publickey).", "ssh-add"),
    ("ssh: Could not resolve hostname h9: Name or service not known", "no such host"),
    ("ssh: connect to host h1 port 22: Connection refused", "connection refused"),
    ("ssh: connect to host h1 port 22: Connection timed out", "timed out"),
  ])
  func `a complaint says in one line what to do`(errors: String, words: String) {
    let text = SSHErrorText.text(errors, host: "h1")
    #expect(text.hasPrefix("h1: ") && text.contains(words) && !text.contains("\n"), "\(text)")
  }

  @Test func `the user's own keep-alive options are kept`() {
    let own = SSHConnection.options(
      control: "/c", configured: "serveraliveinterval 1\nconnecttimeout 3\n")
    #expect(!own.contains { $0.hasPrefix("ServerAlive") || $0.hasPrefix("ConnectTimeout") })
    let none = SSHConnection.options(
      control: "/c", configured: "serveraliveinterval 0\nconnecttimeout none\n")
    #expect(none.contains("ServerAliveInterval=5") && none.contains("BatchMode=yes"))
  }

  @Test func `only marked lines count`() {
    let answers = SSHScripts.answers(
      in: "Welcome!\nhflow:time 12\nnoisehflow:place /tmp/x\nhflow:end\nhflow:probe \n")
    #expect(answers == ["time": "12", "place": "/tmp/x", "end": "", "probe": ""])
  }

  private func probe(_ changes: [String: String]) throws -> HostProbe {
    var answers = [
      "time": "1000", "host": "h1", "directory": "yes", "probe": "abc", "executor": "/x/e",
      "code": "0", "version": ExecutorVersion.text, "place": "/tmp/p", "end": "",
    ]
    answers.merge(changes) { $1 }
    return try #require(HostProbe(answers, asked: 990, answered: 1010))
  }

  @Test(arguments: [
    (["time": "99000"], "clock"), (["directory": "no"], "no directory"),
    (["probe": "other"], "another directory"), (["version": "hflow-job-execute 0.0.1"], "0.0.1"),
    (["code": "127", "version": "libx.so: not found"], "does not run"), (["place": ""], "/tmp"),
  ])
  func `each problem of a host is one line with its name`(
    changes: [String: String], words: String
  ) throws {
    let lines = try probe(changes).mistakes(
      named: "h1", directory: "/data", probe: "abc", wanted: nil)
    #expect(lines.count == 1)
    #expect(lines[0].hasPrefix("h1: ") && lines[0].contains(words), "\(lines)")
  }

  @Test func `a suitable host has no problems`() throws {
    let lines = try probe([:]).mistakes(named: "h1", directory: "/d", probe: "abc", wanted: nil)
    #expect(lines.isEmpty)
    #expect(HostProbe(["time": "1"], asked: 0, answered: 1) == nil, "its end is missing")
  }

  @Test func `secrets are quoted in scripts`() {
    let script = SSHScripts.start(
      place: "/tmp/p", directory: "/da ta", executor: "/x/e", arguments: ["--worker"],
      url: "unix://:pa'ss@/tmp/p/redis.sock", signingKey: "k")
    #expect(script.contains("'/da ta'"))
    #expect(!script.contains(":pa'ss@"))
  }

  @Test func `a host's record can be read back`() {
    let record = HostRecord(place: "/tmp/p", pid: 7, host: "h1", sockets: 2, control: "/tmp/c/0")
    #expect(HostRecord(record.json.bytes) == record)
    #expect(record.workers == ["h1-7", "h1-7-7"])
  }

  @Test func `pauses grow up to a limit`() {
    var pause = RestartPause(first: 1000, longest: 5000)
    #expect((0..<4).map { _ in pause.next() } == [1000, 2000, 4000, 5000])
  }
}
