import JobProtocol
import Logging
import Posix
import Redis
import Sites

/// Where the jobs of a pool run.
struct PoolPlaces: Sendable {
  var routing: Routing
  var hasLocalWorker: Bool
  var localQueue: String?
  /// What the workers of each queue have.
  var capacities: [String?: WorkerCapacity] = [:]
  /// The queue of each site, in the order of `makeSites`.
  var siteQueues: [String?]
  /// In the order of `makeSites`.
  var siteNames: [String]
  /// Makes the sites; each reports through the function.
  var makeSites: @Sendable (@escaping @Sendable (SiteNews) -> Void) -> [any WorkerSite]
}

/// Workers that sites start.
extension PoolInvoker {
  /// How often sites get the number of waiting jobs, in milliseconds.
  private static let demandMilliseconds = 200

  func restore(_ allocations: [Allocation]) {
    formerAllocations = allocations
    siteWorkers.formUnion(allocations.map(\.worker).filter { !$0.isEmpty })
  }

  func beginSites() async throws(InvokerError) {
    guard !sites.isEmpty else { return }
    if siteTask == nil {
      siteTask = Task {
        await withTaskGroup(of: Void.self) { group in
          group.addTask { for await news in self.siteNews { await self.receive(news) } }
          group.addTask { await self.reportDemand() }
        }
      }
    }
    var lines: [String] = []
    for site in sites {
      do throws(SiteError) {
        try await site.begin(formerAllocations)
      } catch {
        lines += error.lines
      }
    }
    guard !lines.isEmpty else { return }
    throw InvokerError(lines.joined(separator: "\n"), isForGood: true)
  }

  private func reportDemand() async {
    for await _ in Ticker.ticks(every: Self.demandMilliseconds) {
      if isStopping { return }
      for (site, queue) in zip(sites, siteQueues) { await site.demand(waitingCount(in: queue)) }
    }
  }

  /// Tells the workers of sites to leave. A scheduler may have given one up that still lives, so
  /// that nothing else ends it.
  func drainSiteWorkers() async {
    let places = siteWorkers
    guard !places.isEmpty else { return }
    await Ticker.wait(atMost: 2000) {
      guard
        let names = try? await self.redis.call(
          RedisCommand("SMEMBERS", self.keys.workers), retry: .never)
      else { return }
      for name in (names.array ?? []).compactMap(\.string)
      where places.contains(where: { name == $0 || name.hasPrefix("\($0).") }) {
        try? await self.drain(name)
      }
    }
  }

  /// Passes on what a site says. The jobs of a worker that is gone are lost.
  private func receive(_ received: SiteNews) async {
    for notice in received.notices { log.warning("\(notice)") }
    // The run has ended: nothing is lost any more, and its Redis may be gone.
    if isStopping { return }
    siteWorkers.formUnion(received.allocations.map(\.worker).filter { !$0.isEmpty })
    var news = InvokerNews(allocations: received.allocations, notices: received.notices)
    for end in received.endedWorkers {
      do throws(RedisError) {
        news = news + (try await ended(end))
      } catch {
        // The engine knows from the journal which jobs the worker had taken.
        log.error("cannot tell which jobs \(end.names) had: \(error)")
        news.endedWorkers.append(
          .init(names: end.names, reason: end.reason, mayBeUnknown: true))
      }
    }
    if !news.isEmpty { deliver(news) }
  }

  /// Passes a request on to its site, which may take its time; the answer is a notice.
  func steer(_ request: WorkersRequest) {
    guard let index = siteNames.firstIndex(of: request.site) else { return }
    let site = sites[index]
    Task {
      let answer = await site.steer(request)
      for worker in answer.drained { try? await self.drain(worker) }
      let mark =
        answer.isRefused
        ? WorkersRequest.refusalMark(request.site) : WorkersRequest.mark(request.site)
      deliver(InvokerNews(notices: [mark + answer.text]))
    }
  }

  private func ended(_ end: SiteNews.WorkerEnd) async throws(RedisError) -> InvokerNews {
    var names = end.names
    if !end.isCertain {
      let replies = try await redis.run(
        names.map { RedisCommand("EXISTS", keys.alive($0)) }, retry: .always)
      names = zip(names, replies).filter { $0.1.integer != 1 }.map(\.0)
    }
    var news = InvokerNews()
    for name in names {
      news = news + (try await jobs(of: name, lost: "its worker: \(end.reason)"))
    }
    if !names.isEmpty {
      news.endedWorkers.append(.init(names: names, reason: end.reason, mayBeUnknown: true))
    }
    return news
  }
}
