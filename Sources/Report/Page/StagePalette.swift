/// The colours of the stages: those that ran longest get one each, the rest share grey. Neighbours
/// in the list are far apart, also for people who see colours differently.
struct StagePalette: Sendable {
  static let size = 9
  /// By stage: 1… for a colour of its own, 0 for grey.
  private let numbers: [Int]

  init(_ stages: [StageFigures]) {
    var numbers = [Int](repeating: 0, count: stages.count)
    let ranked = stages.indices.filter { stages[$0].run != nil }
      .sorted { (stages[$0].run?.sum ?? 0, $1) > (stages[$1].run?.sum ?? 0, $0) }
    // In the order of the graph, so that a workflow's stages always have the same ones.
    for (place, stage) in ranked.prefix(Self.size).sorted().enumerated() {
      numbers[stage] = place + 1
    }
    self.numbers = numbers
  }

  /// Whether dark letters are easier to read on the colour than light ones.
  func isLight(_ stage: Int) -> Bool {
    ["s0", "s2", "s5", "s7"].contains(name(stage))
  }

  /// The class that carries the colour: `s3`.
  func name(_ stage: Int) -> String {
    "s\(numbers.indices.contains(stage) ? numbers[stage] : 0)"
  }
}
