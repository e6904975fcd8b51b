import JSONValue
import Posix

/// A file that a job reads, and its size if the engine knows it.
struct InputFile: Equatable {
  let path: String
  let size: Int?

  /// `nil` for a signal without a name.
  init?(_ signal: JSON, directory: String, settings: ExecutorSettings) {
    guard let name = signal["name"]?.string else { return nil }
    path = Files.join(directory, settings.inputPath(of: signal, named: name))
    size = signal["size"]?.int
  }

  var isReady: Bool {
    guard let found = Files.size(path) else { return false }
    return size == nil || size == 0 || found == size
  }
}

/// Waits until all input files exist: some file systems show a new file late on other hosts.
struct InputWatch {
  private(set) var missing: [InputFile]
  private var checksLeft: Int
  private var checks = 0

  init(files: [InputFile], retries: Int) {
    missing = files
    checksLeft = retries + 1
  }

  enum Finding: Equatable {
    case ready
    case again(afterMilliseconds: Int)
    case missing(String)
  }

  /// Checks once. The pauses between checks grow slowly from a second, as in HyperFlow's executor.
  mutating func check() -> Finding {
    missing.removeAll(where: \.isReady)
    if missing.isEmpty { return .ready }
    checks += 1
    checksLeft -= 1
    guard checksLeft > 0 else {
      let names = missing.prefix(5).map(\.path).joined(separator: ", ")
      return .missing("input files did not appear in full: \(names)")
    }
    return .again(afterMilliseconds: 1000 + (1 << min(checks, 16)))
  }
}
