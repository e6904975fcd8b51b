/// A program that runs jobs in containers.
public enum ContainerTool: String, Sendable, CaseIterable {
  case docker, podman, apptainer, charliecloud, bwrap
  /// Jobs run without a container, whatever image they ask for: the executor is in it already.
  case hostOnly = "none"

  /// The environment variable of executors with the tool to use.
  public static let variable = "HFLOW_CONTAINER_TOOL"

  /// Reads the name of a tool or of its program; `nil` for an unknown one.
  public init?(name: String) {
    switch name {
    case "singularity": self = .apptainer
    case "ch-run": self = .charliecloud
    case "bubblewrap": self = .bwrap
    default: self.init(rawValue: name)
    }
  }

  public static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
