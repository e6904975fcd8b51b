import Glibc
import JSONValue
import JobProtocol
import Posix
import Redis
import Testing

@testable import Executor

private let bwrapObstacle = ImageStock.obstacle(["bwrap"])
private let charliecloudObstacle = ImageStock.obstacle(["ch-run"])
private let podmanObstacle = ImageStock.obstacle(["podman", "runc"])
private let dockerObstacle = ImageStock.obstacle(["docker", "dockerd", "runc"])

/// Jobs in containers of the real tools.
struct ContainerRunTests {
  let site: Site
  let stock: ImageStock
  private let id = "abcd:1:1:1"

  init() throws {
    site = try Site()
    stock = try ImageStock()
  }

  /// Where and how a tool runs its image.
  struct Place {
    var tool: String
    var image: String
    var environment: [String: String] = [:]
  }

  private func place(_ tool: String) throws -> Place {
    var place = Place(tool: tool, image: "hx-busybox")
    switch tool {
    case "podman": place.environment = try stock.podman()
    case "docker": place.environment = try stock.docker()
    default: place.image = stock.root
    }
    place.environment["HFLOW_CONTAINER_TOOL"] = tool
    place.environment["PYTHONPATH"] = "/host/only"
    place.environment["HF_VAR_X"] = "7"
    return place
  }

  private func run(
    _ place: Place, _ text: String, extras more: JSONObject = JSONObject(), image: String? = nil
  ) throws -> JobRecord {
    try run(
      place, ["executable": "sh", "args": ["-c", .string(text)]], extras: more, image: image)
  }

  private func run(
    _ place: Place, _ members: JSON, extras more: JSONObject = JSONObject(), image: String? = nil
  ) throws -> JobRecord {
    _ = try site.redis.call(RedisCommand("FLUSHALL"))
    var extras = more
    extras["protocol"] = 2
    extras["image"] = .string(image ?? place.image)
    return try site.job(members, extras: .object(extras), environment: place.environment)
  }

  private func cause(_ record: JobRecord) -> FailureCause? {
    if case .failed(let cause) = record.outcome { cause } else { nil }
  }

  /// What every tool must do.
  private func check(_ place: Place) throws {
    let record = try run(
      place, "pwd; touch made; echo $HOME; echo \"p=$PYTHONPATH\" x=$HF_VAR_X $HFLOW_JOB_ID; id -u")
    let lines = record.output.split(separator: "\n").map(String.init)
    #expect(record.outcome == .succeeded, "\(record.error)")
    #expect(lines == [site.work, "/tmp", "p= x=7 \(id)", "\(geteuid())"], "\(record.error)")
    #expect(Files.owner(of: Files.join(site.work, "made")) == geteuid())
    #expect(!Files.exists(Files.join(stock.root, "made")))

    #expect(cause(try run(place, "exit 57")) == .exit(57))
    for code in [1, 125, 126, 127] {
      #expect(cause(try run(place, "exit \(code)")) == .exit(code))
    }
    let missing = try run(place, ["executable": "nothing-here", "args": []])
    guard case .notFound(let text) = cause(missing) else {
      Issue.record("\(String(describing: missing.outcome)) \(missing.error)")
      return
    }
    #expect(text.contains("nothing-here: not found in the image"))
    let nowhere = try run(place, "true", image: "/no/such/image")
    guard case .image = cause(nowhere) else {
      Issue.record("\(String(describing: nowhere.outcome))")
      return
    }
  }

  /// TERM reaches a command that handles it; one that does not is killed.
  private func checkTimeout(_ place: Place) throws {
    var limit = JSONObject()
    limit["timeout"] = 2
    let polite = try run(
      place, "trap 'echo told; exit 0' TERM; echo up; while :; do sleep 0.1; done", extras: limit)
    #expect(cause(polite) == .timeout(seconds: 2), "\(polite.error)")
    #expect(polite.output == "up\ntold\n")
    let stubborn = try run(place, "trap '' TERM; while :; do sleep 0.1; done", extras: limit)
    #expect(cause(stubborn) == .timeout(seconds: 2))
  }

  @Test(.enabled(if: bwrapObstacle == nil, "\(bwrapObstacle ?? "")"))
  func `bwrap runs a job in a directory`() throws {
    let place = try place("bwrap")
    try check(place)
    try checkTimeout(place)
  }

  @Test(.enabled(if: charliecloudObstacle == nil, "\(charliecloudObstacle ?? "")"))
  func `charliecloud runs a job in a directory`() throws {
    let place = try place("charliecloud")
    try check(place)
    try checkTimeout(place)
  }

  @Test(.enabled(if: podmanObstacle == nil, "\(podmanObstacle ?? "")"))
  func `podman runs a job, and nothing of it is left`() throws {
    let place = try place("podman")
    try check(place)
    try checkTimeout(place)
    #expect(try stock.containers("podman", place.environment).isEmpty)
    try checkImage(place)
  }

  @Test(.enabled(if: dockerObstacle == nil, "\(dockerObstacle ?? "")"))
  func `docker runs a job, and nothing of it is left`() throws {
    let place = try place("docker")
    try check(place)
    try checkTimeout(place)
    #expect(try stock.containers("docker", place.environment).isEmpty)
    try checkImage(place)
    var needs = JSONObject()
    needs["needs"] = ["memory": 33_554_432, "limitsMemory": true]
    let hungry = try run(place, "a=x; while :; do a=$a$a; done", extras: needs)
    // On a busy machine, docker hears of the kill after the exit; then it is possibly one.
    #expect(cause(hungry)?.word == "oom", "\(hungry.error)")
    try checkStrays(place)
  }

