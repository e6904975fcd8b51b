import Testing
public import Workflow

extension Workflow {
  /// `processes` and `signals` are the insides of the two arrays.
  public static func sample(_ processes: String, signals: String = "") throws -> Workflow {
    let text = #"{"processes": [\#(processes)], "signals": [\#(signals)], "ins": [], "outs": []}"#
    let reading = Workflow.read(Array(text.utf8), variables: [:])
    return try #require(reading.workflow, "\(reading.findings)")
  }
}
