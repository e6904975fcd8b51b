import JSONValue
import JobProtocol
import Testing

@testable import Sites

struct PodTests {
  private func pod(_ status: JSON, deletedAt: String? = nil) -> PodState? {
    var metadata = JSONObject()
    metadata["name"] = "j-x1"
    metadata["labels"] = ["batch.kubernetes.io/job-name": "j"]
    metadata["deletionTimestamp"] = deletedAt.map(JSON.string)
    return PodState([
      "kind": "Pod", "metadata": .object(metadata), "spec": ["activeDeadlineSeconds": 60],
      "status": status,
    ])
  }

  private func waiting(_ reason: String, _ message: String = "") -> JSON {
    [
      "phase": "Pending",
      "containerStatuses": [
        ["state": ["waiting": ["reason": .string(reason), "message": .string(message)]]]
      ],
    ]
  }

  private func ended(_ phase: String, _ code: Int, _ reason: String = "Error") -> JSON {
    [
      "phase": .string(phase),
      "containerStatuses": [
        ["state": ["terminated": ["exitCode": .int(code), "reason": .string(reason)]]]
      ],
    ]
  }

  private func meaning(_ status: JSON) -> PodMeaning? { pod(status).map { PodMeaning($0) } }

  @Test func `what keeps a pod from starting is pending, or hopeless`() {
    #expect(meaning(["phase": "Pending"]) == .pending(""))
    #expect(meaning(waiting("ContainerCreating")) == .pending("ContainerCreating"))
    #expect(meaning(waiting("ErrImagePull", "a\nb")) == .pending("ErrImagePull: a b"))
    for reason in ["ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"] {
      #expect(meaning(waiting(reason, "no")) == .cannotStart("\(reason): no"))
    }
    let conditions: JSON = [
      [
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
        "message": "0/3 nodes are available: 3 Insufficient cpu.",
      ]
    ]
    #expect(
      meaning(["phase": "Pending", "conditions": conditions])
        == .pending("Unschedulable: 0/3 nodes are available: 3 Insufficient cpu."))
    #expect(meaning(["phase": "Running"]) == .running)
  }

  @Test func `ends are told apart`() {
    #expect(
      meaning(ended("Succeeded", 0, "Completed")) == .ended(.lost("its pod ended without a report"))
    )
    #expect(meaning(ended("Failed", 137, "OOMKilled")) == .ended(.outOfMemory(certain: true)))
    #expect(
      meaning(ended("Failed", 137))
        == .ended(.lost("its executor was killed (exit code 137)")))
    #expect(
      meaning(ended("Failed", 3))
        == .ended(.lost("its executor ended with exit code 3 without a report")))
    #expect(
      meaning(["phase": "Failed", "reason": "DeadlineExceeded"]) == .ended(.timeout(seconds: 60)))
    guard case .ended(.notFound(let text)) = meaning(ended("Failed", 127)) else {
      Issue.record("127 is not an executor that is missing")
      return
    }
    #expect(text.contains("the image needs hflow-job-execute"))
  }

  @Test func `what the cluster does to a pod is a loss`() {
    #expect(
      meaning(["phase": "Failed", "reason": "Evicted", "message": "low on memory"])
        == .ended(.lost("its pod was ended: Evicted: low on memory")))
    #expect(
      meaning(["phase": "Failed", "reason": "NodeLost"])
        == .ended(.lost("its pod was ended: NodeLost")))
    let disruption: JSON = [
      [
        "type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler",
        "message": "for another pod",
      ]
    ]
    var status = ended("Failed", 137).object ?? JSONObject()
    status["conditions"] = disruption
    let words = "its pod was ended: PreemptionByScheduler: for another pod"
    #expect(meaning(.object(status)) == .ended(.lost(words)))
    #expect(
      pod(["phase": "Running"]).map(PodMeaning.causeOfDeletion)
        == .lost("its pod j-x1 was deleted"))
    #expect(
      pod(ended("Failed", 143), deletedAt: "2026-01-01T00:00:00Z").map(PodMeaning.cause)
        == .lost("its pod j-x1 was deleted"))
    #expect(
      pod(["phase": "Running", "conditions": disruption]).map(PodMeaning.causeOfDeletion)
        == .lost(words))
  }

  @Test func `a container that ran out of memory and was started again is told by its last state`()
  {
    let status: JSON = [
      "phase": "Failed",
      "containerStatuses": [
        [
          "state": ["terminated": ["exitCode": 0, "reason": "Completed"]],
          "lastState": ["terminated": ["exitCode": 137, "reason": "OOMKilled"]],
        ]
      ],
    ]
    #expect(meaning(status) == .ended(.outOfMemory(certain: true)))
  }

  @Test func `Jobs say what pods that are gone cannot`() {
    func job(_ conditions: JSON) -> JobState? {
      JobState([
        "kind": "Job",
        "metadata": ["name": "j", "annotations": ["hflow-tui/jobs": "r:1:1:1 r:1:1:2"]],
        "spec": ["activeDeadlineSeconds": 9], "status": ["conditions": conditions],
      ])
    }
    #expect(job([])?.cause == nil && job([])?.jobs == ["r:1:1:1", "r:1:1:2"])
    #expect(
      job([["type": "Failed", "status": "True", "reason": "DeadlineExceeded"]])?.cause
        == .timeout(seconds: 9))
    #expect(
      job([["type": "Complete", "status": "True"]])?.cause
        == .lost("its Job ended without a report"))
  }

  @Test func `a stream is cut into objects wherever its parts end`() {
    let text = #"{"type": "ADDED", "object": {"a": "}{\"\\"}}"# + "\n{\n  \"b\": [{}]\n}\n{\"c\":"
    let bytes = Array(text.utf8)
    for size in [1, 2, 7, 1000] {
      var stream = JSONStream()
      var objects: [JSON] = []
      var rest = bytes[...]
      while !rest.isEmpty {
        objects += stream.add(rest.prefix(size))
        rest = rest.dropFirst(size)
      }
      #expect(objects.count == 2)
      #expect(objects.first?["object"]?["a"] == #"}{"\"#)
      #expect(stream.add(Array("1}".utf8)) == [["c": 1]])
    }
  }

  @Test func `events of the watch are those of pods`() {
    let object: JSON = ["kind": "Pod", "metadata": ["name": "p", "labels": ["job-name": "j"]]]
    let state = PodState(object)
    #expect(Kubectl.PodEvent(["type": "MODIFIED", "object": object]) == state.map { .changed($0) })
    #expect(Kubectl.PodEvent(["type": "DELETED", "object": object]) == state.map { .deleted($0) })
    #expect(Kubectl.PodEvent(["type": "ERROR", "object": ["kind": "Status", "code": 410]]) == nil)
    #expect(PodState(["kind": "Pod", "metadata": ["name": "p"]]) == nil)
  }
}

