import JSONValue
import JobProtocol
import Sites
import Testing
import Workflow

@testable import Runner

struct PoolRoutingTests {
  private struct Placed {
    var settings: RunSettings
    var routing: Routing
    var workflow: Workflow
    var functions: FunctionCatalog

    /// The name of the site that makes a Job of it, else `workers`.
    func place(_ index: Int) -> String {
      let process = workflow.processes[index]
      let site = settings.jobSite(of: process, routing.queues[index])
      return site.map { settings.jobSites[$0].name } ?? "workers"
    }
  }

  /// Processes with a name, a function and a command.
  private func placed(
    _ processes: [(name: String, function: String, executor: String)], pools: JSON? = nil,
    sites: [SiteSettings], routes: [String] = []
  ) throws -> Placed {
    let list = processes.map { process in
      """
      {"name": "\(process.name)", "function": "\(process.function)", "ins": [], "outs": [],
       "config": {"executor": {"executable": "true"\(process.executor)}}}
      """
    }
    let text = """
      {"name": "w", "processes": [\(list.joined(separator: ", "))], "signals": [], "ins": [],
       "outs": []}
      """
    let workflow = try #require(Workflow.read(Array(text.utf8), variables: [:]).workflow)
    let functions = FunctionCatalog(workflow, directory: nil, invokerIsChosen: true)
    var settings = RunSettings(run: RunID(randomBits: 1), workflowPath: "/w/workflow.json")
    settings.sites = sites
    settings.invoker = sites.allSatisfy(\.runsJobs) ? .kubernetes : .pool
    var routing = try Routing(
      processes.map { ($0.name, nil) }, sites: sites.map(\.name),
      routes: try routes.map { try Route($0) })
    settings.addSites(of: try WorkerPools(pools), workflow, functions, &routing)
    return Placed(
      settings: settings, routing: routing, workflow: workflow, functions: functions)
  }

  private let cluster = SiteSettings(name: "kubernetes", infrastructure: .kubernetes)
  private let local = SiteSettings(name: "local", infrastructure: .local)
  private let models: JSON = [["name": "part"]]

  @Test func `tasks of a pool go to its workers, others are Jobs`() throws {
    let placed = try placed(
      [("part", "k8sCommand", ""), ("other", "k8sCommand", ""), ("plain", "command", "")],
      pools: models, sites: [cluster])
    #expect(placed.routing.queues == ["kubernetes-part", nil, nil])
    #expect((0...2).map(placed.place) == ["workers", "kubernetes", "kubernetes"])
    #expect(placed.settings.invoker == .pool)
    #expect(placed.settings.sites.map(\.name) == ["kubernetes", "kubernetes-part"])
    #expect(placed.settings.poolNotice?.contains("tasks of part run on pools") == true)
    // The next engine finds the pools from the workflow.
    let kept = try #require(RunSettings(placed.settings.json))
    #expect(kept.sites.map(\.name) == ["kubernetes"])
  }

  @Test func `without pools nothing changes`() throws {
    let placed = try placed([("part", "k8sCommand", "")], sites: [cluster])
    #expect(placed.settings.invoker == .kubernetes && placed.settings.poolNotice == nil)
    #expect(placed.place(0) == "kubernetes")
  }

  @Test func `beside workers, only tasks that would be Jobs go to pools`() throws {
    let placed = try placed(
      [("part", "command", ""), ("part", "k8sCommand", ""), ("other", "amqpCommand", "")],
      pools: models, sites: [local, cluster])
    #expect(placed.routing.queues == [nil, "kubernetes-part", "kubernetes-other"])
    #expect(placed.place(0) == "workers")
  }

  @Test func `a route comes before a pool`() throws {
    let placed = try placed(
      [("part", "k8sCommand", ""), ("rest", "command", "")], pools: models,
      sites: [local, cluster], routes: ["part=local"])
    #expect(placed.routing.queues == ["local", nil])
    #expect(placed.settings.sites.count == 2)
  }

  @Test func `each image has a pool, and slots follow from the cores of a task`() throws {
    let placed = try placed(
      [
        ("part", "k8sCommand", #", "image": "one", "cpuRequest": "2""#),
        ("part", "k8sCommand", #", "image": "two""#),
      ], pools: [["name": "part", "slots": 3]], sites: [cluster])
    #expect(placed.routing.queues == ["kubernetes-part", "kubernetes-part-2"])
    #expect(placed.settings.sites.dropFirst().map(\.slots) == [6, 3])
  }

  @Test func `workers of a site have one image`() throws {
    var workers = cluster
    workers.mode = .workers
    workers.kubernetes.image = "one"
    let same = try placed(
      [("a", "command", #", "image": "one""#), ("b", "command", "")], sites: [workers])
    try same.settings.checkImages(same.workflow, same.functions, same.routing)
    let other = try placed(
      [("a", "command", ""), ("b", "command", #", "image": "two""#)], sites: [workers])
    #expect {
      try other.settings.checkImages(other.workflow, other.functions, other.routing)
    } throws: { error in
      "\(error)".contains("its workers have one image, and b asks for two, kubernetes for one")
    }
  }
}
