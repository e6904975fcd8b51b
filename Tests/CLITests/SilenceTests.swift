import JobProtocol
import Testing

@testable import CLI

/// Why `logs` prints nothing.
struct SilenceTests {
  private func silence(
    _ outcome: JobOutcome?, hasStarted: Bool = true, lastLine: String = "", errorsOnly: Bool = false
  ) -> Silence {
    Silence(
      outcome: outcome, hasStarted: hasStarted, lastLine: lastLine, errorsOnly: errorsOnly)
  }

  @Test func `what was never started says why`() {
    let silence = silence(.failed(.notFound("foo: no such file")), hasStarted: false)
    #expect(silence.hasNotRun)
    #expect(silence.text == "no output, for it never started: not found: foo: no such file")
  }

  @Test func `of what was lost nobody knows whether it started`() {
    let silence = silence(.failed(.lost("no sign of life")), hasStarted: false)
    #expect(!silence.hasNotRun)
    #expect(silence.text == "no output; it ended: lost: no sign of life")
  }

  @Test func `what ran and wrote nothing is no error`() {
    #expect(silence(.succeeded).text == "no output")
    #expect(silence(nil).text == "no output yet")
    #expect(silence(.failed(.exit(3))).text == "no output; it ended: exit 3")
    #expect(silence(.succeeded, errorsOnly: true).text == "no standard error")
    #expect(!silence(.failed(.exit(3)), hasStarted: false).hasNotRun)
    #expect(silence(.succeeded, lastLine: "bye").text.hasPrefix("its output is kept no more"))
  }
}
