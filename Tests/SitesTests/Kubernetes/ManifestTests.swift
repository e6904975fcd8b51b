import JSONValue
import Testing

@testable import Sites

/// A run and tasks as in HyperFlow's `examples/BagOfJobs`.
enum Sample {
  static func run(
    _ variables: [String: String] = [:], configuration: JSON = .object(JSONObject()),
    settings: KubernetesSettings = KubernetesSettings()
  ) -> KubernetesRun {
    KubernetesRun(
      run: "hf1", workflowNumber: 1, workflowName: "BagOfJobsExample", directory: "/work_dir",
      redisURL: "redis://redis:6379", configuration: configuration.object ?? JSONObject(),
      settings: settings, site: "kubernetes", environment: { variables[$0] })
  }

  static func task(
    _ firing: Int = 1, process: Int = 1, name: String = "BojExecutor",
    executor: JSON = ["image": "hyperflowwms/montage-workflow-worker", "executable": "echo"]
  ) -> KubernetesTask {
    KubernetesTask(
      job: "hf1:1:\(process):\(firing)", name: name, process: process, firing: firing,
      executor: executor.object ?? JSONObject())
  }

  /// `examples/BagOfJobs/job-template.yaml`
  static let bagOfJobs = JobTemplate(
    place: "job-template.yaml",
    text: """
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: job${jobName}
      spec:
        template:
          spec:
            restartPolicy: Never
            containers:
            - name: test
              image: ${containerName}
              env:
                - name: HF_VAR_ENABLE_NETHOGS
                  value: "1"
                - name: HF_VAR_WORK_DIR
                  value: "${volumePath}"
                - name: HF_VAR_WAIT_FOR_INPUT_FILES
                  value: "0"
                - name: HF_VAR_NUM_RETRIES
                  value: "1"
              command:
                - "/bin/sh"
                - "-c"
                - >
                  ${command}; exitCode=$? ;
                  if [ $exitCode -ne 0 ]; then echo "Command ${command} returned exit code. \
      $exitCode. Job fails." ; exit 1 ; fi ;
              workingDir: ${volumePath}
              resources:
                requests:
                  cpu: ${cpuRequest}
                  memory: ${memRequest}
              volumeMounts:
              - name: my-pvc-nfs
                mountPath: ${volumePath}
            volumes:
            - name: workflow-data
              emptyDir: {}
            - name: my-pvc-nfs
              persistentVolumeClaim:
                claimName: nfs
      """)

  /// A template with every variable, and with anchors and other types of values.
  static let full = JobTemplate(
    place: "full.yaml",
    text: """
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: job${jobName}
        labels: {app: hyperflow, experiment: "${appId}", flags: [yes, "no", 0x1f, 1e3, .5, ~]}
      spec:
        backoffLimit: ${backoffLimit}
        ttlSecondsAfterFinished: ${ttl}
        template:
          metadata:
            annotations:
              experimentId: "${experimentId}"
              workflow: ${workflowName}
              task: ${taskName}
          spec:
            restartPolicy: ${restartPolicy}
            containers:
            - name: job
              image: ${containerName}
              command: ["/bin/sh", "-c"]
              args:
              - |
                ${command} ||
                  exit 1
              workingDir: ${workingDirPath}
              env: &env
              - {name: A, value: "${memRequest}"}
              resources:
                requests: {cpu: ${cpuRequest}, memory: ${memRequest}}
                limits: {memory: ${memRequest}}
              volumeMounts: [{name: data, mountPath: ${volumePath}}]
            initContainers:
            - name: first
              image: busybox
              env: *env
            volumes: [{name: data, persistentVolumeClaim: {claimName: ${claim}}}]
      """)
}

