public import ArgumentParser
import JSONValue
public import JobProtocol

/// The resources of a local worker besides its slots.
struct LocalWorkerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Memory for jobs, as they request it, e.g. 16G (default: the host's)", valueName: "size"))
  var memory: MemorySize?

  @Option(
    help: ArgumentHelp(
      "Tool for jobs with an image: docker, podman, apptainer, … or none", valueName: "tool"))
  var containerTool: ContainerTool?
}

/// A size such as `16G`.
struct MemorySize: ExpressibleByArgument {
  let bytes: Int

  init?(argument: String) {
    guard let bytes = Quantity.bytes(.string(argument)) else { return nil }
    self.bytes = bytes
  }
}

extension ContainerTool: ExpressibleByArgument {
  public init?(argument: String) { self.init(name: argument) }
}
