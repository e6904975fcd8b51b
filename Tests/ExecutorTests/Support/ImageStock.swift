import Glibc
import Posix
import Testing

@testable import Executor

/// Root file systems with Debian's static busybox, and engines with a store of their own.
final class ImageStock {
  let directory: String
  private var daemon: Child?

  /// Why containers of a tool cannot be tried here; `nil` if they can.
  static func obstacle(_ programs: [String]) -> String? {
    guard geteuid() == 0 else { return "needs root" }
    let missing = (programs + ["busybox"]).filter { Files.findExecutable($0) == nil }
    guard missing.isEmpty else {
      return "not installed: \(missing.joined(separator: ", ")); make setup-sites"
    }
    return isStatic ? nil : "needs busybox-static"
  }

  private static var isStatic: Bool {
    guard let path = Files.findExecutable("busybox") else { return false }
    if case .program(_, nil) = ProgramFile(reading: path) { return true }
    return false
  }

  init() throws {
    directory = try Files.makeTemporaryDirectory(prefix: "hx-image-")
    for folder in ["bin", "tmp", "dev", "proc", "sys", "etc"] {
      try Files.makeDirectory(Files.join(root, folder))
    }
    let busybox = try #require(Files.findExecutable("busybox"))
    try Files.write(try Files.read(busybox), to: Files.join(root, "bin/busybox"), mode: 0o755)
    for name in ["sh", "cat", "echo", "env", "id", "pwd", "sleep", "touch"] {
      symlink("busybox", Files.join(root, "bin/\(name)"))
    }
    try Files.write(Array("root:x:0:0::/root:/bin/sh\n".utf8), to: Files.join(root, "etc/passwd"))
    try Files.write([], to: Files.join(root, "etc/group"))
  }

  deinit {
    if let daemon {
      daemon.send(SIGTERM)
      _ = daemon.wait()
    }
    Files.removeTree(directory)
  }

  /// An image as a directory.
  var root: String { Files.join(directory, "root") }

  /// The variables for a podman with an image `hx-busybox`.
  func podman() throws -> [String: String] {
    let storage = """
      [storage]
      driver = "vfs"
      graphroot = "\(directory)/graph"
      runroot = "\(directory)/run"

      """
    let engine = """
      [containers]
      default_ulimits = ["nofile=16384:16384", "nproc=8192:8192"]
      [engine]
      runtime = "runc"
      cgroup_manager = "cgroupfs"
      events_logger = "file"

      """
    try Files.write(Array(storage.utf8), to: "\(directory)/storage.conf")
    try Files.write(Array(engine.utf8), to: "\(directory)/containers.conf")
    let environment = [
      "CONTAINERS_CONF": "\(directory)/containers.conf",
      "CONTAINERS_STORAGE_CONF": "\(directory)/storage.conf",
    ]
    try importImage("podman", environment)
    return environment
  }

  /// The variables for a docker with a daemon of its own and an image `hx-busybox`.
  func docker() throws -> [String: String] {
    let words = [
      "--data-root", "\(directory)/data", "--exec-root", "\(directory)/exec", "-p",
      "\(directory)/pid", "-H", "unix://\(directory)/sock", "--iptables=false",
      "--ip6tables=false", "--bridge=none",
    ]
    var request = SpawnRequest("dockerd", words)
    request.group = .session
    let log = open("\(directory)/log", O_WRONLY | O_CREAT, 0o600)
    defer { close(log) }
    request.standardOutput = .descriptor(log)
    request.standardError = .descriptor(log)
    daemon = try Child.spawn(request)
    let environment = ["DOCKER_HOST": "unix://\(directory)/sock"]
    #expect(try eventually { try run(["docker", "info"], environment) == .exited(0) })
    try importImage("docker", environment)
    return environment
  }

  private func importImage(_ tool: String, _ environment: [String: String]) throws {
    #expect(try run(["tar", "-C", root, "-cf", "\(directory)/image.tar", "."]) == .exited(0))
    #expect(
      try run([tool, "import", "\(directory)/image.tar", "hx-busybox"], environment) == .exited(0))
  }

  @discardableResult
  func run(
    _ words: [String], _ environment: [String: String] = [:], output: String = "/dev/null"
  ) throws -> Posix.ExitStatus? {
    var request = SpawnRequest(words[0], Array(words.dropFirst()))
    request.additionalEnvironment = environment
    let file = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { close(file) }
    request.standardOutput = .descriptor(file)
    request.standardError = .descriptor(file)
    return try Child.spawn(request).wait()?.status
  }

  /// The ids of an engine's containers.
  func containers(_ tool: String, _ environment: [String: String]) throws -> String {
    let file = "\(directory)/list"
    try run([tool, "ps", "--all", "--quiet"], environment, output: file)
    return String(decoding: try Files.read(file), as: UTF8.self)
  }
}
