import JSONValue

extension WfInstance {
  /// Where simulated tasks put empty files in place of their outputs.
  public static let markerDirectory = "simulated-files"

  /// The instance as the text of a `workflow.json`.
  ///
  /// - Parameter simulation: how tasks run without doing their work; `nil`: they do it.
  public func workflow(simulation: Simulation?) -> [UInt8] {
    let signals = WfSignals(self)
    var file = JSONObject()
    file["name"] = .string(name)
    file["wfformat"] = .object(
      JSONObject(simulation.map { [("simulatedAtSpeed", JSON(number: $0.speed))] } ?? []))
    file["processes"] = .array(
      tasks.indices.map { process($0, signals, simulation) })
    file["signals"] = .array(signals.all)
    file["ins"] = .array(signals.sources.map(JSON.int))
    file["outs"] = .array(signals.results.map(JSON.int))
    return Self.withoutTags(JSON.object(file).bytes)
  }

  private func process(_ index: Int, _ signals: WfSignals, _ simulation: Simulation?) -> JSON {
    let task = tasks[index]
    var config = JSONObject()
    config["wfformat"] = ["id": .string(task.id)]
    // The files of a simulation are markers in a directory of their own.
    if simulation != nil { config["files"] = false }
    config["executor"] = .object(executor(of: task, simulation))
    return [
      "name": .string(stage(of: task)), "function": "command", "firingLimit": 1,
      "ins": .array(signals.inputs[index].map(JSON.int)),
      "outs": .array(signals.outputs[index].map(JSON.int)), "config": .object(config),
    ]
  }

  private func executor(of task: Task, _ simulation: Simulation?) -> JSONObject {
    var executor = simulation.map { pause(of: task, $0) } ?? work(of: task)
    executor["cpus"] = task.execution?.cores.map(JSON.init(number:))
    if simulation?.booksMemory ?? true {
      executor["memory"] = task.execution?.memoryBytes.map(JSON.int)
    }
    return executor
  }

  // MARK: Commands

