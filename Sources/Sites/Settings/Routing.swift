/// Which queue the jobs of each process go to, and which queue each site's workers serve.
///
/// | a site that | has workers that serve |
/// |---|---|
/// | is the target of a route | a queue of its own |
/// | is not the target of any | the common queue, together with all other sites of this kind |
///
/// A process without a route goes to the common queue; if every site has a queue of its own, to
/// that of the first site.
public struct Routing: Sendable, Equatable {
  /// By the index of the process; `nil` is the common queue.
  public private(set) var queues: [String?]
  /// The sites with a queue of their own.
  public private(set) var routedSites: Set<String> = []

  /// - Parameter processes: The name of each process and its `config.site`, in order.
  public init(
    _ processes: [(name: String, site: String?)], sites: [String], routes: [Route]
  ) throws(SiteMistake) {
    queues = []
    for route in routes where !sites.contains(route.site) {
      throw SiteMistake(
        "--route \(route.text): the run has no site \(route.site); add --on \(route.site)")
    }
    for (name, own) in processes {
      let route = routes.last { $0.matches(name) }
      if route == nil, let own, !sites.contains(own) {
        let others = sites.isEmpty ? "no --on" : "only " + sites.joined(separator: ", ")
        throw SiteMistake(
          "process \(name) runs on site \(own) (config.site), and the run has \(others); "
            + "add --on \(own), or --route '\(name)=SITE'")
      }
      queues.append(route?.site ?? own)
    }
    for route in routes where !processes.contains(where: { route.matches($0.name) }) {
      throw SiteMistake("--route \(route.text): no process has the name \(route.pattern)")
    }
    guard sites.count > 1 else {
      queues = queues.map { _ in nil }
      return
    }
    routedSites = Set(queues.compactMap(\.self))
    guard routedSites.isSuperset(of: sites) else { return }
    queues = queues.map { $0 ?? sites[0] }
  }

  /// Sends the jobs of a process, by its index, to the queue of a site.
  public mutating func assign(_ process: Int, to site: String) {
    queues[process] = site
    routedSites.insert(site)
  }

  public func queue(of site: String) -> String? { routedSites.contains(site) ? site : nil }
}
