import ArgumentParser
import JSONValue
import Posix
import TUI
import Workflow

/// `hflow-tui graph <dir or file>`
struct GraphCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graph",
    abstract: "Draw the graph of a workflow.",
    discussion: """
      Control signals and edges that close a cycle are dashed (dot, mermaid); as text the latter \
      are told beside the name.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, dot, mermaid, json
  }

  @Argument(help: "The workflow's directory (with workflow.json in it) or its file.")
  var workflow: String

  @Option(help: "text, dot (Graphviz), mermaid or json.")
  var format: Format = .text

  @Flag(help: "Fold the processes of one name and level into a stage.")
  var stages = false

  @Flag(help: "Only ASCII in the text.")
  var ascii = false

  @OptionGroup var variables: VariableOptions

  func run() throws {
    guard let drawing = GraphDrawing(try read(), folded: stages) else {
      throw Failure(
        .usage,
        "\(workflow): more than \(GraphDrawing.edgeLimit) edges between processes; use --stages")
    }
    if format == .text, drawing.nodes.count > GraphText.nodeLimit {
      Terminal.complain(
        "note: no lanes beside more than \(GraphText.nodeLimit) names"
          + (stages ? "" : "; --stages makes fewer"))
    }
    Terminal.say(lines(drawing).joined(separator: "\n"))
  }

  private func lines(_ drawing: GraphDrawing) -> [String] {
    switch format {
    case .text: drawing.text(ascii: ascii)
    case .dot: drawing.dot
    case .mermaid: drawing.mermaid
    case .json: [drawing.json.text]
    }
  }

  /// What cannot be run can be drawn all the same.
  private func read() throws -> Workflow {
    let path = try WorkflowPath.resolve(workflow)
    let bytes: [UInt8]
    do {
      bytes = try Files.read(path)
    } catch {
      throw Failure(.usage, "\(path): \(error.reason)")
    }
    let reading = Workflow.read(bytes, variables: variables.all)
    guard let workflow = reading.workflow else {
      let name = Files.name(of: path)
      let errors = reading.findings.filter { $0.severity == .error }
      throw Failure(.usage, errors.map { "\(name.displayName): \($0)" })
    }
    return workflow
  }
}
