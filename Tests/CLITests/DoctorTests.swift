import Testing

@testable import CLI

@Suite struct DoctorTests {
  private struct Host: HostProbing {
    var programs: [String: String] = [:]
    var redisError: String?

    private struct Missing: Error, CustomStringConvertible { var description: String }

    func executor() -> String { "hflow-job-execute 1.2.3, /bin/hflow-job-execute" }
    func redis() throws -> String {
      if let redisError { throw Missing(description: redisError) }
      return "Redis server v=7"
    }
    func state() -> String { "/state" }
    func version(of program: String, _ argument: String) -> String? { programs[program] }
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

  @Test func `without Redis no workflow can run`() {
    let findings = DoctorReport(Host(redisError: "not found; install it")).findings
    #expect(findings[1] == .init(state: .missing, name: "Redis", text: "not found; install it"))
    #expect(findings[1].line == "NO  Redis       not found; install it")
  }
}
