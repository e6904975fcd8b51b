import Engine
import Posix
import Report
import Runs

/// Serves the figures of a run over HTTP, for Prometheus.
struct MetricsServer: ~Copyable {
  /// An IPv4 address of this host and a port.
  struct Endpoint: Equatable, Sendable {
    var address: String
    /// 0 lets the system choose.
    var port: Int

    var text: String { "\(address):\(port)" }

    /// `9105` → 127.0.0.1:9105
    init?(_ text: String) {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      guard let last = parts.last, let port = Int(last), (0...65_535).contains(port) else {
        return nil
      }
      switch parts.count {
      case 1: address = "127.0.0.1"
      case 2: address = parts[0] == "localhost" ? "127.0.0.1" : String(parts[0])
      default: return nil
      }
      self.port = port
    }
  }

  private let server: TextServer
  let url: String

  init(at place: Endpoint) throws(PosixError) {
    server = try TextServer(address: place.address, port: place.port)
    url = "http://\(place.address):\(server.port)/metrics"
  }

  var port: Int { server.port }

  /// How long a finished run is served until its last figures have been read, in milliseconds.
  private static let lastReadMilliseconds = 60_000

  /// Serves until the run is closed and its last figures were read, for at most a minute, or until
  /// `isCancelled` says so.
  borrowing func serve(_ live: LiveRun, _ found: FoundRun, isCancelled: () -> Bool = { false }) {
    let following = Task { await live.follow() }
    defer { following.cancel() }
    var finishedAt: Int?
    while true {
      var areLast = false
      let isRead = server.serve(within: 500) { path in
        guard path == "/metrics" else { return nil }
        let state = live.current
        areLast = state.isFinished
        return Self.figures(of: state, found)
      }
      if isRead, areLast { return }
      if live.current.isFinished {
        let since = finishedAt ?? Clock.monotonicMilliseconds
        finishedAt = since
        if Clock.monotonicMilliseconds - since > Self.lastReadMilliseconds { return }
      } else if isCancelled(), !live.current.isFinished {
        // Otherwise, the engine has closed the run before it ended.
        return
      }
    }
  }

  static func figures(of state: RunState, _ found: FoundRun) -> String {
    let isInterrupted = RunCondition(of: found).phase == .interrupted
    return RunReport(state, now: Clock.steadyMilliseconds, isInterrupted: isInterrupted).metrics
  }
}
