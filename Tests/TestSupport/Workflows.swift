public import Workflow

extension Workflow {
  /// The text of a sample is not a valid workflow.
  public struct InvalidSample: Error {
    public let findings: String
  }

  /// `processes` and `signals` are the insides of the two arrays.
  public static func sample(_ processes: String, signals: String = "") throws -> Workflow {
    let text = #"{"processes": [\#(processes)], "signals": [\#(signals)], "ins": [], "outs": []}"#
    let reading = Workflow.read(Array(text.utf8), variables: [:])
    guard let workflow = reading.workflow else {
      throw InvalidSample(findings: "\(reading.findings)")
    }
    return workflow
  }
}
