import Glibc
import Posix
import Testing

@Suite struct ClockTests {
  /// Steady times of other processes, which adopt a given anchor.
  private func anchor(_ text: String) -> Bool {
    let former = ClockAnchor.text
    defer { ClockAnchor.adopt(former) }
    return ClockAnchor.adopt(text)
  }

  @Test func `an anchor of this boot is adopted, and no other`() {
    let words = ClockAnchor.text.split(separator: " ")
    #expect(words.count == 2)
    #expect(anchor(ClockAnchor.text))
    for wrong in ["", "1", "x \(words[1])", "\(words[0]) other", "\(words[0])", "9e9 \(words[1])"] {
      #expect(!anchor(wrong), "\(wrong)")
    }
    for wild in [Int.max / 2, Int.min / 2] { #expect(!anchor("\(wild) \(words[1])"), "\(wild)") }
  }
}