/// What HyperFlow's own `createK8sJobYaml` (revision e44dd5e, run with Node.js) makes of the same
/// templates and tasks. `RANDOM` stands for the random part of the name.
enum Recorded {
  static let bagOfJobs = #"""
    {"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"jobRANDOM-bojexecutor-1-1"},"spec":
    {"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"test","image":
    "hyperflowwms/montage-workflow-worker","env":[{"name":"HF_VAR_ENABLE_NETHOGS","value":"1"},
    {"name":"HF_VAR_WORK_DIR","value":"/work_dir"},{"name":"HF_VAR_WAIT_FOR_INPUT_FILES","value":
    "0"},{"name":"HF_VAR_NUM_RETRIES","value":"1"}],"command":["/bin/sh","-c",
    "hflow-job-execute redis://redis:6379 -a -- \"hf1:1:1:1\"; exitCode=$? ; if [ $exitCode -ne 0 \#
    ]; then echo \"Command hflow-job-execute redis://redis:6379 -a -- \"hf1:1:1:1\" returned \#
    exit code. $exitCode. Job fails.\" ; exit 1 ; fi ;\n"],"workingDir":"/work_dir","resources":
    {"requests":{"cpu":0.5,"memory":"50Mi"}},"volumeMounts":[{"name":"my-pvc-nfs",
    "mountPath":"/work_dir"}]}],"volumes":[{"name":"workflow-data",
    "emptyDir":{}},{"name":"my-pvc-nfs","persistentVolumeClaim":{"claimName":"nfs"}}]}}}}
    """#

  static let group = #"""
    {"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"jobRANDOM-mproject-x-2-3","labels":
    {"app":"hyperflow","experiment":"1","flags":["yes","no",31,1000,0.5,null]}},"spec":
    {"backoffLimit":2,"ttlSecondsAfterFinished":300,"template":{"metadata":{"annotations":
    {"experimentId":"hf1:1","workflow":"montage","task":"mProject_x"}},"spec":{"restartPolicy":
    "OnFailure","containers":[{"name":"job","image":"hyperflowwms/montage2-worker:latest","command":
    ["/bin/sh","-c"],"args":["hflow-job-execute redis://redis:6379 -a -- \"hf1:1:2:3\" \#
    \"hf1:1:2:4\" \"hf1:1:2:5\" ||\n  exit 1\n"],"workingDir":"/work_dir","env":[{"name":"A",
    "value":"255Mi"}],"resources":{"requests":{"cpu":1,"memory":"255Mi"},"limits":{"memory":
    "255Mi"}},"volumeMounts":[{"name":"data","mountPath":"/data"}]}],"initContainers":[{"name":
    "first","image":"busybox","env":[{"name":"A","value":"255Mi"}]}],"volumes":[{"name":"data",
    "persistentVolumeClaim":{"claimName":"nfs2"}}]}}}}
    """#
}

struct ManifestTests {
  /// The manifest without what this program adds, and with a name to compare.
  private func plain(_ manifest: JobManifest) -> JSON {
    let ours = ["hflow-tui/run", "hflow-tui/site", "hflow-tui/job", "hflow-tui/jobs"]
    func strip(_ json: JSON) -> JSON {
      switch json {
      case .array(let items): return .array(items.map(strip))
      case .object(let object):
        var members = JSONObject()
        for (key, value) in object.members where !ours.contains(key) {
          let inner = strip(value)
          let isEmptied = value != inner && inner.object?.isEmpty == true
          if !isEmptied || key == "emptyDir" { members[key] = inner }
        }
        return .object(members)
      default: return json
      }
    }
    let name = manifest.name.drop { $0 != "-" }
    var json = strip(manifest.json).object ?? JSONObject()
    var metadata = json["metadata"]?.object ?? JSONObject()
    metadata["name"] = .string("jobRANDOM\(name)")
    json["metadata"] = .object(metadata)
    return .object(json)
  }

  @Test func `the example BagOfJobs makes the Job that HyperFlow makes`() throws {
    let manifest = try JobManifest([Sample.task()], Sample.bagOfJobs, in: Sample.run())
    #expect(plain(manifest) == (try JSON(parsing: Recorded.bagOfJobs)))
    #expect(manifest.json["metadata"]?["labels"]?["hflow-tui/run"] == "hf1")
    #expect(manifest.json["metadata"]?["labels"]?["hflow-tui/job"] == "hf1.1.1.1")
    #expect(
      manifest.json["spec"]?["template"]?["metadata"]?["labels"]?["hflow-tui/site"] == "kubernetes")
  }

  @Test func `a group makes the Job that HyperFlow makes, with the details of its first task`()
    throws
  {
    let environment = [
      "HF_VAR_WORKER_CONTAINER": "hyperflowwms/montage2-worker:latest",
      "HF_VAR_BACKOFF_LIMIT": "2",
    ]
    let configuration: JSON = ["jobvars": ["volumePath": "/data", "claim": "nfs2", "ttl": 300]]
    var run = Sample.run(environment, configuration: configuration)
    run.workflowName = "montage"
    let executors: [JSON] = [
      ["cpuRequest": "1", "memRequest": "255Mi"], ["cpuRequest": "9"], ["image": "other"],
    ]
    let tasks = zip(3..., executors).map {
      Sample.task($0, process: 2, name: "mProject_x", executor: $1)
    }
    let manifest = try JobManifest(tasks, Sample.full, in: run)
    #expect(plain(manifest) == (try JSON(parsing: Recorded.group)))
    #expect(
      manifest.json["metadata"]?["annotations"]?["hflow-tui/jobs"]
        == "hf1:1:2:3 hf1:1:2:4 hf1:1:2:5")
  }

  @Test func `the variables of a partition override those of all`() throws {
    let configuration: JSON = [
      "jobvars": ["containerName": "all", "k8sNamespace": "here", "volumePath": "/a"],
      "jobvars2": [
        "containerName": "two", "kubeConfigPath": "other/config", "k8sNamespace": "there",
      ],
    ]
    let run = Sample.run(configuration: configuration)
    let task = Sample.task(executor: ["partition": 2])
    let values = JobVariables.all(of: [task], in: run)
    #expect(values["containerName"] == "two" && values["volumePath"] == "/a")
    #expect(
      run.place(partition: task.partition)
        == KubernetesPlace(
          kubeconfig: "/work_dir/other/config", context: nil, namespace: "there"))
    #expect(run.place(partition: nil).namespace == "here")
  }

  @Test func `an unknown variable is an error with its place`() {
    let template = JobTemplate(place: "job-template.yaml", text: "a: 1\nb: ${nothing}\n")
    #expect(throws: SiteMistake.self) { try template.filled(["x": "1"]) }
    do throws(SiteMistake) {
      _ = try template.filled(["x": "1"])
    } catch {
      #expect(
        error.description
          == "job-template.yaml:2: ${nothing} has no value; give it in "
          + "workflow.config.jobvars.json; known are x")
    }
    // A shell's own.
    #expect((try? JobTemplate(place: "", text: "${A:-b} $x ${ c").filled([:])) == "${A:-b} $x ${ c")
  }

  @Test func `a job without an image says where images come from`() {
    #expect {
      try JobManifest([Sample.task(executor: [:])], .standard, in: Sample.run())
    } throws: { error in
      "\(error)".contains("${containerName} has no value; give the image of the jobs with HF_VAR_")
    }
  }

  @Test(arguments: [
    ("kind: Pod", "kind must be Job"),
    ("kind: Job", "metadata.name is missing"),
    ("kind: Job\nmetadata: {name: \(String(repeating: "x", count: 64))}", "has at most 63"),
    ("kind: Job\nmetadata: {name: x}", "containers is missing"),
    (
      "kind: Job\nmetadata: {name: x}\nspec: {template: {spec: {containers: [{name: a}]}}}",
      "restartPolicy must be Never or OnFailure"
    ),
    ("kind: [Job", "t.yaml:2: not valid YAML"),
  ])
  func `what Kubernetes would refuse is said before`(text: String, words: String) {
    #expect {
      try JobManifest(
        [Sample.task()], JobTemplate(place: "t.yaml", text: text), in: Sample.run())
    } throws: { error in
      "\(error)".contains(words)
    }
  }

  @Test func `secrets come from a Secret, and the command has none`() throws {
    var run = Sample.run()
    run.setSecret(hasURL: true, hasKey: true)
    let manifest = try JobManifest([Sample.task()], Sample.bagOfJobs, in: run)
    let container = manifest.json["spec"]?["template"]?["spec"]?["containers"]?.array?.first
    #expect(container?["command"]?.array?.last?.string?.hasPrefix("hflow-job-execute - -a") == true)
    let names = container?["env"]?.array?.compactMap { $0["name"]?.string } ?? []
    #expect(names.suffix(2) == ["HFLOW_REDIS_URL", "HFLOW_SIGNING_KEY"])
    let reference = container?["env"]?.array?.last?["valueFrom"]?["secretKeyRef"]
    #expect(reference == ["name": "hflow-hf1", "key": "HFLOW_SIGNING_KEY"])
    // Without a password, the command is HyperFlow's; the key is added all the same.
    run.setSecret(hasURL: false, hasKey: true)
    #expect(JobVariables.all(of: [Sample.task()], in: run)["command"]?.contains(" - ") == false)
  }

  @Test func `names have only what Kubernetes accepts, and follow from the jobs`() {
    let name = JobName.text(process: "mProj_ß A.1", number: 12, firing: 3, jobs: ["a"])
    #expect(name.hasSuffix("-mproj-a1-12-3"))
    #expect(name.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-") })
    #expect(name == JobName.text(process: "mProj_ß A.1", number: 12, firing: 3, jobs: ["a"]))
    #expect(name != JobName.text(process: "mProj_ß A.1", number: 12, firing: 3, jobs: ["a:2"]))
    let long = JobName.text(
      process: String(repeating: "x", count: 99), number: 100_000, firing: 99_999, jobs: ["a"])
    #expect(long.utf8.count == JobName.limit && long.hasSuffix("x-100000-99999"))
  }

  @Test(arguments: [
    ("0.5", JSON(number: 0.5)), ("1", 1), ("50Mi", "50Mi"), ("yes", "yes"), ("true", true),
    ("~", .null), ("", .null), ("010", 8), ("0x1F", 31), ("-7", -7), ("1e3", JSON(number: 1000)),
    ("-", "-"), (".", "."), ("2024-01-01", "2024-01-01"), ("1.2.3", "1.2.3"), ("500m", "500m"),
  ])
  func `plain values have the types of HyperFlow's reader`(text: String, value: JSON) {
    #expect(YAMLReader.value(text) == value)
  }
}