  /// Neither a missing image nor a missing daemon is a failure of the application.
  private func checkImage(_ place: Place) throws {
    let missing = try run(place, "true", image: "localhost/hx-nothing")
    let found = cause(missing)
    #expect(found?.word == "image" || found?.word == "container", "\(String(describing: found))")
    #expect(missing.error.contains("pulling localhost/hx-nothing"))
  }

  /// Containers of an executor that was killed together with its supervisor.
  private func checkStrays(_ place: Place) throws {
    _ = try site.redis.call(RedisCommand("FLUSHALL"))
    let extras: JSON = ["protocol": 2, "image": .string(place.image)]
    let text = "echo up > up; while :; do sleep 0.1; done"
    try site.push(id, ["executable": "sh", "args": ["-c", .string(text)]], extras: extras)
    let executor = try site.start([id, site.url], place.environment)
    #expect(eventually { site.text("up") == "up\n" })
    let supervisors = ProcessTree(root: executor.pid).processes.filter {
      ProcessTable.commandLine(of: Int($0)).contains(ContainerSupervisor.option)
    }
    #expect(supervisors.count == 1)
    for supervisor in supervisors { kill(supervisor, SIGKILL) }
    executor.send(SIGKILL)
    _ = try site.end(of: executor)
    #expect(try !stock.containers("docker", place.environment).isEmpty)
    #expect(try run(place, "true").outcome == .succeeded)
    #expect(try stock.containers("docker", place.environment).isEmpty)
  }

  @Test(.enabled(if: podmanObstacle == nil, "\(podmanObstacle ?? "")"))
  func `a container ends with its executor`() throws {
    let place = try place("podman")
    let extras: JSON = ["protocol": 2, "image": .string(place.image)]
    let text = "echo up > up; trap '' TERM; while :; do echo x >> beats; sleep 0.05; done"
    try site.push(id, ["executable": "sh", "args": ["-c", .string(text)]], extras: extras)
    let executor = try site.start([id, site.url], place.environment)
    #expect(eventually { site.text("up") == "up\n" })
    executor.send(SIGKILL)
    _ = try site.end(of: executor)
    #expect(try eventually { try stock.containers("podman", place.environment).isEmpty })
    let beats = site.text("beats")
    _ = Poll.wait(for: -1, 0, milliseconds: 1000)
    #expect(site.text("beats") == beats, "its command has ended, too")
  }

  @Test func `without a tool, a job with an image does not run`() throws {
    let record = try site.job(
      ["executable": "sh", "args": ["-c", "touch ran"]],
      extras: ["protocol": 2, "image": "hx-busybox"],
      environment: ["HFLOW_CONTAINER_TOOL": "podman", "PATH": site.work])
    guard case .notFound(let text) = cause(record) else {
      Issue.record("\(String(describing: record.outcome))")
      return
    }
    #expect(text.contains("podman: not found") && text.contains("--container-tool"))
    #expect(!Files.exists(Files.join(site.work, "ran")))
  }

  @Test func `an image is ignored where that is asked for`() throws {
    let record = try site.job(
      ["executable": "sh", "args": ["-c", "echo here"]],
      extras: ["protocol": 2, "image": "hx-busybox"],
      environment: ["HFLOW_CONTAINER_TOOL": "none"])
    #expect(record.outcome == .succeeded && record.output == "here\n")
  }

  /// A stand-in for apptainer: records how it is called, and makes files when it pulls.
  private func fakeApptainer() throws -> [String: String] {
    let bin = Files.join(site.directory, "bin")
    try Files.makeDirectory(bin)
    let text = """
      #!/bin/sh
      echo "$1" >> \(site.directory)/calls
      if [ "$1" = pull ]; then sleep 0.3; touch "$3"; exit; fi
      while [ "$1" != --pwd ]; do shift; done
      shift 2
      test -f "$1" || { echo "FATAL:   could not open image $1" >&2; exit 255; }
      shift
      exec "$@"

      """
    try Files.write(Array(text.utf8), to: Files.join(bin, "apptainer"), mode: 0o755)
    return [
      "PATH": "\(bin):\(Environment["PATH"] ?? "/bin")", "HFLOW_CONTAINER_TOOL": "apptainer",
      "XDG_CACHE_HOME": Files.join(site.directory, "cache"),
    ]
  }

  @Test func `many jobs with the same new image make one pull`() throws {
    let environment = try fakeApptainer()
    for number in 1...8 {
      try site.queue(
        "abcd:1:1:\(number)", ["executable": "sh", "args": ["-c", "echo ran"]],
        extras: ["protocol": 2, "image": "quay.io/x/y:1"])
    }
    let worker = try site.start(
      ["--worker", "--pool", "abcd", "--slots", "8", "--redis", site.url], environment)
    #expect(try eventually { try site.finished().count == 8 })
    #expect(try site.finished().values.allSatisfy { $0 == .succeeded })
    worker.send(SIGTERM)
    #expect(try site.end(of: worker) == .exited(0))
    let calls = site.text("../calls").split(separator: "\n")
    #expect(calls.count { $0 == "pull" } == 1 && calls.count { $0 == "exec" } == 8)
  }

  @Test func `a pull that takes too long has its own cause`() throws {
    var environment = try fakeApptainer()
    let slow = "#!/bin/sh\nexec sleep 1000\n"
    try Files.write(
      Array(slow.utf8), to: Files.join(site.directory, "bin/apptainer"), mode: 0o755)
    environment["HFLOW_PULL_LIMIT"] = "1"
    let record = try site.job(
      ["executable": "true", "args": []],
      extras: ["protocol": 2, "image": "quay.io/x/y:1", "timeout": 0.3], environment: environment)
    guard case .container(let text) = cause(record) else {
      Issue.record("\(String(describing: record.outcome))")
      return
    }
    #expect(text.contains("took too long"))
  }
}
