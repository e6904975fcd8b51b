import ArgumentParser
import Engine
import HumanText
import JSONValue
import JobProtocol
import Posix
import Runner
import Runs
import Workflow

/// `hflow-tui workers`
struct WorkersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workers",
    abstract: "List, add, drain or remove the workers of a run",
    discussion: """
      Example: hflow-tui workers last
      Example: hflow-tui workers add last slurm --count 4
      """,
    subcommands: [List.self, Add.self, Drain.self, Remove.self], defaultSubcommand: List.self)

  /// `hflow-tui workers <run>`
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List workers and pending allocations")

    @Flag(help: "Print one JSON array")
    var json = false

    @OptionGroup var choice: RunChoice

    func run() throws {
      let opened = try OpenedRun(try choice.find())
      defer { opened.close() }
      let watcher = opened.runWatcher
      // Without heartbeats, the list has what the journal knows.
      let health = try? Blocking.wait { () throws(RunnerError) in
        (try? await watcher.workerHealth()) ?? []
      }
      let entries = WorkerList.entries(try opened.state().state, health ?? [])
      if json { return Console.writeData(JSON.array(entries.map(\.json)).text + "\n") }
      if entries.isEmpty { return Console.printError("run \(opened.run.short) has no workers") }
      Console.print(WorkerList.lines(entries, now: Clock.wallMilliseconds))
    }
  }

  /// `hflow-tui workers add <run> <site>`
  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "add", abstract: "Ask a site for more workers",
      discussion: "Example: hflow-tui workers add last slurm --count 4")

    @OptionGroup var choice: ControlledRun

    @Argument(help: "The site's name")
    var site: String

    @Option(help: "Number of workers")
    var count = 1

    func run() throws { try WorkersCommand.send(.add, choice, site, count, nil) }
  }

  /// `hflow-tui workers drain <run> <site>`
  struct Drain: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "drain", abstract: "Let workers of a site finish their jobs, then exit",
      discussion: "Example: hflow-tui workers drain last slurm --count 2")

    @OptionGroup var choice: ChosenWorkers

    func run() throws { try choice.steer(.drain) }
  }

  /// `hflow-tui workers remove <run> <site>`
  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "remove", abstract: "End workers of a site; their jobs are retried",
      discussion: "Example: hflow-tui workers remove last slurm slurm-4711_3")

    @OptionGroup var choice: ChosenWorkers

    func run() throws { try choice.steer(.remove) }
  }

  /// The workers that `drain` and `remove` are about.
  struct ChosenWorkers: ParsableArguments {
    @OptionGroup var run: ControlledRun

    @Argument(help: "The site's name")
    var site: String

    @Argument(help: "One worker, by its name or native id (default: the site chooses)")
    var worker: String?

    @Option(help: "Number of workers")
    var count = 1

    fileprivate func steer(_ change: WorkersRequest.Change) throws {
      try WorkersCommand.send(change, run, site, count, worker)
    }
  }

  fileprivate static func send(
    _ change: WorkersRequest.Change, _ choice: ControlledRun, _ site: String, _ count: Int,
    _ worker: String?
  ) throws {
    let range = WorkersRequest.countRange
    guard range.contains(count) else {
      throw Failure(
        .usage, "--count must be from \(range.lowerBound) to \(range.upperBound), found \(count)")
    }
    let request = WorkersRequest(change, site: site, count: count, worker: worker)
    let (mark, refusal) = (WorkersRequest.mark(site), WorkersRequest.refusalMark(site))
    var isRefused = false
    try ControlSession.begin(choice).perform(startsEngine: false) { _ in
      ControlPlan(
        requests: [.workers(request)],
        confirmation: .run { change in
          guard case .notice(let text) = change, text.hasPrefix(mark) else { return nil }
          isRefused = text.hasPrefix(refusal)
          return text.displayName
        })
    }
    if isRefused { throw Failure(.usage, []) }
  }
}

