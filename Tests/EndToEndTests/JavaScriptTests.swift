import Glibc
import Posix
import Testing

/// Functions in JavaScript, in every style, called by a real engine in a real Node.js.
@Suite(
  .enabled(
    if: Files.findExecutable("node") ?? Files.findExecutable("nodejs") != nil,
    "Node.js is missing: install nodejs"))
struct JavaScriptTests {
  private func run(
    _ functions: String, process: String = "", arguments: [String] = []
  ) async throws -> Program.Result {
    let place = try Workspace(Self.workflow(process))
    try place.write(functions, to: "functions.js")
    return try await Program.run(["run", place.path, "--headless"] + arguments)
  }

  private static func workflow(_ process: String) -> String {
    Samples.workflow(
      [
        """
        {"name": "f", "function": "f", "ins": ["b", "a"], "outs": ["x", "y"]\(process)}
        """,
        #"{"name": "p", "function": "print2", "ins": ["x"], "outs": []}"#,
      ],
      signals: """
        {"name": "a", "data": [7], "unit": "m"}, {"name": "b", "data": [{"v": "b"}]},
        {"name": "x"}, {"name": "y"}
        """)
  }

  @Test(
    arguments: [
      "exports.f = (ins, outs, context, cb) => { outs.x.data = [42]; cb(null, outs) }",
      "exports.f = async (ins, outs, context, cb) => { outs[0].data = [42]; cb(null, outs) }",
      "module.exports = { f(i, o, c, cb) { o[0].data = [42]; setTimeout(cb, 1, null, o) } }",
      "exports.f = (i, o, c, cb) => Promise.resolve().then(() => { o.x.data = 42; cb(null, o) })",
    ])
  func `every style of function returns its outputs`(functions: String) async throws {
    let result = try await run(functions)
    #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
    #expect(result.output.contains("p:1 | 42"))
  }

  @Test func `inputs are in the order of their signals, by index and by name`() async throws {
    let result = try await run(
      """
      exports.f = (ins, outs, context, cb) => {
        console.log(ins.length, ins[0].name, ins.a.unit, ins.b.data[0].v, outs.length, outs.y.name);
        cb(null, outs);
      };
      """)
    #expect(result.output.contains("f:1 | 2 a m b 2 y"))
  }

  @Test func `functions send events to each other, and the common ones are printed`() async throws {
    let result = try await run(
      """
      exports.f = (ins, outs, context, cb) => {
        context.eventServer.on('trace.*', function (time, word) {
          outs.x.data = [this.event, time.length, word, process.env.HF_VAR_ENABLE_TRACING];
        });
        context.eventServer.emit('trace.job', 'hello');
        cb(null, outs);
      }
      """)
    #expect(result.exitCode == 0, "\(result.output)")
    #expect(result.output.contains("EVENT: trace.job"))
    #expect(result.output.contains("hello"))
  }

