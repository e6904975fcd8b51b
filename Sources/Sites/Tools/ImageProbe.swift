import JobProtocol
import Posix
import ShellText

/// Checks whether a host can get the images that jobs name.
///
/// | the image | a mistake if |
/// |---|---|
/// | any | the host has no tool that can run it |
/// | is a path | there is nothing |
/// | is a name, for docker or podman | it is neither in the tool's store nor in its registry |
/// | is a name, for apptainer or charliecloud | never: they tell only when they pull it |
struct ImageProbe: Equatable {
  let images: [String]
  /// The tool that the site names.
  let tool: ContainerTool?
  /// Where jobs run: paths may be relative to it.
  let directory: String

  init(_ settings: SiteSettings, _ access: WorkerAccess) {
    images = settings.container == .hostOnly ? [] : access.images
    tool = settings.container
    directory = settings.work(access) ?? access.directory
  }

  /// Shell commands that answer with `say`.
  var script: String {
    guard !images.isEmpty else { return ":\n" }
    return """
      image() {
        n=$1; i=$2; t=
        case $i in
          /*|./*|../*)
            [ -e "$i" ] || { say "image$n" nowhere; return; }
            k=path
            if [ -d "$i" ]; then set -- ch-run bwrap apptainer singularity
            else set -- apptainer singularity ch-run; fi;;
          *) k=name; set -- docker podman apptainer singularity ch-run;;
        esac
        for p in \(programs); do
          command -v "$p" >/dev/null 2>&1 && { t=$p; break; }
        done
        if [ -z "$t" ]; then say "image$n" tool; return; fi
        i=${i#docker://}
        case $k.$t in
          name.docker|name.podman)
            if "$t" image inspect "$i" >/dev/null 2>&1; then say "image$n" there "$t"
            elif w=$(timeout 30 "$t" manifest inspect "$i" 2>&1 >/dev/null); then
              say "image$n" pulled "$t"
            else say "image$n" missing "$t" "$(printf '%s' "$w" | tail -n 1)"; fi;;
          path.*) say "image$n" there "$t";;
          *) say "image$n" pulled "$t";;
        esac
      }
      cd \(ShellScript.path(directory)) 2>/dev/null || :
      \(calls)

      """
  }

  private var calls: String {
    images.enumerated().map { "image \($0.offset) \(ShellWords.quoted($0.element))" }
      .joined(separator: "\n")
  }

  /// The programs to look for, else those of the image's kind.
  private var programs: String {
    switch tool {
    case nil: "\"$@\""
    case .apptainer: "apptainer singularity"
    case .charliecloud: "ch-run"
    case .some(let tool): tool.rawValue
    }
  }

  /// The mistakes, one line for each image, with what to do.
  func mistakes(named name: String, _ answers: [String: String]) -> [String] {
    images.enumerated().compactMap { number, image in
      let words = (answers["image\(number)"] ?? "").split(separator: " ", maxSplits: 2)
        .map(String.init)
      switch words.first {
      case "nowhere": return "\(name): there is no image \(image); put it there"
      case "tool":
        let wanted = tool.map(\.rawValue) ?? "a tool for containers"
        return "\(name): jobs ask for the image \(image), and \(wanted) is not there; install it, "
          + "or run without images: container = \"none\""
      case "missing":
        let tool = words.count > 1 ? words[1] : "the tool"
        let reason = words.count > 2 ? " (\(words[2]))" : ""
        return
          "\(name): \(tool) has no image \(image), and no registry offers it\(reason); pull or "
          + "build it there"
      default: return nil
      }
    }
  }

  /// Runs the probe on this host.
  func local() async -> [String: String] {
    guard !images.isEmpty else { return [:] }
    let result = await Tool.run(
      ["sh", "-s"], input: "\(SSHScripts.say)\n\(script)", milliseconds: 120_000)
    return SSHScripts.answers(in: result.output)
  }
}
