import JSONValue
import JobProtocol
import Posix
import Testing

@testable import Executor

/// The tables of the container files, row by row.
struct ContainerTests {
  private func image(_ text: String) -> ContainerImage {
    ContainerImage(text, directory: "/w") { path in
      ["/img", "/w/img"].contains(path) ? .directory : path.hasSuffix(".sif") ? .file : nil
    }
  }

  @Test func `a path is an image on disk, everything else a name`() {
    #expect(image("/img") == .directory("/img"))
    #expect(image("./img") == .nowhere("/w/./img"))
    #expect(image("/a.sif") == .file("/a.sif"))
    #expect(image("/nothing") == .nowhere("/nothing"))
    #expect(image("img") == .name("img"))
    #expect(image("docker://busybox") == .name("docker://busybox"))
  }

  @Test func `each kind of image has the tools that can run it`() {
    #expect(image("/img").tools.first == .charliecloud)
    #expect(image("/a.sif").tools == [.apptainer])
    #expect(ContainerImage.file("/a.sqfs").tools == [.charliecloud, .apptainer])
    #expect(image("busybox").tools.prefix(2) == [.docker, .podman])
    #expect(image("/nothing").tools.isEmpty)
  }

  private func parameters(_ tool: ContainerTool, _ image: ContainerImage)
    -> ContainerCommand.Parameters
  {
    var parameters = ContainerCommand.Parameters(
      tool: tool, image: image, command: ["prog", "a b"], directory: "/w", mounts: ["/in", "/w"])
    parameters.user = .init(id: 1000, group: 100, otherGroups: [20])
    parameters.environment = ["A": "secret", "PATH": "/opt/bin"]
    parameters.name = "hflow-x"
    parameters.labels = ["hflow.job=x"]
    return parameters
  }

  @Test func `docker gets names of variables, the user, the directories and no shell`() {
    var parameters = parameters(.docker, .name("docker://busybox:1"))
    parameters.memoryLimit = 1000
    parameters.hasInit = true
    parameters.gpus = [0, 2]
    let made = ContainerCommand(parameters)
    let expected = """
      run --name hflow-x --pull never --network host --label hflow.job=x \
      --security-opt label=disable --init --user 1000:100 --group-add 20 --volume /in:/in \
      --volume /w:/w --workdir /w --env A --env HOME=/tmp --env PATH=/opt/bin --memory 1000 \
      --memory-swap 1000 --gpus "device=0,2" --entrypoint prog busybox:1 a|b
      """
    #expect(made.arguments.map { $0.replacing(" ", with: "|") }.joined(separator: " ") == expected)
    #expect(made.environment == ["A": "secret"] && !made.isAlone)
  }

  @Test func `rootless engines map the caller`() {
    var parameters = parameters(.podman, .name("busybox"))
    parameters.isRootless = true
    let podman = ContainerCommand(parameters).arguments.joined(separator: " ")
    #expect(podman.contains("--userns keep-id --user 1000:100") && !podman.contains("--group-add"))
    parameters.tool = .docker
    #expect(ContainerCommand(parameters).arguments.joined(separator: " ").contains("--user 0:0"))
  }

