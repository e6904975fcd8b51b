import JSONValue
import Testing
import Workflow

@Suite struct DecoderTests {
  @Test func `missing keys have HyperFlow's defaults`() throws {
    let read = try workflow(process(""))
    let process = read[ProcessID(number: 1)]
    #expect(read.name == "wf")
    #expect(process.kind == .dataflow)
    #expect(process.firingLimit == nil)
    #expect(process.parlevel == 1)
    #expect(process.firingInterval == nil)
    #expect(!process.ordering && !process.executeWhenRecovering && !process.stateful)
    #expect(process.joinCount == nil && process.activeBranchesCount == nil)
    #expect(process.config.isEmpty && process.command == nil && process.extra.isEmpty)
    #expect(read.extra.isEmpty && read.functions == [])
  }

  @Test func `every key is read`() throws {
    let read = try workflow(
      process(
        #"""
        "type":"JOIN","firingLimit":"3","parlevel":0,"firingInterval":250,"ordering":"true",
        "executeWhenRecovering":true,"stateful":"yes","joinCount":2,"activeBranchesCount":3,
        "sticky":[0],"config":{"id":7},"level":4,"x":null
        """#))
    let process = read.processes[0]
    #expect(process.kind == .join)
    #expect(process.firingLimit == 3)
    #expect(process.parlevel == 0)
    #expect(process.firingInterval == 250)
    #expect(process.ordering && process.executeWhenRecovering && process.stateful)
    #expect(process.joinCount == 2 && process.activeBranchesCount == 3)
    #expect(process.inputs.map(\.sticky) == [true])
    #expect(JSON.object(process.config).text == #"{"id":7}"#)
    #expect(JSON.object(process.extra).text == #"{"level":4,"x":null}"#)
  }

  @Test func `processes that share parts still differ where their keys differ`() throws {
    let more = [
      #""config":{"executor":{"executable":"a","args":[]},"x":1}"#,
      #""config":{"executor":{"executable":"a","args":[]},"x":1}"#,
      #""config":{"x":1,"executor":{"executable":"a","args":[]}}"#,
      #""config":{"executor":{"executable":"a","args":[]},"x":1},"parlevel":3"#,
      #""l":1,"m":2"#, #""m":2,"l":1"#, #""type":"join""#,
    ]
    let objects = more.map { #"{"name":"p","function":"f","ins":["a"],"outs":["b"],\#($0)}"# }
    let read = try workflow(file(objects.joined(separator: ",")))
    let alone = try objects.map { try workflow(file($0)).processes[0] }
    for (process, other) in zip(read.processes, alone) {
      #expect(JSON.object(process.config).text == JSON.object(other.config).text)
      #expect(JSON.object(process.extra).text == JSON.object(other.extra).text)
      #expect(process.command?.executable == other.command?.executable)
      #expect(process.parlevel == other.parlevel && process.kind == other.kind)
    }
  }

  @Test func `a firing limit of 0 is no limit`() throws {
    #expect(try workflow(process(#""firingLimit":0"#)).processes[0].firingLimit == nil)
  }

  @Test(arguments: ["choice", "foreach", "splitter", "DataFlow"])
  func `a type is read in any case`(type: String) throws {
    let kind = try workflow(process("\"type\":\"\(type)\"")).processes[0].kind
    #expect(kind.rawValue == type.lowercased())
  }

  @Test func `inputs are in ascending order, each once`() throws {
    let read = try workflow(process("", ins: #"[2,"a",0,"b:4",1]"#, outs: #"["c","b"]"#))
    #expect(read.processes[0].inputs.map(\.signal.number) == [1, 2, 3])
    #expect(read.processes[0].inputs.map(\.count) == [.fixed(1), .fixed(4), .fixed(1)])
  }

  @Test func `a repeated output keeps its last position`() throws {
    let read = try workflow(process("", outs: #"["b","c","a",1,"a"]"#))
    #expect(read.processes[0].outputs.map(\.signal.number) == [3, 2, 1])
  }

  @Test func `a count signal is added to the inputs and outputs`() throws {
    let read = try workflow(
      file(
        #"""
        {"name":"p","function":"f","ins":["a"],"outs":["b:n","c"]},
        {"name":"q","function":"f","ins":["b:n","c"],"outs":[]}
        """#,
        signals: #"""
          {"name":"n","control":"count"},{"name":"a","data":[1]},{"name":"b"},{"name":"c"}
          """#))
    let counter = SignalID(number: 1)
    #expect(read.processes[0].outputs.map(\.signal.number) == [3, 4, 1])
    #expect(read.processes[0].outputs.map(\.countSignal) == [counter, nil, nil])
    #expect(read.processes[0].outputs.map(\.control) == [nil, nil, .count])
    #expect(read.processes[1].inputs.map(\.signal.number) == [1, 3, 4])
    #expect(read.processes[1].inputs.map(\.count) == [.fixed(1), .signal(counter), .fixed(1)])
    #expect(read.processes[1].inputs.compactMap(\.control) == [.count])
    #expect(read.processes[1].dataInputs.map(\.signal.number) == [3, 4])
    #expect(read.consumers(of: counter) == [ProcessID(number: 2)])
    #expect(read.producers(of: counter) == [ProcessID(number: 1)])
  }

  @Test func `a signal with an unknown control belongs to no process`() throws {
    let read = try workflow(
      file(
        #"{"name":"p","function":"f","ins":["a","done"],"outs":["done"]}"#,
        signals: #"{"name":"a","data":[1]},{"name":"done","control":"true"}"#))
    #expect(read.processes[0].inputs.map(\.signal.number) == [1])
    #expect(read.processes[0].outputs.isEmpty)
    #expect(read.signals[1].control == nil)
    #expect(read.signals[1].attributes["control"] == "true")
  }

  @Test func `signals keep their attributes in order, without data`() throws {
    let read = try workflow(
      file(
        "",
        signals: #"""
          {"size":"12","name":0,"data":[1,{"v":2}],"x":{"y":[null]}},{"name":1.5},{},{"data":[]}
          """#,
        rest: #""ins":[0],"outs":[1]"#))
    #expect(read.signals.map(\.name) == ["0", "1.5", "signal 3", "signal 4"])
    #expect(
      JSON.object(read.signals[0].attributes).text == #"{"size":"12","name":0,"x":{"y":[null]}}"#)
    #expect(read.signals[0].data == [1, ["v": 2]])
    #expect(read.signals[1].data == nil)
    #expect(read.signals[3].data == [])
    #expect(read.ins.map(\.number) == [1])
    #expect(read.outs.map(\.number) == [2])
  }

  @Test func `numeric names are referred to as text`() throws {
    let read = try workflow(
      file(
        #"{"name":5,"function":"f","ins":["7",1],"outs":[]}"#,
        signals: #"{"name":7,"data":[1]},{"name":"x","data":[1]}"#))
    #expect(read.processes[0].name == "5")
    #expect(read.processes[0].inputs.map(\.signal.number) == [1, 2])
  }

  @Test func `old keys are read and unknown ones kept`() throws {
    let read = try workflow(
      #"""
      {"processes":null,"tasks":[{"name":"p","function":"f","ins":[],"outs":[0]}],
       "data":[{"name":"a"}],"ins":[],"outs":[0],"name":"n","version":"2","schemas":{},
       "functions":[{"name":"f","module":"functions"},{"name":"g"}]}
      """#)
    #expect(read.name == "n")
    #expect(read.processes.count == 1)
    #expect(JSON.object(read.extra).text == #"{"version":"2","schemas":{}}"#)
    #expect(read.functions.map(\.name) == ["f", "g"])
    #expect(read.functions.map(\.module) == ["functions", nil])
    #expect(read.path(of: ProcessID(number: 1), key: "function") == "tasks[0].function")
  }

  @Test func `a repeated key has its last value`() throws {
    #expect(try workflow(process(#""parlevel":2,"parlevel":3"#)).processes[0].parlevel == 3)
  }

  @Test func `functions are listed once with their first use`() throws {
    let one = #"{"name":"p","function":"f","ins":[],"outs":[]}"#
    let two = #"{"name":"p","function":"g","ins":[],"outs":[]}"#
    let names = try workflow(file("\(one),\(two),\(one)")).functionNames
    #expect(names.map(\.name) == ["f", "g"])
    #expect(names.map(\.firstUse.number) == [1, 2])
  }

  @Test func `a byte order mark and carriage returns do not matter`() throws {
    let text = "\u{FEFF}" + process("").replacing(",", with: ",\r\n")
    #expect(try workflow(text).processes.count == 1)
  }
}
