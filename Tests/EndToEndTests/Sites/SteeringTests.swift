import Glibc
import JSONValue
import Posix
import Testing

/// `hflow-tui workers` while a run runs.
@Suite(.serialized)
struct SteeringTests {
  @Test(.enabled(if: Recipe.slurmObstacle == nil, "\(Recipe.slurmObstacle ?? "")"))
  func `workers of Slurm are listed, added and removed`() async throws {
    let slurm = try Recipe.slurm(nodes: 2, processors: 4)
    try slurm.write(jobs: 3, lines: 30, pause: "0.5")
    let arguments = ["run", ".", "--json", "--on", "slurm", "--redis-listen", "127.0.0.1"]
    let result = try await slurm.run(arguments + ["--workers", "0:1"]) { _ in
      _ = eventually("a job has begun") { slurm.begun(3) == 1 }
      let added = try? awaitOutput(
        of: slurm, ["workers", "add", "last", "slurm", "--count", "2"])
      #expect(added == "workers of slurm: 2 more asked for, at most 3 from now on\n")
      #expect(eventually("all jobs have begun") { slurm.begun(3) == 3 })
      let list = (try? awaitOutput(of: slurm, ["workers", "last"])) ?? ""
      #expect(list.split(separator: "\n").count == 4, "\(list)")
      #expect(list.contains("serving") && list.contains("slurm-"))
      let json = (try? awaitOutput(of: slurm, ["workers", "last", "--json"])) ?? ""
      #expect((try? JSON(parsing: json))?.array?.first?["site"]?.string == "slurm")
      let removed = try? awaitOutput(of: slurm, ["workers", "remove", "last", "slurm"])
      #expect(removed?.hasPrefix("workers of slurm: 1 cancelled") == true, "\(removed ?? "")")
      let unknown = try? awaitOutput(of: slurm, ["workers", "add", "last", "nowhere"])
      #expect(unknown?.contains("not changed: the run has no such site; it has slurm") == true)
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect((1...3).map { slurm.marks($0).count }.reduce(0, +) == 4, "one job was retried")
    try slurm.expectNothingLeftInSlurm()
  }

  @Test(.enabled(if: Recipe.hostsObstacle == nil, "\(Recipe.hostsObstacle ?? "")"))
  func `a worker that left a host can be restarted`() async throws {
    let hosts = try Recipe.hosts(2)
    try hosts.write(jobs: 4, lines: 16, pause: "0.5")
    let result = try await hosts.run(["run", ".", "--headless", "--on", "ssh:h1*1,h2*1"]) { _ in
      _ = eventually("both hosts work") { hosts.begun(4) == 2 }
      let removed = try? awaitOutput(of: hosts, ["workers", "remove", "last", "ssh", "h1"])
      #expect(removed == "workers of ssh: 1 ended, their jobs are retried: h1\n")
      let isGone = eventually("its row is gone") {
        let list = try? awaitOutput(of: hosts, ["workers", "last"])
        return list.map { !$0.contains("h1") } ?? false
      }
      #expect(isGone)
      let added = try? awaitOutput(of: hosts, ["workers", "add", "last", "ssh"])
      #expect(added == "workers of ssh: 1 started again: h1\n")
    }
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
    let marks = (1...4).map(hosts.marks)
    #expect(marks.map(\.count).sorted() == [1, 1, 1, 2], "\(marks)")
    #expect(marks.flatMap(\.self).count { $0 == "h1" } >= 2)
    try await hosts.expectNothingLeft(on: ["h1", "h2"])
  }
}
