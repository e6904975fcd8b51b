import Testing

@testable import Sites

@Suite struct LimitTests {
  private static let partitions = """
    PartitionName=main AllowGroups=ALL Default=YES MaxTime=01:00:00 State=UP TotalCPUs=8
    PartitionName=long AllowGroups=ALL Default=NO MaxTime=UNLIMITED State=DOWN TotalCPUs=8
    """
  private static let nodes = "main|4|2000\nmain|8+|1000\nlong|64|256000\n"

  private func mistakes(_ options: [String], slots: Int? = nil) -> [String] {
    let asked = SlurmRequest(options: options, slots: slots)
    let limits = SlurmLimits(
      partitions: Self.partitions, nodes: Self.nodes, name: asked.partition)
    return limits?.mistakes(asking: asked) ?? ["unknown"]
  }

  @Test(arguments: [
    ("30", 30), ("30:30", 31), ("2:00:00", 120), ("1-12", 2160), ("1-00:30", 1470),
    ("1-00:00:01", 1441), ("UNLIMITED", nil), ("x", nil), ("", nil), ("1:2:3:4", nil),
  ])
  func `a time of Slurm is read`(text: String, minutes: Int?) {
    #expect(SlurmLimits.minutes(text) == minutes)
  }

  @Test(arguments: [
    ("4000", 4000), ("4000M", 4000), ("4G", 4096), ("1T", 1_048_576), ("2048K", 2), ("x", nil),
  ])
  func `a memory of Slurm is read`(text: String, megabytes: Int?) {
    #expect(SlurmLimits.megabytes(text) == megabytes)
  }

  @Test func `what a partition can give is no mistake`() {
    #expect(mistakes(["-t", "1:00:00", "-c8", "--mem=2000"]).isEmpty)
    #expect(mistakes([], slots: 8).isEmpty)
  }

  @Test(arguments: [
    (["-t", "2:00:00"], "120 minutes"), (["--time=61"], "allows 60"), (["-c9"], "9 processors"),
    (["--mem", "3G"], "3072 MB"), (["-plong"], "long is not up"),
  ])
  func `what it will never give is one line`(options: [String], words: String) {
    let lines = mistakes(options)
    #expect(lines.count == 1 && lines[0].contains(words), "\(lines)")
  }

  @Test func `slots count as processors, and a partition that is not there is Slurm's to refuse`() {
    #expect(mistakes([], slots: 9).count == 1)
    #expect(mistakes(["-p", "nowhere"]) == ["unknown"])
  }

  @Test func `limits of the account are read where there is accounting`() {
    let asked = SlurmRequest(options: ["-t", "2:00:00"], slots: nil)
    let workers = WorkerRange(minimum: 5, maximum: 20)
    func lines(_ rows: String, _ asked: SlurmRequest) -> [String] {
      SlurmAccount.mistakes(rows, workers: workers, asked)
    }
    let both = lines("a||3|01:00:00\n", asked)
    #expect(both.count == 2)
    #expect(both[0].contains("may submit 3 jobs") && both[1].contains("allows 60"))
    #expect(lines("", asked).isEmpty && lines("a|||\n", asked).isEmpty)
    // With several accounts, one that allows it is enough, unless another one is named.
    let rows = "a||3|01:00:00\nb||50|1-00:00:00\n"
    #expect(lines(rows, asked).isEmpty)
    let named = SlurmRequest(options: ["-t", "2:00:00", "-A", "a"], slots: nil)
    #expect(lines(rows, named).count == 2)
    // Limits of another partition do not count.
    let there = SlurmRequest(options: ["-t", "2:00:00", "-p", "main"], slots: nil)
    #expect(lines("a|long|3|01:00:00\n", there).isEmpty)
  }
}
