/// The content of each row of the timeline's pane.
///
/// | rows | content |
/// |---|---|
/// | `slotRows`, from 10 rows on | an area of slots in use |
/// | `count` items of `barRows` rows | bars of slots, two rows high if all have room; or stages |
/// | one | the time axis |
/// | the rest, if all fit (`hasBoth`) | the other grouping |
struct TimelinePlan: Equatable {
  let slotRows: Int
  let barRows: Int
  let hasBoth: Bool
  /// How many items the list has room for.
  let count: Int

  /// `items` of the chosen grouping, `others` of the other one.
  init(rows: Int, items: Int, others: Int, canBeHigh: Bool) {
    slotRows = rows >= 16 ? 3 : rows >= 10 ? 2 : 0
    // Without the axis.
    let available = max(1, rows - 1 - slotRows)
    let withOthers = items + 1 + others
    let isHigh = canBeHigh && items > 0 && 2 * items <= available
    hasBoth = (isHigh ? withOthers + items : withOthers) <= available
    barRows = isHigh ? 2 : 1
    count = isHigh ? max(items, 1) : available
  }

  /// The item at a row of the pane.
  func item(at row: Int, top: Int) -> Int? {
    guard row >= slotRows, row < slotRows + count * barRows else { return nil }
    return top + (row - slotRows) / barRows
  }
}
