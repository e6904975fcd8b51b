import ArgumentParser

/// What a run does about the files that its tasks declare.
struct FileOptions: ParsableArguments {
  @Flag(help: "Fail tasks whose declared files are missing; else warn")
  var checkFiles = false

  @Flag(help: "Run only tasks that have changed since they last succeeded")
  var changed = false
}
