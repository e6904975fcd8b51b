import ArgumentParser
import Posix
import Workflow

/// How the tasks of an instance of WfFormat, or of a workflow of Pegasus, run.
struct SimulationOptions: ParsableArguments {
  @Flag(help: "Spend the recorded time of each task (WfFormat, Pegasus), do no work")
  var simulate = false

  @Option(
    help: ArgumentHelp("Divide the recorded times by N (with --simulate)", valueName: "N"))
  var speed: Double?

  func validate() throws {
    guard let speed else { return }
    if !simulate { throw ValidationError("--speed needs --simulate") }
    if !(speed > 0 && speed.isFinite) {
      throw ValidationError("--speed must be more than 0, found \(speed)")
    }
  }

  /// The workflow of an instance. Throws its errors, and if there is nothing to simulate.
  ///
  /// - Parameters:
  ///   - name: the path as the user typed it.
  ///   - memory: given to the worker. Without it, tasks request none: they use none.
  func convert(
    _ source: WorkflowSource, called name: String, memory: MemorySize?
  ) throws(Failure) -> WorkflowSource {
    let simulation = WfInstance.Simulation(speed: speed ?? 1, booksMemory: memory != nil)
    let converted = source.convertingInstance(simulate ? .simulation(simulation) : .work)
    try converted.checkInstance(called: name)
    if simulate, converted.instance == nil {
      throw Failure(
        .usage,
        "\(name): --simulate needs a file of WfFormat or Pegasus, and this is neither; run it "
          + "without --simulate")
    }
    return converted
  }

  /// Enough for the task with the most cores; `nil` without a simulation.
  func slots(for source: WorkflowSource) -> Int? {
    guard simulate, let instance = source.instance else { return nil }
    return max(Environment.processorCount, min(instance.mostCores, 4096))
  }
}
