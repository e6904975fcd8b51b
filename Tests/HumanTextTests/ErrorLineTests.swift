import HumanText
import Testing

struct ErrorLineTests {
  @Test(arguments: [
    ("cp: error writing 'x': No space left on device", ErrorLine.Severity.exhausted),
    ("MemoryError: Unable to allocate 3 GiB", .exhausted),
    ("KeyError: 'sample'", .named),
    ("ZeroDivisionError", .named),
    ("java.io.IOException: broken pipe", .named),
    ("Caused by: org.x.Failure", .named),
    ("FATAL ERROR in reads input: short read", .severe),
    ("main.c:3:1: error: expected ';'", .severe),
    ("\u{1B}[31mERROR:\u{1B}[0m no overlap", .severe),
    ("12:03 [ERROR] disk", .severe),
    ("Error in readRDS(file) : cannot open", .severe),
    ("sh: 1: foo: not found", .worded),
    ("cannot open x.fits", .worded),
    ("Killed", .worded),
    ("Traceback (most recent call last):", .none),
    ("make: *** [Makefile:3: x] Error 1", .none),
    ("finished with 0 errors", .none),
    ("no errors", .none),
    ("command returned non-zero exit status 1", .none),
    ("--error-rate 0.1", .none),
    ("terror in the air", .none),
    ("reading tile 17", .none),
    ("", .none),
  ])
  func `each line has the weight of what it says`(line: String, weight: ErrorLine.Severity) {
    #expect(ErrorLine.weight(of: line) == weight)
  }

  @Test(arguments: [
    (["reading", "done"], "done"),
    (["reading", "ERROR: no overlap", "cleaning up"], "ERROR: no overlap"),
    (
      ["Traceback (most recent call last):", "  File \"x.py\", line 1", "KeyError: 'x'", ""],
      "KeyError: 'x'"
    ),
    (["error: first", "error: second"], "error: second"),
    (["FATAL: short read", "make: *** [x] Error 104"], "FATAL: short read"),
    (["write failed", "No space left on device", "error: giving up"], "No space left on device"),
    (["17 errors", "bye"], "17 errors"),
  ])
  func `the line that explains is chosen, not merely the last`(lines: [String], chosen: String) {
    #expect(ErrorLine.explaining(lines) == chosen)
  }

  @Test func `without a line there is nothing to choose`() {
    #expect(ErrorLine.explaining([]) == nil)
    #expect(ErrorLine.explaining(["", "  "]) == nil)
  }
}
