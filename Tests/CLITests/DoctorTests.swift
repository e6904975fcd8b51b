import Testing

@testable import CLI

@Suite struct DoctorTests {
  private struct Host: HostProbing {
    var programs: [String: String] = [:]
    /// What commands complain about, by their first two words.
    var complaints: [String: String] = [:]
    var redisError: String?

    private struct Missing: Error, CustomStringConvertible { var description: String }

    func executor() -> String { "hflow-job-execute 1.2.3, /bin/hflow-job-execute" }
    func redis() throws -> String {
      if let redisError { throw Missing(description: redisError) }
      return "Redis server v=7"
    }
    func state() -> String { "/state" }
    func answer(of words: [String]) -> ToolAnswer? {
      if let complaint = complaints[words.prefix(2).joined(separator: " ")] {
        return .fails(complaint)
      }
      return programs[words[0]].map(ToolAnswer.works)
    }
    let terminal = DoctorReport.Finding(state: .works, name: "terminal", text: "xterm")
    let slots = DoctorReport.Finding(state: .works, name: "jobs", text: "2 processors")
  }

  @Test func `what is not needed for every run is absent and says what it is for`() {
    let findings = DoctorReport(Host(programs: ["nodejs": "v18"])).findings
    #expect(findings.map(\.state).filter { $0 == .missing }.isEmpty)
    #expect(findings.first { $0.name == "Node.js" }?.text == "nodejs (v18)")
    let slurm = findings.first { $0.name == "Slurm" }
    #expect(slurm?.state == .absent)
    #expect(slurm?.text.contains("--on slurm") == true)
  }

  @Test func `each installed container tool is named`() {
    let findings = DoctorReport(Host(programs: ["podman": "4", "bwrap": "0.8"])).findings
    #expect(findings.first { $0.name == "containers" }?.text == "podman (4), bwrap (0.8)")
  }

  /// | version | check | state |
  /// |---|---|---|
  /// | printed | succeeds | works |
  /// | printed | fails, or its program is missing | broken |
  /// | fails | – | broken |
  @Test(arguments: [
    (["sinfo": "up"], [:], DoctorReport.State.works, "sbatch (slurm 22)"),
    (
      ["sinfo": "up"], ["sinfo --noheader": "sinfo: fatal: no configuration"], .broken,
      "sbatch (slurm 22) does not work: sinfo: fatal: no configuration"
    ),
    ([:], [:], .broken, "sbatch (slurm 22) does not work: no sinfo"),
    (
      ["sinfo": "up"], ["sbatch --version": "sbatch: fatal: no configuration"], .broken,
      "sbatch does not work: sbatch: fatal: no configuration"
    ),
  ])
  func `a tool that only complains is broken`(
    others: [String: String], complaints: [String: String], state: DoctorReport.State, text: String
  ) {
    let programs = others.merging(["sbatch": "slurm 22"]) { first, _ in first }
    let findings = DoctorReport(Host(programs: programs, complaints: complaints)).findings
    #expect(
      findings.first { $0.name == "Slurm" } == .init(state: state, name: "Slurm", text: text))
  }

  @Test func `one container tool that works is enough`() {
    let findings = DoctorReport(
      Host(
        programs: ["docker": "28", "podman": "4"], complaints: ["docker version": "no daemon"])
    ).findings
    let expected = "docker (28) does not work: no daemon, podman (4)"
    #expect(
      findings.first { $0.name == "containers" }
        == .init(state: .works, name: "containers", text: expected))
  }

  @Test func `without Redis no workflow can run`() {
    let findings = DoctorReport(Host(redisError: "not found; install it")).findings
    #expect(findings[1] == .init(state: .missing, name: "Redis", text: "not found; install it"))
    #expect(findings[1].line == "NO  Redis       not found; install it")
  }
}
