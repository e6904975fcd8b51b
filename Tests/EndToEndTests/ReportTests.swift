import Glibc
import JSONValue
import Posix
import Testing

/// `hflow-tui report`, of runs whose Redis has ended.
@Suite struct ReportTests {
  private func failedRun() async throws -> Workspace {
    let place = try Workspace(
      Samples.chain("echo well", "echo about to >&2; echo 'no <b>overlap</b>' >&2; exit 4", "true"))
    _ = try await Program.run(["run", place.path, "--headless"])
    return place
  }

  @Test func `the report of a closed run shows failures and their last lines`() async throws {
    let place = try await failedRun()
    let result = try await Program.run(
      ["report", "last", "--output", "page.html"], directory: place.path)
    #expect(result.exitCode == 0)
    #expect(result.output.hasSuffix("/page.html\n"))
    let page = place.text("page.html")
    #expect(page.contains("Of 3 tasks 1 failed, 1 never ran"))
    #expect(page.contains("<pre>about to\nno &lt;b&gt;overlap&lt;/b&gt;</pre>"))
    // No process is left.
    #expect(place.processes().isEmpty)
  }

  @Test func `an interrupted run is reported as interrupted, not as running`() async throws {
    let place = try Workspace(Samples.chain("true", "touch up; sleep 1000", "true"))
    _ = try await Program.run(["run", place.path, "--headless"]) { child in
      _ = eventually("the second job runs") { Files.exists("\(place.path)/up") }
      child.send(SIGKILL)
    }
    let json = try await Program.run(["report", "last", "--json", "-C", place.path])
    #expect(try JSON(parsing: json.output)["interrupted"] == true, "\(json)")
    let page = try await Program.run(["report", "last", "--output", "-", "-C", place.path])
    #expect(page.output.contains("</span> interrupted</p>"))
    #expect(page.output.contains("Its engine died; 1 of 3 tasks were done until then."))
    _ = try await Program.run(["remove", "last", "-C", place.path])
  }

  @Test func `by default the report is here and named after the run`() async throws {
    let place = try await failedRun()
    let run = try #require(Files.list("\(place.path)/.hflow/runs").first)
    let result = try await Program.run(["report", run], directory: place.path)
    #expect(result.exitCode == 0)
    #expect(place.text("report-\(run.prefix(4)).html").hasPrefix("<!DOCTYPE html>"))
  }

  @Test func `JSON and CSV have the same figures`() async throws {
    let place = try await failedRun()
    let json = try await Program.run(["report", "last", "--json", "-C", place.path])
    let report = try JSON(parsing: json.output)
    #expect(report["status"] == "failed")
    #expect(report["failures"]?.array?.first?["cause"] == "exit 4")
    #expect(report["failures"]?.array?.first?["output"] == ["about to", "no <b>overlap</b>"])
    let csv = try await Program.run(["report", "last", "--csv", "-C", place.path])
    #expect(csv.output.split(separator: "\r\n").count == 3)
    #expect(csv.output.contains("b:1,2,1,b,failed"))
    let file = try await Program.run(
      ["report", "last", "--csv", "-o", "jobs.csv"], directory: place.path)
    #expect(file.output.hasSuffix("/jobs.csv\n"))
    #expect(place.text("jobs.csv") == csv.output)
  }

  @Test func `a report can be written to standard output`() async throws {
    let place = try await failedRun()
    let result = try await Program.run(["report", "last", "--output", "-", "-C", place.path])
    #expect(result.output.hasPrefix("<!DOCTYPE html>"))
    #expect(result.output.hasSuffix("</html>\n"))
  }

  @Test func `errors are one line`() async throws {
    let place = try await failedRun()
    let unknown = try await Program.run(["report", "zzzz", "-C", place.path])
    #expect(unknown.exitCode == 2)
    #expect(unknown.errorLines.count == 1)
    let both = try await Program.run(["report", "last", "--json", "--csv", "-C", place.path])
    #expect(both.exitCode == 2)
    let nowhere = try await Program.run(
      ["report", "last", "-C", place.path, "--output", "/proc/none/page.html"])
    #expect(nowhere.exitCode == 3)
    #expect(nowhere.errorLines.count == 1)
    #expect(nowhere.errors.contains("--output"))
  }
}
