public struct Stage: Sendable { public let index: Int; public let name: String; public let level: Int; public let processes: [ProcessID] }
extension Workflow {
  public var stages: [Stage] { [Stage(index: 0, name: "all", level: 0, processes: processes.map(\.id))] }
  public func stageIndex(of: ProcessID) -> Int { 0 }
}
