import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

@testable import Executor

/// The lines that HyperFlow's `log-parser` reads. Expected texts are lines of HyperFlow's own
/// executor.
@Suite struct TraceLineTests {
  @Test func `a line has the time of the host, the level and the logger`() {
    let line = TraceLine.line(.info, "handler started", at: 1_589_363_721_453, zone: 7200)
    #expect(line == "[2020-05-13T11:55:21.453] [INFO] hftrace - handler started\n")
    let warning = TraceLine.line(.warning, "a\nb", at: 7, zone: 0)
    #expect(warning == "[1970-01-01T00:00:00.007] [WARN] hftrace - a\\nb\n")
  }

  @Test func `variables get the names of the read-env package`() {
    let text = TraceLine.environment([
      "HF_LOG_POD_IP": "10.40.0.51", "HF_LOG_NODE_NAME": "n1", "HF_LOGS": "x", "PATH": "/bin",
    ])
    #expect(
      text == #"Environment variables (HF_LOG): {"nodeName":"n1","podIp":"10.40.0.51"}"#)
    #expect(TraceLine.environment([:]) == "Environment variables (HF_LOG): {}")
  }

  @Test func `a message has no apostrophe, no Redis and nothing that only we read`() throws {
    let message = try JSON(
      parsing: Array(
        #"{"executable":"sh","args":["-c","echo 'x'"],"redis_url":"redis://:p@h","hflow":{}}"#
          .utf8))
    #expect(
      TraceLine.message(try #require(message.object))
        == #"jobMessage:  {"executable":"sh","args":["-c","echo \u0027x\u0027"],"#
        + #""inputs":[],"outputs":[],"name":""}"#)
  }

  @Test func `characters that control a terminal stay JSON`() {
    #expect(TraceLine.json(.string("a\u{7F}\u{202E}é😀")) == "\"a\\u007f\\u202eé😀\"")
  }

  @Test func `an attempt ends with its result and its code`() {
    let command = ["mAdd", "-n", "x.fits"]
    #expect(
      TraceLine.ended(attempt: 1, code: 0, name: "mAdd", command: command) == [
        "job successful (try 1): mAdd", "job exit code: 0",
      ])
    #expect(
      TraceLine.ended(attempt: 2, code: 3, name: "mAdd", command: command) == [
        "job failed (try 2): 'mAdd -n x.fits'", "job exit code: 3",
      ])
    #expect(
      TraceLine.retry(left: 1, seconds: 4) == [
        "Retrying job, number of retries left: 1", "Backoff delay: 4 s",
      ])
    #expect(TraceLine.command(command) == "Job command: 'mAdd -n x.fits'")
    #expect(TraceLine.handlerFinished(code: 0) == "handler finished, code= 0")
  }

  @Test func `input files are listed while they are waited for`() {
    #expect(
      TraceLine.waiting(check: 0, time: 5, missing: ["a", "b"], ready: [])
        == #"waitingForFiles (0): { "timestamp": 5, "waitingForFiles": ["a","b"], "#
        + #""filesReady": [] }"#)
    #expect(
      TraceLine.ready(check: 1, time: 6, missing: [], ready: [.init(path: "a", time: 6)])
        == #"filesReady (1): { "timestamp": 6, "waitingForFiles": [], "#
        + #""filesReady": [{"file":"a","readTime":6}] }"#)
  }

  @Test func `files are listed with their sizes`() {
    let signals: [JSON] = [["name": "a"], ["name": "b"]]
    let text = TraceLine.sizes(.inputs, of: signals) { _, name in name == "a" ? 306 : nil }
    #expect(text == #"Job inputs: [{"a":306},{"b":-1}]"#)
    #expect(TraceLine.sizes(.outputs, of: [["x": 1]]) { _, _ in 1 } == nil)
  }

  private let probe = ProcessProbe(pid: 24, name: "mProjectPP")

  @Test func `a process has its command line`() {
    #expect(
      probe.command("mProjectPP\0-X\0")
        == #"command: {"pid":24,"name":"mProjectPP","command":["mProjectPP","-X"]}"#)
    #expect(probe.command("") == nil)
  }

  @Test func `a process has its input and output`() {
    let text = """
      rchar: 3259213
      wchar: 8259841
      syscr: 125
      syscw: 2869
      read_bytes: 1626112
      write_bytes: 8265728
      cancelled_write_bytes: 0
      """
    #expect(
      probe.inputOutput(text)
        == #"IO: {"read":3259213,"write":8259841,"readSyscalls":125,"writeSyscalls":2869,"#
        + #""readReal":1626112,"writeReal":8265728,"writeCancelled":0,"pid":24,"#
        + #""name":"mProjectPP"}"#)
    #expect(probe.inputOutput("") == nil)
  }

  @Test func `a process has its network, if there are two interfaces`() {
    let head = "Inter-| Receive | Transmit\n face |bytes packets|bytes packets\n"
    let lo =
      "    lo:       0       0    0    0    0     0          0         0 "
      + "       0       0    0    0    0     0       0          0\n"
    let eth =
      "  eth0:    6041      20    0    0    0     0          0         0 "
      + "    1337      15    0    0    0     0       0          0\n"
    let line = probe.network(head + lo + eth) ?? ""
    #expect(line.hasPrefix(#"NetDev: pid: 24 [{"name":"lo","rxBytes":0,"rxPackets":0,"#))
    #expect(
      line.hasSuffix(
        #"{"name":"eth0","rxBytes":6041,"rxPackets":20,"rxErrors":0,"rxDrop":0,"rxFifo":0,"#
          + #""rxFrame":0,"rxCompressed":0,"rxMulticast":0,"txBytes":1337,"txPackets":15,"#
          + #""txErrors":0,"txDrop":0,"txFifo":0,"txColls":0,"txCarrier":0,"txCompressed":0}]"#))
    #expect(probe.network(head + lo) == nil, "log-parser reads the second one")
  }

  @Test func `a process has its share of a processor since the last probe`() throws {
    func stat(_ user: Int) -> String {
      "24 (m) P) R 12 24 24 0 -1 0 0 0 0 0 \(user) 1 0 0 20 0 1 0 100 0 604 0"
    }
    let moment = ProcessProbe.Moment(
      time: 1_589_363_721_660, uptime: 1130, pageSize: 4096, ticksPerSecond: 100)
    let first = try #require(ProcessProbe.Usage(stat(2)))
    #expect(
      probe.usage(first, at: moment, since: nil)
        == #"Procusage: pid: 24 {"cpu":23.08,"memory":2473984,"ctime":30,"elapsed":130,"#
        + #""timestamp":1589363721660,"pid":24,"ppid":12}"#)
    let second = try #require(ProcessProbe.Usage(stat(102)))
    let later = ProcessProbe.Moment(
      time: 1, uptime: 3130, pageSize: 4096, ticksPerSecond: 100)
    #expect(probe.usage(second, at: later, since: (first, 1130)).contains(#""cpu":50,"#))
    #expect(ProcessProbe.Usage("") == nil)
  }

  @Test func `the host has its processors and memory`() {
    let processors = """
      processor\t: 0
      vendor_id\t: GenuineIntel
      cpu family\t: 6
      model\t\t: 85
      model name\t: Intel(R) Xeon(R) CPU @ 2.00GHz
      stepping\t: 3
      cpu MHz\t\t: 2000.166
      physical id\t: 0
      core id\t\t: 0

      processor\t: 1
      physical id\t: 0
      core id\t\t: 0
      """
    let memory = "MemTotal: 2043888 kB\nMemFree: 300968 kB\nMemAvailable: 992072 kB\n"
    #expect(
      SystemInfo.text(processors: processors, memory: memory)
        == #"Sysinfo: {"cpu":{"manufacturer":"Intel","brand":"Intel(R) Xeon(R) CPU @ 2.00GHz","#
        + #""vendor":"GenuineIntel","family":"6","model":"85","stepping":"3","speed":"2.00","#
        + #""cores":2,"physicalCores":1,"processors":1},"mem":{"total":2092941312,"#
        + #""free":308191232,"used":1784750080,"active":1077059584,"available":1015881728,"#
        + #""buffers":0,"cached":0,"slab":0,"buffcache":0,"swaptotal":0,"swapused":0,"#
        + #""swapfree":0}}"#)
  }
}

