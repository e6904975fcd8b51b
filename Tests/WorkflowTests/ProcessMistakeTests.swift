import Testing
import Workflow

@Suite struct ProcessMistakeTests {
  static let kinds = [
    Mistake(
      process(#""name":[]"#),
      "error: processes[0].name: expected a string or a number, found an array"),
    Mistake(process(#""type":7"#), "error: processes[0].type: expected a string, found 7"),
    Mistake(
      process(#""type":"task""#),
      #"warning: processes[0].type: unknown type "task", treated as "dataflow""#),
    Mistake(
      process(#""type":"cchoice""#),
      #"error: processes[0].type: "cchoice" is not supported; use "choice""#),
    Mistake(
      process(#""type":"CSplitter""#),
      #"error: processes[0].type: "CSplitter" is not supported; use "splitter""#),
    Mistake(
      process(#""function":"""#),
      "error: processes[0].function: missing, expected the name of a function"),
    Mistake(
      process(#""function":null"#),
      "error: processes[0].function: missing, expected the name of a function"),
    Mistake(
      process(#""function":{}"#), "error: processes[0].function: expected a string, found an object"
    ),
    Mistake(
      file(#"{"name":"None"}"#),
      "error: processes[0].function: missing, expected the name of a function",
      "error: processes[0].ins: missing, expected an array of signals ([] for none)",
      "error: processes[0].outs: missing, expected an array of signals ([] for none)"),
    Mistake(file("7"), "error: processes[0]: expected an object, found 7"),
    Mistake(file("null"), "error: processes[0]: expected an object, found null"),
    Mistake(
      #"{"tasks":[{"name":"p","function":"f","ins":[5],"outs":[]}],"data":[],"ins":[],"outs":[]}"#,
      "error: tasks[0].ins[0]: no signal with index 5: there are no signals"),
  ]

  static let numbers = [
    Mistake(
      process(#""config":{"drain":-1}"#),
      "error: processes[0].config.drain: expected a number, 0 or more, found -1"),
    Mistake(
      process(#""config":{"drain":"soon"}"#),
      #"error: processes[0].config.drain: expected a number, 0 or more, found "soon""#),
    Mistake(
      process(#""config":{"retry":{"grow":{"memory":0.5,"disk":2}}}"#),
      "warning: processes[0].config.retry.grow.disk: unknown key, not read (known: memory, time)",
      "error: processes[0].config.retry.grow.memory: expected a number, 1 or more, found 0.5"),
    Mistake(
      process(#""config":{"retry":{"budgets":{"memory":-1}}}"#),
      "error: processes[0].config.retry.budgets.memory: expected a whole number, 0 or more,"
        + " found -1"),
    Mistake(process(#""config":{"retry":{"budgets":{"infrastructure":0},"grow":{"time":2}}}"#)),
    Mistake(
      process(#""config":{"container":"a b"}"#),
      #"error: processes[0].config.container: expected the name or path of an image, found "a b""#),
    Mistake(
      process(#""config":{"executor":{"executable":"ls","image":7,"mounts":["/a","b"]}}"#),
      "error: processes[0].config.executor.image: expected a string, found 7",
      "error: processes[0].config.executor.mounts[1]: expected the absolute path of a directory,"
        + #" found "b""#),
    Mistake(process(#""config":{"executor":{"executable":"ls","image":"x","mounts":["/a"]}}"#)),
    Mistake(
      process(#""config":{"drain":true}"#),
      "error: processes[0].config.drain: expected a number, 0 or more, found true"),
    Mistake(
      process(#""firingLimit":-1"#),
      "error: processes[0].firingLimit: expected a whole number, 0 or more, found -1"),
    Mistake(
      process(#""firingLimit":2.5"#),
      "error: processes[0].firingLimit: expected a whole number, 0 or more, found 2.5"),
    Mistake(
      process(#""firingLimit":"many""#),
      #"error: processes[0].firingLimit: expected a whole number, 0 or more, found "many""#),
    Mistake(
      process(#""parlevel":-3"#),
      "error: processes[0].parlevel: expected a whole number, 0 or more, found -3"),
    Mistake(
      process(#""parlevel":true"#),
      "error: processes[0].parlevel: expected a whole number, 0 or more, found true"),
    Mistake(
      process(#""firingInterval":[1]"#),
      "error: processes[0].firingInterval: expected a whole number, 0 or more, found an array"),
    Mistake(
      process(#""joinCount":0"#),
      "error: processes[0].joinCount: expected a whole number, 1 or more, found 0"),
    Mistake(
      process(#""activeBranchesCount":"0""#),
      #"error: processes[0].activeBranchesCount: expected a whole number, 1 or more, found "0""#),
    Mistake(
      process(#""firingLimit":1e99"#),
      "error: processes[0].firingLimit: expected a whole number, 0 or more, found 1e+99"),
  ]

  static let flags = [
    Mistake(
      process(#""ordering":false"#),
      "warning: processes[0].ordering: means false here, but HyperFlow takes it for true"),
    Mistake(
      process(#""executeWhenRecovering":"false""#),
      "warning: processes[0].executeWhenRecovering: means false here, but HyperFlow takes it for"
        + " true"
    ),
    Mistake(
      process(#""ordering":{}"#),
      "error: processes[0].ordering: expected true or false, found an object"),
    Mistake(
      process(#""firinglimit":1,"Parlevel":2"#),
      #"warning: processes[0].firinglimit: unknown key, not read (did you mean "firingLimit"?)"#,
      #"warning: processes[0].Parlevel: unknown key, not read (did you mean "parlevel"?)"#),
    Mistake(
      process(#""config":[1]"#), "error: processes[0].config: expected an object, found an array"),
    Mistake(
      process(#""config":"x""#), #"error: processes[0].config: expected an object, found "x""#),
  ]

  static let more = [
    Mistake(file("[]"), "error: processes[0]: expected an object, found an array"),
    Mistake(file(#""p""#), #"error: processes[0]: expected an object, found "p""#),
    Mistake(
      process(#""function":7"#), "error: processes[0].function: expected a string, found 7"),
    Mistake(
      process(#""name":true"#),
      "error: processes[0].name: expected a string or a number, found true"),
    Mistake(
      process(#""type":{}"#), "error: processes[0].type: expected a string, found an object"),
    Mistake(
      process(#""firingLimit":1e20"#),
      "error: processes[0].firingLimit: expected a whole number, 0 or more, found "
        + "100000000000000000000"),
    Mistake(
      process(#""firingLimit":{}"#),
      "error: processes[0].firingLimit: expected a whole number, 0 or more, found an object"),
    Mistake(
      process(#""firingInterval":-1"#),
      "error: processes[0].firingInterval: expected a whole number, 0 or more, found -1"),
    Mistake(
      process(#""joinCount":1.5"#),
      "error: processes[0].joinCount: expected a whole number, 1 or more, found 1.5"),
    Mistake(
      process(#""stateful":[]"#),
      "error: processes[0].stateful: expected true or false, found an array"),
    Mistake(
      process(#""firingLimit":-1,"parlevel":"x","ordering":[],"config":7"#),
      "error: processes[0].firingLimit: expected a whole number, 0 or more, found -1",
      "error: processes[0].config: expected an object, found 7",
      #"error: processes[0].parlevel: expected a whole number, 0 or more, found "x""#,
      "error: processes[0].ordering: expected true or false, found an array"),
  ]

  @Test(arguments: kinds + numbers + flags + more)
  func `an error in a process is one line`(mistake: Mistake) {
    #expect(lines(mistake.text) == mistake.lines)
  }

  static let commands = [
    Mistake(process(#""config":{"executor":{"executable":"ls","shell":false}}"#)),
    Mistake(
      process(#""config":{"executor":{"executable":"ls","shell":"false"}}"#),
      "warning: processes[0].config.executor.shell: means false here, but HyperFlow takes it for"
        + " true"
    ),
    Mistake(
      process(#""config":{"executor":"ls"}"#),
      #"error: processes[0].config.executor: expected an object, found "ls""#),
    Mistake(
      process(#""config":{"executor":{}}"#),
      "error: processes[0].config.executor.executable: missing, expected the program to run"),
    Mistake(
      process(#""config":{"executor":{"executable":["ls"]}}"#),
      "error: processes[0].config.executor.executable: expected a string, found an array"),
    Mistake(
      process(#""config":{"executor":{"executable":"","args":[]}}"#),
      "warning: processes[0].config.executor.executable: empty, there is nothing to run"),
    Mistake(
      process(#""config":{"executor":{"executable":"echo -n"}}"#),
      #"warning: processes[0].config.executor.executable: "echo -n" has spaces: run by a shell"#
        + #" (say "shell": true)"#
    ),
    Mistake(
      process(#""config":{"executor":{"executable":"ls","args":["-l",null,["x"]]}}"#),
      "error: processes[0].config.executor.args[1]: expected a string or a number, found null",
      "error: processes[0].config.executor.args[2]: expected a string or a number, found an array"),
    Mistake(
      process(#""config":{"executor":{"executable":"ls","args":{}}}"#),
      "error: processes[0].config.executor.args: expected an array of strings, found an object"),
    Mistake(
      process(#""config":{"executor":{"executable":"ls","args":"it's"}}"#),
      #"error: processes[0].config.executor.args: a quote is not closed in "it's""#),
    Mistake(
      process(#""config":{"executor":{"executable":"ls","stdout":1,"stderrAppend":[]}}"#),
      "error: processes[0].config.executor.stdout: expected a string, found 1",
      "error: processes[0].config.executor.stderrAppend: expected a string, found an array"),
    Mistake(
      process(#""config":{"executor":{"executable":"ls","shell":[]}}"#),
      "error: processes[0].config.executor.shell: expected true or false, found an array"),
  ]

  @Test(arguments: commands)
  func `an error in a command is one line`(mistake: Mistake) {
    #expect(lines(mistake.text) == mistake.lines)
  }

  /// Processes share equal configurations, but not what is found in them.
  @Test func `a mistake in equal configurations is found in each process`() {
    let faulty = #"{"name":"p","function":"f","ins":[],"outs":[],"config":{"timeout":"x"}}"#
    let good = #"{"name":"p","function":"f","ins":[],"outs":[],"config":{"timeout":5}}"#
    let found = lines(file([good, good, faulty, faulty, good].joined(separator: ",")))
      .filter { $0.contains("timeout") }
    #expect(
      found.map { $0.prefix(while: { $0 != "." }) } == [
        "error: processes[2]", "error: processes[3]",
      ])
  }

  @Test func `equal configurations have equal policies`() throws {
    let process =
      #"{"name":"p","function":"f","ins":[],"outs":[],"config":{"timeout":5,"drain":2}}"#
    let other = #"{"name":"p","function":"f","ins":[],"outs":[],"config":{}}"#
    let processes = try workflow(file([process, process, other].joined(separator: ","))).processes
    #expect(processes.map(\.timeout) == [5, 5, nil])
    #expect(processes.map(\.drain) == [2, 2, nil])
  }
}
