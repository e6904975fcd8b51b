import JSONValue
import JobProtocol
import Posix
import Testing

@testable import Sites

@Suite struct StagingTests {
  @Test(arguments: [
    ("a.txt", "/run", "a.txt"), ("./d/a.txt", "/run", "d/a.txt"), ("a", "/run/sub", "sub/a"),
    ("/run/b", "/run/sub", "b"), ("../a", "/run/sub", nil), ("/etc/passwd", "/run", nil),
    (".", "/run", nil),
  ])
  func `only what is below the run's directory travels`(
    name: String, directory: String, path: String?
  ) {
    #expect(StagedFile.path(of: name, in: directory, root: "/run") == path)
  }

  private func request(_ id: String, _ path: String) -> StageRequest {
    StageRequest(
      id: id, job: "r:1:1:1", direction: .out,
      files: [StagedFile(path: path, isRequired: true, size: 3, time: 7)])
  }

  @Test func `a request survives its JSON, unless it leaves the directory`() {
    let good = request("12-1", "d/a b.txt")
    #expect(StageRequest(good.json.bytes) == good)
    for bad in [request("12-1", "../x"), request("12-1", "/etc/x"), request("x/1", "a")] {
      #expect(StageRequest(bad.json.bytes) == nil)
    }
    let answer = StageAnswer(failure: "no", files: good.files)
    #expect(StageAnswer(answer.json.bytes) == answer)
  }

  @Test func `each complete line of a growing file counts once`() {
    let lines = [request("1-1", "a"), request("1-2", "b")].map {
      "hflow:stage \(String(decoding: $0.json.bytes, as: UTF8.self))\n"
    }
    var reader = StageRequestReader()
    let first = Array(("noise\n" + lines[0] + lines[1].prefix(20)).utf8)
    #expect(reader.requests(in: first).map(\.id) == ["1-1"])
    #expect(reader.requests(in: first).isEmpty)
    let all = Array(("noise\n" + lines[0] + lines[1]).utf8)
    #expect(reader.requests(in: all).map(\.id) == ["1-2"])
  }

  @Test(arguments: [
    ("h1", "h1:/w/"), ("ada@h1", "ada@h1:/w/"), ("::1", "[::1]:/w/"), ("ada@::1", "ada@[::1]:/w/"),
  ])
  func `a host is named as rsync reads it`(host: String, target: String) {
    #expect(HostStager.target(host, "/w/") == target)
  }

  @Test func `what rsync says first is passed on`() {
    let errors = """
      rsync: [sender] link_stat "/w/x" failed: No such file or directory (2)
      rsync error: some files/attrs were not transferred (code 23) at main.c(1338)
      """
    let result = Tool.Result(status: .exited(23), output: "", errors: errors)
    #expect(
      HostStager.errorText(result) == "link_stat \"/w/x\" failed: No such file or directory (2)")
  }

  @Test func `a host without rsync is refused with what to do`() throws {
    let probe = try #require(
      HostProbe(
        [
          "place": "/tmp/p", "end": "", "executor": "/e", "code": "0",
          "version": ExecutorVersion.text,
        ],
        asked: 0, answered: 0))
    let lines = probe.mistakes(
      named: "h1", directory: "/d", probe: nil, wanted: nil, isStaged: true)
    #expect(lines.count == 2)
    #expect(lines[0].hasPrefix("h1: rsync is not there; install it"))
    #expect(lines[1].contains("directory in hflow-sites.toml"))
  }
}
