import Glibc
import Posix
import Testing

@Suite struct SpawnTests {
  /// Runs a program with its output in a pipe.
  private func output(of request: SpawnRequest) throws -> (text: String, status: Posix.ExitStatus) {
    let pipe = try Pipe()
    var request = request
    request.standardOutput = .descriptor(pipe.writeEnd.number)
    let child = try Child.spawn(request)
    let reader = pipe.keepingReadEnd()
    let bytes = try DescriptorIO.readToEnd(reader.number)
    let status = try #require(child.wait()?.status)
    return (String(decoding: bytes, as: UTF8.self), status)
  }

  private func shell(_ script: String) -> SpawnRequest { SpawnRequest("sh", ["-c", script]) }

  @Test func `arguments arrive unchanged`() throws {
    let words = ["a b", "", "*", "'\"", "ü"]
    let result = try output(of: SpawnRequest("printf", ["[%s]"] + words))
    #expect(result.text == words.map { "[\($0)]" }.joined())
  }

  @Test func `the environment replaces ours`() throws {
    var request = shell("echo $A-$HOME")
    request.environment = ["A": "x=y", "PATH": "/usr/bin:/bin"]
    #expect(try output(of: request).text == "x=y-\n")
  }

  @Test func `the child starts in its directory`() throws {
    var request = SpawnRequest("pwd")
    request.directory = "/usr"
    #expect(try output(of: request).text == "/usr\n")
  }

  @Test func `a missing program or directory is an error`() {
    let missing = #expect(throws: PosixError.self) {
      _ = try Child.spawn(SpawnRequest("no-such-program-here"))
    }
    #expect(missing?.code == ENOENT)
    var request = SpawnRequest("true")
    request.directory = "/nowhere"
    let elsewhere = #expect(throws: PosixError.self) { _ = try Child.spawn(request) }
    #expect(elsewhere?.code == ENOENT)
  }

  @Test(arguments: [0, 1, 3, 127, 255])
  func `an exit code is returned`(code: Int) throws {
    let child = try Child.spawn(shell("exit \(code)"))
    #expect(child.wait()?.status == .exited(code))
  }

  @Test(arguments: [SIGKILL, SIGTERM, SIGSEGV])
  func `a signal is returned`(signal: Int32) throws {
    let child = try Child.spawn(shell("kill -\(signal) $$"))
    #expect(child.wait()?.status == .signalled(Int(signal)))
  }

  @Test func `a child leads its own group, which can be ended as a whole`() throws {
    let pipe = try Pipe()
    var request = shell("sleep 1000 & echo started; wait")
    request.standardOutput = .descriptor(pipe.writeEnd.number)
    let child = try Child.spawn(request)
    let reader = pipe.keepingReadEnd()
    #expect(try DescriptorIO.read(reader.number) == Array("started\n".utf8))
    #expect(getpgid(child.pid) == child.pid)
    child.sendToGroup(SIGKILL)
    #expect(child.wait()?.status == .signalled(Int(SIGKILL)))
    // The grandchild has the pipe's other end, so the end of the stream shows that it has ended.
    #expect(try DescriptorIO.readToEnd(reader.number) == [])
  }

  @Test func `a session has its own id`() throws {
    var request = shell("ps -o sid= -p $$ || cut -d' ' -f6 /proc/$$/stat")
    request.group = .session
    let text = try output(of: request).text.filter(\.isNumber)
    #expect(Int32(text) != getsid(0))
  }

  @Test func `waiting without blocking says that the child still runs`() throws {
    let child = try Child.spawn(SpawnRequest("sleep", ["1000"]))
    #expect(child.wait(block: false) == nil)
    let end = try child.endDescriptor()
    child.send(SIGKILL)
    #expect(Poll.wait(for: end.number, POLLIN, milliseconds: 120_000))
    #expect(child.wait(block: false)?.status == .signalled(Int(SIGKILL)))
    #expect(child.wait() == nil, "a child is waited for once")
  }

  @Test(arguments: [
    ("exit 0", Posix.ExitStatus.exited(0)), ("exit 255", .exited(255)),
    ("kill -9 $$", .signalled(9)), ("kill -SEGV $$", .signalled(11)),
  ])
  func `peek returns the end before wait`(
    script: String, status: Posix.ExitStatus
  ) throws {
    let child = try Child.spawn(shell("read x; \(script)"))
    let end = try child.endDescriptor()
    #expect(Poll.wait(for: end.number, POLLIN, milliseconds: 10_000))
    #expect(child.peek()?.status == status)
    #expect(kill(child.pid, 0) == 0, "its id is taken")
    #expect(child.peek()?.status == status, "and again")
    #expect(child.wait()?.status == status)
    #expect(child.peek() == nil)
  }

  @Test func `peek returns nil while the child runs`() throws {
    let child = try Child.spawn(SpawnRequest("sleep", ["1000"]))
    #expect(child.peek() == nil)
    child.send(SIGKILL)
    #expect(child.wait()?.status == .signalled(9))
  }

  @Test func `usage includes the work of the child`() throws {
    let child = try Child.spawn(shell("i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done"))
    let usage = try #require(child.wait()?.usage)
    #expect(usage.userMicroseconds + usage.systemMicroseconds > 0)
    #expect(usage.maxResidentKilobytes > 0)
  }

  @Test func `signals that we block are not blocked in children`() throws {
    let text = try output(of: SpawnRequest("grep", ["SigBlk", "/proc/self/status"])).text
    #expect(text.hasSuffix("0000000000000000\n"))
  }
}
