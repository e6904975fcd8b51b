import Glibc
import JSONValue
import Posix
import Testing

extension Recipe {
  /// A directory that hosts do not have, with a workflow and a sites file.
  func ownDirectory(_ processes: [String], signals: [String], site: String = "") throws -> String {
    let own = Files.join(path, "own")
    try Files.makeDirectory(own)
    let names = signals.map { #"{"name": "\#($0)"}"# }.joined(separator: ", ")
    let text = """
      {"name": "files", "processes": [\(processes.joined(separator: ", "))],
       "signals": [{"name": "first.txt", "data": [{}]}, \(names)], "ins": [], "outs": []}
      """
    try Files.write(Array(text.utf8), to: Files.join(own, "workflow.json"))
    try Files.write(Array("one\n".utf8), to: Files.join(own, "first.txt"))
    let sites = "[ssh]\nstage = \"rsync\"\n\(site)\n"
    try Files.write(Array(sites.utf8), to: Files.join(own, "hflow-sites.toml"))
    return own
  }

  static func fileJob(_ name: String, _ script: String, ins: [String], outs: [String]) -> String {
    func list(_ names: [String]) -> String {
      names.map { "\"\($0)\"" }.joined(separator: ", ")
    }
    return """
      {"name": "\(name)", "function": "command", "firingLimit": 1, "ins": [\(list(ins))],
       "outs": [\(list(outs))],
       "config": {"executor": {"executable": "sh", "args": ["-c", "\(script)"]}}}
      """
  }

  /// Replaces `rsync` here by one that is slow.
  func slowRsync(kilobytes: Int) throws {
    let text = "#!/bin/sh\nexec /usr/bin/rsync --bwlimit=\(kilobytes) \"$@\"\n"
    try Files.write(Array(text.utf8), to: Files.join(path, "bin/rsync"), mode: 0o755)
  }

  /// The copies that run here.
  var copies: [Int32] {
    ProcessTable.commandLines.filter { _, words in
      words.first?.hasSuffix("rsync") ?? false && words.contains { $0.contains(path) }
    }.map { Int32($0.key) }
  }
}

/// Jobs on hosts that share no directory with the run.
@Suite(.serialized, .enabled(if: Recipe.hostsObstacle == nil, "\(Recipe.hostsObstacle ?? "")"))
struct StagingTests {
  private func text(_ directory: String, _ name: String) -> String {
    String(decoding: (try? Files.read(Files.join(directory, name))) ?? [], as: UTF8.self)
  }

  @Test func `files go to the hosts that need them and come back`() async throws {
    let hosts = try Recipe.hosts(2)
    let middle = (1...4).map { number in
      Recipe.fileJob(
        "part\(number)", "cat sub/a.txt; (cat sub/a.txt; uname -n) > b\(number).txt; sleep 0.5",
        ins: ["sub/a.txt"], outs: ["b\(number).txt"])
    }
    let parts = (1...4).map { "b\($0).txt" }
    let own = try hosts.ownDirectory(
      [
        Recipe.fileJob(
          "first", "cat first.txt > sub/a.txt", ins: ["first.txt"], outs: ["sub/a.txt"])
      ]
        + middle
        + [
          Recipe.fileJob(
            "last", "cat b?.txt tool/extra > end.txt", ins: parts, outs: ["end.txt"])
        ], signals: ["sub/a.txt", "end.txt"] + parts, site: "files = [\"tool\"]")
    try Files.makeDirectory(Files.join(own, "tool"))
    try Files.write(Array("extra\n".utf8), to: Files.join(own, "tool/extra"))
    let result = try await hosts.run(
      ["run", ".", "--headless", "--on", "ssh:h1*2,h2*2"], in: own)
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    let lines = text(own, "end.txt").split(separator: "\n")
    #expect(lines.count == 9 && lines.last == "extra", "\(lines)")
    #expect(Set(lines.filter { $0.hasPrefix("h") }) == ["h1", "h2"])
    for host in ["h1", "h2"] {
      let left = try await hosts.on(host, "ls ~/.cache/hflow-tui 2>/dev/null; true")
      #expect(left.isEmpty)
    }
    try await hosts.expectNothingLeft(on: ["h1", "h2"])
  }

