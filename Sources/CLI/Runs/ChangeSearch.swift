import Engine
import Executor
import HumanText
import JSONValue
import JobProtocol
import Posix
import Runner
import Runs
import Workflow

/// Compares a workflow with its former runs, for `run --changed`.
struct ChangeSearch {
  /// How many former runs are read: for tasks that the last run did not reach, the run before is
  /// compared.
  private static let runLimit = 5
  /// How many reasons are journaled.
  private static let noticeLimit = 50

  let workflow: Workflow
  let plan: ChangePlan
  /// The newest run that was compared; `nil` if there is none.
  let newest: RunID?

  init(_ workflow: Workflow, _ settings: RunSettings) throws(Failure) {
    self.workflow = workflow
    let place = Files.parent(of: settings.workflowPath)
    let finder = RunFinder(redis: settings.redisURL, directory: place)
    let runs = try finder.all().filter { $0.description.workflowPath == settings.workflowPath }
    var former: [FormerRun] = []
    var newest: RunID?
    for found in runs.prefix(Self.runLimit) {
      do throws(Failure) {
        former.append(try Self.read(found))
        newest = newest ?? found.run
      } catch {
        Console.printError(
          "note: run \(found.run.short) is not compared: \(error.lines.joined(separator: "; "))")
      }
    }
    self.newest = newest
    let functions = FunctionCatalog(
      workflow, directory: place, invokerIsChosen: settings.invokerIsChosen)
    plan = ChangePlan(
      workflow, since: former, isJob: functions.runsAsJob,
      stamps: { Self.stamps($0, $1, in: workflow, place, inSeconds: $2) })
  }

  private static func stamps(
    _ process: Workflow.Process, _ files: DeclaredFiles, in workflow: Workflow, _ place: String,
    inSeconds: Bool
  ) -> FileStamps {
    func signal(_ id: SignalID?, _ name: String) -> JSON {
      var members = id.map { workflow[$0].attributes } ?? JSONObject()
      members["name"] = .string(name)
      return .object(members)
    }
    return FileStamper.stamps(
      directory: Files.join(place, process.executor?["work_dir"]?.string ?? "."),
      executable: process.command?.executable ?? "",
      inputs: files.inputs.map { signal($0.signal, $0.name) },
      outputs: files.outputs.map { signal($0, workflow[$0].name) }, inSeconds: inSeconds)
  }

  private static func read(_ found: FoundRun) throws(Failure) -> FormerRun {
    let opened = try OpenedRun(found)
    defer { opened.close() }
    let watcher = opened.runWatcher
    let events = try opened.wait { () throws(RunnerError) in try await watcher.allEvents() }
    return FormerRun(opened.workflow, events)
  }

  func apply(to settings: inout RunSettings) {
    settings.unchanged = plan.unchanged
    settings.changes = [headline]
    if newest == nil { return }
    let reasons = reasons
    settings.changes += reasons.prefix(Self.noticeLimit).map { "runs: \($0)" }
    let rest = reasons.count - Self.noticeLimit
    if rest > 0 { settings.changes.append("and \(rest) more run") }
  }

  /// `2 of 5 processes run; the others are unchanged since run 3f2a`.
  var headline: String {
    let total = plan.reasons.count
    guard let newest else { return "there is no former run to compare with: everything runs" }
    if plan.runningCount == 0 {
      return "nothing to run: \(Formats.counted(total, "process", "processes")) unchanged since "
        + "run \(newest.short)"
    }
    let verb = plan.runningCount == 1 ? "runs" : "run"
    return "\(plan.runningCount) of \(Formats.counted(total, "process", "processes")) \(verb); "
      + "the others are unchanged since run \(newest.short)"
  }

  /// `mAdd:1: input a.fits has changed`, in the order in which processes can fire.
  private var reasons: [String] {
    workflow.graph().topologicalOrder.compactMap { id in
      plan[id].map {
        "\(workflow.label(process: id, firing: 1)): \($0.text(in: workflow))".displayName
      }
    }
  }

  /// One line for each process.
  var lines: [String] {
    let order = workflow.graph().topologicalOrder
    return [headline]
      + order.map { id in
        let label = workflow.label(process: id, firing: 1).displayName
        guard let reason = plan[id] else { return "  unchanged  \(label)" }
        return "  runs       \(label): \(reason.text(in: workflow).displayName)"
      }
  }

  /// One object for each process.
  var objects: [JSON] {
    workflow.graph().topologicalOrder.map { id in
      let reason = plan[id]
      return [
        "process": .int(id.number), "name": .string(workflow[id].name),
        "runs": .bool(reason != nil),
        "reason": reason.map { .string($0.text(in: workflow)) } ?? .null,
      ]
    }
  }
}
