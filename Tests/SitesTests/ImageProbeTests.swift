import Glibc
import JobProtocol
import Posix
import Testing

@testable import Sites

struct ImageProbeTests {
  /// A directory with programs, and a site whose jobs ask for these images.
  private func probe(
    _ images: [String], tool: ContainerTool? = nil, programs: [String: String],
    _ body: ([String]) -> Void
  ) async throws {
    let place = try Files.makeTemporaryDirectory(prefix: "hflow-images-", in: "/tmp")
    defer { Files.removeTree(place) }
    try Files.makeDirectory(Files.join(place, "root"))
    for (name, text) in programs {
      try Files.write(Array("#!/bin/sh\n\(text)\n".utf8), to: Files.join(place, name), mode: 0o755)
    }
    var site = SiteSettings(name: "s", infrastructure: .local)
    site.container = tool
    var access = WorkerAccess(
      run: RunID(randomBits: 1), queue: nil, redisPlace: { "" }, socketURL: { $0 },
      networkURL: nil, signingKey: nil, directory: place, filesDirectory: place, executor: nil)
    access.images = images
    let probe = ImageProbe(site, access)
    // Only the programs of the test, and those that the script itself needs.
    for name in ["printf", "tail", "timeout"] {
      guard let path = Files.findExecutable(name) else { continue }
      symlink(path, Files.join(place, name))
    }
    let script = "PATH=\(place)\n\(SSHScripts.say)\n\(probe.script)"
    let result = await Tool.run(["/bin/sh", "-s"], input: script, milliseconds: 30_000)
    body(probe.mistakes(named: "s", SSHScripts.answers(in: result.output)))
  }

  private static let docker =
    "case \"$*\" in 'image inspect there') exit 0;; 'manifest inspect far') exit 0;; "
    + "*) echo 'manifest unknown' >&2; exit 1;; esac"

  @Test func `a name that neither the store nor the registry has is a mistake`() async throws {
    try await probe(["there", "docker://far", "gone"], programs: ["docker": Self.docker]) { lines in
      #expect(
        lines == [
          "s: docker has no image gone, and no registry offers it (manifest unknown); pull or "
            + "build it there"
        ])
    }
  }

  @Test func `a path at which there is nothing is a mistake`() async throws {
    try await probe(["./root", "./nothing"], programs: ["bwrap": ""]) { lines in
      #expect(lines == ["s: there is no image ./nothing; put it there"])
    }
  }

  @Test func `a tool that is not there is a mistake`() async throws {
    try await probe(["there"], tool: .podman, programs: ["docker": Self.docker]) { lines in
      #expect(lines.count == 1 && lines[0].contains("podman is not there; install it"))
    }
    try await probe(["there"], programs: [:]) { lines in
      #expect(lines.count == 1 && lines[0].contains("a tool for containers is not there"))
    }
    try await probe(["there"], tool: .hostOnly, programs: [:]) { #expect($0.isEmpty) }
  }

  @Test func `apptainer tells only when it pulls, so nothing is said before`() async throws {
    try await probe(["gone"], programs: ["apptainer": "exit 1"]) { #expect($0.isEmpty) }
  }
}
