/// The colours of the stages: the longest ones have a colour each, the rest is grey. Neighbours
/// in the list differ clearly, also for colour-blind people.
struct StagePalette: Sendable {
  static let size = 9
  /// For each stage: its colour from 1, 0 for grey.
  private let numbers: [Int]

  init(_ stages: [StageFigures]) {
    var numbers = [Int](repeating: 0, count: stages.count)
    let ranked = stages.indices.filter { stages[$0].run != nil }
      .sorted { (stages[$0].run?.sum ?? 0, $1) > (stages[$1].run?.sum ?? 0, $0) }
    // In the order of the graph, so that a workflow's stages keep their colours.
    for (place, stage) in ranked.prefix(Self.size).sorted().enumerated() {
      numbers[stage] = place + 1
    }
    self.numbers = numbers
  }

  /// Whether dark text is more readable on the colour.
  func isLight(_ stage: Int) -> Bool {
    ["s0", "s2", "s5", "s7"].contains(name(stage))
  }

  /// The CSS class of the colour: `s3`.
  func name(_ stage: Int) -> String {
    "s\(numbers.indices.contains(stage) ? numbers[stage] : 0)"
  }
}
