import JobProtocol
import Posix
import Testing

@testable import Runner

/// Causes at the end of the output of HyperFlow's executor, as Node.js prints them.
@Suite struct ExecutorLogEndTests {
  private static func crash(_ error: String) -> String {
    """
    Job executor will execute tasks: kR:1:1:1
    Received job message: {"executable":"x"}
    node:events:497
          throw er; // Unhandled 'error' event
          ^

    \(error)
        at ChildProcess._handle.onexit (node:internal/child_process:286:19)
    Emitted 'error' event on ChildProcess instance at:
        at onErrorNT (node:internal/child_process:484:16) {
      errno: -2,
      code: 'ENOENT'
    }

    Node.js v20.19.2
    """
  }

  static let rows: [(String, FailureCause)] = [
    (crash("Error: spawn no such ENOENT"), .notFound("no such")),
    (crash("Error: spawn ./data EACCES"), .error("cannot start ./data: permission denied")),
    (
      crash("Error: ENOENT: no such file or directory, open 'gone/out.txt'"),
      .error("cannot open gone/out.txt: no such file or directory")
    ),
    (
      crash("TypeError: Cannot read properties of undefined (reading 'startActiveSpan')"),
      .lost(
        "it ended: TypeError: Cannot read properties of undefined (reading 'startActiveSpan')")
    ),
    (
      "stdout: x\n[RemoteJobConnector] Adding result null of task kR:1:1:1\n",
      .error(ExecutorLogEnd.signalText)
    ),
    ("stdout: Error: of the job\nlast\n", .lost("it ended: last")),
    (
      "Job executor will execute tasks: kR:1:1:1\nReceived job message: {}\n", .lost("it ended")
    ), ("\n  \n", .lost("it ended")),
    ("", .lost("it ended")),
  ]

  @Test(arguments: rows)
  func `the cause is in the words`(text: String, cause: FailureCause) {
    #expect(ExecutorLogEnd(text: text).cause(else: "it ended") == cause)
  }

  @Test func `a log that is not there has no words`() {
    #expect(ExecutorLogEnd(in: "/no/such/log").cause(else: "gone") == .lost("gone"))
  }

  @Test func `only the end of a long log is read`() throws {
    let folder = try Files.makeTemporaryDirectory(prefix: "words")
    defer { Files.removeTree(folder) }
    let path = Files.join(folder, "log")
    let text = String(repeating: "stdout: much\n", count: 10_000) + "Error: spawn x ENOENT\n"
    try Files.write(Array(text.utf8), to: path, mode: 0o600)
    #expect(ExecutorLogEnd(in: path).cause(else: "gone") == .notFound("x"))
  }
}
