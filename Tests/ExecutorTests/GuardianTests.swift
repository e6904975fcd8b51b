import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

/// A guardian that is killed before the executor that it guards.
struct GuardianTests {
  let site: Site
  private let id = "abcd:1:1:1"
  private let job: JSON = [
    "executable": "sh", "args": ["-c", "sleep 1000 & echo $! $$; wait"],
  ]

  init() throws { site = try Site() }

  private func guardian(of executor: Child) -> Int32? {
    Files.list("/proc").compactMap { Int32($0) }.first { pid in
      let text = String(decoding: (try? Files.read("/proc/\(pid)/stat")) ?? [], as: UTF8.self)
      let fields = text.split(separator: " ")
      return text.contains("(hflow-guardian)") && fields.count > 3
        && fields[2] != "Z" && fields[3] == "\(executor.pid)"
    }
  }

  private func expectGuarded(_ executor: Child) throws {
    #expect(try eventually { try !site.chunks(of: id).isEmpty })
    let output = try site.chunks(of: id).first?.bytes ?? []
    let pids = String(decoding: output, as: UTF8.self).split { " \n".contains($0) }
      .compactMap { Int32($0) }
    #expect(pids.count == 2)
    var last: Int32?
    for _ in 0..<3 {
      #expect(eventually { guardian(of: executor).map { $0 != last } ?? false })
      let found = try #require(guardian(of: executor))
      kill(found, SIGKILL)
      last = found
    }
    #expect(eventually { guardian(of: executor).map { $0 != last } ?? false })
    executor.send(SIGKILL)
    #expect(try site.end(of: executor) == .signalled(9))
    #expect(eventually { pids.allSatisfy { kill($0, 0) == -1 } })
  }

  @Test func `a worker starts another guardian, which ends the running jobs`() throws {
    try site.queue(id, job)
    try expectGuarded(
      site.start(["--worker", "--pool", "abcd"], ["HFLOW_REDIS_URL": site.url]))
  }

  @Test func `a one-shot executor starts another guardian, too`() throws {
    try site.push(id, job)
    try expectGuarded(site.start([id, site.url]))
  }
}