  @Test func `a job that has not written its output fails, and the file is named`() async throws {
    let hosts = try Recipe.hosts(1)
    let own = try hosts.ownDirectory(
      [Recipe.fileJob("job", "true", ins: ["first.txt"], outs: ["never.txt"])],
      signals: ["never.txt"])
    let result = try await hosts.run(["run", ".", "--headless", "--on", "ssh:h1"], in: own)
    #expect(result.exitCode == 1, "\(result.output) \(result.errors)")
    #expect(result.output.contains("output never.txt is missing on h1"), "\(result.output)")
    #expect(result.output.contains("failed     job:1  missing file:"), "\(result.output)")
    try await hosts.expectNothingLeft(on: ["h1"])
  }

  @Test func `a job whose input no task has written fails, and the file is named`() async throws {
    let hosts = try Recipe.hosts(1)
    let own = try hosts.ownDirectory(
      [
        Recipe.fileJob("here", "true", ins: ["first.txt"], outs: ["lacking.txt"]),
        Recipe.fileJob("there", "cat lacking.txt", ins: ["lacking.txt"], outs: []),
      ], signals: ["lacking.txt"])
    let result = try await hosts.run(
      [
        "run", ".", "--headless", "--on", "local:1", "--on", "ssh:h1", "--route", "here=local",
        "--route", "there=ssh",
      ], in: own)
    #expect(result.exitCode == 1, "\(result.output) \(result.errors)")
    #expect(result.output.contains("input lacking.txt is not in"), "\(result.output)")
    try await hosts.expectNothingLeft(on: ["h1"])
  }

  @Test func `declared files are looked for on the host, after they were copied there`()
    async throws
  {
    let hosts = try Recipe.hosts(1)
    let use = Recipe.fileJob(
      "use", "cat made.txt tool.txt > end.txt", ins: ["made.txt"], outs: ["end.txt"]
    ).replacing(#""config": {"#, with: #""config": {"files": ["tool.txt"], "#)
    let own = try hosts.ownDirectory(
      [
        Recipe.fileJob("make", "cat first.txt > made.txt", ins: ["first.txt"], outs: ["made.txt"]),
        use,
      ], signals: ["made.txt", "end.txt"])
    // No signal names this one.
    try Files.write(Array("tool\n".utf8), to: Files.join(own, "tool.txt"))
    let options = ["run", ".", "--headless", "--check-files", "--on", "ssh:h1"]
    let result = try await hosts.run(options, in: own)
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    #expect(!result.output.contains("missing"), "\(result.output)")
    #expect(text(own, "end.txt") == "one\ntool\n")

    Files.remove(Files.join(own, "tool.txt"))
    let lacking = try await hosts.run(options + ["--new"], in: own)
    #expect(lacking.exitCode == 1)
    #expect(
      lacking.output.contains("failed     use:1  missing file: input missing: tool.txt"),
      "\(lacking.output)")
    let warned = try await hosts.run(
      ["run", ".", "--headless", "--new", "--on", "ssh:h1"], in: own)
    #expect(warned.output.contains("input missing: tool.txt"), "\(warned.output)")
    try await hosts.expectNothingLeft(on: ["h1"])
  }

  @Test func `a declared output that is missing fails the task before anything is copied`()
    async throws
  {
    let hosts = try Recipe.hosts(1)
    let own = try hosts.ownDirectory(
      [Recipe.fileJob("job", "cat first.txt || cat > a.txt", ins: ["first.txt"], outs: ["a.txt"])],
      signals: ["a.txt"])
    let result = try await hosts.run(
      ["run", ".", "--headless", "--check-files", "--on", "ssh:h1"], in: own)
    #expect(result.exitCode == 1)
    #expect(
      result.output.contains("failed     job:1  missing file: output missing: a.txt"),
      "\(result.output)")
    try await hosts.expectNothingLeft(on: ["h1"])
  }