/// The workers of a run, and allocations without a worker, as a table.
enum WorkerList {
  struct Entry: Equatable {
    var site: String
    var nativeID: String
    var worker: String
    var host: String
    /// `pending`, `starting` or `serving`.
    var state: String
    var slots: Int?
    var busy: Int
    /// The memory that its jobs have booked, in bytes; 0 if none.
    var memory = 0
    var reason: String
    /// Milliseconds since 1970; `nil` if unknown.
    var since: Int?

    var json: JSON {
      var members = JSONObject()
      members["site"] = .string(site)
      members["state"] = .string(state)
      if !nativeID.isEmpty { members["nativeID"] = .string(nativeID) }
      if !worker.isEmpty { members["worker"] = .string(worker) }
      if !host.isEmpty { members["host"] = .string(host) }
      members["slots"] = slots.map(JSON.int)
      if slots != nil { members["busy"] = .int(busy) }
      if memory > 0 { members["bookedMemory"] = .int(memory) }
      if !reason.isEmpty { members["reason"] = .string(reason) }
      members["since"] = since.map(JSON.int)
      return .object(members)
    }
  }

  /// Workers, then allocations without a worker.
  static func entries(_ run: RunState, _ health: [WorkerHealth] = []) -> [Entry] {
    guard !run.isFinished else { return [] }
    let workers = run.workers.filter { !$0.isGone }
    let here = workers.map { worker in
      let place = run.place(ofWorker: worker.name)
      let health = health.first { $0.executor.name == worker.name }
      // A job of several cores occupies as many slots.
      let booked = worker.busy > 0 ? health?.bookedSlots ?? 0 : 0
      var entry = Entry(
        site: place?.site ?? "", nativeID: place?.id ?? "", worker: worker.name,
        host: worker.host, state: "serving", slots: health?.slots ?? worker.slots,
        busy: max(worker.busy, booked), reason: "", since: place.flatMap(run.since))
      if worker.busy > 0 { entry.memory = (health?.bookedMemory ?? 0) * 1024 }
      return entry
    }
    let taken = workers.compactMap { run.place(ofWorker: $0.name) }
    let places = run.allocations.filter { place in
      !taken.contains { $0.isSame(as: place) }
    }
    return here
      + places.map { place in
        Entry(
          site: place.site, nativeID: place.id, worker: "", host: "",
          state: place.state == .pending ? "pending" : "starting", slots: nil, busy: 0,
          reason: place.reason, since: run.since(place))
      }
  }

  static func lines(_ entries: [Entry], now: Int) -> [String] {
    let showsMemory = entries.contains { $0.memory > 0 }
    let titles =
      ["SITE", "NATIVE ID", "STATE", "SINCE", "SLOTS"] + (showsMemory ? ["BOOKED"] : [])
      + ["WORKER OR REASON"]
    let rows = [titles] + entries.map { cells(of: $0, now: now, showsMemory) }
    let last = titles.count - 1
    let widths = titles.indices.map { column in
      column == last ? 0 : rows.map { $0[column].count }.max() ?? 0
    }
    return rows.map { row in
      zip(row, widths).map { cell, width in
        cell + String(repeating: " ", count: max(0, width - cell.count))
      }.joined(separator: "  ")
    }
  }

  private static func cells(of entry: Entry, now: Int, _ showsMemory: Bool) -> [String] {
    let age = entry.since.map { Formats.age(milliseconds: max(0, now - $0)) }
    let slots = entry.slots.map { "\(entry.busy)/\($0)" }
    let cells =
      [
        entry.site, entry.nativeID, entry.state, age ?? "", slots ?? "",
      ]
      + (showsMemory ? [entry.memory > 0 ? Formats.size(bytes: entry.memory) : ""] : [])
      + [entry.worker.isEmpty ? entry.reason : entry.worker]
    return cells.map { $0.isEmpty ? "-" : $0.displayName }
  }
}
