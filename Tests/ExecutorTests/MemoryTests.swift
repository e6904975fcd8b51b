import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

@testable import Executor

/// The table of MemoryEvidence.swift, row by row.
struct MemoryEvidenceTests {
  private func evidence(
    _ status: Posix.ExitStatus = .signalled(9), byUs: Bool = false, kernel: Bool = false,
    peak: Int = 0, limit: Int? = 1000
  ) -> FailureCause? {
    MemoryEvidence(
      status: status, isKilledByUs: byUs, kernelSaysSo: kernel, peak: peak, limit: limit
    ).cause
  }

  @Test(
    arguments: [.exited(0), .exited(1), .exited(128 + 15), .signalled(15), .signalled(11)]
      as [Posix.ExitStatus])
  func `a job that was not killed has another cause`(status: Posix.ExitStatus) {
    #expect(evidence(status, kernel: true, peak: 1000) == nil)
  }

  @Test func `a job that we killed has another cause`() {
    #expect(evidence(byUs: true, kernel: true, peak: 1000) == nil)
  }

  @Test(arguments: [.signalled(9), .exited(128 + 9)] as [Posix.ExitStatus])
  func `the kernel's report is certain, a peak near a limit is possible`(
    status: Posix.ExitStatus
  ) {
    #expect(evidence(status, kernel: true) == .outOfMemory(certain: true))
    #expect(evidence(status, peak: 900) == .outOfMemory(certain: false))
    #expect(evidence(status, peak: 1200) == .outOfMemory(certain: false))
    #expect(evidence(status, peak: 899) == nil)
    #expect(evidence(status, peak: 900, limit: nil) == nil)
    #expect(evidence(status, peak: 900, limit: 0) == nil)
  }
}

struct JobMemoryTests {
  @Test func `memory before exec does not count if there are samples`() {
    var memory = JobMemory(process: getpid())
    #expect(memory.peak(largest: 14_000, own: 14_000) == 0, "nothing is known")
    #expect(memory.peak(largest: 24_000, own: 14_000) == 24_000)
    memory.note(ProcessTree(root: getpid()))
    let sampled = memory.peak(largest: 0, own: 0)
    #expect(sampled > 0)
    #expect(memory.peak(largest: sampled + 5000, own: sampled + 5000) == sampled)
    #expect(memory.peak(largest: sampled + 9000, own: sampled + 5000) == sampled + 9000)
    #expect(memory.peak(largest: sampled - 1, own: 0) == sampled, "all processes of the job")
    #expect(JobMemory.ownPeak > 0)
  }
}

struct SamplingTests {
  @Test(arguments: [
    (age: 0, pause: 100), (150, 150), (1600, 400), (2000, 2000), (599_999, 2000),
    (900_000, 3000), (86_400_000, 10_000),
  ])
  func `young jobs are sampled more often than old ones`(age: Int, pause: Int) {
    #expect(RunningJob.pause(atAge: age) == pause)
  }
}

struct MemoryKillsTests {
  @Test func `a rise of the count explains as many kills, within a second`() {
    var kills = MemoryKills(count: 5)
    func isExplained(count: Int, now: Int) -> Bool { kills.explain(count, now: now) }
    #expect(!isExplained(count: 5, now: 1000))
    #expect(isExplained(count: 7, now: 2000))
    #expect(isExplained(count: 7, now: 2001), "two jobs in one moment")
    #expect(!isExplained(count: 7, now: 2002))
    kills.observe(9, now: 5000)
    #expect(isExplained(count: 9, now: 5999), "who looks first need not be whom it is about")
    #expect(!isExplained(count: 9, now: 6000), "too late for the other one")
  }
}

struct ControlGroupTests {
  private func write(_ files: [String: String]) throws -> String {
    let root = try Files.makeTemporaryDirectory(prefix: "cg")
    for (path, text) in files {
      try Files.makeDirectory(Files.parent(of: "\(root)/\(path)"))
      try Files.write(Array(text.utf8), to: "\(root)/\(path)")
    }
    return root
  }

