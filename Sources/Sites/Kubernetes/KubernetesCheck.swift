import JSONValue
import Posix

/// Checks whether a cluster would accept Jobs.
struct KubernetesCheck {
  let settings: SiteSettings
  let access: WorkerAccess

  func run() async -> [SiteFinding] {
    var run = KubernetesRun(
      run: "\(access.run)", workflowNumber: 1, workflowName: "check", directory: access.directory,
      redisURL: "redis://localhost", configuration: JSONObject(), settings: settings.kubernetes,
      site: settings.name, environment: { Environment[$0] })
    run.setSecret(hasURL: true, hasKey: false)
    let kubectl = Kubectl(run.place(partition: nil), run: run)
    let name = settings.name
    do throws(SiteError) {
      let version = try await kubectl.version()
      guard try await kubectl.namespaceExists() else {
        throw SiteError("there is no namespace \(kubectl.namespace)")
      }
      try await kubectl.checkRights()
      if try await !kubectl.mayDo("create", "secrets") {
        throw SiteError("you may not create secrets in namespace \(kubectl.namespace)")
      }
      let mistakes = templateMistakes(run)
      guard mistakes.isEmpty else { throw SiteError(mistakes) }
      return [
        .passed(
          "\(name): ok; Kubernetes \(version), namespace \(kubectl.namespace)"),
        .passed(
          "\(name): kubectl cannot tell whether pods reach Redis, have the directory and can pull "
            + "their images; that shows when they run"),
      ]
    } catch {
      return SiteFinding.mistakes(error.lines.map { "\(name): \($0)" })
    }
  }

  private func templateMistakes(_ run: KubernetesRun) -> [String] {
    let task = KubernetesTask(
      job: "\(access.run):1:1:1", name: "check", process: 1, firing: 1, executor: JSONObject())
    do throws(SiteMistake) {
      _ = try JobManifest([task], try run.template(partition: nil), in: run)
      return []
    } catch {
      return ["\(error)"]
    }
  }
}
