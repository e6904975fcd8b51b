import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

@testable import Executor

/// The table of Bookings.swift.
struct BookingsTests {
  @Test func `cores, memory and gpus are booked and released`() {
    var book = Bookings(memory: 100, gpus: [3, 5])
    let first = JobNeeds(cores: 2.5, memory: 60, gpus: 1)
    #expect(
      book.answer(to: first, slots: 4, used: 0) == .fits(.init(slots: 3, memory: 60, gpus: [3])))
    book.book(.init(slots: 3, memory: 60, gpus: [3]), for: "a")
    #expect(book.extraSlots == 2 && book.bookedMemory == 60 && book.gpus(of: "a") == [3])
    #expect(book.answer(to: JobNeeds(memory: 50), slots: 4, used: 3) == .waits)
    #expect(book.answer(to: JobNeeds(cores: 2), slots: 4, used: 3) == .waits)
    #expect(book.answer(to: JobNeeds(gpus: 2), slots: 4, used: 3) == .waits)
    #expect(book.answer(to: JobNeeds(memory: 40), slots: 4, used: 3) == .fits(.init(memory: 40)))
    book.release("a")
    book.release("a")
    #expect(book.extraSlots == 0 && book.bookedMemory == 0)
    #expect(book.answer(to: JobNeeds(gpus: 2), slots: 4, used: 0) == .fits(.init(gpus: [3, 5])))
  }

  @Test func `what the worker does not have is never given`() {
    let book = Bookings(memory: 100, gpus: [])
    #expect(book.answer(to: JobNeeds(cores: 5), slots: 4, used: 0) == .never("5 cores"))
    #expect(
      book.answer(to: JobNeeds(memory: 101), slots: 4, used: 0) == .never("101 bytes of memory"))
    #expect(book.answer(to: JobNeeds(gpus: 1), slots: 4, used: 0) == .never("1 gpus"))
    #expect(book.answer(to: JobNeeds(cores: 0.1), slots: 1, used: 0) == .fits(.init()))
  }

  @Test func `the gpus of the environment come before those of the host`() {
    #expect(Bookings.hostGPUs(visible: "2, 4", devices: ["nvidia0"]) == [2, 4])
    #expect(Bookings.hostGPUs(visible: "", devices: ["nvidia0"]) == [])
    #expect(
      Bookings.hostGPUs(visible: nil, devices: ["nvidia1", "nvidiactl", "nvidia0", "tty1"]) == [
        0, 1,
      ])
  }
}

/// What a worker runs at once.
struct BookingTests {
  let site: Site

  init() throws {
    site = try Site()
    #expect(mkfifo("\(site.work)/gate", 0o600) == 0)
  }

  private func worker(
    _ slots: Int, memory: String = "100M", name: String = "w1", url: String? = nil,
    heartbeat: String = "5"
  ) throws -> Child {
    try site.start(
      [
        "--worker", "--pool", "abcd", "--slots", "\(slots)", "--memory", memory, "--name", name,
        "--redis", url ?? site.url,
      ],
      ["CUDA_VISIBLE_DEVICES": "1,2", "OMP_NUM_THREADS": "", "HFLOW_HEARTBEAT": heartbeat])
  }

  /// The jobs that the worker has, also the one that waits.
  private func busy() throws -> Int {
    try site.redis.call(RedisCommand("GET", PoolKeys("abcd").alive("w1"))).bytes
      .flatMap(WorkerHealth.init(parsing:))?.busy ?? 0
  }

  /// A job that waits until the gate is opened for good.
  private func queue(_ number: Int, _ needs: JSON?) throws {
    let text = """
      echo $HFLOW_JOB_ID c=$HFLOW_CORES g=$CUDA_VISIBLE_DEVICES >> started
      while ! test -e go; do read x < gate; done
      """
    var extras = JSONObject()
    extras["protocol"] = 2
    extras["needs"] = needs
    try site.queue(
      "abcd:1:1:\(number)", ["executable": "sh", "args": ["-c", .string(text)]],
      extras: .object(extras))
  }

  private func started() -> [String] {
    site.text("started").split(separator: "\n").map { String($0.dropFirst("abcd:1:1:".count)) }
  }

  private func openForGood() {
    try? Files.write([], to: "\(site.work)/go")
    _ = eventually {
      let gate = open("\(site.work)/gate", O_WRONLY | O_NONBLOCK)
      if gate >= 0 { close(gate) }
      return gate < 0
    }
  }

  private func stop(_ worker: Child) throws {
    worker.send(SIGTERM)
    #expect(try site.end(of: worker) == .exited(0))
  }

  private func queued() throws -> Int {
    try site.redis.call(RedisCommand("LLEN", PoolKeys("abcd").queue)).integer ?? -1
  }