struct KubectlTests {
  @Test func `complaints are told apart`() {
    func from(_ text: String) -> KubectlError { KubectlError(text) }
    let create = #"error when creating "STDIN": "#
    #expect(
      from("Error from server (AlreadyExists): \(create)jobs.batch \"x\" already exists") == .exists
    )
    #expect(
      from(
        "Error from server (Forbidden): \(create)jobs.batch \"x\" is forbidden: exceeded quota: q")
        == .quota("(Forbidden): jobs.batch \"x\" is forbidden: exceeded quota: q"))
    for text in [
      "Error from server (TooManyRequests): please try again later",
      "Error from server (Conflict): Operation cannot be fulfilled on resourcequotas \"q\"",
      "error: You must be logged in to the server (Unauthorized)",
    ] {
      guard case .busy = from(text) else {
        Issue.record("\(text): \(from(text))")
        continue
      }
    }
    for text in [
      "Error from server (InternalError): an error on the server", "Unable to connect: EOF",
      "Error from server (ServiceUnavailable): the server is currently unable",
      "The connection to the server 10.0.0.1:6443 was refused", "net/http: TLS handshake timeout",
      "kubectl did not answer",
    ] {
      guard case .unclear = from(text) else {
        Issue.record("\(text): \(from(text))")
        continue
      }
    }
    for text in [
      "Error from server (Forbidden): jobs.batch is forbidden: User \"u\" cannot create",
      "Error from server (NotFound): namespaces \"x\" not found", "error: context was not found",
      "The Job \"x\" is invalid (Invalid)", "error: error validating \"STDIN\": error validating",
    ] {
      guard case .refused = from(text) else {
        Issue.record("\(text): \(from(text))")
        continue
      }
    }
  }

  @Test func `each Job of a call has its own result`() {
    let result = CreationResult(
      names: ["a", "b", "c"], output: "job.batch/a\n",
      errors: """
        Warning: unknown field "spec.x"
        Error from server (AlreadyExists): error when creating "STDIN": jobs.batch "b" exists
        Error from server (TooManyRequests): error when creating "STDIN": too many requests
        """, isLate: false)
    #expect(result.created == ["a"])
    #expect(result.failures["b"] == .exists)
    #expect(result.failures["c"] == .busy("(TooManyRequests): too many requests"))
    let late = CreationResult(names: ["a"], output: "", errors: "", isLate: true)
    #expect(late.failures["a"] == .unclear("kubectl did not answer"))
  }

  @Test func `a full quota costs few calls, and a success ends the pauses`() {
    var pause = SubmissionPause()
    #expect(pause.batch == 50)
    let pauses = (1...7).map { _ in pause.next(after: .quota("q")) }
    #expect(pauses == [5000, 10_000, 20_000, 40_000, 80_000, 120_000, 120_000])
    #expect(pause.batch == 1)
    pause.succeeded()
    #expect(pause.batch == 2 && pause.next(after: .busy("b")) == 1000)
    #expect(pause.next(after: .unclear("b")) == 2000)
    #expect(pause.next(after: .refused("r")) == nil)
  }

  @Test func `kubectl gets the place, and one watch sees all pods`() {
    let place = KubernetesPlace(kubeconfig: "/k", context: "c", namespace: "n")
    let words = Kubectl(place, run: Sample.run()).watchCommand
    #expect(
      words == [
        "kubectl", "--kubeconfig=/k", "--context=c", "--namespace=n", "--request-timeout=240s",
        "get", "pods", "-l", "hflow-tui/run=hf1,hflow-tui/site=kubernetes", "--watch",
        "--output-watch-events", "-o", "json",
      ])
  }
}
