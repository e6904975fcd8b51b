import Dispatch
import Glibc
import Posix
import Testing

@Suite struct WaitingTests {
  @Test func `waiting for nothing ends with the timeout`() throws {
    let pipe = try Pipe()
    #expect(!Poll.wait(for: pipe.readEnd.number, POLLIN, milliseconds: 10))
    try DescriptorIO.write("x", to: pipe.writeEnd.number)
    #expect(Poll.wait(for: pipe.readEnd.number, POLLIN, milliseconds: 120_000))
  }

  @Test func `reading an empty non-blocking pipe returns nil`() throws {
    let pipe = try Pipe(nonblocking: true)
    #expect(try DescriptorIO.read(pipe.readEnd.number) == nil)
    try DescriptorIO.write("x", to: pipe.writeEnd.number)
    #expect(try DescriptorIO.read(pipe.readEnd.number) == Array("x".utf8))
  }

  @Test func `more than a pipe holds can be written`() async throws {
    let pipe = try Pipe(nonblocking: true)
    let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0) }
    let writer = pipe.writeEnd.number
    DispatchQueue.global().async { try? DescriptorIO.write(bytes, to: writer) }
    var received: [UInt8] = []
    while received.count < bytes.count {
      #expect(Poll.wait(for: pipe.readEnd.number, POLLIN, milliseconds: 120_000))
      received += try DescriptorIO.read(pipe.readEnd.number) ?? []
    }
    #expect(received == bytes)
  }

  @Test func `writing to a closed pipe is an error and does not kill`() throws {
    signal(SIGPIPE, SIG_IGN)
    let pipe = try Pipe()
    let writer = pipe.writeEnd.number
    let copy = Descriptor(owning: dup(writer))
    _ = consume pipe
    let error = #expect(throws: PosixError.self) { try DescriptorIO.write("x", to: copy.number) }
    #expect(error?.code == EPIPE)
  }

  @Test func `blocked signals can be read`() throws {
    let signals = try UnixSignals([SIGUSR2])
    #expect(signals.next() == nil)
    pthread_kill(pthread_self(), SIGUSR2)
    #expect(Poll.wait(for: signals.descriptor, POLLIN, milliseconds: 120_000))
    #expect(signals.next() == SIGUSR2)
    #expect(signals.next() == nil)
  }

  @Test func `the monotonic clock does not go back`() {
    let times = (0..<1000).map { _ in Clock.monotonicNanoseconds }
    #expect(times == times.sorted())
    #expect(Clock.wallMilliseconds > 1_700_000_000_000)
  }

  @Test func `the environment has the variables that were set`() {
    setenv("HFLOW_POSIX_TEST", "a=b", 1)
    #expect(Environment["HFLOW_POSIX_TEST"] == "a=b")
    #expect(Environment.all["HFLOW_POSIX_TEST"] == "a=b")
    #expect(Environment["HFLOW_NOT_SET"] == nil)
    #expect(Environment.processorCount >= 1)
    #expect(!Environment.hostName.isEmpty)
  }
}
