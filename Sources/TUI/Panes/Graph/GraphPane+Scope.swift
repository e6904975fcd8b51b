internal import Engine
internal import Workflow

// Folding, opening, and neighbourhoods.
extension GraphPane {
  /// The stage of the cursor.
  func stage(_ run: RunState) -> Int? {
    switch cursor {
    case .stage(let stage): stage
    case .process(let process): run.graph.stageOf[guarding: process.index]
    }
  }

  /// The processes of the cursor.
  func processes(_ run: RunState) -> [ProcessID] {
    switch cursor {
    case .stage(let stage): run.graph.stages[guarding: stage]?.processes ?? []
    case .process(let process): [process]
    }
  }

  /// The stage that Enter would open.
  func openable(_ run: RunState) -> Int? {
    guard case .stage(let stage) = cursor, !isOpened(stage), scope.neighbourhood == nil,
      run.graph.stages[guarding: stage]?.processes.count ?? 0 > 1
    else { return nil }
    return stage
  }

  /// The opened stage that the cursor is in.
  func foldable(_ run: RunState) -> Int? { stage(run).flatMap { isOpened($0) ? $0 : nil } }

  mutating func open(_ stage: Int) {
    guard case .stages(var opened) = scope.fold else { return }
    opened.insert(stage)
    scope.fold = .stages(opened: opened)
  }

  mutating func fold(_ stage: Int) {
    guard case .stages(var opened) = scope.fold else { return }
    opened.remove(stage)
    scope.fold = .stages(opened: opened)
    cursor = .stage(stage)
  }

  /// Switches between stages and all processes.
  mutating func toggleAll(_ run: RunState) {
    scope.neighbourhood = nil
    if scope.fold == .processes {
      scope.fold = .stages(opened: [])
    } else {
      if case .stage(let stage) = cursor,
        let first = run.graph.stages[guarding: stage]?.processes.first
      {
        cursor = .process(first)
      }
      scope.fold = .processes
    }
  }

  /// Shows the neighbours of the cursor; each further call adds one step.
  mutating func widen() {
    if scope.neighbourhood == nil {
      scope.neighbourhood = GraphScope.Neighbourhood(centre: cursor, hops: 1)
    } else {
      scope.neighbourhood?.hops += 1
    }
  }

  mutating func narrow() {
    guard let hops = scope.neighbourhood?.hops else { return }
    if hops > 1 { scope.neighbourhood?.hops = hops - 1 } else { scope.neighbourhood = nil }
  }

  mutating func zoom(by steps: Int) {
    let now = layered?.zoom ?? .boxes
    zoom = Zoom(rawValue: now.rawValue + steps) ?? now
  }
}
