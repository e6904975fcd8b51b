import JobProtocol
import Redis

/// The infrastructures of a run, and which job goes to which of them.
struct InvokerTable: Sendable {
  private let ports: [InvokerPort]
  /// The index of the invoker of each process. Empty if all jobs go to the first.
  private let routes: [Int]

  init(_ ports: [InvokerPort], routes: [Int] = []) {
    precondition(!ports.isEmpty, "a run has an invoker")
    self.ports = ports
    self.routes = routes
  }

  private func place(of job: JobID) -> Int {
    let index = job.task.process - 1
    return routes.indices.contains(index) ? routes[index] : 0
  }

  /// Gives each invoker its part, in order.
  private func forEach<Item>(
    _ items: [Item], of job: (Item) -> JobID, _ body: (InvokerPort, [Item]) -> Void
  ) {
    guard !routes.isEmpty else { return body(ports[0], items) }
    let parts = Dictionary(grouping: items) { place(of: job($0)) }
    for (index, port) in ports.enumerated() { body(port, parts[index] ?? []) }
  }

  // MARK: Jobs

  func submission(of jobs: [SubmittedJob]) -> [RedisCommand] {
    var commands: [RedisCommand] = []
    forEach(jobs, of: \.id) { port, jobs in commands += port.submission(of: jobs) }
    return commands
  }

  func submit(_ jobs: [SubmittedJob]) { forEach(jobs, of: \.id) { $0.submit($1) } }
  func cancel(_ jobs: [JobID]) { forEach(jobs, of: \.self) { $0.cancel($1) } }
  func withdraw(_ jobs: [JobID]) { forEach(jobs, of: \.self) { $0.withdraw($1) } }
  func taken(_ jobs: [JobID]) { forEach(jobs, of: \.self) { $0.taken($1) } }
  func ended(_ jobs: [JobID]) { forEach(jobs, of: \.self) { $0.ended($1) } }

  func restore(_ allocations: [Allocation]) { for port in ports { port.restore(allocations) } }

  /// Every invoker looks for what a former engine left, also an invoker that had no jobs.
  func adopt(_ jobs: [FormerJob]) { forEach(jobs, of: \.job.id) { $0.adopt($1) } }

  // MARK: The run

  func pauseCommands() -> [RedisCommand] { ports.flatMap { $0.pauseCommands() } }
  func pause(_ on: Bool) { for port in ports { port.pause(on) } }
  func setSlots(_ count: Int) { for port in ports { port.setSlots(count) } }
  func drain(_ worker: String) { for port in ports { port.drain(worker) } }
  /// Returns `nil`, or a notice if no invoker has the site.
  func steer(_ request: WorkersRequest) -> String? {
    if let port = ports.first(where: { $0.siteNames.contains(request.site) }) {
      port.steer(request)
      return nil
    }
    let names = ports.flatMap(\.siteNames)
    return WorkersRequest.refusalMark(request.site)
      + (names.isEmpty
        ? "the run has no sites with workers; for the number of local jobs: slots"
        : "the run has no such site; it has \(names.joined(separator: ", "))")
  }

  func checkWorker(_ worker: String) { for port in ports { port.checkWorker(worker) } }

  /// How many submitted jobs executors can take without another order from the engine.
  var jobsAhead: Int { ports.reduce(0) { $0 + $1.jobsAhead } }

  func endsExecutors(of job: JobID) -> Bool { ports[place(of: job)].endsExecutors }

  func start() async throws(InvokerError) { for port in ports { try await port.start() } }

  /// Stops the invokers, and waits at most the given time until everything that they started has
  /// ended.
  func stop(milliseconds: Int) async {
    await withTaskGroup(of: Void.self) { group in
      for port in ports { group.addTask { await port.stop(milliseconds: milliseconds) } }
    }
  }

  /// Notices about invokers that take very long.
  func slowOrderNotices() -> [String] { ports.compactMap { $0.slowOrderNotice() } }
}