  @Test func `a job of many cores takes as many slots, and knows them`() throws {
    try queue(1, ["cores": 3, "gpus": 1])
    let worker = try worker(4)
    #expect(eventually { started().count == 1 })
    for number in 2...4 { try queue(number, nil) }
    #expect(eventually { started().count == 2 })
    #expect(started().first == "1 c=3 g=1" && started()[1].hasSuffix("c= g=1,2"))
    let health = try site.redis.call(RedisCommand("GET", PoolKeys("abcd").alive("w1"))).bytes
      .flatMap(WorkerHealth.init(parsing:))
    #expect(health?.slots == 4)
    #expect(try queued() == 2)
    openForGood()
    #expect(try eventually { try site.finished().count == 4 })
    try stop(worker)
  }

  @Test func `a job that does not fit comes next, and only so many others pass it`() throws {
    try queue(1, nil)
    let worker = try worker(3)
    #expect(eventually { started().count == 1 })
    try queue(2, ["cores": 3])
    for number in 3...12 { try queue(number, nil) }
    // Two slots are free: two of the others pass, then the third as one ends … none does here.
    #expect(eventually { started().count == 3 })
    openForGood()
    #expect(try eventually { try site.finished().count == 12 })
    let place = started().firstIndex { $0.hasPrefix("2 ") } ?? 99
    #expect(place <= 4, "after the running job and at most three others: \(started())")
    try stop(worker)
  }

  private func refusals() throws -> [String] {
    try site.reports().compactMap { report in
      if case .refused(_, _, let reason, _) = report { reason } else { nil }
    }
  }

  @Test func `a job that waits for slots that are taken away goes back`() throws {
    try queue(1, nil)
    let worker = try worker(2, heartbeat: "0.2")
    #expect(eventually { started().count == 1 })
    try queue(2, ["cores": 2])
    #expect(try eventually { try busy() == 2 })
    try site.order(.slots(worker: "w1", 1))
    #expect(try eventually { try refusals().count == 1 })
    try queue(3, nil)
    openForGood()
    #expect(try eventually { try site.finished().keys.sorted() == ["abcd:1:1:1", "abcd:1:1:3"] })
    try site.order(.slots(worker: "w1", 2))
    #expect(try eventually { try site.finished().count == 3 })
    try stop(worker)
  }

  @Test func `a job that waits starts after an absence in which the others ended`() throws {
    try queue(1, nil)
    let worker = try worker(2, url: try site.separateURL(), heartbeat: "0.2")
    #expect(eventually { started().count == 1 })
    try queue(2, ["cores": 2])
    #expect(try eventually { try busy() == 2 })
    try site.cutOff()
    #expect(try eventually { try !site.exists(PoolKeys("abcd").alive("w1")) })
    openForGood()
    try site.reconnect()
    #expect(try eventually { try site.finished().count == 2 })
    try stop(worker)
  }

  @Test func `memory bounds what runs at once`() throws {
    for number in 1...3 { try queue(number, ["memory": 40_000_000]) }
    let worker = try worker(8)
    #expect(eventually { started().count == 2 })
    #expect(try queued() == 0, "the third waits at the worker")
    openForGood()
    #expect(try eventually { try site.finished().count == 3 })
    try stop(worker)
  }

  @Test func `a job for a larger worker is left to it`() throws {
    try queue(1, nil)
    let small = try worker(2, name: "small")
    #expect(eventually { started().count == 1 })
    try queue(2, ["cores": 4])
    #expect(try eventually { try !refusals().isEmpty })
    #expect(try refusals() == ["it asks for 4 cores, more than this worker has"])
    try queue(3, nil)
    #expect(eventually { started().count == 2 })
    let large = try worker(4, name: "large")
    #expect(eventually { started().contains("2 c=4 g=1,2") })
    openForGood()
    #expect(try eventually { try site.finished().count == 3 })
    try stop(small)
    try stop(large)
  }

  @Test func `a job that waits for room can be cancelled, and goes back when the worker leaves`()
    throws
  {
    try queue(1, nil)
    let worker = try worker(2)
    #expect(eventually { started().count == 1 })
    try queue(2, ["cores": 2])
    #expect(try eventually { try queued() == 0 })
    _ = try site.redis.call(RedisCommand("SADD", RunKeys.cancelled(job: "abcd"), "abcd:1:1:2"))
    try site.order(.cancel(job: "abcd:1:1:2"))
    #expect(try eventually { try site.finished()["abcd:1:1:2"] == .failed(.cancelled) })
    try queue(3, ["cores": 2])
    #expect(try eventually { try queued() == 0 })
    try site.order(.drain(worker: "w1"))
    #expect(try eventually { try queued() == 1 })
    openForGood()
    #expect(try site.end(of: worker) == .exited(0))
    #expect(started().count == 1)
  }
}
