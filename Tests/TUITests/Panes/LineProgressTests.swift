import Testing

@testable import TUI

struct LineProgressTests {
  @Test(arguments: [
    ("fastp 65%  2.1 M reads/s", 0.65), ("65.5 % done", 0.655), ("0%", 0), ("100%", 1),
    ("12/40 tiles", 0.3), ("[12/40]", 0.3), ("12 of 40", 0.3), ("10% then 20%", 0.2),
    ("epoch (3/4)", 0.75),
  ])
  func `a percentage or a share is the progress`(line: String, part: Double) {
    #expect(LineProgress.part(in: line) == part)
  }

  @Test(arguments: [
    "", "%", "/", "120%", "1.2.3%", "2024/05/01", "bin/12/40", "41/40", "0/1", "a12/40",
    "12/40.fits", "reads/s", "one of two", "and/or", "12 of", "of 40",
  ])
  func `dates, paths and other numbers are none`(line: String) {
    #expect(LineProgress.part(in: line) == nil)
  }
}
