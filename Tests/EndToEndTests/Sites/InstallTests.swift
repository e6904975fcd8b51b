import Glibc
import JSONValue
import JobProtocol
import Posix
import Testing

/// `sites --install` and what `sites --check` finds, each with a host that has it.
@Suite(.serialized, .enabled(if: Recipe.hostsObstacle == nil, "\(Recipe.hostsObstacle ?? "")"))
struct InstallTests {
  /// Programs that hosts do not see.
  private func ownPrograms(_ hosts: Recipe) throws -> String {
    let bin = Files.join(hosts.path, "programs")
    try Files.makeDirectory(bin)
    for program in [Program.hflow, Program.executor] {
      _ = try Child.spawn(SpawnRequest("cp", [program, bin])).wait()
    }
    return Files.join(bin, "hflow-tui")
  }

  private func run(
    _ program: String, _ arguments: [String], _ hosts: Recipe
  ) async throws -> Program.Result {
    var environment: [String: String?] = hosts.environment
    environment["TMPDIR"] = hosts.path
    return try await Program.run(
      arguments, of: program, environment: environment, directory: hosts.workflow)
  }

  @Test func `the executor is copied to hosts that lack it, once`() async throws {
    let hosts = try Recipe.hosts(2)
    try hosts.write(jobs: 2, lines: 1, pause: "0.1")
    let program = try ownPrograms(hosts)
    let before = try await run(program, ["sites", "--check", "ssh:h1"], hosts)
    #expect(before.exitCode == 3)
    #expect(before.errors.contains("h1: hflow-job-execute is not there"), "\(before.errors)")
    #expect(before.errors.contains("sites --install"))
    let first = try await run(program, ["sites", "--install", "ssh:h1,h2"], hosts)
    #expect(first.exitCode == 0, "\(first.errors)")
    #expect(first.output.contains("h1: copied hflow-job-execute"))
    #expect(first.output.contains("h2: copied hflow-job-execute"))
    let there = try await hosts.on(
      "h1", "ls ~/.local/share/hflow-tui/*; ~/.local/share/hflow-tui/*/hflow-job-execute --version")
    #expect(there.contains(ExecutorVersion.text) && !there.contains(".new"), "\(there)")
    let second = try await run(program, ["sites", "--install", "--check", "ssh:h1,h2"], hosts)
    #expect(second.exitCode == 0, "\(second.errors)")
    #expect(second.output.contains("h1: \(ExecutorVersion.text) is already in"))
    #expect(second.output.contains("h2: ok;"))
    let result = try await run(program, ["run", ".", "--headless", "--on", "ssh:h1,h2"], hosts)
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    try await hosts.expectNothingLeft(on: ["h1", "h2"])
  }

  @Test func `a copy that does not run there replaces nothing`() async throws {
    let hosts = try Recipe.hosts(1)
    let program = try ownPrograms(hosts)
    let broken = "#!/bin/sh\necho x: error while loading shared libraries: libx.so >&2; exit 127\n"
    try Files.write(
      Array(broken.utf8), to: Files.join(Files.parent(of: program), "hflow-job-execute"),
      mode: 0o755)
    let result = try await run(program, ["sites", "--install", "ssh:h1"], hosts)
    #expect(result.exitCode == 3 && result.errorLines.count == 1)
    #expect(result.errors.contains("h1: the copied executor does not run there (x: error while"))
    #expect(result.errors.contains("make install"))
    let there = try await hosts.on("h1", "ls ~/.local/share/hflow-tui/*")
    #expect(there.isEmpty, "\(there)")
    let other = try await run(program, ["sites", "--install", "local"], hosts)
    #expect(other.exitCode == 3 && other.errors.contains("only hosts that are reached with ssh"))
  }

  @Test func `an older executor, a wrong clock and a closed tunnel are found`() async throws {
    let hosts = try Recipe.hosts(3)
    let older =
      "printf '#!/bin/sh\\necho hflow-job-execute 0.0.1\\n' > /root/old; chmod +x /root/old"
    _ = try await hosts.on("h1", older)
    let clock =
      "printf '#!/bin/sh\\necho 1000000000000\\n' > /usr/local/bin/date; "
      + "chmod +x /usr/local/bin/date"
    _ = try await hosts.on("h2", clock)
    let closed =
      "sed -i 's/^AllowStreamLocalForwarding.*/AllowStreamLocalForwarding no/' "
      + "/run/hf/sshd_config; kill -HUP $(cat /run/sshd.pid)"
    _ = try await hosts.on("h3", closed)
    let sites = """
      [one]
      infrastructure = "ssh"
      hosts = ["h1"]
      executor = "~/old"
      """
    try Files.write(Array(sites.utf8), to: Files.join(hosts.workflow, "hflow-sites.toml"))
    let result = try await hosts.run(["sites", "--check", "one", "ssh:h2,h3"])
    #expect(result.exitCode == 3)
    #expect(result.errorLines.count == 3, "\(result.errors)")
    #expect(result.errors.contains("h1: /root/old there is hflow-job-execute 0.0.1"))
    #expect(result.errors.contains("h2: its clock is"))
    #expect(result.errors.contains("h3: the socket of Redis cannot be forwarded"))
  }
}