/// Traces of real jobs.
@Suite struct TraceTests {
  let site: Site
  private let id = "kR1:7:2:3"

  init() throws { site = try Site() }

  private func traces() -> [String] {
    site.logFiles(".log").filter { !$0.contains("__std") }
  }

  private func words(_ file: String) -> [String] {
    site.text(file).split(separator: "\n").compactMap { line in
      line.firstRange(of: "hftrace - ").map { String(line[$0.upperBound...]) }
    }
  }

  private func kinds(_ file: String) -> [String] {
    words(file).map { String($0.prefix { $0 != ":" && $0 != "," && $0 != "{" && $0 != "=" }) }
  }

  @Test func `a job of HyperFlow's engine leaves a trace`() throws {
    try Files.write(Array("12345".utf8), to: "\(site.work)/in", mode: 0o644)
    try site.push(
      id,
      [
        "executable": "sh", "args": ["-c", "cat in > out; sleep 0.4"],
        "inputs": [["name": "in"]], "outputs": [["name": "out"], ["name": "none"]],
      ], extras: nil)
    #expect(
      try site.run([id, site.url], ["HF_LOG_NODE_NAME": "n1", "HF_VAR_PROBE_INTERVAL": "100"])
        == .exited(0))
    let file = try #require(traces().first)
    #expect(traces().count == 1)
    #expect(file.hasPrefix("logs-hf/task-kR1__7__2__3@"))
    let kinds = kinds(file)
    #expect(
      Array(kinds.prefix(5)) == [
        "Environment variables (HF_LOG)", "handler started", "jobMessage", "Job command",
        "command",
      ])
    #expect(
      Array(kinds.suffix(5)) == [
        "job successful (try 1)", "job exit code", "Job inputs", "Job outputs",
        "handler finished",
      ])
    for kind in ["IO", "job started", "Procusage", "Sysinfo"] { #expect(kinds.contains(kind)) }
    #expect(kinds.count { $0 == "Procusage" } > 1, "it is probed while it runs")
    let words = words(file)
    #expect(words.contains(#"Job inputs: [{"in":5}]"#))
    #expect(words.contains(#"Job outputs: [{"out":5},{"none":-1}]"#))
    #expect(words.last == "handler finished, code= 0")
    var info = stat()
    let result = stat("\(site.work)/\(file)", &info)
    #expect(result == 0)
    #expect(info.st_mode & 0o022 == 0, "nobody else writes it")
  }

  @Test func `each attempt of a failing job is in the trace`() throws {
    try site.push(id, ["executable": "false", "args": []], extras: nil)
    let environment = ["HF_VAR_NUMBER_OF_RETRIES": "2", "HF_VAR_BACKOFF_SEED": "0"]
    #expect(try site.run([id, site.url], environment) == .exited(0))
    let words = words(try #require(traces().first))
    #expect(words.filter { $0.hasPrefix("job started") }.count == 2)
    #expect(words.contains("job failed (try 1): 'false'"))
    #expect(words.contains("Retrying job, number of retries left: 1"))
    #expect(words.contains("Backoff delay: 0 s"))
    #expect(words.contains("job failed (try 2): 'false'"))
    #expect(words.last == "handler finished, code= 1")
  }

  static let switches: [(String?, Bool?, Bool)] = [
    (nil, nil, false), ("1", nil, true), (nil, true, true), ("0", true, false),
  ]

  @Test(arguments: switches)
  func `jobs of our engine leave one if they are told to`(
    variable: String?, member: Bool?, isTraced: Bool
  ) throws {
    var extras: JSONObject = JSONObject([("protocol", 2)])
    extras["traces"] = member.map(JSON.bool)
    let environment = variable.map { ["HFLOW_TRACES": $0] } ?? [:]
    let second = "abcd:1:1:1:2"
    try site.push(
      second, ["executable": "sh", "args": ["-c", "exit 0"]], extras: .object(extras))
    _ = try site.run([second, site.url], environment)
    #expect(traces().count == (isTraced ? 1 : 0))
    // The second attempt has the task's name and a handler of its own.
    if let file = traces().first {
      #expect(file.hasPrefix("logs-hf/task-abcd__1__1__1@") && file.hasSuffix("-2.log"))
    }
  }

  @Test func `a higher level leaves only warnings`() throws {
    try site.push(id, ["executable": "true", "args": []], extras: nil)
    _ = try site.run([id, site.url], ["HF_VAR_LOG_LEVEL": "warn"])
    #expect(traces().isEmpty)
  }

  @Test func `an executor that is told to end reports nothing to HyperFlow's engine`() throws {
    try site.push(
      id, ["executable": "sh", "args": ["-c", "touch there; read x < gate"]], extras: nil)
    let made = mkfifo("\(site.work)/gate", 0o600)
    #expect(made == 0)
    let child = try site.start([id, site.url])
    #expect(eventually { Files.exists("\(site.work)/there") })
    child.send(SIGTERM)
    #expect(try site.end(of: child) == .exited(143))
    #expect(try site.keys() == ["\(id)_msg", "\(id)_acqCount"])
    // The pod starts again.
    Files.remove("\(site.work)/gate")
    try Files.write([], to: "\(site.work)/gate", mode: 0o600)
    #expect(try site.run([id, site.url]) == .exited(0))
    #expect(try site.members(of: id) == ["1"])
  }

  @Test func `the output of a job is also on a pipe that is the executor's own output`() throws {
    try site.push(id, ["executable": "sh", "args": ["-c", "echo out; echo err >&2"]], extras: nil)
    let pipe = try Pipe()
    var request = SpawnRequest(Site.program, [id, site.url])
    request.directory = site.work
    request.additionalEnvironment = ["XDG_STATE_HOME": site.stateHome]
    request.standardOutput = .descriptor(pipe.writeEnd.number)
    request.standardError = .descriptor(pipe.writeEnd.number)
    let child = try Child.spawn(request)
    #expect(try site.end(of: child) == .exited(0))
    let read = pipe.keepingReadEnd()
    let text = String(decoding: try DescriptorIO.readToEnd(read.number), as: UTF8.self)
    #expect(text.contains("out\n") && text.contains("err\n"))
  }
}