  @Test func `the context describes the firing`() async throws {
    let result = try await run(
      """
      exports.f = (ins, outs, c, cb) => {
        const ids = c.taskId === `${c.hfId}:${c.appId}:${c.procId}:${c.firingId}`;
        console.log(ids, c.name, c.wfname, c.procId, c.firingId, c.executor.executable, c.extra);
        console.log(c.workdir === process.cwd(), c.redis_url.startsWith('redis://'), c.recovered);
        cb(null, outs);
      };
      """, process: #", "config": {"executor": {"executable": "ls", "args": []}, "extra": 5}"#)
    #expect(result.output.contains("f:1 | true f sample 1 1 ls 5"))
    #expect(result.output.contains("f:1 | true true false"))
  }

  @Test(
    arguments: [
      ("exports.f = (i, o, c, cb) => cb(new Error('no stars'))", "no stars"),
      ("exports.f = (i, o, c, cb) => cb('no stars')", "no stars"),
      ("exports.f = () => { throw new Error('no stars') }", "no stars"),
      ("exports.f = async () => { throw new Error('no stars') }", "no stars"),
      ("exports.f = () => { setTimeout(() => { throw new Error('no stars') }, 1) }", "no stars"),
      ("exports.f = () => { Promise.reject(new Error('no stars')) }", "no stars"),
      ("exports.f = () => process.exit(3)", "process.exit(3)"),
      ("exports.f = () => process.abort()", "Node.js ended"),
      ("exports.f = () => process.kill(process.pid, 'SIGKILL')", "signal 9 (KILL)"),
      ("require('not-there'); exports.f = 1", "Cannot find module 'not-there'"),
      ("exports.g = () => {} // require f", "functions.js has no function \"f\"; it has g"),
      ("exports.f = (", "Unexpected end of input"),
    ])
  func `a failing function fails its firing`(functions: String, words: String) async throws {
    let result = try await run(functions)
    #expect(result.exitCode == 1)
    let line = result.output.split(separator: "\n").first { $0.contains("failed     f:1") }
    #expect(line?.contains(words) == true, "\(result.output)")
  }

  @Test(
    arguments: ["exports.f = () => {}", "exports.f = () => { for (;;) {} }"])
  func `an endless function is timed out, and others continue`(
    functions: String
  ) async throws {
    let result = try await run(functions, process: #", "config": {"timeout": 0.2}"#)
    #expect(result.exitCode == 1)
    #expect(result.output.contains("failed     f:1  timed out after 0.2 s"))
  }

  @Test func `a function that never returns ends with a killed engine`() async throws {
    let place = try Workspace(Self.workflow(""))
    try place.write(
      "exports.f = () => { require('fs').writeFileSync('begun', ''); for (;;) {} }",
      to: "functions.js")
    _ = try await Program.run(
      ["run", place.path, "--headless"],
      whileRunning: { child in
        _ = eventually("the function runs") { Files.exists("\(place.path)/begun") }
        child.send(SIGKILL)
      })
    _ = eventually("Node.js has ended") {
      place.processes().allSatisfy { pid in
        let name = (try? Files.read("/proc/\(pid)/comm")) ?? []
        return !String(decoding: name, as: UTF8.self).hasPrefix("node")
      }
    }
  }

  @Test func `process.exit without a failure ends the run`() async throws {
    let result = try await run("exports.f = () => { console.log('bye'); process.exit() }")
    #expect(result.exitCode == 0, "\(result.output)")
    #expect(result.output.contains("f:1 | bye"))
    #expect(!result.output.contains("p:1"))
  }

  @Test func `modules of the workflow are loaded once and keep their state`() async throws {
    let place = try Workspace(
      Samples.workflow(
        [
          #"{"name": "f", "function": "f", "ins": ["a"], "outs": []}"#
        ], signals: #"{"name": "a", "data": [1, 2, 3]}"#))
    try Files.makeDirectory(place.path + "/node_modules/counter", mode: 0o755)
    try place.write(
      "let n = 0; module.exports = () => ++n", to: "node_modules/counter/index.js")
    try place.write(
      """
      const next = require('counter');
      exports.f = (i, o, c, cb) => { console.log('call', next(), i[0].data[0]); cb(null, o) };
      """, to: "functions.js")
    let result = try await Program.run(["run", place.path, "--headless"])
    #expect(result.output.contains("f:3 | call 3 3"), "\(result.output)")
  }

  @Test func `a function sends a job to an executor and waits for its result`() async throws {
    let executor = Program.executor
    let result = try await run(
      """
      const { spawn } = require('child_process');
      exports.f = async (ins, outs, context, cb) => {
        const message = { ...context.executor, inputs: ins, outputs: outs, taskId: context.taskId,
          redis_url: context.redis_url, name: context.name };
        let early = 'none';
        try { await context.jobResult(0.05) } catch (error) { early = error.message }
        console.log(early.startsWith('no result of job'));
        spawn('\(executor)', [context.taskId, context.redis_url], { stdio: 'ignore' });
        await context.sendMsgToJob(JSON.stringify(message));
        const result = await context.jobResult(0);
        await context.markTaskCompleted();
        console.log('result', result[1], await context.checkTaskCompletion());
        cb(null, outs);
      };
      """,
      process: #", "config": {"executor": {"executable": "sh", "args": ["-c", "exit 4"]}}"#)
    #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
    #expect(result.output.contains("f:1 | true"))
    #expect(result.output.contains("f:1 | result 4 1"), "\(result.output)")
  }

  @Test(arguments: [
    ("SumOfSquares", ["Print:1 | sum 1: 14", "Print:2 | sum 2: 77"]),
    ("PingPong", ["Ping:5 | rally 5", "Pong:5 | Pong 10"]),
    (
      "Collections",
      [
        "Collect:1 | collection 1: 2.1 2.2", "Collect:2 | collection 2: 4.1 4.2 4.3 4.4",
        "Collect:3 | collection 3: 1.1",
      ]
    ),
    ("ChoiceJoin", ["Join:1 | join 1: two=3 three=2", "Join:3 | join 3: two=15 three=10 five=6"]),
  ])
  func `the examples compute the right values`(name: String, lines: [String]) async throws {
    let place = try Workspace()
    for file in ["workflow.json", "functions.js"] {
      let bytes = try Files.read("\(Program.repository)/Examples/\(name)/\(file)")
      try Files.write(bytes, to: "\(place.path)/\(file)", mode: 0o644)
    }
    let result = try await Program.run(["run", place.path, "--headless"])
    #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
    for line in lines { #expect(result.output.contains(line), "\(result.output)") }
  }

  private func golden(
    _ processes: [String], signals: String, functions: String, arguments: [String] = []
  ) async throws -> [String] {
    let place = try Workspace(Samples.workflow(processes, signals: signals))
    try place.write(functions, to: "functions.js")
    let result = try await Program.run(["run", place.path, "--headless"] + arguments)
    #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
    return result.output.split(separator: "\n").filter { $0.contains(" | ") }
      .map { String($0.split(separator: "|")[1].dropFirst()) }
  }

  @Test func `a sticky input is read by every firing`() async throws {
    let lines = try await golden(
      [#"{"name": "f", "function": "f", "ins": ["scale", "n"], "sticky": ["scale"], "outs": []}"#],
      signals: #"{"name": "n", "data": [1, 2, 3]}, {"name": "scale", "data": [10]}"#,
      functions: """
        exports.f = (i, o, c, cb) => { console.log(i.n.data[0] * i.scale.data[0]); cb(null, o) };
        """)
    #expect(lines == ["10", "20", "30"])
  }

  @Test func `keys that a function adds to a signal are kept, also in a log`()
    async throws
  {
    let place = try Workspace(
      Samples.workflow(
        [
          #"{"name": "f", "function": "f", "ins": ["a"], "outs": ["x"]}"#,
          #"{"name": "g", "function": "g", "ins": ["x"], "outs": [], "#
            + #""executeWhenRecovering": "true"}"#,
        ], signals: #"{"name": "a", "data": [1]}, {"name": "x", "unit": "m", "size": 4}"#))
    try place.write(
      """
      exports.f = (i, o, c, cb) => { o.x.unit = 'km'; o.x.place = { lat: 5 }; cb(null, o) };
      exports.g = (i, o, c, cb) => {
        console.log(i.x.unit, i.x.size, i.x.place.lat, i.x.data, c.recovered);
        cb(null, o);
      };
      """, to: "functions.js")
    let first = try await Program.run(["run", place.path, "--headless", "--persist"])
    #expect(first.output.contains("g:1 | km 4 5 undefined false"), "\(first.output)")
    let log = try #require(Files.list(place.path).first { $0.hasSuffix(".log") })
    let second = try await Program.run(["recover", "\(place.path)/\(log)", "--headless"])
    #expect(second.output.contains("g:1 | km 4 5 undefined true"), "\(second.output)")
    #expect(!second.output.contains("started    f:1"))
  }

  @Test func `a splitter sends chunks until there are none, then done`() async throws {
    let lines = try await golden(
      [
        #"{"name": "split", "type": "splitter", "function": "split", "ins": ["text"], "#
          + #""outs": ["word", "end"]}"#,
        #"{"name": "show", "function": "show", "ins": ["word", "end"], "outs": []}"#,
      ],
      signals: #"{"name": "text", "data": ["to be or"]}, {"name": "word"}, "#
        + #"{"name": "end", "control": "done"}"#,
      functions: """
        let rest = null;
        exports.split = (ins, outs, context, cb) => {
          rest = rest || ins[0].data[0].split(' ');
          if (!rest.length) return cb(null, null);
          outs[0].data = [rest.shift()];
          cb(null, outs);
        };
        exports.show = (i, o, c, cb) => { console.log(i[0].data[0]); cb(null, o) };
        """)
    #expect(lines == ["to", "be", "or"])
  }

  @Test func `a source fires again after its interval, up to its limit`() async throws {
    let lines = try await golden(
      [
        #"{"name": "tick", "function": "tick", "firingInterval": 5, "firingLimit": 3, "#
          + #""ins": [], "outs": []}"#
      ], signals: "",
      functions: "exports.tick = (i, o, c, cb) => { console.log(c.firingId); cb(null, o) };")
    #expect(lines == ["1", "2", "3"])
  }

  @Test func `-s sends a signal to each workflow input`() async throws {
    let place = try Workspace(
      """
      {"processes": [{"name": "f", "function": "f", "ins": ["a"], "outs": []}],
       "signals": [{"name": "a", "unit": "m"}], "ins": ["a"], "outs": []}
      """)
    try place.write(
      "exports.f = (i, o, c, cb) => { console.log('got', i.a.unit); cb(null, o) };",
      to: "functions.js")
    let without = try await Program.run(["run", place.path, "--headless"])
    #expect(without.exitCode == 1)
    let with = try await Program.run(["run", place.path, "--headless", "-s"])
    #expect(with.exitCode == 0)
    #expect(with.output.contains("f:1 | got m"))
  }

  @Test func `functions get the configuration files`() async throws {
    let place = try Workspace(Self.workflow(""))
    try place.write(#"{"site": "north"}"#, to: "workflow.config.json")
    try place.write("[1, 2]", to: "workflow.config.sizes.json")
    try place.write(
      """
      exports.f = (ins, outs, { appConfig }, cb) => {
        console.log(appConfig.site, appConfig.sizes.length, appConfig.workdir === process.cwd());
        cb(null, outs);
      };
      """, to: "functions.js")
    let result = try await Program.run(["run", place.path, "--headless"])
    #expect(result.output.contains("f:1 | north 2 true"), "\(result.output)")
  }
}
