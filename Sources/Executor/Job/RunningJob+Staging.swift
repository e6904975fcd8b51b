import JobProtocol
import Posix

/// The files of a job on a host that does not share the run's directory.
extension RunningJob {
  /// Requests copies of the inputs, and waits for them.
  func stageInputs() {
    guard let stager = context.stager, let plan else { return }
    let files = JobFiles.inputs(of: message, in: plan.directory, stager, context.settings)
    stage(.in, files)
  }

  /// Requests copies of the outputs, and waits until they are in the run's directory.
  func stageOutputs() {
    guard let stager = context.stager, let plan else { return }
    timers = [:]
    discardOutput()
    forgetProcess()
    do throws(JobFailure) {
      let files = JobFiles.outputs(of: message, plan, stager, context.settings)
      stage(.out, try JobFiles.measured(files, in: stager.place))
    } catch {
      handle(.outputsLost(error.ending))
    }
  }

  private func stage(_ direction: StageRequest.Direction, _ files: [StagedFile]) {
    guard let stager = context.stager else { return }
    guard !files.isEmpty else { return staged(direction, StageAnswer()) }
    do throws(PosixError) {
      staging = (direction, try stager.request(direction, job: id, files: files))
      start(.staging, after: Stager.pollMilliseconds)
    } catch {
      staged(direction, StageAnswer(failure: "\(error)"))
    }
  }

  func checkStaging() {
    guard let (direction, request) = staging else { return }
    guard let answer = context.stager?.answer(to: request) else {
      return start(.staging, after: Stager.pollMilliseconds)
    }
    staging = nil
    staged(direction, answer)
  }

  private func staged(_ direction: StageRequest.Direction, _ answer: StageAnswer) {
    switch direction {
    case .in:
      let place = context.stager?.place ?? ""
      if let problem = answer.failure ?? JobFiles.problem(with: answer.files, in: place) {
        handle(.inputsMissing(Ending(.error(problem))))
      } else {
        checkDeclaredInputs()
      }
    case .out:
      handle(answer.failure.map { .outputsLost(Ending(.error($0))) } ?? .outputsSaved)
    }
  }

  /// Withdraws the request of a job that has ended before its files were copied.
  func withdrawStaging() {
    guard let (_, request) = staging else { return }
    context.stager?.withdraw(request)
    staging = nil
  }
}
