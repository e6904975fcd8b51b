import Engine
import JobProtocol
import TestSupport
import Testing

/// Which parts of a line describe the error, and which differ between tasks.
@Suite struct ErrorSignatureTests {
  @Test(arguments: [
    ("ERROR: no overlap between images 17 and 18", "ERROR: no overlap between images # and #"),
    ("x = -3.5e-10, y=+7", "x = #, y=#"), ("took 12:03:11.5 s", "took # s"),
    ("2024-05-01T12:03:11Z failed", "#T#Z failed"), ("at line 3.", "at line #."),
    ("step 3/12 failed", "step # failed"), ("v1.2.3-rc4", "v#-rc#"),
    ("p2mass-017.fits", "p#mass-#.fits"), ("segfault at 0x7ffe12ab", "segfault at #"),
    ("0x is no number", "#x is no number"), ("job deadbeef12 died", "job # died"),
    ("succeeded", "succeeded"), ("defaced 1", "defaced #"),
    ("id 123e4567-e89b-12d3-a456-426614174000!", "id #!"),
    ("cannot open /data/x_17.fits: No such file", "cannot open …: No such file"),
    ("'/tmp/a b'", "'… b'"), ("open('./a/b.txt')", "open('…')"), ("~/x missing", "… missing"),
    ("src/main.c:12:5: error", "…: error"), ("Input/output error", "Input/output error"),
    ("and/or", "and/or"), ("http://host:80/x", "…"), ("/", "/"), ("a  \t b", "a b"),
    ("a-5 b", "a-# b"), ("(-5)", "(#)"), ("mDiffFit17: bad", "mDiffFit#: bad"),
    ("10% done\rKilled", "Killed"), ("Killed\r", "Killed"), ("", ""), ("   ", ""),
    ("\u{1B}[31mERROR\u{1B}[0m 5", "ERROR #"), ("\u{1B}]0;title\u{07}real", "real"),
    ("a\u{0}\u{7}b", "ab"), ("żółw 3 błąd", "żółw # błąd"), ("x1y2", "x#y#"),
  ])
  func `numbers and paths are masked`(line: String, signature: String) {
    #expect(ErrorSignature(line).text == signature)
  }

  @Test func `long lines are cut and every line has a signature`() {
    #expect(ErrorSignature(String(repeating: "x", count: 5000)).text.count == 240)
    var random = SeededRandom(seed: 3)
    let scalars: [Unicode.Scalar] = [
      "0", "x", "a", "/", "-", ".", ":", "\u{1B}", "[", "\r", " ", "e",
    ]
    for _ in 0..<5000 {
      var line = String.UnicodeScalarView()
      for _ in 0..<random.below(20) { line.append(scalars[random.below(scalars.count)]) }
      let signature = ErrorSignature(String(line))
      #expect(!signature.text.contains("0"), "\(String(line).debugDescription)")
    }
  }

  @Test func `the detail of the cause comes before the last line`() throws {
    var journaled = try JournaledRun(Mosaic.body(1))
    try journaled.run("mProject:1", .failed(.lost("worker node-a-17 is gone")), "working on it")
    let lost = journaled.state.task(try journaled.firing("mProject:1"))
    #expect(lost?.errorSignature?.text == "worker node-a-# is gone")
    #expect(journaled.state.task(try journaled.firing("mAdd:1"))?.errorSignature == nil)
  }
}
