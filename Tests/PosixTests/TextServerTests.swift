import Posix
import Testing

struct TextServerTests {
  /// What a client gets that sends these lines.
  private static func answer(to lines: String, port: Int, in directory: String) throws -> Child {
    let script =
      "exec 3<>/dev/tcp/127.0.0.1/$1; printf \"$2\" >&3; timeout 60 cat <&3 > \"$3\""
    var request = SpawnRequest(
      "bash", ["-c", script, "bash", "\(port)", lines, "\(directory)/answer"])
    request.standardError = .null
    return try Child.spawn(request)
  }

  @Test(arguments: [
    ("GET /metrics HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n", "HTTP/1.1 200 OK", "figures"),
    ("GET /metrics?a=b HTTP/1.0\\r\\n\\r\\n", "HTTP/1.1 200 OK", "figures"),
    ("GET /other HTTP/1.1\\r\\n\\r\\n", "HTTP/1.1 404 Not Found", "404 Not Found\n"),
    ("POST /metrics HTTP/1.1\\r\\n\\r\\n", "HTTP/1.1 400 Bad Request", "400 Bad Request\n"),
  ])
  func `a request is answered`(request: String, status: String, body: String) throws {
    let directory = try Files.makeTemporaryDirectory(prefix: "text-server-")
    defer { Files.removeTree(directory) }
    let server = try TextServer(address: "127.0.0.1", port: 0)
    let client = try Self.answer(to: request, port: server.port, in: directory)
    let isSent = server.serve(within: 60_000) { $0 == "/metrics" ? "figures" : nil }
    #expect(client.wait()?.status == .exited(0))
    let text = String(decoding: try Files.read("\(directory)/answer"), as: UTF8.self)
    #expect(text.hasPrefix(status) && text.hasSuffix("\r\n\r\n\(body)"))
    #expect(isSent == (body == "figures"))
  }

  @Test func `without a request it returns, and a taken port is an error`() throws {
    let server = try TextServer(address: "127.0.0.1", port: 0)
    #expect(!server.serve(within: 1) { _ in "x" })
    let port = server.port
    #expect(throws: PosixError.self) { _ = try TextServer(address: "127.0.0.1", port: port) }
    #expect(throws: PosixError.self) { _ = try TextServer(address: "here", port: 1) }
  }
}
