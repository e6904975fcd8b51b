import Glibc
import Posix
import Testing

@Suite struct ClockTests {
  /// Steady times of other processes, which have the anchor that is given.
  private func anchor(_ text: String) -> Bool {
    let former = SteadyAnchor.text
    defer { SteadyAnchor.adopt(former) }
    return SteadyAnchor.adopt(text)
  }

  @Test func `an anchor of this boot is taken over, and no other`() {
    let words = SteadyAnchor.text.split(separator: " ")
    #expect(words.count == 2)
    #expect(anchor(SteadyAnchor.text))
    for wrong in ["", "1", "x \(words[1])", "\(words[0]) other", "\(words[0])", "9e9 \(words[1])"] {
      #expect(!anchor(wrong), "\(wrong)")
    }
    for wild in [Int.max / 2, Int.min / 2] { #expect(!anchor("\(wild) \(words[1])"), "\(wild)") }
  }
}
