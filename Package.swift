// swift-tools-version: 6.1
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A library target. These lists of dependencies are the arrows in ARCHITECTURE.md.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let algorithms = Target.Dependency.product(name: "Algorithms", package: "swift-algorithms")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let toml = Target.Dependency.product(name: "TOMLKit", package: "TOMLKit")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
  name: "hflow-tui",
  products: [
    .executable(name: "hflow-tui", targets: ["hflow-tui"]),
    .executable(name: "hflow-job-execute", targets: ["hflow-job-execute"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-algorithms", from: "1.2.1"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/LebJe/TOMLKit", exact: "0.6.0"),
  ],
  targets: [
    // The C libraries, each behind one Swift folder.
    .systemLibrary(name: "CNcurses", providers: [.apt(["libncurses-dev"])]),
    .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
    .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CYaml", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CExpat", providers: [.apt(["libexpat1-dev"])]),
    .target(name: "CPosix"),

    // The pure core: no I/O, no clock, no randomness.
    library("JSONValue"),
    library("ShellText"),
    library("HumanText"),
    library("XML", ["CExpat"]),
    library("Workflow", ["JSONValue", "ShellText", "HumanText", "XML"]),
    library("JobProtocol", ["JSONValue"]),
    library("Signing", ["COpenSSL", "JobProtocol", "JSONValue"]),
    library("Engine", ["Workflow", "JobProtocol", "JSONValue", deque]),
    library("Report", ["Engine", "Workflow", "JobProtocol", "JSONValue", "HumanText"]),

    // The targets that do input and output.
    library("Posix", ["CPosix", deque]),
    library("Redis", ["CHiredis", "COpenSSL", "Posix", deque]),
    library("Sites", ["CYaml", "JobProtocol", "JSONValue", "ShellText", "Posix"]),
    library(
      "Executor",
      ["JobProtocol", "Signing", "JSONValue", "ShellText", "HumanText", "Redis", "Posix"]),
    library(
      "Runs",
      [
        "Engine", "Workflow", "JobProtocol", "Signing", "JSONValue", "Redis", "Posix", logging,
      ]),
    library(
      "Runner",
      [
        "Runs", "Engine", "Workflow", "Sites", "JobProtocol", "Signing", "JSONValue", "Redis",
        "Posix", deque, heap, logging,
      ]),
    library(
      "TUI",
      [
        "Engine", "Workflow", "JobProtocol", "ShellText", "HumanText", "CNcurses", "Posix",
        algorithms,
      ]),

    // The only place that knows both the screen and the runner.
    library(
      "CLI",
      [
        "TUI", "Runs", "Runner", "Executor", "Engine", "Workflow", "JobProtocol", "JSONValue",
        "ShellText", "Signing", "HumanText", "Report", "Redis", "Posix", "Sites", argumentParser,
        logging, toml,
      ]),
    .executableTarget(
      name: "hflow-tui", dependencies: ["CLI", "Posix"], path: "Sources/HFlowTUI",
      swiftSettings: settings),
    .executableTarget(
      name: "hflow-job-execute", dependencies: ["Executor", "Posix"],
      path: "Sources/HFlowJobExecute", swiftSettings: settings),

    .target(
      name: "TestSupport", dependencies: ["Workflow", "JobProtocol", "Redis", "Posix"],
      path: "Tests/TestSupport",
      swiftSettings: settings),
    tests("JSONValueTests", ["JSONValue", "TestSupport"]),
    tests("ShellTextTests", ["ShellText"]),
    tests("HumanTextTests", ["HumanText"]),
    tests("XMLTests", ["XML"]),
    tests("WorkflowTests", ["Workflow", "JSONValue", "TestSupport"]),
    tests("JobProtocolTests", ["JobProtocol", "JSONValue"]),
    tests("SigningTests", ["Signing", "JobProtocol", "JSONValue"]),
    tests("EngineTests", ["Engine", "Workflow", "JobProtocol", "JSONValue", "TestSupport"]),
    tests(
      "ReportTests", ["Report", "Engine", "Workflow", "JobProtocol", "JSONValue", "COpenSSL"]),
    tests("PosixTests", ["Posix"]),
    tests("SitesTests", ["Sites", "JobProtocol", "JSONValue", "Posix"]),
    tests("RedisTests", ["Redis", "Posix", "TestSupport"]),
    tests(
      "ExecutorTests",
      [
        "Executor", "JobProtocol", "Signing", "JSONValue", "Redis", "Posix", "hflow-job-execute",
        "TestSupport",
      ]),
    tests(
      "RunsTests",
      [
        "Runs", "Engine", "Workflow", "JobProtocol", "Signing", "JSONValue", "Redis", "Posix",
        "TestSupport",
      ]),
    tests(
      "RunnerTests",
      [
        "Runs", "Runner", "Engine", "Workflow", "Sites", "JobProtocol", "Signing", "JSONValue",
        "Redis",
        "Posix", "TestSupport",
      ]),
    tests(
      "TUITests", ["TUI", "Engine", "Workflow", "JobProtocol", "JSONValue", "Posix"],
      exclude: ["Screens"]),
    tests(
      "CLITests",
      [
        "CLI", "TUI", "Runs", "Runner", "Sites", "Engine", "Workflow", "JobProtocol", "JSONValue",
        "ShellText", "Redis", "Posix", argumentParser,
      ]),
    tests(
      "EndToEndTests",
      ["Posix", "JSONValue", "Redis", "hflow-tui", "hflow-job-execute", "TestSupport"],
      exclude: ["Recorded"]),
    tests("TidyTests", []),
  ],
  swiftLanguageModes: [.v6]
)
