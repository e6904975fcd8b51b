import Engine
import Workflow

enum RunSummary {
  static func lines(of run: RunState, width: Int) -> [String] { ["\(run.status)"] }
}