  private func writeLargeCopy(_ hosts: Recipe) throws -> String {
    let own = try hosts.ownDirectory(
      [
        Recipe.fileJob(
          "job", "echo x >> runs.txt; sha256sum first.txt > sum.txt", ins: ["first.txt"],
          outs: ["sum.txt", "runs.txt"])
      ], signals: ["sum.txt", "runs.txt"])
    let bytes = (0..<6_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 7) }
    try Files.write(bytes, to: Files.join(own, "first.txt"))
    try hosts.slowRsync(kilobytes: 3000)
    return own
  }

  private func expectWhole(_ hosts: Recipe, _ own: String) async throws {
    let sum = try await Program.run(["first.txt"], of: "sha256sum", directory: own)
    #expect(text(own, "sum.txt") == sum.output)
    #expect(text(own, "runs.txt") == "x\n")
    try await hosts.expectNothingLeft(on: ["h1"])
  }

  @Test func `a copy that is killed halfway is repeated`() async throws {
    let hosts = try Recipe.hosts(1)
    let own = try writeLargeCopy(hosts)
    let result = try await hosts.run(
      ["run", ".", "--headless", "--on", "ssh:h1"], in: own
    ) { _ in
      _ = eventually("a copy runs") { !hosts.copies.isEmpty }
      var nothing: [pollfd] = []
      _ = Poll.wait(&nothing, milliseconds: 500)
      for pid in hosts.copies { kill(pid, SIGKILL) }
    }
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    try await expectWhole(hosts, own)
  }

  @Test func `the next engine copies what the killed one had begun`() async throws {
    let hosts = try Recipe.hosts(1)
    let own = try writeLargeCopy(hosts)
    _ = try await hosts.run(
      ["run", ".", "--headless", "--on", "ssh:h1"], in: own
    ) { engine in
      _ = eventually("a copy runs") { !hosts.copies.isEmpty }
      engine.send(SIGKILL)
      for pid in hosts.copies { kill(pid, SIGKILL) }
    }
    let result = try await hosts.run(["resume", "--headless"], in: own)
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    try await expectWhole(hosts, own)
  }

  @Test func `a host without rsync is found by a check and refused`() async throws {
    let hosts = try Recipe.hosts(2)
    let own = try hosts.ownDirectory(
      [Recipe.fileJob("job", "true", ins: ["first.txt"], outs: [])], signals: ["never.txt"])
    _ = try await hosts.on("h2", "chmod -x $(command -v rsync)")
    let check = try await hosts.run(["sites", "--check", "ssh:h1,h2"], in: own)
    #expect(check.exitCode == 3)
    #expect(check.output.contains("h1: ok;") && check.output.contains("files are copied"))
    #expect(check.errorLines.count == 1)
    #expect(check.errors.contains("h2: rsync is not there; install it"), "\(check.errors)")
    let refused = try await hosts.run(["run", ".", "--headless", "--on", "ssh:h2"], in: own)
    #expect(refused.exitCode == 3 && refused.errors.contains("rsync is not there"))
    try await hosts.expectNothingLeft(on: ["h1", "h2"])
  }

  @Test(
    .enabled(if: Recipe.runsLongTests, "make test-sites"),
    .enabled(if: Files.findExecutable("mProject") != nil, "not installed: montage"))
  func `a mosaic is made on two hosts that share nothing`() async throws {
    let hosts = try Recipe.hosts(2)
    let own = Files.join(hosts.path, "own")
    let made = try await Program.run(
      [own], of: Files.join(Program.repository, "Examples/Montage/prepare"))
    #expect(made.exitCode == 0, "\(made.errors)")
    let sites = "[ssh]\nstage = \"rsync\"\nfiles = [\"bin\"]\n"
    try Files.write(Array(sites.utf8), to: Files.join(own, "hflow-sites.toml"))
    let result = try await hosts.run(
      ["run", ".", "--headless", "--on", "ssh:h1*2,h2*2"], in: own)
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    #expect((Files.size(Files.join(own, "mosaic.png")) ?? 0) > 1000)
    try await hosts.expectNothingLeft(on: ["h1", "h2"])
  }
}
