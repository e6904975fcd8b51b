import JobProtocol
import Posix

extension ExitStatus {
  /// `exited with 3`, `was killed by signal 9 (KILL)`
  var text: String {
    switch self {
    case .exited(let code): "exited with \(code)"
    case .signalled(let number): "was killed by signal \(UnixSignalName.text(number))"
    case .unknown: "ended"
    }
  }
}
