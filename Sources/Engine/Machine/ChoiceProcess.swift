import JSONValue
import Workflow

/// A choice consumes its inputs like a dataflow process; its function determines which outputs
/// are sent.
///
/// | the function's values | outputs | `merge` |
/// |---|---|---|
/// | values for n of the outputs | these n | first, with `Nb` and `Nj` n |
/// | nothing for all | none | none |
/// | none (a job, a skipped task) | all, without data | first, with the number of all |
enum ChoiceProcess {
  /// The `merge` signal, which tells a join how many branches to wait for.
  static func merge(_ outputs: [PortValue]?, outputCount: Int) -> PortValue {
    let chosen = outputs.map { $0.count { $0.instanceCount > 0 } } ?? outputCount
    return chosen == 0 ? .nothing : .data([["Nb": .int(chosen), "Nj": .int(chosen)]])
  }
}
