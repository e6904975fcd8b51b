import ArgumentParser

/// Options about the files that tasks declare.
struct FileOptions: ParsableArguments {
  @Flag(help: "Fail tasks whose declared files are missing; else warn")
  var checkFiles = false

  @Flag(help: "Run only tasks that have changed since they last succeeded")
  var changed = false
}
