import JSONValue
import TestSupport
import Testing
import Workflow

@testable import Runner

/// Settings of HyperFlow that mean nothing here are notices, once each.
@Suite struct OriginalSettingsTests {
  private func notices(
    _ variables: [String: String] = [:], configuration: [String] = [], executor: String = "{}"
  ) throws -> [String] {
    let workflow = try Workflow.sample(
      """
      {"name": "j", "function": "command", "ins": [], "outs": [], "config":
        {"executor": \(executor)}}
      """)
    return OriginalSettings(
      workflow: workflow,
      configuration: JSONObject(configuration.map { name -> (String, JSON) in (name, []) }),
      variable: { variables[$0] }
    ).notices
  }

  private let command = #"{"executable": "ls"}"#

  @Test func `a run without them has no notice`() throws {
    #expect(try notices(["HF_VAR_ENABLE_TRACING": "0"], executor: command).isEmpty)
  }

  @Test(arguments: OriginalSettings.variables.map { $0.name } + ["HF_VAR_ENABLE_TRACING"])
  func `a variable that has no effect is named with what has`(name: String) throws {
    let texts = try notices([name: "1"], executor: command)
    #expect(texts.count == 1)
    #expect(texts.first?.hasPrefix(name) == true)
  }

  @Test func `what is said about one variable is not repeated for another`() throws {
    let texts = try notices(
      [
        "HF_VAR_OPT_URL": "x", "HF_VAR_OT_PARENT_ID": "x", "HF_VAR_OT_TRACE_ID": "y",
        "HF_VAR_ENABLE_TRACING": "1",
      ],
      executor: command)
    #expect(texts.count == 1)
  }

  @Test func `a request that no worker can read is named`() throws {
    #expect(
      try notices(
        ["HF_VAR_CPU_REQUEST": "500m", "HF_VAR_MEM_REQUEST": "50Mi"], executor: command
      ).isEmpty)
    #expect(
      try notices(["HF_VAR_CPU_REQUEST": "many", "HF_VAR_MEM_REQUEST": "-"], executor: command)
        == [
          #"HF_VAR_CPU_REQUEST has no effect here: it is not a number of cores, such as 2, "#
            + #"0.5 or "500m""#,
          #"HF_VAR_MEM_REQUEST has no effect here: it is not a number of bytes, such as "#
            + #""50Mi" or "2G""#,
        ])
  }

  @Test func `configuration files without effect are named`() throws {
    #expect(
      try notices(configuration: ["jobAgglomerations", "other"], executor: command) == [
        "workflow.config.jobAgglomerations.json has no effect here: a worker takes many short"
          + " jobs at a time by itself"
      ])
  }

  @Test func `unknown keys of the executor are named`() throws {
    #expect(
      try notices(executor: #"{"executable": "ls", "partition": 2, "nice": 1, "stdout": "o"}"#)
        == ["config.executor has keys that mean nothing here: nice, partition; executors get them"]
    )
  }
}
