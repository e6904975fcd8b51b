import JSONValue
import Workflow

/// A choice takes its inputs as a dataflow process does; its function says which outputs are sent.
///
/// | the function gave | outputs | `merge` |
/// |---|---|---|
/// | values for n of the outputs | these n | first, with `Nb` and `Nj` n |
/// | nothing for all | none | none |
/// | no word (a job, a skipped task) | all, bare | first, with the number of all |
enum ChoiceProcess {
  /// What goes on the `merge` output, which tells a join how many branches to wait for.
  static func merge(_ outputs: [PortValue]?, outputCount: Int) -> PortValue {
    let chosen = outputs.map { $0.count { $0.instanceCount > 0 } } ?? outputCount
    return chosen == 0 ? .nothing : .data([["Nb": .int(chosen), "Nj": .int(chosen)]])
  }
}
