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
      As text a row is a process, in topological order; behind ← are those whose signals it gets. \
      The lanes before it are signals: one that ends at a process it gets, one that begins there \
      it gives; those that go on reach others further down. With --format layers it is a drawing. \
      Control signals and edges that close a cycle are dashed.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, layers, dot, mermaid, json
  }

  @Argument(help: "The workflow's directory (with workflow.json in it), its file, or - for a pipe.")
  var workflow: String

  @Option(help: "text, layers (a drawing), dot (Graphviz), mermaid or json.")
  var format: Format = .text

  @Flag(help: "Fold the processes of one name and level into a stage.")
  var stages = false

  @Flag(help: "Only ASCII in the text.")
  var ascii = false

  @OptionGroup var variables: VariableOptions

  /// A drawing with more columns or rows than this is of no use to anybody.
  private static let drawingLimit = 5000

  func run() throws {
    let workflow = try read()
    switch format {
    case .text: Terminal.say(GraphText(workflow, folded: stages, ascii: ascii).rails)
    case .layers: Terminal.say(try layers(workflow))
    case .dot: Terminal.say(try drawing(workflow).dot)
    case .mermaid: Terminal.say(try drawing(workflow).mermaid)
    case .json: Terminal.writeData(try drawing(workflow).json.text + "\n")
    }
  }

  private func layers(_ workflow: Workflow) throws -> [String] {
    let text = GraphText(workflow, folded: stages, ascii: ascii)
    guard let lines = text.layers(within: Self.drawingLimit) else {
      throw Failure(
        .usage,
        "\(self.workflow): the drawing has more than \(Self.drawingLimit) columns or rows; use "
          + (stages ? "--format text" : "--stages or --format text"))
    }
    return lines
  }

  private func drawing(_ workflow: Workflow) throws -> GraphDrawing {
    guard let drawing = GraphDrawing(workflow, folded: stages) else {
      throw Failure(
        .usage,
        "\(self.workflow): more than \(GraphDrawing.edgeLimit) edges between processes; "
          + "use --stages")
    }
    return drawing
  }

  /// What cannot be run can be drawn all the same.
  private func read() throws -> Workflow {
    let source = try WorkflowSource(workflow)
    let bytes: [UInt8]
    do throws(PosixError) {
      if let text = source.text { bytes = text } else { bytes = try Files.read(source.path) }
    } catch {
      throw Failure(.usage, "\(source.path): \(error.reason)")
    }
    let reading = Workflow.read(bytes, variables: variables.all)
    guard let workflow = reading.workflow else {
      let name = Files.name(of: source.text == nil ? source.path : self.workflow)
      let errors = reading.findings.filter { $0.severity == .error }
      throw Failure(.usage, errors.map { "\(name.displayName): \($0)" })
    }
    return workflow
  }
}
