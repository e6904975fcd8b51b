import Glibc
import JSONValue
import Posix
import Testing

/// What other users of the same host, or directories that they created, can do to a run.
@Suite(.timeLimit(.minutes(5))) struct SharedHostTests {
  private let chain = Samples.chain("echo one; echo two >&2", "true", "true")

  /// Files and directories below a directory that users besides their owner can write.
  private func writable(below directory: String) -> [String] {
    Files.list(directory).flatMap { name -> [String] in
      let path = Files.join(directory, name)
      var info = stat()
      guard lstat(path, &info) == 0 else { return [] }
      let isOpen = info.st_mode & S_IFMT != S_IFLNK && info.st_mode & 0o022 != 0
      let below = info.st_mode & S_IFMT == S_IFDIR ? writable(below: path) : []
      return (isOpen ? [path] : []) + below
    }
  }

  @Test(arguments: ["pool", "oneshot"])
  func `no file of a run is writable for others, whatever the umask`(
    invoker: String
  ) async throws {
    let place = try Workspace(
      Samples.workflow(
        [
          Samples.job("a", "echo x; echo y >&2", ins: #""s""#, outs: "", #""stdout": "out.txt""#)
        ], signals: #"{"name": "s", "data": [{}]}"#))
    let result = try await Program.run(
      [
        "-c", "umask 000; exec \"$@\"", "sh", Program.hflow, "run", "--headless", "--persist",
        "--provenance-output", "provenance", "--invoker", invoker, ".",
      ], of: "/bin/sh", directory: place.path)
    #expect(result.exitCode == 0, "\(result)")
    _ = try await Program.run(
      ["-c", "umask 000; exec \"$@\"", "sh", Program.hflow, "report", "last"], of: "/bin/sh",
      directory: place.path)
    let names = Files.list(place.path)
    for name in [".hflow", "logs-hf", "out.txt", "provenance"] {
      #expect(names.contains(name), "\(names)")
    }
    #expect(writable(below: place.path) == [])
  }

  @Test func `a umask that lets the group write is kept`() async throws {
    let place = try Workspace(chain)
    _ = try await Program.run(
      ["-c", "umask 002; exec \"$@\"", "sh", Program.hflow, "run", "--headless", "."],
      of: "/bin/sh", directory: place.path)
    let folder = Files.join(place.path, "logs-hf")
    let log = try #require(Files.list(folder).first { $0.hasSuffix("__stdout.log") })
    var info = stat()
    #expect(stat(Files.join(folder, log), &info) == 0 && info.st_mode & 0o777 == 0o664)
  }

  @Test func `a risky PATH is reported once for each run`() async throws {
    let place = try Workspace(chain)
    let path = ".:" + (Environment["PATH"] ?? "/usr/bin:/bin")
    let result = try await Program.run(
      ["run", "--headless", place.path], environment: ["PATH": path])
    #expect(result.exitCode == 0, "\(result)")
    let lines = (result.output + result.errors).split(separator: "\n").filter {
      $0.contains("PATH has")
    }
    #expect(lines.count == 1, "\(result)")
  }

  // MARK: Links

  @Test(
    .enabled(if: OtherUser.isAvailable, "links of others are made by root"),
    arguments: [".hflow", ".hflow/runs", "workflow.json"])
  func `a run does not follow another user's link`(name: String) async throws {
    let place = try Workspace(chain)
    let outside = try Workspace(chain)
    let link = Files.join(place.path, name)
    if name == "workflow.json" {
      Files.remove(link)
      #expect(symlink(Files.join(outside.path, name), link) == 0)
    } else {
      try Files.makeDirectory(Files.parent(of: link))
      #expect(symlink(outside.path, link) == 0)
    }
    OtherUser.own(link)
    OtherUser.own(place.path)
    for arguments in [["run", "--headless", place.path], ["run", "--headless", link]]
    where name == "workflow.json" || arguments[2] == place.path {
      let result = try await Program.run(arguments)
      #expect([2, 3].contains(result.exitCode), "\(result)")
      #expect(result.errorLines.count == 1, "\(result)")
      #expect(result.errors.contains("symbolic link that another user (uid 65534) made"))
      #expect(result.errors.contains(link))
    }
    if name != "workflow.json" {
      let list = try await Program.run(["list", "-C", place.path])
      #expect(list.errors.contains("symbolic link that another user"), "\(list)")
    }
    #expect(Files.list(outside.path) == ["workflow.json"])
  }

  @Test(
    .enabled(if: OtherUser.isAvailable, "links of others are made by root"),
    arguments: ["functions.js", "workflow.config.json", "workflow.config.more.json"])
  func `workflow files are not read through another user's link`(
    name: String
  ) async throws {
    let place = try Workspace(chain)
    let link = Files.join(place.path, name)
    try place.write("{}", to: "outside")
    #expect(symlink("outside", link) == 0)
    OtherUser.own(link)
    for command in [["validate", place.path], ["run", "--headless", place.path]] {
      let result = try await Program.run(command)
      #expect(result.exitCode == 2, "\(result)")
      let words = result.output + result.errors
      #expect(words.contains("symbolic link that another user (uid 65534) made"), "\(result)")
      #expect(words.contains(name))
    }
  }

  @Test(.enabled(if: OtherUser.isAvailable, "links of others are made by root"))
  func `output is not written through another user's link`() async throws {
    let place = try Workspace(chain)
    let outside = try Workspace()
    let link = Files.join(place.path, "logs-hf")
    #expect(symlink(outside.path, link) == 0)
    OtherUser.own(link)
    let result = try await Program.run(["run", "--headless", place.path])
    #expect(result.exitCode == 0, "\(result)")
    #expect(Files.list(outside.path) == [])
    let notes = result.output.split(separator: "\n").filter { $0.contains("note:") }
    #expect(notes.count == 1, "\(result)")
    #expect(notes.first?.contains("\(link) cannot be used") == true, "\(result)")
    #expect(notes.first?.contains("symbolic link that another user") == true)
    // The output in Redis is available all the same.
    let logs = try await Program.run(["logs", "last", "a"], directory: place.path)
    #expect(logs.output == "one\ntwo\n", "\(logs)")
    #expect(!logs.errors.contains("hflow-job-execute:"))
  }

  @Test(.enabled(if: OtherUser.isAvailable, "links of others are made by root"))
  func `a report is not written through another user's link`() async throws {
    let place = try Workspace(chain)
    let run = try await Program.run(["run", "--headless", place.path])
    #expect(run.exitCode == 0)
    let id = try #require(Files.list(Files.join(place.path, ".hflow/runs")).first)
    let link = Files.join(place.path, "report-\(id.prefix(4)).html")
    #expect(symlink("outside", link) == 0)
    OtherUser.own(link)
    let report = try await Program.run(["report", "last"], directory: place.path)
    #expect(report.exitCode == 3 && report.errors.contains("another user"), "\(report)")
    #expect(!Files.exists(Files.join(place.path, "outside")))
  }

  @Test func `links of the same user are followed`() async throws {
    let place = try Workspace()
    let disk = try Workspace(chain)
    for name in ["runs", "logs"] { try Files.makeDirectory(Files.join(disk.path, name)) }
    #expect(symlink(Files.join(disk.path, "runs"), Files.join(place.path, ".hflow")) == 0)
    #expect(symlink(Files.join(disk.path, "logs"), Files.join(place.path, "logs-hf")) == 0)
    let workflow = Files.join(place.path, "workflow.json")
    #expect(symlink(Files.join(disk.path, "workflow.json"), workflow) == 0)
    let result = try await Program.run(["run", "--headless", place.path])
    #expect(result.exitCode == 0, "\(result)")
    #expect(Files.list(Files.join(disk.path, "runs/runs")).count == 1)
    #expect(!Files.list(Files.join(disk.path, "logs")).isEmpty)
    let logs = try await Program.run(["logs", "last", "a"], directory: place.path)
    #expect(logs.output == "one\ntwo\n", "\(logs)")
  }

  // MARK: Directories that cannot be written

  @Test(.enabled(if: geteuid() != 0 || OtherUser.isAvailable, "root may write everywhere"))
  func `a run in a read-only directory works and reports once what is missing`()
    async throws
  {
    let place = try Workspace(Samples.chain("echo one", "echo two >&2", "echo three"))
    let state = try Workspace()
    OtherUser.own(state.path)
    #expect(chmod(place.path, 0o555) == 0)
    defer { chmod(place.path, 0o755) }
    let environment = ["XDG_STATE_HOME": state.path, "HOME": state.path]
    let result = try await OtherUser.run(
      ["run", "--headless", place.path], environment: environment)
    #expect(result.exitCode == 0, "\(result)")
    let words = result.output + result.errors
    let notes = words.split(separator: "\n").filter { $0.contains("annot") }
    #expect(notes.count == 1, "\(result)")
    let note = String(notes.first ?? "")
    #expect(note.contains("\(place.path) cannot be used (Permission denied)"), "\(result)")
    #expect(note.contains("\(state.path)/hflow-tui/runs/"))
    #expect(note.contains("HF_VAR_LOG_DIR"))
    for word in note.split(whereSeparator: { " ();:".contains($0) }) where word.hasPrefix("/") {
      #expect(Files.exists(String(word)), "a path that is not there: \(word)")
    }
    let logs = try await OtherUser.run(
      ["logs", "last", "b"], environment: environment, directory: place.path)
    #expect(logs.output == "two\n", "\(logs)")
    let retry = try await OtherUser.run(
      ["retry", "last", "b", "--only"], environment: environment, directory: place.path)
    #expect(retry.exitCode == 0, "\(retry)")
    _ = try await OtherUser.run(
      ["remove", "last"], environment: environment, directory: place.path)
    #expect(Files.list(place.path) == ["workflow.json"])
  }

  // MARK: Paths that people name

  @Test func `a report can be written to devices, pipes and links`() async throws {
    let place = try Workspace(chain)
    let run = try await Program.run(["run", "--headless", place.path])
    #expect(run.exitCode == 0)
    func report(_ script: String) async throws -> Program.Result {
      try await Program.run(
        ["-c", script, "sh", Program.hflow], of: "/bin/sh", directory: place.path)
    }
    #expect(symlink("/dev/null", Files.join(place.path, "null")) == 0)
    #expect(try await report("\"$1\" report last -o null").exitCode == 0)
    #expect(Files.linkExists(Files.join(place.path, "null")))
    #expect(mkfifo(Files.join(place.path, "pipe"), 0o600) == 0)
    let piped = try await report("cat pipe > copy & \"$1\" report last -o pipe; wait")
    #expect(piped.exitCode == 0, "\(piped)")
    #expect(place.text("copy").hasSuffix("</html>\n"))
    var info = stat()
    #expect(stat(Files.join(place.path, "pipe"), &info) == 0 && info.st_mode & S_IFMT == S_IFIFO)
    let substituted = try await report("\"$1\" report last --csv -o /dev/stdout | head -c 20")
    #expect(!substituted.output.isEmpty, "\(substituted)")
    try place.write("old", to: "target")
    #expect(chmod(Files.join(place.path, "target"), 0o600) == 0)
    #expect(symlink("target", Files.join(place.path, "link")) == 0)
    #expect(try await report("\"$1\" report last -o link").exitCode == 0)
    #expect(place.text("target").hasSuffix("</html>\n"))
    #expect(Files.linkExists(Files.join(place.path, "link")))
    #expect(stat(Files.join(place.path, "target"), &info) == 0 && info.st_mode & 0o777 == 0o600)
    #expect(!Files.list(place.path).contains { $0.hasPrefix(".hflow-draft") })
  }

  @Test func `a provenance log is not written to a pipe`()
    async throws
  {
    let place = try Workspace(chain)
    #expect(mkfifo(Files.join(place.path, "pipe"), 0o600) == 0)
    let result = try await Program.run(
      ["run", "--headless", ".", "--provenance-output", "pipe"], directory: place.path)
    #expect(result.exitCode == 3, "\(result)")
    #expect(result.errors.contains("it is a pipe"), "\(result)")
    let quiet = try await Program.run(
      ["run", "--headless", ".", "--provenance-output", "/dev/null"], directory: place.path)
    #expect(quiet.exitCode == 0, "\(quiet)")
  }
}

extension Files {
  fileprivate static func linkExists(_ path: String) -> Bool {
    var info = stat()
    return lstat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFLNK
  }
}
