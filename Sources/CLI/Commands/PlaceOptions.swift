import ArgumentParser
import Glibc
import Posix

/// Options that say where to look for runs.
struct PlaceOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The Redis that the run was started with (--redis)", valueName: "url"))
  var redis: String?

  @OptionGroup var certificates: CertificateOptions

  @Option(
    name: [.customShort("C"), .customLong("directory")],
    help: "The workflow's directory")
  var directory = "."

  func finder() throws(Failure) -> RunFinder {
    let path: String
    do throws(PosixError) {
      path = try Files.resolve(directory)
    } catch {
      throw Failure(
        .usage, "\(directory): \(error.code == ENOENT ? "no such directory" : error.reason)")
    }
    let folder = Files.isDirectory(path) ? path : Files.parent(of: path)
    return RunFinder(redis: try certificates.url(redis), directory: folder)
  }
}

/// Arguments that name a run.
struct RunChoice: ParsableArguments {
  @Argument(
    help: ArgumentHelp("The run's id, its first letters, or `last`", valueName: "run"))
  var id: String

  @OptionGroup var place: PlaceOptions

  func find() throws(Failure) -> FoundRun { try place.finder().one(id) }
}