  @Test func `apptainer gets a clean environment and no home`() {
    let made = ContainerCommand(parameters(.apptainer, .file("/a.sif")))
    #expect(
      made.arguments == [
        "exec", "--cleanenv", "--no-home", "--pid", "--bind", "/in:/in", "--bind", "/w:/w", "--pwd",
        "/w", "/a.sif", "prog", "a b",
      ])
    #expect(made.environment["APPTAINERENV_A"] == "secret")
    #expect(made.environment["SINGULARITYENV_PATH"] == "/opt/bin" && !made.isAlone)
  }

  @Test func `charliecloud and bwrap are started with the variables of the job alone`() {
    let charliecloud = ContainerCommand(parameters(.charliecloud, .directory("/img")))
    #expect(
      charliecloud.arguments == [
        "--bind", "/in:/in", "--bind", "/w:/w", "--cd", "/w", "/img", "--", "prog", "a b",
      ])
    #expect(charliecloud.isAlone && charliecloud.environment["HOME"] == "/tmp")
    #expect(charliecloud.environment["PATH"] == "/opt/bin")
    var parameters = parameters(.bwrap, .directory("/img"))
    parameters.tree = [
      .directory("/data"), .bind(source: "/img/bin", target: "/bin"),
      .link(to: "usr/lib", at: "/lib"),
    ]
    let bwrap = ContainerCommand(parameters)
    #expect(
      bwrap.arguments.joined(separator: " ") == """
        --dir /data --ro-bind /img/bin /bin --symlink usr/lib /lib --dev /dev --proc /proc \
        --ro-bind-try /sys /sys --tmpfs /tmp --bind /in /in --bind /w /w --chdir /w \
        --unshare-pid -- prog a b
        """)
    #expect(bwrap.environment["A"] == "secret" && bwrap.isAlone)
  }

  @Test func `an image is mounted in parts where a directory of the job goes into it`() {
    let tree: [String: [(name: String, entry: ImageTree.Entry)]] = [
      "": [
        ("bin", .link(to: "usr/bin")), ("data", .directory), ("proc", .directory),
        ("w", .directory),
      ],
      "/data": [("a", .directory), ("b", .other)],
    ]
    let parts = ImageTree.parts(root: "/img", mounts: ["/data/a/b", "/w"]) { tree[$0] ?? [] }
    #expect(
      parts == [
        .link(to: "usr/bin", at: "/bin"), .directory("/data"), .directory("/data/a"),
        .bind(source: "/img/data/b", target: "/data/b"),
      ])
  }

  static let toolErrors: [(ContainerTool, String, String, Int)] = [
    (.docker, "docker: Error response from daemon: No such image: x:latest", "image", 125),
    (.docker, "docker: Error response from daemon: manifest unknown", "image", 125),
    (
      .docker,
      "OCI runtime create failed: exec: \"prog\": stat /prog: no such file or directory: unknown",
      "notFound", 127
    ),
    (
      .docker, "OCI runtime create failed: exec: \"/prog\": permission denied: unknown", "notFound",
      126
    ),
    (.docker, "docker: Cannot connect to the Docker daemon at unix:///x", "container", 125),
    (.podman, "Error: x: image not known", "image", 125),
    (.podman, "Error: workdir \"/w\" does not exist on container 28", "container", 125),
    (.charliecloud, "ch-run[7]: error: can't stat: x: No such file or directory", "image", 125),
    (.charliecloud, "ch-run[7]: error: can't execve(2): prog: No such file", "notFound", 127),
    (.charliecloud, "ch-run[7]: error: can't bind: destination not found: /x", "container", 125),
    (.bwrap, "bwrap: execvp prog: No such file or directory", "notFound", 127),
    (.bwrap, "bwrap: execvp /x: Permission denied", "notFound", 126),
    (.bwrap, "bwrap: Can't mkdir /x: Read-only file system", "container", 125),
    (.apptainer, "FATAL:   could not open image /x.sif: no such file", "image", 125),
    (.docker, "[FATAL tini (8)] exec prog failed: No such file", "notFound", 127),
    (.docker, "", "container", 125),
  ]

  @Test(arguments: toolErrors)
  func `each complaint of a tool has its cause`(
    tool: ContainerTool, text: String, cause: String, code: Int
  ) {
    let failure = ContainerError.failure(
      text, tool: tool, image: "x", command: "prog", host: "h")
    guard case .failed(let found) = failure.ending.outcome else {
      Issue.record("no failure")
      return
    }
    #expect(found.word == cause && failure.ending.code == code, "\(found)")
    #expect(found.detail?.contains("x") == true)
  }

  @Test func `an image without a shell is told from a missing program`() {
    let failure = ContainerError.failure(
      "exec: \"/bin/sh\": no such file", tool: .docker, image: "x", command: "/bin/sh", host: "h")
    #expect("\(failure)".contains("needs a shell in the image"))
  }

  @Test func `a tool's own exit is told from the application's`() {
    #expect(ContainerError.isOfTool(.bwrap, code: 1, line: "bwrap: execvp x"))
    #expect(!ContainerError.isOfTool(.bwrap, code: 2, line: "bwrap: execvp x"))
    #expect(!ContainerError.isOfTool(.bwrap, code: 1, line: "error"))
    #expect(ContainerError.isOfTool(.charliecloud, code: 1, line: "ch-run[1]: error: x"))
    #expect(ContainerError.isOfTool(.apptainer, code: 255, line: "FATAL:   x"))
    #expect(!ContainerError.isOfTool(.docker, code: 127, line: "docker: x"))
    let tini = "[FATAL tini (8)] exec x failed: No such file or directory"
    #expect(ContainerError.isOfTool(.docker, code: 127, line: tini))
    let words = "noise\ndocker: Error: no\n\nRun 'docker run --help' for more information\n"
    #expect(ContainerError.reason(in: words) == "docker: Error: no")
  }

  @Test func `an order and its news keep their form`() throws {
    var order = ContainerOrder(program: "/bin/docker", arguments: ["run", "x"], name: "n")
    order.prefix = "P_"
    order.strayLabel = "l=h"
    order.image = .init(
      check: ["image", "inspect", "x"], path: "/p", pull: ["docker", "pull", "x"], pulled: "/q",
      lock: "/l", limit: 7)
    #expect(ContainerOrder(parsing: order.json.text) == order)
    #expect(ContainerOrder(parsing: "x") == nil)
    let news: [ContainerNews] = [
      .pulling, .running, .notPulled(isLate: true), .notPulled(isLate: false),
      .ended(hasStarted: true, isOutOfMemory: true, error: ""),
      .ended(hasStarted: false, isOutOfMemory: false, error: "a b"),
    ]
    for one in news { #expect(ContainerNews(line: one.line.dropLast()) == one) }
  }
}
