import Engine
import Glibc
import JobProtocol
import Posix
import Runner
import Workflow

/// Offers to go on with a run of the same workflow that has lost its engine, before a new one is
/// started beside it.
enum InterruptedRun {
  enum Answer {
    case resume(FoundRun)
    case startAnew, leave
  }

  /// Asks where there is somebody to answer; else says in one line what could be done, and a new
  /// run starts.
  static func ask(_ workflowPath: String, mayAsk: Bool) throws -> Answer {
    let finder = RunFinder(redis: nil, directory: Files.parent(of: workflowPath))
    guard let found = try newest(of: workflowPath, finder) else { return .startAnew }
    let standing = RunStanding(of: found)
    let done = standing.counts.map { " at \($0.done)/\($0.total)" } ?? ""
    let what = "run \(found.run.short) of this workflow was interrupted\(done)"
    guard mayAsk else {
      Terminal.complain("note: \(what); go on with it: hflow-tui resume \(found.run.short)")
      return .startAnew
    }
    Terminal.complain("\(what).")
    while true {
      try? DescriptorIO.write("Go on with it? [Y]es, [n]ew run, [q]uit: ", to: STDERR_FILENO)
      switch readLine()?.lowercased().first {
      case "y", nil: return .resume(found)
      case "n": return .startAnew
      case "q": return .leave
      default: continue
      }
    }
  }

  private static func newest(of path: String, _ finder: RunFinder) throws(Failure) -> FoundRun? {
    try finder.all().first { found in
      found.description.workflowPath == path && RunStanding(of: found).phase == .interrupted
    }
  }
}