  @Test func `version 2 is read with the limits of the parent groups`() throws {
    let root = try write([
      "a/b/memory.events": "low 0\noom 3\noom_kill 2\noom_group_kill 0\n",
      "a/b/memory.max": "max\n", "a/memory.max": "1048576\n",
    ])
    defer { Files.removeTree(root) }
    let group = ControlGroup(membership: "0::/a/b\n", root: root)
    #expect(group.killCount == 2)
    #expect(group.limit == 1024)
  }

  @Test func `version 1 is read from its memory controller`() throws {
    let root = try write([
      "memory/x/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n",
      "memory/x/memory.limit_in_bytes": "2097152\n",
      "memory/memory.limit_in_bytes": "9223372036854771712\n",
    ])
    defer { Files.removeTree(root) }
    let text = "9:name=systemd:/\n4:cpu,memory:/x\n0::/\n"
    let group = ControlGroup(membership: text, root: root)
    #expect(group.killCount == 4)
    #expect(group.limit == 2048)
  }

  @Test func `in a container the mounted root counts if the path is the host's`() throws {
    let root = try write([
      "memory.events": "oom_kill 1\n", "memory.max": "max\n",
    ])
    defer { Files.removeTree(root) }
    let group = ControlGroup(membership: "0::/kubepods/pod1/abc\n", root: root)
    #expect(group.killCount == 1)
    #expect(group.limit == nil)
  }

  @Test func `without control groups there is no count and no limit`() {
    let group = ControlGroup(membership: "", root: "/no/such")
    #expect(group.killCount == 0)
    #expect(group.limit == nil)
  }
}

struct KernelLogTests {
  private let records = [
    "6,100,5000000,-;oom-kill:constraint=CONSTRAINT_MEMCG,task=hog,pid=41,uid=0\n",
    "3,101,5000001,-;Memory cgroup out of memory: Killed process 41 (hog) total-vm:9kB\n",
    "3,102,6000000,-;Out of memory: Killed process 42 (a;b) total-vm:9kB\n",
    "3,103,1000000,-;Out of memory: Killed process 43 (old) total-vm:9kB\n",
    "12,104,6000000,-;Out of memory: Killed process 44 (forged by a program)\n",
    "6,105,6000000,-;usb 1-1: Killed process 45 of something else\n", "nonsense", "",
  ]

  @Test func `only kills since a time are found`() {
    #expect(KernelLog.kills(in: records, since: 5_000_000) == [41, 42])
    #expect(KernelLog.kills(in: records, since: 0) == [41, 42, 43])
  }
}

struct ProcessTreeTests {
  @Test func `a process name can contain anything`() {
    let rest = (4...52).map { "\($0)" }.joined(separator: " ")
    let figures = ProcessFigures(statusLine: "17 (a) b) c) S \(rest)")
    #expect(figures?.cpuTicks == 14 + 15 + 16 + 17)
    #expect(figures?.residentPages == 24)
    #expect(ProcessFigures(statusLine: "") == nil)
    #expect(ProcessFigures(statusLine: "17 (x) S 1 2 3") == nil)
  }

  @Test func `memory limits are read, and unlimited means none`() {
    let text = """
      Limit                     Soft Limit           Hard Limit           Units
      Max data size             unlimited            unlimited            bytes
      Max address space         1048576              2097152              bytes
      Max processes             96000                96000                processes
      """
    #expect(ProcessFigures.memoryLimits(text) == [1024])
  }

  @Test func `a tree includes grandchildren, their memory and their time`() throws {
    var request = SpawnRequest("sh", ["-c", "sh -c 'sleep 1000 & sleep 1000 & wait' & wait"])
    request.standardOutput = .null
    let child = try Child.spawn(request)
    defer {
      child.sendToGroup(SIGKILL)
      _ = child.wait()
    }
    #expect(eventually { ProcessTree(root: child.pid).processes.count == 4 })
    #expect(ProcessTree(root: child.pid).residentKilobytes > 0)
    #expect(ProcessTree(root: 0) == ProcessTree(root: -1), "who is not there uses nothing")
  }
}

/// Real jobs that use memory.
struct MemoryHogTests {
  let site: Site
  private let id = "abcd:1:1:1"

