import JobProtocol
import Testing

@testable import CLI

/// Why `logs` prints nothing.
struct MissingOutputTests {
  private func missing(
    _ outcome: JobOutcome?, hasStarted: Bool = true, lastLine: String = "", errorsOnly: Bool = false
  ) -> MissingOutput {
    MissingOutput(
      outcome: outcome, hasStarted: hasStarted, lastLine: lastLine, errorsOnly: errorsOnly)
  }

  @Test func `an attempt that never started says why`() {
    let missing = missing(.failed(.notFound("foo: no such file")), hasStarted: false)
    #expect(missing.hasNotRun)
    #expect(missing.text == "no output, because it never started: not found: foo: no such file")
  }

  @Test func `a lost attempt may have started`() {
    let missing = missing(.failed(.lost("no heartbeat")), hasStarted: false)
    #expect(!missing.hasNotRun)
    #expect(missing.text == "no output; the attempt ended: lost: no heartbeat")
  }

  @Test func `an attempt that ran and wrote nothing is not an error`() {
    #expect(missing(.succeeded).text == "no output")
    #expect(missing(nil).text == "no output yet")
    #expect(missing(.failed(.exit(3))).text == "no output; the attempt ended: exit 3")
    #expect(missing(.succeeded, errorsOnly: true).text == "no standard error")
    #expect(!missing(.failed(.exit(3)), hasStarted: false).hasNotRun)
    #expect(missing(.succeeded, lastLine: "bye").text.hasPrefix("its output was removed"))
  }
}