  private func work(of task: Task) -> JSONObject {
    let program = task.execution?.program ?? ""
    let arguments = task.execution?.arguments ?? []
    // Nextflow records whole scripts.
    let isScript = program.utf8.contains { $0 == 0x20 || $0 == 0x0A || $0 == 0x09 }
    var words = isScript ? ["sh", "-c", program] + arguments : [program] + arguments
    if let file = task.execution?.streams["stdin"] {
      words = ["sh", "-c", #"f=$1; shift; exec "$@" < "$f""#, "sh", file] + words
    }
    var command = command(words)
    for name in ["stdout", "stderr"] {
      command[name] = task.execution?.streams[name].map(JSON.string)
    }
    let environment = task.execution?.environment ?? []
    if !environment.isEmpty {
      command["env"] = .object(JSONObject(environment.map { ($0.name, .string($0.value)) }))
    }
    return command
  }

  /// Words of their own for the files, because one word has at most 128 KiB.
  private static let script =
    #"t=$1; shift; [ "$t" = 0 ] || sleep "$t" || exit; "#
    + #"[ $# = 0 ] || [ -d \#(markerDirectory) ] || mkdir -p \#(markerDirectory); "#
    + #"for f; do : > "\#(markerDirectory)/$f" || exit; done"#

  private func pause(of task: Task, _ simulation: Simulation) -> JSONObject {
    let milliseconds = (task.execution?.runtime ?? 0) / simulation.speed
    let time = Self.seconds(Int(min(milliseconds, 1e12).rounded()))
    let files = task.outputs.map(Self.markerName)
    return command(["sh", "-c", Self.script, "sh", time] + files)
  }

  private func command(_ words: [String]) -> JSONObject {
    var command = JSONObject()
    command["executable"] = .string(words[0])
    command["args"] = .array(words.dropFirst().map(JSON.string))
    return command
  }

  /// `0`, `1.25`, as every `sleep` reads it.
  static func seconds(_ milliseconds: Int) -> String {
    let rest = String(milliseconds % 1000)
    let whole = String(milliseconds / 1000)
    if milliseconds % 1000 == 0 { return whole }
    return "\(whole)." + String(repeating: "0", count: 3 - rest.utf8.count) + rest
  }

  /// A name within one directory: files of an instance may have paths of another host.
  static func markerName(_ file: String) -> String {
    let name = file.unicodeScalars.map { scalar -> String in
      scalar == "/" || scalar.value < 0x20 ? "_" : String(scalar)
    }.joined()
    if name == "." || name == ".." { return "_" }
    // The largest length of a name is 255 bytes.
    return name.utf8.count <= 200 ? name : String(decoding: name.utf8.suffix(200), as: UTF8.self)
  }

  // MARK: Names

  /// The program, else the name without its number: tasks of one program are one stage.
  func stage(of task: Task) -> String {
    let path = task.execution?.program ?? ""
    let program = path.split(separator: "/").last.map(String.init) ?? ""
    let isName = program.utf8.allSatisfy { byte in
      Self.isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
        || "._+-".utf8.contains(byte)
    }
    if isName, program.utf8.contains(where: { !Self.isDigit($0) }) { return program }
    return Self.withoutNumber(task.name)
  }

  /// `mProject_ID0000001` → `mProject`.
  static func withoutNumber(_ name: String) -> String {
    var rest = Array(name.utf8)
    let length = rest.count
    while let last = rest.last, isDigit(last) { rest.removeLast() }
    guard rest.count < length else { return name }
    if rest.suffix(2) == Array("ID".utf8)[...] { rest.removeLast(2) }
    guard let last = rest.last, last == UInt8(ascii: "_") || last == UInt8(ascii: "-"),
      rest.count > 1
    else { return name }
    return String(decoding: rest.dropLast(), as: UTF8.self)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
  }

  /// `{{` in a command would be a variable of the workflow.
  private static func withoutTags(_ bytes: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    let brace = UInt8(ascii: "{")
    for byte in bytes {
      if byte == brace, output.last == brace {
        output.append(contentsOf: #"\u007b"#.utf8)
      } else {
        output.append(byte)
      }
    }
    return output
  }
}

/// The signals of an instance's tasks, by index.
private struct WfSignals {
  private(set) var all: [JSON] = []
  private(set) var sources: [Int] = []
  private(set) var results: [Int] = []
  /// By task.
  private(set) var inputs: [[Int]]
  private(set) var outputs: [[Int]]

  private static let several = -1

  init(_ instance: WfInstance) {
    inputs = Array(repeating: [], count: instance.tasks.count)
    outputs = inputs
    var makers: [String: Int] = [:]
    for (index, task) in instance.tasks.enumerated() {
      for file in task.outputs { makers[file] = makers[file] == nil ? index : Self.several }
    }
    var made: [String: Int] = [:]
    var given: [String: Int] = [:]
    var ends: [Int: Int] = [:]
    for (index, task) in instance.tasks.enumerated() {
      let parents = Set(task.parents)
      var uncovered = parents
      for file in task.inputs {
        let maker = makers[file]
        if maker == nil || maker == index {
          inputs[index].append(source(file, instance, &given))
        } else if let maker, parents.contains(maker) {
          uncovered.remove(maker)
          inputs[index].append(product(file, of: maker, instance, &made))
        }
      }
      for parent in uncovered.sorted() {
        inputs[index].append(end(of: parent, instance, &ends))
      }
    }
    for (index, task) in instance.tasks.enumerated() {
      for file in task.outputs where made[file] == nil && makers[file] != Self.several {
        results.append(product(file, of: index, instance, &made))
      }
    }
  }

  private mutating func source(
    _ file: String, _ instance: WfInstance, _ given: inout [String: Int]
  ) -> Int {
    if let signal = given[file] { return signal }
    let signal = add(file, instance, data: true)
    given[file] = signal
    sources.append(signal)
    return signal
  }

  private mutating func product(
    _ file: String, of task: Int, _ instance: WfInstance, _ made: inout [String: Int]
  ) -> Int {
    if let signal = made[file] { return signal }
    let signal = add(file, instance, data: false)
    made[file] = signal
    outputs[task].append(signal)
    return signal
  }

  private mutating func end(
    of task: Int, _ instance: WfInstance, _ ends: inout [Int: Int]
  ) -> Int {
    if let signal = ends[task] { return signal }
    let signal = all.count
    all.append(["name": .string(instance.tasks[task].id)])
    ends[task] = signal
    outputs[task].append(signal)
    return signal
  }

  private mutating func add(_ file: String, _ instance: WfInstance, data: Bool) -> Int {
    var signal = JSONObject()
    signal["name"] = .string(file)
    signal["isFile"] = true
    signal["sizeInBytes"] = instance.sizes[file].map(JSON.int)
    if data { signal["data"] = [[:]] }
    all.append(.object(signal))
    return all.count - 1
  }
}
