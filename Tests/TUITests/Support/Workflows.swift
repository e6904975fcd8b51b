/// Small workflows as JSON text.
enum Workflows {
  /// n × project → n × diff → fit → n × background (also fed by project) → add.
  static func mosaic(_ tiles: Int) -> String {
    let numbers = Array(0..<tiles)
    var processes = numbers.map { process("mProject", ["raw_\($0)"], ["proj_\($0)"]) }
    processes += numbers.map { process("mDiffFit", ["proj_\($0)"], ["diff_\($0)"]) }
    processes.append(process("mConcatFit", numbers.map { "diff_\($0)" }, ["corrections"]))
    processes += numbers.map {
      process("mBackground", ["proj_\($0)", "corrections"], ["bg_\($0)"])
    }
    processes.append(process("mAdd", numbers.map { "bg_\($0)" }, ["mosaic.fits"]))
    let sources = numbers.map { #"{"name":"raw_\#($0)","data":[{}]}"# }
    let others =
      numbers.flatMap { ["proj_\($0)", "diff_\($0)", "bg_\($0)"] } + ["corrections", "mosaic.fits"]
    let signals = sources + others.map { #"{"name":"\#($0)"}"# }
    return workflow("mosaic", processes, signals, outs: ["mosaic.fits"])
  }

  /// Three jobs in a chain.
  static let chain = workflow(
    "chain",
    [
      process("first", ["in"], ["a"]), process("second", ["a"], ["b"]),
      process("third", ["b"], ["out"]),
    ],
    [#"{"name":"in","data":[{}]}"#, #"{"name":"a"}"#, #"{"name":"b"}"#, #"{"name":"out"}"#],
    outs: ["out"])

  /// n × (make → check).
  static func pairs(_ count: Int) -> String {
    let numbers = Array(0..<count)
    let processes =
      numbers.map { process("make", ["in_\($0)"], ["a_\($0)"]) }
      + numbers.map { process("check", ["a_\($0)"], ["out_\($0)"]) }
    let signals = numbers.flatMap {
      [#"{"name":"in_\#($0)","data":[{}]}"#, #"{"name":"a_\#($0)"}"#, #"{"name":"out_\#($0)"}"#]
    }
    return workflow("pairs", processes, signals, outs: numbers.map { "out_\($0)" })
  }

  /// A chain of stages of some processes each.
  static func stages(_ names: [String], of count: Int) -> String {
    let numbers = Array(0..<count)
    let processes = names.indices.flatMap { stage in
      numbers.map { process(names[stage], ["s\(stage)_\($0)"], ["s\(stage + 1)_\($0)"]) }
    }
    let signals = (0...names.count).flatMap { stage in
      numbers.map { #"{"name":"s\#(stage)_\#($0)"\#(stage == 0 ? #","data":[{}]"# : "")}"# }
    }
    return workflow("stages", processes, signals, outs: numbers.map { "s\(names.count)_\($0)" })
  }

  private static func process(_ name: String, _ ins: [String], _ outs: [String]) -> String {
    """
    {"name":"\(name)","function":"command","firingLimit":1,"ins":\(list(ins)),"outs":\(list(outs)),
     "config":{"executor":{"executable":"\(name)","args":["-v","in.fits"]}}}
    """
  }

  private static func workflow(
    _ name: String, _ processes: [String], _ signals: [String], outs: [String]
  ) -> String {
    """
    {"name":"\(name)","processes":[\(processes.joined(separator: ","))],
     "signals":[\(signals.joined(separator: ","))],"ins":[],"outs":\(list(outs))}
    """
  }

  private static func list(_ names: [String]) -> String {
    "[" + names.map { "\"\($0)\"" }.joined(separator: ",") + "]"
  }
}
