extension Formats {
  /// `1 task`, `12 tasks`, `2 processes`; `1,415 tasks` if `grouped`, for running text.
  package static func counted(
    _ number: Int, _ one: String, _ many: String? = nil, grouped: Bool = false
  ) -> String {
    "\(grouped ? count(number) : "\(number)") \(number == 1 ? one : many ?? "\(one)s")"
  }
}