  init() throws { site = try Site() }

  private func samples() throws -> [UsageSample] {
    try site.chunks(of: id).filter { $0.stream == .usage }
      .compactMap { UsageSample(encoded: $0.bytes) }
  }

  @Test func `a job killed near its own limit is possibly out of memory`() throws {
    let text = "ulimit -v 300000; exec dd if=/dev/zero of=/dev/null bs=285M"
    try site.push(id, ["executable": "sh", "args": ["-c", .string(text)]])
    let child = try site.start([id, site.url])
    #expect(try eventually { try samples().contains { $0.residentKilobytes > 285_000 } })
    #expect(try samples().last.map { $0.cpuMilliseconds > 0 } == true)
    for case .started(_, _, let pid, _) in try site.reports() { kill(Int32(pid), SIGKILL) }
    #expect(try site.end(of: child) == .exited(0))
    #expect(try site.finished() == [id: .failed(.outOfMemory(certain: false))])
    let numbers = try site.chunks(of: id).map(\.sequence)
    #expect(numbers == Array(1...numbers.count), "samples share the numbers of the output")
  }

  @Test func `a job cancelled near its limit is cancelled`() throws {
    let text = "ulimit -v 300000; trap '' TERM; dd if=/dev/zero of=/dev/null bs=285M"
    try site.push(id, ["executable": "bash", "args": ["-c", .string(text)]])
    let child = try site.start([id, site.url])
    #expect(try eventually { try samples().contains { $0.residentKilobytes > 285_000 } })
    _ = try site.redis.call(RedisCommand("PUBLISH", "hf:abcd:orders", "cancel \(id)"))
    #expect(try site.end(of: child) == .exited(0))
    #expect(try site.finished() == [id: .failed(.cancelled)])
  }

  @Test(.enabled(if: TestGroup.canBeMade))
  func `a job killed by its control group's limit is certainly out of memory`() throws {
    let group = try TestGroup(limit: 64 << 20)
    try site.push(id, ["executable": "tail", "args": ["/dev/zero"]])
    var request = SpawnRequest(
      "sh",
      ["-c", "echo $$ > \(group.path)/cgroup.procs; exec \(Site.program) \(id) \(site.url)"])
    request.directory = site.work
    request.standardError = .null
    let child = try Child.spawn(request)
    #expect(try site.end(of: child) == .exited(0))
    #expect(try site.finished() == [id: .failed(.outOfMemory(certain: true))])
  }

  @Test(.enabled(if: TestGroup.canBeMade))
  func `a shell's exit code 137 counts as a kill`() throws {
    let group = try TestGroup(limit: 64 << 20)
    try site.push(id, ["executable": "sh", "args": ["-c", "tail /dev/zero; exit $?"]])
    var request = SpawnRequest(
      "sh",
      ["-c", "echo $$ > \(group.path)/cgroup.procs; exec \(Site.program) \(id) \(site.url)"])
    request.directory = site.work
    request.standardError = .null
    #expect(try site.end(of: try Child.spawn(request)) == .exited(0))
    #expect(try site.finished() == [id: .failed(.outOfMemory(certain: true))])
  }
}

/// A control group with a limit, where we may make one (as root, outside of containers).
private final class TestGroup {
  let path: String

  static let canBeMade: Bool = {
    guard let group = try? TestGroup(limit: 1 << 30) else { return false }
    return Files.exists(group.path)
  }()

  init(limit: Int) throws {
    let isOld = Files.exists("/sys/fs/cgroup/memory/memory.limit_in_bytes")
    let root = isOld ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup"
    path = "\(root)/hflow-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    guard mkdir(path, 0o755) == 0 else { throw PosixError("mkdir", path) }
    let file = open("\(path)/\(isOld ? "memory.limit_in_bytes" : "memory.max")", O_WRONLY)
    defer { close(file) }
    try DescriptorIO.write("\(limit)", to: file)
    if !isOld, !Files.exists("\(path)/memory.events") { throw PosixError("memory", path) }
  }

  /// The processes in the group may take a moment to end.
  deinit { _ = eventually { rmdir(path) == 0 || errno != EBUSY } }
}
