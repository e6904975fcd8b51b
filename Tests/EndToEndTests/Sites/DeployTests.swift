import Posix
import Testing

/// The manifests of deploy/kubernetes and those of Jobs, against the schemas of Kubernetes.
@Suite(
  .enabled(
    if: KubernetesServer.validatorObstacle == nil, "\(KubernetesServer.validatorObstacle ?? "")"))
struct DeployTests {
  private func validate(_ version: String, _ files: [String]) async throws -> Program.Result {
    try await Program.run(
      ["-k", version, "--strict"] + files, of: "kubernetes-validate",
      directory: Program.repository)
  }

  @Test(arguments: ["1.32", "1.37"])
  func `the manifests of the engine are valid`(version: String) async throws {
    let folder = Files.join(Program.repository, "deploy/kubernetes")
    let files = Files.list(folder).filter { $0.hasSuffix(".yaml") }
      .map { Files.join(folder, $0) }
    #expect(files.count == 4)
    let result = try await validate(version, files)
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
  }

  @Test(arguments: ["1.28", "1.32", "1.37"])
  func `the Jobs of the standard template are valid`(version: String) async throws {
    let workspace = try Workspace(
      KubernetesServer.workflow(jobs: 1, lines: 1, pause: "0.1"))
    let preview = try await Program.run(
      ["run", ".", "--on", "kubernetes", "--redis-listen", "127.0.0.1"],
      environment: ["HF_VAR_K8S_TEST": "1", "HF_VAR_WORKER_CONTAINER": "registry/worker:1"],
      directory: workspace.path)
    #expect(preview.exitCode == 0, "\(preview.errors)")
    let file = Files.join(workspace.path, "job.yaml")
    try Files.write(Array(preview.output.utf8), to: file)
    let result = try await validate(version, [file])
    #expect(result.exitCode == 0, "\(result.output) \(result.errors)")
  }
}
