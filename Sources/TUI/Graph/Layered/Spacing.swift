/// Positions on a line with minimum distances.
enum Spacing {
  /// The ordered positions, at least `gaps[i]` apart, with the least weighted sum of squared
  /// distances from `preferred`. Neighbours that compete for the same place form a block at
  /// their common mean.
  static func nearest(_ preferred: [Double], _ weights: [Double], gaps: [Int]) -> [Int] {
    let places = exact(preferred, weights, gaps: gaps.map(Double.init))
    var rounded: [Int] = []
    rounded.reserveCapacity(places.count)
    for (index, place) in places.enumerated() {
      let column = Int((place + 0.5).rounded(.down))
      // Rounding errors must not cost a column.
      let minimum = index == 0 ? column : rounded[index - 1] + gaps[index - 1]
      rounded.append(max(column, minimum))
    }
    return rounded
  }

  private static func exact(
    _ preferred: [Double], _ weights: [Double], gaps: [Double]
  ) -> [Double] {
    var offset = 0.0
    var offsets: [Double] = []
    var blocks: [(mean: Double, weight: Double, count: Int)] = []
    for index in preferred.indices {
      offsets.append(offset)
      var block = (mean: preferred[index] - offset, weight: weights[index], count: 1)
      if index < gaps.count { offset += gaps[index] }
      while let last = blocks.last, last.mean > block.mean {
        let weight = last.weight + block.weight
        block.mean = (last.mean * last.weight + block.mean * block.weight) / weight
        block.weight = weight
        block.count += last.count
        blocks.removeLast()
      }
      blocks.append(block)
    }
    var places: [Double] = []
    places.reserveCapacity(preferred.count)
    for block in blocks {
      for _ in 0..<block.count { places.append(block.mean + offsets[places.count]) }
    }
    return places
  }
}
