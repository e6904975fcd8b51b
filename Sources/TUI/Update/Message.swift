/// What happened.
enum Message {
  case input(Input)
  case resized(Size)
  /// A second has passed; milliseconds since 1970.
  case clock(Int)
  /// In order; many at once cost little more than one.
  case world([WorldMessage])
}

/// What follows from it, for the loop to carry out.
enum Effect: Equatable {
  case world(WorldEffect)
  case redraw
  case suspend
  case setMouse(Bool)
  case leave(LeaveReason)
}
