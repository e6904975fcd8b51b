import Glibc
import JSONValue
import JobProtocol
import Posix

/// Requests copies of jobs' files from the worker's site, on a host that does not share the run's
/// directory. Requests and answers are files in a directory that the site watches.
///
/// | file | meaning |
/// |---|---|
/// | `N.ask` | a request that the site has not seen |
/// | `N.asked` | a request that the site has seen; after a lost connection it is `N.ask` again |
/// | `N.done` | the answer |
final class Stager {
  /// How often an answer is looked for, in milliseconds.
  static let pollMilliseconds = 50

  private let directory: String
  /// The directory of the run's jobs where the run is; messages name paths below it.
  let root: String
  /// The directory on this host that has the copies.
  let place: String
  private var count = 0

  init(directory: String, root: String, place: String) {
    self.directory = directory
    self.root = root
    self.place = place
  }

  /// Writes a request and returns its number. Throws if it cannot be written.
  func request(
    _ direction: StageRequest.Direction, job: String, files: [StagedFile]
  ) throws(PosixError) -> String {
    count += 1
    let id = "\(getpid())-\(count)"
    let request = StageRequest(id: id, job: job, direction: direction, files: files)
    try Files.write(request.json.bytes, to: Files.join(directory, "\(id).ask"), mode: 0o600)
    return id
  }

  /// `nil` while there is none.
  func answer(to id: String) -> StageAnswer? {
    let path = Files.join(directory, "\(id).done")
    guard Files.exists(path) else { return nil }
    let answer = (try? Files.read(path)).flatMap(StageAnswer.init)
    withdraw(id)
    return answer ?? StageAnswer(failure: "the answer of the site cannot be read")
  }

  func withdraw(_ id: String) {
    for kind in ["ask", "asked", "done"] { Files.remove(Files.join(directory, "\(id).\(kind)")) }
  }

  /// The path on this host of a file in the run's directory.
  func here(_ path: String) -> String {
    guard path == root || path.hasPrefix(root + "/") else { return path }
    return place + path.dropFirst(root.count)
  }
}

/// The files of a job, as its message names them.
enum JobFiles {
  /// What the job reads: each input that is a file, and its program.
  ///
  /// | an input | is |
  /// |---|---|
  /// | comes from another task, without data | required |
  /// | is an input of the workflow, or has data | copied if it exists |
  /// | is no signal, but named by `config.files` | copied if it exists |
  /// | has the attribute `"file": false` | no file |
  static func inputs(
    of message: JobMessage, in directory: String, _ stager: Stager, _ settings: ExecutorSettings
  ) -> [StagedFile] {
    var files: [StagedFile] = []
    if let program = message.members["executable"]?.string, program.contains("/"),
      !program.contains(" "),
      let path = StagedFile.path(of: program, in: directory, root: stager.place)
    {
      files.append(StagedFile(path: path, isRequired: false))
    }
    for signal in message.inputs where signal["file"]?.bool != false {
      guard let name = signal["name"]?.string else { continue }
      let given = stager.here(settings.inputPath(of: signal, named: name))
      guard let path = StagedFile.path(of: given, in: directory, root: stager.place) else {
        continue
      }
      let hasData = !(signal["data"]?.array ?? []).isEmpty
      files.append(StagedFile(path: path, isRequired: signal["source"] != nil && !hasData))
    }
    let signals = Set(message.inputs.compactMap { $0["name"]?.string })
    for input in message.extras?.files?.inputs ?? [] where !signals.contains(input.name) {
      let given = stager.here(input.name)
      if let path = StagedFile.path(of: given, in: directory, root: stager.place) {
        files.append(StagedFile(path: path, isRequired: false))
      }
    }
    return files
  }

  /// What the job writes: its outputs must be there, the files of its output streams may be.
  static func outputs(
    of message: JobMessage, _ plan: JobPlan, _ stager: Stager, _ settings: ExecutorSettings
  ) -> [StagedFile] {
    var files: [StagedFile] = []
    for stream in [plan.standardOutputFile, plan.standardErrorFile].compactMap(\.self) {
      if let path = StagedFile.path(of: stream.path, in: "", root: stager.place) {
        files.append(StagedFile(path: path, isRequired: false))
      }
    }
    for signal in message.outputs where signal["file"]?.bool != false {
      guard let name = signal["name"]?.string else { continue }
      let given = stager.here(settings.outputPath(of: signal, named: name))
      if let path = StagedFile.path(of: given, in: plan.directory, root: stager.place) {
        files.append(StagedFile(path: path, isRequired: true))
      }
    }
    return files
  }

  /// Reads the size and time of each file below a directory, and leaves out optional files that do
  /// not exist. Throws an error that names a required file that is missing.
  static func measured(
    _ files: [StagedFile], in place: String
  ) throws(JobFailure) -> [StagedFile] {
    var found: [StagedFile] = []
    for var file in files {
      let path = Files.join(place, file.path)
      guard Files.exists(path) else {
        guard file.isRequired else { continue }
        throw JobFailure(
          .file(
            "output \(file.path) is missing on \(Environment.hostName): the job did not write it"))
      }
      file.size = Files.isRegular(path) ? Files.size(path) : nil
      file.time = file.size == nil ? nil : Files.modified(path).map { $0 / 1000 }
      found.append(file)
    }
    return found
  }

  /// The error in copies below a directory; `nil` if all are complete.
  static func problem(with files: [StagedFile], in place: String) -> String? {
    for file in files {
      let path = Files.join(place, file.path)
      let host = Environment.hostName
      guard Files.exists(path) else { return "input \(file.path) did not arrive on \(host)" }
      guard let size = file.size else { continue }
      let found = Files.size(path) ?? 0
      if found != size {
        return "input \(file.path) has \(found) of \(size) bytes on \(host)"
      }
      let time = Files.modified(path).map { $0 / 1000 }
      if let expected = file.time, let time, time != expected {
        return "input \(file.path) on \(host) is of another time: the copy is not complete"
      }
    }
    return nil
  }
}
