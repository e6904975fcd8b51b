import Engine
import JobProtocol
import Testing

@testable import TUI

struct WorkersPaneTests {
  private func model(_ columns: Int = 120, _ rows: Int = 20, ascii: Bool = false) throws -> Model {
    var story = try Scenes.busy()
    story.tell(.workerGone(name: "node-c-300", reason: "left"))
    var model = story.model(columns, rows, ascii: ascii)
    _ = model.update(.input(.key(.character("5"))))
    let health = [
      health(0, busy: 2, load: 187, age: 2000), health(1, busy: 1, load: 12, age: 44_000),
    ]
    _ = model.update(.world([.workers(health.map { $0(model.now) })]))
    return model
  }

  private func health(_ node: Int, busy: Int, load: Int, age: Int) -> (Int) -> WorkerHealth {
    { now in
      WorkerHealth(
        executor: Scenes.nodes[node], slots: 2, busy: busy, loadPercent: load,
        memoryUsed: 3_200_000, memoryTotal: 16_000_000, time: now - age)
    }
  }

  private func press(_ model: inout Model, _ keys: Key...) -> [Effect] {
    keys.flatMap { model.update(.input(.key($0))) }
  }

  @Test(arguments: [(60, 16), (80, 24), (120, 36), (200, 60)], [false, true])
  func `the table looks as expected`(size: (Int, Int), ascii: Bool) throws {
    let name = "workers-\(size.0)x\(size.1)\(ascii ? "-ascii" : "")"
    try ExpectedScreen.expect(
      model(size.0, size.1, ascii: ascii).draw(), name, styles: size.0 == 80)
  }

  @Test func `booked memory has a column while jobs have booked some`() throws {
    var model = try model(120, 20, ascii: true)
    #expect(!model.draw().text.contains("booked"))
    var booked = health(1, busy: 2, load: 12, age: 0)(model.now)
    booked.bookedMemory = 4_000_000
    booked.bookedSlots = 2
    _ = model.update(.world([.workers([booked])]))
    let text = model.draw().text
    #expect(text.contains("booked") && text.contains("4.1 GB"), "\(text)")
  }

  @Test func `health is requested only while the pane is visible`() throws {
    var model = try Scenes.busy().model(120, 20)
    #expect(withoutLogs(press(&model, .character("5"))) == [.world(.watchWorkers(true))])
    #expect(withoutLogs(press(&model, .down)).isEmpty)
    #expect(withoutLogs(press(&model, .character("2"))) == [.world(.watchWorkers(false))])
  }

  /// The log follows the chosen worker's job.
  private func withoutLogs(_ effects: [Effect]) -> [Effect] {
    effects.filter {
      switch $0 {
      case .world(.followLogs), .world(.readOutputFiles): false
      default: true
      }
    }
  }

  @Test func `a worker without heartbeats is silent, one that left has left`() throws {
    var story = try Scenes.busy()
    story.tell(.workerGone(name: Scenes.nodes[0].name, reason: "left"))
    let late = health(1, busy: 1, load: 0, age: 60_000)(story.time)
    let rows = WorkerRow.rows(story.state, [late], now: story.time)
    #expect(rows.map(\.status) == [.silent, .gone])
    #expect(rows.map(\.name) == ["node-b-200", "node-a-100"])
    var draining = health(1, busy: 1, load: 0, age: 0)(story.time)
    draining.isDraining = true
    #expect(WorkerRow.rows(story.state, [draining], now: story.time)[0].status == .draining)
  }

  @Test func `a pending place for a worker has its reason`() throws {
    var story = try Scenes.busy()
    let name = Scenes.nodes[0].name
    story.tell(
      .allocationChanged(Allocation(site: "slurm", id: "7_0", state: .running, worker: name)))
    story.tell(
      .allocationChanged(
        Allocation(site: "slurm", id: "7_1", state: .pending, reason: "Resources")))
    story.tell(.allocationChanged(Allocation(site: "slurm", id: "7_2", state: .running)))
    let rows = WorkerRow.rows(story.state, [], now: story.time).suffix(2)
    #expect(rows.map(\.name) == ["slurm 7_1", "slurm 7_2"], "the worker of 7_0 is a row already")
    #expect(rows.map(\.status) == [.pending, .starting])
    var model = story.model(120, 20)
    _ = model.update(.input(.key(.character("5"))))
    #expect(model.draw().lines.contains { $0.contains("slurm 7_1") && $0.contains("Resources") })
    story.tell(.allocationChanged(Allocation(site: "slurm", id: "7_1", state: .ended)))
    #expect(!WorkerRow.rows(story.state, [], now: story.time).map(\.name).contains("slurm 7_1"))
  }

  @Test func `the site of a worker is asked for more, or to remove it`() throws {
    var story = try Scenes.busy()
    let name = Scenes.nodes[0].name
    let place = Allocation(site: "slurm", id: "7_0", state: .running, worker: name)
    story.tell(.allocationChanged(place))
    var model = story.model(120, 20)
    _ = press(&model, .character("5"))
    #expect(model.draw().lines.contains { $0.contains("site") && $0.contains("state") })
    #expect(model.workerRows[0].site == "slurm" && model.workerRows[0].placeAge != nil)
    #expect(
      press(&model, .character("A"))
        == [.world(.control(.workers(WorkersRequest(.add, site: "slurm"))))])
    #expect(press(&model, .character("L")).isEmpty)
    #expect(model.overlay == .question(.removeWorker(site: "slurm", id: "7_0")))
    #expect(
      press(&model, .character("y"))
        == [.world(.control(.workers(WorkersRequest(.remove, site: "slurm", worker: "7_0"))))])
    _ = press(&model, .down)
    #expect(press(&model, .character("A")).isEmpty, "no site has brought it")
  }

  @Test func `a closed run has no active workers`() throws {
    let story = try Scenes.busy()
    let said = health(1, busy: 0, load: 0, age: 0)(story.time)
    var state = story.state
    state.apply(RunEvent(time: story.time, .runFinished(.failed)))
    let rows = WorkerRow.rows(state, [said], now: story.time)
    #expect(rows.count == Scenes.nodes.count)
    #expect(rows.allSatisfy { $0.status == .gone && $0.health == nil })
  }

  @Test func `draining is requested once it is confirmed`() throws {
    var model = try model()
    #expect(withoutLogs(press(&model, .down, .character("D"))).isEmpty)
    #expect(model.overlay == .question(.drain(worker: "node-b-200")))
    #expect(
      press(&model, .character("y")) == [.world(.control(.drain(worker: "node-b-200")))])
    #expect(model.overlay == nil)
    _ = press(&model, .character("D"), .escape)
    #expect(model.overlay == nil)
  }

  @Test func `Enter opens the jobs of the worker`() throws {
    var model = try model()
    _ = press(&model, .down, .enter)
    #expect(model.focus == .detail)
    let selected = try #require(model.selected)
    #expect(model.run.task(selected)?.lastAttempt?.executor?.host == "node-b")
  }

  @Test(arguments: [
    (InvokerKind.pool, "no workers yet"),
    (.oneshot, "each job has its own executor"),
  ])
  func `without workers the pane says why`(invoker: InvokerKind, reason: String) throws {
    var story = try Story(Workflows.chain)
    let info = RunInfo(run: "k7f2abcd", name: "w", directory: "/w", invoker: invoker.rawValue)
    story.tell(.start(info))
    var model = story.model(80, 16)
    _ = press(&model, .character("5"))
    #expect(model.draw().text.contains(reason))
  }
}
