import Engine
import JSONValue
import JobProtocol
import Workflow

extension FunctionCall {
  init(
    _ work: Work, of process: Workflow.Process, job: String, in workflow: Workflow,
    directory: String
  ) {
    self.process = process
    self.directory = directory
    taskID = job
    inputs = work.inputs.map { input in
      FunctionInput(
        name: workflow[input.signal].name, data: input.instances.compactMap(\.datum))
    }
    let outputs = process.dataOutputs(ofFiring: work.attempt.firing.number)
    outputNames = outputs.map { workflow[$0.signal].name }
    firingOutputCount = outputs.count
  }
}

extension FunctionResult {
  /// The input that tells the machine the result.
  func input(for attempt: AttemptID) -> EngineInput {
    switch outputs {
    case .success(let values):
      .finished(attempt, .succeeded, JobUsage(), outputs: values)
    case .failure(let failure):
      .finished(attempt, .failed(.error(failure.text)), JobUsage(), outputs: nil)
    }
  }
}
