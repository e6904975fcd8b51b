import Dispatch
import Posix

@testable import Runner

/// Runs a host loop on a thread of its own until it has delivered a number of events.
func events(of host: HostLoop, count: Int) async -> [HostLoop.Event] {
  await withCheckedContinuation { continuation in
    DispatchQueue.global().async {
      var events: [HostLoop.Event] = []
      host.run { event in
        events.append(event)
        if events.count >= count { host.stop() }
      }
      continuation.resume(returning: events)
    }
  }
}

func firstEvent(of host: HostLoop) async -> HostLoop.Event? {
  await events(of: host, count: 1).first
}
