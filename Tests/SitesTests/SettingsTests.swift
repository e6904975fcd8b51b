import Testing

@testable import Sites

@Suite struct SettingsTests {
  @Test func `a list of hosts is parsed`() throws {
    let hosts = try HostEntry.list("h1,ada@h2*8")
    #expect(hosts.map(\.name) == ["h1", "ada@h2"])
    #expect(hosts.map(\.slots) == [nil, 8])
    #expect(hosts.map(\.text) == ["h1", "ada@h2*8"])
  }

  @Test(arguments: ["", "-oProxyCommand=x", "h1;rm", "h1,h1", "h1*0", "h1*x", "$(x)"])
  func `an invalid list of hosts is refused`(text: String) {
    #expect(throws: SiteMistake.self) { try HostEntry.list(text) }
  }

  @Test func `a number of workers is parsed`() throws {
    #expect(try WorkerRange("4") == WorkerRange(minimum: 4, maximum: 4))
    #expect(try WorkerRange("0:20") == WorkerRange(minimum: 0, maximum: 20))
  }

  @Test(arguments: ["", "0", "5:4", "-1:2", "a", "1:2:3", "1:99999"])
  func `an invalid number of workers is refused`(text: String) {
    #expect(throws: SiteMistake.self) { try WorkerRange(text) }
  }

  @Test func `built-in sites exist by name`() throws {
    let table = SiteTable()
    #expect(try table.site("local:4").slots == 4)
    #expect(try table.site("ssh:h1,h2").hosts.count == 2)
    #expect(try table.site("slurm").workers == .standard)
    #expect(try table.site("slurm:2:5").workers == WorkerRange(minimum: 2, maximum: 5))
  }

  @Test func `a site without a required setting is refused`() {
    for text in ["ssh", "nowhere", "local:x", "ssh:"] {
      #expect(throws: SiteMistake.self) { try SiteTable().site(text) }
    }
  }

  @Test func `each error in a file is one line that names its site`() {
    var table = SiteTable()
    let mistakes = table.add([
      ("lab", [("infrastructure", .text("ssh")), ("hosts", .number(3)), ("slot", .number(2))]),
      ("big", [("infrastructure", .text("pbs"))]),
      ("none", []),
      ("a b", [("infrastructure", .text("ssh"))]),
      ("c", [("infrastructure", .text("slurm")), ("options", .text("--array=1-3"))]),
    ])
    #expect(mistakes.count == 6)
    for (mistake, name) in zip(mistakes, ["lab", "lab", "big", "none", "a b", "c"]) {
      #expect(mistake.description.hasPrefix("[\(name)]: "))
      #expect(!mistake.description.contains("\n"))
    }
  }

  @Test func `a site whose hosts share no directory is read, and survives its JSON`() throws {
    var table = SiteTable()
    let mistakes = table.add([
      (
        "lab",
        [
          ("infrastructure", .text("ssh")), ("hosts", .list(["h1"])), ("stage", .text("rsync")),
          ("directory", .text("~/scratch")), ("files", .list(["bin"])),
        ]
      ),
      (
        "bad",
        [
          ("infrastructure", .text("ssh")), ("stage", .text("scp")), ("directory", .text("x")),
          ("files", .list(["../x"])),
        ]
      ),
    ])
    #expect(mistakes.count == 3)
    let lab = try table.site("lab")
    #expect(lab.isStaged && lab.directory == "~/scratch" && lab.files == ["bin"])
    #expect(SiteSettings(lab.json) == lab)
  }

  @Test func `a site can be read back from its JSON`() throws {
    var site = SiteSettings(name: "cluster", infrastructure: .slurm)
    try site.add(options: "-p long -A 'my project'")
    site.slots = 4
    try site.set("memory", to: .text("16G"))
    try site.set("container", to: .text("singularity"))
    #expect(site.workerOptions == ["--memory", "16000000000", "--container-tool", "apptainer"])
    #expect(throws: SiteMistake.self) { try site.set("container", to: .text("lxc")) }
    #expect(throws: SiteMistake.self) { try site.set("memory", to: .text("much")) }
    site.executor = "/opt/x"
    site.hosts = [try HostEntry("h1*2")]
    site.workers = WorkerRange(minimum: 1, maximum: 3)
    #expect(SiteSettings(site.json) == site)
    #expect(site.options == ["-p", "long", "-A", "my project"])
  }

  @Test(arguments: [
    ("mProject", "mProject", true), ("m*", "mProject", true), ("*ject", "mProject", true),
    ("m*j*t", "mProject", true), ("mProject", "mProjectX", false), ("m*X", "mProject", false),
    ("*", "anything", true),
  ])
  func `a pattern matches names`(pattern: String, name: String, fits: Bool) throws {
    #expect(try Route("\(pattern)=x").matches(name) == fits)
  }

  @Test func `routed sites have a queue of their own`() throws {
    let routing = try Routing(
      [("a", nil), ("b", nil), ("c", "big")], sites: ["local", "cluster", "big"],
      routes: [try Route("b=local")])
    #expect(routing.queues == [nil, "local", "big"])
    #expect(routing.queue(of: "cluster") == nil)
    #expect(routing.queue(of: "local") == "local")
  }

  @Test func `without a common site unrouted tasks go to the first site`() throws {
    let routing = try Routing(
      [("a", nil), ("b", nil)], sites: ["one", "two"],
      routes: [try Route("b=two"), try Route("a=one")])
    #expect(routing.queues == ["one", "two"])
    let single = try Routing([("a", "one")], sites: ["one"], routes: [])
    #expect(single.queues == [nil], "one site needs one queue")
  }

  @Test func `a route to an unknown site is refused`() throws {
    #expect(throws: SiteMistake.self) {
      try Routing([("a", nil)], sites: ["one"], routes: [try Route("a=two")])
    }
    #expect(throws: SiteMistake.self) {
      try Routing([("a", nil)], sites: ["one"], routes: [try Route("x=one")])
    }
    #expect(throws: SiteMistake.self) { try Routing([("a", "big")], sites: [], routes: []) }
  }
}
