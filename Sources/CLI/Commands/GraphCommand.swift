import ArgumentParser
import JSONValue
import Posix
import TUI
import Workflow

/// `hflow-tui graph <dir or file>`
struct GraphCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graph",
    abstract: "Draw the graph of a workflow",
    discussion: """
      The format `text` prints one row for each process, in topological order. The lines on the \
      left are signals. The names after ← are the processes that send the inputs. Control signals \
      and edges that close a cycle are dashed.

      Example: hflow-tui graph . --format dot | dot -Tsvg > graph.svg
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, layers, dot, mermaid, json
  }

  @Argument(help: "A directory with workflow.json, a workflow file, or - for a pipe")
  var workflow: String

  @Option(help: "The output format")
  var format: Format = .text

  @Flag(help: "Fold processes of the same name and level into one stage")
  var stages = false

  @Flag(help: "Use ASCII characters only")
  var ascii = false

  @OptionGroup var variables: VariableOptions

  /// Larger drawings are refused, because nobody can read them.
  private static let drawingLimit = 5000

  func run() throws {
    let workflow = try read()
    switch format {
    case .text: Console.print(GraphText(workflow, folded: stages, ascii: ascii).rails)
    case .layers: Console.print(try layers(workflow))
    case .dot: Console.print(try drawing(workflow).dot)
    case .mermaid: Console.print(try drawing(workflow).mermaid)
    case .json: Console.writeData(try drawing(workflow).json.text + "\n")
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

  /// Reads the workflow. Unlike `run`, accepts one that has errors but can be drawn.
  private func read() throws -> Workflow {
    let source = try WorkflowSource(workflow).convertingInstance(.graph)
    try source.checkInstance(called: workflow)
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
