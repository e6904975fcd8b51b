import Glibc
import JSONValue
import Posix
import Testing

/// A collector of OpenTelemetry that answers each request with 200 and keeps what it got.
final class SpanCollector: Sendable {
  private let child: Child
  private let place: Workspace
  let url: String

  static var isPossible: Bool {
    Files.findExecutable("curl") != nil && Files.findExecutable("python3") != nil
  }

  private static let program = """
    import http.server, json, os
    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            got = {"path": self.path, "headers": dict(self.headers), "body": json.loads(body)}
            with open("got.json", "a") as file:
                file.write(json.dumps(got) + "\\n")
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")
    server = http.server.HTTPServer(("127.0.0.1", 0), Collector)
    with open("port.tmp", "w") as file:
        file.write(str(server.server_port))
    os.rename("port.tmp", "port")
    server.serve_forever()
    """

  init(in place: Workspace) throws {
    self.place = place
    var request = SpawnRequest("python3", ["-c", Self.program])
    request.directory = place.path
    request.standardError = .null
    child = try Child.spawn(request)
    _ = eventually("the collector listens") { Files.exists("\(place.path)/port") }
    url = "http://127.0.0.1:\(place.text("port"))"
  }

  deinit {
    child.sendToGroup(SIGKILL)
    _ = child.wait()
  }

  /// What it got so far.
  var requests: [JSON] {
    place.text("got.json").split(separator: "\n").compactMap { try? JSON(parsing: String($0)) }
  }

  var spans: [JSON] {
    requests.flatMap { request -> [JSON] in
      let scope = request["body"]?["resourceSpans"]?.array?.first?["scopeSpans"]?.array?.first
      return scope?["spans"]?.array ?? []
    }
  }
}
